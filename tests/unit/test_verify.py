"""A verifier that lets a difference pass is worse than none: each kind is planted and told."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from deploy.local.replay import Row
from deploy.local.verify import JOURNALED, Said, Verdict, judge
from tests.unit.book import END, TARGETS, Book, P


@pytest.fixture
def book() -> Book:
    book = Book()
    book.programme("opened", "2018-02-05", targets=TARGETS)
    book.programme("township-enrolled", "2018-02-05", township="1")
    return book


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
