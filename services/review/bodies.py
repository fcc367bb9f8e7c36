"""What may be sent to a programme: its definition and its parts, bounded, and nothing else."""

from collections.abc import Iterator
from dataclasses import fields
from datetime import date
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from services.review.definition import (
    BatchDraft,
    CalendarDraft,
    Definition,
    RulesDraft,
    RulesKind,
    StandardDraft,
    TownshipDraft,
)
from shared.contracts.blocks import Document, ProgrammeSite
from shared.contracts.programme import (
    Category,
    Gate,
    Item,
    Organisation,
    Phase,
    StandardChange,
    Target,
)

D = TypeVar("D")
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,60}$")]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Points = Annotated[int, Field(strict=True, ge=0, le=10_000_000)]


class Body(BaseModel):
    """Unknown fields are refused, or a misspelt one would be lost without a word."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_max_length=2000)

    @model_validator(mode="before")
    @classmethod
    def _clean(cls, sent: Any) -> Any:
        """A NUL is legal JSON and legal nowhere else: PostgreSQL and spreadsheets refuse it."""
        if any("\x00" in text for text in _texts(sent)):
            raise ValueError("text must not contain a NUL character")
        return sent


class ActBody(Body):
    """When it happened, if not today, why it is said only now, and the paper it rests on."""

    effective_on: date | None = None
    backdated_reason: Words | None = None
    document: Document | None = None

    def site(self, programme: str, today: date) -> ProgrammeSite:
        return {
            "programme": programme,
            "effective_on": self.effective_on or today,
            "backdated_reason": self.backdated_reason,
            "document": self.document,
        }


class StandardFields(Body):
    """A scoring table."""

    code: Code
    title: Line
    illustrative: bool
    total_cp: Points
    pass_cp: Points
    demonstration_cp: Points
    categories: Annotated[tuple[Category, ...], Field(min_length=1, max_length=100)]
    items: Annotated[tuple[Item, ...], Field(min_length=1, max_length=1000)]
    gates: Annotated[tuple[Gate, ...], Field(max_length=200)] = ()
    in_force_on: date | None = None
    changes: Annotated[tuple[StandardChange, ...], Field(max_length=1000)] = ()


class RulesFields(Body):
    """One kind of rules."""

    kind: RulesKind
    rules: dict[str, Any]
    in_force_on: date | None = None


class YearFields(Body):
    """A year's days off and worked weekends."""

    holidays: Annotated[tuple[date, ...], Field(max_length=366)]
    worked_weekends: Annotated[tuple[date, ...], Field(max_length=366)]
    source: Document
    provisional: bool = False


class CalendarFields(YearFields):
    """The same, with its year."""

    year: Annotated[int, Field(ge=2000, le=2200)]


class BatchFields(Body):
    """A window for applications."""

    batch: Code
    name: Line
    opens_on: date
    closes_on: date
    target: Code


class TownshipFields(Body):
    """A township, its office and its government."""

    township: Code
    name: Line
    kind: Literal["town", "subdistrict"]
    office: Code
    office_name: Line
    government: Code
    government_name: Line


class StandardBody(ActBody, StandardFields):
    """The next version of the standard."""


class RulesBody(ActBody, RulesFields):
    """The next version of one kind of rules."""


class CalendarBody(ActBody, YearFields):
    """A year's calendar, whole; the year is in the address."""


class BatchBody(ActBody, BatchFields):
    """A batch to announce."""


class TownshipBody(ActBody, TownshipFields):
    """A township to enrol."""


class LeavingBody(ActBody):
    """Why a township leaves, and who follows it."""

    reason: Words
    successor: Code | None = None


class EndBody(ActBody):
    """How a programme ended."""

    achieved: Annotated[int, Field(ge=0, le=100_000)]
    reason: Words | None = None


class DefinitionBody(ActBody):
    """A whole programme, exactly as its YAML file says it."""

    code: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")]
    name_zh: Line
    name_en: Line
    district: Organisation
    city: Organisation
    basis: Annotated[tuple[Document, ...], Field(max_length=50)]
    rehearsal: bool
    phases: Annotated[tuple[Phase, ...], Field(min_length=1, max_length=50)]
    targets: Annotated[tuple[Target, ...], Field(min_length=1, max_length=50)]
    standard: StandardFields
    rules: Annotated[tuple[RulesFields, ...], Field(max_length=10)]
    calendars: Annotated[tuple[CalendarFields, ...], Field(max_length=20)] = ()
    batches: Annotated[tuple[BatchFields, ...], Field(max_length=100)] = ()
    townships: Annotated[tuple[TownshipFields, ...], Field(max_length=2000)] = ()

    @model_validator(mode="after")
    def _two_bureaus(self) -> Self:
        if self.district.organisation == self.city.organisation:
            raise ValueError("district and city are two organisations")
        return self

    def definition(self) -> Definition:
        return Definition(
            code=self.code,
            name_zh=self.name_zh,
            name_en=self.name_en,
            district=self.district,
            city=self.city,
            basis=self.basis,
            rehearsal=self.rehearsal,
            phases=self.phases,
            targets=self.targets,
            standard=drafted(self.standard, StandardDraft),
            rules=tuple(drafted(one, RulesDraft) for one in self.rules),
            calendars=tuple(drafted(one, CalendarDraft) for one in self.calendars),
            batches=tuple(drafted(one, BatchDraft) for one in self.batches),
            townships=tuple(drafted(one, TownshipDraft) for one in self.townships),
        )


def drafted(body: Body, draft: type[D], **more: object) -> D:
    """The draft with the fields that a body has under the same names."""
    names = {one.name for one in fields(draft)}  # type: ignore[arg-type]  # D is a dataclass
    own = {name: getattr(body, name) for name in names if name in type(body).model_fields}
    return draft(**own, **more)


def _texts(sent: object) -> Iterator[str]:
    match sent:
        case str():
            yield sent
        case dict():
            for name, value in sent.items():
                yield from _texts(name)
                yield from _texts(value)
        case list():
            for value in sent:
                yield from _texts(value)
