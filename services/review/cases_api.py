"""The cases over HTTP: what the district does with them."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path

from services.review import appointment, consensus, team, verdict
from services.review.access import by_right
from services.review.bodies import ActBody
from services.review.case import Case, pinned
from services.review.case_bodies import (
    ConsensusBody,
    DecisionBody,
    InspectionBody,
    MarksBody,
    MinutesBody,
    RecusalBody,
    TeamBody,
    VetoBody,
)
from services.review.directory import Directory
from services.review.place import Came, CameToDecide, Errand, Place, Scene, name_of, record
from services.review.programmes.programme import Programme
from services.review.veto import record_veto
from shared.clock import civil_day
from shared.contracts.blocks import Mark
from shared.contracts.case import CaseEvent
from shared.contracts.programme import StandardPublished
from shared.contracts.refusals import Refused
from shared.store.log import Log
from shared.web.bodies import scored
from shared.web.commands import Written
from shared.web.spreadsheets import SENT_AS_XLSX

CASE = "/{programme}/{township}/{round}"
InspectionId = Annotated[str, Path(pattern=r"^[A-Za-z0-9._-]{1,60}$")]


class InspectionWritten(Written):
    """The visit that was scheduled."""

    inspection_id: str


async def insiders(
    log: Log, directory: Directory, here: Place, day: date | None, officers: Sequence[str] = ()
) -> set[str]:
    """Who of these, by default of the team, served in the office since it applied."""
    case: Case
    programme: Programme
    _, case = await log.state(here.streams[0])
    _, programme = await log.state(here.streams[1])
    opened = case.opened
    if opened is None:
        return set()
    served = await directory.organisations_between(
        [*(officers or case.members)], opened.submitted_on, day or civil_day(log.clock())
    )
    return {
        officer
        for officer, organisations in served.items()
        if any(programme.acts_as(one, opened.office, until) for one, until in organisations.items())
    }


async def record_own_marks(
    log: Log,
    directory: Directory,
    came: Errand,
    body: ActBody,
    marks: Callable[[StandardPublished], Sequence[Mark]],
) -> Written:
    """Record the marks of whoever asks, as `marks` makes them under the case's own standard."""
    own = await insiders(
        log, directory, came.here, body.effective_on, [came.here.principal.officer]
    )

    def decide(scene: Scene) -> Sequence[CaseEvent]:
        return team.record_marks(
            scene.case,
            scene.programme,
            marks(pinned(scene.case, scene.programme)),
            officer=scene.principal.officer,
            insiders=own,
            site=scene.site,
        )

    return await record(log, "marks", came, body, decide)


