"""Workbooks as people really hand them in: sorted, cut, merged, sent on, or no workbook at all."""

import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from shared.contracts.blocks import StandardRef
from shared.contracts.refusals import Refused
from shared.workbook.form import BOUND_SHEET, Binding
from shared.workbook.reading import read
from shared.workbook.writing import write
from tests.unit.workbooks import (
    AT,
    BINDING,
    EVERY_METHOD,
    HEAD,
    ROW,
    edited,
    filled,
    form,
    mark,
    marks,
    mistakes,
    reading,
    repacked,
    saved,
)

TWO = filled({("JG-2", "points"): 5, ("RY-1", "points"): 12.5})
FRESH = write(form())


def refusal(sent: bytes, binding: Binding = BINDING) -> str:
    with pytest.raises(Refused) as refused:
        reading(sent, binding)
    return refused.value.code


def points(sent: bytes) -> dict[str, int]:
    return {item: one.mark_cp for item, one in marks(sent).items()}


def _sorted_backwards(sheet: Worksheet) -> None:
    first, last = HEAD + 1, HEAD + len(ROW)
    rows = [[cell.value for cell in sheet[at]] for at in range(first, last + 1)]
    for at, values in enumerate(reversed(rows), first):
        for number, value in enumerate(values, 1):
            sheet.cell(at, number).value = value


def _blank_rows(sheet: Worksheet) -> None:
    sheet.insert_rows(HEAD + 2, 3)
    sheet.insert_rows(HEAD, 2)


def _hidden(sheet: Worksheet) -> None:
    for code in ("JG-2", "RY-1"):
        sheet.row_dimensions[ROW[code]].hidden = True
    sheet.auto_filter.add_filter_column(0, ["机构编制"])


def _columns_moved(sheet: Worksheet) -> None:
    sheet.insert_cols(1, 2)
    sheet.insert_cols(AT["points"] + 2)
    sheet.cell(HEAD, AT["points"] + 2).value = "我的备注"


def _headers_in_one_language(sheet: Worksheet) -> None:
    sheet.cell(HEAD, AT["points"]).value = " 得 分 "
    sheet.cell(HEAD, AT["code"]).value = "CODE"
    sheet.cell(HEAD, AT["reason"]).value = "理由"


def _codes_in_other_letters(sheet: Worksheet) -> None:
    sheet.cell(ROW["JG-2"], AT["code"]).value = " ｊｇ－２ "
    sheet.cell(ROW["RY-1"], AT["code"]).value = "RY—1\n"


def _subtotals(sheet: Worksheet) -> None:
    sheet.insert_rows(HEAD + 3)
    sheet.cell(HEAD + 3, AT["category"]).value = "小计"


def _renamed(sheet: Worksheet) -> None:
    sheet.title = "张三改过的"


def _far_away(sheet: Worksheet) -> None:
    sheet.cell(1_048_576, 16_384).value = " "


def _commented_and_coloured(sheet: Worksheet) -> None:
    sheet.cell(ROW["RY-1"], AT["points"]).hyperlink = "https://example.org/"
    sheet.protection.sheet = False


@pytest.mark.parametrize(
    "how",
    [
        _sorted_backwards,
        _blank_rows,
        _hidden,
        _columns_moved,
        _headers_in_one_language,
        _codes_in_other_letters,
        _subtotals,
        _renamed,
        _far_away,
        _commented_and_coloured,
    ],
)
def test_a_sheet_may_be_rearranged(how: Callable[[Worksheet], None]) -> None:
    assert points(edited(TWO, how)) == {"JG-2": 500, "RY-1": 1250}


def test_other_sheets_do_no_harm() -> None:
    book = load_workbook(io.BytesIO(TWO))
    other = book.create_sheet("工作底稿", 0)
    other["A1"], other["B1"] = "编码", "得分"
    assert points(saved(book)) == {"JG-2": 500, "RY-1": 1250}


def test_a_deleted_row_says_nothing_of_its_item() -> None:
    sent = edited(TWO, lambda sheet: sheet.delete_rows(ROW["JG-2"]))
    assert [row.item for row in reading(sent).rows] == ["JG-1", "RY-1", "RY-2"]


def test_an_item_on_two_rows_is_a_mistake_in_both() -> None:
    def twice(sheet: Worksheet) -> None:
        sheet.cell(ROW["RY-2"], AT["code"]).value = "JG-2"

    assert mistakes(edited(TWO, twice)) == [
        (8, "code", "duplicate-item"),
        (10, "code", "duplicate-item"),
    ]


def test_an_item_that_the_standard_does_not_know_is_a_mistake() -> None:
    def unknown(sheet: Worksheet) -> None:
        sheet.cell(ROW["RY-2"], AT["code"]).value = "ZZ-9"

    assert mistakes(edited(TWO, unknown)) == [(10, "code", "unknown-item")]


def test_a_mark_without_a_code_is_a_mistake() -> None:
    def without(sheet: Worksheet) -> None:
        sheet.cell(ROW["RY-1"], AT["code"]).value = None

    assert mistakes(edited(TWO, without)) == [(9, "code", "row-without-code")]


def test_a_code_that_became_a_formula_is_a_mistake() -> None:
    def formula(sheet: Worksheet) -> None:
        sheet.cell(ROW["RY-1"], AT["code"]).value = '="RY-"&1'

    assert mistakes(edited(TWO, formula)) == [(9, "code", "cell-formula")]


