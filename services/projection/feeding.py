"""Every version of this image's folds is fed by one process: whoever has its advisory lock.

The process that reads Kafka takes it at once, for it folds from memory; another one only where
nobody did for a while, which is so where that process is of another image. The lock is for order;
safety rests on the cursor, which moves from where the one who moves it believes it to be.
"""

import asyncio
import os
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import asyncpg
import structlog

from services.projection.folding import AnotherFolds, Fold
from services.projection.follower import Entry
from services.projection.models import schema
from services.projection.versions import LOCKS, TO_FEED
from shared.ending import end_if_told
from shared.store.pool import Pool
from shared.store.session import FEW_ROWS, LEASE, LOST, ROUND_TRIP_S, SILENT, connect
from shared.store.streams import Unavailable

# How often the versions are looked up, and how long an heir waits for whoever reads Kafka.
LOOK_S, HEIR_S = 0.5, 1.0
TAKE_S = 0.02
AGAIN_S = 0.2
UNFOLDABLE_S = 5.0

TAKE = "SELECT pg_try_advisory_lock($1::int, $2::int)"
_HERE = "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
TAKEN = f"""
SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND {_HERE} AND granted
  AND classid = $1::int AND objid = $2::int AND objsubid = 2)
"""  # noqa: S608
READER = f"""
SELECT application_name FROM pg_stat_activity JOIN pg_locks USING (pid)
WHERE locktype = 'advisory' AND {_HERE} AND granted AND classid = 0 AND objid = $1::bigint::oid
  AND objsubid = 1
"""  # noqa: S608
"""Who holds the lease of this database."""

logger = structlog.get_logger(__name__)


_NAMED = re.compile(r"fuyan-projection-[a-z]+/(\d+)@")


def process_name(role: str) -> str:
    """How a process of this image names its connections; `status` reads it again."""
    here = f"{socket.gethostname()[:20]}:{os.getpid()}"
    return f"fuyan-projection-{role}/{schema.FOLDS}@{here}"


def folds_of(name: str | None) -> int | None:
    """The folds of the process whose connection is named so; None for anything else."""
    found = _NAMED.match(name or "")
    return int(found[1]) if found else None


class Feeding:
    """Runs beside the queries, for as long as the process does."""

    def __init__(
        self,
        database: str,
        readers: Pool,
        degraded: dict[str, str],
        reached: Callable[[int, int], Awaitable[None]],
    ) -> None:
        self._database = database
        self._readers = readers
        self._degraded = degraded
        self._reached = reached
        self._folds: dict[int, tuple[Fold, asyncpg.Connection]] = {}
        self._reads = False
        self._another_reads = False
        """A process of this image reads Kafka, and it is not this one."""

    def appended(self, entries: Sequence[Entry]) -> None:
        """Told by the follower of this process."""
        for fold, _ in self._folds.values():
            fold.appended(entries)

    def reads(self, so: bool) -> None:
        """Whether this process reads Kafka; when it ceases to, the next one folds from memory."""
        self._reads = so
        for fold, connection in self._folds.values():
            fold.told = so
            if not so:
                connection.terminate()

    async def run(self) -> None:
        """Until cancelled; a version that appears is fed within a second or so."""
        feeding: dict[int, asyncio.Task[None]] = {}
        try:
            while True:
                with suppress(Unavailable, asyncpg.PostgresError):  # the queries say so already
                    await self._look(feeding)
                end_if_told()
                await asyncio.sleep(LOOK_S)
        finally:
            for task in feeding.values():
                task.cancel()
            await asyncio.gather(*feeding.values(), return_exceptions=True)

    async def _look(self, feeding: dict[int, asyncio.Task[None]]) -> None:
        async with self._readers.connection() as connection:
            rows = await connection.fetch(TO_FEED, schema.FOLDS)
            reader = await connection.fetchval(READER, LEASE)
        another = folds_of(reader) == schema.FOLDS and not self._reads
        if another and not self._another_reads:
            for _, mine in self._folds.values():
                mine.terminate()
        self._another_reads = another
        for (version,) in rows:
            if version not in feeding or feeding[version].done():
                feeding[version] = asyncio.create_task(self._feed(version))

    async def _feed(self, version: int) -> None:
        while True:
            connection: asyncpg.Connection | None = None
            try:
                connection = await connect(
                    self._database, process_name("fold"), **SILENT, **FEW_ROWS
                )
                await self._turn(connection, version)
                await self._fold(connection, version)
            except AnotherFolds as error:
                await logger.awarning("not folding", version=version, reason=str(error))
                return
            except (*LOST, asyncpg.PostgresError) as error:
                await logger.awarning("not folding", version=version, reason=str(error))
            finally:
                self._folds.pop(version, None)
                if connection is not None:
                    connection.terminate()
            end_if_told()
            await asyncio.sleep(AGAIN_S)

    async def _turn(self, connection: asyncpg.Connection, version: int) -> None:
        """Until this process is the one that folds a version."""
        free_s = 0.0
        while True:
            if self._reads or free_s >= HEIR_S:
                async with asyncio.timeout(ROUND_TRIP_S):
                    if await connection.fetchval(TAKE, LOCKS, version):
                        return
                free_s = 0.0
            elif await connection.fetchval(TAKEN, LOCKS, version) or self._another_reads:
                free_s = 0.0
            else:
                free_s += LOOK_S
            await asyncio.sleep(TAKE_S if self._reads else LOOK_S)

    async def _fold(self, connection: asyncpg.Connection, version: int) -> None:
        fold = Fold(connection, version)
        fold.told = self._reads
        self._folds[version] = (fold, connection)
        await fold.remember()
        what = f"fold of version {version}"
        try:
            while True:
                try:
                    await self._reached(version, await fold.step())
                    self._degraded.pop(what, None)
                except (*LOST, AnotherFolds):
                    raise
                except Exception as error:
                    end_if_told()
                    # An event that this image cannot fold: what is seen stays, and says so.
                    self._degraded[what] = f"{type(error).__name__}: {error}"
                    await logger.aexception("read models stand still", version=version)
                    # In between the server must hear of this session, which keeps its lock.
                    for _ in range(round(UNFOLDABLE_S)):
                        await connection.execute("SELECT 1")
                        await asyncio.sleep(1)
        finally:
            self._degraded.pop(what, None)
