"""What follows the district's pass: the letter, the city, titles and money."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import reduce

from services.review import city, letters, reward, title, verdict
from services.review.case import Case, evolve
from shared.contracts.blocks import Document, Mark, Reason
from shared.contracts.case import (
    CaseEvent,
    CityFailed,
    CityMarksRecorded,
    CityPassed,
    Closed,
    Recommended,
    Returned,
    TitleAwarded,
)
from tests.unit.given import Given, Outcome
from tests.unit.review_path import ENCLOSED, PAPER, PROGRAMME, Path, mark, marks, site

given = Given(Case(), evolve)
OCTOBER, NOVEMBER = date(2018, 10, 15), date(2018, 11, 1)


def of(path: Path, **changes: object) -> Case:
    """The same path as another township's case."""
    events = [replace(event, **changes) for event in path.events]  # type: ignore[arg-type]  # any field
    return reduce(evolve, events, Case())


def second(path: Path) -> Case:
    return of(path, township="2", case_id="p/2/1", application_id="a9")


def recommend(cases: Sequence[Case], letter: Document | None = PAPER) -> list[list[CaseEvent]]:
    return letters.recommend(
        cases,
        PROGRAMME,
        recommendation_id="r1",
        enclosed={case.opened.case_id: ENCLOSED for case in cases if case.opened},
        decided_by="chief",
        site=site(date(2018, 9, 20), letter),
    )


def recommending(path: Path, letter: Document | None = PAPER) -> Outcome[Case, CaseEvent]:
    return given(*path.events).when(lambda case: recommend([case], letter)[0])


def test_one_letter_recommends_several_cases_with_one_seal() -> None:
    path = Path().passed()
    (first,), (other,) = recommend([path.case, second(path)])
    assert isinstance(first, Recommended)
    assert isinstance(other, Recommended)
    assert first.cases == other.cases == ("p/370406001/1", "p/2/1")
    assert first.package_sha256 == other.package_sha256
    assert first.to == "city"


def test_another_letter_has_another_seal() -> None:
    path = Path().passed()
    seals = {
        event.package_sha256
        for letter in (PAPER, replace(PAPER, number="山安监发〔2018〕9号"))
        for (event,) in recommend([path.case], letter)
        if isinstance(event, Recommended)
    }
    assert len(seals) == 2


def test_one_unfit_case_holds_back_the_letter() -> None:
    path = Path().passed()

    def both(case: Case) -> list[CaseEvent]:
        return recommend([case, Path().inspected().case])[0]

    given(*path.events).when(both).refused("wrong-stage", stage="appointed")


def test_a_case_is_listed_once() -> None:
    path = Path().passed()
    given(*path.events).when(lambda case: recommend([case, case])[0]).refused("duplicate-code")


def test_a_letter_is_a_document_and_lists_something() -> None:
    recommending(Path().passed(), None).refused("document-missing")
    given().when(lambda case: recommend([])[0]).refused("cases-missing")


def city_mark(
    path: Path,
    marks: city.CityMarks,
    on_behalf_of: str | None = None,
    document: Document | None = None,
    inspected_on: date = date(2018, 10, 10),
) -> Outcome[Case, CaseEvent]:
    return given(*path.events).when(
        city.record_city_marks,
        PROGRAMME,
        marks,
        inspected_on=inspected_on,
        on_behalf_of=on_behalf_of,
        site=site(date(2018, 10, 10), document),
    )


def by_item(*found: Mark) -> city.CityMarks:
    return city.CityMarks(granularity="item", marks=found)


TOTAL = city.CityMarks(granularity="total", total_cp=8700)


def test_the_city_may_mark_each_item() -> None:
    (event,) = city_mark(Path().recommended(), by_item(*marks(4000))).events
    assert isinstance(event, CityMarksRecorded)
    assert (event.totals.total_cp, event.totals.grade) == (8000, "compliant")


def test_a_claim_the_district_did_not_allow_counts_nothing_at_the_city_either() -> None:
    found = (*marks(5000)[:2], mark("DA-2", 0, applicable=False))
    (event,) = city_mark(Path().recommended(), by_item(*found)).events
    assert isinstance(event, CityMarksRecorded)
    assert (event.totals.total_cp, event.totals.not_applicable) == (8000, ())


def test_the_city_may_give_categories_or_a_total_alone() -> None:
    given_ = city.CityMarks(granularity="category", by_category={"JG": 5000, "DA": 3500})
    (event,) = city_mark(Path().recommended(), given_).events
    assert isinstance(event, CityMarksRecorded)
    assert (event.totals.total_cp, event.marks) == (8500, None)
    (event,) = city_mark(Path().recommended(), TOTAL).events
    assert isinstance(event, CityMarksRecorded)
    assert event.totals.total_cp == 8700


