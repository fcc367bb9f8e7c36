"""The ranking follows the rules in force, and says by which of them who stands where."""

from datetime import UTC, date, datetime

from services.projection.picture import picture
from services.projection.ranking import Ranked, Ranking, ranking
from tests.unit.story import Story

D = date
NOW = datetime(2030, 1, 1, tzinfo=UTC)
LAST = D(2018, 12, 31)
NOVEMBER = D(2018, 11, 16)
BY_TOTAL = ["city_total_cp", "passed_on", "township"]


def through(story: Story, township: str, on: date, total_cp: int) -> Story:
    """A township that the city passed."""
    story.opened_case(township, D(2018, 9, 3)).agreed(township, D(2018, 9, 20))
    story.city_marks(township, on, total_cp=total_cp)
    return story.verified(township, on, total_cp=total_cp)


def enrolled(*townships: str) -> Story:
    return Story().opened().enrolled(*townships)


def ranked(story: Story, on: date = LAST) -> Ranking:
    return ranking(picture(story.rows(), on, NOW))


def places(story: Story, on: date = LAST) -> list[tuple[int | None, str]]:
    return [(one.rank, one.township) for one in ranked(story, on).rows]


def line(story: Story, township: str) -> Ranked:
    return next(one for one in ranked(story).rows if one.township == township)


def test_more_points_come_first_then_the_earlier_pass_then_the_code() -> None:
    story = enrolled("A", "B", "C", "E").rules("ranking", order=BY_TOTAL)
    through(story, "A", NOVEMBER, 85000)
    through(story, "B", NOVEMBER, 91000)
    through(story, "C", D(2018, 11, 9), 85000)
    through(story, "E", NOVEMBER, 85000)
    assert places(story) == [(1, "B"), (2, "C"), (3, "A"), (4, "E")]
    keys = [one.decided_by for one in ranked(story).rows]
    assert keys == [None, "city_total_cp", "passed_on", "township"]


def test_equal_in_all_but_the_code_may_share_a_rank_and_take_the_places_behind_it() -> None:
    story = enrolled("A", "B", "C").rules("ranking", order=BY_TOTAL, tie="same-rank")
    for township, total_cp in (("A", 85000), ("B", 85000), ("C", 80000)):
        through(story, township, NOVEMBER, total_cp)
    assert places(story) == [(1, "A"), (1, "B"), (3, "C")]
    assert line(story, "B").tied_with == ("A",)
    assert line(story, "B").decided_by is None
    assert ranked(story).tie == "same-rank"


def test_whoever_has_no_city_total_comes_last_and_unranked() -> None:
    story = enrolled("A", "B", "C")
    story.opened_case("A", D(2018, 9, 3)).agreed("A", D(2018, 9, 20), total_cp=99000)
    through(story, "C", NOVEMBER, 80000)
    assert places(story) == [(1, "C"), (None, "A"), (None, "B")]
    assert ranked(story).of == 1


def test_the_rules_in_force_that_day_decide_and_are_named() -> None:
    story = enrolled("A", "B").rules("ranking", order=BY_TOTAL)
    story.rules(
        "ranking",
        D(2018, 12, 1),
        D(2018, 12, 10),
        version=2,
        order=["passed_on", "beauty", "township"],
    )
    through(story, "A", D(2018, 11, 9), 81000)
    through(story, "B", NOVEMBER, 91000)
    assert places(story, D(2018, 12, 9)) == [(1, "B"), (2, "A")]
    assert ranked(story, D(2018, 12, 9)).rule_version == 1
    assert places(story, D(2018, 12, 10)) == [(1, "A"), (2, "B")]
    later = ranked(story, D(2018, 12, 10))
    assert (later.rule_version, later.not_applied) == (2, ("beauty",))


def test_without_rules_it_is_the_usual_order_by_version_0() -> None:
    story = through(enrolled("A"), "A", NOVEMBER, 81000)
    assert (ranked(story).rule_version, ranked(story).order) == (0, tuple(BY_TOTAL))


def test_a_revoked_title_takes_its_rank_with_it() -> None:
    story = through(enrolled("A", "B"), "A", NOVEMBER, 91000)
    through(story, "B", NOVEMBER, 81000).awarded("A", D(2018, 12, 3))
    story.revoked("A", D(2018, 12, 20))
    assert places(story, D(2018, 12, 19)) == [(1, "A"), (2, "B")]
    assert places(story) == [(1, "B"), (None, "A")]


def test_whoever_left_is_not_ranked() -> None:
    story = through(enrolled("A"), "A", NOVEMBER, 91000).left("A", D(2018, 12, 3))
    assert places(story) == [(None, "A")]


def test_a_later_round_that_failed_does_not_undo_the_total_of_the_pass() -> None:
    story = through(enrolled("A"), "A", NOVEMBER, 88000).opened_case("A", D(2018, 12, 3), 2)
    story.city_marks("A", D(2018, 12, 10), 2, total_cp=70000).city_failed("A", D(2018, 12, 10), 2)
    assert line(story, "A").city_total_cp == 88000


def test_a_place_names_the_events_it_comes_from() -> None:
    story = through(enrolled("A"), "A", NOVEMBER, 91000)
    assert line(story, "A").events == (
        "case/shanting-2018/A/1@2",
        "case/shanting-2018/A/1@4",
    )


def test_a_code_named_first_does_not_put_less_before_more_where_ranks_are_shared() -> None:
    story = enrolled("A", "B").rules(
        "ranking", order=["township", "city_total_cp"], tie="same-rank"
    )
    through(through(story, "A", NOVEMBER, 81000), "B", NOVEMBER, 91000)
    assert places(story) == [(1, "B"), (2, "A")]
