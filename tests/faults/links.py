"""A TCP link that can be made to fail: a proxy before a local port, with counters that prove it."""

import asyncio
import socket
import struct
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from tests.faults.wire import Statements


@dataclass(slots=True, eq=False)
class Link:
    """One connection through the proxy: `to` the server, `back` to the client."""

    number: int
    to: asyncio.StreamWriter
    back: asyncio.StreamWriter
    statements: Statements | None
    losing: bool = False
    """Its replies are lost from now on: the server did what was asked, and nobody hears of it."""

    def reset(self) -> None:
        """Both sides see the connection reset, as when a firewall drops its table."""
        for writer in (self.to, self.back):
            with suppress(OSError):
                end: socket.socket = writer.get_extra_info("socket")
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()


@dataclass(slots=True, eq=False)
class Links:
    """All connections to one port of ours. Faults hold until `heal`; `hits` counts what each did.

    `freeze` kills the links there are without a word and lets later ones work. `blackhole` holds
    what is sent on any link, as a network does that drops packets until it heals. `delay` holds
    each piece for so many seconds. `reset` breaks what links there are, `cut` refuses new ones too.
    `swallow` waits for a statement of PostgreSQL, lets it be done, and loses the reply.
    """

    port: int = 0
    to: int = 0
    """The port behind it; a failover turns new links to another server."""
    speaks_sql: bool = False
    """Whether PostgreSQL is behind it: only there can a statement be waited for."""
    made: int = 0
    hits: Counter[str] = field(default_factory=Counter)
    open: dict[int, Link] = field(default_factory=dict)
    _frozen: set[int] = field(default_factory=set)
    _flowing: asyncio.Event = field(default_factory=asyncio.Event)
    _deaf: bool = False
    _refusing: bool = False
    _delay_s: float = 0
    _swallowing: bytes | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._flowing.set()

    def freeze(self) -> None:
        self._frozen |= set(range(self.made))

    def blackhole(self) -> None:
        self._flowing.clear()

    def deafen(self) -> None:
        """Requests arrive, replies are held; `heal` resets the links, so that none ever comes."""
        self._deaf = True

    def delay(self, seconds: float) -> None:
        self._delay_s = seconds

    def reset(self) -> None:
        for link in tuple(self.open.values()):
            self.hits["reset"] += 1
            link.reset()

    def cut(self) -> None:
        self._refusing = True
        self.reset()

    def swallow(self, statement: bytes = b"INSERT INTO log") -> None:
        """The next statement that contains this is done, and its client sees a broken link."""
        self._swallowing = statement

    def heal(self) -> None:
        self._refusing, self._delay_s, self._swallowing = False, 0, None
        if self._deaf:
            self._deaf = False
            self.reset()
        self._flowing.set()

    async def _carry(self, link: Link, source: asyncio.StreamReader, forth: bool) -> None:
        to = link.to if forth else link.back
        try:
            with suppress(OSError):
                while data := await source.read(65536):
                    await self._pass(link, data, to, forth)
            if link.number in self._frozen:
                await asyncio.Event().wait()  # not even that the other side hung up is told
            await self._flowing.wait()
        finally:
            self.open.pop(link.number, None)
            to.close()

    async def _pass(self, link: Link, data: bytes, to: asyncio.StreamWriter, forth: bool) -> None:
        if self._delay_s:
            self.hits["delay"] += 1
            await asyncio.sleep(self._delay_s)
        if not self._flowing.is_set():
            self.hits["blackhole"] += 1
            await self._flowing.wait()
        if link.number in self._frozen:
            self.hits["freeze"] += 1
            return
        if forth:
            if link.statements is not None:
                link.statements.asked(data)
                if self._swallowing and link.statements.running(self._swallowing):
                    self._swallowing, link.losing = None, True
        elif self._deaf:
            self.hits["deafen"] += 1
            return
        elif link.losing:
            if link.statements is not None and link.statements.completed(data):
                self.hits["swallow"] += 1
                link.reset()
            return
        to.write(data)
        await to.drain()

    async def _serve(self, back: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            self.hits["cut"] += 1
            writer.transport.abort()
            return
        number, self.made = self.made, self.made + 1
        try:
            answers, to = await asyncio.open_connection("127.0.0.1", self.to)
        except OSError:
            writer.transport.abort()
            return
        statements = Statements() if self.speaks_sql else None
        link = self.open[number] = Link(number, to, writer, statements)
        for source, forth in ((back, True), (answers, False)):
            task = asyncio.create_task(self._carry(link, source, forth))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


@asynccontextmanager
async def links(to: int, port: int = 0, *, speaks_sql: bool = False) -> AsyncIterator[Links]:
    """A proxy before the local port `to`, on `port` or any free one."""
    found = Links(to=to, speaks_sql=speaks_sql)
    server = await asyncio.start_server(found._serve, "127.0.0.1", port)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        server.close()
        tasks = tuple(found._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
