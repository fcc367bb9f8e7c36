"""How a figure is taken: rounds in turn with its reference, medians, and their ratio."""

import statistics
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

Round = Callable[[], Awaitable[float]]


@dataclass(frozen=True, slots=True)
class Figure:
    """Medians of both, in the same unit, and how much of the reference the work reaches."""

    name: str
    unit: str
    reference: float
    measured: float
    base: str

    @property
    def ratio(self) -> float:
        return self.measured / self.reference

    def __str__(self) -> str:
        return (
            f"{self.name}: {self.measured:,.1f} {self.unit}, reference {self.reference:,.1f} "
            f"{self.unit}, ratio {self.ratio:.2f} (base {self.base})"
        )


async def paired(
    name: str, unit: str, base: str, reference: Round, work: Round, *, rounds: int, warm: int = 1
) -> Figure:
    """Reference and work in turn, so that a machine whose speed drifts slows both alike."""
    found: tuple[list[float], list[float]] = ([], [])
    for number in range(warm + rounds):
        values = (await reference(), await work())
        if number >= warm:
            for values_of, value in zip(found, values, strict=True):
                values_of.append(value)
    return Figure(name, unit, statistics.median(found[0]), statistics.median(found[1]), base)


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` of them lie."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]
