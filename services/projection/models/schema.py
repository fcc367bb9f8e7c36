"""Where the read models of this image live, and how a row becomes text and back."""

from collections.abc import Iterable
from datetime import date
from typing import Any, Protocol, TypeVar

import orjson
from sqlalchemy import MetaData

SCHEMA = "progress_v1"
metadata = MetaData(schema=SCHEMA)


class Dated(Protocol):
    """Something that holds from a civil day on."""

    @property
    def on(self) -> date: ...


class Connection(Protocol):
    """What is used of an asyncpg connection, pooled or not."""

    async def fetch(self, query: str, *args: Any) -> list[Any]: ...

    async def execute(self, query: str, *args: Any) -> str: ...


F = TypeVar("F", bound=Dated)


def until(facts: Iterable[F], day: date) -> tuple[F, ...]:
    """The facts of days up to `day`, in the order of their stream: filtered, never re-sorted."""
    return tuple(fact for fact in facts if fact.on <= day)


def to_text(row: object) -> str:
    """A row as JSON; stored as `json`, since `jsonb` refuses the NUL that a name may hold."""
    return orjson.dumps(row, default=_plain).decode()


def _plain(value: Any) -> Any:
    return dict(value)
