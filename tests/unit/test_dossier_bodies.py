"""What may be sent to a dossier."""

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from services.submission.bodies import (
    AssessmentBody,
    FindingBody,
    FindingsBody,
    PlanBody,
    RemedyBody,
)
from tests.unit.dossiers import STANDARD, intent, marks

PLAN: dict[str, Any] = {
    "target": "first-2018",
    "batch": "2018-1",
    "reach_on": "2018-11-30",
    "goals": ["达标"],
    "duties": [{"duty": "档案", "post": "内勤"}],
}
MARK: dict[str, Any] = {"item": "staff", "mark_cp": 4000}
REMEDY: dict[str, Any] = {"measure": "补", "responsible_post": "内勤", "due_on": "2018-06-29"}


def refused(body: type[BaseModel], sent: dict[str, Any]) -> list[tuple[tuple[object, ...], str]]:
    with pytest.raises(ValidationError) as invalid:
        body.model_validate(sent)
    return [(error["loc"], error["type"]) for error in invalid.value.errors()]


def test_a_plan_says_what_the_office_intends() -> None:
    assert PlanBody.model_validate(PLAN).intent() == intent()


def test_marks_take_their_maximum_from_the_standard() -> None:
    sent = [{"item": one.item, "mark_cp": one.mark_cp} for one in marks(files=3)]
    body = AssessmentBody.model_validate({"kind": "full", "marks": sent})
    assert body.scored(STANDARD) == marks(files=3)


def test_a_maximum_that_is_sent_is_left_for_the_standard_to_judge() -> None:
    body = AssessmentBody.model_validate({"kind": "gap", "marks": [MARK | {"max_cp": 5000}]})
    assert body.scored(STANDARD)[0].max_cp == 5000


@pytest.mark.parametrize("day", [1_535_760_000, "2018-09-01T00:00:00", "2018-9-1", "20180901", ""])
def test_a_day_is_written_as_a_day(day: object) -> None:
    assert refused(PlanBody, PLAN | {"reach_on": day}) == [(("reach_on",), "date_parsing")]


@pytest.mark.parametrize("mark", [1.5, "4000", True])
def test_points_are_whole_numbers(mark: object) -> None:
    errors = refused(AssessmentBody, {"kind": "gap", "marks": [MARK | {"mark_cp": mark}]})
    assert errors == [(("marks", 0, "mark_cp"), "int_type")]


def test_a_flag_is_not_a_word() -> None:
    finding = {"item": "files", "description": "缺页", "blocking": "no"}
    assert refused(FindingBody, finding) == [(("blocking",), "bool_type")]


@pytest.mark.parametrize(
    ("change", "field", "kind"),
    [
        ({"measure": "补" * 2001}, "measure", "string_too_long"),
        ({"measure": "   "}, "measure", "string_too_short"),
        ({"measure": "a\x00b"}, "measure", "string_pattern_mismatch"),
        ({"measure": "\ud800"}, "measure", "string_unicode"),
        ({"cost_fen": -1}, "cost_fen", "greater_than_equal"),
        ({"cost": 1}, "cost", "extra_forbidden"),
    ],
)
def test_what_a_remedy_says_is_bounded(change: dict[str, Any], field: str, kind: str) -> None:
    assert refused(RemedyBody, REMEDY | change) == [((field,), kind)]


def test_a_list_of_gaps_names_at_least_one() -> None:
    assert refused(FindingsBody, {"deficiencies": []}) == [(("deficiencies",), "too_short")]
