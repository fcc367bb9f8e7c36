"""What waits for the writer, and what a run of it comes to before it is committed."""

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from shared.events.envelope import Record
from shared.store.command import Command
from shared.store.streams import Decision, Stream, Written


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """A record that could not be applied, or waits behind one of its key; headers as JSON."""

    context: str
    key: str
    seq: int
    subject: str
    version: int
    id: UUID
    topic: str
    partition: int
    offset: int
    headers: str
    value: bytes
    reason: str
    attempts: int
    parked_at: datetime


class Unparked(NamedTuple):
    """The place in line that a parked record leaves, and the act by which it does."""

    context: str
    key: str
    seq: int
    act: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One followed record: head, fence, kept copy or parking move with its effect, or not at all.

    `head` is (context, subject, version, id), or None for a record that belongs to no stream. One
    that was parked has moved its fence before: it only leaves its line.
    """

    head: tuple[str, str, int, UUID] | None
    topic: str
    partition: int
    next_offset: int
    id: UUID
    kept: Record | None = None
    parked: Parked | None = None
    unparked: Unparked | None = None


class Hot(NamedTuple):
    """A stream in memory."""

    version: int
    state: Any


@dataclass(slots=True)
class Wish:
    """A decision that waits for its batch; without a command it only looks, or only follows."""

    reading: tuple[Stream, ...]
    decision: Decision
    command: Command | None
    step: Step | None
    arrived_at: datetime
    """When it was asked; back-dating is judged by that day, not by the midnight of a batch."""
    answer: asyncio.Future[Written]


@dataclass(slots=True)
class Batch:
    """What a run of wishes comes to, before it is committed."""

    records: list[Record] = field(default_factory=list)
    commands: list[tuple[bytes, bytes, str, int, int | None, int]] = field(default_factory=list)
    claims: list[tuple[str, str, bytes]] = field(default_factory=list)
    refusals: dict[tuple[str, str], str] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    hot: dict[Stream, Hot] = field(default_factory=dict)
    cold: set[Stream] = field(default_factory=set)
    """Streams an event of which it erases: their states in memory still know what it said."""
    keys: dict[bytes, tuple[bytes | None, Written]] = field(default_factory=dict)
    answers: list[tuple[Wish, Written | Exception]] = field(default_factory=list)

    @property
    def kept(self) -> list[Record]:
        """Events of other services that this batch keeps, in the order in which they came."""
        return [step.kept for step in self.steps if step.kept is not None]

    @property
    def empty(self) -> bool:
        return not (self.records or self.commands or self.steps)


def failed(wishes: Iterable[Wish], error: Exception) -> None:
    """Tell everyone who waits that it will not happen."""
    for wish in wishes:
        if not wish.answer.done():
            wish.answer.set_exception(error)


def by_key(wishes: Collection[Wish]) -> dict[bytes, list[Wish]]:
    """Wishes that carry a command, by the digest of its key."""
    found: dict[bytes, list[Wish]] = {}
    for wish in wishes:
        if wish.command is not None:
            found.setdefault(wish.command.digest, []).append(wish)
    return found