def test_city_marks_are_whole() -> None:
    path = Path().recommended()
    city_mark(path, by_item(*marks()[:1])).refused("missing-items")
    half = city.CityMarks(granularity="category", by_category={"JG": 5000})
    city_mark(path, half).refused("missing-categories", categories=["DA"])
    city_mark(path, city.CityMarks(granularity="total")).refused("total-missing")


def test_a_category_below_its_minimum_does_not_pass() -> None:
    path = Path().recommended()
    low = city.CityMarks(granularity="category", by_category={"JG": 2900, "DA": 4000})
    path.events += city_mark(path, low).events
    pass_(path).refused("short-of-pass-mark")


def test_the_district_marks_for_the_city_only_with_the_citys_paper() -> None:
    path = Path().recommended()
    for paper in (None, replace(PAPER, number=None), replace(PAPER, sha256=None)):
        city_mark(path, TOTAL, "city", paper).refused("document-missing")
    assert city_mark(path, TOTAL, "city", PAPER).events


def test_the_city_inspects_after_the_letter_and_not_in_the_future() -> None:
    for day in (date(2018, 9, 19), date(2018, 10, 11)):
        city_mark(Path().recommended(), TOTAL, inspected_on=day).refused("inspected-outside")


def test_the_city_marks_nothing_that_was_not_recommended() -> None:
    city_mark(Path().passed(), TOTAL).refused("wrong-stage", stage="preliminary-passed")


def pass_(path: Path, title: str | None = None) -> Outcome[Case, CaseEvent]:
    return given(*path.events).when(
        city.pass_city,
        PROGRAMME,
        title=title,  # type: ignore[arg-type]  # a literal in every test
        site=site(OCTOBER),
    )


def test_the_city_passes_for_the_title_its_grade_allows() -> None:
    (event,) = pass_(Path().city_marked(8700)).events
    assert isinstance(event, CityPassed)
    assert (event.title, event.margin_cp, event.passed_on) == ("compliant", 700, OCTOBER)


def test_the_city_passes_nobody_without_marks_or_below_them() -> None:
    pass_(Path().recommended()).refused("wrong-stage", stage="recommended")
    pass_(Path().city_marked(7999)).refused("short-of-pass-mark", short_cp=1)
    pass_(Path().city_marked(8700), "demonstration").refused("demonstration-not-reached")


def test_the_city_may_fail_with_marks_or_without() -> None:
    why = (Reason(code="absent", text="现场无人"),)
    for path, short in ((Path().city_marked(7000), 1000), (Path().recommended(), None)):
        failed, closed = (
            given(*path.events).when(city.fail_city, PROGRAMME, why, site=site(OCTOBER)).events
        )
        assert isinstance(failed, CityFailed)
        assert isinstance(closed, Closed)
        assert (failed.shortfall_cp, closed.outcome) == (short, "failed")


def test_the_city_gives_reasons() -> None:
    given(*Path().recommended().events).when(
        city.fail_city, PROGRAMME, (), site=site(OCTOBER)
    ).refused("reasons-missing")


def test_a_return_by_the_city_ends_the_case() -> None:
    returned, closed = back(Path().recommended())
    assert isinstance(closed, Closed)
    assert (returned.by, closed.outcome) == ("city", "returned")


def back(path: Path) -> tuple[Returned, CaseEvent]:
    returned, closed = (
        given(*path.events)
        .when(
            city.return_by_city,
            PROGRAMME,
            [verdict.Complaint(item="JG-1", reason="批复过期")],
            own_marks=path.own,
            decided_by="c1",
            site=site(OCTOBER),
        )
        .events
    )
    assert isinstance(returned, Returned)
    return returned, closed


def test_a_return_by_the_city_shows_its_own_mark_where_it_gave_one() -> None:
    path = Path().recommended()
    path.events += city_mark(path, by_item(*marks(4000))).events
    assert back(path)[0].items[0].agreed_cp == 4000
    assert back(Path().city_marked(8700))[0].items[0].agreed_cp == 5000


def award(
    cases: Sequence[Case], *plaques: str, grade: str = "demonstration"
) -> list[list[CaseEvent]]:
    awards = [title.Award(title=grade, plaque_number=one) for one in plaques]  # type: ignore[arg-type]  # a literal in every test
    return title.award_titles(cases, awards, PROGRAMME, award_id="w1", site=site(NOVEMBER))


