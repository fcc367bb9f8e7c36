"""What this service keeps of a programme that it follows, and what it asks of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from shared import succession
from shared.contracts.blocks import Document, TownshipSite
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
    Target,
    TargetRescheduled,
    TownshipEnrolled,
    TownshipWithdrawn,
)
from shared.contracts.refusals import Refused
from shared.working_days import Calendar


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A township's part in the programme; it ends on `left_on`, if ever."""

    enrolled: TownshipEnrolled
    left_on: date | None = None


@dataclass(frozen=True, slots=True)
class Programme:
    """A programme as heard so far; one nobody has heard of is `Programme()`."""

    code: str = ""
    district: str = ""
    city: str = ""
    renamed: tuple[OrganisationRenamed, ...] = ()
    phases: tuple[Phase, ...] = ()
    """In the order of their days, whatever the order they were written in."""
    targets: Mapping[str, Target] = field(default_factory=dict)
    batches: Mapping[str, BatchAnnounced] = field(default_factory=dict)
    standards: tuple[StandardPublished, ...] = ()
    calendars: tuple[CalendarPublished, ...] = ()
    townships: Mapping[str, Enrolment] = field(default_factory=dict)
    """The latest enrolment of each, over or not."""
    left: tuple[Enrolment, ...] = ()
    """Every enrolment after which its township was enrolled again."""
    closed_on: date | None = None

    @property
    def calendar(self) -> Calendar:
        """The working days as known here now."""
        return Calendar.of(self.calendars)

    @property
    def plan_due_on(self) -> date:
        """Plans are what the first phase ends with."""
        return self.phases[0].to_on


def evolve(programme: Programme, event: ProgrammeEvent) -> Programme:
    match event:
        case Opened():
            return replace(
                programme,
                code=event.programme,
                district=event.district.organisation,
                city=event.city.organisation,
                phases=_in_order(event.phases),
                targets={target.code: target for target in event.targets},
            )
        case PhaseRescheduled():
            moved = (
                replace(phase, from_on=event.from_on, to_on=event.to_on)
                if phase.code == event.phase
                else phase
                for phase in programme.phases
            )
            return replace(programme, phases=_in_order(moved))
        case TargetRescheduled():
            later = replace(programme.targets[event.target], due_on=event.due_on)
            return replace(programme, targets={**programme.targets, event.target: later})
        case OrganisationRenamed():
            return replace(programme, renamed=(*programme.renamed, event))
        case StandardPublished():
            return replace(programme, standards=(*programme.standards, event))
        case CalendarPublished():
            return replace(programme, calendars=(*programme.calendars, event))
        case BatchAnnounced():
            return replace(programme, batches={**programme.batches, event.batch: event})
        case TownshipEnrolled():
            before = programme.townships.get(event.township)
            left = programme.left if before is None else (*programme.left, before)
            return _with(replace(programme, left=left), Enrolment(event))
        case TownshipWithdrawn():
            over = replace(programme.townships[event.township], left_on=event.effective_on)
            return _with(programme, over)
        case Closed():
            return replace(programme, closed_on=event.effective_on)
        case _:
            return programme  # a follower may look away; the programme itself is elsewhere


def acts_as(programme: Programme, organisation: str, party: str, on: date = date.max) -> bool:
    """Whether an organisation has by that day the part of `party`, or `party` had its part.

    Events go on naming the party as the programme opened or enrolled it.
    """
    return succession.acts_as(programme.renamed, organisation, party, on)


def known(programme: Programme, code: str) -> Programme:
    """The programme, or Refused("unknown-programme") where its opening was not heard of."""
    if not programme.code:
        raise Refused("unknown-programme", programme=code)
    return programme


def enrolment(programme: Programme, township: str) -> Enrolment:
    """The township's latest enrolment, over or not; Refused("township-not-enrolled")."""
    found = programme.townships.get(township)
    if found is None:
        raise Refused("township-not-enrolled", township=township, programme=programme.code)
    return found


def site(
    programme: Programme,
    township: str,
    on: date,
    *,
    backdated_reason: str | None = None,
    document: Document | None = None,
    after_leaving: bool = False,
) -> TownshipSite:
    """The block of whatever happens in that township's dossier on that day.

    Raises Refused: `township-not-enrolled` before it took part, between two enrolments or after it
    left, unless `after_leaving` (then as it was enrolled last), and `programme-closed`.
    """
    last = enrolment(programme, township)
    begun = [
        one
        for one in (last, *reversed(programme.left))
        if one.enrolled.township == township and one.enrolled.effective_on <= on
    ]
    stays = (one for one in begun if after_leaving or one.left_on is None or on < one.left_on)
    stay = next(stays, None)
    if stay is None:
        raise Refused("township-not-enrolled", township=township, programme=programme.code)
    enrolled = stay.enrolled
    if programme.closed_on is not None and on > programme.closed_on:
        raise Refused("programme-closed", closed_on=programme.closed_on)
    return TownshipSite(
        programme=programme.code,
        effective_on=on,
        backdated_reason=backdated_reason,
        document=document,
        township=township,
        township_name=enrolled.name,
        office=enrolled.office,
    )


def standard_in_force(programme: Programme, on: date) -> StandardPublished:
    """The latest version that took effect by that day; Refused("no-standard-in-force")."""
    in_force = [one for one in programme.standards if one.in_force_on <= on]
    if not in_force:
        raise Refused("no-standard-in-force", effective_on=on)
    return max(in_force, key=lambda one: one.standard.version)


def standard_version(programme: Programme, version: int) -> StandardPublished | None:
    """That version, if it was heard of."""
    return next((one for one in programme.standards if one.standard.version == version), None)


def batch(programme: Programme, code: str | None) -> BatchAnnounced | None:
    """The batch of that code, or None where none is named; Refused("unknown-batch")."""
    if code is None:
        return None
    announced = programme.batches.get(code)
    if announced is None:
        raise Refused("unknown-batch", batch=code, known=sorted(programme.batches))
    return announced


def _in_order(phases: Iterable[Phase]) -> tuple[Phase, ...]:
    return tuple(sorted(phases, key=lambda phase: phase.to_on))


def _with(programme: Programme, township: Enrolment) -> Programme:
    known = {**programme.townships, township.enrolled.township: township}
    return replace(programme, townships=known)
