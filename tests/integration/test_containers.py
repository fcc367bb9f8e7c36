"""The same parts in containers, as a developer with Docker has them."""

import uuid

import asyncpg
import confluent_kafka
import pytest

from deploy.local.kafka import Cluster
from deploy.local.postgres import Databases
from shared.messaging import topics
from tests.parts import KAFKA_IMAGE, parts

pytestmark = pytest.mark.docker


def test_the_fixtures_run_in_containers_where_the_images_are_there(kafka: Cluster) -> None:
    assert (parts().postgres, parts().kafka) == ("container", "container")
    assert kafka.name == f"{KAFKA_IMAGE} (testcontainers)"


async def test_postgresql_in_a_container_keeps_what_it_acknowledges(
    database: str, postgres: Databases
) -> None:
    connection = await asyncpg.connect(database)
    try:
        assert await connection.fetchval("SHOW fsync") == "on"
        assert int(await connection.fetchval("SHOW server_version_num")) >= 180_000
    finally:
        await connection.close()


async def test_kafka_in_a_container_takes_the_declared_topics_and_a_record(kafka: Cluster) -> None:
    await topics.ensure(kafka.bootstrap, topics.declared())
    settings = {"bootstrap.servers": kafka.bootstrap, "group.id": uuid.uuid4().hex}
    key = uuid.uuid4().bytes
    producer = confluent_kafka.Producer({"bootstrap.servers": kafka.bootstrap})
    producer.produce("fuyan.audit.v1", b"head", key=key, partition=0)
    assert producer.flush(30) == 0
    consumer = confluent_kafka.Consumer(settings)
    consumer.assign([confluent_kafka.TopicPartition("fuyan.audit.v1", 0, 0)])
    try:
        record = consumer.poll(30)
        assert record is not None
        assert (record.key(), record.value()) == (key, b"head")
    finally:
        consumer.close()
