"""A title put right, taken away, and replaced by that of a later round."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import reduce
from typing import Any

import pytest

from services.review import title
from services.review.case import Case, evolve
from services.review.holdings import TitleField
from shared.contracts.case import CaseEvent, TitleAwarded, TitleCorrected, TitleRevoked
from shared.official_numbers import comparable
from tests.unit.given import Given, Outcome
from tests.unit.review_path import PROGRAMME, Path, site

given = Given(Case(), evolve)
NOVEMBER, DECEMBER = date(2018, 11, 1), date(2018, 12, 1)
PLAQUE, RIGHT = "枣安标〔2018〕1号", "枣安标〔2018〕7号"


def correct(
    path: Path,
    field: TitleField = "plaque_number",
    was: str | None = PLAQUE,
    is_: str | None = RIGHT,
    *,
    later: Sequence[Case] = (),
    day: date = DECEMBER,
) -> Outcome[Case, CaseEvent]:
    return given(*path.events).when(
        title.correct_title,
        title.Correction(field=field, was=was, is_=is_, reason="印错"),
        corrects="e1",
        later=later,
        site=site(day),
    )


def revoke(
    path: Path, later: Sequence[Case] = (), day: date = DECEMBER
) -> Outcome[Case, CaseEvent]:
    return given(*path.events).when(
        title.revoke_title,
        code="forged",
        reason="弄虚作假",
        decided_by="chief",
        later=later,
        site=site(day),
    )


def second_round(path: Path) -> Path:
    """The same steps once more, in the round after: `p/370406001/2`."""
    case_id = "p/370406001/2"
    path.events = [replace(event, case_id=case_id, round=2) for event in path.events]
    path.case = reduce(evolve, path.events, Case())
    return path


def award(path: Path, earlier: Sequence[Case], plaque: str = "2") -> TitleAwarded:
    given_ = title.Award(title="demonstration", plaque_number=plaque)
    ((event,),) = title.award_titles(
        [path.case],
        [given_],
        PROGRAMME,
        award_id="w2",
        earlier=[earlier],
        site=site(date(2018, 12, 20)),
    )
    assert isinstance(event, TitleAwarded)
    return event


@pytest.mark.parametrize("path", [Path().awarded(), Path().closed()], ids=["awarded", "closed"])
def test_a_number_is_put_right_after_the_end_too(path: Path) -> None:
    (event,) = correct(path).events
    assert isinstance(event, TitleCorrected)
    assert (event.corrects, event.was, event.is_) == ("e1", PLAQUE, RIGHT)
    held = given(*path.events, event).state.title
    assert held is not None
    assert (held.plaque_number, held.plaques) == (RIGHT, (PLAQUE, RIGHT))
    correct(path).then_once(event)


def test_a_correction_begins_with_the_value_that_stands() -> None:
    correct(Path().awarded(), was="枣安标〔2018〕2号").refused(
        "present-value-differs", field="plaque_number", present=PLAQUE
    )


def test_a_title_is_never_put_beyond_the_citys_verdict() -> None:
    path = Path().city_passed("compliant")
    given_ = title.Award(title="compliant", plaque_number=PLAQUE)
    ((event,),) = title.award_titles(
        [path.case], [given_], PROGRAMME, award_id="w", site=site(NOVEMBER)
    )
    path.events.append(event)
    correct(path, "title", "compliant", "demonstration").refused("title-beyond-verdict")
    (lower,) = correct(Path().awarded(), "title", "demonstration", "compliant").events
    assert isinstance(lower, TitleCorrected)


def test_a_title_does_not_end_before_it_begins() -> None:
    path = Path().awarded()
    correct(path, "valid_until_on", None, "2018-10-31").refused("days-reversed")
    (event,) = correct(path, "valid_until_on", None, "2021-10-31").events
    held = given(*path.events, event).state.title
    assert held is not None
    assert held.valid_until_on == date(2021, 10, 31)
    endless = correct(path, "valid_until_on", None, None)
    endless.then_nothing()


def test_a_plaque_keeps_a_number() -> None:
    correct(Path().awarded(), is_=" ").refused("plaque-number-empty")


def test_a_correction_holds_from_no_earlier_than_what_it_corrects() -> None:
    path = Path().awarded()
    correct(path, day=date(2018, 10, 31)).refused("effective-day-too-early", earliest_on=NOVEMBER)
    path.events += correct(path).events
    correct(path, was=RIGHT, is_="3", day=date(2018, 11, 30)).refused(
        "effective-day-too-early", earliest_on=DECEMBER
    )
    # Another field was not said in December, but at the award.
    assert correct(path, "title", "demonstration", "compliant", day=NOVEMBER).events


def test_only_a_number_that_the_title_never_bore_is_claimed() -> None:
    path = Path().awarded()
    events = correct(path).events
    assert title.new_plaque(path.case, events) == comparable(RIGHT)
    path.events += events
    back = correct(path, was=RIGHT, is_=PLAQUE)
    assert title.new_plaque(given(*path.events).state, back.events) is None
    alike = correct(Path().awarded(), is_="枣安标[2018]1号")
    assert title.new_plaque(path.case, alike.events) is None
    lower = correct(Path().awarded(), "title", "demonstration", "compliant")
    assert title.new_plaque(path.case, lower.events) is None


def test_a_title_is_revoked_once_and_never_put_right_again() -> None:
    for path in (Path().awarded(), Path().closed()):
        (event,) = revoke(path).events
        assert isinstance(event, TitleRevoked)
        assert (event.plaque_number, event.revoked_on) == (PLAQUE, DECEMBER)
        revoke(path).then_once(event)
        path.events.append(event)
        correct(path).refused("title-revoked", revoked_on=DECEMBER)


def test_a_revocation_names_the_number_that_the_plaque_bears_now() -> None:
    path = Path().awarded()
    path.events += correct(path).events
    (event,) = revoke(path).events
    assert isinstance(event, TitleRevoked)
    assert event.plaque_number == RIGHT
    revoke(path, day=date(2018, 11, 30)).refused("effective-day-too-early", earliest_on=DECEMBER)


def test_only_a_title_is_corrected_or_revoked() -> None:
    for path in (Path().city_passed(), Path()):
        correct(path).refused("title-missing")
        revoke(path).refused("title-missing")
    given().when(
        title.revoke_title, code="c", reason="r", decided_by="d", site=site(DECEMBER)
    ).refused("case-unknown")


def test_a_later_title_replaces_the_one_in_force_under_its_present_number() -> None:
    first = Path().closed()
    later = second_round(Path().city_passed())
    assert award(later, []).replaces_title is None
    assert award(later, [first.case]).replaces_title == PLAQUE
    first.events += correct(first).events
    assert award(later, [given(*first.events).state]).replaces_title == RIGHT


def test_a_revoked_title_is_replaced_by_none_and_revives_none_before_it() -> None:
    first, second = Path().closed(), second_round(Path().awarded())
    gone = given(*first.events, *revoke(first).events).state
    third = second_round(Path().city_passed())
    assert award(third, [gone]).replaces_title is None
    assert second.case.title is not None
    replacing = replace(second.case.title.awarded, replaces_title=PLAQUE)
    after = given(*second.events[:-1], replacing).state
    lost = reduce(evolve, revoke(second).events, after)
    assert award(third, [first.case, lost]).replaces_title is None


def test_what_was_replaced_is_corrected_and_revoked_no_more() -> None:
    first, second = Path().closed(), second_round(Path().city_passed())
    follower = evolve(second.case, award(second, [first.case], "枣安标〔2019〕2号"))
    facts: dict[str, Any] = {"plaque": PLAQUE, "by": "枣安标〔2019〕2号"}
    correct(first, later=[follower]).refused("title-replaced", **facts)
    revoke(first, later=[follower]).refused("title-replaced", **facts)
    # A round that brought no title replaced none.
    assert revoke(first, later=[second.case]).events


def test_an_award_does_not_end_before_it_begins() -> None:
    given_ = title.Award(title="compliant", plaque_number="1")

    def ended(case: Case) -> list[CaseEvent]:
        return title.award_titles(
            [case],
            [given_],
            PROGRAMME,
            award_id="w",
            valid_until_on=date(2018, 10, 31),
            site=site(NOVEMBER),
        )[0]

    given(*Path().city_passed().events).when(ended).refused("days-reversed")
