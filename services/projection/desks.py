"""Who sits on the team of each case and what they still owe it: folded from its own events."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from shared.contracts.case import (
    Closed,
    ConsensusRecorded,
    MarksRecorded,
    Member,
    MemberRecused,
    PreliminaryFailed,
    PreliminaryPassed,
    Recommended,
    Returned,
    TeamAppointed,
    WithdrawalRefused,
)
from shared.contracts.dossier import WithdrawalRequested
from shared.messaging.reactions import Received

MANNING = (
    "fuyan.case.team-appointed.v1",
    "fuyan.case.member-recused.v1",
    "fuyan.case.marks-recorded.v1",
    "fuyan.case.consensus-recorded.v1",
    "fuyan.case.returned.v1",
    "fuyan.case.preliminary-passed.v1",
    "fuyan.case.preliminary-failed.v1",
    "fuyan.case.recommended.v1",
    "fuyan.case.closed.v1",
    "fuyan.case.withdrawal-refused.v1",
    "fuyan.dossier.withdrawal-requested.v1",
)
"""Which events `desks` is made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One case's team; `marked` are the categories that each officer has marked.

    `decided` by the district, or over without, and `recommended` to the city: from then on others
    read more of it.

    A request to withdraw and its refusal come on two topics in any order, so both are counted.
    """

    members: Mapping[str, Member] = field(default_factory=dict)
    marked: Mapping[str, frozenset[str]] = field(default_factory=dict)
    agreed: bool = False
    decided: bool = False
    recommended: bool = False
    asked: int = 0
    refused: int = 0

    @property
    def withdrawing(self) -> bool:
        """Whether a request to withdraw waits for its answer."""
        return self.asked > self.refused

    def owing(self) -> list[Member]:
        """Members with categories of theirs that they have not marked."""
        return [
            one
            for officer, one in self.members.items()
            if not {*one.categories} <= self.marked.get(officer, frozenset())
            or officer not in self.marked
        ]


def desks(events: Iterable[Received]) -> dict[str, Desk]:
    """By the case's subject, `<programme>/<township>/<round>`."""
    found: dict[str, Desk] = {}
    for one in events:
        subject = one.record.subject
        if isinstance(one.event, WithdrawalRequested):
            subject = f"{subject}/{one.event.round}"
        found[subject] = evolve(found.get(subject, Desk()), one.event)
    return found


def evolve(desk: Desk, event: object) -> Desk:
    """The desk after one more event."""
    match event:
        case TeamAppointed(members=members):
            return replace(desk, members={one.officer: one for one in members}, agreed=False)
        case MemberRecused(officer=officer):
            stay = {name: one for name, one in desk.members.items() if name != officer}
            return replace(desk, members=stay, agreed=False)
        case MarksRecorded(officer=officer, categories=categories):
            marked = desk.marked.get(officer, frozenset()).union(categories)
            return replace(desk, marked={**desk.marked, officer: marked})
        case ConsensusRecorded():
            return replace(desk, agreed=True)
        case Returned() | PreliminaryPassed() | PreliminaryFailed() | Closed():
            return replace(desk, decided=True)
        case Recommended():
            return replace(desk, recommended=True)
        case WithdrawalRequested():
            return replace(desk, asked=desk.asked + 1)
        case WithdrawalRefused():
            return replace(desk, refused=desk.refused + 1)
        case _:
            return desk
