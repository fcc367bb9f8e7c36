"""Who may read the whole of an event: whom it is about, and whom the programme is open to."""

from datetime import UTC, date, datetime

import pytest

from services.projection.asker import Bodies, bodies, may_read
from services.projection.desks import desks
from services.projection.picture import picture
from shared.messaging.reactions import Received
from shared.web.auth import Principal
from tests.unit.story import Story
from tests.unit.told_team import marked, seated

D = date
ON = D(2018, 9, 20)


def story() -> Story:
    told = Story().opened().enrolled("A", "B").planned("A", D(2018, 3, 5))
    told.applied("A", D(2018, 9, 3)).opened_case("A", D(2018, 9, 3))
    return marked(seated(told, "A", D(2018, 9, 10), "o1", "o2"), "A", D(2018, 9, 18), "o1")


def who_is_who(told: Story) -> Bodies:
    seen = picture(told.rows(), ON, datetime(2030, 1, 1, tzinfo=UTC))
    return bodies(seen, told.received)


def reads(told: Story, one: Received, officer: str, organisation: str, *roles: str) -> bool:
    principal = Principal(officer, organisation, frozenset(roles))
    return may_read(principal, one, who_is_who(told), desks(told.received))


def of_type(told: Story, name: str) -> Received:
    return next(one for one in told.received if name in one.record.type)


def test_offices_and_governments_are_those_of_the_day() -> None:
    told = story().renamed("A-new", "应急办", ON, successor_of="A-office")
    found = who_is_who(told)
    assert (found.district, found.city) == ("d", "c")
    assert (found.offices["A"], found.governments["A"]) == ("A-new", "A-gov")


@pytest.mark.parametrize(
    ("organisation", "role", "may"),
    [
        ("A-office", "clerk", True),
        ("A-gov", "gov", True),
        ("A-gov", "clerk", False),
        ("B-office", "head", False),
        ("d", "officer", True),
        ("d", "leader", True),
        ("another-district", "officer", False),
        ("another-district", "leader", False),
        ("c", "city", False),
        ("any", "integrator", True),
        ("any", "auditor", True),
        ("any", "operator", False),
    ],
)
def test_a_plan_is_for_its_own_office_and_for_those_above(
    organisation: str, role: str, may: bool
) -> None:
    told = story()
    assert reads(told, of_type(told, "plan-filed"), "o9", organisation, role) is may


def test_a_member_reads_of_the_township_of_their_own_case() -> None:
    told = story()
    for name in ("plan-filed", "case.opened"):
        assert reads(told, of_type(told, name), "o2", "d", "member")
        assert not reads(told, of_type(told, name), "o3", "d", "member")


def test_a_members_marks_are_nobody_elses_until_the_team_has_agreed() -> None:
    told = story()
    marks = of_type(told, "marks-recorded")
    assert reads(told, marks, "o1", "d", "member")
    assert not reads(told, marks, "o2", "d", "member")
    assert not reads(told, marks, "o1", "A-office", "clerk")
    told.agreed("A", ON)
    assert reads(told, marks, "o2", "d", "member")
    assert reads(told, marks, "o9", "d", "officer")


def test_the_office_reads_what_its_team_agreed_once_the_district_has_decided() -> None:
    told = story().agreed("A", ON)
    for name in ("marks-recorded", "consensus-recorded"):
        assert not reads(told, of_type(told, name), "o1", "A-office", "clerk")
    told.passed("A", ON)
    for name in ("marks-recorded", "consensus-recorded"):
        assert reads(told, of_type(told, name), "o1", "A-office", "clerk")


def test_of_a_case_that_ended_without_a_decision_the_office_reads_as_in_the_case_itself() -> None:
    told = story().agreed("A", ON).closed("A", ON, "withdrawn")
    assert reads(told, of_type(told, "consensus-recorded"), "o1", "A-office", "clerk")


def test_the_city_reads_what_was_recommended_to_it_and_no_other_city_does() -> None:
    told = story().agreed("A", ON).passed("A", ON)
    consensus = of_type(told, "consensus-recorded")
    assert not reads(told, consensus, "o7", "c", "city")
    told.recommended("A", ON)
    assert reads(told, consensus, "o7", "c", "city")
    assert not reads(told, consensus, "o7", "another-city", "city")


def test_what_the_programme_says_is_for_everyone() -> None:
    told = story()
    assert reads(told, of_type(told, "programme.opened"), "o9", "B-office", "clerk")
