"""Who hears of what, and who is left in peace."""

from dataclasses import replace
from functools import reduce
from typing import Any, TypeVar

import pytest

from services.notification.policies import due_on, hearers, named_in
from services.notification.programmes import Programme, evolve, organisations
from services.notification.templates import TEMPLATES
from shared.contracts import case, dossier, programme
from shared.contracts.payloads import example
from shared.contracts.registry import BY_TYPE, Event, decode, type_of

E = TypeVar("E")
NAMES: dict[type[Any], str] = {event: name for name, event in BY_TYPE.items()}

OFFICE, GOV = "370406001-office", "370406001-gov"
DISTRICT, CITY = "370406-safety", "370400-safety"
BY_OFFICE, BY_DISTRICT, BY_SERVICE = f"{OFFICE}:o12", f"{DISTRICT}:o02", "fuyan:review"


def golden(event: type[E]) -> E:
    found = decode(NAMES[event], example(NAMES[event]))
    assert isinstance(found, event)
    return found


ENROLLED = golden(programme.TownshipEnrolled)
SECOND = replace(
    ENROLLED, township="370406100", office="370406100-office", government="370406100-gov"
)
HEARD: tuple[programme.ProgrammeEvent, ...] = (golden(programme.Opened), ENROLLED, SECOND)
KNOWN = reduce(evolve, HEARD, Programme())


def told(event: Event, actor: str, known: Programme = KNOWN) -> set[str]:
    return {hearer.organisation for hearer in hearers(event, actor, known)}


def copies(event: Event, actor: str) -> set[str]:
    return {hearer.organisation for hearer in hearers(event, actor, KNOWN) if hearer.copy}


@pytest.mark.parametrize(
    "event",
    [
        case.Opened,
        case.TeamAppointed,
        case.InspectionScheduled,
        case.ConsensusRecorded,
        case.Returned,
        case.PreliminaryPassed,
        case.PreliminaryFailed,
        case.WithdrawalRefused,
    ],
)
def test_what_the_district_does_in_a_case_goes_to_the_office_and_a_copy_to_its_government(
    event: type[case.CaseEvent],
) -> None:
    assert told(golden(event), BY_DISTRICT) == {OFFICE, GOV}
    assert copies(golden(event), BY_DISTRICT) == {GOV}


@pytest.mark.parametrize("event", [case.CityPassed, case.CityFailed, case.CityMarksRecorded])
def test_the_citys_results_also_reach_the_district(event: type[case.CaseEvent]) -> None:
    assert told(golden(event), f"{CITY}:o41") == {OFFICE, GOV, DISTRICT}


def test_a_city_result_that_the_district_recorded_itself_is_no_news_to_it() -> None:
    assert told(golden(case.CityPassed), BY_DISTRICT) == {OFFICE, GOV}


@pytest.mark.parametrize(
    "event",
    [
        dossier.PlanFiled,
        dossier.PlanRevised,
        dossier.ApplicationSubmitted,
        dossier.WithdrawalRequested,
    ],
)
def test_what_an_office_signs_goes_up_and_not_back_to_it(event: type[dossier.DossierEvent]) -> None:
    assert told(golden(event), BY_OFFICE) == {GOV, DISTRICT}


@pytest.mark.parametrize(
    "event",
    [
        dossier.SelfAssessmentRecorded,
        dossier.DeficiencyFound,
        dossier.DeficiencyWithdrawn,
        dossier.RectificationPlanned,
        dossier.RectificationCompleted,
    ],
)
def test_an_offices_working_papers_trouble_nobody(event: type[dossier.DossierEvent]) -> None:
    assert told(golden(event), BY_OFFICE) == set()


def test_overdue_rectification_is_followed_by_the_district() -> None:
    late = replace(golden(dossier.RectificationCompleted), late_wd=3)
    assert told(late, BY_OFFICE) == {DISTRICT}


def test_a_deficiency_that_the_district_reopens_reaches_the_office() -> None:
    assert told(golden(dossier.DeficiencyReopened), BY_DISTRICT) == {OFFICE, GOV}


def test_an_act_done_for_an_office_by_somebody_else_is_told_to_it() -> None:
    assert OFFICE in told(golden(dossier.PlanFiled), BY_DISTRICT)


