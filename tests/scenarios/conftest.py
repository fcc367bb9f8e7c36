"""One play of the two years on Apache Kafka, for all that only look at what it leaves behind."""

from collections.abc import AsyncIterator

import pytest
from confluent_kafka.admin import AdminClient

from deploy.local.kafka import Cluster
from deploy.local.player import play
from deploy.local.scenario import load
from deploy.local.stage import stage
from tests.scenarios.outside import Outside
from tests.scenarios.programme import Programme, judged


@pytest.fixture(scope="package")
async def programme(kafka: Cluster) -> AsyncIterator[Programme]:
    """Played once; what tests write afterwards goes to townships that have their title."""
    _clear(kafka)
    scenario = load()
    async with stage(kafka.bootstrap, 0) as parts:
        played = await play(parts.urls, parts.issuer, parts.clock, scenario)
        yield Programme(parts, scenario, played, await judged(parts, scenario))
    _clear(kafka)


@pytest.fixture
async def outside(programme: Programme) -> AsyncIterator[Outside]:
    """Somebody who knows the services' addresses, and can have any token."""
    async with Outside(programme.stage.urls, programme.stage.issuer.token) as somebody:
        yield somebody


def _clear(cluster: Cluster) -> None:
    """Remove our topics: what another test published would look like a fork, or a stranger's."""
    admin = AdminClient({"bootstrap.servers": cluster.bootstrap})

    def ours() -> list[str]:
        return [name for name in admin.list_topics(timeout=10).topics if name.startswith("fuyan.")]

    if there := ours():
        for deleted in admin.delete_topics(there, operation_timeout=10).values():
            deleted.result()
        while ours():
            pass  # a broker still shows them for a moment
