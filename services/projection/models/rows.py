"""One programme's rows in memory, and the fold that makes them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Self

from services.projection.models import case, dossier, programme
from services.projection.models.case import CaseProgress
from services.projection.models.dossier import DossierProgress
from services.projection.models.programme import ProgrammeProgress
from shared.messaging.reactions import Received


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Dossiers by township, cases by subject; every programme begins as `Rows()`."""

    programme: ProgrammeProgress = field(default_factory=ProgrammeProgress)
    dossiers: Mapping[str, DossierProgress] = field(default_factory=dict)
    cases: Mapping[str, CaseProgress] = field(default_factory=dict)
    _rounds: Mapping[str, list[CaseProgress]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Once for all townships: searched for each, a province would take the square of its cases.
        found: dict[str, list[CaseProgress]] = {}
        for row in sorted(self.cases.values(), key=lambda row: row.round):
            found.setdefault(row.township, []).append(row)
        object.__setattr__(self, "_rounds", found)

    def until(self, day: date) -> Self:
        """As it stood at the end of `day` in Shanghai."""
        return replace(
            self,
            programme=self.programme.until(day),
            dossiers={name: row.until(day) for name, row in self.dossiers.items()},
            cases={name: row.until(day) for name, row in self.cases.items()},
        )

    def cases_of(self, township: str) -> list[CaseProgress]:
        """The cases of a township by round."""
        return list(self._rounds.get(township, ()))

    def recorded_at(self) -> datetime | None:
        """When the last event in it was recorded."""
        instants = [self.programme.recorded_at]
        instants += [row.recorded_at for row in self.dossiers.values()]
        instants += [row.recorded_at for row in self.cases.values()]
        return max((one for one in instants if one is not None), default=None)


def fold(rows: Rows, received: Iterable[Received]) -> Rows:
    """The rows after these events of one programme, each stream's in its own order.

    How the streams are interleaved makes no difference, and events in the middle may be missing.
    """
    definition = rows.programme
    dossiers, cases = dict(rows.dossiers), dict(rows.cases)
    for one in received:
        subject = one.record.subject
        match one.record.context:
            case "programme":
                definition = programme.evolve(definition, one)
            case "dossier":
                township = subject.partition("/")[2]
                before = dossiers.get(township, DossierProgress())
                dossiers[township] = dossier.evolve(before, one)
            case "case":
                cases[subject] = case.evolve(cases.get(subject, CaseProgress()), one)
    return Rows(programme=definition, dossiers=dossiers, cases=cases)
