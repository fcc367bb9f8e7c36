"""What a run leaves behind, put together for the invariants: plain values, nothing that moves."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shared.events.envelope import Malformed, Record, identity
from tests.simulation.clients import Seen, Told
from tests.simulation.tables import State

if TYPE_CHECKING:
    from tests.simulation.world import World


@dataclass(frozen=True, slots=True)
class Line:
    """A parked record, in the order of its line."""

    context: str
    key: str
    subject: str
    version: int
    reason: str


@dataclass(slots=True)
class Evidence:
    """Logs and commands by service, topics by context, consumers by service."""

    logs: dict[str, list[Record]]
    commands: dict[str, set[bytes]]
    topics: dict[str, list[list[Record | None]]]
    """Records of each partition as identified; None for one that is none of ours."""
    heads: dict[str, dict[tuple[str, str], int]]
    kept: dict[str, list[Record]]
    """Events that a consumer kept, in its own order: the projection's is its journal."""
    parked: dict[str, list[Line]]
    model: dict[tuple[str, str], tuple[int, int]]
    folded: int
    told: Sequence[Told]
    seen: Sequence[Seen]
    poisoned: frozenset[str]
    lagging: list[str]
    broken: list[str] = field(default_factory=list)
    """What was noticed on the way."""


def collect(world: "World", quiet: bool) -> Evidence:
    """At the end of a run; `quiet`: everything was done that there was to do."""
    states: dict[str, State] = {name: server.state for name, server in world.servers.items()}
    return Evidence(
        logs={
            service: [record for _, record in sorted(states[service]["log"].items())]
            for service in ("submission", "review")
        },
        commands={s: set(states[s]["command"]) for s in ("submission", "review")},
        topics={
            topic.split(".")[1]: [[_known(one) for one in part.records] for part in partitions]
            for topic, partitions in world.cluster.topics.items()
        },
        heads={
            service: {key: row[2] for key, row in state["head"].items()}
            for service, state in states.items()
        },
        kept={
            "projection": [r for _, (r, _) in sorted(states["projection"]["journal"].items())],
            **{
                service: [
                    states[service]["heard"][id_]
                    for _, id_ in sorted(states[service]["heard_arrival"].items())
                ]
                for service in ("submission", "review")
            },
        },
        parked={service: _lines(state) for service, state in states.items()},
        model=dict(states["projection"]["model"]),
        folded=states["projection"]["folded"][1],
        told=world.clients.told,
        seen=world.clients.seen,
        poisoned=frozenset(world.poisoned),
        lagging=[] if quiet else world.lagging() or ["a client still waits for its answer"],
        broken=[*world.clients.wrong, *(f"unforeseen: {one}" for one in world.loop.broken)],
    )


def _known(message: Any) -> Any:
    try:
        return identity(message.headers)
    except Malformed:
        return None


def _lines(state: State) -> list[Line]:
    return [
        Line(row[0], row[1], row[3], row[4], row[11]) for _, row in sorted(state["parked"].items())
    ]
