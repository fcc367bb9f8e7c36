"""What a case announces on `fuyan.case.v1`: the review of one application, district then city."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.blocks import (
    AgreedMark,
    Document,
    Level,
    Mark,
    OfCase,
    Reason,
    StandardRef,
    Title,
    Totals,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One of the acceptance team, by officer id, with the categories that are theirs to mark."""

    officer: str
    organisation: str
    role: Literal["leader", "member"]
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recusal:
    """An officer who was considered and stood aside."""

    officer: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotApplicableDecision:
    """Whether a claim that an item does not apply was allowed."""

    item: str
    allowed: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnedItem:
    """One item sent back, with the two marks that differ and what would satisfy."""

    item: str
    reason: str
    self_cp: int | None
    agreed_cp: int | None = None
    example: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationRejected(OfCase):
    """No case was opened for this application, and why."""

    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalRefused(OfCase):
    """The case goes on although the office asked to withdraw."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened(OfCase):
    """An application is under review, by the standard it is pinned to."""

    submitted_on: date
    target: str
    standard: StandardRef
    self_totals: Totals
    decide_by_on: date
    previous_case_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamAppointed(OfCase):
    """Who inspects; a later version replaces the whole team."""

    team_version: int
    members: tuple[Member, ...]
    recused: tuple[Recusal, ...]
    min_markers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRecused(OfCase):
    """A member stepped down."""

    officer: str
    organisation: str
    reason_code: str
    replaced_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionScheduled(OfCase):
    """When and where the inspectors come; no items means all of them."""

    inspection_id: str
    level: Level
    starts_at: datetime
    ends_at: datetime
    place: str
    items: tuple[str, ...] = ()
    seed: str | None = None
    replaces: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionHeld(OfCase):
    """The inspection took place; `record` is its minutes."""

    inspection_id: str
    held_on: date
    present: tuple[str, ...]
    record: Document


@dataclass(frozen=True, slots=True, kw_only=True)
class MarksRecorded(OfCase):
    """One member's own marks; a new marking supersedes an older one, which stays."""

    officer: str
    organisation: str
    inspected_on: date
    categories: tuple[str, ...]
    marks: tuple[Mark, ...]
    inspection_id: str | None = None
    supersedes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsensusRecorded(OfCase):
    """What the team agreed, with the spread of its marks item by item."""

    standard: StandardRef
    marks: tuple[AgreedMark, ...]
    na_decisions: tuple[NotApplicableDecision, ...]
    totals: Totals
    self_total_cp: int
    leader: str
    members: tuple[str, ...]
    supersedes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VetoRecorded(OfCase):
    """Something that bars passing whatever the score came to light while the case is open."""

    gate: str
    occurred_on: date
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned(OfCase):
    """Sent back with reasons by item; the answer is a new application, by a day."""

    by: Level
    items: tuple[ReturnedItem, ...]
    totals: Totals | None
    resubmit_by_on: date
    allowed_wd: int
    decided_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PreliminaryPassed(OfCase):
    """The district's inspection found the office up to the standard (初验合格)."""

    totals: Totals
    pass_cp: int
    margin_cp: int
    proposed_title: Title
    decided_by: str
    decided_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class PreliminaryFailed(OfCase):
    """The district's inspection found the office below the standard."""

    totals: Totals
    pass_cp: int
    shortfall_cp: int
    reasons: tuple[Reason, ...]
    decided_by: str
    decided_on: date
    may_reapply_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommended(OfCase):
    """Sent on to the city, with the other cases of the same letter."""

    recommendation_id: str
    to: str
    cases: tuple[str, ...]
    proposed_title: Title
    district_total_cp: int
    package_sha256: str
    decided_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecommendationReturned(OfCase):
    """The city sent a recommendation back to the district, which may recommend again."""

    recommendation_id: str
    reasons: tuple[Reason, ...]
    resubmit_by_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CityMarksRecorded(OfCase):
    """The city's re-verification in figures: per item, per category, or one total."""

    granularity: Literal["item", "category", "total"]
    marks: tuple[Mark, ...] | None
    totals: Totals
    sampled: tuple[str, ...]
    inspected_on: date
    on_behalf_of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CityPassed(OfCase):
    """The city's re-verification was passed (复验合格)."""

    title: Title
    passed_on: date
    totals: Totals
    pass_cp: int
    margin_cp: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CityFailed(OfCase):
    """The city's re-verification was not passed."""

    failed_on: date
    totals: Totals | None
    shortfall_cp: int | None
    reasons: tuple[Reason, ...]
    may_reapply_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TitleAwarded(OfCase):
    """达标单位 or 示范单位, with a plaque number that is never used again."""

    title: Title
    plaque_number: str
    city_passed_on: date
    awarded_on: date
    award_id: str
    valid_until_on: date | None = None
    replaces_title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TitleCorrected(OfCase):
    """A field of an award was written wrongly; `effective_on` is the day the right one holds from.

    `corrects` is the id of the event that was wrong. On the wire the values are `was` and `is`.
    """

    corrects: str
    field: Literal["title", "plaque_number", "valid_until_on"]
    was: str | None
    is_: Annotated[str | None, Field(alias="is")]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TitleRevoked(OfCase):
    """The title is taken away; its plaque number stays used for ever."""

    title: Title
    plaque_number: str
    revoked_on: date
    code: str
    reason: str
    decided_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardGranted(OfCase):
    """Money from the city's or the district's safety fund."""

    reward_id: str
    fund: Literal["district", "city"]
    basis: Literal["on-time", "demonstration", "rank"]
    rule_version: int
    amount_fen: int
    granted_on: date
    rank: int | None = None
    of: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardPaid(OfCase):
    """An instalment; all of them together never exceed the grant."""

    reward_id: str
    amount_fen: int
    paid_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardCancelled(OfCase):
    """What was granted and not paid yet will not be paid: `amount_fen` of it."""

    reward_id: str
    amount_fen: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed(OfCase):
    """The end that every case has."""

    outcome: Literal["awarded", "failed", "returned", "withdrawn", "void"]
    closed_on: date
    reason: str | None = None
    may_reapply_on: date | None = None


