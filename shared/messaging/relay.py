"""The relay: a cursor over the log that publishes what the log says, in its order.

After a crash a page may be sent twice, never not at all; a reader knows a duplicate by its
subject and version. Where Kafka was wiped or replaced, everything is published again; and where
an event was erased, the topics are emptied first, since nothing else takes its bytes out of them.
"""

import asyncio
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import asyncpg
import orjson
import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import IncompatibleBrokerVersion
from aiokafka.partitioner import murmur2

from shared.contracts.registry import CONTEXTS, CONTRACTS_URL
from shared.crash import crash_point
from shared.ending import end_if_told
from shared.events.envelope import Record
from shared.messaging.against_log import begins_anew, compare
from shared.messaging.kafka import SILENT, Kafka, abandoned, partitions, unbroken
from shared.messaging.outgoing import dressed, erases, outgoing
from shared.messaging.topics import TopicMismatch, declared, ensure
from shared.store.log import Log, Tenure
from shared.store.streams import Unavailable
from shared.telemetry.metrics import PUBLISHED, RELAY_POSITION

PAGE = 5000
# Small while commands run, so that a refill of millions does not hold up their event loop.
PAGE_BESIDE_COMMANDS = 200
LOOK_S = 1.0
MOVE_S = 0.1
FIRST_LOOK_S = 2.0
AGAIN_S = (0.2, 2.0)

ERASURES = (
    "SELECT coalesce(max(cause), 0), (SELECT coalesce(max(emptied), 0) FROM published) FROM erasure"
)
"""The last erasure, and the last one that the topics are known to be without."""

Ends = dict[TopicPartition, int]

logger = structlog.get_logger(__name__)


class Wiped(Exception):
    """The topics end before what was published there: another cluster, or an emptied one."""


class Erased(Exception):
    """The topics still hold what was erased."""


class Stray(Wiped):
    """Somebody else wrote: an earlier writer, perhaps what it had read before an erasure."""


