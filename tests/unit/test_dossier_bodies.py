"""What may be sent to a dossier, and of what the other services ask for in the same words."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel, ValidationError

from services.review import bodies as review
from services.review import case_bodies
from services.review.directory import PostingBody
from services.submission.bodies import (
    AssessmentBody,
    FindingBody,
    FindingsBody,
    PlanBody,
    RemedyBody,
)
from shared.contracts.blocks import Document
from shared.web.bodies import DocumentBody
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


DEFINITION: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parents[2] / "deploy/programmes/shanting-2018.yaml").read_text("utf-8")
)
BATCH: dict[str, Any] = {
    "batch": "2018-1",
    "name": "首批",
    "opens_on": "2018-09-03",
    "closes_on": "2018-10-31",
    "target": "first-2018",
}
TOWNSHIP_BODY: dict[str, Any] = {
    "township": "370406001",
    "name": "山城街道",
    "kind": "subdistrict",
    "office": "370406001-office",
    "office_name": "山城街道安监办",
    "government": "370406001-gov",
    "government_name": "山城街道办事处",
}
TITLED = {"title": "通知"}
POSTING: dict[str, Any] = {
    "organisation": "370406-safety",
    "post": "科员",
    "name": "甲",
    "from_on": "2018-01-01",
}


def with_(sent: dict[str, Any], where: tuple[str | int, ...], value: object) -> dict[str, Any]:
    """A copy that says `value` in one place."""
    copy = deepcopy(sent)
    place: Any = copy
    for part in where[:-1]:
        place = place[part]
    place[where[-1]] = value
    return copy


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
        ({"measure": "\ud800"}, "measure", "string_unicode"),
        ({"cost_fen": -1}, "cost_fen", "greater_than_equal"),
        ({"cost": 1}, "cost", "extra_forbidden"),
    ],
)
def test_what_a_remedy_says_is_bounded(change: dict[str, Any], field: str, kind: str) -> None:
    assert refused(RemedyBody, REMEDY | change) == [((field,), kind)]


def test_no_text_holds_a_nul() -> None:
    assert refused(RemedyBody, REMEDY | {"measure": "a\x00b"}) == [((), "value_error")]


@pytest.mark.parametrize("day", [1_535_760_000, "1535760000", "2018-09-01T00:00:00"])
@pytest.mark.parametrize(
    ("body", "sent", "field"),
    [
        (review.LeavingBody, {"reason": "撤并"}, "effective_on"),
        (review.BatchBody, BATCH, "opens_on"),
        (case_bodies.AwardsBody, {"titles": []}, "valid_until_on"),
        (PostingBody, POSTING, "from_on"),
        (PlanBody, PLAN, "effective_on"),
        (DocumentBody, {"title": "通知"}, "issued_on"),
        (PlanBody, PLAN | {"document": TITLED}, "document.issued_on"),
    ],
)
def test_both_services_take_a_day_only_as_a_day(
    body: type[BaseModel], sent: dict[str, Any], field: str, day: object
) -> None:
    where = tuple(int(part) if part.isdigit() else part for part in field.split("."))
    assert refused(body, with_(sent, where, day)) == [(where, "date_parsing")]


@pytest.mark.parametrize(
    ("where", "value", "kind"),
    [
        (("phases", 0, "to_on"), 1_535_760_000, "date_parsing"),
        (("targets", 0, "due_on"), "1535760000", "date_parsing"),
        (("standard", "items", 0, "code"), "staff.1", "string_pattern_mismatch"),
        (("district", "organisation"), "370406/safety", "string_pattern_mismatch"),
    ],
)
def test_a_definition_holds_no_day_or_code_that_nobody_could_name(
    where: tuple[str | int, ...], value: object, kind: str
) -> None:
    sent = with_(DEFINITION, where, value)
    ((found, type_),) = refused(review.DefinitionBody, sent)
    assert (found, type_) == (where[:-1], kind)


def test_the_definition_that_is_delivered_is_taken() -> None:
    assert len(review.DefinitionBody.model_validate(DEFINITION).townships) == 10


@pytest.mark.parametrize("code", ["370406.001", "370406_001", "a/b", "", "x" * 61])
def test_no_township_is_enrolled_that_could_not_be_addressed(code: str) -> None:
    ((where, kind),) = refused(review.TownshipBody, TOWNSHIP_BODY | {"township": code})
    assert (where, kind) == (("township",), "string_pattern_mismatch")


@pytest.mark.parametrize("answer", [1, "yes", "true", None])
def test_what_applies_and_what_is_allowed_is_said_with_true_or_false(answer: object) -> None:
    marks_ = {"marks": [MARK | {"applicable": answer}]}
    assert refused(case_bodies.MarksBody, marks_) == [(("marks", 0, "applicable"), "bool_type")]
    claim = {"item": "vehicle", "allowed": answer, "reason": "无"}
    assert refused(case_bodies.ClaimBody, claim) == [(("allowed",), "bool_type")]


@pytest.mark.parametrize("digest", ["a" * 63, "A" * 64, "sha256:" + "a" * 57])
def test_a_papers_hash_is_a_hash_or_null(digest: str) -> None:
    paper = {"title": "通知", "sha256": digest}
    where = ("document", "sha256")
    expected = [(where, "string_pattern_mismatch")]
    assert refused(PlanBody, PLAN | {"document": paper}) == expected
    assert refused(review.LeavingBody, {"reason": "撤并", "document": paper}) == expected


def test_a_consent_names_an_officer_as_they_sign_in() -> None:
    consent = {"organisation": "370406-safety", "officer": "o.02@safety", "document": TITLED}
    body = PlanBody.model_validate(PLAN | {"consent": consent})
    assert body.consent is not None
    assert body.consent.consent().officer == "o.02@safety"


def test_of_a_paper_only_its_title_must_be_known() -> None:
    body = PlanBody.model_validate(PLAN | {"document": TITLED})
    assert body.document == Document(title="通知")


def test_a_list_of_gaps_names_at_least_one() -> None:
    assert refused(FindingsBody, {"deficiencies": []}) == [(("deficiencies",), "too_short")]
