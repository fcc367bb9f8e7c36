"""The record and its copies: log, topic, journal, and what each service keeps of the others'."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field

import asyncpg

from deploy.cli.adopting import OWN
from deploy.cli.services import Service
from deploy.doctor.finding import Finding, listed, well, wrong
from deploy.doctor.ledger import Copy, Place, Told, print_of_record, shown, sound
from deploy.proof.live import GONE
from shared.contracts.registry import CONTEXTS
from shared.events.envelope import Malformed, Record, from_kafka
from shared.messaging.kafka import Kafka, partitions
from shared.messaging.stretches import until
from shared.progress import Progress
from shared.store.schema import COLUMNS

PAGE = 2000
LOOK_AGAIN_S = 0.2
WRITERS: Mapping[str, Service] = {
    context: service for service, contexts in OWN.items() for context in contexts
}
KEPT: Mapping[Service, Sequence[str]] = {
    Service.submission: ("programme", "case"),
    Service.review: ("dossier",),
    Service.notification: ("programme", "dossier", "case"),
}
"""What each service keeps of others' events, in `heard`."""
JOURNALED = ("programme", "dossier", "case")
_LIST = ", ".join(COLUMNS)
_JOURNAL_LIST = ", ".join(
    "store_position AS position" if name == "position" else name for name in COLUMNS
)


@dataclass(slots=True)
class Logs:
    """What the logs say, by context; `tips` are the positions up to which each was read."""

    told: dict[str, Told] = field(default_factory=dict)
    tips: dict[Service, int] = field(default_factory=dict)


async def pages(
    connection: asyncpg.Connection, table: str, place: str, columns: str, after: int, until_: int
) -> AsyncIterator[list[asyncpg.Record]]:
    """Rows by their place, a page at a time: no snapshot is held over all of them."""
    while after < until_:
        rows = await connection.fetch(
            f"SELECT {place} AS at, {columns} FROM {table} WHERE {place} > $1 AND {place} <= $2"  # noqa: S608
            f" ORDER BY {place} LIMIT {PAGE}",
            after,
            until_,
        )
        if not rows:
            return
        yield rows
        after = rows[-1]["at"]


def _record(row: asyncpg.Record) -> Record:
    return Record(*(row[1:]))


async def read_log(
    service: Service,
    connection: asyncpg.Connection,
    installation: str,
    record: Logs,
    progress: Progress,
) -> Finding:
    """The log itself: no gap in positions or versions, and each leaf that of its event."""
    tip = await connection.fetchval("SELECT coalesce(max(position), 0) FROM log")
    void = {row[0] for row in await connection.fetch("SELECT position FROM void")}
    record.tips[service] = tip
    record.told |= {context: Told() for context in OWN[service]}
    altered: list[str] = []
    skipped: list[str] = []
    expected = 1
    async for rows in pages(connection, "log", "position", _LIST, 0, tip):
        for row in rows:
            one = _record(row)
            while expected < one.position:
                if expected not in void:
                    skipped.append(f"#{expected}")
                expected += 1
            expected += 1
            record.told[one.context].put(one.subject, one.version, print_of_record(one))
            if not sound(one, installation):
                altered.append(f"{one.context}/{one.subject}@{one.version}")
        progress(f"log {service}", expected - 1, tip)
        await asyncio.sleep(0)
    altered += [row[1] for row in await connection.fetch(GONE)]
    gaps = [
        f"{context}/{subject}@{version}"
        for context in OWN[service]
        for subject, version in record.told[context].gaps
    ]
    facts = {
        "events": sum(record.told[context].count for context in OWN[service]),
        "tip": tip,
        "altered": altered,
        "missing": [*skipped, *gaps],
    }
    check = f"log/{service}"
    if altered or skipped or gaps:
        return wrong(
            check,
            (
                f"{service} 的日志不完整或被改动：{listed([*altered, *skipped, *gaps])}",
                f"the log of {service} lacks or had altered: {listed([*altered, *skipped, *gaps])}",
            ),
            (
                "请停止该服务，以 `fuyan events verify` 核验，恢复备份并 `fuyan events adopt`",
                "Stop the service, look with `fuyan events verify`, restore a backup and"
                " run `fuyan events adopt`",
            ),
            **facts,
        )
    return well(
        check,
        f"{service} 的日志连续完整，共 {facts['events']} 件",
        f"the log of {service} is whole: {facts['events']} events",
        **facts,
    )


