"""The sorted map of streams: which there are, and how far each has come, under one root.

A stream is named `<context>/<subject>`; names are compared as UTF-8 bytes. Its leaf is
`SHA-256(0x02 ‖ length of the name, four bytes ‖ name ‖ version, eight bytes)`, big endian. Since
the map is sorted, two neighbours show that nothing lies between them.
"""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from shared.events.tree import Leaves, included


def stream_leaf(name: str, version: int) -> bytes:
    """The leaf of a stream at a version."""
    text = name.encode()
    return sha256(b"\x02" + len(text).to_bytes(4) + text + version.to_bytes(8)).digest()


@dataclass(frozen=True, slots=True)
class Entry:
    """A stream of the map, at its place, with what leads to the root."""

    index: int
    name: str
    version: int
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """All streams with `start <= name < end`, and the neighbour on either side, if there is one."""

    start: str
    end: str
    entries: tuple[Entry, ...]


class StreamMap:
    """The map as it stands; proofs of what is in it, and of what is not."""

    def __init__(self, versions: Mapping[str, int]) -> None:
        self.versions = versions
        self._names = sorted(versions, key=str.encode)
        self._keys = [name.encode() for name in self._names]
        self._leaves = Leaves(b"".join(stream_leaf(n, versions[n]) for n in self._names))

    def __len__(self) -> int:
        return len(self._names)

    def root(self) -> bytes:
        """The root over all streams."""
        return self._leaves.root()

    def span(self, start: str, end: str) -> Span:
        """What shows which streams there are from `start` up to, but without, `end`."""
        first = bisect_left(self._keys, start.encode())
        last = bisect_left(self._keys, end.encode())
        places = range(max(0, first - 1), min(len(self), last + 1))
        return Span(start, end, tuple(self._entry(index) for index in places))

    def _entry(self, index: int) -> Entry:
        name = self._names[index]
        return Entry(index, name, self.versions[name], tuple(self._leaves.inclusion(index)))


def one(name: str) -> tuple[str, str]:
    """Start and end of a span that can hold this one stream alone."""
    return name, name + "\0"


def below(name: str) -> tuple[str, str]:
    """Start and end of the span of all streams under `<name>/`."""
    return name + "/", name + "0"  # the character behind `/`


def shown(span: Span, count: int, root: bytes) -> dict[str, int]:
    """The streams of a span, by name, once it is proven that there are no others.

    Raises ValueError, with a reason, where a span proves nothing under this count and root.
    """
    entries, start, end = span.entries, span.start.encode(), span.end.encode()
    if not entries:
        if count:
            raise ValueError("no stream is shown, though there are some")
        return {}
    for before, entry in zip((None, *entries), entries, strict=False):
        if before is not None and entry.index != before.index + 1:
            raise ValueError(f"something is left out behind {before.name}")
        if before is not None and entry.name.encode() <= before.name.encode():
            raise ValueError(f"{entry.name} is out of order")
        leaf = stream_leaf(entry.name, entry.version)
        if not included(leaf, entry.index, count, entry.path, root):
            raise ValueError(f"{entry.name} at version {entry.version} is not in the map")
    if entries[0].index > 0 and entries[0].name.encode() >= start:
        raise ValueError("what lies before the first one is left out")
    if entries[-1].index < count - 1 and entries[-1].name.encode() < end:
        raise ValueError("what lies behind the last one is left out")
    return {e.name: e.version for e in entries if start <= e.name.encode() < end}
