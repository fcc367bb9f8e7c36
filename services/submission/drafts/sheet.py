"""A draft beside the standard in force: what fits, what does not any more, what an edit makes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.contracts.blocks import Mark
from shared.contracts.programme import Item, StandardPublished
from shared.contracts.refusals import Refused
from shared.standard import check, value


@dataclass(frozen=True, slots=True)
class Fitted:
    """Marks in the order of the standard, and by item why others cannot be scored under it."""

    marks: tuple[Mark, ...]
    stale: Mapping[str, Refused]


def fitted(standard: StandardPublished, marks: Sequence[Mark]) -> Fitted:
    """Set apart what the standard in force does not know, or cannot give.

    An item whose maximum has changed is among them: the mark was given out of another one.
    """
    order = {item.code: number for number, item in enumerate(standard.items)}
    stale: dict[str, Refused] = {}
    for mark in marks:
        try:
            check(standard, [mark], complete=False)
        except Refused as refused:
            stale[mark.item] = refused
    fit = [mark for mark in marks if mark.item not in stale]
    return Fitted(tuple(sorted(fit, key=lambda mark: order[mark.item])), stale)


def freezable(
    standard: StandardPublished, marks: Sequence[Mark], *, version: int, expected: int
) -> tuple[Mark, ...]:
    """The marks of a draft that stands at `version`, as an assessment takes them.

    Raises Refused: `draft-changed` where that is not the version expected, and `draft-stale`.
    """
    if version != expected:
        raise Refused("draft-changed", expected=expected, version=version)
    sheet = fitted(standard, marks)
    if sheet.stale:
        raise Refused("draft-stale", items=sorted(sheet.stale), count=len(sheet.stale))
    return sheet.marks


def item_of(standard: StandardPublished, code: str) -> Item:
    """The line of the standard; Refused("unknown-item")."""
    for item in standard.items:
        if item.code == code:
            return item
    raise Refused("unknown-item", item=code, version=standard.standard.version)


def says(mark: Mark, sent: Mapping[str, Any]) -> bool:
    """Whether the mark is as it was sent already, as after an edit whose answer was lost."""
    return all(getattr(mark, name) == field for name, field in sent.items())


def edited(item: Item, known: Mark | None, sent: Mapping[str, Any]) -> Mark:
    """The mark that is known, with the fields that were sent in their places.

    A count gives the mark where none is sent, and what does not apply has neither. A mark given
    out of another maximum is none any more. Raises Refused: `mark-missing`, and
    `measure-not-a-number`. Whether the mark can be is for `check` to say.
    """
    if known is not None and known.max_cp != item.max_cp:
        known = None
    fields: dict[str, Any] = {
        "applicable": True if known is None else known.applicable,
        "mark_cp": known.mark_cp if known is not None and known.applicable else None,
        "measure": None if known is None else known.measure,
        "unit": None if known is None else known.unit,
        "reason": None if known is None else known.reason,
        "evidence": () if known is None else known.evidence,
        **sent,
    }
    if not fields["applicable"]:
        fields = {**fields, "mark_cp": 0, "measure": None, **sent}
        fields["mark_cp"] = fields["mark_cp"] or 0
    elif sent.get("mark_cp") is None and sent.get("measure") is not None:
        counted = value(item, sent["measure"])
        fields["mark_cp"] = fields["mark_cp"] if counted is None else counted
    if fields["mark_cp"] is None:
        raise Refused("mark-missing", item=item.code)
    return Mark(item=item.code, max_cp=item.max_cp, **fields)
