"""Work that costs processor time, in processes of its own: a third of a second of it on the event
loop holds up everybody else who asks."""

import asyncio
import multiprocessing
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.process import BaseProcess
from types import ModuleType
from typing import Any, ParamSpec, TypeVar

import structlog

from shared.contracts.refusals import Refused

P = ParamSpec("P")
T = TypeVar("T")

PROCESSES = 2
# One more would wait longer than a browser does.
_WAITING_AT_MOST = 16
_CPU_AT_MOST_S = 20
# Only for what processor time does not measure: a worker that is stopped or starved.
_WALL_AT_MOST_S = 120

log = structlog.get_logger()


class Workers:
    """Runs functions that take and return plain data; its processes begin with the first of them.

    `end` leaves none behind, and a worker whose service was killed ends by itself.
    """

    def __init__(self, processes: int = PROCESSES, cpu_at_most_s: int = _CPU_AT_MOST_S) -> None:
        self._processes = processes
        self._cpu_at_most_s = cpu_at_most_s
        self._pool: ProcessPoolExecutor | None = None
        self._context = _Spawn()
        self._running = 0

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `work` returns or refuses; `work` is a function of a module.

        Raises Refused: `workers-busy`, `workers-lost` where a process was killed from outside,
        `work-too-long` beyond twenty seconds of processor time.
        """
        if self._running >= _WAITING_AT_MOST:
            raise Refused("workers-busy", retry_after_s=5)
        self._running += 1
        try:
            return await self._run(work, args, kwargs)
        finally:
            self._running -= 1

    async def _run(self, work: Callable[..., T], args: Any, kwargs: Any) -> T:
        pool = self._pool
        if pool is None:
            pool = self._pool = ProcessPoolExecutor(
                self._processes, mp_context=self._context, initializer=_begin
            )
        try:
            future: Future[tuple[T | None, tuple[str, dict[str, object]] | None]] = pool.submit(
                _shielded, self._cpu_at_most_s, work, args, kwargs
            )
            async with asyncio.timeout(_WALL_AT_MOST_S):
                done, refusal = await asyncio.wrap_future(future)
        except (BrokenProcessPool, TimeoutError) as error:
            log.warning("workers-lost", error=repr(error))
            if self._pool is pool:  # or another request has begun anew already
                self._drop()
            raise Refused("workers-lost", retry_after_s=2) from error
        if refusal is not None:
            code, facts = refusal
            raise Refused(code, **facts)
        return done  # type: ignore[return-value]  # None only where T is None

    async def end(self) -> None:
        """End every process, at once, and wait for it."""
        self._drop()
        started, self._context.started = self._context.started, []
        for process in started:
            await asyncio.to_thread(process.join)

    def _drop(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)
        for process in self._context.started:
            process.kill()


class _Spawn(SpawnContext):
    """Remembers the processes it started: the executor cannot end one that does not answer."""

    def __init__(self) -> None:
        super().__init__()
        self.started: list[BaseProcess] = []

    def Process(self, *args: Any, **kwargs: Any) -> BaseProcess:  # type: ignore[override]
        process = _Worker(*args, **kwargs)
        self.started = [one for one in self.started if one.exitcode is None] + [process]
        return process


class _Worker(SpawnProcess):
    """Does not begin by running the service's own script again.

    `multiprocessing` imports the main module first, for functions that are defined there; ours are
    in modules, and the script that installs as `fuyan` would serve anew whenever it is imported.
    """

    def start(self) -> None:
        own, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
        try:
            super().start()
        finally:
            sys.modules["__main__"] = own


class _TookTooLong(BaseException):
    """Raised wherever the work happens to be; no `except Exception` of a library keeps it."""


def _begin() -> None:
    """Ctrl-C is for the service, which then ends its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGXCPU, _stop)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _stop(*_: object) -> None:
    raise _TookTooLong


def _shielded(
    cpu_at_most_s: int, work: Callable[..., T], args: Any, kwargs: Any
) -> tuple[T | None, tuple[str, dict[str, object]] | None]:
    """The result, or the refusal as plain data: exceptions with facts do not survive the way."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    limit = int(used.ru_utime + used.ru_stime) + cpu_at_most_s
    resource.setrlimit(resource.RLIMIT_CPU, (limit, hard))
    try:
        return work(*args, **kwargs), None
    except Refused as refused:
        return None, (refused.code, refused.facts)
    except (_TookTooLong, MemoryError):
        return None, ("work-too-long", {"limit_s": cpu_at_most_s})
    finally:
        resource.setrlimit(resource.RLIMIT_CPU, (hard, hard))
