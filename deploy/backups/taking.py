"""Taking a backup: four snapshots of which none is ahead of another, dumped, and the evidence."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg

from deploy.backups import evidence
from deploy.backups.manifest import Dump, Manifest, Unsound, sha256_of
from deploy.backups.tools import environment, run, tool
from deploy.cli.services import Service
from shared.progress import Progress

FOLLOWED = {
    Service.projection: ("programme", "dossier", "case"),
    Service.notification: ("programme", "dossier", "case"),
    Service.submission: ("programme", "case"),
    Service.review: ("dossier",),
}
WRITES = {
    "programme": Service.review,
    "case": Service.review,
    "dossier": Service.submission,
}
# A follower hears of an event milliseconds after it was committed, snapshots lie closer together.
ATTEMPTS = 50
_TABLES = (
    "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
    " WHERE schemaname !~ '^(pg_|information_schema$)' ORDER BY 1"
)
_ROLES = (
    "SELECT DISTINCT grantee FROM information_schema.role_table_grants JOIN pg_tables"
    " ON tablename = table_name AND schemaname = table_schema"
    " WHERE table_name IN ('log', 'journal') AND privilege_type = 'INSERT'"
    " AND grantee <> tableowner AND grantee <> 'PUBLIC'"
)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A moment of a database, which pg_dump can see too while the connection lives."""

    connection: asyncpg.Connection
    name: str


async def take(
    directory: Path,
    databases: Mapping[Service, str],
    installation: str,
    store: evidence.Store | None,
    told: Progress,
) -> Manifest:
    """Write a backup into an empty directory; raises Unsound where that cannot be done."""
    _empty(directory)
    async with AsyncExitStack() as open_ones:
        connections = {}
        for service, dsn in databases.items():
            connections[service] = await asyncpg.connect(dsn, timeout=10)
            open_ones.push_async_callback(connections[service].close, timeout=5)
        snapshots = await _together(connections)
        dumps = {}
        for done, (service, dsn) in enumerate(databases.items()):
            told("databases", done, len(databases))
            dumps[str(service)] = await _dump(directory, service, dsn, snapshots[service])
        told("databases", len(databases), len(databases))
        named = await evidence.named(snapshots[Service.submission].connection)
    # After submission's database: what that names was there before it was named.
    kept = None if store is None else await evidence.copy_out(store, directory, named, told)
    manifest = Manifest(
        taken_at=datetime.now(UTC).isoformat(),
        installation=installation,
        databases=dumps,
        evidence=kept,
    )
    manifest.write(directory)
    return manifest


def _empty(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    if any(directory.iterdir()):
        raise Unsound(
            f"{directory} 不是空目录：请换一个目录，已有备份不会被覆盖",
            f"{directory} is not empty: name another one, no backup is written over",
        )


async def _together(
    connections: Mapping[Service, asyncpg.Connection],
) -> dict[Service, Snapshot]:
    """Snapshots in which no service has followed what another has not yet written.

    Else, with Kafka lost as well, the writer would write something else where its follower has
    been already. They are taken at one moment, looked at, and taken again where that was no moment.
    """
    for _ in range(ATTEMPTS):
        names = await asyncio.gather(*(_begin(one) for one in connections.values()))
        found = {
            service: Snapshot(connection, name)
            for (service, connection), name in zip(connections.items(), names, strict=True)
        }
        if not await _ahead(found):
            return found
        await asyncio.gather(*(one.execute("ROLLBACK") for one in connections.values()))
    raise Unsound(
        "各库总有一个领先于另一个，未能取得一致的快照：请稍后再试",
        "one database was always ahead of another: try again when less is going on",
    )


async def _begin(connection: asyncpg.Connection) -> str:
    await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    return str(await connection.fetchval("SELECT pg_export_snapshot()"))


async def _ahead(snapshots: Mapping[Service, Snapshot]) -> bool:
    written: dict[tuple[str, str], int] = {}
    for service in dict.fromkeys(WRITES.values()):
        rows = await snapshots[service].connection.fetch(
            "SELECT context, subject, max(version) FROM log GROUP BY context, subject"
        )
        written |= {(row[0], row[1]): row[2] for row in rows}
    for service, contexts in FOLLOWED.items():
        heads = await snapshots[service].connection.fetch(
            "SELECT context, subject, version FROM head WHERE context = ANY($1)", list(contexts)
        )
        if any(version > written.get((c, s), 0) for c, s, version in heads):
            return True
    return False


async def _dump(directory: Path, service: Service, dsn: str, snapshot: Snapshot) -> Dump:
    connection = snapshot.connection
    server = connection.get_server_version()
    file = f"{service}.dump"
    program = await tool("pg_dump", server.major)
    await run(
        program,
        environment(dsn),
        "--format=custom",
        f"--snapshot={snapshot.name}",
        f"--file={directory / file}",
    )
    path = directory / file
    return Dump(
        file=file,
        bytes=path.stat().st_size,
        sha256=await asyncio.to_thread(sha256_of, path),
        last=await connection.fetchval(
            f"SELECT coalesce(max(position), 0) FROM {log_of(service)}"  # noqa: S608
        ),
        rows=await counted(connection),
        migration=await connection.fetchval("SELECT version_num FROM alembic_version"),
        server=f"{server.major}.{server.minor}",
        roles=tuple(row[0] for row in await connection.fetch(_ROLES)),
        tree_head=await _tree_head(connection, service),
    )


def log_of(service: Service) -> str:
    """The table of a service that counts its positions."""
    return "journal" if service is Service.projection else "log"


async def counted(connection: asyncpg.Connection) -> dict[str, int]:
    """Rows of every table."""
    return {
        name: await connection.fetchval(f"SELECT count(*) FROM {name}")  # noqa: S608
        for (name,) in await connection.fetch(_TABLES)
    }


async def _tree_head(connection: asyncpg.Connection, service: Service) -> dict[str, Any] | None:
    if service is Service.projection:
        return None
    row = await connection.fetchrow(
        "SELECT size, root, signed_at FROM tree_head ORDER BY size DESC LIMIT 1"
    )
    if row is None:
        return None
    return {"size": row[0], "root": row[1].hex(), "signed_at": row[2].isoformat()}
