"""What a district may decide about its programme."""

from dataclasses import replace
from datetime import date
from typing import Any

from services.review.programmes.definition import Definition, RulesDraft
from services.review.programmes.opening import open_programme
from services.review.programmes.programme import (
    Programme,
    close,
    enrol_township,
    evolve,
    withdraw_township,
)
from services.review.programmes.publishing import publish_calendar, publish_rules, publish_standard
from services.review.programmes.schedule import announce_batch
from shared.contracts.blocks import StandardRef
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
    StandardChange,
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


def test_risk_rules_name_steps_and_bounded_days() -> None:
    shipped = {"expected_wd": {"plan": 0, "award": 1000}, "learn_from": 5, "at_risk_below_wd": 5}
    assert publish("risk", shipped).events
    for odd, field in (
        ({"expected_wd": {"plam": 1}}, "/rules/expected_wd/plam"),
        ({"expected_wd": {"plan": 1001}}, "/rules/expected_wd/plan"),
        ({"expected_wd": {"plan": -1}}, "/rules/expected_wd/plan"),
        ({"expected_wd": {"plan": "ten"}}, "/rules/expected_wd/plan"),
        ({"expected_wd": {"plan": False}}, "/rules/expected_wd/plan"),
        ({"expected_wd": [1]}, "/rules/expected_wd"),
        ({"at_risk_below_wd": None}, "/rules/at_risk_below_wd"),
        ({"learn_from": 1.5}, "/rules/learn_from"),
        ({"at_risk_bellow_wd": 5}, "/rules/at_risk_bellow_wd"),
    ):
        publish("risk", odd).refused("rules-unfit", field=field, kind="risk")


def test_other_rules_hold_words_and_bounded_whole_numbers() -> None:
    deep: dict[str, Any] = {}
    for _ in range(2000):
        deep = {"x": deep}
    assert publish("reward", {"grants": [{"fund": "city", "amount_fen": 10**12}]}).events
    for odd, field in (
        ({"grants": [{"amount_fen": 10**12 + 1}]}, "/rules/grants/0/amount_fen"),
        ({"grants": [{}, {"share": 0.1}]}, "/rules/grants/1/share"),
        (deep, "/rules" + "/x" * 9),
    ):
        for kind in ("ranking", "reward"):
            publish(kind, odd).refused("rules-unfit", field=field)
    terms = {"decide_wd": 5, "resubmit_wd": 5, "appeal_wd": 10**400}
    publish("deadlines", terms).refused("rules-unfit", field="/rules/appeal_wd")


def publish(kind: str, rules: dict[str, Any]) -> Outcome[Programme, ProgrammeEvent]:
    draft = RulesDraft(kind=kind, rules=rules)  # type: ignore[arg-type]  # a literal in every test
    return given(*OLD).when(publish_rules, draft, site=site(JUNE))


def test_a_new_standard_takes_effect_at_the_next_midnight() -> None:
    draft = replace(STANDARD, title="第二版")
    (event,) = given(*OLD).when(publish_standard, draft, today=JUNE, site=site(JUNE)).events
    assert isinstance(event, StandardPublished)
    assert (event.in_force_on, event.standard.version) == (date(2018, 6, 2), 2)
    assert event.previous_version == 1


def test_a_new_standard_is_never_in_force_on_the_day_it_is_published() -> None:
    draft = replace(STANDARD, title="第二版", in_force_on=JUNE)
    given(*OLD).when(publish_standard, draft, today=JUNE, site=site(JUNE)).refused(
        "in-force-too-early", earliest_on=date(2018, 6, 2)
    )


def test_back_dating_makes_no_standard_retroactive() -> None:
    draft = replace(STANDARD, title="第二版", in_force_on=date(2018, 3, 2))
    given(*OLD).when(publish_standard, draft, today=JUNE, site=site(date(2018, 3, 1))).refused(
        "in-force-too-early", earliest_on=date(2018, 6, 2)
    )


def test_the_old_standard_holds_until_the_new_one_takes_effect() -> None:
    draft = replace(STANDARD, title="第二版", in_force_on=date(2018, 7, 1))
    programme = given(*OLD).when(publish_standard, draft, today=JUNE, site=site(JUNE)).state
    in_force = [programme.standard_on(day) for day in (date(2018, 6, 30), date(2018, 7, 1))]
    assert [one.standard.version if one else 0 for one in in_force] == [1, 2]


def test_a_standard_says_something_new_or_nothing() -> None:
    given(*OLD).when(publish_standard, STANDARD, today=JUNE, site=site(JUNE)).then_nothing()


def second(**changes: object) -> Outcome[Programme, ProgrammeEvent]:
    draft = replace(STANDARD, **changes)  # type: ignore[arg-type]  # any field
    return given(*OLD).when(publish_standard, draft, today=JUNE, site=site(JUNE))


