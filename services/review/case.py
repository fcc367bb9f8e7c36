"""What a case remembers, how it begins, and what its office may still ask of it.

Its team is in `team.py`, the district's verdict in `verdict.py`, then come `city.py`, `title.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from services.review.applications import objections
from services.review.programme import Programme
from shared.contracts.blocks import CaseSite, ProgrammeSite, Reason, Title
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
    Recommended,
    Returned,
    RewardGranted,
    RewardPaid,
    TeamAppointed,
    TitleAwarded,
    WithdrawalRefused,
)
from shared.contracts.dossier import ApplicationSubmitted, WithdrawalRequested
from shared.contracts.programme import StandardPublished
from shared.contracts.refusals import REFUSALS, Refused

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
class Reward:
    """What was granted and what of it has been paid."""

    granted: RewardGranted
    paid_fen: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """What decisions need; every case begins as `Case()`.

    `since` is the effective day of the last step: none of the next is earlier. `markings` holds
    for each officer and category the marking that counts; `markers` all who ever marked, or
    agreed for the team: a consensus that was superseded stays in its leader's name.
    """

    version: int = 0
    stage: Stage = "none"
    since: date = date.min
    opened: Opened | None = None
    rejected: ApplicationRejected | None = None
    team: TeamAppointed | None = None
    members: Mapping[str, Member] = field(default_factory=dict)
    recused: frozenset[str] = frozenset()
    inspections: Mapping[str, InspectionScheduled] = field(default_factory=dict)
    held: Mapping[str, InspectionHeld] = field(default_factory=dict)
    markings: Mapping[tuple[str, str], Marking] = field(default_factory=dict)
    markers: frozenset[str] = frozenset()
    consensus: ConsensusRecorded | None = None
    consensus_version: int | None = None
    passed: PreliminaryPassed | None = None
    recommended: Recommended | None = None
    city_marks: CityMarksRecorded | None = None
    city_passed: CityPassed | None = None
    title: TitleAwarded | None = None
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
            return case
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
            return replace(case, inspections={**kept, event.inspection_id: event})
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
        case Returned():
            return replace(case, stage="returned", since=event.effective_on)
        case PreliminaryPassed():
            return replace(case, stage="preliminary-passed", since=event.effective_on, passed=event)
        case PreliminaryFailed():
            return replace(case, stage="preliminary-failed", since=event.effective_on)
        case Recommended():
            return replace(case, stage="recommended", since=event.effective_on, recommended=event)
        case CityMarksRecorded():
            return replace(case, stage="city-marked", since=event.effective_on, city_marks=event)
        case CityPassed():
            return replace(case, stage="city-passed", since=event.effective_on, city_passed=event)
        case CityFailed():
            return replace(case, stage="city-failed", since=event.effective_on)
        case TitleAwarded():
            return replace(case, stage="awarded", since=event.effective_on, title=event)
        case RewardGranted():
            return replace(case, rewards={**case.rewards, event.reward_id: Reward(event)})
        case RewardPaid():
            reward = case.rewards[event.reward_id]
            paid = replace(reward, paid_fen=reward.paid_fen + event.amount_fen)
            return replace(case, rewards={**case.rewards, event.reward_id: paid})
        case Closed():
            return replace(case, stage="closed", since=event.effective_on, closed=event)


def open_case(
    case: Case,
    programme: Programme,
    application: ApplicationSubmitted,
    *,
    previous: Case | None = None,
) -> list[CaseEvent]:
    """Begin the review of an application, or say why there is none; it never refuses.

    What this side's own record can tell is judged anew by it: programme, township, day, batch,
    target, standard, marks. Plans and open deficiencies are the dossier's, and its word is taken.
    `previous` is the case of the round before; one that was never opened is not named.
    """
    if case.version:
        return []
    site = _site_of(application)
    if reasons := tuple(_reason(one) for one in objections(programme, application)):
        return [ApplicationRejected(**site, reasons=reasons)]
    decide_wd = programme.deadline_wd("decide_wd", application.effective_on)
    return [
        Opened(
            **site,
            submitted_on=application.effective_on,
            target=application.target,
            standard=application.standard,
            self_totals=application.totals,
            decide_by_on=programme.calendar().add(application.effective_on, decide_wd),
            previous_case_id=previous.opened.case_id if previous and previous.opened else None,
        )
    ]


def answer_withdrawal(case: Case, request: WithdrawalRequested) -> list[CaseEvent]:
    """Grant a withdrawal until the district has decided, refuse it after; it never raises.

    Which came first, the request or a decision, is settled by their order in this stream. Asked
    before any case exists, the application is rejected as withdrawn.
    """
    site = _site_of(request)
    match case.stage:
        case "none":
            reason = Reason(code="withdrawn", text=request.reason)
            return [ApplicationRejected(**site, reasons=(reason,))]
        case "opened" | "appointed":
            return [
                Closed(
                    **_block_on(case, request.effective_on),
                    outcome="withdrawn",
                    closed_on=request.effective_on,
                    reason=request.reason,
                )
            ]
        case "rejected" | "closed":
            return []
        case _:
            return [
                WithdrawalRefused(**_block_on(case, request.effective_on), reason="already-decided")
            ]


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
    earliest = since or case.since
    if site["effective_on"] < earliest:
        raise Refused(
            "effective-day-too-early",
            effective_on=site["effective_on"],
            earliest_on=earliest,
        )
    return {
        **_block_on(case, site["effective_on"]),
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


def check_title(title: Title, grade: str) -> None:
    """Refused("demonstration-not-reached") for a title beyond the grade."""
    if title == "demonstration" and grade != "demonstration":
        raise Refused("demonstration-not-reached", grade=grade)


def _reconsidered(case: Case, day: date) -> Case:
    """What was agreed no longer stands once somebody marks again or the team changes."""
    return replace(case, since=day, consensus=None)


def _reason(refused: Refused) -> Reason:
    """The refusal as the office reads it, in an event that outlives any page."""
    facts = {name: _told(name, fact) for name, fact in refused.facts.items()}
    return Reason(code=refused.code, text=REFUSALS[refused.code].zh.format_map(facts))


def _told(name: str, fact: object) -> str:
    match fact:
        case list() | tuple():
            return "、".join(_told(name, one) for one in fact)
        case date():
            return f"{fact.year}年{fact.month}月{fact.day}日"
        case int() if name.endswith("_cp"):
            return f"{fact // 100}.{fact % 100:02} 分"
        case None:
            return "无"
        case _:
            return str(fact)


def _block_on(case: Case, day: date) -> CaseSite:
    opened = under_review(case) if case.closed is None else case.opened
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


def _site_of(event: ApplicationSubmitted | WithdrawalRequested) -> CaseSite:
    return {
        "programme": event.programme,
        "effective_on": event.effective_on,
        "township": event.township,
        "township_name": event.township_name,
        "office": event.office,
        "case_id": _case_id(event, event.round),
        "application_id": event.application_id,
        "round": event.round,
        "batch": event.batch if isinstance(event, ApplicationSubmitted) else None,
    }


def _case_id(event: ApplicationSubmitted | WithdrawalRequested, round: int) -> str:
    return f"{event.programme}/{event.township}/{round}"
