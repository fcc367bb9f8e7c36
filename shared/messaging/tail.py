"""Whether the topics still tell the same story as the log, before anything is added to either."""

from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.events.envelope import Malformed, identity
from shared.store.log import Log
from shared.store.session import StoreRefuses

# Two pages of the relay's smaller size: what a crash can leave unseen in the cursor.
LAST = 400
QUIET_MS = 1000


async def compare(
    log: Log, consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition]
) -> None:
    """Hold the last records of each partition against the log.

    Raises StoreRefuses: `store-behind-topic` where a topic has what the log lacks (an old backup
    was restored), `fork` where both have another event at the same place (a failover lost some).
    """
    ends = await consumer.end_offsets(partitions)
    starts = await consumer.beginning_offsets(partitions)
    waiting = {}
    for partition in partitions:
        first = max(starts[partition], ends[partition] - LAST)
        if first < ends[partition]:
            waiting[partition] = first
    if not waiting:
        return
    consumer.assign(list(waiting))
    for partition, offset in waiting.items():
        consumer.seek(partition, offset)
    seen = {}
    while waiting:
        for partition, records in (await consumer.getmany(timeout_ms=QUIET_MS)).items():
            for record in records:
                try:
                    who = identity(record.headers)
                except Malformed:
                    continue  # a foreign record says nothing about our log
                seen[who.context, who.subject, who.version] = who.id
            if records and records[-1].offset + 1 >= ends[partition]:
                waiting.pop(partition, None)
    known = await log.known(list(seen))
    for place, id_ in seen.items():
        context, subject, version = place
        name = f"{context}/{subject}@{version}"
        if place not in known:
            raise StoreRefuses(
                "store-behind-topic",
                f"Kafka has {name}, this log does not: it was restored from an older state",
            )
        if known[place] != id_:
            raise StoreRefuses("fork", f"Kafka and this log have different events at {name}")
