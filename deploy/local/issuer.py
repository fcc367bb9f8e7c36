"""The demo's own token issuer: it gives anyone who asks a reader's token, so never elsewhere."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import urlencode, urlsplit

import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_READER_MINUTES = 8 * 60


class Issuer:
    """Signs tokens with a key that lives and dies with this object.

    Its name begins with `urn:fuyan:demo:`, which a service refuses unless it runs in the demo.
    `reader` is who a browser becomes by signing in: organisation, officer and roles.
    """

    def __init__(
        self,
        name: str = "local",
        *,
        audience: str = "fuyan",
        reader: tuple[str, str, Sequence[str]] = ("shanting", "reader", ("officer",)),
    ) -> None:
        self.issuer = f"urn:fuyan:demo:{name}"
        self._audience, self._reader = audience, reader
        self._key = Ed25519PrivateKey.generate()
        # A new key has a new id, so that services ask for it after the demo was started again.
        self._kid = f"demo-{time.time_ns():x}"

    def token(
        self, officer: str, organisation: str, roles: Sequence[str], minutes: float = 60
    ) -> str:
        """A token valid from now on, by the machine's clock, for `minutes`."""
        now = time.time()
        claims = {
            "iss": self.issuer,
            "aud": self._audience,
            "sub": officer,
            "org": organisation,
            "roles": list(roles),
            "iat": int(now),
            "exp": int(now + minutes * 60),
        }
        return jwt.encode(claims, self._key, algorithm="EdDSA", headers={"kid": self._kid})

    def jwks(self) -> dict[str, object]:
        """The public half, as services fetch it."""
        public = json.loads(OKPAlgorithm.to_jwk(self._key.public_key()))
        return {"keys": [public | {"kid": self._kid, "use": "sig", "alg": "EdDSA"}]}

    def app(self) -> Starlette:
        """`/.well-known/jwks.json`, `/sign-in?return=` for browsers, `/token` for everyone else.

        `/token?officer=…&organisation=…&role=…` answers the bare token; `role` may be repeated.
        """

        async def keys(_: Request) -> Response:
            return JSONResponse(self.jwks())

        async def sign_in(request: Request) -> Response:
            target = urlsplit(request.query_params.get("return", ""))
            if target.scheme not in ("http", "https") or target.hostname not in _LOOPBACK:
                return PlainTextResponse("return is not an address of this machine", 400)
            organisation, officer, roles = self._reader
            token = urlencode({"token": self.token(officer, organisation, roles, _READER_MINUTES)})
            query = f"{target.query}&{token}" if target.query else token
            return RedirectResponse(target._replace(query=query).geturl(), 303)

        async def token(request: Request) -> Response:
            asked = request.query_params
            officer, organisation = asked.get("officer"), asked.get("organisation")
            roles = asked.getlist("role")
            if not (officer and organisation and roles):
                return PlainTextResponse("officer, organisation and role are needed\n", 400)
            return PlainTextResponse(self.token(officer, organisation, roles, _READER_MINUTES))

        return Starlette(
            routes=[
                Route("/.well-known/jwks.json", keys),
                Route("/sign-in", sign_in),
                Route("/token", token),
            ]
        )


@asynccontextmanager
async def serving(issuer: Issuer, port: int = 0) -> AsyncIterator[str]:
    """Serve on the loopback while inside; gives the base URL. Port 0 takes any free one."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    config = uvicorn.Config(
        issuer.app(), access_log=False, log_config=None, lifespan="off", timeout_graceful_shutdown=1
    )
    server = _Quiet(config)
    running = asyncio.create_task(server.serve([listening]))
    try:
        # From here on a caller who is faster than uvicorn waits in the queue, and is not refused.
        listening.listen()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running


class _Quiet(uvicorn.Server):
    """Leaves the signals to the demo, whose process this is."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
