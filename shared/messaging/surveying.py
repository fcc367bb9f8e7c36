"""What the topics of a service hold that its log does not, record by record."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from aiokafka import ConsumerRecord, TopicPartition
from pydantic import ValidationError

from shared.contracts.refusals import Refused
from shared.events.envelope import Malformed, identity, seal
from shared.messaging.follow import fence_id, identify, read
from shared.messaging.kafka import Kafka
from shared.messaging.parking import why
from shared.messaging.stretches import until
from shared.progress import Progress
from shared.store.adoption import Place, Seen
from shared.store.reading import Reader


class Survey:
    """Reads all partitions once; `installation` must be that of every event found there."""

    def __init__(
        self,
        reader: Reader,
        kafka: Kafka,
        partitions: Sequence[TopicPartition],
        installation: str,
        told: Progress,
    ) -> None:
        self._reader = reader
        self._kafka = kafka
        self._partitions = partitions
        self._installation = installation
        self._told = told

    async def look(self, begin: Mapping[TopicPartition, int]) -> tuple[list[Seen], int]:
        """Every different record that the log has not, and how many records it has."""
        found: dict[UUID, Seen] = {}
        known = 0
        async with self._kafka.looking() as consumer:
            ends = await consumer.end_offsets(self._partitions)
            begins = await consumer.beginning_offsets(self._partitions)
            waiting = {
                at: first
                for at in self._partitions
                if (first := max(begins[at], begin.get(at, 0))) < ends[at]
            }
            total = sum(ends[at] - first for at, first in waiting.items())
            done = 0
            async for at, records in until(consumer, waiting, ends):
                strange = await self._unknown(records)
                for message in strange:
                    one = self._seen(message)
                    if one.id not in found or found[one.id].why:
                        found[one.id] = one
                known += len(records) - len(strange)
                done += len(records)
                self._told(f"read {at.topic}", done, total)
        return list(found.values()), known

    async def _unknown(self, messages: Sequence[ConsumerRecord]) -> list[ConsumerRecord]:
        """Those that are neither in the log nor named in void."""
        places: list[Place | None] = []
        for message in messages:
            try:
                who = identity(message.headers)
                places.append((who.context, who.subject, who.version))
            except Malformed:
                places.append(None)
        known = await self._reader.known([place for place in places if place is not None])
        strange = [
            message
            for message, place in zip(messages, places, strict=True)
            if place is None or known.get(place) != identity(message.headers).id
        ]
        if not strange:
            return []
        rows = await self._reader.rows(
            "SELECT topic, partition, \"offset\", id FROM void WHERE id = ANY($1)",
            [fence_id(message) for message in strange],
        )  # fmt: skip
        # One without an id of its own goes by its offset, so the place must be the same too.
        named = {tuple(row) for row in rows}
        ids = {row[3] for row in rows if row[3].int >= 1 << 64}
        return [
            message
            for message in strange
            if (id_ := fence_id(message)) not in ids
            and (message.topic, message.partition, message.offset, id_) not in named
        ]

    def _seen(self, message: ConsumerRecord) -> Seen:
        at = (message.topic, message.partition, message.offset)
        context = message.topic.split(".")[1]
        try:
            who = identify(message)
        except Malformed as error:
            return Seen(*at, 0, (context, "", 0), fence_id(message), b"", f"unreadable: {error}")
        headers = dict(message.headers)
        source = headers["ce_source"].decode().split("/")
        if source[2:-1] != [self._installation]:
            raise Refused(
                "topic-of-another", topic=message.topic, found="/".join(source[2:-1]),
                wanted=self._installation,
            )  # fmt: skip
        place = (who.context, who.subject, who.version)
        try:
            record, _ = read(message)
        except (Malformed, ValidationError, UnicodeDecodeError) as error:
            position = _number(headers.get("ce_position", b""))
            return Seen(*at, position, place, who.id, b"", f"unreadable: {why(error)}")
        false = "" if seal(headers, record.datahash) == record.leaf else "leaf-false"
        return Seen(*at, record.position, place, who.id, record.command, false)


def _number(text: bytes) -> int:
    return int(text) if text.isdigit() and len(text) < 19 else 0
