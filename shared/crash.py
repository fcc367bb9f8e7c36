"""Named places at which a process can be told to die, so that tests see what it leaves behind.

Off unless FUYAN_CRASH_AT was set at the start, which only the demo may: then a crash point costs
one comparison. `name` dies at the first pass, `name:3` at the third, by SIGKILL, as a power cut
would; before that the name goes into the file FUYAN_CRASH_LOG, so that a test can tell a hit.
"""

import asyncio
import os
import signal
from pathlib import Path

POINTS = frozenset(
    {
        "command/validated",
        "command/head-read",
        "command/batch-sent",
        "command/committed",
        "command/replied",
        "command/stopping",
        "lease/lost",
        "lease/taken",
        "relay/page-read",
        "relay/half-sent",
        "relay/acknowledged",
        "relay/emptied",
        "reaction/decoded",
        "reaction/appended",
        "projection/polled",
        "projection/appended",
        "projection/next-poll",
        "projection/folded",
        "projection/upserted",
        "projection/committed",
        "rebuild/10",
        "rebuild/50",
        "rebuild/99",
        "rebuild/promotion",
    }
)
"""Every place there is; a name outside of it would never be passed, and prove nothing."""

_at = ""
_left = 0
_log: Path | None = None


def parse(at: str) -> tuple[str, int]:
    """Name and pass of `name[:nth]`; raises ValueError for a place that does not exist."""
    name, _, nth = at.partition(":")
    if name not in POINTS or not (nth or "1").isdecimal() or int(nth or 1) < 1:
        raise ValueError(f"FUYAN_CRASH_AT: {at!r} is no crash point of {', '.join(sorted(POINTS))}")
    return name, int(nth or 1)


def arm(at: str | None, log: Path | None) -> None:
    """Called once at the start, with settings that have been found fit for it."""
    global _at, _left, _log
    _at, _left = parse(at) if at else ("", 0)
    _log = log


def crash_point(name: str) -> None:
    """Die here, if this process was told to."""
    if name == _at:
        _passed(name)


def crash_soon(name: str) -> None:
    """Die once what this turn of the event loop sends has left the process."""
    if name == _at:
        asyncio.get_running_loop().call_soon(_passed, name)


def _passed(name: str) -> None:
    global _left
    _left -= 1
    if _left:
        return
    if _log is not None:
        with _log.open("a") as hits:
            hits.write(f"{name}\n")
    os.kill(os.getpid(), signal.SIGKILL)
