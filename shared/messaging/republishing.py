"""Sending again, from the log, what was published already: whoever reads knows it as a duplicate.

Nothing appears for the first time here, so the order of first appearance stays the relay's.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from aiokafka import AIOKafkaProducer, TopicPartition

from shared.contracts.refusals import Refused
from shared.contracts.registry import CONTEXTS
from shared.events.envelope import Record, to_headers
from shared.messaging.kafka import Kafka, partitions, stopped
from shared.messaging.relay import partition_of
from shared.progress import Progress
from shared.store.reading import Reader
from shared.store.schema import COLUMNS

# Small, so that a topic emptied meanwhile is noticed before much lies in it out of turn.
PAGE = 200
_WHICH = (
    " position > $1 AND position <= $2 AND ($3::text IS NULL OR (context = $3 AND subject = $4))"
    " AND ($5::timestamptz IS NULL OR recorded_at >= $5)"
    " AND ($6::timestamptz IS NULL OR recorded_at < $6)"
)
_PAGE = f"SELECT {', '.join(COLUMNS)} FROM log WHERE{_WHICH} ORDER BY position LIMIT $7"  # noqa: S608
_COUNT = f"SELECT count(*) FROM log WHERE{_WHICH}"  # noqa: S608


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """One stream, or what was recorded from an instant on and before another; else everything."""

    stream: tuple[str, str] | None = None
    begin: datetime | None = None
    until: datetime | None = None


class Republishing:
    """Of one log, beside its relay, with a producer of its own."""

    def __init__(
        self, reader: Reader, kafka: Kafka, installation: str, contracts_url: str, which: Which
    ) -> None:
        self._reader = reader
        self._kafka = kafka
        self._installation = installation
        self._contracts_url = contracts_url
        self._which = which
        self._ends: dict[TopicPartition, int] = {}
        self.cursor = 0
        """Up to which position the relay has published: nothing beyond is sent here."""

    async def count(self) -> int:
        """How many events would be sent again.

        Raises Refused: `not-yet-published` where the relay has yet to send them, or to fill a
        cluster that was wiped or replaced; `nothing-to-republish` where there are none.
        """
        rows = await self._reader.rows("SELECT position, cluster FROM published")
        if not rows or rows[0]["cluster"] != await self._kafka.cluster_id():
            raise Refused("not-yet-published", position=0)
        self.cursor = rows[0]["position"]
        count = int((await self._reader.rows(_COUNT, *self._arguments(0)))[0][0])
        if not count:
            later = await self._reader.rows(_COUNT, 0, 2**62, *self._arguments(0)[2:])
            if later[0][0]:
                raise Refused("not-yet-published", position=self.cursor)
            raise Refused("nothing-to-republish")
        return count

    async def run(self, total: int, told: Progress) -> int:
        """Send them, in the order of the log; answers how many.

        Raises Refused("topic-emptied") where Kafka was wiped meanwhile: the relay fills it again.
        """
        own = {CONTEXTS[row[0]].topic for row in await self._contexts()}
        every = [at for topic in sorted(own) for at in partitions(topic)]
        producer = self._kafka.producer()
        await producer.start()
        done = after = 0
        try:
            async with self._kafka.looking() as consumer:
                while page := await self._page(after):
                    ends = await consumer.end_offsets(every)
                    self._not_emptied(ends)
                    await self._send(producer, page)
                    after = page[-1].position
                    done += len(page)
                    told("republish", done, total)
        finally:
            await stopped(producer.stop())
        return done

    async def _contexts(self) -> list[tuple[str]]:
        return [tuple(row) for row in await self._reader.rows("SELECT DISTINCT context FROM log")]

    async def _page(self, after: int) -> list[Record]:
        rows = await self._reader.rows(_PAGE, *self._arguments(after), PAGE)
        return [Record(*row) for row in rows]

    def _arguments(self, after: int) -> tuple[object, ...]:
        which = self._which
        context, subject = which.stream or (None, None)
        return (after, self.cursor, context, subject, which.begin, which.until)

    async def _send(self, producer: AIOKafkaProducer, page: list[Record]) -> None:
        waiting = []
        for record in page:
            key = record.key.encode()
            at = partition_of(CONTEXTS[record.context].topic, key)
            sent = await producer.send(
                at.topic,
                record.data,
                key,
                at.partition,
                headers=to_headers(record, self._installation, self._contracts_url),
            )
            waiting.append((at, sent))
        for at, future in waiting:
            async with asyncio.timeout(30):
                self._not_emptied({at: (await future).offset + 1})

    def _not_emptied(self, ends: dict[TopicPartition, int]) -> None:
        for at, end in ends.items():
            if end < self._ends.get(at, 0):
                raise Refused("topic-emptied", topic=at.topic)
            self._ends[at] = end
