"""What organisations are called on a day, and who took whose place."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from services.projection.models.schema import until


@dataclass(frozen=True, slots=True, kw_only=True)
class NameLine:
    """From a day on an organisation bears this name; `successor_of` is the one it replaced."""

    on: date
    organisation: str
    name: str
    successor_of: str | None = None


def body_on(lines: Iterable[NameLine], organisation: str, day: date) -> tuple[str, str | None]:
    """Who acts in an organisation's place at the end of `day`, by id and name.

    The name is None where nobody has told it.
    """
    known = until(lines, day)
    taken = {line.successor_of: line.organisation for line in known if line.successor_of}
    seen = {organisation}
    while (successor := taken.get(organisation)) and successor not in seen:
        organisation = successor
        seen.add(successor)
    named = [line for line in known if line.organisation == organisation]
    # A name told later of an earlier day does not take the place of the one that followed it.
    return organisation, max(named, key=lambda line: line.on).name if named else None
