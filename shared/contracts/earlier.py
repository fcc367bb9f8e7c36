"""Shapes that events once had: they are read for ever, and what they say in today's shape.

An upcaster is pure and total: every value that an earlier schema allowed becomes an event of the
next version. A downcaster answers None for what the earlier shape has no words for.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Generic, Literal, TypeVar

from shared.contracts.blocks import Evidence, OfTownship
from shared.contracts.dossier import GoodPracticeShared

E = TypeVar("E")
N = TypeVar("N")


@dataclass(frozen=True, slots=True)
class Earlier(Generic[E, N]):
    """A shape that was replaced: by which type, and how one becomes the other."""

    event: type[E]
    next: str
    """The wire name of the version that follows."""
    upcast: Callable[[E], N]
    downcast: Callable[[N], E | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodPracticeSharedV1(OfTownship):
    """What worked here may help others; `internal` stays within the programme's offices."""

    practice_id: str
    title: str
    summary: str
    items: tuple[str, ...]
    publicity: Literal["public", "internal"]
    evidence: tuple[Evidence, ...]


def _shared_with_all(old: GoodPracticeSharedV1) -> GoodPracticeShared:
    return GoodPracticeShared(**_values(old), shared_with=())


def _not_to_some(new: GoodPracticeShared) -> GoodPracticeSharedV1 | None:
    """Whom it is for has no place in v1: said there, it would be read by all offices."""
    if new.publicity == "named":
        return None
    values = _values(new)
    del values["shared_with"]
    return GoodPracticeSharedV1(**values)


def _values(event: Any) -> dict[str, Any]:
    return {field.name: getattr(event, field.name) for field in fields(event)}


EARLIER: Mapping[str, Earlier[Any, Any]] = {
    "fuyan.dossier.good-practice-shared.v1": Earlier(
        GoodPracticeSharedV1,
        "fuyan.dossier.good-practice-shared.v2",
        _shared_with_all,
        _not_to_some,
    ),
}
"""Wire names that are no longer the newest of their event."""
