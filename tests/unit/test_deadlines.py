"""What is overdue: days that events set, what answers them, and to whom they are raised."""

from dataclasses import replace
from datetime import date
from functools import reduce
from typing import Any, TypeVar

import pytest

from services.notification.deadlines import Overdue, Owed, causes, evolve, overdue
from services.notification.escalation import raised
from services.notification.programmes import Programme
from services.notification.programmes import evolve as hear
from shared.contracts import case, dossier, programme
from shared.contracts.payloads import example
from shared.contracts.registry import BY_TYPE, Event, decode

E = TypeVar("E")
D = date
P, T = "shanting-2018", "370406001"
OFFICE, GOV, DISTRICT = "370406001-office", "370406001-gov", "370406-safety"


def golden(event: type[E]) -> E:
    name = next(name for name, known in BY_TYPE.items() if known is event)
    found = decode(name, example(name))
    assert isinstance(found, event)
    return found


OPENED, ENROLLED = golden(programme.Opened), golden(programme.TownshipEnrolled)
PLAN = replace(golden(dossier.PlanFiled), batch=None)
FOUND = replace(golden(dossier.DeficiencyFound), due_on=None)
PLANNED = replace(golden(dossier.RectificationPlanned), due_on=D(2018, 7, 20))
CLOSED = golden(dossier.RectificationCompleted)
APPLIED = golden(dossier.ApplicationSubmitted)
CASE = replace(golden(case.Opened), decide_by_on=D(2018, 10, 12))
RETURNED = replace(golden(case.Returned), resubmit_by_on=D(2018, 10, 31))
BATCH = replace(golden(programme.BatchAnnounced), closes_on=D(2018, 9, 28))


def late(*events: Event, on: date) -> list[tuple[str, str, date, int]]:
    """Kind, subject, day and working days late of all that is overdue."""
    return [
        (one.about.kind, one.about.subject, one.due_on, one.overdue_wd)
        for one in found(*events, on=on)
    ]


def known(*events: Event) -> Programme:
    heard = [one for one in events if isinstance(one, programme.ProgrammeEvent)]
    return reduce(hear, (OPENED, ENROLLED, *heard), Programme())


def found(*events: Event, on: date) -> list[Overdue]:
    heard = (
        OPENED,
        ENROLLED,
        *(one for one in events if isinstance(one, programme.ProgrammeEvent)),
    )
    set_by = {code: "e1" for event in heard for code in causes(event)}
    owed = Owed()
    for event in events:
        owed = evolve(owed, event, "e2")
        assert evolve(owed, event, "e2") == owed  # a handler may be asked again
    return overdue(P, known(*events), {T: owed}, set_by, on)


def test_a_plan_is_late_the_working_day_after_the_first_phase() -> None:
    end = min(phase.to_on for phase in OPENED.phases)
    assert end == D(2018, 3, 31)  # a Saturday
    assert late(on=end) == []
    assert late(on=D(2018, 4, 1)) == []
    assert late(on=D(2018, 4, 2)) == [("plan", f"{P}/{T}", end, 1)]
    assert late(PLAN, on=D(2018, 4, 2)) == []


def test_a_moved_phase_moves_the_plans_day() -> None:
    moved = replace(
        golden(programme.PhaseRescheduled), phase=OPENED.phases[0].code, to_on=D(2018, 4, 30)
    )
    assert late(moved, on=D(2018, 4, 2)) == []
    assert late(moved, on=D(2018, 5, 2))[0][2] == D(2018, 4, 30)


def test_who_was_enrolled_after_the_plans_day_owes_none() -> None:
    assert late(replace(ENROLLED, effective_on=D(2018, 6, 1)), on=D(2018, 7, 2)) == []


def test_a_published_calendar_counts_its_holidays_out() -> None:
    days = golden(programme.CalendarPublished)
    april = replace(days, year=2018, holidays=(D(2018, 4, 2), D(2018, 4, 3)), worked_weekends=())
    assert late(april, on=D(2018, 4, 3)) == []
    assert [line[3] for line in late(april, on=D(2018, 4, 4))] == [1]


