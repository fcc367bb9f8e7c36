"""Who hears of what, and who is left in peace."""

from dataclasses import replace
from datetime import date, timedelta
from functools import reduce
from typing import Any, TypeVar

import pytest

from services.notification.policies import STEPS, due_on, hearers, named_in, scope
from services.notification.programmes import Programme, evolve, organisations
from services.notification.reactions import ERASED
from services.notification.sentences import TEMPLATES
from shared.contracts import case, dossier, programme
from shared.contracts.payloads import example
from shared.contracts.registry import BY_TYPE, CONTEXTS, Event, decode, type_of

E = TypeVar("E")
NAMES: dict[type[Any], str] = {event: name for name, event in BY_TYPE.items()}

OFFICE, GOV = "370406001-office", "370406001-gov"
DISTRICT, CITY = "370406-safety", "370400-safety"
BY_OFFICE, BY_GOV, BY_DISTRICT = f"{OFFICE}:o12", f"{GOV}:o31", f"{DISTRICT}:o02"
SEPTEMBER = date(2018, 9, 5)
BY_CITY, BY_SERVICE = f"{CITY}:o41", "fuyan:review"


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


LAST = replace(golden(dossier.RectificationCompleted), open_left=0)
PATH: tuple[Event, ...] = (
    golden(dossier.PlanFiled),
    golden(dossier.PlanRevised),
    golden(dossier.SelfAssessmentRecorded),
    LAST,
    golden(dossier.ApplicationSubmitted),
    golden(dossier.WithdrawalRequested),
    golden(case.ApplicationRejected),
    golden(case.WithdrawalRefused),
    golden(case.Opened),
    golden(case.TeamAppointed),
    golden(case.InspectionScheduled),
    golden(case.InspectionHeld),
    golden(case.ConsensusRecorded),
    golden(case.VetoRecorded),
    golden(case.Returned),
    golden(case.PreliminaryPassed),
    golden(case.PreliminaryFailed),
    golden(case.Recommended),
    golden(case.RecommendationReturned),
    golden(case.CityMarksRecorded),
    golden(case.CityPassed),
    golden(case.CityFailed),
    golden(case.TitleAwarded),
    golden(case.TitleCorrected),
    golden(case.TitleRevoked),
    golden(case.RewardGranted),
    golden(case.RewardPaid),
    golden(case.RewardCancelled),
    golden(case.Closed),
)
BESIDE_THE_PATH: set[type[Any]] = {
    dossier.DeficiencyFound,
    dossier.DeficiencyWithdrawn,
    dossier.DeficiencyReopened,
    dossier.RectificationPlanned,
    dossier.ApplicationReturned,
    dossier.ApplicationClosed,
    dossier.FundingRequested,
    dossier.FundingDecided,
    dossier.GoodPracticeShared,
    case.MemberRecused,
    case.MarksRecorded,
}


@pytest.mark.parametrize("actor", [BY_OFFICE, BY_DISTRICT, BY_CITY, BY_SERVICE])
def test_of_each_step_the_office_and_the_district_hear_once_whoever_took_it(actor: str) -> None:
    for event in PATH:
        heard = [hearer.organisation for hearer in hearers(event, actor, KNOWN)]
        office = 0 if isinstance(event, case.ConsensusRecorded) else 1
        assert (heard.count(OFFICE), heard.count(DISTRICT)) == (office, 1), type_of(event)


@pytest.mark.parametrize("actor", [BY_OFFICE, BY_GOV, BY_DISTRICT, BY_CITY, BY_SERVICE])
def test_what_the_team_agreed_is_for_the_district_alone_until_it_decides(actor: str) -> None:
    assert told(golden(case.ConsensusRecorded), actor) == {DISTRICT}
    assert {OFFICE, GOV} <= told(golden(case.PreliminaryPassed), BY_DISTRICT)


def test_every_event_of_a_dossier_or_case_is_a_step_or_known_to_be_none() -> None:
    steps = {type(event) for event in PATH}
    every = {*CONTEXTS["dossier"].events.values(), *CONTEXTS["case"].events.values()}
    assert steps == set(STEPS)
    assert steps | BESIDE_THE_PATH == every - ERASED
    assert not steps & BESIDE_THE_PATH


