"""A plan that fails, made as small as it gets while it still fails in the same way."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tests.simulation.invariants import check
from tests.simulation.plan import Act, Fault, Plan, draw
from tests.simulation.world import World, run

T = TypeVar("T")
LAST_LINES = 60
TRIES = 60
Prepare = Callable[[World], None] | None


@dataclass(frozen=True, slots=True)
class Failure:
    """What is wrong with a run of a plan, and how it came to that."""

    plan: Plan
    wrong: list[str]
    lines: list[str]

    def __str__(self) -> str:
        return "\n".join(
            [
                f"seed {self.plan.seed} fails; `make simulate SEED={self.plan.seed}` replays it",
                *(f"  {one}" for one in self.wrong[:8]),
                f"the smallest plan that fails so: {', '.join(self.plan.running)}, pages of"
                f" {self.plan.page}, {self.plan.fresh} entries in memory",
                *(f"  {act}" for act in self.plan.acts),
                *(f"  {fault}" for fault in self.plan.faults),
                f"its last {LAST_LINES} lines:",
                *(f"  {line[:200]}" for line in self.lines),
            ]
        )


def outcome(seed: int) -> tuple[int, Counter[str], list[str]]:
    """What struck in the run of a seed, and what is wrong with it."""
    world, evidence = run(draw(seed))
    return seed, world.struck, check(evidence)


def failure(plan: Plan, prepare: Prepare = None) -> Failure | None:
    """How a plan fails, or None."""
    world, evidence = run(plan, prepare)
    wrong = check(evidence)
    return Failure(plan, wrong, world.trace.lines(LAST_LINES)) if wrong else None


def smallest(found: Failure, prepare: Prepare = None) -> Failure:
    """The same failure with fewer faults and fewer acts, tried one after the other."""
    name = found.wrong[0].split(":")[0]
    tries = 0

    def still(plan: Plan) -> bool:
        nonlocal found, tries
        tries += 1
        if tries > TRIES:
            return False
        again = failure(plan, prepare)
        if again is None or not any(one.startswith(f"{name}:") for one in again.wrong):
            return False
        found = again
        return True

    def faults(kept: Sequence[Fault]) -> bool:
        return still(found.plan.with_faults(tuple(kept)))

    def acts(kept: Sequence[Act]) -> bool:
        return still(found.plan.with_acts(tuple(kept)))

    _fewer(found.plan.faults, faults)
    _fewer(found.plan.acts, acts)
    return found


def _fewer(items: Sequence[T], fails: Callable[[Sequence[T]], bool]) -> None:
    """Take away as much as can be: halves first, single ones in the end."""
    kept, size = list(items), max(1, len(items) // 2)
    while kept and size:
        at = 0
        while at < len(kept):
            rest = kept[:at] + kept[at + size :]
            if fails(rest):
                kept = rest
            else:
                at += size
        size //= 2
