"""Money for a title: granted by the rules in force, paid in instalments, or not paid after all."""

from collections.abc import Mapping
from typing import Any, Literal

from services.review.case import Case, block, check_title
from services.review.holdings import Reward
from services.review.programmes.programme import Programme
from services.review.title import titled
from shared.contracts.blocks import ProgrammeSite
from shared.contracts.case import CaseEvent, RewardCancelled, RewardGranted, RewardPaid
from shared.contracts.refusals import Refused

Fund = Literal["district", "city"]
Basis = Literal["on-time", "demonstration", "rank"]


def grant_reward(
    case: Case,
    programme: Programme,
    *,
    reward_id: str,
    fund: Fund,
    basis: Basis,
    amount_fen: int,
    rank: int | None = None,
    of: int | None = None,
    site: ProgrammeSite,
) -> list[CaseEvent]:
    """Grant money for a title that was not revoked; the case may be closed already.

    Where the reward rules in force that day list a grant of this fund on this basis, its amount is
    theirs and nobody ranked beyond them is granted any; otherwise it is the granting leader's to
    answer for. A fund grants once for one reason, unless the grant was cancelled unpaid.

    Raises Refused: `title-missing`, `title-revoked`, `amount-not-positive`, `rules-not-in-force`,
    `rank-missing`, `rank-not-rewarded`, `amount-differs-from-rules`, `demonstration-not-reached`,
    `reward-granted`.
    """
    held = titled(case)
    if held.revoked is not None:
        raise Refused("title-revoked", revoked_on=held.revoked.revoked_on)
    if amount_fen <= 0:
        raise Refused("amount-not-positive")
    rules = programme.rules_on("reward", site["effective_on"])
    if rules is None:
        raise Refused("rules-not-in-force", kind="reward", day=site["effective_on"])
    if basis == "rank" and (rank is None or of is None or not 1 <= rank <= of):
        raise Refused("rank-missing")
    if basis == "demonstration":
        check_title("demonstration", held.title)
    for one in case.rewards.values():
        void = one.cancelled is not None and one.paid_fen == 0
        if (one.granted.fund, one.granted.basis) == (fund, basis) and not void:
            raise Refused("reward-granted", fund=fund, basis=basis)
    ruled_fen = granted_by(rules.rules, fund, basis, rank)
    if ruled_fen is not None and ruled_fen != amount_fen:
        raise Refused("amount-differs-from-rules", amount_fen=amount_fen, ruled_fen=ruled_fen)
    return [
        RewardGranted(
            **block(case, site, since=held.awarded.effective_on),
            reward_id=reward_id,
            fund=fund,
            basis=basis,
            rule_version=rules.version,
            amount_fen=amount_fen,
            granted_on=site["effective_on"],
            rank=rank,
            of=of,
        )
    ]


def granted_by(rules: Mapping[str, Any], fund: Fund, basis: Basis, rank: int | None) -> int | None:
    """What these rules grant, in fen; None where they list nothing of the kind.

    `grants` is a list of `{fund, basis, amount_fen}`, with `to_rank` where a rank is rewarded: of
    several, the one that reaches least far counts. Raises Refused("rank-not-rewarded").
    """
    grants = rules.get("grants")
    listed = [
        one
        for one in (grants if isinstance(grants, list | tuple) else ())
        if isinstance(one, Mapping)
        and (one.get("fund"), one.get("basis")) == (fund, basis)
        and isinstance(one.get("amount_fen"), int)
    ]
    if not listed:
        return None
    if basis != "rank" or rank is None:
        return int(listed[0]["amount_fen"])
    reach = [one for one in listed if rank <= _to_rank(one, rank)]
    if not reach:
        last = max(_to_rank(one, rank) for one in listed)
        raise Refused("rank-not-rewarded", rank=rank, to_rank=last)
    return int(min(reach, key=lambda one: _to_rank(one, rank))["amount_fen"])


def pay_reward(
    case: Case, reward_id: str, *, amount_fen: int, site: ProgrammeSite
) -> list[CaseEvent]:
    """Pay an instalment; all of them together never exceed the grant.

    Nothing is paid from the day on which the title was revoked. Raises Refused: `title-missing`,
    `title-revoked`, `reward-unknown`, `reward-cancelled`, `amount-not-positive`,
    `payment-over-grant`.
    """
    reward = _granted(case, reward_id)
    revoked = titled(case).revoked
    if revoked is not None and revoked.revoked_on <= site["effective_on"]:
        raise Refused("title-revoked", revoked_on=revoked.revoked_on)
    if reward.cancelled is not None:
        raise Refused("reward-cancelled", cancelled_fen=reward.cancelled.amount_fen)
    if amount_fen <= 0:
        raise Refused("amount-not-positive")
    if amount_fen > reward.left_fen:
        raise Refused("payment-over-grant", amount_fen=amount_fen, left_fen=reward.left_fen)
    return [
        RewardPaid(
            **block(case, site, since=reward.granted.effective_on),
            reward_id=reward_id,
            amount_fen=amount_fen,
            paid_on=site["effective_on"],
        )
    ]


def cancel_reward(
    case: Case, reward_id: str, *, reason: str, site: ProgrammeSite
) -> list[CaseEvent]:
    """Cancel what of a grant is not paid yet; what was paid stays paid.

    Raises Refused: `title-missing`, `reward-unknown`, `reward-paid`.
    """
    reward = _granted(case, reward_id)
    if reward.cancelled is not None:
        return []
    if reward.left_fen == 0:
        raise Refused("reward-paid", paid_fen=reward.paid_fen)
    return [
        RewardCancelled(
            **block(case, site, since=max(reward.granted.effective_on, reward.paid_on)),
            reward_id=reward_id,
            amount_fen=reward.left_fen,
            reason=reason,
        )
    ]


def _granted(case: Case, reward_id: str) -> Reward:
    titled(case)
    reward = case.rewards.get(reward_id)
    if reward is None:
        raise Refused("reward-unknown", reward_id=reward_id)
    return reward


def _to_rank(grant: Mapping[str, Any], rank: int) -> int:
    """How far a grant reaches; without saying so, to everyone."""
    reach = grant.get("to_rank")
    return reach if isinstance(reach, int) else rank
