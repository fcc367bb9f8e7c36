"""What everybody holds in the end, by plain SQL, a plain Kafka consumer and plain HTTP.

Nothing here is read by code of the services, so that a mistake of theirs is not made twice.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, TopicPartition

from deploy.local.replay import Row
from tests.faults.told import Seen, Wish
from tests.scenarios.foreign import TOPICS

WRITERS = {"submission": "dossier", "review": "programme", "notification": "notice"}
"""A context that each writing service has; review has `case` besides."""
JOURNALED = ("programme", "dossier", "case")
READ_S = 20.0
FOLLOWED = {
    "submission": ("programme", "case"),
    "review": ("dossier",),
    "notification": JOURNALED,
}


@dataclass(frozen=True, slots=True)
class Logged:
    """An event of a log, with the command that it came from."""

    row: Row
    command: bytes

    @property
    def place(self) -> tuple[str, str, int]:
        return self.row.context, self.row.subject, self.row.version


@dataclass(frozen=True, slots=True)
class Published:
    """A record of a topic; `offset` orders those of one partition."""

    context: str
    subject: str
    version: int
    id: str
    command: str
    topic: str
    partition: int
    offset: int
    key: bytes
    raw: bytes


@dataclass(frozen=True, slots=True)
class Command:
    """A row of `command`: all that its key ever came to."""

    stream: str
    version: int
    first: int | None
    last: int


@dataclass(frozen=True, slots=True)
class Put:
    """A record that was put aside."""

    context: str
    key: str
    subject: str
    version: int
    id: str
    reason: str
    bytes: int


@dataclass(kw_only=True)
class Facts:
    """Everything that the invariants are about."""

    told: Sequence[Wish] = ()
    seen: Sequence[Seen] = ()
    logs: Mapping[str, Sequence[Logged]] = field(default_factory=dict)
    commands: Mapping[str, Mapping[bytes, Command]] = field(default_factory=dict)
    topics: Sequence[Published] = ()
    journal: Sequence[Row] = ()
    folded: int = 0
    parked: Mapping[str, Sequence[Put]] = field(default_factory=dict)
    said: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By `<programme>/<township>`: `stage`, `reach_on` and `timeline` of the read model."""
    rebuilt: Sequence[str] = ()
    """Where a fold of the journal from its beginning differs from the live rows."""
    poison: frozenset[str] = frozenset()
    """Ids of the records that the test itself put on topics."""
    poisoned: frozenset[tuple[str, str]] = frozenset()
    """(context, key) of those that must have been put aside."""
    lag_s: float = 0
    horizon_s: float = 0
    """For how long a session of the services held one snapshot, at the most, and below which."""
    horizon_by: str = ""
    memory_kb: Mapping[str, int] = field(default_factory=dict)


async def logs(
    databases: Mapping[str, str],
) -> tuple[dict[str, list[Logged]], dict[str, dict[bytes, Command]]]:
    """The logs of the services that write, and their commands."""
    found: dict[str, list[Logged]] = {}
    commands: dict[str, dict[bytes, Command]] = {}
    for service in WRITERS:
        connection = await asyncpg.connect(databases[service])
        try:
            rows = await connection.fetch("SELECT * FROM log ORDER BY position")
            keys = await connection.fetch("SELECT key, stream, version, first, last FROM command")
        finally:
            await connection.close()
        found[service] = [Logged(_row(row), row["command"]) for row in rows]
        commands[service] = {row[0]: Command(*row[1:]) for row in keys}
    return found, commands


async def journal(database: str) -> tuple[list[Row], int]:
    """What the projection has taken in, and up to where its read models show it."""
    connection = await asyncpg.connect(database)
    try:
        rows = await connection.fetch("SELECT * FROM journal ORDER BY position")
        folded = await connection.fetchval(
            "SELECT position FROM folded JOIN pointer USING (version)"
        )
    finally:
        await connection.close()
    return [_row(row) for row in rows], folded


async def parked(databases: Mapping[str, str]) -> dict[str, list[Put]]:
    found = {}
    for service, dsn in databases.items():
        connection = await asyncpg.connect(dsn)
        try:
            rows = await connection.fetch(
                "SELECT context, key, subject, version, id::text, reason, octet_length(value)"
                " FROM parked ORDER BY context, key, seq"
            )
        finally:
            await connection.close()
        found[service] = [Put(*row) for row in rows]
    return found


