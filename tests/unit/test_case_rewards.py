"""Money for a title: granted by the rules in force, paid in instalments, or cancelled."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.review import reward, title
from services.review.case import Case, evolve
from services.review.programmes.definition import RulesDraft, check_rules
from services.review.programmes.programme import Programme
from shared.contracts.case import CaseEvent, RewardCancelled, RewardGranted
from tests.unit.given import Given, Outcome
from tests.unit.review_path import PROGRAMME, Path, site

given = Given(Case(), evolve)
NOVEMBER, DECEMBER = date(2018, 11, 5), date(2018, 12, 1)
GRANTS = [
    {"fund": "city", "basis": "on-time", "amount_fen": 5_000},
    {"fund": "district", "basis": "rank", "to_rank": 1, "amount_fen": 3_000},
    {"fund": "district", "basis": "rank", "to_rank": 3, "amount_fen": 2_000},
    "此外由区局分管领导决定",
]


def ruled(grants: object = GRANTS) -> Programme:
    rules = tuple(
        replace(one, rules={"grants": grants}) if one.kind == "reward" else one
        for one in PROGRAMME.rules
    )
    return replace(PROGRAMME, rules=rules)


def grant(
    path: Path, basis: str = "on-time", programme: Programme = PROGRAMME, **changes: Any
) -> Outcome[Case, CaseEvent]:
    usual = {"fund": "city", "amount_fen": 100, "reward_id": "m2", "site": site(NOVEMBER)}

    def decide(case: Case) -> list[CaseEvent]:
        return reward.grant_reward(case, programme, basis=basis, **(usual | changes))  # type: ignore[arg-type]  # a literal in every test

    return given(*path.events).when(decide)


def pay(
    path: Path, amount_fen: int, day: date = DECEMBER, reward_id: str = "m1"
) -> Outcome[Case, CaseEvent]:
    return given(*path.events).when(
        reward.pay_reward, reward_id, amount_fen=amount_fen, site=site(day)
    )


def cancel(path: Path, day: date = DECEMBER) -> Outcome[Case, CaseEvent]:
    return given(*path.events).when(reward.cancel_reward, "m1", reason="称号撤销", site=site(day))


def revoked(path: Path, day: date = DECEMBER) -> Path:
    path.events += (
        given(*path.events)
        .when(title.revoke_title, code="forged", reason="弄虚作假", decided_by="c", site=site(day))
        .events
    )
    return path


def test_money_follows_a_title() -> None:
    grant(Path().city_passed()).refused("title-missing")
    grant(Path()).refused("title-missing")
    grant(Path().awarded(), amount_fen=0).refused("amount-not-positive")
    grant(Path().awarded(), site=site(date(2018, 10, 31))).refused("effective-day-too-early")


def test_a_reward_by_rank_names_the_rank() -> None:
    for rank, of in ((None, None), (4, 3), (0, 3)):
        grant(Path().awarded(), "rank", rank=rank, of=of).refused("rank-missing")


def test_a_fund_grants_once_for_one_reason() -> None:
    path = Path().granted()
    grant(path).refused("reward-granted", fund="city")
    assert grant(path, "demonstration").events


def test_money_may_follow_after_the_case_is_closed() -> None:
    assert grant(Path().closed()).events


def test_instalments_together_never_exceed_the_grant() -> None:
    path = Path().granted(1000)
    path.events += pay(path, 600).events
    pay(path, 401).refused("payment-over-grant", left_fen=400)
    path.events += pay(path, 400).events
    pay(path, 1).refused("payment-over-grant", left_fen=0)


def test_only_a_granted_reward_is_paid() -> None:
    pay(Path().granted(), 1, reward_id="x").refused("reward-unknown")
    pay(Path().granted(), 0).refused("amount-not-positive")


def test_where_the_rules_list_a_grant_its_amount_is_theirs() -> None:
    path = Path().awarded()
    grant(path, programme=ruled(), amount_fen=4_999).refused(
        "amount-differs-from-rules", amount_fen=4_999, ruled_fen=5_000
    )
    (event,) = grant(path, programme=ruled(), amount_fen=5_000).events
    assert isinstance(event, RewardGranted)


@pytest.mark.parametrize(("rank", "amount_fen"), [(1, 3_000), (2, 2_000), (3, 2_000)])
def test_a_rank_is_rewarded_by_the_rule_that_reaches_it(rank: int, amount_fen: int) -> None:
    path, usual = Path().awarded(), {"fund": "district", "rank": rank, "of": 10}
    assert grant(path, "rank", ruled(), amount_fen=amount_fen, **usual).events
    grant(path, "rank", ruled(), amount_fen=amount_fen + 1, **usual).refused(
        "amount-differs-from-rules", ruled_fen=amount_fen
    )


def test_nobody_is_rewarded_for_a_rank_beyond_the_rules() -> None:
    grant(
        Path().awarded(), "rank", ruled(), fund="district", rank=4, of=10, amount_fen=2_000
    ).refused("rank-not-rewarded", rank=4, to_rank=3)


@pytest.mark.parametrize("grants", [[], None, "由区局决定", [{"fund": "city"}], [7]])
def test_rules_that_list_no_such_grant_leave_it_to_the_leader(grants: object) -> None:
    assert grant(Path().awarded(), programme=ruled(grants)).events
    assert grant(Path().awarded(), "demonstration", ruled()).events


def test_the_rules_a_programme_may_publish_are_read_as_they_are() -> None:
    # What is checked at publication is words and whole numbers, and nothing of their meaning.
    odd = [{"fund": "district", "basis": "rank", "to_rank": "三", "amount_fen": 100}]
    check_rules(RulesDraft(kind="reward", rules={"grants": odd}))
    assert grant(Path().awarded(), "rank", ruled(odd), fund="district", rank=9, of=9).events


def test_a_cancellation_takes_what_is_not_paid_and_nothing_follows_it() -> None:
    path = Path().granted(1_000)
    path.events += pay(path, 600).events
    (event,) = cancel(path).events
    assert isinstance(event, RewardCancelled)
    assert event.amount_fen == 400
    cancel(path).then_once(event)
    path.events.append(event)
    pay(path, 1).refused("reward-cancelled", cancelled_fen=400)


def test_what_was_paid_in_full_is_not_cancelled() -> None:
    path = Path().granted(1_000)
    path.events += pay(path, 1_000).events
    cancel(path).refused("reward-paid", paid_fen=1_000)


def test_a_cancellation_is_no_earlier_than_the_payments_that_it_leaves() -> None:
    path = Path().granted(1_000)
    path.events += pay(path, 600).events
    cancel(path, date(2018, 11, 30)).refused("effective-day-too-early", earliest_on=DECEMBER)


def test_a_grant_that_was_cancelled_unpaid_may_come_anew_and_one_paid_in_part_not() -> None:
    path = Path().granted(1_000)
    path.events += cancel(path).events
    assert grant(path).events
    part = Path().granted(1_000)
    part.events += pay(part, 600).events
    part.events += cancel(part).events
    grant(part).refused("reward-granted", fund="city")


def test_a_revoked_title_brings_no_more_money_and_its_rest_may_be_cancelled() -> None:
    path = revoked(Path().granted(1_000))
    grant(path, "demonstration", site=site(DECEMBER)).refused("title-revoked")
    pay(path, 1_000).refused("title-revoked", revoked_on=DECEMBER)
    assert cancel(path).events
    # What was paid before it was revoked may be told late.
    assert pay(path, 1_000, date(2018, 11, 30)).events


def test_only_what_was_granted_is_cancelled() -> None:
    cancel(Path().awarded()).refused("reward-unknown", reward_id="m1")
    cancel(Path().city_passed()).refused("title-missing")
