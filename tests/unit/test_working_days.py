"""Working days with exchanged weekends: a term may never gain or lose a day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.blocks import Document
from shared.contracts.programme import CalendarPublished
from shared.working_days import Calendar

# The spring of 2018: 15-21 February off, the Sunday before and the Saturday after worked.
SPRING = Calendar(
    frozenset(date(2018, 2, day) for day in range(15, 22)),
    frozenset({date(2018, 2, 11), date(2018, 2, 24)}),
)
days = st.dates(date(2017, 12, 1), date(2018, 5, 1))
calendars = st.builds(Calendar, st.frozensets(days, max_size=12), st.frozensets(days, max_size=12))


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2018, 2, 9), True),
        (date(2018, 2, 10), False),
        (date(2018, 2, 11), True),
        (date(2018, 2, 15), False),
        (date(2018, 2, 17), False),
        (date(2018, 2, 24), True),
    ],
)
def test_a_worked_sunday_counts_and_a_holiday_does_not(day: date, working: bool) -> None:
    assert SPRING.is_working(day) is working


def test_a_day_that_is_both_holiday_and_worked_is_a_holiday() -> None:
    sunday = date(2018, 2, 11)
    assert not Calendar(frozenset({sunday}), frozenset({sunday})).is_working(sunday)


def test_a_term_begins_the_day_after() -> None:
    assert SPRING.add(date(2018, 2, 9), 1) == date(2018, 2, 11)


def test_a_term_of_no_days_ends_where_it_begins_even_on_a_sunday() -> None:
    assert SPRING.add(date(2018, 2, 4), 0) == date(2018, 2, 4)


def test_a_term_over_the_festival_skips_it() -> None:
    assert SPRING.add(date(2018, 2, 14), 2) == date(2018, 2, 23)


def test_a_term_cannot_run_backwards() -> None:
    with pytest.raises(ValueError, match="forwards"):
        SPRING.add(date(2018, 2, 14), -1)


def test_the_due_day_itself_is_in_time() -> None:
    assert SPRING.late(date(2018, 2, 14), date(2018, 2, 14)) == 0


def test_the_festival_makes_nobody_late() -> None:
    assert SPRING.late(date(2018, 2, 14), date(2018, 2, 21)) == 0
    assert SPRING.late(date(2018, 2, 14), date(2018, 2, 22)) == 1


def test_before_the_due_day_nothing_is_late() -> None:
    assert SPRING.late(date(2018, 2, 14), date(2018, 1, 2)) == 0


def published(year: int, *holidays: date) -> CalendarPublished:
    return CalendarPublished(
        programme="p",
        effective_on=date(2018, 2, 5),
        year=year,
        holidays=holidays,
        worked_weekends=(),
        provisional=False,
        source=Document(title="放假安排", issued_on=date(2017, 11, 30)),
    )


def test_a_later_version_of_a_year_replaces_only_that_year() -> None:
    monday, tuesday, new_year = date(2019, 4, 29), date(2019, 4, 30), date(2018, 1, 1)
    known = Calendar.of(
        [published(2018, new_year), published(2019, monday), published(2019, tuesday)]
    )
    assert known.is_working(monday)
    assert not known.is_working(tuesday)
    assert not known.is_working(new_year)


@given(calendars, days, days)
def test_between_counts_exactly_the_working_days(
    calendar: Calendar, after: date, until: date
) -> None:
    counted = 0
    day = after
    while day < until:
        day += timedelta(days=1)
        counted += calendar.is_working(day)
    assert calendar.between(after, until) == counted


@given(calendars, days, st.integers(1, 30))
def test_a_term_ends_on_the_working_day_that_completes_it(
    calendar: Calendar, start: date, term: int
) -> None:
    end = calendar.add(start, term)
    assert calendar.is_working(end)
    assert calendar.between(start, end) == term
