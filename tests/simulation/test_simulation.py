"""A thousand installations, each with faults of its own; and bugs that were planted in some."""

import asyncio
import subprocess
import sys
from collections import Counter

import pytest

from tests.simulation.invariants import check
from tests.simulation.plan import KINDS, draw
from tests.simulation.planted import BUGS, Bug, planted
from tests.simulation.shrinking import failure, smallest
from tests.simulation.world import run

CHUNKS, SEEDS = 10, 100
struck: Counter[str] = Counter()
COUNTED_AS = {
    "answers lost": "answer lost", "requests lost": "request lost", "batches twice": "batch twice",
}  # fmt: skip


@pytest.fixture(autouse=True)
def outside_of_pytests_loop() -> None:
    """Each run is a loop of its own."""
    asyncio.set_event_loop(None)


def _fails(seed: int) -> str:
    found = failure(draw(seed))
    return "" if found is None else str(smallest(found))


@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.timeout(900)
def test_nothing_is_lost_or_doubled_whatever_strikes(chunk: int) -> None:
    for seed in range(chunk * SEEDS, (chunk + 1) * SEEDS):
        world, evidence = run(draw(seed))
        struck.update(world.struck)
        assert not check(evidence), _fails(seed)


def test_every_kind_of_fault_has_struck() -> None:
    if sum(struck.values()) == 0:
        pytest.skip("counts what the runs of this process struck")
    print(", ".join(f"{what} {count}" for what, count in struck.most_common()))
    assert {COUNTED_AS.get(kind, kind) for kind in KINDS} - set(struck) == set()
    assert struck["pause of a holder"]


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
@pytest.mark.timeout(600)
def test_a_planted_bug_is_named_by_the_invariant_it_breaks(bug: Bug) -> None:
    with planted(bug):
        for seed in range(bug.within):
            _, evidence = run(bug.plan(draw(seed)), bug.prepare)
            if any(one.startswith(f"{bug.invariant}:") for one in check(evidence)):
                print(f"{bug.invariant} named it at seed {seed}")
                return
    pytest.fail(f"{bug.within} seeds did not show that {bug.name}")


def test_a_seed_tells_the_same_story_again_and_in_another_process() -> None:
    told = [run(draw(seed))[0].trace.digest() for seed in (3, 4, 3)]
    assert told[0] == told[2] != told[1]
    script = (
        "from tests.simulation.plan import draw; from tests.simulation.world import run;"
        "print(run(draw(3))[0].trace.digest())"
    )
    other = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True,
        env={"PYTHONHASHSEED": "12345"},
    )  # fmt: skip
    assert other.stdout.strip() == told[0]


def test_a_failing_plan_is_made_smaller_and_still_fails() -> None:
    (bug,) = [one for one in BUGS if "cursor" in one.name]
    with planted(bug):
        found = next(f for seed in range(20) if (f := failure(bug.plan(draw(seed)))) is not None)
        small = smallest(found)
    assert small.wrong
    assert len(small.plan.acts) < len(found.plan.acts)
    assert f"SEED={found.plan.seed}" in str(small)
