"""Apache Kafka as the fault tests need it: reached by each service over a link of its own."""

import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path

from confluent_kafka.admin import AdminClient

from deploy.local.kafka import ApacheKafka, answers
from deploy.local.processes import Process, Processes, free_port


class Broker(ApacheKafka):
    """One process. `advertised` names, by service, the port of the proxy that leads to it.

    A client is told the address to go on with by the listener it asked: so each service stays on
    its own link, and whoever comes by `bootstrap` (a test that looks) on none.
    """

    def __init__(self, run_dir: Path, processes: Processes, advertised: Mapping[str, int]) -> None:
        super().__init__(run_dir, processes)
        self._advertised = advertised
        self.listeners = {name: free_port() for name in advertised}
        """The broker's own port behind each proxy."""

    def _properties(self) -> str:
        own = {name.upper(): port for name, port in self.listeners.items()}
        told = {name.upper(): port for name, port in self._advertised.items()}
        controller = f"CONTROLLER://127.0.0.1:{self._controller}"
        # The last of two lines for one property counts.
        return super()._properties() + _listeners(own, told, self.bootstrap, controller)


class Nodes:
    """Three brokers that keep a copy each; `bootstrap` names them all."""

    def __init__(self, run_dir: Path, processes: Processes) -> None:
        self._run_dir, self._processes = run_dir, processes
        self._ports = {node: (free_port(), free_port()) for node in (1, 2, 3)}
        self._cluster = uuid.uuid4().hex[:22]
        self.bootstrap = ",".join(f"127.0.0.1:{port}" for port, _ in self._ports.values())

    def start(self) -> None:
        """All of them; returns when they answer."""
        for node in self._ports:
            self.start_one(node)
        for node in self._ports:
            self._until(node)

    def start_one(self, node: int) -> Process:
        home = self._run_dir / f"kafka-{node}"
        home.mkdir(parents=True, exist_ok=True)
        kafka = ApacheKafka(home, self._processes)
        port, controller = self._ports[node]
        voters = ",".join(f"{n}@127.0.0.1:{c}" for n, (_, c) in self._ports.items())
        properties = home / "server.properties"
        properties.write_text(
            kafka._properties()
            + _listeners({}, {}, f"127.0.0.1:{port}", f"CONTROLLER://127.0.0.1:{controller}")
            + f"node.id={node}\ncontroller.quorum.voters={voters}\nlog.dirs={home / 'data'}\n"
            "default.replication.factor=3\noffsets.topic.replication.factor=3\n"
            "min.insync.replicas=2\nunclean.leader.election.enable=false\n"
        )
        if not (home / "data").exists():
            formatted = self._processes.start(
                f"kafka-{node}-format",
                kafka._java(
                    "kafka.tools.StorageTool", "format", "-t", self._cluster, "-c", properties
                ),
            )
            if formatted.wait() != 0:
                raise RuntimeError(f"kafka format failed\n{formatted.tail()}")
        return self._processes.start(f"kafka-{node}", kafka._java("kafka.Kafka", properties))

    def again(self, node: int) -> None:
        """Start one that was killed; returns when it answers."""
        self.start_one(node)
        self._until(node)

    def kill(self, node: int) -> int | None:
        """SIGKILL for one of them; its exit code."""
        process = self._processes[f"kafka-{node}"]
        self._processes.kill(f"kafka-{node}")
        return process.returncode

    def leader(self, topic: str) -> int:
        """The node that leads the first partition of a topic."""
        found = AdminClient({"bootstrap.servers": self.bootstrap}).list_topics(topic, timeout=10)
        return int(found.topics[topic].partitions[0].leader)

    def _until(self, node: int) -> None:
        port, _ = self._ports[node]
        self._processes[f"kafka-{node}"].until(lambda: answers(f"127.0.0.1:{port}"))


def forget(home: Path) -> None:
    shutil.rmtree(home, ignore_errors=True)


def _listeners(
    own: Mapping[str, int], told: Mapping[str, int], direct: str, controller: str
) -> str:
    listeners = [f"DIRECT://{direct}", *(f"{name}://127.0.0.1:{own[name]}" for name in own)]
    advertised = [f"DIRECT://{direct}", *(f"{name}://127.0.0.1:{told[name]}" for name in told)]
    protocols = ",".join(f"{name}:PLAINTEXT" for name in ("DIRECT", "CONTROLLER", *own))
    return (
        f"listeners={','.join([*listeners, controller])}\n"
        f"advertised.listeners={','.join(advertised)}\n"
        f"listener.security.protocol.map={protocols}\n"
        "inter.broker.listener.name=DIRECT\n"
    )
