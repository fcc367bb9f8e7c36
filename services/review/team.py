"""What the team does before it agrees: it visits, and each member marks alone."""

from collections.abc import Collection, Sequence
from datetime import datetime

from services.review.appointment import check_strangers, seated
from services.review.case import Case, block, pinned, under_review
from services.review.programmes.programme import Programme
from services.review.programmes.standards import no_duplicates
from shared.contracts.blocks import Level, Mark, ProgrammeSite
from shared.contracts.case import (
    CaseEvent,
    InspectionHeld,
    InspectionScheduled,
    MarksRecorded,
    Opened,
)
from shared.contracts.programme import StandardPublished
from shared.contracts.refusals import Refused
from shared.standard import check


def schedule_inspection(
    case: Case,
    programme: Programme,
    inspection_id: str,
    *,
    level: Level,
    officer: str,
    starts_at: datetime,
    ends_at: datetime,
    place: str,
    items: Sequence[str] = (),
    seed: str | None = None,
    replaces: str | None = None,
    site: ProgrammeSite,
) -> list[CaseEvent]:
    """Say when and where inspectors come, or move a visit that was not held yet.

    At the district's level the leader of the team schedules, at the city's whoever acts for it.
    Raises Refused: `not-team-leader`, `hours-reversed`, `inspection-unknown`, `inspection-held`,
    `unknown-item`, `duplicate-code`.
    """
    if level == "district":
        led_by(case, officer)
    else:
        under_review(case, "recommended", "city-marked")
    if inspection_id in case.inspections:
        return []
    if ends_at <= starts_at:
        raise Refused("hours-reversed", starts_at=starts_at, ends_at=ends_at)
    if replaces is not None:
        _not_held(case, replaces)
    known_items(pinned(case, programme), items)
    return [
        InspectionScheduled(
            **block(case, site),
            inspection_id=inspection_id,
            level=level,
            starts_at=starts_at,
            ends_at=ends_at,
            place=place,
            items=tuple(items),
            seed=seed,
            replaces=replaces,
        )
    ]


def hold_inspection(
    case: Case,
    inspection_id: str,
    *,
    officer: str,
    present: Sequence[str],
    site: ProgrammeSite,
) -> list[CaseEvent]:
    """Put on record that a visit took place, with its minutes (`site["document"]`).

    Raises Refused: `inspection-unknown`, `inspection-held`, `not-team-leader`, `document-missing`,
    `not-on-team` for somebody present at a district visit who is not of the team.
    """
    under_review(case, "appointed", "recommended", "city-marked")
    visit = _not_held(case, inspection_id)
    if visit.level == "district":
        led_by(case, officer)
        for one in present:
            seated(case, one)
    record = site.get("document")
    if record is None:
        raise Refused("document-missing", of="inspection")
    no_duplicates("officer", present)
    return [
        InspectionHeld(
            **block(case, site, since=max(case.since, visit.effective_on)),
            inspection_id=inspection_id,
            held_on=site["effective_on"],
            present=tuple(present),
            record=record,
        )
    ]


def record_marks(
    case: Case,
    programme: Programme,
    marks: Sequence[Mark],
    *,
    officer: str,
    insiders: Collection[str] = (),
    site: ProgrammeSite,
) -> list[CaseEvent]:
    """A member's own marks, of whole categories that are theirs; a later marking supersedes.

    Raises Refused: `not-on-team`, `own-office-reviewer`, `inspection-not-held`, `unknown-item`,
    `category-not-yours`, `missing-items`, and what `shared.standard.check` refuses.
    """
    opened = under_review(case, "appointed")
    member = seated(case, officer)
    check_strangers(opened, [officer], insiders)
    held = [one for one in case.held if case.inspections[one].level == "district"]
    if not held:
        raise Refused("inspection-not-held")
    standard = pinned(case, programme)
    check(standard, marks, complete=False)
    category_of = {item.code: item.category for item in standard.items}
    given = {mark.item for mark in marks}
    touched = {category_of[item] for item in given}
    categories = tuple(one.code for one in standard.categories if one.code in touched)
    if not categories:
        raise Refused("missing-items", items=[], count=0)
    for category in categories:
        if category not in member.categories:
            raise Refused("category-not-yours", category=category)
    missing = [
        item.code
        for item in standard.items
        if item.category in categories and item.code not in given and ordinary(item.method)
    ]
    if missing:
        raise Refused("missing-items", items=missing, count=len(missing))
    earlier = [
        case.markings[officer, one].version for one in categories if (officer, one) in case.markings
    ]
    return [
        MarksRecorded(
            **block(case, site),
            officer=officer,
            organisation=member.organisation,
            inspected_on=case.held[held[-1]].held_on,
            categories=categories,
            marks=tuple(marks),
            inspection_id=held[-1],
            supersedes=max(earlier, default=None),
        )
    ]


def counting_marks(case: Case, standard: StandardPublished) -> dict[str, dict[str, Mark]]:
    """Item -> officer -> mark, of those who are on the team now and of what supersedes."""
    category_of = {item.code: item.category for item in standard.items}
    found: dict[str, dict[str, Mark]] = {}
    for (officer, category), marking in case.markings.items():
        if officer not in case.members:
            continue
        for mark in marking.event.marks:
            # One marking may hold categories of which some were marked anew since.
            if category_of[mark.item] == category:
                found.setdefault(mark.item, {})[officer] = mark
    return found


def led_by(case: Case, officer: str) -> Opened:
    opened = under_review(case, "appointed")
    if case.leader != officer:
        raise Refused("not-team-leader", leader=case.leader)
    return opened


def _not_held(case: Case, inspection_id: str) -> InspectionScheduled:
    visit = case.inspections.get(inspection_id)
    if visit is None:
        raise Refused("inspection-unknown", inspection_id=inspection_id)
    if inspection_id in case.held:
        raise Refused("inspection-held", held_on=case.held[inspection_id].held_on)
    return visit


def known_items(standard: StandardPublished, items: Collection[str]) -> None:
    no_duplicates("item", items)
    known = {item.code for item in standard.items}
    for item in items:
        if item not in known:
            raise Refused("unknown-item", item=item, version=standard.standard.version)


def ordinary(method: str) -> bool:
    return method != "capped-bonus"
