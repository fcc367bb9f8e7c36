"""The issuer's public keys: fetched when needed, kept when the issuer is away."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import structlog
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from shared.contracts.refusals import Refused

# Public-key signatures only: with HMAC among them, a public key would pass for a shared secret.
ALGORITHMS = ("RS256", "ES256", "EdDSA")

log = structlog.get_logger()


class Keys:
    """Keys by `kid`. An unknown one is asked for at once, though only every `pause` seconds.

    Known keys are refreshed behind the requests after `age` seconds; while the issuer cannot be
    reached they stay valid, so that its outage stops nobody who already has a token.
    """

    def __init__(
        self,
        url: str,
        client: httpx.AsyncClient,
        *,
        age: float = 600,
        pause: float = 3,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url, self._client = url, client
        self._age, self._pause, self._monotonic = age, pause, monotonic
        self._keys: Mapping[str, PyJWK] = {}
        self._asked = self._fetched = float("-inf")
        self._asking = asyncio.Lock()
        self._refresh: asyncio.Task[None] | None = None

    async def get(self, kid: str) -> PyJWK | None:
        """The key, or None if the issuer does not know it.

        Raises Refused("issuer-unreachable") while no key was ever fetched.
        """
        if kid not in self._keys:
            await self._ask()
        elif self._monotonic() - max(self._fetched, self._asked) > self._age and (
            self._refresh is None or self._refresh.done()
        ):
            self._refresh = asyncio.create_task(self._ask())
        if not self._keys:
            raise Refused("issuer-unreachable", retry_after_s=max(1, round(self._pause)))
        return self._keys.get(kid)

    async def aclose(self) -> None:
        if self._refresh is not None:
            self._refresh.cancel()

    async def _ask(self) -> None:
        async with self._asking:
            if self._monotonic() - self._asked < self._pause:
                return  # whoever held the lock has just asked, or strangers send made-up kids
            try:
                answer = await self._client.get(self._url)
                answer.raise_for_status()
                keys = _usable(answer.json())
            except (httpx.HTTPError, ValueError) as error:
                log.warning("issuer unreachable", url=self._url, error=repr(error))
            else:
                self._keys, self._fetched = keys, self._monotonic()
            finally:
                self._asked = self._monotonic()


def _usable(jwks: Any) -> Mapping[str, PyJWK]:
    """One key that we cannot use must not cost us the others."""
    if not isinstance(jwks, dict) or not isinstance(jwks.get("keys"), list):
        raise ValueError("the answer is not a JWK set")
    keys = {}
    for jwk in jwks["keys"]:
        try:
            key = PyJWK(jwk)
        except PyJWTError:
            continue
        if key.key_id and key.public_key_use in (None, "sig") and key.algorithm_name in ALGORITHMS:
            keys[key.key_id] = key
    return keys
