"""Clients that ask, ask again with the same key where no answer came, and write down what they
were told."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import UUID

from shared.contracts.refusals import Refused
from shared.store.command import Command, Heard
from shared.store.log import Log
from shared.store.streams import Changes, Claim, Stream, Unavailable, Written
from tests.simulation.answers import MODEL_ALL
from tests.simulation.happening import noted
from tests.simulation.plan import Act

if TYPE_CHECKING:
    from tests.simulation.world import Instance, World

FEW = 3
PATIENCE_S = 12.0
AGAIN_S = 0.15


@dataclass(frozen=True, slots=True)
class Told:
    """What a client was told of one of its commands; `code` is that of a refusal."""

    key: bytes
    subject: str
    expected: int | None = None
    value: str = ""
    written: Written | None = None
    code: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a client saw of the read model at one moment: events and their sum, by stream."""

    client: int
    position: int
    model: dict[tuple[str, str], tuple[int, int]]


class Clients:
    """All of them; `told` and `seen` are the independent journal."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.told: list[Told] = []
        self.seen: list[Seen] = []
        self.wrong: list[str] = []
        """What was observed, and must never be."""

    async def run(self, acts: tuple[Act, ...]) -> None:
        """All acts of all clients; each client does one thing after the other."""
        clients: dict[int, list[tuple[int, Act]]] = {}
        for number, act in enumerate(acts):
            clients.setdefault(act.client, []).append((number, act))
        await asyncio.gather(*(self._client(mine) for mine in clients.values()))

    async def _client(self, acts: list[tuple[int, Act]]) -> None:
        known: dict[str, int] = {}
        for number, act in acts:
            await asyncio.sleep(max(0.0, act.at_s - self._world.loop.now))
            command = self._command(number, act, known)
            answers = await asyncio.gather(
                *(self._until_told(act, command) for _ in range(act.twins))
            )
            told = [one for one in answers if one is not None]
            for one in told:
                self.told.append(one)
                self._world.trace(f"client {act.client}", "told", one.written or one.code)
                if one.written is not None:
                    known[act.subject] = max(known.get(act.subject, 0), one.written.version)
            if known.get(act.subject) and self._world.loop.random.random() < 0.5:
                await self._look(act, known[act.subject])

    def _command(self, number: int, act: Act, known: dict[str, int]) -> Command:
        return Command(
            key=f"{number}",
            fingerprint=sha256(str(number).encode()).digest(),
            actor="o:1",
            correlation=UUID(int=number + 1),
            expected=known.get(act.subject, 0) if act.what == "expect" else None,
        )

    async def _until_told(self, act: Act, command: Command) -> Told | None:
        """The answer to a command; None where the client gave up first."""
        tried = 0
        while True:
            told = await self._try(act, command)
            tried += 1
            if told is not None or tried == act.tries:
                return told
            await asyncio.sleep(AGAIN_S)

    async def _try(self, act: Act, command: Command) -> Told | None:
        random = self._world.loop.random
        instances = self._world.running("submission")
        if not instances:
            return None

        def told(written: Written | None = None, code: str = "") -> Told:
            return Told(command.digest, act.subject, command.expected, act.value, written, code)

        try:
            return told(
                await random.choice(instances).ask(
                    lambda one: _write(one, act, command), PATIENCE_S
                )
            )
        except (Unavailable, ConnectionError, TimeoutError):
            return None
        except Refused as error:
            return told(code=error.code)
        except Exception as error:
            self.wrong.append(f"I4: {act} was answered {type(error).__name__}: {error}")
            return told(code="broken")

    async def _look(self, act: Act, version: int) -> None:
        """Read what was written, in the log and in the read model."""
        random = self._world.loop.random
        if instances := self._world.running("submission"):
            await self._read_log(random.choice(instances), act, version)
        if instances := self._world.running("projection"):
            await self._read_model(random.choice(instances), act, version)

    async def _read_log(self, instance: "Instance", act: Act, version: int) -> None:
        async def work(one: "Instance") -> int:
            return (await _log(one).state(Stream("dossier", act.subject)))[0]

        found = await self._asked(instance, work)
        if found is not None and found < version:
            self.wrong.append(f"I9: {act.subject}@{version} was promised, the log showed @{found}")

    async def _read_model(self, instance: "Instance", act: Act, version: int) -> None:
        async def work(one: "Instance") -> Seen | None:
            journal = one.journal
            if journal is None:
                raise ConnectionRefusedError
            if await journal.reached(Heard("dossier", act.subject, version), 2.0) != "reached":
                return None
            async with journal.snapshot() as models:
                rows = await models.connection.fetch(MODEL_ALL)
                model = {(row[0], row[1]): (row[2], row[3]) for row in rows}
                return Seen(act.client, models.position, model)

        seen = await self._asked(instance, work)
        if seen is None:
            return
        self.seen.append(seen)
        shown = seen.model.get(("dossier", act.subject), (0, 0))[0]
        if shown < version:
            self.wrong.append(
                f"I9: {act.subject}@{version} was reached, the read model showed {shown} events"
            )

    async def _asked(self, instance: "Instance", work: Callable[["Instance"], Any]) -> Any:
        try:
            return await instance.ask(work, PATIENCE_S)
        except (Unavailable, ConnectionError, TimeoutError):
            return None


def _log(instance: "Instance") -> Log:
    if instance.log is None:
        raise ConnectionRefusedError("not listening yet")
    return instance.log


async def _write(instance: "Instance", act: Act, command: Command) -> Written:
    stream = Stream("dossier", act.subject)
    item = act.what if act.what in ("apply", "poison") else "note"
    event = noted(act.subject, item, command.key)

    def decide(told: tuple[object, ...]) -> Changes:
        if act.what == "few" and len(told) >= FEW:
            raise Refused("deficiencies-open", count=len(told))
        claims = [Claim("plaque", act.value, "plaque-taken")] if act.what == "claim" else []
        return Changes({stream: [event]}, claims)

    return await _log(instance).decide_many(command, (stream,), decide)
