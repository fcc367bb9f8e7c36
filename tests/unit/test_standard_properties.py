"""What holds of every table of marks, whatever it says."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.blocks import Mark
from shared.standard import (
    attainable,
    cheapest_to_pass,
    check,
    gaps,
    score,
)
from tests.unit.test_standard import STANDARD


@st.composite
def tables(draw: st.DrawFn) -> list[Mark]:
    found = []
    for one in STANDARD.items:
        claimed = one.na_allowed and draw(st.booleans())
        possible = [cp for cp in range(0, one.max_cp + 1, 1_00) if attainable(one, cp)]
        cp = 0 if claimed else draw(st.sampled_from(possible))
        found.append(Mark(item=one.code, applicable=not claimed, mark_cp=cp, max_cp=one.max_cp))
    return found


@given(tables())
def test_no_marks_lead_out_of_the_bounds(table: list[Mark]) -> None:
    check(STANDARD, table, complete=True)
    totals = score(STANDARD, table)
    assert 0 <= totals.total_cp <= totals.out_of_cp
    assert all(one.share_bp is None or 0 <= one.share_bp <= 10_000 for one in totals.by_category)


@given(tables(), st.randoms(use_true_random=False))
def test_the_order_of_marking_does_not_matter(table: list[Mark], random: Any) -> None:
    shuffled = table.copy()
    random.shuffle(shuffled)
    assert score(STANDARD, shuffled) == score(STANDARD, table)
    assert gaps(STANDARD, shuffled) == gaps(STANDARD, table)


@given(tables())
def test_a_veto_wins_over_every_score(table: list[Mark]) -> None:
    totals = score(STANDARD, table, facts={"fatal-accident"})
    assert totals.grade == "none"
    without = [replace(mark, mark_cp=0) if mark.item == "A1" else mark for mark in table]
    assert score(STANDARD, without).grade == "none"


@given(tables(), st.sampled_from(["A1", "A2", "A3", "B1", "B2", "A9"]))
def test_more_points_never_lower_total_or_grade(table: list[Mark], better: str) -> None:
    raised = [
        replace(mark, mark_cp=mark.max_cp) if mark.item == better and mark.applicable else mark
        for mark in table
    ]
    grades = ["none", "compliant", "demonstration"]
    before, after = score(STANDARD, table), score(STANDARD, raised)
    assert after.total_cp >= before.total_cp
    assert grades.index(after.grade) >= grades.index(before.grade)


@given(tables())
def test_taking_out_a_missed_item_never_lowers_the_total(table: list[Mark]) -> None:
    missed = [
        replace(mark, mark_cp=0, applicable=True) if mark.item == "A3" else mark for mark in table
    ]
    out = [replace(mark, applicable=False) if mark.item == "A3" else mark for mark in missed]
    assert score(STANDARD, out).total_cp >= score(STANDARD, missed).total_cp


@given(tables())
def test_the_cheapest_list_suffices_and_none_of_it_can_be_left_out(table: list[Mark]) -> None:
    def closing(items: set[str]) -> int:
        closed = [replace(m, mark_cp=m.max_cp) if m.item in items else m for m in table]
        return score(STANDARD, closed).total_cp

    chosen = {one.item for one in cheapest_to_pass(STANDARD, table)}
    assert closing(chosen) >= STANDARD.pass_cp
    assert all(closing(chosen - {one}) < STANDARD.pass_cp for one in chosen)
