"""How a case begins, and what its office may still ask."""

from dataclasses import replace
from datetime import date

from services.review.case import Case, evolve
from services.review.case_opening import answer_withdrawal, open_case
from services.review.programmes.programme import Programme
from services.review.programmes.programme import evolve as evolve_programme
from shared.contracts.blocks import StandardRef
from shared.contracts.case import (
    ApplicationRejected,
    CaseEvent,
    Closed,
    Opened,
    WithdrawalRefused,
)
from shared.contracts.dossier import ApplicationSubmitted, WithdrawalRequested
from shared.contracts.programme import Closed as ProgrammeClosed
from shared.contracts.programme import Gate, GateRule, TownshipWithdrawn
from shared.standard import score
from tests.unit.given import Given, Outcome
from tests.unit.review_path import (
    PROGRAMME,
    SEPTEMBER,
    Path,
    application,
    mark,
    marks,
)

given = Given(Case(), evolve)
SIXTH = date(2018, 9, 6)


def begin(
    submitted: ApplicationSubmitted, programme: Programme = PROGRAMME
) -> Outcome[Case, CaseEvent]:
    return given().when(open_case, programme, submitted)


def rejected_for(submitted: ApplicationSubmitted, programme: Programme = PROGRAMME) -> list[str]:
    (event,) = begin(submitted, programme).events
    assert isinstance(event, ApplicationRejected)
    return [reason.code for reason in event.reasons]


def test_an_application_opens_a_case_to_be_decided_within_working_days() -> None:
    (event,) = begin(application()).events
    assert isinstance(event, Opened)
    # Ten working days after Monday 3 September: nothing is off before the 24th.
    assert (event.case_id, event.decide_by_on) == ("p/370406001/1", date(2018, 9, 17))


def test_an_application_opens_one_case() -> None:
    events = begin(application()).events
    given(*events).when(open_case, PROGRAMME, application()).then_nothing()


def test_a_second_round_names_the_case_before_it_if_there_was_one() -> None:
    again = replace(application(), round=2, application_id="a2", previous_application_id="a1")
    rejected = begin(replace(application(), office="x")).state
    first = Path().case
    for before, named in (
        ([first], "p/370406001/1"),
        ([first, rejected], "p/370406001/1"),
        ([rejected], None),
        ([], None),
    ):
        (event,) = given().when(open_case, PROGRAMME, again, earlier=before).events
        assert isinstance(event, Opened)
        assert event.previous_case_id == named


def test_an_application_to_no_programme_is_rejected() -> None:
    assert rejected_for(application(), Programme()) == ["unknown-programme"]


def left(day: date) -> Programme:
    return evolve_programme(
        PROGRAMME,
        TownshipWithdrawn(
            programme="p",
            effective_on=day,
            township="370406001",
            township_name="山城街道",
            office="o-office",
            withdrawn_on=day,
            reason="撤并",
        ),
    )


def test_an_application_of_a_township_that_left_is_rejected() -> None:
    assert rejected_for(application(), left(SEPTEMBER)) == ["township-not-enrolled"]


def test_leaving_the_day_after_undoes_no_application() -> None:
    (event,) = begin(application(), left(date(2018, 9, 4))).events
    assert isinstance(event, Opened)


def test_a_township_takes_part_under_its_enrolment_of_that_day() -> None:
    back = replace(
        PROGRAMME.townships["370406001"],
        effective_on=SIXTH,
        enrolled_on=SIXTH,
        office="new-office",
    )
    programme = evolve_programme(left(date(2018, 9, 4)), back)
    assert begin(application(), programme).state.stage == "opened"
    fifth = application(day=date(2018, 9, 5))
    assert rejected_for(fifth, programme) == ["township-not-enrolled"]
    assert rejected_for(application(day=SIXTH), programme) == ["office-differs"]


def test_a_programme_takes_applications_on_its_last_day_and_none_after() -> None:
    end = ProgrammeClosed(
        programme="p", effective_on=SEPTEMBER, closed_on=SEPTEMBER, achieved=0, members=1
    )
    closed = evolve_programme(PROGRAMME, end)
    assert begin(application(), closed).state.stage == "opened"
    late = application(day=date(2018, 9, 4))
    assert rejected_for(late, closed) == ["programme-closed"]


def test_a_batch_takes_others_than_its_own_target_only_once_theirs_is_past() -> None:
    announced = replace(PROGRAMME.batches["b1"], target="half")
    programme = evolve_programme(PROGRAMME, announced)
    assert rejected_for(application(), programme) == ["batch-of-another-target"]
    targets = {code: replace(one, due_on=SEPTEMBER) for code, one in programme.targets.items()}
    over = replace(programme, targets=targets)
    assert rejected_for(application(), over) == ["batch-of-another-target"]
    assert begin(application(day=date(2018, 9, 4)), over).state.stage == "opened"


