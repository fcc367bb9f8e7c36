"""A release with other folds: old and new image side by side, and nobody is refused or set back."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from deploy.local.kafka import Cluster
from shared.messaging.reactions import Received
from tests.faults.release import Release, history, release
from tests.unit.told import P

OFFICES = 60
HISTORY = history(OFFICES)
PLANNED = {one.record.subject for one in HISTORY if "plan-filed" in one.record.type}
# What is told while something else goes on: no office of it is planned in it.
BEFORE = 2 + OFFICES * 8
KILLED = -signal.SIGKILL


@pytest.fixture
async def running(database: str, clean_kafka: Cluster, tmp_path: Path) -> AsyncIterator[Release]:
    async with release(database, clean_kafka.bootstrap, tmp_path) as found:
        yield found


@asynccontextmanager
async def telling(running: Release, received: list[Received]) -> AsyncIterator[None]:
    """Events come in all the while, a few at a time, and all of them by the end of the block."""

    async def tell() -> None:
        for begin in range(0, len(received), 5):
            await running.tell(received[begin : begin + 5])
            await asyncio.sleep(0.05)

    task = asyncio.create_task(tell())
    try:
        yield
    finally:
        await task


async def status(running: Release) -> dict[str, Any]:
    ran = await running.fuyan(1, "status")
    assert ran.code == 0, ran.complained
    found: dict[str, Any] = ran.said
    return found


# Six processes start in it, one after the other, which is slow where others work beside it.
@pytest.mark.timeout(420)
@pytest.mark.kafka
async def test_a_release_with_other_folds_is_rolled_out_and_back(running: Release) -> None:
    old, first = running.serve(1)
    await running.ready(old)
    await running.tell(HISTORY[:BEFORE])
    assert (await running.shows(old, HISTORY[BEFORE - 1])).status_code == 200
    beside, second = running.serve(1)
    new, _ = running.serve(2)
    await running.ready(beside)
    await running.ready(new, 503, "fuyan projections rebuild")
    async with running.watching(old, beside):
        async with telling(running, HISTORY[BEFORE:-1]):
            for point in ("rebuild/10", "rebuild/50", "rebuild/99"):
                assert await running.killed(2, "rebuild", point) == KILLED, point
            built = await running.fuyan(2, "rebuild", "--actor", "o7")
            assert built.code == 0, built.complained
        assert built.said["version"] == 2
        assert built.said["resumed_at"] > BEFORE // 2
        assert built.said["followed"] is True
        await running.ready(new)
        async with running.watching(new):
            await running.shows(new, HISTORY[-2])
            await differs_as_it_must(running)
            assert await running.killed(2, "promote", "rebuild/promotion") == KILLED
            assert (await status(running))["seen"] == 1
            promoted = await running.fuyan(2, "promote", "--actor", "o7")
            assert promoted.said == {"seen_before": 1, "seen": 2}, promoted.complained
            # The old image goes on answering, and is fed.
            await running.tell(HISTORY[-1:])
            for url in (old, beside, new):
                assert (await running.shows(url, HISTORY[-1])).status_code == 200
            back = await running.fuyan(2, "rollback", "--actor", "o8")
            assert back.said == {"seen_before": 2, "seen": 1}, back.complained
            assert (await running.fuyan(1, "promote")).code == 0
            assert "read-models-seen" in (await running.fuyan(1, "drop", "2", "--yes")).complained
            in_use = await running.fuyan(2, "drop", "1", "--yes")
            assert in_use.code == 1
            assert "read-models-in-use" in in_use.complained
    crashes = (running.run_dir / "crashes").read_text().split()
    assert crashes == ["rebuild/10", "rebuild/50", "rebuild/99", "rebuild/promotion"]
    async with running.watching(new):
        await asyncio.to_thread(first.stop)
        await asyncio.to_thread(second.stop)
        dropped = await running.fuyan(2, "drop", "1", "--yes", "--actor", "o7")
        assert dropped.code == 0, dropped.complained
        async with running.watching(new):
            await the_same_image_again(running)
    assert running.trouble == []
    assert running.asked > 100
    found = await status(running)
    assert [(one["version"], one["seen"]) for one in found["versions"]] == [(2, False), (3, True)]
    acts = [(act["act"], act["actor"]) for act in reversed(found["acts"])]
    assert acts[:4] == [
        ("begin", acts[0][1]),
        ("build", "o7"),
        ("promote", "o7"),
        ("rollback", "o8"),
    ]
    assert ("drop", "o7") in acts


async def differs_as_it_must(running: Release) -> None:
    """Every plan, and nothing else; each is accounted for by the event that filed it."""
    ran = await running.fuyan(2, "diff", "1", "2", "--limit", "1000")
    assert ran.code == 1, ran.complained
    found = ran.said
    assert found["old"]["position"] == found["new"]["position"] == len(HISTORY) - 1
    others = [one for one in found["told"] if one["table"] != "dossier_progress"]
    assert (found["by_table"], others) == ({"dossier_progress": len(PLANNED)}, [])
    assert {f"{one['key']['programme']}/{one['key']['township']}" for one in found["told"]} == (
        PLANNED
    )
    for one in found["told"]:
        assert [reason["en"] for reason in one["why"]] == ["the rows are of other folds: 1 → 2"]
        (change,) = one["changes"]
        assert change["path"] == "$.row.plans[0].reach_on"
        assert (change["old"], change["new"]) == ("2018-12-31", "2019-01-01")
        event = change["why"]["event"]
        assert event["type"] == "fuyan.dossier.plan-filed.v1"
        assert event["address"] == f"dossier/{P}/{one['key']['township']}@1"


async def the_same_image_again(running: Release) -> None:
    """Rebuilt by the same folds it is row by row the same; a row that somebody altered is named."""
    built = await running.fuyan(2, "rebuild")
    assert built.said["version"] == 3, built.complained
    same = await running.fuyan(2, "diff", "2", "3")
    assert (same.code, same.said["differences"]) == (0, 0), same.said
    connection = await asyncpg.connect(running.database)
    altered = "replace(row::text, '2018-05-08', '2018-05-09')::json WHERE township = '007'"
    await connection.execute(f"UPDATE progress_v2.dossier_progress SET row = {altered}")
    await connection.close()
    one = await running.fuyan(2, "diff", "2", "3")
    (difference,) = one.said["told"]
    (change,) = difference["changes"]
    assert change["path"] == "$.row.deficiencies[0].on"
    assert change["why"]["event"]["type"] == "fuyan.dossier.deficiency-found.v1"
    assert (await running.fuyan(2, "promote")).code == 0


@pytest.mark.kafka
async def test_without_a_running_process_a_rebuild_says_that_nobody_goes_on_with_it(
    running: Release,
) -> None:
    url, process = running.serve(1)
    await running.ready(url)
    await running.tell(HISTORY)
    assert (await running.shows(url, HISTORY[-1])).status_code == 200
    await asyncio.to_thread(process.stop)
    built = await running.fuyan(2, "rebuild")
    assert built.said["position"] == len(HISTORY), built.complained
    assert built.said["followed"] is False
    found = await status(running)
    assert [one["lag"] for one in found["versions"]] == [0, 0]
    assert found["processes"] == []
    assert (await running.fuyan(2, "promote", "2")).code == 0
    none = await running.fuyan(2, "rollback")
    assert none.said == {"seen_before": 2, "seen": 1}
