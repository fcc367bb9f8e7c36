"""What holds of every table of marks under every standard that could be published.

The totals are held to a small model of their own, written with fractions from the rules alone.
"""

from dataclasses import replace
from fractions import Fraction
from math import floor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.review.programmes.standards import check_sound
from shared.contracts.blocks import Mark, Totals
from shared.contracts.programme import Gate, Item, StandardPublished
from shared.contracts.refusals import Refused
from shared.standard import (
    attainable,
    cheapest_to_demonstration,
    cheapest_to_pass,
    check,
    coarse_totals,
    gaps,
    prerequisites,
    score,
    to_demonstration_cp,
    to_pass_cp,
    value,
)
from tests.unit.standards import FACTS, cases, possible, standards

Case = tuple[StandardPublished, list[Mark], frozenset[str]]
# A whole standard takes its time to make up, the more so on a busy machine.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
GRADES = ["none", "compliant", "demonstration"]


def modelled(
    standard: StandardPublished,
    marks: list[Mark],
    facts: frozenset[str],
    na_allowed: set[str] | None = None,
) -> dict[str, Any]:
    """Rules 1-7 once more: fractions, and nothing of the engine."""
    mark = {one.item: one for one in marks}
    out = {
        one.code
        for one in standard.items
        if one.method != "capped-bonus"
        and one.code in mark
        and not mark[one.code].applicable
        and (na_allowed is None or one.code in na_allowed)
    }
    rows = [one for one in standard.items if one.method != "capped-bonus" and one.code not in out]

    def got(code: str) -> int:
        return mark[code].mark_cp if code in mark and mark[code].applicable else 0

    def fails(gate: Gate) -> bool:
        if gate.rule.fact is not None:
            return gate.rule.fact in facts
        return got(gate.rule.item or "") < (gate.rule.below_cp or 0)

    bonus = sum(got(one.code) for one in standard.items if one.method == "capped-bonus")
    most = sum(one.max_cp for one in rows)
    exact = Fraction(sum(got(one.code) for one in rows), most) * standard.total_cp + bonus
    share = {
        chapter.code: Fraction(sum(got(one.code) for one in within), sum(m.max_cp for m in within))
        for chapter in standard.categories
        if (within := [one for one in rows if one.category == chapter.code])
    }

    def short(code: str, least_bp: int | None) -> bool:
        return least_bp is not None and code in share and share[code] < Fraction(least_bp, 10_000)

    vetoes = [gate.code for gate in standard.gates if gate.kind == "veto" and fails(gate)]
    basic = [
        *(f"key:{i.code}" for i in standard.items if got(i.code) < (i.key_min_cp or 0)),
        *(f"category:{c.code}" for c in standard.categories if short(c.code, c.min_share_bp)),
    ]
    shown = [
        *(f"demonstration:{g.code}" for g in standard.gates if g.kind[0] == "d" and fails(g)),
        *(
            f"demonstration-category:{c.code}"
            for c in standard.categories
            if short(c.code, c.demonstration_min_share_bp)
        ),
    ]
    grade = "none"
    if not vetoes and not basic and exact >= standard.pass_cp:
        grade = "compliant"
        if not shown and exact >= standard.demonstration_cp:
            grade = "demonstration"
    return {
        "raw_cp": sum(got(one.code) for one in rows) + bonus,
        "applicable_max_cp": most,
        "bonus_cp": bonus,
        "total_cp": min(standard.total_cp, floor(exact)),
        "vetoes": vetoes,
        "failed_gates": basic + shown,
        "not_applicable": [one.code for one in standard.items if one.code in out],
        "share_bp": {c.code: None for c in standard.categories}
        | {code: floor(part * 10_000) for code, part in share.items()},
        "grade": grade,
    }


def told(totals: Totals) -> dict[str, Any]:
    """The engine's totals in the words of the model."""
    return {
        "raw_cp": totals.raw_cp,
        "applicable_max_cp": totals.applicable_max_cp,
        "bonus_cp": totals.bonus_cp,
        "total_cp": totals.total_cp,
        "vetoes": list(totals.vetoes),
        "failed_gates": list(totals.failed_gates),
        "not_applicable": list(totals.not_applicable),
        "share_bp": {one.category: one.share_bp for one in totals.by_category},
        "grade": totals.grade,
    }


