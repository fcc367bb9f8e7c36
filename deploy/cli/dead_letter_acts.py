"""What is parked in a service's database, and the acts by which operators ask about it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from shared.store.session import LEASE, connect

POLL_S = 0.2

LINES = """
SELECT context, key, count(*) AS records, min(parked_at) AS since,
       (array_agg(reason ORDER BY seq))[1] AS reason,
       (array_agg(attempts ORDER BY seq))[1] AS attempts
  FROM parked GROUP BY context, key ORDER BY min(parked_at), context, key
"""
RECORDS = "SELECT * FROM parked WHERE context = $1 AND key = $2 ORDER BY seq"
ACTS = "SELECT * FROM dead_letter_act ORDER BY asked_at, id"
ASK = """
INSERT INTO dead_letter_act (id, act, context, key, seq, record, actor, reason, asked_at, done_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, clock_timestamp(),
        CASE WHEN $2 = 'show' THEN clock_timestamp() END)
"""
HOLDER = """
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1
   AND classid = 0 AND objid = $1::bigint::oid
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
HOW_FAR = "SELECT * FROM dead_letter_act WHERE id = ANY($1) ORDER BY asked_at, id"


@dataclass(frozen=True, slots=True)
class By:
    """Who asks (`<organisation>:<officer>`), and why; both stay on record."""

    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class Asked:
    """Acts as they stood last; `holder` is whether a process ran that carries them out."""

    acts: list[dict[str, Any]]
    holder: bool

    @property
    def done(self) -> bool:
        return all(act["done_at"] is not None for act in self.acts)


@asynccontextmanager
async def database(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of an operator; raises what asyncpg does where there is none."""
    connection = await connect(dsn, "fuyan-dead-letters")
    try:
        yield connection
    finally:
        await connection.close(timeout=5)


async def found(dsn: str, statement: str, *arguments: object) -> list[dict[str, Any]]:
    """The rows that a statement answers."""
    async with database(dsn) as connection:
        return [dict(row) for row in await connection.fetch(statement, *arguments)]


async def look(dsn: str, context: str, key: str, by: By) -> None:
    """Put on record that the content of a line is shown, before it is."""
    async with database(dsn) as connection:
        await connection.execute(
            ASK, uuid4(), "show", context, key, None, None, by.actor, by.reason
        )


async def redrive(dsn: str, keys: Sequence[tuple[str, str]], by: By) -> list[UUID]:
    """Ask for these lines, one act for each, all or none."""
    ids = [uuid4() for _ in keys]
    async with database(dsn) as connection, connection.transaction():
        for id_, (context, key) in zip(ids, keys, strict=True):
            await connection.execute(
                ASK, id_, "redrive", context, key, None, None, by.actor, by.reason
            )
    return ids


async def discard(dsn: str, context: str, key: str, seq: int, by: By) -> UUID | None:
    """Ask that the record at this place be given up; None where none stands there.

    A place is given again once its line was empty, so the act names the record too.
    """
    id_ = uuid4()
    async with database(dsn) as connection, connection.transaction():
        record = await connection.fetchval(
            "SELECT id FROM parked WHERE context = $1 AND key = $2 AND seq = $3", context, key, seq
        )
        if record is None:
            return None
        await connection.execute(
            ASK, id_, "discard", context, key, seq, record, by.actor, by.reason
        )
    return id_


async def wait(
    dsn: str, ids: Sequence[UUID], seconds: float, told: Callable[[Asked], None]
) -> Asked:
    """Until the acts are done, or nobody runs who could do them, or the time is up."""
    end = asyncio.get_running_loop().time() + seconds
    async with database(dsn) as connection:
        while True:
            asked = Asked(
                [dict(row) for row in await connection.fetch(HOW_FAR, list(ids))],
                bool(await connection.fetchval(HOLDER, LEASE)),
            )
            told(asked)
            if asked.done or not asked.holder or asyncio.get_running_loop().time() >= end:
                return asked
            await asyncio.sleep(POLL_S)
