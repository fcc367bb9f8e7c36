"""What time it is: the only place that asks. Domain code is handed the answer."""

import os
import zlib
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]
"""Answers the present instant, aware, in UTC."""

SHANGHAI = ZoneInfo("Asia/Shanghai")

# `2018-09-01T00:00:00.000000Z 5d41402a\n`: always as long, so one pwrite replaces the whole of it.
_INSTANT, _RECORD = 27, 37
# A reader that tears does so while one write of 37 bytes is copied; more tries mean a foreign file.
_TRIES = 10_000


def system_clock() -> datetime:
    """The machine's own clock."""
    return datetime.now(UTC)


def civil_day(instant: datetime) -> date:
    """The day in Shanghai on which `instant` falls; a day cut from UTC is wrong until 08:00.

    Raises ValueError for a naive instant: nobody knows which day that is.
    """
    if instant.tzinfo is None:
        raise ValueError("an instant without its zone has no civil day")
    return instant.astimezone(SHANGHAI).date()


class FileClock:
    """The clock of the demo: the instant that `write_clock` put into a file last.

    Costs about a microsecond: one pread on a descriptor that stays open, parsed only when it
    changed. The file is overwritten in place and never renamed, or a reader would keep the old one.
    A read and a write of the same page are not atomic on every file system, so the instant
    travels with its CRC-32, and a torn read is read again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise ValueError(f"FUYAN_CLOCK: {path} cannot be read: {error.strerror}") from error
        self._seen = b"nothing yet"
        self._instant = self()

    def __call__(self) -> datetime:
        """Raises ValueError when the file is not one that `write_clock` wrote."""
        for _ in range(_TRIES):
            record = os.pread(self._fd, _RECORD + 1, 0)
            if record == self._seen:
                return self._instant
            if len(record) == _RECORD and record == _record(record[:_INSTANT]):
                instant = datetime.fromisoformat(record[:_INSTANT].decode())
                self._seen, self._instant = record, instant
                return instant
        raise ValueError(f"FUYAN_CLOCK: {self._path} holds no instant; write it with write_clock")

    def close(self) -> None:
        os.close(self._fd)


def write_clock(path: Path, instant: datetime) -> None:
    """Set the clock that every process reading `path` sees; one writer at a time."""
    text = instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        os.pwrite(fd, _record(text.encode()), 0)
    finally:
        os.close(fd)


def clock_from(setting: str | None, demo: bool) -> Clock:
    """The clock that a service runs on: the system's, or in the demo the file named by FUYAN_CLOCK.

    Raises ValueError outside the demo: a service whose time can be moved could back-date anything.
    """
    if setting is None:
        return system_clock
    if not demo:
        raise ValueError(
            "FUYAN_CLOCK is for the demo only: unset it, or the record could be back-dated"
        )
    return FileClock(Path(setting))


def _record(instant: bytes) -> bytes:
    return b"%s %08x\n" % (instant, zlib.crc32(instant))
