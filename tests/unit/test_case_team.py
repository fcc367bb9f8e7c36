"""Who sits on a team, visits, and marks; and whom a case keeps away."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from services.review import appointment, consensus, team, verdict
from services.review.case import Case, evolve
from shared.contracts.blocks import Mark
from shared.contracts.case import (
    CaseEvent,
    Recusal,
)
from tests.unit.given import Given, Outcome
from tests.unit.review_path import (
    MORNING,
    PAPER,
    PROGRAMME,
    SEATS,
    SERVES,
    Path,
    mark,
    marks,
    seat,
    site,
)

given = Given(Case(), evolve)
SIXTH = date(2018, 9, 6)
STANDARD = PROGRAMME.standards[0]


def appoint(
    seats: Sequence[appointment.Seat], recused: Sequence[Recusal] = (), min_markers: int = 1
) -> Outcome[Case, CaseEvent]:
    return given(*Path().events).when(
        appointment.appoint_team,
        PROGRAMME,
        seats,
        organisations=SERVES,
        recused=recused,
        min_markers=min_markers,
        site=site(SIXTH),
    )


def test_a_team_is_numbered_each_time_it_is_appointed() -> None:
    path = Path().appointed().appointed()
    assert path.case.team is not None
    assert path.case.team.team_version == 2


def test_two_are_no_team() -> None:
    appoint(SEATS[:2]).refused("team-too-small", members=2, at_least=3)


def test_a_team_has_exactly_one_leader() -> None:
    appoint([replace(one, leads=False) for one in SEATS]).refused("leaders-not-one", leaders=0)
    appoint([replace(one, leads=True) for one in SEATS]).refused("leaders-not-one", leaders=3)


def test_nobody_of_the_office_under_review_sits_on_its_team() -> None:
    appoint((*SEATS, seat("m3", "JG"))).refused("own-office-reviewer", officer="m3")


def test_who_had_no_post_that_day_sits_on_no_team() -> None:
    appoint((*SEATS, seat("stranger", "JG"))).refused("officer-unknown", officer="stranger")


def test_who_stood_aside_sits_on_no_team() -> None:
    appoint(SEATS, [Recusal(officer="m1", reason="亲属")]).refused("officer-recused", officer="m1")


def test_who_stood_aside_from_one_team_sits_on_none_of_the_next() -> None:
    aside = appoint((*SEATS[:2], seat("m0", "JG", "DA")), [Recusal(officer="m2", reason="亲属")])
    given(*Path().events, *aside.events).when(
        appointment.appoint_team, PROGRAMME, SEATS, organisations=SERVES, site=site(SIXTH)
    ).refused("officer-recused", officer="m2")


def test_nobody_sits_twice() -> None:
    appoint((*SEATS, SEATS[1])).refused("duplicate-code", kind="officer")


def test_every_category_is_given_to_somebody() -> None:
    appoint((SEATS[0], seat("m1"), seat("m2", "JG"))).refused(
        "categories-not-covered", categories=["DA"]
    )
    appoint(SEATS, min_markers=3).refused("categories-not-covered", categories=["JG", "DA"])
    appoint((*SEATS[:2], seat("m2", "X"))).refused("unknown-category", category="X")


def test_a_team_is_not_appointed_before_its_case_began() -> None:
    given(*Path().events).when(
        appointment.appoint_team,
        PROGRAMME,
        SEATS,
        organisations=SERVES,
        site=site(date(2018, 9, 2)),
    ).refused("effective-day-too-early", earliest_on=date(2018, 9, 3))


def test_a_team_needs_a_case() -> None:
    given().when(
        appointment.appoint_team, PROGRAMME, SEATS, organisations=SERVES, site=site(SIXTH)
    ).refused("case-unknown")


def test_marks_of_who_stepped_down_no_longer_count() -> None:
    path = Path().inspected()
    state = (
        given(*path.events)
        .when(appointment.recuse_member, "m1", reason_code="relative", site=site(date(2018, 9, 13)))
        .state
    )
    assert "DA-1" not in team.counting_marks(state, STANDARD)
    assert state.consensus is None


def test_only_a_member_steps_down() -> None:
    given(*Path().appointed().events).when(
        appointment.recuse_member, "x", reason_code="relative", site=site(SIXTH)
    ).refused("not-on-team", officer="x")


def schedule(path: Path, officer: str = "lead", **changes: object) -> Outcome[Case, CaseEvent]:
    usual: dict[str, object] = {
        "level": "district",
        "starts_at": MORNING,
        "ends_at": MORNING.replace(hour=9),
        "place": "山城街道",
    }

    def decide(case: Case) -> list[CaseEvent]:
        return team.schedule_inspection(
            case,
            PROGRAMME,
            "i2",
            officer=officer,
            site=site(date(2018, 9, 12)),
            **(usual | changes),  # type: ignore[arg-type]  # each test changes another field
        )

    return given(*path.events).when(decide)


def test_the_team_leader_schedules_the_visit() -> None:
    schedule(Path().appointed(), "m1").refused("not-team-leader")


def test_a_visit_ends_after_it_begins() -> None:
    schedule(Path().appointed(), ends_at=MORNING).refused("hours-reversed")


def test_a_visit_looks_at_items_of_the_standard() -> None:
    schedule(Path().appointed(), items=("x",)).refused("unknown-item", item="x")


def test_a_moved_visit_takes_the_place_of_the_old_one() -> None:
    state = schedule(Path().appointed().scheduled(), replaces="i1").state
    assert set(state.inspections) == {"i2"}


def test_a_held_visit_is_not_moved() -> None:
    schedule(Path().appointed().scheduled().held(), replaces="i1").refused("inspection-held")


def test_the_city_visits_nobody_who_was_not_recommended() -> None:
    schedule(Path().passed(), level="city").refused("wrong-stage", stage="preliminary-passed")


def hold(path: Path, inspection: str = "i1", **changes: object) -> Outcome[Case, CaseEvent]:
    usual: dict[str, object] = {"officer": "lead", "present": ("lead",)}
    usual["site"] = site(date(2018, 9, 10), PAPER)

    def decide(case: Case) -> list[CaseEvent]:
        return team.hold_inspection(case, inspection, **(usual | changes))  # type: ignore[arg-type]  # as above

    return given(*path.events).when(decide)


def test_a_visit_is_held_once_with_its_minutes() -> None:
    hold(Path().appointed().scheduled().held()).refused("inspection-held")
    bare = site(date(2018, 9, 10))
    hold(Path().appointed().scheduled(), site=bare).refused("document-missing")


def test_a_visit_nobody_scheduled_was_not_held() -> None:
    hold(Path().appointed()).refused("inspection-unknown", inspection_id="i1")


def test_only_the_team_is_present_at_a_visit() -> None:
    hold(Path().appointed().scheduled(), present=("x",)).refused("not-on-team", officer="x")


def test_a_visit_is_not_held_before_it_was_scheduled() -> None:
    day = site(date(2018, 9, 5), PAPER)
    hold(Path().appointed().scheduled(), site=day).refused("effective-day-too-early")


def record(path: Path, officer: str, *found: Mark) -> Outcome[Case, CaseEvent]:
    return given(*path.events).when(
        team.record_marks, PROGRAMME, found, officer=officer, site=site(date(2018, 9, 11))
    )


def test_nobody_marks_before_the_visit() -> None:
    path = Path().appointed().scheduled()
    record(path, "lead", mark("JG-1", 5000)).refused("inspection-not-held")


def test_a_stranger_does_not_mark() -> None:
    path = Path().appointed().scheduled().held()
    record(path, "chief", mark("JG-1", 5000)).refused("not-on-team", officer="chief")


def test_a_member_marks_own_categories_only() -> None:
    path = Path().appointed().scheduled().held()
    record(path, "m1", mark("JG-1", 5000)).refused("category-not-yours", category="JG")


def test_a_category_is_marked_whole() -> None:
    path = Path().appointed().scheduled().held()
    record(path, "m1", mark("DA-1", 3000)).refused("missing-items", items=["DA-2"])
    record(path, "m1").refused("missing-items", count=0)


def test_a_later_marking_supersedes_the_earlier_which_stays() -> None:
    path = Path().appointed().scheduled().held()
    path.marked("lead", mark("JG-1", 5000))
    version = path.case.version
    (event,) = record(path, "lead", mark("JG-1", 4000)).events
    assert getattr(event, "supersedes", None) == version
    counting = team.counting_marks(evolve(path.case, event), STANDARD)
    assert counting["JG-1"]["lead"].mark_cp == 4000


def test_marking_one_category_leaves_the_others_marked() -> None:
    path = Path().appointed().scheduled().held().marked("m2", mark("JG-1", 5000))
    path.marked("m2", mark("DA-1", 3000), mark("DA-2", 1000))
    assert set(team.counting_marks(path.case, STANDARD)) == {"JG-1", "DA-1", "DA-2"}


def test_who_served_in_the_office_since_it_applied_judges_none_of_it() -> None:
    insiders = {"m1"}
    given(*Path().events).when(
        appointment.appoint_team,
        PROGRAMME,
        SEATS,
        organisations=SERVES,
        insiders=insiders,
        site=site(SIXTH),
    ).refused("own-office-reviewer", officer="m1", office="o-office")
    path = Path().appointed().scheduled().held()
    given(*path.events).when(
        team.record_marks,
        PROGRAMME,
        [mark("DA-1", 3000), mark("DA-2", 1000)],
        officer="m1",
        insiders=insiders,
        site=site(date(2018, 9, 11)),
    ).refused("own-office-reviewer", officer="m1")
    path.marked("lead", mark("JG-1", 5000))
    path.marked("m1", mark("DA-1", 3000), mark("DA-2", 1000))
    given(*path.events).when(
        consensus.record_consensus,
        PROGRAMME,
        marks(),
        (),
        own_marks=path.own,
        officer="lead",
        insiders=insiders,
        site=site(date(2018, 9, 12)),
    ).refused("own-office-reviewer", officer="m1")


def test_being_moved_to_the_office_after_the_consensus_undoes_none_of_it() -> None:
    path = Path().inspected()
    assert (
        given(*path.events)
        .when(
            verdict.pass_preliminary,
            PROGRAMME,
            decided_by="chief",
            site=site(date(2018, 9, 14)),
        )
        .events
    )


def test_a_category_marked_anew_counts_as_marked_last() -> None:
    path = Path().appointed().scheduled().held().marked("m2", *marks(jg=5000))
    path.marked("m2", mark("JG-1", 4000))
    counting = team.counting_marks(path.case, STANDARD)
    assert {item: by["m2"].mark_cp for item, by in counting.items()} == {
        "JG-1": 4000,
        "DA-1": 3000,
        "DA-2": 1000,
    }
