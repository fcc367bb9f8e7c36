"""Who asks, and whether their role may: one issuer's tokens, as Bearer or in a cookie."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode, urlsplit

import httpx
import jwt
from fastapi import APIRouter, Depends, Request
from fastapi.openapi.models import HTTPBearer
from fastapi.responses import RedirectResponse
from fastapi.security.base import SecurityBase
from jwt import PyJWK

from shared.contracts.refusals import Refused
from shared.settings import ServiceSettings
from shared.web.keys import ALGORITHMS, Keys
from shared.web.shown import ROLE_NAMES

ROLES = frozenset(ROLE_NAMES)
COOKIE = "fuyan_session"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_LEEWAY_S = 5
_VERIFIED_AT_MOST = 2_000

# An id is part of `<organisation>:<officer>/<key>`, so it can hold neither separator.
ID = re.compile(r"[A-Za-z0-9._~|@+=-]{1,100}")


@dataclass(frozen=True, slots=True)
class Principal:
    """An officer, acting for one organisation."""

    officer: str
    organisation: str
    roles: frozenset[str]

    @property
    def actor(self) -> str:
        """As events name it."""
        return f"{self.organisation}:{self.officer}"


class Auth:
    """Verifies tokens for one app; `app.state.auth`."""

    def __init__(self, settings: ServiceSettings, client: httpx.AsyncClient | None = None) -> None:
        self.settings = settings
        self._client = client or httpx.AsyncClient(timeout=3)
        self.keys = Keys(settings.jwks_url, self._client)
        self._verified: dict[str, tuple[PyJWK, Mapping[str, Any]]] = {}

    async def principal(self, request: Request) -> Principal:
        """Who asks; the answer is kept for the request.

        Raises Refused: `not-signed-in`, `cross-site-request`, `issuer-unreachable`.
        """
        known: Principal | None = getattr(request.state, "principal", None)
        if known is not None:
            return known
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme:
            if scheme.lower() != "bearer":
                raise Refused("not-signed-in")
        else:
            token = request.cookies.get(COOKIE, "")
            if token and request.method not in SAFE_METHODS:
                _same_origin(request)
        claims = await self.claims(token.strip())
        principal = _principal(claims)
        request.state.principal = principal
        return principal

    async def claims(self, token: str) -> Mapping[str, Any]:
        """The claims of a valid token.

        Judged by the machine's clock, not the service's: the demo's clock lies in 2018. A token is
        verified once (it costs more than all else of a request) for as long as its key is known.
        """
        if seen := self._verified.get(token):
            key, claims = seen
            if await self.keys.get(str(key.key_id)) is key and claims["exp"] > time.time():
                return claims
            self._verified.pop(token, None)
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            known = await self.keys.get(kid) if isinstance(kid, str) else None
            if known is None:
                raise Refused("not-signed-in")
            claims = jwt.decode(
                token,
                known,
                algorithms=[name for name in ALGORITHMS if name == known.algorithm_name],
                audience=self.settings.audience,
                issuer=self.settings.issuer,
                leeway=_LEEWAY_S,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as error:
            # The cause stays here: it would help whoever is guessing.
            raise Refused("not-signed-in") from error
        if len(self._verified) >= _VERIFIED_AT_MOST:
            self._verified.clear()
        self._verified[token] = known, claims
        return claims

    async def aclose(self) -> None:
        await self.keys.aclose()
        await self._client.aclose()


class Allow(SecurityBase):
    """A dependency: the principal, if one of `roles` is theirs."""

    def __init__(self, roles: frozenset[str]) -> None:
        self.roles = roles
        self.scheme_name = "bearer"
        self.model = HTTPBearer(
            bearerFormat="JWT", description=f"Or the same token in the cookie `{COOKIE}`."
        )

    async def __call__(self, request: Request) -> Principal:
        auth: Auth = request.app.state.auth
        principal = await auth.principal(request)
        if self.roles.isdisjoint(principal.roles):
            raise Refused("role-not-allowed", roles=sorted(self.roles))
        return principal


def allow(*roles: str) -> Allow:
    """`Depends(allow("clerk", "head"))`; `allow(*ROLES)` for everyone who is signed in.

    Raises ValueError for a role that does not exist: a typing error must not shut everyone out.
    """
    if not roles or not ROLES.issuperset(roles):
        raise ValueError(f"roles are {sorted(ROLES)}, not {roles}")
    return Allow(frozenset(roles))


def roles(*names: str) -> list[Any]:
    """The dependencies of a route that takes one of these roles."""
    return [Depends(allow(*names))]


async def who(request: Request) -> Principal:
    """Who asks; the route's `roles` are checked beside it."""
    auth: Auth = request.app.state.auth
    return await auth.principal(request)


Who = Annotated[Principal, Depends(who)]


def own_office(principal: Principal, organisation: str) -> None:
    """Refused("other-organisation") unless the principal acts for `organisation`."""
    if principal.organisation != organisation:
        raise Refused("other-organisation", organisation=organisation)


def sign_in_redirect(request: Request) -> RedirectResponse:
    """Send a browser without a session to sign in, and back to where it was.

    Raises Refused("not-signed-in") where there is no place to sign in.
    """
    settings: ServiceSettings = request.app.state.auth.settings
    if settings.sign_in_url is None:
        raise Refused("not-signed-in")
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    session = f"{request.base_url}session?{urlencode({'return': wanted})}"
    return RedirectResponse(f"{settings.sign_in_url}?{urlencode({'return': session})}", 303)


def session_routes() -> APIRouter:
    """Where the sign-in page sends a browser back to, with its token."""
    router = APIRouter(include_in_schema=False)

    @router.get("/session")
    async def session(request: Request, token: str) -> RedirectResponse:
        """Keep the token in a cookie that no script can read."""
        auth: Auth = request.app.state.auth
        claims = await auth.claims(token)
        _principal(claims)
        wanted = request.query_params.get("return", "/")
        if not _local(wanted):
            raise Refused("return-not-local")
        answer = RedirectResponse(wanted, 303, headers={"Cache-Control": "no-store"})
        answer.set_cookie(
            COOKIE,
            token,
            max_age=max(0, claims["exp"] - claims["iat"]),
            httponly=True,
            samesite="lax",
            secure=not auth.settings.demo,  # the demo has no TLS
        )
        return answer

    return router


def _principal(claims: Mapping[str, Any]) -> Principal:
    officer, organisation, roles = claims["sub"], claims.get("org"), claims.get("roles")
    for name in (officer, organisation):
        if not isinstance(name, str) or not ID.fullmatch(name):
            raise Refused("not-signed-in")
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise Refused("not-signed-in")
    return Principal(officer, str(organisation), ROLES.intersection(roles))


def _same_origin(request: Request) -> None:
    """A browser sends the cookie for any page of the same site; only our own page may command."""
    if site := request.headers.get("sec-fetch-site"):
        own = site == "same-origin"
    else:
        own = urlsplit(request.headers.get("origin", "")).netloc == request.headers.get("host")
    if not own:
        raise Refused("cross-site-request")


def _local(path: str) -> bool:
    """Browsers drop tabs and read a backslash as a slash: `/\\t/evil` leads elsewhere."""
    return bool(re.fullmatch(r"/(?!/)[!-\[\]-~]*", path))
