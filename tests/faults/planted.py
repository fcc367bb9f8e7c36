"""A service with a bug in it: `python -m tests.faults.planted <bug> serve <service> --port …`.

What the simulation can find, it finds there, faster and surer; here are those whose harm needs the
real PostgreSQL or the real Kafka to show.
"""

import sys
from collections.abc import Callable

import asyncpg

from shared.store import session
from shared.store.session import LEASE, Lease, Session


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
        commit_is_not_waited_for,
        standby_waits_inside_the_lock,
    )
}

if __name__ == "__main__":
    BUGS[sys.argv.pop(1)]()
    from deploy.cli.main import main

    main()
