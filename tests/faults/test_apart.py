"""Faults that leave nothing to go on with, each in a house of its own, by `make faults` alone."""

import asyncio
import os
import random
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from deploy.local.postgres import BIN, UNPRIVILEGED, Server
from tests.faults.brokers import Nodes
from tests.faults.checker import violations
from tests.faults.clients import Clients
from tests.faults.house import House, house
from tests.faults.links import links
from tests.faults.play import Ground, play
from tests.faults.strikes import KILLED, until
from tests.faults.test_matrix import FULL, SEED

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not FULL, reason="takes a house for each test: make faults"),
]


async def test_three_brokers_lose_their_leaders_one_after_the_other(maven_kafka: None) -> None:
    async def leaders_killed(ground: Ground) -> None:
        nodes = ground.house.broker
        assert isinstance(nodes, Nodes)
        for _ in range(3):
            node = await asyncio.to_thread(nodes.leader, "fuyan.dossier.v1")
            ended = await asyncio.to_thread(nodes.kill, node)
            ground.hits["leader of three killed"] += ended == KILLED
            await ground.clients.more(20)
            await asyncio.to_thread(nodes.again, node)

    async with house(nodes=True) as three:
        ground, facts = await play(three, "three brokers", leaders_killed, SEED)
    assert ground.hits["leader of three killed"] == 3
    assert {name: found for name, found in violations(facts).items() if found} == {}


async def _replica(found: House, port: int) -> Server:
    """A server that follows the first one over a link of its own."""
    replica = Server(found.run_dir, found.processes, "replica")
    user = UNPRIVILEGED if os.geteuid() == 0 else ""
    copying = found.processes.start(
        "replica-copy",
        [BIN / "pg_basebackup", "-D", replica.data, "-R", "-X", "stream", "-c", "fast",
         "-d", f"postgresql://postgres@127.0.0.1:{port}/postgres"],
        user=user,
    )  # fmt: skip
    assert await asyncio.to_thread(copying.wait, 120) == 0, copying.tail()
    await asyncio.to_thread(replica.start)
    return replica


async def test_a_failover_to_a_lagging_replica_is_refused(maven_kafka: None) -> None:
    """Acknowledged events are gone with the old server: serving on would hide that."""
    async with house() as found, links(found.server.port) as following:
        found.run_dir.chmod(0o777)
        replica = await _replica(found, following.port)
        async with Clients("failover", found.urls, found.issuer, random.Random(SEED)) as clients:
            await clients.open(2)
            await asyncio.gather(*(clients.plan(clients.townships[0]) for _ in range(5)))
            following.blackhole()
            for _ in range(20):
                await clients.plan(clients.townships[1])
            told = clients.last(clients.townships[1])
            before = found.server.process
            await asyncio.to_thread(found.server.kill)
            assert before.returncode == KILLED
        for link in found.to_postgres.values():
            link.to = replica.port
            link.reset()
        connection = await asyncpg.connect(replica.dsn("fuyan_submission"))
        try:
            async with asyncio.timeout(60):
                assert await connection.fetchval("SELECT pg_promote()")
            kept = await connection.fetchval(
                "SELECT max(version) FROM log WHERE subject = $1",
                f"failover/{clients.townships[1]}",
            )
        finally:
            await connection.close()
        assert kept < told, "the replica was not behind: nothing was tried here"

        async def refuses() -> bool:
            status, reasons = await found.readiness("submission")
            return status == 503 and ("store-behind-topic" in reasons or "fork" in reasons)

        await until(refuses, "submission refuses to serve")


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """160 MB of memory as a disk; where one may not mount that, the test is reported as not run."""
    disk = Path(tempfile.mkdtemp(prefix="fuyan-disk-"))
    mount = ["mount", "-t", "tmpfs", "-o", "size=160m,mode=0777", "tmpfs", str(disk)]
    try:
        mounted = subprocess.run(mount, check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        disk.rmdir()
        pytest.skip("not run: this machine may not mount a small disk")
    disk.parent.chmod(disk.parent.stat().st_mode | 0o001)
    disk.chmod(0o777)
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=False)
    disk.rmdir()


async def test_a_full_disk_refuses_and_is_forgotten_once_freed(
    maven_kafka: None, small_disk: Path
) -> None:
    async def full(ground: Ground) -> None:
        found = ground.house
        wal, ballast = found.server.data / "pg_wal", small_disk / "ballast"
        await asyncio.to_thread(found.server.stop)
        owner = wal.stat()
        moved = shutil.copytree(wal, small_disk / "pg_wal")
        for path in (moved, *moved.rglob("*")):
            os.chown(path, owner.st_uid, owner.st_gid)
        shutil.rmtree(wal)
        wal.symlink_to(moved)
        await asyncio.to_thread(found.server.start)
        await found.ready()
        await ground.clients.more(10)
        with suppress(OSError), ballast.open("wb", buffering=0) as filling:
            while True:
                filling.write(b"\0" * 65536)
        # A segment of the write-ahead log is 16 MB: it ends now, and there is no room for another.
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            connection = await asyncpg.connect(found.server.dsn("postgres"))
            for _ in range(20):
                await connection.execute(
                    "SELECT pg_switch_wal(), pg_logical_emit_message(true, 'x', repeat('x', 4000))"
                )
        log = found.server.process.log.read_text(errors="replace")
        ground.hits["disk full, then freed"] += "No space left on device" in log
        ballast.unlink()
        if not found.server.process.running:
            await asyncio.to_thread(found.server.start)

    async with house() as found:
        ground, facts = await play(found, "disk full", full, SEED)
        assert ground.hits["disk full, then freed"], "the disk was never full"
        assert {name: found for name, found in violations(facts).items() if found} == {}