async def read_topic(
    context: str, kafka: Kafka, installation: str, told: Told, progress: Progress
) -> tuple[Copy, list[str]]:
    """The topic against its log, and what in it is no event of ours."""
    copy, strange = Copy(told), list[str]()
    async with kafka.looking() as consumer:
        wanted = partitions(CONTEXTS[context].topic)
        begins = await consumer.beginning_offsets(wanted)
        ends = await consumer.end_offsets(wanted)
        filled = {at: begins[at] for at in wanted if begins[at] < ends[at]}
        total, done = sum(ends[at] - first for at, first in filled.items()), 0
        async for at, messages in until(consumer, filled, ends):
            for message in messages:
                try:
                    one = from_kafka(message.headers, message.value or b"", None)
                except Malformed:
                    strange.append(f"{at.topic}/{at.partition}@{message.offset}")
                    continue
                if one.context != context:
                    strange.append(f"{at.topic}/{at.partition}@{message.offset}")
                    continue
                mark = print_of_record(one)
                copy.take(one.subject, one.version, mark, sound=sound(one, installation))
            done += len(messages)
            progress(f"topic {context}", done, total)
    return copy, strange


async def read_rows(
    connection: asyncpg.Connection,
    table: str,
    place: str,
    told: Mapping[str, Told],
    installation: str,
    progress: Progress,
) -> dict[str, Copy]:
    """A journal or what a service keeps, against the logs."""
    copies = {context: Copy(one) for context, one in told.items()}
    columns = _JOURNAL_LIST if table == "journal" else _LIST
    tip = await connection.fetchval(f"SELECT coalesce(max({place}), 0) FROM {table}")  # noqa: S608
    async for rows in pages(connection, table, place, columns, 0, tip):
        for row in rows:
            one = _record(row)
            if one.context in copies:
                copies[one.context].take(
                    one.subject,
                    one.version,
                    print_of_record(one),
                    sound=sound(one, installation),
                )
        progress(table, rows[-1]["at"], tip)
        await asyncio.sleep(0)
    return copies


async def extra(copy: Copy, context: str, log: asyncpg.Connection) -> list[Place]:
    """Of what the log had not said when it was read: what it does not say now either."""
    waiting = list(copy.later.items())
    found: list[Place] = []
    for begin in range(0, len(waiting), PAGE):
        part = waiting[begin : begin + PAGE]
        rows = await log.fetch(
            f"SELECT position AS at, {_LIST} FROM log"  # noqa: S608
            " JOIN unnest($2::text[], $3::int[]) AS s(n, v) ON subject = n AND version = v"
            " WHERE context = $1",
            context,
            [subject for (subject, _), _ in part],
            [version for (_, version), _ in part],
        )
        said = {(row["subject"], row["version"]): print_of_record(_record(row)) for row in rows}
        found += [place for place, mark in part if said.get(place) != mark]
    return found


def compared(
    check: str,
    context: str,
    copy: Copy,
    extras: Sequence[Place],
    *,
    strange: Sequence[str] = (),
    excused: Sequence[Place] = (),
    do: tuple[str, str],
) -> Finding:
    """One line about one copy of a context, naming each event that differs."""

    def names(places: Sequence[Place]) -> list[str]:
        return [f"{context}/{subject}@{version}" for subject, version in places]

    kinds = {
        "missing": names(copy.missing(set(excused))),
        "altered": names(copy.altered),
        "another": names(copy.other),
        "extra": [*names(extras), *strange],
        "out_of_order": names(copy.early),
    }
    facts: dict[str, object] = {
        "log_events": copy.told.count,
        "events": copy.count,
        "log_hash": shown(copy.told.total),
        "hash": shown(copy.total),
        **kinds,
    }
    if any(kinds.values()):
        zh = "；".join(f"{_ZH[kind]} {listed(found)}" for kind, found in kinds.items() if found)
        en = "; ".join(f"{_EN[kind]} {listed(found)}" for kind, found in kinds.items() if found)
        return wrong(check, (f"与日志不符：{zh}", f"differs from the log: {en}"), do, **facts)
    return well(
        check,
        f"与日志一致：{copy.count} 件，摘要 {shown(copy.total)}",
        f"as the log says: {copy.count} events, hash {shown(copy.total)}",
        **facts,
    )


_ZH = {
    "missing": "缺少",
    "altered": "被改动",
    "another": "内容不同",
    "extra": "多出",
    "out_of_order": "次序颠倒",
}
_EN = {
    "missing": "missing",
    "altered": "altered",
    "another": "another event at",
    "extra": "extra",
    "out_of_order": "out of order",
}


async def settled(
    connection: asyncpg.Connection, told: Mapping[str, Told], wait_s: float
) -> dict[str, list[str]]:
    """By context, the streams whose head has not come to what the log said, after a while."""
    until_ = asyncio.get_running_loop().time() + wait_s
    while True:
        late: dict[str, list[str]] = {}
        for context, one in told.items():
            wanted = {subject: len(marks) // 16 for subject, marks in one.streams.items()}
            rows = await connection.fetch(
                "SELECT n FROM unnest($2::text[], $3::int[]) AS s(n, v)"
                " LEFT JOIN head ON context = $1 AND subject = n"
                " WHERE coalesce(head.version, 0) < v ORDER BY n",
                context,
                list(wanted),
                list(wanted.values()),
            )
            if rows:
                late[context] = [row[0] for row in rows]
        if not late or asyncio.get_running_loop().time() > until_:
            return late
        await asyncio.sleep(LOOK_AGAIN_S)
