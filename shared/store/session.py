"""The leased session: whoever holds its advisory lock is the writer of the store.

The lease gives speed and order; safety does not rest on it, for the primary key on position
refuses whichever of two writers comes second.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import asyncpg
import structlog

from shared.crash import crash_point
from shared.ending import end_if_told

LEASE = 0x66757961  # any number that every process of one database agrees on
POLL_S = 0.1
AGAIN_S = 0.2
REFUSED_AGAIN_S = 2.0
HELD_S = 5.0
BEAT_S = 0.5
# A holder that is silent for so long is hung or gone; the server ends its session, lock and all.
SILENT_MS = 2500
SILENT = {
    "idle_session_timeout": f"{SILENT_MS}ms",
    # A holder that is gone without a word, in the midst of an answer too.
    "tcp_user_timeout": str(SILENT_MS),
    "tcp_keepalives_idle": "1",
    "tcp_keepalives_interval": "1",
    "tcp_keepalives_count": "2",
}
"""Settings of a session that holds what others wait for."""
FEW_ROWS = {"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off"}
"""Of one that only looks up by key; without statistics the planner would scan a fresh table."""
# Past this a round trip counts as lost, and its outcome as unknown.
ROUND_TRIP_S = 10.0

# asyncpg raises these where the connection, not the statement, is at fault.
LOST = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.exceptions.OperatorInterventionError,
    asyncpg.InternalClientError,
    asyncpg.ReadOnlySQLTransactionError,  # a server that became a replica
    asyncpg.TooManyConnectionsError,
)

T = TypeVar("T")

logger = structlog.get_logger(__name__)


class LeaseLost(Exception):
    """Someone else writes, or nobody can tell: this tenure is over."""


class LeaseHeld(Exception):
    """A process of the service writes its store; what needs it at rest must wait."""


class StoreRefuses(Exception):
    """This store must not serve before a person has looked; `code` and `reason` say why."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason


class Session:
    """One direct connection; statements take turns on it, and each is bounded in time."""

    def __init__(self, connection: asyncpg.Connection, pid: int, started: object) -> None:
        self._connection = connection
        self._turn = asyncio.Lock()
        self.pid = pid
        self.started = started
        """`backend_start`: with the pid it names this session among all that ever were."""

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[asyncpg.Connection]:
        """The connection, alone, for one round trip; raises LeaseLost where it is gone."""
        async with self._turn:
            try:
                async with asyncio.timeout(ROUND_TRIP_S):
                    yield self._connection
            except LOST as error:
                end_if_told()
                raise LeaseLost(f"{type(error).__name__}: {error}") from error

    async def beat(self) -> None:
        """Keep the server from ending a session that has nothing to write; ends with the lease."""
        while True:
            await asyncio.sleep(BEAT_S)
            async with self.turn() as connection:
                if await connection.fetchval("SELECT pg_backend_pid()") != self.pid:
                    raise LeaseLost("a pooler stands between: two writers would share one session")

    def end(self) -> None:
        """Drop the connection at once; a polite good-bye can hang on a dead link."""
        self._connection.terminate()


async def connect(dsn: str, name: str, **settings: str) -> asyncpg.Connection:
    """A direct connection that tells the server who it is."""
    return await asyncpg.connect(
        dsn, timeout=5, server_settings={"application_name": name, **settings}
    )


class Lease:
    """Takes the lease whenever nobody holds it, one tenure after the other."""

    def __init__(self, dsn: str, name: str) -> None:
        self._dsn = dsn
        self._name = name
        self.why_not = ("starting", "the store has not been reached yet")
        """Code and reason for which this process is not the writer."""
        self.ended = False
        """Set before `hold` is cancelled: a task group that is failing already eats a cancel."""

    async def hold(self, tenure: Callable[[Session], Awaitable[None]]) -> None:
        """Run `tenure` with each session that holds the lease, until cancelled or ended."""
        while not self.ended:
            pause = AGAIN_S
            try:
                session = await self._take()
                try:
                    await tenure(session)
                finally:
                    session.end()
            except Exception as error:  # whatever ends a tenure, the next one may go well
                cause = _cause(error)
                if isinstance(cause, StoreRefuses):
                    self.why_not, pause = (cause.code, cause.reason), REFUSED_AGAIN_S
                else:
                    self.why_not = ("store-unavailable", f"{type(cause).__name__}: {cause}")
                expected = isinstance(cause, (StoreRefuses, LeaseLost, *LOST))
                await logger.awarning(
                    "tenure over",
                    code=self.why_not[0],
                    reason=self.why_not[1],
                    exc_info=None if expected else error,
                )
            self._forget_cancels()
            await asyncio.sleep(0 if self.ended else pause)

    def _forget_cancels(self) -> None:
        """A failed task group leaves its own cancel counted, which would end the next tenure."""
        task = asyncio.current_task()
        while task is not None and not self.ended and task.cancelling():
            task.uncancel()

    async def _take(self) -> Session:
        """Wait until this process is the writer; raises one of LOST while the server is away.

        Polls, since waiting inside `pg_advisory_lock` holds a snapshot that stops the vacuum.
        """
        connection = await _connection(self._dsn, self._name)
        try:
            while not await _locked(connection):
                self.why_not = ("standby", "another process of this service writes")
                await asyncio.sleep(POLL_S)
            session = await _session(connection)
            crash_point("lease/taken")
            return session
        except BaseException:
            connection.terminate()
            raise


@asynccontextmanager
async def leased(dsn: str, name: str) -> AsyncIterator[Session]:
    """The lease for as long as the block lasts, so that no process of the service writes meanwhile.

    One that refuses to serve takes it for a moment now and then: so it is tried for some seconds.
    Raises LeaseHeld where a process keeps it, and one of LOST while the server is away.
    """
    connection = await _connection(dsn, name)
    try:
        try:
            async with asyncio.timeout(HELD_S):
                while not await _locked(connection):
                    await asyncio.sleep(POLL_S)
        except TimeoutError as error:
            raise LeaseHeld(f"{name}: the store is in use") from error
        session = await _session(connection)
        beating = asyncio.create_task(session.beat())
        try:
            yield session
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)
    finally:
        connection.terminate()


async def _connection(dsn: str, name: str) -> asyncpg.Connection:
    return await connect(dsn, name, synchronous_commit="on", **SILENT, **FEW_ROWS)


async def _locked(connection: asyncpg.Connection) -> bool:
    return bool(await _bounded(connection.fetchval("SELECT pg_try_advisory_lock($1)", LEASE)))


async def _session(connection: asyncpg.Connection) -> Session:
    (row,) = await _bounded(
        connection.fetch(
            "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
        )
    )
    return Session(connection, *row)


async def _bounded(answer: Awaitable[T]) -> T:
    """On a dead link an answer never comes, and nothing says so."""
    async with asyncio.timeout(ROUND_TRIP_S):
        return await answer


def _cause(error: BaseException) -> BaseException:
    """The first thing that went wrong in a group of tasks."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
