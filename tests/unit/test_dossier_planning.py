"""What an office may plan, and how it may score itself."""

from dataclasses import replace
from datetime import date
from typing import cast

import pytest

from services.submission.dossier import Dossier, evolve
from services.submission.planning import Intent, file_plan, record_assessment, revise_plan
from services.submission.programmes import Programme
from shared.contracts.blocks import Mark
from shared.contracts.dossier import (
    AssessmentKind,
    Consent,
    DossierEvent,
    PlanFiled,
    PlanRevised,
    SelfAssessmentRecorded,
)
from shared.contracts.programme import StandardPublished
from tests.unit.dossiers import (
    AUGUST,
    MARCH,
    MAY,
    OPEN,
    PAPER,
    STANDARD,
    STRICTER,
    intent,
    marks,
    site,
)
from tests.unit.given import Given

given = Given(Dossier(), evolve)
NUMBERED = replace(PAPER, number="山安监函〔2018〕21号")
CONSENT = Consent(organisation="370406-safety", officer="o1", document=NUMBERED)


def file(
    dossier: Dossier, on: date, plan: Intent | None = None, programme: Programme = OPEN
) -> list[DossierEvent]:
    return file_plan(dossier, site(on), programme, plan or intent(), signed_by="h1")


def revise(
    dossier: Dossier,
    on: date,
    plan: Intent,
    consent: Consent | None = None,
    programme: Programme = OPEN,
) -> list[DossierEvent]:
    return revise_plan(
        dossier,
        site(on),
        programme,
        plan,
        signed_by="h1",
        reason="进度调整",
        consent=consent,
    )


def assess(
    dossier: Dossier,
    on: date,
    kind: str = "full",
    scored: tuple[Mark, ...] | None = None,
    *,
    name: str = "S1",
    standard: StandardPublished = STANDARD,
    scored_under: int | None = None,
    facts: tuple[str, ...] = (),
) -> list[DossierEvent]:
    return record_assessment(
        dossier,
        site(on),
        assessment_id=name,
        kind=cast("AssessmentKind", kind),
        standard=standard,
        scored_under=scored_under or standard.standard.version,
        marks=marks() if scored is None else scored,
        facts=facts,
    )


(FILED,) = cast("list[PlanFiled]", file(Dossier(), MARCH))
(ASSESSED,) = cast("list[SelfAssessmentRecorded]", assess(Dossier(), MAY))


def test_a_plan_commits_the_office_to_a_target() -> None:
    given().when(file, MARCH).then_once(
        PlanFiled(
            **site(MARCH),
            plan_version=1,
            target="first-2018",
            batch="2018-1",
            reach_on=date(2018, 11, 30),
            goals=intent().goals,
            duties=intent().duties,
            due_on=date(2018, 3, 31),
            late_wd=0,
            signed_by="h1",
        )
    )


def test_a_late_plan_is_taken_and_counts_its_working_days() -> None:
    # 2018-04-08 is a worked Sunday; the 5th and 6th are holidays.
    (event,) = given().when(file, date(2018, 4, 9)).events
    assert isinstance(event, PlanFiled)
    assert event.late_wd == 5


def test_a_second_plan_is_a_revision_and_needs_a_reason() -> None:
    given(FILED).when(file, MAY, intent("all-2019")).refused("plan-already-filed", plan_version=1)


def test_nobody_plans_for_a_target_that_is_due() -> None:
    late = intent(reach_on=date(2018, 12, 31))
    given().when(file, date(2019, 1, 1), late).refused(
        "target-already-due", due_on=date(2018, 12, 31)
    )


def test_on_its_due_day_a_target_may_still_be_planned_for() -> None:
    assert given().when(file, date(2018, 12, 31), intent(reach_on=date(2018, 12, 31))).events


def test_a_plan_for_a_target_nobody_set_is_refused() -> None:
    given().when(file, MARCH, intent("first-2020")).refused("unknown-target", target="first-2020")


def test_a_plan_that_reaches_the_standard_after_its_target_is_refused() -> None:
    given().when(file, MARCH, intent(reach_on=date(2019, 1, 1))).refused("reach-after-target")


def test_a_plan_for_a_batch_nobody_announced_is_refused() -> None:
    given().when(file, MARCH, replace(intent(), batch="2018-9")).refused("unknown-batch")


def test_a_batch_serves_its_own_target_only() -> None:
    plan = replace(intent("all-2019"), batch="2018-1")
    given().when(file, MARCH, plan).refused("batch-of-another-target")


def test_a_revision_says_what_it_changed_and_which_target_was_left() -> None:
    (event,) = given(FILED).when(revise, MAY, intent("all-2019")).events
    assert isinstance(event, PlanRevised)
    assert (event.plan_version, event.left_target) == (2, "first-2018")
    assert (event.previous.target, event.previous.batch) == ("first-2018", "2018-1")


