"""One run: a bounded load, a fault in the midst of it, and what everybody holds afterwards."""

import asyncio
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import httpx
import structlog

from tests.faults import facts as ask
from tests.faults import rebuilt
from tests.faults.clients import OFFICER, Clients
from tests.faults.facts import Facts
from tests.faults.house import House

TOWNSHIPS = 4
CALLERS = 64
SETTLE_S = 120.0
Json = dict[str, Any]

logger = structlog.get_logger(__name__)


@dataclass
class Ground:
    """Where a fault strikes: the house, its clients, a random of the seed, and the proof."""

    house: House
    clients: Clients
    random: random.Random
    hits: Counter[str] = field(default_factory=Counter)
    """How often each fault really did something; the run fails where one that was meant did not."""
    horizon: tuple[float, str] = (0, "")


Strike = Callable[[Ground], Coroutine[Any, Any, None]]


async def play(
    house: House, name: str, strike: Strike, seed: int, *, settle_s: float = SETTLE_S
) -> tuple[Ground, Facts]:
    """Write and look while `strike` happens, and until nothing is on its way any more."""
    house.rows += 1
    programme = f"{re.sub('[^a-z0-9]+', '-', name.lower())[:40]}-{house.rows}"
    chosen = random.Random(f"{name} {seed}")
    async with Clients(programme, house.urls, house.issuer, chosen) as clients:
        ground = Ground(house, clients, chosen)
        await clients.open(TOWNSHIPS)
        await _under_load(ground, strike)
        began = time.monotonic()
        await settled(house, settle_s)
        found = await gathered(ground, time.monotonic() - began)
    return ground, found


async def _under_load(ground: Ground, strike: Strike) -> None:
    clients = ground.clients
    applying, first, second, raced = clients.townships
    async with asyncio.TaskGroup() as group:
        for township in (first, second):
            group.create_task(clients.revise(township, 10, 0.02))
        group.create_task(clients.apply_on_and_on(applying))
        looking = [asyncio.create_task(clients.look(f"observer-{n}")) for n in (1, 2)]
        looking.append(asyncio.create_task(_watch_the_horizon(ground)))
        try:
            await clients.more(10)
            async with asyncio.TaskGroup() as striking:
                striking.create_task(strike(ground))
                striking.create_task(clients.race(raced, CALLERS))
                striking.create_task(clients.five(second))
                striking.create_task(clients.refused(first))
            ground.house.heal()
            await ground.house.ready()
            await clients.more(10)
        finally:
            clients.over.set()
            await asyncio.gather(*looking)


async def _watch_the_horizon(ground: Ground) -> None:
    while not ground.clients.over.is_set():
        with suppress(OSError, TimeoutError, asyncpg.PostgresError):
            held = await ask.horizon_s(ground.house.server.dsn("postgres"))
            ground.horizon = max(ground.horizon, held)
        await asyncio.sleep(0.3)


async def settled(house: House, seconds: float = SETTLE_S) -> None:
    """Return once all has arrived everywhere, or it is late: then the lag will show it."""
    before: dict[str, int] = {}
    late: list[str] = []
    try:
        async with asyncio.timeout(seconds):
            while True:
                counts, late = await ask.behind(house.databases)
                # Twice the same: what is answered meanwhile would show as one more.
                if not late and counts == before:
                    return
                before = counts
                await asyncio.sleep(0.05)
    except TimeoutError:
        told = {name: (await house.readiness(name))[1] for name in house.ports}
        logger.error("not settled", late=late, readiness=told)


async def gathered(ground: Ground, lag_s: float) -> Facts:
    """Everything that the checker looks at."""
    house, clients = ground.house, ground.clients
    for subject in [f"{clients.programme}/{one}" for one in clients.townships]:
        last = clients._last.get(subject)
        if last is not None:
            await clients.look_at("afterwards", last)
    logs, commands = await ask.logs(house.databases)
    journal, folded = await ask.journal(house.databases["projection"])
    topics = await asyncio.to_thread(ask.topics, house.broker.bootstrap)
    said = {}
    for township in clients.townships:
        said[f"{clients.programme}/{township}"] = await _said(ground, township)
    return Facts(
        told=clients.told,
        seen=clients.seen,
        logs=logs,
        commands=commands,
        topics=topics,
        journal=journal,
        folded=folded,
        parked=await ask.parked(house.databases),
        said=said,
        rebuilt=await rebuilt.differences(house.databases["projection"]),
        poison=frozenset(house.poison),
        poisoned=frozenset(house.poisoned),
        lag_s=lag_s,
        horizon_s=ground.horizon[0],
        horizon_by=ground.horizon[1],
        memory_kb=house.memory_kb(),
    )


async def _said(ground: Ground, township: str) -> Json:
    """The page of a township, and how many dossier events its timeline counts."""
    path = f"{ground.house.urls['projection']}/v1/progress/{ground.clients.programme}/{township}"
    headers = ground.clients._signed(OFFICER)
    async with httpx.AsyncClient(headers=headers, timeout=15) as web:
        page = (await web.get(path)).raise_for_status().json()
        counted, after = 0, None
        while True:
            parameters = {"limit": 500} | ({"after": after} if after else {})
            line = (await web.get(f"{path}/timeline", params=parameters)).raise_for_status().json()
            counted += sum(one["event"].startswith("dossier/") for one in line["items"])
            after = line["next"]
            if after is None:
                break
    plan = page["plan"]
    return {
        "stage": page["stage"],
        "reach_on": plan and plan["reach_on"],
        "version": counted,
    }
