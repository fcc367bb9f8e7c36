"""A bulletin as .docx in the layout of official papers (GB/T 9704): the same words, the same bytes.

Runs in a worker. No seal is drawn, and no number or day that nobody gave.
"""

import io
import re
import zipfile
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from docx import Document
from docx.document import Document as Paged
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.section import _Footer, _Header
from docx.shared import Length, Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.table import _Cell
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from services.notification.bulletin import Text
from shared.web.shown import shown

_XBS, _FS, _HEI, _SONG = "方正小标宋简体", "仿宋_GB2312", "黑体", "宋体"
# Few machines have the first; a reader's program takes the next it knows.
_FALLBACKS = {
    _XBS: "方正小标宋_GBK,小标宋,华文中宋,宋体",
    _FS: "仿宋,FangSong,FangSong_GB2312,华文仿宋",
    _HEI: "SimHei,华文黑体",
    _SONG: "SimSun",
}
_2, _3, _4 = Pt(22), Pt(16), Pt(14)
"""The sizes 2号, 3号 and 4号."""
_LINE, _TITLE_LINE = Pt(28), Pt(36)
_WIDTH_PT = 442
"""Of the page between its margins."""
_TABLES = ("TableNormal", "TableGrid")
_RED, _GREY = RGBColor(0xE0, 0, 0), RGBColor(0x70, 0x70, 0x70)
# The first day that a zip can name, for every part: a paper's bytes do not depend on the clock.
_PACKED = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """All that is printed, by the names of the day; what is not there yet is null or empty."""

    organ: str
    text: Text
    document_number: str | None
    issued_on: date | None
    as_of_on: date
    recipients: tuple[str, ...]
    copied: tuple[str, ...]
    public: bool
    illustrative: bool

    @property
    def marks(self) -> str:
        """What stands above every page of a paper that is no official one."""
        draft = "草稿" if self.document_number is None else ""
        shown_by_example = "示例（评分标准为示例）" if self.illustrative else ""
        return " · ".join(filter(None, (draft, shown_by_example)))


def docx(paper: Paper) -> bytes:
    """The paper as a file; the same for the same paper, wherever and whenever it is made."""
    document = _blank()
    _settled(document, paper)
    _head(document, paper)
    _body(document, paper.text)
    _foot(document, paper)
    saved = io.BytesIO()
    document.save(saved)
    return _repacked(saved.getvalue())


def _blank() -> Paged:
    """An empty document without what its template brings and no official paper needs."""
    document = Document()
    package, part = document.part.package, document.part
    assert package is not None
    for rels in (package.rels, part.rels):
        for name, rel in list(rels.items()):
            if rel.reltype.endswith(("/thumbnail", "/stylesWithEffects", "/customXml")):
                rels.pop(name)
    for style in list(document.styles.element):
        if style.get(qn("w:type")) == "table" and style.get(qn("w:styleId")) not in _TABLES:
            document.styles.element.remove(style)
    return document


def _settled(document: Paged, paper: Paper) -> None:
    """Page, fonts, marks, page numbers, and what the file says of itself."""
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.header_distance, section.footer_distance = Mm(15), Mm(25)
    normal = document.styles["Normal"]
    assert isinstance(normal, ParagraphStyle)
    normal.font.size, normal.font.name = _3, _FS
    normal.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), _FS)
    document.settings.odd_and_even_pages_header_footer = True
    for header in (section.header, section.even_page_header):
        _marked(header, paper.marks)
    _numbered(section.footer, WD_ALIGN_PARAGRAPH.RIGHT)
    _numbered(section.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT)
    about, day = document.core_properties, paper.issued_on or paper.as_of_on
    about.title, about.author, about.last_modified_by = paper.text.title, paper.organ, paper.organ
    about.comments, about.language, about.revision = "", "zh-CN", 1
    about.created = about.modified = datetime.combine(day, time(), UTC)


