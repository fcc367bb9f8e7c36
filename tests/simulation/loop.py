"""An event loop whose time is virtual and whose order comes from a seed; it waits for nothing.

A callback belongs to the process in whose context it was scheduled: it is dropped where that was
killed, and kept back while that is stopped. So a kill strikes between any two awaits.
"""

import asyncio
import gc
import heapq
import sys
import warnings
from asyncio.base_events import BaseEventLoop
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from contextvars import Context, ContextVar
from random import Random
from typing import Any, Self

# What is due within so little comes in any order, as from one poll of a kernel.
TOGETHER_S = 0.0005
TRIES = 20
MANY_CANCELLED = 40


class Stuck(Exception):
    """Nothing is scheduled any more: everybody waits for somebody."""


class Process:
    """One simulated process: all that runs in its context lives and dies together."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.dead = False
        self.paused = False
        self.steps = 0
        self.strike: tuple[int, Callable[[], None]] | None = None
        """At which step something happens to it, and what."""
        self.held: list[asyncio.Handle] = []
        self.context = Context()
        self.context.run(PROCESS.set, self)

    def admits(self, handle: asyncio.Handle) -> bool:
        """Whether it may take this step now."""
        if self.dead:
            return False
        if self.paused:
            self.held.append(handle)
            return False
        self.steps += 1
        if self.strike is not None and self.steps >= self.strike[0]:
            happens, self.strike = self.strike[1], None
            happens()
            return self.admits(handle)
        return True


PROCESS: ContextVar[Process | None] = ContextVar("process", default=None)


class _Numbered:
    """Sets of tasks are walked by hash: by address, no two runs would be the same."""

    number: int
    count = 0

    def __new__(cls, *_: Any, **__: Any) -> Self:
        self = super().__new__(cls)
        self.number = _Numbered.count = _Numbered.count + 1
        return self

    def __hash__(self) -> int:
        return self.number

    def __eq__(self, other: object) -> bool:
        return self is other


class _Future(_Numbered, asyncio.Future[Any]):
    pass


class _Task(_Numbered, asyncio.Task[Any]):
    pass


class Loop(BaseEventLoop):
    """Runs one simulation; `now` is its time in seconds."""

    _ready: deque[asyncio.Handle]
    _scheduled: list[asyncio.TimerHandle]
    _timer_cancelled_count: int

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.random = Random(seed)
        self.now = 0.0
        _Numbered.count = 0
        self._kept: list[asyncio.Task[Any]] = []
        self.fatal: BaseException | None = None
        """The simulation itself is at fault, and cannot go on."""
        self.broken: list[str] = []
        """Errors that nobody awaited."""
        self.set_task_factory(self._task)  # type: ignore[arg-type]
        self.set_exception_handler(self._on_error)

    def time(self) -> float:
        return self.now

    def create_future(self) -> asyncio.Future[Any]:
        return _Future(loop=self)

    def _task(
        self, loop: asyncio.AbstractEventLoop, coro: Coroutine[Any, Any, Any], **options: Any
    ) -> asyncio.Task[Any]:
        options.pop("eager_start", None)
        task = _Task(coro, loop=loop, **options)
        # The garbage collector would run the end of what a kill has left behind, whenever it likes.
        self._kept.append(task)
        if len(self._kept) > 5000:
            self._kept = [one for one in self._kept if not one.done()]
        return task

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Any, *args: Any
    ) -> asyncio.Future[Any]:
        """No threads: done at once, answered a moment later."""
        future = self.create_future()
        try:
            result = func(*args)
        except Exception as error:
            self.call_soon(_answer, future, None, error)
        else:
            self.call_soon(_answer, future, result, None)
        return future

    def outside(self, delay_s: float, callback: Callable[..., object], *args: Any) -> None:
        """Happens in the world, whatever becomes of the process that caused it."""
        self.call_later(delay_s, callback, *args, context=Context())

    def resume(self, process: Process) -> None:
        """Let a stopped process take the steps it was kept from."""
        process.paused = False
        held, process.held = process.held, []
        self._ready.extend(held)

    def _run_once(self) -> None:
        if self.fatal is not None:
            raise self.fatal
        ready, scheduled = self._ready, self._scheduled
        if self._timer_cancelled_count > MANY_CANCELLED:
            self._timer_cancelled_count = 0
            scheduled[:] = [timer for timer in scheduled if not timer._cancelled]
            heapq.heapify(scheduled)
        while scheduled and scheduled[0]._cancelled:
            heapq.heappop(scheduled)
        if not ready:
            if not scheduled:
                raise Stuck("nothing is left to happen")
            self.now = max(self.now, scheduled[0].when())
        horizon = self.now + TOGETHER_S
        due: list[asyncio.TimerHandle] = []
        while scheduled and scheduled[0].when() <= horizon:
            timer = heapq.heappop(scheduled)
            if not timer._cancelled:
                due.append(timer)
        if len(due) > 1:
            self.random.shuffle(due)
        ready.extend(due)
        for _ in range(len(ready)):
            handle = ready.popleft()
            if handle._cancelled:
                continue
            process = handle._context.get(PROCESS)  # type: ignore[attr-defined]
            if process is None or process.admits(handle):
                handle._run()

    def _on_error(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, (NotImplementedError, AssertionError, AttributeError, KeyError)):
            self.fatal = self.fatal or error
        process = PROCESS.get()
        if process is None or not process.dead:
            self.broken.append(f"{context.get('message')}: {context.get('exception')!r}")

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        self._timer_cancelled_count += 1

    def call_soon_threadsafe(  # type: ignore[override]
        self, callback: Any, *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        return self.call_soon(callback, *args, context=context)

    def end(self) -> None:
        """Unwind what is left, in an order of ours."""
        asyncio._set_running_loop(self)
        for task in self._kept:
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            coro = task.get_coro()
            for _ in range(TRIES):
                # A `finally` that awaits is one more step to close.
                with suppress(BaseException):
                    coro.close()
                    break
        asyncio._set_running_loop(None)
        self._kept.clear()
        self._ready.clear()
        self._scheduled.clear()
        self.close()


@contextmanager
def unwinding() -> Iterator[None]:
    """Whatever a killed process still wanted to do is nobody's error."""
    before, collecting = sys.unraisablehook, gc.isenabled()
    sys.unraisablehook = lambda _: None
    gc.disable()
    if not gc.get_freeze_count():  # or each collection would walk the whole interpreter
        gc.freeze()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            yield
            gc.collect()
    finally:
        sys.unraisablehook = before
        if collecting:
            gc.enable()


def _answer(future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
