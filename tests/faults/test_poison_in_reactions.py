"""Records that stop or trouble a service's reactions: nothing overtakes, nothing vanishes."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from aiokafka import ConsumerRecord
from faststream.kafka import KafkaBroker, KafkaMessage

from deploy.local.kafka import Cluster
from shared.clock import civil_day, system_clock
from shared.contracts import registry
from shared.contracts.dossier import DeficiencyWithdrawn
from shared.messaging import reactions as reacting
from shared.messaging.kafka import Kafka
from shared.messaging.reactions import Reaction, Reactions, Received
from shared.store.log import Log, Tenure
from shared.store.streams import Changes, Stream, Unavailable
from tests.faults.followed import (
    NOWHERE,
    UNREADABLE,
    headers,
    message,
    publish,
    record,
    rows,
    showing,
    topics,
)
from tests.integration.store import note, prepare, serving
from tests.integration.test_messaging import CASE, answer, reviewing, until

Parse = Callable[[ConsumerRecord], Awaitable[KafkaMessage]]
LOG = "SELECT subject FROM log ORDER BY subject"


@pytest.fixture
async def kafka(clean_kafka: Cluster) -> Kafka:
    found = Kafka(clean_kafka.bootstrap)
    await topics(found)
    return found


def reactions_of(log: Log, kafka: Kafka) -> list[Reactions]:
    return [Reactions(log, kafka, {DeficiencyWithdrawn: answer})]


@pytest.mark.kafka
async def test_a_record_that_stops_the_reactions_is_overtaken_by_nothing_behind_it(
    database: str, kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An image that can read it, started later, finds it and applies it."""
    await prepare(database)
    stop, behind = record("p/t", name=UNREADABLE), record("p/u")
    await publish(kafka, [message(stop), message(behind)])
    log = reviewing(database)
    handed: set[bytes] = set()
    unread = reacting._headers_unread

    async def notes(received: ConsumerRecord, parse: Parse) -> KafkaMessage:
        handed.add(received.key)
        return await unread(received, parse)

    class Lingering(KafkaBroker):
        async def stop(self, *why: Any) -> None:
            """Messages that were fetched already are handed over until it has ended."""

            async def all_handed() -> bool:
                return handed == {b"p/t", b"p/u"}

            await until(all_handed, 5)
            await log.state(Stream("case", "p/u/1"))  # what was wished before is written now
            await super().stop(*why)

    with monkeypatch.context() as patched:
        patched.setattr(reacting, "_headers_unread", notes)
        patched.setattr(reacting, "KafkaBroker", Lingering)
        async with serving(log, reactions_of(log, kafka)):

            async def stopped() -> bool:
                return "Stopped" in log.degraded.get("reactions", "")

            await until(stopped)
            assert UNREADABLE in log.degraded["reactions"]
    assert await rows(database, LOG) == []
    monkeypatch.setitem(registry.SHAPES, UNREADABLE, DeficiencyWithdrawn)
    log = reviewing(database)
    async with serving(log, reactions_of(log, kafka)):
        await until(showing(database, LOG, ("p/t/1",), ("p/u/1",)), 10)


@pytest.mark.kafka
async def test_no_header_makes_a_record_vanish(database: str, kafka: Kafka) -> None:
    """It is applied where nobody needs that header, else parked; the next record goes on."""
    await prepare(database)
    one = {name: record(f"p/{name}") for name in "abcdefg"}
    under = {name: headers(of) for name, of in one.items()}
    broken = {name: of._replace(data=b"{") for name, of in one.items()}
    await publish(
        kafka,
        [
            message(one["a"], under=[*under["a"], ("x-bytes", b"\xff")]),
            message(one["b"], under=[*under["b"], ("x-none", None)]),
            message(broken["c"], under=[*under["c"], ("x-nul", b"\x00")]),
            message(broken["d"], under=[*under["d"], ("x-none", None)], key=b"p/d\x00"),
            message(one["e"], under=[*under["e"], ("ce_subject", b"p/e\x00")]),
            message(one["f"], under=[*under["f"], ("ce_actor", b"\xff")]),
            message(one["g"], under=[*under["g"], ("ce_type", None)]),
            message(record("p/next")),
        ],
    )
    log = reviewing(database)
    async with serving(log, reactions_of(log, kafka)):
        await until(showing(database, LOG, ("p/a/1",), ("p/b/1",), ("p/next/1",)), 10)
    parked = await rows(database, "SELECT key, subject, reason <> '' FROM parked ORDER BY key")
    assert parked == [
        ("p/c", "p/c", True),
        ("p/d", "p/d", True),
        ("p/e", "", True),
        ("p/f", "p/f", True),
        ("p/g", "", True),
    ]


