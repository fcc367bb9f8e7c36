"""All that the pages and answers say of a programme at the end of a day, worked out once: pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from services.projection import forecast, targets
from services.projection.forecast import Forecast, RiskRules
from services.projection.models.case import CaseProgress, Step
from services.projection.models.definition import BatchLine, Enrolment, TargetSet
from services.projection.models.dossier import DossierProgress
from services.projection.models.programme import ProgrammeProgress, enrolled
from services.projection.models.rows import Rows
from services.projection.stage import Run, Stage, history, stuck, title_in_force
from services.projection.targets import Member, TargetStanding
from shared.contracts.blocks import Title
from shared.contracts.programme import Organisation
from shared.working_days import Calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """The last marking by anybody: whose word it is, and how far it lies from passing."""

    source: Literal["self", "district", "city"]
    on: date
    total_cp: int
    pass_cp: int | None
    lost_cp: Mapping[str, int]
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Township:
    """One township at the end of the day; `forecast` is of the target due next for it.

    `vetoes` bar the open case from passing, whatever its score.
    """

    code: str
    enrolment: Enrolment
    kind: Literal["town", "subdistrict"] | None
    dossier: DossierProgress
    cases: tuple[CaseProgress, ...]
    runs: tuple[Run, ...]
    stage: Stage
    since_on: date
    in_stage_wd: int
    batch: BatchLine | None
    stuck: str | None
    office: Organisation
    vetoes: tuple[Step, ...]
    latest: Latest | None
    title: Title | None
    passed_on: date | None
    forecast: Forecast | None

    @property
    def name(self) -> str:
        return self.enrolment.name

    @property
    def round(self) -> int:
        """The round it is in; 0 before the first application."""
        rounds = [case.round for case in self.cases]
        return max(rounds + [line.round for line in self.dossier.applications], default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A programme at the end of `on`."""

    on: date
    programme: ProgrammeProgress
    calendar: Calendar
    risk: RiskRules
    townships: tuple[Township, ...]
    targets: tuple[TargetStanding, ...]
    recorded_at: datetime | None

    def township(self, code: str) -> Township | None:
        return next((one for one in self.townships if one.code == code), None)


def picture(rows: Rows, on: date, now: datetime) -> Picture:
    """What is known of `on`; `now` is the recorded clock, by which answers are missed."""
    recorded_at = rows.recorded_at()
    rows = rows.until(on)
    programme = rows.programme
    calendar = programme.calendar()
    rule = programme.rules_of("risk")
    risk = RiskRules.of(rule.number if rule else 0, rule.rules if rule else {})
    histories = {
        code: history(rows.dossiers.get(code, DossierProgress()), rows.cases_of(code), lines, on)
        for code, lines in programme.townships().items()
    }

    def expect(code: str, target: TargetSet) -> Forecast:
        dossier = rows.dossiers.get(code, DossierProgress())
        batches = _batches(programme).values()
        return forecast.forecast(
            target, dossier, histories[code], tuple(batches), risk, calendar, on
        )

    standings = tuple(
        targets.standing(target, rows, on, expect)
        for target in sorted(programme.standing_targets(), key=lambda target: target.due_on)
    )
    members = {code: _next_due(standings, code) for code in histories}
    return Picture(
        on=on,
        programme=programme,
        calendar=calendar,
        risk=risk,
        townships=tuple(
            _township(rows, code, runs, calendar, on, now, members[code])
            for code, runs in histories.items()
        ),
        targets=standings,
        recorded_at=recorded_at,
    )


def _township(
    rows: Rows,
    code: str,
    runs: tuple[Run, ...],
    calendar: Calendar,
    on: date,
    now: datetime,
    member: Member | None,
) -> Township:
    lines = rows.programme.townships()[code]
    dossier = rows.dossiers.get(code, DossierProgress())
    # A case of which nothing had happened by that day did not exist then.
    cases = [case for case in rows.cases_of(code) if case.steps or case.titles]
    last = enrolled(lines, on) or lines[-1]
    title = title_in_force(cases)
    planned = dossier.plans[-1].batch if dossier.plans else None
    applied = dossier.applications[-1].batch if dossier.applications else None
    return Township(
        code=code,
        enrolment=last,
        kind=next((line.kind for line in reversed(lines) if line.kind), None),
        dossier=dossier,
        cases=tuple(cases),
        runs=runs,
        stage=runs[-1].stage,
        since_on=runs[-1].since_on,
        in_stage_wd=calendar.between(runs[-1].since_on, on),
        batch=_batches(rows.programme).get(applied or planned or ""),
        stuck=stuck(dossier, cases, now),
        office=rows.programme.body(last.office, on),
        vetoes=tuple(cases[-1].vetoes()) if cases else (),
        latest=latest(rows.programme, dossier, cases),
        title=title.title if title else None,
        passed_on=passed_on(cases),
        forecast=member.forecast if member else None,
    )


def _next_due(standings: tuple[TargetStanding, ...], code: str) -> Member | None:
    """Of the targets that the township may still make, the one due first."""
    found = (
        member
        for standing in standings
        for member in standing.members
        if member.township == code and member.forecast
    )
    return next(found, None)


def _batches(programme: ProgrammeProgress) -> dict[str, BatchLine]:
    return {batch.code: batch for batch in programme.batches}


def passed_on(cases: list[CaseProgress]) -> date | None:
    """The first pass by the city whose title was not revoked since."""
    days = [
        step.on
        for case in cases
        if not case.titles or case.title() is not None
        for step in case.steps
        if step.act == "city-passed"
    ]
    return min(days, default=None)


_WEIGHT = {"self": 0, "district": 1, "city": 2}


def latest(
    programme: ProgrammeProgress, dossier: DossierProgress, cases: list[CaseProgress]
) -> Latest | None:
    """The last by day; of one day, the word of the higher office."""
    found = [
        Latest(
            source="self",
            on=one.on,
            total_cp=one.total_cp,
            pass_cp=_pass_cp(programme, one.standard),
            lost_cp=one.lost_cp,
            complete=one.complete,
        )
        for one in dossier.assessments[-1:]
    ]
    found += [
        Latest(
            source=one.source,
            on=one.on,
            total_cp=one.total_cp,
            pass_cp=_pass_cp(programme, one.standard),
            lost_cp=one.lost_cp,
            complete=True,
        )
        for case in cases
        for one in case.markings
    ]
    # A later entry wins a tie: marks of one office and day follow each other in their stream.
    return max(reversed(found), key=lambda one: (one.on, _WEIGHT[one.source]), default=None)


def _pass_cp(programme: ProgrammeProgress, number: int | None) -> int | None:
    """The pass mark of the version that marks are pinned to, else of the last one."""
    lines = [line for line in programme.standards if line.number == number]
    line = next(reversed(lines or list(programme.standards)), None)
    return line.pass_cp if line else None
