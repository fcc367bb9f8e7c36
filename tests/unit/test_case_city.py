"""What follows the district's pass: the letter, the city, titles and money."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest

from services.review import city, title, verdict
from services.review.case import Case, evolve
from shared.contracts.blocks import Document, Mark, Reason
from shared.contracts.case import (
    CaseEvent,
    CityFailed,
    CityMarksRecorded,
    CityPassed,
    Closed,
    Returned,
    TitleAwarded,
)
from shared.official_numbers import comparable
from tests.unit.given import Given, Outcome
from tests.unit.review_path import PAPER, PROGRAMME, Path, mark, marks, second, site

given = Given(Case(), evolve)
OCTOBER, NOVEMBER = date(2018, 10, 15), date(2018, 11, 1)


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
        comparable(number)
        for number in (
            "枣安标〔2018〕1号",
            "枣安标[2018] 1号",
            "枣安标（2018）１号",
            "枣安标【2018】1号",
            "\u200b枣安标〔2018〕1号\ufeff",
            "枣安标〔20\u00ad18〕1号",
        )
    }
    assert len(same) == 1
    assert comparable("枣安标〔2018〕11号") not in same


def test_one_act_gives_no_number_twice() -> None:
    path = Path().city_passed()

    def both(case: Case) -> list[CaseEvent]:
        return award([case, second(path)], "枣安标〔2018〕1号", "枣安标(2018)1号")[0]

    given(*path.events).when(both).refused("plaque-in-use")


@pytest.mark.parametrize("number", [" ", "\u200b", "〔〕", "－"])
def test_a_plaque_has_a_number(number: str) -> None:
    given(*Path().city_passed().events).when(lambda case: award([case], number)[0]).refused(
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
