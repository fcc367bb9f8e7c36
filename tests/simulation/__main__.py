"""`python -m tests.simulation --seeds 1000`: as many runs, each from its seed; `--seed 7` replays.

Exit code 1 where one failed: then its smallest plan and its last lines are printed.
"""

import argparse
import multiprocessing
import sys
import time
from collections import Counter

from tests.simulation.invariants import check
from tests.simulation.plan import draw
from tests.simulation.shrinking import failure, outcome, smallest
from tests.simulation.world import run

CHUNK = 50


def main() -> int:
    said = argparse.ArgumentParser(prog="tests.simulation", description=__doc__)
    said.add_argument("--seeds", type=int, default=1000, help="how many seeds (1000)")
    said.add_argument("--from", type=int, default=0, dest="first", help="the first of them (0)")
    said.add_argument("--seed", type=int, help="this one alone, with its whole trace")
    said.add_argument("--processes", type=int, default=2, help="how many run beside each other (2)")
    asked = said.parse_args()
    return _many(asked) if asked.seed is None else _single(asked.seed)


def _single(seed: int) -> int:
    world, evidence = run(draw(seed))
    wrong = check(evidence)
    print("\n".join(world.trace.lines()))
    print(f"seed {seed}, trace {world.trace.digest()[:16]}: {wrong or 'all invariants hold'}")
    return 1 if wrong else 0


def _many(asked: argparse.Namespace) -> int:
    began, struck, failed = time.monotonic(), Counter[str](), []
    seeds = range(asked.first, asked.first + asked.seeds)
    with multiprocessing.get_context("spawn").Pool(asked.processes) as pool:
        for seed, hits, wrong in pool.imap_unordered(outcome, seeds, CHUNK):
            struck.update(hits)
            if wrong:
                failed.append(seed)
                print(f"seed {seed}: {wrong[0]}", flush=True)
    took = time.monotonic() - began
    print(f"{len(seeds)} seeds in {took:.0f} s, {len(seeds) / took:.0f} a second; what struck:")
    print("  " + ", ".join(f"{what} {count}" for what, count in struck.most_common()))
    if not failed:
        print("all invariants held")
        return 0
    first = failure(draw(min(failed)))
    print(f"{len(failed)} seeds failed; the first of them, made smaller:")
    print(first and smallest(first))
    return 1


if __name__ == "__main__":
    sys.exit(main())
