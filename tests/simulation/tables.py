"""The tables of one database: what is committed, and what one transaction sees and writes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import asyncpg

Table = dict[Any, Any]
State = Mapping[str, Table]

EMPTY: State = {
    **{
        name: {}
        for name in (
            "log", "log_stream", "command", "claim", "head", "fence", "parked", "heard",
            "heard_stream", "heard_arrival", "published", "journal", "journal_stream", "model",
            "discarded", "dead_letter_act", "void",
        )
    },
    "folded": {1: 0},
}  # fmt: skip


class Row(tuple[Any, ...]):
    """A row as asyncpg gives it: by place and by name."""

    names: Sequence[str] = ()

    def __getitem__(self, at: Any) -> Any:
        return tuple.__getitem__(self, self.names.index(at) if isinstance(at, str) else at)

    def keys(self) -> Sequence[str]:
        return self.names


def rows(names: Sequence[str], values: Iterable[Iterable[Any]]) -> list[Row]:
    """Rows with these columns."""
    found = [Row(value) for value in values]
    for row in found:
        row.names = names
    return found


class View:
    """The state as one transaction sees it; what it writes becomes the state when it commits."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.written: dict[str, Table] = {}

    def read(self, table: str) -> Table:
        return self.written[table] if table in self.written else self.state[table]

    def write(self, table: str) -> Table:
        if table not in self.written:
            self.written[table] = dict(self.state[table])
        return self.written[table]

    def insert(self, table: str, constraint: str, entries: Iterable[tuple[Any, Any]]) -> None:
        """Unlike an upsert it raises UniqueViolationError where a key is taken."""
        found = list(entries)
        if not found:
            return
        target = self.write(table)
        for key, value in found:
            if key in target:
                raise unique(constraint, key)
            target[key] = value

    def upsert(self, table: str, entries: Sequence[tuple[Any, Any]]) -> None:
        if len({key for key, _ in entries}) < len(entries):
            raise asyncpg.CardinalityViolationError(
                "ON CONFLICT DO UPDATE command cannot affect row a second time"
            )
        if entries:
            self.write(table).update(entries)

    def after(self) -> State:
        return {**self.state, **self.written} if self.written else self.state


def unique(constraint: str, key: object) -> asyncpg.UniqueViolationError:
    error = asyncpg.UniqueViolationError(
        f'duplicate key value violates unique constraint "{constraint}"'
    )
    named = ", ".join(map(str, key)) if isinstance(key, tuple) else str(key)
    error.constraint_name = constraint
    error.detail = f"Key (…)=({named}) already exists."
    return error
