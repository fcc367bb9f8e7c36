"""The fault matrix: whatever breaks in the midst of a load, every promise holds afterwards.

The short tier runs with all tests; `make faults` runs every line, with a seed of your choice.
"""

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import asyncpg
import pytest

from deploy.local.processes import free_port
from tests.faults import facts as ask
from tests.faults.checker import (
    HORIZON_S,
    acknowledged_is_everywhere,
    vacuum_is_free,
    violations,
)
from tests.faults.clients import Clients
from tests.faults.facts import Facts, horizon_s
from tests.faults.house import House, house
from tests.faults.play import Ground, play
from tests.faults.report import REPORT, Report
from tests.faults.rows import MATRIX, Line
from tests.faults.strikes import standing_by, together, until

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(600)]

FULL = os.environ.get("FUYAN_FAULTS") == "full"
SEED = int(os.environ.get("FUYAN_FAULT_SEED") or 1)
LINES = [line for line in MATRIX if FULL or line.short]
if FULL:
    random.Random(SEED).shuffle(LINES)


@pytest.fixture(scope="module")
def report(pytestconfig: pytest.Config) -> Iterator[Report]:
    found = pytestconfig.stash[REPORT] = Report(SEED)
    yield found
    found.write()


class Houses:
    """One house for many lines, and a new one behind a line that failed."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self._open: AsyncExitStack | None = None
        self._house: House | None = None

    async def one(self) -> House:
        if self._house is None or self._house.broken:
            if self._open is not None:
                await self._open.aclose()
            self._open = await self._stack.enter_async_context(AsyncExitStack())
            self._house = await self._open.enter_async_context(house())
        return self._house


@pytest.fixture(scope="module")
async def houses() -> AsyncIterator[Houses]:
    async with AsyncExitStack() as stack:
        yield Houses(stack)


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.name)
async def test_every_promise_holds(
    line: Line, houses: Houses, report: Report, maven_kafka: None
) -> None:
    found = await houses.one()
    found.broken = True
    ground, facts = await play(found, line.name, line.strike, SEED)
    assert ground.hits, "the fault did not hit"
    assert all(ground.hits.values()), f"a fault did not hit: {dict(ground.hits)}"
    broken = violations(facts)
    report.add(ground.hits, broken, facts.lag_s, max(facts.memory_kb.values()))
    assert {name: found[:5] for name, found in broken.items() if found} == {}, f"seed {SEED}"
    found.broken = False


@pytest.mark.skipif(not FULL, reason="in the full matrix: make faults")
async def test_random_faults_together(houses: Houses, report: Report, maven_kafka: None) -> None:
    """A nemesis of the seed: some strikes of the matrix, two at a time, in one long load."""
    chosen = random.Random(f"nemesis {SEED}")
    lines = chosen.sample([line for line in MATRIX if line.mixes], 6 if FULL else 2)

    async def nemesis(ground: Ground) -> None:
        for first, second in zip(lines[::2], lines[1::2], strict=True):
            await together(ground, first.strike, second.strike)
            ground.house.heal()
            await ground.house.ready()

    found = await houses.one()
    found.broken = True
    ground, facts = await play(found, "nemesis", nemesis, SEED)
    assert all(ground.hits.values()), dict(ground.hits)
    broken = violations(facts)
    hits = {**ground.hits, "random nemesis": len(lines)}
    report.add(hits, broken, facts.lag_s, max(facts.memory_kb.values()))
    named = ", ".join(line.name for line in lines)
    assert {name: one[:5] for name, one in broken.items() if one} == {}, f"seed {SEED}: {named}"
    found.broken = False


async def test_a_standby_inside_the_lock_is_found_by_l3(houses: Houses, maven_kafka: None) -> None:
    """And the one that polls, in the same place and for as long, is not."""
    found = await houses.one()
    port = free_port()
    for planted, held in (("", False), ("standby_waits_inside_the_lock", True)):
        standby = found.serve("submission", port, planted=planted)
        await until(lambda: standing_by(found, port), "a standby")
        longest_s, began = 0.0, time.monotonic()
        while time.monotonic() - began < HORIZON_S + 1 and longest_s <= HORIZON_S:
            longest_s = max(longest_s, (await horizon_s(found.server.dsn("postgres")))[0])
            await asyncio.sleep(0.1)
        await asyncio.to_thread(standby.kill)
        assert bool(list(vacuum_is_free(Facts(horizon_s=longest_s)))) == held


async def test_a_commit_that_is_not_waited_for_is_found_by_i1(
    houses: Houses, maven_kafka: None
) -> None:
    """What was acknowledged since the log was last flushed goes with the server's memory."""
    found = await houses.one()
    found.broken = True
    await found.again("submission", planted="commit_is_not_waited_for")
    async with Clients("hasty", found.urls, found.issuer, random.Random(SEED)) as clients:
        await clients.open(2)
        # However slow this machine is: nobody flushes for the one that does not ask for it.
        for service in ("review", "notification", "projection"):
            await asyncio.to_thread(found.process(service).kill)
        await _flush_seldom(found)
        writing = [asyncio.create_task(clients.revise(one, 0, 0)) for one in clients.townships]
        await clients.more(50)
        await asyncio.to_thread(found.server.kill)
        told = [wish for wish in clients.told if wish.acknowledged]
        for task in writing:
            task.cancel()
        await asyncio.gather(*writing, return_exceptions=True)
    await asyncio.to_thread(found.server.start)
    logs, _ = await ask.logs(found.databases)
    found_by_i1 = acknowledged_is_everywhere(Facts(told=told, logs=logs))
    assert [one for one in found_by_i1 if "the store has None" in one], "nothing was lost"


async def _flush_seldom(found: House) -> None:
    connection = await asyncpg.connect(found.server.dsn("postgres"))
    try:
        await connection.execute("ALTER SYSTEM SET wal_writer_delay = '10s'")
        await connection.execute("ALTER SYSTEM SET wal_writer_flush_after = '1GB'")
        await connection.execute("SELECT pg_reload_conf()")
    finally:
        await connection.close()
