"""The desk from which a scenario is played: public HTTP only, and patient with what is away.

Every command carries a key of its own, so whatever is unsure is sent again: a service that is
killed in the middle of an act gets the same act once it is back.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from typing import Any

import httpx

from deploy.local.scenario import Act, Person

Token = Callable[[str, str, Sequence[str]], str]
Json = dict[str, Any]

# What passes by itself: a service on its way up or down, and an event on its way here.
_AWAY = frozenset({502, 503, 504, 429})
_ON_ITS_WAY = frozenset({"not-yet-known", "idempotency-key-running", "issuer-unreachable"})
# `<programme>`, `<programme>/<township>` and `<programme>/<township>/<round>` name their context.
_BY_SLASHES = ("programme", "dossier", "case")
_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 1.0
# Tokens are signed for longer; a play at full speed asks for each of them once.
_TOKEN_SECONDS = 1800.0


class Surprise(RuntimeError):
    """A service answered what the scenario does not say."""


class Stalled(RuntimeError):
    """Something that should happen by itself did not happen in time; the message says what."""


class Desk:
    """Sends commands, reads answers, and remembers how far each stream has come."""

    def __init__(
        self,
        urls: Mapping[str, str],
        token: Token,
        *,
        patience: float,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.last: dict[str, int] = {}
        self.commands = 0
        self.refused = 0
        self._token = token
        self._tokens: dict[Person, tuple[float, str]] = {}
        self._patience = patience
        self._clients = {
            service: httpx.AsyncClient(base_url=url, timeout=10, transport=transport)
            for service, url in urls.items()
        }

    async def aclose(self) -> None:
        for client in self._clients.values():
            await client.aclose()

    async def command(
        self,
        act: Act,
        service: str,
        path: str,
        body: Mapping[str, Any] | bytes,
        *,
        by: Person,
        part: str = "",
        method: str = "POST",
        seen: str | None = None,
        builds_on: Collection[str] = (),
    ) -> Json:
        """Do it, or see it refused as the act expects; the answer, or {} where it is refused.

        A body of bytes is a file, which no act expects to be refused.
        `part` tells apart the commands of one act. `seen` is the address whose ETag the command
        names in `If-Match`; `builds_on` names streams, of another service, that must be known
        there as far as they are known here. Raises Surprise and Stalled.
        """
        headers = {"Idempotency-Key": f"{act.key}-{part}" if part else act.key}
        known = [f"{stream}@{self.last[stream]}" for stream in builds_on if stream in self.last]
        if known:
            headers["After"] = ", ".join(known)
        waiting = _Waiting(f"{act}: {method} {path}", self._patience)
        while True:
            if seen is not None:
                _, headers["If-Match"] = await self._read(service, seen, by, waiting)
            answer = await self._send(service, method, path, by, headers, _plain(body))
            if answer is None or _passes(answer) or (seen and answer.status_code == 412):
                await waiting.pause(answer)
                continue
            self.commands += 1
            if answer.is_success:
                return answer.json() if isinstance(body, bytes) else self._done(act, answer)
            return self._not_done(act, method, path, answer)

    async def read(self, service: str, path: str, *, by: Person) -> Json:
        """What an address answers, once it exists; raises Stalled."""
        found, _ = await self._read(service, path, by, _Waiting(f"GET {path}", self._patience))
        return found

    async def until(
        self, service: str, path: str, holds: Callable[[Any], bool], *, by: Person
    ) -> Any:
        """The first answer of an address for which `holds`; raises Stalled."""
        waiting = _Waiting(f"GET {path} shows it", self._patience)
        while True:
            found, _ = await self._read(service, path, by, waiting)
            if holds(found):
                return found
            await waiting.pause(None)

    async def _read(
        self, service: str, path: str, by: Person, waiting: "_Waiting"
    ) -> tuple[Json, str]:
        while True:
            answer = await self._send(service, "GET", path, by, {}, None)
            if answer is not None and answer.is_success:
                found: Json = answer.json()
                return found, answer.headers.get("etag", "")
            # 404 too: what is read here is made by a reaction, which takes its moment.
            if answer is not None and answer.status_code != 404 and not _passes(answer):
                raise Surprise(f"GET {path}: {answer.status_code} {answer.text[:500]}")
            await waiting.pause(answer)

    async def _send(
        self,
        service: str,
        method: str,
        path: str,
        by: Person,
        headers: Mapping[str, str],
        body: object,
    ) -> httpx.Response | None:
        """The answer, or None if nobody knows whether it arrived."""
        signed = {**headers, "Authorization": f"Bearer {self._signed(by)}"}
        file = {"content": body} if isinstance(body, bytes) else {"json": body}
        try:
            return await self._clients[service].request(method, path, headers=signed, **file)
        except httpx.TransportError:
            return None

    def _signed(self, by: Person) -> str:
        until, token = self._tokens.get(by, (0.0, ""))
        if time.monotonic() > until:
            token = self._token(by.officer, by.organisation, by.roles)
            self._tokens[by] = (time.monotonic() + _TOKEN_SECONDS, token)
        return token

    def _done(self, act: Act, answer: httpx.Response) -> Json:
        body: Json = answer.json()
        if act.expect:
            raise Surprise(f"{act} should be refused with {act.expect} and was done: {body}")
        if (subject := body.get("stream")) is not None:
            stream = f"{_BY_SLASHES[subject.count('/')]}/{subject}"
            self.last[stream] = max(self.last.get(stream, 0), body["version"])
        return body

    def _not_done(self, act: Act, method: str, path: str, answer: httpx.Response) -> Json:
        code = _code(answer)
        if code != act.expect or code is None:
            raise Surprise(f"{act}: {method} {path}: {answer.status_code} {answer.text[:2000]}")
        self.refused += 1
        return {}


class _Waiting:
    """Pauses that grow, until patience ends."""

    def __init__(self, what: str, patience: float) -> None:
        self._what, self._patience = what, patience
        self._until = time.monotonic() + patience
        self._pause = _FIRST_PAUSE

    async def pause(self, answer: httpx.Response | None) -> None:
        if time.monotonic() > self._until:
            told = "no answer" if answer is None else f"{answer.status_code} {answer.text[:500]}"
            raise Stalled(f"{self._what}: not within {self._patience:g} s; last: {told}")
        await asyncio.sleep(self._pause)
        self._pause = min(_LONGEST_PAUSE, self._pause * 1.5)


def _passes(answer: httpx.Response) -> bool:
    return answer.status_code in _AWAY or _code(answer) in _ON_ITS_WAY


def _code(answer: httpx.Response) -> str | None:
    """The code of a problem; an answer of something in between has none."""
    if "problem+json" not in answer.headers.get("content-type", ""):
        return None
    code: str | None = answer.json().get("code")
    return code


def _plain(value: Any) -> Any:
    """Days as text; a scenario writes them as days."""
    match value:
        case date():
            return value.isoformat()
        case Mapping():
            return {name: _plain(one) for name, one in value.items()}
        case list() | tuple():
            return [_plain(one) for one in value]
        case _:
            return value
