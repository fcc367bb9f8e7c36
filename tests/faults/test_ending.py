"""Whoever is told to end ends, although a connection dies in the same moment."""

import asyncio

import pytest

from services.projection import folding
from services.projection.journal import Journal
from shared.clock import system_clock
from shared.messaging.kafka import Kafka
from shared.store.pool import Pool
from shared.store.session import Session, connect
from tests.faults.followed import NOWHERE, prepare_projection
from tests.integration.test_messaging import until


async def test_a_reader_within_a_transaction_hears_that_it_is_to_end(database: str) -> None:
    pool, within = Pool(database, "fuyan-test", 1), asyncio.Event()

    async def read() -> None:
        async with pool.connection() as connection, connection.transaction():
            within.set()
            await asyncio.Event().wait()

    reading = asyncio.create_task(read())
    await within.wait()
    reading.cancel()
    pool.close()
    await asyncio.wait((reading,), timeout=10)
    assert reading.cancelled()


async def test_whoever_has_the_turn_of_a_session_hears_that_it_is_to_end(database: str) -> None:
    connection, within = await connect(database, "fuyan-test"), asyncio.Event()
    session = Session(connection, 0, None)

    async def write() -> None:
        async with session.turn() as mine, mine.transaction():
            within.set()
            await asyncio.Event().wait()

    writing = asyncio.create_task(write())
    await within.wait()
    writing.cancel()
    session.end()
    await asyncio.wait((writing,), timeout=10)
    assert writing.cancelled()


async def test_a_projection_stops_in_the_midst_of_a_fold(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its connection is dropped when nobody reads Kafka any more, which is the same moment."""
    await prepare_projection(database)
    within = asyncio.Event()

    async def step(self: folding.Fold) -> int:
        async with self._connection.transaction():
            within.set()
            await asyncio.Event().wait()
        return 0

    monkeypatch.setattr(folding.Fold, "step", step)
    journal = Journal(database, Kafka(NOWHERE), system_clock)

    async def serves() -> bool:
        return journal.readiness().ready and within.is_set()

    async def stops() -> None:
        async with journal.running():
            await until(serves, 20)

    stopping = asyncio.create_task(stops())
    done, _ = await asyncio.wait((stopping,), timeout=40)
    assert done, "it never stops"
    await stopping
