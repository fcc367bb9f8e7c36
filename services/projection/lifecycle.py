"""What may be done with versions of the read models: begun, finished, promoted, gone back, dropped.

Each act is one transaction, made by the owner of the database, one after the other, and noted with
its actor. None lets anybody see less than before: see `handovers`.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import asyncpg

from services.projection.feeding import TAKEN, folds_of
from services.projection.models import schema
from services.projection.models import store as _  # noqa: F401 - all tables of a version
from services.projection.models.schema import metadata, schema_of
from services.projection.versions import (
    LOCKS,
    Version,
    answering,
    handovers,
    seen_version,
    versions,
)
from shared.contracts.refusals import Refused
from shared.crash import crash_point

# How long an act waits for a version to come up to the one it takes the place of: it holds that
# one's cursor meanwhile, and queries are answered from it as before.
LEVEL_S = 5.0
LOOK_S = 0.005
# Whoever had looked which version to read has read it by then: a statement may take half a minute.
READ_S = 40.0
LET_GO_S = 10.0

_NEXT = """
SELECT 1 + greatest((SELECT max(version) FROM folded), (SELECT max(version) FROM version_act),
  (SELECT max(substring(nspname FROM '^progress_v([0-9]+)$')::int) FROM pg_namespace))
"""
# Whoever may use the journal may use its read models.
_ROLES = """
SELECT DISTINCT quote_ident(pg_get_userbyid(grantee)) FROM pg_class, aclexplode(relacl)
WHERE pg_class.oid = 'journal'::regclass AND grantee <> relowner AND grantee <> 0
"""
_NOTE = """
INSERT INTO version_act (act, version, seen_before, seen_after, position, actor)
VALUES ($1, $2, $3, $4, $5, $6)
"""
_PROCESSES = """
SELECT DISTINCT application_name FROM pg_stat_activity
WHERE datname = current_database() AND application_name LIKE 'fuyan-projection-%'
"""
# Of every transaction in this database that runs now; a virtual id is never used again.
_RUNNING = """
SELECT virtualxid FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'virtualxid' AND granted AND datname = current_database()
  AND pid <> pg_backend_pid()
