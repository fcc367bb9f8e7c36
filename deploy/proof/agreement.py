"""Heads held against each other and against leaves; and what a list of positions lacks."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice, pairwise

from deploy.proof.findings import Checked
from shared.contracts.audit import TreeHead
from shared.events.signing import Jwk, genuine
from shared.events.tree import Frontier


def genuine_heads(
    heads: Iterable[TreeHead],
    service: str,
    installation: str,
    keys: Mapping[str, Jwk],
    checked: Checked,
) -> list[TreeHead]:
    """Those whose signature is true, by size; two of one size that differ are named."""
    good: dict[int, TreeHead] = {}
    for head in heads:
        checked.heads += 1
        if (head.service, head.installation) != (service, installation):
            of = f"{head.installation}/{head.service}"
            checked.find("head-foreign", service, size=head.size, of=of)
        elif head.key_id not in keys:
            checked.find("key-unknown", service, **head_facts(head), key_id=head.key_id)
        elif not genuine(head, keys[head.key_id]):
            checked.find("head-signature-false", service, **head_facts(head))
        elif (other := good.get(head.size)) is not None and says(other) != says(head):
            checked.find(
                "heads-contradict", service,
                **head_facts(head), other=other.size, other_at=other.signed_at,
            )  # fmt: skip
        else:
            checked.keys.add(head.key_id)
            good[head.size] = head
    return [good[size] for size in sorted(good)]


def disagreeing(heads: Sequence[TreeHead], leaves: Iterable[bytes]) -> tuple[TreeHead, int] | None:
    """The first head that a log does not lead to, and the size of the last one before it."""
    tree, agreed, coming = Frontier(), 0, iter(leaves)
    for head in heads:
        tree.extend(islice(coming, head.size - tree.size))
        if tree.size != head.size or tree.root().hex() != head.root:
            return head, agreed
        agreed = head.size
    return None


def runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Ascending numbers as first and last of each run without a gap."""
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def moved(order: Sequence[int]) -> list[tuple[int, int]]:
    """The fewest that must be put back for all to ascend, each with the one it stands behind."""
    if all(before < after for before, after in pairwise(order)):
        return []
    ends: list[int] = []  # the smallest end of an ascending run of each length
    lengths = []
    for number in order:
        at = bisect_left(ends, number)
        ends[at : at + 1] = [number]
        lengths.append(at)
    stay: set[int] = set()
    wanted = len(ends) - 1
    for index in range(len(order) - 1, -1, -1):
        if lengths[index] == wanted:
            stay.add(index)
            wanted -= 1
    return [
        (number, order[index - 1] if index else 0)
        for index, number in enumerate(order)
        if index not in stay
    ]


def head_facts(head: TreeHead) -> dict[str, str | int]:
    return {"size": head.size, "signed_at": head.signed_at}


def says(head: TreeHead) -> tuple[int, str, str, int]:
    """What a head claims of its log, whenever it was signed and by which key."""
    return head.size, head.root, head.streams, head.stream_count
