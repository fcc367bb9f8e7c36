"""What a district publishes in versions: standards, rules, calendars. Nothing reaches back."""

import json
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256

from services.review.programmes.definition import (
    CalendarDraft,
    RulesDraft,
    StandardDraft,
    check_rules,
)
from services.review.programmes.programme import Programme, running
from services.review.programmes.standards import check_sound, made_changes
from shared.contracts.blocks import ProgrammeSite, StandardRef
from shared.contracts.programme import (
    CalendarPublished,
    ProgrammeEvent,
    RulesPublished,
    StandardPublished,
)
from shared.contracts.refusals import Refused
from shared.standard import digest


def publish_standard(
    programme: Programme, draft: StandardDraft, *, today: date, site: ProgrammeSite
) -> list[ProgrammeEvent]:
    """Publish the next version, whole; in force no earlier than the next midnight in Shanghai.

    `today` is the day on which this is recorded: no back-dating makes a standard retroactive.
    Raises Refused: `standard-code-differs`, `in-force-too-early`, `change-not-made`, and what
    `check_sound` refuses.
    """
    running(programme, site, after=programme.standards[-1:])
    last = programme.standards[-1]
    if draft.code != last.standard.code:
        raise Refused("standard-code-differs", given=draft.code, was=last.standard.code)
    earliest = max(today + timedelta(days=1), last.in_force_on)
    event = standard_version(programme, draft, earliest=earliest, site=site)
    return [] if event.standard.digest == last.standard.digest else [event]


def publish_rules(
    programme: Programme, draft: RulesDraft, *, site: ProgrammeSite
) -> list[ProgrammeEvent]:
    """Publish the next version of one kind of rules; equal rules change nothing.

    Raises Refused: `in-force-too-early`, and what `check_rules` refuses.
    """
    last = [one for one in programme.rules if one.kind == draft.kind][-1:]
    running(programme, site, after=last)
    event = rules_version(programme, draft, site=site)
    return [] if last and last[0].digest == event.digest else [event]


def publish_calendar(
    programme: Programme, draft: CalendarDraft, *, site: ProgrammeSite
) -> list[ProgrammeEvent]:
    """Publish a year's days off and worked weekends; a later one replaces it.

    Raises Refused: `calendar-day-outside-year`, `calendar-day-unfit` (a worked day that is no
    weekend, or one that is off as well).
    """
    last = [one for one in programme.calendars if one.year == draft.year][-1:]
    running(programme, site, after=last)
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
    return [] if last and _said(last[0]) == _said(event) else [event]


def standard_version(
    programme: Programme, draft: StandardDraft, *, earliest: date, site: ProgrammeSite
) -> StandardPublished:
    """The draft as the next version, in force from `earliest` at the earliest."""
    in_force_on = draft.in_force_on or earliest
    if in_force_on < earliest:
        raise Refused("in-force-too-early", in_force_on=in_force_on, earliest_on=earliest)
    version = len(programme.standards) + 1
    previous = programme.standards[-1] if programme.standards else None
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
        previous_version=previous.standard.version if previous else None,
    )
    check_sound(event)
    ref = StandardRef(code=draft.code, version=version, digest=digest(event))
    items = previous.items if previous else draft.items
    return replace(event, standard=ref, changes=made_changes(items, draft.items, draft.changes))


def rules_version(
    programme: Programme, draft: RulesDraft, *, site: ProgrammeSite
) -> RulesPublished:
    """The draft as the next version of its kind, never in force before the one it follows."""
    check_rules(draft)
    last = next((one for one in reversed(programme.rules) if one.kind == draft.kind), None)
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


def _said(calendar: CalendarPublished) -> tuple[object, ...]:
    return calendar.holidays, calendar.worked_weekends, calendar.provisional, calendar.source