class Relay:
    """A duty of the log's writer; Kafka away only delays it."""

    def __init__(
        self, log: Log, kafka: Kafka, contexts: Sequence[str], contracts_url: str = CONTRACTS_URL
    ) -> None:
        """`contracts_url` is where the schemas are served: an absolute URI, as CloudEvents asks."""
        self._log = log
        self._kafka = kafka
        self._contracts_url = contracts_url
        self._topics = {context: CONTEXTS[context].topic for context in contexts}
        self._partitions = [p for topic in self._topics.values() for p in partitions(topic)]
        self._ends: Ends = {}
        self._emptied = 0
        """Of the last erasure that the topics are without, its position in the log."""
        self._sending = False

    async def before(self, tenure: Tenure) -> None:
        """Compare the ends of the topics with the log; who is silent now is asked before use."""
        try:
            async with asyncio.timeout(FIRST_LOOK_S):
                await unbroken(self._compare())
        except (*SILENT, Unavailable) as error:
            self._log.degraded["relay"] = _why(error)

    async def run(self, tenure: Tenure) -> None:
        """Publish until cancelled; raises StoreRefuses where the topics know more than the log."""
        pause = AGAIN_S[0]
        while True:
            begun = asyncio.get_running_loop().time()
            try:
                await unbroken(self._publish(tenure))
            except (*SILENT, Unavailable, Wiped, Erased, TopicMismatch) as error:
                end_if_told()
                if isinstance(error, Stray):
                    await self._distrust(tenure)
                self._log.degraded["relay"] = _why(error)
                await logger.awarning("relay begins again", reason=_why(error))
            if asyncio.get_running_loop().time() - begun > AGAIN_S[1]:
                pause = AGAIN_S[0]
            await asyncio.sleep(pause)
            pause = min(2 * pause, AGAIN_S[1])

    async def _compare(self) -> None:
        await ensure(self._kafka.bootstrap, self._topics.values(), **self._kafka.security)
        cluster = await self._kafka.cluster_id()
        rows = await self._log.rows("SELECT cluster, ends FROM published")
        sent: Ends = dict.fromkeys(self._partitions, 0)
        if rows:
            own = rows[0]["cluster"] == cluster
            sent = _ends(orjson.loads(rows[0]["ends"])) if own else {}
        async with self._kafka.looking() as consumer:
            await compare(self._log, consumer, self._partitions, sent)

    async def _publish(self, tenure: Tenure) -> None:
        await self._compare()
        async with self._kafka.looking() as consumer:
            cluster = await self._kafka.cluster_id()
            position = await self._begin(tenure, cluster, consumer)
            # No task group: one that is failing already eats the cancel that ends the tenure.
            tasks = (
                asyncio.create_task(self._watch(cluster, consumer)),
                asyncio.create_task(self._send_for_ever(tenure, cluster, position)),
            )
            try:
                ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in ended:
                    task.result()
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _begin(self, tenure: Tenure, cluster: str, consumer: AIOKafkaConsumer) -> int:
        """The position to go on from: 0 where Kafka no longer holds what was published.

        Or where it holds what was erased since: it is emptied, and that it must be is on record
        until it was, whatever becomes of this process.
        """
        async with tenure.session.turn() as connection:
            row = await connection.fetchrow("SELECT position, cluster, ends FROM published")
            ((erased, emptied),) = await connection.fetch(ERASURES)
        current = await consumer.end_offsets(self._partitions)
        self._ends = dict(current)
        self._emptied = erased
        self._sending = False
        position, wiped = 0, False
        if row is not None:
            position = int(row["position"])
            before = _ends(orjson.loads(row["ends"]))
            wiped = row["cluster"] != cluster or _shrunk(before, current)
        begins = await consumer.beginning_offsets(self._partitions)
        filled = {at: begins[at] for at in self._partitions if begins[at] < current[at]}
        wiped = wiped or await begins_anew(self._log, consumer, filled, self._belongs)
        if not wiped and erased <= emptied:
            return position
        why = "kafka was wiped or replaced" if wiped else "something was erased"
        await logger.awarning(f"{why}: publishing everything again")
        try:
            # What lies there already, sent by a producer that had not noticed, would come before
            # the versions it follows; whoever reads must meet each stream from its first event.
            await self._kafka.empty(current)
        except IncompatibleBrokerVersion as error:
            if wiped:
                raise
            self._log.degraded["erasure"] = f"the topics still hold what was erased: {_why(error)}"
            return position
        crash_point("relay/emptied")
        await self._move(tenure, cluster, 0)
        async with tenure.session.turn() as connection:
            await connection.execute("UPDATE published SET emptied = $1", erased)
        return 0

    def _belongs(self, record: Record) -> TopicPartition:
        return partition_of(self._topics[record.context], record.key.encode())

    async def _distrust(self, tenure: Tenure) -> None:
        """Have the topics emptied again, if anything was ever erased."""
        async with tenure.session.turn() as connection:
            await connection.execute("UPDATE published SET emptied = 0")

    async def _watch(self, cluster: str, consumer: AIOKafkaConsumer) -> None:
        """Notice within about a second that Kafka was wiped, even with nothing to publish."""
        blind = 0
        while True:
            await asyncio.sleep(LOOK_S)
            before = dict(self._ends)
            try:
                current = await consumer.end_offsets(self._partitions)
                other = await self._kafka.cluster_id() != cluster
                blind = 0
            except SILENT as error:
                self._log.degraded["relay"] = _why(error)
                blind += 1
                if blind > 1:  # a topic may be gone, which only beginning again brings back
                    raise
                continue
            if other or _shrunk(before, current):
                raise Wiped("the topics end before what was published")
            if self._emptied and not self._sending and _shrunk(current, self._ends):
                raise Stray("somebody else writes to the topics")
            self._log.degraded.pop("relay", None)

    async def _send_for_ever(self, tenure: Tenure, cluster: str, position: int) -> None:
        producer = self._kafka.producer()
        await producer.start()
        self._log.degraded.pop("relay", None)
        clock = asyncio.get_running_loop().time
        moved, moved_at = position, clock()
        limit = PAGE_BESIDE_COMMANDS
        try:
            page = await self._page(position, limit)
            while True:
                if not page:
                    await self._log.grown(position, LOOK_S if moved == position else MOVE_S)
                    page = await self._page(position, PAGE_BESIDE_COMMANDS)
                else:
                    crash_point("relay/page-read")
                    # Behind the page before, which is acknowledged: nothing is on its way any more.
                    if any(erases(row) and row["position"] > self._emptied for row in page):
                        raise Erased("an event was erased: the topics are filled again without it")
                    committed = self._log.committed
                    sending = asyncio.create_task(self._send(producer, page))
                    try:
                        position = page[-1]["position"]
                        # The next page is read while this one is acknowledged.
                        page = await self._page(position, limit)
                        await sending
                        crash_point("relay/acknowledged")
                    finally:
                        sending.cancel()
                    quiet = self._log.committed == committed
                    limit = PAGE if quiet else PAGE_BESIDE_COMMANDS
                # Not for each page: commands wait for this session, and a page may be sent twice.
                if moved != position and clock() - moved_at >= MOVE_S:
                    await self._move(tenure, cluster, position)
                    moved, moved_at = position, clock()
        finally:
            await abandoned(producer)

    async def _page(self, after: int, limit: int) -> Sequence[asyncpg.Record]:
        return await outgoing(self._log, after, limit, self._contracts_url)

    async def _send(self, producer: AIOKafkaProducer, page: Sequence[asyncpg.Record]) -> None:
        """All of a page, acknowledged; the first failed submit raises, for going on leaves a hole.

        Raises Wiped where a record lands before the end that was known: the log was emptied.
        """
        batches: dict[TopicPartition, Any] = {}
        sent: list[tuple[TopicPartition, int, Any]] = []

        async def submit(to: TopicPartition, batch: Any) -> None:
            batch.close()
            future = await producer.send_batch(batch, to.topic, partition=to.partition)
            sent.append((to, batch.record_count(), future))

        self._sending = True
        for row in page:
            _, context, key, headers, value = await dressed(self._log, row, self._contracts_url)
            to = partition_of(self._topics[context], key)
            batch = batches.get(to) or batches.setdefault(to, producer.create_batch())
            if batch.append(key=key, value=value, timestamp=None, headers=headers) is None:
                await submit(to, batch)
                batch = batches[to] = producer.create_batch()
                batch.append(key=key, value=value, timestamp=None, headers=headers)
        for to, batch in batches.items():
            await submit(to, batch)
        for to, count, future in sent:
            offset = (await future).offset
            crash_point("relay/half-sent")
            known = self._ends.get(to, 0)
            if offset < known:
                raise Wiped(f"{to.topic}/{to.partition} was emptied under the producer")
            if offset > known and self._emptied:
                raise Stray(f"{to.topic}/{to.partition} was written by another producer")
            self._ends[to] = offset + count
        self._sending = False
        PUBLISHED.labels(self._log.service).inc(len(page))

    async def _move(self, tenure: Tenure, cluster: str, position: int) -> None:
        ends = orjson.dumps({f"{p.topic}/{p.partition}": end for p, end in self._ends.items()})
        async with tenure.session.turn() as connection:
            await connection.execute(
                "INSERT INTO published (position, cluster, ends) VALUES ($1, $2, $3)"
                " ON CONFLICT (single) DO UPDATE SET position = $1, cluster = $2, ends = $3",
                position, cluster, ends.decode(),
            )  # fmt: skip
        RELAY_POSITION.labels(self._log.service).set(position)


@lru_cache(maxsize=100_000)
def partition_of(topic: str, key: bytes) -> TopicPartition:
    """The partition every Kafka client gives this key."""
    return TopicPartition(topic, (murmur2(key) & 0x7FFFFFFF) % declared_partitions(topic))


@lru_cache
def declared_partitions(topic: str) -> int:
    return declared()[topic].partitions


def _ends(stored: Mapping[str, int]) -> Ends:
    found: Ends = {}
    for name, end in stored.items():
        topic, number = name.rsplit("/", 1)
        found[TopicPartition(topic, int(number))] = end
    return found


def _shrunk(before: Ends, current: Mapping[TopicPartition, int]) -> bool:
    return any(current.get(partition, 0) < end for partition, end in before.items())


def _why(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".strip(": ")
