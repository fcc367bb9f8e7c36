"""The fault matrix: whatever breaks in the midst of a load, every promise holds afterwards.

The short tier runs with all tests; `make faults` runs every line, with a seed of your choice.
"""

import os
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest

from tests.faults.checker import violations
from tests.faults.house import House, house
from tests.faults.play import play
from tests.faults.report import Report
from tests.faults.rows import MATRIX, Line

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(420)]

FULL = os.environ.get("FUYAN_FAULTS") == "full"
SEED = int(os.environ.get("FUYAN_FAULT_SEED") or 1)
LINES = [line for line in MATRIX if FULL or line.short]
if FULL:
    random.Random(SEED).shuffle(LINES)


@pytest.fixture(scope="module")
def report(pytestconfig: pytest.Config) -> Iterator[Report]:
    found = Report(SEED)
    yield found
    found.write()
    reporter = pytestconfig.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        reporter.write_line("")
        reporter.write_line(found.table())


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