def test_the_items_of_a_return_are_not_told_one_by_one() -> None:
    item = replace(golden(dossier.DeficiencyFound), case_id="shanting-2018/370406001/1")
    assert told(item, "fuyan:submission") == set()


@pytest.mark.parametrize("echo", [dossier.ApplicationReturned, dossier.ApplicationClosed])
def test_a_dossiers_echo_of_its_case_is_silent(echo: type[dossier.DossierEvent]) -> None:
    assert told(golden(echo), "fuyan:submission") == set()


def test_an_end_is_told_only_where_no_decision_told_it() -> None:
    closed = golden(case.Closed)
    assert closed.outcome == "awarded"
    assert told(closed, BY_DISTRICT) == set()
    assert told(replace(closed, outcome="withdrawn"), BY_DISTRICT) == {OFFICE, GOV}


def test_nobody_hears_of_single_marks_before_the_team_agrees() -> None:
    assert told(golden(case.MarksRecorded), BY_DISTRICT) == set()


def test_a_letter_to_the_city_is_one_notice_however_many_cases_it_names() -> None:
    first = golden(case.Recommended)
    second = replace(first, case_id=first.cases[1])
    assert told(first, BY_DISTRICT) == {OFFICE, GOV, CITY}
    assert told(second, BY_DISTRICT) == {OFFICE, GOV}


def test_a_return_by_the_city_reaches_the_district() -> None:
    assert DISTRICT in told(replace(golden(case.Returned), by="city"), f"{CITY}:o41")


def test_organisations_that_lend_a_member_are_called() -> None:
    team = golden(case.TeamAppointed)
    lent = replace(team.members[1], organisation="370406100-office")
    called = replace(team, members=(team.members[0], lent))
    assert told(called, BY_DISTRICT) == {OFFICE, GOV, "370406100-office"}


def test_a_batch_is_announced_to_every_enrolled_office() -> None:
    batch = golden(programme.BatchAnnounced)
    assert told(batch, BY_DISTRICT) == {OFFICE, "370406100-office"}
    left = golden(programme.TownshipWithdrawn)
    assert told(batch, BY_DISTRICT, evolve(KNOWN, left)) == {"370406100-office"}


def test_a_township_that_left_still_hears_of_its_case() -> None:
    known = evolve(KNOWN, golden(programme.TownshipWithdrawn))
    assert told(golden(case.Opened), BY_SERVICE, known) == {OFFICE, GOV}


def test_enrolling_and_leaving_are_told_to_office_and_government() -> None:
    assert told(ENROLLED, BY_DISTRICT, Programme()) == {OFFICE, GOV}
    assert told(golden(programme.TownshipWithdrawn), BY_DISTRICT) == {OFFICE, GOV}


@pytest.mark.parametrize("name", sorted(BY_TYPE))
def test_nobody_hears_who_was_not_expected_and_nobody_hears_twice(name: str) -> None:
    event = golden(BY_TYPE[name])
    heard = [hearer.organisation for hearer in hearers(event, BY_SERVICE, KNOWN)]
    expected = organisations(KNOWN, getattr(event, "township", None)) | named_in(event)
    assert len(heard) == len(set(heard))
    assert set(heard) <= expected


@pytest.mark.parametrize("actor", [BY_OFFICE, BY_DISTRICT, f"{CITY}:o41", f"{GOV}:o31"])
@pytest.mark.parametrize("name", sorted(BY_TYPE))
def test_nobody_is_told_of_their_own_act(name: str, actor: str) -> None:
    assert actor.split(":")[0] not in told(golden(BY_TYPE[name]), actor)


def test_a_return_says_by_when_to_apply_again() -> None:
    returned = golden(case.Returned)
    assert due_on(returned) == returned.resubmit_by_on
    assert due_on(golden(case.PreliminaryPassed)) is None


def test_names_are_those_that_the_programme_gave() -> None:
    known = evolve(KNOWN, golden(programme.StandardPublished))
    assert known.names[OFFICE] == "山城街道安监办"
    assert known.names["equipment-5"] == "执法记录仪"
    assert known.names["first-2018"] == "2018年首批"


def test_every_event_that_somebody_hears_of_is_one_that_a_notice_can_put_into_words() -> None:
    heard = {
        type_of(golden(event))
        for event in NAMES
        if told(golden(event), BY_SERVICE) or told(golden(event), BY_OFFICE)
    }
    assert heard <= TEMPLATES.keys()
