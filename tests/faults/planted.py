"""A service with a bug in it: `python -m tests.faults.planted <bug> serve <service> --port …`.

What the simulation can find, it finds there, faster and surer; here are those whose harm needs the
real PostgreSQL or the real Kafka to show.
"""

import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import asyncpg
from aiokafka.errors import KafkaError

from shared.messaging.relay import Relay
from shared.store import session
from shared.store.session import LEASE, Lease, Session


def relay_goes_on_after_a_failed_page() -> None:
    send = Relay._send

    async def careless(self: Relay, producer: Any, page: Any) -> None:
        with suppress(KafkaError, TimeoutError):
            async with asyncio.timeout(0.5):
                await send(self, producer, page)

    Relay._send = careless  # type: ignore[method-assign]


def cursor_moves_before_the_acknowledgement() -> None:
    send = Relay._send
    sending: set[asyncio.Task[None]] = set()

    async def unawaited(self: Relay, producer: Any, page: Any) -> None:
        task = asyncio.create_task(send(self, producer, page))
        sending.add(task)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())

    Relay._send = unawaited  # type: ignore[method-assign]


def commit_is_not_waited_for() -> None:
    connect = session.connect

    async def hasty(dsn: str, name: str, **settings: str) -> asyncpg.Connection:
        settings |= {"synchronous_commit": "off"} if "synchronous_commit" in settings else {}
        return await connect(dsn, name, **settings)

    session.connect = hasty


def standby_waits_inside_the_lock() -> None:
    async def waiting(self: Lease) -> Session:
        self.why_not = ("standby", "another process of this service writes")
        connection = await session.connect(self._dsn, self._name)
        await connection.fetchval("SELECT pg_advisory_lock($1)", LEASE)
        (row,) = await connection.fetch(
            "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
        )
        return Session(connection, *row)

    Lease._take = waiting  # type: ignore[method-assign]


BUGS: dict[str, Callable[[], None]] = {
    bug.__name__: bug
    for bug in (
        relay_goes_on_after_a_failed_page,
        cursor_moves_before_the_acknowledgement,
        commit_is_not_waited_for,
        standby_waits_inside_the_lock,
    )
}

if __name__ == "__main__":
    BUGS[sys.argv.pop(1)]()
    from deploy.cli.main import main

    main()
