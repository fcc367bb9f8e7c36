"""Events as the journal holds them, up to the position that the read models have folded."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.projection.asker import DEFINING, bodies, check_oversees
from services.projection.folding import SELECT, entry, received
from services.projection.follower import Entry
from services.projection.models.schema import Connection
from services.projection.reading import Journal, Seen
from shared.messaging.reactions import Received
from shared.store.command import Heard
from shared.web.auth import Principal

# "/" and "0" follow each other in bytes, by which subjects are compared: all below a programme.
_OF = "context = ANY($2) AND (subject = $3 OR (subject >= $3 || '/' AND subject < $3 || '0'))"
_TYPED = f"""
{SELECT} WHERE journal.position <= $1 AND {_OF} AND type = ANY($4) AND effective_on <= $5
  AND (recorded_at <= $6::timestamptz OR $6 IS NULL) ORDER BY journal.position
"""
_PAGE = f"""
{SELECT} WHERE journal.position <= $1 AND {_OF} AND journal.position > $4 AND effective_on <= $5
  AND (recorded_at <= $6::timestamptz OR $6 IS NULL)
  AND (recorded_at >= $7::timestamptz OR $7 IS NULL)
  AND (recorded_at < $8::timestamptz OR $8 IS NULL)
ORDER BY journal.position LIMIT $9
"""
_ONE = f"{SELECT} WHERE id = $1 AND journal.position <= $2"
_AT = f"""
{SELECT} WHERE context = $1 AND subject = $2 AND version = $3 AND journal.position <= $4
"""
_CONTEXTS = ("programme", "dossier", "case")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Which events count: of days up to `on`, recorded by `known_at`, and `since` till `before`."""

    on: date
    known_at: datetime | None = None
    since: datetime | None = None
    before: datetime | None = None


async def of_types(
    connection: Connection,
    position: int,
    programme: str,
    types: Collection[str],
    span: Span,
) -> list[Received]:
    """The events of these wire names in a programme, in the order of the journal."""
    contexts = sorted({name.split(".")[1] for name in types})
    rows = await connection.fetch(
        _TYPED, position, contexts, programme, list(types), span.on, span.known_at
    )
    return received([entry(row) for row in rows])


async def page(
    connection: Connection,
    position: int,
    programme: str,
    span: Span,
    *,
    after: int,
    limit: int | None,
) -> list[Entry]:
    """The next events of a programme behind a position of the journal; all where no limit is."""
    rows = await connection.fetch(
        _PAGE,
        position,
        list(_CONTEXTS),
        programme,
        after,
        span.on,
        span.known_at,
        span.since,
        span.before,
        limit,
    )
    return [entry(row) for row in rows]


async def event(connection: Connection, position: int, name: UUID | Heard) -> Entry | None:
    """The event of that id or address; None for one that was not folded yet, or never told here."""
    if isinstance(name, UUID):
        rows = await connection.fetch(_ONE, name, position)
    else:
        rows = await connection.fetch(_AT, name.context, name.subject, name.version, position)
    return entry(rows[0]) if rows else None


async def cut(connection: Connection, position: int) -> list[dict[str, str | int]] | None:
    """Up to where each partition had been read, exclusive; None while more is read than folded."""
    behind = await connection.fetch("SELECT 1 FROM journal WHERE position > $1 LIMIT 1", position)
    if behind:
        return None
    rows = await connection.fetch(
        "SELECT topic, partition, next_offset FROM fence ORDER BY topic, partition"
    )
    return [dict(row) for row in rows]


async def told(
    journal: Journal, seen: Seen, types: Collection[str], known_at: datetime | None = None
) -> list[Received]:
    """The events of these wire names that a picture was made from."""
    span = Span(on=seen.picture.on, known_at=known_at)
    async with journal.snapshot() as models:
        programme = seen.picture.programme.programme
        return await of_types(models.connection, seen.position, programme, types, span)


async def overseen_by(journal: Journal, seen: Seen, principal: Principal) -> None:
    """For the programme's own district, and auditors; else Refused("other-organisation")."""
    check_oversees(principal, bodies(seen.picture, await told(journal, seen, DEFINING)))
