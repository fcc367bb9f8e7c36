"""What a district may decide about its programme."""

from dataclasses import replace
from datetime import date

from services.review.programmes.definition import Definition, RulesDraft
from services.review.programmes.opening import open_programme
from services.review.programmes.programme import (
    Programme,
    close,
    enrol_township,
    evolve,
    withdraw_township,
)
from shared.contracts.programme import (
    BatchAnnounced,
    CalendarPublished,
    Category,
    Closed,
    Gate,
    GateRule,
    Opened,
    Params,
    Phase,
    ProgrammeEvent,
    RulesPublished,
    StandardPublished,
    Tier,
    TownshipEnrolled,
    TownshipWithdrawn,
)
from tests.unit.given import Given, Outcome
from tests.unit.review_path import (
    APPLY,
    BATCH,
    CALENDAR,
    DEADLINES,
    DEFINITION,
    OPENING,
    PREPARE,
    STANDARD,
    TARGET,
    TOWN,
    item,
    opened,
    site,
    with_standard,
)

given = Given(Programme(), evolve)
OLD = opened()
JUNE = date(2018, 6, 1)


def open_(definition: Definition) -> Outcome[Programme, ProgrammeEvent]:
    return given().when(open_programme, definition, site=site())


def test_opening_says_everything_in_one_act() -> None:
    kinds = [type(event) for event in open_(DEFINITION).events]
    assert kinds == [
        Opened,
        StandardPublished,
        RulesPublished,
        RulesPublished,
        CalendarPublished,
        BatchAnnounced,
        TownshipEnrolled,
    ]


def test_a_programme_opens_once() -> None:
    given(*OLD).when(open_programme, DEFINITION, site=site()).refused("programme-exists")


def test_the_first_standard_is_in_force_on_the_opening_day() -> None:
    assert open_(DEFINITION).state.standard_on(OPENING) is not None


def test_the_first_standard_is_not_in_force_before_the_opening() -> None:
    early = with_standard(in_force_on=date(2018, 2, 4))
    open_(early).refused("in-force-too-early", earliest_on=OPENING)


def test_the_opening_names_the_digest_of_the_standard_it_publishes() -> None:
    first, standard = open_(DEFINITION).events[:2]
    assert isinstance(first, Opened)
    assert isinstance(standard, StandardPublished)
    assert first.standard == standard.standard
    assert len(standard.standard.digest) == 64


def test_phases_may_touch_but_not_overlap() -> None:
    late = replace(PREPARE, to_on=date(2018, 9, 1))
    open_(replace(DEFINITION, phases=(late, APPLY))).refused("phases-overlap", first="prepare")


def test_two_phases_without_a_beginning_overlap() -> None:
    other = Phase(code="x", name="x", to_on=date(2018, 1, 1), applications_open=False)
    open_(replace(DEFINITION, phases=(PREPARE, other, APPLY))).refused("phases-overlap")


def test_a_phase_does_not_end_before_it_begins() -> None:
    bad = replace(APPLY, to_on=date(2018, 8, 31))
    open_(replace(DEFINITION, phases=(bad,))).refused("days-reversed")


def test_some_phase_takes_applications() -> None:
    open_(replace(DEFINITION, phases=(PREPARE,))).refused("no-application-phase")


def test_codes_are_not_given_twice() -> None:
    for twice in (
        replace(DEFINITION, phases=(PREPARE, PREPARE, APPLY)),
        replace(DEFINITION, targets=(TARGET, TARGET)),
        replace(DEFINITION, rules=(DEADLINES, DEADLINES)),
        replace(DEFINITION, calendars=(CALENDAR, CALENDAR)),
        replace(DEFINITION, batches=(BATCH, BATCH)),
        replace(DEFINITION, townships=(TOWN, TOWN)),
        replace(DEFINITION, townships=(TOWN, replace(TOWN, township="2"))),
        with_standard(items=(*STANDARD.items, STANDARD.items[0])),
    ):
        open_(twice).refused("duplicate-code")


def test_a_target_is_not_due_before_anybody_can_apply() -> None:
    early = replace(TARGET, due_on=date(2018, 8, 31))
    open_(replace(DEFINITION, targets=(early,))).refused(
        "target-before-phases", opens_on=date(2018, 9, 1)
    )


def test_a_target_does_not_freeze_after_it_is_due() -> None:
    late = replace(TARGET, freeze_on=date(2020, 1, 1))
    open_(replace(DEFINITION, targets=(late,))).refused("freeze-after-due")


def test_the_items_of_a_category_add_up_to_its_maximum() -> None:
    heavy = (item("JG-1", "JG", 6001), *STANDARD.items[1:])
    open_(with_standard(items=heavy)).refused("weights-do-not-add-up", of="JG", sum_cp=6001)


def test_the_categories_add_up_to_the_total() -> None:
    open_(with_standard(total_cp=10001)).refused("weights-do-not-add-up", sum_cp=10000)


def test_a_bonus_item_lies_outside_the_weights() -> None:
    bonus = replace(item("B", "DA", 500), method="capped-bonus", params=Params(per_unit_cp=100))
    assert open_(with_standard(items=(*STANDARD.items, bonus))).events


