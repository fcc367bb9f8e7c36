"""A bulletin's text from figures, what differs between two sets of them, and the paper itself."""

import io
import json
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.document import Document
from docx.enum.text import WD_LINE_SPACING
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from services.notification.bulletin import Block, Table, Text, check_figures
from services.notification.bulletin_changes import changes
from services.notification.bulletin_docx import Paper
from services.notification.bulletin_docx import docx as made
from services.notification.bulletin_text import drafted, illustrative
from services.notification.bulletin_views import DraftBody
from services.projection.models.rows import Rows, fold
from services.projection.overview import overview
from services.projection.picture import picture
from shared.canonical import canonical
from shared.official_numbers import comparable
from tests.unit.test_models import EVENTS, LAST, NOW

OVERVIEWS = Path(__file__).parents[1] / "browser" / "overviews"
NOVEMBER = date(2018, 11, 30)


def figures(day: str = "2018-11-30") -> dict[str, Any]:
    found: dict[str, Any] = json.loads((OVERVIEWS / f"{day}.json").read_text("utf-8"))
    return found


def text(of: dict[str, Any], on: date = NOVEMBER) -> Text:
    return drafted(of, on, title=None, corrected=None)


def lines(of: Text) -> list[str]:
    return [block.text for block in of.blocks]


PAPER = Paper(
    organ="山亭区安全生产监督管理局",
    text=text(figures()),
    document_number="山安监发〔2018〕31号",
    issued_on=date(2018, 12, 3),
    as_of_on=NOVEMBER,
    recipients=("山城街道安监办", "店子镇安监办"),
    copied=("山城街道办事处",),
    public=False,
    illustrative=True,
)


def opened(paper: Paper = PAPER) -> Document:
    return docx.Document(io.BytesIO(made(paper)))


def test_the_text_tells_both_targets_who_is_late_and_what_comes_next() -> None:
    said = lines(text(figures()))
    assert said[0].startswith("截至2018年11月30日，")
    assert "共10家，其中复验合格2家、市级复验中1家、可申报1家、整改中4家" in said[0]
    assert "应通过4家，已通过2家，预计按期通过1家，有风险1家，按目前进度到期可通过3家。" in said[2]
    assert said[3].startswith("“全部2019”（确保，期限2019年12月31日）。")
    assert said[5].startswith("1.北庄镇（首批有风险）：剩下五步要33个工作日")
    assert "北庄镇2019年1月17日（晚于期限12个工作日）" in "".join(said)


def test_what_the_projection_answers_today_is_drafted_from_too() -> None:
    seen = picture(fold(Rows(), EVENTS), NOVEMBER, NOW)
    answered: dict[str, Any] = json.loads(canonical(overview(seen, today=LAST, position=1)))
    said = lines(text(answered))
    headings = ["目标完成情况", "进度滞后情况及原因", "各镇街所处阶段", "下一步安排"]
    assert [line[2:] for line in said if line[1:2] == "、"] == headings
    programme = answered["programme"]["code"]
    sent = {"known_at": "2018-12-01T01:00:00Z", "figures": answered, "publicity": "public"}
    body = DraftBody.model_validate({"programme": programme, "as_of_on": "2018-11-30", **sent})
    check_figures(body.figures, programme=programme, as_of_on=NOVEMBER, bytes_=1)


def test_the_same_figures_give_the_same_text() -> None:
    assert text(figures()) == text(figures())


def test_what_the_figures_do_not_say_is_left_out() -> None:
    said = text({})
    assert lines(said) == ["截至2018年11月30日，现将进展情况通报如下。"]
    assert (said.title, said.table) == ("关于复验工作进展情况的通报", None)
    odd = {"targets": [{"members": "4"}, 7], "late": "x", "stages": [None], "programme": []}
    assert lines(text(odd)) == lines(said)


def test_nobody_late_is_told_only_where_the_figures_say_so() -> None:
    assert "没有进度滞后的镇街。" in lines(text({"late": []}))


def test_of_very_many_townships_the_table_gives_numbers_alone() -> None:
    many = [{"stage": "rectifying", "name": f"第{place}号镇"} for place in range(900)]
    of = {"townships": many, "stages": [{"code": "rectifying", "zh": "整改中", "count": 900}]}
    said = text(of)
    assert said.table == Table(("阶段", "家数"), (("整改中", "900"),))
    assert said.characters < 100


@pytest.mark.parametrize("day", ["2018-10-31", "2018-11-30", "2019-12-31"])
def test_every_overview_makes_a_bulletin_of_fewer_than_four_thousand_characters(day: str) -> None:
    said = text(figures(day), date.fromisoformat(day))
    assert 300 < said.characters < 4000
    assert not any("None" in line or "{" in line for line in lines(said))


def test_an_example_of_a_standard_is_told_by_the_figures() -> None:
    assert illustrative(figures())
    assert not illustrative({})


