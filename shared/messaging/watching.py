"""Events as they come, for a person who watches: no group, no place kept, nothing acknowledged."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from aiokafka import ConsumerRecord

from shared.events.envelope import Identity, Malformed, identity
from shared.messaging.kafka import Kafka, partitions, stopped

WAIT_MS = 500


@dataclass(frozen=True, slots=True)
class Watched:
    """One record: who it says it is, or None where it is no event of ours."""

    message: ConsumerRecord
    who: Identity | None

    def header(self, name: str) -> str:
        """A header as text; empty where it is missing."""
        value: bytes = dict(self.message.headers).get(name, b"")
        return value.decode(errors="replace")


async def watch(
    kafka: Kafka, topics: Sequence[str], *, begin: datetime | None, follow: bool
) -> AsyncIterator[Watched]:
    """Records of these topics, in the order of each partition; those yet to come, with `follow`.

    `begin` is the recorded instant from which on they are wanted; None is from now on. Without
    `follow` it ends where the topics ended when it began.
    """
    every = [at for topic in topics for at in partitions(topic)]
    consumer = kafka.consumer()
    await consumer.start()
    try:
        ends = await consumer.end_offsets(every)
        begins = await consumer.beginning_offsets(every) if begin is not None else ends
        consumer.assign(every)
        for at in every:
            consumer.seek(at, begins[at])
        left = {at for at in every if begins[at] < ends[at]}
        while follow or left:
            for at, records in (await consumer.getmany(timeout_ms=WAIT_MS)).items():
                for record in records:
                    found = Watched(record, _who(record))
                    if begin is None or _recorded(found) >= begin:
                        yield found
                if records[-1].offset + 1 >= ends[at]:
                    left.discard(at)
    finally:
        await stopped(consumer.stop())


def _who(record: ConsumerRecord) -> Identity | None:
    try:
        return identity(record.headers)
    except Malformed:
        return None


def _recorded(found: Watched) -> datetime:
    try:
        return datetime.fromisoformat(found.header("ce_recordedtime"))
    except ValueError:
        return datetime.fromtimestamp(found.message.timestamp / 1000).astimezone()
