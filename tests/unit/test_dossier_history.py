"""What holds for a dossier whatever its office tries, in whatever order."""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import reduce
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from services.submission.dossier import Dossier, evolve
from shared.contracts.dossier import (
    ApplicationClosed,
    ApplicationSubmitted,
    DossierEvent,
    FundingDecided,
    RectificationCompleted,
)
from shared.contracts.refusals import REFUSALS, Refused
from shared.contracts.registry import decode, encode, type_of
from tests.unit.dossier_attempts import (
    ATTEMPTS,
    OUTCOMES,
    Try,
    answer,
    apply,
    ask,
    assess,
    complete_any,
    plan,
)


def _round(round_: int, outcome: str) -> list[tuple[Try, int]]:
    """An application, its answer, and all that clears the way for the next one."""
    return [
        (apply(round_), 0),
        (answer(round_, outcome), 20),
        (answer(round_, "failed"), 0),
        *((complete_any(place), 1) for place in range(6)),
        (assess(10 + round_, "full", 30), 1),
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
    (plan("first-2018", False), 0),
    (assess(0, "full", 30), 0),
    (ask("1", "money", "files"), 0),
    (ask("2", "posts", "files"), 0),
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


@given(DAYS)
def test_no_more_is_granted_than_was_asked_for_and_the_answer_that_stands_is_the_last(
    attempts: list[tuple[Try, int]],
) -> None:
    history, dossier = _lived(attempts)
    last = {event.funding_id: event for event in history if isinstance(event, FundingDecided)}
    assert {name: one.decided for name, one in dossier.funding.items() if one.decided} == last
    for name, decided in last.items():
        asked = dossier.funding[name].requested
        assert (decided.granted_posts or 0) <= (asked.posts or 0)
        assert asked.amount_fen is None or (decided.granted_fen or 0) <= asked.amount_fen
