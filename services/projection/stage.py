"""Where a township stands at the end of a civil day: pure, over rows of single streams.

The answer is the same whichever topic was read first, and the same for a past day whether the
rows were folded up to it or beyond.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from services.projection.models.case import CaseProgress
from services.projection.models.definition import Enrolment
from services.projection.models.dossier import DossierProgress
from services.projection.models.programme import enrolled
from services.projection.models.title import HeldTitle

ANSWER_WITHIN = timedelta(minutes=1)


class Stage(StrEnum):
    """The way of a township, in its order; then the two ways off it."""

    ENROLLED = "enrolled"
    PLANNED = "planned"
    ASSESSED = "assessed"
    RECTIFYING = "rectifying"
    READY = "ready"
    APPLIED = "applied"
    INSPECTING = "inspecting"
    PASSED = "passed"
    RECOMMENDED = "recommended"
    VERIFYING = "verifying"
    VERIFIED = "verified"
    COMPLIANT = "compliant"
    DEMONSTRATION = "demonstration"
    REVOKED = "revoked"
    LEFT = "left"


ORDER = tuple(Stage)


@dataclass(frozen=True, slots=True)
class Run:
    """An uninterrupted stay in a stage from its first day on."""

    stage: Stage
    since_on: date


@dataclass(frozen=True, slots=True)
class _Standing:
    """What the deciding round says: a stage, or that it ended on a day, sent back or given up."""

    stage: Stage | None = None
    sent_back_on: date | None = None
    open: bool = True


def stage(
    dossier: DossierProgress,
    cases: Sequence[CaseProgress],
    enrolments: Sequence[Enrolment],
    on: date,
) -> Stage | None:
    """The stage at the end of `on`; None before the township was enrolled."""
    member = enrolled(enrolments, on)
    if member is None:
        return None
    if not member.enrolled:
        return Stage.LEFT
    dossier = dossier.until(on)
    cases = [case for case in (case.until(on) for case in cases) if case.steps or case.titles]
    if (title := title_in_force(cases)) is not None:
        return Stage(title.title)
    round_ = deciding_round(dossier, cases)
    if round_ is None:
        return _preparing(dossier)
    case = next((case for case in cases if case.round == round_), None)
    standing = _by_case(case) if case else _by_echo(dossier, round_)
    if _revoked(dossier, cases, round_, standing):
        return Stage.REVOKED
    if standing.stage is not None:
        return standing.stage
    if standing.sent_back_on is not None:
        after = _assessed_after(dossier, round_, standing.sent_back_on)
        return Stage.READY if after and ready(dossier) else Stage.RECTIFYING
    return Stage.READY if ready(dossier) else Stage.RECTIFYING


def history(
    dossier: DossierProgress,
    cases: Sequence[CaseProgress],
    enrolments: Sequence[Enrolment],
    on: date,
) -> tuple[Run, ...]:
    """Every run of a stage up to the end of `on`; the last one is current."""
    days = dossier.days().union(*(case.days() for case in cases))
    days |= {line.on for line in enrolments}
    runs: list[Run] = []
    for day in sorted(day for day in days if day <= on):
        now = stage(dossier, cases, enrolments, day)
        if now is not None and (not runs or runs[-1].stage != now):
            runs.append(Run(now, day))
    return tuple(runs)


def stuck(dossier: DossierProgress, cases: Sequence[CaseProgress], now: datetime) -> str | None:
    """Why nothing follows an application that was recorded over a minute ago; None if all is well.

    The recorded clock counts, not the civil day: an application may be back-dated.
    """
    if not dossier.applications:
        return None
    last = max(dossier.applications, key=lambda application: application.round)
    answered = any(case.round >= last.round and case.steps for case in cases) or any(
        echo.round >= last.round for echo in dossier.echoes
    )
    return "no-case" if not answered and now - last.recorded_at > ANSWER_WITHIN else None


def deciding_round(dossier: DossierProgress, cases: Collection[CaseProgress]) -> int | None:
    """The highest round that anybody knows of."""
    rounds = [
        *(application.round for application in dossier.applications),
        *(echo.round for echo in dossier.echoes),
        *(case.round for case in cases),
    ]
    return max(rounds, default=None)


def title_in_force(cases: Sequence[CaseProgress]) -> HeldTitle | None:
    """The latest round's title that was neither revoked nor replaced; an expired one counts."""
    replaced = {step.replaces for case in cases for step in case.titles if step.replaces}
    standing = (case.title() for case in sorted(cases, key=lambda case: -case.round))
    return next((title for title in standing if title and not title.numbers & replaced), None)


