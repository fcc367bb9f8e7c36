"""To whom something overdue is raised, step by step: a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.notification.deadlines import Overdue
from services.notification.notice import Line
from services.notification.programmes import Programme

Place = Literal["office", "government", "district"]


@dataclass(frozen=True, slots=True)
class Step:
    """From so many working days past the day on, these hear of it, by place and role."""

    from_wd: int
    to: tuple[tuple[Place, str], ...]


_OF_THE_OFFICE = (
    Step(1, (("office", "head"),)),
    Step(3, (("government", "gov"), ("district", "officer"))),
    Step(5, (("district", "leader"),)),
)
# What the district owes is no business of the office's head: it goes up within the district.
_OF_THE_DISTRICT = (
    Step(1, (("district", "officer"),)),
    Step(3, (("district", "leader"),)),
)
STEPS: Mapping[str, Sequence[Step]] = {
    "plan": _OF_THE_OFFICE,
    "batch": _OF_THE_OFFICE,
    "rectification": _OF_THE_OFFICE,
    "resubmission": _OF_THE_OFFICE,
    "decision": _OF_THE_DISTRICT,
}
"""By kind of deadline; a change here is a new `POLICY_VERSION`."""


Recipient = tuple[str, str]
"""An organisation, and the role in it."""


def raised(known: Programme, found: Sequence[Overdue], on: date) -> dict[Recipient, list[Line]]:
    """What each shall hear of, also of steps already passed: who was skipped hears as well.

    A successor hears in the place of whom it succeeded by `on`.
    """
    lines: dict[Recipient, list[Line]] = {}
    for one in found:
        member = known.townships[one.township]
        places: Mapping[Place, str | None] = {
            "office": member.office,
            "government": member.government,
            "district": known.district,
        }
        steps = STEPS[one.about.kind]
        for number, step in enumerate(steps, start=1):
            if one.overdue_wd < step.from_wd:
                break
            line = Line(
                about=one.about,
                due_on=one.due_on,
                overdue_wd=one.overdue_wd,
                step=number,
                of=len(steps),
                cause=one.cause,
            )
            for place, role in step.to:
                if (organisation := places[place]) is not None:
                    recipient = (known.acting(organisation, on), role)
                    lines.setdefault(recipient, []).append(line)
    return lines