@patient
@given(standards())
def test_every_generated_standard_could_be_published(standard: StandardPublished) -> None:
    check_sound(standard)


@patient
@given(cases())
def test_totals_are_those_of_an_independent_model(case: Case) -> None:
    standard, marks, facts = case
    check(standard, marks, complete=False)
    assert told(score(standard, marks, facts=facts)) == modelled(standard, marks, facts)


@patient
@given(cases(), st.data())
def test_claims_that_were_not_allowed_count_nothing_of_their_maximum(
    case: Case, data: st.DataObject
) -> None:
    standard, marks, facts = case
    claims = [mark.item for mark in marks if not mark.applicable]
    allowed = data.draw(st.sets(st.sampled_from(claims)) if claims else st.just(set()))
    totals = score(standard, marks, na_allowed=allowed, facts=facts)
    assert told(totals) == modelled(standard, marks, facts, allowed)


@patient
@given(cases())
def test_no_marks_lead_out_of_the_bounds(case: Case) -> None:
    standard, marks, facts = case
    totals = score(standard, marks, facts=facts)
    assert 0 <= totals.total_cp <= totals.out_of_cp == standard.total_cp
    assert all(one.share_bp is None or 0 <= one.share_bp <= 10_000 for one in totals.by_category)
    assert to_pass_cp(standard, totals) == max(0, standard.pass_cp - totals.total_cp)
    assert to_demonstration_cp(standard, totals) >= to_pass_cp(standard, totals)


@patient
@given(cases(), st.randoms(use_true_random=False))
def test_neither_the_order_of_marking_nor_that_of_items_matters(case: Case, random: Any) -> None:
    standard, marks, facts = case
    shuffled = random.sample(marks, len(marks))
    assert score(standard, shuffled, facts=facts) == score(standard, marks, facts=facts)
    assert gaps(standard, shuffled) == gaps(standard, marks)
    assert prerequisites(standard, shuffled) == prerequisites(standard, marks)
    mixed = replace(standard, items=tuple(random.sample(standard.items, len(standard.items))))
    one, other = score(standard, marks, facts=facts), score(mixed, marks, facts=facts)
    assert other == replace(
        one, failed_gates=other.failed_gates, not_applicable=other.not_applicable
    )
    assert set(other.failed_gates) == set(one.failed_gates)
    assert set(other.not_applicable) == set(one.not_applicable)


@patient
@given(cases(), st.data())
def test_more_points_never_lower_total_or_grade(case: Case, data: st.DataObject) -> None:
    standard, marks, facts = case
    which = data.draw(st.sampled_from(standard.items)).code
    raised = [
        replace(mark, mark_cp=data.draw(st.integers(mark.mark_cp, mark.max_cp)))
        if mark.item == which and mark.applicable
        else mark
        for mark in marks
    ]
    before, after = score(standard, marks, facts=facts), score(standard, raised, facts=facts)
    assert after.total_cp >= before.total_cp
    assert GRADES.index(after.grade) >= GRADES.index(before.grade)


@patient
@given(cases(), st.data())
def test_an_item_left_out_of_the_table_scores_as_one_marked_with_nothing(
    case: Case, data: st.DataObject
) -> None:
    standard, marks, facts = case
    out = data.draw(st.sampled_from(standard.items)).code
    without = [mark for mark in marks if mark.item != out]
    nothing = [
        replace(mark, mark_cp=0, applicable=True) if mark.item == out else mark for mark in marks
    ]
    assert score(standard, without, facts=facts) == score(standard, nothing, facts=facts)


@patient
@given(cases(), st.data())
def test_taking_out_a_missed_item_never_lowers_the_total(case: Case, data: st.DataObject) -> None:
    standard, marks, _ = case
    out = data.draw(st.sampled_from(standard.items)).code
    missed = [replace(mark, applicable=True) if mark.item == out else mark for mark in marks]
    assert score(standard, marks).total_cp >= score(standard, missed).total_cp


@patient
@given(cases())
def test_a_veto_wins_over_every_score(case: Case) -> None:
    standard, marks, facts = case
    full = [replace(mark, mark_cp=mark.max_cp) if mark.applicable else mark for mark in marks]
    for table in (marks, full):
        totals = score(standard, table, facts=facts)
        assert totals.grade == "none" or not totals.vetoes
    asked = {gate.rule.fact for gate in standard.gates if gate.kind == "veto"} & set(FACTS)
    assert not asked or score(standard, full, facts=asked).grade == "none"  # type: ignore[arg-type]


