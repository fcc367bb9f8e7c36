"""Topics that are made anew, cut off, or deleted while they are followed or filled."""

import asyncio
from collections.abc import Sequence

import asyncpg
import pytest
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.local.kafka import Cluster
from services.projection import follower as following
from services.projection.follower import Entry, Follower
from shared.clock import system_clock
from shared.contracts.dossier import DeficiencyWithdrawn
from shared.messaging import kafka as speaking
from shared.messaging import reactions as reacting
from shared.messaging import relay as relaying
from shared.messaging.follow import Reading, Recreated, starts
from shared.messaging.kafka import Kafka, partitions
from shared.messaging.reactions import Reactions
from shared.messaging.relay import Relay
from shared.messaging.topics import missing as lacking
from shared.store.session import Session
from tests.faults.followed import DOSSIER, message, prepare_projection, publish, record, topics
from tests.integration.store import command, new_log, note, prepare, serving, stream
from tests.integration.test_messaging import answer, reviewing, topic, until

pytestmark = pytest.mark.kafka
FIRST = TopicPartition(DOSSIER, 0)


@pytest.fixture
async def kafka(clean_kafka: Cluster) -> Kafka:
    found = Kafka(clean_kafka.bootstrap)
    await topics(found)
    return found


def unheard(entries: Sequence[Entry]) -> None:
    """Nobody folds in these tests."""


async def deleted(kafka: Kafka) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    try:
        await admin.delete_topics([DOSSIER])
        async with asyncio.timeout(10):
            while DOSSIER in await admin.list_topics():
                pass
    finally:
        await admin.close()


async def made_anew(kafka: Kafka) -> None:
    await deleted(kafka)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    try:
        async with asyncio.timeout(10):
            while (await admin.create_topics([NewTopic(DOSSIER, 4, 1)])).topic_errors[0][1]:
                pass  # a broker may refuse a name whose deletion it has not finished
    finally:
        await admin.close()
    await topics(kafka)


async def consumed(kafka: Kafka, count: int) -> list[ConsumerRecord]:
    """All records of the dossiers' topic, once there are so many."""
    found: list[ConsumerRecord] = []

    async def there() -> bool:
        found[:] = await topic(kafka.bootstrap)
        return len(found) == count

    await until(there, 10)
    return found


async def test_a_topic_refilled_past_the_fence_between_two_looks_is_read_from_its_beginning(
    database: str, kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old topic held each event twice, the new one goes on further: the consumer, whose offset
    is in both, misses what stands before it and sees a topic that fits its fence."""
    monkeypatch.setattr(following, "WATCH_S", 0.2)
    everything = [record(f"p/t{number}") for number in range(9)]
    twice = [message(one) for one in everything[:3] * 2]
    await publish(kafka, twice)
    await prepare_projection(database)
    connection = await asyncpg.connect(database)
    follower = Follower(Session(connection, 0, None), kafka, system_clock, {})
    await follower.remember()
    await follower._append(await consumed(kafka, 6), unheard)
    assert follower.position == 3
    async with kafka.looking() as consumer:
        assert await follower._reading.look(consumer, follower._partitions)
    await made_anew(kafka)
    await publish(kafka, [message(one) for one in everything])
    await follower._append((await consumed(kafka, 9))[6:], unheard)
    assert follower.position == 6
    running = asyncio.create_task(follower.run(unheard))

    async def complete() -> bool:
        return follower.position == 9

    try:
        await until(complete, 10)
    finally:
        running.cancel()
        await asyncio.wait({running})
    found = await connection.fetch("SELECT subject FROM journal ORDER BY subject")
    await connection.close()
    assert [row[0] for row in found] == [f"p/t{number}" for number in range(9)]


async def test_a_restart_too_sees_that_a_topic_was_refilled_past_its_fence(kafka: Kafka) -> None:
    """Only what a look has confirmed is stored; a fence out of the new topic would hide it."""
    everything = [record(f"p/t{number}") for number in range(9)]
    await publish(kafka, [message(one) for one in everything[:3] * 2])
    reading = Reading({})
    last = (await consumed(kafka, 6))[-1]
    reading.passed(last, everything[2].id)
    async with kafka.looking() as consumer:
        assert await reading.look(consumer, partitions(DOSSIER))
        confirmed = reading.stored(last)
        assert confirmed == (6, everything[2].id)
        await made_anew(kafka)
        await publish(kafka, [message(one) for one in everything])
        newest = (await consumed(kafka, 9))[-1]
        assert reading.stored(newest) == confirmed
        reading.passed(newest, everything[8].id)
    async with kafka.looking() as consumer:
        begin = await starts(consumer, partitions(DOSSIER), {(DOSSIER, 0): confirmed})
        assert begin[FIRST] == 0
        with pytest.raises(Recreated, match="begins with another record"):
            await reading.look(consumer, partitions(DOSSIER))


async def test_a_truncated_partition_does_not_stop_the_others(
    database: str, kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Retention, or an operator, took what was followed long ago, the record at the fence too."""
    monkeypatch.setattr(reacting, "WATCH_S", 0.2)
    await prepare(database)
    await publish(kafka, [message(record(f"p/t{number}")) for number in range(5)])
    log = reviewing(database)

    async def count(wanted: int) -> None:
        async def there() -> bool:
            return bool((await log.rows("SELECT count(*) FROM log"))[0][0] == wanted)

        await until(there, 15)

    async def confirmed() -> bool:
        rows = await log.rows("SELECT next_offset FROM fence WHERE partition = 0")
        return bool(rows and rows[0][0] > 0)

    async with serving(log, [Reactions(log, kafka, {DeficiencyWithdrawn: answer})]):
        await count(5)
        followed = 5
        while not await confirmed():  # each record stores what a look has confirmed before it
            await publish(kafka, [message(record(f"p/t{followed}"))])
            followed += 1
            await count(followed)
    await kafka.empty({FIRST: followed})
    log = reviewing(database)
    async with serving(log, [Reactions(log, kafka, {DeficiencyWithdrawn: answer})]):
        await publish(kafka, [message(record("p/v"), partition=1)])
        await count(followed + 1)
        await publish(kafka, [message(record("p/w"))])
        await count(followed + 2)


async def test_a_deleted_topic_is_made_again_by_an_idle_relay(
    database: str, kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relaying, "LOOK_S", 0.2)
    monkeypatch.setattr(speaking, "REQUEST_MS", 1000)  # so long a client asks for a topic in vain
    await prepare(database)
    log = new_log(database)

    async def published() -> bool:
        there = await lacking(kafka.bootstrap, [DOSSIER], **kafka.security) == []
        return there and len(await topic(kafka.bootstrap)) == 1

    async with serving(log, [Relay(log, kafka, ["dossier"])]):
        await log.decide(command(), stream(), lambda told: [note()])
        await until(published, 10)
        await deleted(kafka)
        await until(published, 20)


async def test_reactions_go_by_whichever_of_several_servers_answers(
    database: str, kafka: Kafka
) -> None:
    await prepare(database)
    await publish(kafka, [message(record("p/t"))])
    log = reviewing(database)
    several = Kafka(f"127.0.0.1:1, {kafka.bootstrap}")

    async def reacted() -> bool:
        return bool((await log.rows("SELECT count(*) FROM log"))[0][0] == 1)

    async with serving(log, [Reactions(log, several, {DeficiencyWithdrawn: answer})]):
        await until(reacted, 30)
