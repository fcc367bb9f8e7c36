"""The cases over HTTP: what the city makes of them, or the district on its behalf."""

from collections.abc import Sequence

from fastapi import APIRouter

from services.review import city
from services.review.access import by_right
from services.review.case import pinned
from services.review.case_bodies import CityMarksBody, DecisionBody, LetterReturnBody
from services.review.cases_api import CASE
from services.review.letters import return_recommendation
from services.review.place import Came, CameToDecide, Scene, record
from shared.contracts.case import CaseEvent
from shared.store.log import Log
from shared.web.commands import Written


def city_acts(log: Log) -> APIRouter:
    """Its marks, its decision, and a letter that it sends back."""
    router = APIRouter(prefix="/v1/cases", tags=["city"])

    @router.post(f"{CASE}/city-marks", status_code=201, dependencies=by_right("city-marks"))
    async def mark(came: Came, body: CityMarksBody) -> Written:
        """Record the city's figures, or on its behalf with its paper."""

        def decide(scene: Scene) -> Sequence[CaseEvent]:
            return city.record_city_marks(
                scene.case,
                scene.programme,
                body.figures(pinned(scene.case, scene.programme)),
                inspected_on=body.inspected_on,
                on_behalf_of=scene.on_behalf_of,
                site=scene.site,
            )

        return await record(log, "city-marks", came, body, decide)

    @router.post(f"{CASE}/city-decision", status_code=201, dependencies=by_right("city-decision"))
    async def decision(came: CameToDecide, body: DecisionBody) -> Written:
        """Pass, fail or return, upon what was seen (If-Match)."""
        return await record(log, "city-decision", came, body, lambda scene: _decided(scene, body))

    @router.post(
        f"{CASE}/recommendation-return",
        status_code=201,
        dependencies=by_right("recommendation-return"),
    )
    async def send_back(came: Came, body: LetterReturnBody) -> Written:
        """Send the recommendation back to the district, which may recommend again."""

        def decide(scene: Scene) -> Sequence[CaseEvent]:
            return return_recommendation(
                scene.case,
                scene.programme,
                body.why(),
                resubmit_by_on=body.resubmit_by_on,
                on_behalf_of=scene.on_behalf_of,
                site=scene.site,
            )

        return await record(log, "recommendation-return", came, body, decide)

    return router


def _decided(scene: Scene, body: DecisionBody) -> Sequence[CaseEvent]:
    match body.decision:
        case "pass":
            return city.pass_city(
                scene.case,
                scene.programme,
                title=body.title,
                on_behalf_of=scene.on_behalf_of,
                site=scene.site,
            )
        case "fail":
            return city.fail_city(
                scene.case,
                scene.programme,
                body.why(),
                on_behalf_of=scene.on_behalf_of,
                site=scene.site,
            )
        case "return":
            return city.return_by_city(
                scene.case,
                scene.programme,
                body.complaints(),
                own_marks=scene.own_marks,
                decided_by=scene.principal.officer,
                on_behalf_of=scene.on_behalf_of,
                site=scene.site,
            )
