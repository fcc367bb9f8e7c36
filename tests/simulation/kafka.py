"""Clients of a Kafka that a seed plays: idempotent producers, assigned consumers, an admin.

Nothing is sent over a wire; each request takes its time, and may be lost on its way there or back.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaTimeoutError

from tests.simulation.cluster import PATIENCE_S, RETRY_S, Cluster, Partition
from tests.simulation.loop import PROCESS

PREFETCHED = 8
ALREADY_EXISTS = 36


class Client:
    """What all clients share."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    async def start(self) -> None:
        await self.cluster.bootstrap()

    async def stop(self) -> None:
        await self.cluster.travel()

    async def close(self) -> None:
        await self.stop()


class Admin(Client):
    """As much of aiokafka's as is used."""

    async def describe_cluster(self) -> dict[str, Any]:
        await self.cluster.request()
        return {"cluster_id": self.cluster.id, "controller_id": 1, "brokers": [{"node_id": 1}]}

    async def list_topics(self) -> list[str]:
        await self.cluster.request()
        return list(self.cluster.topics)

    async def describe_topics(self, names: Sequence[str]) -> list[dict[str, Any]]:
        await self.cluster.request()
        topics = self.cluster.topics
        return [{"topic": n, "partitions": list(topics.get(n, ()))} for n in names]

    async def create_topics(self, topics: Sequence[Any]) -> Any:
        await self.cluster.request()
        errors = []
        for topic in topics:
            made = self.cluster.create(topic.name)
            errors.append((topic.name, 0 if made else ALREADY_EXISTS, ""))
        return SimpleNamespace(topic_errors=errors)

    async def delete_records(self, before: Mapping[TopicPartition, Any]) -> None:
        await self.cluster.request()
        for at, upto in before.items():
            partition = self.cluster.partition(at)
            if partition is not None and upto.before_offset > partition.begin:
                gone = min(upto.before_offset, partition.end) - partition.begin
                del partition.records[:gone]
                partition.begin += gone
                self.cluster.trace("kafka", "records deleted", f"{at.topic}/{at.partition} {gone}")


