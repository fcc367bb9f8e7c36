"""Scoring sheets as people hand them in: a form, and ways to fill it in and to spoil it."""

import io
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from shared.contracts.blocks import Mark, StandardRef
from shared.contracts.programme import Category, Item, Params, StandardPublished, Tier
from shared.workbook.form import COLUMNS, Binding, Form, Line, Reading
from shared.workbook.reading import read
from shared.workbook.writing import write
from tests.unit.dossiers import PROGRAMME, STANDARD, TOWNSHIP

HEAD = 6
AT = {column.key: number for number, column in enumerate(COLUMNS, 1)}


def _item(code: str, method: Any, most: int, params: Params, *, na_allowed: bool = False) -> Item:
    return Item(
        code=code,
        category=code[:2],
        name=f"项目{code}",
        criterion="有批复文件，单独设置并挂牌，职责、分工、联系方式齐全并公示",
        method=method,
        params=params,
        max_cp=most,
        nature="software",
        na_allowed=na_allowed,
    )


TIERS = (Tier(at_least_bp=10_000, mark_cp=2000), Tier(at_least_bp=8_500, mark_cp=1250))
EVERY_METHOD: StandardPublished = replace(
    STANDARD,
    standard=StandardRef(code="township-safety-office", version=3, digest="c" * 64),
    categories=(
        Category(code="JG", name="机构编制", max_cp=9000),
        Category(code="RY", name="人员队伍", max_cp=2000),
    ),
    items=(
        _item("JG-1", "all-or-nothing", 4000, Params()),
        _item("JG-2", "deduct", 5000, Params(per_miss_cp=1), na_allowed=True),
        _item("RY-1", "ratio-tiers", 2000, Params(tiers=TIERS)),
        _item("RY-2", "capped-bonus", 600, Params(per_unit_cp=200)),
    ),
    gates=(),
)
ITEMS = {item.code: item for item in EVERY_METHOD.items}
ROW = {code: HEAD + at for at, code in enumerate(ITEMS, 1)}
BINDING = Binding(
    kind="draft", programme=PROGRAMME, township=TOWNSHIP, standard=EVERY_METHOD.standard
)


def form(
    marks: Mapping[str, Mark] | None = None,
    *,
    binding: Binding = BINDING,
    standard: StandardPublished = EVERY_METHOD,
) -> Form:
    given = marks or {}
    return Form(
        binding=binding,
        standard=standard,
        title=("自评工作表", "Self-assessment sheet"),
        township_name="山城街道",
        beside=("上次自评", "Last time"),
        lines=tuple(
            Line(item=item, now=given.get(item.code), version=7 if item.code in given else 0)
            for item in standard.items
        ),
    )


def mark(code: str, mark_cp: int, **more: Any) -> Mark:
    return Mark(item=code, mark_cp=mark_cp, max_cp=ITEMS[code].max_cp, **more)


def edited(sent: bytes, edit: Callable[[Worksheet], object]) -> bytes:
    """The workbook after somebody worked in its visible sheet."""
    book = load_workbook(io.BytesIO(sent))
    edit(book.worksheets[0])
    return saved(book)


def saved(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def filled(values: Mapping[tuple[str, str], Any], **formats: str) -> bytes:
    """A fresh sheet with these values, by item and column; formats by column."""

    def fill(sheet: Worksheet) -> None:
        for (code, key), value in values.items():
            cell = sheet.cell(ROW[code], AT[key])
            cell.value = value
            if key in formats:
                cell.number_format = formats[key]

    return edited(write(form()), fill)


def repacked(sent: bytes, change: Callable[[str, bytes], bytes | None], **more: bytes) -> bytes:
    """The package with each part changed, or left out where `change` says None."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(sent)) as old, zipfile.ZipFile(out, "w", 8) as new:
        for part in old.infolist():
            data = change(part.filename, old.read(part))
            if data is not None:
                new.writestr(part.filename, data)
        for name, data in more.items():
            new.writestr(name, data)
    return out.getvalue()


def in_sheet(sent: bytes, pattern: str, by: str) -> bytes:
    """The package with the first place in the visible sheet that fits `pattern` replaced."""

    def change(name: str, data: bytes) -> bytes:
        if name != "xl/worksheets/sheet1.xml":
            return data
        text, times = re.subn(pattern, by, data.decode(), count=1, flags=re.DOTALL)
        assert times == 1
        return text.encode()

    return repacked(sent, change)


def reading(sent: bytes, binding: Binding = BINDING) -> Reading:
    return read(sent, binding, EVERY_METHOD)


def marks(sent: bytes) -> dict[str, Mark]:
    """The marks that were read, from a workbook without a mistake."""
    found = reading(sent)
    assert found.findings == ()
    return {row.item: row.mark for row in found.rows if row.mark is not None}


def mistakes(sent: bytes) -> list[tuple[int | None, str | None, str]]:
    return [(one.row, one.column, one.code) for one in reading(sent).findings]
