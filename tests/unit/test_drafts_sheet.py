"""What an edit makes of a mark, and which marks the standard in force cannot take."""

from dataclasses import replace
from typing import Any

import pytest

from services.submission.drafts.sheet import edited, fitted, freezable, item_of
from shared.contracts.blocks import Mark
from shared.contracts.programme import Params
from shared.contracts.refusals import Refused
from tests.unit.dossiers import STANDARD, marks

FILES, VEHICLE = item_of(STANDARD, "files"), item_of(STANDARD, "vehicle")
SHA = "a" * 64
KNOWN = Mark(
    item="files",
    mark_cp=1800,
    max_cp=2000,
    measure="2",
    unit="处",
    reason="缺页",
    evidence=(SHA,),
)
CLAIM = Mark(item="vehicle", applicable=False, mark_cp=0, max_cp=1000, reason="不配车")


@pytest.mark.parametrize(
    ("known", "sent", "mark"),
    [
        (None, {"mark_cp": 1800}, Mark(item="files", mark_cp=1800, max_cp=2000)),
        (None, {"measure": "3"}, Mark(item="files", mark_cp=1700, max_cp=2000, measure="3")),
        (KNOWN, {}, KNOWN),
        (KNOWN, {"reason": None, "evidence": ()}, replace(KNOWN, reason=None, evidence=())),
        (KNOWN, {"measure": "5"}, replace(KNOWN, measure="5", mark_cp=1500)),
        (KNOWN, {"measure": None, "mark_cp": 0}, replace(KNOWN, measure=None, mark_cp=0)),
        # Somebody changed the mark alone: that it differs from the count is for `check` to say.
        (KNOWN, {"mark_cp": 0}, replace(KNOWN, mark_cp=0)),
    ],
)
def test_what_is_not_sent_stays_and_a_count_gives_the_mark(
    known: Mark | None, sent: dict[str, Any], mark: Mark
) -> None:
    assert edited(FILES, known, sent) == mark


def test_what_does_not_apply_has_neither_mark_nor_count() -> None:
    counted = Mark(item="vehicle", mark_cp=900, max_cp=1000, measure="1")
    claimed = edited(VEHICLE, counted, {"applicable": False, "reason": "不配车"})
    assert claimed == CLAIM
    assert edited(VEHICLE, CLAIM, {"reason": "无车"}) == replace(CLAIM, reason="无车")


def test_a_contradiction_that_was_sent_is_left_for_check_to_refuse() -> None:
    assert edited(VEHICLE, None, {"applicable": False, "mark_cp": 100}).mark_cp == 100
    assert edited(VEHICLE, None, {"applicable": False, "measure": "1"}).measure == "1"


@pytest.mark.parametrize(
    ("known", "sent"),
    [
        (None, {"reason": "缺页"}),
        (KNOWN, {"mark_cp": None}),
        (replace(KNOWN, max_cp=2500), {"reason": "照旧"}),
    ],
)
def test_a_mark_that_nobody_gave_is_asked_for(known: Mark | None, sent: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="mark-missing"):
        edited(FILES, known, sent)


def test_an_item_that_applies_again_needs_a_mark() -> None:
    with pytest.raises(Refused, match="mark-missing"):
        edited(VEHICLE, CLAIM, {"applicable": True})
    assert edited(VEHICLE, CLAIM, {"applicable": True, "measure": "0"}).mark_cp == 1000


def test_a_count_of_an_item_that_is_all_or_nothing_gives_no_mark() -> None:
    whole = replace(FILES, method="all-or-nothing", params=Params())
    with pytest.raises(Refused, match="mark-missing"):
        edited(whole, None, {"measure": "1"})
    given = edited(whole, None, {"measure": "1", "mark_cp": 2000})
    assert edited(whole, given, {"measure": "2"}).mark_cp == 2000


def test_an_item_that_the_standard_does_not_know_is_refused() -> None:
    with pytest.raises(Refused, match="unknown-item"):
        item_of(STANDARD, "boat")


def test_what_fits_stands_in_the_order_of_the_standard_and_the_rest_apart() -> None:
    staff, rules, files, vehicle = marks()
    boat = replace(staff, item="boat")
    found = fitted(STANDARD, [vehicle, boat, replace(files, max_cp=2500), rules, staff])
    assert found.marks == (staff, rules, vehicle)
    assert {item: why.code for item, why in found.stale.items()} == {
        "boat": "unknown-item",
        "files": "item-maximum-differs",
    }


def test_a_draft_is_frozen_at_the_version_that_was_looked_at() -> None:
    table = marks(files=3)
    assert freezable(STANDARD, table[::-1], version=7, expected=7) == table
    with pytest.raises(Refused, match="draft-changed") as refused:
        freezable(STANDARD, table, version=8, expected=7)
    assert refused.value.facts == {"expected": 7, "version": 8}


def test_a_draft_that_does_not_fit_names_the_items_that_do_not() -> None:
    lower = replace(STANDARD, items=(STANDARD.items[0], replace(FILES, max_cp=1500)))
    with pytest.raises(Refused, match="draft-stale") as refused:
        freezable(lower, marks(), version=1, expected=1)
    assert refused.value.facts == {"items": ["files", "rules", "vehicle"], "count": 3}
