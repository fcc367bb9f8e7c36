"""What an office may ask for, and what answers go on record."""

from dataclasses import replace
from datetime import date
from typing import cast

import pytest

from services.submission.dossier import Dossier, evolve
from services.submission.funding import Answer, Need, decide_funding, request_funding
from services.submission.rectification import find_deficiencies
from shared.contracts.dossier import (
    DossierEvent,
    FundingDecided,
    FundingKind,
    FundingLine,
    FundingRequested,
)
from tests.unit.dossiers import AUGUST, MARCH, MAY, STANDARD, finding, site
from tests.unit.given import Given

given = Given(Dossier(), evolve)
JUNE, JULY = date(2018, 6, 4), date(2018, 7, 2)
GOVERNMENT = "370406001-gov"
CAMERAS = FundingLine(name="执法记录仪", quantity=2, unit_price_fen=150_000)
CAR = FundingLine(name="执法车", quantity=1)
NEED = Need(
    kind="equipment",
    title="执法装备",
    lines=(CAMERAS,),
    asked_of=GOVERNMENT,
    needed_on=AUGUST,
)
POSTS = Need(kind="posts", title="增编", posts=3, asked_of=GOVERNMENT, needed_on=AUGUST)
UNPRICED = replace(NEED, lines=(CAR,))


def ask(
    dossier: Dossier, on: date = MAY, need: Need = NEED, name: str = "F1"
) -> list[DossierEvent]:
    return request_funding(dossier, site(on), name, need)


def answer(
    decision: str = "granted",
    decided_on: date = JUNE,
    *,
    fen: int | None = None,
    posts: int | None = None,
    available_on: date | None = None,
    reason: str | None = None,
) -> Answer:
    return Answer(
        decision=decision,  # type: ignore[arg-type]  # a literal by parameter
        decided_on=decided_on,
        granted_fen=fen,
        granted_posts=posts,
        available_on=available_on,
        reason=reason,
    )


def decide(
    dossier: Dossier, given_answer: Answer, on: date = JUNE, by: str = GOVERNMENT
) -> list[DossierEvent]:
    return decide_funding(dossier, site(on), "F1", given_answer, decided_by=by)


def asked_for(need: Need) -> DossierEvent:
    (event,) = ask(Dossier(), need=need)
    return event


ASKED = cast("FundingRequested", asked_for(NEED))
ASKED_POSTS, ASKED_UNPRICED = asked_for(POSTS), asked_for(UNPRICED)
GRANTED = cast("FundingDecided", decide(given(ASKED).state, answer())[0])
(FILES,) = find_deficiencies(Dossier(), site(MAY), [finding("files")], standard=STANDARD)


def test_lines_that_all_have_a_price_say_the_amount() -> None:
    given().when(ask).then_once(
        FundingRequested(
            **site(MAY),
            funding_id="F1",
            kind="equipment",
            title="执法装备",
            lines=(CAMERAS,),
            asked_of=GOVERNMENT,
            needed_on=AUGUST,
            deficiency_ids=(),
            evidence=(),
            amount_fen=300_000,
        )
    )


def test_an_amount_that_equals_its_lines_is_taken() -> None:
    assert given().when(ask, MAY, replace(NEED, amount_fen=300_000)).events


def test_an_amount_other_than_the_sum_of_its_lines_is_refused() -> None:
    given().when(ask, MAY, replace(NEED, amount_fen=300_001)).refused(
        "funding-amount-differs", amount_fen=300_001, lines_fen=300_000
    )


@pytest.mark.parametrize("amount_fen", [None, 9_000_000])
def test_where_a_price_is_not_known_the_amount_is_an_estimate_or_none(
    amount_fen: int | None,
) -> None:
    need = replace(NEED, lines=(CAMERAS, CAR), amount_fen=amount_fen)
    (event,) = given().when(ask, MAY, need).events
    assert isinstance(event, FundingRequested)
    assert event.amount_fen == amount_fen


@pytest.mark.parametrize("kind", ["money", "equipment", "premises"])
def test_money_alone_needs_no_lines(kind: FundingKind) -> None:
    need = replace(NEED, kind=kind, lines=(), amount_fen=1)
    assert given().when(ask, MAY, need).events


@pytest.mark.parametrize("kind", ["money", "equipment", "premises"])
@pytest.mark.parametrize("amount_fen", [None, 0])
def test_who_asks_says_how_much(kind: FundingKind, amount_fen: int | None) -> None:
    need = replace(NEED, kind=kind, lines=(), amount_fen=amount_fen)
    given().when(ask, MAY, need).refused("funding-amount-missing")


def test_things_that_cost_nothing_are_no_request() -> None:
    free = replace(NEED, lines=(replace(CAMERAS, unit_price_fen=0),))
    given().when(ask, MAY, free).refused("funding-amount-missing")


def test_posts_are_asked_for_by_their_number() -> None:
    (event,) = given().when(ask, MAY, POSTS).events
    assert isinstance(event, FundingRequested)
    assert (event.posts, event.amount_fen) == (3, None)


@pytest.mark.parametrize("posts", [None, 0])
def test_posts_without_a_number_are_refused(posts: int | None) -> None:
    given().when(ask, MAY, replace(POSTS, posts=posts)).refused("posts-missing")


@pytest.mark.parametrize(
    "need",
    [replace(POSTS, amount_fen=1), replace(POSTS, lines=(CAMERAS,)), replace(NEED, posts=1)],
    ids=["an amount", "a price", "posts beside equipment"],
)
def test_posts_and_money_are_asked_for_apart(need: Need) -> None:
    given().when(ask, MAY, need).refused("posts-asked-with-money")


