"""What goes out comes back: any legal marks, any words, and the mistakes beside their cells."""

import io
from dataclasses import replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from shared.contracts.blocks import Mark
from shared.contracts.programme import Item
from shared.standard import attainable, value
from shared.workbook.annotating import Note, annotate
from shared.workbook.form import BOUND_SHEET, plain, same
from shared.workbook.tables import Value, points, to_csv, to_xlsx
from shared.workbook.writing import write
from tests.unit.workbooks import (
    AT,
    EVERY_METHOD,
    HEAD,
    ITEMS,
    ROW,
    edited,
    filled,
    form,
    mark,
    marks,
    mistakes,
    reading,
)

WORDS = st.one_of(
    st.none(), st.text(max_size=60), st.sampled_from(["=1+1", "@x", "-3", "_x0041_", "a\r\nb"])
)
COUNTS = st.integers(0, 99).map(str) | st.decimals(0, 100, places=2).map(str)


@st.composite
def legal(draw: st.DrawFn, item: Item) -> Mark:
    reason = draw(WORDS)
    if item.na_allowed and draw(st.booleans()):
        return Mark(item=item.code, applicable=False, mark_cp=0, max_cp=item.max_cp, reason=reason)
    whole = item.method in ("deduct", "capped-bonus")
    measure = draw(st.none() | (st.integers(0, 60).map(str) if whole else COUNTS))
    counted = None if measure is None else value(item, measure)
    mark_cp = counted
    if mark_cp is None:
        mark_cp = draw(st.integers(0, item.max_cp).filter(lambda one: attainable(item, one)))
    return Mark(item=item.code, mark_cp=mark_cp, max_cp=item.max_cp, measure=measure, reason=reason)


SOME = st.sets(st.sampled_from(sorted(ITEMS))).flatmap(
    lambda codes: st.fixed_dictionaries({code: legal(ITEMS[code]) for code in sorted(codes)})
)


@given(SOME)
def test_marks_that_go_out_come_back_untouched(given_marks: dict[str, Mark]) -> None:
    found = reading(write(form(given_marks)))
    assert found.findings == ()
    assert not any(row.touched for row in found.rows)
    for row in found.rows:
        assert same(row.mark, given_marks.get(row.item))


@given(SOME)
def test_marks_that_are_typed_in_come_back(typed: dict[str, Mark]) -> None:
    def fill(sheet: Worksheet) -> None:
        for code, one in typed.items():
            cells = {
                "applicable": "是" if one.applicable else "否",
                "points": float(Fraction(one.mark_cp, 100)),
                "measure": None if one.measure is None else float(one.measure),
                "reason": None,
            }
            for key, said in cells.items():
                sheet.cell(ROW[code], AT[key]).value = said

    back = marks(edited(write(form()), fill))
    assert set(back) == set(typed)
    for code, one in typed.items():
        assert same(back[code], replace(one, reason=None))


@given(st.text(max_size=80))
def test_words_come_back_as_cells_can_hold_them(words: str) -> None:
    back = marks(write(form({"JG-2": mark("JG-2", 500, reason=words)})))
    assert back["JG-2"].reason == (plain(words) or None)


def test_a_sheet_is_made_for_paper_and_for_careful_hands() -> None:
    book = load_workbook(io.BytesIO(write(form())))
    sheet = book.worksheets[0]
    assert book[BOUND_SHEET].sheet_state == "veryHidden"
    assert str(sheet["A1"].value).startswith("示例")
    assert sheet.freeze_panes == f"D{HEAD + 1}"
    assert (sheet.print_title_rows, sheet.page_setup.orientation) == ("$6:$6", "landscape")
    assert sheet.protection.sheet
    assert not sheet.protection.password
    unlocked = {
        cell.column
        for row in sheet.iter_rows(min_row=7)
        for cell in row
        if not cell.protection.locked
    }
    assert unlocked == {AT[key] for key in ("applicable", "points", "measure", "reason")}
    assert sheet.cell(7, AT["points"]).number_format == "0.00"
    lists = {str(rule.sqref): rule.formula1 for rule in sheet.data_validations.dataValidation}
    assert (lists["H7"], lists["H8"]) == ('"是"', '"是,否"')


