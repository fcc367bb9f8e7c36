"""What lies on the topics of a cluster, as a plain consumer reads it, without any code of ours."""

from collections.abc import Iterator

from confluent_kafka import Consumer, Message, TopicPartition
from confluent_kafka.admin import AdminClient

from deploy.local.kafka import Cluster
from shared.contracts.registry import CONTEXTS
from shared.messaging.topics import declared

Headers = dict[str, bytes]


class ForeignTopics(Exception):
    """The cluster holds events that are not the demo's; it leaves them alone."""


def clean(cluster: Cluster, installation: str) -> None:
    """Remove the topics of an earlier demo from a cluster of the user's; raises ForeignTopics.

    They are recognised by their events: topics with anything of another installation stay.
    """
    admin = AdminClient({"bootstrap.servers": cluster.bootstrap})
    there = _there(admin)
    found = False
    for name, headers in _records(cluster, there):
        found = True
        source = headers.get("ce_source", b"").decode()
        if not source.startswith(f"/fuyan/{installation}/"):
            raise ForeignTopics(
                f"{name} holds events of {source or 'something else'}: not the demo's"
            )
    if not found:
        return
    for deleted in admin.delete_topics(there, operation_timeout=30).values():
        deleted.result()
    while _there(admin):
        pass  # a broker still shows them for a moment


def counted(cluster: Cluster) -> dict[str, int]:
    """Different events on each topic of events, by context: a relay may send one twice."""
    ids: dict[str, set[bytes]] = {}
    # Asking for one that is gone, as after a wipe, would raise or create it.
    there = _there(AdminClient({"bootstrap.servers": cluster.bootstrap}))
    events = {context.topic for context in CONTEXTS.values()}
    for name, headers in _records(cluster, [name for name in there if name in events]):
        ids.setdefault(name.split(".")[1], set()).add(headers.get("ce_id", b""))
    return {context: len(found) for context, found in ids.items()}


def _there(admin: AdminClient) -> list[str]:
    """The declared topics that the cluster has."""
    topics = admin.list_topics(timeout=10).topics
    return [name for name in declared() if name in topics]


def _records(cluster: Cluster, topics: list[str]) -> Iterator[tuple[str, Headers]]:
    """Topic and headers of every record, as a plain consumer reads them."""
    consumer = Consumer({"bootstrap.servers": cluster.bootstrap, "group.id": "fuyan-demo-reader"})
    try:
        for name in topics:
            for number in range(declared()[name].partitions):
                first, end = consumer.get_watermark_offsets(
                    TopicPartition(name, number), timeout=10
                )
                consumer.assign([TopicPartition(name, number, first)])
                while first < end:
                    message = consumer.poll(10)
                    if message is None or message.error():
                        raise LookupError(f"{name}/{number} cannot be read beyond {first}")
                    first += 1
                    yield name, {key: _bytes(value) for key, value in _pairs(message)}
    finally:
        consumer.close()


def _pairs(message: Message) -> list[tuple[str, str | bytes | None]]:
    headers = message.headers() or []
    return list(headers.items()) if isinstance(headers, dict) else headers


def _bytes(value: str | bytes | None) -> bytes:
    return value.encode() if isinstance(value, str) else value or b""