def test_a_request_names_the_gaps_it_would_close() -> None:
    need = replace(NEED, deficiency_ids=("D-files",))
    (event,) = given(FILES).when(ask, JUNE, need).events
    assert isinstance(event, FundingRequested)
    assert event.deficiency_ids == ("D-files",)
    given().when(ask, JUNE, need).refused("unknown-deficiency", deficiency_id="D-files")
    given(FILES).when(ask, MARCH, need).refused("effective-day-too-early", earliest_on=MAY)


def test_nothing_is_needed_before_it_is_asked_for() -> None:
    given().when(ask, date(2018, 9, 1)).refused("needed-day-passed", needed_on=AUGUST)
    assert given().when(ask, AUGUST).events


def test_granted_in_full_is_what_was_asked_for() -> None:
    given(ASKED).when(decide, answer(available_on=JULY)).then_once(
        FundingDecided(
            **site(JUNE),
            funding_id="F1",
            decision="granted",
            decided_by=GOVERNMENT,
            decided_on=JUNE,
            requested_fen=300_000,
            granted_fen=300_000,
            available_on=JULY,
        )
    )


def test_a_part_is_more_than_nothing_and_less_than_all() -> None:
    (event,) = given(ASKED).when(decide, answer("part", fen=299_999)).events
    assert isinstance(event, FundingDecided)
    assert event.granted_fen == 299_999


def test_posts_are_granted_by_their_number() -> None:
    (event,) = given(ASKED_POSTS).when(decide, answer()).events
    assert isinstance(event, FundingDecided)
    assert (event.granted_posts, event.granted_fen, event.requested_fen) == (3, None, None)


@pytest.mark.parametrize(
    "unfit",
    [
        answer(fen=299_999),
        answer("part"),
        answer("part", fen=0),
        answer("part", fen=300_000),
        answer("refused", fen=1, reason="财力有限"),
        answer(posts=1),
    ],
)
def test_an_answer_that_its_figures_deny_is_refused(unfit: Answer) -> None:
    given(ASKED).when(decide, unfit).refused(
        "grant-unfit", requested_fen=300_000, granted_fen=unfit.granted_fen
    )


@pytest.mark.parametrize("unfit", [answer(posts=2), answer("part", posts=3), answer(fen=1)])
def test_an_answer_about_posts_is_in_posts(unfit: Answer) -> None:
    given(ASKED_POSTS).when(decide, unfit).refused("grant-unfit", requested_posts=3)


@pytest.mark.parametrize("decision", ["granted", "part"])
@pytest.mark.parametrize("fen", [None, 8_000_000])
def test_where_no_amount_was_asked_for_any_or_none_is_granted(
    decision: str, fen: int | None
) -> None:
    (event,) = given(ASKED_UNPRICED).when(decide, answer(decision, fen=fen)).events
    assert isinstance(event, FundingDecided)
    assert (event.requested_fen, event.granted_fen) == (None, fen)
    given(ASKED_UNPRICED).when(decide, answer(decision, fen=0)).refused("grant-unfit")


def test_whoever_refuses_says_why() -> None:
    given(ASKED).when(decide, answer("refused")).refused("reasons-missing")
    (event,) = given(ASKED).when(decide, answer("refused", reason="财力有限")).events
    assert isinstance(event, FundingDecided)
    assert (event.granted_fen, event.reason) == (None, "财力有限")


@pytest.mark.parametrize("decided_on", [date(2018, 5, 9), date(2018, 6, 5)])
def test_it_is_decided_between_the_request_and_the_record(decided_on: date) -> None:
    given(ASKED).when(decide, answer(decided_on=decided_on)).refused(
        "decided-outside", from_on=MAY, to_on=JUNE
    )


@pytest.mark.parametrize("decided_on", [MAY, JUNE])
def test_the_day_of_the_request_and_of_the_record_will_do(decided_on: date) -> None:
    assert given(ASKED).when(decide, answer(decided_on=decided_on)).events


def test_it_is_available_no_earlier_than_decided() -> None:
    early = answer(available_on=date(2018, 6, 3))
    given(ASKED).when(decide, early).refused("available-day-unfit", decided_on=JUNE)
    assert given(ASKED).when(decide, answer(available_on=JUNE)).events


def test_what_is_refused_is_never_available() -> None:
    odd = answer("refused", reason="财力有限", available_on=JULY)
    given(ASKED).when(decide, odd).refused("available-day-unfit")


def test_an_answer_is_not_older_than_the_request() -> None:
    given(ASKED).when(decide, answer(decided_on=MARCH), MARCH).refused(
        "effective-day-too-early", earliest_on=MAY
    )


def test_a_later_answer_replaces_the_earlier_one() -> None:
    outcome = given(ASKED, GRANTED).when(decide, answer("part", JULY, fen=1), JULY)
    (event,) = outcome.events
    assert outcome.state.funding["F1"].decided == event
    given(ASKED, GRANTED, event).when(decide, answer(), JUNE).refused(
        "effective-day-too-early", earliest_on=JULY
    )


def test_the_same_answer_on_another_day_changes_nothing() -> None:
    given(ASKED, GRANTED).when(decide, answer(), JULY).then_nothing()
    given(ASKED, GRANTED).when(decide, answer(fen=300_000), JULY).then_nothing()


def test_the_same_answer_by_another_organisation_is_another_answer() -> None:
    assert given(ASKED, GRANTED).when(decide, answer(), JUNE, "370406-finance").events


def test_what_nobody_asked_for_is_not_decided() -> None:
    given().when(decide, answer()).refused("unknown-funding", funding_id="F1")
