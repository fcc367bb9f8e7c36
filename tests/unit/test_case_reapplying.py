"""How long an office that failed waits before it applies again."""

from dataclasses import replace
from datetime import date
from functools import reduce

import pytest

from services.review import city, verdict
from services.review.case import Case, evolve
from services.review.case_opening import open_case
from services.review.programmes.definition import RulesDraft, check_rules
from services.review.programmes.programme import Programme
from shared.contracts.blocks import Reason
from shared.contracts.case import ApplicationRejected, CityFailed, Closed
from shared.contracts.dossier import ApplicationSubmitted
from shared.contracts.refusals import Refused
from tests.unit.given import Given
from tests.unit.review_path import PROGRAMME, Path, application, site

given = Given(Case(), evolve)


def again(day: date, round: int = 2) -> ApplicationSubmitted:
    return replace(application(day=day), round=round, application_id=f"a{round}")


def failed(path: Path, programme: Programme) -> Case:
    """The case of round 1, failed by the district on Friday 14 September."""
    why = (Reason(code="weak", text="台账不实"),)
    events = verdict.fail_preliminary(
        path.case, programme, why, decided_by="chief", site=site(date(2018, 9, 14))
    )
    return reduce(evolve, events, path.case)


def waiting(reapply_wd: int) -> Programme:
    rules = tuple(
        replace(one, rules={**one.rules, "reapply_wd": reapply_wd})
        if one.kind == "deadlines"
        else one
        for one in PROGRAMME.rules
    )
    return replace(PROGRAMME, rules=rules)


def test_an_office_that_failed_waits_as_long_as_the_rules_say() -> None:
    case = failed(Path().inspected(), waiting(5))
    assert case.failed is not None
    assert case.closed is not None
    # Five working days after the 14th: the 17th to the 21st.
    assert case.failed.may_reapply_on == case.closed.may_reapply_on == date(2018, 9, 21)
    (event,) = given().when(open_case, PROGRAMME, again(date(2018, 9, 20)), earlier=[case]).events
    assert isinstance(event, ApplicationRejected)
    assert [one.code for one in event.reasons] == ["reapply-too-early"]
    assert "2018年9月21日" in event.reasons[0].text
    in_time = given().when(open_case, PROGRAMME, again(date(2018, 9, 21)), earlier=[case])
    assert in_time.state.stage == "opened"


def test_a_rejected_round_in_between_neither_shortens_the_wait_nor_hides_it() -> None:
    case = failed(Path().inspected(), waiting(5))
    rejected = given().when(open_case, PROGRAMME, again(date(2018, 9, 20)), earlier=[case])
    third = given().when(
        open_case, PROGRAMME, again(date(2018, 9, 20), 3), earlier=[case, rejected.state]
    )
    assert third.state.stage == "rejected"


def test_without_a_term_an_office_that_failed_may_apply_at_once() -> None:
    case = failed(Path().inspected(), PROGRAMME)
    assert case.closed is not None
    assert case.closed.may_reapply_on is None
    day = date(2018, 9, 14)
    assert given().when(open_case, PROGRAMME, again(day), earlier=[case]).state.stage == "opened"


def test_the_term_to_wait_is_a_number_of_working_days() -> None:
    for term in (-1, 1.5, "三", True):
        draft = RulesDraft(
            kind="deadlines", rules={"decide_wd": 1, "resubmit_wd": 1, "reapply_wd": term}
        )
        with pytest.raises(Refused) as refused:
            check_rules(draft)
        assert refused.value.facts["field"] == "/rules/reapply_wd"
    check_rules(
        RulesDraft(kind="deadlines", rules={"decide_wd": 1, "resubmit_wd": 1, "reapply_wd": 0})
    )


def test_the_citys_failure_sets_the_same_term() -> None:
    path, why = Path().recommended(), (Reason(code="absent", text="现场无人"),)
    failed_, closed = city.fail_city(path.case, waiting(1), why, site=site(date(2018, 10, 12)))
    assert isinstance(failed_, CityFailed)
    assert isinstance(closed, Closed)
    # The working day after Friday 12 October is Monday.
    assert failed_.may_reapply_on == closed.may_reapply_on == date(2018, 10, 15)
