"""Putting a backup back: checked whole before anything is touched, never over what is there."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg

from deploy.backups import evidence
from deploy.backups.manifest import Dump, Manifest, Unsound, check, check_object, objects_of
from deploy.backups.taking import counted
from deploy.backups.tools import environment, run, tool
from deploy.cli.services import Service, apply
from shared.progress import Progress
from shared.store.session import leased

_SCHEMAS = "SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema$)'"
_ASIDE = "replaced_"


async def verify(directory: Path, told: Progress) -> Manifest:
    """Hold every file against the manifest, and ask pg_restore whether it can read the dumps."""
    manifest = Manifest.read(directory)
    for done, (service, dump) in enumerate(manifest.databases.items(), start=1):
        await asyncio.to_thread(check, directory, manifest, service)
        program = await tool("pg_restore", int(dump.server.split(".")[0]))
        await run(program, {}, "--list", str(directory / dump.file))
        told("databases", done, len(manifest.databases))
    if manifest.evidence is not None:
        objects = objects_of(directory, manifest.evidence)
        for done, (name, (size, digest)) in enumerate(objects.items(), start=1):
            await asyncio.to_thread(check_object, directory, name, size, digest)
            told("evidence", done, len(objects))
    return manifest


async def restore(
    directory: Path,
    databases: Mapping[Service, str],
    store: evidence.Store | None,
    told: Progress,
    *,
    replace: bool = False,
) -> tuple[Manifest, list[str], int]:
    """Put these databases and the evidence back.

    Answers the manifest, what a person still has to do, and how many objects of evidence were put.
    Raises Unsound before anything is touched where the backup is damaged or a database holds
    something (unless `replace`), and LeaseHeld where a process of a service writes.
    """
    manifest = await verify(directory, told)
    for service in databases:
        if service not in manifest.databases:
            raise Unsound(f"备份中没有 {service}", f"the backup has no {service}")
    if not replace:
        for service, dsn in databases.items():
            await _empty(service, dsn)
    left: list[str] = []
    async with AsyncExitStack() as held:
        for service, dsn in databases.items():
            await held.enter_async_context(leased(dsn, f"fuyan-{service}-restore"))
        for done, (service, dsn) in enumerate(databases.items()):
            told("restore", done, len(databases))
            dump = manifest.databases[service]
            await _put_back(directory / dump.file, service, dsn, dump)
            left += await _hand_over(service, dsn, dump.roles)
        told("restore", len(databases), len(databases))
    put = 0
    if store is not None and manifest.evidence is not None:
        put = await evidence.copy_in(store, directory, manifest.evidence, told)
    return manifest, left, put


async def _empty(service: Service, dsn: str) -> None:
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        rows = await counted(connection)
    finally:
        await connection.close()
    if rows:
        raise Unsound(
            f"{service} 的数据库不是空的：未作任何改动。请恢复到空库，或确认可以放弃后加 --replace",
            f"the database of {service} is not empty: nothing was changed. Restore into a new one,"
            " or add --replace once you know that what is there may go",
        )


async def _put_back(file: Path, service: Service, dsn: str, dump: Dump) -> None:
    """Into the database, with what was there moved aside until all is back and counted."""
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        program = await tool("pg_restore", connection.get_server_version().major)
        await _move_aside(connection)
        try:
            await run(
                program,
                environment(dsn),
                *("--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"),
                f"--dbname={environment(dsn)['PGDATABASE']}",
                str(file),
            )
            found = {name: n for name, n in (await counted(connection)).items() if _is_new(name)}
            if found != dump.rows:
                raise Unsound(
                    f"{service} 恢复后的行数与清单不符：已退回原状",
                    f"{service} does not have the rows of the manifest: all is as it was before",
                )
        except BaseException:
            await _move_back(connection)
            raise
        for schema in await _schemas(connection):
            if schema.startswith(_ASIDE):
                await connection.execute(f'DROP SCHEMA "{schema}" CASCADE')
    finally:
        await connection.close()


async def _schemas(connection: asyncpg.Connection) -> list[str]:
    return [row[0] for row in await connection.fetch(_SCHEMAS)]


async def _move_aside(connection: asyncpg.Connection) -> None:
    async with connection.transaction():
        for schema in await _schemas(connection):
            await connection.execute(f'ALTER SCHEMA "{schema}" RENAME TO "{_ASIDE}{schema}"')
        await connection.execute("CREATE SCHEMA public")
        # As PostgreSQL makes it: else the next backup would take it for one of ours.
        await connection.execute("ALTER SCHEMA public OWNER TO pg_database_owner")


async def _move_back(connection: asyncpg.Connection) -> None:
    async with connection.transaction():
        for schema in await _schemas(connection):
            if not schema.startswith(_ASIDE):
                await connection.execute(f'DROP SCHEMA "{schema}" CASCADE')
        for schema in await _schemas(connection):
            old = schema.removeprefix(_ASIDE)
            await connection.execute(f'ALTER SCHEMA "{schema}" RENAME TO "{old}"')


def _is_new(table: str) -> bool:
    return not table.startswith(_ASIDE)


async def _hand_over(service: Service, dsn: str, roles: Sequence[str]) -> list[str]:
    """Bring the database to this release, and give the service's role its rights again."""
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        there = [
            role
            for role in roles
            if await connection.fetchval("SELECT count(*) FROM pg_roles WHERE rolname = $1", role)
        ]
    finally:
        await connection.close()
    await apply(service, dsn, None)
    for role in there:
        await apply(service, dsn, role)
    return [
        f"CREATE ROLE {role}; fuyan migrate {service} --role {role}"
        for role in roles
        if role not in there
    ]
