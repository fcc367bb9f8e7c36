"""Child processes that never outlive us, not even after `kill -9`.

Each child runs under a guardian (`guardian.py`) that holds one end of a pipe: when this process
ends, however it ends, the guardian stops the child and everything the child has started.
"""

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

GUARDIAN = Path(__file__).with_name("guardian.py")


class ProcessEnded(RuntimeError):
    """A process ended, or did not become ready in time; the message carries the end of its log."""


class Process:
    """One running child: its name, its own pid (not its guardian's) and its log file."""

    def __init__(self, name: str, pid: int, log: Path, guardian: subprocess.Popen[bytes]) -> None:
        self.name = name
        self.pid = pid
        self.log = log
        self._guardian = guardian

    @property
    def returncode(self) -> int | None:
        """None while it, or anything it has started, is running; 128 + n after signal n."""
        return self._guardian.poll()

    @property
    def running(self) -> bool:
        return self.returncode is None

    def signal(self, number: int) -> None:
        """To the child alone, for SIGSTOP and its like; `stop` and `kill` end the whole tree."""
        if self.running:
            os.kill(self.pid, number)

    def wait(self, seconds: float | None = None) -> int:
        """Its exit code, once its whole tree is gone. Raises `subprocess.TimeoutExpired`."""
        return self._guardian.wait(seconds)

    def stop(self) -> None:
        """Ask it to end; after its grace everything left is killed. Returns when all is gone."""
        if self._guardian.stdin:
            self._guardian.stdin.close()
        self._guardian.wait()

    def kill(self) -> None:
        """SIGKILL for it and all it has started. Returns when all is gone."""
        if self.running and self._guardian.stdin and not self._guardian.stdin.closed:
            # The guardian may end at this very moment: then the pipe is broken and all is done.
            with contextlib.suppress(BrokenPipeError):
                os.write(self._guardian.stdin.fileno(), b"K")
        self.stop()

    def until(self, ready: Callable[[], bool], seconds: float = 60) -> None:
        """Wait for a condition. Raises `ProcessEnded` when the process ends first, or is late."""
        if not wait_until(ready, seconds, lambda: self.running):
            happened = f"not ready in {seconds:g} s" if self.running else f"exit {self.returncode}"
            raise ProcessEnded(f"{self.name}: {happened}\n{self.tail()}")

    def tail(self, lines: int = 30) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


class Processes:
    """All that one owner has started, as a context manager: stopped in reverse order at its end."""

    def __init__(self, run_dir: Path) -> None:
        self.run_dir = run_dir
        self._running: dict[str, Process] = {}
        run_dir.mkdir(parents=True, exist_ok=True)

    def start(
        self,
        name: str,
        argv: Sequence[str | Path],
        env: Mapping[str, str] | None = None,
        *,
        grace: float = 10,
        stop_signal: int = signal.SIGTERM,
        user: str = "",
        cwd: Path | None = None,
    ) -> Process:
        """Start `argv` with our environment and `env` on top; it logs to `<run_dir>/<name>.log`.

        `grace` is the seconds between `stop_signal` and SIGKILL. Raises `ProcessEnded` when the
        program cannot be started, `ValueError` while another of that name runs.
        """
        if name in self._running and self._running[name].running:
            raise ValueError(f"{name} is running")
        log = self.run_dir / f"{name}.log"
        answer, status = os.pipe()
        watch = (sys.executable, "-P", GUARDIAN)
        with log.open("ab") as output, os.fdopen(answer) as started:
            try:
                guardian = subprocess.Popen(
                    [*watch, str(status), str(grace), str(int(stop_signal)), user, *argv],
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env={**os.environ, **(env or {})},
                    cwd=cwd,
                    pass_fds=[status],
                    # Ctrl-C is for the parent: children end when it says so, in its order.
                    start_new_session=True,
                    bufsize=0,
                )
            finally:
                os.close(status)
            pid = started.readline()
        process = Process(name, int(pid or -1), log, guardian)
        if not pid:
            code = process.wait()
            raise ProcessEnded(f"{name} could not be started ({code})\n{process.tail()}")
        self._running[name] = process
        return process

    def __getitem__(self, name: str) -> Process:
        return self._running[name]

    def stop(self, name: str) -> None:
        """Ask it to end, kill it after its grace; returns when its whole tree is gone."""
        self._running.pop(name).stop()

    def kill(self, name: str) -> None:
        """SIGKILL for it and all it has started; returns when its whole tree is gone."""
        self._running.pop(name).kill()

    def close(self) -> None:
        """Stop everything, the last started first, since it may lean on the earlier ones."""
        for name in reversed(list(self._running)):
            self.stop(name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def wait_until(
    ready: Callable[[], bool], seconds: float = 60, hope: Callable[[], bool] = lambda: True
) -> bool:
    """Whether a condition came true within `seconds`, and while there was hope."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline or not hope():
            return False
        time.sleep(0.02)
    return True


def free_port() -> int:
    """A free TCP port on the loopback, below the ranges that systems give to outgoing connections.

    A client that calls a port of that range while its server is down may be given the very port
    as its own, connects to itself, and the server cannot have its port back.
    """
    for _ in range(200):
        port = random.randrange(20_000, 32_000)  # noqa: S311 - no secret
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free TCP port between 20000 and 32000 on 127.0.0.1")
