"""A verifier that lets a difference pass is worse than none: each kind is planted and told."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from deploy.local.replay import Campaign, Row
from deploy.local.verify import JOURNALED, Said, Verdict, judge

P = "p"
END = date(2019, 12, 31)
TARGETS = [
    {"code": "first", "due_on": "2018-12-31", "members": "committed", "achieved_by": "city-passed"},
    {"code": "all", "due_on": "2019-12-31", "members": "all", "achieved_by": "city-passed"},
]


class Book:
    """Rows as three logs hold them, written one event after another."""

    def __init__(self) -> None:
        self.logs: dict[str, list[Row]] = {"submission": [], "review": [], "notification": []}

    def say(self, log: str, context: str, subject: str, name: str, day: str, **data: Any) -> None:
        rows = self.logs[log]
        version = 1 + sum((row.context, row.subject) == (context, subject) for row in rows)
        rows.append(
            Row(
                position=len(rows) + 1,
                context=context,
                subject=subject,
                version=version,
                id=f"{context}-{subject}-{version}",
                type=f"fuyan.{context}.{name}.v1",
                effective_on=date.fromisoformat(day),
                raw=json.dumps({"effective_on": day, **data}).encode(),
            )
        )

    def programme(self, name: str, day: str, **data: Any) -> None:
        self.say("review", "programme", P, name, day, **data)

    def dossier(self, name: str, day: str, **data: Any) -> None:
        self.say("submission", "dossier", f"{P}/1", name, day, **data)

    def case(self, round_: int, name: str, day: str, **data: Any) -> None:
        self.say("review", "case", f"{P}/1/{round_}", name, day, **data)

    def scored(self, day: str, grade: str = "compliant", kind: str = "full") -> None:
        self.dossier(
            "self-assessment-recorded", day, kind=kind, complete=True, totals={"grade": grade}
        )

    def sent_back_in_2018(self) -> None:
        self.dossier("plan-filed", "2018-03-01", target="first")
        self.scored("2018-08-01")
        self.dossier("application-submitted", "2018-10-08", round=1)
        self.case(1, "opened", "2018-10-08")
        self.case(1, "team-appointed", "2018-10-10")
        self.case(1, "returned", "2018-11-08")
        self.case(1, "closed", "2018-11-08", outcome="returned")
        self.dossier("application-returned", "2018-11-08", round=1)
        self.dossier("deficiency-found", "2018-11-08", deficiency_id="d", blocking=True)
        self.dossier("application-closed", "2018-11-08", round=1, outcome="returned")

    def passed(self, round_: int, day: str) -> None:
        self.dossier("application-submitted", day, round=round_)
        self.case(round_, "opened", day)
        self.case(round_, "city-marks-recorded", day)
        self.case(round_, "city-passed", day)

    def campaign(self, on: date = END) -> Campaign:
        return Campaign.of([row for rows in self.logs.values() for row in rows], P, on)

    def stage(self, on: str = "2019-12-31") -> str:
        return self.campaign(date.fromisoformat(on)).stages()["1"]

    def sums(self, code: str, on: date = END) -> dict[str, int]:
        campaign = self.campaign(on)
        return campaign.count(campaign.targets[code], on)


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
    book.case(1, "title-awarded", "2018-12-20", title="demonstration")
    assert book.stage() == "demonstration"
    book.case(1, "title-revoked", "2019-01-10")
    assert book.stage() == "revoked"


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
    book.case(1, "title-revoked", "2019-02-01")
    assert book.sums("first")["achieved"] == 1
    other = Book()
    other.programme("opened", "2018-02-05", targets=TARGETS)
    other.programme("township-enrolled", "2018-02-05", township="1")
    other.dossier("plan-filed", "2018-03-01", target="first")
    other.passed(1, "2019-01-20")
    other.case(1, "title-revoked", "2019-02-01")
    assert other.sums("first") == {"members": 1, "achieved": 0, "achieved_late": 0, "missed": 1}


GOOD_PROGRESS = [{"township": "1", "stage": "verified"}]
GOOD_TARGETS = [
    {"code": "first", "members": 1, "achieved": 0, "achieved_late": 1, "missed": 0},
    {"code": "all", "members": 1, "achieved": 1, "achieved_late": 0, "missed": 0},
]


@pytest.fixture
def told(book: Book) -> Book:
    book.sent_back_in_2018()
    book.passed(2, "2019-06-05")
    book.say("notification", "notice", f"{P}/o", "requested", "2019-06-05")
    return book


def journal_of(book: Book) -> list[Row]:
    rows = [row for log in book.logs.values() for row in log if row.context in JOURNALED]
    return [replace(row, position=place) for place, row in enumerate(rows, start=1)]


def verdict(
    book: Book,
    *,
    journal: Sequence[Row] | None = None,
    progress: Sequence[Mapping[str, Any]] = GOOD_PROGRESS,
    targets: Sequence[Mapping[str, Any]] = GOOD_TARGETS,
    topics: Mapping[str, int] | None = None,
) -> Verdict:
    return judge(
        book.logs,
        journal_of(book) if journal is None else journal,
        {END: Said([dict(one) for one in progress], [dict(one) for one in targets])},
        programme=P,
        on=END,
        kafka="embedded",
        topics=topics,
    )


def test_when_all_agree_the_result_is_verified(told: Book) -> None:
    topics = {"programme": 2, "dossier": 7, "case": 7, "notice": 1}
    found = verdict(told, topics=topics)
    assert found.differences == []
    assert found.result == {
        "programme": P,
        "targets": {one["code"]: {k: one[k] for k in one if k != "code"} for one in GOOD_TARGETS},
        "townships": {"1": "verified"},
        "events": 17,
        "kafka": "embedded",
        "verified": True,
    }


def one_difference(found: Verdict, words: str) -> None:
    assert len(found.differences) == 1, found.differences
    assert words in found.differences[0]
    assert found.result["verified"] is False


def test_another_stage_is_told(told: Book) -> None:
    one_difference(verdict(told, progress=[{"township": "1", "stage": "passed"}]), "stage of 1")


def test_another_stage_on_an_earlier_day_is_told(told: Book) -> None:
    november = date(2018, 11, 8)
    sums = [
        {"code": "first", "members": 1, "achieved": 0, "achieved_late": 0, "missed": 0},
        {"code": "all", "members": 1, "achieved": 0, "achieved_late": 0, "missed": 0},
    ]
    said = {november: Said([{"township": "1", "stage": "ready"}], sums)}
    found = judge(told.logs, journal_of(told), said, programme=P, on=END, kafka="embedded")
    one_difference(found, "2018-11-08 stage of 1: rectifying by the logs, ready elsewhere")
    assert found.result["townships"] == {"1": "verified"}


def test_a_township_that_the_projection_does_not_know_is_told(told: Book) -> None:
    one_difference(verdict(told, progress=[]), "nothing elsewhere")


def test_a_township_that_only_the_projection_knows_is_told(told: Book) -> None:
    invented = [*GOOD_PROGRESS, {"township": "2", "stage": "ready"}]
    one_difference(verdict(told, progress=invented), "stage of 2: nothing by the logs")


@pytest.mark.parametrize("name", ["members", "achieved", "achieved_late", "missed"])
def test_another_sum_is_told(told: Book, name: str) -> None:
    wrong = [GOOD_TARGETS[0] | {name: 7}, GOOD_TARGETS[1]]
    one_difference(verdict(told, targets=wrong), "target first")


def test_an_event_that_the_journal_lacks_is_told(told: Book) -> None:
    journal = journal_of(told)[:-1]
    one_difference(verdict(told, journal=journal), f"event case/{P}/1/2@3")


def test_an_event_that_only_the_journal_has_is_told(told: Book) -> None:
    journal = journal_of(told)
    extra = replace(journal[-1], version=4, id="other", position=len(journal) + 1)
    one_difference(verdict(told, journal=[*journal, extra]), f"event case/{P}/1/2@4")


def test_one_changed_byte_in_the_journal_is_told(told: Book) -> None:
    journal = journal_of(told)
    journal[0] = replace(journal[0], raw=journal[0].raw + b" ")
    one_difference(verdict(told, journal=journal), f"event dossier/{P}/1@1")


def test_a_topic_with_another_count_is_told(told: Book) -> None:
    topics = {"programme": 2, "dossier": 7, "case": 6, "notice": 1}
    one_difference(verdict(told, topics=topics), "topic case: 7 by the logs, 6 elsewhere")


def test_a_missing_position_and_a_missing_version_are_told(told: Book) -> None:
    submission = told.logs["submission"]
    submission[3:] = [
        replace(row, position=row.position + 1, version=row.version + 1) for row in submission[3:]
    ]
    found = verdict(told).differences
    assert any("submission log: position 5 where 4 was due" in one for one in found)
    assert any("where version 4 was due" in one for one in found)


def test_a_day_that_contradicts_its_data_is_told(told: Book) -> None:
    notices = told.logs["notification"]
    notices[0] = replace(notices[0], effective_on=date(2019, 6, 6))
    found = verdict(told).differences
    assert any("its data says otherwise" in one for one in found)