CaseEvent = (
    ApplicationRejected
    | WithdrawalRefused
    | Opened
    | TeamAppointed
    | MemberRecused
    | InspectionScheduled
    | InspectionHeld
    | MarksRecorded
    | ConsensusRecorded
    | VetoRecorded
    | Returned
    | PreliminaryPassed
    | PreliminaryFailed
    | Recommended
    | RecommendationReturned
    | CityMarksRecorded
    | CityPassed
    | CityFailed
    | TitleAwarded
    | TitleCorrected
    | TitleRevoked
    | RewardGranted
    | RewardPaid
    | RewardCancelled
    | Closed
)

EVENTS: Mapping[str, type[CaseEvent]] = {
    "fuyan.case.application-rejected.v1": ApplicationRejected,
    "fuyan.case.withdrawal-refused.v1": WithdrawalRefused,
    "fuyan.case.opened.v1": Opened,
    "fuyan.case.team-appointed.v1": TeamAppointed,
    "fuyan.case.member-recused.v1": MemberRecused,
    "fuyan.case.inspection-scheduled.v1": InspectionScheduled,
    "fuyan.case.inspection-held.v1": InspectionHeld,
    "fuyan.case.marks-recorded.v1": MarksRecorded,
    "fuyan.case.consensus-recorded.v1": ConsensusRecorded,
    "fuyan.case.veto-recorded.v1": VetoRecorded,
    "fuyan.case.returned.v1": Returned,
    "fuyan.case.preliminary-passed.v1": PreliminaryPassed,
    "fuyan.case.preliminary-failed.v1": PreliminaryFailed,
    "fuyan.case.recommended.v1": Recommended,
    "fuyan.case.recommendation-returned.v1": RecommendationReturned,
    "fuyan.case.city-marks-recorded.v1": CityMarksRecorded,
    "fuyan.case.city-passed.v1": CityPassed,
    "fuyan.case.city-failed.v1": CityFailed,
    "fuyan.case.title-awarded.v1": TitleAwarded,
    "fuyan.case.title-corrected.v1": TitleCorrected,
    "fuyan.case.title-revoked.v1": TitleRevoked,
    "fuyan.case.reward-granted.v1": RewardGranted,
    "fuyan.case.reward-paid.v1": RewardPaid,
    "fuyan.case.reward-cancelled.v1": RewardCancelled,
    "fuyan.case.closed.v1": Closed,
}
