"""From one service's log over Kafka into another's: in order, once, whatever happens to Kafka."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from aiokafka import ConsumerRecord

from deploy.local.kafka import ApacheKafka, Cluster
from deploy.local.postgres import Databases
from shared.clock import system_clock
from shared.contracts.case import CaseEvent, MemberRecused
from shared.contracts.dossier import DeficiencyWithdrawn
from shared.messaging.kafka import Kafka, partitions
from shared.messaging.reactions import Reaction, Reactions, Received
from shared.messaging.relay import Relay
from shared.store.log import Log
from shared.store.streams import Aggregate, Changes, Stream
from tests.integration.store import command, new_log, note, prepare, serving, stream

pytestmark = pytest.mark.kafka
Recusals = tuple[CaseEvent, ...]
CASE: Aggregate[Recusals] = Aggregate("case", (), lambda told, event: (*told, event))


def answer(received: Received) -> Reaction:
    """A member steps down for every deficiency withdrawn; `boom` breaks the decision."""
    event = received.event
    assert isinstance(event, DeficiencyWithdrawn)
    to = Stream("case", f"{received.record.subject}/1")

    def decide(told: Recusals) -> Changes:
        if event.item == "boom":
            raise ZeroDivisionError("boom")
        recused = MemberRecused(
            programme="p", township="t", township_name="T", office="o",
            effective_on=event.effective_on, case_id=to.subject, application_id="a", round=1,
            officer=event.reason, organisation="o", reason_code="r",
        )  # fmt: skip
        return Changes({to: [recused]})

    return Reaction([to], decide)


def reviewing(database: str) -> Log:
    return Log(database, [CASE], service="review", installation="test", clock=system_clock)


@asynccontextmanager
async def both(postgres: Databases, bootstrap: str) -> AsyncIterator[tuple[Log, Log]]:
    """A log of dossiers, and one of cases that follows it."""
    kafka = Kafka(bootstrap)
    names = [f"test_{uuid4().hex}" for _ in range(2)]
    for name in names:
        await postgres.create_database(name)
        await prepare(postgres.dsn(name))
    first, second = new_log(postgres.dsn(names[0])), reviewing(postgres.dsn(names[1]))
    try:
        async with (
            serving(first, [Relay(first, kafka, ["dossier"])]),
            serving(second, [Reactions(second, kafka, {DeficiencyWithdrawn: answer})]),
        ):
            yield first, second
    finally:
        for name in names:
            await postgres.drop_database(name)


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 40) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.02)


async def officers(log: Log, subject: str = "p/t/1") -> list[str]:
    told = (await log.state(Stream("case", subject)))[1]
    return [event.officer for event in told]


async def topic(bootstrap: str, name: str = "fuyan.dossier.v1") -> list[ConsumerRecord]:
    """All records of a topic, as a plain consumer reads them."""
    found: list[ConsumerRecord] = []
    async with Kafka(bootstrap).looking() as consumer:
        ends = await consumer.end_offsets(partitions(name))
        consumer.assign(list(ends))
        await consumer.seek_to_beginning()
        left = sum(ends.values())
        while len(found) < left:
            for records in (await consumer.getmany(timeout_ms=500)).values():
                found += records
    return found


async def test_each_event_is_followed_once_and_in_order(
    postgres: Databases, clean_kafka: Cluster
) -> None:
    async with both(postgres, clean_kafka.bootstrap) as (first, second):
        for number in range(50):
            event = note(str(number))
            await first.decide(command(), stream(), lambda told, event=event: [event])

        async def all_there() -> bool:
            return len(await officers(second)) == 50

        await until(all_there)
        assert await officers(second) == [str(number) for number in range(50)]
        record = (await topic(clean_kafka.bootstrap))[0]
        headers = dict(record.headers)
        assert record.key == b"p/t"
        assert headers["ce_subject"] == b"p/t"
        assert headers["ce_streamversion"] == b"1"
        assert headers["content-type"] == b"application/json"


async def test_poison_is_parked_and_blocks_only_its_own_key(
    postgres: Databases, clean_kafka: Cluster
) -> None:
    async with both(postgres, clean_kafka.bootstrap) as (first, second):
        boom, behind, beside = note("1", item="boom"), note("2"), note("3")
        await first.decide(command(), stream("p/t"), lambda told: [boom, behind])
        await first.decide(command(), stream("p/u"), lambda told: [beside])

        async def all_seen() -> bool:
            rows = await second.rows("SELECT count(*) FROM parked")
            return rows[0][0] == 2 and await officers(second, "p/u/1") == ["3"]

        await until(all_seen)
        assert await officers(second, "p/t/1") == []
        rows = await second.rows("SELECT seq, reason, value FROM parked ORDER BY seq")
        assert [row["seq"] for row in rows] == [1, 2]
        assert "ZeroDivisionError" in rows[0]["reason"]
        assert "behind" in rows[1]["reason"]
        assert b'"boom"' in rows[0]["value"]


async def test_a_wiped_kafka_is_filled_again_and_nothing_happens_twice(
    postgres: Databases, own_kafka: ApacheKafka
) -> None:
    async with both(postgres, own_kafka.bootstrap) as (first, second):

        async def tell(begin: int, end: int) -> None:
            for number in range(begin, end):
                event = note(str(number))
                await first.decide(command(), stream(), lambda told, event=event: [event])

        async def followed(count: int) -> None:
            async def there() -> bool:
                return len(await officers(second)) >= count

            await until(there)

        await tell(0, 30)
        await followed(30)
        telling = asyncio.create_task(tell(30, 60))
        await asyncio.to_thread(own_kafka.wipe)
        await telling
        await followed(60)
        await tell(60, 70)
        await followed(70)
        assert await officers(second) == [str(number) for number in range(70)]

        async def refilled() -> bool:
            return len(await topic(own_kafka.bootstrap)) >= 70

        await until(refilled)
        seen: list[int] = []
        for record in await topic(own_kafka.bootstrap):
            version = int(dict(record.headers)["ce_streamversion"])
            if version not in seen:
                seen.append(version)
        assert seen == list(range(1, 71))


async def test_a_log_older_than_its_topic_refuses_to_serve(
    postgres: Databases, clean_kafka: Cluster
) -> None:
    async with both(postgres, clean_kafka.bootstrap) as (first, _):
        await first.decide(command(), stream(), lambda told: [note()])

        async def there() -> bool:
            return len(await topic(clean_kafka.bootstrap)) == 1

        await until(there)
    name = f"test_{uuid4().hex}"
    await postgres.create_database(name)
    await prepare(postgres.dsn(name))
    restored = new_log(postgres.dsn(name))
    async with restored.tenures([Relay(restored, Kafka(clean_kafka.bootstrap), ["dossier"])]):

        async def refused() -> bool:
            return "store-behind-topic" in restored.readiness().reasons[0]

        await until(refused)
    await postgres.drop_database(name)