def test_a_revision_does_not_make_a_punctual_plan_late() -> None:
    (event,) = given(FILED).when(revise, MAY, intent("all-2019")).events
    assert isinstance(event, PlanRevised)
    assert (event.due_on, event.late_wd) == (date(2018, 3, 31), 0)


def test_a_revision_that_changes_nothing_is_no_event() -> None:
    given(FILED).when(revise, MAY, intent()).then_nothing()


def test_a_revision_decided_twice_is_one_event() -> None:
    situation = given(FILED).when(revise, MAY, intent("all-2019"))
    situation.then_once(*situation.events)


def test_only_a_filed_plan_can_be_revised() -> None:
    given().when(revise, MAY, intent()).refused("plan-missing")


def test_a_revision_is_not_older_than_the_plan() -> None:
    given(FILED).when(revise, date(2018, 3, 19), intent("all-2019")).refused(
        "effective-day-too-early", earliest_on=MARCH
    )


def test_leaving_a_target_on_its_freeze_day_is_free() -> None:
    assert given(FILED).when(revise, date(2018, 9, 30), intent("all-2019")).events


def test_after_the_freeze_day_leaving_takes_consent() -> None:
    given(FILED).when(revise, date(2018, 10, 1), intent("all-2019")).refused(
        "target-frozen", freeze_on=date(2018, 9, 30)
    )


def test_with_the_districts_consent_a_frozen_target_may_be_left() -> None:
    (event,) = given(FILED).when(revise, date(2018, 10, 1), intent("all-2019"), CONSENT).events
    assert isinstance(event, PlanRevised)
    assert event.consent == CONSENT


def test_only_the_district_can_consent() -> None:
    other = replace(CONSENT, organisation="370400-safety")
    given(FILED).when(revise, date(2018, 10, 1), intent("all-2019"), other).refused(
        "consent-not-of-district", organisation="370400-safety"
    )


def test_after_the_freeze_day_another_day_to_reach_the_same_target_needs_no_consent() -> None:
    later = intent(reach_on=date(2018, 12, 20))
    assert given(FILED).when(revise, date(2018, 10, 8), later).events


def test_a_full_assessment_is_added_up_here() -> None:
    situation = given().when(assess, MAY, "full", marks(staff=30, rules=20))
    (event,) = situation.events
    assert isinstance(event, SelfAssessmentRecorded)
    assert (event.complete, event.totals.total_cp, event.to_pass_cp) == (True, 8_000, 0)
    assert (event.to_demonstration_cp, event.totals.grade) == (1_000, "compliant")
    situation.then_once(event)


def test_a_gap_assessment_may_lack_items_and_says_so() -> None:
    (event,) = given().when(assess, MAY, "gap", marks()[:2]).events
    assert isinstance(event, SelfAssessmentRecorded)
    assert (event.complete, event.totals.total_cp, event.to_pass_cp) == (False, 7_000, 1_000)


def test_a_gap_assessment_that_lacks_nothing_is_complete() -> None:
    (event,) = given().when(assess, MAY, "gap").events
    assert isinstance(event, SelfAssessmentRecorded)
    assert event.complete


@pytest.mark.parametrize("kind", ["full", "pre-application"])
def test_any_other_assessment_marks_every_item(kind: str) -> None:
    given().when(assess, MAY, kind, marks()[:2]).refused(
        "missing-items", items=["files", "vehicle"]
    )


def test_a_mark_over_its_maximum_is_refused() -> None:
    over = (Mark(item="staff", mark_cp=4_001, max_cp=4_000), *marks()[1:])
    given().when(assess, MAY, "full", over).refused("mark-over-maximum", item="staff")


def test_an_unknown_item_is_refused() -> None:
    strange = (*marks(), Mark(item="drone", mark_cp=0, max_cp=0))
    given().when(assess, MAY, "full", strange).refused("unknown-item", item="drone")


def test_an_assessment_names_the_one_before_it() -> None:
    (event,) = given(ASSESSED).when(assess, AUGUST, name="S2").events
    assert isinstance(event, SelfAssessmentRecorded)
    assert (event.previous_assessment_id, event.previous_total_cp) == ("S1", 10_000)


def test_an_assessment_is_not_older_than_the_one_before_it() -> None:
    given(ASSESSED).when(assess, MARCH, name="S2").refused("effective-day-too-early")


def test_marks_made_by_an_older_standard_are_refused() -> None:
    given().when(assess, AUGUST, standard=STRICTER, scored_under=1).refused(
        "standard-not-in-force", version=1, in_force_version=2
    )
