"""The year's assessment sheet (年度目标考核): whom it covers, and what must agree on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise

from services.review.programmes.programme import Programme, in_being
from services.review.programmes.standards import no_duplicates
from shared.contracts.blocks import ProgrammeSite
from shared.contracts.programme import (
    AnnualAssessmentIssued,
    AnnualRow,
    Cut,
    ProgrammeEvent,
    RulesRef,
)
from shared.contracts.refusals import Refused, not_before


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A sheet as it is handed in; `rules` by kind and version, their digests are known here."""

    year: int
    figures_digest: str
    as_of_on: date
    known_at: datetime
    cut: tuple[Cut, ...]
    rules: tuple[tuple[str, int], ...]
    rows: tuple[AnnualRow, ...]
    replaces_digest: str | None = None


def issue_annual_assessment(
    programme: Programme,
    sheet: Sheet,
    *,
    signed_by: str,
    known_on: date,
    now: datetime,
    site: ProgrammeSite,
) -> list[ProgrammeEvent]:
    """Sign the year's sheet: a row for each township that took part on the day it speaks of.

    One a year; another only where it names the digest of the last. `known_on` is the civil day of
    `sheet.known_at`. A programme that is over still gives account of its last year. Raises Refused:
    `annual-assessment-issued`, `annual-assessment-missing` for one that is to be replaced,
    `assessment-before-year`, `known-at-in-future`, `rules-unknown`, `duplicate-code`,
    `rows-not-of-townships`, `ranks-incomplete`, `ranks-inconsistent`.
    """
    last = of_year(programme, sheet.year)[-1:]
    in_being(programme, site, after=last)
    event = AnnualAssessmentIssued(
        **site,
        year=sheet.year,
        figures_digest=sheet.figures_digest,
        as_of_on=sheet.as_of_on,
        known_at=sheet.known_at,
        cut=sheet.cut,
        rules=tuple(_published(programme, kind, version) for kind, version in sheet.rules),
        rows=sheet.rows,
        signed_by=signed_by,
        replaces_digest=sheet.replaces_digest,
    )
    if last and _said(last[0]) == _said(event):
        return []
    _check_replaced(sheet, last)
    _check_days(sheet, known_on=known_on, now=now, site=site)
    no_duplicates("rules", (f"{kind} {version}" for kind, version in sheet.rules))
    no_duplicates("cut", (f"{one.topic} {one.partition}" for one in sheet.cut))
    _check_rows(programme, sheet)
    _check_ranks(sheet.rows)
    return [event]


def of_year(programme: Programme, year: int) -> list[AnnualAssessmentIssued]:
    """The sheets of a year; the last one counts."""
    return [one for one in programme.annual if one.year == year]


def _published(programme: Programme, kind: str, version: int) -> RulesRef:
    for one in programme.rules:
        if (one.kind, one.version) == (kind, version):
            return RulesRef(kind=kind, version=version, digest=one.digest)
    raise Refused("rules-unknown", kind=kind, version=version)


def _said(sheet: AnnualAssessmentIssued) -> tuple[object, ...]:
    return (
        *(sheet.figures_digest, sheet.as_of_on, sheet.known_at),
        *(sheet.cut, sheet.rules, sheet.rows),
    )


def _check_replaced(sheet: Sheet, last: Sequence[AnnualAssessmentIssued]) -> None:
    if not last and sheet.replaces_digest is not None:
        raise Refused("annual-assessment-missing", year=str(sheet.year))
    if last and sheet.replaces_digest != last[0].figures_digest:
        raise Refused(
            "annual-assessment-issued", year=str(sheet.year), digest=last[0].figures_digest
        )


def _check_days(sheet: Sheet, *, known_on: date, now: datetime, site: ProgrammeSite) -> None:
    if sheet.as_of_on.year < sheet.year:
        raise Refused("assessment-before-year", as_of_on=sheet.as_of_on, year=str(sheet.year))
    day = site["effective_on"]
    not_before(day, sheet.as_of_on)
    if known_on > day or sheet.known_at > now:
        raise Refused("known-at-in-future", known_at=sheet.known_at, effective_on=day)


def _check_rows(programme: Programme, sheet: Sheet) -> None:
    given = [one.township for one in sheet.rows]
    no_duplicates("township", given)
    day = sheet.as_of_on
    due = {one.township for one, until in programme.stays if one.effective_on <= day < until}
    missing, foreign = sorted(due - {*given}), sorted({*given} - due)
    if missing or foreign:
        raise Refused("rows-not-of-townships", as_of_on=day, missing=missing, foreign=foreign)


def _check_ranks(rows: Sequence[AnnualRow]) -> None:
    """More points never rank behind fewer, equal points rank alike; or nobody is ranked."""
    unranked = [one.township for one in rows if one.rank is None]
    if len(unranked) == len(rows):
        return
    if unranked:
        raise Refused("ranks-incomplete", townships=unranked)
    ordered = sorted(rows, key=lambda one: (-one.points_cp, one.rank or 0))
    for first, second in pairwise(ordered):
        equal = first.points_cp == second.points_cp
        behind = (first.rank or 0) > (second.rank or 0)
        if behind or (equal and first.rank != second.rank):
            raise Refused("ranks-inconsistent", first=first.township, second=second.township)
