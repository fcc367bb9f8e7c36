"""Where a version of the read models lives, by whose folds, and how a row becomes text and back."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol, TypeVar

import orjson
from sqlalchemy import MetaData
from sqlalchemy.dialects.postgresql import dialect
from sqlalchemy.schema import CreateIndex, CreateTable

FOLDS = 1
"""By which folds and tables this image makes its rows: raised whenever one of them changes.

Rows of other folds are fed and answered from by the image that made them, never by this one.
"""
metadata = MetaData()
"""The tables of one version, whichever schema they are made in."""


class Dated(Protocol):
    """Something that holds from a civil day on."""

    @property
    def on(self) -> date: ...


class Connection(Protocol):
    """What is used of an asyncpg connection, pooled or not."""

    async def fetch(self, query: str, *args: Any) -> list[Any]: ...

    async def execute(self, query: str, *args: Any) -> str: ...


@dataclass(frozen=True, slots=True)
class Models:
    """One version of the read models through a connection, as of a position of the journal."""

    connection: Connection
    version: int
    position: int

    @property
    def schema(self) -> str:
        return schema_of(self.version)


F = TypeVar("F", bound=Dated)


def schema_of(version: int) -> str:
    """The schema that holds the tables of a version."""
    return f"progress_v{version}"


def definition(schema: str) -> list[str]:
    """The statements that make all tables of this image, empty, in a schema of that name."""
    made = MetaData(schema=schema)
    tables = [table.to_metadata(made) for table in metadata.sorted_tables]
    tongue = dialect()  # type: ignore[no-untyped-call]
    return [
        f"CREATE SCHEMA {schema}",
        *(str(CreateTable(table).compile(dialect=tongue)) for table in tables),
        *(
            str(CreateIndex(index).compile(dialect=tongue))
            for table in tables
            for index in sorted(table.indexes, key=lambda index: str(index.name))
        ),
    ]


def until(facts: Iterable[F], day: date) -> tuple[F, ...]:
    """The facts of days up to `day`, in the order of their stream: filtered, never re-sorted."""
    return tuple(fact for fact in facts if fact.on <= day)


def to_text(row: object) -> str:
    """A row as JSON; stored as `json`, since `jsonb` refuses the NUL that a name may hold."""
    return orjson.dumps(row, default=_plain).decode()


def _plain(value: Any) -> Any:
    return dict(value)
