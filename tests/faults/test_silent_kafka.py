"""Kafka that takes connections and never says a word."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiokafka.errors import KafkaError

from deploy.local.kafka import Cluster
from shared.contracts.case import Closed
from shared.messaging.kafka import Kafka, check_fetching
from shared.messaging.reactions import Reactions
from shared.messaging.relay import Relay
from tests.integration.store import command, new_log, note, prepare, serving, stream


@pytest.fixture
async def silent() -> AsyncIterator[Kafka]:
    open_: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: open_.append(writer), "127.0.0.1", 0)
    yield Kafka(f"127.0.0.1:{server.sockets[0].getsockname()[1]}")
    for writer in open_:
        writer.close()
    server.close()


async def test_a_consumer_that_has_stopped_to_fetch_is_not_waited_for(clean_kafka: Cluster) -> None:
    """A broker that is killed in the midst of a fetch may leave one; it reads nothing more."""
    async with Kafka(clean_kafka.bootstrap).looking() as consumer:
        check_fetching(consumer)
        consumer._fetcher.error_future.cancel()
        await asyncio.wait((consumer._fetcher.error_future,))
        with pytest.raises(KafkaError, match="stopped to fetch"):
            check_fetching(consumer)


async def test_a_service_serves_before_kafka_has_said_a_word(database: str, silent: Kafka) -> None:
    """The first look at Kafka must end before the server takes an idle session for a hung one."""
    await prepare(database)
    log = new_log(database)
    relay = Relay(log, silent, ["dossier"], "https://example.org/v1/contracts")
    reactions = Reactions(log, silent, {Closed: lambda received: None})
    async with serving(log, [relay, reactions]):
        written = await log.decide(command(), stream(), lambda told: [note()])
        assert written.position == 1
        readiness = log.readiness()
        assert readiness.ready
        assert any(reason.startswith("relay: ") for reason in readiness.degraded)