def test_a_new_standard_says_what_became_of_each_item() -> None:
    first, other, last = STANDARD.items
    renamed = replace(other, name="档案二", criterion="x")
    added = replace(last, code="DA-3")
    told = StandardChange(item="DA-1", what="档案归口")
    (event,) = second(items=(first, renamed, added)).events
    assert isinstance(event, StandardPublished)
    assert [(one.item, one.what) for one in event.changes] == [
        ("DA-1", "修改：名称、评分要求"),
        ("DA-2", "取消"),
        ("DA-3", "新增"),
    ]
    (event,) = second(items=(first, renamed, added), changes=(told,)).events
    assert isinstance(event, StandardPublished)
    assert event.changes[0] == told


def test_a_change_that_was_not_made_is_not_told() -> None:
    told = (StandardChange(item="JG-1", what="改"),)
    second(title="第二版", changes=told).refused("change-not-made", item="JG-1")
    open_(with_standard(changes=told)).refused("change-not-made", item="JG-1")


def test_versions_follow_each_other_in_time() -> None:
    second_on_june = second(title="第二版").events
    third = replace(STANDARD, title="第三版")
    given(*OLD, *second_on_june).when(
        publish_standard, third, today=JUNE, site=site(date(2018, 5, 31))
    ).refused("effective-day-too-early", earliest_on=JUNE)
    shorter = replace(DEADLINES, rules={"decide_wd": 5, "resubmit_wd": 5})
    ruled = given(*OLD).when(publish_rules, shorter, site=site(JUNE)).events
    given(*OLD, *ruled).when(publish_rules, DEADLINES, site=site(date(2018, 5, 31))).refused(
        "effective-day-too-early", earliest_on=JUNE
    )
    calendar = replace(CALENDAR, holidays=(date(2018, 6, 18),))
    published = given(*OLD).when(publish_calendar, calendar, site=site(JUNE)).events
    given(*OLD, *published).when(publish_calendar, CALENDAR, site=site(date(2018, 5, 31))).refused(
        "effective-day-too-early", earliest_on=JUNE
    )


def test_a_programme_keeps_its_standards_code() -> None:
    given(*OLD).when(
        publish_standard, replace(STANDARD, code="t"), today=JUNE, site=site(JUNE)
    ).refused("standard-code-differs", was="s")


def test_a_pinned_standard_is_found_by_its_content_only() -> None:
    programme = open_(DEFINITION).state
    ref = programme.standards[0].standard
    assert programme.standard_by(ref) is programme.standards[0]
    assert programme.standard_by(StandardRef(code="s", version=1, digest="0" * 64)) is None


def test_new_rules_count_from_their_day() -> None:
    shorter = RulesDraft(
        kind="deadlines", rules={"decide_wd": 5, "resubmit_wd": 5}, in_force_on=date(2018, 7, 1)
    )
    programme = given(*OLD).when(publish_rules, shorter, site=site(JUNE)).state
    assert programme.deadline_wd("decide_wd", date(2018, 6, 30)) == 10
    assert programme.deadline_wd("decide_wd", date(2018, 7, 1)) == 5


def test_equal_rules_change_nothing() -> None:
    given(*OLD).when(publish_rules, DEADLINES, site=site(JUNE)).then_nothing()


def test_rules_do_not_reach_back() -> None:
    early = replace(DEADLINES, rules={"decide_wd": 1, "resubmit_wd": 1}, in_force_on=OPENING)
    given(*OLD).when(publish_rules, early, site=site(JUNE)).refused("in-force-too-early")


def test_a_later_calendar_of_a_year_replaces_the_earlier() -> None:
    draft = replace(CALENDAR, holidays=(date(2018, 6, 18),))
    programme = given(*OLD).when(publish_calendar, draft, site=site(JUNE)).state
    assert not programme.calendar().is_working(date(2018, 6, 18))
    assert programme.calendar().is_working(date(2018, 9, 24))


def test_the_same_calendar_changes_nothing() -> None:
    given(*OLD).when(publish_calendar, CALENDAR, site=site(JUNE)).then_nothing()


def test_a_calendar_keeps_to_its_year() -> None:
    given(*OLD).when(
        publish_calendar,
        replace(CALENDAR, holidays=(date(2019, 1, 1),)),
        site=site(JUNE),
    ).refused("calendar-day-outside-year")


def test_only_a_weekend_that_is_no_holiday_can_be_worked() -> None:
    for odd in (
        replace(CALENDAR, worked_weekends=(date(2018, 6, 18),)),
        replace(CALENDAR, holidays=(date(2018, 9, 29),)),
    ):
        given(*OLD).when(publish_calendar, odd, site=site(JUNE)).refused("calendar-day-unfit")


def test_a_batch_lies_where_applications_are_taken() -> None:
    early = replace(BATCH, batch="b2", opens_on=date(2018, 8, 31))
    given(*OLD).when(announce_batch, early, site=site(JUNE)).refused(
        "batch-outside-phase", day=date(2018, 8, 31)
    )


def test_a_batch_closes_after_it_opens_and_serves_a_target() -> None:
    odd = replace(BATCH, batch="b2", closes_on=date(2018, 8, 1))
    given(*OLD).when(announce_batch, odd, site=site(JUNE)).refused("days-reversed")
    lost = replace(BATCH, batch="b2", target="none")
    given(*OLD).when(announce_batch, lost, site=site(JUNE)).refused("unknown-target")
    given(*OLD).when(announce_batch, BATCH, site=site(JUNE)).refused("duplicate-code")


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
