"""A Kafka broker on the loopback: Apache Kafka itself, or librdkafka's mock for a first look.

What is claimed about Kafka is claimed about Apache Kafka. The embedded one needs no Java and no
network, keeps everything in memory, and knows neither CreateTopics nor consumer groups of two.
"""

import os
import shutil
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path

import confluent_kafka
from confluent_kafka.admin import AdminClient

from deploy.local.apache_kafka import RELEASE, fetch
from deploy.local.processes import Process, Processes, free_port

MOCK = Path(__file__).with_name("mock_kafka.py")


@dataclass
class Cluster:
    """Where clients begin (`host:port`), and what it is, for a person to read."""

    bootstrap: str
    name: str


class ApacheKafka(Cluster):
    """One Apache Kafka process, broker and controller, whose data stays in `<run_dir>/kafka`."""

    def __init__(self, run_dir: Path, processes: Processes) -> None:
        self._port, self._controller = free_port(), free_port()
        super().__init__(f"127.0.0.1:{self._port}", f"apache {RELEASE}")
        self._home = run_dir / "kafka"
        self._processes = processes
        self._classpath = f"{fetch()}{os.sep}*"

    @property
    def process(self) -> Process:
        return self._processes["kafka"]

    @property
    def cluster_id(self) -> str:
        """As the running broker says it. Raises `KafkaException` when it does not answer in 5 s."""
        return str(_admin(self.bootstrap).list_topics(timeout=5).cluster_id)

    def start(self) -> None:
        """Start, on the same data and port as before; returns when it answers."""
        self._home.mkdir(parents=True, exist_ok=True)
        properties = self._home / "server.properties"
        properties.write_text(self._properties())
        if not (self._home / "data" / "meta.properties").exists():
            # Twenty-two characters of base64 are what Kafka calls a UUID; ours needs no padding.
            cluster = uuid.uuid4().hex[:22]
            formatted = self._processes.start(
                "kafka-format",
                self._java("kafka.tools.StorageTool", "format", "-t", cluster, "-c", properties),
            )
            if formatted.wait() != 0:
                raise RuntimeError(f"kafka format failed\n{formatted.tail()}")
        process = self._processes.start("kafka", self._java("kafka.Kafka", properties), grace=20)
        process.until(lambda: answers(self.bootstrap))

    def stop(self) -> None:
        self._processes.stop("kafka")

    def kill(self) -> None:
        self._processes.kill("kafka")

    def wipe(self) -> None:
        """The same address, another cluster: all topics, offsets and the cluster id are gone."""
        self.kill()
        shutil.rmtree(self._home)
        self.start()

    def _java(self, main: str, *arguments: str | Path) -> list[str | Path]:
        return [
            "java",
            "-Xmx512m",
            "-XX:+UseSerialGC",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
            "-cp",
            self._classpath,
            main,
            *arguments,
        ]

    def _properties(self) -> str:
        settings = {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@127.0.0.1:{self._controller}",
            "controller.listener.names": "CONTROLLER",
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://127.0.0.1:{self._controller}",
            "log.dirs": self._home / "data",
            "default.replication.factor": 1,
            "offsets.topic.replication.factor": 1,
            "offsets.topic.num.partitions": 4,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "transaction.state.log.num.partitions": 4,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
            "auto.create.topics.enable": "false",
            "group.initial.rebalance.delay.ms": 0,
            # A killed broker is let in again only when its old session has ended: 9 s by default.
            "broker.session.timeout.ms": 3000,
            "broker.heartbeat.interval.ms": 500,
            "log.cleaner.dedupe.buffer.size": 16_777_216,
        }
        return "".join(f"{name}={value}\n" for name, value in settings.items())


def kafka(kind: str, run_dir: Path, processes: Processes) -> Cluster:
    """A cluster that answers: `embedded`, `apache`, or one that is given as `host:port`."""
    match kind:
        case "embedded":
            return _embedded(run_dir, processes)
        case "apache":
            cluster = ApacheKafka(run_dir, processes)
            cluster.start()
            return cluster
        case _ if ":" in kind:
            if not answers(kind, seconds=10):
                raise RuntimeError(f"no Kafka answers at {kind}")
            return Cluster(kind, f"kafka at {kind}")
        case _:
            raise ValueError(f"{kind!r} is neither embedded, apache nor host:port")


def answers(bootstrap: str, seconds: float = 1) -> bool:
    """Whether a broker says within `seconds` who belongs to the cluster."""
    try:
        return bool(_admin(bootstrap).list_topics(timeout=seconds).brokers)
    except confluent_kafka.KafkaException:
        return False


def _admin(bootstrap: str) -> AdminClient:
    # Its log tells of every refused connection, which is what waiting for a broker looks like.
    return AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})


def _embedded(run_dir: Path, processes: Processes) -> Cluster:
    address = run_dir / "kafka-mock.address"
    address.unlink(missing_ok=True)
    process = processes.start("kafka-mock", [sys.executable, "-P", MOCK, address])
    process.until(address.exists)
    version = confluent_kafka.libversion()[0]
    return Cluster(address.read_text(), f"embedded (librdkafka {version} mock)")
