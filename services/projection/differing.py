"""Two versions of the read models, row by row; and why a row of one differs from the other's.

Rows are matched by primary key and compared as JSON, by the database, which sends only those that
differ. Columns and tables that only one of the two has count as differences.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import orjson

from services.projection.models.schema import Models
from services.projection.versions import versions

# How long new events may wait in Kafka, so that both versions come to stand at the same one.
COMMON_S, STILL_S = 5.0, 1.0
LOOK_S = 0.01
FETCH = 500

_TABLES = """
SELECT table_name FROM information_schema.tables WHERE table_schema = $1 ORDER BY table_name
"""
_KEY = """
SELECT a.attname FROM pg_index i
JOIN unnest(i.indkey) WITH ORDINALITY AS k (attnum, place) ON true
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
WHERE i.indrelid = $1::text::regclass AND i.indisprimary ORDER BY k.place
"""


class Missing:
    """There is no such value, which is another thing than null."""

    def __repr__(self) -> str:
        return "—"


MISSING = Missing()


Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A place in a row, and what it holds in both versions."""

    path: Path
    old: object
    new: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A row that is not the same in both; None where one of them has no such row."""

    table: str
    key: Mapping[str, Any]
    old: Mapping[str, Any] | None
    new: Mapping[str, Any] | None
    changes: tuple[Change, ...]


@asynccontextmanager
async def both(database: str, old: int, new: int) -> AsyncIterator[tuple[Models, Models]]:
    """Both versions at one moment; at the same position, where both are being folded.

    For that the journal takes nothing in for a moment, which waits in Kafka; nobody is refused.
    """
    # Whoever is stopped in the midst of it, or waits behind others, must not keep the journal shut.
    limit = f"{COMMON_S:.0f}s"
    patience = {"lock_timeout": limit, "idle_in_transaction_session_timeout": limit}
    gate = await asyncpg.connect(database, server_settings=patience)
    try:
        connection = await asyncpg.connect(database)
        try:
            async with gate.transaction():
                await gate.execute("LOCK TABLE journal IN SHARE MODE")
                await _level(gate, old, new)
                snapshot = connection.transaction(isolation="repeatable_read", readonly=True)
                await snapshot.start()
                at = await _positions(connection, old, new)
            yield Models(connection, old, at[old]), Models(connection, new, at[new])
        finally:
            connection.terminate()
    finally:
        gate.terminate()


async def differences(old: Models, new: Models) -> AsyncIterator[Difference]:
    """Table by table in the order of their keys; both of one connection, as `both` opens it."""
    connection: Any = old.connection
    tables = [
        {row[0] for row in await connection.fetch(_TABLES, models.schema)} for models in (old, new)
    ]
    for table in sorted(tables[0] ^ tables[1]):
        yield _whole(table, there=table in tables[0])
    for table in sorted(tables[0] & tables[1]):
        keys = [
            [row[0] for row in await connection.fetch(_KEY, f"{models.schema}.{table}")]
            for models in (old, new)
        ]
        if keys[0] != keys[1]:
            yield _whole(table, there=True)
            continue
        async for row in connection.cursor(_joined(table, keys[0], old, new), prefetch=FETCH):
            before, after = (orjson.loads(text or "null") for text in row)
            if changes := tuple(changed(_side(before), _side(after))):
                key = {name: (before or after)[name] for name in keys[0]}
                yield Difference(table=table, key=key, old=before, new=after, changes=changes)


def changed(old: object, new: object, path: Path = ()) -> Iterator[Change]:
    """Where two JSON values differ, as deep as it goes."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted(old.keys() | new.keys()):
            yield from changed(old.get(name, MISSING), new.get(name, MISSING), (*path, name))
    elif isinstance(old, list) and isinstance(new, list):
        for at in range(max(len(old), len(new))):
            before, after = (side[at] if at < len(side) else MISSING for side in (old, new))
            yield from changed(before, after, (*path, at))
    elif old != new or type(old) is not type(new):
        yield Change(path, old, new)


def _side(row: object) -> object:
    return MISSING if row is None else row


def at_path(value: object, path: Path) -> object:
    """What a JSON value holds there; MISSING where nothing."""
    for step in path:
        match value, step:
            case dict(), str():
                value = value.get(step, MISSING)
            case list(), int():
                value = value[step] if step < len(value) else MISSING
            case _:
                return MISSING
    return value


def written(path: Path) -> str:
    """A place as a JSON path: `$.row.deficiencies[2].due_on`."""
    steps = (
        f"[{step}]"
        if isinstance(step, int)
        else f".{step}"
        if step.isidentifier()
        else f"[{orjson.dumps(step).decode()}]"
        for step in path
    )
    return "$" + "".join(steps)


def _joined(table: str, key: Sequence[str], old: Models, new: Models) -> str:
    columns = ", ".join(key)
    return (
        "SELECT row_to_json(a)::text, row_to_json(b)::text"  # noqa: S608
        f" FROM {old.schema}.{table} AS a FULL JOIN {new.schema}.{table} AS b USING ({columns})"
        " WHERE row_to_json(a)::text IS DISTINCT FROM row_to_json(b)::text"
        f" ORDER BY {columns}"
    )


def _whole(table: str, *, there: bool) -> Difference:
    """A table that only one of them has, or that has other keys."""
    change = Change((), table if there else MISSING, MISSING if there else table)
    return Difference(table=table, key={}, old=None, new=None, changes=(change,))


async def _level(gate: asyncpg.Connection, old: int, new: int) -> None:
    """Until both stand at the same position, or nobody has moved them for a while."""
    loop = asyncio.get_running_loop()
    begun = moved = loop.time()
    before = await _positions(gate, old, new)
    while len(set(before.values())) > 1 and loop.time() < min(begun + COMMON_S, moved + STILL_S):
        await asyncio.sleep(LOOK_S)
        now = await _positions(gate, old, new)
        if now != before:
            before, moved = now, loop.time()


async def _positions(connection: asyncpg.Connection, old: int, new: int) -> dict[int, int]:
    found = {one.version: one.position for one in await versions(connection)}
    return {version: found[version] for version in (old, new)}
