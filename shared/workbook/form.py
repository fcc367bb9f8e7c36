"""What a workbook is about: what binds it, its lines and columns, and what is wrong in it."""

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal

from shared.contracts.blocks import Mark, StandardRef
from shared.contracts.programme import Item, StandardPublished
from shared.contracts.refusals import Refused

# Its own sheet, which people do not see and spreadsheet programs keep.
BOUND_SHEET = "_fuyan"
# Whoever reads a workbook of another layout must say so instead of guessing.
LAYOUT = 1


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its two headers; only what is `filled` is open for writing."""

    key: str
    zh: str
    en: str
    width: int
    filled: bool = False


COLUMNS = (
    Column("category", "类别", "Category", 12),
    Column("code", "编码", "Code", 10),
    Column("name", "项目", "Item", 20),
    Column("criterion", "评分标准", "Criterion", 38),
    Column("method", "计分方法", "Method", 34),
    Column("most", "满分", "Maximum", 9),
    Column("beside", "对照分", "For comparison", 12),
    Column("applicable", "适用", "Applies", 8, filled=True),
    Column("points", "得分", "Points", 10, filled=True),
    Column("measure", "计数", "Count", 10, filled=True),
    Column("reason", "理由", "Reason", 34, filled=True),
)
PROBLEM = Column("problem", "问题", "Problem", 50)
NEEDED = ("code", "applicable", "points", "measure", "reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """Whose sheet it is and by which standard; a workbook is read only where all of it agrees."""

    kind: Literal["draft", "marking"]
    programme: str
    township: str
    standard: StandardRef
    case_id: str | None = None
    officer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One item: its mark so far, that mark's version, and another mark to compare with."""

    item: Item
    now: Mark | None = None
    version: int = 0
    beside: Mark | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A sheet to be filled in; `beside` says in two languages what the comparison is."""

    binding: Binding
    standard: StandardPublished
    title: tuple[str, str]
    township_name: str
    beside: tuple[str, str]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong in one row, or for `row` None about an item that has none.

    `column` is the key of a column, None where the row as such is at fault.
    """

    row: int | None
    column: str | None
    item: str | None
    code: str
    facts: Mapping[str, object] = field(default_factory=dict)

    @classmethod
    def of(
        cls, refused: Refused, row: int | None, column: str | None, item: str | None
    ) -> "Finding":
        return cls(row, column, item, refused.code, refused.facts)


@dataclass(frozen=True, slots=True)
class Row:
    """What one row says of an item: None clears it.

    `touched` is whether anybody wrote in it since it was handed out, when its item had `version`.
    """

    row: int
    item: str
    mark: Mark | None
    touched: bool
    version: int


@dataclass(frozen=True, slots=True)
class Reading:
    """A workbook as read: its rows by item, all that is wrong, and each column's letter."""

    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]
    letters: Mapping[str, str]


def same(one: Mark | None, other: Mark | None) -> bool:
    """Whether a sheet would show both alike: evidence and units have no column."""
    return content(one) == content(other)


def completed(mark: Mark | None, known: Mark | None) -> Mark | None:
    """With what has no column and so was not taken back: the evidence, and the unit of a count."""
    if mark is None or known is None:
        return mark
    unit = known.unit if mark.measure is not None else None
    return replace(mark, evidence=known.evidence, unit=unit)


def content(mark: Mark | None) -> str:
    """A digest of what a sheet shows of a mark."""
    said = mark and [
        mark.applicable,
        mark.mark_cp,
        None if mark.measure is None else str(Fraction(mark.measure)),
        # What may be written in a cell and comes back from it otherwise makes no difference.
        plain(mark.reason or "") or None,
    ]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


def plain(text: str) -> str:
    """Text as a cell can hold it: one kind of line end, no control characters, trimmed."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = (
        sign
        for sign in lines
        if sign in "\n\t"
        or (unicodedata.category(sign) not in ("Cc", "Cs") and sign not in _NO_XML)
    )
    return "".join(kept).strip()


def folded(text: str) -> str:
    """A code or header as it is compared: full-width letters, blanks and dashes do not count."""
    normal = unicodedata.normalize("NFKC", text)
    return "".join("-" if sign in _DASHES else sign for sign in normal if not _blank(sign))


_DASHES = frozenset("‐‑‒–—―−﹣－")
_NO_XML = frozenset("\ufffe\uffff")


def _blank(sign: str) -> bool:
    return sign.isspace() or unicodedata.category(sign) in ("Cf", "Cc")
