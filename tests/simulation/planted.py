"""Bugs that were made on purpose: each must be found, and named by the invariant it breaks."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

from aiokafka.errors import KafkaError

from services.projection import follower
from shared.messaging import follow, parking, reactions
from shared.messaging.follow import Place, Reading
from shared.messaging.relay import Relay
from shared.store import sql, writer
from shared.store.batch import Batch
from shared.store.log import Log
from shared.store.streams import NOTHING
from tests.simulation import tables
from tests.simulation.installed import Replaced, with_values
from tests.simulation.plan import Fault, Plan
from tests.simulation.tables import N, View, flat
from tests.simulation.world import World


@dataclass(frozen=True, slots=True)
class Bug:
    """What is planted, and which invariant must find it in at most so many seeds."""

    name: str
    invariant: str
    within: int
    replaced: Callable[[], list[Replaced]] = list
    statement: tuple[str, str, tables.Answer] | None = None
    prepare: Callable[[World], None] | None = None
    plan: Callable[[Plan], Plan] = lambda plan: plan


@contextmanager
def planted(bug: Bug) -> Iterator[None]:
    """The bug is there for as long as the block lasts."""
    before = with_values(bug.replaced())
    known = dict(tables.STATEMENTS)
    if bug.statement is not None:
        name, text, answer = bug.statement
        tables.STATEMENTS[flat(text)] = (name, answer)
    try:
        yield
    finally:
        with_values(before)
        tables.STATEMENTS.update(known)


def _two_writers(world: World) -> None:
    world.servers["submission"].everyone_leads = True
    world.servers["submission"].identity = True


def _second(plan: Plan) -> Plan:
    return replace(plan, running=tuple(dict.fromkeys((*plan.running, "submission:b"))))


def _going_on() -> list[Replaced]:
    send = Relay._send

    async def on(self: Relay, producer: Any, page: Any) -> None:
        with suppress(KafkaError):
            await send(self, producer, page)

    return [(Relay, "_send", on)]


def _moved_first() -> list[Replaced]:
    send = Relay._send
    sending: set[asyncio.Task[None]] = set()

    async def unawaited(self: Relay, producer: Any, page: Any) -> None:
        task = asyncio.create_task(send(self, producer, page))
        sending.add(task)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())

    return [(Relay, "_send", unawaited)]


def _head_before_effect() -> list[Replaced]:
    async def two(
        self: Log, tenure: Any, step: Any, reading: Any, decision: Any, command: Any
    ) -> Any:
        written = await self._wish((), lambda: NOTHING, None, step)
        if command is None:
            return written
        return await self._wish(tuple(reading), decision, command, None)

    return [(Log, "follow", two)]


def _beyond() -> list[Replaced]:
    def anywhere(heads: Any, who: Any) -> Place:
        found = follow.place(heads, who)
        return Place.NEXT if found is Place.BEYOND else found

    return [(reactions, "place", anywhere), (follower, "place", anywhere)]


def _no_fence() -> list[Replaced]:
    async def trusting(consumer: Any, partitions: Any, fences: Any) -> Any:
        begins = await consumer.beginning_offsets(partitions)
        return {
            at: fences.get((at.topic, at.partition), (begins[at], None))[0] for at in partitions
        }

    look = Reading.look

    async def blind(self: Reading, consumer: Any, partitions: Any) -> bool:
        self._first.clear()
        return await look(self, consumer, partitions)

    return [
        *((module, "starts", trusting) for module in (follow, reactions, follower)),
        (Reading, "look", blind),
    ]


class _Forgetful(dict[Any, Any]):
    def get(self, *_: Any) -> None:
        return None


def _forgetting() -> list[Replaced]:
    return [(writer, "Batch", lambda: Batch(keys=_Forgetful()))]


def _append_ignoring_keys(view: View, *columns: Any) -> list[tables.Row]:
    tables._log(view, tables._records(columns))
    view.write("command").update((v[0], v) for v in zip(*columns[N : N + 6], strict=True))
    taken = view.read("claim")
    for one in zip(*columns[N + 6 : N + 9], strict=True):
        if one[:2] in taken:
            raise tables.unique("claim_pkey", one[:2])
        view.write("claim")[one[:2]] = one[2]
    return []


def _no_disk(world: World) -> None:
    for server in world.servers.values():
        server.trusts_memory = True


def _killing(plan: Plan) -> Plan:
    if any(fault.kind == "store crashes" for fault in plan.faults):
        return plan
    return plan.with_faults((*plan.faults, Fault(5.5, "store crashes", "submission", 0.3)))


class _Unlocked:
    """Looks like a lock, and lets everybody in."""

    async def __aenter__(self) -> None:
        return None

    async def __aexit__(self, *_: object) -> None:
        return None


def _redrive_unlocked() -> list[Replaced]:
    return [(parking.Parking, "line", lambda self, key: _Unlocked())]


def _poisoning(plan: Plan) -> Plan:
    """One township's clients send poison, then applications, while it is redriven."""
    acts = tuple(
        replace(act, what="poison" if number % 4 == 0 else "apply", subject="p/t1", tries=0)
        for number, act in enumerate(plan.acts)
    )
    redrives = tuple(Fault(0.6 + 0.35 * n, "redrive", "review") for n in range(8))
    return plan.with_acts(acts).with_faults(redrives)


BUGS = (
    Bug(
        "positions from an identity column with two writers", "I5", 100,
        prepare=_two_writers, plan=_second,
    ),
    Bug("the relay goes on after a failed page", "I5", 300, replaced=_going_on),
    Bug("the cursor is moved before the acknowledgement", "I5", 300, replaced=_moved_first),
    Bug(
        "heads are moved outside the transaction of the effect", "I1", 300,
        replaced=_head_before_effect,
    ),
    Bug("an event beyond head + 1 is applied", "I1", 300, replaced=_beyond),
    Bug("there is no fence post", "L1", 500, replaced=_no_fence),
    Bug(
        "equal keys in one batch are not seen", "I4", 100, replaced=_forgetting,
        statement=("append", sql.APPEND, _append_ignoring_keys),
    ),
    Bug(
        "synchronous_commit is off under a kill", "I1", 100, prepare=_no_disk, plan=_killing,
    ),
    Bug(
        "a redrive without its lock", "I11", 300, replaced=_redrive_unlocked, plan=_poisoning,
    ),
)  # fmt: skip
