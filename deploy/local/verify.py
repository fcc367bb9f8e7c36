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

# The projection follows these; what was told to whom stays with the notification service.
JOURNALED = frozenset({"programme", "dossier", "case"})
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


@dataclass(frozen=True, slots=True)
class Said:
    """What the projection answers for the end of a day: its townships, and its targets."""

    townships: Sequence[Data]
    targets: Sequence[Data]


async def verify(
    databases: Mapping[str, str],
    projection: str,
    token: str,
    *,
    programme: str,
    on: date,
    kafka: str,
    topics: Mapping[str, int] | None = None,
    also: Sequence[date] = (),
) -> Verdict:
    """Compare logs, journal and answers of one programme at the end of `on`.

    `databases` are DSNs by service, `projection` its address, `kafka` the broker's name for the
    result, `topics` the events found on each topic, by context, where somebody has counted them,
    `also` earlier days for which the answers are compared too.
    """
    logs = {name: await rows(databases[name], "log") for name in WRITERS}
    journal = await rows(databases["projection"], "journal")
    headers = {"Authorization": f"Bearer {token}"}
    said = {}
    async with httpx.AsyncClient(base_url=projection, headers=headers, timeout=30) as client:
        for day in (*also, on):
            progress = await _answer(client, f"/v1/progress/{programme}", day)
            targets = await _answer(client, f"/v1/targets/{programme}", day)
            said[day] = Said(progress["townships"], targets["targets"])
    return judge(logs, journal, said, programme=programme, on=on, kafka=kafka, topics=topics)


def judge(
    logs: Mapping[str, Sequence[Row]],
    journal: Sequence[Row],
    said: Mapping[date, Said],
    *,
    programme: str,
    on: date,
    kafka: str,
    topics: Mapping[str, int] | None = None,
) -> Verdict:
    """The comparison itself, without asking anybody; the result is about the end of `on`."""
    events = [row for found in logs.values() for row in found]
    counts = Counter(row.context for row in events)
    differences = [
        *(gap for name, found in logs.items() for gap in _gaps(f"{name} log", found)),
        *_gaps("journal", journal),
        *_compared(
            "event", _events(row for row in events if row.context in JOURNALED), _events(journal)
        ),
        *_compared("topic", counts, topics if topics is not None else counts),
    ]
    for day, answers in said.items():
        stages, sums = _folded(events, programme, day)
        told = {str(one["township"]): one["stage"] for one in answers.townships}
        differences += _compared(f"{day} stage of", stages, told)
        counted = {str(one["code"]): {name: one[name] for name in _SUMS} for one in answers.targets}
        differences += _compared(f"{day} target", sums, counted)
    stages, sums = _folded(events, programme, on)
    result = {
        "programme": programme,
        "targets": sums,
        "townships": stages,
        "events": len(events),
        "kafka": kafka,
        "verified": not differences,
    }
    return Verdict(result, differences)


def _folded(
    events: Sequence[Row], programme: str, on: date
) -> tuple[dict[str, str], dict[str, dict[str, int]]]:
    record = Campaign.of(events, programme, on)
    sums = {code: record.count(target, on) for code, target in record.targets.items()}
    return record.stages(), sums


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
        if row.raw and row.data["effective_on"] != row.effective_on.isoformat():
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
