"""What a case remembers, and what every decision about it asks first.

It begins in `case_opening.py`; then come `team.py`, `consensus.py`, `verdict.py` for the district,
`letters.py` and `city.py`, and what it leads to: `title.py`, `reward.py`. `veto.py` bars the way.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from services.review.holdings import HeldTitle, Reward
from services.review.programmes.programme import Programme
from shared.contracts.blocks import CaseSite, ProgrammeSite, Title
from shared.contracts.case import (
    ApplicationRejected,
    CaseEvent,
    CityFailed,
    CityMarksRecorded,
    CityPassed,
    Closed,
    ConsensusRecorded,
    InspectionHeld,
    InspectionScheduled,
    MarksRecorded,
    Member,
    MemberRecused,
    Opened,
    PreliminaryFailed,
    PreliminaryPassed,
    RecommendationReturned,
    Recommended,
    Returned,
    RewardCancelled,
    RewardGranted,
    RewardPaid,
    TeamAppointed,
    TitleAwarded,
    TitleCorrected,
    TitleRevoked,
    VetoRecorded,
    WithdrawalRefused,
)
from shared.contracts.programme import StandardPublished
from shared.contracts.refusals import Refused, not_before

Stage = Literal[
    "none",
    "rejected",
    "opened",
    "appointed",
    "preliminary-passed",
    "preliminary-failed",
    "returned",
    "recommended",
    "city-marked",
    "city-passed",
    "city-failed",
    "awarded",
    "closed",
]


@dataclass(frozen=True, slots=True)
class Marking:
    """A member's marking and the version it has in the stream."""

    version: int
    event: MarksRecorded


@dataclass(frozen=True, slots=True)
class Case:
    """What decisions need; every case begins as `Case()`.

    `since` is the effective day of the last step: none of the next is earlier. `markings` holds
    for each officer and category the marking that counts; `markers` all who ever marked, or
    agreed for the team: a consensus that was superseded stays in its leader's name. A letter that
    the city sent back is `sent_back`, and neither it nor the marks it brought count any more.
    """

    version: int = 0
    stage: Stage = "none"
    since: date = date.min
    opened: Opened | None = None
    rejected: ApplicationRejected | None = None
    withdrawal_refused: WithdrawalRefused | None = None
    vetoes: Mapping[str, VetoRecorded] = field(default_factory=dict)
    team: TeamAppointed | None = None
    members: Mapping[str, Member] = field(default_factory=dict)
    recused: frozenset[str] = frozenset()
    inspections: Mapping[str, InspectionScheduled] = field(default_factory=dict)
    moved: Mapping[str, InspectionScheduled] = field(default_factory=dict)
    held: Mapping[str, InspectionHeld] = field(default_factory=dict)
    markings: Mapping[tuple[str, str], Marking] = field(default_factory=dict)
    markers: frozenset[str] = frozenset()
    consensus: ConsensusRecorded | None = None
    consensus_version: int | None = None
    returned: Returned | None = None
    passed: PreliminaryPassed | None = None
    failed: PreliminaryFailed | None = None
    recommended: Recommended | None = None
    sent_back: RecommendationReturned | None = None
    city_marks: CityMarksRecorded | None = None
    city_passed: CityPassed | None = None
    city_failed: CityFailed | None = None
    title: HeldTitle | None = None
    rewards: Mapping[str, Reward] = field(default_factory=dict)
    closed: Closed | None = None

    @property
    def leader(self) -> str | None:
        """The officer who leads the team."""
        return next((one.officer for one in self.members.values() if one.role == "leader"), None)


