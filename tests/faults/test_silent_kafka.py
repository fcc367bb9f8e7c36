"""Kafka that takes connections and never says a word."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared.contracts.case import Closed
from shared.messaging.follow import Reading, follow_for_ever
from shared.messaging.kafka import Kafka
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


async def test_a_request_that_the_client_cancels_does_not_end_a_follower() -> None:
    """As it does to all that wait on a connection when a broker is killed."""
    tried: list[int] = []

    async def once() -> None:
        tried.append(len(tried))
        request: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if len(tried) == 1:
            request.cancel()
        await request

    degraded: dict[str, str] = {}
    following = asyncio.create_task(follow_for_ever(once, Reading({}), degraded, "journal"))
    async with asyncio.timeout(10):
        while len(tried) < 2:
            assert not following.done()
            await asyncio.sleep(0.01)
    assert "connection" in degraded["journal"]
    following.cancel()
    await asyncio.wait((following,), timeout=5)
    assert following.cancelled()


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
