"""What a dossier hears of its case, and how the office may answer."""

from datetime import date

import pytest

from services.projection.models.definition import Enrolment
from services.projection.stage import Stage, stage
from services.submission.echoes import follow_close
from shared.contracts import case
from shared.contracts.dossier import (
    ApplicationClosed,
    ApplicationReturned,
    ApplicationSubmitted,
    DeficiencyFound,
    DossierEvent,
    ItemReason,
)
from tests.unit.dossiers import AUGUST, OFFICE, SEPTEMBER, TOWNSHIP, marks, progress, site
from tests.unit.test_dossier_application import (
    CASE,
    CLOSED,
    NOVEMBER,
    OCTOBER,
    READY,
    RETURNED,
    SUBMITTED,
    apply,
    assessed,
    case_site,
    closed,
    found,
    given,
    rejected,
    returned,
)


def test_a_return_is_echoed_with_a_blocking_deficiency_for_each_item() -> None:
    echo, files, rules = RETURNED
    assert echo == ApplicationReturned(
        **site(OCTOBER),
        application_id="A1",
        round=1,
        case_id=CASE,
        by="district",
        items=(
            ItemReason(item="files", reason="台账缺页"),
            ItemReason(item="rules", reason="制度未更新"),
        ),
        resubmit_by_on=date(2018, 11, 12),
    )
    assert isinstance(files, DeficiencyFound)
    assert isinstance(rules, DeficiencyFound)
    assert (files.found_by, files.blocking, files.gap_cp) == ("district", True, 1_500)
    assert (files.case_id, files.due_on) == (CASE, date(2018, 11, 12))
    # Nothing was agreed for the rules, so the gap is what the office's own mark left.
    assert rules.gap_cp == 500
    assert files.deficiency_id != rules.deficiency_id


def test_a_return_heard_twice_is_echoed_once() -> None:
    given(*READY, SUBMITTED).when(returned).then_once(*RETURNED)


def test_a_returned_item_that_was_open_already_blocks_all_the_same() -> None:
    state = given(*READY, SUBMITTED, found("files", blocking=False)).state
    assert len(returned(state)) == 3


def test_a_return_is_echoed_although_its_standard_was_not_heard_of() -> None:
    (echo,) = given(*READY, SUBMITTED).when(returned, standard=None).events
    assert isinstance(echo, ApplicationReturned)


def test_the_return_of_an_unknown_application_changes_nothing() -> None:
    given(*READY).when(returned).then_nothing()


def test_a_closed_case_closes_the_application_once() -> None:
    given(*READY, SUBMITTED, *RETURNED).when(closed).then_once(
        ApplicationClosed(
            **site(OCTOBER), application_id="A1", round=1, case_id=CASE, outcome="returned"
        )
    )


def test_the_closing_of_an_unknown_application_changes_nothing() -> None:
    given(*READY).when(closed).then_nothing()


def test_a_rejection_closes_the_application_without_a_case() -> None:
    given(*READY, SUBMITTED).when(rejected).then_once(
        ApplicationClosed(**site(SEPTEMBER), application_id="A1", round=1, outcome="rejected")
    )


def test_taken_back_before_there_was_a_case_it_counts_as_withdrawn() -> None:
    (event,) = given(*READY, SUBMITTED).when(rejected, "withdrawn").events
    assert isinstance(event, ApplicationClosed)
    assert event.outcome == "withdrawn"


def _mended(*events: DossierEvent) -> list[DossierEvent]:
    """These without the deficiencies, so that only the assessment is in question."""
    return [event for event in events if not isinstance(event, DeficiencyFound)]


def test_the_answer_to_a_return_is_a_new_application_in_the_next_round() -> None:
    again = assessed(marks(), OCTOBER, "S2", "pre-application")
    history = _mended(*READY, SUBMITTED, *RETURNED, *CLOSED, again)
    (event,) = given(*history).when(apply, NOVEMBER, "A2").events
    assert isinstance(event, ApplicationSubmitted)
    assert (event.round, event.previous_application_id, event.assessment_id) == (2, "A1", "S2")


def test_what_the_inspectors_found_holds_the_next_application_back() -> None:
    again = assessed(marks(), OCTOBER, "S2")
    given(*READY, SUBMITTED, *RETURNED, *CLOSED, again).when(apply, NOVEMBER, "A2").refused(
        "deficiencies-open", open_count=2
    )


