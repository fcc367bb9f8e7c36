"""What a programme changed on its way: names as of the day, phases moved, and what late means."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.projection.late import late
from services.projection.overview import overview
from services.projection.picture import picture
from tests.unit.story import ALL_DUE, OPENED_ON, Story

D = date
T = "T"
NOW = datetime(2030, 1, 1, tzinfo=UTC)
MARCH_31, JANUARY = D(2018, 3, 31), D(2019, 1, 7)


def begun() -> Story:
    return Story().opened().enrolled(T)


def shown(story: Story, on: date) -> dict[str, Any]:
    return overview(picture(story.rows(), on, NOW), today=ALL_DUE, position=1)


def district(story: Story, on: date) -> dict[str, str]:
    found: dict[str, str] = shown(story, on)["programme"]["district"]
    return found


def office(story: Story, on: date) -> tuple[str, str]:
    [line] = shown(story, on)["townships"]
    return line["office"], line["office_name"]


def test_a_bureau_is_called_what_it_was_called_on_the_day() -> None:
    story = begun().renamed("d", "区应急管理局", JANUARY)
    assert district(story, D(2019, 1, 6))["name"] == "区局"
    assert district(story, JANUARY)["name"] == "区应急管理局"


def test_a_name_announced_ahead_waits_for_its_day() -> None:
    story = begun().renamed("d", "区应急管理局", D(2018, 12, 20), from_on=JANUARY)
    assert district(story, D(2019, 1, 6))["name"] == "区局"
    assert district(story, JANUARY)["name"] == "区应急管理局"


def test_a_successor_stands_in_its_predecessors_place() -> None:
    story = begun().renamed("em", "区应急管理局", JANUARY, successor_of="d")
    assert district(story, D(2019, 1, 6)) == {"organisation": "d", "name": "区局"}
    assert district(story, JANUARY) == {"organisation": "em", "name": "区应急管理局"}
    story.renamed("em", "区应急局", D(2019, 6, 3))
    assert district(story, ALL_DUE)["name"] == "区应急局"


def test_two_that_succeed_each_other_end_the_search() -> None:
    story = begun().renamed("em", "甲", JANUARY, successor_of="d")
    story.renamed("d", "乙", JANUARY, successor_of="em")
    assert district(story, ALL_DUE)["name"] in ("甲", "乙")


def test_an_office_has_its_name_of_the_day_too() -> None:
    story = begun().renamed("T-office", "应急管理办公室", JANUARY)
    assert office(story, D(2019, 1, 6)) == ("T-office", "安监办")
    assert office(story, JANUARY) == ("T-office", "应急管理办公室")


def test_a_moved_phase_moves_what_is_late_by_it() -> None:
    story = begun().phase_moved("mobilisation", None, D(2018, 4, 30), D(2018, 3, 20))
    april = [one.kind for one in late(picture(story.rows(), D(2018, 4, 2), NOW))]
    assert "plan-late" not in april
    may = late(picture(story.rows(), D(2018, 5, 2), NOW))
    assert ("plan-late", D(2018, 4, 30)) in [(one.kind, one.due_on) for one in may]


def test_a_phase_has_its_old_days_before_it_was_moved() -> None:
    story = begun().phase_moved("mobilisation", None, D(2018, 4, 30), D(2018, 3, 20))
    assert shown(story, D(2018, 3, 19))["phases"][0]["to_on"] == MARCH_31
    first = shown(story, D(2018, 3, 20))["phases"][0]
    assert (first["code"], first["to_on"]) == ("mobilisation", D(2018, 4, 30))


def test_a_veto_is_shown_beside_the_stage_while_its_case_is_open() -> None:
    story = begun().opened_case(T, D(2018, 9, 3)).vetoed(T, D(2018, 10, 8))
    [before] = shown(story, D(2018, 10, 7))["townships"]
    [since] = shown(story, D(2018, 10, 8))["townships"]
    assert before["vetoes"] == []
    assert [veto["gate"] for veto in since["vetoes"]] == ["accident"]


def test_a_standard_published_ahead_waits_until_it_is_in_force() -> None:
    may, june = D(2018, 5, 10), D(2018, 6, 1)
    story = begun().standard(may, in_force_on=june, version=2, pass_cp=85000)
    versions = {
        day: (found["programme"]["standard"]["version"], found["pass_cp"])
        for day in (OPENED_ON, may, june - timedelta(days=1), june)
        for found in [shown(story, day)]
    }
    assert versions == {
        OPENED_ON: (1, 80000),
        may: (1, 80000),
        june - timedelta(days=1): (1, 80000),
        june: (2, 85000),
    }


def test_rules_published_ahead_wait_until_they_are_in_force() -> None:
    may, june = D(2018, 5, 10), D(2018, 6, 1)
    story = begun().risk().risk(may, in_force_on=june, version=2)
    days = (may, june - timedelta(days=1), june)
    assert [shown(story, day)["rules"]["risk_version"] for day in days] == [1, 1, 2]
