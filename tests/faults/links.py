"""A link to the database that can go dead without a word."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field


@dataclass(slots=True)
class Links:
    """A proxy before a local port: links made so far can be frozen, later ones work."""

    port: int = 0
    frozen: set[int] = field(default_factory=set)
    made: int = 0
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def freeze(self) -> None:
        """From now on nothing passes the links there are, and nobody is told."""
        self.frozen |= set(range(self.made))

    async def _carry(
        self, link: int, source: asyncio.StreamReader, to: asyncio.StreamWriter
    ) -> None:
        try:
            with suppress(OSError):
                while data := await source.read(65536):
                    if link not in self.frozen:
                        to.write(data)
                        await to.drain()
            if link in self.frozen:
                await asyncio.Event().wait()  # not even that the other side hung up is told
        finally:
            to.close()


@asynccontextmanager
async def links(port: int) -> AsyncIterator[Links]:
    found = Links()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link, found.made = found.made, found.made + 1
        back, out = await asyncio.open_connection("127.0.0.1", port)
        for source, to in ((reader, out), (back, writer)):
            found.tasks.append(asyncio.create_task(found._carry(link, source, to)))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        server.close()
        for task in found.tasks:
            task.cancel()
        await asyncio.gather(*found.tasks, return_exceptions=True)
