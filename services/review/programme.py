"""What a programme remembers, and what its district may decide: a definition that is all data."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from hashlib import sha256

from services.review.definition import (
    DEADLINES,
    BatchDraft,
    CalendarDraft,
    Deadline,
    Definition,
    RulesDraft,
    RulesKind,
    StandardDraft,
    TownshipDraft,
    check_phases,
    check_rules,
    check_targets,
    in_phase,
)
from services.review.standards import check_sound, no_duplicates
from shared.contracts.blocks import ProgrammeSite, StandardRef
from shared.contracts.programme import (
    BatchAnnounced,
    CalendarPublished,
    Closed,
    Opened,
    ProgrammeEvent,
    RulesPublished,
    RulesRef,
    StandardPublished,
    TownshipEnrolled,
    TownshipWithdrawn,
)
from shared.contracts.refusals import Refused
from shared.standard import digest
from shared.working_days import Calendar


@dataclass(frozen=True, slots=True)
class Programme:
    """What decisions need; every programme begins as `Programme()`.

    `townships` are those that take part now; `left` keeps every enrolment that ended, with the
    first day without it.
    """

    opened: Opened | None = None
    standards: tuple[StandardPublished, ...] = ()
    rules: tuple[RulesPublished, ...] = ()
    calendars: tuple[CalendarPublished, ...] = ()
    batches: Mapping[str, BatchAnnounced] = field(default_factory=dict)
    townships: Mapping[str, TownshipEnrolled] = field(default_factory=dict)
    left: tuple[tuple[TownshipEnrolled, date], ...] = ()
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

    def enrolled_on(self, code: str, day: date) -> TownshipEnrolled | None:
        """The enrolment under which a township took part on `day`; the day it left is without."""
        stays = [*self.left, *((one, date.max) for one in self.townships.values())]
        own = ((one, until) for one, until in reversed(stays) if one.township == code)
        return next((one for one, until in own if one.effective_on <= day < until), None)


def evolve(programme: Programme, event: ProgrammeEvent) -> Programme:
    match event:
        case Opened():
            return replace(programme, opened=event)
        case StandardPublished():
            return replace(programme, standards=(*programme.standards, event))
        case RulesPublished():
            return replace(programme, rules=(*programme.rules, event))
        case CalendarPublished():
            return replace(programme, calendars=(*programme.calendars, event))
        case BatchAnnounced():
            return replace(programme, batches={**programme.batches, event.batch: event})
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
        case Closed():
            return replace(programme, closed=event)


def open_programme(
    programme: Programme, definition: Definition, *, site: ProgrammeSite
) -> list[ProgrammeEvent]:
    """Open a programme with everything it needs, in one act.

    The first standard and rules may be in force from the opening's own day: nobody can have been
    scored by an older one. Raises Refused: `programme-exists`, and what the parts refuse.
    """
    if programme.opened is not None:
        raise Refused("programme-exists", programme=definition.code)
    day = site["effective_on"]
    check_phases(definition.phases)
    check_targets(definition.targets, definition.phases)
    no_duplicates("rules", (one.kind for one in definition.rules))
    if not any(one.kind == "deadlines" for one in definition.rules):
        raise Refused("deadlines-incomplete", missing=DEADLINES)
    standard = _published(programme, definition.standard, earliest=day, site=site)
    rules = [_rules(programme, one, site=site) for one in definition.rules]
    opened = Opened(
        **site,
        name_zh=definition.name_zh,
        name_en=definition.name_en,
        district=definition.district,
        city=definition.city,
        basis=definition.basis,
        rehearsal=definition.rehearsal,
        phases=definition.phases,
        targets=definition.targets,
        standard=standard.standard,
        rules=tuple(
            RulesRef(kind=one.kind, version=one.version, digest=one.digest) for one in rules
        ),
    )
    events: list[ProgrammeEvent] = [opened, standard, *rules]
    for event in events:
        programme = evolve(programme, event)
    no_duplicates("calendar", (str(one.year) for one in definition.calendars))
    parts: list[list[ProgrammeEvent]] = [
        *(publish_calendar(programme, one, site=site) for one in definition.calendars)
    ]
    no_duplicates("batch", (one.batch for one in definition.batches))
    parts += [announce_batch(programme, one, site=site) for one in definition.batches]
    no_duplicates("township", (one.township for one in definition.townships))
    no_duplicates("office", (one.office for one in definition.townships))
    parts += [enrol_township(programme, one, site=site) for one in definition.townships]
    return events + [event for part in parts for event in part]


def publish_standard(
    programme: Programme, draft: StandardDraft, *, today: date, site: ProgrammeSite
) -> list[ProgrammeEvent]:
    """Publish the next version, whole; in force no earlier than the next midnight in Shanghai.

    `today` is the day on which this is recorded: no back-dating makes a standard retroactive.
    """
    _running(programme, site)
    last = programme.standards[-1]
    if draft.code != last.standard.code:
        raise Refused("standard-code-differs", given=draft.code, was=last.standard.code)
    tomorrow = max(today, site["effective_on"]) + timedelta(days=1)
    event = _published(programme, draft, earliest=max(tomorrow, last.in_force_on), site=site)
    return [] if event.standard.digest == last.standard.digest else [event]


def publish_rules(
    programme: Programme, draft: RulesDraft, *, site: ProgrammeSite
) -> list[ProgrammeEvent]:
    """Publish the next version of one kind of rules; equal rules change nothing."""
    _running(programme, site)
    event = _rules(programme, draft, site=site)
    last = _last_rules(programme, draft.kind)
    return [] if last is not None and last.digest == event.digest else [event]


def publish_calendar(
    programme: Programme, draft: CalendarDraft, *, site: ProgrammeSite
) -> list[ProgrammeEvent]:
    """Publish a year's days off and worked weekends; a later one replaces it.

    Raises Refused: `calendar-day-outside-year`, `calendar-day-unfit` (a worked day that is no
    weekend, or one that is off as well).
    """
    _running(programme, site)
    for day in (*draft.holidays, *draft.worked_weekends):
        if day.year != draft.year:
            raise Refused("calendar-day-outside-year", day=day, year=str(draft.year))
    for day in draft.worked_weekends:
        if day.weekday() < 5 or day in draft.holidays:
            raise Refused("calendar-day-unfit", day=day)
    event = CalendarPublished(
        **site,
        year=draft.year,
        holidays=tuple(sorted(set(draft.holidays))),
        worked_weekends=tuple(sorted(set(draft.worked_weekends))),
        provisional=draft.provisional,
        source=draft.source,
    )
    last = next((one for one in reversed(programme.calendars) if one.year == draft.year), None)
    return [] if last is not None and _said(last) == _said(event) else [event]


def announce_batch(
    programme: Programme, draft: BatchDraft, *, site: ProgrammeSite
) -> list[ProgrammeEvent]:
    """Announce when offices may apply together, within the phases that take applications."""
    opened = _running(programme, site)
    if draft.batch in programme.batches:
        raise Refused("duplicate-code", kind="batch", duplicate=draft.batch)
    targets = sorted(target.code for target in opened.targets)
    if draft.target not in targets:
        raise Refused("unknown-target", target=draft.target, known=targets)
    if draft.closes_on < draft.opens_on:
        raise Refused(
            "days-reversed", of=draft.batch, from_on=draft.opens_on, to_on=draft.closes_on
        )
    for day in (draft.opens_on, draft.closes_on):
        if not any(phase.applications_open and in_phase(day, phase) for phase in opened.phases):
            raise Refused("batch-outside-phase", batch=draft.batch, day=day)
    return [
        BatchAnnounced(
            **site,
            batch=draft.batch,
            name=draft.name,
            opens_on=draft.opens_on,
            closes_on=draft.closes_on,
            target=draft.target,
        )
    ]


def enrol_township(
    programme: Programme, draft: TownshipDraft, *, site: ProgrammeSite
) -> list[ProgrammeEvent]:
    """Take a township in; one that left may come back."""
    _running(programme, site)
    if draft.township in programme.townships:
        raise Refused("township-enrolled", township=draft.township)
    if any(one.office == draft.office for one in programme.townships.values()):
        raise Refused("duplicate-code", kind="office", duplicate=draft.office)
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
    """Let a township go, for the one that follows it where there is one."""
    _running(programme, site)
    enrolled = programme.township(township)
    if site["effective_on"] < enrolled.enrolled_on:
        raise Refused(
            "effective-day-too-early",
            effective_on=site["effective_on"],
            earliest_on=enrolled.enrolled_on,
        )
    if successor is not None:
        programme.township(successor)
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
    """End the programme; `achieved` of its enrolled townships reached the standard."""
    _running(programme, site)
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


def _running(programme: Programme, site: ProgrammeSite) -> Opened:
    """The programme, if it is open; nothing of it happens before it was opened."""
    if programme.opened is None:
        raise Refused("unknown-programme", programme=site["programme"])
    if programme.closed is not None:
        raise Refused("programme-closed", closed_on=programme.closed.closed_on)
    if site["effective_on"] < programme.opened.effective_on:
        raise Refused(
            "effective-day-too-early",
            effective_on=site["effective_on"],
            earliest_on=programme.opened.effective_on,
        )
    return programme.opened


def _published(
    programme: Programme, draft: StandardDraft, *, earliest: date, site: ProgrammeSite
) -> StandardPublished:
    in_force_on = draft.in_force_on or earliest
    if in_force_on < earliest:
        raise Refused("in-force-too-early", in_force_on=in_force_on, earliest_on=earliest)
    version = len(programme.standards) + 1
    event = StandardPublished(
        **site,
        standard=StandardRef(code=draft.code, version=version, digest=""),
        title=draft.title,
        illustrative=draft.illustrative,
        in_force_on=in_force_on,
        total_cp=draft.total_cp,
        pass_cp=draft.pass_cp,
        demonstration_cp=draft.demonstration_cp,
        categories=draft.categories,
        items=draft.items,
        gates=draft.gates,
        previous_version=version - 1 or None,
        changes=draft.changes,
    )
    check_sound(event)
    ref = StandardRef(code=draft.code, version=version, digest=digest(event))
    return replace(event, standard=ref)


def _rules(programme: Programme, draft: RulesDraft, *, site: ProgrammeSite) -> RulesPublished:
    check_rules(draft)
    last = _last_rules(programme, draft.kind)
    earliest = max(site["effective_on"], last.in_force_on) if last else site["effective_on"]
    in_force_on = draft.in_force_on or earliest
    if in_force_on < earliest:
        raise Refused("in-force-too-early", in_force_on=in_force_on, earliest_on=earliest)
    text = json.dumps(draft.rules, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return RulesPublished(
        **site,
        kind=draft.kind,
        version=last.version + 1 if last else 1,
        digest=sha256(text.encode()).hexdigest(),
        rules=draft.rules,
        in_force_on=in_force_on,
    )


def _last_rules(programme: Programme, kind: RulesKind) -> RulesPublished | None:
    return next((one for one in reversed(programme.rules) if one.kind == kind), None)


def _said(calendar: CalendarPublished) -> tuple[object, ...]:
    return calendar.holidays, calendar.worked_weekends, calendar.provisional, calendar.source
