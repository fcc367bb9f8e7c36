"""What an evidence store that is away answers, and what is told of a file without giving it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from services.submission.evidence.sweep import Sweep
from shared.store.pool import Pool
from tests.integration.evidence import Clerk, contents, hashed, large, rows
from tests.integration.submission import Submission, submission
from tests.unit.evidence import OTHER
from tests.unit.photographs import jpeg, png

DAY = date(2018, 9, 20)


@pytest.fixture
async def service(database: str, tmp_path: Path) -> AsyncIterator[Submission]:
    async with submission(database, tmp_path / "clock", DAY) as serving:
        yield serving


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """Where the contents lie."""
    return tmp_path / "evidence" / "content"


async def test_a_part_is_gone_on_with_only_where_it_is_a_part_of_the_same(
    service: Submission,
) -> None:
    clerk, content = Clerk(service), large(5000)
    await clerk.in_parts(content)
    path, some = f"/{hashed(content)}", "bytes=100-"
    same = await clerk.get(path, **{"Range": some, "If-Range": f'"{hashed(content)}"'})
    assert (same.status_code, same.content) == (206, content[100:])
    for other in ('"other"', f'W/"{hashed(content)}"', "Wed, 19 Sep 2018 01:00:00 GMT"):
        whole = await clerk.get(path, **{"Range": some, "If-Range": other})
        assert (whole.status_code, whole.content) == (200, content)


async def test_size_and_type_are_told_without_a_byte_and_without_a_reading(
    service: Submission, database: str
) -> None:
    clerk, content = Clerk(service), large(5000)
    await clerk.in_parts(content)
    path = f"/v1/evidence/{hashed(content)}"
    told = await service.http.head(path, headers=service.who("clerk"))
    assert (told.status_code, told.content) == (200, b"")
    assert told.headers["content-length"] == "5000"
    assert told.headers["content-type"] == "application/pdf"
    stranger = service.who("clerk", organisation=OTHER)
    assert (await service.http.head(path, headers=stranger)).status_code == 404
    assert await rows(database, "SELECT * FROM evidence_read") == []


async def test_a_store_that_lost_its_mount_takes_nothing_and_gives_nothing(
    service: Submission, kept: Path, database: str
) -> None:
    clerk, away = Clerk(service), kept.parent.with_name("away")
    await clerk.at_once(jpeg())
    kept.parent.rename(away)
    kept.parent.mkdir()
    lost = [
        await clerk.at_once(png()),
        await clerk.begin(1000),
        await clerk.get(f"/{hashed(jpeg())}"),
    ]
    assert {(one.status_code, one.json()["code"]) for one in lost} == {
        (503, "evidence-store-unavailable")
    }
    assert contents(kept.parent) == set()
    assert await swept(service, database) == "evidence-store-unavailable"
    kept.parent.rmdir()
    away.rename(kept.parent)
    assert (await clerk.get(f"/{hashed(jpeg())}")).status_code == 200
    assert await swept(service, database) is None


async def swept(service: Submission, database: str) -> str | None:
    """What readiness says of evidence once it was swept."""
    tables, degraded = Pool(database, "test", 1), service.log.degraded
    # As it was neither well nor ill, so that any answer is a new one.
    degraded["evidence"] = "unknown"
    duty = asyncio.create_task(
        Sweep(service.log, tables, service.app.state.auth.settings).run(service.ears.tenure)
    )
    try:
        async with asyncio.timeout(10):
            while degraded.get("evidence") == "unknown":
                await asyncio.sleep(0.01)
    finally:
        duty.cancel()
        tables.close()
    return degraded.get("evidence")