class Consumer(Client):
    """Assigned partitions, fetched ahead; an offset out of range begins anew at the earliest."""

    def __init__(self, cluster: Cluster, group_id: str | None = None) -> None:
        super().__init__(cluster)
        self._group = group_id
        self._fetch: dict[TopicPartition, int] = {}
        self._buffer: dict[TopicPartition, list[ConsumerRecord]] = {}
        self._consumed: dict[TopicPartition, int] = {}

    def assign(self, partitions: Sequence[TopicPartition]) -> None:
        self._fetch = {at: self._fetch.get(at, 0) for at in partitions}
        self._buffer.clear()

    def seek(self, at: TopicPartition, offset: int) -> None:
        self._fetch[at] = offset
        self._buffer.pop(at, None)

    def committed(self) -> None:
        """Begin where the group's offsets stand."""
        offsets = self.cluster.groups.get(self._group or "", {})
        for at in self._fetch:
            self._fetch[at] = offsets.get(at, 0)

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return {at: one.end for at, one in (await self._look(partitions)).items()}

    async def beginning_offsets(
        self, partitions: Sequence[TopicPartition]
    ) -> dict[TopicPartition, int]:
        return {at: one.begin for at, one in (await self._look(partitions)).items()}

    async def _look(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, Partition]:
        until = self.cluster.loop.now + PATIENCE_S
        while True:
            await self.cluster.request()
            found = {at: self.cluster.partition(at) for at in partitions}
            if all(one is not None for one in found.values()):
                return {at: one for at, one in found.items() if one is not None}
            if self.cluster.loop.now > until:
                raise KafkaTimeoutError("no such topic")
            await asyncio.sleep(0.3)

    async def commit(self, offsets: Mapping[TopicPartition, Any] | None = None) -> None:
        await self.cluster.request()
        kept = self.cluster.groups.setdefault(self._group or "", {})
        if offsets is None:
            kept.update(self._consumed)
        else:
            kept.update({at: one.offset for at, one in offsets.items()})

    async def getmany(
        self, *, timeout_ms: int = 0, max_records: int | None = None
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        loop = self.cluster.loop
        until = loop.now + timeout_ms / 1000
        await self.cluster.travel()
        while True:
            found = self._take(max_records or 500)
            if found or loop.now >= until:
                return found
            await self.cluster.growth(until - loop.now)
            await self.cluster.travel()

    def _take(self, room: int) -> dict[TopicPartition, list[ConsumerRecord]]:
        found: dict[TopicPartition, list[ConsumerRecord]] = {}
        order = list(self._fetch)
        self.cluster.loop.random.shuffle(order)
        for at in order:
            if not self._buffer.get(at):
                self._ahead(at)
            taken = self._buffer.get(at, [])[:room]
            if taken:
                found[at] = taken
                del self._buffer[at][: len(taken)]
                self._consumed[at] = taken[-1].offset + 1
                room -= len(taken)
            if room <= 0:
                break
        return found

    def _ahead(self, at: TopicPartition) -> None:
        partition = self.cluster.partition(at)
        if partition is None or not self.cluster.reaches(PROCESS.get()):
            return
        offset = self._fetch[at]
        if not partition.begin <= offset <= partition.end:
            offset = partition.begin
        first = offset - partition.begin
        count = self.cluster.loop.random.randint(1, PREFETCHED)
        self._buffer[at] = partition.records[first : first + count]
        self._fetch[at] = offset + len(self._buffer[at])


class Batch:
    """Records for one partition; full after a few."""

    def __init__(self, room: int) -> None:
        self._room = room
        self.records: list[tuple[bytes | None, bytes | None, Any]] = []

    def append(self, *, key: Any, value: Any, timestamp: Any, headers: Any) -> object | None:
        if len(self.records) >= self._room:
            return None
        self.records.append((key, value, headers))
        return self

    def close(self) -> None:
        """Nothing is added any more."""

    def record_count(self) -> int:
        return len(self.records)


class Producer(Client):
    """Idempotent: one batch of a partition at a time, sent until acknowledged or out of time."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        cluster.producers += 1
        self._id = cluster.producers
        self._numbers: dict[TopicPartition, int] = {}
        self._lines: dict[TopicPartition, asyncio.Queue[Any]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._sender: Any = None

    async def start(self) -> None:
        await super().start()
        self._sender = SimpleNamespace(sender_task=SimpleNamespace(cancel=self._cancel))

    def _cancel(self) -> None:
        for task in self._tasks:
            task.cancel()

    def create_batch(self) -> Batch:
        return Batch(self.cluster.loop.random.randint(1, 6))

    async def send_batch(self, batch: Batch, topic: str, *, partition: int) -> Awaitable[Any]:
        await asyncio.sleep(0)
        at = TopicPartition(topic, partition)
        if at not in self._lines:
            self._lines[at] = asyncio.Queue()
            self._tasks.append(asyncio.create_task(self._drain(at)))
        future = self.cluster.loop.create_future()
        self._lines[at].put_nowait((batch, future, self.cluster.loop.now + PATIENCE_S))
        return future

    async def _drain(self, at: TopicPartition) -> None:
        while True:
            batch, future, until = await self._lines[at].get()
            number = self._numbers[at] = self._numbers.get(at, -1) + 1
            offset = None
            while offset is None and self.cluster.loop.now < until:
                offset = await self._attempt(at, batch.records, number)
            if future.done():
                continue
            if offset is None:
                future.set_exception(KafkaTimeoutError("not acknowledged in time"))
                future.exception()
            else:
                future.set_result(SimpleNamespace(offset=offset))

    async def _attempt(self, at: TopicPartition, records: Any, number: int) -> int | None:
        cluster = self.cluster
        if not cluster.reaches(PROCESS.get()):
            await asyncio.sleep(RETRY_S)
            return None
        if cluster.lost_requests:
            cluster.lost_requests -= 1
            cluster.struck("request lost")
            await asyncio.sleep(RETRY_S)
            return None
        # What is on its way arrives, whatever becomes of its sender.
        stored = cluster.loop.create_future()
        delay_s = cluster.loop.random.uniform(0.0003, 0.004) + cluster.slow_s
        cluster.loop.outside(delay_s, self._store, at, records, number, stored)
        await asyncio.wait((stored,))
        await cluster.travel()
        if cluster.lost_answers:
            cluster.lost_answers -= 1
            cluster.struck("answer lost")
            await asyncio.sleep(RETRY_S)
            return None
        answer: int | None = stored.result()
        if answer is None:
            await asyncio.sleep(RETRY_S)
        return answer

    def _store(
        self, at: TopicPartition, records: Any, number: int, stored: asyncio.Future[Any]
    ) -> None:
        first = self.cluster.append(at, records, self._id, number) if self.cluster.up else None
        if first is not None and self.cluster.twice:
            self.cluster.twice -= 1
            self.cluster.struck("batch twice")
            self.cluster.append(at, records)
        if not stored.done():
            stored.set_result(first)


class Broker:
    """What FastStream does for us: one message at a time per topic, acknowledged by hand.

    An acknowledgement commits all that its consumer was given, as aiokafka's does.
    """

    def __init__(self, cluster: Cluster, graceful_timeout: float) -> None:
        self.cluster = cluster
        self._grace_s = graceful_timeout
        self._subscribers: list[tuple[Consumer, Any]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._running = False

    def subscriber(
        self, *, partitions: Sequence[TopicPartition], group_id: str, **_: Any
    ) -> Callable[[Any], Any]:
        def register(handler: Any) -> Any:
            consumer = Consumer(self.cluster, group_id)
            consumer.assign(partitions)
            self._subscribers.append((consumer, handler))
            return handler

        return register

    async def start(self) -> None:
        await self.cluster.bootstrap()
        self._running = True
        for consumer, handler in self._subscribers:
            await self.cluster.request()
            consumer.committed()
            self._tasks.append(asyncio.create_task(self._consume(consumer, handler)))

    async def _consume(self, consumer: Consumer, handler: Any) -> None:
        while self._running:
            for records in (await consumer.getmany(timeout_ms=500, max_records=1)).values():
                message = SimpleNamespace(raw_message=records[0], ack=consumer.commit)
                try:
                    await handler(records[0].value, message)
                except Exception as error:  # FastStream says so, and goes on
                    self.cluster.trace("broker", "a handler raised", repr(error))

    async def stop(self) -> None:
        self._running = False
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._grace_s)
        for task in self._tasks:
            task.cancel()