def test_rectifications_due_on_one_day_are_one_line() -> None:
    second = replace(PLANNED, deficiency_id="another")
    line = ("rectification", f"{P}/{T}", D(2018, 7, 20), 1)
    assert late(PLAN, FOUND, PLANNED, second, on=D(2018, 7, 23)) == [line]
    left = replace(CLOSED, deficiency_id="another")
    assert late(PLAN, FOUND, PLANNED, second, left, on=D(2018, 7, 23)) == [line]
    closed = replace(CLOSED, deficiency_id=PLANNED.deficiency_id)
    assert late(PLAN, FOUND, PLANNED, second, left, closed, on=D(2018, 7, 23)) == []


def test_a_deficiency_reopened_without_a_day_is_due_on_none() -> None:
    closed = replace(CLOSED, deficiency_id=PLANNED.deficiency_id)
    reopened = replace(
        golden(dossier.DeficiencyReopened), deficiency_id=PLANNED.deficiency_id, due_on=None
    )
    assert late(PLAN, FOUND, PLANNED, closed, reopened, on=D(2018, 8, 1)) == []


@pytest.mark.parametrize("order", [1, -1])
def test_a_return_is_answered_by_a_later_application_whichever_is_heard_first(order: int) -> None:
    line = ("resubmission", f"{P}/{T}/1", D(2018, 10, 31), 1)
    assert late(*(PLAN, APPLIED, CASE, RETURNED)[::order], on=D(2018, 11, 1)) == [line]
    again = replace(APPLIED, round=2)
    assert late(*(PLAN, APPLIED, CASE, RETURNED, again)[::order], on=D(2018, 11, 1)) == []


@pytest.mark.parametrize(
    "answer", [case.Returned, case.PreliminaryPassed, case.PreliminaryFailed, case.Closed]
)
def test_a_case_is_decided_by_any_decision(answer: type[Any]) -> None:
    line = ("decision", f"{P}/{T}/1", D(2018, 10, 12), 1)
    assert late(PLAN, APPLIED, CASE, on=D(2018, 10, 15)) == [line]
    assert late(PLAN, APPLIED, CASE, golden(answer), on=D(2018, 10, 15)) == []


def test_a_batch_that_closed_waits_only_for_those_that_planned_it() -> None:
    assert late(PLAN, BATCH, on=D(2018, 10, 8)) == []
    planned = replace(PLAN, batch=BATCH.batch)
    assert late(planned, BATCH, on=D(2018, 10, 1)) == [("batch", f"{P}/{T}", D(2018, 9, 28), 1)]
    assert late(planned, BATCH, APPLIED, on=D(2018, 10, 1)) == []


def test_who_left_owes_nothing_and_a_closed_programme_asks_nobody() -> None:
    assert late(golden(programme.TownshipWithdrawn), on=D(2018, 4, 2)) == []
    assert late(golden(programme.Closed), on=D(2018, 4, 2)) == []


def told(*events: Event, on: date) -> dict[tuple[str, str], list[tuple[str, int]]]:
    lines = raised(known(*events), found(*events, on=on), on)
    return {who: [(line.about.kind, line.step) for line in told] for who, told in lines.items()}


HEAD, GOVERNMENT = (OFFICE, "head"), (GOV, "gov")
OFFICER, LEADER = (DISTRICT, "officer"), (DISTRICT, "leader")


@pytest.mark.parametrize(
    ("day", "hearers"),
    [
        (D(2018, 4, 2), {HEAD}),
        (D(2018, 4, 3), {HEAD}),
        (D(2018, 4, 4), {HEAD, GOVERNMENT, OFFICER}),
        (D(2018, 4, 6), {HEAD, GOVERNMENT, OFFICER, LEADER}),
    ],
)
def test_what_an_office_owes_goes_up_after_three_and_after_five_working_days(
    day: date, hearers: set[tuple[str, str]]
) -> None:
    assert set(told(on=day)) == hearers


def test_what_the_district_owes_goes_up_within_the_district() -> None:
    assert told(PLAN, APPLIED, CASE, on=D(2018, 10, 15)) == {OFFICER: [("decision", 1)]}
    assert set(told(PLAN, APPLIED, CASE, on=D(2018, 10, 17))) == {OFFICER, LEADER}


def test_a_successor_is_called_in_the_place_of_whom_it_succeeded() -> None:
    renamed = golden(programme.OrganisationRenamed)
    follows = replace(renamed, organisation="em", successor_of=DISTRICT, from_on=D(2018, 4, 3))
    assert ("em", "leader") in told(follows, on=D(2018, 4, 6))
    assert LEADER not in told(follows, on=D(2018, 4, 6))
