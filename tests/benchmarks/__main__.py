"""`python -m tests.benchmarks [B1 B5 B6 B8]`: a figure a line, on parts started for it alone."""

import argparse
import logging
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import orjson
import structlog
import uvloop

from deploy.local.apache_kafka import available
from deploy.local.kafka import ApacheKafka
from deploy.local.postgres import Server
from deploy.local.processes import Processes
from shared.collector import calm
from tests.benchmarks.append import b1
from tests.benchmarks.figures import Figure
from tests.benchmarks.rebuild import b8
from tests.benchmarks.relay import b5
from tests.benchmarks.visible import b6

ON_KAFKA = {"B5": b5, "B6": b6}
NAMES = ("B1", *ON_KAFKA, "B8")
CALLED = {"REBUILD": "B8"}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="B", help=f"of {', '.join(NAMES)}; or all")
    parser.add_argument("--json", action="store_true", help="an object a line instead of a text")
    arguments = parser.parse_args()
    asked = [name.upper() for name in arguments.names]
    names = [CALLED.get(name, name) for name in asked] or list(NAMES)
    if unknown := sorted(set(names) - set(NAMES)):
        parser.error(f"there is no {', '.join(unknown)}; known are {', '.join(NAMES)}")
    if ON_KAFKA.keys() & set(names) and not available():
        # The embedded broker keeps all in memory and acknowledges what was never written.
        sys.exit("B5 and B6 are about Apache Kafka, which needs Java 17, and Maven to fetch it.")
    # Only figures go to standard output, and only trouble is worth a line of the log.
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    calm()  # as a service does at its start
    uvloop.run(_run(names, json=arguments.json))


async def _run(names: Sequence[str], *, json: bool) -> None:
    async for figure in _figures(names):
        line = orjson.dumps(asdict(figure) | {"ratio": figure.ratio}).decode() if json else figure
        print(line, flush=True)


async def _figures(names: Sequence[str]) -> AsyncIterator[Figure]:
    for name in names:
        with _directory() as run_dir, Processes(run_dir) as processes:
            server = Server(run_dir, processes)
            server.start()
            if name not in ON_KAFKA:
                _say(f"{name} on PostgreSQL 18")
                figures = await (b8(server) if name == "B8" else b1(server, run_dir))
            else:
                kafka = ApacheKafka(run_dir, processes)
                kafka.start()
                _say(f"{name} on PostgreSQL 18 and {kafka.name}")
                figures = await ON_KAFKA[name](server, kafka.bootstrap)
        for figure in figures:
            yield figure


@contextmanager
def _directory() -> Iterator[Path]:
    """Outside of the tree, and gone at the end."""
    directory = Path(tempfile.mkdtemp(prefix="fuyan-bench-"))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
