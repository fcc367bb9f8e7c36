"""Figures that come out the same again, the sheet of the year, and a month beside the last."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.projection.annual import annual_rows
from services.projection.figures import digest, figures, rules_in_force
from services.projection.monthly import month_of, monthly
from services.projection.picture import Picture, picture
from services.projection.reading import known
from shared.contracts.dossier import SelfAssessmentRecorded
from shared.contracts.programme import AnnualRow
from tests.unit.story import Story
from tests.unit.test_models import told

D = date
NOW = datetime(2030, 1, 1, tzinfo=UTC)


def seen(story: Story, on: date, now: datetime = NOW) -> Picture:
    return picture(story.rows(), on, now)


def verified(story: Story, township: str, total_cp: int) -> Story:
    story.applied(township, D(2018, 9, 3)).opened_case(township, D(2018, 9, 3))
    story.city_marks(township, D(2018, 10, 15), total_cp=total_cp)
    return story.verified(township, D(2018, 10, 16), total_cp=total_cp)


def test_figures_have_the_same_digest_whenever_they_are_worked_out() -> None:
    on, soon = D(2018, 9, 3), datetime(2018, 9, 3, 4, tzinfo=UTC)
    first, again = (figures(seen(told(), on, now), (), soon) for now in (soon, NOW))
    assert digest(first) == digest(again)
    assert len(digest(first)) == 64


def test_what_was_told_later_makes_other_figures() -> None:
    events = told().received
    told_late = [one for one in events if isinstance(one.event, SelfAssessmentRecorded)][-1]
    on, at = D(2018, 9, 24), told_late.record.recorded_at - timedelta(microseconds=1)
    then = seen(Story(received=known(events, at)), on)
    assert digest(figures(then, (), at)) != digest(figures(seen(told(), on), (), at))


def test_figures_tell_how_many_are_through_and_how_many_are_not() -> None:
    quoted = figures(seen(told(), D(2018, 12, 20)), (), NOW)
    assert quoted["stages"] == {"compliant": 1, "left": 1}
    first = quoted["targets"][0]
    assert (first["code"], first["members"], first["achieved"]) == ("first-2018", 1, 1)


def test_rules_count_from_the_day_they_are_in_force() -> None:
    story = Story().opened().risk().risk(D(2018, 5, 2), D(2018, 6, 1), 2, at_risk_below_wd=9)
    before, after = (rules_in_force(story.received, day) for day in (D(2018, 5, 31), D(2018, 6, 1)))
    assert [(one.kind, one.version) for one in before] == [("risk", 1)]
    assert [(one.kind, one.version) for one in after] == [("risk", 2)]


def test_equal_points_rank_alike_and_nobody_without_points_is_before_them() -> None:
    story = Story().opened().enrolled("A", "B", "C", "D", "E")
    for township, total_cp in (("A", 85000), ("B", 90000), ("C", 85000)):
        verified(story, township, total_cp)
    story.awarded("B", D(2018, 12, 20)).left("E", D(2018, 12, 21))
    assert annual_rows(seen(story, D(2018, 12, 31))) == [
        AnnualRow(township="A", points_cp=85000, rank=2),
        AnnualRow(township="B", points_cp=90000, rank=1, priority=True),
        AnnualRow(township="C", points_cp=85000, rank=2),
        AnnualRow(township="D", points_cp=0, rank=4),
    ]


def test_while_nobody_has_points_nobody_is_ranked() -> None:
    rows = annual_rows(seen(Story().opened().enrolled("A", "B"), D(2018, 12, 31)))
    assert [(one.points_cp, one.rank) for one in rows] == [(0, None), (0, None)]


@pytest.mark.parametrize(
    ("day", "last"), [(D(2018, 2, 5), D(2018, 2, 28)), (D(2018, 12, 31), D(2018, 12, 31))]
)
def test_a_month_ends_on_its_last_day(day: date, last: date) -> None:
    assert month_of(day) == (day.replace(day=1), last)


def test_a_month_is_told_beside_the_one_before() -> None:
    body = monthly(seen(told(), D(2018, 11, 30)), seen(told(), D(2018, 10, 31)))
    standing = {line["code"]: (line["now"], line["before"]) for line in body["standing"]}
    assert standing["verified"] == (1, 0)
    assert standing["townships"] == (1, 2)
    done = {line["code"]: (line["count"], line["before"]) for line in body["done"]}
    assert done["recommended"] == (1, 1)
    assert done["verified"] == (1, 0)
    assert done["applications"] == (0, 1)
    first = body["targets"][0]
    assert (first["now"], first["before"], first["change"]) == (1, 0, 1)
