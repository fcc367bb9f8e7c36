"""How every client of ours speaks to Kafka: where it is, and with which safe defaults."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete
from aiokafka.errors import KafkaError
from aiokafka.helpers import create_ssl_context
from faststream.security import BaseSecurity, SASLScram512

from shared.messaging.topics import declared
from shared.settings import ServiceSettings

# stop() of a client never returns while Kafka is silent; its sockets close with the process.
STOP_S = 2.0
T = TypeVar("T")
REQUEST_MS = 10_000
SILENT = (KafkaError, OSError, TimeoutError)
"""What clients raise while Kafka is away, slow or refuses."""


@dataclass(frozen=True, slots=True)
class Kafka:
    """Bootstrap servers and, where the cluster asks for them, credentials."""

    bootstrap: str
    username: str | None = None
    password: str | None = None
    ca_file: str | None = None

    @classmethod
    def of(cls, settings: ServiceSettings) -> Self:
        ca_file = settings.kafka_ca_file
        return cls(
            settings.kafka,
            settings.kafka_username,
            settings.kafka_password(),
            str(ca_file) if ca_file else None,
        )

    def __repr__(self) -> str:
        return f"Kafka({self.bootstrap!r})"  # a password must not reach a log

    @property
    def servers(self) -> list[str]:
        """One by one: FastStream takes a string for one server, commas and all."""
        return [one.strip() for one in self.bootstrap.split(",")]

    @property
    def security(self) -> dict[str, Any]:
        """What aiokafka's clients take beside the bootstrap servers."""
        context: ssl.SSLContext | None = None
        if self.ca_file or self.username:
            context = create_ssl_context(cafile=self.ca_file)
        if self.username is None:
            return {"security_protocol": "SSL", "ssl_context": context} if context else {}
        return {
            "security_protocol": "SASL_SSL",
            "ssl_context": context,
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": self.username,
            "sasl_plain_password": self.password,
        }

    def faststream_security(self) -> BaseSecurity | None:
        """The same credentials, as FastStream takes them."""
        found = self.security
        if self.username is None or self.password is None:
            context = found.get("ssl_context")
            return BaseSecurity(ssl_context=context, use_ssl=True) if context else None
        return SASLScram512(
            username=self.username, password=self.password, ssl_context=found["ssl_context"]
        )

    def producer(self) -> AIOKafkaProducer:
        """Idempotent, `acks=all`; a failed submit raises instead of leaving a hole."""
        return AIOKafkaProducer(
            bootstrap_servers=self.bootstrap,
            acks="all",
            enable_idempotence=True,
            max_batch_size=1 << 19,
            max_request_size=1 << 20,
            request_timeout_ms=REQUEST_MS,
            retry_backoff_ms=50,
            **self.security,
        )

    def consumer(self, **options: Any) -> AIOKafkaConsumer:
        """For assigned partitions; it never commits by itself and begins where it is told."""
        return AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            request_timeout_ms=REQUEST_MS,
            retry_backoff_ms=50,
            **options,
            **self.security,
        )

    @asynccontextmanager
    async def looking(self) -> AsyncIterator[AIOKafkaConsumer]:
        """A consumer without group or assignment, for looking at offsets and single records."""
        consumer = self.consumer()
        try:
            await consumer.start()
            yield consumer
        finally:
            await stopped(consumer.stop())

    @asynccontextmanager
    async def _admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        admin = AIOKafkaAdminClient(
            bootstrap_servers=self.bootstrap, request_timeout_ms=REQUEST_MS, **self.security
        )
        try:
            await admin.start()
            yield admin
        finally:
            await stopped(admin.close())

    async def cluster_id(self) -> str:
        """The cluster's own id: another one means that its data was wiped or replaced."""
        async with self._admin() as admin:
            described = await admin.describe_cluster()
            return str(described["cluster_id"])

    async def empty(self, ends: Mapping[TopicPartition, int]) -> None:
        """Delete all records before these offsets; needs the right to, raises KafkaError."""
        deleted = {at: RecordsToDelete(before_offset=end) for at, end in ends.items() if end}
        if deleted:
            async with self._admin() as admin:
                await admin.delete_records(deleted)


async def unbroken(work: Awaitable[T]) -> T:
    """What it comes to; raises KafkaError where the client cancelled it, and nobody told us to end.

    aiokafka cancels what waits on a connection that it closes, as when a broker is killed. Taken
    for the word to end, that leaves a task group without one of its tasks, and nobody hears of it.
    """
    try:
        return await work
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise KafkaError("the client gave up a connection in the midst of a request") from None


async def abandoned(producer: AIOKafkaProducer) -> None:
    """End a producer without sending what it still holds: whoever begins again reads the log.

    Its own `stop` would flush first, perhaps much later and onto a cluster wiped meanwhile.
    """
    sender = producer._sender  # it offers no other way to end without a flush
    if sender is not None and sender.sender_task is not None:
        sender.sender_task.cancel()
    await stopped(producer.stop())


def partitions(topic: str) -> list[TopicPartition]:
    """All partitions of a declared topic."""
    return [TopicPartition(topic, number) for number in range(declared()[topic].partitions)]


async def stopped(closing: Awaitable[object]) -> None:
    """Wait for a client's good-bye, but not for ever."""
    with suppress(TimeoutError):
        async with asyncio.timeout(STOP_S):
            await closing