@pytest.mark.parametrize("outcome", ["awarded", "withdrawn", "void"])
def test_office_and_district_hear_of_the_end_of_the_path(outcome: Any) -> None:
    closed = replace(golden(case.Closed), outcome=outcome)
    assert told(closed, BY_DISTRICT) - {GOV} == {OFFICE, DISTRICT}


@pytest.mark.parametrize("actor", [BY_DISTRICT, BY_CITY, BY_SERVICE])
@pytest.mark.parametrize(
    ("decision", "outcome"),
    [
        (case.Returned, "returned"),
        (case.PreliminaryFailed, "failed"),
        (case.CityFailed, "failed"),
    ],
)
def test_a_return_or_a_failure_is_told_once_although_it_also_closes_the_case(
    decision: type[case.CaseEvent], outcome: Any, actor: str
) -> None:
    closed = replace(golden(case.Closed), outcome=outcome)
    assert {OFFICE, DISTRICT} <= told(golden(decision), actor)
    assert told(closed, actor) == set()


@pytest.mark.parametrize("actor", [BY_OFFICE, BY_GOV, BY_DISTRICT, BY_CITY])
@pytest.mark.parametrize("name", sorted(set(BY_TYPE) - {type_of(event) for event in PATH}))
def test_beside_the_steps_nobody_is_told_of_their_own_act(name: str, actor: str) -> None:
    assert actor.split(":")[0] not in told(golden(BY_TYPE[name]), actor)


def test_a_receipt_is_for_the_office_and_the_district_alone() -> None:
    assert GOV not in told(golden(case.CityPassed), BY_GOV)
    assert CITY not in told(golden(case.Recommended), BY_CITY)


@pytest.mark.parametrize(
    "event",
    [
        case.Opened,
        case.TeamAppointed,
        case.InspectionScheduled,
        case.Returned,
        case.PreliminaryPassed,
        case.PreliminaryFailed,
        case.WithdrawalRefused,
        case.CityPassed,
        case.CityFailed,
        case.CityMarksRecorded,
        dossier.PlanFiled,
    ],
)
def test_what_is_done_to_an_office_goes_to_its_government_as_a_copy(event: type[Any]) -> None:
    assert copies(golden(event), BY_DISTRICT) == {GOV}


@pytest.mark.parametrize(
    "event",
    [
        dossier.PlanFiled,
        dossier.PlanRevised,
        dossier.ApplicationSubmitted,
        dossier.WithdrawalRequested,
    ],
)
def test_of_what_an_office_signs_its_government_gets_a_copy(event: type[Any]) -> None:
    assert copies(golden(event), BY_OFFICE) == {GOV}


@pytest.mark.parametrize("event", [golden(dossier.SelfAssessmentRecorded), LAST])
def test_the_steps_an_office_takes_by_itself_are_not_copied_to_its_government(event: Event) -> None:
    assert told(event, BY_OFFICE) == {OFFICE, DISTRICT}


@pytest.mark.parametrize(
    "event",
    [
        dossier.DeficiencyFound,
        dossier.DeficiencyWithdrawn,
        dossier.RectificationPlanned,
        dossier.RectificationCompleted,
    ],
)
def test_an_offices_working_papers_trouble_nobody(event: type[dossier.DossierEvent]) -> None:
    assert told(golden(event), BY_OFFICE) == set()


def test_a_member_who_steps_down_is_news_to_the_district() -> None:
    assert DISTRICT in told(golden(case.MemberRecused), BY_SERVICE)


def test_overdue_rectification_is_followed_by_the_district() -> None:
    late = replace(golden(dossier.RectificationCompleted), late_wd=3)
    assert told(late, BY_OFFICE) == {DISTRICT}


def test_a_deficiency_that_the_district_reopens_reaches_the_office() -> None:
    assert told(golden(dossier.DeficiencyReopened), BY_DISTRICT) == {OFFICE, GOV}


def test_the_items_of_a_return_are_not_told_one_by_one() -> None:
    item = replace(golden(dossier.DeficiencyFound), case_id="shanting-2018/370406001/1")
    assert told(item, "fuyan:submission") == set()


