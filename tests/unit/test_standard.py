"""What marks add up to: exact to the hundredth, and no order, rescaling or bonus can bend it."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from shared.contracts.blocks import Mark, StandardRef
from shared.contracts.programme import (
    Category,
    Gate,
    GateRule,
    Item,
    Params,
    StandardPublished,
    Tier,
)
from shared.contracts.refusals import Refused
from shared.standard import (
    attainable,
    cheapest_to_demonstration,
    cheapest_to_pass,
    check,
    coarse_totals,
    digest,
    gaps,
    prerequisites,
    score,
    to_demonstration_cp,
    to_pass_cp,
    value,
)


def item(code: str, max_cp: int, **more: Any) -> Item:
    given: dict[str, Any] = {
        "category": code[0],
        "name": code,
        "criterion": code,
        "method": "deduct",
        "params": Params(per_miss_cp=500),
        "nature": "software",
    }
    return Item(code=code, max_cp=max_cp, **{**given, **more})


TIERS = Params(
    tiers=(
        Tier(at_least_bp=9500, mark_cp=20_00),
        Tier(at_least_bp=8000, mark_cp=12_00),
        Tier(at_least_bp=6000, mark_cp=5_00),
    )
)
STANDARD = StandardPublished(
    programme="p",
    effective_on=date(2018, 2, 5),
    standard=StandardRef(code="s", version=1, digest=""),
    title="示例标准",
    illustrative=True,
    in_force_on=date(2018, 2, 6),
    total_cp=100_00,
    pass_cp=80_00,
    demonstration_cp=90_00,
    categories=(
        Category(code="A", name="甲", max_cp=60_00, min_share_bp=5000),
        Category(code="B", name="乙", max_cp=40_00, demonstration_min_share_bp=8500),
    ),
    items=(
        item("A1", 30_00, method="all-or-nothing", params=Params()),
        item("A2", 20_00, method="ratio-tiers", params=TIERS),
        item("A3", 10_00, na_allowed=True),
        item("B1", 20_00, key_min_cp=5_00, nature="hardware"),
        item("B2", 20_00, na_allowed=True),
        item("A9", 8_00, method="capped-bonus", params=Params(per_unit_cp=3_00)),
    ),
    gates=(
        Gate(
            code="paper", kind="prerequisite", name="批文", rule=GateRule(item="A2", below_cp=5_00)
        ),
        Gate(code="office", kind="veto", name="无机构", rule=GateRule(item="A1", below_cp=30_00)),
        Gate(code="fatal", kind="veto", name="死亡事故", rule=GateRule(fact="fatal-accident")),
        Gate(
            code="shown",
            kind="demonstration",
            name="经验",
            rule=GateRule(item="B2", below_cp=15_00),
        ),
    ),
)
MAXIMUM = {one.code: one.max_cp for one in STANDARD.items}


def marks(**given: int | None) -> list[Mark]:
    """Full marks but for those given; None claims that the item does not apply."""
    wanted: dict[str, int | None] = {**MAXIMUM, "A9": 0, **given}
    return [
        Mark(item=code, applicable=cp is not None, mark_cp=cp or 0, max_cp=MAXIMUM[code])
        for code, cp in wanted.items()
    ]


def test_full_marks_are_a_demonstration() -> None:
    totals = score(STANDARD, marks())
    assert (totals.total_cp, totals.grade) == (100_00, "demonstration")
    assert (totals.vetoes, totals.failed_gates) == ((), ())


def test_a_bonus_adds_after_all_else_and_stops_at_the_full_total() -> None:
    some, full = score(STANDARD, marks(A2=12_00, A9=6_00)), score(STANDARD, marks(A9=6_00))
    assert (some.total_cp, some.bonus_cp, some.raw_cp) == (98_00, 6_00, 98_00)
    assert (full.total_cp, full.raw_cp, full.applicable_max_cp) == (100_00, 106_00, 100_00)


def test_a_bonus_mends_no_category() -> None:
    totals = score(STANDARD, marks(A2=0, A3=0, A1=0, A9=8_00))
    assert "category:A" in totals.failed_gates
    assert totals.by_category[0].total_cp == 0


def test_what_does_not_apply_leaves_the_denominator_and_the_rest_is_scaled_down() -> None:
    totals = score(STANDARD, marks(A3=None, A2=12_00))
    assert totals.applicable_max_cp == 90_00
    assert totals.total_cp == 91_11  # 82 of 90 is 91.111… of 100
    assert totals.not_applicable == ("A3",)


def test_the_bonus_is_not_scaled() -> None:
    assert score(STANDARD, marks(A3=None, A2=12_00, A9=3_00)).total_cp == 94_11


def test_a_claim_that_was_not_allowed_counts_nothing_of_its_maximum() -> None:
    totals = score(STANDARD, marks(A3=None, B2=None), na_allowed={"B2"})
    assert totals.not_applicable == ("B2",)
    assert totals.applicable_max_cp == 80_00
    assert totals.total_cp == 87_50


def test_an_item_that_was_marked_applies_although_it_need_not() -> None:
    assert score(STANDARD, marks(), na_allowed={"B2"}).not_applicable == ()


def test_a_category_wholly_out_has_no_share_and_fails_nothing() -> None:
    bare = replace(
        STANDARD,
        items=tuple(
            replace(one, na_allowed=one.code[0] == "B", key_min_cp=None) for one in STANDARD.items
        ),
        gates=(),
    )
    totals = score(bare, marks(B1=None, B2=None))
    assert totals.by_category[1].share_bp is None
    assert (totals.failed_gates, totals.grade) == ((), "demonstration")


def test_nothing_applicable_at_all_is_refused() -> None:
    with pytest.raises(Refused, match="nothing-applicable"):
        score(STANDARD, marks(A1=None, A2=None, A3=None, B1=None, B2=None))


def test_169_99_of_200_does_not_pass_a_gate_of_85_per_cent() -> None:
    wide = replace(
        STANDARD,
        total_cp=260_00,
        items=(item("A1", 60_00), item("B1", 200_00, params=Params(per_miss_cp=1))),
        gates=(),
    )
    given = [Mark(item="A1", mark_cp=60_00, max_cp=60_00)]
    just_below = score(wide, [*given, Mark(item="B1", mark_cp=169_99, max_cp=200_00)])
    just_there = score(wide, [*given, Mark(item="B1", mark_cp=170_00, max_cp=200_00)])
    assert just_below.by_category[1].share_bp == 8499
    assert just_below.failed_gates == ("demonstration-category:B",)
    assert just_there.failed_gates == ()


def test_a_key_item_below_its_minimum_takes_every_grade() -> None:
    totals = score(STANDARD, marks(B1=0))
    assert (totals.total_cp, totals.grade) == (80_00, "none")
    assert "key:B1" in totals.failed_gates


def test_demonstration_gates_take_only_the_demonstration() -> None:
    totals = score(STANDARD, marks(B2=10_00))
    assert (totals.total_cp, totals.grade) == (90_00, "compliant")
    assert totals.failed_gates == ("demonstration:shown", "demonstration-category:B")


def test_a_fact_vetoes_full_marks() -> None:
    totals = score(STANDARD, marks(), facts={"fatal-accident"})
    assert (totals.vetoes, totals.grade, totals.total_cp) == (("fatal",), "none", 100_00)


def test_a_prerequisite_blocks_applying_and_touches_no_grade() -> None:
    low = marks(A2=0)
    assert [(one.code, one.met) for one in prerequisites(STANDARD, low)] == [("paper", False)]
    assert score(STANDARD, low).grade == "compliant"
    assert prerequisites(STANDARD, marks())[0].met


def test_an_item_without_a_mark_counts_nothing_of_its_maximum() -> None:
    totals = score(STANDARD, marks()[1:])
    assert (totals.total_cp, totals.applicable_max_cp, totals.vetoes) == (
        70_00,
        100_00,
        ("office",),
    )


def test_what_is_missing_is_counted_to_both_grades() -> None:
    totals = score(STANDARD, marks(A2=0, A3=0))
    assert (to_pass_cp(STANDARD, totals), to_demonstration_cp(STANDARD, totals)) == (10_00, 20_00)
    assert to_pass_cp(STANDARD, score(STANDARD, marks())) == 0


def test_software_gaps_come_before_hardware_and_the_larger_first() -> None:
    found = gaps(STANDARD, marks(A3=5_00, B1=0, B2=15_00, A2=12_00))
    assert [one.item for one in found] == ["A2", "A3", "B2", "B1"]


def test_a_claim_and_a_bonus_lack_nothing_and_an_unmarked_item_all() -> None:
    found = gaps(STANDARD, marks(A3=None)[1:])
    assert [(one.item, one.gap_cp) for one in found] == [("A1", 30_00)]


def test_the_cheapest_list_drops_what_a_larger_gap_makes_needless() -> None:
    # 10 are missing: the software gap of 5 comes first, but the hardware gap suffices alone.
    harder = replace(STANDARD, pass_cp=85_00)
    assert [one.item for one in cheapest_to_pass(harder, marks(A3=5_00, B1=0))] == ["B1"]


def test_the_cheapest_list_is_empty_where_nothing_is_missing() -> None:
    assert cheapest_to_pass(STANDARD, marks(B2=15_00)) == []


def test_a_demonstration_asks_for_more_of_the_same_list() -> None:
    low = marks(A2=12_00, A3=5_00, B1=10_00)
    assert cheapest_to_pass(replace(STANDARD, pass_cp=77_00), low) == []
    assert [one.item for one in cheapest_to_demonstration(STANDARD, low)] == ["A2", "A3"]


def test_a_bonus_brings_a_grade_nearer_and_is_never_asked_for() -> None:
    low = marks(A2=12_00, A3=5_00, B1=10_00, A9=8_00)
    assert [one.item for one in cheapest_to_demonstration(STANDARD, low)] == ["A2"]


def test_the_cheapest_list_counts_on_the_rescaled_scale() -> None:
    # Without A3 it is 72 of 90, or 80.00 of 100: nothing is missing. With it 72 of 100.
    low = marks(A3=None, A2=12_00, B1=10_00)
    assert score(STANDARD, low).total_cp == 80_00
    assert cheapest_to_pass(STANDARD, low) == []
    assert [one.item for one in cheapest_to_pass(STANDARD, marks(A2=12_00, B1=10_00, A3=0))] == [
        "A3"
    ]


def test_a_coarse_total_is_judged_by_what_it_shows() -> None:
    assert coarse_totals(STANDARD, 85_00).grade == "compliant"
    assert coarse_totals(STANDARD, 79_99).grade == "none"
    assert coarse_totals(STANDARD, 95_00, facts={"fatal-accident"}).vetoes == ("fatal",)


def test_coarse_categories_are_held_to_their_minimums() -> None:
    totals = coarse_totals(STANDARD, 92_00, by_category={"A": 60_00, "B": 32_00})
    assert (totals.failed_gates, totals.grade) == (("demonstration-category:B",), "compliant")


@pytest.mark.parametrize(
    ("total_cp", "by_category", "code"),
    [
        (100_01, None, "total-over-maximum"),
        (50_00, {"C": 50_00}, "unknown-category"),
        (61_00, {"A": 61_00}, "mark-over-maximum"),
        (50_00, {"A": 49_99}, "categories-do-not-add-up"),
    ],
)
def test_coarse_marks_that_cannot_be_are_refused(
    total_cp: int, by_category: dict[str, int] | None, code: str
) -> None:
    with pytest.raises(Refused, match=code):
        coarse_totals(STANDARD, total_cp, by_category=by_category)


def test_the_digest_changes_with_the_content_and_not_with_the_day() -> None:
    later = replace(STANDARD, effective_on=date(2019, 1, 1), in_force_on=date(2019, 1, 2))
    harder = replace(STANDARD, pass_cp=80_01)
    assert digest(later) == digest(STANDARD) != digest(harder)


@pytest.mark.parametrize(
    ("code", "mark_cp", "possible"),
    [
        ("A1", 30_00, True),
        ("A1", 29_99, False),
        ("A1", 0, True),
        ("A2", 12_00, True),
        ("A2", 13_00, False),
        ("A2", 0, True),
        ("A3", 5_00, True),
        ("A3", 4_00, False),
        ("A9", 6_00, True),
        ("A9", 8_00, True),
        ("A9", 7_00, False),
        ("A3", -5_00, False),
    ],
)
def test_a_mark_is_one_that_its_method_can_give(code: str, mark_cp: int, possible: bool) -> None:
    named = next(one for one in STANDARD.items if one.code == code)
    assert attainable(named, mark_cp) is possible


@pytest.mark.parametrize(
    ("code", "measure", "mark_cp"),
    [
        ("A2", "95", 20_00),
        ("A2", "94.999999", 12_00),
        ("A2", "59.99", 0),
        ("A3", "1", 5_00),
        ("A3", "3", 0),
        ("A9", "2", 6_00),
        ("A9", "3", 8_00),
        ("A1", "1", None),
    ],
)
def test_what_was_counted_gives_the_mark(code: str, measure: str, mark_cp: int | None) -> None:
    named = next(one for one in STANDARD.items if one.code == code)
    assert value(named, measure) == mark_cp


def one_mark(code: str, mark_cp: int, **more: Any) -> list[Mark]:
    given: dict[str, Any] = {
        "item": code,
        "mark_cp": mark_cp,
        "max_cp": MAXIMUM.get(code, 0),
        **more,
    }
    return [Mark(**given)]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (one_mark("X1", 0), "unknown-item"),
        (one_mark("A1", 0) * 2, "duplicate-item"),
        (one_mark("A1", 0, max_cp=29_00), "item-maximum-differs"),
        (one_mark("A1", 30_01), "mark-over-maximum"),
        (one_mark("A1", 0, applicable=False), "not-applicable-not-allowed"),
        (one_mark("A3", 5_00, applicable=False), "not-applicable-with-mark"),
        (one_mark("A3", 0, applicable=False, measure="0"), "measure-not-applicable"),
        (one_mark("A2", 20_00, measure="94.9"), "mark-differs-from-measure"),
        (one_mark("A2", 20_00, measure="1e9"), "measure-not-a-number"),
        (one_mark("A3", 5_00, measure="1.5"), "measure-not-a-number"),
        (one_mark("A2", 11_00), "mark-not-attainable"),
        (one_mark("A1", -1), "mark-not-attainable"),
    ],
)
def test_a_mark_that_cannot_be_is_refused(given: list[Mark], code: str) -> None:
    with pytest.raises(Refused, match=code):
        check(STANDARD, given, complete=False)


def test_a_complete_table_lacks_no_item_but_a_bonus() -> None:
    check(STANDARD, marks()[:-1], complete=True)
    with pytest.raises(Refused) as refused:
        check(STANDARD, marks()[1:], complete=True)
    assert refused.value.facts == {"items": ["A1"], "count": 1}


def test_a_gap_assessment_may_be_incomplete() -> None:
    check(STANDARD, one_mark("A1", 30_00), complete=False)
