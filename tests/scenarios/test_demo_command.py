"""`fuyan demo` as a person types it: its last line, its end, and what a kill leaves behind."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from deploy.local.processes import free_port, wait_until

pytestmark = pytest.mark.timeout(400)

FUYAN = Path(sys.executable).with_name("fuyan")
UP_SECONDS = 120


@dataclass(frozen=True)
class Demo:
    """A demo under way, and where it writes."""

    process: subprocess.Popen[bytes]
    out: Path
    err: Path

    def wait_until_up(self) -> list[psutil.Process]:
        """All that it has started by the time at which it names the four addresses."""
        assert wait_until(self._up, UP_SECONDS, lambda: self.process.poll() is None), self.told()
        return psutil.Process(self.process.pid).children(recursive=True)

    def told(self) -> str:
        return self.err.read_text(encoding="utf-8")

    def _up(self) -> bool:
        return all(
            name in self.told() for name in ("submission", "review", "notification", "projection")
        )


@contextmanager
def demo(place: Path, *arguments: str) -> Iterator[Demo]:
    out, err = place / "out", place / "err"
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = subprocess.Popen(
            [FUYAN, "demo", *arguments], stdout=stdout, stderr=stderr, cwd=place
        )
    try:
        yield Demo(process, out, err)
    finally:
        process.kill()
        process.wait()


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def left(started: list[psutil.Process], seconds: float = 30) -> list[psutil.Process]:
    """Those who are alive still after that time."""
    wait_until(lambda: not any(map(alive, started)), seconds)
    return [process for process in started if alive(process)]


def four_free_ports() -> int:
    """The first of them."""
    while True:
        first = free_port()
        taken = {one.laddr.port for one in psutil.net_connections("tcp") if one.laddr}
        if taken.isdisjoint(range(first, first + 4)):
            return first


def test_once_plays_prints_one_line_of_json_and_leaves_nobody(tmp_path: Path) -> None:
    with demo(tmp_path, "--once", "--port", "0") as once:
        started = once.wait_until_up()
        assert once.process.wait(300) == 0, once.told()
        result = json.loads(once.out.read_text(encoding="utf-8").splitlines()[-1])
        assert list(result) == ["programme", "targets", "townships", "events", "kafka", "verified"]
        assert result["verified"] is True
        assert result["targets"]["first-2018"] == {
            "members": 4,
            "achieved": 3,
            "achieved_late": 1,
            "missed": 0,
        }
        assert left(started) == []


def test_a_killed_demo_leaves_nobody_behind_and_the_next_one_starts_clean(tmp_path: Path) -> None:
    port = four_free_ports()
    run_dir = Path(tempfile.gettempdir()) / f"fuyan-demo-{os.getuid()}-{port}"
    with demo(tmp_path, "--port", str(port)) as first:
        started = first.wait_until_up()
        # At least four services, PostgreSQL and a broker, each with its guardian.
        assert len(started) >= 12
        trace = run_dir / "left-by-the-first"
        trace.touch()

        second = subprocess.run(
            [FUYAN, "demo", "--once", "--port", str(port)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert second.returncode == 1
        assert f"another demo runs on port {port}: end it" in second.stderr
        assert "Traceback" not in second.stderr
        assert second.stdout == ""
        assert first.process.poll() is None, first.told()

        first.process.send_signal(signal.SIGKILL)
        assert first.process.wait(30) == -signal.SIGKILL
        assert left(started) == []
    assert trace.exists(), "what a killed demo could not clear away"

    with demo(tmp_path, "--port", str(port)) as third:
        started = third.wait_until_up()
        assert not trace.exists()
        third.process.send_signal(signal.SIGINT)
        assert third.process.wait(60) == 0, third.told()
        assert left(started) == []
    assert not run_dir.exists()
