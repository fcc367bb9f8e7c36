"""What the team agrees upon its marks, item by item."""

from collections.abc import Collection, Mapping, Sequence

from services.review.appointment import TEAM_AT_LEAST, check_strangers
from services.review.case import Case, block, pinned
from services.review.programmes.programme import Programme
from services.review.programmes.standards import no_duplicates
from services.review.team import counting_marks, led_by, ordinary
from services.review.veto import recorded_facts
from shared.contracts.blocks import AgreedMark, Mark, ProgrammeSite
from shared.contracts.case import CaseEvent, ConsensusRecorded, NotApplicableDecision
from shared.contracts.programme import StandardPublished
from shared.contracts.refusals import Refused
from shared.standard import check, check_facts, score


def record_consensus(
    case: Case,
    programme: Programme,
    agreed: Sequence[Mark],
    na_decisions: Sequence[NotApplicableDecision],
    *,
    own_marks: Mapping[str, Mark],
    officer: str,
    facts: Collection[str] = (),
    insiders: Collection[str] = (),
    site: ProgrammeSite,
) -> list[CaseEvent]:
    """What the team agreed, item by item, with the spread of its marks and the office's own.

    `own_marks` are those of the application, `facts` what the team states beside the points (a
    fatal accident); what was put on record as a veto counts too. Every claim, the office's or a
    member's, that an item does not apply is decided. `insiders` are as `appoint_team` has them.
    Raises Refused: `not-team-leader`, `team-too-small`, `own-office-reviewer`, `markers-missing`,
    `claims-undecided`, `claim-not-made`, `claim-decided-otherwise`, and what `shared.standard`
    refuses.
    """
    opened = led_by(case, officer)
    check_strangers(opened, case.members, insiders)
    standard = pinned(case, programme)
    check(standard, agreed, complete=True)
    by_item = counting_marks(case, standard)
    _check_markers(case, standard, by_item)
    allowed = _check_claims(agreed, na_decisions, by_item, own_marks)
    marks = tuple(
        _agreed(mark, by_item.get(mark.item, {}), own_marks.get(mark.item)) for mark in agreed
    )
    check_facts(standard, facts)
    known = {*facts, *recorded_facts(case, standard)}
    totals = score(standard, agreed, na_allowed=allowed, facts=known)
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
