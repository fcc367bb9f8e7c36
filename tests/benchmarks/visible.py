"""B6: from a command to its effect in the read model, beside the raw steps on the way.

The log and its relay run here, the projection in a process of its own; both read the same
monotonic clock.
"""

import asyncio
import statistics
import sys
import time
from bisect import bisect_left
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import asyncpg
import orjson
import uvloop

from deploy.local.postgres import Databases
from services.projection.journal import Journal
from shared.clock import system_clock
from shared.collector import calm
from shared.contracts.dossier import DeficiencyFound
from shared.contracts.registry import encode
from shared.messaging.kafka import Kafka, partitions, stopped
from shared.messaging.relay import Relay
from shared.messaging.topics import ensure
from shared.store.log import Log
from shared.store.migrate import migrate
from shared.store.streams import Aggregate, Stream
from tests.benchmarks.append import DATA_BYTES
from tests.benchmarks.figures import Figure, percentile
from tests.integration.store import command, prepare, serving, today
from tests.unit.story import P, Story

MIGRATIONS = Path(__file__).parents[2] / "services" / "projection" / "migrations"
TOWNSHIPS = tuple(str(370_400_000 + number) for number in range(1000))
# Commands a second, and for how many seconds; the first run is not counted.
WARM = (2000, 6.0)
RUNS = ((200, 10.0), (2000, 6.0))
RAW = 100
# Later than this an arrival was held up by this process; a tick of the timer is nobody's fault.
TICK_S = 0.001
# Of all topics one that the projection does not follow.
RAW_TOPIC = "fuyan.notice.v1"
Place = tuple[str, int]
READY, END = b"ready\n", b"end\n"

_RAW_TABLES = """
CREATE TABLE raw_event (id uuid PRIMARY KEY, data bytea NOT NULL);
CREATE TABLE raw_row (subject text PRIMARY KEY, version int NOT NULL, data bytea NOT NULL);
"""
_RAW_INSERT = "INSERT INTO raw_event VALUES ($1, $2)"
_RAW_UPSERT = """
INSERT INTO raw_row VALUES ($1, 1, $2)
ON CONFLICT (subject) DO UPDATE SET version = raw_row.version + 1, data = excluded.data
"""


class Watched(Journal):
    """A journal that notes when each position became visible: (position, seconds)."""

    def __init__(self, database: str, bootstrap: str) -> None:
        super().__init__(database, Kafka(bootstrap), system_clock)
        self.seen: list[tuple[int, float]] = []

    async def _reached(self, position: int) -> None:
        await super()._reached(position)
        self.seen.append((position, time.monotonic()))


async def _watch(database: str, bootstrap: str) -> None:
    """The other process: follow and fold until told to end, then say what was seen when."""
    commands = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    journal = Watched(database, bootstrap)
    async with journal.running():
        while not journal.readiness().ready:
            await asyncio.sleep(0.01)
        sys.stdout.buffer.write(READY)
        sys.stdout.buffer.flush()
        await commands.readline()  # an end of file, too: its parent is gone
    sys.stdout.buffer.write(orjson.dumps(journal.seen))


