"""Bugs that were made on purpose: each must be found, and named by the invariant it breaks."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

from aiokafka.errors import KafkaError

from services.projection import follower
from shared.messaging import dead_letters, follow, parking, reactions, relay
from shared.messaging.follow import Place, Reading
from shared.messaging.kafka import SILENT
from shared.messaging.relay import Relay
from shared.store import sql, writer
from shared.store.batch import Batch
from shared.store.log import Log
from shared.store.streams import NOTHING
from tests.simulation import answers, statements
from tests.simulation.answers import N
from tests.simulation.installed import Replaced, with_values
from tests.simulation.plan import Act, Fault, Plan
from tests.simulation.statements import flat
from tests.simulation.tables import Row, View, unique
from tests.simulation.world import World


@dataclass(frozen=True, slots=True)
class Bug:
    """What is planted, and which invariant must find it in at most so many seeds."""

    name: str
    invariant: str
    within: int
    replaced: Callable[[], list[Replaced]] = list
    statement: tuple[str, str, answers.Answer] | None = None
    prepare: Callable[[World], None] | None = None
    plan: Callable[[Plan], Plan] = lambda plan: plan


@contextmanager
def planted(bug: Bug) -> Iterator[None]:
    """The bug is there for as long as the block lasts."""
    before = with_values(bug.replaced())
    known = dict(statements.STATEMENTS)
    if bug.statement is not None:
        name, text, answer = bug.statement
        statements.STATEMENTS[flat(text)] = (name, answer)
    try:
        yield
    finally:
        with_values(before)
        statements.STATEMENTS.update(known)


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
        written = None
        if step.head is None or tenure.writer.heads.get(step.head[:2], (0,))[0] < step.head[2]:
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


def _append_ignoring_keys(view: View, *columns: Any) -> list[Row]:
    answers.log_events(view, answers.records_of(columns))
    view.write("command").update((v[0], v) for v in zip(*columns[N : N + 6], strict=True))
    taken = view.read("claim")
    for one in zip(*columns[N + 6 : N + 9], strict=True):
        if one[:2] in taken:
            raise unique("claim_pkey", one[:2])
        view.write("claim")[one[:2]] = one[2]
    return []


def _no_disk(world: World) -> None:
    for server in world.servers.values():
        server.trusts_memory = True


class _Unlocked:
    """Looks like a lock, and lets everybody in."""

    async def __aenter__(self) -> None:
        return None

    async def __aexit__(self, *_: object) -> None:
        return None


def _redrive_unlocked() -> list[Replaced]:
    return [
        (parking.Parking, "line", lambda self, key: _Unlocked()),
        (dead_letters, "POLL_S", 0.05),
    ]


def _poisoning(plan: Plan) -> Plan:
    """Short lines of one township, redriven again and again while its events go on coming."""
    acts = tuple(
        Act(0.3 + 0.04 * n, n % 3, "apply" if n % 5 else "poison", "p/t1") for n in range(60)
    )
    redrives = tuple(Fault(0.4 + 0.1 * n, "redrive", "review") for n in range(24))
    return plan.with_acts(acts).with_faults(redrives)


def _getting_used(world: World) -> None:
    world.gets_used_to = True


def _trusting_ends() -> list[Replaced]:
    async def never(*_: Any) -> bool:
        return False

    return [(relay, "begins_anew", never)]


def _hidden(plan: Plan) -> Plan:
    """A topic is made anew, and ends where it ended before anybody has looked."""
    acts = (Act(0.3, 0, "note", "p/t1"), Act(0.75, 0, "note", "p/t1"))
    return plan.with_acts(acts).with_faults((Fault(0.6, "topic anew", word="fuyan.dossier.v1"),))


def _looking_once() -> list[Replaced]:
    async def before(self: Relay, tenure: Any) -> None:
        with suppress(*SILENT):
            async with asyncio.timeout(relay.FIRST_LOOK_S):
                await self._compare()

    return [(Relay, "before", before)]


def _with(*faults: Fault) -> Callable[[Plan], Plan]:
    """Only these faults strike, where the plan of a seed would seldom have them."""
    return lambda plan: plan.with_faults(faults)


def _spread(plan: Plan) -> Plan:
    """Many townships, a topic that is made anew with fewer doubles, and consumers that miss it."""
    acts = tuple(
        replace(act, what="note", subject=f"p/u{number}", tries=0, value="")
        for number, act in enumerate(plan.acts)
    )
    late = tuple(replace(act, at_s=act.at_s + 2.0, subject=f"{act.subject}b") for act in acts)
    faults = (
        Fault(0.0, "batches twice", count=4),
        Fault(1.8, "kafka deaf", "projection:holder", 3.0),
        Fault(1.9, "topic anew", word="fuyan.dossier.v1"),
    )
    return plan.with_acts((*acts, *late)).with_faults(faults)


def _shifted(plan: Plan) -> Plan:
    """Few townships, whose later events come before the earlier ones are read again."""
    spread = _spread(plan)
    return spread.with_acts(
        tuple(replace(act, subject=f"p/t{len(act.subject) % 3}") for act in spread.acts)
    )


BUGS = (
    Bug(
        "positions from an identity column with two writers", "I2", 20,
        prepare=_two_writers, plan=_second,
    ),
    Bug(
        "the relay goes on after a failed page", "I5", 50, replaced=_going_on,
        plan=_with(Fault(0.5, "broker away", for_s=3.6)),
    ),
    Bug(
        "the cursor is moved before the acknowledgement", "I5", 50, replaced=_moved_first,
        plan=_with(
            Fault(0.3, "broker away", for_s=2.0),
            *(Fault(0.6 + at, "kill", "submission:holder", 0.1) for at in (0.0, 0.4, 0.8)),
        ),
    ),
    Bug(
        "heads are moved outside the transaction of the effect", "I1", 100,
        replaced=_head_before_effect,
        plan=_with(
            *(Fault(0.3 + 0.3 * n, "cut after", "review:holder", word="follow") for n in range(8))
        ),
    ),
    Bug("an event beyond head + 1 is applied", "I1", 100, replaced=_beyond, plan=_shifted),
    Bug("there is no fence post", "L1", 100, replaced=_no_fence, plan=_spread),
    Bug(
        "equal keys in one batch are not seen", "I4", 20, replaced=_forgetting,
        statement=("append", sql.APPEND, _append_ignoring_keys),
    ),
    Bug(
        "synchronous_commit is off under a kill", "I1", 20, prepare=_no_disk,
        plan=_with(
            *(Fault(0.4 + 0.3 * n, "store crashes", "submission", 0.05) for n in range(5))
        ),
    ),
    Bug(
        "a redrive without its lock", "I6", 50, replaced=_redrive_unlocked,
        prepare=_getting_used, plan=_poisoning,
    ),
    # Found here, and put right.
    Bug(
        "the relay asks only where its topics end, not how they begin", "I5", 50,
        replaced=_trusting_ends,
        plan=_hidden,
    ),
    Bug(
        "a store away at the relay's first look is not foreseen", "unforeseen", 50,
        replaced=_looking_once,
        plan=_with(
            *(Fault(0.2 + 0.25 * n, "store crashes", "submission", 0.1) for n in range(20))
        ),
    ),
)  # fmt: skip
