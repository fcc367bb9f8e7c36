"""What a dossier announces on `fuyan.dossier.v1`: all that one township does in one programme."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from shared.contracts.blocks import (
    Document,
    Evidence,
    FoundBy,
    Level,
    Mark,
    Nature,
    OfTownship,
    StandardRef,
    Totals,
)

AssessmentKind = Literal["gap", "full", "pre-application"]
FundingKind = Literal["money", "posts", "premises", "equipment"]
FundingAnswer = Literal["granted", "part", "refused"]
Publicity = Literal["public", "internal", "named"]
Outcome = Literal["awarded", "failed", "returned", "withdrawn", "rejected", "void"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """Who in the office carries a duty, by post, never by name."""

    duty: str
    post: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prerequisite:
    """A gate that blocks applying, and whether it was met."""

    code: str
    met: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemReason:
    """Why one item was sent back."""

    item: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What a plan aimed at before it was revised."""

    target: str
    reach_on: date
    batch: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """The district lets an office leave a target after its freeze day, by this paper."""

    organisation: str
    officer: str
    document: Document


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFiled(OfTownship):
    """The office's own implementation plan, signed by its head; late is accepted and said."""

    plan_version: int
    target: str
    batch: str | None
    reach_on: date
    goals: tuple[str, ...]
    duties: tuple[Duty, ...]
    due_on: date
    late_wd: int
    signed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRevised(OfTownship):
    """A later version of the plan, with what it changed and why."""

    plan_version: int
    target: str
    batch: str | None
    reach_on: date
    goals: tuple[str, ...]
    duties: tuple[Duty, ...]
    due_on: date
    late_wd: int
    signed_by: str
    previous: Aim
    reason: str
    left_target: str | None = None
    consent: Consent | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfAssessmentRecorded(OfTownship):
    """The office scored itself; a `gap` assessment may be incomplete.

    `facts` are what it states beside the points, by the codes that gates ask about.
    """

    assessment_id: str
    kind: AssessmentKind
    complete: bool
    standard: StandardRef
    marks: tuple[Mark, ...]
    totals: Totals
    evidence: tuple[Evidence, ...]
    to_pass_cp: int
    to_demonstration_cp: int
    previous_assessment_id: str | None = None
    previous_total_cp: int | None = None
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeficiencyFound(OfTownship):
    """The office misses (part of) an item; a blocking one holds an application back."""

    deficiency_id: str
    item: str
    category: str
    nature: Nature
    found_by: FoundBy
    gap_cp: int
    description: str
    blocking: bool
    assessment_id: str | None = None
    case_id: str | None = None
    due_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeficiencyWithdrawn(OfTownship):
    """It was recorded in error; `corrects` names the event."""

    deficiency_id: str
    item: str
    by: FoundBy
    reason: str
    corrects: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeficiencyReopened(OfTownship):
    """It was called done and is not."""

    deficiency_id: str
    item: str
    by: FoundBy
    reason: str
    corrects: str | None = None
    due_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RectificationPlanned(OfTownship):
    """How a deficiency will be closed, by which post, by when, at what cost."""

    deficiency_id: str
    item: str
    plan_version: int
    measure: str
    responsible_post: str
    due_on: date
    expected_gain_cp: int
    cost_fen: int | None = None
    funding_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RectificationCompleted(OfTownship):
    """A deficiency is closed (销号), with evidence; `open_left` counts the others still open."""

    deficiency_id: str
    item: str
    completed_on: date
    due_on: date | None
    late_wd: int
    result: str
    evidence: tuple[Evidence, ...]
    open_left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationSubmitted(OfTownship):
    """The office asked to be inspected; carries all that the review needs."""

    application_id: str
    round: int
    batch: str | None
    target: str
    standard: StandardRef
    assessment_id: str
    marks: tuple[Mark, ...]
    totals: Totals
    evidence: tuple[Evidence, ...]
    prerequisites: tuple[Prerequisite, ...]
    plan_version: int
    reach_on: date
    signed_by: str
    previous_application_id: str | None = None
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalRequested(OfTownship):
    """The office asks to take its application back; the case grants or refuses it."""

    application_id: str
    round: int
    requested_on: date
    reason: str
    case_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationReturned(OfTownship):
    """The dossier's echo of a return, item by item."""

    application_id: str
    round: int
    case_id: str
    by: Level
    items: tuple[ItemReason, ...]
    resubmit_by_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationClosed(OfTownship):
    """The dossier's echo of a case's end; another application may follow."""

    application_id: str
    round: int
    outcome: Outcome
    case_id: str | None = None
    may_reapply_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingLine:
    """One thing that is asked for."""

    name: str
    quantity: int
    unit_price_fen: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingRequested(OfTownship):
    """The office asks another for money, posts (编制), premises or equipment."""

    funding_id: str
    kind: FundingKind
    title: str
    lines: tuple[FundingLine, ...]
    asked_of: str
    needed_on: date
    deficiency_ids: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    amount_fen: int | None = None
    posts: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingDecided(OfTownship):
    """What was asked is granted, in part or not; a later decision replaces an earlier one."""

    funding_id: str
    decision: FundingAnswer
    decided_by: str
    decided_on: date
    requested_fen: int | None = None
    granted_fen: int | None = None
    granted_posts: int | None = None
    available_on: date | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodPracticeShared(OfTownship):
    """What worked here may help others; `internal` stays within the programme's offices.

    `named` is for the townships of `shared_with` alone, by their codes; else that is empty.
    """

    practice_id: str
    title: str
    summary: str
    items: tuple[str, ...]
    publicity: Publicity
    shared_with: tuple[str, ...]
    evidence: tuple[Evidence, ...]


DossierEvent = (
    PlanFiled
    | PlanRevised
    | SelfAssessmentRecorded
    | DeficiencyFound
    | DeficiencyWithdrawn
    | DeficiencyReopened
    | RectificationPlanned
    | RectificationCompleted
    | ApplicationSubmitted
    | WithdrawalRequested
    | ApplicationReturned
    | ApplicationClosed
    | FundingRequested
    | FundingDecided
    | GoodPracticeShared
)

EVENTS: Mapping[str, type[DossierEvent]] = {
    "fuyan.dossier.plan-filed.v1": PlanFiled,
    "fuyan.dossier.plan-revised.v1": PlanRevised,
    "fuyan.dossier.self-assessment-recorded.v1": SelfAssessmentRecorded,
    "fuyan.dossier.deficiency-found.v1": DeficiencyFound,
    "fuyan.dossier.deficiency-withdrawn.v1": DeficiencyWithdrawn,
    "fuyan.dossier.deficiency-reopened.v1": DeficiencyReopened,
    "fuyan.dossier.rectification-planned.v1": RectificationPlanned,
    "fuyan.dossier.rectification-completed.v1": RectificationCompleted,
    "fuyan.dossier.application-submitted.v1": ApplicationSubmitted,
    "fuyan.dossier.withdrawal-requested.v1": WithdrawalRequested,
    "fuyan.dossier.application-returned.v1": ApplicationReturned,
    "fuyan.dossier.application-closed.v1": ApplicationClosed,
    "fuyan.dossier.funding-requested.v1": FundingRequested,
    "fuyan.dossier.funding-decided.v1": FundingDecided,
    "fuyan.dossier.good-practice-shared.v2": GoodPracticeShared,
}
