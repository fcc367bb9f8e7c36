"""Which version of the read models an image answers from, and what a difference is."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from services.projection.differing import MISSING, Change, at_path, changed, written
from services.projection.feeding import folds_of, process_name
from services.projection.versions import Version, answering, handovers

AT = datetime(2018, 9, 1, tzinfo=UTC)


def version(number: int, folds: int = 1, *, built: bool = True) -> Version:
    return Version(
        version=number, position=0, folds=folds, began_at=AT, built_at=AT if built else None
    )


def number(found: Version | None) -> int | None:
    return None if found is None else found.version


def test_an_image_answers_from_what_the_pointer_says_where_that_is_its_own() -> None:
    assert number(answering([version(1), version(2)], 1, 1)) == 1


def test_an_image_that_was_not_promoted_answers_from_its_newest_complete_version() -> None:
    there = [version(1), version(2), version(3, built=False), version(4, 2)]
    assert number(answering(there, 4, 1)) == 2
    assert number(answering(there, 1, 2)) == 4


def test_an_image_without_a_complete_version_of_its_own_answers_nothing() -> None:
    assert answering([version(1), version(2, 2, built=False)], 1, 2) is None


def test_promoting_another_image_moves_nobody_else_but_the_pointer() -> None:
    there = [version(1), version(2, 2)]
    assert handovers(there, 1, there, 2) == [(1, 2)]


def test_promoting_another_image_may_move_an_old_one_to_a_newer_version_of_its_own() -> None:
    there = [version(1), version(2), version(3, 2)]
    assert handovers(there, 1, there, 3) == [(1, 2), (1, 3)]


def test_completing_a_version_moves_an_image_that_the_pointer_does_not_serve() -> None:
    before = [version(1, 2), version(2), version(3, built=False)]
    after = [version(1, 2), version(2), version(3)]
    assert handovers(before, 1, after, 1) == [(2, 3)]
    assert handovers(before, 2, after, 2) == []


def test_dropping_a_version_moves_those_who_were_answered_from_it() -> None:
    before = [version(1), version(2), version(3, 2)]
    assert handovers(before, 3, before[::2], 3) == [(2, 1)]


def test_a_connection_says_by_which_folds_its_process_is() -> None:
    assert folds_of(process_name("reader")) == 1
    assert folds_of("psql") is None
    assert len(process_name("reader").encode()) < 64  # the server would cut it


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(JSON, JSON)
def test_values_differ_where_their_changes_say_and_nowhere_else(old: object, new: object) -> None:
    found = list(changed(old, new))
    assert bool(found) == (repr(_ordered(old)) != repr(_ordered(new)))
    for one in found:
        assert at_path(old, one.path) == one.old
        assert at_path(new, one.path) == one.new


def test_a_place_is_written_as_a_json_path() -> None:
    old = {"row": {"plans": [{"on": "2018-03-05"}], "lost_cp": {"a b": 1}}}
    new = {"row": {"plans": [{"on": "2018-03-06"}, {}], "lost_cp": {}}}
    found = list(changed(old, new))
    assert [written(one.path) for one in found] == [
        '$.row.lost_cp["a b"]',
        "$.row.plans[0].on",
        "$.row.plans[1]",
    ]
    assert found[0] == Change(("row", "lost_cp", "a b"), 1, MISSING)


def _ordered(value: object) -> object:
    if isinstance(value, dict):
        return {name: _ordered(value[name]) for name in sorted(value)}
    return [_ordered(one) for one in value] if isinstance(value, list) else value
