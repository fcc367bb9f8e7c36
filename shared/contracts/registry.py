"""Which events exist, under which wire name, on which topic, and how they become bytes and back."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from shared.contracts import case, dossier, erased, notice, programme
from shared.contracts.earlier import EARLIER
from shared.contracts.refusals import Refused

Event = (
    programme.ProgrammeEvent
    | dossier.DossierEvent
    | case.CaseEvent
    | notice.NoticeEvent
    | erased.Erased
)


CONTRACTS_URL = "http://127.0.0.1:8003/v1/contracts"
"""Where the schemas are served if nothing else is said: notification's port in the demo."""


class UnknownType(Exception):
    """A wire name nobody here has heard of: skip it, count it, keep it."""


class Blank(UnknownType):
    """The data of an event that were erased by law: there is nothing to read, and all goes on."""


class UnknownVersion(Exception):
    """A known name in a version this image cannot read: stop, and upgrade the consumer first."""


@dataclass(frozen=True, slots=True)
class Context:
    """One family of streams: its topic, its event types, its partition key by subject."""

    name: str
    events: Mapping[str, type[Event]]
    """By wire name, each in its newest version: the only one that decisions and folds know."""
    key: Callable[[str], str]
    subjects: str
    """A pattern of the subjects that its streams have."""

    def addresses(self, subject: str) -> bool:
        """Whether a stream of this context can have this subject."""
        return re.fullmatch(self.subjects, subject) is not None

    @property
    def topic(self) -> str:
        return f"fuyan.{self.name}.v1"

    @property
    def types(self) -> tuple[str, ...]:
        """Every wire name that its topic may carry, earlier versions before those that follow."""
        return tuple(name for newest in self.events for name in (*_before(newest), newest))


_NAME, _NUMBER = "[^/]+", "[1-9][0-9]{0,8}"


def _whole(subject: str) -> str:
    return subject


def _township(subject: str) -> str:
    """`<programme>/<township>/<round>` lies in the partition of its dossier."""
    return subject.rsplit("/", 1)[0]


def _told(subject: str) -> str:
    """An inbox is a key of its own; `<programme>/bulletin/<n>` lies under its programme."""
    programme, *rest = subject.split("/")
    return programme if len(rest) > 1 else subject


_PREVIOUS = {earlier.next: name for name, earlier in EARLIER.items()}


def _before(name: str) -> tuple[str, ...]:
    """The versions before one, the first of them first."""
    found: tuple[str, ...] = ()
    while (before := _PREVIOUS.get(name)) is not None:
        found, name = (before, *found), before
    return found


def _with_erased(name: str, events: Mapping[str, type[Event]]) -> Mapping[str, type[Event]]:
    return {**events, f"fuyan.{name}.erased.v1": erased.BY_CONTEXT[name]}


CONTEXTS: Mapping[str, Context] = {
    context.name: context
    for context in (
        Context("programme", _with_erased("programme", programme.EVENTS), _whole, _NAME),
        Context("dossier", _with_erased("dossier", dossier.EVENTS), _whole, f"{_NAME}/{_NAME}"),
        Context("case", _with_erased("case", case.EVENTS), _township, f"{_NAME}/{_NAME}/{_NUMBER}"),
        Context(
            "notice",
            _with_erased("notice", notice.EVENTS),
            _told,
            f"{_NAME}/({_NAME}|bulletin/{_NUMBER})",
        ),
    )
}

BY_TYPE: Mapping[str, type[Event]] = {
    name: event for context in CONTEXTS.values() for name, event in context.events.items()
}
"""The newest version of every event."""
SHAPES: dict[str, type[Any]] = {
    name: EARLIER[name].event if name in EARLIER else BY_TYPE[name]
    for context in CONTEXTS.values()
    for name in context.types
}
"""Every wire name that was ever published, with its own shape."""
_NAMES: Mapping[type[Event], str] = {event: name for name, event in BY_TYPE.items()}
_UNVERSIONED = frozenset(name.rsplit(".", 1)[0] for name in SHAPES)


ADAPTERS: Mapping[type[Any], TypeAdapter[Any]] = {
    shape: TypeAdapter(shape) for shape in SHAPES.values()
}


def type_of(event: Event) -> str:
    """The wire name of its newest version, e.g. `fuyan.dossier.plan-filed.v1`."""
    return _NAMES[type(event)]


def encode(event: Event) -> bytes:
    """Its bytes in its newest version: JSON, UTF-8, nulls included."""
    return ADAPTERS[type(event)].dump_json(event, by_alias=True)


def newest(name: str) -> str:
    """The newest version of the event that a wire name stands for; one unknown is its own."""
    while name in EARLIER:
        name = EARLIER[name].next
    return name


def emitted(event: Event, raised: Collection[str] = ()) -> tuple[str, bytes]:
    """The wire name and the bytes under which it is stored, hashed and published.

    That is its first version until a later one is among the `raised`: whoever reads is upgraded
    first. Raises Refused("emission-not-raised") where the older version has no words for it.
    """
    name, shape = type_of(event), event
    while name not in raised and (before := _PREVIOUS.get(name)) is not None:
        older = EARLIER[before].downcast(shape)
        if older is None:
            raise Refused("emission-not-raised", type=name)
        name, shape = before, older
    return name, ADAPTERS[type(shape)].dump_json(shape, by_alias=True)


def readable(contexts: Collection[str]) -> list[str]:
    """The wire names of these contexts that this image can read."""
    return sorted(name for one in contexts for name in CONTEXTS[one].types if name in SHAPES)


def written(contexts: Collection[str], raised: Collection[str] = ()) -> list[str]:
    """The wire names under which it writes the events of these contexts."""
    found = []
    for name in (name for one in contexts for name in CONTEXTS[one].events):
        while name not in raised and name in _PREVIOUS:
            name = _PREVIOUS[name]
        found.append(name)
    return sorted(found)


def decode(name: str, data: bytes) -> Event:
    """The event behind stored or received bytes, whichever version they are, in its newest shape.

    Raises Blank for what was erased, UnknownType, UnknownVersion, or pydantic's ValidationError for
    a poison value.
    """
    if not data:
        raise Blank(name)
    shape = SHAPES.get(name)
    if shape is None:
        if name.rsplit(".", 1)[0] in _UNVERSIONED:
            raise UnknownVersion(name)
        raise UnknownType(name)
    decoded = ADAPTERS[shape].validate_json(data)
    while name in EARLIER:
        decoded, name = EARLIER[name].upcast(decoded), EARLIER[name].next
    event: Event = decoded
    return event
