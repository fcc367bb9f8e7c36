"""From Kafka into the journal: the lease holder reads all partitions and appends what is next.

Position, heads and offsets move in one statement, so every event stands in the journal once.
"""

import asyncio
from collections import ChainMap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord
from pydantic import ValidationError

from shared.clock import Clock
from shared.contracts.registry import CONTEXTS, Event, UnknownVersion
from shared.crash import crash_point
from shared.events.envelope import Identity, Malformed, Record
from shared.messaging.follow import (
    Fork,
    Place,
    Reading,
    Stopped,
    context_of,
    fence_id,
    follow_for_ever,
    identify,
    place,
    read,
    starts,
)
from shared.messaging.kafka import Kafka, partitions, stopped
from shared.messaging.parking import BEHIND, LOAD, Parking
from shared.messaging.reactions import NEVER_PARKED
from shared.messaging.topics import ensure
from shared.store.batch import Parked, Step
from shared.store.session import Session
from shared.store.sql import (
    N,
    event_arrays,
    follow_arrays,
    follow_upserts,
    insert_events,
    insert_parked,
    parked_arrays,
)
from shared.telemetry.metrics import FOLLOWED

FOLLOWED_CONTEXTS = ("programme", "dossier", "case")
MAX_RECORDS = 2000
WAIT_MS = 500
WATCH_S = 2.0

_HEADS, _FENCES = follow_upserts(N + 2)
APPEND = f"""
WITH h AS ({_HEADS}), f AS ({_FENCES}), p AS ({insert_parked(N + 10)})
{insert_events("journal", 1, {"store_position": "bigint"})}
"""

logger = structlog.get_logger(__name__)

Entry = tuple[int, Record, Event | None]
"""Position in the journal, the record, and its event where its type is known here."""
Appended = Callable[[Sequence[Entry]], None]


@dataclass(slots=True)
class Page:
    """What a batch of messages comes to, before it is committed."""

    heads: dict[tuple[str, str], tuple[int, UUID]] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    passed: list[tuple[ConsumerRecord, UUID]] = field(default_factory=list)


