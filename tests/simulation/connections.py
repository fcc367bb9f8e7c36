"""Connections and pools of the played PostgreSQL: what `asyncpg` is replaced by."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from tests.simulation.loop import PROCESS, Process
from tests.simulation.postgres import NOTICED_S, Backend, Server
from tests.simulation.statements import flat
from tests.simulation.tables import Row


class Reply:
    """What a client waits for."""

    def __init__(self, future: asyncio.Future[Any]) -> None:
        self.future = future
        self.wanted = True
        """False where a request to cancel comes before the server has looked."""
        self.abandoned = False
        """Its caller went away; the next statement waits for the answer all the same."""

    def take(self, answer: Any) -> None:
        if self.future.done():
            return
        if isinstance(answer, BaseException):
            self.future.set_exception(answer)
        else:
            self.future.set_result(answer)


class Connection:
    """As much of an asyncpg connection as the services use."""

    def __init__(
        self, server: Server, process: Process, settings: dict[str, str], timeout_s: float | None
    ) -> None:
        self.server = server
        self.process = process
        self.settings = settings
        role = settings.get("application_name", "").split("/")[0]
        self.name = f"{process.name} {role}"
        self.backend: Backend | None = None
        self._timeout_s = timeout_s
        self._reply: Reply | None = None
        self._closed = False

    def travel(self, callback: Callable[..., object], *args: Any) -> None:
        """To the client, in its own time; a process that was killed hears nothing."""
        context = self.process.context
        self.server.send(
            self.process,
            lambda delay_s: self.server.loop.call_later(delay_s, callback, *args, context=context),
        )

    def lost(self, error: BaseException | None = None) -> None:
        """The server's side is gone; the client hears of it, if anything comes through."""
        found = error or asyncpg.ConnectionDoesNotExistError("connection was closed")
        self.travel(self._hear, found)

    def _hear(self, error: BaseException) -> None:
        self._closed = True
        if self._reply is not None:
            self._reply.take(error)

    def is_closed(self) -> bool:
        return self._closed

    async def ask(self, text: str, values: tuple[Any, ...]) -> Any:
        async with asyncio.timeout(self._timeout_s):
            while self._reply is not None:
                if not self._reply.abandoned:
                    raise asyncpg.InterfaceError("another operation is in progress")
                await asyncio.wait((self._reply.future,))
            if self._closed:
                raise asyncpg.InterfaceError("connection is closed")
            loop, server = self.server.loop, self.server
            reply = self._reply = Reply(loop.create_future())
            reply.future.add_done_callback(self._done)
            server.send(
                self.process,
                lambda delay_s: loop.outside(
                    delay_s, server.arrive, self.backend, flat(text), values, reply
                ),
            )
            try:
                return await asyncio.shield(reply.future)
            except asyncio.CancelledError:
                reply.abandoned = True
                reply.wanted = loop.random.random() < 0.5
                raise

    def _done(self, future: asyncio.Future[Any]) -> None:
        self._reply = None
        future.exception()

    async def fetch(self, text: str, *values: Any) -> list[Row]:
        answer: list[Row] = await self.ask(text, values)
        return answer

    async def fetchrow(self, text: str, *values: Any) -> Row | None:
        found = await self.ask(text, values)
        return found[0] if found else None

    async def fetchval(self, text: str, *values: Any) -> Any:
        found = await self.ask(text, values)
        return found[0][0] if found else None

    async def execute(self, text: str, *values: Any) -> str:
        answer = await self.ask(text, values)
        return answer if isinstance(answer, str) else "DONE"

    @asynccontextmanager
    async def transaction(
        self, *, isolation: str | None = None, readonly: bool = False
    ) -> AsyncIterator[None]:
        await self.execute("BEGIN REPEATABLE READ" if isolation == "repeatable_read" else "BEGIN")
        try:
            yield
        except BaseException:
            await self.execute("ROLLBACK")
            raise
        await self.execute("COMMIT")

    def terminate(self) -> None:
        """Drop it at once."""
        if self._closed or self.process.dead:
            return
        self._closed = True
        if self._reply is not None:
            self._reply.take(asyncpg.InterfaceError("the connection was terminated"))
        if self.backend is not None:
            end, loop = self.backend.end, self.server.loop
            self.server.send(
                self.process, lambda delay_s: loop.outside(delay_s + NOTICED_S[0], end)
            )

    async def close(self) -> None:
        self.terminate()


class Postgres:
    """All databases of an installation: what `asyncpg` is replaced by."""

    def __init__(self, servers: dict[str, Server]) -> None:
        self.servers = servers

    async def connect(
        self,
        dsn: str,
        *,
        timeout: float = 5,
        command_timeout: float | None = None,
        server_settings: dict[str, str],
    ) -> Connection:
        process = PROCESS.get()
        assert process is not None
        server = self.servers[dsn]
        loop = server.loop
        async with asyncio.timeout(timeout):
            await asyncio.sleep(loop.random.uniform(0.001, 0.006))
            while server.deaf(process):
                await asyncio.sleep(0.5)
        connection = Connection(server, process, server_settings, command_timeout)
        connection.backend = server.open(connection)
        return connection

    async def create_pool(self, dsn: str, *, max_size: int, **options: Any) -> "Pool":
        timeout_s = options["command_timeout"]
        return Pool(self, dsn, max_size, timeout_s, options["server_settings"])


class Pool:
    """Connections that are opened when they are asked for."""

    def __init__(
        self, postgres: Postgres, dsn: str, size: int, timeout_s: float, settings: dict[str, str]
    ) -> None:
        self._postgres = postgres
        self._dsn = dsn
        self._timeout_s = timeout_s
        self._settings = settings
        self._free: list[Connection] = []
        self._used: list[Connection] = []
        self._room = asyncio.Semaphore(size)

    @asynccontextmanager
    async def acquire(self, *, timeout: float) -> AsyncIterator[Connection]:
        async with asyncio.timeout(timeout):
            await self._room.acquire()
        try:
            while self._free and self._free[-1].is_closed():
                self._free.pop()
            connection = (
                self._free.pop()
                if self._free
                else await self._postgres.connect(
                    self._dsn,
                    timeout=timeout,
                    command_timeout=self._timeout_s,
                    server_settings=self._settings,
                )
            )
            self._used.append(connection)
            try:
                yield connection
            finally:
                self._used.remove(connection)
                if not connection.is_closed():
                    self._free.append(connection)
        finally:
            self._room.release()

    def terminate(self) -> None:
        for connection in (*self._free, *self._used):
            connection.terminate()
