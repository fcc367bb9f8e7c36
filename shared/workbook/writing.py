"""A form as a workbook that WPS and Excel open well, that prints on A4 and guards against slips."""

import io
from collections.abc import Iterator
from decimal import Decimal

from openpyxl import Workbook
from openpyxl.cell.cell import MergedCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from shared.contracts.blocks import Mark
from shared.workbook.cells import AnyCell, escaped
from shared.workbook.form import BOUND_SHEET, COLUMNS, LAYOUT, Form, Line, content, plain
from shared.workbook.words import method_words, points_text

POINTS_FORMAT = "0.00"
FILLABLE = PatternFill("solid", fgColor="FFFFF8DC")
_HEAD = PatternFill("solid", fgColor="FFDCE6F1")
_EDGE = Side(style="thin", color="FFA0A0A0")
BORDER = Border(left=_EDGE, right=_EDGE, top=_EDGE, bottom=_EDGE)
WRAPPED = Alignment(wrap_text=True, vertical="top")
_CENTRED = Alignment(wrap_text=True, vertical="center", horizontal="center")
_FONT = "宋体"
_LAST = get_column_letter(len(COLUMNS))
_LETTER = {one.key: get_column_letter(at) for at, one in enumerate(COLUMNS, 1)}


def write(form: Form) -> bytes:
    """The workbook: one sheet to fill in, and one out of sight that binds it."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = form.title[0][:31]
    head = _title(sheet, form)
    first = head + 1
    categories = {one.code: one.name for one in form.standard.categories}
    for at, line in enumerate(form.lines, first):
        _line(sheet, at, line, categories)
    last = max(first, first + len(form.lines) - 1)
    _help(sheet, form, first, last)
    _paper(sheet, head, last)
    _bind(book.create_sheet(BOUND_SHEET), form)
    book.active = 0
    book.properties.title = form.title[0]
    book.properties.creator = "Fuyan"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def put(cell: AnyCell, value: str | int | float | Decimal | None) -> None:
    """Write a value as what it is: text that begins with an equals sign is no formula."""
    if isinstance(cell, MergedCell):
        raise ValueError(f"{cell.coordinate} is hidden behind a merged cell")
    if isinstance(value, str):
        cell.value = escaped(plain(value))
        cell.data_type = "s"
        if cell.value[:1] in ("=", "+", "-", "@"):
            cell.quotePrefix = True
    else:
        cell.value = value


def _title(sheet: Worksheet, form: Form) -> int:
    """The rows above the table; answers the row of the header."""
    standard, ref = form.standard, form.standard.standard
    mark = "示例 Illustrative · " if standard.illustrative else ""
    binding = form.binding
    lines = [
        (f"{mark}{form.title[0]}", 16, True),
        (form.title[1], 10, False),
        (f"镇街 Township：{form.township_name}（{binding.township}）", 11, False),
        (
            f"标准 Standard：{standard.title}，第 {ref.version} 版（{ref.code}, v{ref.version}）",
            11,
            False,
        ),
        (
            "只填淡黄色各列：适用填“是”或“否”，得分至多两位小数；四列全空表示未评，删去的行不变。\n"
            "Fill in the yellow columns only; an empty row means no mark, a deleted one no change.",
            10,
            False,
        ),
    ]
    for at, (words, size, bold) in enumerate(lines, 1):
        cell = sheet.cell(at, 1)
        put(cell, words)
        cell.font = Font(name=_FONT, size=size, bold=bold)
        cell.alignment = Alignment(wrap_text=True, vertical="center")
        sheet.merge_cells(f"A{at}:{_LAST}{at}")
    sheet.row_dimensions[1].height = 26
    sheet.row_dimensions[len(lines)].height = 32
    head = len(lines) + 1
    for at, column in enumerate(COLUMNS, 1):
        zh, en = form.beside if column.key == "beside" else (column.zh, column.en)
        cell = sheet.cell(head, at)
        put(cell, f"{zh}\n{en}")
        cell.font = Font(name=_FONT, size=10, bold=True)
        cell.fill, cell.border, cell.alignment = _HEAD, BORDER, _CENTRED
        sheet.column_dimensions[get_column_letter(at)].width = column.width
    sheet.row_dimensions[head].height = 30
    return head


def _line(sheet: Worksheet, at: int, line: Line, categories: dict[str, str]) -> None:
    item, now, beside = line.item, line.now, line.beside
    values: dict[str, str | int | float | Decimal | None] = {
        "category": categories.get(item.category, item.category),
        "code": item.code,
        "name": item.name,
        "criterion": item.criterion,
        "method": method_words(item),
        "most": _points(item.max_cp),
        "beside": None if beside is None else _points(beside.mark_cp),
        "applicable": None if now is None else "是" if now.applicable else "否",
        "points": None if now is None or not now.applicable else _points(now.mark_cp),
        "measure": _measure(now),
        "reason": now.reason if now else None,
    }
    if beside is not None and not beside.applicable:
        values["beside"] = "不适用"
    for number, column in enumerate(COLUMNS, 1):
        cell = sheet.cell(at, number)
        put(cell, values[column.key])
        cell.font = Font(name=_FONT, size=10)
        cell.border, cell.alignment = BORDER, WRAPPED
        if column.key in ("most", "beside", "points"):
            cell.number_format = POINTS_FORMAT
        elif column.key in ("code", "reason"):
            cell.number_format = "@"
        if column.filled:
            cell.fill = FILLABLE
            cell.protection = Protection(locked=False)
    longest = max(len(item.criterion) / 18, len(method_words(item)) / 19, 2)
    sheet.row_dimensions[at].height = min(400, 14 * (int(longest) + 1))


def _points(hundredths: int) -> Decimal:
    return Decimal(hundredths) / 100


def _measure(mark: Mark | None) -> Decimal | str | None:
    if mark is None or mark.measure is None:
        return None
    exact = Decimal(mark.measure)
    # A cell holds a binary number of fifteen digits; a longer one is kept as text.
    return exact if Decimal(repr(float(exact))) == exact else mark.measure


def _help(sheet: Worksheet, form: Form, first: int, last: int) -> None:
    """Lists and bounds at the cells, so that most slips never leave the desk."""
    rules = [
        _choice(line.item.na_allowed, f"{_LETTER['applicable']}{at}")
        for at, line in enumerate(form.lines, first)
    ]
    rules += [
        _bounds(line, f"{_LETTER['points']}{at}") for at, line in enumerate(form.lines, first)
    ]
    if form.lines:
        count = DataValidation(type="decimal", operator="greaterThanOrEqual", formula1="0")
        count.errorTitle, count.error = "计数 Count", "应为不小于零的数 · a number, zero or more"
        count.add(f"{_LETTER['measure']}{first}:{_LETTER['measure']}{last}")
        length = DataValidation(type="textLength", operator="lessThanOrEqual", formula1="2000")
        length.errorTitle, length.error = "理由 Reason", "至多 2000 字 · at most 2000 characters"
        length.add(f"{_LETTER['reason']}{first}:{_LETTER['reason']}{last}")
        rules += [count, length]
    for rule in rules:
        rule.allow_blank, rule.showErrorMessage = True, True
        sheet.add_data_validation(rule)


def _choice(na_allowed: bool, place: str) -> DataValidation:
    rule = DataValidation(type="list", formula1='"是,否"' if na_allowed else '"是"')
    rule.errorTitle = "适用 Applies"
    rule.error = "填“是”或“否” · 是 or 否" if na_allowed else "本项必须适用 · it always applies"
    rule.add(place)
    return rule


def _bounds(line: Line, place: str) -> DataValidation:
    most = points_text(line.item.max_cp)
    rule = DataValidation(type="decimal", operator="between", formula1="0", formula2=most)
    rule.errorTitle, rule.error = "得分 Points", f"应在 0 与 {most} 之间 · between 0 and {most}"
    rule.add(place)
    return rule


def _paper(sheet: Worksheet, head: int, last: int) -> None:
    sheet.freeze_panes = f"D{head + 1}"
    sheet.auto_filter.ref = f"A{head}:{_LAST}{last}"
    sheet.print_area = f"A1:{_LAST}{last}"
    sheet.print_title_rows = f"{head}:{head}"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = 9  # A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.oddFooter.center.text = "&P / &N"  # type: ignore[union-attr]  # every new sheet has one
    guard = sheet.protection
    guard.sheet = True  # without a password: it guards against slips, not against people
    guard.sort = guard.autoFilter = guard.formatColumns = guard.formatRows = False
    guard.formatCells = guard.deleteRows = guard.insertRows = False


def _bind(sheet: Worksheet, form: Form) -> None:
    for row in _bound(form):
        sheet.append(row)
        for cell in sheet[sheet.max_row]:
            cell.data_type = "s"  # a code such as 001 stays one
    sheet.sheet_state = "veryHidden"


def _bound(form: Form) -> Iterator[list[str]]:
    binding, ref = form.binding, form.binding.standard
    yield ["layout", str(LAYOUT)]
    yield ["kind", binding.kind]
    yield ["programme", binding.programme]
    yield ["township", binding.township]
    yield ["case_id", binding.case_id or "-"]
    yield ["officer", binding.officer or "-"]
    yield ["standard_code", ref.code]
    yield ["standard_version", str(ref.version)]
    yield ["standard_digest", ref.digest]
    for line in form.lines:
        yield ["item", line.item.code, str(line.version), content(line.now)]