"""
_COLUMNS = """
SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = $1
"""


@asynccontextmanager
async def alone(connection: asyncpg.Connection) -> AsyncIterator[None]:
    """One act at a time; raises Refused("read-models-busy") while another one runs."""
    if not await connection.fetchval("SELECT pg_try_advisory_lock($1::int, 0)", LOCKS):
        raise Refused("read-models-busy")
    try:
        yield
    finally:
        if not connection.is_closed():
            await connection.execute("SELECT pg_advisory_unlock($1::int, 0)", LOCKS)


async def begin(connection: asyncpg.Connection, actor: str) -> int:
    """The next version, empty, by the tables of this image; answers its number."""
    async with alone(connection), connection.transaction():
        version: int = await connection.fetchval(_NEXT)
        name = schema_of(version)
        for statement in schema.definition(name):
            await connection.execute(statement)
        for (role,) in await connection.fetch(_ROLES):
            await connection.execute(f"GRANT USAGE ON SCHEMA {name} TO {role}")
            await connection.execute(
                f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {name} TO {role}"
            )
        await connection.execute(
            "INSERT INTO folded (version, position, folds, began_at) VALUES ($1, 0, $2, now())",
            version,
            schema.FOLDS,
        )
        await _note(connection, "begin", version, 0, actor)
    return version


async def finish(
    connection: asyncpg.Connection,
    version: int,
    actor: str,
    catch_up: Callable[[int], Awaitable[None]],
) -> int:
    """Let this image answer from a version, once `catch_up` has folded to where others stand.

    `connection` commits synchronously: with that, all that was folded is on the disk. Answers the
    position it stands at.
    """
    async with alone(connection), connection.transaction():
        found, seen = await versions(connection), await seen_version(connection)
        at = _known(found, version)
        then = [replace(one, built_at=one.began_at) if one is at else one for one in found]
        for old, _ in handovers(found, seen, then, seen):
            await catch_up(await _hold(connection, old))
        position: int = await connection.fetchval(
            "UPDATE folded SET built_at = now() WHERE version = $1 RETURNING position", version
        )
        await _note(connection, "build", version, position, actor)
    return position


async def promote(
    connection: asyncpg.Connection, version: int | None, actor: str
) -> tuple[int, int]:
    """Let queries see a version, by default the newest complete one: seen before, seen after.

    Raises Refused: `read-models-unknown`, `-not-built`, `-incomplete`, `-only-forward`,
    `-none-newer`, `-behind`, `-busy`.
    """
    async with alone(connection):
        found, seen = await versions(connection), await seen_version(connection)
        if version is None:
            newer = [one for one in found if one.version > seen and one.built_at is not None]
            if not newer:
                raise Refused("read-models-none-newer", version=seen)
            version = newer[-1].version
        target = _known(found, version)
        if version == seen:
            return seen, seen
        if version < seen:
            raise Refused("read-models-only-forward", version=version, seen=seen)
        if target.built_at is None:
            raise Refused("read-models-not-built", version=version)
        await _complete(connection, target)
        await _point(connection, "promote", found, seen, version, actor)
    return seen, version


async def rollback(connection: asyncpg.Connection, actor: str) -> tuple[int, int]:
    """Let queries see again what was promoted before: seen before, seen after.

    Raises Refused: `read-models-none-earlier`, `-behind`, `-busy`.
    """
    async with alone(connection):
        found, seen = await versions(connection), await seen_version(connection)
        there = {one.version for one in found if one.built_at is not None}
        acts = await connection.fetch(
            "SELECT seen_before FROM version_act WHERE act = 'promote' ORDER BY id DESC"
        )
        # Each promotion went forward, so what is below was seen before, the last one first.
        earlier = [row[0] for row in acts if row[0] < seen and row[0] in there]
        if not earlier:
            raise Refused("read-models-none-earlier", version=seen)
        await _point(connection, "rollback", found, seen, max(earlier), actor)
    return seen, max(earlier)


async def drop(connection: asyncpg.Connection, version: int, actor: str) -> None:
    """End a version that nobody is answered from; one that was half dropped goes wholly.

    Raises Refused: `read-models-unknown`, `-seen`, `-being-built`, `-in-use`, `-behind`, `-busy`.
    """
    async with alone(connection):
        found, seen = await versions(connection), await seen_version(connection)
        if version == seen:
            raise Refused("read-models-seen", version=version)
        left = [one for one in found if one.version != version]
        if left == found:
            if not await _exists(connection, version):
                raise Refused("read-models-unknown", version=version)
        else:
            await _forget(connection, _known(found, version), found, left, seen, actor)
        await _read_out(connection)
        await _let_go(connection, version)
        await connection.execute(f"DROP SCHEMA IF EXISTS {schema_of(version)} CASCADE")


async def processes(connection: asyncpg.Connection) -> list[str]:
    """The names of the running processes' connections: `feeding.process_name` made them."""
    return sorted(row[0] for row in await connection.fetch(_PROCESSES))


async def taken(connection: asyncpg.Connection, version: int) -> bool:
    """Whether some process folds a version now."""
    found: bool = await connection.fetchval(TAKEN, LOCKS, version)
    return found


async def _forget(
    connection: asyncpg.Connection,
    version: Version,
    found: Sequence[Version],
    left: Sequence[Version],
    seen: int,
    actor: str,
) -> None:
    if version.built_at is None and await taken(connection, version.version):
        raise Refused("read-models-being-built", version=version.version)
    running = {folds_of(name) for name in await processes(connection)}
    lost = answering(left, seen, version.folds) is None and version.built_at is not None
    if lost and version.folds in running:
        raise Refused("read-models-in-use", version=version.version, folds=version.folds)
    async with connection.transaction():
        await _level(connection, handovers(found, seen, left, seen))
        position = await connection.fetchval(
            "DELETE FROM folded WHERE version = $1 RETURNING position", version.version
        )
        await _note(connection, "drop", version.version, position, actor)


