"""The production modules with their outside replaced, for as long as one simulation runs."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from random import Random
from types import SimpleNamespace
from typing import Any

import asyncpg
from asyncpg.pgproto.pgproto import UUID as FastUUID

from services.projection import feeding, folding, follower, journal
from services.projection.models import store as models
from shared.messaging import dead_letters, follow, kafka, reactions, relay, topics
from shared.messaging.reactions import Received
from shared.store import log, recording, session, settle, writer
from tests.simulation import kafka as played
from tests.simulation.answers import MODEL_ADD
from tests.simulation.cluster import Cluster
from tests.simulation.connections import Postgres
from tests.simulation.loop import PROCESS, Loop
from tests.simulation.trace import Trace

Replaced = tuple[Any, str, Any]
LOGGING = (
    session, log, settle, follow, dead_letters, reactions, relay, follower, folding, feeding,
    journal,
)  # fmt: skip
PARTITIONS = 2


def with_values(replaced: Sequence[Replaced]) -> list[Replaced]:
    """Set these attributes; returns what stood there."""
    before = [(where, name, getattr(where, name)) for where, name, _ in replaced]
    for where, name, value in replaced:
        setattr(where, name, value)
    return before


@contextmanager
def installed(
    loop: Loop, trace: Trace, postgres: Postgres, cluster: Cluster, seed: int, page: int, fresh: int
) -> Iterator[None]:
    """Everything that leaves the process goes to `postgres` and `cluster` instead."""
    ids, salts = Random(f"ids {seed}"), Random(f"salts {seed}")
    said = Log(trace)
    loop.broken = said.unforeseen
    replaced: list[Replaced] = [
        (asyncpg, "connect", postgres.connect),
        (asyncpg, "create_pool", postgres.create_pool),
        (kafka, "AIOKafkaProducer", lambda **_: played.Producer(cluster)),
        (kafka, "AIOKafkaConsumer", lambda **o: played.Consumer(cluster, o.get("group_id"))),
        (kafka, "AIOKafkaAdminClient", lambda **_: played.Admin(cluster)),
        (topics, "AIOKafkaAdminClient", lambda **_: played.Admin(cluster)),
        (
            reactions,
            "KafkaBroker",
            lambda *_, **o: played.Broker(cluster, o["graceful_timeout"]),
        ),
        *((module, "declared", _declared) for module in (topics, kafka, relay)),
        (writer, "new_id", lambda: FastUUID(ids.randbytes(16))),
        (recording, "os", SimpleNamespace(urandom=salts.randbytes)),
        (models, "apply", _apply),
        # Small, so that what takes thousands of events elsewhere happens with a dozen.
        (relay, "PAGE", 2 * page),
        (relay, "PAGE_BESIDE_COMMANDS", page),
        (follower, "MAX_RECORDS", 2 * page),
        (folding, "MAX_FRESH", fresh),
        # Standing by and looking on are cheap elsewhere, and all that a simulation would do.
        (session, "POLL_S", 0.25),
        (journal, "POLL_S", 0.4),
        *((module, "logger", said) for module in LOGGING),
    ]
    before = with_values(replaced)
    _forget()
    try:
        yield
    finally:
        with_values(before)
        _forget()


def _forget() -> None:
    relay.partition_of.cache_clear()
    relay.declared_partitions.cache_clear()


_DECLARED: Mapping[str, topics.Topic] = {
    name: topics.Topic(name, PARTITIONS, 1, {})
    for name in ("fuyan.programme.v1", "fuyan.dossier.v1", "fuyan.case.v1")
}


def _declared() -> Mapping[str, topics.Topic]:
    return _DECLARED


async def _apply(models: Any, received: Sequence[Received]) -> None:
    await models.connection.execute(
        MODEL_ADD,
        [one.record.context for one in received],
        [one.record.subject for one in received],
        [one.record.position for one in received],
    )


class Log:
    """What the services log, as lines of the trace."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self.unforeseen: list[str] = []

    def _say(self, event: str, **facts: Any) -> None:
        process = PROCESS.get()
        told = " ".join(f"{k}={v}" for k, v in facts.items() if k != "exc_info")
        if facts.get("exc_info"):
            self.unforeseen.append(f"{event}: {told}")
        self._trace(process.name if process else "world", event, told)

    async def _asay(self, event: str, **facts: Any) -> None:
        self._say(event, **facts)

    info = warning = error = exception = debug = _say
    ainfo = awarning = aerror = aexception = adebug = _asay
