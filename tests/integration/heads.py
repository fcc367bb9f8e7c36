"""Logs with signing keys, and what the audit topic holds of them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from shared.contracts.audit import TOPIC, TreeHead
from shared.events.signing import Signer, write_key
from shared.messaging.head_relay import HeadRelay, read_head
from shared.messaging.kafka import SILENT, Kafka, partitions
from shared.store.log import Log
from shared.store.tree_heads import TreeHeads, heads
from tests.integration.store import command, new_log, note, serving, stream

SOON_S = 0.02


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
    duties = [duty] if kafka is None else [duty, HeadRelay(log, Kafka(kafka), duty)]
    async with serving(log, duties):
        yield log


async def write(log: Log, count: int = 1, subject: str = "p/t") -> None:
    for _ in range(count):
        await log.decide(command(), stream(subject), lambda _: [note()])


async def stored(log: Log) -> list[TreeHead]:
    return await heads(log, log.installation, log.service, 0, 1000)


async def until(found: Callable[[], Awaitable[bool]], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not await found():
            await asyncio.sleep(0.02)


async def covered(log: Log) -> TreeHead:
    """The head that covers all that was written."""
    async with asyncio.timeout(20):
        while not (known := await stored(log)) or known[-1].size < log.committed:
            await asyncio.sleep(0.01)
    return known[-1]


async def published(kafka: str) -> list[TreeHead]:
    """All heads of the topic, copies left out."""
    found: dict[str, TreeHead] = {}
    async with Kafka(kafka).looking() as consumer:
        at = partitions(TOPIC)
        try:
            ends = await consumer.end_offsets(at)
        except SILENT:  # the topic is just being made
            return []
        consumer.assign(at)
        await consumer.seek_to_beginning(*at)
        behind = [one for one in at if ends[one]]
        while behind:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    if (head := read_head(record)) is not None:
                        found[head.signature] = head
            behind = [one for one in behind if await consumer.position(one) < ends[one]]
    return sorted(found.values(), key=lambda head: head.size)


async def tamper(database: str, statement: str) -> None:
    """What a person with all rights on the database could do."""
    connection = await asyncpg.connect(database)
    try:
        await connection.execute("SET session_replication_role = replica")
        await connection.execute(statement)
    finally:
        await connection.close()