@pytest.mark.parametrize("grade", ["pass", "demonstration"])
@patient
@given(case=cases())
def test_the_cheapest_list_suffices_and_none_of_it_can_be_left_out(case: Case, grade: str) -> None:
    standard, marks, _ = case
    cheapest = cheapest_to_pass if grade == "pass" else cheapest_to_demonstration
    wanted_cp = standard.pass_cp if grade == "pass" else standard.demonstration_cp
    most = {one.code: one.max_cp for one in standard.items}

    def closing(items: set[str]) -> int:
        others = [mark for mark in marks if mark.item not in items]
        closed = [Mark(item=one, mark_cp=most[one], max_cp=most[one]) for one in items]
        return score(standard, [*others, *closed]).total_cp

    listed = [one.item for one in cheapest(standard, marks)]
    assert closing(set(listed)) >= wanted_cp
    assert all(closing(set(listed) - {one}) < wanted_cp for one in listed)
    every = [one.item for one in gaps(standard, marks)]
    assert listed == [one for one in every if one in listed], "not in the order of cheapness"
    # The list is the cheapest in this sense: nothing cheaper would do without its dearest item.
    if listed:
        assert closing(set(every[: every.index(listed[-1])])) < wanted_cp


@patient
@given(cases())
def test_gaps_come_software_first_then_the_larger_then_in_order(case: Case) -> None:
    standard, marks, _ = case
    order = [one.code for one in standard.items]
    keys = [(g.nature == "hardware", -g.gap_cp, order.index(g.item)) for g in gaps(standard, marks)]
    assert keys == sorted(keys)


@patient
@given(st.data())
def test_every_count_gives_a_mark_that_the_method_can_give(data: st.DataObject) -> None:
    standard = data.draw(standards())
    item: Item = data.draw(st.sampled_from(standard.items))
    whole = item.method in ("deduct", "capped-bonus")
    counted = data.draw(st.integers(0, 10**6))
    measure = str(counted) if whole else f"{counted // 10_000}.{counted % 10_000:04}"
    mark_cp = value(item, measure)
    if item.method == "all-or-nothing":
        assert mark_cp is None
        return
    assert mark_cp is not None
    assert attainable(item, mark_cp)
    mark = Mark(item=item.code, mark_cp=mark_cp, max_cp=item.max_cp, measure=measure)
    check(standard, [mark], complete=False)
    other = replace(mark, mark_cp=(mark_cp + 1) % (item.max_cp + 1))
    with pytest.raises(Refused, match="mark-differs-from-measure"):
        check(standard, [other], complete=False)


@patient
@given(st.data())
def test_what_the_method_gives_is_attainable_and_nothing_else(data: st.DataObject) -> None:
    standard = data.draw(standards())
    item = data.draw(st.sampled_from(standard.items))
    assert attainable(item, data.draw(possible(item)))
    other = data.draw(st.integers(-5, item.max_cp + 5))
    counts = range(item.max_cp + 2) if item.method in ("deduct", "capped-bonus") else ()
    if item.max_cp <= 40 and counts:
        assert attainable(item, other) is (other in {value(item, str(one)) for one in counts})


@patient
@given(standards(), st.data())
def test_a_citys_categories_are_judged_as_their_items_would_be(
    standard: StandardPublished, data: st.DataObject
) -> None:
    facts = frozenset(data.draw(st.sets(st.sampled_from(FACTS))))
    given_cp = {c.code: data.draw(st.integers(0, c.max_cp)) for c in standard.categories}
    coarse = coarse_totals(standard, sum(given_cp.values()), by_category=given_cp, facts=facts)
    # One item per category says the same as its total; gates on items cannot be judged by it.
    plain = replace(
        standard,
        items=tuple(
            replace(
                standard.items[0],
                code=c.code,
                category=c.code,
                max_cp=c.max_cp,
                method="deduct",
                key_min_cp=None,
            )
            for c in standard.categories
        ),
        gates=tuple(gate for gate in standard.gates if gate.rule.fact),
    )
    table = [
        Mark(item=c.code, mark_cp=given_cp[c.code], max_cp=c.max_cp) for c in standard.categories
    ]
    assert coarse == score(plain, table, facts=facts)
