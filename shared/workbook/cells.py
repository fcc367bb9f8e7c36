"""What a cell says, exactly, or why it cannot be taken: nothing is rounded and nothing guessed."""

import datetime as dt
import math
import re
import unicodedata
from decimal import Decimal

from openpyxl.cell.cell import Cell, MergedCell

from shared.contracts.programme import Item
from shared.contracts.refusals import Refused
from shared.workbook.form import folded, plain

AnyCell = Cell | MergedCell

TEXT_AT_MOST = 2000
# What arithmetic in binary leaves behind: 0.1 + 0.2 is 3 tenths, 1.005 is no hundredth.
_NOISE = Decimal("1e-9")
_POINTS_AT_MOST = Decimal(100_000)
_NUMBER_BELOW = Decimal(10) ** 12
_PLAIN = re.compile(r"[0-9]{1,12}(\.[0-9]*)?")
_GROUPED = re.compile(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?")
_YES = frozenset({"是", "适用", "yes", "y", "true", "√", "✓", "✔"})
_NO = frozenset({"否", "不适用", "no", "n", "false", "×", "x", "✗"})


def points_cp(cell: AnyCell) -> int | None:
    """Points in hundredths; None for an empty cell.

    Raises Refused: `cell-formula`, `cell-error`, `cell-date`, `cell-percentage`,
    `cell-not-a-number`, `cell-negative`, `cell-too-fine`, `cell-too-large`.
    """
    number = _number(cell, suffix="分")
    if number is None:
        return None
    if _is_percentage(cell):
        raise Refused("cell-percentage", said=_said(cell))
    exact = _settled(number, 2, cell)
    if exact > _POINTS_AT_MOST:
        raise Refused("cell-too-large", said=_said(cell))
    return int(exact * 100)


def measure(cell: AnyCell, item: Item) -> str | None:
    """What was counted, as decimal text; a share is in per cent, and `85%` is 85.

    Raises Refused as `points_cp` does.
    """
    share = item.method == "ratio-tiers"
    number = _number(cell, suffix="%" if share else "")
    if number is None:
        return None
    if _is_percentage(cell):
        if not share:
            raise Refused("cell-percentage", said=_said(cell))
        if not isinstance(cell.value, str):
            number *= 100  # the cell shows 85% and holds 0.85
    return format(abs(_settled(number, 6, cell)).normalize(), "f")


def applicable(cell: AnyCell) -> bool | None:
    """Yes or no in the ways people write it; None for an empty cell.

    Raises Refused: `cell-formula`, `cell-error`, `cell-not-yes-or-no`.
    """
    _no_formula(cell)
    match cell.value:
        case None:
            return None
        case bool():
            return cell.value
        case str():
            said = folded(cell.value).lower()
            if not said:
                return None
            if said in _YES or said in _NO:
                return said in _YES
    raise Refused("cell-not-yes-or-no", said=_said(cell))


def text(cell: AnyCell) -> str | None:
    """Words, a number or day as it stands; None for an empty cell.

    Raises Refused: `cell-formula`, `cell-error`, `cell-text-too-long`.
    """
    _no_formula(cell)
    match cell.value:
        case None:
            return None
        case bool():
            said = "是" if cell.value else "否"
        case dt.datetime() if cell.value.time() == dt.time():
            said = cell.value.date().isoformat()
        case float() if cell.value.is_integer():
            said = str(int(cell.value))
        case _:
            # openpyxl undoes the escape in shared strings, but not in those that it writes itself.
            said = plain(str(cell.value).replace("_x005F_", "_"))
    if len(said) > TEXT_AT_MOST:
        raise Refused("cell-text-too-long", length=len(said), at_most=TEXT_AT_MOST)
    return said or None


def code(cell: AnyCell) -> str:
    """An item's code, folded; empty for an empty cell. Raises Refused as `text` does."""
    return folded(text(cell) or "")


def escaped(value: str) -> str:
    """Text in which no program sees an escape: a cell's `_x0041_` would be read as A."""
    return _ESCAPE.sub("_x005F_", value)


def is_empty(cell: AnyCell) -> bool:
    """Nothing in it, or only blanks."""
    return cell.value is None or (isinstance(cell.value, str) and not folded(cell.value))


_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


def _number(cell: AnyCell, suffix: str) -> Decimal | None:
    _no_formula(cell)
    match cell.value:
        case None:
            return None
        case bool():
            raise Refused("cell-not-a-number", said=_said(cell))
        case int() | Decimal():
            number = Decimal(cell.value)
        case float():
            if not math.isfinite(cell.value):
                raise Refused("cell-not-a-number", said=_said(cell))
            number = Decimal(cell.value)
        case dt.datetime() | dt.date() | dt.time() | dt.timedelta():
            raise Refused("cell-date", said=_said(cell))
        case str():
            said = folded(cell.value)
            if not said:
                return None
            number = _spelt(said, suffix, cell)
        case _:
            raise Refused("cell-not-a-number", said=_said(cell))
    if number < 0:
        raise Refused("cell-negative", said=_said(cell))
    return number


def _spelt(said: str, suffix: str, cell: AnyCell) -> Decimal:
    negative = said.startswith("-")
    bare = said.removeprefix("-").removeprefix("+")
    if suffix:
        bare = bare.removesuffix(suffix)
    if bare.endswith("%") and _is_number(bare[:-1]):
        raise Refused("cell-percentage", said=_said(cell))
    if not _is_number(bare):
        raise Refused("cell-not-a-number", said=_said(cell))
    number = Decimal(bare.replace(",", ""))
    return -number if negative else number


def _is_number(said: str) -> bool:
    return bool(_PLAIN.fullmatch(said) or _GROUPED.fullmatch(said))


def _settled(number: Decimal, places: int, cell: AnyCell) -> Decimal:
    """The number with so many places, if it is that but for noise; else `cell-too-fine`."""
    if number >= _NUMBER_BELOW:
        raise Refused("cell-too-large", said=_said(cell))
    exact = round(number, places)
    noise = _NOISE if isinstance(cell.value, float) else Decimal(0)
    if abs(number - exact) > noise:
        raise Refused("cell-too-fine", said=_said(cell), places=places)
    return exact


def _is_percentage(cell: AnyCell) -> bool:
    return "%" in (cell.number_format or "") and not isinstance(cell.value, str)


def _no_formula(cell: AnyCell) -> None:
    if cell.data_type == "f":
        raise Refused("cell-formula")
    if cell.data_type == "e":
        raise Refused("cell-error", said=_said(cell))


def _said(cell: AnyCell) -> str:
    value = cell.value
    shown = f"{value:.15g}" if isinstance(value, float) else str(value)
    if isinstance(value, bool):
        shown = shown.upper()  # as the cell itself shows it
    return unicodedata.normalize("NFC", plain(shown))[:40]
