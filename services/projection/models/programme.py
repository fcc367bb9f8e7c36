"""What a programme asks for, day by day: a row per programme, written by its own stream alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Literal, Self

from sqlalchemy import JSON, Column, Integer, Table, Text

from services.projection.models.schema import metadata, until
from shared.contracts.programme import (
    AchievedBy,
    BatchAnnounced,
    CalendarPublished,
    Closed,
    Opened,
    Organisation,
    Phase,
    RulesPublished,
    StandardPublished,
    TownshipEnrolled,
    TownshipWithdrawn,
)
from shared.messaging.reactions import Received
from shared.working_days import Calendar

table = Table(
    "programme_progress",
    metadata,
    Column("programme", Text(collation="C"), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("row", JSON, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What the programme was opened with."""

    on: date
    name_zh: str
    name_en: str
    district: Organisation
    phases: tuple[Phase, ...]
    rehearsal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSet:
    """A target as set on a day; a rescheduling sets it again."""

    on: date
    code: str
    name: str
    due_on: date
    freeze_on: date | None
    members: Literal["committed", "all"]
    achieved_by: AchievedBy
    strength: Literal["aspire", "require"]

    @property
    def frozen_on(self) -> date:
        """After this day nobody leaves unseen."""
        return self.freeze_on or self.due_on


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardLine:
    """Of a standard, what a reader of totals needs."""

    on: date
    code: str
    number: int
    title: str
    illustrative: bool
    total_cp: int
    pass_cp: int
    categories: Mapping[str, str]
    maximums_cp: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLine:
    """A version of one kind of rules, whole."""

    on: date
    kind: str
    number: int
    rules: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarLine:
    """A year's calendar, as known from a day on."""

    on: date
    event: CalendarPublished


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLine:
    """A batch, as announced on a day."""

    on: date
    code: str
    name: str
    opens_on: date
    closes_on: date
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """A township joined or left on a day."""

    on: date
    township: str
    enrolled: bool
    name: str
    office: str
    kind: Literal["town", "subdistrict"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeProgress:
    """The dated facts of a programme; every programme begins as `ProgrammeProgress()`."""

    programme: str = ""
    version: int = 0
    recorded_at: datetime | None = None
    opened: tuple[Definition, ...] = ()
    targets: tuple[TargetSet, ...] = ()
    standards: tuple[StandardLine, ...] = ()
    rules: tuple[RuleLine, ...] = ()
    calendars: tuple[CalendarLine, ...] = ()
    batches: tuple[BatchLine, ...] = ()
    enrolments: tuple[Enrolment, ...] = ()
    closed: tuple["Ending", ...] = field(default=())

    def until(self, day: date) -> Self:
        """As it stood at the end of `day`."""
        return replace(
            self,
            opened=until(self.opened, day),
            targets=until(self.targets, day),
            standards=until(self.standards, day),
            rules=until(self.rules, day),
            calendars=until(self.calendars, day),
            batches=until(self.batches, day),
            enrolments=until(self.enrolments, day),
            closed=until(self.closed, day),
        )

    def calendar(self) -> Calendar:
        """The working days as far as they are published."""
        return Calendar.of(line.event for line in self.calendars)

    def rules_of(self, kind: str) -> RuleLine | None:
        """The version of these rules published last."""
        return next((line for line in reversed(self.rules) if line.kind == kind), None)

    def standing_targets(self) -> list[TargetSet]:
        """Every target as set last, in the order of the programme."""
        return list({target.code: target for target in self.targets}.values())

    def townships(self) -> dict[str, tuple[Enrolment, ...]]:
        """The joinings and leavings of each township that ever joined."""
        found: dict[str, tuple[Enrolment, ...]] = {}
        for line in self.enrolments:
            found[line.township] = (*found.get(line.township, ()), line)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """The programme was closed."""

    on: date


def evolve(row: ProgrammeProgress, received: Received) -> ProgrammeProgress:
    """The row after an event of its stream; one that it has seen changes nothing."""
    record = received.record
    if record.version <= row.version:
        return row
    row = replace(
        row, programme=record.subject, version=record.version, recorded_at=record.recorded_at
    )
    on = record.effective_on
    match received.event:
        case Opened() as event:
            return replace(row, opened=(*row.opened, _definition(event)), targets=_targets(event))
        case StandardPublished() as event:
            return replace(row, standards=(*row.standards, _standard(event)))
        case RulesPublished(kind=kind, version=number, rules=rules):
            line = RuleLine(on=on, kind=kind, number=number, rules=rules)
            return replace(row, rules=(*row.rules, line))
        case CalendarPublished() as event:
            return replace(row, calendars=(*row.calendars, CalendarLine(on=on, event=event)))
        case BatchAnnounced() as event:
            batch = BatchLine(
                on=on,
                code=event.batch,
                name=event.name,
                opens_on=event.opens_on,
                closes_on=event.closes_on,
                target=event.target,
            )
            return replace(row, batches=(*row.batches, batch))
        case TownshipEnrolled() as event:
            joined = Enrolment(
                on=on,
                township=event.township,
                enrolled=True,
                name=event.name,
                office=event.office,
                kind=event.kind,
            )
            return replace(row, enrolments=(*row.enrolments, joined))
        case TownshipWithdrawn() as event:
            left = Enrolment(
                on=on,
                township=event.township,
                enrolled=False,
                name=event.township_name,
                office=event.office,
            )
            return replace(row, enrolments=(*row.enrolments, left))
        case Closed():
            return replace(row, closed=(*row.closed, Ending(on=on)))
        case _:
            return row  # a read model may look away


def _definition(event: Opened) -> Definition:
    return Definition(
        on=event.effective_on,
        name_zh=event.name_zh,
        name_en=event.name_en,
        district=event.district,
        phases=event.phases,
        rehearsal=event.rehearsal,
    )


def _targets(event: Opened) -> tuple[TargetSet, ...]:
    return tuple(
        TargetSet(
            on=event.effective_on,
            code=target.code,
            name=target.name,
            due_on=target.due_on,
            freeze_on=target.freeze_on,
            members=target.members,
            achieved_by=target.achieved_by,
            strength=target.strength,
        )
        for target in event.targets
    )


def _standard(event: StandardPublished) -> StandardLine:
    return StandardLine(
        on=event.effective_on,
        code=event.standard.code,
        number=event.standard.version,
        title=event.title,
        illustrative=event.illustrative,
        total_cp=event.total_cp,
        pass_cp=event.pass_cp,
        categories={category.code: category.name for category in event.categories},
        maximums_cp={category.code: category.max_cp for category in event.categories},
    )


def enrolled(lines: Iterable[Enrolment], on: date) -> Enrolment | None:
    """The last joining or leaving by the end of `on`; None before the first."""
    return next(iter(reversed(until(lines, on))), None)
