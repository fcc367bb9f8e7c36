"""What may be sent to a dossier: the fields of its events, bounded, and nothing else."""

import re
from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from services.submission.planning import Intent
from services.submission.rectification import Finding, Remedy
from shared.contracts.blocks import Document, Evidence, Mark
from shared.contracts.dossier import AssessmentKind, Consent, Duty
from shared.contracts.programme import StandardPublished


def _day(value: object) -> object:
    """Only `2018-09-01`: pydantic would also take seconds since 1970, and instants."""
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise PydanticCustomError("date_parsing", "Input should be a date such as 2018-09-01")
    return value


Day = Annotated[date, BeforeValidator(_day)]
# A NUL is legal JSON and legal nowhere else: PostgreSQL and spreadsheets refuse it.
_CLEAN = r"^[^\x00]*$"
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,60}$")]
Words = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000, pattern=_CLEAN)
]
Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=_CLEAN)
]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Flag = Annotated[bool, Field(strict=True)]
Points = Annotated[int, Field(strict=True, ge=0, le=10_000_000)]
Fen = Annotated[int, Field(strict=True, ge=0, le=10**15)]


class Body(BaseModel):
    """Unknown fields are refused, or a misspelt one would be lost without a word."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DocumentBody(Body):
    """An official paper that something rests on."""

    title: Line
    issued_on: Day
    number: Line | None = None
    sha256: Sha256 | None = None

    def document(self) -> Document:
        return Document(**self.model_dump())


class ActBody(Body):
    """When it happened, if not today, and then why it is said only now."""

    effective_on: Day | None = None
    backdated_reason: Words | None = None
    document: DocumentBody | None = None


class EvidenceBody(Body):
    """A file by its hash; its content is uploaded elsewhere."""

    sha256: Sha256
    name: Line
    media_type: Line
    bytes: Annotated[int, Field(strict=True, ge=0, le=2**40)]

    def evidence(self) -> Evidence:
        return Evidence(**self.model_dump())


Files = Annotated[tuple[EvidenceBody, ...], Field(max_length=200)]


class DutyBody(Body):
    """A duty and the post that carries it."""

    duty: Line
    post: Line


class ConsentBody(Body):
    """By whom in the district, and by which paper."""

    organisation: Code
    officer: Code
    document: DocumentBody

    def consent(self) -> Consent:
        return Consent(
            organisation=self.organisation,
            officer=self.officer,
            document=self.document.document(),
        )


class PlanBody(ActBody):
    """A plan; with a `reason` it revises the one that is filed."""

    target: Code
    batch: Code | None = None
    reach_on: Day
    goals: Annotated[tuple[Words, ...], Field(max_length=50)] = ()
    duties: Annotated[tuple[DutyBody, ...], Field(max_length=100)] = ()
    reason: Words | None = None
    consent: ConsentBody | None = None

    def intent(self) -> Intent:
        return Intent(
            target=self.target,
            reach_on=self.reach_on,
            batch=self.batch,
            goals=self.goals,
            duties=tuple(Duty(duty=one.duty, post=one.post) for one in self.duties),
        )


class MarkBody(Body):
    """The office's own mark for an item; `max_cp` may be left to the standard."""

    item: Code
    applicable: Flag = True
    mark_cp: Points
    max_cp: Points | None = None
    measure: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,12}(\.[0-9]{1,6})?$")] | None = (
        None
    )
    unit: Line | None = None
    reason: Words | None = None
    evidence: Annotated[tuple[Sha256, ...], Field(max_length=50)] = ()


class AssessmentBody(ActBody):
    """All marks at once; `standard_version` is the one they were made by, if not that in force."""

    kind: AssessmentKind
    marks: Annotated[tuple[MarkBody, ...], Field(max_length=1000)]
    standard_version: Annotated[int, Field(strict=True, ge=1, le=10_000)] | None = None
    evidence: Files = ()

    def scored(self, standard: StandardPublished) -> tuple[Mark, ...]:
        """As marks under this standard; an item it does not know is left for it to refuse."""
        most = {item.code: item.max_cp for item in standard.items}
        return tuple(
            Mark(
                item=one.item,
                applicable=one.applicable,
                mark_cp=one.mark_cp,
                max_cp=most.get(one.item, 0) if one.max_cp is None else one.max_cp,
                measure=one.measure,
                unit=one.unit,
                reason=one.reason,
                evidence=one.evidence,
            )
            for one in self.marks
        )


class FindingBody(Body):
    """One gap."""

    item: Code
    description: Words
    blocking: Flag = True
    due_on: Day | None = None

    def finding(self, deficiency_id: str) -> Finding:
        return Finding(deficiency_id=deficiency_id, **self.model_dump())


class FindingsBody(ActBody):
    """One gap or several, found by the assessment that is named or by none."""

    deficiencies: Annotated[tuple[FindingBody, ...], Field(min_length=1, max_length=200)]
    assessment_id: Code | None = None


class RemedyBody(ActBody):
    """How a gap will be closed."""

    measure: Words
    responsible_post: Line
    due_on: Day
    expected_gain_cp: Points | None = None
    cost_fen: Fen | None = None

    def remedy(self) -> Remedy:
        return Remedy(
            measure=self.measure,
            responsible_post=self.responsible_post,
            due_on=self.due_on,
            expected_gain_cp=self.expected_gain_cp,
            cost_fen=self.cost_fen,
        )


class CompletionBody(ActBody):
    """What was done about a gap, with its evidence."""

    result: Words
    evidence: Files = ()


class CorrectionBody(ActBody):
    """Why something is put right; `corrects` is the id of the event that was wrong."""

    reason: Words
    corrects: UUID | None = None


class ReopeningBody(CorrectionBody):
    """A gap that was called closed, with a new day to close it by."""

    due_on: Day | None = None


class ApplicationBody(ActBody):
    """An application, in a batch or outside of any; all else is in the dossier."""

    batch: Code | None = None


class WithdrawalBody(ActBody):
    """Why an application is taken back."""

    reason: Words