@pytest.mark.parametrize("echo", [dossier.ApplicationReturned, dossier.ApplicationClosed])
def test_a_dossiers_echo_of_its_case_is_silent(echo: type[dossier.DossierEvent]) -> None:
    assert told(golden(echo), "fuyan:submission") == set()


def test_an_end_is_copied_to_the_government_only_where_no_decision_was() -> None:
    closed = golden(case.Closed)
    assert closed.outcome == "awarded"
    assert copies(closed, BY_DISTRICT) == set()
    assert copies(replace(closed, outcome="withdrawn"), BY_DISTRICT) == {GOV}


def test_nobody_hears_of_single_marks_before_the_team_agrees() -> None:
    assert told(golden(case.MarksRecorded), BY_DISTRICT) == set()


def test_a_letter_to_the_city_is_one_notice_however_many_cases_it_names() -> None:
    first = golden(case.Recommended)
    second = replace(first, case_id=first.cases[1])
    assert told(first, BY_DISTRICT) == {OFFICE, DISTRICT, GOV, CITY}
    assert told(second, BY_DISTRICT) == {OFFICE, DISTRICT, GOV}


def test_organisations_that_lend_a_member_are_called() -> None:
    team = golden(case.TeamAppointed)
    lent = replace(team.members[1], organisation="370406100-office")
    called = replace(team, members=(team.members[0], lent))
    assert told(called, BY_DISTRICT) == {OFFICE, DISTRICT, GOV, "370406100-office"}


def test_a_batch_is_announced_to_every_enrolled_office() -> None:
    batch = golden(programme.BatchAnnounced)
    assert told(batch, BY_DISTRICT) == {OFFICE, "370406100-office"}
    left = golden(programme.TownshipWithdrawn)
    assert told(batch, BY_DISTRICT, evolve(KNOWN, left)) == {"370406100-office"}


def test_a_township_that_left_still_hears_of_its_case() -> None:
    known = evolve(KNOWN, golden(programme.TownshipWithdrawn))
    assert told(golden(case.Opened), BY_SERVICE, known) == {OFFICE, DISTRICT, GOV}


def test_enrolling_and_leaving_are_told_to_office_and_government() -> None:
    assert told(ENROLLED, BY_DISTRICT, Programme()) == {OFFICE, GOV}
    assert told(golden(programme.TownshipWithdrawn), BY_DISTRICT) == {OFFICE, GOV}


@pytest.mark.parametrize("name", sorted(BY_TYPE))
def test_nobody_hears_who_was_not_expected_and_nobody_hears_twice(name: str) -> None:
    event = golden(BY_TYPE[name])
    heard = [hearer.organisation for hearer in hearers(event, BY_SERVICE, KNOWN)]
    expected = organisations(KNOWN, scope(event)) | named_in(event)
    assert len(heard) == len(set(heard))
    assert set(heard) <= expected


@pytest.mark.parametrize("event", PATH)
def test_a_step_under_an_office_since_replaced_finds_all_who_hear_of_it(event: Event) -> None:
    since = evolve(KNOWN, replace(ENROLLED, office="370406001-new"))
    expected = organisations(since, ENROLLED.township) | named_in(event)
    both = {DISTRICT} if isinstance(event, case.ConsensusRecorded) else {OFFICE, DISTRICT}
    assert both <= told(event, BY_DISTRICT, since) <= expected


def test_a_return_says_by_when_to_apply_again() -> None:
    returned = golden(case.Returned)
    assert due_on(returned) == returned.resubmit_by_on
    assert due_on(golden(case.PreliminaryPassed)) is None


def test_names_are_those_that_the_programme_gave() -> None:
    names = evolve(KNOWN, golden(programme.StandardPublished)).names(SEPTEMBER)
    assert names[OFFICE] == "山城街道安监办"
    assert names["equipment-5"] == "执法记录仪"
    assert names["first-2018"] == "2018年首批"
    phase = golden(programme.Opened).phases[0]
    assert names[phase.code] == phase.name


RENAMED = golden(programme.OrganisationRenamed)
EMERGENCY = "370406-emergency"
SUCCEEDED = replace(RENAMED, organisation=EMERGENCY, successor_of=DISTRICT)


