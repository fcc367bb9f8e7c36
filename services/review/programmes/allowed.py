"""The acts that a programme knows: whose they are, and which are open now, by trying them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import cast

from services.review.access import of_district
from services.review.programmes.annual import Sheet, issue_annual_assessment, of_year
from services.review.programmes.definition import (
    BatchDraft,
    CalendarDraft,
    RulesDraft,
    RulesKind,
    StandardDraft,
    TownshipDraft,
)
from services.review.programmes.organisations import Naming, rename_organisation
from services.review.programmes.programme import (
    Programme,
    close,
    enrol_township,
    known,
    withdraw_township,
)
from services.review.programmes.publishing import publish_calendar, publish_rules, publish_standard
from services.review.programmes.schedule import announce_batch, reschedule_phase, reschedule_target
from shared.contracts.blocks import Document, ProgrammeSite
from shared.contracts.programme import AnnualRow
from shared.contracts.refusals import Refused
from shared.web.acts import Act, attempt
from shared.web.auth import Principal

# Who of the district may take each act; its routes and `allowed` both read it here.
ACTS: Mapping[str, tuple[str, ...]] = {
    "standards": ("leader",),
    "rules": ("leader",),
    "calendars": ("officer",),
    "batches": ("officer",),
    "reschedulings": ("leader",),
    "townships": ("officer",),
    "withdrawal": ("leader",),
    "names": ("officer",),
    "annual-assessments": ("leader",),
    "closure": ("leader",),
}

Try = Callable[[Programme], object]
_NOTHING = "-"


def allowed(
    principal: Principal, programme: Programme, *, now: datetime, site: ProgrammeSite
) -> list[Act]:
    """Every act, tried by this principal on the site's day; `of` is the part it would be about."""

    def by(act: str, decision: Try) -> Callable[[], object]:
        def tried() -> object:
            if principal.roles.isdisjoint(ACTS[act]):
                raise Refused("role-not-allowed", roles=sorted(ACTS[act]))
            of_district(principal, programme, site["programme"])
            return decision(programme)

        return tried

    return [
        attempt(act, by(act, decision), of) for act, of, decision in _tries(programme, now, site)
    ]


def _tries(
    programme: Programme, now: datetime, site: ProgrammeSite
) -> Iterator[tuple[str, str | None, Try]]:
    """Each act with something that could be said by it: what was said last, where that will do."""
    today, opened = site["effective_on"], known(programme, site["programme"])
    table = partial(publish_standard, draft=_table(programme), today=today, site=site)
    yield "standards", None, table
    for last in {one.kind: one for one in programme.rules}.values():
        rules = RulesDraft(kind=cast(RulesKind, last.kind), rules=last.rules)
        yield "rules", last.kind, partial(publish_rules, draft=rules, site=site)
    year = CalendarDraft(
        year=today.year, holidays=(), worked_weekends=(), source=Document(title=_NOTHING)
    )
    yield "calendars", str(today.year), partial(publish_calendar, draft=year, site=site)
    yield "batches", None, partial(announce_batch, draft=_batch(programme), site=site)
    for code, phase in programme.phases.items():
        stay = partial(
            reschedule_phase,
            code=code,
            from_on=phase.from_on,
            to_on=phase.to_on,
            reason=_NOTHING,
            today=today,
            site=site,
        )
        yield "reschedulings", f"phases/{code}", stay
    for code in programme.targets:
        move = partial(
            reschedule_target, code=code, due_on=date.max, reason=_NOTHING, today=today, site=site
        )
        yield "reschedulings", f"targets/{code}", move
    yield "townships", None, partial(enrol_township, draft=_TOWNSHIP, site=site)
    leaving = next(iter(programme.townships), "")
    leave = partial(withdraw_township, township=leaving, reason=_NOTHING, site=site)
    yield "withdrawal", None, leave
    naming = Naming(name=_NOTHING, from_on=date.max)
    district = opened.district.organisation
    name = partial(rename_organisation, organisation=district, naming=naming, site=site)
    yield "names", None, name
    sheet = _sheet(programme, today, now)
    sign = partial(
        issue_annual_assessment,
        sheet=sheet,
        signed_by=_NOTHING,
        known_on=today,
        now=now,
        site=site,
    )
    yield "annual-assessments", str(today.year), sign
    yield "closure", None, partial(close, achieved=0, site=site)


_TOWNSHIP = TownshipDraft(
    township="\0",
    name=_NOTHING,
    kind="town",
    office="\0",
    office_name=_NOTHING,
    government="\0",
    government_name=_NOTHING,
)


def _table(programme: Programme) -> StandardDraft:
    last = programme.standards[-1]
    return StandardDraft(
        code=last.standard.code,
        title=last.title,
        illustrative=last.illustrative,
        total_cp=last.total_cp,
        pass_cp=last.pass_cp,
        demonstration_cp=last.demonstration_cp,
        categories=last.categories,
        items=last.items,
        gates=last.gates,
    )


def _batch(programme: Programme) -> BatchDraft:
    last = max(one.to_on for one in programme.phases.values() if one.applications_open)
    target = next(iter(programme.targets))
    return BatchDraft(batch="\0", name=_NOTHING, opens_on=last, closes_on=last, target=target)


def _sheet(programme: Programme, day: date, now: datetime) -> Sheet:
    """One that replaces the last of its year, where there is one."""
    last = of_year(programme, day.year)[-1:]
    rows = (AnnualRow(township=code, points_cp=0) for code in programme.townships)
    sheet = Sheet(
        year=day.year,
        figures_digest=_NOTHING,
        as_of_on=day,
        known_at=now,
        cut=(),
        rules=(),
        rows=tuple(rows),
    )
    return replace(sheet, replaces_digest=last[0].figures_digest) if last else sheet
