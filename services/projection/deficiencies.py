"""Deficiencies by item across the townships: what everybody struggles with. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.projection.happenings import event_names
from services.projection.models.deficiency import Deficiency, Finding
from services.projection.picture import Picture, Township
from services.projection.stage import Stage
from shared.contracts.blocks import FoundBy


@dataclass(frozen=True, slots=True, kw_only=True)
class One:
    """A deficiency that was not withdrawn."""

    deficiency: str
    open: bool
    blocking: bool
    found_by: FoundBy
    gap_cp: int
    description: str
    found_on: date | None
    due_on: date | None
    closed_on: date | None
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Counts of deficiencies; `blocking` and `overdue` count open ones alone.

    `gap_cp` are the points that are missing now: of one office and item the largest of the open
    gaps, since two findings about one item miss the same points; then summed.
    """

    open: int
    closed: int
    blocking: int
    overdue: int
    gap_cp: int
    found_by: Mapping[FoundBy, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """An item in a township."""

    township: str
    name: str
    figures: Figures
    deficiencies: tuple[One, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An item, by the name it has in the latest standard that knows it."""

    item: str
    name: str | None
    category: str
    category_name: str | None
    figures: Figures
    townships: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A township over all items."""

    township: str
    name: str
    figures: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class DeficiencyMap:
    """Items with most open deficiencies first, then in the order of the standard."""

    figures: Figures
    items: tuple[Row, ...]
    townships: tuple[Column, ...]


def deficiency_map(picture: Picture) -> DeficiencyMap:
    """Every item in which anything was found and not withdrawn, in townships that take part."""
    items = [line.items for line in picture.programme.standards]
    categories = [line.categories for line in picture.programme.standards]
    taking_part = sorted(
        (one for one in picture.townships if one.stage is not Stage.LEFT),
        key=lambda one: one.code,
    )
    cells: dict[str, list[Cell]] = {}
    category: dict[str, str] = {}
    for township in taking_part:
        for item, found in _by_item(township).items():
            category.setdefault(item, found[0].finding.category)
            cells.setdefault(item, []).append(_cell(township, found, picture.on))
    order = {item: at for at, item in enumerate(items[-1] if items else ())}
    rows = [
        Row(
            item=item,
            name=_latest(items, item),
            category=category[item],
            category_name=_latest(categories, category[item]),
            figures=_sum(cell.figures for cell in row),
            townships=tuple(row),
        )
        for item, row in cells.items()
    ]
    rows.sort(key=lambda row: (-row.figures.open, order.get(row.item, len(order)), row.item))
    by_township: dict[str, list[Figures]] = {}
    for row in rows:
        for cell in row.townships:
            by_township.setdefault(cell.township, []).append(cell.figures)
    columns = [
        Column(township=one.code, name=one.name, figures=_sum(by_township.get(one.code, ())))
        for one in taking_part
    ]
    return DeficiencyMap(
        figures=_sum(row.figures for row in rows), items=tuple(rows), townships=tuple(columns)
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """A deficiency whose finding is known, by its id."""

    name: str
    deficiency: Deficiency
    finding: Finding


def _by_item(township: Township) -> dict[str, list[_Found]]:
    found: dict[str, list[_Found]] = {}
    for name, one in township.dossier.all_deficiencies().items():
        if one.finding is not None and one.state != "withdrawn":
            found.setdefault(one.finding.item, []).append(_Found(name, one, one.finding))
    return found


def _cell(township: Township, found: list[_Found], on: date) -> Cell:
    dossier = township.dossier
    subject = f"{dossier.programme}/{dossier.township}"
    lines = tuple(
        One(
            deficiency=one.name,
            open=one.deficiency.state == "open",
            blocking=one.deficiency.blocking,
            found_by=one.finding.found_by,
            gap_cp=one.finding.gap_cp,
            description=one.finding.description,
            found_on=one.deficiency.found_on,
            due_on=one.deficiency.due_on,
            closed_on=one.deficiency.closed_on,
            events=event_names("dossier", subject, one.deficiency.versions),
        )
        for one in found
    )
    open_ = [line for line in lines if line.open]
    figures = Figures(
        open=len(open_),
        closed=len(lines) - len(open_),
        blocking=sum(line.blocking for line in open_),
        overdue=sum(line.due_on is not None and line.due_on < on for line in open_),
        gap_cp=max((line.gap_cp for line in open_), default=0),
        found_by=Counter(line.found_by for line in lines),
    )
    return Cell(township=township.code, name=township.name, figures=figures, deficiencies=lines)


def _sum(parts: Iterable[Figures]) -> Figures:
    figures = list(parts)
    found_by: Counter[FoundBy] = Counter()
    for one in figures:
        found_by.update(one.found_by)
    return Figures(
        open=sum(one.open for one in figures),
        closed=sum(one.closed for one in figures),
        blocking=sum(one.blocking for one in figures),
        overdue=sum(one.overdue for one in figures),
        gap_cp=sum(one.gap_cp for one in figures),
        found_by=found_by,
    )


def _latest(names: Sequence[Mapping[str, str]], code: str) -> str | None:
    """What the last standard that knows it calls it."""
    return next((known[code] for known in reversed(names) if code in known), None)
