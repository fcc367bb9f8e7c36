"""Following a topic: heads say what is next, fences say whether the topic is still the same."""

import asyncio
from collections.abc import Mapping, Sequence
from enum import Enum
from uuid import UUID

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from shared.contracts.registry import Event, UnknownType, decode
from shared.events.envelope import Identity, Malformed, Record, from_kafka, identity

Heads = Mapping[tuple[str, str], tuple[int, UUID]]
"""(context, subject) → version and id of the last event followed."""
Fences = Mapping[tuple[str, int], tuple[int, UUID]]
"""(topic, partition) → the next offset, and the id of the record just before it."""
FENCE_MS = 2000


class Fork(Exception):
    """Another event stands where one was followed already: a person must look."""


class Recreated(Exception):
    """The topic is not the one that was read: begin at 0, heads tell what is new."""


class Incomplete(Exception):
    """An event is missing from the topic even after reading it from 0."""


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
        self._held: dict[tuple[str, int], tuple[int, UUID]] = {}
        self._missing: dict[tuple[str, str], int] = {}
        self._again = False

    def passed(self, message: ConsumerRecord, id_: UUID) -> None:
        self.fences[message.topic, message.partition] = (message.offset + 1, id_)

    def missed(self, message: ConsumerRecord, who: Identity) -> None:
        at = (message.topic, message.partition)
        self._held.setdefault(at, self.fences.get(at, (0, who.id)))
        self._missing.setdefault((who.context, who.subject), who.version - 1)
        self.passed(message, who.id)

    def stored(self, message: ConsumerRecord, id_: UUID) -> tuple[int, UUID]:
        """The fence to store with this record: next offset and id."""
        at = (message.topic, message.partition)
        return self._held.get(at, (message.offset + 1, id_))

    def from_the_beginning(self) -> None:
        self.fences.clear()
        self._held.clear()

    def at_end(self, heads: Heads) -> None:
        """Called when all partitions are read; raises Recreated, then Incomplete."""
        left = {
            stream: version
            for stream, version in self._missing.items()
            if heads.get(stream, (0, None))[0] < version
        }
        self._missing.clear()
        if not left:
            self._again = False
            self._held.clear()
            return
        named = ", ".join(f"{c}/{s}@{v}" for (c, s), v in sorted(left.items())[:5])
        if self._again:
            raise Incomplete(f"the topic lacks {named}")
        self._again = True
        raise Recreated(f"{named} was not read: reading once more from 0")

    async def look(self, consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition]) -> bool:
        """Whether all is read; raises Recreated where a topic is not the one that was read."""
        fences = dict(self.fences)
        ends = await consumer.end_offsets(partitions)
        found = await starts(consumer, partitions, fences)
        for (topic, number), (next_offset, _) in fences.items():
            if found[TopicPartition(topic, number)] != next_offset:
                raise Recreated(f"{topic}/{number} is not the topic that was read")
        return all(
            fences.get((at.topic, at.partition), (0, None))[0] >= end for at, end in ends.items()
        )


async def starts(
    consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition], fences: Fences
) -> dict[TopicPartition, int]:
    """Where to read on: behind the fence where the topic is still the same, else at 0."""
    ends = await consumer.end_offsets(partitions)
    found = dict.fromkeys(partitions, 0)
    looked: dict[TopicPartition, tuple[int, UUID]] = {}
    for partition in partitions:
        next_offset, id_ = fences.get((partition.topic, partition.partition), (0, None))
        if id_ is not None and 0 < next_offset <= ends[partition]:
            looked[partition] = (next_offset, id_)
    if not looked:
        return found
    consumer.assign(list(looked))
    for partition, (next_offset, _) in looked.items():
        consumer.seek(partition, next_offset - 1)
    async with asyncio.timeout(FENCE_MS / 1000):
        while looked:
            batch = await consumer.getmany(timeout_ms=200)
            for partition, records in batch.items():
                if partition in looked and records:
                    next_offset, id_ = looked.pop(partition)
                    if fence_id(records[0]) == id_ and records[0].offset == next_offset - 1:
                        found[partition] = next_offset
    return found


def fence_id(record: ConsumerRecord) -> UUID:
    """What a fence remembers of a record; one without an id of its own goes by its offset."""
    try:
        return identity(record.headers).id
    except Malformed:
        return UUID(int=record.offset)


def read(message: ConsumerRecord) -> tuple[Record, Event | None]:
    """A followed message as record and event; the event is None for a type nobody here knows.

    Raises Malformed, UnknownVersion, or pydantic's ValidationError.
    """
    value = message.value or b""
    try:
        event: Event | None = decode(identity(message.headers).type, value)
    except UnknownType:
        event = None
    return from_kafka(message.headers, value, event.effective_on if event else None), event
