"""The queue shows what is under review, whose turn it is and what is overdue."""

from datetime import UTC, date, datetime

from services.projection.picture import picture
from services.projection.queue import Queue, Waiting, queue
from tests.unit.story import Story

D = date
NOW = datetime(2030, 1, 1, tzinfo=UTC)
MONDAY, FRIDAY = D(2018, 9, 3), D(2018, 9, 14)


def told() -> Story:
    story = Story().opened().batch("2018-1", D(2018, 9, 1), D(2018, 11, 30))
    story.batch("2018-2", D(2018, 9, 1), D(2018, 11, 30)).enrolled("A", "B", "C")
    return story.opened_case("A", MONDAY, decide_by_on=FRIDAY, batch="2018-1")


def waiting(story: Story, on: date) -> Queue:
    return queue(picture(story.rows(), on, NOW))


def only(story: Story, on: date) -> Waiting:
    (one,) = waiting(story, on).cases
    return one


def test_age_and_delay_are_working_days() -> None:
    one = only(told(), D(2018, 9, 18))
    assert (one.age_wd, one.overdue, one.overdue_wd) == (11, True, 2)
    on_its_day = only(told(), FRIDAY)
    assert (on_its_day.age_wd, on_its_day.overdue, on_its_day.overdue_wd) == (9, False, 0)


def test_a_holiday_published_since_makes_a_case_younger() -> None:
    story = told().calendar(2018, (D(2018, 9, 10),), on=D(2018, 9, 7))
    assert only(story, FRIDAY).age_wd == 8
    assert only(story, D(2018, 9, 6)).age_wd == 3


def test_past_the_districts_decision_nothing_is_overdue_and_the_turn_changes() -> None:
    story = told().team("A", D(2018, 9, 5)).passed("A", D(2018, 9, 12))
    story.recommended("A", D(2018, 9, 20))
    assert (only(story, D(2018, 9, 11)).stage, only(story, D(2018, 9, 11)).waits_for) == (
        "inspecting",
        "district",
    )
    passed = only(story, D(2018, 9, 19))
    assert (passed.stage, passed.waits_for, passed.overdue) == ("passed", "district", False)
    assert only(story, D(2018, 9, 20)).waits_for == "city"


def test_a_case_leaves_the_queue_when_it_is_closed_and_not_before() -> None:
    story = told().passed("A", D(2018, 9, 12)).verified("A", D(2018, 10, 9))
    story.awarded("A", D(2018, 12, 3)).closed("A", D(2018, 12, 3), "awarded")
    assert only(story, D(2018, 12, 2)).stage == "verified"
    assert waiting(story, D(2018, 12, 3)).cases == ()


def test_neither_returned_nor_rejected_applications_wait() -> None:
    story = told().returned("A", D(2018, 9, 10)).closed("A", D(2018, 9, 10), "returned")
    story.rejected("B", D(2018, 9, 10))
    assert waiting(story, D(2018, 9, 10)).open == 0


def test_whoever_must_be_decided_first_comes_first_and_each_batch_is_counted() -> None:
    story = told().opened_case("B", D(2018, 9, 4), decide_by_on=D(2018, 9, 12), batch="2018-2")
    story.opened_case("C", D(2018, 9, 5), decide_by_on=D(2018, 9, 28)).vetoed("C", D(2018, 9, 6))
    seen = waiting(story, FRIDAY)
    assert [one.township for one in seen.cases] == ["B", "A", "C"]
    assert [(one.batch, one.open, one.overdue) for one in seen.batches] == [
        ("2018-1", 1, 0),
        ("2018-2", 1, 1),
        (None, 1, 0),
    ]
    assert (seen.open, seen.undecided, seen.overdue) == (3, 3, 1)
    assert seen.cases[-1].vetoes == ("accident",)
    assert seen.cases[0].events == ("case/shanting-2018/B/1@1",)
