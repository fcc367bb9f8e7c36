"""The tree against the recursive definitions of RFC 9162, and the map of streams over it."""

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.events import stream_map
from shared.events.stream_map import Entry, Span, StreamMap, below, one, shown
from shared.events.tree import EMPTY, Frontier, Leaves, consistent, included, node, root


def some(count: int) -> list[bytes]:
    return [sha256(b"%d" % number).digest() for number in range(count)]


def naive(leaves: list[bytes]) -> bytes:
    """MTH of RFC 9162, 2.1.1, as it stands there."""
    if not leaves:
        return EMPTY
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return node(naive(leaves[:half]), naive(leaves[half:]))


def tree(leaves: list[bytes]) -> Leaves:
    return Leaves(b"".join(leaves))


sizes = st.integers(1, 70) | st.integers(250, 530) | st.sampled_from([1023, 1024, 1025, 1500])


@settings(max_examples=60, deadline=None)
@given(sizes)
def test_roots_of_all_three_makers_are_those_of_the_definition(size: int) -> None:
    leaves, frontier = some(size), Frontier()
    frontier.extend(leaves[: size // 3])
    frontier.extend(leaves[size // 3 :])
    assert naive(leaves) == root(leaves) == frontier.root() == tree(leaves).root()
    assert frontier.size == size


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert root([]) == Frontier().root() == tree([]).root() == sha256(b"").digest()


@settings(max_examples=80, deadline=None)
@given(sizes, st.data())
def test_a_leaf_is_proven_at_its_place_alone(size: int, data: st.DataObject) -> None:
    leaves = some(size)
    whole = tree(leaves)
    index = data.draw(st.integers(0, size - 1))
    path, top = whole.inclusion(index), naive(leaves)
    assert included(leaves[index], index, size, path, top)
    other = data.draw(st.integers(0, size))
    assert included(leaves[index], other, size, path, top) == (other == index)
    assert not included(sha256(b"another").digest(), index, size, path, top)
    assert not included(leaves[index], index, size, [*path, top], top)
    if path:
        assert not included(leaves[index], index, size, path[:-1], top)
        wrong = data.draw(st.integers(0, len(path) - 1))
        assert not included(
            leaves[index], index, size, [*path[:wrong], EMPTY, *path[wrong + 1 :]], top
        )


@settings(max_examples=80, deadline=None)
@given(sizes, st.data())
def test_a_beginning_is_proven_and_a_fork_is_not(size: int, data: st.DataObject) -> None:
    leaves = some(size)
    whole = tree(leaves)
    old = data.draw(st.integers(1, size))
    path, before, after = whole.consistency(old), naive(leaves[:old]), naive(leaves)
    assert consistent(old, before, size, after, path)
    forked = [*leaves]
    forked[data.draw(st.integers(0, old - 1))] = EMPTY
    assert not consistent(old, naive(forked[:old]), size, after, path)
    assert not consistent(old, before, size, naive(forked), path)
    assert not consistent(old, before, size, after, [*path, EMPTY])


names = st.sets(st.text(st.sampled_from("ab/0-中"), min_size=1, max_size=4), max_size=40)


@settings(max_examples=150, deadline=None)
@given(names, st.text(st.sampled_from("ab/0-中"), min_size=1, max_size=3), st.booleans())
def test_a_span_shows_exactly_what_is_in_it(found: set[str], name: str, under: bool) -> None:
    versions = {each: len(each) for each in found}
    streams = StreamMap(versions)
    start, end = below(name) if under else one(name)
    inside = {n: v for n, v in versions.items() if (n.startswith(start) if under else n == name)}
    assert shown(streams.span(start, end), len(streams), streams.root()) == inside


def every_lie(span: Span) -> list[Span]:
    """The span with an entry left out, raised, or moved."""
    entries = span.entries
    lies = [entries[:at] + entries[at + 1 :] for at in range(len(entries))]
    for at, entry in enumerate(entries):
        lies.append(
            (
                *entries[:at],
                Entry(entry.index, entry.name, entry.version + 1, entry.path),
                *entries[at + 1 :],
            )
        )
    return [Span(span.start, span.end, lie) for lie in lies]


@pytest.mark.parametrize("start_end", [below("p/b"), one("p/c"), below("a"), below("z")])
def test_nothing_is_withheld_from_a_span_unnoticed(start_end: tuple[str, str]) -> None:
    streams = StreamMap({"p/a": 1, "p/b": 2, "p/b/1": 3, "p/b/2": 1, "p/b-x": 9, "p/d": 4})
    span = streams.span(*start_end)
    shown(span, len(streams), streams.root())
    for lie in every_lie(span):
        with pytest.raises(ValueError):
            shown(lie, len(streams), streams.root())
    for count in (len(streams) - 1, len(streams) + 1, 0):
        with pytest.raises(ValueError):
            shown(Span(span.start, span.end, span.entries), count, EMPTY)


def test_an_empty_map_shows_that_there_is_nothing() -> None:
    streams = StreamMap({})
    assert shown(streams.span(*one("p")), 0, streams.root()) == {}
    assert stream_map.stream_leaf("a", 1) != stream_map.stream_leaf("a", 2)
