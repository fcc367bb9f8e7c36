"""The second fold, rule by rule: stages and sums of a small programme."""

import copy
from dataclasses import replace
from datetime import date

import pytest

from tests.unit.book import TARGETS, Book


@pytest.fixture
def book() -> Book:
    book = Book()
    book.programme("opened", "2018-02-05", targets=TARGETS)
    book.programme("township-enrolled", "2018-02-05", township="1")
    return book


def test_a_returned_office_is_ready_again_once_mended_and_scored_anew(book: Book) -> None:
    book.sent_back_in_2018()
    assert book.stage("2018-11-07") == "inspecting"
    assert book.stage("2018-11-08") == "rectifying"
    book.dossier("rectification-completed", "2018-12-01", deficiency_id="d")
    assert book.stage() == "rectifying"
    book.scored("2018-12-02", kind="pre-application")
    assert book.stage() == "ready"


def test_an_assessment_before_the_return_does_not_answer_it(book: Book) -> None:
    book.sent_back_in_2018()
    book.dossier("rectification-completed", "2018-12-01", deficiency_id="d")
    book.scored("2018-11-01")
    assert book.stage() == "rectifying"


def test_a_withdrawn_application_leaves_a_ready_office_ready(book: Book) -> None:
    book.scored("2018-08-01")
    book.dossier("application-submitted", "2018-10-08", round=1)
    book.case(1, "opened", "2018-10-08")
    book.case(1, "closed", "2018-10-09", outcome="withdrawn")
    assert book.stage() == "ready"


def test_an_application_without_a_case_has_applied(book: Book) -> None:
    book.dossier("application-submitted", "2018-10-08", round=1)
    assert book.stage() == "applied"


def test_stages_before_the_first_application_follow_the_dossier(book: Book) -> None:
    assert book.stage() == "enrolled"
    book.dossier("plan-filed", "2018-03-01", target="all")
    assert book.stage() == "planned"
    book.scored("2018-04-01", grade="none", kind="gap")
    assert book.stage() == "assessed"
    book.dossier("deficiency-found", "2018-04-02", deficiency_id="d", blocking=True)
    assert book.stage() == "assessed"
    book.dossier("rectification-planned", "2018-04-03", deficiency_id="d")
    book.scored("2018-08-01")
    assert book.stage() == "rectifying"
    book.dossier("rectification-completed", "2018-08-02", deficiency_id="d")
    assert book.stage() == "ready"


def test_a_title_wins_and_its_revocation_ends_it(book: Book) -> None:
    book.passed(1, "2018-12-01")
    book.awarded(1, "2018-12-20", "demonstration", "1")
    assert book.stage() == "demonstration"
    book.case(1, "title-revoked", "2019-01-10", plaque_number="1")
    assert book.stage() == "revoked"
    book.dossier("application-submitted", "2019-02-01", round=2)
    assert book.stage() == "applied"


def test_an_application_that_was_over_does_not_follow_a_revocation(book: Book) -> None:
    book.passed(1, "2018-12-01")
    book.awarded(1, "2018-12-20", "compliant", "1")
    book.dossier("application-submitted", "2019-01-05", round=2)
    book.case(2, "opened", "2019-01-05")
    book.case(1, "title-revoked", "2019-02-10", plaque_number="1")
    assert book.stage() == "applied"
    book.case(2, "preliminary-failed", "2019-02-01")
    assert book.stage() == "revoked"


def test_a_replaced_title_never_revives(book: Book) -> None:
    book.passed(1, "2018-12-01")
    book.awarded(1, "2018-12-20", "compliant", "1")
    book.passed(2, "2019-05-06")
    book.awarded(2, "2019-05-06", "demonstration", "2", replaces_title="1")
    book.case(2, "title-revoked", "2019-06-03", plaque_number="2")
    assert book.stage("2019-06-02") == "demonstration"
    assert book.stage() == "revoked"


def test_a_corrected_plaque_is_replaced_by_either_number_and_revoked_by_the_new(
    book: Book,
) -> None:
    book.passed(1, "2018-12-01")
    book.awarded(1, "2018-12-20", "compliant", "1")
    wrong = book.logs["review"][-2].id
    right = {"corrects": wrong, "field": "plaque_number", "was": "1", "is": "7"}
    book.case(1, "title-corrected", "2018-12-21", **right)
    later = copy.deepcopy(book)
    book.case(1, "title-revoked", "2019-01-10", plaque_number="7")
    assert book.stage() == "revoked"
    later.passed(2, "2019-05-06")
    later.awarded(2, "2019-05-06", "demonstration", "2", replaces_title="1")
    later.case(2, "title-revoked", "2019-06-03", plaque_number="2")
    assert later.stage() == "revoked"


