"""The scoring engine: what marks are allowed, what they add up to, what is missing.

Pure and exact: integers in hundredths of a point (`_cp`), no floats. It knows no service and no
clock. Start at `scoring.score`; `marking.check` says which marks may be scored at all.
"""

from shared.standard.marking import attainable, check, check_facts, value
from shared.standard.missing import (
    Gap,
    cheapest_to_demonstration,
    cheapest_to_pass,
    gaps,
    to_demonstration_cp,
    to_pass_cp,
)
from shared.standard.scoring import coarse_totals, digest, prerequisites, score

__all__ = [
    "Gap",
    "attainable",
    "cheapest_to_demonstration",
    "cheapest_to_pass",
    "check",
    "check_facts",
    "coarse_totals",
    "digest",
    "gaps",
    "prerequisites",
    "score",
    "to_demonstration_cp",
    "to_pass_cp",
    "value",
]
