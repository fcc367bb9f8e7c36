"""A PostgreSQL that a seed plays: sessions, transactions, advisory locks, and how they are lost.

A statement travels, is executed at one instant, and its answer travels back; what was executed
stays, whatever becomes of the answer, of the session, or of the process that asked.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg

from services.projection import feeding
from shared.store.session import LEASE
from tests.simulation.answers import look, one
from tests.simulation.loop import Loop, Process
from tests.simulation.statements import STATEMENTS, flat
from tests.simulation.tables import EMPTY, Row, State, View
from tests.simulation.trace import Trace

if TYPE_CHECKING:
    from tests.simulation.connections import Connection, Reply

SILENT_S = 2.5
NOTICED_S = (0.002, 0.04)
WAL_S = 0.2
"""How long a commit that did not wait for the disk may take to reach it."""

_LOOK = "look"
_BUILT_IN = {
    "SELECT pg_try_advisory_lock($1)": "lock",
    flat(feeding.TAKE): "lock",
    flat(feeding.TAKEN): "taken",
    flat(feeding.READER): "reader",
    "SELECT 1": "one",
    "SELECT pg_backend_pid()": "pid",
    "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()": "self",
    "SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2": "sessions",
}


class Unknown(NotImplementedError):
    """A statement that nobody taught this database: teach it in statements.py."""


class _Waits(Exception):
    """Another transaction holds the row."""


class Backend:
    """A session as the server knows it."""

    def __init__(self, server: "Server", connection: "Connection", pid: int) -> None:
        self.server = server
        self.connection = connection
        self.pid = pid
        self.started = server.loop.now
        self.alive = True
        self.view: View | None = None
        self.frozen = False
        self.active_at = server.loop.now
        self.idle_limit_s = SILENT_S if "idle_session_timeout" in connection.settings else None
        self.waits_for_disk = not server.trusts_memory

    def end(self) -> None:
        """Gone, with its locks and whatever it had not committed."""
        if self.alive:
            self.alive = False
            self.view = None
            self.server.leave(self)


class Server:
    """One database; `state` is what is committed."""

    def __init__(self, name: str, loop: Loop, trace: Trace) -> None:
        self.name = name
        self.loop = loop
        self.trace = trace
        self.state: State = EMPTY
        self.on_commit: list[Callable[[State, State], None]] = []
        self.everyone_leads = False
        """A planted bug: the lease excludes nobody."""
        self.trusts_memory = False
        """A planted bug: synchronous_commit is off."""
        self.identity = False
        """A planted bug: positions from a sequence, visible when each one happens to commit."""
        self.slow_s = 0.0
        self.up = True
        self._pids = 100
        self._sequence = 0
        self._backends: dict[int, Backend] = {}
        self._locks: dict[tuple[int, ...], Backend] = {}
        self._row: Backend | None = None
        self._queue: list[tuple[Backend, Callable[[], None]]] = []
        self._on_disk: State = EMPTY
        self._cuts: dict[Process, list[tuple[str, bool, Callable[[], None]]]] = {}
        self._held: dict[Process, list[Callable[[float], object]]] = {}

    def open(self, connection: "Connection") -> Backend:
        if not self.up:
            raise ConnectionRefusedError(f"{self.name} is not running")
        self._pids += 1
        backend = Backend(self, connection, self._pids)
        self._backends[backend.pid] = backend
        if backend.idle_limit_s:
            self._watch(backend)
        return backend

    def _watch(self, backend: Backend) -> None:
        if not backend.alive or backend.idle_limit_s is None:
            return
        left = backend.active_at + backend.idle_limit_s - self.loop.now
        if left <= 0:
            self.trace(self.name, "idle session ended", backend.connection.name)
            backend.end()
            backend.connection.lost()
        else:
            self.loop.outside(left + 0.001, self._watch, backend)

    def leave(self, backend: Backend) -> None:
        self._backends.pop(backend.pid, None)
        for key in [key for key, owner in self._locks.items() if owner is backend]:
            del self._locks[key]
        self._release(backend)

    def _release(self, backend: Backend) -> None:
        if self._row is backend:
            self._row = None
            waiting, self._queue = self._queue, []
            for other, again in waiting:
                if other.alive:
                    again()

    def crash(self) -> None:
        """Every session ends; what is on disk comes back with `start`."""
        self.trace(self.name, "crashes", "")
        self.up = False
        for backend in tuple(self._backends.values()):
            backend.end()
            backend.connection.lost()
        self.state = self._on_disk

    def start(self) -> None:
        self.trace(self.name, "starts", "")
        self.up = True

    def backends_of(self, process: Process) -> list[Backend]:
        return [b for b in self._backends.values() if b.connection.process is process]

    def holder(self) -> Process | None:
        """Whose session has the lease."""
        backend = self._locks.get((LEASE,))
        return backend.connection.process if backend else None

    def terminate(self, process: Process) -> None:
        """As pg_terminate_backend does to every session of a process."""
        for backend in self.backends_of(process):
            backend.end()
            backend.connection.lost(asyncpg.exceptions.AdminShutdownError("terminated"))

    def deafen(self, process: Process) -> None:
        """Nothing travels between the two, and neither is told."""
        self._held.setdefault(process, [])

    def hear(self, process: Process) -> None:
        """What was sent meanwhile arrives."""
        for packet in self._held.pop(process, []):
            self.send(process, packet)

    def deaf(self, process: Process) -> bool:
        return process in self._held

    def send(self, process: Process, packet: Callable[[float], object]) -> None:
        """One packet between the two, however long that takes."""
        if process in self._held:
            self._held[process].append(packet)
            return
        packet(self.loop.random.uniform(0.0002, 0.003) + self.slow_s * self.loop.random.random())

    def cut(self, process: Process, word: str, after: bool, struck: Callable[[], None]) -> None:
        """Lose the connection at the process's next statement with this word in its name.

        `after`: it is executed and committed, and only its answer is lost.
        """
        self._cuts.setdefault(process, []).append((word, after, struck))

    def redrive(self) -> bool:
        """Ask for every parked line to be tried again; whether there was any."""
        view = View(self.state)
        lines = dict.fromkeys(place[:2] for place in view.read("parked"))
        acts = view.write("dead_letter_act")
        for context, key in lines:
            id_ = UUID(int=len(acts) + 1)
            acts[id_] = {
                "id": id_, "act": "redrive", "context": context, "key": key, "seq": None,
                "record": None, "records": 0, "done": "",
            }  # fmt: skip
            self.trace(self.name, "redrive asked", key)
        if lines:
            self.state = self._on_disk = view.after()
        return bool(lines)

    def uncut(self, process: Process) -> None:
        """No cut that has not struck yet will."""
        self._cuts.pop(process, None)

    def abandon(self, process: Process, silent: bool) -> None:
        """Its process is gone; `silent`: no packet says so."""
        for backend in self.backends_of(process):
            later = self.loop.random.uniform(*NOTICED_S)
            self.loop.outside(SILENT_S + later if silent else later, backend.end)

    def arrive(self, backend: Backend, text: str, values: tuple[Any, ...], reply: Any) -> None:
        """A statement has come: execute it, and send its answer."""
        connection = backend.connection
        if not backend.alive:
            connection.lost()
            return
        if not reply.wanted:
            connection.travel(reply.take, asyncpg.QueryCanceledError("canceled by its caller"))
            return
        name = self._name(text)
        cuts = self._cuts.get(connection.process, [])
        cut = next((one for one in cuts if one[0] in name), None)
        if cut is not None:
            cuts.remove(cut)
            cut[2]()
            if not cut[1]:
                self.trace(self.name, "connection lost before", name)
                backend.end()
                connection.lost()
                return
        backend.active_at = self.loop.now
        if self.identity and name.startswith("append") and values[0]:
            self._append_by_sequence(backend, text, values, reply)
            return
        try:
            answer = self._execute(backend, name, text, values)
        except _Waits:
            again = (backend, lambda: self.arrive(backend, text, values, reply))
            self._queue.append(again)
            return
        except asyncpg.PostgresError as error:
            self.trace(self.name, name, connection.name, type(error).__name__)
            answer = error
            if backend.view is not None and text != "ROLLBACK":
                backend.view = View(self.state)  # aborted: nothing of it is kept
        if cut is not None:
            self.trace(self.name, "answer lost after", name)
            backend.end()
            connection.lost()
            return
        connection.travel(reply.take, answer)

    def _name(self, text: str) -> str:
        if text in STATEMENTS:
            return STATEMENTS[text][0]
        if text in _BUILT_IN:
            return _BUILT_IN[text]
        if text.startswith("SELECT 'pid' AS kind"):
            return _LOOK
        if text.split()[0] in ("BEGIN", "COMMIT", "ROLLBACK"):
            return text.lower()
        raise Unknown(text)

    def _execute(
        self, backend: Backend, name: str, text: str, values: tuple[Any, ...]
    ) -> list[Row] | str | asyncpg.PostgresError:
        if text.startswith("BEGIN"):
            backend.view, backend.frozen = View(self.state), "REPEATABLE READ" in text
            return "BEGIN"
        if text in ("COMMIT", "ROLLBACK"):
            view, backend.view = backend.view, None
            if text == "COMMIT" and view is not None:
                self._commit(backend, view, name)
            self._release(backend)
            return text
        if name in _BUILT_IN.values():
            return self._session(backend, name, values)
        view = backend.view
        if view is None:
            view = View(self.state)
        elif not backend.frozen:
            view.state = self.state
        if name == "move folded":
            if self._row not in (None, backend):
                raise _Waits
            if backend.view is not None:
                self._row = backend
        if name == _LOOK:
            return look(view, backend.pid, *values)
        answer: list[Row] | str = STATEMENTS[text][1](view, *values)
        if backend.view is None and view.written:
            self._commit(backend, view, name)
        elif view.written:
            self.trace(self.name, name, backend.connection.name)
        return answer

    def _session(self, backend: Backend, name: str, values: tuple[Any, ...]) -> list[Row]:
        match name:
            case "lock":
                owner = self._locks.setdefault(values, backend)
                if self.everyone_leads:
                    return one(True)
                return one(owner is backend)
            case "taken":
                return one(values in self._locks)
            case "reader":
                reader = self._locks.get(values)
                names = [reader.connection.settings["application_name"]] if reader else []
                return [Row((name,)) for name in names]
            case "one":
                return one(1)
            case "pid":
                return one(backend.pid)
            case "self":
                return [Row((backend.pid, backend.started))]
            case _:
                found = self._backends.get(values[0])
                return one(int(found is not None and found.started == values[1]))

    def _commit(self, backend: Backend, view: View, name: str) -> None:
        before = self.state
        view.state = before
        self.state = view.after()
        if self.state is before:
            return
        self.trace(self.name, name, backend.connection.name)
        if backend.waits_for_disk:
            self._on_disk = self.state
        else:
            self.loop.outside(WAL_S, self._flush, self.state)
        for check in self.on_commit:
            check(before, self.state)

    def _flush(self, state: State) -> None:
        if self.up and self.state is not self._on_disk:
            self._on_disk = state

    def _append_by_sequence(
        self, backend: Backend, text: str, values: tuple[Any, ...], reply: "Reply"
    ) -> None:
        first = self._sequence + 1
        self._sequence += len(values[0])
        numbered = (list(range(first, self._sequence + 1)), *values[1:])

        def commit() -> None:
            view = View(self.state)
            answer: Any = []
            try:
                STATEMENTS[text][1](view, *numbered)
                self._commit(backend, view, "append by sequence")
            except asyncpg.PostgresError as error:
                answer = error
            backend.connection.travel(reply.take, answer)

        self.loop.outside(self.loop.random.uniform(0.0, 0.3), commit)
