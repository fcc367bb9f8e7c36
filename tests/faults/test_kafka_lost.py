"""Kafka wiped, replaced or made anew: filled again from the log, and nobody lifts a hand."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from deploy.local.kafka import ApacheKafka, Cluster
from deploy.local.postgres import Databases
from shared.contracts.dossier import DeficiencyWithdrawn
from shared.messaging import kafka as speaking
from shared.messaging import reactions as reacting
from shared.messaging import relay as relaying
from shared.messaging.kafka import SILENT, Kafka, partitions
from shared.messaging.reactions import Reactions
from shared.messaging.relay import Relay
from shared.messaging.stretches import until as stretch
from shared.store.log import Log
from tests.faults.donors import another, sent, tell
from tests.faults.followed import DOSSIER, publish, topics
from tests.faults.test_topics import made_anew
from tests.integration.store import new_log, serving
from tests.integration.test_messaging import answer, officers, reviewing, until

pytestmark = pytest.mark.kafka


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks more often, and asks for a topic that is gone for a second only."""
    monkeypatch.setattr(relaying, "LOOK_S", 0.2)
    monkeypatch.setattr(reacting, "WATCH_S", 0.2)
    monkeypatch.setattr(speaking, "REQUEST_MS", 1000)


@asynccontextmanager
async def writing(database: str, kafka: Kafka) -> AsyncIterator[Log]:
    log = new_log(database)
    async with serving(log, [Relay(log, kafka, ["dossier"])]):
        yield log


@asynccontextmanager
async def following(database: str, kafka: Kafka) -> AsyncIterator[Log]:
    log = reviewing(database)
    async with serving(log, [Reactions(log, kafka, {DeficiencyWithdrawn: answer})]):
        yield log


async def heard(log: Log, count: int) -> None:
    """All of them came, each once and in order."""

    async def there() -> bool:
        return len(await officers(log)) >= count

    await until(there)
    assert await officers(log) == [f"p/t {number}" for number in range(count)]


async def filled(kafka: Kafka, count: int) -> None:
    """The topic tells the stream from its first event to its last, in the order of the log."""
    seen: list[int] = []

    async def there() -> bool:
        with suppress(*SILENT):  # the topic may not be there again yet
            seen[:] = dict.fromkeys(await versions(kafka))
        return len(seen) >= count

    await until(there)
    assert seen == list(range(1, count + 1))


async def versions(kafka: Kafka) -> list[int]:
    async with kafka.looking() as consumer:
        begins = await consumer.beginning_offsets(partitions(DOSSIER))
        ends = await consumer.end_offsets(partitions(DOSSIER))
        held = {at: first for at, first in begins.items() if first < ends[at]}
        return [
            int(dict(record.headers)["ce_streamversion"])
            async for _, records in stretch(consumer, held, ends)
            for record in records
        ]


async def test_a_cluster_wiped_under_a_running_producer_and_a_stopped_consumer_is_filled_again(
    postgres: Databases, own_kafka: ApacheKafka
) -> None:
    kafka = Kafka(own_kafka.bootstrap)
    async with another(postgres) as dossiers, another(postgres) as cases:
        async with writing(dossiers, kafka) as log:
            async with following(cases, kafka) as second:
                await tell(log, *["p/t"] * 10)
                await heard(second, 10)
            telling = asyncio.create_task(tell(log, *["p/t"] * 20))
            await asyncio.to_thread(own_kafka.wipe)
            await telling
            await filled(kafka, 30)
            async with following(cases, kafka) as second:
                await heard(second, 30)
                await tell(log, *["p/t"] * 5)
                await heard(second, 35)
            whole = await log.page(0, 100)

        # Replaced, while nobody runs, by a cluster that holds what an older one held.
        await asyncio.to_thread(own_kafka.wipe)
        await topics(kafka)
        await publish(kafka, [sent(one) for one in whole[:5]])
        async with writing(dossiers, kafka) as log, following(cases, kafka) as second:
            await tell(log, *["p/t"] * 5)
            await filled(kafka, 40)
            await heard(second, 40)


async def test_a_topic_deleted_and_created_anew_is_filled_again_under_all_who_use_it(
    postgres: Databases, clean_kafka: Cluster
) -> None:
    kafka = Kafka(clean_kafka.bootstrap)
    await topics(kafka)
    async with (
        another(postgres) as dossiers,
        another(postgres) as cases,
        writing(dossiers, kafka) as log,
        following(cases, kafka) as second,
    ):
        await tell(log, *["p/t"] * 10)
        await heard(second, 10)
        telling = asyncio.create_task(tell(log, *["p/t"] * 20))
        await made_anew(kafka)
        await telling
        await filled(kafka, 30)
        await heard(second, 30)
        await tell(log, "p/t")
        await heard(second, 31)
