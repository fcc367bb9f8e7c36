"""What a programme remembers, and who takes part in it, until it ends.

What else its district decides is beside it: `opening.py` begins a programme, `publishing.py` gives
it standards, rules and calendars, `schedule.py` its days, `organisations.py` its names, `annual.py`
its yearly sheets.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import assert_never

from services.review.programmes.definition import Deadline, RulesKind, TownshipDraft
from shared import succession
from shared.contracts.blocks import ProgrammeSite, StandardRef
from shared.contracts.programme import (
    AnnualAssessmentIssued,
    BatchAnnounced,
    CalendarPublished,
    Closed,
    Opened,
    OrganisationRenamed,
    Phase,
    PhaseRescheduled,
    ProgrammeEvent,
    RulesPublished,
    StandardPublished,
    Target,
    TargetRescheduled,
    TownshipEnrolled,
    TownshipWithdrawn,
)
from shared.contracts.refusals import Refused, not_before
from shared.working_days import Calendar


@dataclass(frozen=True, slots=True)
class Programme:
    """What decisions need; every programme begins as `Programme()`.

    `phases` and `targets` have the days that hold now, whatever they were opened with.
    `townships` are those that take part now; `left` keeps every enrolment that ended, with the
    first day without it.
    """

    opened: Opened | None = None
    phases: Mapping[str, Phase] = field(default_factory=dict)
    targets: Mapping[str, Target] = field(default_factory=dict)
    rescheduled: tuple[PhaseRescheduled | TargetRescheduled, ...] = ()
    standards: tuple[StandardPublished, ...] = ()
    rules: tuple[RulesPublished, ...] = ()
    calendars: tuple[CalendarPublished, ...] = ()
    batches: Mapping[str, BatchAnnounced] = field(default_factory=dict)
    townships: Mapping[str, TownshipEnrolled] = field(default_factory=dict)
    left: tuple[tuple[TownshipEnrolled, date], ...] = ()
    renamed: tuple[OrganisationRenamed, ...] = ()
    annual: tuple[AnnualAssessmentIssued, ...] = ()
    closed: Closed | None = None

    def standard_on(self, day: date) -> StandardPublished | None:
        """The standard in force on `day`: the last version whose day has come."""
        return next((one for one in reversed(self.standards) if one.in_force_on <= day), None)

    def standard_by(self, ref: StandardRef) -> StandardPublished | None:
        """The version something is pinned to, if it was published with that very content."""
        return next((one for one in self.standards if one.standard == ref), None)

    def rules_on(self, kind: RulesKind, day: date) -> RulesPublished | None:
        """The rules of a kind in force on `day`."""
        of_kind = (one for one in reversed(self.rules) if one.kind == kind)
        return next((one for one in of_kind if one.in_force_on <= day), None)

    def calendar(self) -> Calendar:
        """Working days as known now; a deadline keeps the calendar it was set by."""
        return Calendar.of(self.calendars)

    def deadline_wd(self, deadline: Deadline, day: date) -> int:
        """Working days for a step; the programme must be in being on `day`."""
        rules = self.rules_on("deadlines", day)
        if rules is None:
            raise Refused("rules-not-in-force", kind="deadlines", day=day)
        return int(rules.rules[deadline])

    def township(self, code: str) -> TownshipEnrolled:
        """An enrolled township; Refused("township-not-enrolled")."""
        if code not in self.townships:
            programme = self.opened.programme if self.opened else ""
            raise Refused("township-not-enrolled", township=code, programme=programme)
        return self.townships[code]

    @property
    def stays(self) -> list[tuple[TownshipEnrolled, date]]:
        """Every enrolment with the first day without it, those that ended first."""
        return [*self.left, *((one, date.max) for one in self.townships.values())]

    def enrolled_on(self, code: str, day: date) -> TownshipEnrolled | None:
        """The enrolment under which a township took part on `day`; the day it left is without."""
        own = ((one, until) for one, until in reversed(self.stays) if one.township == code)
        return next((one for one, until in own if one.effective_on <= day < until), None)

    def acts_as(self, organisation: str, other: str, day: date = date.max) -> bool:
        """Whether one has by `day` the part of the other, or the other had its part."""
        return succession.acts_as(self.renamed, organisation, other, day)

    def holder(self, organisation: str, day: date = date.max) -> str:
        """Who has by `day` the part that was `organisation`'s: itself, or the last to follow it."""
        return succession.holder(self.renamed, organisation, day)


