"""Rows are the same whatever order the topics come in, and any day can be asked of them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.projection.deficiencies import deficiency_map
from services.projection.happenings import LABELS
from services.projection.models.rows import Rows, fold
from services.projection.money import money
from services.projection.overview import overview
from services.projection.picture import picture
from services.projection.queue import queue
from services.projection.ranking import ranking
from services.projection.reading import known
from services.projection.titles import register
from shared.contracts.registry import BY_TYPE
from shared.messaging.reactions import Received
from tests.unit.story import Story

D = date
NOW = datetime(2030, 1, 1, tzinfo=UTC)
LAST = D(2019, 12, 31)


def told() -> Story:
    """Two townships: one sent back and then through, one that commits late and leaves."""
    story = Story().opened().risk(expected_wd={"inspect": 8}, at_risk_below_wd=5)
    story.batch("2018-1", D(2018, 9, 1), D(2018, 11, 30))
    story.calendar(2018, (D(2018, 10, 1), D(2018, 10, 2))).enrolled("A", "B")
    story.planned("A", D(2018, 3, 5), batch="2018-1").assessed("A", D(2018, 5, 7), "gap")
    story.found("A", D(2018, 5, 8)).rectifying("A", D(2018, 5, 9), D(2018, 6, 1))
    story.planned("B", D(2018, 4, 2), "all-2019").rectified("A", D(2018, 6, 4))
    story.assessed("A", D(2018, 8, 24)).applied("A", D(2018, 9, 3))
    story.opened_case("A", D(2018, 9, 3)).team("A", D(2018, 9, 10)).agreed("A", D(2018, 9, 20))
    story.returned("A", D(2018, 9, 25)).closed("A", D(2018, 9, 25), "returned")
    story.echo_returned("A", D(2018, 9, 25)).found("A", D(2018, 9, 25), "R1")
    story.echo_closed("A", D(2018, 9, 25), "returned").planned("B", D(2018, 9, 26))
    story.rectified("A", D(2018, 10, 8), "R1").assessed("A", D(2018, 10, 9))
    story.applied("A", D(2018, 10, 10), 2).opened_case("A", D(2018, 10, 10), 2)
    story.calendar(2018, (D(2018, 10, 1),), on=D(2018, 10, 15)).passed("A", D(2018, 10, 22), 2)
    story.recommended("A", D(2018, 10, 25), 2).sent_back_by_city("A", D(2018, 10, 29), 2)
    story.target_moved("first-2018", D(2018, 12, 28), D(2018, 10, 30))
    story.phase_moved("application", D(2018, 9, 1), D(2020, 1, 31), D(2018, 10, 30))
    story.renamed("em", "应急管理局", D(2018, 10, 31), successor_of="d")
    story.recommended("A", D(2018, 11, 1), 2).city_marks("A", D(2018, 11, 16), 2)
    story.verified("A", D(2018, 11, 16), 2).left("B", D(2018, 11, 20))
    # Learned later, of an earlier day: streams are never sorted by day.
    story.assessed("B", D(2018, 7, 2), total_cp=70000, grade="none")
    story.awarded("A", D(2018, 12, 20), 2).closed("A", D(2018, 12, 20), "awarded", 2)
    story.corrected("A", D(2018, 12, 20), "plaque_number", "1", "7", 2)
    story.asked("B", D(2018, 7, 3), amount_fen=500).answered("B", D(2018, 7, 9), "refused")
    story.answered("B", D(2018, 8, 9), "part", granted_fen=200)
    story.rewarded("A", D(2018, 12, 21), 900, round=2).paid("A", D(2018, 12, 24), 400, round=2)
    story.cancelled("A", D(2018, 12, 28), 500, round=2)
    return story.revoked("A", D(2018, 12, 29), 2, plaque="7")


EVENTS = told().received
DAYS = [D(2018, 2, 4) + timedelta(days=n) for n in range(340)]
Streams = dict[tuple[str, str], list[Received]]


def streams() -> Streams:
    found: Streams = {}
    for one in EVENTS:
        found.setdefault((one.record.context, one.record.subject), []).append(one)
    return found


@st.composite
def interleavings(draw: st.DrawFn) -> list[Received]:
    """Every stream in its own order, and no order between them."""
    left = [list(stream) for stream in streams().values()]
    order = []
    while left:
        index = draw(st.integers(0, len(left) - 1))
        order.append(left[index].pop(0))
        left = [stream for stream in left if stream]
    return order


def shown(rows: Rows, on: date) -> dict[str, Any]:
    seen = picture(rows, on, NOW)
    lists = (deficiency_map(seen), money(seen), queue(seen), ranking(seen), register(seen))
    return overview(seen, today=LAST, position=1) | {"lists": lists}


@settings(max_examples=40, deadline=None)
@given(interleavings(), st.sampled_from(DAYS))
def test_no_order_between_topics_changes_anything(order: Sequence[Received], on: date) -> None:
    rows = fold(Rows(), order)
    assert rows == fold(Rows(), EVENTS)
    assert shown(rows, on) == shown(fold(Rows(), EVENTS), on)


@settings(max_examples=40, deadline=None)
@given(interleavings(), st.integers(0, len(EVENTS)))
def test_folding_in_two_pages_or_reading_events_twice_changes_nothing(
    order: Sequence[Received], cut: int
) -> None:
    half = fold(Rows(), order[:cut])
    assert fold(fold(half, order[:cut]), order[cut:]) == fold(Rows(), EVENTS)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(DAYS))
def test_a_past_day_from_the_live_rows_is_the_fold_of_the_events_up_to_it(on: date) -> None:
    """Events in the middle are missing then: a back-dated one stays, later ones do not."""
    up_to = [one for one in EVENTS if one.record.effective_on <= on]
    live, replayed = shown(fold(Rows(), EVENTS), on), shown(fold(Rows(), up_to), on)
    for said in (live, replayed):
        said.pop("recorded_at")  # when the last event was recorded, whatever its day
        said["programme"]["code"] = None  # the day before it was opened
    assert live == replayed


def test_the_last_day_is_the_live_view() -> None:
    rows = fold(Rows(), EVENTS)
    assert rows.until(LAST) == rows


def test_every_day_can_be_shown() -> None:
    rows = fold(Rows(), EVENTS)
    stages = {line["stage"] for on in DAYS for line in shown(rows, on)["townships"]}
    assert {
        "enrolled",
        "applied",
        "rectifying",
        "verified",
        "compliant",
        "revoked",
        "left",
    } <= stages


def test_what_was_only_recorded_later_is_not_known_at_an_earlier_instant() -> None:
    late = next(one for one in EVENTS if one.record.effective_on == D(2018, 7, 2))
    before = fold(Rows(), known(EVENTS, late.record.recorded_at - timedelta(microseconds=1)))
    with_it = fold(Rows(), known(EVENTS, late.record.recorded_at))
    assert not before.dossiers["B"].assessments
    assert with_it.dossiers["B"].assessments


def test_every_kind_of_event_of_a_township_has_words() -> None:
    contexts = ("fuyan.dossier.", "fuyan.case.")
    about = {name for name in BY_TYPE if name.startswith(contexts) or ".township-" in name}
    assert {name.removeprefix("fuyan.").rpartition(".")[0] for name in about} <= set(LABELS)
