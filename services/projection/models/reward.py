"""What a case was rewarded with, and what of it was paid."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from shared.contracts.case import RewardCancelled, RewardGranted, RewardPaid

Fund = Literal["district", "city"]
Basis = Literal["on-time", "demonstration", "rank"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Why a reward was granted, from which fund, and by which version of the rules."""

    fund: Fund
    basis: Basis
    rule_version: int
    rank: int | None
    of: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardStep:
    """A reward was granted (with `grant`), an instalment paid, or what is left of it cancelled."""

    version: int
    on: date
    reward: str
    act: Literal["granted", "paid", "cancelled"]
    amount_fen: int
    grant: Grant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reward:
    """A reward as it stands; instalments add up, `versions` are of its events."""

    reward: str
    on: date
    grant: Grant
    granted_fen: int
    paid_fen: int = 0
    cancelled_fen: int = 0
    versions: tuple[int, ...]

    @property
    def outstanding_fen(self) -> int:
        """Granted, and neither paid nor cancelled."""
        return self.granted_fen - self.paid_fen - self.cancelled_fen


def rewards(steps: Iterable[RewardStep]) -> list[Reward]:
    """Every reward, in the order of granting."""
    found: dict[str, Reward] = {}
    for step in steps:
        if step.grant is not None:
            found[step.reward] = Reward(
                reward=step.reward,
                on=step.on,
                grant=step.grant,
                granted_fen=step.amount_fen,
                versions=(step.version,),
            )
        elif before := found.get(step.reward):
            paid_fen = step.amount_fen if step.act == "paid" else 0
            found[step.reward] = replace(
                before,
                paid_fen=before.paid_fen + paid_fen,
                cancelled_fen=before.cancelled_fen + step.amount_fen - paid_fen,
                versions=(*before.versions, step.version),
            )
    return list(found.values())


def reward_step(event: object, version: int, on: date) -> RewardStep | None:
    """What an event says of a reward; None for one about something else."""
    match event:
        case RewardGranted() as granted:
            return RewardStep(
                version=version,
                on=on,
                reward=granted.reward_id,
                act="granted",
                amount_fen=granted.amount_fen,
                grant=Grant(
                    fund=granted.fund,
                    basis=granted.basis,
                    rule_version=granted.rule_version,
                    rank=granted.rank,
                    of=granted.of,
                ),
            )
        case RewardPaid(reward_id=reward, amount_fen=amount_fen):
            return RewardStep(
                version=version, on=on, reward=reward, act="paid", amount_fen=amount_fen
            )
        case RewardCancelled(reward_id=reward, amount_fen=amount_fen):
            return RewardStep(
                version=version, on=on, reward=reward, act="cancelled", amount_fen=amount_fen
            )
        case _:
            return None
