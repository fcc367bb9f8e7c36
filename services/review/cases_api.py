"""The cases over HTTP: what the district does with them."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Response

from services.review import team, verdict
from services.review.case import Case, pinned
from services.review.case_bodies import (
    ConsensusBody,
    DecisionBody,
    InspectionBody,
    MarksBody,
    MinutesBody,
    RecusalBody,
    TeamBody,
)
from services.review.directory import Directory
from services.review.place import (
    VISITORS,
    Here,
    Scene,
    Wish,
    act,
    name_of,
    of_district,
    on_behalf,
    roles,
)
from shared.clock import civil_day
from shared.contracts.case import CaseEvent
from shared.contracts.refusals import Refused
from shared.store.log import Log
from shared.web.bodies import scored
from shared.web.commands import Written, created, decision_requires_if_match

CASE = "/{programme}/{township}/{round}"
InspectionId = Annotated[str, Path(pattern=r"^[A-Za-z0-9._-]{1,60}$")]


class InspectionWritten(Written):
    """The visit that was scheduled."""

    inspection_id: str


def district_acts(log: Log, directory: Directory) -> APIRouter:
    """Endpoints 34-36, 38, 40 and 41."""
    router = APIRouter(prefix="/v1/cases", tags=["cases"])

    @router.post(f"{CASE}/team", status_code=201, dependencies=roles("officer"))
    async def appoint(here: Here, wish: Wish, body: TeamBody, response: Response) -> Written:
        """Appoint the team, or replace it whole."""
        officers = [one.officer for one in body.members]
        day = body.effective_on or civil_day(log.clock())
        organisations = await directory.organisations_on(officers, day)

        def decide(scene: Scene) -> Sequence[CaseEvent]:
            of_district(scene.principal, scene.programme, here.programme)
            return team.appoint_team(
                scene.case,
                scene.programme,
                [one.seat() for one in body.members],
                organisations=organisations,
                recused=body.aside(),
                min_markers=body.min_markers,
                site=scene.site,
            )

        written = await act(log, here, wish, body, decide)
        return created(response, f"{here.path}/team", written)

    @router.post(f"{CASE}/recusals", status_code=201, dependencies=roles("member"))
    async def recuse(here: Here, wish: Wish, body: RecusalBody, response: Response) -> Written:
        """Step down from the team."""

        def decide(scene: Scene) -> Sequence[CaseEvent]:
            return team.recuse_member(
                scene.case,
                scene.principal.officer,
                reason_code=body.reason_code,
                site=scene.site,
            )

        written = await act(log, here, wish, body, decide)
        return created(response, f"{here.path}/team", written)

    @router.post(f"{CASE}/inspections", status_code=201, dependencies=roles(*VISITORS))
    async def schedule(
        here: Here, wish: Wish, body: InspectionBody, response: Response
    ) -> InspectionWritten:
        """Schedule a visit, or move one."""
        inspection_id = name_of(wish)
        if body.level == "city":
            wish = await on_behalf(log, here.programme, here.principal, wish)

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

        written = await act(log, here, wish, body, decide)
        answer = InspectionWritten(**written.model_dump(), inspection_id=inspection_id)
        created(response, f"{here.path}/inspections/{inspection_id}", answer)
        return answer

    @router.post(
        f"{CASE}/inspections/{{inspection_id}}/record",
        status_code=201,
        dependencies=roles(*VISITORS),
    )
    async def hold(
        here: Here,
        inspection_id: InspectionId,
        wish: Wish,
        body: MinutesBody,
        response: Response,
    ) -> Written:
        """Put on record that a visit took place."""
        case: Case
        _, case = await log.state(here.streams[0])
        visit = case.inspections.get(inspection_id)
        if visit is None:  # whose visit it is decides who may speak of it
            raise Refused("inspection-unknown", inspection_id=inspection_id)
        if visit.level == "city":
            wish = await on_behalf(log, here.programme, here.principal, wish)

        def decide(scene: Scene) -> Sequence[CaseEvent]:
            return team.hold_inspection(
                scene.case,
                inspection_id,
                officer=scene.principal.officer,
                present=body.present,
                site=scene.site,
            )

        written = await act(log, here, wish, body, decide)
        return created(response, f"{here.path}/inspections/{inspection_id}", written)

    @router.post(f"{CASE}/marks", status_code=201, dependencies=roles("member"))
    async def mark(here: Here, wish: Wish, body: MarksBody, response: Response) -> Written:
        """Record one's own marks."""

        def decide(scene: Scene) -> Sequence[CaseEvent]:
            return team.record_marks(
                scene.case,
                scene.programme,
                scored(pinned(scene.case, scene.programme), body.marks),
                officer=scene.principal.officer,
                site=scene.site,
            )

        written = await act(log, here, wish, body, decide)
        return created(response, f"{here.path}/marks", written)

    @router.post(f"{CASE}/consensus", status_code=201, dependencies=roles("member"))
    async def agree(here: Here, wish: Wish, body: ConsensusBody, response: Response) -> Written:
        """Record what the team agreed."""

        def decide(scene: Scene) -> Sequence[CaseEvent]:
            return verdict.record_consensus(
                scene.case,
                scene.programme,
                scored(pinned(scene.case, scene.programme), body.marks),
                body.claims(),
                own_marks=scene.own_marks,
                officer=scene.principal.officer,
                facts=body.facts,
                site=scene.site,
            )

        written = await act(log, here, wish, body, decide)
        return created(response, f"{here.path}/consensus", written)

    @router.post(f"{CASE}/decision", status_code=201, dependencies=roles("leader"))
    async def decision(here: Here, wish: Wish, body: DecisionBody, response: Response) -> Written:
        """Pass, fail or return, upon what was seen (If-Match)."""
        decision_requires_if_match(wish)

        def decide(scene: Scene) -> Sequence[CaseEvent]:
            of_district(scene.principal, scene.programme, here.programme)
            return decided(scene, body)

        written = await act(log, here, wish, body, decide)
        return created(response, f"{here.path}/decision", written)

    return router


def decided(scene: Scene, body: DecisionBody) -> Sequence[CaseEvent]:
    """The district's decision that a body asks for."""
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
