"""The cases over HTTP: money for a title, and the end of a case."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path

from services.review import reward
from services.review.access import by_right
from services.review.case_bodies import CancellationBody, ClosureBody, PaymentBody, RewardBody
from services.review.cases_api import CASE
from services.review.place import Came, Scene, name_of, record
from services.review.title import close_case
from shared.contracts.case import CaseEvent
from shared.store.log import Log
from shared.web.commands import Written

RewardId = Annotated[str, Path(pattern=r"^[A-Za-z0-9._-]{1,60}$")]


class RewardWritten(Written):
    """The reward that was granted."""

    reward_id: str


def rewards(log: Log) -> APIRouter:
    """Granted, paid, or not paid after all; and the end of a case."""
    router = APIRouter(prefix="/v1/cases", tags=["city"])

    @router.post(f"{CASE}/rewards", status_code=201, dependencies=by_right("rewards"))
    async def grant(came: Came, body: RewardBody) -> RewardWritten:
        """Grant money for a title."""
        reward_id = name_of(came.wish)

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
        written = await record(log, "rewards", came, body, decide, made=at)
        return RewardWritten(**written.model_dump(), reward_id=reward_id)

    @router.post(
        f"{CASE}/rewards/{{reward_id}}/payment", status_code=201, dependencies=by_right("payment")
    )
    async def pay(came: Came, reward_id: RewardId, body: PaymentBody) -> Written:
        """Pay an instalment."""

        def decide(scene: Scene) -> Sequence[CaseEvent]:
            return reward.pay_reward(
                scene.case, reward_id, amount_fen=body.amount_fen, site=scene.site
            )

        at = f"rewards/{reward_id}"
        return await record(log, "payment", came, body, decide, made=at)

    @router.post(
        f"{CASE}/rewards/{{reward_id}}/cancellation",
        status_code=201,
        dependencies=by_right("cancellation"),
    )
    async def cancel(came: Came, reward_id: RewardId, body: CancellationBody) -> Written:
        """Cancel what of a grant is not paid yet."""

        def decide(scene: Scene) -> Sequence[CaseEvent]:
            return reward.cancel_reward(scene.case, reward_id, reason=body.reason, site=scene.site)

        at = f"rewards/{reward_id}"
        return await record(log, "cancellation", came, body, decide, made=at)

    @router.post(f"{CASE}/closure", status_code=201, dependencies=by_right("closure"))
    async def close(came: Came, body: ClosureBody) -> Written:
        """End a case whose title is awarded."""

        def decide(scene: Scene) -> Sequence[CaseEvent]:
            return close_case(scene.case, reason=body.reason, site=scene.site)

        return await record(log, "closure", came, body, decide)

    return router
