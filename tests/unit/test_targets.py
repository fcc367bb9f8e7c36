"""Who belongs to a target and how it stands (rules 18-20), sentence by sentence."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.projection.models.rows import Rows
from services.projection.picture import picture
from services.projection.sentence import status
from services.projection.targets import TargetStanding
from shared.contracts.programme import AchievedBy
from tests.unit.story import ALL_DUE, FIRST_DUE, Story, everyone, first

D = date
T = "T"
DAY = timedelta(days=1)
FREEZE = D(2018, 8, 31)
NOW = datetime(2030, 1, 1, tzinfo=UTC)
MARCH, NOVEMBER = D(2018, 3, 5), D(2018, 11, 16)
# Long enough that nobody is at risk unless a test says so.
CALM = dict.fromkeys(("plan", "assess", "rectify", "apply"), 1)


def begun(*townships: str, **target: object) -> Story:
    story = Story().opened(targets=(first(**target), everyone())).risk(expected_wd=CALM)
    return story.enrolled(*(townships or (T,)))


def committed(**target: object) -> Story:
    return begun(**target).planned(T, MARCH)


def standing_of(rows: Rows, on: date, code: str = "first-2018") -> TargetStanding:
    return next(one for one in picture(rows, on, NOW).targets if one.target.code == code)


def states(rows: Rows, on: date, code: str = "first-2018") -> dict[str, str]:
    return {one.township: one.state for one in standing_of(rows, on, code).members}


def members(rows: Rows, on: date, code: str = "first-2018") -> list[str]:
    return [one.township for one in standing_of(rows, on, code).members]


def test_a_pass_on_the_due_day_counts() -> None:
    story = committed().verified(T, FIRST_DUE)
    assert states(story.rows(), ALL_DUE) == {T: "achieved"}


def test_a_pass_the_day_after_is_late_and_not_also_missed() -> None:
    rows = committed().verified(T, FIRST_DUE + DAY).rows()
    assert states(rows, FIRST_DUE + DAY) == {T: "achieved-late"}
    standing = standing_of(rows, FIRST_DUE + DAY)
    assert (standing.count("achieved-late"), standing.count("missed")) == (1, 0)


def test_missed_starts_the_day_after_the_due_day() -> None:
    rows = committed().rows()
    assert states(rows, FIRST_DUE)[T] in ("on-track", "at-risk")
    assert states(rows, FIRST_DUE + DAY) == {T: "missed"}


@pytest.mark.parametrize(
    ("achieved_by", "day"),
    [
        ("preliminary-passed", D(2018, 10, 1)),
        ("city-passed", D(2018, 11, 1)),
        ("title-awarded", D(2018, 12, 1)),
    ],
)
def test_what_counts_is_what_the_target_says(achieved_by: AchievedBy, day: date) -> None:
    story = committed(achieved_by=achieved_by)
    story.passed(T, D(2018, 10, 1)).verified(T, D(2018, 11, 1)).awarded(T, D(2018, 12, 1))
    [member] = standing_of(story.rows(), ALL_DUE).members
    assert (member.state, member.achieved_on) == ("achieved", day)


def test_the_first_pass_counts_in_any_round() -> None:
    story = committed(achieved_by="preliminary-passed")
    story.passed(T, D(2018, 10, 1)).city_failed(T, D(2018, 10, 20)).passed(T, NOVEMBER, 2)
    [member] = standing_of(story.rows(), ALL_DUE).members
    assert member.achieved_on == D(2018, 10, 1)


def test_committed_is_the_target_of_the_latest_plan() -> None:
    rows = committed().planned(T, D(2018, 6, 4), "all-2019").rows()
    assert members(rows, D(2018, 6, 3)) == [T]
    assert members(rows, D(2018, 6, 4)) == []
    assert members(rows, D(2018, 6, 4), "all-2019") == [T]


def test_an_enrolled_township_is_a_member_of_a_target_for_all() -> None:
    rows = begun("A", "B").rows()
    assert members(rows, MARCH, "all-2019") == ["A", "B"]
    assert members(rows, MARCH) == []


def test_leaving_the_programme_leaves_every_target() -> None:
    rows = committed().left(T, D(2018, 6, 4)).rows()
    assert members(rows, D(2018, 6, 4)) == members(rows, D(2018, 6, 4), "all-2019") == []


def test_leaving_on_the_freeze_day_is_free() -> None:
    rows = committed().planned(T, FREEZE, "all-2019").rows()
    assert standing_of(rows, NOVEMBER).members_at_freeze == ()


def test_who_leaves_after_the_freeze_day_stays_in_that_denominator() -> None:
    rows = committed().planned(T, FREEZE + DAY, "all-2019").rows()
    standing = standing_of(rows, NOVEMBER)
    assert (len(standing.members), standing.members_at_freeze) == (0, (T,))


def test_who_joins_and_leaves_after_the_freeze_day_does_too() -> None:
    story = begun().planned(T, D(2018, 9, 10)).planned(T, D(2018, 9, 20), "all-2019")
    assert standing_of(story.rows(), NOVEMBER).members_at_freeze == (T,)


def test_before_the_freeze_both_denominators_are_one() -> None:
    rows = committed().planned(T, D(2018, 6, 4), "all-2019").rows()
    assert standing_of(rows, D(2018, 7, 2)).members_at_freeze == ()


def test_without_a_freeze_day_it_is_the_due_day() -> None:
    rows = committed(freeze_on=None).planned(T, FIRST_DUE, "all-2019").rows()
    assert standing_of(rows, ALL_DUE).members_at_freeze == ()


def test_joining_after_the_due_day_changes_nothing() -> None:
    rows = begun().planned(T, FIRST_DUE + DAY).rows()
    assert members(rows, ALL_DUE) == []


def test_leaving_after_the_due_day_changes_nothing() -> None:
    rows = committed().left(T, FIRST_DUE + DAY).rows()
    assert states(rows, ALL_DUE) == {T: "missed"}
    assert members(rows, ALL_DUE, "all-2019") == []


def test_leaving_on_the_due_day_still_leaves() -> None:
    assert members(committed().left(T, FIRST_DUE).rows(), ALL_DUE) == []


def test_a_revocation_by_the_due_day_undoes_the_achievement() -> None:
    story = committed().verified(T, NOVEMBER).awarded(T, NOVEMBER).revoked(T, FIRST_DUE)
    assert states(story.rows(), FIRST_DUE - DAY) == {T: "achieved"}
    assert states(story.rows(), FIRST_DUE + DAY) == {T: "missed"}


def test_a_revocation_after_the_due_day_does_not() -> None:
    story = committed().verified(T, NOVEMBER).awarded(T, NOVEMBER).revoked(T, FIRST_DUE + DAY)
    assert states(story.rows(), ALL_DUE) == {T: "achieved"}


def test_a_revocation_of_a_late_pass_gives_missed() -> None:
    story = committed().verified(T, D(2019, 1, 7)).awarded(T, D(2019, 1, 7))
    rows = story.revoked(T, D(2019, 3, 4)).rows()
    assert states(rows, D(2019, 3, 3)) == {T: "achieved-late"}
    assert states(rows, D(2019, 3, 4)) == {T: "missed"}


def test_a_title_awarded_again_does_not_bring_the_old_pass_back() -> None:
    story = committed().verified(T, NOVEMBER).awarded(T, NOVEMBER).revoked(T, FIRST_DUE)
    story.awarded(T, D(2019, 2, 1), plaque="2")
    assert states(story.rows(), ALL_DUE) == {T: "missed"}


def test_a_corrected_plaque_takes_no_pass_away() -> None:
    story = committed(achieved_by="title-awarded").verified(T, NOVEMBER).awarded(T, NOVEMBER)
    story.corrected(T, NOVEMBER + DAY, "plaque_number", "1", "7")
    assert states(story.rows(), ALL_DUE) == {T: "achieved"}


def test_a_back_dated_pass_learned_later_still_counts() -> None:
    story = committed().verified(T, FIRST_DUE)
    assert story.received[-1].record.effective_on == FIRST_DUE
    assert states(story.rows(), FIRST_DUE + DAY) == {T: "achieved"}


def test_a_target_moved_on_a_day_is_moved_from_that_day_on() -> None:
    story = committed().verified(T, D(2019, 1, 7))
    rows = story.target_moved("first-2018", D(2019, 1, 31), D(2018, 12, 1)).rows()
    assert standing_of(rows, D(2018, 11, 30)).target.due_on == FIRST_DUE
    assert standing_of(rows, D(2018, 12, 1)).target.due_on == D(2019, 1, 31)
    assert states(rows, ALL_DUE) == {T: "achieved"}


def test_membership_of_a_moved_target_is_settled_on_its_new_day() -> None:
    story = committed().target_moved("first-2018", D(2019, 1, 31), D(2018, 12, 1))
    story.planned(T, D(2019, 1, 15), "all-2019")
    assert members(story.rows(), ALL_DUE) == []
    assert members(story.rows(), FIRST_DUE + DAY) == [T]
    kept = committed().target_moved("first-2018", D(2019, 1, 31), D(2018, 12, 1))
    kept.planned(T, D(2019, 2, 1), "all-2019")
    assert members(kept.rows(), ALL_DUE) == [T]


def test_moving_one_target_leaves_the_other_and_its_freeze_day() -> None:
    rows = committed().target_moved("first-2018", D(2019, 1, 31), D(2018, 12, 1)).rows()
    assert standing_of(rows, ALL_DUE, "all-2019").target.due_on == ALL_DUE
    assert standing_of(rows, ALL_DUE).target.frozen_on == FREEZE


# The target as a whole


def test_a_target_without_members_is_empty() -> None:
    assert status(standing_of(begun().rows(), MARCH)) == "empty"


def test_a_target_is_achieved_when_everyone_is_through_in_time() -> None:
    story = begun("A", "B").planned("A", MARCH).planned("B", MARCH).verified("A", NOVEMBER)
    assert status(standing_of(story.rows(), NOVEMBER)) != "achieved"
    story.verified("B", NOVEMBER)
    assert status(standing_of(story.rows(), NOVEMBER)) == "achieved"


def test_a_late_pass_is_missed_for_the_target() -> None:
    rows = committed().verified(T, D(2019, 1, 7)).rows()
    assert status(standing_of(rows, D(2019, 1, 8))) == "missed"


def test_expected_counts_those_through_and_those_forecast_in_time() -> None:
    story = begun("A", "B", "C")
    for township in "ABC":
        story.planned(township, MARCH)
    story.verified("A", NOVEMBER)
    story.assessed("B", D(2018, 9, 3)).applied("B", D(2018, 9, 3)).opened_case("B", D(2018, 9, 3))
    story.passed("B", D(2018, 11, 1)).recommended("B", D(2018, 11, 5))
    standing = standing_of(story.rows(), D(2018, 12, 24))
    assert {one.township: one.state for one in standing.members}["A"] == "achieved"
    assert standing.expected() == 2  # C has everything before it, with a week to go


# An oracle that knows nothing of rows: the numbers by plain counting, day by day.

Act = tuple[str, str, int]  # what, who, how many days after the opening
ACTS = ("join", "leave", "commit", "uncommit", "pass")


@given(
    st.lists(
        st.tuples(st.sampled_from(ACTS), st.sampled_from("AB"), st.integers(0, 12)),
        max_size=10,
    ),
    st.integers(0, 14),
)
def test_the_counts_are_those_of_a_plain_count(acts: list[Act], at: int) -> None:
    start, due, freeze = D(2018, 2, 5), D(2018, 2, 13), D(2018, 2, 9)
    story = Story().opened(targets=(first(due_on=due, freeze_on=freeze),))
    rounds = 0
    for what, who, after in acts:
        on = start + after * DAY
        match what:
            case "join":
                story.enrolled(who, on=on)
            case "leave":
                story.left(who, on)
            case "commit":
                story.planned(who, on)
            case "uncommit":
                story.planned(who, on, "all-2019")
            case "pass":
                rounds += 1
                story.verified(who, on, rounds)
    on = start + at * DAY
    standing = standing_of(story.rows(), on)

    def member(who: str, day: date) -> bool:
        joined = plan = False
        for what, name, after in acts:
            if name == who and start + after * DAY <= day:
                joined = {"join": True, "leave": False}.get(what, joined)
                plan = {"commit": True, "uncommit": False}.get(what, plan)
        return joined and plan

    settled = min(on, due)
    now = {who for who in "AB" if member(who, settled)}
    frozen = now | {
        who
        for who in "AB"
        for after in range(15)
        if freeze <= (day := start + after * DAY) < settled and member(who, day)
    }
    passes = {
        who: min((start + a * DAY for w, n, a in acts if (w, n) == ("pass", who)), default=None)
        for who in "AB"
    }
    in_time = {who for who in now if (first_ := passes[who]) and first_ <= settled}
    late = {who for who in now if (first_ := passes[who]) and due < first_ <= on}
    assert {one.township for one in standing.members} == now
    assert set(standing.members_at_freeze) == frozen
    assert standing.count("achieved") == len(in_time)
    assert standing.count("achieved-late") == len(late)
    assert standing.count("missed") == (len(now - in_time - late) if on > due else 0)
