"""B1: appending with optimistic concurrency, idempotency key and leaf hash, beside pgbench."""

import asyncio
import time
from functools import partial
from pathlib import Path
from uuid import uuid4

import asyncpg

from deploy.local.postgres import BIN, Databases
from shared.clock import system_clock
from shared.contracts.dossier import DossierEvent
from shared.contracts.registry import encode
from shared.store.command import Command
from shared.store.log import Log
from shared.store.streams import Aggregate
from tests.benchmarks.figures import Figure, paired
from tests.integration.store import command, note, prepare, serving, stream

CALLERS = 64
SECONDS = 3.0
DATA_BYTES = 574

_BENCH = """
DROP TABLE IF EXISTS bench;
CREATE TABLE bench (position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, stream uuid NOT NULL,
  version int NOT NULL, id uuid NOT NULL, type text NOT NULL, at timestamptz NOT NULL,
  data text NOT NULL, UNIQUE (stream, version));
"""
_ONE = (
    "INSERT INTO bench (stream, version, id, type, at, data)"
    " VALUES (gen_random_uuid(), 1, gen_random_uuid(), 'x', '2018-09-05', :body);\n"
)


def event_of_bytes(size: int = DATA_BYTES) -> DossierEvent:
    """An event whose data is exactly so long."""
    return note("x" * (size - len(encode(note("")))))


def counting(dsn: str) -> Log:
    """A log whose states are as small as a state can be, so that the log is measured."""
    count: Aggregate[int] = Aggregate("dossier", 0, lambda told, event: told + 1)
    return Log(dsn, [count], service="bench", installation="bench", clock=system_clock)


async def pgbench(dsn: str, script: str, clients: int = 16) -> float:
    """Single INSERTs a second, each its own transaction."""
    connection = await asyncpg.connect(dsn)
    await connection.execute(_BENCH)
    await connection.close()
    process = await asyncio.create_subprocess_exec(
        str(BIN / "pgbench"), "-n", "-M", "prepared", "-c", str(clients), "-j", "1",
        "-T", str(round(SECONDS)), "-D", "body=" + "x" * DATA_BYTES, "-f", script, dsn,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    output, _ = await process.communicate()
    (line,) = [line for line in output.decode().splitlines() if line.startswith("tps")]
    return float(line.split()[2])


async def appended(log: Log, *, hot: bool = False) -> float:
    """Events a second by 64 callers, each waiting for its answer; checked against the table."""
    event, model, run, done = event_of_bytes(), command(), uuid4().hex, 0
    end = time.perf_counter() + SECONDS

    async def caller(number: int) -> None:
        nonlocal done
        at = 0
        while time.perf_counter() < end:
            to = stream(f"{run}/{'hot' if hot else f'{number}-{at // 10}'}")
            key = f"{run}/{number}/{at}"
            wish = Command(
                key=key,
                fingerprint=model.fingerprint,
                actor=model.actor,
                correlation=model.correlation,
                expected=None if hot else at % 10,
            )
            await log.decide(wish, to, lambda told: [event])
            at, done = at + 1, done + 1

    begun = time.perf_counter()
    await asyncio.gather(*(caller(number) for number in range(CALLERS)))
    rate = done / (time.perf_counter() - begun)
    found = await log.rows(
        "SELECT count(*), count(DISTINCT position) FROM log WHERE starts_with(subject, $1)", run
    )
    assert tuple(found[0]) == (done, done), "the table holds what was acknowledged, once"
    return rate


async def b1(databases: Databases, run_dir: Path) -> list[Figure]:
    """64 callers on streams of ten events (B1), and 64 callers on one stream (B4)."""
    name = f"bench_{uuid4().hex}"
    await databases.create_database(name)
    dsn = databases.dsn(name)
    await prepare(dsn)
    script = run_dir / "insert.sql"
    await asyncio.to_thread(script.write_text, _ONE)

    async def reference() -> float:
        return await pgbench(dsn, str(script))

    async with serving(counting(dsn)) as log:
        many = partial(appended, log)
        one = partial(appended, log, hot=True)
        return [
            await paired("B1 append, 64 callers", "events/s", "1.2", reference, many, rounds=3),
            await paired("B4 one hot stream", "events/s", "1.5", reference, one, rounds=3),
        ]
