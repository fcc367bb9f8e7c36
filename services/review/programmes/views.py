"""What the review service answers about a programme."""

from datetime import date
from typing import get_args

from pydantic import BaseModel

from services.review.programmes.definition import RulesKind
from services.review.programmes.organisations import Name, Part, name_on, names, parts
from services.review.programmes.programme import Programme, known
from shared.contracts.programme import (
    AnnualAssessmentIssued,
    BatchAnnounced,
    CalendarPublished,
    Closed,
    Opened,
    Phase,
    RulesPublished,
    StandardPublished,
    Target,
    TownshipEnrolled,
)
from shared.contracts.refusals import Refused
from shared.web.acts import Act


class OrganisationView(BaseModel):
    """An organisation with its dated names; `name` is that of the day asked about, if any."""

    organisation: str
    parts: list[Part]
    name: str | None
    names: list[Name]
    successor_of: str | None
    succeeded_by: str | None


class ProgrammeView(BaseModel):
    """A programme on the day asked about: what was in force, and who took part.

    `opened` is what it was opened with; `phases` and `targets` have the days of that day. `allowed`
    is about today, whatever the day.
    """

    programme: str
    version: int
    as_of: date
    opened: Opened
    phases: list[Phase]
    targets: list[Target]
    standard: StandardPublished | None
    rules: list[RulesPublished]
    calendars: list[CalendarPublished]
    batches: list[BatchAnnounced]
    townships: list[TownshipEnrolled]
    organisations: list[OrganisationView]
    annual_assessments: list[AnnualAssessmentIssued]
    closed: Closed | None
    allowed: list[Act]


class ProgrammeRows(BaseModel):
    """A page of programmes; `next` is the `after` of the following page."""

    programmes: list[Opened]
    next: str | None


def programme_view(
    programme: Programme, code: str, day: date, *, version: int, now: Programme, acts: list[Act]
) -> ProgrammeView:
    """The programme as of a day; names come from `now`, for they hold from days of their own."""
    calendars = {one.year: one for one in programme.calendars}
    annual = {one.year: one for one in programme.annual}
    in_force = [programme.rules_on(kind, day) for kind in get_args(RulesKind)]
    return ProgrammeView(
        programme=code,
        version=version,
        as_of=day,
        opened=known(programme, code),
        phases=list(programme.phases.values()),
        targets=list(programme.targets.values()),
        standard=programme.standard_on(day),
        rules=[one for one in in_force if one is not None],
        calendars=[calendars[year] for year in sorted(calendars)],
        batches=list(programme.batches.values()),
        townships=list(programme.townships.values()),
        organisations=[one for one in organisation_views(now, day) if one.name is not None],
        annual_assessments=[annual[year] for year in sorted(annual)],
        closed=programme.closed,
        allowed=acts,
    )


def organisation_views(programme: Programme, day: date) -> list[OrganisationView]:
    """All organisations that ever had a part, with the names that they bore on `day`."""
    named, found = names(programme), parts(programme)
    follows = {one.organisation: one.successor_of for one in programme.renamed if one.successor_of}
    followed = {before: after for after, before in follows.items()}
    on_day = {code: name_on(given, day) for code, given in named.items()}
    return [
        OrganisationView(
            organisation=code,
            parts=found[code],
            name=one.name if one else None,
            names=named[code],
            successor_of=follows.get(code),
            succeeded_by=followed.get(code),
        )
        for code, one in on_day.items()
    ]


def organisation_view(programme: Programme, organisation: str, day: date) -> OrganisationView:
    """One of them; Refused("unknown-organisation")."""
    for one in organisation_views(programme, day):
        if one.organisation == organisation:
            return one
    raise Refused("unknown-organisation", organisation=organisation)
