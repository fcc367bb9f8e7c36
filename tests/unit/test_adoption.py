"""What a log may take back from its topic, and what it must put aside by name."""

from uuid import UUID, uuid4

import pytest

from shared.contracts.refusals import Refused
from shared.store.adoption import APART, Plan, Seen, Standing, plan

HERE = Standing(last=10, heads={("case", "p/a/1"): 3})


def seen(
    position: int,
    place: str = "",
    version: int = 1,
    *,
    command: bytes = b"",
    why: str = "",
    id_: UUID | None = None,
) -> Seen:
    """By default the first event of a stream of its own, by a command of its own."""
    return Seen(
        "fuyan.case.v1",
        0,
        position,
        position,
        ("case", place or f"p/{position}/1", version),
        id_ or uuid4(),
        command or b"%d" % position,
        why,
    )


def positions(found: Plan) -> list[int]:
    return [one.position for one in found.taken]


def reasons(found: Plan) -> list[str]:
    return [why for _, why in found.voided]


def test_what_continues_the_log_is_taken_in_its_order() -> None:
    found = plan([seen(12, "p/a/1", 5), seen(11, "p/a/1", 4), seen(13)], HERE)
    assert positions(found) == [11, 12, 13]
    assert (found.voided, found.lost) == ([], [])


def test_a_position_that_exists_nowhere_is_named_and_holds_nobody_else_back() -> None:
    found = plan([seen(11), seen(14)], HERE)
    assert positions(found) == [11, 14]
    assert found.lost == [12, 13]


def test_what_stands_behind_a_missing_version_is_not_taken_with_all_that_follows_it() -> None:
    found = plan([seen(12, "p/a/1", 5), seen(13, "p/a/1", 6), seen(14)], HERE)
    assert positions(found) == [14]
    assert reasons(found) == ["version-missing"] * 2
    assert found.lost == [11]


def test_another_event_at_a_known_version_is_a_fork_and_overwrites_nothing() -> None:
    found = plan([seen(10, "p/a/1", 3), seen(11, "p/a/1", 2)], HERE)
    assert positions(found) == []
    assert reasons(found) == ["fork", "fork"]


def test_a_position_of_the_log_is_not_given_to_another_stream() -> None:
    found = plan([seen(10, "p/b/1", 1), seen(11, "p/b/1", 2)], HERE)
    assert reasons(found) == ["position-taken", "version-missing"]


def test_a_false_leaf_is_never_taken_and_breaks_its_own_stream_alone() -> None:
    found = plan(
        [seen(11, "p/a/1", 4, why="leaf-false"), seen(12, "p/a/1", 5), seen(13, "p/b/1", 1)], HERE
    )
    assert positions(found) == [13]
    assert sorted(reasons(found)) == ["leaf-false", "version-missing"]
    assert found.lost == [], "the position of what was put aside is named by that"


def test_a_false_leaf_that_claims_a_position_out_of_reach_moves_nothing() -> None:
    found = plan([seen(11), seen(11 + 2 * APART, why="leaf-false")], HERE)
    assert positions(found) == [11]
    assert [one.position for one, _ in found.voided] == [0]
    assert found.lost == []


def test_a_command_that_had_its_effect_has_no_second_one() -> None:
    known = Standing(10, {}, frozenset({b"k"}))
    assert reasons(plan([seen(11, command=b"k")], known)) == ["command-known"]


def test_the_events_of_one_command_are_taken_together_and_nothing_of_it_later() -> None:
    found = plan(
        [seen(11, command=b"k"), seen(12, command=b"k"), seen(13), seen(14, command=b"k")], HERE
    )
    assert positions(found) == [11, 12, 13]
    assert reasons(found) == ["command-known"]


def test_two_histories_on_the_topic_are_not_decided_by_us() -> None:
    two = [seen(11, "p/b/1", 1), seen(11, "p/c/1", 1), seen(12, "p/d/1", 1)]
    with pytest.raises(Refused, match="fork-undecided"):
        plan(two, HERE)
    found = plan(two, HERE, void_forks=True)
    assert positions(found) == [12]
    assert reasons(found) == ["fork-on-topic"] * 2


def test_two_events_for_one_version_are_two_histories_too() -> None:
    with pytest.raises(Refused, match="fork-undecided"):
        plan([seen(11, "p/b/1", 1), seen(12, "p/b/1", 1)], HERE)


def test_a_topic_that_begins_far_behind_the_log_is_not_taken_for_its_tail() -> None:
    with pytest.raises(Refused, match="topic-too-far"):
        plan([seen(12 + 2 * APART)], HERE)


def test_a_position_that_was_put_aside_before_is_not_lost() -> None:
    """As where it was killed between naming what does not join and taking what does."""
    found = plan([seen(11), seen(14)], Standing(10, {}, named=frozenset({12})))
    assert positions(found) == [11, 14]
    assert found.lost == [13]
