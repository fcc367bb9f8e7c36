"""Which events are behind a number: those after which, as they were recorded, it read anew.

A number is explained by the very function that works it out: the events are put into the rows one
by one, and each that changes what the function says of the day is one of those behind it. So no
list of event types can drift from what is counted.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.projection.models.dossier import DossierProgress
from services.projection.models.rows import Rows, fold
from services.projection.models.timeline import happening, township_of
from services.projection.picture import latest, passed_on
from services.projection.stage import deciding_round, stage, title_in_force
from services.projection.targets import achieved, belongs
from shared.contracts.refusals import Refused
from shared.messaging.reactions import Received

Value = str | int | date | None | Mapping[str, Any]
Measure = Callable[[Rows, str, date], Value]
"""A number of one township, from rows as they stood at the end of the day."""


@dataclass(frozen=True, slots=True)
class Turn:
    """An event, and what the number `became` by it."""

    received: Received
    township: str
    became: Value


def measure(what: str, known: Iterable[str]) -> Measure:
    """The number of that name; `known` are the targets.

    Raises Refused: `unknown-target`, `unknown-figure`.
    """
    name, _, code = what.partition(":")
    if name == "target":
        targets = sorted(known)
        if code not in targets:
            raise Refused("unknown-target", target=code, known=targets)
        return lambda rows, township, on: _target(rows, township, on, code)
    if what not in MEASURES:
        raise Refused("unknown-figure", what=what, known=[*MEASURES, "target:<code>"])
    return MEASURES[what]


def turns(
    events: Sequence[Received], township: str, of: Measure, on: date
) -> tuple[Value, list[Turn]]:
    """The number at the end of `on`, and the events that led to it, in the order of recording."""
    rows, value = Rows(), None
    found: list[Turn] = []
    for one in recorded(events):
        if township_of(one) not in (None, township):
            continue
        rows = fold(rows, [one])
        now = of(rows.until(on), township, on)
        if now != value:
            found.append(Turn(one, township, now))
            value = now
    return value, found


def recorded(events: Iterable[Received]) -> list[Received]:
    """In the order in which they were recorded, whichever topic was read first."""
    return sorted(events, key=lambda one: happening(one).cursor)


def _stage(rows: Rows, township: str, on: date) -> Value:
    enrolments = rows.programme.townships().get(township, ())
    found = stage(_dossier(rows, township), rows.cases_of(township), enrolments, on)
    return found.value if found else None


def _total(rows: Rows, township: str, on: date) -> Value:
    last = latest(rows.programme, _dossier(rows, township), rows.cases_of(township))
    return last.total_cp if last else None


def _open(rows: Rows, township: str, on: date) -> Value:
    return len(_dossier(rows, township).open_deficiencies())


def _title(rows: Rows, township: str, on: date) -> Value:
    held = title_in_force(rows.cases_of(township))
    return held.title if held else None


def _plaque(rows: Rows, township: str, on: date) -> Value:
    held = title_in_force(rows.cases_of(township))
    return held.plaque if held else None


def _passed(rows: Rows, township: str, on: date) -> Value:
    return passed_on(rows.cases_of(township))


def _round(rows: Rows, township: str, on: date) -> Value:
    return deciding_round(_dossier(rows, township), rows.cases_of(township)) or 0


def _target(rows: Rows, township: str, on: date, code: str) -> Value:
    """Whether it belongs to the target, and since when it has done what counts."""
    target = next((one for one in rows.programme.standing_targets() if one.code == code), None)
    enrolments = rows.programme.townships().get(township, ())
    if target is None or not enrolments:
        return None
    dossier = _dossier(rows, township)
    member = belongs(target, dossier, enrolments, min(on, target.due_on))
    return {
        "member": member,
        "due_on": target.due_on,
        "achieved_on": achieved(target, rows.cases_of(township), on) if member else None,
    }


def _dossier(rows: Rows, township: str) -> DossierProgress:
    return rows.dossiers.get(township, DossierProgress())


MEASURES: Mapping[str, Measure] = {
    "stage": _stage,
    "total": _total,
    "deficiencies": _open,
    "passed": _passed,
    "title": _title,
    "plaque": _plaque,
    "round": _round,
}
"""By name; totals are in 1/100 point. What money is made of is said beside it in /v1/money."""
