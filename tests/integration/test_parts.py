"""The real parts: what they promise when started, wiped, and when we are killed."""

import asyncio
import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import asyncpg
import confluent_kafka
import psutil
import pytest
import yaml
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.cimpl import NewTopic

from deploy.local.kafka import ApacheKafka, Cluster
from deploy.local.kafka import kafka as start_kafka
from deploy.local.postgres import Databases, Server
from deploy.local.processes import ProcessEnded, Processes, wait_until
from shared.messaging import topics

PARENT = """
import signal, sys
from pathlib import Path
from deploy.local.kafka import kafka
from deploy.local.postgres import Server
from deploy.local.processes import Processes

run_dir, kind = Path(sys.argv[1]), sys.argv[2]
processes = Processes(run_dir)
server = Server(run_dir, processes)
server.start()
kafka(kind, run_dir, processes)
# Deaf, and with a grandchild whose session is its own and whose parent has ended: a daemon.
daemon = "(setsid sh -c 'echo $$; exec sleep 1000' &)"
stray = processes.start("stray", ["sh", "-c", f"trap '' TERM; {daemon}; sleep 1000"], grace=0.5)
stray.until(lambda: stray.tail().strip().isdigit())
print(stray.tail(), flush=True)
signal.pause()
"""

DEAF = "trap '' TERM; echo deaf; sleep 1000 & wait; sleep 1000"


