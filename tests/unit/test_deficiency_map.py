"""The map shows by item what is missing, where, and who found it."""

from datetime import UTC, date, datetime

from services.projection.deficiencies import DeficiencyMap, Row, deficiency_map
from services.projection.picture import picture
from tests.unit.story import Story

D = date
NOW = datetime(2030, 1, 1, tzinfo=UTC)
MAY, JUNE = D(2018, 5, 8), D(2018, 6, 4)


def told() -> Story:
    return Story().opened().enrolled("A", "B")


def seen(story: Story, on: date = JUNE) -> DeficiencyMap:
    return deficiency_map(picture(story.rows(), on, NOW))


def row(story: Story, item: str, on: date = JUNE) -> Row:
    return next(one for one in seen(story, on).items if one.item == item)


def test_an_item_counts_its_deficiencies_across_the_townships() -> None:
    story = told().found("A", MAY, item="i2", gap_cp=300).found("B", MAY, item="i2", gap_cp=50)
    story.found("B", MAY, "D2", item="i1", blocking=False).rectified("B", JUNE)
    before = row(story, "i2", MAY).figures
    assert (before.open, before.closed, before.blocking, before.gap_cp) == (2, 0, 2, 350)
    after = row(story, "i2").figures
    assert (after.open, after.closed, after.blocking, after.gap_cp) == (1, 1, 1, 300)


def test_most_open_ones_come_first() -> None:
    story = told().found("A", MAY, item="i1").found("A", MAY, "D2", item="i2")
    story.found("B", MAY, item="i2")
    assert [one.item for one in seen(story).items] == ["i2", "i1"]
    assert [(one.township, one.figures.open) for one in seen(story).townships] == [
        ("A", 2),
        ("B", 1),
    ]


def test_two_findings_about_one_item_miss_the_same_points() -> None:
    story = (
        told().found("A", MAY, gap_cp=100).found("A", MAY, "R1", gap_cp=250, found_by="district")
    )
    figures = row(story, "i1").figures
    assert (figures.open, figures.gap_cp) == (2, 250)
    assert figures.found_by == {"self": 1, "district": 1}


def test_what_was_recorded_in_error_is_not_on_the_map() -> None:
    story = told().found("A", MAY).withdrawn("A", JUNE)
    assert row(story, "i1", MAY).figures.open == 1
    assert seen(story).items == ()


def test_what_was_reopened_is_open_and_as_blocking_as_before() -> None:
    story = told().found("A", MAY).rectified("A", D(2018, 5, 20)).reopened("A", JUNE)
    assert row(story, "i1", D(2018, 5, 20)).figures.open == 0
    figures = row(story, "i1").figures
    assert (figures.open, figures.closed, figures.blocking) == (1, 0, 1)
    (one,) = row(story, "i1").townships[0].deficiencies
    assert one.closed_on is None
    assert one.events == tuple(f"dossier/shanting-2018/A@{n}" for n in (1, 2, 3))


def test_it_is_overdue_the_day_after() -> None:
    story = told().found("A", MAY).rectifying("A", MAY, due_on=JUNE)
    assert row(story, "i1").figures.overdue == 0
    assert row(story, "i1", D(2018, 6, 5)).figures.overdue == 1


def test_whoever_left_is_not_on_the_map() -> None:
    story = told().found("A", MAY).left("A", JUNE)
    assert seen(story).items == ()
    assert [one.township for one in seen(story).townships] == ["B"]
