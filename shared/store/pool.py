"""A small pool of connections for reading, opened by whoever comes first."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from shared.ending import end_if_told
from shared.store.session import LOST
from shared.store.streams import Unavailable

HALF_A_MINUTE = "30000"
FORGOTTEN = {
    # A reader that is gone without a word would keep its snapshot, and vacuum from all tables.
    "idle_in_transaction_session_timeout": HALF_A_MINUTE,
    "tcp_user_timeout": HALF_A_MINUTE,
}


async def _as_it_is(_: object) -> None:
    """Readers leave nothing behind that would have to be reset, at a round trip each time."""


class Pool:
    """Raises Unavailable while the database is away; a statement takes at most half a minute."""

    def __init__(self, database: str, name: str, size: int) -> None:
        self._database = database
        self._name = name
        self._size = size
        self._pool: asyncpg.Pool | None = None
        self._opening = asyncio.Lock()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator["PoolConnectionProxy[asyncpg.Record]"]:
        """One connection, for as long as the block lasts."""
        try:
            async with self._opening:  # or thirty first readers open thirty pools
                if self._pool is None:
                    self._pool = await asyncpg.create_pool(
                        self._database,
                        min_size=0,
                        max_size=self._size,
                        timeout=5,
                        command_timeout=30,
                        reset=_as_it_is,
                        server_settings={"application_name": self._name, **FORGOTTEN},
                    )
            async with self._pool.acquire(timeout=5) as connection:
                yield connection
        except LOST as error:
            end_if_told()
            raise Unavailable("store-unavailable") from error

    def close(self) -> None:
        """Drop the connections at once."""
        if self._pool is not None:
            self._pool.terminate()
