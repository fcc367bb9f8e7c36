"""What an office may plan, and when it may leave a target."""

from dataclasses import replace
from datetime import date
from typing import cast

from services.submission.dossier import Dossier, evolve
from services.submission.planning import Intent, file_plan, revise_plan
from services.submission.programmes import Programme
from shared.contracts.blocks import TownshipSite
from shared.contracts.dossier import (
    Consent,
    DossierEvent,
    PlanFiled,
    PlanRevised,
)
from tests.unit.dossiers import (
    ALL,
    EXTENDED,
    FIRST,
    LATER,
    MARCH,
    MAY,
    OPEN,
    OPENING,
    PAPER,
    REFORM,
    heard,
    intent,
    site,
    with_targets,
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


(FILED,) = cast("list[PlanFiled]", file(Dossier(), MARCH))


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


def test_whoever_took_the_districts_part_over_can_consent() -> None:
    reformed = heard(*OPENING, REFORM)
    successor = replace(CONSENT, organisation="370406-emergency")
    situation = given(FILED)
    october, elsewhere = date(2018, 10, 8), intent("all-2019")
    assert situation.when(revise, october, elsewhere, successor, reformed).events
    situation.when(revise, october, elsewhere, successor).refused("consent-not-of-district")
    later = heard(*OPENING, replace(REFORM, from_on=date(2018, 10, 9)))
    too_early = situation.when(revise, october, elsewhere, successor, later)
    too_early.refused("consent-not-of-district")


def test_consent_rests_on_a_paper_with_a_number() -> None:
    nameless = replace(CONSENT, document=PAPER)
    given(FILED).when(revise, date(2018, 10, 1), intent("all-2019"), nameless).refused(
        "consent-without-number", title=PAPER.title
    )


def test_nobody_leaves_by_a_paper_that_was_not_yet_written() -> None:
    later = replace(CONSENT, document=replace(NUMBERED, issued_on=date(2018, 10, 9)))
    elsewhere = intent("all-2019")
    given(FILED).when(revise, date(2018, 10, 8), elsewhere, later).refused(
        "effective-day-too-early", earliest_on=date(2018, 10, 9)
    )
    assert given(FILED).when(revise, date(2018, 10, 9), elsewhere, later).events


def test_a_plan_of_days_before_the_freeze_that_is_recorded_after_it_leaves_freely() -> None:
    # Judged on the day it happened; that it was told late is on record beside it.
    late = {**site(date(2018, 9, 30)), "backdated_reason": "补录"}
    (event,) = revise_plan(
        given(FILED).state,
        cast("TownshipSite", late),
        OPEN,
        intent("all-2019"),
        signed_by="h1",
        reason="进度调整",
    )
    assert (event.backdated_reason, event.consent) == ("补录", None)  # type: ignore[union-attr]  # the one kind there is


def test_a_target_without_a_freeze_day_freezes_when_it_is_due() -> None:
    unfrozen = heard(with_targets(replace(FIRST, freeze_on=None), ALL), *OPENING[1:])
    elsewhere = intent("all-2019", ALL.due_on)
    assert given(FILED).when(revise, FIRST.due_on, elsewhere, None, unfrozen).events
    given(FILED).when(revise, date(2019, 1, 1), elsewhere, None, unfrozen).refused(
        "target-frozen", freeze_on=FIRST.due_on
    )


def test_a_rescheduled_target_freezes_and_falls_due_on_its_new_day() -> None:
    unfrozen = with_targets(replace(FIRST, freeze_on=None), ALL)
    moved = heard(unfrozen, *OPENING[1:], LATER)
    january = date(2019, 1, 15)
    elsewhere = intent("all-2019", ALL.due_on)
    assert given(FILED).when(revise, january, elsewhere, None, moved).events
    last = intent(reach_on=date(2019, 1, 31))
    assert given().when(file, january, last, moved).events
    given().when(file, january, last).refused("target-already-due", due_on=FIRST.due_on)
    given().when(file, january, intent(reach_on=date(2019, 2, 1)), moved).refused(
        "reach-after-target", due_on=date(2019, 1, 31)
    )


def test_who_missed_the_target_leaves_it_with_consent_only() -> None:
    given(FILED).when(revise, date(2019, 1, 1), intent("all-2019", ALL.due_on)).refused(
        "target-frozen"
    )
    late = intent("all-2019", ALL.due_on)
    assert given(FILED).when(revise, date(2019, 1, 1), late, CONSENT).events


def test_a_target_that_is_due_is_not_planned_for_anew() -> None:
    later = replace(intent(), goals=("示范",))
    given(FILED).when(revise, date(2019, 1, 1), later).refused("target-already-due")


def test_nobody_plans_to_reach_the_standard_in_the_past() -> None:
    given().when(file, date(2018, 12, 1)).refused(
        "reach-day-passed", reach_on=date(2018, 11, 30), effective_on=date(2018, 12, 1)
    )
    assert given().when(file, date(2018, 11, 30)).events


def test_a_plan_is_due_by_the_phase_as_it_was_when_it_was_filed() -> None:
    moved = heard(*OPENING, EXTENDED)
    (event,) = given().when(file, date(2018, 4, 9), None, moved).events
    assert isinstance(event, PlanFiled)
    assert (event.due_on, event.late_wd) == (date(2018, 4, 30), 0)
    (revised,) = given(FILED).when(revise, MAY, intent("all-2019"), None, moved).events
    assert isinstance(revised, PlanRevised)
    assert revised.due_on == date(2018, 3, 31)


def test_after_the_freeze_day_another_day_to_reach_the_same_target_needs_no_consent() -> None:
    later = intent(reach_on=date(2018, 12, 20))
    assert given(FILED).when(revise, date(2018, 10, 8), later).events
