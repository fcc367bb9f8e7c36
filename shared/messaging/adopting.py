"""A restored log takes back from its topics what it lacks: read, judged, appended, and verified."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import NamedTuple
from uuid import UUID, uuid4

import orjson
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from shared.contracts.registry import CONTEXTS, Event
from shared.events.envelope import Record
from shared.messaging.follow import read
from shared.messaging.kafka import Kafka, partitions
from shared.messaging.parking import without_nul
from shared.messaging.stretches import messages
from shared.messaging.surveying import Survey
from shared.progress import Progress
from shared.store.adoption import Plan, Seen, Standing, plan
from shared.store.reading import Reader
from shared.store.session import Session
from shared.store.sql import N, event_arrays, insert_events
from shared.store.streams import Claim

PAGE = 500
SILENT_MS = 30_000
NOBODY = UUID(int=0)
NOWHERE = -1
"""The partition of a voided position that no record has."""

Claims = Callable[[Event], Sequence[Claim]]
"""What an event of the service takes for ever; the deciding code uses the same."""


_TAKE = f"""
WITH c AS (INSERT INTO command SELECT k, NULL, s, v, f, l FROM
  unnest(${N + 1}::bytea[], ${N + 2}::text[], ${N + 3}::int[], ${N + 4}::bigint[],
  ${N + 5}::bigint[]) AS u(k, s, v, f, l)),
u AS (INSERT INTO claim SELECT * FROM
  unnest(${N + 6}::text[], ${N + 7}::text[], ${N + 8}::bytea[]) ON CONFLICT DO NOTHING)
{insert_events("log", 1)}
"""  # noqa: S608
_VOID = (
    'INSERT INTO void (topic, partition, "offset", position, context, subject, version, id,'
    " headers, value, reason, adopted_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING"
)


class Taken(NamedTuple):
    """A record that continues the log, with the event in it where its type is known here."""

    record: Record
    event: Event | None


@dataclass(frozen=True, slots=True)
class Adopted:
    """What an adoption came to, or would come to; `known` records were on record already."""

    plan: Plan
    known: int
    last: int
    """The log's last position, before."""
    unsettled: Sequence[Seen] = field(default=())
    """What the topic still has beyond the log after all: nothing, unless something is wrong."""


