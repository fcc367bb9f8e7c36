"""What an office may do about its gaps."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import cast

import pytest

from services.submission.dossier import Dossier, evolve
from services.submission.rectification import (
    Finding,
    Remedy,
    complete_rectification,
    find_deficiencies,
    plan_rectification,
    reopen_deficiency,
    withdraw_deficiency,
)
from shared.contracts.blocks import FoundBy, Mark
from shared.contracts.dossier import (
    DeficiencyFound,
    DeficiencyReopened,
    DeficiencyWithdrawn,
    DossierEvent,
    RectificationCompleted,
    RectificationPlanned,
)
from tests.unit.dossiers import AUGUST, MARCH, MAY, OPEN, STANDARD, finding, marks, progress, site
from tests.unit.given import Given
from tests.unit.test_dossier_assessment import assess

given = Given(Dossier(), evolve)
JUNE, JULY = date(2018, 6, 4), date(2018, 7, 2)
REMEDY = Remedy(
    measure="补齐", responsible_post="副主任", due_on=date(2018, 6, 29), cost_fen=50_000
)


def find(
    dossier: Dossier, on: date, findings: Sequence[Finding], assessment_id: str | None = None
) -> list[DossierEvent]:
    return find_deficiencies(
        dossier, site(on), findings, standard=STANDARD, assessment_id=assessment_id
    )


def plan(dossier: Dossier, on: date, remedy: Remedy = REMEDY) -> list[DossierEvent]:
    return plan_rectification(dossier, site(on), "D-files", remedy)


def complete(dossier: Dossier, on: date, name: str = "D-files") -> list[DossierEvent]:
    return complete_rectification(
        dossier, site(on), name, result="已补齐", evidence=(), calendar=OPEN.calendar
    )


def withdraw(dossier: Dossier, on: date, by: str = "self") -> list[DossierEvent]:
    return withdraw_deficiency(dossier, site(on), "D-files", by=cast("FoundBy", by), reason="误录")


def reopen(dossier: Dossier, on: date, due_on: date | None = None) -> list[DossierEvent]:
    return reopen_deficiency(
        dossier, site(on), "D-files", by="district", reason="仍不全", due_on=due_on
    )


(ASSESSED,) = assess(Dossier(), MAY, "gap", marks(files=5)[:3])
(FILES,) = cast("list[DeficiencyFound]", find(Dossier(), MAY, [finding("files")]))
(RULES,) = cast("list[DeficiencyFound]", find(Dossier(), MAY, [finding("rules")]))
PLANNED = cast("RectificationPlanned", plan(evolve(Dossier(), FILES), JUNE)[0])
COMPLETED = cast(
    "RectificationCompleted", complete(evolve(evolve(Dossier(), FILES), PLANNED), JULY)[0]
)
WITHDRAWN = cast("DeficiencyWithdrawn", withdraw(evolve(Dossier(), FILES), JUNE)[0])


def test_a_gap_assessment_gives_several_deficiencies_at_once() -> None:
    findings = [finding("files", due_on=AUGUST), finding("vehicle", blocking=False)]
    situation = given(ASSESSED).when(find, JUNE, findings, "S1")
    files, vehicle = situation.events
    assert files == DeficiencyFound(
        **site(JUNE),
        deficiency_id="D-files",
        item="files",
        category="paper",
        nature="software",
        found_by="self",
        gap_cp=1_500,
        description="不全",
        blocking=True,
        assessment_id="S1",
        due_on=AUGUST,
    )
    assert isinstance(vehicle, DeficiencyFound)
    # Nobody marked the vehicle, so all of it is lacking.
    assert (vehicle.gap_cp, vehicle.blocking, vehicle.nature) == (1_000, False, "hardware")
    situation.then_once(files, vehicle)


def test_an_item_that_does_not_apply_lacks_nothing() -> None:
    (assessed,) = assess(
        Dossier(), MAY, "gap", (Mark(item="vehicle", applicable=False, mark_cp=0, max_cp=1_000),)
    )
    (event,) = given(assessed).when(find, JUNE, [finding("vehicle")]).events
    assert isinstance(event, DeficiencyFound)
    assert event.gap_cp == 0


def test_an_open_item_is_not_noted_twice_under_another_name() -> None:
    again = replace(finding("files"), deficiency_id="D-other")
    given(FILES).when(find, JUNE, [again]).then_nothing()


def test_the_same_item_twice_in_one_list_is_one_deficiency() -> None:
    again = replace(finding("files"), deficiency_id="D-other")
    (event,) = given().when(find, JUNE, [finding("files"), again]).events
    assert isinstance(event, DeficiencyFound)
    assert event.deficiency_id == "D-files"


def test_a_closed_gap_may_open_anew_under_another_name() -> None:
    again = replace(finding("files"), deficiency_id="D-other")
    (event,) = given(FILES, COMPLETED).when(find, AUGUST, [again]).events
    assert isinstance(event, DeficiencyFound)


def test_one_unknown_item_refuses_the_whole_list() -> None:
    given().when(find, MAY, [finding("files"), finding("drone")]).refused(
        "unknown-item", item="drone"
    )


def test_a_deficiency_of_an_assessment_nobody_recorded_is_refused() -> None:
    given().when(find, MAY, [finding("files")], "S9").refused("unknown-assessment")


def test_a_deficiency_is_not_older_than_its_assessment() -> None:
    given(ASSESSED).when(find, MARCH, [finding("files")], "S1").refused("effective-day-too-early")


def test_a_rectification_plan_expects_the_whole_gap_unless_it_says_less() -> None:
    given(FILES).when(plan, JUNE).then_once(
        RectificationPlanned(
            **site(JUNE),
            deficiency_id="D-files",
            item="files",
            plan_version=1,
            measure="补齐",
            responsible_post="副主任",
            due_on=date(2018, 6, 29),
            expected_gain_cp=2_000,
            cost_fen=50_000,
        )
    )


def test_a_changed_rectification_plan_is_the_next_version() -> None:
    (event,) = given(FILES, PLANNED).when(plan, JUNE, replace(REMEDY, due_on=AUGUST)).events
    assert isinstance(event, RectificationPlanned)
    assert event.plan_version == 2


def test_a_rectification_cannot_be_due_before_it_is_planned() -> None:
    given(FILES).when(plan, JULY).refused("due-day-passed", due_on=date(2018, 6, 29))


def test_no_more_can_be_gained_than_lacks() -> None:
    given(FILES).when(plan, JUNE, replace(REMEDY, expected_gain_cp=2_001)).refused(
        "gain-over-gap", gap_cp=2_000
    )


def test_a_closed_deficiency_is_not_planned() -> None:
    given(FILES, COMPLETED).when(plan, AUGUST, replace(REMEDY, due_on=AUGUST)).refused(
        "deficiency-not-open"
    )


def test_a_completion_says_how_late_it_is_and_how_many_stay_open() -> None:
    given(FILES, RULES, PLANNED).when(complete, JULY).then_once(
        RectificationCompleted(
            **site(JULY),
            deficiency_id="D-files",
            item="files",
            completed_on=JULY,
            due_on=date(2018, 6, 29),
            late_wd=1,
            result="已补齐",
            evidence=(),
            open_left=1,
        )
    )


def test_what_was_never_due_is_not_late() -> None:
    (event,) = given(FILES).when(complete, AUGUST).events
    assert isinstance(event, RectificationCompleted)
    assert (event.due_on, event.late_wd, event.open_left) == (None, 0, 0)


def test_a_completion_is_not_older_than_the_finding() -> None:
    given(FILES).when(complete, MARCH).refused("effective-day-too-early", earliest_on=MAY)


def test_a_withdrawn_deficiency_cannot_be_completed() -> None:
    given(FILES, WITHDRAWN).when(complete, JULY).refused("deficiency-not-open")


def test_a_deficiency_nobody_found_cannot_be_closed() -> None:
    given().when(complete, JULY).refused("unknown-deficiency", deficiency_id="D-files")


def test_what_was_recorded_in_error_is_withdrawn() -> None:
    given(FILES).when(withdraw, JUNE).then_once(WITHDRAWN)


def test_the_office_cannot_take_back_what_inspectors_found() -> None:
    by_district = replace(FILES, found_by="district")
    given(by_district).when(withdraw, JUNE).refused("deficiency-found-by-inspectors", item="files")


def test_the_district_may_withdraw_what_it_found() -> None:
    by_district = replace(FILES, found_by="district")
    (event,) = given(by_district).when(withdraw, JUNE, "district").events
    assert isinstance(event, DeficiencyWithdrawn)
    assert event.by == "district"


def test_what_is_closed_cannot_be_withdrawn() -> None:
    given(FILES, COMPLETED).when(withdraw, AUGUST).refused("deficiency-not-open")


def test_a_withdrawal_is_not_older_than_the_finding() -> None:
    given(FILES).when(withdraw, MARCH).refused("effective-day-too-early")


def test_what_was_called_done_and_is_not_is_reopened_and_blocks_as_before() -> None:
    outcome = given(FILES, COMPLETED).when(reopen, AUGUST)
    outcome.then_once(
        DeficiencyReopened(
            **site(AUGUST), deficiency_id="D-files", item="files", by="district", reason="仍不全"
        )
    )
    assert outcome.state.deficiencies["D-files"].holds_back


@pytest.mark.parametrize("due_on", [None, date(2018, 7, 20)])
def test_reopened_it_is_due_by_the_new_day_or_by_none_in_the_read_model_too(
    due_on: date | None,
) -> None:
    (reopened,) = reopen(given(FILES, PLANNED, COMPLETED).state, JULY, due_on)
    history = (FILES, PLANNED, COMPLETED, reopened)
    (event,) = given(*history).when(complete, AUGUST).events
    assert isinstance(event, RectificationCompleted)
    assert event.due_on == due_on
    (seen,) = progress(*history).open_deficiencies().values()
    assert (seen.due_on, seen.planned) == (due_on, False)


def test_what_is_reopened_may_be_planned_as_it_was_before() -> None:
    (reopened,) = reopen(given(FILES, PLANNED, COMPLETED).state, JULY)
    again = replace(REMEDY, due_on=date(2018, 8, 20))
    (planned,) = given(FILES, PLANNED, COMPLETED, reopened).when(plan, JULY, again).events
    (anew,) = reopen(given(FILES, PLANNED, COMPLETED, reopened, planned, COMPLETED).state, JULY)
    history = (FILES, PLANNED, COMPLETED, reopened, planned, COMPLETED, anew)
    (event,) = given(*history).when(plan, JULY, again).events
    assert isinstance(event, RectificationPlanned)
    assert event.plan_version == 3


def test_after_reopening_the_plans_go_on_counting() -> None:
    (reopened,) = reopen(given(FILES, PLANNED, COMPLETED).state, JULY, AUGUST)
    later = replace(REMEDY, due_on=date(2018, 8, 20))
    (event,) = given(FILES, PLANNED, COMPLETED, reopened).when(plan, JULY, later).events
    assert isinstance(event, RectificationPlanned)
    assert event.plan_version == 2


def test_what_is_open_needs_no_reopening() -> None:
    given(FILES).when(reopen, JUNE).then_nothing()


def test_what_was_recorded_in_error_is_not_reopened() -> None:
    given(FILES, WITHDRAWN).when(reopen, JULY).refused("deficiency-withdrawn")


def test_a_reopening_is_not_older_than_the_completion() -> None:
    given(FILES, COMPLETED).when(reopen, JUNE).refused("effective-day-too-early", earliest_on=JULY)
