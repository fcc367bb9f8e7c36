"""`python -m tests.faults.another_image FOLDS PAGE …`: `fuyan …` as an image of those folds has it.

From the second folds on an office is said to reach its standard a day later than it planned. A
rebuild reads so many events a page, so that a small history has many.
"""

import sys
from dataclasses import replace
from datetime import timedelta

from deploy.cli.main import main
from services.projection import building
from services.projection.models import dossier, schema
from services.projection.models.dossier import DossierProgress
from shared.messaging.reactions import Received

evolve = dossier.evolve


def a_day_later(row: DossierProgress, received: Received) -> DossierProgress:
    after = evolve(row, received)
    if after.plans == row.plans:
        return after
    *before, last = after.plans
    moved = replace(last, reach_on=last.reach_on + timedelta(days=1))
    return replace(after, plans=(*before, moved))


def become(folds: int, page: int) -> None:
    """From now on this process is of that image."""
    schema.FOLDS, building.PAGE = folds, page
    dossier.evolve = a_day_later if folds > 1 else evolve


if __name__ == "__main__":
    become(int(sys.argv.pop(1)), int(sys.argv.pop(1)))
    main()
