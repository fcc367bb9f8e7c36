"""The checker itself: clean facts pass, and each kind of violation is found by its invariant."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from deploy.local.replay import Row
from tests.faults.checker import INVARIANTS, violations
from tests.faults.facts import Command, Facts, Logged, Published, Put
from tests.faults.told import Seen, Wish

PLACE = "p/t"
KEY = PLACE.encode()


def row(version: int, name: str, *, context: str = "dossier", **data: object) -> Row:
    subject = PLACE if context == "dossier" else "p"
    raw = json.dumps({"effective_on": "2019-09-10", "township": "t", **data}).encode()
    return Row(
        position=version, context=context, subject=subject, version=version,
        id=f"{context}-{version}", type=f"fuyan.{context}.{name}.v1",
        effective_on=date(2019, 9, 10), raw=raw,
    )  # fmt: skip


ENROLLED = row(1, "township-enrolled", context="programme")
FILED = row(1, "plan-filed", target="all", reach_on="2019-10-01")
REVISED = row(2, "plan-revised", target="all", reach_on="2019-11-01")
LOG = {
    "review": [Logged(ENROLLED, b"r")],
    "submission": [Logged(FILED, b"a"), Logged(REVISED, b"b")],
}


def record(of: Row, command: bytes, offset: int) -> Published:
    return Published(
        context=of.context, subject=of.subject, version=of.version, id=of.id,
        command=command.hex(), topic=f"fuyan.{of.context}.v1", partition=0, offset=offset,
        key=of.subject.encode(), raw=of.raw,
    )  # fmt: skip


TOPICS = [
    record(ENROLLED, b"r", 0),
    record(FILED, b"a", 0),
    record(REVISED, b"b", 1),
    record(FILED, b"a", 2),  # sent again, as a relay may
]


def wish(digest: bytes, *answers: tuple[str, int, int], **more: object) -> Wish:
    made = Wish(digest=digest, what="plan", context="dossier", answers=list(answers))
    for name, value in more.items():
        setattr(made, name, value)
    return made


def seen(position: int, version: int, reach_on: str, observer: str = "o") -> Seen:
    return Seen(
        observer=observer, programme="p", township="t", asked=("dossier", PLACE, version),
        position=position, shown={"stage": "planned", "plan": {"reach_on": reach_on}},
    )  # fmt: skip


def clean() -> Facts:
    return Facts(
        told=[
            wish(b"a", (PLACE, 1, 1), (PLACE, 1, 1)),
            wish(b"b", (PLACE, 2, 2), expected=1),
            wish(b"c", code="version-mismatch", status=412, expected=1),
        ],
        seen=[seen(2, 1, "2019-10-01"), seen(3, 2, "2019-11-01")],
        logs=LOG,
        commands={
            "review": {b"r": Command("p", 1, 1, 1)},
            "submission": {b"a": Command(PLACE, 1, 1, 1), b"b": Command(PLACE, 2, 2, 2)},
        },
        topics=TOPICS,
        journal=[ENROLLED, replace(FILED, position=2), replace(REVISED, position=3)],
        folded=3,
        said={PLACE: {"stage": "planned", "reach_on": "2019-11-01", "version": 2}},
        lag_s=0.3,
        memory_kb={"submission": 150_000},
    )


def test_clean_facts_pass() -> None:
    assert violations(clean()) == {name: [] for name in INVARIANTS}


def lost(facts: Facts) -> None:
    facts.told = [*facts.told, wish(b"d", (PLACE, 3, 3))]


def told_elsewhere(facts: Facts) -> None:
    facts.told = [wish(b"x", (PLACE, 2, 2))]


def unpublished(facts: Facts) -> None:
    facts.topics = TOPICS[:2]


def unseen(facts: Facts) -> None:
    facts.folded = 2


def gap(facts: Facts) -> None:
    facts.logs = LOG | {
        "submission": [LOG["submission"][0], Logged(replace(REVISED, position=3), b"b")]
    }


def two_winners(facts: Facts) -> None:
    facts.told = [*facts.told, wish(b"b", (PLACE, 2, 2), expected=1)]


def refused_and_kept(facts: Facts) -> None:
    facts.told = [wish(b"b", code="wrong-stage", status=409)]


def two_effects(facts: Facts) -> None:
    facts.logs = LOG | {"submission": [Logged(FILED, b"a"), Logged(REVISED, b"a")]}


def two_answers(facts: Facts) -> None:
    facts.told = [wish(b"a", (PLACE, 1, 1), (PLACE, 2, 2))]


def out_of_order(facts: Facts) -> None:
    facts.topics = [TOPICS[0], record(REVISED, b"b", 0), record(FILED, b"a", 1)]


def unknown_record(facts: Facts) -> None:
    facts.topics = [*TOPICS, record(replace(REVISED, version=3, id="other"), b"z", 9)]


def other_bytes(facts: Facts) -> None:
    facts.topics = [*TOPICS[:3], replace(TOPICS[3], raw=b"{}")]


def counted_twice(facts: Facts) -> None:
    facts.said = {PLACE: {"version": 3}}


def not_journaled(facts: Facts) -> None:
    facts.journal = facts.journal[:2]
    facts.folded, facts.told, facts.seen, facts.said = 2, [], [], {}


def torn(facts: Facts) -> None:
    """Shown in the midst of a fold: the position is moved, and the row is not."""
    facts.seen = [seen(3, 2, "2019-10-01")]


def back(facts: Facts) -> None:
    facts.seen = [seen(3, 2, "2019-11-01"), seen(2, 1, "2019-10-01")]


def own_write_missed(facts: Facts) -> None:
    facts.seen = [seen(2, 2, "2019-10-01")]


def differs_from_a_rebuild(facts: Facts) -> None:
    facts.rebuilt = ["p/t is live and not folded so"]


def parked_without_reason(facts: Facts) -> None:
    facts.parked = {"projection": [Put("dossier", "p/x", "p/x", 1, "i", "", 9)]}


def poison_read(facts: Facts) -> None:
    facts.poisoned = frozenset({("dossier", "p/x")})


def late(facts: Facts) -> None:
    facts.lag_s = 100


def held(facts: Facts) -> None:
    facts.horizon_s = 30


def grown(facts: Facts) -> None:
    facts.memory_kb = {"projection": 2_000_000}


@pytest.mark.parametrize(
    ("invariant", "harm"),
    [
        ("I1", lost),
        ("I1", told_elsewhere),
        ("I1", unpublished),
        ("I1", unseen),
        ("I2", gap),
        ("I2", two_winners),
        ("I3", refused_and_kept),
        ("I4", two_effects),
        ("I4", two_answers),
        ("I5", out_of_order),
        ("I5", unknown_record),
        ("I5", other_bytes),
        ("I6", counted_twice),
        ("I6", not_journaled),
        ("I7", torn),
        ("I8", back),
        ("I9", own_write_missed),
        ("I10", differs_from_a_rebuild),
        ("I11", parked_without_reason),
        ("I11", poison_read),
        ("L1", late),
        ("L2", grown),
        ("L3", held),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_each_violation_is_found(invariant: str, harm: Callable[[Facts], None]) -> None:
    facts = clean()
    harm(facts)
    assert violations(facts)[invariant]
