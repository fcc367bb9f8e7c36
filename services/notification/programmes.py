"""What this service has heard of each programme: who takes part, and what things are called."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import chain

from shared.contracts.programme import (
    BatchAnnounced,
    CalendarPublished,
    Closed,
    Opened,
    OrganisationRenamed,
    Phase,
    PhaseRescheduled,
    ProgrammeEvent,
    StandardPublished,
    TownshipEnrolled,
    TownshipWithdrawn,
)
from shared.working_days import Calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A township's safety office and its government; `enrolled` ends when it leaves."""

    office: str
    government: str
    enrolled: bool = True
    since_on: date


@dataclass(frozen=True, slots=True)
class Name:
    """What an organisation is called from a day on; None: since before anybody told."""

    from_on: date | None
    name: str


@dataclass(frozen=True, slots=True)
class Succession:
    """From a day on `successor` has taken another's place."""

    from_on: date
    successor: str


@dataclass(frozen=True, slots=True)
class Programme:
    """Only what telling needs; a programme nobody here has heard of is `Programme()`."""

    district: str | None = None
    city: str | None = None
    townships: Mapping[str, Member] = field(default_factory=dict)
    things: Mapping[str, str] = field(default_factory=dict)
    """The Chinese name of every item, target, phase, batch and township, by its code."""
    bodies: Mapping[str, tuple[Name, ...]] = field(default_factory=dict)
    successors: Mapping[str, Succession] = field(default_factory=dict)
    """Who took an organisation's place, by the one that is gone."""
    phases: tuple[Phase, ...] = ()
    batches: Mapping[str, BatchAnnounced] = field(default_factory=dict)
    calendars: Mapping[int, CalendarPublished] = field(default_factory=dict)
    closed: bool = False

    @property
    def enrolled(self) -> list[Member]:
        return [member for member in self.townships.values() if member.enrolled]

    @property
    def calendar(self) -> Calendar:
        """The working days known now; of each year the calendar published last counts."""
        return Calendar.of(self.calendars.values())

    def names(self, on: date) -> Mapping[str, str]:
        """Every name by code, of an organisation the one that it bore on that day."""
        bodies = {code: _name(names, on) for code, names in self.bodies.items()}
        return {**self.things, **bodies}

    def acting(self, organisation: str, on: date) -> str:
        """Who stands in an organisation's place on a day: itself, or the last successor."""
        for earlier in self._line(organisation, on):
            organisation = earlier
        return organisation

    def line_of(self, organisations: Iterable[str]) -> frozenset[str]:
        """These, and all who ever took their place."""
        line = chain.from_iterable(self._line(one, date.max) for one in organisations)
        return frozenset(line)

    def _line(self, organisation: str, on: date) -> list[str]:
        line = [organisation]
        while (next_ := self.successors.get(line[-1])) and next_.from_on <= on:
            if next_.successor in line:
                break
            line.append(next_.successor)
        return line


def _name(names: tuple[Name, ...], on: date) -> str:
    """The first one ever told also names the days before it."""
    held = [one for one in names if one.from_on is None or one.from_on <= on]
    return max(held, key=lambda one: one.from_on or date.min).name if held else names[0].name


def evolve(programme: Programme, event: ProgrammeEvent) -> Programme:
    match event:
        case Opened(district=district, city=city):
            named = {target.code: target.name for target in event.targets}
            named |= {phase.code: phase.name for phase in event.phases}
            bodies = {body.organisation: body.name for body in (district, city)}
            return replace(
                _told(programme, bodies),
                district=district.organisation,
                city=city.organisation,
                things={**programme.things, **named},
                phases=event.phases,
            )
        case StandardPublished():
            named = {item.code: item.name for item in event.items}
            named |= {gate.code: gate.name for gate in event.gates}
            return replace(programme, things={**programme.things, **named})
        case CalendarPublished():
            return replace(programme, calendars={**programme.calendars, event.year: event})
        case BatchAnnounced():
            return replace(
                programme,
                things={**programme.things, event.batch: event.name},
                batches={**programme.batches, event.batch: event},
            )
        case PhaseRescheduled():
            moved = tuple(
                replace(phase, from_on=event.from_on, to_on=event.to_on)
                if phase.code == event.phase
                else phase
                for phase in programme.phases
            )
            return replace(programme, phases=moved)
        case TownshipEnrolled():
            member = Member(
                office=event.office, government=event.government, since_on=event.effective_on
            )
            bodies = {event.office: event.office_name, event.government: event.government_name}
            return replace(
                _told(programme, bodies),
                townships={**programme.townships, event.township: member},
                things={**programme.things, event.township: event.name},
            )
        case TownshipWithdrawn(township=township) if township in programme.townships:
            left = replace(programme.townships[township], enrolled=False)
            return replace(programme, townships={**programme.townships, township: left})
        case OrganisationRenamed():
            return _renamed(programme, event)
        case Closed():
            return replace(programme, closed=True)
        case _:
            return programme  # rules and sheets decide nothing about who is told


def _told(programme: Programme, bodies: Mapping[str, str]) -> Programme:
    """Named where it is told of for the first time; a new name has an event of its own."""
    new = {
        organisation: (Name(None, name),)
        for organisation, name in bodies.items()
        if organisation not in programme.bodies
    }
    return replace(programme, bodies={**programme.bodies, **new})


def _renamed(programme: Programme, event: OrganisationRenamed) -> Programme:
    organisation, successor_of = event.organisation, event.successor_of
    before = programme.bodies.get(organisation)
    if before is None and event.previous_name and successor_of is None:
        before = (Name(None, event.previous_name),)
    name = Name(event.from_on, event.name)
    # Heard twice it is the same name: only a hint is folded from handlers, which may ask again.
    names = tuple(one for one in before or () if one.from_on != event.from_on)
    programme = replace(programme, bodies={**programme.bodies, organisation: (*names, name)})
    if successor_of is None:
        return programme
    follows = Succession(event.from_on, organisation)
    return replace(programme, successors={**programme.successors, successor_of: follows})


def organisations(programme: Programme, township: str | None) -> frozenset[str]:
    """Everyone who may have to hear of an event of this township, or of the whole programme.

    Of those who left too: their leaving is told to them, and may be heard here before that.
    """
    members = [m for code, m in programme.townships.items() if township in (None, code)]
    offices = chain.from_iterable((member.office, member.government) for member in members)
    return frozenset({*offices, *filter(None, (programme.district, programme.city))})
