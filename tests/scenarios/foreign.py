"""What lies on topics, read by a plain Kafka client: nothing of ours is imported here."""

from dataclasses import dataclass

from confluent_kafka import Consumer, Message, TopicPartition

TOPICS = ("fuyan.programme.v1", "fuyan.dossier.v1", "fuyan.case.v1", "fuyan.notice.v1")


@dataclass(frozen=True, slots=True)
class Found:
    """A record as it lies there; `headers` in their order, so that one sent twice shows."""

    topic: str
    partition: int
    offset: int
    key: bytes
    headers: tuple[tuple[str, bytes], ...]
    value: bytes

    def __getitem__(self, header: str) -> str:
        return dict(self.headers)[header].decode()

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}@{self.offset}"


def everything(bootstrap: str) -> list[Found]:
    """All records of the four topics, partition by partition in the order of their offsets."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "a-stranger"})
    found = []
    try:
        for topic in TOPICS:
            partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
            for number in sorted(partitions):
                at = TopicPartition(topic, number)
                read, end = consumer.get_watermark_offsets(at, timeout=10) or (0, 0)
                consumer.assign([TopicPartition(topic, number, read)])
                while read < end:
                    message = consumer.poll(10)
                    assert message is not None, f"{topic}/{number} cannot be read beyond {read}"
                    assert message.error() is None, message.error()
                    offset = message.offset() or 0
                    read = offset + 1
                    key, value = _bytes(message.key()), _bytes(message.value())
                    found.append(Found(topic, number, offset, key, _headers(message), value))
    finally:
        consumer.close()
    return found


def first_appearances(records: list[Found]) -> dict[tuple[str, str], list[Found]]:
    """Each event once, by topic and subject, in the order in which a reader first meets it."""
    streams: dict[tuple[str, str], dict[str, Found]] = {}
    for one in records:
        streams.setdefault((one.topic, one["ce_subject"]), {}).setdefault(one["ce_id"], one)
    return {stream: list(events.values()) for stream, events in streams.items()}


def _headers(message: Message) -> tuple[tuple[str, bytes], ...]:
    sent = message.headers() or []
    pairs = sent.items() if isinstance(sent, dict) else sent
    return tuple((name, _bytes(value)) for name, value in pairs)


def _bytes(value: str | bytes | None) -> bytes:
    return value.encode() if isinstance(value, str) else value or b""