def test_points_for_several_rows_at_once_belong_to_none() -> None:
    def merged(sheet: Worksheet) -> None:
        sheet.merge_cells(
            start_row=8, end_row=9, start_column=AT["points"], end_column=AT["points"]
        )

    assert mistakes(edited(TWO, merged)) == [
        (8, "points", "cell-merged"),
        (9, "points", "cell-merged"),
    ]


def test_categories_may_be_merged() -> None:
    def merged(sheet: Worksheet) -> None:
        sheet.merge_cells("A7:A8")

    assert points(edited(TWO, merged)) == {"JG-2": 500, "RY-1": 1250}


def test_mistakes_all_come_at_once_in_the_order_of_the_rows() -> None:
    sent = filled(
        {("JG-1", "points"): 20, ("JG-2", "points"): 1.005, ("RY-2", "applicable"): "也许"}
    )
    assert [(row, code) for row, _, code in mistakes(sent)] == [
        (7, "mark-not-attainable"),
        (8, "cell-too-fine"),
        (10, "cell-not-yes-or-no"),
    ]


@pytest.mark.parametrize("key", ["code", "applicable", "points", "measure", "reason"])
def test_a_column_that_was_deleted_is_missed(key: str) -> None:
    assert refusal(edited(TWO, lambda sheet: sheet.delete_cols(AT[key]))) == (
        "workbook-columns-missing"
    )


def test_columns_that_only_show_may_be_deleted() -> None:
    def without(sheet: Worksheet) -> None:
        sheet.delete_cols(AT["criterion"], 4)

    assert points(edited(TWO, without)) == {"JG-2": 500, "RY-1": 1250}


def test_a_column_that_was_copied_is_one_too_many() -> None:
    def copied(sheet: Worksheet) -> None:
        sheet.cell(HEAD, 13).value = "得分"

    assert refusal(edited(TWO, copied)) == "workbook-columns-twice"


def test_whatever_was_touched_is_known_from_what_was_handed_out() -> None:
    given = {"JG-2": mark("JG-2", 500, reason="够"), "RY-1": mark("RY-1", 2000)}

    def fill(sheet: Worksheet) -> None:
        sheet.cell(ROW["JG-2"], AT["points"]).value = 6
        sheet.cell(ROW["RY-2"], AT["points"]).value = 2

    rows = {row.item: row for row in reading(edited(write(form(given)), fill)).rows}
    assert {item: (row.touched, row.version) for item, row in rows.items()} == {
        "JG-1": (False, 0),
        "JG-2": (True, 7),
        "RY-1": (False, 7),
        "RY-2": (True, 0),
    }


@pytest.mark.parametrize(
    ("other", "code"),
    [
        (replace(BINDING, kind="marking"), "workbook-other-kind"),
        (replace(BINDING, programme="shanting-2020"), "workbook-other-programme"),
        (replace(BINDING, township="370406100"), "workbook-other-township"),
        (replace(BINDING, case_id="shanting-2018/370406001/1"), "workbook-other-case"),
        (replace(BINDING, officer="li"), "workbook-other-officer"),
        (
            replace(BINDING, standard=StandardRef(code="x", version=4, digest="d" * 64)),
            "workbook-standard-differs",
        ),
    ],
)
def test_a_workbook_is_taken_only_where_it_belongs(other: Binding, code: str) -> None:
    assert refusal(TWO, other) == code


def test_a_table_retyped_elsewhere_is_bound_to_nothing() -> None:
    book = load_workbook(io.BytesIO(TWO))
    del book[BOUND_SHEET]
    assert refusal(saved(book)) == "workbook-unbound"


def test_a_workbook_of_another_kind_is_bound_to_nothing() -> None:
    assert refusal(saved(Workbook())) == "workbook-unbound"


def test_drawings_that_are_no_xml_and_pictures_do_no_harm() -> None:
    more = {"xl/drawings/vmlDrawing1.vml": b"<xml><br></xml>", "xl/media/a.png": b"\x89PNG"}
    assert points(repacked(TWO, lambda _, data: data, **more)) == {"JG-2": 500, "RY-1": 1250}


def test_a_member_is_told_of_what_others_mark() -> None:
    found = read(TWO, BINDING, EVERY_METHOD, ["JG"])
    assert [(one.row, one.code) for one in found.findings] == [
        (9, "category-not-yours"),
        (10, "category-not-yours"),
    ]


def test_a_copied_sheet_leaves_open_which_counts_so_both_are_named() -> None:
    book = load_workbook(io.BytesIO(TWO))
    shown = book.worksheets[0]
    copy = book.copy_worksheet(shown)
    with pytest.raises(Refused) as refused:
        reading(saved(book))
    assert refused.value.code == "workbook-tables-several"
    assert refused.value.facts["sheets"] == [shown.title, copy.title]


def test_a_sheet_with_some_of_our_headers_is_no_second_table() -> None:
    book = load_workbook(io.BytesIO(TWO))
    book.create_sheet("我的表").append(["代码", "得分"])
    assert points(saved(book)) == points(TWO)


def test_strict_open_xml_is_told_by_its_name() -> None:
    main = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    strict = b"http://purl.oclc.org/ooxml/spreadsheetml/main"
    sent = repacked(TWO, lambda _, data: data.replace(main, strict))
    assert refusal(sent) == "workbook-strict"
