"""What can be done to a house under load. Each strike waits until it did something, and heals it.

A strike counts its hits from traces that the fault left: the crash log, a proxy's counter, an exit
code, another cluster id. A fault that left none has not been tested.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

import asyncpg

from deploy.local.processes import free_port
from shared.clock import write_clock
from tests.faults.house import TODAY, House
from tests.faults.links import Links
from tests.faults.play import Ground, Strike

KILLED = 128 + signal.SIGKILL
SOON_S = 150.0


async def until(holds: Callable[[], bool | Awaitable[bool]], what: str) -> None:
    """Return once it holds; raises AssertionError, for then the fault did not hit."""
    try:
        async with asyncio.timeout(SOON_S):
            while True:
                found = holds()
                if found if isinstance(found, bool) else await found:
                    return
                await asyncio.sleep(0.02)
    except TimeoutError as error:
        raise AssertionError(f"the fault did not hit: {what}") from error


async def connected(dsn: str) -> asyncpg.Connection:
    """As soon as the server takes connections: another strike may have just ended it."""
    async with asyncio.timeout(SOON_S):
        while True:
            with suppress(OSError, asyncpg.PostgresError):
                return await asyncpg.connect(dsn)
            await asyncio.sleep(0.1)


def crashes(service: str, *points: str) -> Strike:
    """The process dies at each of these places in turn, and is started again every time."""

    async def strike(ground: Ground) -> None:
        house = ground.house
        for point in points:
            before = len(house.crashes())
            # Not at the very first pass: the streams and statements of a start are not yet warm.
            await house.again(service, crash_at=f"{point}:{ground.random.randint(1, 3)}")
            await until(lambda: not house.process(service).running, f"{service} at {point}")
            assert house.crashes()[before:] == [point], house.crashes()
            ground.hits[f"killed at {point}"] += 1
        house.serve(service)
        await house.ready(service)

    return strike


def killed(service: str) -> Strike:
    """SIGKILL at any moment."""

    async def strike(ground: Ground) -> None:
        process = ground.house.process(service)
        await ground.house.again(service)
        ground.hits[f"{service} killed"] += process.returncode == KILLED

    return strike


async def crash_while_stopping(ground: Ground) -> None:
    """SIGTERM, and death in the midst of the good-bye."""
    house = ground.house
    await house.again("submission", crash_at="command/stopping")
    await house.ready("submission")
    before, process = len(house.crashes()), house.process("submission")
    process.signal(signal.SIGTERM)
    await until(lambda: not process.running, "stopping")
    ground.hits["killed at command/stopping"] += len(house.crashes()) - before
    house.serve("submission")


async def crash_when_the_lease_is_lost(ground: Ground) -> None:
    house = ground.house
    await house.again("submission", crash_at="lease/lost")
    await house.ready("submission")
    before = len(house.crashes())
    await _terminate(house, "submission")
    await until(lambda: not house.process("submission").running, "the lease lost")
    ground.hits["killed at lease/lost"] += len(house.crashes()) - before
    house.serve("submission")


async def crash_when_taking_over(ground: Ground) -> None:
    """The writer dies, and so does the standby, just when the lease is its own."""
    house, port = ground.house, free_port()
    house.serve("submission", port, crash_at="lease/taken")
    await until(lambda: standing_by(house, port), "a standby")
    before = len(house.crashes())
    await asyncio.to_thread(house.process("submission").kill)
    await until(lambda: not house.process("submission", port).running, "the standby")
    ground.hits["killed at lease/taken"] += len(house.crashes()) - before
    house.serve("submission")


async def standing_by(house: House, port: int) -> bool:
    status, told = await house.readiness("submission", port)
    return status == 503 and "standby" in told


async def hand_over(ground: Ground) -> None:
    """The writer is killed beside its standby, which is then told to go, in the midst of pages."""
    house, port = ground.house, free_port()
    house.serve("submission", port)
    await until(lambda: standing_by(house, port), "a standby")
    ground.clients.others = {"submission": (f"http://127.0.0.1:{port}",)}
    await asyncio.to_thread(house.process("submission").kill)
    await house.ready("submission", port=port)
    await ground.clients.more(5)
    house.serve("submission")
    await asyncio.to_thread(house.process("submission", port).kill)
    await house.ready("submission")
    ground.hits["hand-over in mid-page"] += 2


async def zombie(ground: Ground) -> None:
    """The writer is stopped past its lease, another one takes over, and the first one wakes."""
    house, port = ground.house, free_port()
    house.serve("submission", port)
    await until(lambda: standing_by(house, port), "a standby")
    ground.clients.others = {"submission": (f"http://127.0.0.1:{port}",)}
    holder = house.process("submission")
    holder.signal(signal.SIGSTOP)
    try:
        await house.ready("submission", port=port)
        await ground.clients.more(5)
    finally:
        holder.signal(signal.SIGCONT)
    await until(lambda: standing_by(house, house.ports["submission"]), "the zombie knows")
    ground.hits["holder stopped past its lease"] += 1
    await asyncio.to_thread(house.process("submission", port).kill)


async def _terminate(house: House, service: str = "") -> int:
    """End the sessions of a service, or of all, as an administrator may."""
    connection = await connected(house.server.dsn("postgres"))
    try:
        ended: int = await connection.fetchval(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE starts_with(application_name, $1)",
            f"fuyan-{service}",
        )
    finally:
        await connection.close()
    return ended


async def backends_terminated(ground: Ground) -> None:
    for _ in range(3):
        ground.hits["backends terminated"] += await _terminate(ground.house)
        await asyncio.sleep(0.5)


async def postgres_killed(ground: Ground) -> None:
    server = ground.house.server
    process = server.process
    await asyncio.to_thread(server.kill)
    ground.hits["PostgreSQL killed"] += process.returncode == KILLED
    await asyncio.to_thread(server.start)


async def pool_exhausted(ground: Ground) -> None:
    """All connections of the server are taken, and the writers have to find a new one."""
    house = ground.house
    taken: list[asyncpg.Connection] = []
    role = house.server.dsn("fuyan_submission", user="fuyan_submission")
    with suppress(asyncpg.TooManyConnectionsError, asyncpg.PostgresError):
        while True:
            taken.append(await asyncpg.connect(role))
    try:
        await _terminate(house, "submission-writer")
        with suppress(asyncpg.TooManyConnectionsError, asyncpg.PostgresError):
            while True:  # what has just become free, too
                taken.append(await asyncpg.connect(role))
        ground.hits["pool exhausted"] += 1
        await asyncio.sleep(2)
    finally:
        for connection in taken:
            connection.terminate()


def link(kind: str, service: str, fault: str, seconds: float = 0) -> Strike:
    """A fault of one link: `kind` is postgres or kafka, `fault` a method of `Links`."""

    async def strike(ground: Ground) -> None:
        house = ground.house
        proxy = (house.to_postgres if kind == "postgres" else house.to_kafka)[service]
        before = proxy.hits[fault]
        if fault == "delay":
            proxy.delay(0.15)
        else:
            getattr(proxy, fault)()
        # A link that is quiet just now is hit by what it carries next.
        await until(lambda: proxy.hits[fault] > before, f"{fault} of {service} and {kind}")
        await asyncio.sleep(seconds)
        proxy.heal()
        ground.hits[f"{service} – {kind}: {fault}"] += proxy.hits[fault] - before

    return strike


def swallowed(service: str, statement: str, times: int = 3) -> Strike:
    """PostgreSQL commits, and the reply never comes."""

    async def strike(ground: Ground) -> None:
        proxy: Links = ground.house.to_postgres[service]
        before = proxy.hits["swallow"]
        for count in range(times):
            proxy.swallow(statement.encode())
            await until(
                lambda count=count: proxy.hits["swallow"] > before + count,  # type: ignore[misc]
                f"the reply to {statement} of {service}",
            )
            await ground.house.ready(service)
        ground.hits[f"{service} – postgres: reply swallowed"] += proxy.hits["swallow"] - before

    return strike


async def clock_moves(ground: Ground) -> None:
    """An hour ahead, and then an hour behind what was recorded."""
    for hours in (1, -1, 0):
        write_clock(ground.house.clock, TODAY + timedelta(hours=hours))
        await ground.clients.more(5)
        ground.hits["clock ± 1 h"] += 1


async def together(ground: Ground, *strikes: Strike) -> None:
    async with asyncio.TaskGroup() as group:
        for strike in strikes:
            group.create_task(strike(ground))