def test_nothing_in_a_sheet_is_a_formula() -> None:
    sent = write(form({"JG-2": mark("JG-2", 500, reason="=HYPERLINK(1)")}))
    cell = load_workbook(io.BytesIO(sent)).worksheets[0].cell(ROW["JG-2"], AT["reason"])
    assert (cell.data_type, cell.value) == ("s", "=HYPERLINK(1)")


def test_mistakes_stand_beside_their_row_and_at_their_cell() -> None:
    sent = filled({("JG-2", "points"): "很多"})
    back = annotate(sent, [Note(8, "points", "“很多”不是数字"), Note(None, None, "RY-1 没有打分")])
    sheet = load_workbook(io.BytesIO(back)).worksheets[0]
    wrong, beside = sheet.cell(8, AT["points"]), sheet.cell(8, 12)
    assert wrong.value == "很多"
    assert wrong.fill.fgColor.rgb == "FFFF9999"
    assert wrong.comment is not None
    assert "不是数字" in wrong.comment.text
    assert "不是数字" in str(beside.value)
    assert "问题" in str(sheet.cell(HEAD, 12).value)
    assert sheet.cell(11, 12).value == "RY-1 没有打分"


def test_an_annotated_workbook_is_mended_and_sent_again() -> None:
    sent = filled({("JG-2", "points"): "很多", ("RY-1", "points"): 12.5})
    back = annotate(sent, [Note(8, "points", "“很多”不是数字")])
    assert mistakes(back) == [(8, "points", "cell-not-a-number")]

    def mend(sheet: Worksheet) -> None:
        sheet.cell(8, AT["points"]).value = 5

    mended = edited(back, mend)
    assert {item: one.mark_cp for item, one in marks(mended).items()} == {"JG-2": 500, "RY-1": 1250}
    again = load_workbook(io.BytesIO(annotate(mended, [Note(9, "points", "另一处")]))).worksheets[0]
    assert again.cell(8, 12).value is None
    assert again.cell(8, AT["points"]).comment is None
    assert again.cell(8, AT["points"]).fill.fgColor.rgb != "FFFF9999"
    assert again.cell(9, 12).value == "另一处"
    assert again.cell(HEAD, 13).value is None


def test_what_people_wrote_beside_the_table_is_not_written_over() -> None:
    def note(sheet: Worksheet) -> None:
        sheet.cell(9, 12).value = "我的备注"

    back = annotate(edited(write(form()), note), [Note(8, "points", "错")])
    sheet = load_workbook(io.BytesIO(back)).worksheets[0]
    assert (sheet.cell(9, 12).value, sheet.cell(8, 13).value) == ("我的备注", "错")


def test_a_mistake_in_merged_cells_is_still_told() -> None:
    def merge(sheet: Worksheet) -> None:
        sheet.merge_cells("I8:I9")
        sheet.merge_cells("L8:L9")

    back = annotate(edited(write(form()), merge), [Note(9, "points", "合并")])
    assert load_workbook(io.BytesIO(back)).worksheets[0].cell(9, 12).value == "合并"


def test_a_list_in_csv_opens_in_chinese_and_runs_nothing() -> None:
    rows: list[list[Value]] = [
        ["山城街道", points(16999), True, None],
        ["=cmd|x", -5, False, 'a,b\n"c"'],
    ]
    assert to_csv(["名称", "得分", "是否", "备注"], rows).decode("utf-8") == (
        '\ufeff名称,得分,是否,备注\r\n山城街道,169.99,是,\r\n\'=cmd|x,-5,否,"a,b\n""c"""\r\n'
    )


def test_a_list_in_a_workbook_keeps_its_numbers() -> None:
    sheet = load_workbook(
        io.BytesIO(to_xlsx("镇街", ["名称", "得分"], [["=1+1", points(16999)]]))
    ).worksheets[0]
    assert [[cell.value for cell in row] for row in sheet] == [["名称", "得分"], ["=1+1", 169.99]]
    assert sheet["A2"].data_type == "s"
    assert sheet["B2"].number_format == "0.00"


def test_the_standard_of_the_tests_has_every_method() -> None:
    assert {item.method for item in EVERY_METHOD.items} == {
        "all-or-nothing",
        "deduct",
        "ratio-tiers",
        "capped-bonus",
    }
