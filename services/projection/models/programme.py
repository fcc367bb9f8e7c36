"""What a programme asks for, day by day: a row per programme, written by its own stream alone."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Self

from sqlalchemy import JSON, Column, Integer, Table, Text

from services.projection.models.bodies import NameLine, body_on
from services.projection.models.definition import (
    BatchLine,
    CalendarLine,
    Definition,
    Ending,
    Enrolment,
    PhaseSet,
    RuleLine,
    StandardLine,
    TargetSet,
    definition,
    standard,
    targets,
)
from services.projection.models.schema import metadata, until
from shared.contracts.programme import (
    BatchAnnounced,
    CalendarPublished,
    Closed,
    Opened,
    Organisation,
    OrganisationRenamed,
    Phase,
    PhaseRescheduled,
    RulesPublished,
    StandardPublished,
    TargetRescheduled,
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
    moved: tuple[PhaseSet, ...] = ()
    names: tuple[NameLine, ...] = ()
    closed: tuple[Ending, ...] = ()

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
            moved=until(self.moved, day),
            names=until(self.names, day),
            closed=until(self.closed, day),
        )

    def calendar(self) -> Calendar:
        """The working days as far as they are published."""
        return Calendar.of(line.event for line in self.calendars)

    def rules_of(self, kind: str) -> RuleLine | None:
        """The version of these rules in force last."""
        return next((line for line in reversed(self.rules) if line.kind == kind), None)

    def phases(self) -> tuple[Phase, ...]:
        """The phases with the days set last, in the order of the programme."""
        days = {line.phase: line for line in self.moved}
        phases = self.opened[-1].phases if self.opened else ()
        return tuple(
            replace(phase, from_on=days[phase.code].from_on, to_on=days[phase.code].to_on)
            if phase.code in days
            else phase
            for phase in phases
        )

    def body(self, organisation: str, on: date) -> Organisation:
        """Who acts in an organisation's place on a day; one nobody named goes by its id."""
        now, name = body_on(self.names, organisation, on)
        return Organisation(organisation=now, name=name or now)

    def standing_targets(self) -> list[TargetSet]:
        """Every target as set last, in the order of the programme."""
        return list({target.code: target for target in self.targets}.values())

    def townships(self) -> dict[str, tuple[Enrolment, ...]]:
        """The joinings and leavings of each township that ever joined."""
        found: dict[str, tuple[Enrolment, ...]] = {}
        for line in self.enrolments:
            found[line.township] = (*found.get(line.township, ()), line)
        return found


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
            return replace(
                row,
                opened=(*row.opened, definition(event)),
                targets=targets(event),
                names=(*row.names, *(_named(on, body) for body in (event.district, event.city))),
            )
        case StandardPublished() as event:
            return replace(row, standards=(*row.standards, standard(event)))
        case RulesPublished(kind=kind, version=number, rules=rules, in_force_on=in_force_on):
            line = RuleLine(on=max(on, in_force_on), kind=kind, number=number, rules=rules)
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
            office = NameLine(on=on, organisation=event.office, name=event.office_name)
            return replace(row, enrolments=(*row.enrolments, joined), names=(*row.names, office))
        case TownshipWithdrawn() as event:
            left = Enrolment(
                on=on,
                township=event.township,
                enrolled=False,
                name=event.township_name,
                office=event.office,
            )
            return replace(row, enrolments=(*row.enrolments, left))
        case TargetRescheduled(target=code, due_on=due_on):
            found = [line for line in row.targets if line.code == code]
            later = [replace(line, on=on, due_on=due_on) for line in found[-1:]]
            return replace(row, targets=(*row.targets, *later))
        case PhaseRescheduled(phase=phase, from_on=from_on, to_on=to_on):
            moved = PhaseSet(on=on, phase=phase, from_on=from_on, to_on=to_on)
            return replace(row, moved=(*row.moved, moved))
        case OrganisationRenamed() as event:
            return replace(row, names=(*row.names, _renamed(event)))
        case Closed():
            return replace(row, closed=(*row.closed, Ending(on=on)))
        case _:
            return row  # a read model may look away


def _named(on: date, body: Organisation) -> NameLine:
    return NameLine(on=on, organisation=body.organisation, name=body.name)


def _renamed(event: OrganisationRenamed) -> NameLine:
    return NameLine(
        # Announced ahead it holds from its own day on; told late, from the day it was said to be.
        on=max(event.effective_on, event.from_on),
        organisation=event.organisation,
        name=event.name,
        successor_of=event.successor_of,
    )


def enrolled(lines: Iterable[Enrolment], on: date) -> Enrolment | None:
    """The last joining or leaving by the end of `on`; None before the first."""
    return next(iter(reversed(until(lines, on))), None)
