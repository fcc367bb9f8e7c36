"""Signed tree heads on their way to `fuyan.audit.v1`: where they lie, nobody of the house may edit.

The cursor is the topic itself: what it holds of this log last. So a wiped or replaced Kafka gets
all heads again, and a head that this log contradicts is noticed before anything is added.
"""

import asyncio
from typing import NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition

from shared.contracts.audit import ADAPTER, TOPIC, TREE_HEAD, TreeHead
from shared.contracts.registry import CONTRACTS_URL
from shared.ending import end_if_told
from shared.events.envelope import Headers
from shared.events.signing import genuine
from shared.events.tree import Frontier
from shared.messaging.kafka import SILENT, Kafka, abandoned, partitions, unbroken
from shared.messaging.relay import partition_of
from shared.messaging.topics import TopicMismatch, ensure
from shared.store.leaves import leaves
from shared.store.log import Log, Tenure
from shared.store.streams import Unavailable
from shared.store.tree_heads import TreeHeads, heads, keys

DUTY = "tree-heads-topic"
PAGE = 200
LOOK_S = 2.0
LOOK_BACK = 500
QUIET_MS = 1000
AGAIN_S = (0.2, 5.0)

logger = structlog.get_logger(__name__)


class Wiped(Exception):
    """The topic no longer holds the last head that was published there."""


class Place(NamedTuple):
    """Where a head lies in the topic."""

    offset: int
    id: UUID
    head: TreeHead


class HeadRelay:
    """A duty of the log's writer; Kafka away only delays it."""

    def __init__(
        self, log: Log, kafka: Kafka, signing: TreeHeads, contracts_url: str = CONTRACTS_URL
    ) -> None:
        self._log = log
        self._kafka = kafka
        self._signing = signing
        self._contracts_url = contracts_url
        self._key = head_key(log.installation, log.service)

    async def before(self, tenure: Tenure) -> None:
        """Nothing: heads may come late."""

    async def run(self, tenure: Tenure) -> None:
        """Publish until cancelled, or until the topic and the log tell two stories."""
        pause = AGAIN_S[0]
        while not self._signing.contradicted:
            begun = asyncio.get_running_loop().time()
            try:
                await unbroken(self._publish())
            except (*SILENT, Unavailable, Wiped, TopicMismatch) as error:
                end_if_told()
                self._log.degraded[DUTY] = f"{type(error).__name__}: {error}".strip(": ")
                await logger.awarning("publishing tree heads begins again", error=repr(error))
            if asyncio.get_running_loop().time() - begun > AGAIN_S[1]:
                pause = AGAIN_S[0]
            await asyncio.sleep(pause)
            pause = min(2 * pause, AGAIN_S[1])
        await asyncio.Event().wait()

    async def _publish(self) -> None:
        if not await heads(self._log, self._log.installation, self._log.service, 0, 1):
            await self._signing.signed.wait()
        await ensure(self._kafka.bootstrap, [TOPIC], **self._kafka.security)
        async with self._kafka.looking() as consumer:
            to = partition_of(TOPIC, self._key)
            last = await self._last(consumer, to)
            if last is not None and (why := await self._contradiction(last.head)) is not None:
                self._signing.contradict(why)
                return
            producer = self._kafka.producer()
            try:
                await producer.start()
                self._log.degraded.pop(DUTY, None)
                while not self._signing.contradicted:
                    self._signing.signed.clear()
                    size = 0 if last is None else last.head.size
                    page = await heads(
                        self._log, self._log.installation, self._log.service, size, PAGE
                    )
                    if page:
                        last = await self._send(producer, to, page)
                        continue
                    try:
                        async with asyncio.timeout(LOOK_S):
                            await self._signing.signed.wait()
                    except TimeoutError:
                        if last is not None:
                            await self._still(consumer, to, last)
            finally:
                await abandoned(producer)

    async def _send(
        self, producer: AIOKafkaProducer, to: TopicPartition, page: list[TreeHead]
    ) -> Place:
        sent = [
            await producer.send(
                to.topic,
                ADAPTER.dump_json(head),
                key=self._key,
                partition=to.partition,
                headers=head_headers(head, self._contracts_url),
            )
            for head in page
        ]
        offsets = [(await acknowledged).offset for acknowledged in sent]
        return Place(offsets[-1], head_id(page[-1]), page[-1])

    async def _last(self, consumer: AIOKafkaConsumer, to: TopicPartition) -> Place | None:
        """The largest head of this log that the topic holds, looking back ever further."""
        own = {jwk["kid"]: jwk for jwk in await keys(self._log)}
        begin = (await consumer.beginning_offsets([to]))[to]
        end = (await consumer.end_offsets([to]))[to]
        consumer.assign([to])
        first, width = end, LOOK_BACK
        while first > begin:
            before, first = first, max(begin, first - width)
            found = []
            for record in await _between(consumer, to, first, before):
                head = read_head(record)
                if head is None or record.key != self._key or head.key_id not in own:
                    continue
                if genuine(head, own[head.key_id]):
                    found.append(Place(record.offset, head_id(head), head))
            if found:
                return max(found, key=lambda place: place.head.size)
            width *= 2
        return None

    async def _still(self, consumer: AIOKafkaConsumer, to: TopicPartition, last: Place) -> None:
        """Raises Wiped unless the last head still lies where it was put."""
        end = (await consumer.end_offsets([to]))[to]
        consumer.assign([to])
        found = await _between(consumer, to, last.offset, last.offset + 1) if end else []
        head = read_head(found[0]) if found else None
        if head is None or head_id(head) != last.id:
            raise Wiped(f"{to.topic}/{to.partition} does not hold the last tree head any more")
        self._log.degraded.pop(DUTY, None)

    async def _contradiction(self, head: TreeHead) -> str | None:
        """Why this log cannot be the one that a published head speaks of."""
        (same,) = await heads(
            self._log, self._log.installation, self._log.service, head.size - 1, 1
        ) or (None,)
        if same is not None and same.size == head.size:
            fits = (same.root, same.streams) == (head.root, head.streams)
        else:  # signed before this store was restored
            tree = Frontier()
            while page := await leaves(self._log, tree.size, min(2000, head.size - tree.size)):
                tree.extend(one.leaf for one in page if one.position <= head.size)
                if tree.size >= head.size:
                    break
            fits = tree.size == head.size and tree.root().hex() == head.root
        if fits:
            return None
        return f"Kafka holds a head of size {head.size} that this log does not lead to"


