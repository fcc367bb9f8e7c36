"""A writer that was, and wakes up behind an erasure, brings nothing back that was erased."""

import asyncio

import pytest
from aiokafka.errors import IncompatibleBrokerVersion

from deploy.local.kafka import Cluster
from shared.contracts.blocks import Document
from shared.contracts.dossier import DeficiencyWithdrawn
from shared.events.envelope import Record
from shared.messaging import relay as relaying
from shared.messaging.kafka import Kafka
from shared.messaging.relay import Relay, partition_of
from shared.messaging.topics import ensure
from shared.store.command import Heard
from shared.store.erasure import Order, erase
from shared.store.log import Log
from shared.store.streams import Changes
from tests.faults.followed import DOSSIER, message, publish
from tests.integration.store import (
    REMEMBERING,
    command,
    new_log,
    note,
    prepare,
    serving,
    stream,
    today,
)
from tests.integration.test_messaging import until
from tests.scenarios.foreign import TOPICS, everything

pytestmark = pytest.mark.kafka
WORDS = "zqx-8"
ORDER = Order(basis=Document(title="决定"), reason=None, effective_on=today())


async def test_a_broker_that_cannot_delete_stops_nobody_and_is_told_of(
    database: str, clean_kafka: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unable(*_: object) -> None:
        raise IncompatibleBrokerVersion("DeleteRecords")

    monkeypatch.setattr(Kafka, "empty", unable)
    kafka = Kafka(clean_kafka.bootstrap)
    await ensure(kafka.bootstrap, TOPICS)
    await prepare(database)
    log = new_log(database)

    async def told() -> bool:
        found = await asyncio.to_thread(everything, kafka.bootstrap)
        return found[-1:] != [] and found[-1]["ce_type"] == "fuyan.dossier.erased.v1"

    async with serving(log, [Relay(log, kafka, ["dossier"])]):
        await log.decide(command(), stream(), lambda told: [note(WORDS)])
        await _erase(log)
        await until(told)
        assert "still hold what was erased" in log.readiness().degraded[0]


async def _erase(log: Log) -> list[Record]:
    """The first event of the stream; returns what the stream was."""
    history = await log.history(stream())
    wanted = Heard("dossier", "p/t", 1)
    gone = erase(history, REMEMBERING, {DeficiencyWithdrawn}, wanted, ORDER)
    await log.decide_many(command(), [stream()], lambda told: Changes({stream(): gone}))
    return history


async def test_what_an_earlier_writer_sends_after_an_erasure_is_taken_off_the_topic_again(
    database: str, clean_kafka: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relaying, "LOOK_S", 0.2)
    kafka = Kafka(clean_kafka.bootstrap)
    await ensure(kafka.bootstrap, TOPICS)
    await prepare(database)
    log = new_log(database)

    async def holds() -> list[bool]:
        """Of each record that can be read, whether the words are in it."""
        found = await asyncio.to_thread(everything, kafka.bootstrap)
        return [WORDS.encode() in one.value for one in found]

    async def told() -> bool:
        return await holds() == [True, False]

    async def filled_again() -> bool:
        return await holds() == [False, False, False]

    async with serving(log, [Relay(log, kafka, ["dossier"])]):
        await log.decide(command(), stream(), lambda told: [note(WORDS), note("two")])
        await until(told)
        history = await _erase(log)
        await until(filled_again)
        there = partition_of(DOSSIER, b"p/t").partition
        await publish(kafka, [message(history[0], partition=there)])
        await until(filled_again)
