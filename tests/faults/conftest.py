"""Fixtures of the tests that break things."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from services.projection.follower import Follower
from shared.clock import system_clock
from shared.messaging.kafka import Kafka
from shared.store.session import Session
from tests.faults.followed import NOWHERE, prepare_projection
from tests.faults.report import REPORT
from tests.integration.conftest import clean_kafka as clean_kafka


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """The table of the matrix, where it ran in this process."""
    report = config.stash.get(REPORT, None)
    if report is not None:
        terminalreporter.section("fault × invariant: runs, or violated/runs")
        terminalreporter.write_line(report.table())


@pytest.fixture
async def journal(database: str) -> AsyncIterator[asyncpg.Connection]:
    """The session of a projection's follower, on an empty journal."""
    await prepare_projection(database)
    connection = await asyncpg.connect(database)
    yield connection
    await connection.close()


@pytest.fixture
async def follower(journal: asyncpg.Connection) -> Follower:
    """A follower that is handed its messages by the test, whatever Kafka it is told of."""
    found = Follower(Session(journal, 0, None), Kafka(NOWHERE), system_clock, {})
    await found.remember()
    return found
