"""What was asked, granted, rewarded and paid adds up, on any day that is asked about."""

from datetime import UTC, date, datetime

from services.projection.models.rows import Rows, fold
from services.projection.money import Account, Money, money
from services.projection.picture import picture
from services.projection.reading import known
from tests.unit.story import Story

D = date
NOW = datetime(2030, 1, 1, tzinfo=UTC)
LAST = D(2019, 12, 31)


def told() -> Story:
    return Story().opened().enrolled("A", "B")


def accounts(story: Story, on: date = LAST) -> Money:
    return money(picture(story.rows(), on, NOW))


def of(story: Story, township: str, on: date = LAST) -> Account:
    return next(one for one in accounts(story, on).townships if one.township == township)


def test_asked_is_every_amount_whatever_its_kind_and_answer() -> None:
    story = told().asked("A", D(2018, 5, 2), amount_fen=300)
    story.asked("A", D(2018, 5, 3), "F2", "premises", amount_fen=40)
    story.answered("A", D(2018, 6, 1), "refused").asked("B", D(2018, 5, 2), amount_fen=5)
    sums = accounts(story).sums.support
    assert (sums.asked_fen, sums.granted_fen) == (345, 0)
    assert (sums.requests, sums.refused, sums.unanswered) == (3, 1, 2)
    by_kind = {one.kind: one.asked_fen for one in of(story, "A").sums.by_kind}
    assert by_kind == {"money": 300, "posts": 0, "premises": 40, "equipment": 0}


def test_a_later_answer_replaces_the_earlier_from_its_own_day_on() -> None:
    story = told().asked("A", D(2018, 5, 2), amount_fen=300)
    story.answered("A", D(2018, 6, 1), "part", granted_fen=100)
    story.answered("A", D(2018, 9, 1), "granted", granted_fen=300)
    assert accounts(story, D(2018, 8, 31)).sums.support.granted_fen == 100
    assert accounts(story, D(2018, 9, 1)).sums.support.granted_fen == 300
    line = of(story, "A").requests[0]
    assert line.answer == "granted"
    assert line.events == tuple(f"dossier/shanting-2018/A@{n}" for n in (1, 2, 3))


def test_posts_are_counted_apart_from_money() -> None:
    story = told().asked("A", D(2018, 5, 2), kind="posts", posts=3)
    story.answered("A", D(2018, 6, 1), "part", granted_posts=2)
    sums = accounts(story).sums.support
    assert (sums.asked_posts, sums.granted_posts, sums.asked_fen) == (3, 2, 0)


def test_instalments_add_up_and_what_is_cancelled_is_not_outstanding() -> None:
    story = told().verified("A", D(2018, 11, 1)).awarded("A", D(2018, 12, 1))
    story.rewarded("A", D(2018, 12, 3), 900).paid("A", D(2018, 12, 10), 200)
    story.rewarded("A", D(2018, 12, 4), 50, "M2", "district", "rank")
    story.paid("A", D(2018, 12, 17), 300).revoked("A", D(2019, 1, 7))
    story.cancelled("A", D(2019, 1, 8), 400)
    whole = accounts(story).sums.rewards
    assert (whole.granted_fen, whole.paid_fen, whole.cancelled_fen) == (950, 500, 400)
    assert whole.outstanding_fen == 50
    by_fund = {one.fund: one.outstanding_fen for one in accounts(story).sums.by_fund}
    assert by_fund == {"city": 0, "district": 50}
    before = accounts(story, D(2018, 12, 16)).sums.rewards
    assert (before.paid_fen, before.cancelled_fen, before.outstanding_fen) == (200, 0, 750)


def test_what_was_asked_by_whoever_left_stays_in_the_sum() -> None:
    story = told().asked("A", D(2018, 5, 2), amount_fen=300).left("A", D(2018, 6, 1))
    assert accounts(story).sums.support.asked_fen == 300


def test_an_answer_recorded_later_was_not_known_before() -> None:
    story = told().asked("A", D(2018, 5, 2), amount_fen=300)
    then = story.received[-1].record.recorded_at
    story.answered("A", D(2018, 5, 3), "granted", granted_fen=300)
    rows = fold(Rows(), known(story.received, then))
    assert money(picture(rows, LAST, NOW)).sums.support.granted_fen == 0
