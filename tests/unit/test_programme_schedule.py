"""How the days of a programme move: its phases, its targets, and what stands in between."""

from dataclasses import replace
from datetime import date, timedelta

from services.review.case import Case
from services.review.case_opening import open_case
from services.review.programmes.programme import Programme, evolve
from services.review.programmes.schedule import announce_batch, reschedule_phase, reschedule_target
from shared.contracts.programme import (
    Phase,
    PhaseRescheduled,
    ProgrammeEvent,
    Span,
    TargetRescheduled,
)
from tests.unit.given import Given, Outcome
from tests.unit.review_path import (
    APPLY,
    BATCH,
    DEFINITION,
    OPENING,
    TARGET,
    application,
    opened,
    site,
)

given = Given(Programme(), evolve)
OLD = opened()
JUNE, DUE = date(2018, 6, 1), TARGET.due_on
DAY = timedelta(days=1)
LATER = date(2020, 3, 31)


def move(
    programme: Programme,
    due_on: date = LATER,
    *,
    target: str = "all",
    today: date = JUNE,
    on: date | None = None,
) -> list[ProgrammeEvent]:
    return reschedule_target(
        programme, target, due_on=due_on, reason="疫情", today=today, site=site(on or today)
    )


def shift(
    programme: Programme,
    from_on: date | None = APPLY.from_on,
    to_on: date = APPLY.to_on,
    *,
    phase: str = "apply",
    today: date = JUNE,
    on: date | None = None,
) -> list[ProgrammeEvent]:
    return reschedule_phase(
        programme,
        phase,
        from_on=from_on,
        to_on=to_on,
        reason="机构改革",
        today=today,
        site=site(on or today),
    )


def at_once(first: date, second: date) -> Outcome[Programme, ProgrammeEvent]:
    """The same target moved on one day, and then again on another."""
    (moved,) = given(*OLD).when(move, LATER, today=first).events
    return given(*OLD, moved).when(move, LATER + DAY, today=date(2018, 12, 1), on=second)


def test_a_target_moves_until_its_due_day_is_over() -> None:
    for today in (JUNE, DUE):
        given(*OLD).when(move, today=today).then_once(
            TargetRescheduled(
                **site(today), target="all", due_on=LATER, previous_due_on=DUE, reason="疫情"
            )
        )


def test_the_day_after_it_was_due_a_target_is_settled() -> None:
    given(*OLD).when(move, today=DUE + DAY).refused("target-settled", due_on=DUE)


def test_back_dating_opens_no_settled_target() -> None:
    given(*OLD).when(move, today=DUE + DAY, on=DUE).refused("target-settled")


def test_a_moved_target_is_judged_by_its_new_day() -> None:
    (moved,) = given(*OLD).when(move).events
    assert given(*OLD, moved).state.targets["all"].due_on == LATER
    given(*OLD, moved).when(move, LATER + DAY, today=LATER).then(
        TargetRescheduled(
            **site(LATER), target="all", due_on=LATER + DAY, previous_due_on=LATER, reason="疫情"
        )
    )


def test_the_same_day_moves_nothing_even_after_it() -> None:
    given(*OLD).when(move, DUE, today=DUE + DAY).then_nothing()


def test_a_target_is_not_moved_to_a_day_that_has_passed() -> None:
    given(*OLD).when(move, date(2018, 12, 31), today=date(2019, 1, 1)).refused(
        "due-day-passed", due_on=date(2018, 12, 31)
    )


def test_a_target_may_become_due_today() -> None:
    new_year = date(2019, 1, 1)
    assert given(*OLD).when(move, new_year, today=new_year).events


def test_a_target_is_not_moved_before_anybody_can_apply() -> None:
    given(*OLD).when(move, date(2018, 8, 31)).refused("target-before-phases")


def test_a_target_is_not_moved_before_it_freezes() -> None:
    frozen = replace(TARGET, freeze_on=date(2019, 6, 30))
    given(*opened(replace(DEFINITION, targets=(frozen,)))).when(move, date(2019, 6, 29)).refused(
        "freeze-after-due"
    )
    given(*opened(replace(DEFINITION, targets=(frozen,)))).when(move, date(2019, 6, 30)).then_once(
        TargetRescheduled(
            **site(JUNE),
            target="all",
            due_on=date(2019, 6, 30),
            previous_due_on=DUE,
            reason="疫情",
        )
    )


def test_only_a_target_that_exists_moves() -> None:
    given(*OLD).when(move, target="none").refused("unknown-target", known=["all"])


def test_a_second_move_does_not_happen_before_the_first() -> None:
    at_once(date(2018, 7, 2), date(2018, 7, 1)).refused(
        "effective-day-too-early", earliest_on=date(2018, 7, 2)
    )
    assert at_once(date(2018, 7, 2), date(2018, 7, 2)).events


