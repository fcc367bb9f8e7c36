"""A list as a table for a spreadsheet: CSV that Excel opens with its Chinese intact, or .xlsx."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from shared.workbook.writing import put

Value = str | int | Decimal | date | bool | None
# A spreadsheet runs what begins so, even after a tab or a line end.
_RUNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def to_csv(columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> bytes:
    """With a byte order mark, or Excel takes it for GBK; text that would run is quoted by `'`."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(_harmless(one) for one in columns)
    writer.writerows([_harmless(one) for one in row] for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def to_xlsx(title: str, columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> bytes:
    """One sheet with a frozen header; numbers and days keep their type, and text is only text."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = title[:31]
    width = [len(one) * 2 for one in columns]
    for at, row in enumerate([columns, *rows], 1):
        for number, value in enumerate(row, 1):
            cell = sheet.cell(at, number)
            if isinstance(value, date):
                cell.value, cell.number_format = value, "yyyy-mm-dd"
            elif isinstance(value, bool):
                put(cell, _yes(value))
            else:
                put(cell, value)
                if isinstance(value, Decimal):
                    cell.number_format = "0.00"
            width[number - 1] = max(width[number - 1], len(str(value or "")))
    for number, longest in enumerate(width, 1):
        sheet.cell(1, number).font = Font(bold=True)
        sheet.cell(1, number).alignment = Alignment(wrap_text=True, vertical="center")
        sheet.column_dimensions[get_column_letter(number)].width = min(60, longest + 4)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def points(hundredths: int | None) -> Decimal | None:
    """Hundredths as points, exact, for a cell."""
    return None if hundredths is None else (Decimal(hundredths) / 100).quantize(Decimal("0.01"))


def _harmless(value: Value) -> str:
    match value:
        case None:
            return ""
        case bool():
            return _yes(value)
        case str():
            return f"'{value}" if value.startswith(_RUNS) else value
        case _:
            return str(value)


def _yes(value: bool) -> str:
    return "是" if value else "否"
