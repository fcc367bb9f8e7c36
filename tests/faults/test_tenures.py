"""How a tenure ends: at once for who waits, for good when told to, and never in silence."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import asyncpg
import pytest

from deploy.local.postgres import Databases
from services.projection.journal import Journal
from shared.clock import system_clock
from shared.messaging.kafka import Kafka
from shared.messaging.relay import Relay, Wiped
from shared.store import session
from shared.store.log import Tenure
from shared.store.streams import Unavailable, Written
from tests.faults.followed import NOWHERE, prepare_projection
from tests.faults.links import links
from tests.integration.store import (
    command,
    new_log,
    note,
    prepare,
    serving,
    stream,
    until_serving,
)
from tests.integration.test_log import terminate_writer


class Slow:
    """A duty that takes its time to end, and may end badly."""

    def __init__(self, error: Exception | None = None) -> None:
        self.ending = asyncio.Event()
        self.may_end = asyncio.Event()
        self._error = error

    async def before(self, tenure: Tenure) -> None:
        """Nothing to look at."""

    async def run(self, tenure: Tenure) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self.ending.set()
            await self.may_end.wait()
            if self._error is not None:
                raise self._error


async def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


async def ends(process: asyncio.Task[None], seconds: float = 6) -> bool:
    """Whether it ends by itself; it is ended in any case."""
    done, _ = await asyncio.wait({process}, timeout=seconds)
    process.cancel()
    await asyncio.wait({process}, timeout=seconds)
    return bool(done)


async def test_a_process_told_to_stop_ends_although_its_tenure_is_failing_already(
    database: str,
) -> None:
    """The group of a tenure that fails waits for its duties, and eats a cancel meanwhile."""
    await prepare(database)
    log, duty = new_log(database), Slow()

    async def process() -> None:
        async with log.tenures([duty]):
            await until_serving(log)
            await terminate_writer(database)
            await duty.ending.wait()
            asyncio.get_running_loop().call_soon(duty.may_end.set)

    assert await ends(asyncio.create_task(process()))


async def test_a_process_told_to_stop_ends_although_a_duty_fails_at_that(database: str) -> None:
    await prepare(database)
    log, duty = new_log(database), Slow(OSError("a socket, closing"))
    duty.may_end.set()

    async def process() -> None:
        async with log.tenures([duty]):
            await until_serving(log)

    assert await ends(asyncio.create_task(process()))


async def test_a_tenure_ends_although_its_relay_is_failing_already(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the process hangs with neither lease nor end, and never writes again."""
    await prepare(database)
    log, kafka = new_log(database), Kafka(NOWHERE)
    failing, may_end = asyncio.Event(), asyncio.Event()

    async def nothing(*_: object) -> None:
        """Kafka has nothing to say."""

    async def sends(*_: object) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            failing.set()
            await may_end.wait()  # a producer whose broker is silent takes seconds to stop

    async def watches(*_: object) -> None:
        raise Wiped("emptied")

    @asynccontextmanager
    async def looking(_: Kafka) -> AsyncIterator[None]:
        yield

    async def cluster(_: Kafka) -> str:
        return "one"

    monkeypatch.setattr(Relay, "_compare", nothing)
    monkeypatch.setattr(Relay, "_begin", nothing)
    monkeypatch.setattr(Relay, "_send_for_ever", sends)
    monkeypatch.setattr(Relay, "_watch", watches)
    monkeypatch.setattr(Kafka, "looking", looking)
    monkeypatch.setattr(Kafka, "cluster_id", cluster)

    async def process() -> None:
        async with log.tenures([Relay(log, kafka, ["dossier"])]):
            await failing.wait()
            asyncio.get_running_loop().call_soon(may_end.set)

    assert await ends(asyncio.create_task(process()))


async def test_who_waits_is_answered_at_once_although_a_duty_takes_its_time(database: str) -> None:
    """One in the statement that fails, one in line behind it."""
    await prepare(database)
    log, duty = new_log(database), Slow()
    blocker = await asyncpg.connect(database)
    try:
        async with serving(log, [duty]), blocker.transaction():
            await blocker.execute("LOCK TABLE log IN EXCLUSIVE MODE")
            tried = asyncio.create_task(log.decide(command(), stream(), lambda told: [note()]))
            async with asyncio.timeout(10):
                while not await blocker.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                    pass
            behind = asyncio.create_task(log.decide(command(), stream(), lambda told: [note()]))
            try:
                await terminate_writer(database)
                answered, waiting = await asyncio.wait({tried, behind}, timeout=8)
                assert not waiting
                assert all(isinstance(task.exception(), Unavailable) for task in answered)
                assert not log.readiness().ready
                assert duty.ending.is_set()
            finally:
                duty.may_end.set()
    finally:
        await blocker.close()


async def test_a_standby_on_a_dead_link_takes_over_all_the_same(
    database: str, postgres: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "ROUND_TRIP_S", 2.0)
    await prepare(database)
    async with links(postgres.port) as proxy:
        holder = new_log(database)
        standby = new_log(database.replace(f":{postgres.port}/", f":{proxy.port}/"))
        async with AsyncExitStack() as standing:
            async with serving(holder):
                await standing.enter_async_context(standby.tenures([]))
                await until(lambda: standby.readiness().reasons[0].startswith("standby"))
                proxy.freeze()
            await until_serving(standby)
            written = await standby.decide(command(), stream(), lambda told: [note()])
            assert written == Written("p/t", 1, 1)


@pytest.fixture
async def mute() -> AsyncIterator[tuple[int, list[asyncio.StreamWriter]]]:
    """A port that takes connections, listed as they come, and never says a word."""
    taken: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: taken.append(writer), "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1], taken
    for writer in taken:
        writer.close()
    server.close()


async def test_a_silent_database_is_not_called_another_process(
    mute: tuple[int, list[asyncio.StreamWriter]],
) -> None:
    port, taken = mute
    log = new_log(f"postgresql://postgres@127.0.0.1:{port}/x")
    async with log.tenures([]):
        await until(lambda: bool(taken))
        assert log.readiness().reasons[0].startswith("starting")
        await until(lambda: not log.readiness().reasons[0].startswith("starting"))
        assert log.readiness().reasons[0].startswith("store-unavailable")


async def test_a_projection_whose_tenure_is_over_says_so_until_the_next_one(database: str) -> None:
    """Queries are answered as before, but nobody here brings anything new."""
    await prepare_projection(database)
    connection = await asyncpg.connect(database)
    journal = Journal(database, Kafka(NOWHERE), system_clock)

    def says_so() -> bool:
        return any("parked" in reason for reason in journal.readiness().degraded)

    try:
        await connection.execute("ALTER TABLE parked RENAME TO away")
        async with journal.running():
            await until(says_so)
            await until(lambda: journal.readiness().ready)
            await connection.execute("ALTER TABLE away RENAME TO parked")
            await until(lambda: not says_so())
    finally:
        await connection.close()