async def _between(
    consumer: AIOKafkaConsumer, at: TopicPartition, first: int, end: int
) -> list[ConsumerRecord]:
    """The records of `[first, end)`; fewer where the topic was emptied meanwhile."""
    consumer.seek(at, first)
    found: list[ConsumerRecord] = []
    while True:
        page = (await consumer.getmany(at, timeout_ms=QUIET_MS)).get(at, [])
        found += [record for record in page if first <= record.offset < end]
        if not page or page[-1].offset + 1 >= end:
            return found


async def heads_on_topic(kafka: Kafka) -> list[TreeHead]:
    """All heads of the topic, of whichever log, copies left out; raises one of SILENT."""
    found: dict[str, TreeHead] = {}
    async with kafka.looking() as consumer:
        for at in partitions(TOPIC):
            begin = (await consumer.beginning_offsets([at]))[at]
            end = (await consumer.end_offsets([at]))[at]
            consumer.assign([at])
            for record in await _between(consumer, at, begin, end) if end > begin else ():
                if (head := read_head(record)) is not None:
                    found[head.signature] = head
    return sorted(found.values(), key=lambda head: (head.installation, head.service, head.size))


def head_key(installation: str, service: str) -> bytes:
    """The Kafka key of a service's heads."""
    return f"{installation}/{service}".encode()


def head_id(head: TreeHead) -> UUID:
    """The same for the same head, so that a duplicate is known."""
    return uuid5(NAMESPACE_URL, f"{TREE_HEAD}:{head.signature}")


def read_head(record: ConsumerRecord) -> TreeHead | None:
    """The head that a record of the topic holds; None where it is something else."""
    if dict(record.headers).get("ce_type") != TREE_HEAD.encode():
        return None
    try:
        return ADAPTER.validate_json(record.value or b"")
    except ValueError:
        return None


def head_headers(head: TreeHead, contracts_url: str) -> Headers:
    """CloudEvents in Kafka's binary mode."""
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", str(head_id(head)).encode()),
        ("ce_source", f"/fuyan/{head.installation}/{head.service}".encode()),
        ("ce_type", TREE_HEAD.encode()),
        ("ce_subject", head.service.encode()),
        ("ce_time", head.signed_at.encode()),
        ("ce_partitionkey", head_key(head.installation, head.service)),
        ("ce_dataschema", f"{contracts_url}/{TREE_HEAD}".encode()),
        ("content-type", b"application/json"),
    ]
