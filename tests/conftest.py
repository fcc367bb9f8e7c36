"""The real parts that tests run on; `parts.py` says which ones a machine gets."""

import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog

from deploy.local.kafka import ApacheKafka, Cluster
from deploy.local.kafka import kafka as start_kafka
from deploy.local.postgres import Databases, Server
from deploy.local.processes import Processes
from shared.collector import calm
from tests.parts import kafka_container, parts, postgres_container


def pytest_configure() -> None:
    # The default draws every local of a traceback, for as long as a lease lasts.
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], plain])


def pytest_collection_finish() -> None:
    """Four thousand tests are a heap whose collection stops the loop until a lease is lost."""
    calm()


def pytest_report_header() -> list[str]:
    chosen = parts()
    return [
        f"PostgreSQL: {chosen.postgres}, Kafka: {chosen.kafka}, "
        f"Chromium: {chosen.chromium or 'none'}, "
        f"required: {', '.join(sorted(chosen.required)) or 'nothing'}"
    ]


def pytest_runtest_setup(item: pytest.Item) -> None:
    for need in ("kafka", "browser", "docker"):
        if item.get_closest_marker(need):
            _needs(need)


def _needs(need: str) -> None:
    """Report the test as not run where the machine lacks a part; fail where it is required."""
    if why := parts().missing.get(need):
        if need in parts().required or (need == "maven" and "kafka" in parts().required):
            pytest.fail(f"required by FUYAN_REQUIRE, but not here: {why}", pytrace=False)
        pytest.skip(f"not run: {why}")


@pytest.fixture(scope="session")
def run_dir() -> Iterator[Path]:
    """A directory of this session, outside of pytest's own: PostgreSQL may run as another user."""
    directory = Path(tempfile.mkdtemp(prefix="fuyan-tests-"))
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def processes(run_dir: Path) -> Iterator[Processes]:
    with Processes(run_dir) as started:
        yield started


@pytest.fixture(scope="session")
def postgres(run_dir: Path, processes: Processes) -> Iterator[Databases]:
    """A PostgreSQL server for the session; take `database` for a test's own database."""
    if parts().postgres == "container":
        with postgres_container() as databases:
            yield databases
        return
    server = Server(run_dir, processes)
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def database(postgres: Databases) -> AsyncIterator[str]:
    """The DSN of a fresh database, dropped with its connections after the test."""
    name = f"test_{uuid.uuid4().hex}"
    await postgres.create_database(name)
    yield postgres.dsn(name)
    await postgres.drop_database(name)


@pytest.fixture(scope="session")
def kafka(run_dir: Path, processes: Processes) -> Iterator[Cluster]:
    """A cluster for the session, which may be the embedded one: transport, no claims."""
    if parts().kafka == "container":
        with kafka_container() as cluster:
            yield cluster
        return
    yield start_kafka(parts().kafka, run_dir, processes)


@pytest.fixture
def apache_kafka(request: pytest.FixtureRequest) -> Cluster:
    """Apache Kafka; where there is none the test is reported as not run."""
    _needs("kafka")
    cluster: Cluster = request.getfixturevalue("kafka")
    return cluster


@pytest.fixture
def maven_kafka() -> None:
    """Where Apache Kafka cannot be started from Maven, the test is reported as not run."""
    _needs("maven")


@pytest.fixture
def own_kafka(tmp_path: Path, maven_kafka: None) -> Iterator[ApacheKafka]:
    """An Apache Kafka of the test's own, which it may stop, kill and wipe."""
    with Processes(tmp_path) as started:
        cluster = ApacheKafka(tmp_path, started)
        cluster.start()
        yield cluster


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium; where there is none the test is reported as not run."""
    _needs("browser")
    return parts().chromium or ""
