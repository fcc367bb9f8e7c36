"""A journal that a test fills, and versions of the read models folded from it."""

from collections.abc import Sequence

import asyncpg

from services.projection import lifecycle
from services.projection.building import Built, rebuild
from services.projection.comparing import compare
from services.projection.folding import Fold
from shared.messaging.reactions import Received
from shared.store.sql import event_arrays, insert_events

INSERT = insert_events("journal", 1, {"store_position": "bigint"})


async def journaled(connection: asyncpg.Connection, received: Sequence[Received]) -> int:
    """The journal with these events behind what it holds; its end."""
    begin: int = await connection.fetchval("SELECT coalesce(max(position), 0) FROM journal")
    records = [one.record for one in received]
    columns = event_arrays(records)
    columns[0] = list(range(begin + 1, begin + 1 + len(records)))
    await connection.execute(INSERT, *columns, [record.position for record in records])
    return begin + len(records)


async def folded(
    connection: asyncpg.Connection, version: int = 1, *, until: int, limit: int = 1000
) -> None:
    """As its image's process folds it."""
    fold = Fold(connection, version, limit=limit)
    await fold.remember()
    while fold.position < until:
        await fold.step()


async def built(database: str) -> Built:
    return await rebuild(database, "o7", lambda step, done, total: None)


async def differing(database: str, old: int, new: int) -> dict[str, int]:
    """How many rows differ, by table."""
    found: dict[str, int] = (await compare(database, old, new, 10))["by_table"]
    return found


async def pointed(connection: asyncpg.Connection) -> int:
    found: int = await connection.fetchval("SELECT version FROM pointer")
    return found


__all__ = ["built", "differing", "folded", "journaled", "lifecycle", "pointed"]
