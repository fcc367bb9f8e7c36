"""What a case announces of rewards, for the read models' tests."""

from datetime import date
from typing import Self

from shared.contracts import case
from tests.unit.told import Told


class RewardActs(Told):
    """Money for an office that made it."""

    def rewarded(
        self,
        township: str,
        on: date,
        amount_fen: int,
        name: str = "M1",
        fund: str = "city",
        basis: str = "on-time",
        round: int = 1,
    ) -> Self:
        return self.case(
            case.RewardGranted,
            township,
            round,
            on,
            reward_id=name,
            fund=fund,
            basis=basis,
            rule_version=1,
            amount_fen=amount_fen,
            granted_on=on,
        )

    def paid(
        self, township: str, on: date, amount_fen: int, name: str = "M1", round: int = 1
    ) -> Self:
        return self.case(
            case.RewardPaid,
            township,
            round,
            on,
            reward_id=name,
            amount_fen=amount_fen,
            paid_on=on,
        )

    def cancelled(
        self, township: str, on: date, amount_fen: int, name: str = "M1", round: int = 1
    ) -> Self:
        return self.case(
            case.RewardCancelled,
            township,
            round,
            on,
            reward_id=name,
            amount_fen=amount_fen,
            reason="称号已撤销",
        )
