"""Behind a number are the events that changed it, and together they give the number shown."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.projection.explain import MEASURES, Value, measure, turns
from services.projection.picture import picture
from shared.contracts.refusals import Refused
from shared.messaging.reactions import Received
from tests.unit.story import P
from tests.unit.test_models import told

D = date
NOW = datetime(2030, 1, 1, tzinfo=UTC)
DAYS = [D(2018, 3, 6), D(2018, 9, 24), D(2018, 10, 9), D(2018, 12, 20), D(2018, 12, 29)]
TARGETS = ("first-2018", "all-2019")


def until(on: date) -> list[Received]:
    return [one for one in told().received if one.record.effective_on <= on]


def behind(what: str, on: date, township: str = "A") -> list[tuple[str, Value]]:
    _, found = turns(until(on), township, measure(what, TARGETS), on)
    return [
        (one.received.record.type.removeprefix("fuyan.").removesuffix(".v1"), one.became)
        for one in found
    ]


def test_a_stage_is_explained_by_the_steps_that_led_to_it() -> None:
    assert behind("stage", D(2018, 6, 1)) == [
        ("programme.township-enrolled", "enrolled"),
        ("dossier.plan-filed", "planned"),
        ("dossier.self-assessment-recorded", "assessed"),
        ("dossier.rectification-planned", "rectifying"),
    ]


def test_an_open_gap_counts_until_it_is_closed() -> None:
    assert behind("deficiencies", D(2018, 6, 4))[1:] == [
        ("dossier.deficiency-found", 1),
        ("dossier.rectification-completed", 0),
    ]


def test_a_total_is_explained_by_each_marking_that_changed_it() -> None:
    assert [became for _, became in behind("total", D(2018, 9, 24))] == [90000, 85000]


def test_a_target_is_explained_by_who_joined_it_passed_and_moved_it() -> None:
    kinds = [kind for kind, _ in behind("target:first-2018", D(2018, 12, 20))]
    assert kinds[-2:] == ["programme.target-rescheduled", "case.city-passed"]
    assert "dossier.plan-filed" in kinds


def test_what_another_township_did_is_behind_no_number_of_this_one() -> None:
    for what in MEASURES:
        _, found = turns(until(DAYS[-1]), "A", measure(what, TARGETS), DAYS[-1])
        assert not any(one.received.record.subject.startswith(f"{P}/B") for one in found)


@pytest.mark.parametrize("on", DAYS)
@pytest.mark.parametrize("code", ["A", "B"])
def test_the_explained_number_is_the_one_shown(code: str, on: date) -> None:
    seen = picture(told().rows(), on, NOW)
    one = seen.township(code)
    assert one is not None

    def explained(what: str) -> Any:
        value, found = turns(until(on), code, measure(what, TARGETS), on)
        assert not found or found[-1].became == value
        return value

    assert explained("stage") == one.stage
    assert explained("total") == (one.latest.total_cp if one.latest else None)
    assert explained("deficiencies") == len(one.dossier.open_deficiencies())
    assert explained("title") == one.title
    assert explained("passed") == one.passed_on
    assert explained("round") == one.round
    for standing in seen.targets:
        value = explained(f"target:{standing.target.code}")
        member = next((row for row in standing.members if row.township == code), None)
        assert value["member"] == (member is not None)
        assert value["achieved_on"] == (member.achieved_on if member else None)


def test_the_order_of_the_topics_makes_no_difference() -> None:
    events = until(DAYS[-1])
    apart = sorted(events, key=lambda one: one.record.context)
    of = measure("stage", TARGETS)
    assert turns(events, "A", of, DAYS[-1]) == turns(apart, "A", of, DAYS[-1])


def test_a_number_nobody_works_out_is_refused_with_those_that_are() -> None:
    with pytest.raises(Refused, match="unknown-figure"):
        measure("weather", TARGETS)
    with pytest.raises(Refused, match="unknown-target"):
        measure("target:last", TARGETS)
