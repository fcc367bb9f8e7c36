"""What a programme publishes after its opening: standards, rules, calendars, batches."""

from dataclasses import replace
from datetime import date
from typing import Any

from services.review.programmes.definition import Definition, RulesDraft
from services.review.programmes.opening import open_programme
from services.review.programmes.programme import Programme, evolve
from services.review.programmes.publishing import publish_calendar, publish_rules, publish_standard
from services.review.programmes.schedule import announce_batch
from shared.contracts.blocks import StandardRef
from shared.contracts.programme import (
    ProgrammeEvent,
    StandardChange,
    StandardPublished,
)
from tests.unit.given import Given, Outcome
from tests.unit.review_path import (
    BATCH,
    CALENDAR,
    DEADLINES,
    DEFINITION,
    OPENING,
    STANDARD,
    opened,
    site,
    with_standard,
)

given = Given(Programme(), evolve)
OLD = opened()
JUNE = date(2018, 6, 1)


def open_(definition: Definition) -> Outcome[Programme, ProgrammeEvent]:
    return given().when(open_programme, definition, site=site())


def publish(kind: str, rules: dict[str, Any]) -> Outcome[Programme, ProgrammeEvent]:
    draft = RulesDraft(kind=kind, rules=rules)  # type: ignore[arg-type]  # a literal in every test
    return given(*OLD).when(publish_rules, draft, site=site(JUNE))


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
