"""The same workbook handed back with each mistake beside its row and marked at its cell."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

from openpyxl.cell.cell import MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter

from shared.workbook.cells import AnyCell
from shared.workbook.form import COLUMNS, PROBLEM
from shared.workbook.opening import open_workbook
from shared.workbook.reading import Table, cells_by_row, find_table
from shared.workbook.writing import BORDER, FILLABLE, WRAPPED, put

_AUTHOR = "Fuyan"
_WRONG = PatternFill("solid", fgColor="FFFF9999")
_RED = Font(name="宋体", size=10, bold=True, color="FFC00000")
_FILLED = frozenset(column.key for column in COLUMNS if column.filled)


@dataclass(frozen=True, slots=True)
class Note:
    """What to say of a row; without one (`row` None) it stands under the header's own words."""

    row: int | None
    column: str | None
    text: str


def annotate(sent: bytes, notes: Sequence[Note]) -> bytes:
    """The workbook with these notes; those of an earlier answer are gone.

    Everything that people wrote in it stays as and where it is.
    """
    book = open_workbook(sent)
    table = find_table(book)
    beside = table.columns.get("problem") or _free_column(table)
    for merged in list(table.sheet.merged_cells.ranges):
        if merged.min_col <= beside <= merged.max_col and merged.max_row >= table.head:
            table.sheet.unmerge_cells(merged.coord)  # or there were no cell to write in
    _clean(table, beside)
    head = table.sheet.cell(table.head, beside)
    loose = [note.text for note in notes if note.row is None]
    words = f"{PROBLEM.zh} {len(notes)} 处\n{PROBLEM.en}s: {len(notes)}"
    put(head, f"{PROBLEM.zh}\n{PROBLEM.en}")
    head.comment = Comment("\n".join([words, *loose]), _AUTHOR)
    head.font, head.fill, head.border, head.alignment = _RED, _WRONG, BORDER, WRAPPED
    table.sheet.column_dimensions[get_column_letter(beside)].width = PROBLEM.width
    for row in sorted({note.row for note in notes if note.row is not None}):
        said = [note for note in notes if note.row == row]
        cell = table.sheet.cell(row, beside)
        put(cell, "\n".join(note.text for note in said))
        cell.font, cell.alignment, cell.border = _RED, WRAPPED, BORDER
        for key in {note.column for note in said if note.column is not None}:
            _point_at(table.cell(row, key), [one.text for one in said if one.column == key])
    if loose:
        cell = table.sheet.cell(max(table.head, *table.rows()) + 1, beside)
        put(cell, "\n".join(loose))
        cell.font, cell.alignment, cell.border = _RED, WRAPPED, BORDER
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _free_column(table: Table) -> int:
    """The first one right of the table in which nobody has written anything."""
    taken = {
        number
        for row, numbers in cells_by_row(table.sheet).items()
        for number in numbers
        if table.sheet.cell(row, number).value is not None
    }
    first = max(table.columns.values()) + 1
    return next(number for number in range(first, first + len(taken) + 1) if number not in taken)


def _point_at(cell: AnyCell, texts: Sequence[str]) -> None:
    if isinstance(cell, MergedCell):
        return  # it has no face of its own; the note stands beside the row
    cell.fill = _WRONG
    comment = Comment("\n".join(texts), _AUTHOR)
    comment.width, comment.height = 320, 120
    cell.comment = comment


def _clean(table: Table, beside: int) -> None:
    """Take away what an earlier answer added, so that a mended row no longer looks wrong."""
    for at in (table.head, *table.rows()):
        old = table.sheet.cell(at, beside)
        if "problem" in table.columns and not isinstance(old, MergedCell):
            old.value = None
        for key in table.columns:
            cell = table.cell(at, key)
            if isinstance(cell, MergedCell):
                continue
            if cell.comment is not None and cell.comment.author == _AUTHOR:
                cell.comment = None
            if cell.fill.fgColor.rgb == _WRONG.fgColor.rgb:
                cell.fill = FILLABLE if key in _FILLED else PatternFill()
