"""Where bulletins lie: drafts in a table, signed papers beside it, and what of them was issued.

That a bulletin was issued is read from the log, where its id was claimed by the command.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import TypeAlias, cast
from uuid import UUID

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from pydantic import TypeAdapter

from services.notification.bulletin import Draft, Text
from shared.contracts.notice import BulletinIssued
from shared.contracts.refusals import Refused
from shared.contracts.registry import decode
from shared.events.envelope import Record
from shared.store.log import Log
from shared.store.pool import Pool
from shared.store.schema import COLUMNS

ISSUED, CORRECTED, NUMBERED = "bulletin", "bulletin-correction", "document-number"
"""What issuing claims: the bulletin, the one that it corrects, and its document number."""

_DRAFT = TypeAdapter(Draft)
_TEXT = TypeAdapter(Text)
BULLETIN_ISSUED = "fuyan.notice.bulletin-issued.v1"
# The event that a claim stands for is the first one of the command that made it.
_CLAIMED = (
    "LEFT JOIN LATERAL (SELECT log.data FROM claim JOIN command ON command.key = claim.command"
    " JOIN log ON log.position = command.first"
    " WHERE claim.kind = '{kind}' AND claim.value = bulletin.id::text) {name} ON true"
)
_SELECT = " ".join(
    (
        "SELECT bulletin.*, issued.data AS issued, correction.data AS correction FROM bulletin",
        _CLAIMED.format(kind=ISSUED, name="issued"),
        _CLAIMED.format(kind=CORRECTED, name="correction"),
    )
)
# "/" and "0" follow each other in bytes, by which subjects are compared.
_STREAMS = (
    "context = 'notice' AND version = 1"
    " AND subject > $1 || '/bulletin/' AND subject < $1 || '/bulletin0'"
)

Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"


@dataclass(frozen=True, slots=True)
class Bulletin:
    """A bulletin with all that became of it; `number` is its place among all that were drafted."""

    number: int
    draft: Draft
    issued: BulletinIssued | None
    correction: BulletinIssued | None
    drafted_by: str
    drafted_at: datetime
    edited_by: str | None
    edited_at: datetime | None

    @property
    def corrected_by(self) -> str | None:
        return None if self.correction is None else self.correction.bulletin_id

    @property
    def version(self) -> int:
        """Of what is read here: being issued and being corrected change it, too."""
        return self.draft.version + bool(self.issued) + bool(self.correction)


class Bulletins:
    """The tables; raises Unavailable while the database is away."""

    def __init__(self, tables: Pool) -> None:
        self._tables = tables

    async def begin(self, draft: Draft, fingerprint: bytes, *, actor: str, at: datetime) -> None:
        """Keep a draft; the same command again changes nothing.

        Raises Refused("idempotency-key-reused") where its key drafted another.
        """
        async with self._tables.connection() as connection:
            await connection.execute(
                "INSERT INTO bulletin (id, programme, draft, fingerprint, drafted_by, drafted_at)"
                " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
                *(UUID(draft.bulletin_id), draft.programme, _DRAFT.dump_json(draft).decode()),
                *(fingerprint, actor, at),
            )
            kept = await connection.fetchval(
                "SELECT fingerprint FROM bulletin WHERE id = $1", UUID(draft.bulletin_id)
            )
        if kept != fingerprint:
            raise Refused("idempotency-key-reused")

    async def known(self, bulletin_id: UUID | str) -> Bulletin:
        """What was issued says what was signed; Refused("bulletin-unknown")."""
        async with self._tables.connection() as connection:
            return await _known(connection, UUID(str(bulletin_id)))

    async def several(
        self, programme: str, *, after: int | None, limit: int, drafts: bool, internal: bool
    ) -> Sequence[Bulletin]:
        """The newest first; without `drafts` only issued ones, without `internal` only public."""
        async with self._tables.connection() as connection:
            rows = await connection.fetch(
                f"{_SELECT} WHERE programme = $1 AND ($2::bigint IS NULL OR number < $2)"
                " AND ($4 OR issued.data IS NOT NULL)"
                " AND ($5 OR bulletin.draft::jsonb ->> 'publicity' = 'public')"
                " ORDER BY number DESC LIMIT $3",
                *(programme, after, limit, drafts, internal),
            )
        return [_bulletin(row) for row in rows]

    @asynccontextmanager
    async def held(self, bulletin_id: UUID) -> AsyncIterator[tuple[Bulletin, Connection]]:
        """A bulletin that nobody else edits or issues until the block ends."""
        async with self._tables.connection() as connection, connection.transaction():
            # A statement of its own: one that waits for the lock still sees what was before it.
            await connection.execute("SELECT FROM bulletin WHERE id = $1 FOR UPDATE", bulletin_id)
            yield await _known(connection, bulletin_id), connection

    async def rewrite(
        self, connection: Connection, draft: Draft, *, actor: str, at: datetime
    ) -> None:
        """Replace a draft that is held."""
        await connection.execute(
            "UPDATE bulletin SET draft = $2, edited_by = $3, edited_at = $4 WHERE id = $1",
            *(UUID(draft.bulletin_id), _DRAFT.dump_json(draft).decode(), actor, at),
        )

    async def keep(self, text: Text, docx: bytes) -> str:
        """Keep a paper before it is signed, so that nothing signed is ever without; its SHA-256."""
        name = sha256(docx).hexdigest()
        async with self._tables.connection() as connection:
            await connection.execute(
                "INSERT INTO bulletin_paper VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                *(name, _TEXT.dump_json(text).decode(), docx),
            )
        return name

    async def paper(self, issued: BulletinIssued) -> bytes:
        """The very bytes that were signed."""
        async with self._tables.connection() as connection:
            found = await connection.fetchval(
                "SELECT docx FROM bulletin_paper WHERE sha256 = $1", issued.docx_sha256
            )
        return cast(bytes, found)


async def next_number(log: Log, programme: str) -> int:
    """The issue number behind the last one that was taken."""
    ((count,),) = await log.rows(f"SELECT count(*) FROM log WHERE {_STREAMS}", programme)  # noqa: S608
    return int(count) + 1


async def causes(log: Log, programme: str, ids: Sequence[UUID]) -> dict[UUID, Record]:
    """The events that notices are about: of other services, or bulletins of this one."""
    found = await log.heard(ids)
    if left := [id_ for id_ in ids if id_ not in found]:
        rows = await log.rows(
            f"SELECT {', '.join(COLUMNS)} FROM log WHERE {_STREAMS} AND id = ANY($2)",  # noqa: S608
            *(programme, left),
        )
        found |= {row["id"]: Record(*row) for row in rows}
    return found


async def _known(connection: Connection, bulletin_id: UUID) -> Bulletin:
    row = await connection.fetchrow(f"{_SELECT} WHERE bulletin.id = $1", bulletin_id)
    if row is None:
        raise Refused("bulletin-unknown", bulletin_id=str(bulletin_id))
    found = _bulletin(row)
    if found.issued is None:
        return found
    text = await connection.fetchval(
        "SELECT text FROM bulletin_paper WHERE sha256 = $1", found.issued.docx_sha256
    )
    return replace(found, draft=replace(found.draft, text=_TEXT.validate_json(text)))


def _bulletin(row: asyncpg.Record) -> Bulletin:
    return Bulletin(
        number=row["number"],
        draft=_DRAFT.validate_json(row["draft"]),
        issued=_event(row["issued"]),
        correction=_event(row["correction"]),
        drafted_by=row["drafted_by"],
        drafted_at=row["drafted_at"],
        edited_by=row["edited_by"],
        edited_at=row["edited_at"],
    )


def _event(data: bytes | None) -> BulletinIssued | None:
    return None if data is None else cast(BulletinIssued, decode(BULLETIN_ISSUED, data))
