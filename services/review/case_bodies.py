"""What may be sent to a case, bounded, and nothing else."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, TypeAdapter, model_validator

from services.review.appointment import Seat
from services.review.bodies import ActBody, Instant
from services.review.city import CityMarks
from services.review.title import Correction
from services.review.verdict import Complaint
from shared.contracts.blocks import Reason, Title
from shared.contracts.case import NotApplicableDecision, Recusal
from shared.contracts.programme import StandardPublished
from shared.web.bodies import (
    Body,
    Code,
    Day,
    Fen,
    Flag,
    Line,
    Marks,
    Officer,
    Paper,
    Points,
    Words,
    scored,
)

CaseId = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,60}/[A-Za-z0-9-]{1,60}/[1-9][0-9]{0,3}$")
]
Few = Annotated[int, Field(strict=True, ge=1, le=50)]
_TITLE: TypeAdapter[Title] = TypeAdapter(Title)
_UNTIL: TypeAdapter[Day | None] = TypeAdapter(Day | None)
Many = Annotated[int, Field(strict=True, ge=1, le=100_000)]


class SeatBody(Body):
    """A member, and the categories that are theirs to mark."""

    officer: Officer
    role: Literal["leader", "member"]
    categories: Annotated[tuple[Code, ...], Field(max_length=100)]

    def seat(self) -> Seat:
        return Seat(officer=self.officer, leads=self.role == "leader", categories=self.categories)


class RecusalFields(Body):
    """Who was considered and stood aside."""

    officer: Officer
    reason: Words


class TeamBody(ActBody):
    """The team, whole; where its members serve is looked up in the directory."""

    members: Annotated[tuple[SeatBody, ...], Field(max_length=50)]
    recused: Annotated[tuple[RecusalFields, ...], Field(max_length=50)] = ()
    min_markers: Few = 1

    def aside(self) -> tuple[Recusal, ...]:
        return tuple(Recusal(officer=one.officer, reason=one.reason) for one in self.recused)


class RecusalBody(ActBody):
    """Why the one who asks steps down, or whom an officer replaces by whom."""

    reason_code: Code
    officer: Officer | None = None
    replaced_by: Officer | None = None


class InspectionBody(ActBody):
    """When and where; `replaces` names the visit that is moved."""

    level: Literal["district", "city"] = "district"
    starts_at: Instant
    ends_at: Instant
    place: Line
    items: Annotated[tuple[Code, ...], Field(max_length=1000)] = ()
    seed: Line | None = None
    replaces: Code | None = None


class MinutesBody(ActBody):
    """Who was there; the minutes are the `document`."""

    present: Annotated[tuple[Officer, ...], Field(min_length=1, max_length=50)]


class MarksBody(ActBody):
    """The marks of whoever sends them."""

    marks: Marks


class ClaimBody(Body):
    """Whether an item really does not apply."""

    item: Code
    allowed: Flag
    reason: Words


class ConsensusBody(ActBody):
    """What the team agreed, every item of it."""

    marks: Marks
    na_decisions: Annotated[tuple[ClaimBody, ...], Field(max_length=1000)] = ()
    facts: Annotated[tuple[Code, ...], Field(max_length=50)] = ()

    def claims(self) -> tuple[NotApplicableDecision, ...]:
        return tuple(
            NotApplicableDecision(item=one.item, allowed=one.allowed, reason=one.reason)
            for one in self.na_decisions
        )


class VetoBody(ActBody):
    """Which veto of the standard came true, and on which day it did."""

    gate: Code
    occurred_on: Day
    reason: Words


class ReasonBody(Body):
    """One reason."""

    code: Code
    text: Words
    item: Code | None = None


class ComplaintBody(Body):
    """One item sent back."""

    item: Code
    reason: Words
    example: Words | None = None


Reasons = Annotated[tuple[ReasonBody, ...], Field(max_length=200)]


class DecisionBody(ActBody):
    """Pass for a title, fail with reasons, or return with items."""

    decision: Literal["pass", "fail", "return"]
    title: Title | None = None
    reasons: Reasons = ()
    items: Annotated[tuple[ComplaintBody, ...], Field(max_length=1000)] = ()

    def why(self) -> tuple[Reason, ...]:
        return given_reasons(self.reasons)

    def complaints(self) -> tuple[Complaint, ...]:
        return tuple(
            Complaint(item=one.item, reason=one.reason, example=one.example) for one in self.items
        )


class LetterReturnBody(ActBody):
    """Why the city sends a recommendation back, and by when the district may answer."""

    reasons: Reasons
    resubmit_by_on: Day | None = None

    def why(self) -> tuple[Reason, ...]:
        return given_reasons(self.reasons)


def given_reasons(reasons: tuple[ReasonBody, ...]) -> tuple[Reason, ...]:
    return tuple(Reason(code=one.code, text=one.text, item=one.item) for one in reasons)


class LetterBody(ActBody):
    """The cases that one letter recommends."""

    cases: Annotated[tuple[CaseId, ...], Field(max_length=200)]
    document: Paper


class CategoryMarkBody(Body):
    """What the city gave a whole category."""

    category: Code
    mark_cp: Points


class CityMarksBody(ActBody):
    """The city's figures, as finely as it gives them."""

    granularity: Literal["item", "category", "total"]
    marks: Marks = ()
    categories: Annotated[tuple[CategoryMarkBody, ...], Field(max_length=100)] = ()
    total_cp: Points | None = None
    facts: Annotated[tuple[Code, ...], Field(max_length=50)] = ()
    sampled: Annotated[tuple[Code, ...], Field(max_length=1000)] = ()
    inspected_on: Day

    def figures(self, standard: StandardPublished) -> CityMarks:
        return CityMarks(
            granularity=self.granularity,
            marks=scored(standard, self.marks),
            by_category={one.category: one.mark_cp for one in self.categories},
            total_cp=self.total_cp,
            facts=self.facts,
            sampled=self.sampled,
        )


class TitleBody(Body):
    """The title and plaque of one case."""

    case_id: CaseId
    title: Title
    plaque_number: Line


class AwardsBody(ActBody):
    """Titles awarded together."""

    titles: Annotated[tuple[TitleBody, ...], Field(max_length=200)]
    valid_until_on: Day | None = None


class CorrectionBody(ActBody):
    """One value of a title that was written wrongly; `corrects` is the event that said it.

    Null stands for a title without an end; no other field is ever null.
    """

    field: Literal["title", "plaque_number", "valid_until_on"]
    was: Line | None
    is_: Annotated[Line | None, Field(alias="is")]
    reason: Words
    corrects: UUID | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        match self.field:
            case "title":
                _TITLE.validate_python(self.is_)
            case "plaque_number":
                if self.is_ is None:
                    raise ValueError("a plaque has a number")
            case "valid_until_on":
                _UNTIL.validate_python(self.is_)
        return self

    def correction(self) -> Correction:
        return Correction(field=self.field, was=self.was, is_=self.is_, reason=self.reason)


class RevocationBody(ActBody):
    """Why a title is taken away."""

    code: Code
    reason: Words


class RewardBody(ActBody):
    """A reward to grant."""

    fund: Literal["district", "city"]
    basis: Literal["on-time", "demonstration", "rank"]
    amount_fen: Fen
    rank: Many | None = None
    of: Many | None = None


class PaymentBody(ActBody):
    """An instalment."""

    amount_fen: Fen


class CancellationBody(ActBody):
    """Why the rest of a grant is not paid."""

    reason: Words


class ClosureBody(ActBody):
    """The end of a case."""

    reason: Words | None = None
