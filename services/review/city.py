"""What the city makes of a case that was recommended to it: its marks, and its verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.review.applications import check_reached
from services.review.case import Case, block, check_no_veto, check_title, pinned, under_review
from services.review.programmes.programme import Programme
from services.review.team import known_items
from services.review.verdict import Complaint, may_reapply_on, return_application
from services.review.veto import recorded_facts
from shared.contracts.blocks import Mark, ProgrammeSite, Reason, Title, Totals
from shared.contracts.case import (
    CaseEvent,
    CityFailed,
    CityMarksRecorded,
    CityPassed,
    Closed,
)
from shared.contracts.programme import StandardPublished
from shared.contracts.refusals import Refused
from shared.standard import check, check_facts, coarse_totals, score, to_pass_cp


@dataclass(frozen=True, slots=True, kw_only=True)
class CityMarks:
    """The city's figures as it gives them: by item, by category, or one total alone.

    `facts` are what it states beside the points, such as a veto that is a fact and no item.
    """

    granularity: Literal["item", "category", "total"]
    marks: tuple[Mark, ...] = ()
    by_category: Mapping[str, int] | None = None
    total_cp: int | None = None
    facts: tuple[str, ...] = ()
    sampled: tuple[str, ...] = ()


def record_city_marks(
    case: Case,
    programme: Programme,
    given: CityMarks,
    *,
    inspected_on: date,
    on_behalf_of: str | None = None,
    site: ProgrammeSite,
) -> list[CaseEvent]:
    """The city's re-verification in figures; later ones replace earlier ones until it decides.

    The inspection is not older than the letter in force: what the city saw upon one that it sent
    back does not count. A veto on record counts, whether the city names it or not.

    Recorded by the district on the city's behalf it takes the city's paper: number and scan.
    Raises Refused: `document-missing`, `inspected-outside`, `missing-items`, and what the scoring
    refuses.
    """
    under_review(case, "recommended", "city-marked")
    standard = pinned(case, programme)
    check_paper(on_behalf_of, site)
    known_items(standard, given.sampled)
    check_facts(standard, given.facts)
    sent_on = case.recommended.effective_on if case.recommended else case.since
    if not sent_on <= inspected_on <= site["effective_on"]:
        raise Refused("inspected-outside", from_on=sent_on, to_on=site["effective_on"])
    event = CityMarksRecorded(
        **block(case, site),
        granularity=given.granularity,
        marks=given.marks if given.granularity == "item" else None,
        totals=_city_totals(case, standard, given),
        sampled=given.sampled,
        inspected_on=inspected_on,
        on_behalf_of=on_behalf_of,
    )
    return [event]


def pass_city(
    case: Case,
    programme: Programme,
    *,
    title: Title | None = None,
    on_behalf_of: str | None = None,
    site: ProgrammeSite,
) -> list[CaseEvent]:
    """The city finds the office up to the standard, for the title that its grade allows.

    Raises Refused: `wrong-stage` without city marks, `vetoed`, `short-of-pass-mark`,
    `minimums-missed`, `demonstration-not-reached`, `document-missing`.
    """
    under_review(case, "city-marked")
    check_paper(on_behalf_of, site)
    standard = pinned(case, programme)
    if case.city_marks is None:
        raise Refused("wrong-stage", stage=case.stage, needed=["city-marked"])
    check_no_veto(case, standard)
    totals = case.city_marks.totals
    check_reached(standard, totals)
    chosen = title or ("demonstration" if totals.grade == "demonstration" else "compliant")
    check_title(chosen, totals.grade)
    return [
        CityPassed(
            **block(case, site),
            title=chosen,
            passed_on=site["effective_on"],
            totals=totals,
            pass_cp=standard.pass_cp,
            margin_cp=totals.total_cp - standard.pass_cp,
        )
    ]


def fail_city(
    case: Case,
    programme: Programme,
    reasons: Sequence[Reason],
    *,
    on_behalf_of: str | None = None,
    site: ProgrammeSite,
) -> list[CaseEvent]:
    """The city finds the office below the standard, with marks or without; the case ends.

    Raises Refused: `reasons-missing`, `unknown-item`, `document-missing`.
    """
    under_review(case, "recommended", "city-marked")
    check_paper(on_behalf_of, site)
    if not reasons:
        raise Refused("reasons-missing")
    standard = pinned(case, programme)
    known_items(standard, {one.item for one in reasons if one.item is not None})
    totals = case.city_marks.totals if case.city_marks else None
    day, at = site["effective_on"], block(case, site)
    again_on = may_reapply_on(programme, day)
    return [
        CityFailed(
            **at,
            failed_on=day,
            totals=totals,
            shortfall_cp=to_pass_cp(standard, totals) if totals else None,
            reasons=tuple(reasons),
            may_reapply_on=again_on,
        ),
        Closed(**at, outcome="failed", closed_on=day, may_reapply_on=again_on),
    ]


def return_by_city(
    case: Case,
    programme: Programme,
    complaints: Sequence[Complaint],
    *,
    own_marks: Mapping[str, Mark],
    decided_by: str,
    on_behalf_of: str | None = None,
    site: ProgrammeSite,
) -> list[CaseEvent]:
    """The city sends the application back, before or after its marks; the case ends.

    Raises Refused: `document-missing`, and what `return_application` refuses.
    """
    check_paper(on_behalf_of, site)
    return return_application(
        case,
        programme,
        complaints,
        own_marks=own_marks,
        decided_by=decided_by,
        level="city",
        site=site,
    )


def _city_totals(case: Case, standard: StandardPublished, given: CityMarks) -> Totals:
    facts = {*given.facts, *recorded_facts(case, standard)}
    match given.granularity:
        case "item":
            check(standard, given.marks, complete=True)
            decided = case.consensus.na_decisions if case.consensus else ()
            away = {one.item for one in decided if one.allowed}
            return score(standard, given.marks, na_allowed=away, facts=facts)
        case "category":
            by_category = given.by_category or {}
            missing = [one.code for one in standard.categories if one.code not in by_category]
            if missing:
                raise Refused("missing-categories", categories=missing)
            return coarse_totals(
                standard,
                sum(by_category.values()),
                by_category=by_category,
                facts=facts,
            )
        case "total":
            if given.total_cp is None:
                raise Refused("total-missing")
            return coarse_totals(standard, given.total_cp, facts=facts)


def check_paper(on_behalf_of: str | None, site: ProgrammeSite) -> None:
    """On the city's behalf only with its paper, by number and scan; Refused("document-missing")."""
    document = site.get("document")
    if on_behalf_of is not None and (
        document is None or not document.number or not document.sha256
    ):
        raise Refused("document-missing", of="city")
