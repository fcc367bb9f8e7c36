"""Records as another service published them, and as a consumer hands them over."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
from aiokafka import ConsumerRecord

from services import projection
from shared.clock import system_clock
from shared.contracts.case import MemberRecused
from shared.contracts.registry import CONTRACTS_URL, Event, encode, type_of
from shared.events.envelope import Headers, Record, to_headers
from shared.messaging.kafka import Kafka
from shared.messaging.topics import ensure
from shared.store.migrate import migrate
from tests.integration.store import note, today

DOSSIER = "fuyan.dossier.v1"
CASE = "fuyan.case.v1"
NOWHERE = "127.0.0.1:1"
UNREADABLE = "fuyan.dossier.deficiency-withdrawn.v9"
"""A known type in a version that this image cannot read."""

MIGRATIONS = Path(projection.__file__ or "").parent / "migrations"
Row = tuple[object, ...]


async def prepare_projection(database: str) -> None:
    await migrate(database, MIGRATIONS, None, ("journal",))


def record(
    subject: str, version: int = 1, *, event: Event | None = None, name: str | None = None
) -> Record:
    """An event of a dossier, or of the context that `event` belongs to."""
    event = event or note(f"{subject}@{version}")
    type_ = type_of(event)
    now = system_clock()
    return Record(
        position=version, context=type_.split(".")[1], subject=subject, version=version,
        id=uuid4(), type=name or type_, effective_on=event.effective_on, effective_at=now,
        recorded_at=now, actor="o:1", on_behalf_of=None, correlation=uuid4(), causation=uuid4(),
        command=b"c" * 32, traceparent=None, data=encode(event), salt=b"s" * 16, leaf=b"l" * 32,
    )  # fmt: skip


def recused(case: str) -> MemberRecused:
    return MemberRecused(
        programme="p", township="t", township_name="T", office="o", effective_on=today(),
        case_id=case, application_id="a", round=1, officer="x", organisation="o", reason_code="r",
    )  # fmt: skip


def headers(of: Record) -> Headers:
    return to_headers(of, "test", CONTRACTS_URL)


def message(
    of: Record,
    offset: int = 0,
    *,
    partition: int = 0,
    topic: str = DOSSIER,
    under: Sequence[tuple[str, bytes | None]] | None = None,
    key: bytes | None = None,
) -> ConsumerRecord:
    """The record as consumed, with other headers or another key where they are given."""
    return ConsumerRecord(
        topic=topic,
        partition=partition,
        offset=offset,
        timestamp=0,
        timestamp_type=0,
        key=of.key.encode() if key is None else key,
        value=of.data,
        checksum=0,
        serialized_key_size=0,
        serialized_value_size=0,
        headers=tuple(headers(of) if under is None else under),
    )


async def publish(kafka: Kafka, messages: Sequence[ConsumerRecord]) -> None:
    """Append these to their partitions, in one batch for each: all at once, or nothing yet."""
    producer = kafka.producer()
    await producer.start()
    try:
        batches: dict[tuple[str, int], Any] = {}
        for one in messages:
            at = (one.topic, one.partition)
            batch = batches.setdefault(at, producer.create_batch())
            added = batch.append(
                key=one.key, value=one.value, timestamp=None, headers=list(one.headers)
            )
            assert added is not None, "the batch is full"
        for (topic, partition), batch in batches.items():
            batch.close()
            await (await producer.send_batch(batch, topic, partition=partition))
    finally:
        await producer.stop()


async def topics(kafka: Kafka) -> None:
    """All topics that the followers of these tests read."""
    await ensure(kafka.bootstrap, [DOSSIER, CASE, "fuyan.programme.v1"])


async def rows(database: str, statement: str) -> list[Row]:
    connection = await asyncpg.connect(database)
    try:
        return [tuple(row) for row in await connection.fetch(statement)]
    finally:
        await connection.close()


def showing(database: str, statement: str, *wanted: Row) -> Callable[[], Awaitable[bool]]:
    """The condition that a statement answers exactly these rows."""

    async def shown() -> bool:
        return await rows(database, statement) == list(wanted)

    return shown