def test_a_corrected_title_holds_from_the_day_of_the_correction(book: Book) -> None:
    book.passed(1, "2018-12-01")
    book.awarded(1, "2018-12-20", "compliant", "1")
    wrong = book.logs["review"][-2].id
    for day, title in (("2019-01-07", "demonstration"), ("2019-01-08", "compliant")):
        book.case(1, "title-corrected", day, corrects=wrong, field="title", **{"is": title})
        wrong = book.logs["review"][-1].id
    assert book.stage("2019-01-06") == "compliant"
    assert book.stage("2019-01-07") == "demonstration"
    assert book.stage() == "compliant"


def test_a_returned_recommendation_leads_back_to_passed(book: Book) -> None:
    book.case(1, "preliminary-passed", "2018-11-01")
    book.case(1, "recommended", "2018-11-02")
    book.case(1, "veto-recorded", "2018-11-03", gate="accident")
    assert book.stage() == "recommended"
    book.case(1, "recommendation-returned", "2018-11-05")
    assert book.stage() == "passed"


def test_a_moved_target_is_judged_by_its_new_day_from_then_on(book: Book) -> None:
    book.dossier("plan-filed", "2018-03-01", target="first")
    book.passed(1, "2019-01-20")
    book.programme("target-rescheduled", "2018-12-01", target="first", due_on="2019-01-31")
    assert book.campaign(date(2018, 11, 30)).targets["first"]["due_on"] == "2018-12-31"
    assert book.sums("first") == {"members": 1, "achieved": 1, "achieved_late": 0, "missed": 0}
    assert book.sums("all")["achieved"] == 1


def test_leaving_and_coming_back_after_the_due_day_stays_settled(book: Book) -> None:
    book.dossier("plan-filed", "2018-03-01", target="first")
    book.programme("township-withdrawn", "2019-01-10", township="1")
    book.programme("township-enrolled", "2019-03-01", township="1")
    assert book.sums("first")["members"] == 1
    assert book.stage("2019-02-01") == "left"
    assert book.stage() == "planned"


def test_a_township_that_left_has_left(book: Book) -> None:
    book.programme("township-withdrawn", "2018-06-01", township="1")
    assert book.stage() == "left"
    assert book.sums("all")["members"] == 0


def test_a_pass_on_the_due_day_counts_and_the_day_after_is_late(book: Book) -> None:
    book.dossier("plan-filed", "2018-03-01", target="first")
    book.passed(1, "2018-12-31")
    late = Book()
    late.logs = {name: rows.copy() for name, rows in book.logs.items()}
    assert book.sums("first") == {"members": 1, "achieved": 1, "achieved_late": 0, "missed": 0}
    late.logs["review"] = [replace(row, raw=_moved(row.raw)) for row in late.logs["review"]]
    assert late.sums("first") == {"members": 1, "achieved": 0, "achieved_late": 1, "missed": 0}


def _moved(raw: bytes) -> bytes:
    return raw.replace(b'"effective_on": "2018-12-31"', b'"effective_on": "2019-01-01"')


def test_missed_begins_the_day_after_and_ends_with_a_late_pass(book: Book) -> None:
    book.sent_back_in_2018()
    assert book.sums("first", date(2018, 12, 31))["missed"] == 0
    assert book.sums("first", date(2019, 1, 1))["missed"] == 1
    book.passed(2, "2019-06-05")
    assert book.sums("first") == {"members": 1, "achieved": 0, "achieved_late": 1, "missed": 0}


def test_leaving_a_target_after_its_due_day_changes_nothing(book: Book) -> None:
    book.dossier("plan-filed", "2018-03-01", target="first")
    book.dossier("plan-revised", "2019-01-02", target="all")
    assert book.sums("first")["members"] == 1


def test_a_revocation_after_the_due_day_leaves_an_achievement_and_undoes_a_late_one(
    book: Book,
) -> None:
    book.dossier("plan-filed", "2018-03-01", target="first")
    book.passed(1, "2018-12-01")
    book.awarded(1, "2018-12-20", "compliant", "1")
    book.case(1, "title-revoked", "2019-02-01", plaque_number="1")
    assert book.sums("first")["achieved"] == 1
    other = Book()
    other.programme("opened", "2018-02-05", targets=TARGETS)
    other.programme("township-enrolled", "2018-02-05", township="1")
    other.dossier("plan-filed", "2018-03-01", target="first")
    other.passed(1, "2019-01-20")
    other.awarded(1, "2019-01-21", "compliant", "1")
    other.case(1, "title-revoked", "2019-02-01", plaque_number="1")
    assert other.sums("first") == {"members": 1, "achieved": 0, "achieved_late": 0, "missed": 1}
