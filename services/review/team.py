"""What the acceptance team does before it agrees: it visits, and each member marks alone."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.review.case import Case, block, pinned, under_review
from services.review.programme import Programme
from services.review.standards import no_duplicates
from shared.contracts.blocks import Level, Mark, ProgrammeSite
from shared.contracts.case import (
    CaseEvent,
    InspectionHeld,
    InspectionScheduled,
    MarksRecorded,
    Member,
    MemberRecused,
    Opened,
    Recusal,
    TeamAppointed,
)
from shared.contracts.programme import StandardPublished
from shared.contracts.refusals import Refused
from shared.standard import check

TEAM_AT_LEAST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """Who shall sit on a team, and for which categories."""

    officer: str
    leads: bool
    categories: tuple[str, ...]


def appoint_team(
    case: Case,
    programme: Programme,
    seats: Sequence[Seat],
    *,
    organisations: Mapping[str, str],
    recused: Sequence[Recusal] = (),
    min_markers: int = 1,
    site: ProgrammeSite,
) -> list[CaseEvent]:
    """Appoint the team, or replace it whole; marks of those who stay go on counting.

    `organisations` says by the dated directory where each officer served on the effective day.
    Every category is given to at least `min_markers` of them. Raises Refused: `team-too-small`,
    `duplicate-code`, `leaders-not-one`, `officer-unknown`, `own-office-reviewer`,
    `officer-recused`, `unknown-category`, `categories-not-covered`.
    """
    opened = under_review(case, "opened", "appointed")
    no_duplicates("officer", (seat.officer for seat in seats))
    if len(seats) < TEAM_AT_LEAST:
        raise Refused("team-too-small", members=len(seats), at_least=TEAM_AT_LEAST)
    leaders = sum(seat.leads for seat in seats)
    if leaders != 1:
        raise Refused("leaders-not-one", leaders=leaders)
    aside = case.recused | {one.officer for one in recused}
    for seat in seats:
        if seat.officer in aside:
            raise Refused("officer-recused", officer=seat.officer)
        if seat.officer not in organisations:
            raise Refused("officer-unknown", officer=seat.officer, day=site["effective_on"])
        if organisations[seat.officer] == opened.office:
            raise Refused("own-office-reviewer", officer=seat.officer, office=opened.office)
    _check_shares(pinned(case, programme), seats, min_markers)
    return [
        TeamAppointed(
            **block(case, site),
            team_version=case.team.team_version + 1 if case.team else 1,
            members=tuple(
                Member(
                    officer=seat.officer,
                    organisation=organisations[seat.officer],
                    role="leader" if seat.leads else "member",
                    categories=seat.categories,
                )
                for seat in seats
            ),
            recused=tuple(recused),
            min_markers=min_markers,
        )
    ]


def recuse_member(
    case: Case, officer: str, *, reason_code: str, site: ProgrammeSite
) -> list[CaseEvent]:
    """Step down; what was marked stays on record and counts no longer."""
    under_review(case, "appointed")
    member = _member(case, officer)
    return [
        MemberRecused(
            **block(case, site),
            officer=officer,
            organisation=member.organisation,
            reason_code=reason_code,
        )
    ]


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
            _member(case, one)
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
    site: ProgrammeSite,
) -> list[CaseEvent]:
    """A member's own marks, of whole categories that are theirs; a later marking supersedes.

    Raises Refused: `not-on-team`, `inspection-not-held`, `unknown-item`, `category-not-yours`,
    `missing-items`, and what `shared.standard.check` refuses.
    """
    under_review(case, "appointed")
    member = _member(case, officer)
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


def counting_marks(case: Case) -> dict[str, dict[str, Mark]]:
    """Item -> officer -> mark, of those who are on the team now and of what supersedes."""
    found: dict[str, dict[str, Mark]] = {}
    for (officer, _), marking in case.markings.items():
        if officer not in case.members:
            continue
        for mark in marking.event.marks:
            found.setdefault(mark.item, {})[officer] = mark
    return found


def _member(case: Case, officer: str) -> Member:
    if officer not in case.members:
        raise Refused("not-on-team", officer=officer)
    return case.members[officer]


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


def _check_shares(standard: StandardPublished, seats: Sequence[Seat], min_markers: int) -> None:
    given = Counter(category for seat in seats for category in set(seat.categories))
    codes = [category.code for category in standard.categories]
    for category in given:
        if category not in codes:
            raise Refused("unknown-category", category=category)
    uncovered = [code for code in codes if given[code] < min_markers]
    if uncovered:
        raise Refused("categories-not-covered", categories=uncovered, min_markers=min_markers)
