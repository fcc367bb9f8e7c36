"""What a workbook would change in a draft, and where it meets what others did meanwhile."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.submission.drafts.draft import Draft, Edit
from shared.contracts.blocks import Mark
from shared.contracts.programme import StandardPublished
from shared.workbook.form import Finding, Reading, completed, same


@dataclass(frozen=True, slots=True)
class Import:
    """Edits by item, and how many items of the standard each row, or none, speaks of.

    `untouched` have no row, or one in which nobody wrote while the draft went on.
    """

    edits: Mapping[str, Edit]
    findings: tuple[Finding, ...]
    changed: int
    unchanged: int
    cleared: int
    untouched: int


def compared(draft: Draft, reading: Reading, standard: StandardPublished) -> Import:
    """The workbook against the draft as it is now.

    What somebody else has changed meanwhile is kept where nobody wrote in its row, and is a
    finding (`draft-item-changed`) where somebody did and says otherwise.
    """
    edits: dict[str, Edit] = {}
    findings = list(reading.findings)
    unchanged = kept = 0
    for row in reading.rows:
        known = draft.items.get(row.item)
        if same(row.mark, known.mark if known else None):
            unchanged += 1
        elif not row.touched:
            kept += 1
        elif draft.item_version(row.item) != row.version:
            findings.append(
                Finding(row.row, "points", row.item, "draft-item-changed", {"item": row.item})
            )
        else:
            edits[row.item] = Edit(completed(row.mark, known.mark if known else None), row.version)
    cleared = sum(edit.mark is None for edit in edits.values())
    return Import(
        edits=edits,
        findings=tuple(findings),
        changed=len(edits) - cleared,
        unchanged=unchanged,
        cleared=cleared,
        untouched=kept + len(standard.items) - len({row.item for row in reading.rows}),
    )


def after(draft: Draft, edits: Mapping[str, Edit]) -> tuple[Mark, ...]:
    """The marks of the draft once it was edited so."""
    marks = {item: one.mark for item, one in draft.items.items()}
    for item, edit in edits.items():
        if edit.mark is None:
            marks.pop(item, None)
        else:
            marks[item] = edit.mark
    return tuple(marks.values())
