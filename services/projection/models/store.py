"""Read models in PostgreSQL: loading the rows that events touch, folding, writing them back."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter

from services.projection.models import timeline
from services.projection.models.case import CaseProgress
from services.projection.models.dossier import DossierProgress
from services.projection.models.programme import ProgrammeProgress
from services.projection.models.rows import Rows, fold
from services.projection.models.schema import Models, metadata, to_text
from shared.crash import crash_point
from shared.messaging.reactions import Received
from shared.store.streams import Stream

T = TypeVar("T")
Row = ProgrammeProgress | DossierProgress | CaseProgress

_PROGRAMME = TypeAdapter(ProgrammeProgress)
_DOSSIER = TypeAdapter(DossierProgress)
_CASE = TypeAdapter(CaseProgress)
_TYPES = {"programme": "text", "township": "text", "round": "int"}


async def apply(models: Models, received: Sequence[Received]) -> None:
    """Fold events into their rows, in the caller's transaction.

    One statement a table. What a row has seen changes nothing: an event read twice is folded once.
    """
    by_programme: dict[str, list[Received]] = {}
    for one in received:
        if one.record.context in _FOLDED:
            by_programme.setdefault(_programme_of(one), []).append(one)
    found = await _touched(models, [one for events in by_programme.values() for one in events])
    programmes: list[Row] = []
    dossiers: list[Row] = []
    cases: list[Row] = []
    for name, events in by_programme.items():
        before = found[name]
        after = fold(before, events)
        if after.programme != before.programme:
            programmes.append(after.programme)
        dossiers += _changed(before.dossiers, after.dossiers)
        cases += _changed(before.cases, after.cases)
    crash_point("projection/folded")
    await _write(models, "programme_progress", programmes)
    await _write(models, "dossier_progress", dossiers)
    await _write(models, "case_progress", cases)
    await timeline.append(models, [one for events in by_programme.values() for one in events])


async def remove(models: Models, stream: Stream, versions: Sequence[int]) -> None:
    """Take away the row of a stream, and of the timeline what these events of it said."""
    names = stream.subject.split("/")
    keys = [*names[:2], *(int(number) for number in names[2:])]
    table = f"{stream.context}_progress"
    columns = [column.name for column in metadata.tables[table].primary_key]
    own = " AND ".join(f"{name} = ${number}" for number, name in enumerate(columns, 1))
    await models.connection.execute(
        f"DELETE FROM {models.schema}.{table} WHERE {own}",  # noqa: S608
        *keys,
    )
    await timeline.remove(models, stream, versions)


async def load(models: Models, programme: str) -> Rows:
    """All rows of a programme; `Rows()` for one that nobody opened."""
    programmes, dossiers, cases = [
        await models.connection.fetch(
            f"SELECT row FROM {models.schema}.{table} WHERE programme = $1",  # noqa: S608
            programme,
        )
        for table in ("programme_progress", "dossier_progress", "case_progress")
    ]
    return Rows(
        programme=_programmes(programmes).get(programme, ProgrammeProgress()),
        dossiers={row.township: row for row in _dossiers(dossiers)},
        cases={row.subject: row for row in _cases(cases)},
    )


async def load_programmes(models: Models) -> list[ProgrammeProgress]:
    """Every programme's own row, by code."""
    found = await models.connection.fetch(
        f"SELECT row FROM {models.schema}.programme_progress ORDER BY programme"  # noqa: S608
    )
    return list(_programmes(found).values())


_FOLDED = frozenset({"programme", "dossier", "case"})


def _programme_of(one: Received) -> str:
    return one.record.subject.partition("/")[0]


async def _touched(models: Models, events: Sequence[Received]) -> dict[str, Rows]:
    """Only the rows that these events write, by programme."""
    subjects: dict[str, set[str]] = {context: set() for context in _FOLDED}
    for one in events:
        subjects[one.record.context].add(one.record.subject)
    programmes = _programmes(
        await _read(models, "programme_progress", [(name,) for name in subjects["programme"]])
    )
    dossiers: dict[str, dict[str, DossierProgress]] = {}
    for dossier in _dossiers(
        await _read(
            models,
            "dossier_progress",
            [tuple(subject.split("/", 1)) for subject in subjects["dossier"]],
        )
    ):
        dossiers.setdefault(dossier.programme, {})[dossier.township] = dossier
    cases: dict[str, dict[str, CaseProgress]] = {}
    for case in _cases(
        await _read(models, "case_progress", [_place(subject) for subject in subjects["case"]])
    ):
        cases.setdefault(case.programme, {})[case.subject] = case
    return {
        name: Rows(
            programme=programmes.get(name, ProgrammeProgress()),
            dossiers=dossiers.get(name, {}),
            cases=cases.get(name, {}),
        )
        for name in {_programme_of(one) for one in events}
    }


def _place(subject: str) -> tuple[str, str, int]:
    key, _, round_ = subject.rpartition("/")
    programme, _, township = key.partition("/")
    return programme, township, int(round_)


async def _read(models: Models, table: str, keys: Sequence[tuple[object, ...]]) -> list[Any]:
    if not keys:
        return []
    return await models.connection.fetch(
        _statements(models.schema, table)[0],
        *(list(column) for column in zip(*keys, strict=True)),
    )


async def _write(models: Models, table: str, rows: Sequence[Row]) -> None:
    if rows:
        names = [column.name for column in metadata.tables[table].primary_key]
        await models.connection.execute(
            _statements(models.schema, table)[1],
            *([getattr(row, name) for row in rows] for name in names),
            [row.version for row in rows],
            [to_text(row) for row in rows],
        )


@cache
def _statements(schema: str, table: str) -> tuple[str, str]:
    """To read the rows of some keys, and to write rows that are newer than what is there."""
    names = [column.name for column in metadata.tables[table].primary_key]
    types = [_TYPES[name] for name in names]
    keys = ", ".join(f"${number}::{type_}[]" for number, type_ in enumerate(types, 1))
    columns = ", ".join(names)
    read = (
        f"SELECT row FROM {schema}.{table}"  # noqa: S608
        f" JOIN unnest({keys}) AS k ({columns}) USING ({columns})"
    )
    write = f"""
INSERT INTO {schema}.{table} AS t ({columns}, version, row)
SELECT * FROM unnest({keys}, ${len(names) + 1}::int[], ${len(names) + 2}::json[])
ON CONFLICT ({columns}) DO UPDATE SET version = excluded.version, row = excluded.row
WHERE t.version < excluded.version
"""  # noqa: S608
    return read, write


def _programmes(lines: Iterable[Any]) -> dict[str, ProgrammeProgress]:
    rows = (_PROGRAMME.validate_json(line["row"]) for line in lines)
    return {row.programme: row for row in rows}


def _dossiers(lines: Iterable[Any]) -> Iterable[DossierProgress]:
    return (_DOSSIER.validate_json(line["row"]) for line in lines)


def _cases(lines: Iterable[Any]) -> Iterable[CaseProgress]:
    return (_CASE.validate_json(line["row"]) for line in lines)


def _changed(before: Mapping[str, T], after: Mapping[str, T]) -> list[T]:
    return [row for name, row in after.items() if before.get(name) != row]
