"""待办: each has on the list what they can do next, and nobody else has it."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest

from services.projection.asker import bodies
from services.projection.desks import desks
from services.projection.picture import picture
from services.projection.tasks import Task, mine, task_json, tasks
from shared.messaging.reactions import Received
from shared.web.auth import Principal
from tests.unit.story import ALL_DUE, Story
from tests.unit.told_team import kept, marked, recused, seated, taking_back

D = date
NOW = datetime(2030, 1, 1, tzinfo=UTC)
Line = tuple[str, str, date | None]


def joined() -> Story:
    return Story().opened().enrolled("A")


def applied() -> Story:
    story = joined().planned("A", D(2018, 3, 5)).assessed("A", D(2018, 8, 24))
    story.applied("A", D(2018, 9, 3))
    return story.opened_case("A", D(2018, 9, 3), decide_by_on=D(2018, 10, 19))


def to_do(
    story: Story, on: date, organisation: str, *roles: str, officer: str = "o1"
) -> list[Line]:
    principal = Principal(officer, organisation, frozenset(roles))
    return [
        (one.kind, one.about or "", one.due_on)
        for one in mine(listed(story.received, on), principal)
    ]


def listed(events: Sequence[Received], on: date) -> list[Task]:
    until = [one for one in events if one.record.effective_on <= on]
    seen = picture(Story(received=list(until)).rows(), on, NOW)
    return tasks(seen, bodies(seen, until), desks(until))


def office(story: Story, on: date) -> list[Line]:
    return to_do(story, on, "A-office", "clerk", "head")


def district(story: Story, on: date) -> list[Line]:
    return to_do(story, on, "d", "officer", "leader")


def test_an_office_without_a_plan_has_to_plan_and_to_assess() -> None:
    assert office(joined(), D(2018, 3, 1)) == [
        ("plan", "", D(2018, 3, 31)),
        ("assessment", "", D(2018, 8, 31)),
    ]


def test_another_office_has_nothing_of_it_to_do() -> None:
    assert to_do(joined(), D(2018, 3, 1), "B-office", "clerk", "head") == []


def test_what_is_overdue_says_by_how_many_working_days() -> None:
    story = joined()
    on = D(2018, 4, 3)
    (plan,) = [one for one in listed(story.received, on) if one.kind == "plan"]
    line = task_json(picture(story.rows(), on, NOW), plan)
    assert (line["overdue"], line["overdue_wd"]) == (True, 2)
    assert line["href"] == "/v1/dossiers/shanting-2018/A/plans"


def test_the_district_follows_up_what_an_office_is_late_with() -> None:
    assert district(joined(), D(2018, 4, 3)) == [("follow-up", "plan-late", D(2018, 3, 31))]


def test_gaps_come_in_the_order_of_their_days() -> None:
    story = joined().planned("A", D(2018, 3, 5)).assessed("A", D(2018, 5, 7), "gap")
    story.found("A", D(2018, 5, 8), "D1").found("A", D(2018, 5, 8), "D2")
    story.rectifying("A", D(2018, 5, 9), D(2018, 6, 1), "D2")
    assert office(story, D(2018, 5, 10)) == [
        ("rectification", "D2", D(2018, 6, 1)),
        ("assessment", "", D(2018, 8, 31)),
        ("rectification-plan", "D1", None),
    ]


def test_who_is_ready_may_apply_once_the_window_is_open() -> None:
    story = joined().batch("2018-1", D(2018, 9, 10), D(2018, 9, 28))
    story.planned("A", D(2018, 3, 5), batch="2018-1").assessed("A", D(2018, 8, 24))
    assert office(story, D(2018, 9, 9)) == []
    assert office(story, D(2018, 9, 10)) == [("application", "", D(2018, 9, 28))]
    assert office(story, D(2018, 9, 29)) == [("application", "", ALL_DUE)]


def test_who_was_sent_back_has_to_apply_again_by_the_day() -> None:
    story = applied().returned("A", D(2018, 9, 25), resubmit_by_on=D(2018, 10, 30))
    story.echo_returned("A", D(2018, 9, 25))
    assert ("resubmission", "", D(2018, 10, 30)) in office(story, D(2018, 9, 26))


def test_an_application_waits_for_its_team_and_then_for_its_marks() -> None:
    story = applied()
    case = "shanting-2018/A/1"
    due_on = D(2018, 10, 19)
    assert district(story, D(2018, 9, 4)) == [("team", case, due_on)]
    seated(story, "A", D(2018, 9, 10), "o1", "o2", "o3")
    assert district(story, D(2018, 9, 10)) == [("inspection", case, due_on)]
    assert to_do(story, D(2018, 9, 10), "x", "member", officer="o2") == [("marks", case, due_on)]
    assert to_do(story, D(2018, 9, 10), "x", "member", officer="o4") == []


def test_who_has_marked_is_done_and_the_leader_of_all_brings_them_to_agree() -> None:
    story = seated(applied(), "A", D(2018, 9, 10), "o1", "o2")
    marked(story, "A", D(2018, 9, 18), "o1")
    assert to_do(story, D(2018, 9, 18), "x", "member", officer="o1") == []
    marked(story, "A", D(2018, 9, 18), "o2")
    assert [kind for kind, *_ in to_do(story, D(2018, 9, 18), "x", "member", officer="o1")] == [
        "consensus"
    ]
    story.agreed("A", D(2018, 9, 20))
    assert to_do(story, D(2018, 9, 20), "x", "member", officer="o1") == []
    assert [kind for kind, *_ in district(story, D(2018, 9, 20))] == ["decision"]


def test_who_stepped_down_owes_no_marks() -> None:
    story = recused(seated(applied(), "A", D(2018, 9, 10), "o1", "o2"), "A", D(2018, 9, 11), "o2")
    assert to_do(story, D(2018, 9, 11), "x", "member", officer="o2") == []


@pytest.mark.parametrize("refusal_first", [False, True])
def test_a_request_to_withdraw_waits_until_it_is_answered(refusal_first: bool) -> None:
    story = seated(applied(), "A", D(2018, 9, 10), "o1", "o2")
    taking_back(story, "A", D(2018, 9, 12))
    assert "withdrawal" in [kind for kind, *_ in district(story, D(2018, 9, 12))]
    kept(story, "A", D(2018, 9, 13))
    if refusal_first:  # the two come on different topics
        story.received[-2:] = reversed(story.received[-2:])
    assert "withdrawal" not in [kind for kind, *_ in district(story, D(2018, 9, 13))]


def test_the_way_from_district_to_city_and_title() -> None:
    story = applied().team("A", D(2018, 9, 10)).agreed("A", D(2018, 9, 20))
    story.passed("A", D(2018, 9, 25))
    assert [kind for kind, *_ in district(story, D(2018, 9, 25))] == ["recommendation"]
    story.recommended("A", D(2018, 9, 28))
    assert district(story, D(2018, 9, 28)) == []
    steps = [(story.city_marks, D(2018, 10, 15), "city-decision")]
    steps += [(story.verified, D(2018, 10, 16), "award")]
    assert [kind for kind, *_ in to_do(story, D(2018, 9, 28), "c", "city")] == ["city-marks"]
    for act, on, expected in steps:
        act("A", on)
        assert [kind for kind, *_ in to_do(story, on, "c", "city")] == [expected]
    story.awarded("A", D(2018, 12, 20)).closed("A", D(2018, 12, 20), "awarded")
    assert to_do(story, D(2018, 12, 20), "c", "city") == []


def test_a_government_answers_what_it_was_asked_for_and_then_no_more() -> None:
    story = joined().planned("A", D(2018, 3, 5))
    story.asked("A", D(2018, 5, 10))
    assert to_do(story, D(2018, 5, 10), "A-gov", "gov") == [
        ("funding-answer", "F1", D(2018, 5, 10))
    ]
    story.answered("A", D(2018, 6, 1), "refused")
    assert to_do(story, D(2018, 6, 1), "A-gov", "gov") == []


def test_who_takes_the_districts_place_takes_its_work_too() -> None:
    story = applied().renamed("em", "应急管理局", D(2018, 9, 5), successor_of="d")
    assert district(story, D(2018, 9, 5)) == []
    assert [kind for kind, *_ in to_do(story, D(2018, 9, 5), "em", "officer")] == ["team"]


def test_auditors_see_what_everybody_has_to_do_and_readers_have_nothing() -> None:
    story = joined()
    assert len(to_do(story, D(2018, 3, 1), "any", "auditor")) == 2
    assert to_do(story, D(2018, 3, 1), "A-office", "bureau") == []


def test_whoever_left_has_nothing_to_do() -> None:
    assert office(joined().left("A", D(2018, 3, 2)), D(2018, 3, 2)) == []
