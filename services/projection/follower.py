"""From Kafka into the journal: the lease holder reads all partitions and appends what is next.

Position, heads and offsets move in one statement, so every event stands in the journal once.
"""

import asyncio
from collections import ChainMap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord
from pydantic import ValidationError

from shared.clock import Clock
from shared.contracts.registry import CONTEXTS, Event, UnknownVersion
from shared.crash import crash_point
from shared.events.envelope import Identity, Malformed, Record
from shared.messaging.dead_letters import DeadLetters
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
from shared.messaging.parking import BEHIND, LOAD, LOAD_DISCARDED, Parking, key_of, why
from shared.messaging.reactions import NEVER_PARKED
from shared.messaging.topics import ensure
from shared.store.batch import Parked, Step, Unparked
from shared.store.session import Session
from shared.store.sql import (
    PARKED_TYPES,
    N,
    event_arrays,
    follow_arrays,
    follow_upserts,
    insert_events,
    insert_parked,
    parked_arrays,
    unpark,
    unparked_arrays,
)
from shared.telemetry.metrics import FOLLOWED

SERVICE = "projection"
FOLLOWED_CONTEXTS = ("programme", "dossier", "case")
MAX_RECORDS = 2000
WAIT_MS = 500
WATCH_S = 2.0

_HEADS, _FENCES = follow_upserts(N + 2)
_GONE, _COUNTED = unpark(N + 10 + len(PARKED_TYPES))
_FOLLOWED = f"""
WITH h AS ({_HEADS}), f AS ({_FENCES}), p AS ({insert_parked(N + 10)})"""
_INTO = insert_events("journal", 1, {"store_position": "bigint"})
APPEND = f"""{_FOLLOWED}
{_INTO}
"""
APPEND_AND_UNPARK = f"""{_FOLLOWED}, d AS ({_GONE}), a AS ({_COUNTED})
{_INTO}
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
        self._parking = Parking(SERVICE, clock, degraded)
        self._turn = asyncio.Lock()
        """Held for a page, or for a parked record that leaves its line: neither sees half of it."""

    async def remember(self) -> None:
        """How far the journal had come."""
        async with self._session.turn() as connection:
            self.position = await connection.fetchval(
                "SELECT coalesce(max(position), 0) FROM journal"
            )
            heads = await connection.fetch("SELECT context, subject, version, id FROM head")
            fences = await connection.fetch("SELECT * FROM fence")
            parked = await connection.fetch(LOAD)
            discarded = await connection.fetch(LOAD_DISCARDED)
        self._heads = {(row[0], row[1]): (row[2], row[3]) for row in heads}
        self._reading = Reading({(row[0], row[1]): (row[2], row[3]) for row in fences})
        self._parking = Parking(SERVICE, self._clock, self._degraded)
        self._parking.remember(parked, discarded, self._reading.fences)

    async def run(self, appended: Appended) -> None:
        """Until cancelled; Kafka away, or a record nobody can pass, is tried again."""
        letters = DeadLetters(
            self._session,
            self._parking,
            self._degraded,
            line=lambda _: self._turn,
            again=partial(self._take_again, appended),
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(letters.run())
            group.create_task(
                follow_for_ever(
                    lambda: self._follow(appended), self._reading, self._degraded, "journal"
                )
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
        async with self._turn:
            page = Page()
            stop: Exception | None = None
            for message in messages:
                try:
                    self._take(message, page)
                except (Stopped, Fork) as error:
                    stop = error
                    break
            await self._write(page, appended)
            if stop is not None:
                raise stop

    async def _write(self, page: Page, appended: Appended) -> None:
        if page.steps:
            records = [record for _, record, _ in page.entries]
            columns = event_arrays(records)
            columns[0] = [position for position, _, _ in page.entries]
            values = [
                *columns,
                [record.position for record in records],
                *follow_arrays(page.steps),
                *parked_arrays([step.parked for step in page.steps if step.parked is not None]),
            ]
            unparked = [step.unparked for step in page.steps if step.unparked is not None]
            async with self._session.turn() as connection:
                if unparked:
                    values += unparked_arrays(unparked)
                await connection.fetch(APPEND_AND_UNPARK if unparked else APPEND, *values)
            crash_point("projection/appended")
            self._heads.update(page.heads)
        # What was read counts as read only now: a statement that failed must be tried again.
        for message, id_ in page.passed:
            self._reading.passed(message, id_)
        if page.entries:
            self.position = page.entries[-1][0]
            appended(page.entries)

    async def _take_again(
        self, appended: Appended, message: ConsumerRecord, at: Unparked, named: bool
    ) -> None:
        """A parked record enters the journal at its end, and leaves its line with that."""
        who = identify(message)
        next_ = named or self._parking.is_next(self._heads, who, at)
        page = Page()
        if next_:
            page.entries.append((self.position + 1, *read(message)))
        if next_ and not named:
            page.heads[who.context, who.subject] = (who.version, who.id)
        page.steps.append(
            Step(
                head=(who.context, who.subject, who.version, who.id) if page.heads else None,
                topic=message.topic,
                partition=message.partition,
                next_offset=0,
                id=who.id,
                unparked=at,
            )
        )
        await self._write(page, appended)
        FOLLOWED.labels(SERVICE, "redriven").inc()

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
            FOLLOWED.labels(SERVICE, where.value).inc()
            return
        if self._parking.blocks((who.context, key_of(message, who))):
            self._park(message, who, BEHIND, page)
            return
        try:
            record, event = read(message)
        except UnknownVersion as error:
            raise Stopped(f"{error}: this image cannot read it; upgrade it first") from error
        except (Malformed, ValidationError, UnicodeDecodeError) as error:
            self._park(message, who, why(error), page)
            return
        page.entries.append((self.position + len(page.entries) + 1, record, event))
        self._move(message, who, None, page)
        self._parking.went_well()
        FOLLOWED.labels(SERVICE, "applied").inc()

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
        FOLLOWED.labels(SERVICE, "parked").inc()
        logger.error("parked", topic=message.topic, offset=message.offset, reason=reason)
