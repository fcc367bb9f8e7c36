"""Whether the live rows are what a fold of the whole journal comes to."""

import json
from typing import Any

import asyncpg

from services.projection.models.rows import Rows, fold
from services.projection.models.schema import to_text
from shared.contracts.registry import UnknownType, decode
from shared.events.envelope import Record
from shared.messaging.reactions import Received

TABLES = ("programme_progress", "dossier_progress", "case_progress")


async def differences(database: str) -> list[str]:
    """Each row that is live and not folded so, or folded and not live so."""
    connection = await asyncpg.connect(database)
    try:
        version = await connection.fetchval("SELECT version FROM pointer")
        live = [
            json.loads(row[0])
            for table in TABLES
            for row in await connection.fetch(f"SELECT row::text FROM progress_v{version}.{table}")
        ]
        journal = await connection.fetch(
            "SELECT * FROM journal WHERE position <= (SELECT position FROM folded"
            " WHERE version = $1) ORDER BY position",
            version,
        )
    finally:
        await connection.close()
    folded = [json.loads(to_text(row)) for row in _rows([_received(row) for row in journal])]
    return sorted(
        {f"{_name(row)} is live and not folded so" for row in live if row not in folded}
        | {f"{_name(row)} is folded and not live so" for row in folded if row not in live}
    )


def _received(row: asyncpg.Record) -> Received | None:
    values = {name: row[name] for name in Record._fields}
    record = Record(**values | {"position": row["store_position"]})
    try:
        return Received(record, decode(record.type, record.data))
    except UnknownType:
        return None


def _rows(received: list[Received | None]) -> list[Any]:
    by_programme: dict[str, list[Received]] = {}
    for one in received:
        if one is not None:
            by_programme.setdefault(one.record.subject.split("/")[0], []).append(one)
    rows: list[Any] = []
    for events in by_programme.values():
        folded = fold(Rows(), events)
        # A programme of which nothing is known has no row of its own.
        rows += [folded.programme] if folded.programme != Rows().programme else []
        rows += [*folded.dossiers.values(), *folded.cases.values()]
    return rows


def _name(row: dict[str, Any]) -> str:
    named = [str(row[name]) for name in ("programme", "township", "round") if row.get(name)]
    return "/".join(named) or str(row)[:60]
