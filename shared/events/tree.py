"""The Merkle tree of RFC 9162 over leaves in their order; who holds a root needs nobody's word.

A leaf is hashed already (an event's `leaf`, a stream's `stream_leaf`); an interior node is
`SHA-256(0x01 ‖ left ‖ right)`; the root of nothing is `SHA-256("")`. Indexes count from 0.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from hashlib import sha256

EMPTY = sha256(b"").digest()
WIDTH = 32
# Nodes below this height are hashed again for a proof, so that only the leaves are in memory.
_KEPT = 8


def node(left: bytes, right: bytes) -> bytes:
    """An interior node."""
    return sha256(b"\x01" + left + right).digest()


def raised(level: Sequence[bytes]) -> list[bytes]:
    """The nodes above a level; one without a neighbour goes up as it is."""
    above = [
        sha256(b"\x01" + left + right).digest()
        for left, right in zip(level[::2], level[1::2], strict=False)
    ]
    if len(level) % 2:
        above.append(level[-1])
    return above


def root(leaves: Sequence[bytes]) -> bytes:
    """The root over all of these."""
    level = leaves
    while len(level) > 1:
        level = raised(level)
    return level[0] if level else EMPTY


class Frontier:
    """A tree that only grows: it keeps one root for each power of two in its size."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Append leaves."""
        peaks, size = self._peaks, self.size
        for leaf in leaves:
            peaks.append(leaf)
            full = size
            while full & 1:
                right = peaks.pop()
                peaks[-1] = sha256(b"\x01" + peaks[-1] + right).digest()
                full >>= 1
            size += 1
        self.size = size

    def root(self) -> bytes:
        """The root over all that was appended."""
        if not self._peaks:
            return EMPTY
        found = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            found = node(peak, found)
        return found


class Leaves:
    """All leaves of a tree, side by side in one piece of memory, and proofs from them."""

    def __init__(self, packed: bytes | bytearray) -> None:
        """Raises ValueError where `packed` is no whole number of leaves."""
        if len(packed) % WIDTH:
            raise ValueError("not a whole number of leaves")
        self.packed = packed

    def __len__(self) -> int:
        return len(self.packed) // WIDTH

    def __getitem__(self, index: int) -> bytes:
        return bytes(self.packed[index * WIDTH : (index + 1) * WIDTH])

    def __iter__(self) -> Iterator[bytes]:
        return (self[index] for index in range(len(self)))

    def between(self, start: int, end: int) -> list[bytes]:
        """The leaves of `[start, end)`."""
        return [self[index] for index in range(start, min(end, len(self)))]

    @cached_property
    def _levels(self) -> list[list[bytes]]:
        """Levels from height `_KEPT` up to the root."""
        block = 1 << _KEPT
        levels = [[root(self.between(at, at + block)) for at in range(0, len(self), block)]]
        while len(levels[-1]) > 1:
            levels.append(raised(levels[-1]))
        return levels

    def root(self) -> bytes:
        """The root over all of them."""
        return self._levels[-1][0] if len(self) else EMPTY

    def inclusion(self, index: int) -> list[bytes]:
        """What leads from the leaf at `index` to the root (RFC 9162, 2.1.3.1)."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self._path(index, 0, len(self))

    def consistency(self, size: int) -> list[bytes]:
        """What shows that the tree of the first `size` leaves is the beginning of this one."""
        if not 0 < size <= len(self):
            raise IndexError(size)
        return self._subproof(size, 0, len(self), whole=True)

    def _path(self, index: int, start: int, end: int) -> list[bytes]:
        path: list[bytes] = []
        while end - start > 1:
            middle = start + _below(end - start)
            if index < middle:
                path.append(self._range(middle, end))
                end = middle
            else:
                path.append(self._range(start, middle))
                start = middle
        return path[::-1]

    def _subproof(self, size: int, start: int, end: int, *, whole: bool) -> list[bytes]:
        if size == end:
            return [] if whole else [self._range(start, end)]
        middle = start + _below(end - start)
        if size <= middle:
            return [
                *self._subproof(size, start, middle, whole=whole),
                self._range(middle, end),
            ]
        return [
            *self._subproof(size, middle, end, whole=False),
            self._range(start, middle),
        ]

    def _range(self, start: int, end: int) -> bytes:
        """The root over `[start, end)`, which begins where a node of its height does."""
        height = (end - start - 1).bit_length()
        if height < _KEPT:
            return root(self.between(start, end))
        return self._levels[height - _KEPT][start >> height]


def included(leaf: bytes, index: int, size: int, path: Sequence[bytes], claimed: bytes) -> bool:
    """Whether a path shows that `leaf` is at `index` of the tree with this size and root."""
    if not 0 <= index < size:
        return False
    at, last, found = index, size - 1, leaf
    for hash_ in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node(hash_, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node(found, hash_)
        at, last = at >> 1, last >> 1
    return last == 0 and found == claimed


def consistent(size: int, before: bytes, grown: int, after: bytes, path: Sequence[bytes]) -> bool:
    """Whether a path shows that the tree (size, before) is the beginning of (grown, after)."""
    if not 0 < size <= grown:
        return False
    if size == grown:
        return not path and before == after
    rest = list(path)
    if size & (size - 1) == 0:
        rest.insert(0, before)
    if not rest:
        return False
    at, last = size - 1, grown - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = rest[0]
    for hash_ in rest[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node(hash_, old), node(hash_, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node(new, hash_)
        at, last = at >> 1, last >> 1
    return last == 0 and old == before and new == after


def _below(size: int) -> int:
    """The largest power of two below `size`, which is at least 2."""
    return 1 << ((size - 1).bit_length() - 1)
