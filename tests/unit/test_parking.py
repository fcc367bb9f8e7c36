"""Lines of parked records: who stands where, what is told, and when parking is no answer."""

import pytest
from pydantic import ValidationError

from shared.clock import system_clock
from shared.contracts.registry import decode
from shared.events.envelope import identity
from shared.messaging.follow import Stopped
from shared.messaging.parking import (
    BEHIND,
    LAST_RECORDS,
    MOST_FAILURES,
    OutOfOrder,
    Parking,
    packed,
    unpacked,
    why,
)
from shared.store.batch import Unparked
from shared.store.command import Heard
from tests.faults.followed import DOSSIER, headers, message, record

KEY = ("dossier", "p/t")


def parking(degraded: dict[str, str] | None = None) -> Parking:
    return Parking("review", system_clock, {} if degraded is None else degraded)


def park(where: Parking, subject: str = "p/t", version: int = 1, reason: str = "broken") -> int:
    one = record(subject, version)
    return where.put(message(one, version), identity(headers(one)), reason).seq


@pytest.mark.parametrize(
    "value", [b"plain", "镇街".encode(), b"", None, b"a\x00b", b"\xff\xfe", b'{"hex": "00"}']
)
def test_headers_come_back_byte_by_byte(value: bytes | None) -> None:
    sent = (("ce_type", value), ("x-\x00", b"1"))
    assert unpacked(packed(sent)) == sent
    assert "\\u0000" not in packed(sent)


def test_a_key_is_blocked_until_its_last_record_has_left() -> None:
    told: dict[str, str] = {}
    line = parking(told)
    assert [park(line), park(line, version=2, reason=BEHIND), park(line, "p/u")] == [1, 2, 1]
    assert told["dead letters"].startswith("2 keys parked, 3 records")
    line.left(KEY, 1)
    assert line.blocks(KEY)
    assert park(line, version=3, reason=BEHIND) == 3
    line.left(KEY, 2)
    line.left(KEY, 3)
    assert not line.blocks(KEY)
    line.left(("dossier", "p/u"), 1)
    assert told == {}


def test_an_event_is_held_where_it_waits_or_would_wait() -> None:
    line = parking()
    park(line, version=3)
    park(line, version=4, reason=BEHIND)
    held = [v for v in range(1, 7) if line.holds(Heard("dossier", "p/t", v), known=4)]
    assert held == [3, 4, 5, 6]
    assert not line.holds(Heard("dossier", "p/u", 1), known=0)
    line.gave_up(KEY, 1)
    line.left(KEY, 2)
    assert [v for v in range(1, 7) if line.holds(Heard("dossier", "p/t", v), known=4)] == [3]


def test_a_stream_that_shares_the_key_of_a_parked_one_is_held_from_what_is_to_come() -> None:
    """Rounds of a case lie under the key of their dossier."""
    line = parking()
    line.remember([("case", "p/t", 1, "p/t/1", 2, "fuyan.case.v1", 0, 5, record("p/t").id, "r")])
    assert not line.holds(Heard("case", "p/t/2", 1), known=1)
    assert line.holds(Heard("case", "p/t/2", 2), known=1)
    assert line.holds(Heard("case", "p/t/1", 2), known=2)
    assert not line.holds(Heard("case", "p/t/1", 1), known=2)


def test_it_stops_at_the_next_failure_after_too_many_and_never_at_what_waits_behind() -> None:
    line = parking()
    for number in range(MOST_FAILURES):
        park(line, f"p/{number}")
        park(line, f"p/{number}", 2, BEHIND)
    with pytest.raises(Stopped, match="20 of the last 20 records"):
        park(line, "p/more")
    assert not line.blocks(("dossier", "p/more"))
    assert park(line, "p/1", 3, BEHIND) == 3


def test_what_goes_well_or_leaves_its_line_makes_room_for_another_failure() -> None:
    line = parking()
    for number in range(MOST_FAILURES):
        park(line, f"p/{number}")
    line.left(("dossier", "p/0"), 1)
    park(line, "p/more")
    with pytest.raises(Stopped):
        park(line, "p/again")
    for _ in range(LAST_RECORDS):
        line.went_well()
    park(line, "p/again")


def test_of_what_was_parked_before_only_the_last_records_of_a_partition_count() -> None:
    def row(number: int, reason: str = "broken") -> tuple[object, ...]:
        id_ = record("p/t").id
        return ("dossier", f"p/{number}", 1, f"p/{number}", 1, DOSSIER, 0, number, id_, reason)

    late, id_ = parking(), record("p/t").id
    late.remember([row(n) for n in range(MOST_FAILURES)], fences={(DOSSIER, 0): (30, id_)})
    with pytest.raises(Stopped):
        park(late)
    long_ago = parking()
    rows = [row(n) for n in range(MOST_FAILURES)]
    long_ago.remember(rows, fences={(DOSSIER, 0): (5000, id_)})
    park(long_ago)
    behind = parking()
    behind.remember([row(n, BEHIND) for n in range(MOST_FAILURES)])
    park(behind)


def test_a_record_that_got_its_name_late_waits_for_what_stands_before_it() -> None:
    line, one = parking(), record("p/t", 3)
    who, at = identity(headers(one)), Unparked(*KEY, 1, one.id)
    assert line.is_next({KEY: (2, one.id)}, who, at)
    assert not line.is_next({KEY: (3, one.id)}, who, at)
    with pytest.raises(OutOfOrder):
        line.is_next({}, who, at)
    park(line)
    elsewhere = Unparked("dossier", "another key", 1, one.id)
    with pytest.raises(OutOfOrder):
        line.is_next({KEY: (2, one.id)}, who, elsewhere)


def test_a_reason_names_the_field_and_quotes_nothing_of_the_data() -> None:
    with pytest.raises(ValidationError) as error:
        decode("fuyan.dossier.plan-filed.v1", b'{"programme": ["private"]}')
    assert "private" in str(error.value)
    assert "private" not in why(error.value)
    assert why(error.value).startswith("ValidationError: programme: ")