class Projection:
    """The projection as a child process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    @asynccontextmanager
    async def following(cls, database: str, bootstrap: str) -> AsyncIterator["Projection"]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", __name__, database, bootstrap,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 26,
        )  # fmt: skip
        try:
            assert process.stdout is not None
            assert await process.stdout.readline() == READY
            yield cls(process)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    async def seen(self) -> list[tuple[int, float]]:
        """What became visible when; it has ended then."""
        output, _ = await self._process.communicate(END)
        found: list[tuple[int, float]] = orjson.loads(output)
        return found


@dataclass(frozen=True, slots=True)
class Told:
    """A command from its arrival to its answer, and the event that it wrote."""

    begun: float
    answered: float
    subject: str
    version: int


def finding(number: int) -> DeficiencyFound:
    """An event of exactly 574 bytes, about one township after the other."""
    township = TOWNSHIPS[number % len(TOWNSHIPS)]
    event = DeficiencyFound(
        programme=P, township=township, township_name="镇", office="o", effective_on=today(),
        deficiency_id=str(uuid4()), item="staff-3", category="staff", nature="software",
        found_by="self", gap_cp=100, description="", blocking=False,
    )  # fmt: skip
    return replace(event, description="x" * (DATA_BYTES - len(encode(event))))


async def tell(log: Log, rate: int, seconds: float) -> list[Told]:
    """Commands that arrive at their time, whether or not the earlier ones are answered."""
    events = [finding(number) for number in range(round(rate * seconds))]
    begin = time.monotonic()

    async def one(number: int, event: DeficiencyFound) -> Told:
        begun = min(begin + number / rate + TICK_S, time.monotonic())
        to = Stream("dossier", f"{P}/{event.township}")
        written = await log.decide(command(), to, lambda told: [event])
        return Told(begun, time.monotonic(), written.stream, written.version)

    async with asyncio.TaskGroup() as group:
        tasks = []
        for number, event in enumerate(events):
            await asyncio.sleep(begin + number / rate - time.monotonic())
            tasks.append(group.create_task(one(number, event)))
    return [task.result() for task in tasks]


async def raw_steps(log: str, projection: str, kafka: Kafka) -> list[tuple[float, ...]]:
    """Seconds of each step, again and again: INSERT, a record sent and received, INSERT, upsert."""
    data = encode(finding(0))
    async with AsyncExitStack() as stack:
        connections = []
        for dsn in (log, projection):
            connection = await asyncpg.connect(dsn)
            stack.push_async_callback(connection.close)
            await connection.execute(_RAW_TABLES)
            connections.append(connection)
        first, second = connections
        consumer = await stack.enter_async_context(kafka.looking())
        consumer.assign(partitions(RAW_TOPIC))
        await consumer.seek_to_end()
        producer = kafka.producer()
        await producer.start()
        stack.push_async_callback(stopped, producer.stop())
        times: list[tuple[float, ...]] = []
        for number in range(RAW):
            marks = [time.monotonic()]
            await first.execute(_RAW_INSERT, uuid4(), data)
            marks.append(time.monotonic())
            receiving = asyncio.create_task(consumer.getone())
            await producer.send_and_wait(RAW_TOPIC, data, key=TOWNSHIPS[number].encode())
            await receiving
            marks.append(time.monotonic())
            await second.execute(_RAW_INSERT, uuid4(), data)
            marks.append(time.monotonic())
            await second.execute(_RAW_UPSERT, TOWNSHIPS[number % 100], data)
            marks.append(time.monotonic())
            times.append(tuple(after - before for before, after in pairwise(marks)))
        for connection in connections:
            await connection.execute("DROP TABLE raw_event, raw_row")
    return times


async def until_folded(connection: asyncpg.Connection, events: int) -> None:
    """Until so many events of dossiers are in the timeline."""
    statement = "SELECT count(*) FROM progress_v1.timeline WHERE context = 'dossier'"
    async with asyncio.timeout(60):
        while await connection.fetchval(statement) < events:
            await asyncio.sleep(0.1)


async def places(connection: asyncpg.Connection, told: Sequence[Told]) -> dict[Place, int]:
    """Positions in the journal by subject and version, once all is checked that was told."""
    rows = await connection.fetch(
        "SELECT subject, version, position FROM journal WHERE context = 'dossier'"
    )
    found = {(row[0], row[1]): row[2] for row in rows}
    acknowledged = {(one.subject, one.version) for one in told}
    assert len(rows) == len(acknowledged) == len(told), "each acknowledged event is there once"
    assert found.keys() == acknowledged
    rows = await connection.fetch("SELECT row FROM progress_v1.dossier_progress")
    shown = [
        (f"{row['programme']}/{row['township']}", version)
        for row in (orjson.loads(line[0]) for line in rows)
        for version in range(1, len(row["deficiencies"]) + 1)
    ]
    assert sorted(shown) == sorted(acknowledged), "and each is visible once"
    return found


def figures(
    rate: int, told: Sequence[Told], seen: Sequence[tuple[int, float]],
    places: Mapping[Place, int], medians: Sequence[float],
) -> list[Figure]:  # fmt: skip
    """In milliseconds: the command beside one INSERT, its effect beside all raw steps."""
    positions = [position for position, _ in seen]
    answered = [one.answered - one.begun for one in told]
    visible = [
        seen[bisect_left(positions, places[one.subject, one.version])][1] - one.begun
        for one in told
    ]
    return [
        Figure(f"B6 {what}, {rate}/s, p{round(100 * share)}", "ms", 1000 * reference,
               1000 * percentile(values, share), base)
        for what, values, reference, bases in (
            ("command", answered, medians[0], ("-", "-")),
            ("visible", visible, sum(medians), ("at most 3", "-")),
        )
        for share, base in zip((0.5, 0.99), bases, strict=True)
    ]  # fmt: skip


async def b6(databases: Databases, bootstrap: str) -> list[Figure]:
    """Commands at 200 and 2 000 a second, each of them looked for in the end."""
    kafka = Kafka(bootstrap)
    names = [f"bench_{uuid4().hex}" for _ in range(2)]
    first, second = (databases.dsn(name) for name in names)
    for name in names:
        await databases.create_database(name)
    await prepare(first)
    await migrate(second, MIGRATIONS, None, ("journal",))
    await ensure(bootstrap, [RAW_TOPIC])
    counts = [Aggregate(context, 0, lambda n, _: n + 1) for context in ("programme", "dossier")]
    log = Log(first, counts, service="bench", installation="bench", clock=system_clock)
    connection = await asyncpg.connect(second)
    async with (
        Projection.following(second, bootstrap) as projection,
        serving(log, [Relay(log, kafka, ["programme", "dossier"])]),
    ):
        opening = [one.event for one in Story().opened().enrolled(*TOWNSHIPS).received]
        # A causation lets events of earlier days pass, as it does for a reaction.
        wish = replace(command(), causation=uuid4())
        await log.decide(wish, Stream("programme", P), lambda told: opening)
        told = await tell(log, *WARM)
        await until_folded(connection, len(told))
        runs = []
        # Before, between and after, so that a machine whose speed drifts slows both alike.
        steps = await raw_steps(first, second, kafka)
        for rate, seconds in RUNS:
            runs.append((rate, await tell(log, rate, seconds)))
            told += runs[-1][1]
            await until_folded(connection, len(told))
            steps += await raw_steps(first, second, kafka)
        found = await places(connection, told)
        seen = await projection.seen()
    await connection.close()
    medians = [statistics.median(step) for step in zip(*steps, strict=True)]
    return [
        figure for rate, of_run in runs for figure in figures(rate, of_run, seen, found, medians)
    ]


if __name__ == "__main__":
    calm()
    uvloop.run(_watch(sys.argv[1], sys.argv[2]))
