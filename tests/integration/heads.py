"""Logs with signing keys, and what the audit topic holds of them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from shared.contracts.audit import TreeHead
from shared.events.signing import Signer, write_key
from shared.messaging.head_relay import HeadRelay, heads_on_topic
from shared.messaging.kafka import SILENT, Kafka
from shared.store.log import Duty, Log
from shared.store.tree_heads import TreeHeads, heads
from tests.integration.store import command, new_log, note, serving, stream

SOON_S = 0.02
PATIENCE_S = 90
"""How long what must come about may take on a machine that has much else to do."""


def key_file(directory: Path, name: str = "signing-key.pem") -> Path:
    file = directory / name
    if not file.exists():
        write_key(file)
    return file


def signer(directory: Path, name: str = "signing-key.pem") -> Signer:
    return Signer.read(key_file(directory, name))


@asynccontextmanager
async def signing(
    database: str, key: Path | None, kafka: str | None = None, log: Log | None = None
) -> AsyncIterator[Log]:
    """A log that signs as soon as it has grown, and publishes where there is a Kafka."""
    log = log or new_log(database)
    duty = TreeHeads(log, key, SOON_S)
    duties: list[Duty] = [duty]
    if kafka is not None:
        duties.append(HeadRelay(log, Kafka(kafka), duty))
    async with serving(log, duties):
        yield log


async def write(log: Log, count: int = 1, subject: str = "p/t") -> None:
    for _ in range(count):
        await log.decide(command(), stream(subject), lambda _: [note()])


async def stored(log: Log) -> list[TreeHead]:
    return await heads(log, log.installation, log.service, 0, 1000)


async def until(found: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await found():
            await asyncio.sleep(0.02)


async def covered(log: Log) -> TreeHead:
    """The head that covers all that was written."""
    async with asyncio.timeout(PATIENCE_S):
        while not (known := await stored(log)) or known[-1].size < log.committed:
            await asyncio.sleep(0.01)
    return known[-1]


async def published(kafka: str) -> list[TreeHead]:
    """All heads of the topic, copies left out; none while it is just being made."""
    try:
        return await heads_on_topic(Kafka(kafka))
    except SILENT:
        return []


async def tamper(database: str, statement: str) -> None:
    """What a person with all rights on the database could do."""
    connection = await asyncpg.connect(database)
    try:
        await connection.execute("SET session_replication_role = replica")
        await connection.execute(statement)
    finally:
        await connection.close()
