"""The declared topics, and a cluster that has them: created where missing, refused where wrong."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import yaml
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

DECLARATION = Path(__file__).parents[2] / "deploy" / "topics.yaml"
PATIENCE_SECONDS = 30
REQUEST_MS = 10_000


class TopicMismatch(RuntimeError):
    """A topic of the cluster is not what is declared; keys would meet other partitions."""


@dataclass(frozen=True, slots=True)
class Topic:
    """What a topic must be. `config` is given when it is created, and not compared later."""

    name: str
    partitions: int
    replication_factor: int
    config: Mapping[str, str]


def declared() -> Mapping[str, Topic]:
    """The topics of `deploy/topics.yaml`, or of the file that `FUYAN_TOPICS` names."""
    content = yaml.safe_load(Path(os.environ.get("FUYAN_TOPICS") or DECLARATION).read_text("utf-8"))
    defaults = content["defaults"]
    replication = os.environ.get("FUYAN_TOPIC_REPLICATION")
    topics = {}
    for name, own in content["topics"].items():
        topics[name] = Topic(
            name,
            own.get("partitions", defaults["partitions"]),
            int(replication or own.get("replication_factor", defaults["replication_factor"])),
            {**defaults["config"], **own.get("config", {})},
        )
    return topics


async def ensure(bootstrap: str, names: Iterable[str], **security: object) -> None:
    """Create the missing ones of these declared topics; returns when the cluster shows them all.

    `security` goes to aiokafka as it is. Raises `TopicMismatch` when a partition count differs,
    `KeyError` for an undeclared name, `KafkaError` when the cluster does not answer or refuses,
    `TimeoutError` when it takes longer than half a minute.
    """
    known = declared()
    wanted = [known[name] for name in names]
    async with _admin(bootstrap, security) as admin:
        async with asyncio.timeout(PATIENCE_SECONDS):
            # A broker may answer before it has heard of what the controller has just created.
            while lacking := await _missing(admin, wanted):
                await _create(admin, lacking)
                await asyncio.sleep(0.05)
        await _compare(admin, wanted)


async def missing(bootstrap: str, names: Iterable[str], **security: object) -> list[str]:
    """Declared topics that the cluster lacks; raises as `ensure` does where one differs."""
    known = declared()
    wanted = [known[name] for name in names]
    async with _admin(bootstrap, security) as admin:
        lacking = await _missing(admin, wanted)
        await _compare(admin, [topic for topic in wanted if topic not in lacking])
    return [topic.name for topic in lacking]


async def standing(bootstrap: str, names: Iterable[str], **security: object) -> dict[str, Topic]:
    """These topics as the cluster has them, with the values of all declared config entries.

    Those that it lacks are left out. `config` is empty where the cluster does not tell.
    """
    known = declared()
    async with _admin(bootstrap, security) as admin:
        there = [name for name in names if name in set(await admin.list_topics())]
        if not there:
            return {}
        described = await admin.describe_topics(there)
        found = {
            one["topic"]: Topic(
                one["topic"],
                len(one["partitions"]),
                min((len(part["replicas"]) for part in one["partitions"]), default=0),
                {},
            )
            for one in described
        }
        with suppress(KafkaError):  # a cluster that tells no configuration has none to compare
            for answer in await admin.describe_configs(
                [ConfigResource(ConfigResourceType.TOPIC, name) for name in there]
            ):
                for _, _, _, name, entries in answer.resources:
                    said = {entry[0]: str(entry[1]) for entry in entries}
                    wanted = {key: said[key] for key in known[name].config if key in said}
                    found[name] = replace(found[name], config=wanted)
    return found


@asynccontextmanager
async def _admin(
    bootstrap: str, security: Mapping[str, object]
) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(
        bootstrap_servers=bootstrap, request_timeout_ms=REQUEST_MS, **security
    )
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


async def _compare(admin: AIOKafkaAdminClient, wanted: list[Topic]) -> None:
    found = await admin.describe_topics([topic.name for topic in wanted]) if wanted else []
    counts = {one["topic"]: len(one["partitions"]) for one in found}
    wrong = [
        f"{topic.name} has {counts[topic.name]} partitions, declared are {topic.partitions}"
        for topic in wanted
        if counts[topic.name] != topic.partitions
    ]
    if wrong:
        raise TopicMismatch("; ".join(wrong))


async def _missing(admin: AIOKafkaAdminClient, topics: list[Topic]) -> list[Topic]:
    # Asking for all topics creates none, whatever auto.create.topics.enable says.
    there = set(await admin.list_topics())
    return [topic for topic in topics if topic.name not in there]


async def _create(admin: AIOKafkaAdminClient, topics: list[Topic]) -> None:
    cluster = await admin.describe_cluster()
    if cluster["controller_id"] not in {broker["node_id"] for broker in cluster["brokers"]}:
        # librdkafka's mock has no controller: there a topic appears when it is asked for by name.
        await admin.describe_topics([topic.name for topic in topics])
        return
    response = await admin.create_topics(
        [
            NewTopic(t.name, t.partitions, t.replication_factor, topic_configs=dict(t.config))
            for t in topics
        ]
    )
    for name, code, *_ in response.topic_errors:
        error = for_code(code)
        # Another process may have been faster; what it made is checked like everything else.
        if code and error is not TopicAlreadyExistsError:
            raise error(f"creating {name}")
