"""What happened to a township, event by event: a row per event, never changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import UUID as Uuid

from services.projection.models.schema import Models, metadata, to_text
from shared.contracts.programme import TownshipEnrolled, TownshipWithdrawn
from shared.messaging.reactions import Received
from shared.store.streams import Stream

table = Table(
    "timeline",
    metadata,
    Column("context", Text(collation="C"), primary_key=True),
    Column("subject", Text(collation="C"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("programme", Text(collation="C"), nullable=False),
    Column("township", Text(collation="C"), nullable=False),
    Column("id", Uuid(as_uuid=True), nullable=False),
    Column("type", Text(collation="C"), nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("actor", Text, nullable=False),
    Column("store_position", BigInteger, nullable=False),
    Column("facts", JSON, nullable=False),
    Index(
        "timeline_of_township",
        "programme",
        "township",
        "recorded_at",
        "context",
        "subject",
        "version",
    ),
)

Cursor = tuple[datetime, str, str, int]
"""The place of a row: when it was recorded, then its stream and version. The same for everyone,
whichever topic was read first."""

START: Cursor = (datetime.fromisoformat("0001-01-01T00:00:00+00:00"), "", "", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One row of the timeline; `facts` are the event's own plain values."""

    context: str
    subject: str
    version: int
    id: UUID
    type: str
    effective_on: date
    recorded_at: datetime
    actor: str
    store_position: int
    facts: Mapping[str, Any]

    @property
    def cursor(self) -> Cursor:
        return (self.recorded_at, self.context, self.subject, self.version)


_APPEND = """
INSERT INTO {schema}.timeline (context, subject, version, programme, township, id, type,
  effective_on, recorded_at, actor, store_position, facts)
SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::text[], $6::uuid[],
  $7::text[], $8::date[], $9::timestamptz[], $10::text[], $11::bigint[], $12::json[])
ON CONFLICT DO NOTHING
"""

_PAGE = """
SELECT context, subject, version, id, type, effective_on, recorded_at, actor, store_position, facts
FROM {schema}.timeline
WHERE programme = $1 AND township = $2 AND effective_on <= $3
  AND (recorded_at <= $4::timestamptz OR $4 IS NULL)
  AND (recorded_at, context, subject, version) > ($5, $6, $7, $8)
ORDER BY recorded_at, context, subject, version
LIMIT $9
"""


async def append(models: Models, received: Sequence[Received]) -> None:
    """Keep the events that are about a township; one that is there already stays as it is."""
    rows = [(one, township) for one in received if (township := township_of(one)) is not None]
    if not rows:
        return
    columns = zip(*(_values(one, township) for one, township in rows), strict=True)
    await models.connection.execute(
        _APPEND.format(schema=models.schema), *(list(column) for column in columns)
    )


async def remove(models: Models, stream: Stream, versions: Sequence[int]) -> None:
    """Take away what these events said: they have been erased."""
    await models.connection.execute(
        f"DELETE FROM {models.schema}.timeline"  # noqa: S608
        " WHERE context = $1 AND subject = $2 AND version = ANY($3::int[])",
        stream.context, stream.subject, list(versions),
    )  # fmt: skip


def happening(one: Received) -> Happening:
    """The row of an event."""
    record = one.record
    return Happening(
        context=record.context,
        subject=record.subject,
        version=record.version,
        id=_plain(record.id),
        type=record.type,
        effective_on=record.effective_on,
        recorded_at=record.recorded_at,
        actor=record.actor,
        store_position=record.position,
        facts=facts_of(record.data),
    )


async def page(
    models: Models,
    programme: str,
    township: str,
    *,
    on: date,
    known_at: datetime | None,
    after: Cursor,
    limit: int,
) -> list[Happening]:
    """The next happenings after a cursor, of days up to `on`, oldest record first."""
    found = await models.connection.fetch(
        _PAGE.format(schema=models.schema), programme, township, on, known_at, *after, limit
    )
    return [of_row(line) for line in found]


def of_row(line: Mapping[str, Any]) -> Happening:
    """A row of the table as it was appended."""
    values = dict(line) | {"id": _plain(line["id"]), "facts": orjson.loads(line["facts"])}
    return Happening(**values)


def _plain(id_: UUID) -> UUID:
    """asyncpg's own kind of UUID is one that orjson does not know."""
    return UUID(bytes=id_.bytes)


def _values(one: Received, township: str) -> tuple[Any, ...]:
    record = one.record
    return (
        record.context,
        record.subject,
        record.version,
        record.subject.partition("/")[0],
        township,
        record.id,
        record.type,
        record.effective_on,
        record.recorded_at,
        record.actor,
        record.position,
        to_text(facts_of(record.data)),
    )


def township_of(one: Received) -> str | None:
    """The township that an event is about; None for one about the whole programme."""
    match one.event:
        case TownshipEnrolled(township=township) | TownshipWithdrawn(township=township):
            return township
    if one.record.context in ("dossier", "case"):
        return one.record.subject.split("/")[1]
    return None


# Said by the row itself, or by the township's address.
_SAID = frozenset({"programme", "effective_on", "township", "township_name", "office", "case_id"})


def facts_of(data: bytes) -> dict[str, Any]:
    """The plain values of an event, and of its totals the sum; lists are left to the event."""
    value: dict[str, Any] = orjson.loads(data)
    facts = {
        name: fact
        for name, fact in value.items()
        if name not in _SAID and isinstance(fact, (str, int)) and fact != ""
    }
    totals = value.get("totals")
    if isinstance(totals, dict):
        facts |= {name: totals[name] for name in ("total_cp", "out_of_cp", "grade")}
    return facts
