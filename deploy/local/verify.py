"""Whether the product says what its logs say.

Reads the logs and the projection's journal by plain SQL, folds them with `replay`, and compares the
outcome with what the projection answers over HTTP.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

import asyncpg
import httpx

from deploy.local.replay import Campaign, Data, Row

WRITERS = ("submission", "review", "notification")
_READ = {
    "log": "SELECT * FROM log ORDER BY position",
    "journal": "SELECT * FROM journal ORDER BY position",
}
_SUMS = ("members", "achieved", "achieved_late", "missed")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the logs come to, and each place where something else was said."""

    result: dict[str, object]
    differences: list[str]


async def verify(
    databases: Mapping[str, str],
    projection: str,
    token: str,
    *,
    programme: str,
    on: date,
    kafka: str,
    topics: Mapping[str, int] | None = None,
) -> Verdict:
    """Compare logs, journal and answers of one programme at the end of `on`.

    `databases` are DSNs by service, `projection` its address, `kafka` the broker's name for the
    result, `topics` the events found on each topic, by context, where somebody has counted them.
    """
    logs = {name: await rows(databases[name], "log") for name in WRITERS}
    journal = await rows(databases["projection"], "journal")
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=projection, headers=headers, timeout=30) as client:
        progress = await _answer(client, f"/v1/progress/{programme}", on)
        targets = await _answer(client, f"/v1/targets/{programme}", on)
    return judge(
        logs,
        journal,
        progress["townships"],
        targets["targets"],
        programme=programme,
        on=on,
        kafka=kafka,
        topics=topics,
    )


def judge(
    logs: Mapping[str, Sequence[Row]],
    journal: Sequence[Row],
    progress: Iterable[Data],
    targets: Iterable[Data],
    *,
    programme: str,
    on: date,
    kafka: str,
    topics: Mapping[str, int] | None = None,
) -> Verdict:
    """The comparison itself, without asking anybody."""
    events = [row for found in logs.values() for row in found]
    record = Campaign.of(events, programme, on)
    stages = record.stages()
    sums = {code: record.count(target, on) for code, target in record.targets.items()}
    said = {str(one["code"]): {name: one[name] for name in _SUMS} for one in targets}
    counts = Counter(row.context for row in events)
    differences = [
        *(gap for name, found in logs.items() for gap in _gaps(f"{name} log", found)),
        *_gaps("journal", journal),
        *_compared("event", _events(events), _events(journal)),
        *_compared("topic", counts, topics if topics is not None else counts),
        *_compared("stage of", stages, {str(one["township"]): one["stage"] for one in progress}),
        *_compared("target", sums, said),
    ]
    result = {
        "programme": programme,
        "targets": sums,
        "townships": stages,
        "events": len(events),
        "kafka": kafka,
        "verified": not differences,
    }
    return Verdict(result, differences)


async def rows(dsn: str, table: str) -> list[Row]:
    """Every event of `log` or `journal`, by position."""
    connection = await asyncpg.connect(dsn)
    try:
        found = await connection.fetch(_READ[table])
    finally:
        await connection.close()
    return [
        Row(
            position=row["position"],
            context=row["context"],
            subject=row["subject"],
            version=row["version"],
            id=str(row["id"]),
            type=row["type"],
            effective_on=row["effective_on"],
            raw=row["data"],
        )
        for row in found
    ]


async def _answer(client: httpx.AsyncClient, path: str, on: date) -> Data:
    answer = await client.get(path, params={"as_of": on.isoformat()})
    answer.raise_for_status()
    body: Data = answer.json()
    return body


def _gaps(where: str, found: Sequence[Row]) -> list[str]:
    """Positions and versions that do not count 1, 2, 3 …, and days that contradict their data."""
    wrong = []
    heads: Counter[tuple[str, str]] = Counter()
    for expected, row in enumerate(found, start=1):
        event = f"{row.context}/{row.subject}@{row.version}"
        if row.position != expected:
            wrong.append(f"{where}: position {row.position} where {expected} was due ({event})")
        heads[row.context, row.subject] += 1
        if row.version != heads[row.context, row.subject]:
            due = heads[row.context, row.subject]
            wrong.append(f"{where}: {event} where version {due} was due")
        if row.data["effective_on"] != row.effective_on.isoformat():
            wrong.append(f"{where}: {event} is of {row.effective_on}, its data says otherwise")
    return wrong


def _events(found: Iterable[Row]) -> dict[str, str]:
    """By place in its stream: id, type, and the hash of its very bytes."""
    return {
        f"{row.context}/{row.subject}@{row.version}": (
            f"{row.id} ({row.type}, bytes {sha256(row.raw).hexdigest()[:16]})"
        )
        for row in found
    }


def _compared(what: str, own: Mapping[str, object], said: Mapping[str, object]) -> list[str]:
    """Every name on one side only or with another value there."""
    return [
        f"{what} {name}: {mine} by the logs, {theirs} elsewhere"
        for name in sorted(own.keys() | said.keys())
        if (mine := own.get(name, "nothing")) != (theirs := said.get(name, "nothing"))
    ]
