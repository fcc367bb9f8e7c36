"""What the district makes of the marks: its team agrees, and its leader decides."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from services.review.applications import check_reached
from services.review.case import Case, block, check_title, pinned, under_review
from services.review.programme import Programme
from services.review.standards import no_duplicates
from services.review.team import (
    TEAM_AT_LEAST,
    counting_marks,
    known_items,
    led_by,
    ordinary,
)
from shared.contracts.blocks import Level, Mark, ProgrammeSite, Reason, Title
from shared.contracts.case import (
    AgreedMark,
    CaseEvent,
    Closed,
    ConsensusRecorded,
    NotApplicableDecision,
    PreliminaryFailed,
    PreliminaryPassed,
    Returned,
    ReturnedItem,
)
from shared.contracts.programme import StandardPublished
from shared.contracts.refusals import Refused
from shared.standard import check, check_facts, score, to_pass_cp


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """One item that is sent back, and what would satisfy."""

    item: str
    reason: str
    example: str | None = None


def record_consensus(
    case: Case,
    programme: Programme,
    agreed: Sequence[Mark],
    na_decisions: Sequence[NotApplicableDecision],
    *,
    own_marks: Mapping[str, Mark],
    officer: str,
    facts: Collection[str] = (),
    site: ProgrammeSite,
) -> list[CaseEvent]:
    """What the team agreed, item by item, with the spread of its marks and the office's own.

    `own_marks` are those of the application, `facts` what the team states beside the points (a
    fatal accident). Every claim, the office's or a member's, that an item
    does not apply is decided. Raises Refused: `not-team-leader`, `team-too-small`,
    `markers-missing`, `claims-undecided`, `claim-not-made`, `claim-decided-otherwise`, and what
    `shared.standard` refuses.
    """
    opened = led_by(case, officer)
    standard = pinned(case, programme)
    check(standard, agreed, complete=True)
    by_item = counting_marks(case)
    _check_markers(case, standard, by_item)
    allowed = _check_claims(agreed, na_decisions, by_item, own_marks)
    marks = tuple(
        _agreed(mark, by_item.get(mark.item, {}), own_marks.get(mark.item)) for mark in agreed
    )
    check_facts(standard, facts)
    totals = score(standard, agreed, na_allowed=allowed, facts=facts)
    event = ConsensusRecorded(
        **block(case, site),
        standard=opened.standard,
        marks=marks,
        na_decisions=tuple(na_decisions),
        totals=totals,
        self_total_cp=opened.self_totals.total_cp,
        leader=officer,
        members=tuple(case.members),
        supersedes=case.consensus_version,
    )
    last = case.consensus
    same = last and (last.marks, last.na_decisions, last.totals) == (
        event.marks,
        event.na_decisions,
        totals,
    )
    return [] if same else [event]


def claims(by_item: Mapping[str, Mapping[str, Mark]], own_marks: Mapping[str, Mark]) -> set[str]:
    """The items of which the office or a member says that they do not apply."""
    own = {item for item, mark in own_marks.items() if not mark.applicable}
    return own | {
        item
        for item, marks in by_item.items()
        if not all(mark.applicable for mark in marks.values())
    }


def return_application(
    case: Case,
    programme: Programme,
    complaints: Sequence[Complaint],
    *,
    own_marks: Mapping[str, Mark],
    decided_by: str,
    level: Level = "district",
    site: ProgrammeSite,
) -> list[CaseEvent]:
    """Send the application back, item by item; the case ends, and a new round may follow.

    Papers may be sent back before anybody has marked; once marking began, the team agrees first.
    The day to answer by counts working days of the calendar as now known.
    """
    if level == "district":
        under_review(case, "opened", "appointed")
        if case.markers and case.consensus is None:
            raise Refused("consensus-missing")
        _not_a_marker(case, decided_by)
    else:
        under_review(case, "recommended", "city-marked")
    standard = pinned(case, programme)
    if not complaints:
        raise Refused("reasons-missing")
    known_items(standard, [one.item for one in complaints])
    agreed = {mark.item: mark.mark_cp for mark in case.consensus.marks} if case.consensus else {}
    totals = case.consensus.totals if case.consensus else None
    if level == "city":
        totals = case.city_marks.totals if case.city_marks else None
        if case.city_marks and case.city_marks.marks:
            # The city's own marks are why it sends back; the district's beside them would mislead.
            agreed = {mark.item: mark.mark_cp for mark in case.city_marks.marks}
    day = site["effective_on"]
    allowed_wd = programme.deadline_wd("resubmit_wd", day)
    at = block(case, site)
    return [
        Returned(
            **at,
            by=level,
            items=tuple(
                ReturnedItem(
                    item=one.item,
                    reason=one.reason,
                    self_cp=own_marks[one.item].mark_cp if one.item in own_marks else None,
                    agreed_cp=agreed.get(one.item),
                    example=one.example,
                )
                for one in complaints
            ),
            totals=totals,
            resubmit_by_on=programme.calendar().add(day, allowed_wd),
            allowed_wd=allowed_wd,
            decided_by=decided_by,
        ),
        Closed(**at, outcome="returned", closed_on=day),
    ]


def pass_preliminary(
    case: Case,
    programme: Programme,
    *,
    decided_by: str,
    proposed_title: Title | None = None,
    site: ProgrammeSite,
) -> list[CaseEvent]:
    """The district finds the office up to the standard, for the title that its grade allows.

    Raises Refused: `consensus-missing`, `decider-marked`, `vetoed`, `short-of-pass-mark`,
    `minimums-missed`, `demonstration-not-reached`.
    """
    standard, consensus = _to_decide(case, programme, decided_by)
    totals = consensus.totals
    check_reached(standard, totals)
    title = proposed_title or ("demonstration" if totals.grade == "demonstration" else "compliant")
    check_title(title, totals.grade)
    return [
        PreliminaryPassed(
            **block(case, site),
            totals=totals,
            pass_cp=standard.pass_cp,
            margin_cp=totals.total_cp - standard.pass_cp,
            proposed_title=title,
            decided_by=decided_by,
            decided_on=site["effective_on"],
        )
    ]


def fail_preliminary(
    case: Case,
    programme: Programme,
    reasons: Sequence[Reason],
    *,
    decided_by: str,
    site: ProgrammeSite,
) -> list[CaseEvent]:
    """The district does not pass the office, whatever its marks, and says why; the case ends.

    `shortfall_cp` is 0 where points were enough and the reasons lie elsewhere.
    Raises Refused: `consensus-missing`, `decider-marked`, `reasons-missing`, `unknown-item`.
    """
    standard, consensus = _to_decide(case, programme, decided_by)
    if not reasons:
        raise Refused("reasons-missing")
    known_items(standard, {one.item for one in reasons if one.item is not None})
    day, at = site["effective_on"], block(case, site)
    return [
        PreliminaryFailed(
            **at,
            totals=consensus.totals,
            pass_cp=standard.pass_cp,
            shortfall_cp=to_pass_cp(standard, consensus.totals),
            reasons=tuple(reasons),
            decided_by=decided_by,
            decided_on=day,
        ),
        Closed(**at, outcome="failed", closed_on=day),
    ]


def _to_decide(
    case: Case, programme: Programme, decided_by: str
) -> tuple[StandardPublished, ConsensusRecorded]:
    under_review(case, "opened", "appointed")
    if case.consensus is None:
        raise Refused("consensus-missing")
    _not_a_marker(case, decided_by)
    return pinned(case, programme), case.consensus


def _not_a_marker(case: Case, officer: str) -> None:
    """Whoever ever marked in this case or agreed for its team does not decide it."""
    if officer in case.markers:
        raise Refused("decider-marked", officer=officer)


def _check_markers(
    case: Case, standard: StandardPublished, by_item: Mapping[str, Mapping[str, Mark]]
) -> None:
    if len(case.members) < TEAM_AT_LEAST:
        raise Refused("team-too-small", members=len(case.members), at_least=TEAM_AT_LEAST)
    least = case.team.min_markers if case.team else 1
    short = [
        item.code
        for item in standard.items
        if ordinary(item.method) and len(by_item.get(item.code, {})) < least
    ]
    if short:
        raise Refused("markers-missing", items=short, min_markers=least)


def _check_claims(
    agreed: Sequence[Mark],
    decisions: Sequence[NotApplicableDecision],
    by_item: Mapping[str, Mapping[str, Mark]],
    own_marks: Mapping[str, Mark],
) -> frozenset[str]:
    """The items that do not apply, once every claim is decided and the marks follow suit."""
    no_duplicates("claim", (one.item for one in decisions))
    made = claims(by_item, own_marks) | {mark.item for mark in agreed if not mark.applicable}
    decided = {one.item: one.allowed for one in decisions}
    if undecided := sorted(made - decided.keys()):
        raise Refused("claims-undecided", items=undecided)
    for item in decided:
        if item not in made:
            raise Refused("claim-not-made", item=item)
    for mark in agreed:
        if mark.item in decided and mark.applicable == decided[mark.item]:
            raise Refused("claim-decided-otherwise", item=mark.item, allowed=decided[mark.item])
    return frozenset(item for item, allowed in decided.items() if allowed)


def _agreed(mark: Mark, marks: Mapping[str, Mark], own: Mark | None) -> AgreedMark:
    spread = [one.mark_cp for one in marks.values()] or [mark.mark_cp]
    return AgreedMark(
        item=mark.item,
        applicable=mark.applicable,
        mark_cp=mark.mark_cp,
        max_cp=mark.max_cp,
        measure=mark.measure,
        unit=mark.unit,
        reason=mark.reason,
        evidence=mark.evidence,
        self_cp=own.mark_cp if own else None,
        low_cp=min(spread),
        high_cp=max(spread),
        marked_by=tuple(marks),
    )