def test_the_pass_mark_is_not_above_the_demonstration_mark() -> None:
    open_(with_standard(pass_cp=9001)).refused("thresholds-out-of-order")


def test_an_item_belongs_to_a_known_category() -> None:
    only = (Category(code="JG", name="机构", max_cp=10000),)
    open_(with_standard(categories=only)).refused("unknown-category", category="DA")


def test_params_fit_their_method() -> None:
    bare = replace(STANDARD.items[0], params=Params())
    low = Params(tiers=(Tier(at_least_bp=9000, mark_cp=5000),))
    tiers = replace(STANDARD.items[0], method="ratio-tiers", params=low)
    for odd in (bare, tiers):
        open_(with_standard(items=(odd, *STANDARD.items[1:]))).refused("method-params-unfit")


def test_a_gate_asks_about_one_item_or_one_fact() -> None:
    for rule in (
        GateRule(),
        GateRule(item="JG-1"),
        GateRule(fact="x", below_cp=1),
        GateRule(item="JG-1", below_cp=6001),
    ):
        gate = Gate(code="g", kind="veto", name="g", rule=rule)
        open_(with_standard(gates=(gate,))).refused("gate-rule-unfit", gate="g")


def test_a_gate_asks_about_an_item_that_exists() -> None:
    gate = Gate(code="g", kind="veto", name="g", rule=GateRule(item="nothing", below_cp=1))
    open_(with_standard(gates=(gate,))).refused("unknown-item", item="nothing")


def test_what_a_gate_asks_about_always_applies() -> None:
    gate = Gate(code="g", kind="veto", name="g", rule=GateRule(item="DA-2", below_cp=100))
    open_(with_standard(gates=(gate,))).refused("gated-item-not-applicable", item="DA-2")


def test_cases_need_their_deadlines() -> None:
    open_(replace(DEFINITION, rules=())).refused("deadlines-incomplete")
    for odd in (0, True, "10", 10**6):
        rules = RulesDraft(kind="deadlines", rules={"decide_wd": odd, "resubmit_wd": 5})
        open_(replace(DEFINITION, rules=(rules,))).refused(
            "deadlines-incomplete", missing=["decide_wd"]
        )


def test_a_township_is_enrolled_once_with_an_office_of_its_own() -> None:
    given(*OLD).when(enrol_township, TOWN, site=site(JUNE)).refused("township-enrolled")
    other = replace(TOWN, township="2")
    given(*OLD).when(enrol_township, other, site=site(JUNE)).refused("duplicate-code")


def leave(programme: Programme) -> list[ProgrammeEvent]:
    return withdraw_township(programme, "370406001", reason="撤并", site=site(JUNE))


def test_a_township_that_left_may_come_back() -> None:
    (left,) = given(*OLD).when(leave).events
    assert isinstance(left, TownshipWithdrawn)
    given(*OLD, left).when(leave).refused("township-not-enrolled", township="370406001")
    (back,) = given(*OLD, left).when(enrol_township, TOWN, site=site(JUNE)).events
    assert set(given(*OLD, left, back).state.townships) == {"370406001"}


def test_a_township_does_not_come_back_before_it_left() -> None:
    (left,) = given(*OLD).when(leave).events
    given(*OLD, left).when(enrol_township, TOWN, site=site(date(2018, 5, 31))).refused(
        "effective-day-too-early", earliest_on=JUNE
    )


def test_a_township_does_not_leave_before_it_joined() -> None:
    joined = given(*OLD).when(
        enrol_township, replace(TOWN, township="2", office="o2"), site=site(JUNE)
    )
    given(*OLD, *joined.events).when(
        withdraw_township, "2", reason="撤并", site=site(date(2018, 5, 31))
    ).refused("effective-day-too-early", earliest_on=JUNE)


def test_a_township_that_leaves_is_followed_by_another() -> None:
    given(*OLD).when(
        withdraw_township, TOWN.township, reason="撤并", successor=TOWN.township, site=site(JUNE)
    ).refused("own-successor", of=TOWN.township)


def test_a_programme_does_not_end_before_its_last_township_joined() -> None:
    joined = given(*OLD).when(
        enrol_township, replace(TOWN, township="2", office="o2"), site=site(JUNE)
    )
    given(*OLD, *joined.events).when(close, achieved=0, site=site(date(2018, 5, 31))).refused(
        "effective-day-too-early", earliest_on=JUNE
    )


def test_nothing_happens_in_a_programme_before_it_opens() -> None:
    given(*OLD).when(
        enrol_township, replace(TOWN, township="2"), site=site(date(2018, 2, 4))
    ).refused("effective-day-too-early", earliest_on=OPENING)


def test_nothing_happens_in_a_programme_that_nobody_opened() -> None:
    given().when(enrol_township, TOWN, site=site()).refused("unknown-programme")


def test_a_closed_programme_takes_nothing_more() -> None:
    (end,) = given(*OLD).when(close, achieved=1, site=site(date(2019, 12, 31))).events
    assert isinstance(end, Closed)
    given(*OLD, end).when(leave).refused("programme-closed")


def test_no_more_can_reach_the_standard_than_take_part() -> None:
    given(*OLD).when(close, achieved=2, site=site(JUNE)).refused("achieved-over-members")
