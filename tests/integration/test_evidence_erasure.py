"""What goes: erased contents at once or after a break, and uploads that nobody completed."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import httpx
import pytest

from services.submission.evidence.intake import Intake
from services.submission.evidence.register import MOST_UPLOADS, Register
from services.submission.evidence.store import EvidenceStore
from services.submission.evidence.sweep import Sweep
from shared.store.pool import Pool
from shared.store.streams import Unavailable
from tests.integration.evidence import Clerk, contents, hashed, large, rows
from tests.integration.submission import Submission, submission
from tests.unit.evidence import DISTRICT, OTHER
from tests.unit.photographs import jpeg

DAY = date(2018, 9, 20)
ORDER = {"reason": "含有居民身份证号", "document": {"title": "关于删除有关材料的函"}}


@pytest.fixture
async def service(database: str, tmp_path: Path) -> AsyncIterator[Submission]:
    async with submission(database, tmp_path / "clock", DAY) as serving:
        yield serving


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """Where the contents lie."""
    return tmp_path / "evidence" / "content"


async def sweep(service: Submission, database: str) -> None:
    """As the duty does every ten minutes."""
    tables = Pool(database, "test", 1)
    try:
        settings = service.app.state.auth.settings
        register = Register(tables)
        await Intake(EvidenceStore(settings, register), register, service.log.clock).sweep()
    finally:
        tables.close()


async def test_an_erased_content_is_gone_for_all_and_does_not_come_back(
    service: Submission, kept: Path
) -> None:
    clerk, leader = Clerk(service), Clerk(service, "leader", organisation=DISTRICT)
    await clerk.at_once(jpeg(), name="张某身份证.jpg")
    path = f"/{hashed(jpeg())}"
    assert (await clerk.post(f"/v1/evidence{path}/erasure", ORDER)).status_code == 403
    lacking = await leader.post(f"/v1/evidence{path}/erasure", {"reason": "x"})
    assert lacking.status_code == 422
    erased = await leader.post(f"/v1/evidence{path}/erasure", ORDER)
    assert erased.status_code == 201, erased.text
    assert contents(kept) == set()
    for who in (clerk, leader, Clerk(service, "auditor", organisation="370406-audit")):
        gone = await who.get(path)
        assert (gone.status_code, gone.json()["code"]) == (410, "evidence-erased")
    assert (await Clerk(service, organisation=OTHER).get(path)).status_code == 404
    stone = (await clerk.get(f"{path}/metadata")).json()
    assert (stone["name"], stone["erased"]["actor"]) == ("", f"{DISTRICT}:leader-1")
    assert stone["erased"]["document"]["title"] == ORDER["document"]["title"]  # type: ignore[index]
    again = await leader.post(f"/v1/evidence{path}/erasure", {**ORDER, "reason": "又一次"})
    assert again.json()["erased"] == stone["erased"], "the first order stands"
    back = await clerk.at_once(jpeg())
    assert (back.status_code, back.json()["code"]) == (409, "evidence-erased-before")
    assert contents(kept) == set()
    assert (await clerk.get("?programme=shanting-2018&township=370406001")).json() == []


async def test_nobody_of_another_district_erases(service: Submission, kept: Path) -> None:
    await Clerk(service).at_once(jpeg())
    path = f"/v1/evidence/{hashed(jpeg())}/erasure"
    stranger = Clerk(service, "leader", organisation="370405-safety")
    assert (await stranger.post(path, ORDER)).status_code == 404
    # One of this office's clerks who is a leader elsewhere may read, and still not say so.
    both = Clerk(service, "leader", "clerk")
    assert (await both.post(path, ORDER)).json()["code"] == "evidence-held-elsewhere"
    assert contents(kept) == {hashed(jpeg())}


async def test_an_erasure_that_broke_off_is_read_by_nobody_and_finished_later(
    service: Submission, kept: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk, leader = Clerk(service), Clerk(service, "leader", organisation=DISTRICT)
    await clerk.at_once(jpeg())

    async def away(*_: object) -> None:
        raise Unavailable("evidence-store-unavailable")

    with monkeypatch.context() as broken:
        broken.setattr(EvidenceStore, "erase", away)
        answer = await leader.post(f"/v1/evidence/{hashed(jpeg())}/erasure", ORDER)
        assert answer.status_code == 503
    assert contents(kept) == {hashed(jpeg())}
    assert (await clerk.get(f"/{hashed(jpeg())}")).status_code == 410
    await sweep(service, database)
    assert contents(kept) == set()


async def test_an_erasure_waits_for_a_file_on_its_way_and_takes_it_and_its_name(
    service: Submission, kept: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk, leader = Clerk(service), Clerk(service, "leader", organisation=DISTRICT)
    await clerk.at_once(jpeg())
    path = f"/v1/evidence/{hashed(jpeg())}/erasure"
    keep, erasing = EvidenceStore.keep, list[asyncio.Task[httpx.Response]]()

    async def meanwhile(store: EvidenceStore, sha256: str, content: Path) -> None:
        erasing.append(asyncio.create_task(leader.post(path, ORDER)))
        waiting = "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        async with asyncio.timeout(10):
            while not await rows(database, waiting):
                assert not erasing[0].done()
        await keep(store, sha256, content)

    monkeypatch.setattr(EvidenceStore, "keep", meanwhile)
    assert (await clerk.at_once(jpeg(), name="张某.jpg")).status_code == 201
    assert (await erasing[0]).status_code == 201
    assert contents(kept) == set()
    assert [row["name"] for row in await rows(database, "SELECT name FROM evidence")] == [""]


async def test_uploads_end_after_a_day_and_an_office_has_no_more_than_so_many(
    service: Submission, kept: Path, database: str
) -> None:
    clerk = Clerk(service)
    begun = [await clerk.begin(1000) for _ in range(MOST_UPLOADS)]
    first, second = begun[0].json()["id"], begun[1].json()["id"]
    await clerk.part(first, 1, large(1000))
    assert (await clerk.begin(1000)).json()["code"] == "evidence-uploads-many"
    assert (await clerk.give_up(second)).status_code == 204
    assert (await clerk.progress(second)).status_code == 404
    assert (await clerk.begin(1000)).status_code == 201
    await rows(database, "UPDATE evidence_upload SET opened_at = now() - interval '25 hours'")
    await sweep(service, database)
    assert (await clerk.progress(first)).status_code == 404
    assert not list(kept.parent.glob("uploads/*/*"))
    assert (await clerk.begin(1000)).status_code == 201


async def test_a_sweep_that_cannot_is_told_and_ends_nothing_else(
    service: Submission, database: str
) -> None:
    upload = (await Clerk(service).begin(1000)).json()["id"]
    await rows(database, "UPDATE evidence_upload SET opened_at = now() - interval '25 hours'")
    settings = service.app.state.auth.settings.model_copy(update={"evidence": None})
    tables = Pool(database, "test", 1)
    task = asyncio.create_task(Sweep(service.log, tables, settings).run(service.ears.tenure))
    try:
        async with asyncio.timeout(20):
            while "evidence" not in service.log.degraded:
                await asyncio.sleep(0.01)
        assert service.log.degraded["evidence"] == "evidence-store-missing"
        assert not task.done()
    finally:
        task.cancel()
        tables.close()
    assert (await Clerk(service).progress(upload)).status_code == 200