def topics(bootstrap: str) -> list[Published]:
    """All that the topics hold, as a stranger reads it; what is no event of ours has version 0."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "a-witness"})
    found = []
    try:
        there = consumer.list_topics(timeout=10).topics
        left: dict[tuple[str, int], int] = {}
        for topic in TOPICS:
            for number in there[topic].partitions:
                first, end = consumer.get_watermark_offsets(TopicPartition(topic, number)) or (0, 0)
                if first < end:
                    left[topic, number] = end
        consumer.assign([TopicPartition(*at, OFFSET_BEGINNING) for at in left])
        until = time.monotonic() + READ_S
        while left:
            assert time.monotonic() < until, f"cannot be read to their ends: {left}"
            for message in consumer.consume(5000, timeout=0.1):
                assert message.error() is None, message.error()
                at, offset = (message.topic() or "", message.partition() or 0), message.offset()
                found.append(_published(message))
                if (offset or 0) + 1 >= left.get(at, 0):
                    left.pop(at, None)
    finally:
        consumer.close()
    return found


def _published(message: Message) -> Published:
    sent = message.headers() or []
    pairs = sent.items() if isinstance(sent, dict) else sent
    headers = {name: _text(value) for name, value in pairs}
    version = headers.get("ce_streamversion", "")
    return Published(
        context=(message.topic() or "").split(".")[1],
        subject=headers.get("ce_subject", ""),
        version=int(version) if version.isdecimal() else 0,
        id=headers.get("ce_id", ""),
        command=headers.get("ce_command", ""),
        topic=message.topic() or "",
        partition=message.partition() or 0,
        offset=message.offset() or 0,
        key=_bytes(message.key()),
        raw=_bytes(message.value()),
    )


def _bytes(value: str | bytes | None) -> bytes:
    return value.encode() if isinstance(value, str) else value or b""


def _text(value: str | bytes | None) -> str:
    return _bytes(value).decode(errors="replace")


async def horizon_s(dsn: str) -> tuple[float, str]:
    """For how long the oldest snapshot of a session of ours has been held, and what it does.

    A query of the read model may: it answers from one moment, however slow its link. The server
    ends it after half a minute.
    """
    connection = await asyncpg.connect(dsn)
    try:
        row = await connection.fetchrow(
            "SELECT extract(epoch FROM clock_timestamp() - query_start)::float8,"
            " concat_ws(' ', application_name, state, wait_event, left(query, 200))"
            " FROM pg_stat_activity WHERE starts_with(application_name, 'fuyan-')"
            " AND backend_xmin IS NOT NULL AND state <> 'idle'"
            " AND NOT (starts_with(application_name, 'fuyan-projection-reader/')"
            "          AND clock_timestamp() - query_start < interval '40 s')"
            " ORDER BY query_start LIMIT 1"
        )
    finally:
        await connection.close()
    return (row[0], row[1]) if row else (0.0, "")


async def behind(databases: Mapping[str, str]) -> tuple[dict[str, int], list[str]]:
    """How many events there are by context, and who has not come so far yet."""
    counts: dict[str, int] = {}
    late: list[str] = []
    rows: dict[str, Any] = {}
    for service, dsn in databases.items():
        connection = await asyncpg.connect(dsn)
        try:
            rows[service] = await _progress(connection, service)
        finally:
            await connection.close()
        if service in WRITERS:
            counts |= rows[service]["events"]
            if rows[service]["sent"] < rows[service]["last"]:
                late.append(f"{service} published {rows[service]['sent']}")
    for service, contexts in FOLLOWED.items():
        for context in contexts:
            if rows[service]["heads"].get(context, 0) < counts.get(context, 0):
                late.append(f"{service} followed {context} to {rows[service]['heads']}")
    taken = rows["projection"]
    for context in JOURNALED:
        if taken["events"].get(context, 0) < counts.get(context, 0):
            late.append(f"the journal holds {taken['events']} of {counts}")
    if taken["unfolded"]:
        late.append(f"{taken['unfolded']} events are not folded")
    return counts, late


async def _progress(connection: asyncpg.Connection, service: str) -> dict[str, Any]:
    if service == "projection":
        # A parked event has its head moved too; it is not missing, it is put aside.
        events = await connection.fetch("SELECT context, sum(version) FROM head GROUP BY 1")
        unfolded = await connection.fetchval(
            "SELECT (SELECT coalesce(max(position), 0) FROM journal) - position"
            " FROM folded JOIN pointer USING (version)"
        )
        return {"events": {row[0]: row[1] for row in events}, "unfolded": unfolded}
    events = await connection.fetch("SELECT context, count(*) FROM log GROUP BY 1")
    heads = await connection.fetch("SELECT context, sum(version) FROM head GROUP BY 1")
    return {
        "events": {row[0]: row[1] for row in events},
        "heads": {row[0]: row[1] for row in heads},
        "last": await connection.fetchval("SELECT coalesce(max(position), 0) FROM log"),
        "sent": await connection.fetchval("SELECT coalesce(max(position), 0) FROM published"),
    }


def _row(row: asyncpg.Record) -> Row:
    return Row(
        position=row["position"],
        context=row["context"],
        subject=row["subject"],
        version=row["version"],
        id=str(row["id"]),
        type=row["type"],
        effective_on=row["effective_on"],
        raw=row["data"],
    )
