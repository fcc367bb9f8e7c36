"""What a filled-in workbook says, row by row, with every mistake in it and not only the first."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from openpyxl import Workbook
from openpyxl.cell.cell import MergedCell
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.cell_range import CellRange
from openpyxl.worksheet.worksheet import Worksheet

from shared.contracts.blocks import Mark
from shared.contracts.programme import Item, StandardPublished
from shared.contracts.refusals import Refused
from shared.standard import check, value
from shared.workbook import cells
from shared.workbook.cells import AnyCell
from shared.workbook.form import (
    BOUND_SHEET,
    COLUMNS,
    LAYOUT,
    NEEDED,
    PROBLEM,
    Binding,
    Finding,
    Reading,
    Row,
    content,
    folded,
)
from shared.workbook.opening import open_workbook

T = TypeVar("T")

# Somebody may put a letterhead above the table, or a table of their own beside it.
_HEAD_WITHIN = 60


@dataclass(frozen=True, slots=True)
class Table:
    """Where the table is: its sheet, the row of its header, and the number of each column."""

    sheet: Worksheet
    head: int
    columns: Mapping[str, int]

    def cell(self, row: int, key: str) -> AnyCell:
        return self.sheet.cell(row, self.columns[key])

    def rows(self) -> list[int]:
        """The rows beneath the header that hold any cell, in order."""
        return sorted(at for at in cells_by_row(self.sheet) if at > self.head)


def read(
    sent: bytes,
    binding: Binding,
    standard: StandardPublished,
    categories: Collection[str] | None = None,
) -> Reading:
    """All that the workbook says of the items in `categories` (None: of all of them).

    Rows are matched by their code wherever they stand. Raises Refused where it cannot be read as
    a whole: what `open_workbook` raises, `workbook-unbound`, `workbook-other-…`,
    `workbook-standard-differs`, `workbook-columns-missing`, `workbook-columns-twice`,
    `workbook-tables-several`.
    """
    book = open_workbook(sent)
    handed_out = _bound(book, binding)
    table = find_table(book)
    items = {item.code: item for item in standard.items}
    read_rows = [
        _read_row(table, at, items, handed_out, standard, categories) for at in _filled(table)
    ]
    rows = [row for row, _ in read_rows if row is not None]
    findings = [finding for _, found in read_rows for finding in found]
    codes = [(at, code) for at in table.rows() if (code := _code(table, at, items))]
    often = Counter(code for _, code in codes)
    findings += [
        Finding(at, "code", code, "duplicate-item", {"item": code})
        for at, code in codes
        if often[code] > 1
    ]
    letters = {key: _letter(table, key) for key in table.columns}
    return Reading(tuple(rows), tuple(sorted(findings, key=lambda one: one.row or 0)), letters)


def find_table(book: Workbook) -> Table:
    """The sheet with the most of our headers, by their words wherever they stand.

    Raises Refused: `workbook-columns-missing`, `workbook-columns-twice`, and where a sheet was
    copied `workbook-tables-several`: which of them counts is not to be guessed.
    """
    best: Table | None = None
    complete: list[str] = []
    for sheet in book.worksheets:
        if sheet.title == BOUND_SHEET:
            continue
        for at, numbers in cells_by_row(sheet).items():
            columns = _header(sheet, at, numbers) if at <= _HEAD_WITHIN else {}
            if columns.keys() >= set(NEEDED) and sheet.title not in complete:
                complete.append(sheet.title)
            if best is None or len(columns) > len(best.columns):
                best = Table(sheet, at, columns)
    missing = [key for key in NEEDED if best is None or key not in best.columns]
    if best is None or missing:
        names = [column.zh for column in COLUMNS if column.key in missing]
        raise Refused("workbook-columns-missing", columns=names)
    if len(complete) > 1:
        raise Refused("workbook-tables-several", sheets=complete)
    _check_once(best)
    return best


def cells_by_row(sheet: Worksheet) -> dict[int, list[int]]:
    """The columns of the cells that there are, by row.

    openpyxl has no public way to see them: its iterators make every cell up to the furthest one,
    and a single blank typed into the last row of a sheet would make millions.
    """
    found: dict[int, list[int]] = {}
    for row, column in sorted(sheet._cells):
        found.setdefault(row, []).append(column)
    return found


def _header(sheet: Worksheet, at: int, numbers: list[int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for number in numbers:
        key = _column_named(sheet.cell(at, number).value)
        if key is not None:
            found.setdefault(key, number)
    return found


def _check_once(table: Table) -> None:
    numbers = cells_by_row(table.sheet)[table.head]
    often = Counter(_column_named(table.sheet.cell(table.head, number).value) for number in numbers)
    twice = [column.zh for column in COLUMNS if column.key in NEEDED and often[column.key] > 1]
    if twice:
        raise Refused("workbook-columns-twice", columns=twice)


def _column_named(said: object) -> str | None:
    """By both headers as we write them, or either alone."""
    words = folded(said).lower() if isinstance(said, str) else ""
    for column in (*COLUMNS, PROBLEM):
        zh, en = folded(column.zh), folded(column.en).lower()
        if words in (zh, en, zh + en):
            return column.key
    return None


def _bound(book: Workbook, binding: Binding) -> dict[str, tuple[int, str]]:
    """Each item's version and content when the workbook was handed out, if it is this one's."""
    if BOUND_SHEET not in book.sheetnames:
        raise Refused("workbook-unbound")
    said: dict[str, str] = {}
    items: dict[str, tuple[int, str]] = {}
    sheet = book[BOUND_SHEET]
    for at in cells_by_row(sheet):
        name, *rest = (str(sheet.cell(at, number).value or "") for number in range(1, 5))
        if name == "item" and rest[1].isdecimal() and len(rest[1]) < 19:
            items[rest[0]] = int(rest[1]), rest[2]
        else:
            said[name] = rest[0]
    if said.get("layout") != str(LAYOUT):
        raise Refused("workbook-unbound")
    for name, code, wanted in (
        ("kind", "workbook-other-kind", binding.kind),
        ("programme", "workbook-other-programme", binding.programme),
        ("township", "workbook-other-township", binding.township),
        ("case_id", "workbook-other-case", binding.case_id or "-"),
        ("officer", "workbook-other-officer", binding.officer or "-"),
    ):
        if said.get(name) != wanted:
            raise Refused(code, said=said.get(name, "-")[:60], wanted=wanted)
    ref = binding.standard
    if (said.get("standard_code"), said.get("standard_digest")) != (ref.code, ref.digest):
        raise Refused(
            "workbook-standard-differs",
            said_version=said.get("standard_version", "-")[:20],
            version=ref.version,
        )
    return items


def _filled(table: Table) -> Iterator[int]:
    """The rows that say anything: blank ones are skipped, and so are headings without a mark."""
    for at in table.rows():
        line = [table.cell(at, key) for key in NEEDED]
        if any(isinstance(cell, MergedCell) or not cells.is_empty(cell) for cell in line):
            yield at


def _code(table: Table, at: int, items: Mapping[str, Item]) -> str:
    """The code in a row as the standard spells it; empty where there is none to be read."""
    try:
        said = cells.code(table.cell(at, "code"))
    except Refused:
        return ""
    if said in items:
        return said
    alike = [code for code in items if folded(code).lower() == said.lower()]
    return alike[0] if len(alike) == 1 else said


def _read_row(
    table: Table,
    at: int,
    items: Mapping[str, Item],
    handed_out: Mapping[str, tuple[int, str]],
    standard: StandardPublished,
    categories: Collection[str] | None,
) -> tuple[Row | None, list[Finding]]:
    code = _code(table, at, items)
    found: list[Finding] = []

    def taken(key: str, take: Callable[[AnyCell], T]) -> T | None:
        cell = table.cell(at, key)
        try:
            if isinstance(cell, MergedCell) or _begins_merge(table, cell):
                raise Refused("cell-merged")
            return take(cell)
        except Refused as refused:
            found.append(Finding.of(refused, at, key, code or None))
            return None

    taken("code", cells.code)
    item = items.get(code)
    if item is None:
        if code:
            facts = {"item": code[:60], "version": standard.standard.version}
            found.append(Finding(at, "code", code[:60], "unknown-item", facts))
        elif not found:
            found.append(Finding(at, "code", None, "row-without-code"))
        return None, found
    if categories is not None and item.category not in categories:
        facts = {"category": item.category}
        return None, [Finding(at, "code", code, "category-not-yours", facts)]
    known_item = item
    applicable = taken("applicable", cells.applicable)
    points = taken("points", cells.points_cp)
    measure = taken("measure", lambda cell: cells.measure(cell, known_item))
    reason = taken("reason", cells.text)
    if found:
        return None, found
    try:
        mark = _mark(item, applicable, points, measure, reason)
        if mark is not None:
            check(standard, [mark], complete=False)
    except Refused as refused:
        return None, [Finding.of(refused, at, _at_fault(refused.code), code)]
    version, was = handed_out.get(code, (0, content(None)))
    return Row(at, code, mark, touched=content(mark) != was, version=version), []


def _mark(
    item: Item, applicable: bool | None, points: int | None, measure: str | None, reason: str | None
) -> Mark | None:
    """The mark that four cells make; None where all are empty. What is counted gives the points."""
    if applicable is None and points is None and measure is None and reason is None:
        return None
    if applicable is not False and points is None and measure is not None:
        points = value(item, measure)
    if applicable is False:
        points = points or 0
    if points is None:
        raise Refused("points-missing", item=item.code)
    return Mark(
        item=item.code,
        applicable=applicable is not False,
        mark_cp=points,
        max_cp=item.max_cp,
        measure=measure,
        reason=reason,
    )


def _at_fault(code: str) -> str:
    """The cell to look at first."""
    match code:
        case "not-applicable-not-allowed":
            return "applicable"
        case "measure-not-a-number":
            return "measure"
        case _:
            return "points"


def _begins_merge(table: Table, cell: AnyCell) -> bool:
    """One value for several rows, or for two columns, belongs to none of them for certain."""
    return any(
        cell.coordinate in merged and (merged.max_row > merged.min_row or _spans(table, merged))
        for merged in table.sheet.merged_cells.ranges
    )


def _spans(table: Table, merged: CellRange) -> bool:
    within = range(merged.min_col, merged.max_col + 1)
    return sum(table.columns[key] in within for key in NEEDED) > 1


def _letter(table: Table, key: str) -> str:
    return get_column_letter(table.columns[key])
