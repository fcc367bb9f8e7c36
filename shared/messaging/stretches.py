"""Stretches of topics, read from here to there."""

from collections.abc import AsyncIterator, Iterable, Mapping
from uuid import UUID

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from shared.store.adoption import Seen

SILENT_MS = 30_000
MAX_RECORDS = 2000


async def until(
    consumer: AIOKafkaConsumer,
    begin: Mapping[TopicPartition, int],
    ends: Mapping[TopicPartition, int],
) -> AsyncIterator[tuple[TopicPartition, list[ConsumerRecord]]]:
    """All records from `begin` up to `ends`; raises TimeoutError where Kafka falls silent."""
    waiting = set(begin)
    if not waiting:
        return
    consumer.assign(list(waiting))
    for at, offset in begin.items():
        consumer.seek(at, offset)
    while waiting:
        found = await consumer.getmany(*waiting, timeout_ms=SILENT_MS, max_records=MAX_RECORDS)
        if not found:
            raise TimeoutError("Kafka does not answer")
        for at, records in found.items():
            yield at, [record for record in records if record.offset < ends[at]]
            if records[-1].offset + 1 >= ends[at]:
                waiting.discard(at)


async def messages(consumer: AIOKafkaConsumer, page: Iterable[Seen]) -> dict[UUID, ConsumerRecord]:
    """These very records again, by id."""
    wanted = {(one.topic, one.partition, one.offset): one.id for one in page}
    begin: dict[TopicPartition, int] = {}
    ends: dict[TopicPartition, int] = {}
    for topic, partition, offset in wanted:
        at = TopicPartition(topic, partition)
        begin[at] = min(offset, begin.get(at, offset))
        ends[at] = max(offset + 1, ends.get(at, 0))
    found: dict[UUID, ConsumerRecord] = {}
    async for _, records in until(consumer, begin, ends):
        for message in records:
            id_ = wanted.get((message.topic, message.partition, message.offset))
            if id_ is not None:
                found[id_] = message
    return found
