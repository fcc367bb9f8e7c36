"""Where an officer served on a day: the fact that keeps reviewers out of their own office."""

from datetime import date

import pytest

from services.review.directory import (
    Posting,
    check_postings,
    organisation_on,
    organisations_between,
)
from shared.contracts.refusals import Refused

OFFICE = Posting("office", "主任", "赵", date(2015, 1, 1), date(2018, 9, 4))
DISTRICT = Posting("district", "科长", "赵", date(2018, 9, 5))


@pytest.mark.parametrize(
    ("day", "where"),
    [
        (date(2014, 12, 31), None),
        (date(2015, 1, 1), "office"),
        (date(2018, 9, 4), "office"),
        (date(2018, 9, 5), "district"),
        (date(2030, 1, 1), "district"),
    ],
)
def test_both_days_belong_to_a_posting(day: date, where: str | None) -> None:
    assert organisation_on([OFFICE, DISTRICT], day) == where


def test_postings_may_follow_each_other_in_any_order() -> None:
    check_postings([DISTRICT, OFFICE])


@pytest.mark.parametrize(
    ("other", "code"),
    [
        (Posting("x", "x", "x", date(2018, 9, 4), date(2018, 9, 4)), "postings-overlap"),
        (Posting("x", "x", "x", date(2019, 1, 1)), "postings-overlap"),
        (Posting("x", "x", "x", date(2014, 1, 2), date(2014, 1, 1)), "days-reversed"),
    ],
)
def test_nobody_serves_in_two_places_at_once(other: Posting, code: str) -> None:
    with pytest.raises(Refused) as refused:
        check_postings([OFFICE, DISTRICT, other])
    assert refused.value.code == code


def test_where_an_officer_served_between_two_days_is_told_with_the_last_day_there() -> None:
    served = [OFFICE, DISTRICT]
    assert organisations_between(served, date(2018, 9, 4), date(2018, 9, 5)) == {
        "office": date(2018, 9, 4),
        "district": date(2018, 9, 5),
    }
    assert organisations_between(served, date(2018, 9, 5), date(2018, 9, 9)) == {
        "district": date(2018, 9, 9)
    }
    assert organisations_between(served, date(2014, 1, 1), date(2014, 12, 31)) == {}