def test_a_phase_takes_other_days() -> None:
    given(*OLD).when(shift, to_on=LATER).then_once(
        PhaseRescheduled(
            **site(JUNE),
            phase="apply",
            from_on=APPLY.from_on,
            to_on=LATER,
            previous=Span(from_on=APPLY.from_on, to_on=APPLY.to_on),
            reason="机构改革",
        )
    )


def test_a_batch_may_lie_in_the_new_days_of_a_phase() -> None:
    late = replace(BATCH, batch="b2", opens_on=date(2020, 1, 1), closes_on=LATER)
    given(*OLD).when(announce_batch, late, site=site(JUNE)).refused("batch-outside-phase")
    (moved,) = given(*OLD).when(shift, to_on=LATER).events
    assert given(*OLD, moved).when(announce_batch, late, site=site(JUNE)).events


def test_a_phase_ends_after_it_begins_and_overlaps_no_other() -> None:
    given(*OLD).when(shift, to_on=date(2018, 8, 31)).refused("days-reversed", of="apply")
    given(*OLD).when(shift, date(2018, 8, 31)).refused("phases-overlap", first="prepare")
    given(*OLD).when(shift, None).refused("phases-overlap")


def test_phases_keep_their_order() -> None:
    after = Phase(
        code="report",
        name="总结",
        from_on=date(2020, 1, 1),
        to_on=date(2020, 1, 31),
        applications_open=False,
    )
    three = opened(replace(DEFINITION, phases=(*DEFINITION.phases, after)))
    early = date(2018, 1, 1)
    given(*three).when(shift, early, early, phase="report").refused("phases-overlap")
    moved = given(*three).when(shift, None, date(2018, 3, 31), phase="prepare").events
    given(*three, *moved).when(shift, date(2018, 4, 2), date(2018, 4, 3), phase="report").refused(
        "phases-reordered", order=["prepare", "apply", "report"]
    )


def test_a_batch_keeps_its_place_in_a_phase() -> None:
    given(*OLD).when(shift, date(2018, 9, 2)).refused("batch-outside-phase", day=BATCH.opens_on)
    given(*OLD).when(shift, to_on=date(2018, 11, 29)).refused(
        "batch-outside-phase", day=BATCH.closes_on
    )


def test_a_target_keeps_a_phase_before_it() -> None:
    bare = opened(replace(DEFINITION, batches=()))
    given(*bare).when(shift, date(2020, 1, 1), LATER).refused("target-before-phases")


def test_days_on_which_offices_could_apply_are_not_taken_back() -> None:
    bare = opened(replace(DEFINITION, batches=()))
    october = date(2018, 10, 1)
    given(*bare).when(shift, to_on=date(2018, 9, 30), today=october).refused(
        "phase-day-passed", day=october
    )
    given(*bare).when(shift, date(2018, 9, 2), today=october).refused(
        "phase-day-passed", day=date(2018, 9, 1)
    )
    given(*bare).when(shift, to_on=date(2018, 9, 30), today=october, on=JUNE).refused(
        "phase-day-passed"
    )
    assert given(*bare).when(shift, to_on=october, today=october).events


def test_a_phase_that_is_over_may_be_lengthened() -> None:
    for after in (date(2020, 1, 2), LATER + DAY):
        assert given(*OLD).when(shift, to_on=LATER, today=after).events


def test_the_same_days_move_nothing() -> None:
    given(*OLD).when(shift).then_nothing()


def test_only_a_phase_that_exists_moves() -> None:
    given(*OLD).when(shift, phase="none").refused("unknown-phase", known=["apply", "prepare"])


def test_a_second_shift_does_not_happen_before_the_first() -> None:
    moved = given(*OLD).when(shift, to_on=LATER).events
    given(*OLD, *moved).when(shift, to_on=LATER + DAY, today=JUNE, on=JUNE - DAY).refused(
        "effective-day-too-early", earliest_on=JUNE
    )


def test_nothing_moves_before_the_programme_opens() -> None:
    given(*OLD).when(move, on=OPENING - DAY).refused("effective-day-too-early")
    given(*OLD).when(shift, to_on=LATER, on=OPENING - DAY).refused("effective-day-too-early")


def test_an_application_is_judged_by_the_days_as_they_were_moved() -> None:
    late = replace(application(day=date(2020, 1, 10)), batch=None)
    (moved,) = given(*OLD).when(shift, to_on=LATER).events

    def said(*programme: ProgrammeEvent) -> list[str]:
        (event,) = open_case(Case(), given(*programme).state, late)
        return [one.code for one in getattr(event, "reasons", ())]

    assert said(*OLD) == ["applications-not-open"]
    assert said(*OLD, moved) == []
