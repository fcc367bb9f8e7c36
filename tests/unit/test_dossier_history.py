"""What holds for a dossier whatever its office tries, in whatever order."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import reduce
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from services.submission.application import (
    follow_close,
    follow_rejection,
    follow_return,
    request_withdrawal,
    submit_application,
)
from services.submission.dossier import Dossier, evolve
from services.submission.planning import file_plan, record_assessment, revise_plan
from services.submission.rectification import (
    Remedy,
    complete_rectification,
    find_deficiencies,
    plan_rectification,
    reopen_deficiency,
    withdraw_deficiency,
)
from shared.contracts import case
from shared.contracts.blocks import CaseSite, FoundBy, Reason
from shared.contracts.dossier import (
    ApplicationClosed,
    ApplicationSubmitted,
    AssessmentKind,
    DossierEvent,
    RectificationCompleted,
)
from shared.contracts.refusals import REFUSALS, Refused
from shared.contracts.registry import decode, encode, type_of
from tests.unit.dossiers import (
    OPEN,
    STANDARD,
    finding,
    intent,
    marks,
    site,
    terms,
)

Try = Callable[[Dossier, date], list[DossierEvent]]

ITEMS = st.sampled_from(["staff", "rules", "files", "vehicle"])
ROUNDS = st.integers(1, 3)
OUTCOMES = st.sampled_from(["sent-back", "rejected", "failed"])


def _plan(target: str, revise: bool) -> Try:
    def attempt(dossier: Dossier, on: date) -> list[DossierEvent]:
        if revise:
            return revise_plan(
                dossier, site(on), OPEN, intent(target), signed_by="h1", reason="调整"
            )
        return file_plan(dossier, site(on), OPEN, intent(target), signed_by="h1")

    return attempt


def _assess(name: int, kind: str, rules: int) -> Try:
    return lambda dossier, on: record_assessment(
        dossier,
        site(on),
        assessment_id=f"S{name}",
        kind=cast("AssessmentKind", kind),
        standard=STANDARD,
        scored_under=1,
        marks=marks(rules=rules),
    )


def _find(item: str, blocking: bool) -> Try:
    return lambda dossier, on: find_deficiencies(
        dossier, site(on), [finding(item, blocking=blocking)], standard=STANDARD
    )


def _remedy(item: str, days: int) -> Try:
    return lambda dossier, on: plan_rectification(
        dossier,
        site(on),
        f"D-{item}",
        Remedy(measure="补", responsible_post="内勤", due_on=on + timedelta(days)),
    )


def _complete(name: str) -> Try:
    return lambda dossier, on: complete_rectification(
        dossier, site(on), name, result="已补", evidence=(), calendar=OPEN.calendar
    )


def _correct(item: str, by: str, again: bool) -> Try:
    decide = reopen_deficiency if again else withdraw_deficiency
    return lambda dossier, on: decide(
        dossier, site(on), f"D-{item}", by=cast("FoundBy", by), reason="误"
    )


def _complete_any(place: int) -> Try:
    """Whatever is open, so that what inspectors found can be closed as well."""

    def attempt(dossier: Dossier, on: date) -> list[DossierEvent]:
        names = list(dossier.deficiencies)
        return _complete(names[place % len(names)])(dossier, on) if names else []

    return attempt


def _apply(round_: int) -> Try:
    return lambda dossier, on: submit_application(
        dossier, site(on), application_id=f"A{round_}", terms=terms(), signed_by="h1"
    )


def _withdraw(round_: int) -> Try:
    return lambda dossier, on: request_withdrawal(dossier, site(on), f"A{round_}", reason="搬迁")


def _answer(round_: int, outcome: str) -> Try:
    def attempt(dossier: Dossier, on: date) -> list[DossierEvent]:
        at = CaseSite(
            **site(on),
            case_id=f"p/t/{round_}",
            application_id=f"A{round_}",
            round=round_,
            batch=None,
        )
        if outcome == "rejected":
            reasons = (Reason(code="withdrawn", text="…"),)
            rejected = case.ApplicationRejected(**at, reasons=reasons)
            return follow_rejection(dossier, site(on), rejected)
        if outcome == "sent-back":
            returned = case.Returned(
                **at,
                by="district",
                items=(case.ReturnedItem(item="files", reason="缺页", self_cp=2_000),),
                totals=None,
                resubmit_by_on=on,
                allowed_wd=20,
                decided_by="o1",
            )
            return follow_return(dossier, site(on), returned, STANDARD)
        closed = case.Closed(**at, outcome="failed", closed_on=on)
        return follow_close(dossier, site(on), closed)

    return attempt


TRIES: st.SearchStrategy[Try] = st.one_of(
    st.builds(_plan, st.sampled_from(["first-2018", "all-2019"]), st.booleans()),
    st.builds(
        _assess,
        st.integers(1, 6),
        st.sampled_from(["gap", "full", "pre-application"]),
        st.sampled_from([5, 30]),
    ),
    st.builds(_find, ITEMS, st.booleans()),
    st.builds(_remedy, ITEMS, st.integers(-3, 30)),
    st.builds(_complete_any, st.integers(0, 9)),
    st.builds(_correct, ITEMS, st.sampled_from(["self", "district"]), st.booleans()),
    st.builds(_apply, ROUNDS),
    st.builds(_withdraw, ROUNDS),
    st.builds(_answer, ROUNDS, OUTCOMES),
)
ATTEMPTS = st.lists(st.tuples(TRIES, st.integers(-3, 10)), max_size=8)


def _round(round_: int, outcome: str) -> list[tuple[Try, int]]:
    """An application, its answer, and all that clears the way for the next one."""
    return [
        (_apply(round_), 0),
        (_answer(round_, outcome), 20),
        (_answer(round_, "failed"), 0),
        *((_complete_any(place), 1) for place in range(6)),
        (_assess(10 + round_, "full", 30), 1),
    ]


DAYS = st.builds(
    lambda first, one, second, two, third: [
        *first,
        *_round(1, one),
        *second,
        *_round(2, two),
        *third,
        *_round(3, "failed"),
    ],
    ATTEMPTS,
    OUTCOMES,
    ATTEMPTS,
    OUTCOMES,
    ATTEMPTS,
)
BEGUN: tuple[tuple[Try, int], ...] = (
    (_plan("first-2018", False), 0),
    (_assess(0, "full", 30), 0),
)


def _lived(attempts: Sequence[tuple[Try, int]]) -> tuple[list[DossierEvent], Dossier]:
    """An office that tries these from September on, each some days after the one before.

    Every refusal is in the catalogue, and everything decided and then decided again is one.
    """
    history: list[DossierEvent] = []
    dossier, on = Dossier(), date(2018, 9, 3)
    codes = set()
    for attempt, days in (*BEGUN, *attempts):
        on = max(date(2018, 9, 3), on + timedelta(days))
        try:
            events = attempt(dossier, on)
        except Refused as refused:
            codes.add(refused.code)
            continue
        dossier = reduce(evolve, events, dossier)
        history += events
        assert attempt(dossier, on) == []
    assert codes <= set(REFUSALS)
    return history, dossier


@given(DAYS)
def test_what_was_decided_once_is_not_decided_twice_and_can_always_be_folded(
    attempts: list[tuple[Try, int]],
) -> None:
    history, dossier = _lived(attempts)
    published = [decode(type_of(event), encode(event)) for event in history]
    assert reduce(evolve, cast("list[DossierEvent]", published), Dossier()) == dossier


@given(DAYS)
def test_nobody_is_under_review_twice_and_rounds_count_without_a_gap(
    attempts: list[tuple[Try, int]],
) -> None:
    history, _ = _lived(attempts)
    under_review, rounds = 0, []
    for event in history:
        if isinstance(event, ApplicationSubmitted):
            under_review += 1
            rounds.append(event.round)
        if isinstance(event, ApplicationClosed):
            under_review -= 1
        assert under_review in (0, 1)
    assert rounds == list(range(1, len(rounds) + 1))


@given(DAYS)
def test_an_application_is_made_with_nothing_left_that_blocks_it(
    attempts: list[tuple[Try, int]],
) -> None:
    history, _ = _lived(attempts)
    dossier = Dossier()
    for event in history:
        if isinstance(event, ApplicationSubmitted):
            assert not any(one.holds_back for one in dossier.deficiencies.values())
            assert event.totals.grade != "none"
        dossier = evolve(dossier, event)
        if isinstance(event, RectificationCompleted):
            still_open = [one for one in dossier.deficiencies.values() if one.status == "open"]
            assert event.open_left == len(still_open)
