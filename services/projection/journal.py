"""The journal as the rest of the service sees it: what is folded, and how to wait for more."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import date
from typing import Literal

import asyncpg
import structlog

from services.projection.feeding import Feeding, process_name
from services.projection.folding import SELECT, entry, received
from services.projection.follower import Follower
from services.projection.models import schema
from services.projection.models.schema import Models
from services.projection.versions import ANSWERING
from shared.clock import Clock
from shared.contracts.registry import CONTEXTS
from shared.ending import end_if_told
from shared.messaging.kafka import Kafka
from shared.messaging.reactions import Received
from shared.store.command import Heard
from shared.store.pool import Pool
from shared.store.session import Lease, Session
from shared.store.streams import Unavailable
from shared.telemetry.readiness import Readiness

# How often a process that does not fold looks how far the one that does has come.
POLL_S = 0.1
# How often somebody who waits for an event that has not come yet is told whether it was parked.
LOOK_AGAIN_S = 0.25
# Where another version was promoted it may lack for a moment what this process has shown already.
LEVEL_S, LEVEL_AGAIN_S = 5.0, 0.005
ANOTHER_IMAGE = (
    "another-image: these read models are of another image: run `fuyan projections rebuild`"
    " with this one, then `fuyan projections promote`"
)

logger = structlog.get_logger(__name__)


class AnotherImage(Unavailable):
    """No version of the read models is by this image's folds: it has nothing to answer from."""

    def __init__(self) -> None:
        super().__init__("read-models-of-another-image")


class Journal:
    """Every process answers queries; the one with the lease reads Kafka, and folds what it can."""

    def __init__(self, database: str, kafka: Kafka, clock: Clock) -> None:
        self.clock = clock
        self.position = 0
        """Of the last event folded into the read models that queries see."""
        self.degraded: dict[str, str] = {}
        self._database = database
        self._kafka = kafka
        self._lease = Lease(database, process_name("writer"))
        self._readers = Pool(database, process_name("reader"), 8)
        self._feeding = Feeding(database, self._readers, self.degraded, self._folded)
        self._version = 0
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
            asyncio.create_task(self._feeding.run()),
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
        """Being the one who reads Kafka, and so the one who folds first."""
        follower = Follower(session, self._kafka, self.clock, self.degraded)
        await follower.remember()
        self._reads = True
        self._feeding.reads(True)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(session.beat())
                group.create_task(follower.run(self._feeding.appended))
        finally:
            self._reads = False
            self._feeding.reads(False)
            self.degraded.clear()

    async def _folded(self, version: int, position: int) -> None:
        """Told by the one of this process who folds; another version is nobody's business here."""
        if version == self._version:
            await self._reached(position)

    async def _reached(self, position: int) -> None:
        async with self._moved:
            # Never back: what was seen once stays seen, whoever of the two tells it first.
            self.position = max(self.position, position)
            self._moved.notify_all()

    async def _watch(self) -> None:
        """How far it is folded, whichever process does that, and which version is answered from."""
        while True:
            try:
                async with self._now() as models:
                    self._why_not, self._version = None, models.version
                    if models.position > self.position:
                        await self._reached(models.position)
            except AnotherImage:
                self._why_not = ANOTHER_IMAGE
            except (Unavailable, asyncpg.PostgresError) as error:
                end_if_told()
                self._why_not = f"store-unavailable: {error}"
            await asyncio.sleep(POLL_S)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Models]:
        """One moment of the read models, never an earlier one than this process has shown.

        Raises Unavailable, and AnotherImage where nothing here is by this image's folds.
        """
        until = asyncio.get_running_loop().time() + LEVEL_S
        while True:
            async with self._now() as models:
                if models.position >= self.position:
                    yield models
                    return
            if asyncio.get_running_loop().time() > until:
                raise Unavailable("store-unavailable")
            await asyncio.sleep(LEVEL_AGAIN_S)

    @asynccontextmanager
    async def _now(self) -> AsyncIterator[Models]:
        async with (
            self._readers.connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            found = await connection.fetchrow(ANSWERING, schema.FOLDS)
            if found is None:
                raise AnotherImage
            yield Models(connection, *found)

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
        async with self.snapshot() as models:
            places = await models.connection.fetch(
                "SELECT position FROM journal WHERE context = $1 AND subject = $2 AND version = $3",
                heard.context,
                heard.subject,
                heard.version,
            )
            if places:
                return places[0][0], False
            parked = await models.connection.fetch(
                "SELECT seq FROM parked WHERE context = $1 AND key = $2 UNION ALL"
                " SELECT seq FROM discarded WHERE context = $1 AND subject = $3 AND version = $4"
                " LIMIT 1",
                heard.context,
                CONTEXTS[heard.context].key(heard.subject),
                heard.subject,
                heard.version,
            )
            return None, bool(parked)

    async def events(self, models: Models, programme: str, until_on: date) -> list[Received]:
        """What happened in a programme up to the end of a day, in the order of the journal."""
        rows = await models.connection.fetch(
            f"{SELECT} WHERE (subject = $1 OR starts_with(subject, $1 || '/'))"
            " AND effective_on <= $2 AND position <= $3 ORDER BY journal.position",
            programme,
            until_on,
            models.position,
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
            async with self.snapshot() as models:
                position = models.position
                rows = await models.connection.fetch(
                    "SELECT DISTINCT context, subject FROM journal"
                    " WHERE position > $1 AND position <= $2",
                    after,
                    position,
                )
            keys = {CONTEXTS[row[0]].key(row[1]) for row in rows}
            self._answered = (after, position, keys)
            return position, keys