async def test_a_malformed_record_is_parked_once_by_the_reactions_too(database: str) -> None:
    await prepare(database)
    nameless = message(record("p/t"), under=[("a", b"b")])
    log = reviewing(database)
    reactions = Reactions(log, Kafka(NOWHERE), {DeficiencyWithdrawn: answer})
    async with serving(log):
        for _ in range(2):
            await reactions.before(tenure_of(log))
            for _ in range(2):
                await reactions._take(nameless, tenure_of(log))
                reactions._reading.from_the_beginning()
    assert await rows(database, "SELECT key, seq FROM parked") == [("p/t", 1)]


async def test_a_malformed_record_is_parked_though_following_began_again_meanwhile(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await prepare(database)
    nameless = message(record("p/t"), under=[("a", b"b")])
    log = reviewing(database)
    reactions = Reactions(log, Kafka(NOWHERE), {DeficiencyWithdrawn: answer})
    begun = asyncio.Event()

    async def hangs(*_: object) -> None:
        begun.set()
        await asyncio.Event().wait()

    async with serving(log):
        await reactions.before(tenure_of(log))
        with monkeypatch.context() as patch:
            patch.setattr(log, "follow", hangs)
            taking = asyncio.create_task(reactions._take(nameless, tenure_of(log)))
            await begun.wait()
            taking.cancel()
            await asyncio.gather(taking, return_exceptions=True)
        await reactions._take(nameless, tenure_of(log))
    assert await rows(database, "SELECT key FROM parked") == [("p/t",)]


async def test_what_waits_is_asked_again_whom_it_concerns(database: str) -> None:
    """Who is told may be known only after the first try: then another stream is read."""
    await prepare(database)
    tries: list[str] = []

    def later(received: Received) -> Reaction:
        tries.append(f"p/t/{len(tries) + 1}")
        first, stream = len(tries) == 1, Stream("case", tries[-1])

        def decision(_: object) -> Changes:
            if first:
                raise Unavailable("not-yet-known")
            return Changes({stream: [note()]})

        return Reaction([stream], decision)

    log = reviewing(database)
    reactions = Reactions(log, Kafka(NOWHERE), {DeficiencyWithdrawn: later})
    async with serving(log):
        await reactions.before(tenure_of(log))
        async with asyncio.timeout(10):
            await reactions._take(message(record("p/t")), tenure_of(log))
    assert await rows(database, LOG) == [("p/t/2",)]


async def test_a_reaction_to_tomorrow_waits_until_the_clock_has_come_there(database: str) -> None:
    """The clock of the cause's service is past midnight already; ours is not."""
    await prepare(database)
    moments = [system_clock()]

    def clock() -> datetime:
        return moments[-1]

    tomorrow = civil_day(clock()) + timedelta(days=1)
    log = Log(database, [CASE], service="review", installation="test", clock=clock)
    reactions = Reactions(log, Kafka(NOWHERE), {DeficiencyWithdrawn: answer})
    async with serving(log):
        await reactions.before(tenure_of(log))
        consumed = message(record("p/t", event=note(on=tomorrow)))
        taking = asyncio.create_task(reactions._take(consumed, tenure_of(log)))

        async def waits() -> bool:
            return taking.done() or "waits: clock-behind" in log.degraded.values()

        await until(waits, 10)
        assert not taking.done()
        assert await rows(database, LOG) == []
        moments.append(clock() + timedelta(days=1))
        async with asyncio.timeout(10):
            await taking
        assert log.degraded == {}
    assert await rows(database, "SELECT subject, effective_on FROM log") == [("p/t/1", tomorrow)]
    assert await rows(database, "SELECT count(*) FROM parked") == [(0,)]


def tenure_of(log: Log) -> Tenure:
    assert log._tenure is not None
    return log._tenure
