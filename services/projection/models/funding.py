"""What a dossier asked others for, and what it was answered."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from shared.contracts.dossier import (
    FundingAnswer,
    FundingDecided,
    FundingKind,
    FundingRequested,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """The office asked `asked_of` for money, posts, premises or equipment."""

    version: int
    on: date
    funding: str
    kind: FundingKind
    title: str
    asked_of: str
    needed_on: date
    amount_fen: int | None
    posts: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """A request was answered; a later answer replaces it."""

    version: int
    on: date
    funding: str
    decision: FundingAnswer
    decided_by: str
    granted_fen: int | None
    granted_posts: int | None
    available_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request with the answer that counts; `versions` are of all events about it."""

    asking: Asking
    answer: Answering | None = None
    versions: tuple[int, ...]


def requests(askings: Iterable[Asking], answers: Iterable[Answering]) -> list[Request]:
    """Every request in the order of asking, each with its last answer."""
    found = {one.funding: Request(asking=one, versions=(one.version,)) for one in askings}
    for answer in answers:
        # An answer whose question is not known here is about nothing that anybody could count.
        if request := found.get(answer.funding):
            versions = (*request.versions, answer.version)
            found[answer.funding] = replace(request, answer=answer, versions=versions)
    return list(found.values())


def asking(event: FundingRequested, version: int, on: date) -> Asking:
    return Asking(
        version=version,
        on=on,
        funding=event.funding_id,
        kind=event.kind,
        title=event.title,
        asked_of=event.asked_of,
        needed_on=event.needed_on,
        amount_fen=event.amount_fen,
        posts=event.posts,
    )


def answering(event: FundingDecided, version: int, on: date) -> Answering:
    return Answering(
        version=version,
        on=on,
        funding=event.funding_id,
        decision=event.decision,
        decided_by=event.decided_by,
        granted_fen=event.granted_fen,
        granted_posts=event.granted_posts,
        available_on=event.available_on,
    )
