"""How the versions of the read models stand: what operators see before and after each act."""

from typing import Any

import asyncpg

from services.projection.feeding import folds_of
from services.projection.lifecycle import processes
from services.projection.models import schema
from services.projection.models.schema import schema_of
from services.projection.versions import LOCKS, answering, seen_version, versions

_FOLDERS = """
SELECT objid::bigint AS version, application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND granted AND classid = $1::int AND objid > 0 AND objsubid = 2
  AND datname = current_database()
"""
_TABLES = """
SELECT relname, pg_total_relation_size(pg_class.oid) AS bytes FROM pg_class
JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE nspname = $1 AND relkind = 'r'
ORDER BY relname
"""
_ACTS = """
SELECT act, version, seen_before, seen_after, position, actor, done_at FROM version_act
ORDER BY id DESC LIMIT 20
"""
_LEFT_OVER = """
SELECT nspname FROM pg_namespace WHERE nspname ~ '^progress_v[0-9]+$'
  AND substring(nspname FROM 11)::int NOT IN (SELECT version FROM folded)
"""


async def standing(connection: asyncpg.Connection) -> dict[str, Any]:
    """Everything at one moment: versions, rows, lag, size, who folds, what was done."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        seen = await seen_version(connection)
        found = await versions(connection)
        journal = await connection.fetchval("SELECT coalesce(max(position), 0) FROM journal")
        folders = {
            row["version"]: row["application_name"]
            for row in await connection.fetch(_FOLDERS, LOCKS)
        }
        answered: dict[int, list[int]] = {}
        for folds in sorted({one.folds for one in found}):
            if version := answering(found, seen, folds):
                answered.setdefault(version.version, []).append(folds)
        lines = []
        for one in found:
            name = schema_of(one.version)
            tables = await connection.fetch(_TABLES, name)
            rows = {
                table["relname"]: await connection.fetchval(
                    f"SELECT count(*) FROM {name}.{table['relname']}"  # noqa: S608
                )
                for table in tables
            }
            lines.append(
                {
                    "version": one.version,
                    "folds": one.folds,
                    "position": one.position,
                    "lag": journal - one.position,
                    "seen": one.version == seen,
                    "answers_images_of_folds": answered.get(one.version, []),
                    "began_at": one.began_at,
                    "built_at": one.built_at,
                    "folded_by": folders.get(one.version),
                    "rows": rows,
                    "bytes": sum(table["bytes"] for table in tables),
                }
            )
        names = await processes(connection)
        acts = [dict(row) for row in await connection.fetch(_ACTS)]
        left_over = [row[0] for row in await connection.fetch(_LEFT_OVER)]
    return {
        "journal": journal,
        "seen": seen,
        "image_folds": schema.FOLDS,
        "versions": lines,
        "half_dropped": left_over,
        "processes": sorted(
            {(name.rpartition("@")[2], folds_of(name)) for name in names if "-reader/" in name}
        ),
        "acts": acts,
    }
