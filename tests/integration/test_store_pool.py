"""A reader that falls silent in the midst of a query does not keep vacuum away for ever."""

import asyncio

import asyncpg
import pytest

from shared.store import pool
from shared.store.pool import Pool
from shared.store.streams import Unavailable


async def test_a_silent_reader_loses_its_snapshot_and_the_next_one_reads(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert pool.FORGOTTEN["idle_in_transaction_session_timeout"] == "30000"
    monkeypatch.setitem(pool.FORGOTTEN, "idle_in_transaction_session_timeout", "50")
    readers = Pool(database, "fuyan-readers", 2)
    try:
        with pytest.raises(Unavailable):
            await _fall_silent(readers, database)
        async with readers.connection() as connection:
            assert await connection.fetchval("SELECT 1") == 1
    finally:
        readers.close()


async def _fall_silent(readers: Pool, database: str) -> None:
    """Begin an answer, and go on with it when the server has ended the session."""
    async with (
        readers.connection() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        pid = await connection.fetchval("SELECT pg_backend_pid() FROM pg_class LIMIT 1")
        watching = await asyncpg.connect(database)
        try:
            async with asyncio.timeout(30):
                while await watching.fetchval(
                    "SELECT count(*) FROM pg_stat_activity WHERE pid = $1", pid
                ):
                    await asyncio.sleep(0.01)
        finally:
            await watching.close()
        await connection.fetchval("SELECT 1")
