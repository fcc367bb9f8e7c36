"""The cases over HTTP: the letter to the city, its verdict, titles, money and the end."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from services.review import city, title
from services.review.case import pinned
from services.review.case_bodies import (
    AwardsBody,
    CityMarksBody,
    ClosureBody,
    DecisionBody,
    LetterBody,
    PaymentBody,
    RewardBody,
)
from services.review.cases_api import CASE
from services.review.place import (
    Code,
    Here,
    Scene,
    Who,
    Wish,
    act,
    name_of,
    of_district,
    on_behalf,
    roles,
)
from services.review.standards import no_duplicates
from shared.clock import civil_day
from shared.contracts.case import CaseEvent
from shared.contracts.refusals import Refused
from shared.store.log import Log
from shared.store.streams import Changes, Claim, Stream
from shared.web.commands import Written, answer, created, decision_requires_if_match

RewardId = Annotated[str, Path(pattern=r"^[A-Za-z0-9._-]{1,60}$")]


class LetterWritten(Written):
    """The letter that was sent."""

    recommendation_id: str


class AwardWritten(Written):
    """The act that awarded the titles."""

    award_id: str


class RewardWritten(Written):
    """The reward that was granted."""

    reward_id: str


def city_acts(log: Log) -> APIRouter:
    """Endpoints 42, 44-46 and 48, and the end of a case."""
    router = APIRouter(prefix="/v1", tags=["city"])

    @router.post(
        "/programmes/{programme}/recommendations", status_code=201, dependencies=roles("leader")
    )
    async def recommend(
        programme: Code, who: Who, wish: Wish, body: LetterBody, response: Response
    ) -> LetterWritten:
        """Recommend several cases in one letter: all, or none."""
        recommendation_id, site = name_of(wish), body.site(programme, civil_day(log.clock()))
        streams = _cases(programme, body.cases)

        def decide(*states: Any) -> Changes:
            *cases, state = states
            of_district(who, state, programme)
            events = city.recommend(
                cases,
                state,
                recommendation_id=recommendation_id,
                decided_by=who.officer,
                site=site,
            )
            return Changes(dict(zip(streams, events, strict=True)))

        written = await log.decide_many(
            wish,
            (*streams, Stream("programme", programme)),
            decide,
        )
        said = LetterWritten(**answer(written).model_dump(), recommendation_id=recommendation_id)
        created(response, f"/v1/programmes/{programme}/recommendations/{recommendation_id}", said)
        return said

    @router.post(f"/cases{CASE}/city-marks", status_code=201, dependencies=roles("city", "officer"))
    async def mark(here: Here, wish: Wish, body: CityMarksBody, response: Response) -> Written:
        """Record the city's figures, or on its behalf with its paper."""
        wish = await on_behalf(log, here.programme, here.principal, wish)

        def decide(scene: Scene) -> Sequence[CaseEvent]:
            return city.record_city_marks(
                scene.case,
                scene.programme,
                body.figures(pinned(scene.case, scene.programme)),
                inspected_on=body.inspected_on,
                on_behalf_of=wish.on_behalf_of,
                site=scene.site,
            )

        written = await act(log, here, wish, body, decide)
        return created(response, f"{here.path}/city-marks", written)

    @router.post(
        f"/cases{CASE}/city-decision", status_code=201, dependencies=roles("city", "officer")
    )
    async def decision(here: Here, wish: Wish, body: DecisionBody, response: Response) -> Written:
        """Pass, fail or return, upon what was seen (If-Match)."""
        decision_requires_if_match(wish)
        wish = await on_behalf(log, here.programme, here.principal, wish)

        def decide(scene: Scene) -> Sequence[CaseEvent]:
            return _decided(scene, body, wish.on_behalf_of)

        written = await act(log, here, wish, body, decide)
        return created(response, f"{here.path}/city-decision", written)

    @router.post(
        "/programmes/{programme}/awards", status_code=201, dependencies=roles("city", "officer")
    )
    async def award(
        programme: Code, who: Who, wish: Wish, body: AwardsBody, response: Response
    ) -> AwardWritten:
        """Award many titles in one act: all, or none; no plaque number ever comes again."""
        wish = await on_behalf(log, programme, who, wish)
        award_id, site = name_of(wish), body.site(programme, civil_day(log.clock()))
        streams = _cases(programme, [one.case_id for one in body.titles])
        awards = [
            title.Award(title=one.title, plaque_number=one.plaque_number) for one in body.titles
        ]

        def decide(*states: Any) -> Changes:
            *cases, _ = states
            events = title.award_titles(
                cases,
                awards,
                award_id=award_id,
                valid_until_on=body.valid_until_on,
                on_behalf_of=wish.on_behalf_of,
                site=site,
            )
            return Changes(
                dict(zip(streams, events, strict=True)),
                [
                    Claim("plaque", title.plaque_key(one.plaque_number), "plaque-in-use")
                    for one in awards
                ],
            )

        written = await log.decide_many(
            wish,
            (*streams, Stream("programme", programme)),
            decide,
        )
        said = AwardWritten(**answer(written).model_dump(), award_id=award_id)
        created(response, f"/v1/programmes/{programme}/awards/{award_id}", said)
        return said

    @router.post(f"/cases{CASE}/rewards", status_code=201, dependencies=roles("leader"))
    async def grant(here: Here, wish: Wish, body: RewardBody, response: Response) -> RewardWritten:
        """Grant money for a title."""
        reward_id = name_of(wish)

        def decide(scene: Scene) -> Sequence[CaseEvent]:
            of_district(scene.principal, scene.programme, here.programme)
            return title.grant_reward(
                scene.case,
                scene.programme,
                reward_id=reward_id,
                fund=body.fund,
                basis=body.basis,
                amount_fen=body.amount_fen,
                rank=body.rank,
                of=body.of,
                site=scene.site,
            )

        written = await act(log, here, wish, body, decide)
        said = RewardWritten(**written.model_dump(), reward_id=reward_id)
        created(response, f"{here.path}/rewards/{reward_id}", said)
        return said

    @router.post(
        f"/cases{CASE}/rewards/{{reward_id}}/payment",
        status_code=201,
        dependencies=roles("leader"),
    )
    async def pay(
        here: Here, reward_id: RewardId, wish: Wish, body: PaymentBody, response: Response
    ) -> Written:
        """Pay an instalment."""

        def decide(scene: Scene) -> Sequence[CaseEvent]:
            of_district(scene.principal, scene.programme, here.programme)
            return title.pay_reward(
                scene.case, reward_id, amount_fen=body.amount_fen, site=scene.site
            )

        written = await act(log, here, wish, body, decide)
        return created(response, f"{here.path}/rewards/{reward_id}", written)

    @router.post(f"/cases{CASE}/closure", status_code=201, dependencies=roles("leader"))
    async def close(here: Here, wish: Wish, body: ClosureBody, response: Response) -> Written:
        """End a case whose title is awarded."""

        def decide(scene: Scene) -> Sequence[CaseEvent]:
            of_district(scene.principal, scene.programme, here.programme)
            return title.close_case(scene.case, reason=body.reason, site=scene.site)

        written = await act(log, here, wish, body, decide)
        return created(response, f"{here.path}/closure", written)

    return router


def _decided(scene: Scene, body: DecisionBody, behalf: str | None) -> Sequence[CaseEvent]:
    match body.decision:
        case "pass":
            return city.pass_city(
                scene.case,
                scene.programme,
                title=body.title,
                on_behalf_of=behalf,
                site=scene.site,
            )
        case "fail":
            return city.fail_city(
                scene.case, scene.programme, body.why(), on_behalf_of=behalf, site=scene.site
            )
        case "return":
            return city.return_by_city(
                scene.case,
                scene.programme,
                body.complaints(),
                own_marks=scene.own_marks,
                decided_by=scene.principal.officer,
                on_behalf_of=behalf,
                site=scene.site,
            )


def _cases(programme: str, case_ids: Sequence[str]) -> list[Stream]:
    no_duplicates("case", case_ids)
    if not case_ids:
        raise Refused("cases-missing")
    for case_id in case_ids:
        if not case_id.startswith(f"{programme}/"):
            raise Refused("case-unknown")
    return [Stream("case", case_id) for case_id in case_ids]