def test_an_organisation_is_called_what_it_was_called_on_the_day() -> None:
    known = evolve(KNOWN, RENAMED)
    eve = RENAMED.from_on - timedelta(days=1)
    assert known.names(eve)[DISTRICT] == "枣庄市山亭区安全生产监督管理局"
    assert known.names(RENAMED.from_on)[DISTRICT] == "枣庄市山亭区应急管理局"
    assert evolve(known, RENAMED) == known


def test_a_successor_hears_in_its_predecessors_place_from_its_day_on() -> None:
    known = evolve(KNOWN, SUCCEEDED)
    opened = golden(case.Opened)
    assert told(opened, BY_SERVICE, known) == {OFFICE, DISTRICT, GOV}
    since = replace(opened, effective_on=SUCCEEDED.from_on)
    assert told(since, BY_SERVICE, known) == {OFFICE, EMERGENCY, GOV}


def test_a_successor_of_a_successor_is_who_acts() -> None:
    again = replace(SUCCEEDED, organisation="last", successor_of=EMERGENCY)
    known = reduce(evolve, (SUCCEEDED, again), KNOWN)
    assert known.acting(DISTRICT, again.from_on) == "last"
    assert known.line_of({DISTRICT}) == {DISTRICT, EMERGENCY, "last"}


def test_two_that_succeed_each_other_end_the_search() -> None:
    back = replace(SUCCEEDED, organisation=DISTRICT, successor_of=EMERGENCY)
    known = reduce(evolve, (SUCCEEDED, back), KNOWN)
    assert known.line_of({DISTRICT}) == {DISTRICT, EMERGENCY}


def test_a_bureaus_new_name_goes_to_every_office_and_an_offices_to_its_own() -> None:
    assert told(RENAMED, BY_DISTRICT) == {OFFICE, "370406100-office"}
    assert told(SUCCEEDED, BY_DISTRICT) == {OFFICE, "370406100-office"}
    assert told(replace(RENAMED, organisation=OFFICE), BY_DISTRICT) == {OFFICE, GOV}
    assert told(replace(RENAMED, organisation=GOV), BY_CITY) == {OFFICE, GOV, DISTRICT}
    assert told(replace(RENAMED, organisation="elsewhere"), BY_CITY) == set()


@pytest.mark.parametrize(
    "event",
    [
        programme.PhaseRescheduled,
        programme.TargetRescheduled,
        programme.AnnualAssessmentIssued,
    ],
)
def test_what_moves_for_everyone_is_told_to_every_office(event: type[Event]) -> None:
    assert told(golden(event), BY_DISTRICT) == {OFFICE, "370406100-office"}


def test_whoever_is_asked_for_money_hears_of_it_and_the_office_of_the_answer() -> None:
    asked = golden(dossier.FundingRequested)
    assert asked.asked_of == GOV
    assert told(asked, BY_OFFICE) == {GOV}
    assert due_on(asked) == asked.needed_on
    assert told(replace(asked, asked_of=DISTRICT), BY_OFFICE) == {DISTRICT}
    assert told(golden(dossier.FundingDecided), BY_GOV) == {OFFICE}
    assert told(golden(dossier.FundingDecided), BY_OFFICE) == set()


def test_a_good_practice_is_one_quiet_line_for_the_other_offices() -> None:
    shared = hearers(golden(dossier.GoodPracticeShared), BY_OFFICE, KNOWN)
    assert [(one.organisation, one.digest) for one in shared] == [("370406100-office", True)]


def test_a_practice_for_some_townships_is_told_to_nobody_else() -> None:
    golden_one = golden(dossier.GoodPracticeShared)
    assert isinstance(golden_one, dossier.GoodPracticeShared)
    for_others = replace(golden_one, publicity="named", shared_with=("370406999",))
    assert hearers(for_others, BY_OFFICE, KNOWN) == []
    for_all = replace(golden_one, publicity="internal", shared_with=())
    assert [one.organisation for one in hearers(for_all, BY_OFFICE, KNOWN)] == ["370406100-office"]


def test_every_event_that_somebody_hears_of_is_one_that_a_notice_can_put_into_words() -> None:
    heard = {
        type_of(golden(event))
        for event in NAMES.keys() - ERASED
        if told(golden(event), BY_SERVICE) or told(golden(event), BY_OFFICE)
    }
    assert heard <= TEMPLATES.keys()
