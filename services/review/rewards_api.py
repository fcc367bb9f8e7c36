"""The cases over HTTP: money for a title, and the end of a case."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Response

from services.review import reward
from services.review.case_bodies import CancellationBody, ClosureBody, PaymentBody, RewardBody
from services.review.cases_api import CASE
from services.review.desk import Desk, allowed
from services.review.place import Here, Scene, name_of
from services.review.title import close_case
from shared.contracts.case import CaseEvent
from shared.store.log import Log
from shared.web.commands import Wish, Written

RewardId = Annotated[str, Path(pattern=r"^[A-Za-z0-9._-]{1,60}$")]


class RewardWritten(Written):
    """The reward that was granted."""

    reward_id: str


def rewards(log: Log) -> APIRouter:
    """Granted, paid, or not paid after all; and the end of a case."""
    router = APIRouter(prefix="/v1/cases", tags=["city"])
    desk = Desk(log)

    @router.post(f"{CASE}/rewards", status_code=201, dependencies=allowed("rewards"))
    async def grant(here: Here, wish: Wish, body: RewardBody, response: Response) -> RewardWritten:
        """Grant money for a title."""
        reward_id = name_of(wish)

        def decide(scene: Scene) -> Sequence[CaseEvent]:
            return reward.grant_reward(
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

        at = f"rewards/{reward_id}"
        written = await desk.take("rewards", here, wish, body, response, decide, at=at)
        return RewardWritten(**written.model_dump(), reward_id=reward_id)

    @router.post(
        f"{CASE}/rewards/{{reward_id}}/payment", status_code=201, dependencies=allowed("payment")
    )
    async def pay(
        here: Here, reward_id: RewardId, wish: Wish, body: PaymentBody, response: Response
    ) -> Written:
        """Pay an instalment."""

        def decide(scene: Scene) -> Sequence[CaseEvent]:
            return reward.pay_reward(
                scene.case, reward_id, amount_fen=body.amount_fen, site=scene.site
            )

        at = f"rewards/{reward_id}"
        return await desk.take("payment", here, wish, body, response, decide, at=at)

    @router.post(
        f"{CASE}/rewards/{{reward_id}}/cancellation",
        status_code=201,
        dependencies=allowed("cancellation"),
    )
    async def cancel(
        here: Here, reward_id: RewardId, wish: Wish, body: CancellationBody, response: Response
    ) -> Written:
        """Cancel what of a grant is not paid yet."""

        def decide(scene: Scene) -> Sequence[CaseEvent]:
            return reward.cancel_reward(scene.case, reward_id, reason=body.reason, site=scene.site)

        at = f"rewards/{reward_id}"
        return await desk.take("cancellation", here, wish, body, response, decide, at=at)

    @router.post(f"{CASE}/closure", status_code=201, dependencies=allowed("closure"))
    async def close(here: Here, wish: Wish, body: ClosureBody, response: Response) -> Written:
        """End a case whose title is awarded."""

        def decide(scene: Scene) -> Sequence[CaseEvent]:
            return close_case(scene.case, reason=body.reason, site=scene.site)

        return await desk.take("closure", here, wish, body, response, decide)

    return router
