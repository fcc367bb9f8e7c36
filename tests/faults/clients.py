"""Clients that write and look all the while: plain HTTP, as any office would, with one seed."""

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import httpx

from deploy.local.issuer import Issuer
from deploy.local.scenario import Person, load
from tests.faults.told import Place, Seen, Wish, digest_of

PATIENCE_S = 120.0
PAUSE_S = 0.05
OFFICER = Person("q-jingban", "370406-safety", ("officer",))
_SHIPPED = load().definition
Json = dict[str, Any]


def head_of(township: str) -> Person:
    return Person(f"{township}-head", f"{township}-office", ("head",))


def clerk_of(township: str) -> Person:
    return Person(f"{township}-clerk", f"{township}-office", ("clerk",))


@dataclass
class Clients:
    """All that write to one programme and look at it; `told` and `seen` are their own notes."""

    programme: str
    urls: Mapping[str, str]
    issuer: Issuer
    random: random.Random
    over: asyncio.Event = field(default_factory=asyncio.Event)
    told: list[Wish] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    acknowledged: int = 0
    townships: tuple[str, ...] = ()
    others: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Further addresses of a service, tried in turn where one cannot serve."""
    _last: dict[str, Place] = field(default_factory=dict)
    _tokens: dict[Person, str] = field(default_factory=dict)
    _grown: asyncio.Event = field(default_factory=asyncio.Event)
    _number: int = 0

    async def command(
        self,
        service: str,
        path: str,
        body: Json,
        by: Person,
        *,
        key: str = "",
        expected: int | None = None,
        after: str = "",
        wish: Wish | None = None,
    ) -> Wish:
        """Send it until somebody answers for certain, or patience ends."""
        self._number += 1
        key = key or f"{self.programme}-{self._number}"
        wish = wish or Wish(
            digest=digest_of(by.organisation, by.officer, key),
            what=f"POST {path}",
            context="programme" if service == "review" else "dossier",
            expected=expected,
        )
        if all(wish is not one for one in self.told):
            self.told.append(wish)
        headers = self._signed(by) | {"Idempotency-Key": key}
        if expected is not None:
            headers["If-Match"] = f'"{expected}"'
        if after:
            headers["After"] = after
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            wish.sent += 1
            answer = await self._ask(service, "POST", path, wish.sent, headers=headers, json=body)
            if answer is None or not _certain(answer):
                wish.unsure += 1
                await asyncio.sleep(PAUSE_S * self.random.uniform(1, 4))
                continue
            wish.heard(answer.status_code, answer.json())
            if answer.is_success:
                self._note(wish)
            return wish
        return wish

    def _note(self, wish: Wish) -> None:
        stream, version, _ = wish.answers[-1]
        self.acknowledged += 1
        if version > self._last.get(stream, ("", "", 0))[2]:
            self._last[stream] = (wish.context, stream, version)
        self._grown.set()

    async def until(self, acknowledged: Callable[[], bool]) -> None:
        """Return once that holds, looked at after each acknowledgement."""
        async with asyncio.timeout(PATIENCE_S):
            while not acknowledged():
                self._grown.clear()
                await self._grown.wait()

    async def more(self, count: int) -> None:
        """Return once so many more commands were acknowledged."""
        goal = self.acknowledged + count
        await self.until(lambda: self.acknowledged >= goal)

    async def open(self, townships: int) -> None:
        """The programme, and the plan of each of its townships."""
        places = [dict(one) for one in _SHIPPED["townships"]][:townships]
        self.townships = tuple(one["township"] for one in places)
        body = {**_SHIPPED, "code": self.programme, "townships": places}
        opened = await self.command("review", "/v1/programmes", body, OFFICER)
        assert opened.acknowledged, f"no programme: {opened}"
        after = f"programme/{self.programme}@{opened.answers[0][1]}"
        await asyncio.gather(*(self.plan(one, after=after) for one in self.townships))

    async def plan(self, township: str, *, expected: int | None = None, after: str = "") -> Wish:
        """File the plan, or revise it: each with words that nobody used before."""
        self._number += 1
        body: Json = {
            "target": "all-2019",
            "reach_on": str(date(2019, 9, 11) + timedelta(days=self._number % 100)),
            "goals": [f"{self.programme} {self._number}"],
        }
        if not after:
            body["reason"] = "按要求调整"
        return await self.command(
            "submission",
            f"/v1/dossiers/{self.programme}/{township}/plans",
            body,
            head_of(township),
            expected=expected,
            after=after,
        )

    def last(self, township: str) -> int:
        """The last version of its dossier that any client was told of."""
        return self._last[f"{self.programme}/{township}"][2]

    async def revise(self, township: str, at_least: int, pause_s: float) -> None:
        """Revise again and again, until the faults are over."""
        done = 0
        while not self.over.is_set() or done < at_least:
            # Some say what they saw last, and are told where that is no longer so.
            expected = self.last(township) if self.random.random() < 0.3 else None
            await self.plan(township, expected=expected)
            done += 1
            await asyncio.sleep(pause_s)

    async def apply_on_and_on(self, township: str) -> None:
        """Apply, take it back, and again: two services answer each other in events."""
        marks = [
            {
                "item": one["code"],
                "applicable": True,
                "mark_cp": 0 if one.get("method") == "capped-bonus" else one["max_cp"],
            }
            for one in _SHIPPED["standard"]["items"]
        ]
        path = f"/v1/dossiers/{self.programme}/{township}"
        body: Json = {"kind": "pre-application", "marks": marks}
        await self.command("submission", f"{path}/self-assessments", body, clerk_of(township))
        while not self.over.is_set():
            await self._apply(path, head_of(township))
            await asyncio.sleep(PAUSE_S)

    async def _apply(self, path: str, head: Person) -> None:
        applied = await self.command(
            "submission", f"{path}/applications", {"batch": "2019-2"}, head
        )
        if not applied.acknowledged:  # the last one is not closed yet
            return
        # One that is never withdrawn would be the last: nothing would be reacted to any more.
        seen = await self._answered("submission", path, head)
        made = seen["applications"][-1]["submitted"]["application_id"]
        await self.command(
            "submission", f"{path}/applications/{made}/withdrawal", {"reason": "材料不齐"}, head
        )

    async def _answered(self, service: str, path: str, by: Person) -> Json:
        """What it shows, once somebody can be asked."""
        async with asyncio.timeout(PATIENCE_S):
            turn = 0
            while True:
                turn += 1
                seen = await self._ask(service, "GET", path, turn, headers=self._signed(by))
                if seen is not None and seen.is_success:
                    shown: Json = seen.json()
                    return shown
                await asyncio.sleep(PAUSE_S)

    async def race(self, township: str, callers: int) -> list[Wish]:
        """So many callers, each with another wish, on what one of them alone can still be right."""
        expected = self.last(township)
        return list(
            await asyncio.gather(*(self.plan(township, expected=expected) for _ in range(callers)))
        )

    async def five(self, township: str) -> Wish:
        """One wish under one key, sent five times at once."""
        key, by = f"{self.programme}-five-{self._number}", head_of(township)
        wish = Wish(
            digest=digest_of(by.organisation, by.officer, key), what="five", context="dossier"
        )
        body = {"target": "all-2019", "reach_on": "2019-12-25", "goals": [key], "reason": "同一键"}
        path = f"/v1/dossiers/{self.programme}/{township}/plans"
        sending = [self.command("submission", path, body, by, key=key, wish=wish) for _ in range(5)]
        await asyncio.gather(*sending)
        return wish

    async def refused(self, township: str) -> Wish:
        """Something that may not be: an application in a batch that does not exist."""
        path = f"/v1/dossiers/{self.programme}/{township}/applications"
        return await self.command("submission", path, {"batch": "none"}, head_of(township))

    async def look(self, name: str) -> None:
        """Ask the read model for what was acknowledged last, over and over."""
        while not self.over.is_set():
            known = [one for one in self._last.values() if one[0] == "dossier"]
            if not known:
                await asyncio.sleep(PAUSE_S)
                continue
            asked = self.random.choice(known)
            await self.look_at(name, asked)
            await asyncio.sleep(PAUSE_S)

    async def look_at(self, name: str, asked: Place) -> None:
        context, subject, version = asked
        township = subject.split("/")[1]
        answer = await self._ask(
            "projection", "GET", f"/v1/progress/{subject}", 1,
            params={"at_least": f"{context}/{subject}@{version}", "wait": "2s"},
            headers=self._signed(OFFICER),
        )  # fmt: skip
        if answer is None or not answer.is_success:
            return
        shown = answer.json()
        self.seen.append(
            Seen(
                observer=name, programme=self.programme, township=township, asked=asked,
                position=shown["position"], shown=shown,
            )
        )  # fmt: skip

    def _signed(self, by: Person) -> dict[str, str]:
        if by not in self._tokens:
            token = self.issuer.token(by.officer, by.organisation, by.roles)
            self._tokens[by] = f"Bearer {token}"
        return {"Authorization": self._tokens[by]}

    async def _ask(
        self, service: str, method: str, path: str, turn: int, **more: Any
    ) -> httpx.Response | None:
        urls = (self.urls[service], *self.others.get(service, ()))
        try:
            return await self._web.request(method, urls[(turn - 1) % len(urls)] + path, **more)
        except httpx.TransportError:
            return None

    async def __aenter__(self) -> "Clients":
        limits = httpx.Limits(max_connections=200, max_keepalive_connections=50)
        self._web = httpx.AsyncClient(timeout=15, limits=limits)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._web.aclose()


_ON_ITS_WAY = frozenset({"not-yet-known", "idempotency-key-running", "issuer-unreachable"})


def _certain(answer: httpx.Response) -> bool:
    """Whether this says for good what became of the command."""
    if answer.status_code >= 500 or answer.status_code == 429:
        return False
    return answer.is_success or answer.json().get("code") not in _ON_ITS_WAY
