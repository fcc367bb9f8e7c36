"""Reactions: what a service does about the events of others, as ordinary commands of its own.

FastStream carries the messages, one at a time per topic, acknowledged when durable; how far each
stream was followed is kept in the service's own log, in the transaction of the effect.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from typing import Any, Literal
from uuid import UUID

import structlog
from aiokafka import ConsumerRecord
from aiokafka.structs import OffsetAndMetadata
from aiokafka.structs import TopicPartition as Partition
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage, TopicPartition
from faststream.kafka.prometheus import KafkaPrometheusMiddleware
from prometheus_client import REGISTRY

from shared.contracts.registry import CONTEXTS, Event, UnknownVersion
from shared.crash import crash_point
from shared.events.envelope import Identity, Malformed, Record
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.follow import (
    Place,
    Reading,
    Stopped,
    context_of,
    follow_for_ever,
    identify,
    place,
    read,
    starts,
)  # fmt: skip
from shared.messaging.kafka import Kafka, partitions, stopped, unbroken
from shared.messaging.parking import BEHIND, LOAD, LOAD_DISCARDED, Key, Parking, key_of, why
from shared.messaging.topics import ensure
from shared.store.batch import Step, Unparked
from shared.store.command import Command
from shared.store.log import Log, Tenure
from shared.store.session import LeaseLost
from shared.store.streams import NOTHING, Decision, Stream, Unavailable
from shared.telemetry.metrics import FOLLOWED

WATCH_S = 2.0
BACK_OFF_S = (0.05, 2.0)
DRAIN_S = 5.0
# Parking the programme would leave every decision on yesterday's rules: there it stops instead.
NEVER_PARKED = frozenset({"programme"})

# One for the process: the names of its metrics can be registered once.
COUNTED = KafkaPrometheusMiddleware(registry=REGISTRY, app_name="fuyan")

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Received:
    """A followed event, with its envelope."""

    record: Record
    event: Event


@dataclass(frozen=True, slots=True)
class Reaction:
    """A pure decision over own streams; it never refuses: each refusal is an event."""

    reading: Sequence[Stream]
    decision: Decision


Handler = Callable[[Received], Reaction | None]
"""Asked anew at each try, so that what was not known yet may be known by then."""


class Reactions:
    """A duty of the log's writer: nobody else reads these topics for this service."""

    def __init__(self, log: Log, kafka: Kafka, handlers: Mapping[type[Any], Handler]) -> None:
        self._log = log
        self._kafka = kafka
        self._handlers = handlers
        handled = {
            context.name
            for context in CONTEXTS.values()
            if any(event in handlers for event in context.events.values())
        }
        self._contexts = sorted(handled | log.kept)
        self._topics = [CONTEXTS[name].topic for name in self._contexts]
        self._partitions = [p for topic in self._topics for p in partitions(topic)]
        self._reading = Reading({})
        self._parking = Parking(log.service, log.clock, log.degraded)
        self.all_read = False
        """Whether everything that the topics held was read, when somebody looked last."""

    async def before(self, tenure: Tenure) -> None:
        """How far this service had come."""
        async with tenure.session.turn() as connection:
            fences = await connection.fetch("SELECT * FROM fence")
            parked = await connection.fetch(LOAD)
            discarded = await connection.fetch(LOAD_DISCARDED)
        self._reading = Reading({(row[0], row[1]): (row[2], row[3]) for row in fences})
        self._parking = Parking(self._log.service, self._log.clock, self._log.degraded)
        self._parking.remember(parked, discarded, self._reading.fences)
        tenure.writer.parked = self._parking.holds

    async def run(self, tenure: Tenure) -> None:
        """Follow until cancelled; Kafka away, or a record nobody can pass, is tried again."""
        letters = DeadLetters(
            tenure.session,
            self._parking,
            self._log.degraded,
            line=self._parking.line,
            again=partial(self._take_again, tenure),
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(letters.run())
            group.create_task(
                follow_for_ever(
                    lambda: self._follow(tenure), self._reading, self._log.degraded, "reactions"
                )
            )

    async def _follow(self, tenure: Tenure) -> None:
        await ensure(self._kafka.bootstrap, self._topics, **self._kafka.security)
        async with self._kafka.looking() as consumer:
            begin = await starts(consumer, self._partitions, self._reading.fences)
        await self._commit(begin)
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        broker = self._broker(tenure, over)
        try:
            await broker.start()
            self._log.degraded.pop("reactions", None)
            await self._watch(tenure, over)
        finally:
            self.all_read = False
            over.cancel()
            await stopped(broker.stop())

    async def _commit(self, begin: Mapping[Partition, int]) -> None:
        """The group's offsets are ours to say: FastStream begins where our fences stand."""
        consumer = self._kafka.consumer(group_id=self._group)
        try:
            await consumer.start()
            consumer.assign(list(begin))
            await consumer.commit(
                {partition: OffsetAndMetadata(offset, "") for partition, offset in begin.items()}
            )
        finally:
            await stopped(consumer.stop())

    @property
    def _group(self) -> str:
        return f"fuyan-{self._log.installation}-{self._log.service}"

    def _broker(self, tenure: Tenure, over: asyncio.Future[None]) -> KafkaBroker:
        broker = KafkaBroker(
            self._kafka.servers,
            security=self._kafka.faststream_security(),
            allow_auto_create_topics=False,
            graceful_timeout=DRAIN_S,
            logger=None,
            middlewares=[COUNTED],
        )

        async def handle(_: bytes, message: KafkaMessage) -> None:
            if over.done():  # behind a record that stopped us: nothing may overtake it
                return
            raw = message.raw_message
            assert isinstance(raw, ConsumerRecord)
            taking = asyncio.create_task(self._take(raw, tenure))
            try:
                await asyncio.wait((taking, over), return_when=asyncio.FIRST_COMPLETED)
                if taking.done() and taking.exception() is None:
                    crash_point("reaction/appended")
                    await unbroken(message.ack())
                    return
            finally:
                taking.cancel()
            # Raising would lose the record at the next acknowledgement, and no later one may
            # overtake it: say what is wrong, and wait for the end.
            if taking.done() and not over.done() and (error := taking.exception()):
                over.set_exception(error)
            await asyncio.wait((over,))

        for topic in self._topics:
            broker.subscriber(
                partitions=[TopicPartition(p.topic, p.partition) for p in partitions(topic)],
                group_id=self._group,
                auto_offset_reset="earliest",
                ack_policy=AckPolicy.MANUAL,
                parser=_headers_unread,
                decoder=_raw,
                no_reply=True,
                fetch_max_wait_ms=100,
            )(handle)
        return broker

    async def _watch(self, tenure: Tenure, over: asyncio.Future[None]) -> None:
        """Until trouble; when all is read, look for gaps, and whether the topics are the same."""
        async with self._kafka.looking() as consumer:
            while not (await asyncio.wait((over,), timeout=WATCH_S))[0]:
                self.all_read = await self._reading.look(consumer, self._partitions)
                if self.all_read:
                    self._reading.at_end(tenure.writer.heads)
        over.result()

    async def _take(self, message: ConsumerRecord, tenure: Tenure) -> None:
        """One record to its durable end: applied, kept, parked, or known already."""
        try:
            who: Identity | None = identify(message)
            headers = ""
        except Malformed as error:
            who, headers = None, f"headers: {error}"
        key = (context_of(message), key_of(message, who))
        async with self._parking.line(key):
            if who is not None:
                await self._follow_one(message, who, key, tenure)
            elif not self._parking.has(message):
                await self._park(tenure, message, None, headers)

    async def _follow_one(
        self, message: ConsumerRecord, who: Identity, key: Key, tenure: Tenure
    ) -> None:
        where = place(tenure.writer.heads, who)
        if where is not Place.NEXT:
            if where is Place.BEYOND:
                self._reading.missed(message, who)
            self._passed(message, who.id, where.value)
            return
        if self._parking.blocks(key):
            await self._park(tenure, message, who, BEHIND)
            return
        try:
            record, event = read(message)
        except UnknownVersion as error:
            raise Stopped(f"{error}: this image cannot read it; upgrade it first") from error
        except Exception as error:
            await self._park(tenure, message, who, why(error))
            return
        crash_point("reaction/decoded")
        step = self._keeping(self._step(message, who), record)
        try:
            fate = await self._write(tenure, step, self._reacting(record, event), record)
        except LeaseLost:
            raise
        except Exception as error:  # its decision refused or broke
            await self._park(tenure, message, who, why(error))
            return
        self._parking.went_well()
        self._passed(message, who.id, fate)

    async def _take_again(
        self, tenure: Tenure, message: ConsumerRecord, at: Unparked, named: bool
    ) -> None:
        """React to a parked record as if it came now, and take it out of its line with that."""
        who = identify(message)
        next_ = named or self._parking.is_next(tenure.writer.heads, who, at)
        step = Step(
            head=None if named or not next_ else (who.context, who.subject, who.version, who.id),
            topic=message.topic,
            partition=message.partition,
            next_offset=0,
            id=who.id,
            unparked=at,
        )
        if not next_:  # it was read once more since, and followed by its name
            await self._once(tenure, step, _nothing, None)
            return
        record, event = read(message)
        await self._once(tenure, self._keeping(step, record), self._reacting(record, event), record)
        FOLLOWED.labels(self._log.service, "redriven").inc()

    def _keeping(self, step: Step, record: Record) -> Step:
        return replace(step, kept=record) if record.context in self._log.kept else step

    def _reacting(self, record: Record, event: Event | None) -> Callable[[], Reaction | None]:
        handler = self._handlers.get(type(event))
        if handler is None or event is None:
            return _nothing
        return partial(handler, Received(record, event))

    def _command(self, record: Record) -> Command:
        name = f"{record.context}/{record.subject}@{record.version}"
        return Command(
            key=f"{self._log.service}/{name}",
            fingerprint=sha256(record.id.bytes).digest(),
            actor=f"fuyan:{self._log.service}",
            correlation=record.correlation,
            causation=record.id,
            traceparent=record.traceparent,
        )

    async def _write(
        self,
        tenure: Tenure,
        step: Step,
        reacting: Callable[[], Reaction | None],
        cause: Record | None,
    ) -> Literal["ignored", "applied"]:
        """Durably, however long that takes: what is not known to be written is tried again."""
        pause = BACK_OFF_S[0]
        while True:
            try:
                return await self._once(tenure, step, reacting, cause)
            except Unavailable as error:
                self._log.degraded[f"reactions to {step.topic}"] = f"waits: {error.code}"
                await asyncio.sleep(pause)
                pause = min(2 * pause, BACK_OFF_S[1])

    async def _once(
        self,
        tenure: Tenure,
        step: Step,
        reacting: Callable[[], Reaction | None],
        cause: Record | None,
    ) -> Literal["ignored", "applied"]:
        reaction = reacting()
        if reaction is None or cause is None:
            await self._log.follow(tenure, step, (), lambda: NOTHING, None)
            return "ignored"
        await self._log.follow(
            tenure, step, reaction.reading, reaction.decision, self._command(cause)
        )
        return "applied"

    def _step(self, message: ConsumerRecord, who: Identity | None) -> Step:
        next_offset, fence = self._reading.stored(message)
        return Step(
            head=None if who is None else (who.context, who.subject, who.version, who.id),
            topic=message.topic,
            partition=message.partition,
            next_offset=next_offset,
            id=fence,
        )

    async def _park(
        self, tenure: Tenure, message: ConsumerRecord, who: Identity | None, reason: str
    ) -> None:
        """Put a poison record aside with all its bytes; it blocks its own key and nothing else."""
        if context_of(message) in NEVER_PARKED:
            raise Stopped(f"{message.topic}/{message.partition}@{message.offset}: {reason}")
        parked = self._parking.put(message, who, reason)
        step = replace(self._step(message, who), parked=parked)
        try:
            await self._write(tenure, step, _nothing, None)
        except BaseException:
            self._parking.unsure(message)
            raise
        self._passed(message, parked.id, "parked")
        await logger.aerror("parked", topic=message.topic, offset=message.offset, reason=reason)

    def _passed(self, message: ConsumerRecord, id_: UUID, fate: str) -> None:
        self._reading.passed(message, id_)
        self._log.degraded.pop(f"reactions to {message.topic}", None)
        FOLLOWED.labels(self._log.service, fate).inc()


def _nothing() -> None:
    return None


async def _headers_unread(
    message: ConsumerRecord, parse: Callable[[ConsumerRecord], Awaitable[KafkaMessage]]
) -> KafkaMessage:
    """FastStream reads headers as UTF-8, and drops a record where that fails; ours is parked."""
    parsed = await parse(replace(message, headers=()))
    parsed.raw_message = message
    return parsed


async def _raw(message: KafkaMessage) -> bytes:
    """Bytes as they came: reading them is ours, so that poison can be parked with them."""
    return message.body
