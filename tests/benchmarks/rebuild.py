"""B8: a new version of the read models from the journal, beside COPY of the same events into it."""

import asyncio
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import uuid4

import asyncpg

from deploy.local.postgres import Databases
from services.projection.building import rebuild
from shared.contracts.dossier import DeficiencyFound
from shared.contracts.registry import encode, type_of
from shared.events.envelope import Record
from shared.store.migrate import migrate
from shared.store.schema import COLUMNS
from tests.benchmarks.append import DATA_BYTES
from tests.benchmarks.figures import Figure, paired
from tests.integration.projection import MIGRATIONS
from tests.integration.store import today
from tests.unit.told import P

EVENTS = int(os.environ.get("FUYAN_BENCH_EVENTS") or 200_000)
A_STREAM = 10
TOGETHER = 1_000
"""Streams that take turns, before the next ones do."""
COPIED = 10_000
COPIED_COLUMNS = [*COLUMNS, "store_position"]


def events() -> Iterator[Record]:
    """As a journal holds them: ten a stream, of 574 bytes, each about another deficiency."""
    model = DeficiencyFound(
        programme=P, township="", township_name="镇", office="o", effective_on=today(),
        deficiency_id=str(uuid4()), item="staff-3", category="staff", nature="software",
        found_by="self", gap_cp=100, description="", blocking=False,
    )  # fmt: skip
    begin = datetime.now(UTC)
    for position in range(1, EVENTS + 1):
        block, within = divmod(position - 1, TOGETHER * A_STREAM)
        turn, number = divmod(within, TOGETHER)
        township = str(370_000_000 + block * TOGETHER + number)
        event = replace(model, township=township, deficiency_id=str(uuid4()))
        data = encode(replace(event, description="x" * (DATA_BYTES - len(encode(event)))))
        at = begin + timedelta(milliseconds=position // 64)
        yield Record(
            position=position, context="dossier", subject=f"{P}/{township}", version=turn + 1,
            id=uuid4(), type=type_of(event), effective_on=today(), effective_at=at, recorded_at=at,
            actor="370406-safety:o1", on_behalf_of=None, correlation=uuid4(), causation=uuid4(),
            command=os.urandom(32), traceparent=f"00-{uuid4().hex}-{uuid4().hex[:16]}-01",
            data=data, salt=os.urandom(16), leaf=os.urandom(32),
        )  # fmt: skip


async def copied(dsn: str, rows: Sequence[tuple[object, ...]]) -> float:
    """Events a second, by COPY into a table with the journal's columns and its key."""
    connection = await asyncpg.connect(dsn)
    await connection.execute("CREATE TABLE raw_journal (LIKE journal, PRIMARY KEY (position))")
    begun = time.perf_counter()
    for begin in range(0, EVENTS, COPIED):
        await connection.copy_records_to_table(
            "raw_journal",
            records=rows[begin : begin + COPIED],
            columns=[*COLUMNS, "store_position"],
        )
    rate = EVENTS / (time.perf_counter() - begun)
    await connection.execute("DROP TABLE raw_journal")
    await connection.close()
    return rate


async def rebuilt(dsn: str) -> float:
    """Events a second, into a version that is complete; each of them is looked for in the end."""
    begun = time.perf_counter()
    found = await rebuild(dsn, "bench", lambda step, done, total: None)
    rate = EVENTS / (time.perf_counter() - begun)
    connection = await asyncpg.connect(dsn)
    name = f"progress_v{found.version}"
    counts = await connection.fetchrow(
        f"SELECT (SELECT count(*) FROM {name}.timeline), (SELECT count(*) FROM"
        f" {name}.dossier_progress WHERE version = {A_STREAM}"
        f" AND json_array_length(row->'deficiencies') = {A_STREAM})"
    )
    assert counts is not None
    assert tuple(counts) == (EVENTS, EVENTS // A_STREAM), "every event is there once"
    await connection.execute("DELETE FROM folded WHERE version > 1")
    await connection.execute(f"DROP SCHEMA {name} CASCADE")
    await connection.close()
    return rate


async def b8(databases: Databases) -> list[Figure]:
    """A rebuild, timeline rows included, from begin to complete."""
    name = f"bench_{uuid4().hex}"
    await databases.create_database(name)
    dsn = databases.dsn(name)
    await migrate(dsn, MIGRATIONS, None, ("journal",))
    rows = await asyncio.to_thread(lambda: [(*one, one.position) for one in events()])
    connection = await asyncpg.connect(dsn)
    await connection.copy_records_to_table("journal", records=rows, columns=COPIED_COLUMNS)
    await connection.execute("VACUUM ANALYZE journal")
    await connection.close()
    reference, work = partial(copied, dsn, rows), partial(rebuilt, dsn)
    return [
        await paired(
            f"B8 rebuild of {EVENTS:,} events", "events/s", "0.5", reference, work, rounds=3
        )
    ]