def district_acts(log: Log, directory: Directory) -> APIRouter:
    """From the team to the decision, and what bars a case from passing."""
    router = APIRouter(prefix="/v1/cases", tags=["cases"])

    @router.post(f"{CASE}/team", status_code=201, dependencies=by_right("team"))
    async def appoint(came: Came, body: TeamBody) -> Written:
        """Appoint the team, or replace it whole."""
        officers = [one.officer for one in body.members]
        day = body.effective_on or civil_day(log.clock())
        organisations = await directory.organisations_on(officers, day)
        own = await insiders(log, directory, came.here, day, officers)

        def decide(scene: Scene) -> Sequence[CaseEvent]:
            return appointment.appoint_team(
                scene.case,
                scene.programme,
                [one.seat() for one in body.members],
                organisations=organisations,
                insiders=own,
                recused=body.aside(),
                min_markers=body.min_markers,
                site=scene.site,
            )

        return await record(log, "team", came, body, decide)

    @router.post(
        f"{CASE}/recusals", status_code=201, dependencies=by_right("recusals", "replacements")
    )
    async def recuse(came: Came, body: RecusalBody) -> Written:
        """Step down from the team; an officer of the district also says who takes the seat."""
        own_id = came.here.principal.officer
        leaving, follower = body.officer or own_id, body.replaced_by
        if leaving == own_id and follower is None:

            def decide(scene: Scene) -> Sequence[CaseEvent]:
                return appointment.recuse_member(
                    scene.case, leaving, reason_code=body.reason_code, site=scene.site
                )

            return await record(log, "recusals", came, body, decide, made="team")
        day = body.effective_on or civil_day(log.clock())
        named = [follower] if follower else []
        organisations = await directory.organisations_on(named, day)
        own = await insiders(log, directory, came.here, day, named) if named else set()

        def replacing(scene: Scene) -> Sequence[CaseEvent]:
            if follower is None:
                raise Refused("replacement-missing", officer=leaving)
            return appointment.replace_member(
                scene.case,
                scene.programme,
                leaving,
                replaced_by=follower,
                reason_code=body.reason_code,
                organisations=organisations,
                insiders=own,
                site=scene.site,
            )

        return await record(log, "replacements", came, body, replacing, made="team")

    @router.post(f"{CASE}/inspections", status_code=201, dependencies=by_right("inspections"))
    async def schedule(came: Came, body: InspectionBody) -> InspectionWritten:
        """Schedule a visit, or move one."""
        inspection_id = name_of(came.wish)

        def decide(scene: Scene) -> Sequence[CaseEvent]:
            return team.schedule_inspection(
                scene.case,
                scene.programme,
                inspection_id,
                level=body.level,
                officer=scene.principal.officer,
                starts_at=body.starts_at,
                ends_at=body.ends_at,
                place=body.place,
                items=body.items,
                seed=body.seed,
                replaces=body.replaces,
                site=scene.site,
            )

        name = "city-inspections" if body.level == "city" else "inspections"
        at = f"inspections/{inspection_id}"
        written = await record(log, name, came, body, decide, made=at)
        return InspectionWritten(**written.model_dump(), inspection_id=inspection_id)

    @router.post(
        f"{CASE}/inspections/{{inspection_id}}/record",
        status_code=201,
        dependencies=by_right("record"),
    )
    async def hold(came: Came, inspection_id: InspectionId, body: MinutesBody) -> Written:
        """Put on record that a visit took place."""
        case: Case
        _, case = await log.state(came.here.streams[0])
        visit = case.inspections.get(inspection_id)
        if visit is None:  # whose visit it is decides who may speak of it
            raise Refused("inspection-unknown", inspection_id=inspection_id)

        def decide(scene: Scene) -> Sequence[CaseEvent]:
            return team.hold_inspection(
                scene.case,
                inspection_id,
                officer=scene.principal.officer,
                present=body.present,
                site=scene.site,
            )

        name, at = "record", f"inspections/{inspection_id}"
        if visit.level == "city":
            name = "city-record"
        return await record(log, name, came, body, decide, made=at)

    @router.post(
        f"{CASE}/marks", status_code=201, dependencies=by_right("marks"), openapi_extra=SENT_AS_XLSX
    )
    async def mark(came: Came, body: MarksBody) -> Written:
        """Record one's own marks."""
        return await record_own_marks(log, directory, came, body, lambda by: scored(by, body.marks))

    @router.post(f"{CASE}/consensus", status_code=201, dependencies=by_right("consensus"))
    async def agree(came: Came, body: ConsensusBody) -> Written:
        """Record what the team agreed."""
        own = await insiders(log, directory, came.here, body.effective_on)

        def decide(scene: Scene) -> Sequence[CaseEvent]:
            return consensus.record_consensus(
                scene.case,
                scene.programme,
                scored(pinned(scene.case, scene.programme), body.marks),
                body.claims(),
                own_marks=scene.own_marks,
                officer=scene.principal.officer,
                facts=body.facts,
                insiders=own,
                site=scene.site,
            )

        return await record(log, "consensus", came, body, decide)

    @router.post(f"{CASE}/vetoes", status_code=201, dependencies=by_right("vetoes"))
    async def veto(came: Came, body: VetoBody) -> Written:
        """Put on record what bars the office from passing, whatever its score."""

        def decide(scene: Scene) -> Sequence[CaseEvent]:
            return record_veto(
                scene.case,
                scene.programme,
                body.gate,
                occurred_on=body.occurred_on,
                reason=body.reason,
                site=scene.site,
            )

        at = f"vetoes/{body.gate}"
        return await record(log, "vetoes", came, body, decide, made=at)

    @router.post(f"{CASE}/decision", status_code=201, dependencies=by_right("decision"))
    async def decision(came: CameToDecide, body: DecisionBody) -> Written:
        """Pass, fail or return, upon what was seen (If-Match)."""
        return await record(log, "decision", came, body, lambda scene: _decided(scene, body))

    return router


def _decided(scene: Scene, body: DecisionBody) -> Sequence[CaseEvent]:
    case, programme, officer = scene.case, scene.programme, scene.principal.officer
    match body.decision:
        case "pass":
            return verdict.pass_preliminary(
                case, programme, decided_by=officer, proposed_title=body.title, site=scene.site
            )
        case "fail":
            return verdict.fail_preliminary(
                case, programme, body.why(), decided_by=officer, site=scene.site
            )
        case "return":
            return verdict.return_application(
                case,
                programme,
                body.complaints(),
                own_marks=scene.own_marks,
                decided_by=officer,
                site=scene.site,
            )
