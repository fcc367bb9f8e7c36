"""What may be sent to a dossier: the fields of its events, bounded, and nothing else."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from services.submission.evidence.held import Files
from services.submission.funding import Answer, Need
from services.submission.planning import Intent
from services.submission.practice import Experience
from services.submission.rectification import Finding, Remedy
from shared.contracts.blocks import Evidence, Mark
from shared.contracts.dossier import (
    AssessmentKind,
    Consent,
    Duty,
    FundingAnswer,
    FundingKind,
    FundingLine,
    Publicity,
)
from shared.contracts.programme import StandardPublished
from shared.web import bodies
from shared.web.bodies import (
    ActBody,
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
)

# What one states beside the points, by the codes that the gates of the standard ask about.
Facts = Annotated[tuple[Code, ...], Field(max_length=50)]
Count = Annotated[int, Field(strict=True, ge=1, le=10_000)]
# Bounded so that no list of lines comes to more than a database's integer holds.
Price = Annotated[int, Field(strict=True, ge=0, le=10**11)]


class EvidencedBody(ActBody):
    """An act that shows files; its office must keep them here."""

    evidence: Files = ()


class DutyBody(Body):
    """A duty and the post that carries it."""

    duty: Line
    post: Line


class ConsentBody(Body):
    """By whom in the district, and by which paper."""

    organisation: Code
    officer: Officer
    document: Paper

    def consent(self) -> Consent:
        return Consent(
            organisation=self.organisation,
            officer=self.officer,
            document=self.document,
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


class AssessmentBody(EvidencedBody):
    """All marks at once, or the working draft as it stands at the version that is named.

    `standard_version` is the one the marks were made by, if not that in force. A draft brings its
    own facts, and the files that its marks name.
    """

    kind: AssessmentKind
    marks: Marks | None = None
    draft: Count | None = None
    standard_version: Count | None = None
    facts: Facts = ()

    @model_validator(mode="after")
    def _of_one_kind(self) -> Self:
        if (self.marks is None) == (self.draft is None):
            raise ValueError("either marks or a draft's version must be sent")
        if self.draft is not None and (self.facts or self.evidence):
            raise ValueError("a draft brings its own facts and evidence")
        return self

    def scored(self, standard: StandardPublished) -> tuple[Mark, ...]:
        """As marks under this standard; an item it does not know is left for it to refuse."""
        return bodies.scored(standard, self.marks or ())


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
    funding_id: Code | None = None

    def remedy(self) -> Remedy:
        return Remedy(
            measure=self.measure,
            responsible_post=self.responsible_post,
            due_on=self.due_on,
            expected_gain_cp=self.expected_gain_cp,
            cost_fen=self.cost_fen,
            funding_id=self.funding_id,
        )


class CompletionBody(EvidencedBody):
    """What was done about a gap, with its evidence."""

    result: Words


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
    facts: Facts = ()


class WithdrawalBody(ActBody):
    """Why an application is taken back."""

    reason: Words


class FundingLineBody(Body):
    """One thing that is asked for; its price may not be known yet."""

    name: Line
    quantity: Count
    unit_price_fen: Price | None = None


class FundingBody(EvidencedBody):
    """What is asked for; where every line has a price the amount may be left out."""

    kind: FundingKind
    title: Line
    lines: Annotated[tuple[FundingLineBody, ...], Field(max_length=200)] = ()
    amount_fen: Fen | None = None
    posts: Count | None = None
    asked_of: Code
    needed_on: Day
    deficiency_ids: Annotated[tuple[Code, ...], Field(max_length=200)] = ()

    def need(self, evidence: tuple[Evidence, ...]) -> Need:
        return Need(
            kind=self.kind,
            title=self.title,
            lines=tuple(FundingLine(**one.model_dump()) for one in self.lines),
            amount_fen=self.amount_fen,
            posts=self.posts,
            asked_of=self.asked_of,
            needed_on=self.needed_on,
            deficiency_ids=self.deficiency_ids,
            evidence=evidence,
        )


class FundingAnswerBody(ActBody):
    """What was decided about a request; granted in full needs no amount."""

    decision: FundingAnswer
    decided_on: Day
    granted_fen: Fen | None = None
    granted_posts: Count | None = None
    available_on: Day | None = None
    reason: Words | None = None

    def answer(self) -> Answer:
        return Answer(
            decision=self.decision,
            decided_on=self.decided_on,
            granted_fen=self.granted_fen,
            granted_posts=self.granted_posts,
            available_on=self.available_on,
            reason=self.reason,
        )


class PracticeBody(EvidencedBody):
    """What worked; `internal` stays within the programme, `named` with those of `shared_with`."""

    title: Line
    summary: Words
    items: Annotated[tuple[Code, ...], Field(max_length=100)] = ()
    publicity: Publicity
    shared_with: Annotated[tuple[Code, ...], Field(max_length=100)] = ()

    def experience(self, evidence: tuple[Evidence, ...]) -> Experience:
        return Experience(
            title=self.title,
            summary=self.summary,
            items=self.items,
            publicity=self.publicity,
            shared_with=self.shared_with,
            evidence=evidence,
        )
