"""What is known of evidence beside its bytes: who keeps it, what is on its way, who read it.

One content may be kept by several offices; each of them has a row of its own under its hash. What
was erased is remembered by its hash alone, and never taken again.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import orjson
from asyncpg.pool import PoolConnectionProxy

from shared.clock import civil_day
from shared.contracts.blocks import Document
from shared.contracts.refusals import Refused
from shared.store.pool import Pool

MOST_UPLOADS = 20
"""An office may have so many under way; each ends, finished or not, within a day."""
_LASTS = "interval '1 day'"


@dataclass(frozen=True, slots=True)
class Kept:
    """One content as one township keeps it."""

    sha256: str
    programme: str
    township: str
    name: str
    media_type: str
    bytes: int
    uploaded_by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way; `kept` is the hash under which it was kept, once it was."""

    id: str
    programme: str
    township: str
    organisation: str
    name: str
    media_type: str
    bytes: int
    opened_by: str
    sent: str | None = None
    kept: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A part that arrived."""

    number: int
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Erasure:
    """That a content had to go: by whom, why, on which paper."""

    sha256: str
    actor: str
    organisation: str
    reason: str
    document: Document
    at: datetime


@dataclass(frozen=True, slots=True)
class Reading:
    """That somebody was given a content, and on what grounds."""

    number: int
    actor: str
    organisation: str
    programme: str
    township: str
    grounds: str
    at: datetime


class Register:
    """The tables; raises Unavailable while they are away. What one method says holds at once."""

    def __init__(self, tables: "Pool | _One") -> None:
        self._tables = tables

    async def open(self, upload: Upload) -> Upload:
        """Begin an upload, or find the one of that id; Refused("evidence-uploads-many")."""
        await self._rows(
            "INSERT INTO evidence_upload"
            " (id, programme, township, organisation, name, media_type, bytes, opened_by)"
            " SELECT $1, $2, $3, $4, $5, $6, $7, $8 WHERE (SELECT count(*) FROM evidence_upload"
            " WHERE programme = $2 AND township = $3 AND kept IS NULL) < $9"
            " ON CONFLICT DO NOTHING",
            *(upload.id, upload.programme, upload.township, upload.organisation, upload.name),
            *(upload.media_type, upload.bytes, upload.opened_by, MOST_UPLOADS),
        )
        found = await self.upload(upload.id)
        if found is None:
            raise Refused("evidence-uploads-many", most=MOST_UPLOADS)
        return found

    async def upload(self, upload: str) -> Upload | None:
        rows = await self._rows(
            "SELECT id, programme, township, organisation, name, media_type, bytes, opened_by,"
            " sent, kept FROM evidence_upload WHERE id = $1",
            upload,
        )
        return Upload(*rows[0]) if rows else None

    async def parts(self, upload: str) -> list[Part]:
        """What arrived, by number."""
        rows = await self._rows(
            "SELECT number, sha256, bytes FROM evidence_part WHERE upload = $1 ORDER BY number",
            upload,
        )
        return [Part(*row) for row in rows]

    async def arrived(self, upload: str, part: Part) -> None:
        """Note a part; it takes the place of one that was sent under its number before."""
        await self._rows(
            "INSERT INTO evidence_part SELECT $1, $2, $3, $4"
            " WHERE EXISTS (SELECT FROM evidence_upload WHERE id = $1 AND kept IS NULL)"
            " ON CONFLICT (upload, number)"
            " DO UPDATE SET sha256 = excluded.sha256, bytes = excluded.bytes",
            *(upload, part.number, part.sha256, part.bytes),
        )

    async def finish(self, upload: str, sent: str, kept: str) -> None:
        """The upload is kept, and its parts are not needed any more."""
        await self._rows(
            "WITH done AS (UPDATE evidence_upload SET sent = $2, kept = $3 WHERE id = $1)"
            " DELETE FROM evidence_part WHERE upload = $1",
            *(upload, sent, kept),
        )

    async def drop(self, upload: str) -> None:
        """Give an upload up."""
        await self._rows("DELETE FROM evidence_upload WHERE id = $1 AND kept IS NULL", upload)

    async def expired(self, limit: int) -> list[str]:
        """Uploads that began more than a day ago, by the clock of the machine."""
        rows = await self._rows(
            f"SELECT id FROM evidence_upload WHERE opened_at < now() - {_LASTS} LIMIT $1",  # noqa: S608
            limit,
        )
        return [row[0] for row in rows]

    async def forget(self, upload: str) -> None:
        """Drop an expired upload, also one that was finished."""
        await self._rows("DELETE FROM evidence_upload WHERE id = $1", upload)

    async def keep(self, kept: Kept) -> Kept:
        """Note that a township keeps a content; one that it has keeps the name it has.

        The content is in the store already. Raises Refused("evidence-erased-before").
        """
        await self._rows(
            "INSERT INTO evidence SELECT $1, $2, $3, $4, $5, $6, $7, $8 WHERE NOT EXISTS"
            " (SELECT FROM evidence_erasure WHERE sha256 = $1) ON CONFLICT DO NOTHING",
            *(kept.sha256, kept.programme, kept.township, kept.name, kept.media_type),
            *(kept.bytes, kept.uploaded_by, kept.at),
        )
        await self.refuse_erased(kept.sha256)
        return await self.kept_by(kept.programme, kept.township, kept.sha256) or kept

    @asynccontextmanager
    async def alone(self, sha256: str) -> AsyncIterator["Register"]:
        """The same tables, while nobody else keeps or erases this content; all of it or nothing.

        Or a file could be put, or named, behind the back of whoever erases it.
        """
        async with self._tables.connection() as connection, connection.transaction():
            await connection.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended('evidence/' || $1, 0))", sha256
            )
            yield Register(_One(connection))

    async def any_kept(self) -> bool:
        """Whether anything was ever kept: then the store cannot be new."""
        rows = await self._rows("SELECT EXISTS (SELECT FROM evidence)")
        return bool(rows[0][0])

    async def kept_by(self, programme: str, township: str, sha256: str) -> Kept | None:
        """A content as this township keeps it, or kept it until it was erased."""
        kept = await self.kept(sha256)
        mine = (one for one in kept if (one.programme, one.township) == (programme, township))
        return next(mine, None)

    async def kept(self, sha256: str) -> list[Kept]:
        """By whom a content is kept, or was until it was erased."""
        rows = await self._rows(f"{_KEPT} WHERE sha256 = $1 ORDER BY programme, township", sha256)
        return [Kept(*row) for row in rows]

    async def of(self, programme: str, township: str, after: str, limit: int) -> list[Kept]:
        """What a township keeps and is not erased, by hash."""
        rows = await self._rows(
            f"{_KEPT} AS one WHERE programme = $1 AND township = $2 AND sha256 > $3 AND NOT EXISTS"
            " (SELECT FROM evidence_erasure WHERE sha256 = one.sha256) ORDER BY sha256 LIMIT $4",
            *(programme, township, after, limit),
        )
        return [Kept(*row) for row in rows]

    async def record(
        self, kept: Kept, actor: str, organisation: str, grounds: str, at: datetime
    ) -> None:
        """Note that somebody is about to be given a content."""
        await self._rows(
            "INSERT INTO evidence_read"
            " (sha256, programme, township, actor, organisation, grounds, at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7)",
            *(kept.sha256, kept.programme, kept.township, actor, organisation, grounds, at),
        )

    async def readings(self, sha256: str, after: int, limit: int) -> list[Reading]:
        rows = await self._rows(
            "SELECT number, actor, organisation, programme, township, grounds, at"
            " FROM evidence_read WHERE sha256 = $1 AND number > $2 ORDER BY number LIMIT $3",
            *(sha256, after, limit),
        )
        return [Reading(*row) for row in rows]

    async def erasure(self, sha256: str) -> Erasure | None:
        rows = await self._rows(
            "SELECT actor, organisation, reason, document, at FROM evidence_erasure"
            " WHERE sha256 = $1",
            sha256,
        )
        if not rows:
            return None
        by, organisation, reason, document, at = rows[0]
        return Erasure(
            sha256=sha256,
            actor=by,
            organisation=organisation,
            reason=reason,
            document=Document(**orjson.loads(document)),
            at=at,
        )

    async def refuse_erased(self, sha256: str) -> None:
        """Refused("evidence-erased-before") where a content had to go; it never comes back."""
        if (erasure := await self.erasure(sha256)) is not None:
            raise Refused("evidence-erased-before", erased_on=civil_day(erasure.at), sha256=sha256)

    async def erase(self, erasure: Erasure) -> None:
        """Put the tombstone, and take the names that it had; again it changes nothing."""
        await self._rows(
            "WITH stone AS (INSERT INTO evidence_erasure"
            " (sha256, actor, organisation, reason, document, at)"
            " VALUES ($1, $2, $3, $4, $5::jsonb, $6) ON CONFLICT DO NOTHING)"
            " UPDATE evidence SET name = '' WHERE sha256 = $1",
            *(erasure.sha256, erasure.actor, erasure.organisation, erasure.reason),
            *(orjson.dumps(erasure.document).decode(), erasure.at),
        )

    async def to_delete(self) -> list[str]:
        """What has its tombstone, and may lie in the store still."""
        rows = await self._rows(
            "SELECT sha256 FROM evidence_erasure WHERE sha256 NOT IN"
            " (SELECT sha256 FROM evidence_gone)"
        )
        return [row[0] for row in rows]

    async def gone(self, sha256: str) -> None:
        """The store has it no more."""
        await self._rows("INSERT INTO evidence_gone VALUES ($1) ON CONFLICT DO NOTHING", sha256)

    async def _rows(self, statement: str, *arguments: object) -> Sequence[Any]:
        async with self._tables.connection() as connection:
            return await connection.fetch(statement, *arguments)


class _One:
    """A connection that is held already; a second one could be waited for in vain."""

    def __init__(self, connection: "PoolConnectionProxy[asyncpg.Record]") -> None:
        self._connection = connection

    @asynccontextmanager
    async def connection(self) -> AsyncIterator["PoolConnectionProxy[asyncpg.Record]"]:
        yield self._connection


_KEPT = "SELECT sha256, programme, township, name, media_type, bytes, uploaded_by, at FROM evidence"