def evolve(programme: Programme, event: ProgrammeEvent) -> Programme:
    match event:
        case Opened():
            return replace(
                programme,
                opened=event,
                phases={one.code: one for one in event.phases},
                targets={one.code: one for one in event.targets},
            )
        case StandardPublished():
            return replace(programme, standards=(*programme.standards, event))
        case RulesPublished():
            return replace(programme, rules=(*programme.rules, event))
        case CalendarPublished():
            return replace(programme, calendars=(*programme.calendars, event))
        case BatchAnnounced():
            return replace(programme, batches={**programme.batches, event.batch: event})
        case PhaseRescheduled():
            phase = replace(programme.phases[event.phase], from_on=event.from_on, to_on=event.to_on)
            return replace(
                programme,
                phases={**programme.phases, phase.code: phase},
                rescheduled=(*programme.rescheduled, event),
            )
        case TargetRescheduled():
            target = replace(programme.targets[event.target], due_on=event.due_on)
            return replace(
                programme,
                targets={**programme.targets, target.code: target},
                rescheduled=(*programme.rescheduled, event),
            )
        case TownshipEnrolled():
            return replace(
                programme,
                townships={**programme.townships, event.township: event},
            )
        case TownshipWithdrawn():
            stay = {
                code: one for code, one in programme.townships.items() if code != event.township
            }
            over = (programme.townships[event.township], event.effective_on)
            return replace(programme, townships=stay, left=(*programme.left, over))
        case OrganisationRenamed():
            return replace(programme, renamed=(*programme.renamed, event))
        case AnnualAssessmentIssued():
            return replace(programme, annual=(*programme.annual, event))
        case Closed():
            return replace(programme, closed=event)
        case _:
            assert_never(event)


def known(programme: Programme, code: str) -> Opened:
    """The programme's opening; Refused("unknown-programme")."""
    if programme.opened is None:
        raise Refused("unknown-programme", programme=code)
    return programme.opened


def in_being(
    programme: Programme, site: ProgrammeSite, after: Iterable[ProgrammeEvent] = ()
) -> Opened:
    """The programme, over or not; nothing of it happens before it was opened, or before `after`.

    Raises Refused: `unknown-programme`, `effective-day-too-early`.
    """
    opened = known(programme, site["programme"])
    not_before(site["effective_on"], max(one.effective_on for one in (opened, *after)))
    return opened


def running(
    programme: Programme, site: ProgrammeSite, after: Iterable[ProgrammeEvent] = ()
) -> Opened:
    """The same, if it is not over; else Refused("programme-closed")."""
    if programme.closed is not None:
        raise Refused("programme-closed", closed_on=programme.closed.closed_on)
    return in_being(programme, site, after)


def enrol_township(
    programme: Programme, draft: TownshipDraft, *, site: ProgrammeSite
) -> list[ProgrammeEvent]:
    """Take a township in; one that left may come back, not before the day it left.

    Raises Refused: `township-enrolled`, `duplicate-code` for an office that is another's.
    """
    running(programme, site)
    if draft.township in programme.townships:
        raise Refused("township-enrolled", township=draft.township)
    if any(programme.acts_as(one.office, draft.office) for one in programme.townships.values()):
        raise Refused("duplicate-code", kind="office", duplicate=draft.office)
    left_on = [until for one, until in programme.left if one.township == draft.township]
    if left_on:
        not_before(site["effective_on"], left_on[-1])
    return [
        TownshipEnrolled(
            **site,
            township=draft.township,
            name=draft.name,
            kind=draft.kind,
            office=draft.office,
            office_name=draft.office_name,
            government=draft.government,
            government_name=draft.government_name,
            enrolled_on=site["effective_on"],
        )
    ]


def withdraw_township(
    programme: Programme,
    township: str,
    *,
    reason: str,
    successor: str | None = None,
    site: ProgrammeSite,
) -> list[ProgrammeEvent]:
    """Let a township go, for the one that follows it where there is one.

    Raises Refused: `township-not-enrolled`, for the one that follows, too.
    """
    own = (one for one in programme.townships.values() if one.township == township)
    running(programme, site, after=own)
    enrolled = programme.township(township)
    if successor is not None:
        programme.township(successor)
        if successor == township:
            raise Refused("own-successor", of=township)
    return [
        TownshipWithdrawn(
            **site,
            township=township,
            township_name=enrolled.name,
            office=enrolled.office,
            withdrawn_on=site["effective_on"],
            reason=reason,
            successor=successor,
        )
    ]


def close(
    programme: Programme, *, achieved: int, reason: str | None = None, site: ProgrammeSite
) -> list[ProgrammeEvent]:
    """End the programme; `achieved` of its enrolled townships reached the standard.

    That count is the read side's: of those that take part now, who the signed figures of the last
    target show as achieved, in time or late. A programme knows no cases, and only bounds it.
    Raises Refused("achieved-over-members").
    """
    running(programme, site, after=programme.townships.values())
    members = len(programme.townships)
    if not 0 <= achieved <= members:
        raise Refused("achieved-over-members", achieved=achieved, members=members)
    return [
        Closed(
            **site,
            closed_on=site["effective_on"],
            achieved=achieved,
            members=members,
            reason=reason,
        )
    ]
