"""Which events exist, under which wire name, on which topic, and how they become bytes and back."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from shared.contracts import case, dossier, notice, programme

Event = programme.ProgrammeEvent | dossier.DossierEvent | case.CaseEvent | notice.NoticeEvent


CONTRACTS_URL = "http://127.0.0.1:8003/v1/contracts"
"""Where the schemas are served if nothing else is said: notification's port in the demo."""


class UnknownType(Exception):
    """A wire name nobody here has heard of: skip it, count it, keep it."""


class UnknownVersion(Exception):
    """A known name in a version this image cannot read: stop, and upgrade the consumer first."""


@dataclass(frozen=True, slots=True)
class Context:
    """One family of streams: its topic, its event types, its partition key by subject."""

    name: str
    events: Mapping[str, type[Event]]
    key: Callable[[str], str]
    subjects: str
    """A pattern of the subjects that its streams have."""

    def addresses(self, subject: str) -> bool:
        """Whether a stream of this context can have this subject."""
        return re.fullmatch(self.subjects, subject) is not None

    @property
    def topic(self) -> str:
        return f"fuyan.{self.name}.v1"


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


CONTEXTS: Mapping[str, Context] = {
    context.name: context
    for context in (
        Context("programme", programme.EVENTS, _whole, _NAME),
        Context("dossier", dossier.EVENTS, _whole, f"{_NAME}/{_NAME}"),
        Context("case", case.EVENTS, _township, f"{_NAME}/{_NAME}/{_NUMBER}"),
        Context("notice", notice.EVENTS, _told, f"{_NAME}/({_NAME}|bulletin/{_NUMBER})"),
    )
}

BY_TYPE: Mapping[str, type[Event]] = {
    name: event for context in CONTEXTS.values() for name, event in context.events.items()
}
_NAMES: Mapping[type[Event], str] = {event: name for name, event in BY_TYPE.items()}
_UNVERSIONED = frozenset(name.rsplit(".", 1)[0] for name in BY_TYPE)


ADAPTERS: Mapping[type[Event], TypeAdapter[Any]] = {
    event: TypeAdapter(event) for event in BY_TYPE.values()
}


def type_of(event: Event) -> str:
    """The wire name, e.g. `fuyan.dossier.plan-filed.v1`."""
    return _NAMES[type(event)]


def encode(event: Event) -> bytes:
    """The bytes that are stored, hashed and published: JSON, UTF-8, nulls included."""
    return ADAPTERS[type(event)].dump_json(event, by_alias=True)


def decode(name: str, data: bytes) -> Event:
    """The event behind stored or received bytes.

    Raises UnknownType, UnknownVersion, or pydantic's ValidationError for a poison value.
    """
    event = BY_TYPE.get(name)
    if event is None:
        if name.rsplit(".", 1)[0] in _UNVERSIONED:
            raise UnknownVersion(name)
        raise UnknownType(name)
    decoded: Event = ADAPTERS[event].validate_json(data)
    return decoded
