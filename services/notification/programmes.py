"""What this service has heard of each programme: who takes part, and what things are called."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from shared.contracts.programme import (
    BatchAnnounced,
    Opened,
    ProgrammeEvent,
    StandardPublished,
    TownshipEnrolled,
    TownshipWithdrawn,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A township's safety office and its government; `enrolled` ends when it leaves."""

    office: str
    government: str
    enrolled: bool = True


@dataclass(frozen=True, slots=True)
class Programme:
    """Only what telling needs; a programme nobody here has heard of is `Programme()`."""

    district: str | None = None
    city: str | None = None
    townships: Mapping[str, Member] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    """The Chinese name of every organisation, item, target and batch, by its code."""

    @property
    def enrolled(self) -> list[Member]:
        return [member for member in self.townships.values() if member.enrolled]


def evolve(programme: Programme, event: ProgrammeEvent) -> Programme:
    match event:
        case Opened(district=district, city=city):
            named = {body.organisation: body.name for body in (district, city)}
            named |= {target.code: target.name for target in event.targets}
            return replace(
                programme,
                district=district.organisation,
                city=city.organisation,
                names={**programme.names, **named},
            )
        case StandardPublished():
            named = {item.code: item.name for item in event.items}
            return replace(programme, names={**programme.names, **named})
        case BatchAnnounced():
            return replace(programme, names={**programme.names, event.batch: event.name})
        case TownshipEnrolled():
            member = Member(office=event.office, government=event.government)
            named = {event.office: event.office_name, event.government: event.government_name}
            return replace(
                programme,
                townships={**programme.townships, event.township: member},
                names={**programme.names, **named},
            )
        case TownshipWithdrawn(township=township) if township in programme.townships:
            left = replace(programme.townships[township], enrolled=False)
            return replace(programme, townships={**programme.townships, township: left})
        case _:
            return programme  # rules and calendars decide nothing about who is told


def organisations(programme: Programme, township: str | None) -> frozenset[str]:
    """Everyone who may have to hear of an event of this township, or of the whole programme."""
    if township is None:
        members = programme.enrolled
    else:
        members = [m for code, m in programme.townships.items() if code == township]
    offices = chain.from_iterable((member.office, member.government) for member in members)
    return frozenset({*offices, *filter(None, (programme.district, programme.city))})
