"""Terms count by the calendar known when they were set: May 2019 was changed on 22 March 2019."""

from dataclasses import replace
from datetime import date
from functools import reduce

from services.review.case import Case
from services.review.case import evolve as evolve_case
from services.review.case_opening import open_case
from services.review.programmes.definition import CalendarDraft, RulesDraft
from services.review.programmes.programme import Programme, evolve
from services.review.programmes.publishing import publish_calendar
from services.review.verdict import Complaint, return_application
from shared.contracts.case import Opened, Returned
from shared.contracts.programme import ProgrammeEvent
from tests.unit.given import Given
from tests.unit.review_path import DEFINITION, PAPER, application, opened, site

given = Given(Programme(), evolve)
NEWS = date(2019, 3, 22)
BEFORE = CalendarDraft(
    year=2019, holidays=(date(2019, 4, 5), date(2019, 5, 1)), worked_weekends=(), source=PAPER
)
AFTER = replace(
    BEFORE,
    holidays=(date(2019, 4, 5), *(date(2019, 5, day) for day in range(1, 5))),
    worked_weekends=(date(2019, 4, 28), date(2019, 5, 5)),
)
TERMS = RulesDraft(kind="deadlines", rules={"decide_wd": 28, "resubmit_wd": 28})


def known_before() -> list[ProgrammeEvent]:
    old = opened(replace(DEFINITION, rules=(TERMS,)))
    return [*old, *given(*old).when(publish_calendar, BEFORE, site=site(date(2018, 12, 6))).events]


def known_after() -> list[ProgrammeEvent]:
    old = known_before()
    return [*old, *given(*old).when(publish_calendar, AFTER, site=site(NEWS)).events]


def decide_by(programme: list[ProgrammeEvent], applied_on: date) -> date:
    sent = replace(application(day=applied_on), batch=None)
    (event,) = open_case(Case(), given(*programme).state, sent)
    assert isinstance(event, Opened)
    return event.decide_by_on


def resubmit_by(programme: list[ProgrammeEvent], returned_on: date) -> date:
    sent = replace(application(day=date(2019, 3, 20)), batch=None)
    state = given(*programme).state
    case = reduce(evolve_case, open_case(Case(), state, sent), Case())
    event, *_ = return_application(
        case,
        state,
        [Complaint(item="JG-1", reason="缺批文")],
        own_marks={},
        decided_by="liu",
        site=site(returned_on),
    )
    assert isinstance(event, Returned)
    return event.resubmit_by_on


def test_a_term_set_before_the_news_keeps_the_day_it_was_given() -> None:
    for term in (decide_by, resubmit_by):
        assert term(known_before(), date(2019, 3, 21)) == date(2019, 5, 2)


def test_a_term_set_after_the_news_counts_the_worked_sundays_and_the_longer_holiday() -> None:
    for term in (decide_by, resubmit_by):
        assert term(known_before(), NEWS) == date(2019, 5, 3)
        assert term(known_after(), NEWS) == date(2019, 5, 5)