def test_one_act_awards_many_titles() -> None:
    path = Path().city_passed()
    (first,), (other,) = award([path.case, second(path)], "枣安标〔2018〕1号", "枣安标〔2018〕2号")
    assert isinstance(first, TitleAwarded)
    assert isinstance(other, TitleAwarded)
    assert first.award_id == other.award_id
    assert (first.plaque_number, first.city_passed_on) == ("枣安标〔2018〕1号", OCTOBER)


def test_a_plaque_number_is_the_same_however_it_is_typed() -> None:
    same = {
        title.plaque_key(number)
        for number in (
            "枣安标〔2018〕1号",
            "枣安标[2018] 1号",
            "枣安标（2018）１号",
            "枣安标【2018】1号",
        )
    }
    assert len(same) == 1
    assert title.plaque_key("枣安标〔2018〕11号") not in same


def test_one_act_gives_no_number_twice() -> None:
    path = Path().city_passed()

    def both(case: Case) -> list[CaseEvent]:
        return award([case, second(path)], "枣安标〔2018〕1号", "枣安标(2018)1号")[0]

    given(*path.events).when(both).refused("plaque-in-use")


def test_a_plaque_has_a_number() -> None:
    given(*Path().city_passed().events).when(lambda case: award([case], " ")[0]).refused(
        "plaque-number-empty"
    )


def test_a_title_is_not_beyond_the_citys_verdict() -> None:
    given(*Path().city_passed("compliant").events).when(lambda case: award([case], "1")[0]).refused(
        "title-beyond-verdict", case="p/370406001/1"
    )


def test_a_title_waits_for_the_citys_verdict() -> None:
    given(*Path().city_marked().events).when(lambda case: award([case], "1")[0]).refused(
        "wrong-stage", stage="city-marked"
    )


def test_a_title_is_not_awarded_before_the_pass() -> None:
    given(*Path().city_passed().events).when(
        lambda case: title.award_titles(
            [case],
            [title.Award(title="compliant", plaque_number="1")],
            PROGRAMME,
            award_id="w",
            site=site(date(2018, 10, 14)),
        )[0]
    ).refused("effective-day-too-early", earliest_on=OCTOBER)


def grant(path: Path, basis: str = "on-time", **changes: object) -> Outcome[Case, CaseEvent]:
    usual: dict[str, object] = {"fund": "city", "amount_fen": 100, "reward_id": "m2"}
    usual["site"] = site(date(2018, 11, 5))

    def decide(case: Case) -> list[CaseEvent]:
        return reward.grant_reward(case, PROGRAMME, basis=basis, **(usual | changes))  # type: ignore[arg-type]  # each test changes another field

    return given(*path.events).when(decide)


def test_money_follows_a_title() -> None:
    grant(Path().city_passed()).refused("title-missing")
    grant(Path()).refused("title-missing")
    grant(Path().awarded(), amount_fen=0).refused("amount-not-positive")
    grant(Path().awarded(), site=site(date(2018, 10, 31))).refused("effective-day-too-early")


def test_a_reward_by_rank_names_the_rank() -> None:
    for rank in ({}, {"rank": 4, "of": 3}, {"rank": 0, "of": 3}):
        grant(Path().awarded(), "rank", **rank).refused("rank-missing")


def test_a_fund_grants_once_for_one_reason() -> None:
    path = Path().granted()
    grant(path).refused("reward-granted", fund="city")
    assert grant(path, "demonstration").events


def test_money_may_follow_after_the_case_is_closed() -> None:
    assert grant(Path().closed()).events


def pay(path: Path, amount_fen: int, reward_id: str = "m1") -> Outcome[Case, CaseEvent]:
    return given(*path.events).when(
        reward.pay_reward, reward_id, amount_fen=amount_fen, site=site(date(2018, 12, 1))
    )


def test_instalments_together_never_exceed_the_grant() -> None:
    path = Path().granted(1000)
    path.events += pay(path, 600).events
    pay(path, 401).refused("payment-over-grant", left_fen=400)
    path.events += pay(path, 400).events
    pay(path, 1).refused("payment-over-grant", left_fen=0)


def test_only_a_granted_reward_is_paid() -> None:
    pay(Path().granted(), 1, "x").refused("reward-unknown")
    pay(Path().granted(), 0).refused("amount-not-positive")


def test_a_case_closes_once_its_title_is_awarded() -> None:
    (event,) = given(*Path().awarded().events).when(title.close_case, site=site(NOVEMBER)).events
    assert isinstance(event, Closed)
    assert event.outcome == "awarded"
    given(*Path().city_passed().events).when(title.close_case, site=site(NOVEMBER)).refused(
        "wrong-stage", stage="city-passed"
    )
    given(*Path().closed().events).when(title.close_case, site=site(NOVEMBER)).refused(
        "case-closed"
    )
