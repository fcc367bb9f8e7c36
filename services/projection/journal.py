"""The journal as the rest of the service sees it: what is folded, and how to wait for more."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import date
from typing import Literal

import asyncpg
import structlog

from services.projection.folding import SELECT, VERSION, AnotherFolds, Fold, entry, received
from services.projection.follower import Follower
from services.projection.models.schema import Connection
from shared.clock import Clock
from shared.contracts.registry import CONTEXTS
from shared.messaging.kafka import Kafka
from shared.messaging.reactions import Received
from shared.store.command import Heard
from shared.store.pool import Pool
from shared.store.session import LOST, Lease, LeaseLost, Session, connect
from shared.store.streams import Unavailable
from shared.telemetry.readiness import Readiness

# How often a process that does not fold looks how far the one that does has come.
POLL_S = 0.1
# How often somebody who waits for an event that has not come yet is told whether it was parked.
LOOK_AGAIN_S = 0.25
FOLD_AGAIN_S = 5.0
NAME = "fuyan-projection"

logger = structlog.get_logger(__name__)


class Journal:
    """Every process answers queries; the one with the lease reads Kafka and folds."""

    def __init__(self, database: str, kafka: Kafka, clock: Clock) -> None:
        self.clock = clock
        self.position = 0
        """Of the last event folded into the read models that queries see."""
        self.degraded: dict[str, str] = {}
        self._database = database
        self._kafka = kafka
        self._lease = Lease(database, f"{NAME}-writer")
        self._readers = Pool(database, f"{NAME}-reader", 8)
        self._moved = asyncio.Condition()
        self._asking = asyncio.Lock()
        self._answered: tuple[int, int, set[str]] = (-1, 0, set())
        self._reads = False
        self._why_not: str | None = "starting: the database has not been reached yet"

    def readiness(self) -> Readiness:
        """Ready while the read models can be asked; Kafka away only makes them late."""
        degraded = [f"{what}: {why}" for what, why in sorted(self.degraded.items())]
        if not self._reads and self._lease.why_not[0] not in ("starting", "standby"):
            degraded.append(": ".join(self._lease.why_not))
        reasons = [] if self._why_not is None else [self._why_not]
        return Readiness(not reasons, reasons, degraded)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Follow, fold and watch until the end of the block."""
        tasks = [
            asyncio.create_task(self._lease.hold(self._tenure)),
            asyncio.create_task(self._watch()),
        ]
        try:
            yield
        finally:
            self._lease.ended = True
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.close()

    def close(self) -> None:
        """Drop the connections of the queries."""
        self._readers.close()

    async def _tenure(self, session: Session) -> None:
        """Being the one who reads Kafka, and the one who folds."""
        connection = await connect(self._database, f"{NAME}-fold")
        try:
            follower = Follower(session, self._kafka, self.clock, self.degraded)
            fold = Fold(connection)
            await follower.remember()
            await fold.remember()
            self._reads = True
            async with asyncio.TaskGroup() as group:
                group.create_task(session.beat())
                group.create_task(follower.run(fold.appended))
                group.create_task(self._fold(fold))
        finally:
            self._reads = False
            self.degraded.clear()
            connection.terminate()

    async def _fold(self, fold: Fold) -> None:
        while True:
            try:
                await self._reached(await fold.step())
                self.degraded.pop("fold", None)
            except (*LOST, AnotherFolds) as error:
                raise LeaseLost(f"{type(error).__name__}: {error}") from error
            except Exception as error:
                # An event that this image cannot fold: what is seen stays as it was, and says so.
                self.degraded["fold"] = f"{type(error).__name__}: {error}"
                await logger.aexception("the read models stand still")
                await asyncio.sleep(FOLD_AGAIN_S)

    async def _reached(self, position: int) -> None:
        async with self._moved:
            # Never back: what was seen once stays seen, whoever of the two tells it first.
            self.position = max(self.position, position)
            self._moved.notify_all()

    async def _watch(self) -> None:
        """How far it is folded, whichever process does that."""
        while True:
            try:
                async with self.snapshot() as (_, position):
                    self._why_not = None
                    if position > self.position:
                        await self._reached(position)
            except (Unavailable, asyncpg.PostgresError) as error:
                self._why_not = f"store-unavailable: {error}"
            await asyncio.sleep(POLL_S)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[tuple[Connection, int]]:
        """One moment of the read models, and its position; raises Unavailable."""
        async with (
            self._readers.connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            position: int = await connection.fetchval(
                "SELECT position FROM folded JOIN pointer USING (version)"
            )
            yield connection, position

    async def reached(self, heard: Heard, wait_s: float) -> Literal["reached", "not-yet", "parked"]:
        """Whether an event can be seen here, waiting for it at most so long."""
        place: int | None = None
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                while True:
                    before = self.position
                    if place is None:
                        place, parked = await self._place(heard)
                        if parked:
                            return "parked"
                    if place is not None and place <= self.position:
                        return "reached"
                    # Parking moves no position, and a record may be parked while one waits for it.
                    with suppress(TimeoutError):
                        async with asyncio.timeout(LOOK_AGAIN_S if place is None else None):
                            await self._beyond(before)
        return "not-yet"

    async def _beyond(self, position: int) -> None:
        async with self._moved:
            await self._moved.wait_for(lambda: self.position > position)

    async def _place(self, heard: Heard) -> tuple[int | None, bool]:
        async with self.snapshot() as (connection, _):
            places = await connection.fetch(
                "SELECT position FROM journal WHERE context = $1 AND subject = $2 AND version = $3",
                heard.context,
                heard.subject,
                heard.version,
            )
            if places:
                return places[0][0], False
            parked = await connection.fetch(
                "SELECT seq FROM parked WHERE context = $1 AND key = $2 UNION ALL"
                " SELECT seq FROM discarded WHERE context = $1 AND subject = $3 AND version = $4"
                " LIMIT 1",
                heard.context,
                CONTEXTS[heard.context].key(heard.subject),
                heard.subject,
                heard.version,
            )
            return None, bool(parked)

    async def events(
        self, connection: Connection, programme: str, until_on: date
    ) -> list[Received]:
        """What happened in a programme up to the end of a day, in the order of the journal."""
        rows = await connection.fetch(
            f"{SELECT} WHERE (subject = $1 OR starts_with(subject, $1 || '/'))"  # noqa: S608
            " AND effective_on <= $2 AND position <= (SELECT position FROM folded"
            " WHERE version = $3) ORDER BY journal.position",
            programme,
            until_on,
            VERSION,
        )
        return received([entry(row) for row in rows])

    async def changes(self, after: int) -> AsyncIterator[tuple[int, set[str]]]:
        """Positions as they become visible, with the keys that changed: a programme, a township."""
        while True:
            await self._beyond(after)
            after, keys = await self._since(after)
            yield after, keys

    async def _since(self, after: int) -> tuple[int, set[str]]:
        """What changed behind a position; asked once for all who listen, who stand at the same."""
        async with self._asking:
            if self._answered[0] == after and self._answered[1] >= self.position:
                return self._answered[1:]
            async with self.snapshot() as (connection, position):
                rows = await connection.fetch(
                    "SELECT DISTINCT context, subject FROM journal"
                    " WHERE position > $1 AND position <= $2",
                    after,
                    position,
                )
            keys = {CONTEXTS[row[0]].key(row[1]) for row in rows}
            self._answered = (after, position, keys)
            return position, keys
