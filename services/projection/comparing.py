"""Two versions compared and accounted for, as an operator is told of it."""

from typing import Any

import asyncpg

from services.projection.accounting import Accounted, Reason, account
from services.projection.differing import MISSING, both, differences, written
from services.projection.versions import Version, versions
from shared.contracts.refusals import Refused


async def compare(database: str, old: int, new: int, limit: int) -> dict[str, Any]:
    """All differences counted by table, and the first `limit` of them told with their reasons.

    Raises Refused("read-models-unknown").
    """
    sides = await _sides(database, old, new)
    told: list[dict[str, Any]] = []
    counts: dict[str, int] = {}
    async with both(database, old, new) as (before, after):
        async for one in differences(before, after):
            counts[one.table] = counts.get(one.table, 0) + 1
            if len(told) < limit:
                # Asked at once: what is kept of a difference is small, a row may not be.
                told.append(_json(await account(before.connection, one, *sides)))
    return {
        "old": {"version": old, "folds": sides[0].folds, "position": before.position},
        "new": {"version": new, "folds": sides[1].folds, "position": after.position},
        "differences": sum(counts.values()),
        "by_table": counts,
        "told": told,
    }


async def _sides(database: str, *wanted: int) -> list[Version]:
    connection = await asyncpg.connect(database, timeout=5)
    try:
        found = {one.version: one for one in await versions(connection)}
    finally:
        connection.terminate()
    for version in wanted:
        if version not in found:
            raise Refused("read-models-unknown", version=version)
    return [found[version] for version in wanted]


def _json(one: Accounted) -> dict[str, Any]:
    return {
        "table": one.difference.table,
        "key": dict(one.difference.key),
        "why": [_reason(reason) for reason in one.reasons],
        "changes": [
            {
                "path": written(change.path),
                **{
                    name: value
                    for name, value in (("old", change.old), ("new", change.new))
                    if value is not MISSING
                },
                "why": _reason(reason),
            }
            for change, reason in one.changes
        ],
    }


def _reason(reason: Reason) -> dict[str, Any]:
    said: dict[str, Any] = {"zh": reason.zh, "en": reason.en}
    if reason.event is not None:
        record = reason.event.record
        said["event"] = {
            "address": f"{record.context}/{record.subject}@{record.version}",
            "type": record.type,
            "effective_on": record.effective_on.isoformat(),
            "href": f"/v1/events/{record.id}",
        }
    return said
