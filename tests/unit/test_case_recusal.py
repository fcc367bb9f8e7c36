"""A member who steps down, whoever takes the seat, and what of it holds for the next round."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from services.review import appointment, team, verdict
from services.review.case import Case, evolve
from shared.contracts.case import CaseEvent, MemberRecused, TeamAppointed
from tests.unit.given import Given, Outcome
from tests.unit.review_path import PROGRAMME, SEATS, SERVES, Path, application, site

given = Given(Case(), evolve)


def replaced(
    path: Path, officer: str = "m1", by: str = "m0", insiders: Sequence[str] = ()
) -> Outcome[Case, CaseEvent]:
    return given(*path.events).when(
        appointment.replace_member,
        PROGRAMME,
        officer,
        replaced_by=by,
        reason_code="kin",
        organisations=SERVES,
        insiders=insiders,
        site=site(date(2018, 9, 20)),
    )


def test_who_replaces_a_member_takes_their_seat_in_the_next_team() -> None:
    stepped, team_ = replaced(Path().appointed(), "lead").events
    assert isinstance(stepped, MemberRecused)
    assert isinstance(team_, TeamAppointed)
    assert (stepped.officer, stepped.replaced_by) == ("lead", "m0")
    assert team_.team_version == 2
    first = team_.members[0]
    assert (first.officer, first.role, first.categories) == ("m0", "leader", ("JG",))
    assert {one.officer for one in team_.members} == {"m0", "m1", "m2"}


def test_marks_of_who_was_replaced_count_no_longer() -> None:
    path = Path().inspected()
    after = replaced(path).state
    counting = team.counting_marks(after, PROGRAMME.standards[0])
    assert "m1" not in {officer for by in counting.values() for officer in by}
    assert after.consensus is None
    assert "m1" in after.markers, "who marked once does not decide"


def test_a_seat_is_taken_by_a_stranger_who_is_not_on_the_team() -> None:
    path = Path().appointed()
    replaced(path, "m9").refused("not-on-team", officer="m9")
    replaced(path, by="m3").refused("own-office-reviewer", officer="m3")
    replaced(path, insiders=["m0"]).refused("own-office-reviewer", officer="m0")
    replaced(path, by="nobody").refused("officer-unknown", officer="nobody")
    replaced(path, by="m2").refused("duplicate-code", kind="officer")
    replaced(path, by="m1").refused("officer-recused", officer="m1")
    replaced(Path()).refused("wrong-stage", stage="opened")


def test_who_was_replaced_comes_back_in_no_later_team() -> None:
    path = Path().appointed()
    path.events += replaced(path).events
    given(*path.events).when(
        appointment.appoint_team,
        PROGRAMME,
        SEATS,
        organisations=SERVES,
        site=site(date(2018, 9, 21)),
    ).refused("officer-recused", officer="m1")
    replaced(path, "m2", "m1").refused("officer-recused", officer="m1")


def test_the_next_round_is_a_case_of_its_own_with_a_team_of_its_own() -> None:
    """Who marked or stood aside before is a stranger to the new marks: see `team.py`."""
    first = replaced(Path().inspected()).state
    assert {"lead", "m1"} <= first.markers
    assert "m1" in first.recused
    second = Path(replace(application(), round=2, application_id="a2")).inspected()
    assert second.case.team is not None
    assert (
        given(*second.events)
        .when(
            verdict.pass_preliminary,
            PROGRAMME,
            decided_by="m0",
            site=site(date(2018, 9, 14)),
        )
        .events
    )
