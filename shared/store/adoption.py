"""What of a topic a log can take back, judged without touching either.

Nothing is ever overwritten, and where two histories tell different things nothing is chosen.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from shared.contracts.refusals import Refused

Place = tuple[str, str, int]
"""Context, subject and version."""

# A page of the relay: what one was killed in may be on some partitions and not on others.
APART = 5000


class Seen(NamedTuple):
    """A record of the topic that the log does not have.

    `why` says why it cannot even be read, and is empty for one whose leaf holds.
    """

    topic: str
    partition: int
    offset: int
    position: int
    place: Place
    id: UUID
    command: bytes
    why: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the log says already, about these records."""

    last: int
    """The highest position on record."""
    heads: Mapping[tuple[str, str], int]
    """The version up to which each stream of theirs is on record."""
    commands: Set[bytes] = frozenset()
    """Those of their commands that have had their effect."""
    named: Set[int] = frozenset()
    """Positions that were put aside before."""


@dataclass(slots=True)
class Plan:
    """Taken are those that continue the log, by position; voided the others, each with a reason.

    `lost` are positions that exist nowhere: they are named, and never given again.
    """

    taken: list[Seen] = field(default_factory=list)
    voided: list[tuple[Seen, str]] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)


def plan(seen: Sequence[Seen], log: Standing, *, void_forks: bool = False) -> Plan:
    """Sort what the topic has beyond the log into what continues it and what does not.

    A record continues the log if its leaf holds, its position is free, its stream stands just
    before it, and its command had no effect. Raises Refused: `fork-undecided` where the topic
    itself tells two histories (with `void_forks` neither is taken), `topic-too-far` where more is
    missing before a record than a relay could have left out.
    """
    whole = [one for one in seen if not one.why]
    twice = _claimed_twice(whole, log)
    if twice and not void_forks:
        first = min(twice, key=lambda one: one.position)
        raise Refused("fork-undecided", position=first.position, count=len(twice))
    forked = {one.id for one in twice}
    found, heads = Plan(), dict(log.heads)
    over = set(log.commands)
    under_way: bytes | None = None
    found.voided += [(_plausible(one, whole, log), one.why) for one in seen if one.why]
    for one in sorted(whole, key=lambda one: one.position):
        context, subject, version = one.place
        head = heads.get((context, subject), 0)
        if one.id in forked:
            found.voided.append((one, "fork-on-topic"))
        elif version <= head:
            found.voided.append((one, "fork"))
        elif one.position <= log.last:
            found.voided.append((one, "position-taken"))
        elif one.command in over:
            found.voided.append((one, "command-known"))
        elif version > head + 1:
            found.voided.append((one, "version-missing"))
        else:
            # The events of a command stand next to each other: what comes of it later is another's.
            if under_way not in (None, one.command):
                over.add(under_way)
            under_way = one.command
            heads[context, subject] = version
            found.taken.append(one)
    found.lost += _lost(found, log)
    return found


def _claimed_twice(whole: Sequence[Seen], log: Standing) -> list[Seen]:
    """Those that claim the position or the place of another one, where the log has neither."""
    free = [
        one
        for one in whole
        if one.position > log.last and one.place[2] > log.heads.get(one.place[:2], 0)
    ]
    first: dict[object, Seen] = {}
    found: dict[UUID, Seen] = {}
    for one in free:
        for claim in (one.position, one.place):
            other = first.setdefault(claim, one)
            if other.id != one.id:
                found[other.id], found[one.id] = other, one
    return list(found.values())


def _plausible(one: Seen, whole: Sequence[Seen], log: Standing) -> Seen:
    """A record whose leaf is false may claim any position; one out of reach counts as none."""
    reach = max((other.position for other in whole), default=log.last) + APART
    return one if one.position <= max(reach, log.last) else one._replace(position=0)


def _lost(found: Plan, log: Standing) -> list[int]:
    """Positions behind the log's last that neither a taken nor a voided record has or had."""
    last = log.last
    voided = (seen.position for seen, _ in found.voided)
    named = {p for p in (*(seen.position for seen in found.taken), *voided) if p > last}
    if not named:
        return []
    if max(named) - last - len(named) > APART:
        raise Refused("topic-too-far", position=max(named), last=last)
    known = named | log.named
    return [position for position in range(last + 1, max(named)) if position not in known]
