"""Read models in PostgreSQL: loading the rows that events touch, folding, writing them back."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import TypeAdapter

from services.projection.models import case, dossier, programme, timeline
from services.projection.models.case import CaseProgress
from services.projection.models.dossier import DossierProgress
from services.projection.models.programme import ProgrammeProgress
from services.projection.models.rows import Rows, fold
from services.projection.models.schema import SCHEMA, Connection, to_text
from shared.crash import crash_point
from shared.messaging.reactions import Received

T = TypeVar("T")

_PROGRAMME = TypeAdapter(ProgrammeProgress)
_DOSSIER = TypeAdapter(DossierProgress)
_CASE = TypeAdapter(CaseProgress)

_UPSERT_PROGRAMMES = f"""
INSERT INTO {SCHEMA}.{programme.table.name} AS t (programme, version, row)
SELECT * FROM unnest($1::text[], $2::int[], $3::json[])
ON CONFLICT (programme) DO UPDATE SET version = excluded.version, row = excluded.row
WHERE t.version < excluded.version
"""  # noqa: S608
_UPSERT_DOSSIERS = f"""
INSERT INTO {SCHEMA}.{dossier.table.name} AS t (programme, township, version, row)
SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::json[])
ON CONFLICT (programme, township) DO UPDATE SET version = excluded.version, row = excluded.row
WHERE t.version < excluded.version
"""  # noqa: S608
_UPSERT_CASES = f"""
INSERT INTO {SCHEMA}.{case.table.name} AS t (programme, township, round, version, row)
SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::json[])
ON CONFLICT (programme, township, round) DO UPDATE
SET version = excluded.version, row = excluded.row
WHERE t.version < excluded.version
"""  # noqa: S608


async def apply(connection: Connection, received: Sequence[Received]) -> None:
    """Fold events into their rows, in the caller's transaction.

    One statement a table. What a row has seen changes nothing: an event read twice is folded once.
    """
    by_programme: dict[str, list[Received]] = {}
    for one in received:
        if one.record.context in _FOLDED:
            by_programme.setdefault(_programme_of(one), []).append(one)
    programmes, dossiers, cases = [], [], []
    for name, events in by_programme.items():
        before = await _touched(connection, name, events)
        after = fold(before, events)
        if after.programme != before.programme:
            programmes.append(after.programme)
        dossiers += _changed(before.dossiers, after.dossiers)
        cases += _changed(before.cases, after.cases)
    crash_point("projection/folded")
    if programmes:
        await connection.execute(
            _UPSERT_PROGRAMMES,
            [row.programme for row in programmes],
            [row.version for row in programmes],
            [to_text(row) for row in programmes],
        )
    if dossiers:
        await connection.execute(
            _UPSERT_DOSSIERS,
            [row.programme for row in dossiers],
            [row.township for row in dossiers],
            [row.version for row in dossiers],
            [to_text(row) for row in dossiers],
        )
    if cases:
        await connection.execute(
            _UPSERT_CASES,
            [row.programme for row in cases],
            [row.township for row in cases],
            [row.round for row in cases],
            [row.version for row in cases],
            [to_text(row) for row in cases],
        )
    await timeline.append(connection, [one for events in by_programme.values() for one in events])


async def load(connection: Connection, programme: str) -> Rows:
    """All rows of a programme; `Rows()` for one that nobody opened."""
    return Rows(
        programme=await _programme_row(connection, programme),
        dossiers=_dossiers(
            await connection.fetch(
                f"SELECT row FROM {SCHEMA}.dossier_progress WHERE programme = $1",  # noqa: S608
                programme,
            )
        ),
        cases=_cases(
            await connection.fetch(
                f"SELECT row FROM {SCHEMA}.case_progress WHERE programme = $1",  # noqa: S608
                programme,
            )
        ),
    )


async def load_programmes(connection: Connection) -> list[ProgrammeProgress]:
    """Every programme's own row, by code."""
    found = await connection.fetch(
        f"SELECT row FROM {SCHEMA}.programme_progress ORDER BY programme"  # noqa: S608
    )
    return [_PROGRAMME.validate_json(line["row"]) for line in found]


_FOLDED = frozenset({"programme", "dossier", "case"})


def _programme_of(one: Received) -> str:
    return one.record.subject.partition("/")[0]


async def _touched(connection: Connection, name: str, events: Sequence[Received]) -> Rows:
    """Only the rows that these events write."""
    by_context: dict[str, set[str]] = {context: set() for context in _FOLDED}
    for one in events:
        by_context[one.record.context].add(one.record.subject)
    townships = [subject.partition("/")[2] for subject in by_context["dossier"]]
    rows = Rows()
    if by_context["programme"]:
        rows = Rows(programme=await _programme_row(connection, name))
    if townships:
        found = await connection.fetch(
            f"SELECT row FROM {SCHEMA}.dossier_progress"  # noqa: S608
            " WHERE programme = $1 AND township = ANY($2::text[])",
            name,
            townships,
        )
        rows = Rows(programme=rows.programme, dossiers=_dossiers(found))
    if by_context["case"]:
        keys = [subject.rsplit("/", 2)[1:] for subject in by_context["case"]]
        found = await connection.fetch(
            f"SELECT row FROM {SCHEMA}.case_progress"  # noqa: S608
            " JOIN unnest($2::text[], $3::int[]) AS k (t, r) ON township = t AND round = r"
            " WHERE programme = $1",
            name,
            [township for township, _ in keys],
            [int(round_) for _, round_ in keys],
        )
        rows = Rows(programme=rows.programme, dossiers=rows.dossiers, cases=_cases(found))
    return rows


async def _programme_row(connection: Connection, name: str) -> ProgrammeProgress:
    found = await connection.fetch(
        f"SELECT row FROM {SCHEMA}.programme_progress WHERE programme = $1",  # noqa: S608
        name,
    )
    return _PROGRAMME.validate_json(found[0]["row"]) if found else ProgrammeProgress()


def _dossiers(lines: Iterable[Any]) -> dict[str, DossierProgress]:
    rows = (_DOSSIER.validate_json(line["row"]) for line in lines)
    return {row.township: row for row in rows}


def _cases(lines: Iterable[Any]) -> dict[str, CaseProgress]:
    rows = (_CASE.validate_json(line["row"]) for line in lines)
    return {row.subject: row for row in rows}


def _changed(before: Mapping[str, T], after: Mapping[str, T]) -> list[T]:
    return [row for name, row in after.items() if before.get(name) != row]
