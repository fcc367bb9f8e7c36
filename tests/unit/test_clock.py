"""The clock: what it reads, and what it refuses."""

import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from shared.clock import FileClock, civil_day, clock_from, system_clock, write_clock

NEW_YEAR = datetime(2018, 12, 31, 16, tzinfo=UTC)


def test_the_new_year_begins_in_shanghai_while_utc_still_writes_december() -> None:
    assert civil_day(NEW_YEAR) == date(2019, 1, 1)
    assert civil_day(NEW_YEAR - timedelta(microseconds=1)) == date(2018, 12, 31)


def test_an_instant_without_zone_has_no_day() -> None:
    with pytest.raises(ValueError, match="zone"):
        civil_day(NEW_YEAR.replace(tzinfo=None))


def test_every_reader_sees_the_instant_written_last(tmp_path: Path) -> None:
    path = tmp_path / "clock"
    write_clock(path, NEW_YEAR)
    clock = FileClock(path)
    assert clock() == NEW_YEAR
    write_clock(path, NEW_YEAR + timedelta(days=1))
    assert clock() == NEW_YEAR + timedelta(days=1)
    assert FileClock(path)() == NEW_YEAR + timedelta(days=1)


def test_an_instant_of_another_zone_is_kept_as_the_same_instant(tmp_path: Path) -> None:
    path = tmp_path / "clock"
    write_clock(path, datetime.fromisoformat("2019-01-01T00:00:00+08:00"))
    assert FileClock(path)() == NEW_YEAR


def test_a_reader_sees_only_instants_that_were_written(tmp_path: Path) -> None:
    path = tmp_path / "clock"
    # Every digit differs, so that any mixture of the two would be a third instant.
    written = [
        datetime(2018, 2, 15, 10, 24, 35, 123456, tzinfo=UTC),
        datetime(3109, 11, 26, 23, 51, 42, 654321, tzinfo=UTC),
    ]
    write_clock(path, written[0])
    clock = FileClock(path)

    def turn() -> None:
        for count in range(2_000):
            write_clock(path, written[count % 2])

    writer = threading.Thread(target=turn)
    writer.start()
    seen = set()
    while writer.is_alive():
        seen.add(clock())
    writer.join()
    assert seen <= set(written)


def test_a_torn_record_is_never_taken_for_an_instant(tmp_path: Path) -> None:
    path = tmp_path / "clock"
    write_clock(path, NEW_YEAR)
    clock = FileClock(path)
    record = path.read_bytes()
    path.write_bytes(b"2019" + record[4:])
    with pytest.raises(ValueError, match="holds no instant"):
        clock()


def test_an_empty_file_is_no_clock(tmp_path: Path) -> None:
    path = tmp_path / "clock"
    path.touch()
    with pytest.raises(ValueError, match="holds no instant"):
        FileClock(path)


def test_without_a_setting_the_clock_is_the_systems() -> None:
    assert clock_from(None, demo=False) is system_clock
    assert system_clock().tzinfo is UTC


def test_a_movable_clock_is_refused_outside_the_demo(tmp_path: Path) -> None:
    path = tmp_path / "clock"
    write_clock(path, NEW_YEAR)
    with pytest.raises(ValueError, match="FUYAN_CLOCK is for the demo only"):
        clock_from(str(path), demo=False)
    assert clock_from(str(path), demo=True)() == NEW_YEAR


def test_a_missing_clock_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"FUYAN_CLOCK: .*absent cannot be read"):
        clock_from(str(tmp_path / "absent"), demo=True)
