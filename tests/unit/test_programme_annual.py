"""The year's assessment sheet: whom it covers, and what must agree on it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from services.review.programmes.annual import Sheet, issue_annual_assessment
from services.review.programmes.programme import (
    Programme,
    close,
    enrol_township,
    evolve,
    withdraw_township,
)
from shared.contracts.programme import (
    AnnualAssessmentIssued,
    AnnualRow,
    Cut,
    ProgrammeEvent,
    RulesRef,
)
from tests.unit.given import Given
from tests.unit.review_path import OPENING, TOWN, opened, site

given = Given(Programme(), evolve)
SECOND = replace(TOWN, township="2", office="o2", government="g2")
OLD = [
    *opened(),
    *given(*opened()).when(enrol_township, SECOND, site=site(date(2018, 6, 1))).events,
]
CUT_OFF, SIGNED = date(2018, 12, 31), date(2019, 1, 10)
NOW = datetime(2019, 1, 10, 2, tzinfo=UTC)
DIGEST, OTHER = "ab" * 32, "cd" * 32


def row(township: str, points_cp: int, rank: int | None) -> AnnualRow:
    return AnnualRow(township=township, points_cp=points_cp, rank=rank)


ROWS = (row(TOWN.township, 9500, 1), row("2", 9000, 2))
SHEET = Sheet(
    year=2018,
    figures_digest=DIGEST,
    as_of_on=CUT_OFF,
    known_at=NOW - timedelta(days=1),
    cut=(Cut(topic="fuyan.case.v1", partition=0, next_offset=7),),
    rules=(("reward", 1),),
    rows=ROWS,
)


def issue(programme: Programme, sheet: Sheet = SHEET, on: date = SIGNED) -> list[ProgrammeEvent]:
    return issue_annual_assessment(
        programme, sheet, signed_by="liu", known_on=sheet.known_at.date(), now=NOW, site=site(on)
    )


def test_a_sheet_names_the_rules_by_what_they_said() -> None:
    digest = next(one.digest for one in given(*OLD).state.rules if one.kind == "reward")
    given(*OLD).when(issue).then_once(
        AnnualAssessmentIssued(
            **site(SIGNED),
            year=2018,
            figures_digest=DIGEST,
            as_of_on=CUT_OFF,
            known_at=SHEET.known_at,
            cut=SHEET.cut,
            rules=(RulesRef(kind="reward", version=1, digest=digest),),
            rows=ROWS,
            signed_by="liu",
        )
    )


def test_every_township_of_that_day_has_its_row_and_no_other() -> None:
    odd = replace(SHEET, rows=(row("2", 1, 1), row("3", 1, 1)))
    given(*OLD).when(issue, odd).refused(
        "rows-not-of-townships", missing=[TOWN.township], foreign=["3"]
    )
    twice = replace(SHEET, rows=(*ROWS, ROWS[0]))
    given(*OLD).when(issue, twice).refused("duplicate-code", kind="township")


def test_who_left_before_that_day_has_no_row_and_who_left_after_has_one() -> None:
    def left(day: date) -> list[ProgrammeEvent]:
        gone = given(*OLD).when(withdraw_township, "2", reason="撤并", site=site(day)).events
        return [*OLD, *gone]

    given(*left(CUT_OFF)).when(issue).refused("rows-not-of-townships", foreign=["2"])
    assert given(*left(date(2019, 1, 1))).when(issue).events


def test_who_joined_after_that_day_has_no_row() -> None:
    early = replace(SHEET, as_of_on=date(2018, 5, 31))
    given(*OLD).when(issue, early).refused("rows-not-of-townships", foreign=["2"])
    assert given(*OLD).when(issue, replace(SHEET, as_of_on=date(2018, 6, 1))).events


def test_more_points_never_rank_behind_fewer() -> None:
    for ranks in ((2, 1), (3, 2)):
        rows = tuple(replace(one, rank=rank) for one, rank in zip(ROWS, ranks, strict=True))
        given(*OLD).when(issue, replace(SHEET, rows=rows)).refused(
            "ranks-inconsistent", first=TOWN.township, second="2"
        )


def test_equal_points_rank_alike() -> None:
    rows = (row(TOWN.township, 9000, 1), row("2", 9000, 2))
    given(*OLD).when(issue, replace(SHEET, rows=rows)).refused("ranks-inconsistent")
    alike = (row(TOWN.township, 9000, 1), row("2", 9000, 1))
    assert given(*OLD).when(issue, replace(SHEET, rows=alike)).events


def test_all_are_ranked_or_none() -> None:
    half = (ROWS[0], replace(ROWS[1], rank=None))
    given(*OLD).when(issue, replace(SHEET, rows=half)).refused("ranks-incomplete", townships=["2"])
    none = tuple(replace(one, rank=None) for one in ROWS)
    assert given(*OLD).when(issue, replace(SHEET, rows=none)).events


def test_figures_of_an_earlier_year_make_no_sheet() -> None:
    given(*OLD).when(issue, replace(SHEET, year=2019)).refused("assessment-before-year")
    later = replace(SHEET, as_of_on=date(2019, 1, 5))
    assert given(*OLD).when(issue, later).events


def test_a_sheet_is_signed_after_the_day_it_speaks_of() -> None:
    given(*OLD).when(issue, on=date(2018, 12, 30)).refused(
        "effective-day-too-early", earliest_on=CUT_OFF
    )


def test_nobody_signs_what_was_not_yet_known() -> None:
    later = replace(SHEET, known_at=NOW + timedelta(seconds=1))
    given(*OLD).when(issue, later).refused("known-at-in-future")
    given(*OLD).when(issue, on=date(2019, 1, 8)).refused("known-at-in-future")
    assert given(*OLD).when(issue, replace(SHEET, known_at=NOW)).events


def test_only_published_rules_are_named_once_each() -> None:
    odd = replace(SHEET, rules=(("reward", 2),))
    given(*OLD).when(issue, odd).refused("rules-unknown", kind="reward", version=2)
    twice = replace(SHEET, rules=(("reward", 1), ("reward", 1)))
    given(*OLD).when(issue, twice).refused("duplicate-code", kind="rules")


def test_a_partition_is_cut_once() -> None:
    given(*OLD).when(issue, replace(SHEET, cut=SHEET.cut * 2)).refused("duplicate-code", kind="cut")


def test_a_year_has_one_sheet_until_it_is_replaced_by_name() -> None:
    first = given(*OLD).when(issue).events
    other = replace(SHEET, figures_digest=OTHER)
    given(*OLD, *first).when(issue, other).refused("annual-assessment-issued", digest=DIGEST)
    wrong = replace(other, replaces_digest=OTHER)
    given(*OLD, *first).when(issue, wrong).refused("annual-assessment-issued")
    second = given(*OLD, *first).when(issue, replace(other, replaces_digest=DIGEST)).events
    assert len(second) == 1
    given(*OLD, *first, *second).when(issue, SHEET).refused(
        "annual-assessment-issued", digest=OTHER
    )


def test_the_first_sheet_replaces_none() -> None:
    given(*OLD).when(issue, replace(SHEET, replaces_digest=DIGEST)).refused(
        "annual-assessment-missing", year="2018"
    )


def test_a_sheet_is_not_replaced_before_it_was_signed() -> None:
    first = given(*OLD).when(issue).events
    again = replace(
        SHEET,
        figures_digest=OTHER,
        replaces_digest=DIGEST,
        known_at=datetime(2019, 1, 1, tzinfo=UTC),
    )
    given(*OLD, *first).when(issue, again, on=date(2019, 1, 9)).refused(
        "effective-day-too-early", earliest_on=SIGNED
    )


def test_a_programme_that_is_over_still_gives_account_of_its_last_year() -> None:
    (end,) = given(*OLD).when(close, achieved=2, site=site(CUT_OFF)).events
    assert given(*OLD, end).when(issue).events


def test_nobody_gives_account_of_a_programme_that_was_never_opened() -> None:
    given().when(issue).refused("unknown-programme")


def test_no_sheet_is_older_than_its_programme() -> None:
    given(*OLD).when(issue, on=OPENING - timedelta(days=1)).refused("effective-day-too-early")
