"""Following a topic: heads say what is next, fences say whether the topic is still the same."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC
from enum import Enum
from uuid import UUID

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from shared.contracts.registry import Event, UnknownType, decode
from shared.ending import end_if_told
from shared.events.envelope import Identity, Malformed, Record, from_kafka, identity
from shared.messaging.kafka import SILENT, unbroken
from shared.messaging.topics import TopicMismatch
from shared.store.streams import Unavailable

Heads = Mapping[tuple[str, str], tuple[int, UUID]]
"""(context, subject) → version and id of the last event followed."""
Fences = Mapping[tuple[str, int], tuple[int, UUID]]
"""(topic, partition) → the next offset, and the id of the record just before it."""
Partition = tuple[str, int]
First = tuple[UUID, int]
"""Id and timestamp of a partition's first record: a refill has the same ids at other instants."""
FENCE_MS = 2000
AGAIN_S = (0.2, 5.0)

logger = structlog.get_logger(__name__)


class Fork(Exception):
    """Another event stands where one was followed already: a person must look."""


class Recreated(Exception):
    """The topic is not the one that was read: begin at 0, heads tell what is new."""


class Incomplete(Exception):
    """An event is missing from the topic even after reading it from 0."""


class Stopped(Exception):
    """Following cannot go on without a person; the reason is shown as `degraded`."""


class Place(Enum):
    """Where a record stands against the head of its stream."""

    KNOWN = "known"
    NEXT = "next"
    BEYOND = "beyond"


def place(heads: Heads, who: Identity) -> Place:
    """Known records are skipped, the next is applied, one beyond waits; raises Fork."""
    version, id_ = heads.get((who.context, who.subject), (0, None))
    if who.version == version and who.id != id_:
        raise Fork(f"{who.context}/{who.subject}@{who.version} is {who.id} here and {id_} before")
    if who.version <= version:
        return Place.KNOWN
    return Place.NEXT if who.version == version + 1 else Place.BEYOND


class Reading:
    """How far the partitions are read, and what was missing on the way.

    A record beyond its head is dropped, and all is read once more from 0 when the end is reached.
    Until then the stored fence of its partition stays, so that a restart reads it again too.
    """

    def __init__(self, fences: Fences) -> None:
        self.fences = dict(fences)
        self._confirmed = dict(fences)
        self._first: dict[TopicPartition, First] = {}
        self._held: dict[Partition, tuple[int, UUID]] = {}
        self._missing: dict[tuple[str, str], int] = {}
        self._again = False

    def passed(self, message: ConsumerRecord, id_: UUID) -> None:
        self.fences[message.topic, message.partition] = (message.offset + 1, id_)

    def missed(self, message: ConsumerRecord, who: Identity) -> None:
        """Its predecessor did not come; it is dropped here and must come again."""
        at = (message.topic, message.partition)
        self._held.setdefault(at, self._confirmed.get(at, (0, who.id)))
        stream = (who.context, who.subject)
        self._missing[stream] = max(self._missing.get(stream, 0), who.version)
        self.passed(message, who.id)

    def stored(self, message: ConsumerRecord) -> tuple[int, UUID]:
        """The fence to store with this record: next offset and id.

        Only what a look has confirmed: a topic may have been made anew since, and a fence from
        the new one would hide that. A restart reads a few seconds again, and skips them.
        """
        at = (message.topic, message.partition)
        return self._held.get(at) or self._confirmed.get(at, (0, fence_id(message)))

    def from_the_beginning(self) -> None:
        self.fences.clear()
        self._confirmed.clear()
        self._first.clear()
        self._held.clear()

    def at_end(self, heads: Heads) -> None:
        """Called when all partitions are read; raises Recreated, then Incomplete until it came."""
        for stream, version in tuple(self._missing.items()):
            if heads.get(stream, (0, None))[0] >= version:
                del self._missing[stream]
        if not self._missing:
            self._again = False
            self._held.clear()
            return
        named = ", ".join(f"{c}/{s}@{v}" for (c, s), v in sorted(self._missing.items())[:5])
        if self._again:
            raise Incomplete(f"the topic lacks what comes before {named}")
        self._again = True
        raise Recreated(f"{named} came too early: reading once more from 0")

    async def look(self, consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition]) -> bool:
        """Whether all is read; raises Recreated where a topic is not the one that was read.

        Each partition must begin with the record it began with when it was first looked at, and
        hold at its fence the record that was read there.
        """
        fences = dict(self.fences)
        ends = await consumer.end_offsets(partitions)
        begins = await consumer.beginning_offsets(partitions)
        filled = [at for at in partitions if begins[at] < ends[at]]
        for at, record in (await records_at(consumer, {at: begins[at] for at in filled})).items():
            first = (fence_id(record), record.timestamp)
            if self._first.setdefault(at, first) != first:
                raise Recreated(f"{at.topic}/{at.partition} begins with another record")
        found = await starts(consumer, partitions, fences)
        for (topic, number), (next_offset, _) in fences.items():
            if next_offset and found[TopicPartition(topic, number)] != next_offset:
                raise Recreated(f"{topic}/{number} is not the topic that was read")
        self._confirmed |= fences
        return all(fences.get((at.topic, at.partition), (0, None))[0] >= ends[at] for at in filled)


