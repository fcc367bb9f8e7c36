"""待办: what each office, government, district, team and city has to do next, and by when: pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from services.projection.asker import Bodies
from services.projection.desks import Desk
from services.projection.late import Kind as LateKind
from services.projection.late import due, late
from services.projection.models.case import CaseProgress
from services.projection.picture import Picture, Township
from services.projection.stage import Stage
from shared.web.auth import Principal

Kind = Literal[
    "plan",
    "assessment",
    "rectification-plan",
    "rectification",
    "resubmission",
    "application",
    "funding-answer",
    "team",
    "inspection",
    "decision",
    "withdrawal",
    "recommendation",
    "follow-up",
    "marks",
    "consensus",
    "city-marks",
    "city-decision",
    "award",
]
Service = Literal["submission", "review", "projection"]

# Who does it, and what it is called.
WORK: Mapping[Kind, tuple[frozenset[str], str, str]] = {
    "plan": (frozenset({"clerk", "head"}), "报送实施方案", "file the plan"),
    "assessment": (frozenset({"clerk", "head"}), "完成全面自评", "record a full self-assessment"),
    "rectification-plan": (frozenset({"clerk"}), "制定整改计划", "plan the rectification"),
    "rectification": (frozenset({"clerk"}), "整改销号", "close the deficiency"),
    "resubmission": (frozenset({"clerk", "head"}), "重新申报", "apply again"),
    "application": (frozenset({"clerk", "head"}), "可以申报", "apply: nothing stands in the way"),
    "funding-answer": (frozenset({"gov"}), "答复保障申请", "answer what was asked for"),
    "team": (frozenset({"officer"}), "组成验收组", "appoint the team"),
    "inspection": (frozenset({"officer"}), "组织现场验收", "see the inspection through"),
    "decision": (frozenset({"leader"}), "作出初验决定", "decide on the inspection"),
    "withdrawal": (frozenset({"leader"}), "答复撤回申请", "answer the request to withdraw"),
    "recommendation": (frozenset({"leader"}), "推荐到市", "recommend to the city"),
    "follow-up": (frozenset({"officer", "leader"}), "督促逾期事项", "follow up what is overdue"),
    "marks": (frozenset({"member"}), "录入评分", "record your marks"),
    "consensus": (frozenset({"member"}), "组织合议", "bring the team to agree"),
    "city-marks": (frozenset({"city"}), "录入复验评分", "record the city's marks"),
    "city-decision": (frozenset({"city"}), "作出复验决定", "decide on the re-verification"),
    "award": (frozenset({"city"}), "授牌", "award the title"),
}
_FOLLOWED_UP: frozenset[LateKind] = frozenset(
    {"plan-late", "assessment-late", "rectification-late", "resubmission-late", "stuck"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One thing to do, by an organisation or by one officer; `href` is where it is done."""

    kind: Kind
    township: Township
    service: Service
    href: str
    organisation: str | None = None
    officer: str | None = None
    due_on: date | None = None
    about: str | None = None


def tasks(picture: Picture, bodies: Bodies, desks: Mapping[str, Desk]) -> list[Task]:
    """Everything that somebody has to do at the end of the day: what is due first comes first."""
    if picture.programme.closed:
        return []
    found = list(_follow_ups(picture, bodies))
    for township in picture.townships:
        if township.stage is not Stage.LEFT:
            found += _office(picture, township)
            found += _asked(picture, township)
            found += _review(picture, bodies, township, desks)
    return sorted(
        found,
        key=lambda one: (one.due_on or date.max, one.township.code, one.kind, one.about or ""),
    )


def mine(found: Iterable[Task], principal: Principal) -> list[Task]:
    """What is to be done by whoever asks; auditors see what is to be done by anybody."""
    if "auditor" in principal.roles:
        return list(found)
    return [
        one
        for one in found
        if WORK[one.kind][0] & principal.roles
        and one.organisation in (None, principal.organisation)
        and one.officer in (None, principal.officer)
    ]


def task_json(picture: Picture, one: Task) -> dict[str, Any]:
    """A line of the list; `overdue_wd` working days past `due_on`."""
    roles, zh, en = WORK[one.kind]
    overdue = one.due_on is not None and picture.on > one.due_on
    return {
        "kind": one.kind,
        "zh": zh,
        "en": en,
        "programme": picture.programme.programme,
        "township": one.township.code,
        "name": one.township.name,
        "about": one.about,
        "roles": sorted(roles),
        "organisation": one.organisation,
        "officer": one.officer,
        "due_on": one.due_on,
        "overdue": overdue,
        "overdue_wd": picture.calendar.late(one.due_on, picture.on) if one.due_on else 0,
        "service": one.service,
        "href": one.href,
    }


