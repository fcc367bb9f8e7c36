"""Which PostgreSQL, Kafka and browser the tests run on: decided once, from what a machine has."""

import os
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache

import docker
from docker.errors import DockerException
from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer

from deploy.local import apache_kafka
from deploy.local.kafka import Cluster, answers
from deploy.local.postgres import Databases
from deploy.local.processes import free_port, wait_until

POSTGRES_IMAGE = os.environ.get("FUYAN_TEST_POSTGRES_IMAGE") or "postgres:18"
KAFKA_IMAGE = os.environ.get("FUYAN_TEST_KAFKA_IMAGE") or f"apache/kafka:{apache_kafka.RELEASE}"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PULL_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Machine:
    """What this machine has, and what it must have."""

    given_kafka: str = ""
    images: frozenset[str] = frozenset()
    apache: bool = False
    chromium: str | None = None
    required: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Parts:
    """`postgres` is container or embedded; `kafka` container, apache, embedded or host:port."""

    postgres: str
    kafka: str
    chromium: str | None
    missing: Mapping[str, str]
    required: frozenset[str]


def choose(machine: Machine) -> Parts:
    """A given broker first, then containers, then Apache from Maven, then the embedded one."""
    containers = {POSTGRES_IMAGE, KAFKA_IMAGE} <= machine.images
    if machine.given_kafka:
        kafka = machine.given_kafka
    elif KAFKA_IMAGE in machine.images:
        kafka = "container"
    else:
        kafka = "apache" if machine.apache else "embedded"
    missing = {
        "kafka": "" if kafka != "embedded" else "needs Apache Kafka: Java 17 and Maven, or Docker",
        "maven": "" if machine.apache else "needs an Apache Kafka of its own: Java 17 and Maven",
        "browser": "" if machine.chromium else f"needs one of {', '.join(BROWSERS)}",
        "docker": "" if containers else f"needs Docker with {POSTGRES_IMAGE} and {KAFKA_IMAGE}",
    }
    return Parts(
        postgres="container" if POSTGRES_IMAGE in machine.images else "embedded",
        kafka=kafka,
        chromium=machine.chromium,
        missing={name: why for name, why in missing.items() if why},
        required=machine.required,
    )


@cache
def parts() -> Parts:
    """The choice for this machine, looked at once."""
    required = os.environ.get("FUYAN_REQUIRE", "").replace("chromium", "browser")
    found = (shutil.which(name) for name in BROWSERS)
    return choose(
        Machine(
            given_kafka=os.environ.get("FUYAN_TEST_KAFKA", ""),
            images=_images(),
            apache=apache_kafka.available(),
            chromium=next((path for path in found if path), None),
            required=frozenset(filter(None, required.split(","))),
        )
    )


def _images() -> frozenset[str]:
    """Which of our images the Docker engine has, or could pull in a short while."""
    try:
        client = docker.from_env(timeout=PULL_SECONDS)
        client.ping()
    except DockerException:
        return frozenset()
    # Ryuk ends the containers of a killed test run; without it, unless told so, none is started.
    if not testcontainers_config.ryuk_disabled and not _has(
        client, testcontainers_config.ryuk_image
    ):
        return frozenset()
    return frozenset(image for image in (POSTGRES_IMAGE, KAFKA_IMAGE) if _has(client, image))


def _has(client: docker.DockerClient, image: str) -> bool:
    if _local(client, image):
        return True
    # A trickle of progress resets the client's own timeout, so the wait is ours.
    pull = threading.Thread(target=_pull, args=(client, image), daemon=True)
    pull.start()
    pull.join(PULL_SECONDS)
    return _local(client, image)


def _local(client: docker.DockerClient, image: str) -> bool:
    try:
        client.images.get(image)
    except DockerException:
        return False
    return True


def _pull(client: docker.DockerClient, image: str) -> None:
    with suppress(DockerException):
        client.images.pull(image)


@contextmanager
def postgres_container() -> Iterator[Databases]:
    container = PostgresContainer(
        POSTGRES_IMAGE, username="postgres", password="postgres", dbname="postgres", driver=None
    )
    container.with_env("POSTGRES_HOST_AUTH_METHOD", "trust")
    with container.with_command("postgres -c max_connections=200"):
        yield Databases(container.get_exposed_port(5432), container.get_container_host_ip())


@contextmanager
def kafka_container() -> Iterator[Cluster]:
    """The apache/kafka image; its port is chosen here, since it must be advertised at start."""
    port = free_port()
    container = DockerContainer(KAFKA_IMAGE).with_bind_ports(9092, port)
    address = f"{container.get_docker_client().host()}:{port}"
    settings = {
        "NODE_ID": "1",
        "PROCESS_ROLES": "broker,controller",
        "CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093",
        "ADVERTISED_LISTENERS": f"PLAINTEXT://{address}",
        "LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "AUTO_CREATE_TOPICS_ENABLE": "false",
    }
    for name, value in settings.items():
        container.with_env(f"KAFKA_{name}", value)
    with container:
        if not wait_until(lambda: answers(address)):
            raise RuntimeError(f"{KAFKA_IMAGE} does not answer\n{container.get_logs()}")
        yield Cluster(address, f"{KAFKA_IMAGE} (testcontainers)")
