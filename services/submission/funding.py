"""How an office asks for money, posts (编制), premises or equipment, and what it is answered."""

from dataclasses import dataclass
from datetime import date

from services.submission.dossier import Dossier, Funding, asked, known
from shared.contracts.blocks import Evidence, TownshipSite
from shared.contracts.dossier import (
    DossierEvent,
    FundingAnswer,
    FundingDecided,
    FundingKind,
    FundingLine,
    FundingRequested,
)
from shared.contracts.refusals import Refused, not_before


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What is asked for, of whom, by when, and which gaps it would close."""

    kind: FundingKind
    title: str
    asked_of: str
    needed_on: date
    lines: tuple[FundingLine, ...] = ()
    amount_fen: int | None = None
    posts: int | None = None
    deficiency_ids: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()


def request_funding(
    dossier: Dossier, site: TownshipSite, funding_id: str, need: Need
) -> list[DossierEvent]:
    """Ask another organisation. Lines that all have a price say the amount by themselves.

    Posts have no price: what they cost is asked for as money.
    """
    if funding_id in dossier.funding:
        return []
    on = site["effective_on"]
    if need.needed_on < on:
        raise Refused("needed-day-passed", needed_on=need.needed_on, effective_on=on)
    for deficiency_id in need.deficiency_ids:
        not_before(on, known(dossier, deficiency_id).found.effective_on)
    return [
        FundingRequested(
            **site,
            funding_id=funding_id,
            kind=need.kind,
            title=need.title,
            lines=need.lines,
            asked_of=need.asked_of,
            needed_on=need.needed_on,
            deficiency_ids=need.deficiency_ids,
            evidence=need.evidence,
            amount_fen=_amount_fen(need),
            posts=need.posts,
        )
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was decided, and on which day; granted in full needs no amount.

    `available_on` is the day from which the office may count on it.
    """

    decision: FundingAnswer
    decided_on: date
    granted_fen: int | None = None
    granted_posts: int | None = None
    available_on: date | None = None
    reason: str | None = None


def decide_funding(
    dossier: Dossier, site: TownshipSite, funding_id: str, answer: Answer, *, decided_by: str
) -> list[DossierEvent]:
    """Put the answer on record; a later one replaces it, the same one changes nothing."""
    funding = asked(dossier, funding_id)
    requested = funding.requested
    granted_fen, granted_posts = _granted(requested, answer)
    decided = FundingDecided(
        **site,
        funding_id=funding_id,
        decision=answer.decision,
        decided_by=decided_by,
        decided_on=answer.decided_on,
        requested_fen=requested.amount_fen,
        granted_fen=granted_fen,
        granted_posts=granted_posts,
        available_on=answer.available_on,
        reason=answer.reason,
    )
    if funding.decided is not None and _said(funding.decided) == _said(decided):
        return []
    _check_days(funding, decided)
    if decided.decision == "refused" and decided.reason is None:
        raise Refused("reasons-missing")
    return [decided]


def _amount_fen(need: Need) -> int | None:
    """The whole amount, or None where it is not known; Refused where what is asked does not fit."""
    prices = [line.unit_price_fen for line in need.lines]
    if need.kind == "posts":
        if not need.posts:
            raise Refused("posts-missing")
        if need.amount_fen is not None or any(price is not None for price in prices):
            raise Refused("posts-asked-with-money")
        return None
    if need.posts is not None:
        raise Refused("posts-asked-with-money")
    amount_fen = need.amount_fen
    if need.lines and None not in prices:
        lines_fen = sum(line.quantity * (line.unit_price_fen or 0) for line in need.lines)
        if amount_fen not in (None, lines_fen):
            raise Refused("funding-amount-differs", amount_fen=amount_fen, lines_fen=lines_fen)
        amount_fen = lines_fen
    if amount_fen == 0 or (amount_fen is None and not need.lines):
        raise Refused("funding-amount-missing")
    return amount_fen


def _granted(requested: FundingRequested, answer: Answer) -> tuple[int | None, int | None]:
    """Money and posts as granted; Refused("grant-unfit") where they do not fit the answer."""
    of_posts = requested.kind == "posts"
    wanted = requested.posts if of_posts else requested.amount_fen
    given, beside = answer.granted_fen, answer.granted_posts
    if of_posts:
        given, beside = beside, given
    if answer.decision == "granted" and given is None:
        given = wanted
    match answer.decision:
        case "granted":
            fits = given != 0 if wanted is None else given == wanted
        case "part":
            # Where nobody named an amount, part of it may be things, and no money at all.
            fits = given != 0 if wanted is None else given is not None and 0 < given < wanted
        case "refused":
            fits = given is None
    if not fits or beside is not None:
        raise Refused(
            "grant-unfit",
            decision=answer.decision,
            requested_fen=requested.amount_fen,
            requested_posts=requested.posts,
            granted_fen=answer.granted_fen,
            granted_posts=answer.granted_posts,
        )
    return (None, given) if of_posts else (given, None)


def _check_days(funding: Funding, decided: FundingDecided) -> None:
    asked_on, on = funding.requested.effective_on, decided.effective_on
    not_before(on, funding.decided.effective_on if funding.decided else asked_on)
    if not asked_on <= decided.decided_on <= on:
        raise Refused("decided-outside", decided_on=decided.decided_on, from_on=asked_on, to_on=on)
    available_on = decided.available_on
    if available_on is None:
        return
    if decided.decision == "refused" or available_on < decided.decided_on:
        raise Refused(
            "available-day-unfit", available_on=available_on, decided_on=decided.decided_on
        )


def _said(decided: FundingDecided) -> tuple[object, ...]:
    """What it comes to, whenever it was put on record."""
    return (
        decided.decision,
        decided.decided_by,
        decided.decided_on,
        decided.granted_fen,
        decided.granted_posts,
        decided.available_on,
        decided.reason,
    )