class Adoption:
    """Of one service's own topics into its log; the caller holds the lease."""

    def __init__(
        self,
        reader: Reader,
        kafka: Kafka,
        contexts: Collection[str],
        installation: str,
        claims: Claims,
        told: Progress,
    ) -> None:
        self._reader = reader
        self._kafka = kafka
        own = [at for context in contexts for at in partitions(CONTEXTS[context].topic)]
        self._survey = Survey(reader, kafka, own, installation, told)
        self._claims = claims
        self._told = told

    async def look(self, *, void_forks: bool = False) -> Adopted:
        """What would be taken and voided; raises Refused where nothing may be."""
        seen, known = await self._survey.look({})
        standing = await self._standing(seen)
        return Adopted(plan(seen, standing, void_forks=void_forks), known, standing.last)

    async def adopt(self, session: Session, found: Adopted, actor: str, now: datetime) -> Adopted:
        """Do what `look` found, a page at a time; killed at any moment, it can be done again."""
        async with self._kafka.looking() as consumer:
            await self._put_aside(session, consumer, found, actor, now)
            pages = _pages(found.plan.taken)
            done = 0
            for page in pages:
                taken = await self._fetch(consumer, page)
                await self._take(session, [taken[one.id] for one in page])
                done += len(page)
                self._told("take", done, len(found.plan.taken))
        begin: dict[TopicPartition, int] = {}
        for one in (*found.plan.taken, *(seen for seen, _ in found.plan.voided)):
            at = TopicPartition(one.topic, one.partition)
            begin[at] = min(one.offset, begin.get(at, one.offset))
        left, _ = await self._survey.look(begin) if begin else ([], 0)
        return Adopted(found.plan, found.known, found.last, left)

    async def _standing(self, seen: Sequence[Seen]) -> Standing:
        streams = list({one.place[:2] for one in seen})
        heads = await self._reader.rows(
            "SELECT context, subject, max(version) FROM log"
            " JOIN unnest($1::text[], $2::text[]) AS s(c, n) ON context = c AND subject = n"
            " GROUP BY context, subject",
            [context for context, _ in streams], [subject for _, subject in streams],
        )  # fmt: skip
        commands = await self._reader.rows(
            "SELECT key FROM command WHERE key = ANY($1)", list({one.command for one in seen})
        )
        last = await self._reader.rows("SELECT coalesce(max(position), 0) FROM log")
        aside = await self._reader.rows("SELECT position FROM void WHERE position > $1", last[0][0])
        return Standing(
            last[0][0],
            {(row[0], row[1]): row[2] for row in heads},
            {row[0] for row in commands},
            {row[0] for row in aside},
        )

    async def _put_aside(
        self,
        session: Session,
        consumer: AIOKafkaConsumer,
        found: Adopted,
        actor: str,
        now: datetime,
    ) -> None:
        """Name what cannot be joined, with its bytes, before anything is taken."""
        kept: dict[UUID, ConsumerRecord] = {}
        for begin in range(0, len(found.plan.voided), PAGE):
            page = [seen for seen, _ in found.plan.voided[begin : begin + PAGE]]
            kept |= await messages(consumer, page)
        rows = [_void(kept[one.id], one, why, now) for one, why in found.plan.voided]
        rows += [
            ("", NOWHERE, position, position, "", "", 0, NOBODY, "[]", b"", "exists nowhere", now)
            for position in found.plan.lost
        ]
        told = {
            "taken": len(found.plan.taken), "voided": len(found.plan.voided),
            "lost": len(found.plan.lost), "after": found.last,
        }  # fmt: skip
        async with session.turn() as connection, connection.transaction():
            await connection.execute(
                "INSERT INTO operator_act VALUES ($1, 'adopt', $2, $3, $4)",
                uuid4(), actor, orjson.dumps(told).decode(), now,
            )  # fmt: skip
            await connection.executemany(_VOID, rows)
            if found.plan.voided:
                # Whoever reads the topic would meet what is no part of the record: it is emptied
                # and filled again, as after a wipe. The bytes stand in void.
                await connection.execute(
                    "INSERT INTO published (position, cluster, ends) VALUES (0, 'voided', '{}')"
                    " ON CONFLICT (single) DO UPDATE SET cluster = 'voided'"
                )

    async def _fetch(self, consumer: AIOKafkaConsumer, page: Sequence[Seen]) -> dict[UUID, Taken]:
        found = await messages(consumer, page)
        return {id_: Taken(*read(message)) for id_, message in found.items()}

    async def _take(self, session: Session, page: Sequence[Taken]) -> None:
        commands: list[tuple[bytes, str, int, int, int]] = []
        claims: list[tuple[str, str, bytes]] = []
        for key, group in groupby(page, key=lambda one: one.record.command):
            records = [one.record for one in group]
            first = records[0]
            version = max(r.version for r in records if r[1:3] == first[1:3])
            last = records[-1].position
            commands.append((key, first.subject, version, first.position, last))
        for record, event in page:
            if event is not None:
                claims += [(c.kind, c.value, record.command) for c in self._claims(event)]
        async with session.turn() as connection:
            await connection.fetch(
                _TAKE,
                *event_arrays([one.record for one in page]),
                *_columns(commands, 5),
                *_columns(claims, 3),
            )


def _pages(taken: Sequence[Seen]) -> list[list[Seen]]:
    """Pages that end where a command ends: its events are taken together, with its key."""
    pages: list[list[Seen]] = [[]]
    for _, group in groupby(taken, key=lambda one: one.command):
        if len(pages[-1]) >= PAGE:
            pages.append([])
        pages[-1] += group
    return pages if pages[0] else []


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    return [[row[number] for row in rows] for number in range(width)]


def _void(message: ConsumerRecord, one: Seen, why: str, now: datetime) -> tuple[object, ...]:
    headers = [
        [without_nul(name), without_nul((value or b"").decode(errors="replace"))]
        for name, value in message.headers
    ]
    context, subject, version = one.place
    return (
        one.topic, one.partition, one.offset, one.position, context, subject, version, one.id,
        orjson.dumps(headers).decode(), message.value or b"", without_nul(why)[:2000], now,
    )  # fmt: skip