async def follow_for_ever(
    once: Callable[[], Awaitable[None]], reading: Reading, degraded: dict[str, str], what: str
) -> None:
    """Follow until cancelled; Kafka away, or a record nobody can pass, is tried again, visibly."""
    pause = AGAIN_S[0]
    while True:
        begun = asyncio.get_running_loop().time()
        try:
            await unbroken(once())
        except Recreated as error:
            reading.from_the_beginning()
            degraded[what] = str(error)
        except (*SILENT, Unavailable, Stopped, Fork, Incomplete, TopicMismatch) as error:
            degraded[what] = f"{type(error).__name__}: {error}"
        end_if_told()
        await logger.awarning("following begins again", reason=degraded.get(what), what=what)
        if asyncio.get_running_loop().time() - begun > AGAIN_S[1]:
            pause = AGAIN_S[0]
        await asyncio.sleep(pause)
        pause = min(2 * pause, AGAIN_S[1])


async def starts(
    consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition], fences: Fences
) -> dict[TopicPartition, int]:
    """Where to read on: behind the fence where the topic is still the same, else at its beginning.

    A fence whose record is gone, at either end of the topic, cannot be told to be the same.
    """
    ends = await consumer.end_offsets(partitions)
    begins = await consumer.beginning_offsets(partitions)
    found = dict(begins)
    looked: dict[TopicPartition, tuple[int, UUID]] = {}
    for at in partitions:
        next_offset, id_ = fences.get((at.topic, at.partition), (0, None))
        if id_ is not None and begins[at] < next_offset <= ends[at]:
            looked[at] = (next_offset, id_)
    records = await records_at(consumer, {at: fence[0] - 1 for at, fence in looked.items()})
    for at, record in records.items():
        next_offset, id_ = looked[at]
        if record.offset == next_offset - 1 and fence_id(record) == id_:
            found[at] = next_offset
    return found


async def records_at(
    consumer: AIOKafkaConsumer, offsets: Mapping[TopicPartition, int]
) -> dict[TopicPartition, ConsumerRecord]:
    """The record at each of these offsets; raises TimeoutError while Kafka is silent."""
    found: dict[TopicPartition, ConsumerRecord] = {}
    if not offsets:
        return found
    consumer.assign(list(offsets))
    for at, offset in offsets.items():
        consumer.seek(at, offset)
    async with asyncio.timeout(FENCE_MS / 1000):
        while len(found) < len(offsets):
            for at, records in (await consumer.getmany(timeout_ms=200)).items():
                if records:
                    found.setdefault(at, records[0])
    return found


def fence_id(record: ConsumerRecord) -> UUID:
    """What a fence remembers of a record; one without an id of its own goes by its offset."""
    try:
        return identity(record.headers).id
    except Malformed:
        return UUID(int=record.offset)


def identify(message: ConsumerRecord) -> Identity:
    """Who a followed message says it is; raises Malformed, also for one of another's context."""
    who = identity(message.headers)
    if who.context != context_of(message):
        raise Malformed(f"{who.context} is not what {message.topic} is for")
    return who


def context_of(message: ConsumerRecord) -> str:
    """`fuyan.<context>.v1`"""
    return str(message.topic.split(".")[1])


def read(message: ConsumerRecord) -> tuple[Record, Event | None]:
    """A followed message as record and event; the event is None for a type nobody here knows.

    Raises Malformed, UnknownVersion, or pydantic's ValidationError.
    """
    value = message.value or b""
    try:
        event: Event | None = decode(identity(message.headers).type, value)
    except UnknownType:
        event = None
    try:
        record = from_kafka(message.headers, value, event.effective_on if event else None)
        for at in (record.effective_at, record.recorded_at):
            at.astimezone(UTC)
    except OverflowError as error:  # an instant of year 1 or 9999 that no database could hold
        raise Malformed(f"{type(error).__name__}: {error}") from error
    return record, event