def test_an_application_of_another_office_is_rejected() -> None:
    assert rejected_for(replace(application(), office="x")) == ["office-differs"]


def test_an_application_under_an_unknown_table_is_rejected() -> None:
    forged = StandardRef(code="s", version=1, digest="0" * 64)
    assert rejected_for(replace(application(), standard=forged)) == ["standard-unknown"]


def test_an_application_under_an_older_standard_is_rejected() -> None:
    first = PROGRAMME.standards[0]
    second = replace(first, standard=replace(first.standard, version=2))
    assert rejected_for(application(), evolve_programme(PROGRAMME, second)) == [
        "standard-not-in-force"
    ]


def test_totals_that_do_not_follow_from_the_marks_are_rejected() -> None:
    better = application(marks(6000))
    assert rejected_for(replace(better, marks=marks())) == ["totals-differ"]


def test_an_application_below_the_pass_mark_is_rejected_with_what_is_short() -> None:
    (event,) = begin(application(marks(3900))).events
    assert isinstance(event, ApplicationRejected)
    assert [one.code for one in event.reasons] == ["short-of-pass-mark"]
    assert "还差 1.00 分" in event.reasons[0].text


def test_every_reason_is_told_at_once() -> None:
    early = application(marks(0), date(2018, 8, 31))
    assert rejected_for(replace(early, target="none")) == [
        "applications-not-open",
        "unknown-target",
        "batch-not-open",
        "prerequisites-not-met",
        "vetoed",
    ]


def test_an_application_outside_its_batch_is_rejected() -> None:
    assert rejected_for(application(day=date(2018, 12, 1))) == ["batch-closed"]
    assert rejected_for(replace(application(), batch="b9")) == ["unknown-batch"]


def test_marks_that_cannot_be_are_rejected() -> None:
    odd = (*marks()[:2], replace(mark("DA-2", 1000), mark_cp=1001))
    assert rejected_for(replace(application(), marks=odd)) == ["marks-unsound"]


def withdrawal(day: date = SIXTH) -> WithdrawalRequested:
    return WithdrawalRequested(
        programme="p",
        effective_on=day,
        township="370406001",
        township_name="山城街道",
        office="o-office",
        application_id="a1",
        round=1,
        requested_on=day,
        reason="材料有误",
    )


def test_a_withdrawal_is_granted_until_the_district_decides() -> None:
    for path in (Path(), Path().inspected()):
        (event,) = answer_withdrawal(path.case, withdrawal())
        assert isinstance(event, Closed)
        assert (event.outcome, event.effective_on) == ("withdrawn", SIXTH)


def test_a_withdrawal_after_the_decision_is_refused_and_the_case_goes_on() -> None:
    path = Path().passed()
    (event,) = answer_withdrawal(path.case, withdrawal())
    assert isinstance(event, WithdrawalRefused)
    assert evolve(path.case, event).stage == "preliminary-passed"


def test_withdrawing_before_there_is_a_case_rejects_the_application() -> None:
    (event,) = answer_withdrawal(Case(), withdrawal())
    assert isinstance(event, ApplicationRejected)
    assert event.reasons[0].code == "withdrawn"
    given(event).when(open_case, PROGRAMME, application()).then_nothing()


def test_a_closed_case_answers_no_withdrawal() -> None:
    assert answer_withdrawal(Path().closed().case, withdrawal()) == []


def test_what_an_office_states_beside_its_marks_counts() -> None:
    stated = replace(application(), facts=("fatal-accident",))
    totals = score(PROGRAMME.standards[0], stated.marks, facts=stated.facts)
    assert rejected_for(stated) == ["totals-differ", "vetoed"]
    assert rejected_for(replace(stated, totals=totals)) == ["vetoed"]


def test_a_fact_that_no_gate_asks_about_is_unsound() -> None:
    (event,) = begin(replace(application(), facts=("flood",))).events
    assert isinstance(event, ApplicationRejected)
    assert [one.code for one in event.reasons] == ["marks-unsound"]
    assert "unknown-fact" in event.reasons[0].text
    assert "flood" in event.reasons[0].text


def test_a_prerequisite_may_be_a_fact() -> None:
    (standard, *_) = PROGRAMME.standards
    gate = Gate(code="debt", kind="prerequisite", name="无拖欠", rule=GateRule(fact="arrears"))
    programme = replace(PROGRAMME, standards=(replace(standard, gates=(*standard.gates, gate)),))
    assert rejected_for(replace(application(), facts=("arrears",)), programme) == [
        "prerequisites-not-met"
    ]
    assert begin(application(), programme).state.stage == "opened"