def _head(document: Paged, paper: Paper) -> None:
    organ = _line(document, paper.organ, _XBS, Pt(min(42, _WIDTH_PT // max(1, len(paper.organ)))))
    organ.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _spaced(organ, Pt(60))
    organ.runs[0].font.color.rgb = _RED
    _line(document, "")
    number = _line(document, paper.document_number or "（发文字号在签发时填写）")
    number.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _ruled(number, "bottom", "E00000", eighths=12)
    _line(document, "")
    title = _line(document, paper.text.title, _XBS, _2)
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _spaced(title, _TITLE_LINE)
    _line(document, "")
    if paper.recipients:
        _line(document, f"{'，'.join(paper.recipients)}：")


def _body(document: Paged, text: Text) -> None:
    for block in text.blocks:
        match block.kind:
            case "heading":
                _indented(_line(document, block.text, _HEI)).paragraph_format.keep_with_next = True
            case "paragraph":
                _indented(_line(document, block.text))
            case "table":
                _table(document, text)


def _table(document: Paged, text: Text) -> None:
    if text.table is None:
        return
    rows = (text.table.head, *text.table.rows)
    table = document.add_table(len(rows), len(text.table.head), "Table Grid")
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    widths = (Mm(36), Mm(20), Mm(100)) if len(text.table.head) == 3 else (Mm(78), Mm(78))
    # Cell by cell as python-docx finds them is quadratic.
    for number, (row, said) in enumerate(zip(table.rows, rows, strict=True)):
        for cell, words, width in zip(row.cells, said, widths, strict=True):
            cell.width = width
            _filled(cell, words, _HEI if number == 0 else _FS)
        properties = row._tr.get_or_add_trPr()
        properties.append(OxmlElement("w:cantSplit"))
        if number == 0:
            properties.append(OxmlElement("w:tblHeader"))


def _foot(document: Paged, paper: Paper) -> None:
    _line(document, "")
    day = (
        "（成文日期在签发时填写）"
        if paper.issued_on is None
        else shown("on", paper.issued_on, "zh")
    )
    for words in (paper.organ, day):
        signed = _line(document, words)
        signed.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        signed.paragraph_format.right_indent = _3 * 2
        signed.paragraph_format.keep_together = True
    _indented(_line(document, "（此件公开发布）" if paper.public else "（此件不公开）"))
    if paper.copied:
        copied = _line(document, f"抄送：{'，'.join(paper.copied)}。", _FS, _4)
        _ruled(copied, "top", "000000", eighths=8)
        _ruled(copied, "bottom", "000000", eighths=8)


def _line(document: Paged, words: str, font: str = _FS, size: Length = _3) -> Paragraph:
    paragraph = document.add_paragraph()
    _set(paragraph.add_run(words), font, size)
    _spaced(paragraph, _LINE)
    return paragraph


def _set(run: Run, font: str, size: Length) -> None:
    run.font.size, run.font.name = size, font
    fonts = run._r.get_or_add_rPr().get_or_add_rFonts()
    # Word takes Chinese signs from one place and the others from another.
    for script in ("w:eastAsia", "w:cs"):
        fonts.set(qn(script), font)


def _spaced(paragraph: Paragraph, line: Length) -> None:
    form = paragraph.paragraph_format
    form.space_before, form.space_after = Pt(0), Pt(0)
    form.line_spacing_rule, form.line_spacing = WD_LINE_SPACING.EXACTLY, line


def _indented(paragraph: Paragraph) -> Paragraph:
    """By two characters."""
    paragraph.paragraph_format.first_line_indent = Length(_3 * 2)
    indent = paragraph._p.get_or_add_pPr().find(qn("w:ind"))
    if indent is not None:
        indent.set(qn("w:firstLineChars"), "200")
    return paragraph


def _ruled(paragraph: Paragraph, side: str, colour: str, *, eighths: int) -> None:
    properties = paragraph._p.get_or_add_pPr()
    borders = properties.find(qn("w:pBdr"))
    if borders is None:
        borders = OxmlElement("w:pBdr")
        properties.insert_element_before(
            borders, "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc", "w:rPr"
        )
    line = OxmlElement(f"w:{side}")
    for name, value in (("val", "single"), ("sz", str(eighths)), ("space", "4"), ("color", colour)):
        line.set(qn(f"w:{name}"), value)
    borders.append(line)


def _filled(cell: _Cell, words: str, font: str) -> None:
    paragraph = cell.paragraphs[0]
    _set(paragraph.add_run(words), font, _4)
    _spaced(paragraph, Pt(24))


def _marked(header: _Header, marks: str) -> None:
    header.is_linked_to_previous = False
    paragraph = header.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    if marks:
        run = paragraph.add_run(marks)
        _set(run, _HEI, _4)
        run.font.color.rgb = _GREY


def _numbered(footer: _Footer, side: WD_ALIGN_PARAGRAPH) -> None:
    """— 1 —, on the outer side and one character from the edge."""
    footer.is_linked_to_previous = False
    paragraph = footer.paragraphs[0]
    paragraph.alignment = side
    paragraph.paragraph_format.left_indent = paragraph.paragraph_format.right_indent = _4
    for part in ("— ", None, " —"):
        run = paragraph.add_run(part)
        _set(run, _SONG, _4)
        if part is None:
            for element in (_field("begin"), _instruction(), _field("end")):
                run._r.append(element)


def _field(kind: str) -> BaseOxmlElement:
    element = OxmlElement("w:fldChar")
    element.set(qn("w:fldCharType"), kind)
    return element


def _instruction() -> BaseOxmlElement:
    element = OxmlElement("w:instrText")
    element.text = "PAGE"
    return element


def _repacked(saved: bytes) -> bytes:
    """Each part uncompressed under the same day, and fonts with others to take in their place.

    Compressed by another release of zlib, the same paper would be other bytes.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(saved)) as old, zipfile.ZipFile(packed, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "word/fontTable.xml":
                content = _with_fallbacks(content)
            part = zipfile.ZipInfo(name, _PACKED)
            part.create_system = 0
            new.writestr(part, content)
    return packed.getvalue()


def _with_fallbacks(fonts: bytes) -> bytes:
    named = "".join(
        f'<w:font w:name="{name}"><w:altName w:val="{others}"/></w:font>'
        for name, others in _FALLBACKS.items()
    )
    return re.sub(rb"</w:fonts>\s*$", f"{named}</w:fonts>".encode(), fonts)
