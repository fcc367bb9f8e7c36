"""What may be sent to a programme: its definition and its parts, bounded, and nothing else."""

from dataclasses import fields
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import AwareDatetime, BeforeValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from services.review.programmes.annual import Sheet
from services.review.programmes.definition import (
    BatchDraft,
    CalendarDraft,
    Definition,
    RulesDraft,
    RulesKind,
    StandardDraft,
    TownshipDraft,
)
from shared.contracts.blocks import ProgrammeSite
from shared.contracts.programme import (
    AnnualRow,
    Category,
    Cut,
    Gate,
    Item,
    Organisation,
    Phase,
    StandardChange,
    Target,
)
from shared.web import bodies
from shared.web.bodies import CONTRACT, Body, Code, Day, Flag, Line, Paper, Points, Sha256, Words

D = TypeVar("D")
Count = Annotated[int, Field(strict=True, ge=0, le=100_000)]
Year = Annotated[int, Field(strict=True, ge=2000, le=2200)]


def _written_out(sent: Any) -> Any:
    """An instant as RFC 3339 writes it, and not a number."""
    if isinstance(sent, datetime) or (isinstance(sent, str) and "T" in sent):
        return sent
    raise PydanticCustomError("datetime_parsing", "Input should be like 2018-09-01T09:00:00+08:00")


# Of years that every zone can tell; pydantic alone would also take seconds since 1970.
Instant = Annotated[
    AwareDatetime,
    Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC)),
    BeforeValidator(_written_out),
]


class ActBody(bodies.ActBody):
    """The day of an act and the paper it rests on, as the site of what comes of it."""

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
    illustrative: Flag
    total_cp: Points
    pass_cp: Points
    demonstration_cp: Points
    categories: Annotated[
        tuple[Annotated[Category, CONTRACT], ...], Field(min_length=1, max_length=100)
    ]
    items: Annotated[tuple[Annotated[Item, CONTRACT], ...], Field(min_length=1, max_length=1000)]
    gates: Annotated[tuple[Annotated[Gate, CONTRACT], ...], Field(max_length=200)] = ()
    in_force_on: Day | None = None
    changes: Annotated[tuple[StandardChange, ...], Field(max_length=1000)] = ()


class RulesFields(Body):
    """One kind of rules."""

    kind: RulesKind
    rules: dict[str, Any]
    in_force_on: Day | None = None


class YearFields(Body):
    """A year's days off and worked weekends."""

    holidays: Annotated[tuple[Day, ...], Field(max_length=366)]
    worked_weekends: Annotated[tuple[Day, ...], Field(max_length=366)]
    source: Paper
    provisional: Flag = False


class CalendarFields(YearFields):
    """The same, with its year."""

    year: Year


class BatchFields(Body):
    """A window for applications."""

    batch: Code
    name: Line
    opens_on: Day
    closes_on: Day
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


class PhaseDaysBody(ActBody):
    """The days a phase is to have, both; without `from_on` it begins with the programme."""

    from_on: Day | None = None
    to_on: Day
    reason: Words


class DueBody(ActBody):
    """The day a target is to be due."""

    due_on: Day
    reason: Words


class NameBody(ActBody):
    """The name borne from a day on, and whose place is taken, if anybody's."""

    name: Line
    from_on: Day
    document_prefix: Line | None = None
    successor_of: Code | None = None


class CutBody(Body):
    """Up to where a partition had been read, exclusive."""

    topic: Annotated[str, StringConstraints(pattern=r"^fuyan\.[a-z]{1,20}\.v[0-9]{1,3}$")]
    partition: Count
    next_offset: Annotated[int, Field(strict=True, ge=0, le=10**15)]


class RulesRefBody(Body):
    """A published version of a kind of rules."""

    kind: RulesKind
    version: Annotated[int, Field(strict=True, ge=1, le=100_000)]


class AnnualRowBody(Body):
    """What a township is given for the year."""

    township: Code
    points_cp: Points
    rank: Annotated[int, Field(strict=True, ge=1, le=100_000)] | None = None
    priority: Flag = False


class SheetBody(ActBody):
    """The year's assessment sheet, whole."""

    year: Year
    figures_digest: Sha256
    as_of_on: Day
    known_at: Instant
    cut: Annotated[tuple[CutBody, ...], Field(max_length=1000)]
    rules: Annotated[tuple[RulesRefBody, ...], Field(max_length=20)] = ()
    rows: Annotated[tuple[AnnualRowBody, ...], Field(max_length=2000)]
    replaces_digest: Sha256 | None = None

    def sheet(self) -> Sheet:
        return Sheet(
            year=self.year,
            figures_digest=self.figures_digest,
            as_of_on=self.as_of_on,
            known_at=self.known_at.astimezone(UTC),
            cut=tuple(Cut(**one.model_dump()) for one in self.cut),
            rules=tuple((one.kind, one.version) for one in self.rules),
            rows=tuple(AnnualRow(**one.model_dump()) for one in self.rows),
            replaces_digest=self.replaces_digest,
        )


class EndBody(ActBody):
    """How a programme ended."""

    achieved: Count
    reason: Words | None = None


class DefinitionBody(ActBody):
    """A whole programme, exactly as its YAML file says it."""

    code: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")]
    name_zh: Line
    name_en: Line
    district: Annotated[Organisation, CONTRACT]
    city: Annotated[Organisation, CONTRACT]
    basis: Annotated[tuple[Paper, ...], Field(max_length=50)]
    rehearsal: Flag
    phases: Annotated[tuple[Annotated[Phase, CONTRACT], ...], Field(min_length=1, max_length=50)]
    targets: Annotated[tuple[Annotated[Target, CONTRACT], ...], Field(min_length=1, max_length=50)]
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
