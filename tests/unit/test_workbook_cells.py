"""What people type into a cell, and what is made of it."""

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from tests.unit.workbooks import filled, marks, mistakes, reading

JG_1, JG_2, RY_1, RY_2 = "JG-1", "JG-2", "RY-1", "RY-2"


@pytest.mark.parametrize(
    ("typed", "mark_cp"),
    [
        (40, 4000),
        (12.5, 1250),
        (0.1 + 0.2, 30),
        (29.299999999999997, 2930),
        (Decimal("12.50"), 1250),
        ("12.5", 1250),
        ("１２．５", 1250),
        (" 12.50 分 ", 1250),
        ("12.500", 1250),
        ("\u00a012.5\u200b", 1250),
        ("+12.5", 1250),
        ("0", 0),
        (0, 0),
        (-0.0, 0),
    ],
)
def test_points_are_read_exactly(typed: Any, mark_cp: int) -> None:
    assert marks(filled({(JG_2, "points"): typed}))[JG_2].mark_cp == mark_cp


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        (1.005, "cell-too-fine"),
        (1.0049999, "cell-too-fine"),
        ("1.005", "cell-too-fine"),
        (-3, "cell-negative"),
        ("-3", "cell-negative"),
        ("－3", "cell-negative"),
        (True, "cell-not-a-number"),
        ("十二", "cell-not-a-number"),
        ("12,5", "cell-not-a-number"),
        ("1e3", "cell-not-a-number"),
        ("12.5.1", "cell-not-a-number"),
        ("12或13", "cell-not-a-number"),
        ("85%", "cell-percentage"),
        ("=10+2.5", "cell-formula"),
        ("#REF!", "cell-error"),
        (datetime(2018, 3, 5), "cell-date"),  # noqa: DTZ001  # cells know no zones
        (date(2018, 3, 5), "cell-date"),
        (time(3, 5), "cell-date"),
        (1e300, "cell-too-large"),
        (51, "mark-over-maximum"),
        ("9" * 30, "cell-not-a-number"),
    ],
)
def test_what_is_no_number_of_points_is_said_to_be_none(typed: Any, code: str) -> None:
    assert mistakes(filled({(JG_2, "points"): typed})) == [(8, "points", code)]


def test_a_percentage_is_not_taken_for_points() -> None:
    sent = filled({(JG_2, "points"): 0.85}, points="0%")
    assert mistakes(sent) == [(8, "points", "cell-percentage")]


@pytest.mark.parametrize("typed", [85, 85.0, "85", "85%", "８５％"])
def test_a_share_is_counted_in_per_cent(typed: Any) -> None:
    found = marks(filled({(RY_1, "measure"): typed}))[RY_1]
    assert (found.measure, found.mark_cp) == ("85", 1250)


def test_a_share_formatted_as_a_percentage_is_what_the_cell_shows() -> None:
    found = marks(filled({(RY_1, "measure"): 0.855}, measure="0.0%"))[RY_1]
    assert (found.measure, found.mark_cp) == ("85.5", 1250)


def test_a_count_without_points_gives_the_points() -> None:
    found = marks(filled({(RY_2, "measure"): 2, (JG_2, "measure"): 300}))
    assert (found[RY_2].mark_cp, found[JG_2].mark_cp) == (400, 4700)


def test_points_that_differ_from_the_count_are_a_mistake() -> None:
    sent = filled({(RY_2, "measure"): 2, (RY_2, "points"): 6})
    assert mistakes(sent) == [(10, "points", "mark-differs-from-measure")]


def test_half_a_thing_cannot_be_counted() -> None:
    assert mistakes(filled({(RY_2, "measure"): 1.5})) == [(10, "measure", "measure-not-a-number")]


def test_points_that_the_method_cannot_give_are_a_mistake() -> None:
    assert mistakes(filled({(JG_1, "points"): 20})) == [(7, "points", "mark-not-attainable")]


@pytest.mark.parametrize("typed", ["否", " 否 ", "no", "N", "不适用", "×", False])
def test_an_item_may_not_apply_where_the_standard_allows_it(typed: Any) -> None:
    found = marks(filled({(JG_2, "applicable"): typed}))[JG_2]
    assert (found.applicable, found.mark_cp) == (False, 0)


def test_an_item_that_must_apply_does() -> None:
    sent = filled({(JG_1, "applicable"): "否"})
    assert mistakes(sent) == [(7, "applicable", "not-applicable-not-allowed")]


def test_an_item_that_does_not_apply_has_no_points() -> None:
    sent = filled({(JG_2, "applicable"): "否", (JG_2, "points"): 5})
    assert mistakes(sent) == [(8, "points", "not-applicable-with-mark")]


@pytest.mark.parametrize("typed", ["也许", 2, "是否"])
def test_an_answer_is_yes_or_no(typed: Any) -> None:
    sent = filled({(JG_2, "applicable"): typed, (JG_2, "points"): 5})
    assert mistakes(sent) == [(8, "applicable", "cell-not-yes-or-no")]


def test_a_reason_alone_is_no_mark() -> None:
    assert mistakes(filled({(JG_2, "reason"): "待核实"})) == [(8, "points", "points-missing")]


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("  两名在编\r\n一名借调 ", "两名在编\n一名借调"),
        (2018, "2018"),
        (2018.0, "2018"),
        (datetime(2018, 3, 5), "2018-03-05"),  # noqa: DTZ001  # cells know no zones
        ("   ", None),
    ],
)
def test_a_reason_may_be_anything_that_can_be_said(typed: Any, reason: str | None) -> None:
    sent = filled({(JG_2, "points"): 5, (JG_2, "reason"): typed})
    assert marks(sent)[JG_2].reason == reason


def test_a_reason_has_an_end() -> None:
    sent = filled({(JG_2, "points"): 5, (JG_2, "reason"): "长" * 2001})
    assert mistakes(sent) == [(8, "reason", "cell-text-too-long")]


def test_blanks_are_no_mark() -> None:
    assert marks(filled({(JG_2, "points"): "  ", (JG_2, "reason"): "\u3000"})) == {}


def test_a_tick_is_told_as_the_cell_shows_it() -> None:
    (told,) = reading(filled({(JG_2, "points"): True})).findings
    assert told.facts["said"] == "TRUE"


def test_every_mistake_of_a_row_is_named() -> None:
    sent = filled({(JG_2, "points"): "很多", (JG_2, "measure"): -1, (JG_2, "reason"): "=1"})
    assert mistakes(sent) == [
        (8, "points", "cell-not-a-number"),
        (8, "measure", "cell-negative"),
        (8, "reason", "cell-formula"),
    ]