def case_stage(case: CaseProgress) -> Stage | None:
    """Where an open case stands by itself; None once it was decided against or closed."""
    over = any(step.act == "closed" for step in case.steps)
    return None if over or not case.steps else _by_case(case).stage


def ready(dossier: DossierProgress) -> bool:
    """The last complete full assessment has a grade, and no blocking deficiency is open."""
    last = dossier.last_full()
    blocked = any(found.blocking for found in dossier.open_deficiencies().values())
    return last is not None and last.grade != "none" and not blocked


def _preparing(dossier: DossierProgress) -> Stage:
    if ready(dossier):
        return Stage.READY
    if any(step.act in ("planned", "completed", "reopened") for step in dossier.deficiencies):
        return Stage.RECTIFYING
    if dossier.assessments:
        return Stage.ASSESSED
    return Stage.PLANNED if dossier.plans else Stage.ENROLLED


def _by_case(case: CaseProgress) -> _Standing:
    standing = _Standing(Stage.APPLIED)
    for step in case.steps:
        match step.act:
            case "opened":
                standing = _Standing(Stage.APPLIED)
            case "team-appointed":
                standing = _Standing(Stage.INSPECTING)
            case "preliminary-passed" | "recommendation-returned":
                standing = _Standing(Stage.PASSED)
            case "recommended":
                standing = _Standing(Stage.RECOMMENDED)
            case "city-inspection" | "city-marks":
                standing = _Standing(Stage.VERIFYING)
            case "city-passed":
                standing = _Standing(Stage.VERIFIED)
            case "returned" | "preliminary-failed" | "city-failed":
                standing = _Standing(sent_back_on=step.on, open=False)
            case "rejected":
                standing = _Standing(open=False)
            case "closed":
                standing = _closed(standing, step.outcome or "", step.on)
    return standing


def _by_echo(dossier: DossierProgress, round_: int) -> _Standing:
    """What the dossier heard, as long as the case itself is not known here."""
    standing = _Standing(Stage.APPLIED)
    for echo in dossier.echoes:
        if echo.round == round_:
            standing = _closed(standing, echo.outcome, echo.on)
    return standing


def _closed(standing: _Standing, outcome: str, on: date) -> _Standing:
    match outcome:
        case "returned" | "failed":
            return _Standing(sent_back_on=standing.sent_back_on or on, open=False)
        case "withdrawn" | "rejected" | "void":
            return _Standing(open=False)
        case _:  # awarded: the city has passed it, whatever became of the title since
            return _Standing(Stage.VERIFIED, open=False)


def _assessed_after(dossier: DossierProgress, round_: int, sent_back_on: date) -> bool:
    """Whether the last full assessment came after the decision.

    Within the same day only the dossier's own echo can tell which came first.
    """
    last = dossier.last_full()
    if last is None or last.on < sent_back_on:
        return False
    if last.on > sent_back_on:
        return True
    echoed = [echo.version for echo in dossier.echoes if echo.round == round_]
    return bool(echoed) and last.version > min(echoed)


def _revoked(
    dossier: DossierProgress, cases: Sequence[CaseProgress], round_: int, standing: _Standing
) -> bool:
    """A title was revoked, and no application follows it: none later, none still open."""
    revoked = [
        (step.on, case.round)
        for case in cases
        if case.titles and case.title() is None
        for step in case.titles
        if step.title is None
    ]
    if not revoked:
        return False
    revoked_on, revoked_round = max(revoked)
    if round_ == revoked_round:
        return True
    applied = [line.on for line in dossier.applications if line.round == round_]
    applied += [case.steps[0].on for case in cases if case.round == round_ and case.steps]
    return not standing.open and all(day < revoked_on for day in applied)


def first_day(runs: Sequence[Run], stages: Collection[Stage]) -> date | None:
    """Since when the current run of runs, all in `stages`, lasts."""
    since = None
    for run in reversed(runs):
        if run.stage not in stages:
            break
        since = run.since_on
    return since