async def fetch(dsn: str, query: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


@pytest.mark.parametrize("setting", ["fsync", "synchronous_commit", "full_page_writes"])
async def test_what_postgresql_acknowledges_is_on_the_disk(database: str, setting: str) -> None:
    assert await fetch(database, f"SHOW {setting}") == "on"


async def test_each_test_has_a_database_of_its_own(database: str, postgres: Databases) -> None:
    other = f"other_{uuid.uuid4().hex}"
    await postgres.create_database(other)
    await fetch(postgres.dsn(other), "CREATE TABLE mine ()")
    await postgres.drop_database(other)
    assert await fetch(database, "SELECT to_regclass('mine')::text") is None
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await fetch(postgres.dsn(other), "SELECT 1")


async def test_committed_rows_outlive_a_killed_server(run_dir: Path) -> None:
    with Processes(run_dir / "killed") as processes:
        server = Server(run_dir / "killed", processes)
        server.start()
        await fetch(server.dsn("postgres"), "CREATE TABLE kept AS SELECT 1 AS n")
        before = server.process.pid
        server.kill()
        server.start()
        assert server.process.pid != before
        assert await fetch(server.dsn("postgres"), "SELECT n FROM kept") == 1


def test_a_record_comes_back_with_its_headers(kafka: Cluster) -> None:
    topic = create_topic(kafka, f"parts-{uuid.uuid4().hex}")
    producer = confluent_kafka.Producer({"bootstrap.servers": kafka.bootstrap})
    producer.produce(topic, b"value", key=b"key", headers={"ce_type": b"seen", "ce_version": b"1"})
    assert producer.flush(30) == 0
    consumer = confluent_kafka.Consumer(
        {
            "bootstrap.servers": kafka.bootstrap,
            "group.id": topic,
            "auto.offset.reset": "earliest",
        }
    )
    consumer.assign([confluent_kafka.TopicPartition(topic, n, 0) for n in range(4)])
    try:
        record = consumer.poll(30)
        assert record is not None
        assert (record.key(), record.value()) == (b"key", b"value")
        assert record.headers() == [("ce_type", b"seen"), ("ce_version", b"1")]
    finally:
        consumer.close()


def create_topic(cluster: Cluster, topic: str) -> str:
    admin = AdminClient({"bootstrap.servers": cluster.bootstrap})
    if cluster.name.startswith("embedded"):
        admin.list_topics(topic, timeout=30)
    else:
        new = NewTopic(topic, num_partitions=4, replication_factor=1)
        admin.create_topics([new])[topic].result(30)
    return topic


def test_a_topic_of_the_embedded_broker_has_the_declared_four_partitions(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        cluster = start_kafka("embedded", tmp_path, processes)
        admin = AdminClient({"bootstrap.servers": cluster.bootstrap})
        assert len(admin.list_topics("new", timeout=30).topics["new"].partitions) == 4


@pytest.mark.kafka
def test_a_wiped_kafka_is_another_cluster_at_the_same_address(own_kafka: ApacheKafka) -> None:
    before, address = own_kafka.cluster_id, own_kafka.bootstrap
    create_topic(own_kafka, "gone")
    own_kafka.wipe()
    assert own_kafka.cluster_id != before
    assert own_kafka.bootstrap == address
    admin = AdminClient({"bootstrap.servers": address})
    assert "gone" not in admin.list_topics(timeout=30).topics


@pytest.mark.kafka
def test_a_killed_kafka_comes_back_with_its_topics(own_kafka: ApacheKafka) -> None:
    before = own_kafka.cluster_id
    create_topic(own_kafka, "kept")
    own_kafka.kill()
    own_kafka.start()
    assert own_kafka.cluster_id == before
    admin = AdminClient({"bootstrap.servers": own_kafka.bootstrap})
    assert "kept" in admin.list_topics(timeout=30).topics


def gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_a_killed_parent_leaves_nobody_behind(run_dir: Path) -> None:
    kill_a_parent(run_dir, "embedded", "mock_kafka")


@pytest.mark.usefixtures("maven_kafka")
def test_a_killed_parent_leaves_no_apache_kafka_behind(run_dir: Path) -> None:
    kill_a_parent(run_dir, "apache", "kafka.Kafka")


def test_a_child_ends_with_its_killed_guardian(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        child = processes.start("child", ["sh", "-c", "echo hello; exec sleep 1000"])
        child.until(lambda: "hello" in child.tail())
        process = psutil.Process(child.pid)
        psutil.Process(process.ppid()).kill()
        assert wait_until(lambda: gone(process))


def test_a_deaf_child_is_killed_after_its_grace(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        deaf = processes.start("deaf", ["sh", "-c", DEAF], grace=0.2)
        deaf.until(lambda: "deaf" in deaf.tail())
        tree = psutil.Process(deaf.pid).children(recursive=True)
        processes.stop("deaf")
        assert deaf.returncode == 128 + signal.SIGKILL
        assert all(gone(process) for process in tree)


def test_a_child_that_ends_too_early_tells_why(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        child = processes.start("child", ["sh", "-c", "echo no licence; exit 3"])
        with pytest.raises(ProcessEnded, match="exit 3\nno licence"):
            child.until(lambda: False)
        with pytest.raises(ProcessEnded, match="cannot start /nowhere"):
            processes.start("nobody", ["/nowhere"])


def kill_a_parent(run_dir: Path, kind: str, broker: str) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, run_dir / f"left-{kind}", kind],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert parent.stdout
    daemon = psutil.Process(int(parent.stdout.readline()))
    children = psutil.Process(parent.pid).children(recursive=True)
    seen = " ".join(" ".join(process.cmdline()) for process in children)
    assert all(part in seen for part in ("postgres: checkpointer", broker))
    os.killpg(parent.pid, signal.SIGKILL)
    parent.wait()
    assert wait_until(lambda: all(gone(process) for process in [*children, daemon]))


def declare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **partitions: int) -> list[str]:
    file = tmp_path / "topics.yaml"
    topics = {name: {"partitions": count} for name, count in partitions.items()}
    defaults = {"partitions": 4, "replication_factor": 1, "config": {"retention.ms": "-1"}}
    file.write_text(yaml.safe_dump({"defaults": defaults, "topics": topics}))
    monkeypatch.setenv("FUYAN_TOPICS", str(file))
    return list(partitions)


def partitions(cluster: Cluster, topic: str) -> int:
    admin = AdminClient({"bootstrap.servers": cluster.bootstrap})
    return len(admin.list_topics(timeout=30).topics[topic].partitions)


async def test_the_declared_topics_are_created_once_with_four_partitions(kafka: Cluster) -> None:
    await topics.ensure(kafka.bootstrap, topics.declared())
    await topics.ensure(kafka.bootstrap, topics.declared())
    assert {partitions(kafka, topic) for topic in topics.declared()} == {4}


async def test_two_that_declare_at_once_agree(
    kafka: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (topic,) = declare(tmp_path, monkeypatch, **{f"both-{uuid.uuid4().hex}": 4})
    await asyncio.gather(*(topics.ensure(kafka.bootstrap, [topic]) for _ in range(4)))
    assert partitions(kafka, topic) == 4


async def test_another_partition_count_is_refused(
    kafka: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = create_topic(kafka, f"four-{uuid.uuid4().hex}")
    declare(tmp_path, monkeypatch, **{topic: 6})
    with pytest.raises(topics.TopicMismatch, match="has 4 partitions, declared are 6"):
        await topics.ensure(kafka.bootstrap, [topic])


async def test_the_embedded_broker_shows_the_declared_topics_too(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        cluster = start_kafka("embedded", tmp_path, processes)
        await topics.ensure(cluster.bootstrap, topics.declared())
        assert {partitions(cluster, topic) for topic in topics.declared()} == {4}


@pytest.mark.kafka
async def test_kafka_never_deletes_what_a_declared_topic_holds(apache_kafka: Cluster) -> None:
    await topics.ensure(apache_kafka.bootstrap, topics.declared())
    admin = AdminClient({"bootstrap.servers": apache_kafka.bootstrap})
    resource = ConfigResource(ConfigResource.Type.TOPIC, "fuyan.dossier.v1")
    config = admin.describe_configs([resource])[resource].result(30)
    assert config["cleanup.policy"].value == "delete"
    assert (config["retention.ms"].value, config["retention.bytes"].value) == ("-1", "-1")
    assert int(config["max.message.bytes"].value) > 256 * 1024