@pytest.mark.parametrize("kind", ["returned", "failed"])
def test_after_a_setback_the_office_scores_itself_anew(kind: str) -> None:
    history = [*READY, SUBMITTED, *(RETURNED if kind == "returned" else ())]
    history += closed(given(*history).state, kind)
    given(*_mended(*history)).when(apply, NOVEMBER, "A2").refused(
        "assessment-before-setback", set_back_on=OCTOBER
    )


def test_an_assessment_made_before_the_setback_and_recorded_after_it_is_no_answer() -> None:
    before = assessed(marks(), SEPTEMBER, "S2")
    history = _mended(*READY, SUBMITTED, *RETURNED, *CLOSED, before)
    given(*history).when(apply, NOVEMBER, "A2").refused("assessment-before-setback")


ENROLLED = Enrolment(on=AUGUST, township=TOWNSHIP, enrolled=True, name="山城街道", office=OFFICE)
TENTH, ELEVENTH, TWELFTH = (date(2018, 9, day) for day in (10, 11, 12))


@pytest.mark.parametrize("kind", ["returned", "failed"])
@pytest.mark.parametrize(
    ("scored_on", "heard_first", "answers"),
    [
        (ELEVENTH, "assessment", True),
        (ELEVENTH, "set-back", True),
        (TENTH, "assessment", False),
        (TENTH, "set-back", True),
        (SEPTEMBER, "set-back", False),
    ],
)
def test_an_assessment_of_a_later_day_answers_a_setback_whichever_is_heard_first(
    kind: str, scored_on: date, heard_first: str, *, answers: bool
) -> None:
    applied = given(*READY, SUBMITTED).state
    setback = closed(applied, kind, TENTH)
    if kind == "returned":
        setback = [*_mended(*returned(applied, TENTH)), *setback]
    again = assessed(marks(), scored_on, "S2")
    echoes = [again, *setback] if heard_first == "assessment" else [*setback, again]
    history = [*READY, SUBMITTED, *echoes]
    outcome = given(*history).when(apply, TWELFTH, "A2")
    if answers:
        assert outcome.events
    else:
        outcome.refused("assessment-before-setback", set_back_on=TENTH)
    seen = stage(progress(*history), [], [ENROLLED], TWELFTH)
    assert (seen is Stage.READY) is answers


@pytest.mark.parametrize("outcome", ["withdrawn", "void", "awarded"])
def test_otherwise_the_last_assessment_still_counts(outcome: str) -> None:
    history = [*READY, SUBMITTED, *closed(given(*READY, SUBMITTED).state, outcome)]
    assert given(*history).when(apply, NOVEMBER, "A2").events


def test_an_application_is_not_older_than_the_end_of_the_one_before() -> None:
    history = [*READY, SUBMITTED, *closed(given(*READY, SUBMITTED).state, "withdrawn")]
    given(*history).when(apply, SEPTEMBER, "A2").refused(
        "effective-day-too-early", earliest_on=OCTOBER
    )


def failed_until(earliest_on: date | None) -> list[DossierEvent]:
    """Refused a pass in October, scored anew, and told when to come again."""
    state = given(*READY, SUBMITTED).state
    end = closed(state, "failed", may_reapply_on=earliest_on)
    return [*READY, SUBMITTED, *end, assessed(marks(), NOVEMBER, "S2")]


def test_whoever_failed_applies_again_from_the_day_they_were_told() -> None:
    told, early = date(2018, 12, 10), date(2018, 12, 9)
    given(*failed_until(told)).when(apply, early, "A2").refused(
        "reapply-too-early", may_reapply_on=told
    )
    assert given(*failed_until(told)).when(apply, told, "A2").events


def test_whoever_was_told_no_day_applies_at_once() -> None:
    assert given(*failed_until(None)).when(apply, NOVEMBER, "A2").events


def test_only_the_last_end_says_when_to_come_again() -> None:
    first = failed_until(date(2018, 12, 10))
    december = date(2018, 12, 10)
    (second,) = apply(given(*first).state, december, "A2")
    end = case.Closed(**case_site(december, 2), outcome="withdrawn", closed_on=december)
    history = [*first, second, *follow_close(given(*first, second).state, site(december), end)]
    assert given(*history).when(apply, december, "A3").events


def test_before_the_day_the_office_is_told_that_day_though_the_window_is_closed_too() -> None:
    given(*failed_until(date(2020, 2, 1))).when(apply, date(2020, 1, 1), "A2").refused(
        "reapply-too-early"
    )
