"""Whether everything that is in the logs was published, followed by its readers, and folded."""

import asyncio
from collections.abc import Mapping
from datetime import date

import asyncpg

PATIENCE_S = 60
WRITERS = ("submission", "review", "notification")
FOLLOWED = {
    "submission": ("programme", "case"),
    "review": ("dossier",),
    "notification": ("programme", "dossier", "case"),
}


class NotSettled(Exception):
    """Something was parked, or the readers are still behind after a minute; says where."""


async def settled(databases: Mapping[str, str], on: date) -> None:
    """Return once nothing is on its way any more on a clock that stands at `on`.

    Raises NotSettled.
    """
    connections = {name: await asyncpg.connect(dsn) for name, dsn in databases.items()}
    last: list[str] = []
    before: dict[str, int] = {}
    try:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                counts, last = await _behind(connections, on)
                # Twice the same: an event that was answered meanwhile would show as one more.
                if not last and counts == before:
                    return
                before = counts
                await asyncio.sleep(0.1)
    except TimeoutError as error:
        raise NotSettled("; ".join(last)) from error
    finally:
        for connection in connections.values():
            await connection.close()


async def _behind(
    connections: Mapping[str, asyncpg.Connection], on: date
) -> tuple[dict[str, int], list[str]]:
    counts: dict[str, int] = {}
    late: list[str] = []
    for name in WRITERS:
        connection = connections[name]
        rows = await connection.fetch("SELECT context, count(*) FROM log GROUP BY context")
        counts |= {row[0]: row[1] for row in rows}
        last = await connection.fetchval("SELECT coalesce(max(position), 0) FROM log")
        sent = await connection.fetchval("SELECT coalesce(max(position), 0) FROM published")
        if sent < last:
            late.append(f"{name} has published {sent} of {last}")
    for name, contexts in FOLLOWED.items():
        rows = await connections[name].fetch("SELECT context, sum(version) FROM head GROUP BY 1")
        late += _missing(name, contexts, counts, {row[0]: row[1] for row in rows})
    # Until it has looked at what is overdue that day, it may yet have something to say.
    looked_on = await connections["notification"].fetchval('SELECT "on" FROM looked')
    if looked_on is None or looked_on < on:
        late.append(f"notification looked at what is overdue on {looked_on}, not yet on {on}")
    projection = connections["projection"]
    rows = await projection.fetch("SELECT context, count(*) FROM journal GROUP BY context")
    late += _missing("projection", FOLLOWED["notification"], counts, {r[0]: r[1] for r in rows})
    unfolded = await projection.fetchval(
        "SELECT (SELECT coalesce(max(position), 0) FROM journal) - position"
        " FROM folded JOIN pointer USING (version)"
    )
    if unfolded:
        late.append(f"projection has {unfolded} events to fold")
    for name, connection in connections.items():
        if parked := await connection.fetch("SELECT subject, version, reason FROM parked"):
            first = parked[0]
            raise NotSettled(f"{name} parked {first[0]}@{first[1]}: {first[2]}")
    return counts, late


def _missing(
    name: str, contexts: tuple[str, ...], counts: Mapping[str, int], seen: Mapping[str, int]
) -> list[str]:
    return [
        f"{name} has followed {seen.get(context, 0)} of {counts[context]} {context} events"
        for context in contexts
        if seen.get(context, 0) < counts.get(context, 0)
    ]
