"""The parts of a case over HTTP, each at the address that its act answers with."""

from collections.abc import Mapping
from typing import Annotated, TypeVar

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel

from services.review.case import pinned
from services.review.place import Here, Place
from services.review.reading import scene
from services.review.views import CaseView, RewardView, case_view
from shared.contracts.case import (
    CityFailed,
    CityMarksRecorded,
    CityPassed,
    Closed,
    ConsensusRecorded,
    InspectionHeld,
    InspectionScheduled,
    PreliminaryFailed,
    PreliminaryPassed,
    RecommendationReturned,
    Returned,
    TeamAppointed,
    VetoRecorded,
)
from shared.contracts.refusals import Refused
from shared.store.log import Log
from shared.web.auth import roles
from shared.web.bodies import Code

T = TypeVar("T")
CASE = "/{programme}/{township}/{round}"
PartId = Annotated[str, Path(pattern=r"^[A-Za-z0-9._-]{1,60}$")]
Gate = Annotated[Code, Path(description="Code of a gate of the standard.")]


class TeamView(BaseModel):
    """The team as it was appointed last, and who of it has not stepped down since."""

    appointed: TeamAppointed
    members: list[str]


class InspectionView(BaseModel):
    """A visit, its record once it took place, and the visit it was moved to."""

    scheduled: InspectionScheduled
    held: InspectionHeld | None
    replaced_by: str | None = None


def parts(log: Log, readers: tuple[str, ...]) -> APIRouter:
    """What each act has made, for whoever may read the case, and no more than the case shows."""
    router = APIRouter(prefix="/v1/cases", tags=["cases"], dependencies=roles(*readers))

    async def seen(here: Place, response: Response) -> CaseView:
        version, found = await scene(log, here)
        response.headers["ETag"] = f'"{version}"'
        return case_view(found, pinned(found.case, found.programme), [])

    @router.get(f"{CASE}/team")
    async def team(here: Here, response: Response) -> TeamView:
        """Who is on the team."""
        view = await seen(here, response)
        return TeamView(appointed=_there("team", view.team), members=view.members)

    @router.get(f"{CASE}/inspections")
    async def inspections(here: Here, response: Response) -> list[InspectionView]:
        """Every visit; one that was moved has made room for its new one."""
        return list(_visits(await seen(here, response)).values())

    @router.get(f"{CASE}/inspections/{{inspection_id}}")
    async def inspection(here: Here, inspection_id: PartId, response: Response) -> InspectionView:
        """One visit; of one that was moved also which visit took its place."""
        version, found = await scene(log, here)
        response.headers["ETag"] = f'"{version}"'
        case = found.case
        if (moved := case.moved.get(inspection_id)) is not None:
            after = (*case.moved.values(), *case.inspections.values())
            heir = next(one.inspection_id for one in after if one.replaces == inspection_id)
            return InspectionView(scheduled=moved, held=None, replaced_by=heir)
        if inspection_id not in case.inspections:
            raise Refused("inspection-unknown", inspection_id=inspection_id)
        return InspectionView(
            scheduled=case.inspections[inspection_id], held=case.held.get(inspection_id)
        )

    @router.get(f"{CASE}/vetoes")
    async def vetoes(here: Here, response: Response) -> list[VetoRecorded]:
        """Every veto on record."""
        return (await seen(here, response)).vetoes

    @router.get(f"{CASE}/vetoes/{{gate}}")
    async def veto(here: Here, gate: Gate, response: Response) -> VetoRecorded:
        """One veto, by its gate."""
        found = {one.gate: one for one in (await seen(here, response)).vetoes}
        return _there(f"vetoes/{gate}", found.get(gate))

    @router.get(f"{CASE}/consensus")
    async def consensus(here: Here, response: Response) -> ConsensusRecorded:
        """What the team agreed last."""
        return _there("consensus", (await seen(here, response)).consensus)

    @router.get(f"{CASE}/decision")
    async def decision(
        here: Here, response: Response
    ) -> PreliminaryPassed | PreliminaryFailed | Returned:
        """What the district decided."""
        view = await seen(here, response)
        found = view.passed or view.failed or _returned(view, "district")
        if found is None:
            raise _missing("decision")
        return found

    @router.get(f"{CASE}/recommendation-return")
    async def sent_back(here: Here, response: Response) -> RecommendationReturned:
        """Why the city sent the recommendation back."""
        return _there("recommendation-return", (await seen(here, response)).sent_back)

    @router.get(f"{CASE}/city-marks")
    async def city_marks(here: Here, response: Response) -> CityMarksRecorded:
        """The city's figures."""
        return _there("city-marks", (await seen(here, response)).city_marks)

    @router.get(f"{CASE}/city-decision")
    async def city_decision(here: Here, response: Response) -> CityPassed | CityFailed | Returned:
        """What the city decided."""
        view = await seen(here, response)
        found = view.city_passed or view.city_failed or _returned(view, "city")
        if found is None:
            raise _missing("city-decision")
        return found

    @router.get(f"{CASE}/rewards")
    async def rewards(here: Here, response: Response) -> list[RewardView]:
        """Every reward, and what of it was paid."""
        return (await seen(here, response)).rewards

    @router.get(f"{CASE}/rewards/{{reward_id}}")
    async def reward(here: Here, reward_id: PartId, response: Response) -> RewardView:
        """One reward."""
        found = {one.granted.reward_id: one for one in (await seen(here, response)).rewards}
        return _there(f"rewards/{reward_id}", found.get(reward_id))

    @router.get(f"{CASE}/closure")
    async def closure(here: Here, response: Response) -> Closed:
        """How the case ended."""
        return _there("closure", (await seen(here, response)).closed)

    return router


def _visits(view: CaseView) -> Mapping[str, InspectionView]:
    held = {one.inspection_id: one for one in view.held}
    return {
        one.inspection_id: InspectionView(scheduled=one, held=held.get(one.inspection_id))
        for one in view.inspections
    }


def _returned(view: CaseView, by: str) -> Returned | None:
    return view.returned if view.returned is not None and view.returned.by == by else None


def _there(part: str, found: T | None) -> T:
    if found is None:
        raise _missing(part)
    return found


def _missing(part: str) -> Refused:
    return Refused("case-part-missing", part=part)