async def _read_out(connection: asyncpg.Connection) -> None:
    """Until every transaction that may have looked before the version was gone has ended."""
    old = {row[0] for row in await connection.fetch(_RUNNING)}
    await _until(lambda: _ended(connection, old), READ_S)


async def _let_go(connection: asyncpg.Connection, version: int) -> None:
    """Until nobody folds it: one who did finds its cursor gone within a second."""

    async def free() -> bool:
        return not await taken(connection, version)

    await _until(free, LET_GO_S)


async def _ended(connection: asyncpg.Connection, old: set[str]) -> bool:
    return old.isdisjoint(row[0] for row in await connection.fetch(_RUNNING))


async def _until(so: Callable[[], Awaitable[bool]], seconds: float) -> None:
    deadline = asyncio.get_running_loop().time() + seconds
    while not await so() and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(10 * LOOK_S)


async def _point(
    connection: asyncpg.Connection,
    act: str,
    found: Sequence[Version],
    seen: int,
    then: int,
    actor: str,
) -> None:
    async with connection.transaction():
        await _level(connection, handovers(found, seen, found, then))
        await connection.execute("UPDATE pointer SET version = $1", then)
        position = await connection.fetchval("SELECT position FROM folded WHERE version = $1", then)
        await connection.execute(_NOTE, act, then, seen, then, position, actor)
        crash_point("rebuild/promotion")


async def _level(connection: asyncpg.Connection, moves: Sequence[tuple[int, int]]) -> None:
    """Hold what is left behind until what takes its place stands as far.

    Raises Refused("read-models-behind") where that does not come about.
    """
    for old, new in moves:
        needed = await _hold(connection, old)
        deadline = asyncio.get_running_loop().time() + LEVEL_S
        while (position := await _position(connection, new)) < needed:
            if asyncio.get_running_loop().time() > deadline:
                raise Refused(
                    "read-models-behind", version=new, at=position, other=old, needed=needed
                )
            await asyncio.sleep(LOOK_S)


async def _hold(connection: asyncpg.Connection, version: int) -> int:
    """Where a version stands, and will stand until the end of this transaction."""
    position: int = await connection.fetchval(
        "SELECT position FROM folded WHERE version = $1 FOR UPDATE", version
    )
    return position


async def _position(connection: asyncpg.Connection, version: int) -> int:
    found: int = await connection.fetchval(
        "SELECT position FROM folded WHERE version = $1", version
    )
    return found


async def _complete(connection: asyncpg.Connection, version: Version) -> None:
    """Raises Refused where its schema lacks what this image's queries name."""
    there = {row[0] for row in await connection.fetch(_COLUMNS, schema_of(version.version))}
    wanted = {
        f"{table.name}.{column.name}" for table in metadata.sorted_tables for column in table.c
    }
    # What another image's queries name is its own to know; of its tables some must be there.
    missing = wanted - there if version.folds == schema.FOLDS else set() if there else wanted
    if missing:
        raise Refused("read-models-incomplete", version=version.version, missing=sorted(missing))


async def _exists(connection: asyncpg.Connection, version: int) -> bool:
    found = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)", schema_of(version)
    )
    return bool(found)


def _known(found: Sequence[Version], version: int) -> Version:
    for one in found:
        if one.version == version:
            return one
    raise Refused("read-models-unknown", version=version)


async def _note(
    connection: asyncpg.Connection, act: str, version: int, position: int, actor: str
) -> None:
    await connection.execute(_NOTE, act, version, None, None, position, actor)
