"""The brokers of a played Kafka: what they store, and how they can be reached."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaConnectionError, KafkaTimeoutError

from tests.simulation.loop import PROCESS, Loop, Process
from tests.simulation.trace import Trace

PATIENCE_S = 3.0
"""After how long a client gives a request up (our clients' ten seconds, made shorter)."""
RETRY_S = 0.05


@dataclass(slots=True)
class Partition:
    """What a broker keeps of one."""

    records: list[ConsumerRecord] = field(default_factory=list)
    begin: int = 0
    last: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Number and offset of the last batch of each producer."""

    @property
    def end(self) -> int:
        return self.begin + len(self.records)


class Cluster:
    """The brokers; every client of one simulation speaks to it."""

    def __init__(self, loop: Loop, trace: Trace, partitions: int) -> None:
        self.loop = loop
        self.trace = trace
        self.partitions = partitions
        self.id = "cluster-1"
        self.up = True
        self.topics: dict[str, list[Partition]] = {}
        self.groups: dict[str, dict[TopicPartition, int]] = {}
        self.lost_answers = 0
        """How many of the next produce requests are stored, and not acknowledged."""
        self.lost_requests = 0
        self.twice = 0
        """How many of the next batches are stored twice, as by a relay that was not told."""
        self.slow_s = 0.0
        self.struck: Callable[[str], None] = lambda _: None
        self.producers = 0
        self._deaf: list[Process] = []
        self._grown: list[asyncio.Future[None]] = []

    def reaches(self, process: Process | None) -> bool:
        return self.up and process not in self._deaf

    def deafen(self, process: Process) -> None:
        self._deaf.append(process)

    def hear(self, process: Process) -> None:
        if process in self._deaf:
            self._deaf.remove(process)

    def create(self, topic: str) -> bool:
        if topic in self.topics:
            return False
        self.topics[topic] = [Partition() for _ in range(self.partitions)]
        self.trace("kafka", "topic created", topic)
        return True

    def wipe(self, replaced: bool) -> None:
        """All data is gone; `replaced`: by a cluster with another id."""
        self.trace("kafka", "replaced" if replaced else "wiped", "")
        self.topics.clear()
        self.groups.clear()
        if replaced:
            self.id = f"cluster-{int(self.id.rsplit('-')[1]) + 1}"

    def recreate(self, topic: str) -> None:
        """Deleted and made anew, empty, on the same cluster."""
        if topic in self.topics:
            self.trace("kafka", "topic made anew", topic)
            del self.topics[topic]
            self.create(topic)

    def partition(self, at: TopicPartition) -> Partition | None:
        found = self.topics.get(at.topic)
        return None if found is None else found[at.partition]

    def append(
        self,
        at: TopicPartition,
        records: Sequence[tuple[bytes | None, bytes | None, Any]],
        producer: int = 0,
        number: int = 0,
    ) -> int | None:
        """Store a batch at the end; the offset of its first record, None for no such topic.

        The same batch of a producer, sent again, is stored once.
        """
        partition = self.partition(at)
        if partition is None:
            return None
        first = partition.end
        if producer:
            last = partition.last.get(producer)
            if last is not None and last[0] >= number:
                return last[1]
            partition.last[producer] = (number, first)
        for key, value, headers in records:
            partition.records.append(
                ConsumerRecord(
                    at.topic, at.partition, partition.end, int(self.loop.now * 1000), 0,
                    key, value, None, -1, -1, tuple(headers),
                )
            )  # fmt: skip
        self.trace("kafka", "appended", f"{at.topic}/{at.partition}@{first}+{len(records)}")
        grown, self._grown = self._grown, []
        for future in grown:
            if not future.done():
                future.set_result(None)
        return first

    async def growth(self, timeout_s: float) -> None:
        """Return when something was appended anywhere, or the time is up."""
        future = self.loop.create_future()
        self._grown.append(future)
        await asyncio.wait((future,), timeout=timeout_s)

    async def travel(self) -> None:
        await asyncio.sleep(
            self.loop.random.uniform(0.0003, 0.004) + self.slow_s * self.loop.random.random()
        )

    async def request(self, patience_s: float = PATIENCE_S) -> None:
        """One round trip; raises KafkaTimeoutError where nobody answers in time."""
        await self.travel()
        until = self.loop.now + patience_s
        while not self.reaches(PROCESS.get()):
            if self.loop.now >= until:
                raise KafkaTimeoutError("the broker does not answer")
            await asyncio.sleep(RETRY_S * 4)

    async def bootstrap(self) -> None:
        await self.travel()
        if not self.reaches(PROCESS.get()):
            raise KafkaConnectionError("no broker answers")