def _office(picture: Picture, township: Township) -> Iterator[Task]:
    base = f"/v1/dossiers/{picture.programme.programme}/{township.code}"

    def task(kind: Kind, href: str, due_on: date | None, about: str | None = None) -> Task:
        return Task(
            kind=kind,
            township=township,
            service="submission",
            href=f"{base}/{href}",
            organisation=township.office.organisation,
            due_on=due_on,
            about=about,
        )

    days = due(picture, township)
    if "plan-late" in days:
        yield task("plan", "plans", days["plan-late"])
    if "assessment-late" in days:
        yield task("assessment", "self-assessments", days["assessment-late"])
    for name, one in township.dossier.open_deficiencies().items():
        kind: Kind = "rectification" if one.planned else "rectification-plan"
        yield task(kind, f"deficiencies/{name}", one.due_on, name)
    if "resubmission-late" in days:
        yield task("resubmission", "applications", days["resubmission-late"])
    elif township.stage is Stage.READY and (closes_on := _window(picture, township)):
        yield task("application", "applications", closes_on)


def _window(picture: Picture, township: Township) -> date | None:
    """Until when the office may apply now; None while no window is open to it.

    An office that planned for a batch waits for it; once that is over it may apply without one.
    """
    on = picture.on
    phases = [
        phase
        for phase in picture.programme.phases()
        if phase.applications_open and (phase.from_on or on) <= on <= phase.to_on
    ]
    if not phases:
        return None
    batches = {batch.code: batch for batch in picture.programme.batches if batch.closes_on >= on}
    plans = township.dossier.plans
    planned = batches.get(plans[-1].batch or "") if plans else None
    if planned:
        return planned.closes_on if planned.opens_on <= on else None
    open_ = (batch.closes_on for batch in batches.values() if batch.opens_on <= on)
    return min(open_, default=phases[0].to_on)


def _asked(picture: Picture, township: Township) -> Iterator[Task]:
    for request in township.dossier.requests():
        if request.answer is None:
            asking = request.asking
            asked_of = picture.programme.body(asking.asked_of, picture.on)
            yield Task(
                kind="funding-answer",
                township=township,
                service="submission",
                href=f"/v1/dossiers/{picture.programme.programme}/{township.code}"
                f"/funding-requests/{asking.funding}",
                organisation=asked_of.organisation,
                due_on=asking.needed_on,
                about=asking.funding,
            )


def _review(
    picture: Picture, bodies: Bodies, township: Township, desks: Mapping[str, Desk]
) -> Iterator[Task]:
    if not township.cases:
        return
    case = township.cases[-1]
    desk = desks.get(case.subject, Desk())
    base = f"/v1/cases/{case.subject}"
    programme = f"/v1/programmes/{picture.programme.programme}"

    def task(
        kind: Kind,
        href: str,
        organisation: str | None,
        due_on: date | None = None,
        officer: str | None = None,
    ) -> Task:
        return Task(
            kind=kind,
            township=township,
            service="review",
            href=href,
            organisation=organisation,
            officer=officer,
            due_on=due_on,
            about=case.subject,
        )

    decide_by_on = due(picture, township).get("decision-late")
    if desk.withdrawing and not _closed(case):
        yield task("withdrawal", base, bodies.district)
    match township.stage:
        case Stage.APPLIED:
            yield task("team", f"{base}/team", bodies.district, decide_by_on)
        case Stage.INSPECTING if desk.agreed:
            yield task("decision", f"{base}/decision", bodies.district, decide_by_on)
        case Stage.INSPECTING:
            yield task("inspection", base, bodies.district, decide_by_on)
            owing = desk.owing()
            for one in owing:
                yield task("marks", f"{base}/marks", None, decide_by_on, one.officer)
            leaders = [one for one in desk.members.values() if one.role == "leader"]
            for one in [] if owing else leaders:
                yield task("consensus", f"{base}/consensus", None, decide_by_on, one.officer)
        case Stage.PASSED:
            last = case.steps[-1]
            by_on = last.by_on if last.act == "recommendation-returned" else None
            yield task("recommendation", f"{programme}/recommendations", bodies.district, by_on)
        case Stage.RECOMMENDED | Stage.VERIFYING:
            marked = case.steps[-1].act == "city-marks"
            kind: Kind = "city-decision" if marked else "city-marks"
            yield task(kind, f"{base}/{kind}", bodies.city)
        case Stage.VERIFIED if not _closed(case):
            yield task("award", f"{programme}/awards", bodies.city)


def _follow_ups(picture: Picture, bodies: Bodies) -> Iterator[Task]:
    for one in late(picture):
        if one.kind in _FOLLOWED_UP:
            yield Task(
                kind="follow-up",
                township=one.township,
                service="projection",
                href=f"/v1/progress/{picture.programme.programme}/{one.township.code}",
                organisation=bodies.district,
                due_on=one.due_on,
                about=one.kind,
            )


def _closed(case: CaseProgress) -> bool:
    return any(step.act == "closed" for step in case.steps)
