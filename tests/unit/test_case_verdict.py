"""What the team agrees and what the district decides."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from services.review import appointment, consensus, verdict
from services.review.case import Case, evolve
from shared.contracts.blocks import Mark, Reason
from shared.contracts.case import (
    CaseEvent,
    Closed,
    ConsensusRecorded,
    MarksRecorded,
    NotApplicableDecision,
    PreliminaryFailed,
    PreliminaryPassed,
    Returned,
)
from tests.unit.given import Given, Outcome
from tests.unit.review_path import PAPER, PROGRAMME, SERVES, Path, application, mark, marks, site

given = Given(Case(), evolve)
DAY = date(2018, 9, 14)


def allowed(item: str, yes: bool) -> NotApplicableDecision:
    return NotApplicableDecision(item=item, allowed=yes, reason="无此类企业")


def agree(
    path: Path,
    agreed: Sequence[Mark],
    *claims: NotApplicableDecision,
    officer: str = "lead",
    facts: Sequence[str] = (),
) -> Outcome[Case, CaseEvent]:
    return given(*path.events).when(
        consensus.record_consensus,
        PROGRAMME,
        agreed,
        claims,
        own_marks=path.own,
        officer=officer,
        facts=facts,
        site=site(DAY),
    )


def marked(path: Path | None = None) -> Path:
    path = (path or Path()).appointed().scheduled().held()
    path.marked("lead", mark("JG-1", 5000)).marked("m2", mark("JG-1", 4000))
    return path.marked("m1", mark("DA-1", 3000), mark("DA-2", 1000))


def test_the_consensus_shows_the_spread_and_the_offices_own_mark() -> None:
    (event,) = agree(marked(), marks(4500)).events
    assert isinstance(event, ConsensusRecorded)
    first = event.marks[0]
    assert (first.low_cp, first.high_cp, first.self_cp) == (4000, 5000, 5000)
    assert (first.marked_by, first.mark_cp) == (("lead", "m2"), 4500)
    assert (event.totals.total_cp, event.self_total_cp) == (8500, 9000)


def test_the_same_consensus_twice_is_one() -> None:
    path = marked()
    state = agree(path, marks(4500)).state
    assert (
        consensus.record_consensus(
            state,
            PROGRAMME,
            marks(4500),
            (),
            own_marks=path.own,
            officer="lead",
            site=site(DAY),
        )
        == []
    )


def test_only_the_team_leader_records_the_consensus() -> None:
    agree(marked(), marks(), officer="m1").refused("not-team-leader")


def test_a_consensus_waits_for_enough_markers() -> None:
    path = Path().appointed().scheduled().held().marked("lead", mark("JG-1", 5000))
    agree(path, marks()).refused("markers-missing", items=["DA-1", "DA-2"])


def test_a_consensus_covers_every_item() -> None:
    agree(marked(), marks()[:2]).refused("missing-items", items=["DA-2"])


def claiming() -> Path:
    own = (*marks(5000)[:2], mark("DA-2", 0, applicable=False))
    return marked(Path(application(own)))


def test_every_claim_of_not_applicable_is_decided() -> None:
    agree(claiming(), marks()).refused("claims-undecided", items=["DA-2"])


def test_an_allowed_claim_leaves_the_denominator() -> None:
    agreed = (*marks(5000)[:2], mark("DA-2", 0, applicable=False))
    (event,) = agree(claiming(), agreed, allowed("DA-2", True)).events
    assert isinstance(event, ConsensusRecorded)
    assert event.totals.not_applicable == ("DA-2",)
    assert event.totals.total_cp == 8000 * 10000 // 9000


def test_the_agreed_mark_follows_the_decision_on_the_claim() -> None:
    agree(claiming(), marks(), allowed("DA-2", True)).refused("claim-decided-otherwise")


def test_only_claims_that_were_made_are_decided() -> None:
    agree(marked(), marks(), allowed("DA-2", False)).refused("claim-not-made", item="DA-2")


def test_a_fact_that_vetoes_is_kept_with_the_consensus() -> None:
    (event,) = agree(marked(), marks(), facts=("fatal-accident",)).events
    assert isinstance(event, ConsensusRecorded)
    assert event.totals.vetoes == ("fatal",)


def test_a_fact_no_gate_asks_about_is_refused() -> None:
    agree(marked(), marks(), facts=("rain",)).refused("unknown-fact", fact="rain")


def test_marking_again_sets_the_consensus_aside() -> None:
    path = Path().inspected()
    before = path.case.consensus_version
    path.marked("m2", mark("JG-1", 4000))
    decide(path).refused("consensus-missing")
    path.agreed()
    assert path.case.consensus is not None
    assert path.case.consensus.supersedes == before


def decide(
    path: Path, decided_by: str = "chief", title: str | None = None
) -> Outcome[Case, CaseEvent]:
    return given(*path.events).when(
        verdict.pass_preliminary,
        PROGRAMME,
        decided_by=decided_by,
        proposed_title=title,  # type: ignore[arg-type]  # a literal in every test
        site=site(DAY),
    )


def test_a_pass_says_by_how_much() -> None:
    (event,) = decide(Path().inspected()).events
    assert isinstance(event, PreliminaryPassed)
    assert (event.margin_cp, event.proposed_title) == (1000, "demonstration")


def test_a_leader_may_propose_less_than_the_grade_allows() -> None:
    (event,) = decide(Path().inspected(), title="compliant").events
    assert isinstance(event, PreliminaryPassed)
    assert event.proposed_title == "compliant"


def test_nobody_decides_without_a_consensus() -> None:
    decide(Path()).refused("consensus-missing")
    fail(Path().appointed()).refused("consensus-missing")


def test_the_same_person_does_not_mark_and_decide() -> None:
    decide(Path().inspected(), "m1").refused("decider-marked", officer="m1")
    fail(Path().inspected(), "lead").refused("decider-marked", officer="lead")
    send_back(Path().inspected(), decided_by="m1").refused("decider-marked")


def test_who_marked_and_left_the_team_does_not_decide_either() -> None:
    path = marked()
    path.appointed((*path_seats(),)).marked("m1", mark("DA-1", 3000), mark("DA-2", 1000))
    path.marked("lead", mark("JG-1", 5000)).agreed()
    decide(path, "m2").refused("decider-marked", officer="m2")


def test_who_agreed_as_leader_and_was_replaced_does_not_decide_either() -> None:
    path = Path().appointed().scheduled().held().marked("m2", mark("JG-1", 5000))
    path.marked("m1", mark("DA-1", 3000), mark("DA-2", 1000)).agreed()
    assert "lead" not in {
        event.officer for event in path.events if isinstance(event, MarksRecorded)
    }
    path.events += (
        given(*path.events)
        .when(
            appointment.appoint_team,
            PROGRAMME,
            [
                appointment.Seat(officer="m0", categories=("JG",), leads=True),
                *(replace(one, leads=False) for one in path_seats()[1:2]),
                appointment.Seat(officer="m2", categories=("JG", "DA"), leads=False),
            ],
            organisations=SERVES,
            site=site(DAY),
        )
        .events
    )
    path.events += agree(path, marks(), officer="m0").events
    decide(path, "lead").refused("decider-marked", officer="lead")
    assert decide(path).events


def path_seats() -> Sequence[appointment.Seat]:
    team_now = (("lead", ("JG",), True), ("m1", ("DA",), False), ("m0", ("JG", "DA"), False))
    return [appointment.Seat(officer=o, categories=c, leads=leads) for o, c, leads in team_now]


def test_one_hundredth_below_the_mark_does_not_pass() -> None:
    path = Path().inspected(marks(3900, 3000, 1000))
    decide(path).refused("short-of-pass-mark", short_cp=100)


def test_a_veto_stands_whatever_the_score() -> None:
    path = marked()
    path.events += agree(path, marks(), facts=("fatal-accident",)).events
    decide(path).refused("vetoed", gates=["死亡事故"])


def test_demonstration_takes_its_grade() -> None:
    path = Path().inspected(marks(4500))
    decide(path, title="demonstration").refused("demonstration-not-reached", grade="compliant")


def test_a_case_is_decided_once() -> None:
    decide(Path().passed()).refused("wrong-stage", stage="preliminary-passed")


def test_a_decision_is_not_older_than_the_consensus() -> None:
    given(*Path().inspected().events).when(
        verdict.pass_preliminary, PROGRAMME, decided_by="chief", site=site(date(2018, 9, 11))
    ).refused("effective-day-too-early", earliest_on=date(2018, 9, 12))


def fail(path: Path, decided_by: str = "chief", *reasons: Reason) -> Outcome[Case, CaseEvent]:
    return given(*path.events).when(
        verdict.fail_preliminary,
        PROGRAMME,
        reasons or (Reason(code="below", text="分数不足", item="JG-1"),),
        decided_by=decided_by,
        site=site(DAY),
    )


def test_failing_says_what_is_short_and_ends_the_case() -> None:
    failed, closed = fail(Path().inspected(marks(3900))).events
    assert isinstance(failed, PreliminaryFailed)
    assert isinstance(closed, Closed)
    assert (failed.shortfall_cp, closed.outcome) == (100, "failed")


def test_an_office_with_points_enough_may_fail_for_other_reasons() -> None:
    failed = fail(Path().inspected()).events[0]
    assert isinstance(failed, PreliminaryFailed)
    assert (failed.shortfall_cp, failed.reasons[0].text) == (0, "分数不足")


def test_a_reason_is_about_an_item_of_the_standard() -> None:
    odd = Reason(code="below", text="?", item="x")
    fail(Path().inspected(), "chief", odd).refused("unknown-item", item="x")


def test_failing_without_a_reason_is_refused() -> None:
    given(*Path().inspected().events).when(
        verdict.fail_preliminary, PROGRAMME, (), decided_by="chief", site=site(DAY)
    ).refused("reasons-missing")


def send_back(
    path: Path, *items: str, decided_by: str = "chief", day: date = DAY
) -> Outcome[Case, CaseEvent]:
    return given(*path.events).when(
        verdict.return_application,
        PROGRAMME,
        [verdict.Complaint(item=item, reason="缺批复文件") for item in items or ("JG-1",)],
        own_marks=path.own,
        decided_by=decided_by,
        site=site(day, PAPER),
    )


def test_a_return_names_the_marks_and_the_day_to_answer_by() -> None:
    returned, closed = send_back(Path().inspected(marks(4500))).events
    assert isinstance(returned, Returned)
    assert isinstance(closed, Closed)
    one = returned.items[0]
    assert (one.self_cp, one.agreed_cp, closed.outcome) == (5000, 4500, "returned")
    # Twenty working days from 14 September: the 24th and the first week of October are off,
    # the 29th and 30th of September are worked.
    assert (returned.allowed_wd, returned.resubmit_by_on) == (20, date(2018, 10, 18))


def test_papers_may_be_sent_back_before_anybody_marked() -> None:
    returned = send_back(Path()).events[0]
    assert isinstance(returned, Returned)
    assert returned.totals is None


def test_once_marking_began_the_team_agrees_before_a_return() -> None:
    send_back(marked()).refused("consensus-missing")


def test_a_return_names_items_of_the_standard_each_once() -> None:
    send_back(Path(), "x").refused("unknown-item", item="x")
    send_back(Path(), "JG-1", "JG-1").refused("duplicate-code", duplicate="JG-1")
    given(*Path().events).when(
        verdict.return_application,
        PROGRAMME,
        [],
        own_marks={},
        decided_by="chief",
        site=site(DAY),
    ).refused("reasons-missing")


def test_a_returned_case_takes_nothing_more() -> None:
    path = Path()
    path.events += send_back(path).events
    send_back(path).refused("case-closed", outcome="returned")
