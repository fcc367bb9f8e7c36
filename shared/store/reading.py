"""Reading a log from beside its writer: whatever is committed, in the order of positions."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from shared.events.envelope import Record
from shared.store.pool import Pool
from shared.store.schema import COLUMNS
from shared.store.streams import Stream

_LIST = ", ".join(COLUMNS)


class Reader:
    """A small pool of connections; raises Unavailable while the database is away."""

    def __init__(self, database: str, service: str) -> None:
        self.service = service
        self._database = database
        self._readers = Pool(database, f"fuyan-{service}-reader", 4)

    async def subjects(
        self, context: str, *, prefix: str = "", after: str = "", limit: int = 100
    ) -> list[str]:
        """Subjects of own streams in bytewise order, a page at a time."""
        rows = await self.rows(
            "SELECT subject FROM log WHERE context = $1 AND version = 1 AND subject > $2"
            " AND starts_with(subject, $3) ORDER BY subject LIMIT $4",
            context, after, prefix, limit,
        )  # fmt: skip
        return [row[0] for row in rows]

    async def history(self, stream: Stream) -> list[Record]:
        """All events of an own stream, by version."""
        rows = await self.rows(
            f"SELECT {_LIST} FROM log WHERE context = $1 AND subject = $2 ORDER BY version",  # noqa: S608
            stream.context, stream.subject,
        )  # fmt: skip
        return [Record(*row) for row in rows]

    async def page(self, after: int, limit: int) -> list[Record]:
        """Events of the whole log behind a position, in its order."""
        rows = await self.rows(
            f"SELECT {_LIST} FROM log WHERE position > $1 ORDER BY position LIMIT $2",  # noqa: S608
            after, limit,
        )  # fmt: skip
        return [Record(*row) for row in rows]

    async def known(
        self, streams: Sequence[tuple[str, str, int]]
    ) -> dict[tuple[str, str, int], UUID]:
        """Ids of own events by (context, subject, version), for those that exist."""
        rows = await self.rows(
            "SELECT context, subject, version, id FROM log"
            " JOIN unnest($1::text[], $2::text[], $3::int[]) AS s(c, n, v)"
            " ON context = c AND subject = n AND version = v",
            [s[0] for s in streams], [s[1] for s in streams], [s[2] for s in streams],
        )  # fmt: skip
        return {(row[0], row[1], row[2]): row[3] for row in rows}

    async def heard(self, ids: Sequence[UUID]) -> dict[UUID, Record]:
        """Kept events of other services, by id."""
        rows = await self.rows(f"SELECT {_LIST} FROM heard WHERE id = ANY($1)", ids)  # noqa: S608
        return {row["id"]: Record(*row) for row in rows}

    async def rows(self, statement: str, *arguments: object) -> list[asyncpg.Record]:
        """What a statement of a room next door answers; it only reads."""
        async with self._readers.connection() as connection:
            return await connection.fetch(statement, *arguments)

    def close(self) -> None:
        """Drop the connections at once."""
        self._readers.close()
