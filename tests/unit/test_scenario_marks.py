"""Seven losses become forty marks: exact, attainable, and the same every time."""

import pytest

from deploy.local.marks import NoSuchMarks, Score, lower, table
from deploy.local.scenario import load
from shared.standard import attainable, check, score

STANDARD = load().standard
LOST = {"JG": 18, "RY": 30, "BG": 12, "ZB": 30, "ZD": 24, "ZF": 40, "DA": 16}


def test_marks_lose_exactly_what_they_should_and_the_same_every_time() -> None:
    marks = table(STANDARD, Score(lost=LOST), seed="a")
    check(STANDARD, marks, complete=True)
    totals = score(STANDARD, marks)
    lost = {one.category: (one.max_cp - one.total_cp) // 100 for one in totals.by_category}
    assert lost == LOST
    assert table(STANDARD, Score(lost=LOST), seed="a") == marks
    assert table(STANDARD, Score(lost=LOST), seed="b") != marks


def test_marks_that_cannot_be_are_told_with_the_nearest_that_can() -> None:
    with pytest.raises(NoSuchMarks, match="JG cannot lose 6 points; the nearest is 5"):
        table(STANDARD, Score(lost=LOST | {"JG": 6}), seed="a")


def test_pins_and_claims_are_kept() -> None:
    marks = table(
        STANDARD, Score(lost=LOST | {"ZD": 26}, pins={"ZD-4": 10}, out=("ZB-6",)), seed="a"
    )
    by_item = {mark.item: mark for mark in marks}
    assert by_item["ZD-4"].mark_cp == 10_00
    assert not by_item["ZB-6"].applicable


def test_no_loss_is_put_below_a_gate() -> None:
    marks = table(STANDARD, Score(lost=LOST | {"JG": 80, "RY": 100}), seed="a")
    totals = score(STANDARD, marks)
    assert totals.vetoes == ()
    assert not [gate for gate in totals.failed_gates if gate.startswith("key:")]


def test_items_that_were_mended_get_better_first() -> None:
    before = table(STANDARD, Score(lost=LOST | {"ZF": 78}), seed="a")
    lost = {mark.item: mark.max_cp - mark.mark_cp for mark in before}
    mended = max((code for code in lost if code.startswith("ZF")), key=lambda code: lost[code])
    known = {mark.item: mark.mark_cp for mark in before}
    after = table(STANDARD, Score(lost=LOST), seed="a", before=known, mended=[mended])
    now = {mark.item: mark.max_cp - mark.mark_cp for mark in after}
    assert now[mended] < lost[mended]
    assert all(now[code] <= lost[code] for code in now)


def test_the_next_lower_mark_is_one_that_can_be_given() -> None:
    for item in STANDARD.items:
        below = lower(item, item.max_cp)
        assert below < item.max_cp
        assert attainable(item, below)
