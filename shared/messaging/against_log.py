"""Whether the topics still tell the same story as the log, before anything is added to either."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from shared.events.envelope import Malformed, Record, identity
from shared.messaging.follow import records_at
from shared.store.log import Log
from shared.store.session import StoreRefuses

# Two pages of the relay's smaller size: what a crash can leave unseen in the cursor.
LAST = 400
QUIET_MS = 1000
# As long as one request may take; a topic emptied while it is read has nothing more to give.
SILENT_S = 10.0


async def compare(
    log: Log,
    consumer: AIOKafkaConsumer,
    partitions: Sequence[TopicPartition],
    sent: Mapping[TopicPartition, int],
) -> None:
    """Hold what lies in each partition behind `sent` against the log, and the last 400 in any case.

    `sent` is where the topics ended when this log's cursor moved last: whatever an older state of
    it does not know came after that, however much was sent twice since. A partition not named there
    is read back 400 records. Raises StoreRefuses: `store-behind-topic` where a topic has what the
    log lacks (an old backup was restored), `fork` where both have another event at the same place
    (a failover lost some); TimeoutError where Kafka falls silent.
    """
    ends = await consumer.end_offsets(partitions)
    begins = await consumer.beginning_offsets(partitions)
    waiting = {}
    for partition in partitions:
        end = ends[partition]
        first = max(begins[partition], min(end - LAST, sent.get(partition, end)))
        if first < end:
            waiting[partition] = first
    if not waiting:
        return
    consumer.assign(list(waiting))
    for partition, offset in waiting.items():
        consumer.seek(partition, offset)
    while waiting:
        async with asyncio.timeout(SILENT_S):
            while not (found := await consumer.getmany(timeout_ms=QUIET_MS)):
                pass
        for partition, records in found.items():
            await _hold(log, records)
            if records[-1].offset + 1 >= ends[partition]:
                waiting.pop(partition, None)


async def begins_anew(
    log: Log,
    consumer: AIOKafkaConsumer,
    begins: Mapping[TopicPartition, int],
    belongs: Callable[[Record], TopicPartition],
) -> bool:
    """Whether a partition begins with an event that is not the first of those that belong there.

    Then it was emptied, and written to since by a producer that had not noticed, perhaps until it
    ended where it had ended before. Takes partitions that hold something; raises TimeoutError.
    """
    for at, first in (await records_at(consumer, begins)).items():
        try:
            position = int(dict(first.headers)["ce_position"])
        except (KeyError, ValueError):
            continue  # a foreign record says nothing about our log
        after = 0
        while page := await log.page(after, LAST):
            for record in page:
                if record.position < position and belongs(record) == at:
                    return True
            after = page[-1].position
            if after >= position:
                break
    return False


async def _hold(log: Log, records: Sequence[ConsumerRecord]) -> None:
    seen = {}
    for record in records:
        try:
            who = identity(record.headers)
        except Malformed:
            continue  # a foreign record says nothing about our log
        seen[who.context, who.subject, who.version] = who.id
    known = await log.known(list(seen))
    differing = {place: id_ for place, id_ in seen.items() if known.get(place) != id_}
    if not differing:
        return
    voided = await log.rows("SELECT id FROM void WHERE id = ANY($1)", list(differing.values()))
    named = {row[0] for row in voided}
    for place, id_ in differing.items():
        if id_ in named:  # a person was told of it, and it is kept
            continue
        context, subject, version = place
        name = f"{context}/{subject}@{version}"
        if place in known:
            raise StoreRefuses("fork", f"Kafka and this log have different events at {name}")
        raise StoreRefuses(
            "store-behind-topic",
            f"Kafka has {name}, this log does not: it was restored from an older state",
        )
