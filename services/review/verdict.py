"""What the leader of the district decides upon the consensus of its team."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.review.applications import check_reached
from services.review.case import Case, block, check_no_veto, check_title, pinned, under_review
from services.review.programmes.programme import Programme
from services.review.team import known_items
from shared.contracts.blocks import Level, Mark, ProgrammeSite, Reason, Title
from shared.contracts.case import (
    CaseEvent,
    Closed,
    ConsensusRecorded,
    PreliminaryFailed,
    PreliminaryPassed,
    Returned,
    ReturnedItem,
)
from shared.contracts.programme import StandardPublished
from shared.contracts.refusals import Refused
from shared.standard import to_pass_cp


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """One item that is sent back, and what would satisfy."""

    item: str
    reason: str
    example: str | None = None


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
    check_no_veto(case, standard)
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
    again_on = may_reapply_on(programme, day)
    return [
        PreliminaryFailed(
            **at,
            totals=consensus.totals,
            pass_cp=standard.pass_cp,
            shortfall_cp=to_pass_cp(standard, consensus.totals),
            reasons=tuple(reasons),
            decided_by=decided_by,
            decided_on=day,
            may_reapply_on=again_on,
        ),
        Closed(**at, outcome="failed", closed_on=day, may_reapply_on=again_on),
    ]


def may_reapply_on(programme: Programme, day: date) -> date | None:
    """The first day on which an office that failed on `day` may apply again; None for at once.

    Counts `reapply_wd` of the deadline rules in force, by the calendar as now known.
    """
    rules = programme.rules_on("deadlines", day)
    term_wd = rules.rules.get("reapply_wd") if rules else None
    return None if term_wd is None else programme.calendar().add(day, int(term_wd))


def _to_decide(
    case: Case, programme: Programme, decided_by: str
) -> tuple[StandardPublished, ConsensusRecorded]:
    under_review(case, "opened", "appointed")
    if case.consensus is None:
        raise Refused("consensus-missing")
    _not_a_marker(case, decided_by)
    return pinned(case, programme), case.consensus


def _not_a_marker(case: Case, officer: str) -> None:
    """Whoever ever marked in this case or agreed for its team does not decide it.

    Of this case: the next round has marks of its own, and who marked in an earlier one may decide.
    """
    if officer in case.markers:
        raise Refused("decider-marked", officer=officer)
