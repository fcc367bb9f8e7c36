"""Money and posts: asked, granted, rewarded, paid, by township and in sum. Pure, over a picture."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from services.projection.happenings import event_names
from services.projection.models.case import CaseProgress
from services.projection.models.dossier import DossierProgress
from services.projection.models.funding import Request
from services.projection.models.reward import Basis, Fund, Reward, rewards
from services.projection.picture import Picture, Township
from shared.contracts.dossier import FundingAnswer, FundingKind

KINDS: tuple[FundingKind, ...] = get_args(FundingKind)
FUNDS: tuple[Fund, ...] = get_args(Fund)
Answer = Literal["unanswered"] | FundingAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """What was asked of others, of one kind or of all; a later answer replaces the earlier."""

    kind: FundingKind | None
    requests: int
    unanswered: int
    refused: int
    asked_fen: int
    granted_fen: int
    asked_posts: int
    granted_posts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewarded:
    """What was rewarded from one fund or from all; outstanding is neither paid nor cancelled."""

    fund: Fund | None
    rewards: int
    granted_fen: int
    paid_fen: int
    cancelled_fen: int
    outstanding_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """In all, and apart by kind of support and by fund."""

    support: Support
    by_kind: tuple[Support, ...]
    rewards: Rewarded
    by_fund: tuple[Rewarded, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request with the answer that counts."""

    funding: str
    kind: FundingKind
    title: str
    asked_of: str
    asked_on: date
    needed_on: date
    asked_fen: int | None
    asked_posts: int | None
    answer: Answer
    answered_on: date | None
    decided_by: str | None
    granted_fen: int | None
    granted_posts: int | None
    available_on: date | None
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """One reward of a case."""

    reward: str
    case: str
    fund: Fund
    basis: Basis
    rule_version: int
    rank: int | None
    of: int | None
    granted_on: date
    granted_fen: int
    paid_fen: int
    cancelled_fen: int
    outstanding_fen: int
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One township's."""

    township: str
    name: str
    sums: Sums
    requests: tuple[Asked, ...]
    rewards: tuple[Granted, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """Townships by division code."""

    sums: Sums
    townships: tuple[Account, ...]


def money(picture: Picture) -> Money:
    """Everything asked and rewarded, also by and of townships that have left.

    Asked are all amounts, whatever the kind and the answer.
    """
    townships = sorted(picture.townships, key=lambda one: one.code)
    return Money(
        sums=_sums(
            [request for one in townships for request in one.dossier.requests()],
            [reward for one in townships for _, reward in _rewards(one)],
        ),
        townships=tuple(_account(one) for one in townships),
    )


def _account(township: Township) -> Account:
    requests = township.dossier.requests()
    granted = _rewards(township)
    return Account(
        township=township.code,
        name=township.name,
        sums=_sums(requests, [reward for _, reward in granted]),
        requests=tuple(_asked(township.dossier, request) for request in requests),
        rewards=tuple(_granted(case, reward) for case, reward in granted),
    )


def _rewards(township: Township) -> list[tuple[CaseProgress, Reward]]:
    return [(case, reward) for case in township.cases for reward in rewards(case.rewards)]


def _sums(requests: Sequence[Request], granted: Sequence[Reward]) -> Sums:
    return Sums(
        support=_support(None, requests),
        by_kind=tuple(
            _support(kind, [one for one in requests if one.asking.kind == kind]) for kind in KINDS
        ),
        rewards=_rewarded(None, granted),
        by_fund=tuple(
            _rewarded(fund, [one for one in granted if one.grant.fund == fund]) for fund in FUNDS
        ),
    )


def _support(kind: FundingKind | None, requests: Sequence[Request]) -> Support:
    answers = [one.answer for one in requests if one.answer]
    return Support(
        kind=kind,
        requests=len(requests),
        unanswered=len(requests) - len(answers),
        refused=sum(one.decision == "refused" for one in answers),
        asked_fen=_total(one.asking.amount_fen for one in requests),
        granted_fen=_total(one.granted_fen for one in answers),
        asked_posts=_total(one.asking.posts for one in requests),
        granted_posts=_total(one.granted_posts for one in answers),
    )


def _rewarded(fund: Fund | None, granted: Sequence[Reward]) -> Rewarded:
    return Rewarded(
        fund=fund,
        rewards=len(granted),
        granted_fen=sum(one.granted_fen for one in granted),
        paid_fen=sum(one.paid_fen for one in granted),
        cancelled_fen=sum(one.cancelled_fen for one in granted),
        outstanding_fen=sum(one.outstanding_fen for one in granted),
    )


def _total(numbers: Iterable[int | None]) -> int:
    return sum(number or 0 for number in numbers)


def _asked(dossier: DossierProgress, request: Request) -> Asked:
    asking, answer = request.asking, request.answer
    return Asked(
        funding=asking.funding,
        kind=asking.kind,
        title=asking.title,
        asked_of=asking.asked_of,
        asked_on=asking.on,
        needed_on=asking.needed_on,
        asked_fen=asking.amount_fen,
        asked_posts=asking.posts,
        answer=answer.decision if answer else "unanswered",
        answered_on=answer.on if answer else None,
        decided_by=answer.decided_by if answer else None,
        granted_fen=answer.granted_fen if answer else None,
        granted_posts=answer.granted_posts if answer else None,
        available_on=answer.available_on if answer else None,
        events=event_names("dossier", f"{dossier.programme}/{dossier.township}", request.versions),
    )


def _granted(case: CaseProgress, reward: Reward) -> Granted:
    return Granted(
        reward=reward.reward,
        case=case.subject,
        fund=reward.grant.fund,
        basis=reward.grant.basis,
        rule_version=reward.grant.rule_version,
        rank=reward.grant.rank,
        of=reward.grant.of,
        granted_on=reward.on,
        granted_fen=reward.granted_fen,
        paid_fen=reward.paid_fen,
        cancelled_fen=reward.cancelled_fen,
        outstanding_fen=reward.outstanding_fen,
        events=event_names("case", case.subject, reward.versions),
    )
