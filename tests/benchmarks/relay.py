"""B5: publishing a log with all its headers, beside raw `send_batch` of the same from memory."""

import asyncio
import gc
import os
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import uuid4

import asyncpg
from aiokafka import AIOKafkaProducer, TopicPartition

from deploy.local.postgres import Databases
from shared.clock import civil_day
from shared.contracts.registry import CONTEXTS, CONTRACTS_URL, encode, type_of
from shared.events.envelope import Headers, Record, to_headers
from shared.messaging.kafka import Kafka, partitions
from shared.messaging.relay import PAGE, Relay, partition_of
from shared.messaging.topics import ensure
from shared.store.log import Log, Tenure
from shared.store.sql import event_arrays, insert_events
from tests.benchmarks.append import counting, event_of_bytes
from tests.benchmarks.figures import Figure, paired
from tests.integration.store import prepare, serving

EVENTS = 100_000
STREAMS = 5_000
# As many as one commit of 64 callers, who share one instant.
TOGETHER = 64
FILLED = 10_000
TOPIC = CONTEXTS["dossier"].topic

Message = tuple[TopicPartition, bytes, bytes, Headers]
Offsets = dict[TopicPartition, int]


class Timed(Relay):
    """The relay, and how long it took from its first look at the log to the end of the log."""

    def __init__(self, log: Log, kafka: Kafka) -> None:
        super().__init__(log, kafka, ["dossier"])
        self.seconds: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._begun = 0.0

    async def _send_for_ever(self, tenure: Tenure, cluster: str, position: int) -> None:
        self._begun = time.perf_counter()
        await super()._send_for_ever(tenure, cluster, position)

    async def _move(self, tenure: Tenure, cluster: str, position: int) -> None:
        await super()._move(tenure, cluster, position)
        if position == EVENTS:
            self.seconds.set_result(time.perf_counter() - self._begun)


def record(position: int, type_: str, data: bytes, begin: datetime) -> Record:
    """The row at a position, whose streams take turns; only its leaf seals nothing."""
    at = begin + timedelta(milliseconds=position // TOGETHER)
    number, version = position % STREAMS, (position - 1) // STREAMS + 1
    return Record(
        position=position,
        context="dossier",
        subject=f"bench/{370_400_000 + number}",
        version=version,
        id=uuid4(),
        type=type_,
        effective_on=civil_day(at),
        effective_at=at,
        recorded_at=at,
        actor="370406-safety:o1",
        on_behalf_of="370406001-office",
        correlation=uuid4(),
        causation=uuid4(),
        command=os.urandom(32),
        traceparent=f"00-{uuid4().hex}-{uuid4().hex[:16]}-01",
        data=data,
        salt=os.urandom(16),
        leaf=os.urandom(32),
    )


async def fill(dsn: str) -> None:
    """All events of the log, as real as if they had been decided."""
    event = event_of_bytes()
    make = partial(record, type_=type_of(event), data=encode(event), begin=datetime.now(UTC))
    connection = await asyncpg.connect(dsn)
    for begin in range(1, EVENTS + 1, FILLED):
        records = [make(position) for position in range(begin, begin + FILLED)]
        await connection.execute(insert_events("log", 1), *event_arrays(records))
    await connection.execute("VACUUM ANALYZE log")
    await connection.close()


async def messages(log: Log) -> list[Message]:
    """What the relay will publish, ready to be sent."""
    found: list[Message] = []
    while page := await log.page(len(found), FILLED):
        for one in page:
            key = one.key.encode()
            headers = to_headers(one, log.installation, CONTRACTS_URL)
            found.append((partition_of(TOPIC, key), key, one.data, headers))
    return found


async def raw(kafka: Kafka, ready: list[Message]) -> float:
    """Messages a second, page by page: all of a page is acknowledged before the next."""
    producer = kafka.producer()
    begun = time.perf_counter()
    await producer.start()
    for begin in range(0, len(ready), PAGE):
        await _send(producer, ready[begin : begin + PAGE])
    rate = len(ready) / (time.perf_counter() - begun)
    await producer.stop()
    return rate


async def _send(producer: AIOKafkaProducer, page: list[Message]) -> None:
    batches = {to: producer.create_batch() for to in partitions(TOPIC)}
    sent = []
    for to, key, value, headers in page:
        batch = batches[to]
        if batch.append(key=key, value=value, timestamp=None, headers=headers) is None:
            batch.close()
            sent.append(await producer.send_batch(batch, to.topic, partition=to.partition))
            batch = batches[to] = producer.create_batch()
            batch.append(key=key, value=value, timestamp=None, headers=headers)
    for to, batch in batches.items():
        batch.close()
        sent.append(await producer.send_batch(batch, to.topic, partition=to.partition))
    for future in sent:
        await future


async def relayed(dsn: str, kafka: Kafka, ready: list[Message]) -> float:
    """Events a second from a log into its topic, which is then read and compared."""
    connection = await asyncpg.connect(dsn)
    await connection.execute("UPDATE published SET position = 0")
    await connection.close()
    before = await _ends(kafka)
    log = counting(dsn)
    relay = Timed(log, kafka)
    async with serving(log, [relay]):
        seconds = await relay.seconds
    found: dict[TopicPartition, list[tuple[bytes, bytes]]] = {}
    async for to, key, headers in _received(kafka, before, await _ends(kafka)):
        found.setdefault(to, []).append((key, dict(headers)["ce_position"]))
    expected: dict[TopicPartition, list[tuple[bytes, bytes]]] = {}
    for to, key, _, headers in ready:
        expected.setdefault(to, []).append((key, dict(headers)["ce_position"]))
    assert found == expected, "the topic received each event of the log once, in its order"
    return len(ready) / seconds


async def _ends(kafka: Kafka) -> Offsets:
    async with kafka.looking() as consumer:
        return dict(await consumer.end_offsets(partitions(TOPIC)))


async def _received(
    kafka: Kafka, begin: Offsets, end: Offsets
) -> AsyncIterator[tuple[TopicPartition, bytes, Headers]]:
    left = sum(end[to] - begin[to] for to in begin)
    async with kafka.looking() as consumer:
        consumer.assign(list(begin))
        for to, offset in begin.items():
            consumer.seek(to, offset)
        while left > 0:
            for to, records in (await consumer.getmany(timeout_ms=1000)).items():
                left -= len(records)
                for one in records:
                    yield to, one.key, one.headers


async def b5(databases: Databases, bootstrap: str) -> list[Figure]:
    """The round that is not counted warms the broker with twice as many records."""
    name, kafka = f"bench_{uuid4().hex}", Kafka(bootstrap)
    await databases.create_database(name)
    dsn = databases.dsn(name)
    await prepare(dsn)
    await fill(dsn)
    await ensure(bootstrap, [TOPIC])
    log = counting(dsn)
    ready = await messages(log)
    log.close()
    gc.collect()
    gc.freeze()  # or the collector would walk what is ready again and again, in both
    reference, work = partial(raw, kafka, ready), partial(relayed, dsn, kafka, ready)
    try:
        return [await paired("B5 relay", "events/s", "0.7", reference, work, rounds=3)]
    finally:
        gc.unfreeze()
