"""A log that was lost, and what of it is left on its topic: whole, or with something missing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from aiokafka import ConsumerRecord

from deploy.local.postgres import Databases
from shared.clock import system_clock
from shared.contracts.registry import CONTRACTS_URL
from shared.events.envelope import Record, to_headers
from shared.messaging.adopting import Adopted, Adoption
from shared.messaging.kafka import Kafka
from shared.messaging.relay import partition_of
from shared.store.log import Log
from shared.store.reading import Reader
from shared.store.session import leased
from shared.store.streams import Unavailable
from tests.faults.followed import DOSSIER, message
from tests.integration.store import command, new_log, note, prepare, serving, stream


@asynccontextmanager
async def another(postgres: Databases, template: str | None = None) -> AsyncIterator[str]:
    """A database of its own, prepared, or as another one stands: that one must be at rest."""
    name = f"test_{uuid4().hex}"
    if template is None:
        await postgres.create_database(name)
        await prepare(postgres.dsn(name))
    else:
        source = template.rsplit("/", 1)[1]
        await postgres._execute(f'CREATE DATABASE "{name}" TEMPLATE "{source}"')
    try:
        yield postgres.dsn(name)
    finally:
        await postgres.drop_database(name)


async def tell(log: Log, *subjects: str) -> None:
    """An event in each of these streams, one after the other."""
    for name in subjects:
        once = command()
        while True:  # as a client does: with the same key, until it is told
            try:
                await log.decide(
                    once, stream(name), lambda told, name=name: [note(f"{name} {len(told)}")]
                )
                break
            except Unavailable:
                await asyncio.sleep(0.05)


async def written(database: str, *subjects: str) -> list[Record]:
    """Write an event to each, and return the whole log."""
    log = new_log(database)
    async with serving(log):
        await tell(log, *subjects)
        return await log.page(0, 10_000)


def sent(record: Record, **altered: bytes) -> ConsumerRecord:
    """The record as the relay would send it; `altered` replaces its value, or headers by name."""
    value = altered.pop("value", record.data)
    headers = [
        (name, altered.get(name, told)) for name, told in to_headers(record, "test", CONTRACTS_URL)
    ]
    at = partition_of(DOSSIER, record.key.encode())
    whole = message(record, topic=DOSSIER, partition=at.partition, under=headers)
    whole.value = value
    return whole


async def adopted(
    database: str, kafka: Kafka, *, void_forks: bool = False, installation: str = "test"
) -> Adopted:
    """What `fuyan events adopt` does to the log of dossiers."""
    reader = Reader(database, "submission")
    try:
        async with leased(database, "adopt") as session:
            adoption = Adoption(
                reader, kafka, ["dossier"], installation, lambda event: [], lambda *_: None
            )
            found = await adoption.look(void_forks=void_forks)
            return await adoption.adopt(session, found, "ops", system_clock())
    finally:
        reader.close()
