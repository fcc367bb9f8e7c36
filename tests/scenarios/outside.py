"""A client of the four services that knows only their addresses and what is documented."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import httpx

from deploy.local.scenario import Person

Token = Callable[[str, str, Sequence[str]], str]


class Outside:
    """Asks and commands in anybody's name, and hands back the answer as it came."""

    def __init__(self, urls: Mapping[str, str], token: Token) -> None:
        self.urls = urls
        self.web = httpx.AsyncClient(timeout=30)
        self._token = token

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.web.aclose()

    def signed(self, by: Person) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token(by.officer, by.organisation, by.roles)}"}

    async def get(
        self, service: str, path: str, by: Person | None = None, **parameters: Any
    ) -> httpx.Response:
        """`by` None asks without a token."""
        headers = self.signed(by) if by else {}
        return await self.web.get(f"{self.urls[service]}{path}", headers=headers, params=parameters)

    async def post(
        self,
        service: str,
        path: str,
        body: Mapping[str, Any],
        by: Person,
        *,
        key: str | None = "",
        **headers: str,
    ) -> httpx.Response:
        """A command under a new key; `key` gives it, or with None leaves it out.

        Headers are written as words: `If_Match`.
        """
        sent = {**self.signed(by), **{name.replace("_", "-"): it for name, it in headers.items()}}
        if key is not None:
            sent["Idempotency-Key"] = key or uuid.uuid4().hex
        return await self.web.post(f"{self.urls[service]}{path}", headers=sent, json=dict(body))


def refused(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a problem (RFC 9457) that tells a person in both languages what to do."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    problem = answer.json()
    assert problem["status"] == answer.status_code
    for words in ("type", "title", "title_en", "next", "next_en"):
        assert problem[words], f"{words} of {problem}"
    return answer.status_code, problem["code"]