class Follower:
    """Reads for as long as its session holds the lease."""

    def __init__(
        self, session: Session, kafka: Kafka, clock: Clock, degraded: dict[str, str]
    ) -> None:
        self._session = session
        self._kafka = kafka
        self._clock = clock
        self._degraded = degraded
        topics = [CONTEXTS[name].topic for name in FOLLOWED_CONTEXTS]
        self._topics = topics
        self._partitions = [p for topic in topics for p in partitions(topic)]
        self.position = 0
        self._heads: dict[tuple[str, str], tuple[int, UUID]] = {}
        self._reading = Reading({})
        self._parking = Parking(clock)

    async def remember(self) -> None:
        """How far the journal had come."""
        async with self._session.turn() as connection:
            self.position = await connection.fetchval(
                "SELECT coalesce(max(position), 0) FROM journal"
            )
            heads = await connection.fetch("SELECT context, subject, version, id FROM head")
            fences = await connection.fetch("SELECT * FROM fence")
            parked = await connection.fetch(LOAD)
        self._heads = {(row[0], row[1]): (row[2], row[3]) for row in heads}
        self._reading = Reading({(row[0], row[1]): (row[2], row[3]) for row in fences})
        self._parking = Parking(self._clock, parked)

    async def run(self, appended: Appended) -> None:
        """Until cancelled; Kafka away, or a record nobody can pass, is tried again."""
        await follow_for_ever(
            lambda: self._follow(appended), self._reading, self._degraded, "journal"
        )

    async def _follow(self, appended: Appended) -> None:
        await ensure(self._kafka.bootstrap, self._topics, **self._kafka.security)
        consumer = self._kafka.consumer(fetch_max_wait_ms=WAIT_MS)
        watching: asyncio.Task[None] | None = None
        try:
            await consumer.start()
            async with self._kafka.looking() as looking:
                begin = await starts(looking, self._partitions, self._reading.fences)
                consumer.assign(self._partitions)
                for partition, offset in begin.items():
                    consumer.seek(partition, offset)
                self._degraded.pop("journal", None)
                watching = asyncio.create_task(self._watch(looking))
                while not watching.done():
                    found = await consumer.getmany(timeout_ms=WAIT_MS, max_records=MAX_RECORDS)
                    if found:
                        crash_point("projection/polled")
                        await self._append(
                            (one for records in found.values() for one in records), appended
                        )
                        self._degraded.pop("journal", None)
                        crash_point("projection/next-poll")
                watching.result()
        finally:
            if watching is not None:
                watching.cancel()
            await stopped(consumer.stop())

    async def _watch(self, consumer: AIOKafkaConsumer) -> None:
        """Raises Recreated where the topics are not the same, or lack what a head waits for."""
        while True:
            await asyncio.sleep(WATCH_S)
            if await self._reading.look(consumer, self._partitions):
                self._reading.at_end(self._heads)

    async def _append(self, messages: Iterable[ConsumerRecord], appended: Appended) -> None:
        """One statement for all that is next in these messages.

        Raises Stopped or Fork at a record nobody can pass, once what stood before it is appended.
        """
        page = Page()
        stop: Exception | None = None
        for message in messages:
            try:
                self._take(message, page)
            except (Stopped, Fork) as error:
                stop = error
                break
        if page.steps:
            records = [record for _, record, _ in page.entries]
            columns = event_arrays(records)
            columns[0] = [position for position, _, _ in page.entries]
            async with self._session.turn() as connection:
                await connection.fetch(
                    APPEND,
                    *columns,
                    [record.position for record in records],
                    *follow_arrays(page.steps),
                    *parked_arrays([step.parked for step in page.steps if step.parked is not None]),
                )
            crash_point("projection/appended")
            self._heads.update(page.heads)
        # What was read counts as read only now: a statement that failed must be tried again.
        for message, id_ in page.passed:
            self._reading.passed(message, id_)
        if page.entries:
            self.position = page.entries[-1][0]
            appended(page.entries)
        if stop is not None:
            raise stop

    def _take(self, message: ConsumerRecord, page: Page) -> None:
        """What one message moves, added to its page."""
        try:
            who = identify(message)
        except Malformed as error:
            if not self._parking.has(message):
                self._park(message, None, f"headers: {error}", page)
            return
        where = place(ChainMap(page.heads, self._heads), who)
        if where is not Place.NEXT:
            if where is Place.BEYOND:
                self._reading.missed(message, who)
            page.passed.append((message, who.id))
            FOLLOWED.labels("projection", where.value).inc()
            return
        if self._parking.blocks(message):
            self._park(message, who, BEHIND, page)
            return
        try:
            record, event = read(message)
        except UnknownVersion as error:
            raise Stopped(f"{error}: this image cannot read it; upgrade it first") from error
        except (Malformed, ValidationError, UnicodeDecodeError) as error:
            self._park(message, who, f"{type(error).__name__}: {error}", page)
            return
        page.entries.append((self.position + len(page.entries) + 1, record, event))
        self._move(message, who, None, page)
        FOLLOWED.labels("projection", "applied").inc()

    def _move(
        self, message: ConsumerRecord, who: Identity | None, parked: Parked | None, page: Page
    ) -> None:
        next_offset, fence = self._reading.stored(message)
        head = None if who is None else (who.context, who.subject, who.version, who.id)
        if head is not None:
            page.heads[head[:2]] = head[2:]
        page.steps.append(
            Step(
                head=head,
                topic=message.topic,
                partition=message.partition,
                next_offset=next_offset,
                id=fence,
                parked=parked,
            )
        )
        page.passed.append((message, fence_id(message)))

    def _park(self, message: ConsumerRecord, who: Identity | None, reason: str, page: Page) -> None:
        if context_of(message) in NEVER_PARKED:
            raise Stopped(f"{message.topic}/{message.partition}@{message.offset}: {reason}")
        self._move(message, who, self._parking.put(message, who, reason), page)
        FOLLOWED.labels("projection", "parked").inc()
        logger.error("parked", topic=message.topic, offset=message.offset, reason=reason)
