"""What a store knows of its streams: who folds them, what a decision changes, what is answered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from shared.contracts.erased import Erased
from shared.contracts.refusals import Refused
from shared.contracts.registry import Event, UnknownType, decode

S = TypeVar("S")


class Stream(NamedTuple):
    """One sequence of events, e.g. `Stream("dossier", "shanting-2018/370406001")`."""

    context: str
    subject: str

    def __str__(self) -> str:
        return f"{self.context}/{self.subject}"


def _unchanged(state: S) -> S:
    return state


@dataclass(frozen=True, slots=True)
class Aggregate(Generic[S]):
    """How the streams of a context become a state.

    `heard` streams belong to another service; this one follows their topic and keeps what it heard.
    """

    context: str
    initial: S
    evolve: Callable[[S, Any], S]
    heard: bool = False
    passed_over: Callable[[S], S] = _unchanged
    """What an event changes that cannot be read, or says that another was erased."""

    def after(self, state: S, event: Event) -> S:
        """The state after an event; that another one was erased is nothing to evolve by."""
        if isinstance(event, Erased):
            return self.passed_over(state)
        return self.evolve(state, event)

    def read(self, state: S, name: str, data: bytes) -> S:
        """The same after the bytes of an event; one that is kept, but says nothing here, passes.

        Raises UnknownVersion, or pydantic's ValidationError.
        """
        try:
            event = decode(name, data)
        except UnknownType:
            return self.passed_over(state)
        return self.after(state, event)


@dataclass(frozen=True, slots=True)
class Claim:
    """A value that only one command may ever take; later ones are refused with `refusal`."""

    kind: str
    value: str
    refusal: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What a decision comes to: events by stream, and the values it claims.

    `first_id` is that of the very first event, where the others name it; else it is made here.
    """

    events: Mapping[Stream, Sequence[Event]]
    claims: Sequence[Claim] = ()
    first_id: UUID | None = None


NOTHING = Changes({})
Decision = Callable[..., Changes]


@dataclass(frozen=True, slots=True)
class Written:
    """The answer to a command, the same whenever its key comes again.

    `version` is that of `stream` afterwards; `position` is the last one written, or 0 for none.
    """

    stream: str
    version: int
    position: int


class Unavailable(Refused):
    """Not now, and not because of what was asked: repeat it with the same key."""

    def __init__(self, code: str, retry_after_s: int = 1, **facts: object) -> None:
        super().__init__(code, retry_after_s=retry_after_s, **facts)