def test_rows_are_compared_by_their_code_and_not_by_their_place() -> None:
    one, two = {"township": "1", "stage": "a"}, {"township": "2", "stage": "b"}
    moved = {"rows": [two, {**one, "stage": "c"}]}
    (found,) = changes({"rows": [one, two]}, moved)
    assert (found.path, found.was, found.is_) == ("/rows/1/stage", "a", "c")


def test_what_came_and_what_went_differs_from_nothing() -> None:
    found = changes({"late": [{"kind": "x"}], "a/b": 1}, {"late": [], "new": None, "a/b": True})
    assert [(one.path, one.was, one.is_) for one in found] == [
        ("/late/0", {"kind": "x"}, None),
        ("/a~1b", 1, True),
    ]
    assert changes({"a": [1, {"b": 2}]}, {"a": [1, {"b": 2}]}) == ()


def test_the_page_is_a4_with_the_margins_of_official_papers() -> None:
    (section,) = opened().sections
    assert section.page_width is not None
    assert [round(side.mm) for side in (section.page_width, section.page_height or Mm(0))] == [
        210,
        297,
    ]
    margins = (
        section.top_margin,
        section.bottom_margin,
        section.left_margin,
        section.right_margin,
    )
    assert [round(side.mm) for side in margins if side is not None] == [37, 35, 28, 26]


def test_title_headings_and_body_have_their_fonts_and_lines() -> None:
    found = {line.text: line for line in opened().paragraphs}
    body = found[PAPER.text.blocks[0].text]
    heading = found["一、目标完成情况"]
    title = found[PAPER.text.title]
    for line, font, size in ((body, "仿宋_GB2312", 16), (heading, "黑体", 16)):
        (run,) = line.runs
        assert run.font.size == Pt(size)
        (fonts,) = run._r.iter(qn("w:rFonts"))
        assert fonts.get(qn("w:eastAsia")) == font
        assert line.paragraph_format.line_spacing == Pt(28)
        assert line.paragraph_format.line_spacing_rule == WD_LINE_SPACING.EXACTLY
        assert line.paragraph_format.first_line_indent == Pt(32)
    assert title.runs[0].font.size == Pt(22)
    assert title.runs[0].font.name == "方正小标宋简体"


def test_number_addressees_day_and_table_stand_on_the_paper() -> None:
    document = opened()
    said = [line.text for line in document.paragraphs]
    assert said[0] == "山亭区安全生产监督管理局"
    for line in ("山安监发〔2018〕31号", "山城街道安监办，店子镇安监办：", "2018年12月3日"):
        assert line in said
    assert said[-1] == "抄送：山城街道办事处。"
    (table,) = document.tables
    rows = [tuple(cell.text for cell in row.cells) for row in table.rows]
    assert PAPER.text.table is not None
    assert rows == [PAPER.text.table.head, *PAPER.text.table.rows]


def test_pages_are_numbered_on_their_outer_side() -> None:
    (section,) = opened().sections
    for footer in (section.footer, section.even_page_footer):
        (line,) = footer.paragraphs
        assert line.text == "—  —"
        assert [one.text for one in line._p.iter(qn("w:instrText"))] == ["PAGE"]


@pytest.mark.parametrize(
    ("number", "example", "marks"),
    [
        (None, True, "草稿 · 示例（评分标准为示例）"),
        (None, False, "草稿"),
        ("山安监发〔2018〕31号", True, "示例（评分标准为示例）"),
        ("山安监发〔2018〕31号", False, ""),
    ],
)
def test_drafts_and_examples_say_so_on_every_page(
    number: str | None, example: bool, marks: str
) -> None:
    (section,) = opened(replace(PAPER, document_number=number, illustrative=example)).sections
    for header in (section.header, section.even_page_header):
        assert header.paragraphs[0].text == marks


def test_a_draft_has_neither_number_nor_day() -> None:
    said = [
        line.text
        for line in opened(replace(PAPER, document_number=None, issued_on=None)).paragraphs
    ]
    assert "（发文字号在签发时填写）" in said
    assert "（成文日期在签发时填写）" in said


def test_the_same_paper_is_the_same_bytes_whenever_it_is_made() -> None:
    assert made(PAPER) == made(replace(PAPER))
    with zipfile.ZipFile(io.BytesIO(made(PAPER))) as parts:
        assert {part.date_time for part in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    about = opened().core_properties
    assert {about.created, about.modified} == {datetime(2018, 12, 3, tzinfo=UTC)}
    other = replace(PAPER.text, blocks=(*PAPER.text.blocks, Block("paragraph", "另")))
    assert made(replace(PAPER, text=other)) != made(PAPER)


def test_a_number_is_the_same_however_it_is_typed() -> None:
    typed = ("山安监发〔2018〕8号", "山安监发[2018]8号", "山安监发（２０１８）８ 号")
    assert len({comparable(one) for one in typed}) == 1
    assert comparable("山安监发〔2018〕9号") != comparable(typed[0])
