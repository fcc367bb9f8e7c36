"""The register tells other bureaus which titles hold, and what became of the rest."""

from datetime import UTC, date, datetime

from services.projection.picture import picture
from services.projection.stage import Stage
from services.projection.titles import Entry, Register, register
from tests.unit.story import Story

D = date
NOW = datetime(2030, 1, 1, tzinfo=UTC)
DECEMBER = D(2018, 12, 3)


def told() -> Story:
    """A township with a title that is valid until the next day, its first."""
    story = Story().opened().enrolled("A", "B").opened_case("A", D(2018, 9, 3))
    return story.verified("A", D(2018, 11, 1)).awarded("A", DECEMBER)


def seen(story: Story, on: date) -> Register:
    return register(picture(story.rows(), on, NOW))


def only(story: Story, on: date) -> Entry:
    (one,) = seen(story, on).titles
    return one


def test_a_title_is_in_force_from_its_day_until_the_end_of_its_last() -> None:
    assert seen(told(), D(2018, 12, 2)).titles == ()
    assert only(told(), DECEMBER).state == "in-force"
    assert only(told(), D(2018, 12, 4)).state == "in-force"
    assert only(told(), D(2018, 12, 5)).state == "expired"
    assert only(told(), D(2018, 12, 5)).stage == Stage.COMPLIANT


def test_a_corrected_day_of_validity_holds_from_the_day_of_the_correction() -> None:
    story = told().corrected("A", D(2018, 12, 7), "valid_until_on", "2018-12-04", "2020-12-31")
    assert only(story, D(2018, 12, 6)).state == "expired"
    right = only(story, D(2018, 12, 7))
    assert (right.state, right.valid_until_on) == ("in-force", D(2020, 12, 31))
    assert [(one.field, one.was) for one in right.corrections] == [("valid_until_on", "2018-12-04")]


def test_a_title_may_turn_out_to_have_no_last_day() -> None:
    story = told().corrected("A", D(2018, 12, 4), "valid_until_on", "2018-12-04", None)
    assert only(story, D(2030, 1, 1)).state == "in-force"


def test_a_corrected_number_leaves_the_wrong_one_on_record() -> None:
    story = told().corrected("A", DECEMBER, "plaque_number", "1", "7")
    one = only(story, DECEMBER)
    assert (one.plaque_number, one.former_numbers) == ("7", ("1",))
    assert one.events == ("case/shanting-2018/A/1@3", "case/shanting-2018/A/1@4")


def test_a_title_read_as_another_since_it_was_corrected() -> None:
    story = told().corrected("A", DECEMBER, "title", "compliant", "demonstration")
    assert seen(story, DECEMBER).in_force == {"demonstration": 1, "compliant": 0}


def test_a_revoked_title_says_when_and_for_what() -> None:
    story = told().revoked("A", D(2018, 12, 20))
    assert only(story, D(2018, 12, 19)).revoked_on is None
    one = only(story, D(2018, 12, 20))
    assert (one.state, one.revoked_on, one.revoked_for) == (
        "revoked",
        D(2018, 12, 20),
        "forged-material",
    )


def test_what_another_replaced_does_not_revive_when_that_one_is_revoked() -> None:
    story = told().opened_case("A", D(2019, 3, 1), 2).verified("A", D(2019, 5, 6), 2)
    story.awarded("A", D(2019, 6, 3), 2, title="demonstration", plaque="2", replaces="1")
    before = seen(story, D(2019, 6, 4))
    assert [(one.state, one.plaque_number) for one in before.titles] == [
        ("in-force", "2"),
        ("replaced", "1"),
    ]
    assert (before.titles[1].replaced_on, before.titles[1].replaced_by) == (D(2019, 6, 3), "2")
    story.revoked("A", D(2019, 7, 1), 2, plaque="2")
    assert seen(story, D(2019, 7, 1)).counts == {
        "in-force": 0,
        "expired": 0,
        "replaced": 1,
        "revoked": 1,
    }


def test_a_number_that_was_corrected_since_is_known_to_be_replaced() -> None:
    story = told().corrected("A", DECEMBER, "plaque_number", "1", "7")
    story.awarded("A", D(2019, 6, 3), 2, plaque="2", replaces="7")
    states = {one.plaque_number: one.state for one in seen(story, D(2019, 6, 3)).titles}
    assert states == {"7": "replaced", "2": "in-force"}
