"""What a passed case leads to: title, plaque, reward, and its end."""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.review.case import Case, block, check_title, under_review
from services.review.city import official
from services.review.programme import Programme
from services.review.standards import no_duplicates
from shared.contracts.blocks import ProgrammeSite, Title
from shared.contracts.case import CaseEvent, Closed, RewardGranted, RewardPaid, TitleAwarded
from shared.contracts.refusals import Refused

_BRACKETS = str.maketrans(dict.fromkeys("〔[【〖{", "(") | dict.fromkeys("〕]】〗}", ")"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Award:
    """The title that one case is given, with the number on its plaque."""

    title: Title
    plaque_number: str


def award_titles(
    cases: Sequence[Case],
    awards: Sequence[Award],
    *,
    award_id: str,
    valid_until_on: date | None = None,
    on_behalf_of: str | None = None,
    site: ProgrammeSite,
) -> list[list[CaseEvent]]:
    """Award many titles in one act: all, or none.

    That a plaque number was never used before is the store's to say: it is claimed for ever, as
    `plaque_key` writes it. Raises Refused: `cases-missing`, `duplicate-code`, `wrong-stage`,
    `title-beyond-verdict`, `plaque-in-use`, `plaque-number-empty`, `document-missing`.
    """
    if on_behalf_of is not None:
        official(site.get("document"))
    if not cases:
        raise Refused("cases-missing")
    if len(cases) != len(awards):
        raise ValueError("an award for each case")
    no_duplicates("case", (case.opened.case_id for case in cases if case.opened))
    for value, times in Counter(plaque_key(award.plaque_number) for award in awards).items():
        if not value:
            raise Refused("plaque-number-empty")
        if times > 1:
            raise Refused("plaque-in-use", value=value)
    return [
        [_award(case, award, award_id, valid_until_on, site)]
        for case, award in zip(cases, awards, strict=True)
    ]


def plaque_key(number: str) -> str:
    """The form in which plaque numbers are compared: NFKC, brackets alike, no spaces, no case."""
    alike = unicodedata.normalize("NFKC", number).translate(_BRACKETS)
    return "".join(alike.split()).casefold()


def grant_reward(
    case: Case,
    programme: Programme,
    *,
    reward_id: str,
    fund: Literal["city", "district"],
    basis: Literal["on-time", "demonstration", "rank"],
    amount_fen: int,
    rank: int | None = None,
    of: int | None = None,
    site: ProgrammeSite,
) -> list[CaseEvent]:
    """Grant money for a title; the case may be closed already.

    The grant names the version of the reward rules in force that day; that amount and rank follow
    from their words is the granting leader's to answer for.

    Raises Refused: `title-missing`, `amount-not-positive`, `rules-not-in-force`, `rank-missing`,
    `demonstration-not-reached`, `reward-granted`.
    """
    title = _titled(case)
    if amount_fen <= 0:
        raise Refused("amount-not-positive")
    rules = programme.rules_on("reward", site["effective_on"])
    if rules is None:
        raise Refused("rules-not-in-force", kind="reward", day=site["effective_on"])
    if basis == "rank" and (rank is None or of is None or not 1 <= rank <= of):
        raise Refused("rank-missing")
    if basis == "demonstration":
        check_title("demonstration", title.title)
    for one in case.rewards.values():
        if (one.granted.fund, one.granted.basis) == (fund, basis):
            raise Refused("reward-granted", fund=fund, basis=basis)
    return [
        RewardGranted(
            **block(case, site, since=title.effective_on),
            reward_id=reward_id,
            fund=fund,
            basis=basis,
            rule_version=rules.version,
            amount_fen=amount_fen,
            granted_on=site["effective_on"],
            rank=rank,
            of=of,
        )
    ]


def pay_reward(
    case: Case, reward_id: str, *, amount_fen: int, site: ProgrammeSite
) -> list[CaseEvent]:
    """Pay an instalment; all of them together never exceed the grant.

    Raises Refused: `reward-unknown`, `amount-not-positive`, `payment-over-grant`.
    """
    _titled(case)
    reward = case.rewards.get(reward_id)
    if reward is None:
        raise Refused("reward-unknown", reward_id=reward_id)
    if amount_fen <= 0:
        raise Refused("amount-not-positive")
    left_fen = reward.granted.amount_fen - reward.paid_fen
    if amount_fen > left_fen:
        raise Refused("payment-over-grant", amount_fen=amount_fen, left_fen=left_fen)
    return [
        RewardPaid(
            **block(case, site, since=reward.granted.effective_on),
            reward_id=reward_id,
            amount_fen=amount_fen,
            paid_on=site["effective_on"],
        )
    ]


def close_case(case: Case, *, reason: str | None = None, site: ProgrammeSite) -> list[CaseEvent]:
    """End a case whose title is awarded; every other outcome ends with its own decision."""
    under_review(case, "awarded")
    return [
        Closed(
            **block(case, site),
            outcome="awarded",
            closed_on=site["effective_on"],
            reason=reason,
        )
    ]


def _award(
    case: Case, award: Award, award_id: str, valid_until_on: date | None, site: ProgrammeSite
) -> TitleAwarded:
    under_review(case, "city-passed")
    verdict = case.city_passed
    if verdict is None:
        raise Refused("wrong-stage", stage=case.stage, needed=["city-passed"])
    if award.title == "demonstration" and verdict.title != "demonstration":
        raise Refused("title-beyond-verdict", case=verdict.case_id)
    return TitleAwarded(
        **block(case, site),
        title=award.title,
        plaque_number=award.plaque_number.strip(),
        city_passed_on=verdict.passed_on,
        awarded_on=site["effective_on"],
        award_id=award_id,
        valid_until_on=valid_until_on,
    )


def _titled(case: Case) -> TitleAwarded:
    if case.opened is None:
        raise Refused("case-unknown")
    if case.title is None:
        raise Refused("title-missing")
    return case.title