def evolve(case: Case, event: CaseEvent) -> Case:
    case = replace(case, version=case.version + 1)
    match event:
        case ApplicationRejected():
            return replace(case, stage="rejected", rejected=event)
        case WithdrawalRefused():
            return replace(case, withdrawal_refused=event)
        case Opened():
            return replace(case, stage="opened", since=event.effective_on, opened=event)
        case TeamAppointed():
            case = _reconsidered(case, event.effective_on)
            members = {member.officer: member for member in event.members}
            # Who stood aside once does not come back with the next version of the team.
            aside = case.recused.union(one.officer for one in event.recused)
            return replace(case, stage="appointed", team=event, members=members, recused=aside)
        case MemberRecused():
            case = _reconsidered(case, event.effective_on)
            stay = {key: one for key, one in case.members.items() if key != event.officer}
            return replace(case, members=stay, recused=case.recused | {event.officer})
        case InspectionScheduled():
            kept = {key: one for key, one in case.inspections.items() if key != event.replaces}
            gone = {key: one for key, one in case.inspections.items() if key == event.replaces}
            return replace(
                case,
                inspections={**kept, event.inspection_id: event},
                moved={**case.moved, **gone},
            )
        case InspectionHeld():
            return replace(
                case, since=event.effective_on, held={**case.held, event.inspection_id: event}
            )
        case MarksRecorded():
            case = _reconsidered(case, event.effective_on)
            own = {(event.officer, one): Marking(case.version, event) for one in event.categories}
            return replace(
                case,
                markings={**case.markings, **own},
                markers=case.markers | {event.officer},
            )
        case ConsensusRecorded():
            return replace(
                case,
                since=event.effective_on,
                consensus=event,
                consensus_version=case.version,
                markers=case.markers | {event.leader},
            )
        case VetoRecorded():
            vetoes = {**case.vetoes, event.gate: event}
            return replace(case, since=event.effective_on, vetoes=vetoes)
        case Returned():
            return replace(case, stage="returned", since=event.effective_on, returned=event)
        case PreliminaryPassed():
            return replace(case, stage="preliminary-passed", since=event.effective_on, passed=event)
        case PreliminaryFailed():
            return replace(case, stage="preliminary-failed", since=event.effective_on, failed=event)
        case Recommended():
            return replace(case, stage="recommended", since=event.effective_on, recommended=event)
        case RecommendationReturned():
            return replace(
                case,
                stage="preliminary-passed",
                since=event.effective_on,
                recommended=None,
                city_marks=None,
                sent_back=event,
            )
        case CityMarksRecorded():
            return replace(case, stage="city-marked", since=event.effective_on, city_marks=event)
        case CityPassed():
            return replace(case, stage="city-passed", since=event.effective_on, city_passed=event)
        case CityFailed():
            return replace(case, stage="city-failed", since=event.effective_on, city_failed=event)
        case TitleAwarded():
            held = HeldTitle.of(event)
            return replace(case, stage="awarded", since=event.effective_on, title=held)
        case TitleCorrected():
            return replace(case, title=case.title and case.title.corrected(event))
        case TitleRevoked():
            return replace(case, title=case.title and replace(case.title, revoked=event))
        case RewardGranted():
            return replace(case, rewards={**case.rewards, event.reward_id: Reward(event)})
        case RewardPaid():
            reward = case.rewards[event.reward_id]
            paid_fen = reward.paid_fen + event.amount_fen
            # Instalments may be told out of their order.
            last_on = max(reward.paid_on, event.effective_on)
            paid = replace(reward, paid_fen=paid_fen, paid_on=last_on)
            return replace(case, rewards={**case.rewards, event.reward_id: paid})
        case RewardCancelled():
            reward = replace(case.rewards[event.reward_id], cancelled=event)
            return replace(case, rewards={**case.rewards, event.reward_id: reward})
        case Closed():
            return replace(case, stage="closed", since=event.effective_on, closed=event)


def passed_over(case: Case) -> Case:
    """The case after an event that nobody can read any more: it counts as one of its stream."""
    return replace(case, version=case.version + 1)


def under_review(case: Case, *stages: Stage) -> Opened:
    """The case, if it is open and at one of `stages` (none named: anywhere before its end).

    Raises Refused: `case-unknown`, `case-closed`, `wrong-stage`.
    """
    if case.opened is None:
        raise Refused("case-unknown")
    if case.closed is not None:
        raise Refused("case-closed", outcome=case.closed.outcome, closed_on=case.closed.closed_on)
    if stages and case.stage not in stages:
        raise Refused("wrong-stage", stage=case.stage, needed=stages)
    return case.opened


def block(case: Case, site: ProgrammeSite, *, since: date | None = None) -> CaseSite:
    """The block of an event of this case, which is no earlier than the step it follows.

    Raises Refused("effective-day-too-early").
    """
    not_before(site["effective_on"], since or case.since)
    return {
        **block_on(case, site["effective_on"]),
        "backdated_reason": site.get("backdated_reason"),
        "document": site.get("document"),
    }


def pinned(case: Case, programme: Programme) -> StandardPublished:
    """The standard that the application is pinned to; opening the case made sure of it."""
    if case.opened is None:
        raise Refused("case-unknown")
    opened = case.opened
    standard = programme.standard_by(opened.standard)
    if standard is None:
        raise Refused("standard-unknown", version=opened.standard.version)
    return standard


def check_no_veto(case: Case, standard: StandardPublished) -> None:
    """Refused("vetoed") once a veto was recorded, whatever the score says."""
    if case.vetoes:
        names = {gate.code: gate.name for gate in standard.gates}
        raise Refused("vetoed", gates=[names[code] for code in case.vetoes])


def check_title(title: Title, grade: str) -> None:
    """Refused("demonstration-not-reached") for a title beyond the grade."""
    if title == "demonstration" and grade != "demonstration":
        raise Refused("demonstration-not-reached", grade=grade)


def _reconsidered(case: Case, day: date) -> Case:
    """What was agreed no longer stands once somebody marks again or the team changes."""
    return replace(case, since=day, consensus=None)


def block_on(case: Case, day: date) -> CaseSite:
    """The block of an event of this case on a day that nobody questions: its cause's."""
    opened = case.opened
    if opened is None:
        raise Refused("case-unknown")
    return {
        "programme": opened.programme,
        "effective_on": day,
        "township": opened.township,
        "township_name": opened.township_name,
        "office": opened.office,
        "case_id": opened.case_id,
        "application_id": opened.application_id,
        "round": opened.round,
        "batch": opened.batch,
    }
