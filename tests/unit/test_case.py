"""How a case begins, who inspects it, and what its office may still ask."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from services.review import team
from services.review.case import Case, answer_withdrawal, evolve, open_case
from services.review.programme import Programme
from services.review.programme import evolve as evolve_programme
from shared.contracts.blocks import Mark, StandardRef
from shared.contracts.case import (
    ApplicationRejected,
    CaseEvent,
    Closed,
    Opened,
    Recusal,
    WithdrawalRefused,
)
from shared.contracts.dossier import ApplicationSubmitted, WithdrawalRequested
from shared.contracts.programme import Closed as ProgrammeClosed
from shared.contracts.programme import TownshipWithdrawn
from tests.unit.given import Given, Outcome
from tests.unit.review_path import (
    MORNING,
    PAPER,
    PROGRAMME,
    SEATS,
    SEPTEMBER,
    SERVES,
    Path,
    application,
    mark,
    marks,
    seat,
    site,
)

given = Given(Case(), evolve)
SIXTH = date(2018, 9, 6)


def begin(
    submitted: ApplicationSubmitted, programme: Programme = PROGRAMME
) -> Outcome[Case, CaseEvent]:
    return given().when(open_case, programme, submitted)


def rejected_for(submitted: ApplicationSubmitted, programme: Programme = PROGRAMME) -> list[str]:
    (event,) = begin(submitted, programme).events
    assert isinstance(event, ApplicationRejected)
    return [reason.code for reason in event.reasons]


def test_an_application_opens_a_case_to_be_decided_within_working_days() -> None:
    (event,) = begin(application()).events
    assert isinstance(event, Opened)
    # Ten working days after Monday 3 September: nothing is off before the 24th.
    assert (event.case_id, event.decide_by_on) == ("p/370406001/1", date(2018, 9, 17))


def test_an_application_opens_one_case() -> None:
    events = begin(application()).events
    given(*events).when(open_case, PROGRAMME, application()).then_nothing()


def test_a_second_round_names_the_case_before_it_if_there_was_one() -> None:
    again = replace(application(), round=2, application_id="a2", previous_application_id="a1")
    rejected = begin(replace(application(), office="x")).state
    for before, named in ((Path().case, "p/370406001/1"), (rejected, None), (Case(), None)):
        (event,) = given().when(open_case, PROGRAMME, again, previous=before).events
        assert isinstance(event, Opened)
        assert event.previous_case_id == named


def test_an_application_to_no_programme_is_rejected() -> None:
    assert rejected_for(application(), Programme()) == ["unknown-programme"]


def left(day: date) -> Programme:
    return evolve_programme(
        PROGRAMME,
        TownshipWithdrawn(
            programme="p",
            effective_on=day,
            township="370406001",
            township_name="山城街道",
            office="o-office",
            withdrawn_on=day,
            reason="撤并",
        ),
    )


def test_an_application_of_a_township_that_left_is_rejected() -> None:
    assert rejected_for(application(), left(SEPTEMBER)) == ["township-not-enrolled"]


def test_leaving_the_day_after_undoes_no_application() -> None:
    (event,) = begin(application(), left(date(2018, 9, 4))).events
    assert isinstance(event, Opened)


def test_a_township_takes_part_under_its_enrolment_of_that_day() -> None:
    back = replace(
        PROGRAMME.townships["370406001"],
        effective_on=SIXTH,
        enrolled_on=SIXTH,
        office="new-office",
    )
    programme = evolve_programme(left(date(2018, 9, 4)), back)
    assert begin(application(), programme).state.stage == "opened"
    fifth = application(day=date(2018, 9, 5))
    assert rejected_for(fifth, programme) == ["township-not-enrolled"]
    assert rejected_for(application(day=SIXTH), programme) == ["office-differs"]


def test_a_programme_takes_applications_on_its_last_day_and_none_after() -> None:
    end = ProgrammeClosed(
        programme="p", effective_on=SEPTEMBER, closed_on=SEPTEMBER, achieved=0, members=1
    )
    closed = evolve_programme(PROGRAMME, end)
    assert begin(application(), closed).state.stage == "opened"
    late = application(day=date(2018, 9, 4))
    assert rejected_for(late, closed) == ["programme-closed"]


def test_a_batch_takes_others_than_its_own_target_only_once_theirs_is_past() -> None:
    announced = replace(PROGRAMME.batches["b1"], target="half")
    programme = evolve_programme(PROGRAMME, announced)
    assert rejected_for(application(), programme) == ["batch-of-another-target"]
    assert programme.opened is not None
    targets = tuple(replace(one, due_on=SEPTEMBER) for one in programme.opened.targets)
    over = replace(programme, opened=replace(programme.opened, targets=targets))
    assert rejected_for(application(), over) == ["batch-of-another-target"]
    assert begin(application(day=date(2018, 9, 4)), over).state.stage == "opened"


def test_an_application_of_another_office_is_rejected() -> None:
    assert rejected_for(replace(application(), office="x")) == ["office-differs"]


def test_an_application_under_an_unknown_table_is_rejected() -> None:
    forged = StandardRef(code="s", version=1, digest="0" * 64)
    assert rejected_for(replace(application(), standard=forged)) == ["standard-unknown"]


def test_an_application_under_an_older_standard_is_rejected() -> None:
    first = PROGRAMME.standards[0]
    second = replace(first, standard=replace(first.standard, version=2))
    assert rejected_for(application(), evolve_programme(PROGRAMME, second)) == [
        "standard-not-in-force"
    ]


def test_totals_that_do_not_follow_from_the_marks_are_rejected() -> None:
    better = application(marks(6000))
    assert rejected_for(replace(better, marks=marks())) == ["totals-differ"]


def test_an_application_below_the_pass_mark_is_rejected_with_what_is_short() -> None:
    (event,) = begin(application(marks(3900))).events
    assert isinstance(event, ApplicationRejected)
    assert [one.code for one in event.reasons] == ["short-of-pass-mark"]
    assert "还差 1.00 分" in event.reasons[0].text


def test_every_reason_is_told_at_once() -> None:
    early = application(marks(0), date(2018, 8, 31))
    assert rejected_for(replace(early, target="none")) == [
        "applications-not-open",
        "unknown-target",
        "batch-not-open",
        "prerequisites-not-met",
        "vetoed",
    ]


def test_an_application_outside_its_batch_is_rejected() -> None:
    assert rejected_for(application(day=date(2018, 12, 1))) == ["batch-closed"]
    assert rejected_for(replace(application(), batch="b9")) == ["unknown-batch"]


def test_marks_that_cannot_be_are_rejected() -> None:
    odd = (*marks()[:2], replace(mark("DA-2", 1000), mark_cp=1001))
    assert rejected_for(replace(application(), marks=odd)) == ["marks-unsound"]


def withdrawal(day: date = SIXTH) -> WithdrawalRequested:
    return WithdrawalRequested(
        programme="p",
        effective_on=day,
        township="370406001",
        township_name="山城街道",
        office="o-office",
        application_id="a1",
        round=1,
        requested_on=day,
        reason="材料有误",
    )


def test_a_withdrawal_is_granted_until_the_district_decides() -> None:
    for path in (Path(), Path().inspected()):
        (event,) = answer_withdrawal(path.case, withdrawal())
        assert isinstance(event, Closed)
        assert (event.outcome, event.effective_on) == ("withdrawn", SIXTH)


def test_a_withdrawal_after_the_decision_is_refused_and_the_case_goes_on() -> None:
    path = Path().passed()
    (event,) = answer_withdrawal(path.case, withdrawal())
    assert isinstance(event, WithdrawalRefused)
    assert evolve(path.case, event).stage == "preliminary-passed"


def test_withdrawing_before_there_is_a_case_rejects_the_application() -> None:
    (event,) = answer_withdrawal(Case(), withdrawal())
    assert isinstance(event, ApplicationRejected)
    assert event.reasons[0].code == "withdrawn"
    given(event).when(open_case, PROGRAMME, application()).then_nothing()


def test_a_closed_case_answers_no_withdrawal() -> None:
    assert answer_withdrawal(Path().closed().case, withdrawal()) == []


def appoint(
    seats: Sequence[team.Seat], recused: Sequence[Recusal] = (), min_markers: int = 1
) -> Outcome[Case, CaseEvent]:
    return given(*Path().events).when(
        team.appoint_team,
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
        team.appoint_team, PROGRAMME, SEATS, organisations=SERVES, site=site(SIXTH)
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
        team.appoint_team,
        PROGRAMME,
        SEATS,
        organisations=SERVES,
        site=site(date(2018, 9, 2)),
    ).refused("effective-day-too-early", earliest_on=date(2018, 9, 3))


def test_a_team_needs_a_case() -> None:
    given().when(
        team.appoint_team, PROGRAMME, SEATS, organisations=SERVES, site=site(SIXTH)
    ).refused("case-unknown")


def test_marks_of_who_stepped_down_no_longer_count() -> None:
    path = Path().inspected()
    state = (
        given(*path.events)
        .when(team.recuse_member, "m1", reason_code="relative", site=site(date(2018, 9, 13)))
        .state
    )
    assert "DA-1" not in team.counting_marks(state)
    assert state.consensus is None


def test_only_a_member_steps_down() -> None:
    given(*Path().appointed().events).when(
        team.recuse_member, "x", reason_code="relative", site=site(SIXTH)
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
    assert team.counting_marks(evolve(path.case, event))["JG-1"]["lead"].mark_cp == 4000


def test_marking_one_category_leaves_the_others_marked() -> None:
    path = Path().appointed().scheduled().held().marked("m2", mark("JG-1", 5000))
    path.marked("m2", mark("DA-1", 3000), mark("DA-2", 1000))
    assert set(team.counting_marks(path.case)) == {"JG-1", "DA-1", "DA-2"}
