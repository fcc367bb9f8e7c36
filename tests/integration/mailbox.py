"""A mail server as small as one can be: it takes what comes, or answers what it is told to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class Mailbox:
    """What arrived, and the answers to the next letters' recipients; past these it takes all."""

    port: int = 0
    answers: list[str] = field(default_factory=list)
    letters: list[EmailMessage] = field(default_factory=list)
    tried: int = 0

    async def until(self, count: int) -> list[EmailMessage]:
        async with asyncio.timeout(40):
            while len(self.letters) < count:
                await asyncio.sleep(0.02)
        return self.letters

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mailbox\r\n")
        while line := await reader.readline():
            match line.split()[0].upper():
                case b"RCPT":
                    self.tried += 1
                    answer = self.answers.pop(0) if self.answers else "250 ok"
                    writer.write(f"{answer}\r\n".encode())
                case b"DATA":
                    writer.write(b"354 go on\r\n")
                    data = await reader.readuntil(b"\r\n.\r\n")
                    letter = message_from_bytes(data[:-5], policy=policy.default)
                    assert isinstance(letter, EmailMessage)
                    self.letters.append(letter)
                    writer.write(b"250 taken\r\n")
                case b"QUIT":
                    writer.write(b"221 bye\r\n")
                    break
                case _:
                    writer.write(b"250 ok\r\n")
        writer.close()


@asynccontextmanager
async def mailbox() -> AsyncIterator[Mailbox]:
    found = Mailbox()
    server = await asyncio.start_server(found._serve, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    async with server:
        yield found
