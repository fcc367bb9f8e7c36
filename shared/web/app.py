"""A service's FastAPI app with all that every service has, and the process that serves it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeVar

import httpx
import structlog
import uvicorn
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from shared import crash
from shared.collector import calm
from shared.settings import ServiceSettings
from shared.telemetry import logs
from shared.telemetry.readiness import Readiness
from shared.web import openapi, problems
from shared.web.auth import Auth, session_routes
from shared.web.edge import Edge, Readable
from shared.web.freshness import Reached
from shared.web.health import health_routes
from shared.web.workers import Workers

log = structlog.get_logger()

S = TypeVar("S", bound=ServiceSettings)
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


class _App(FastAPI):
    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            openapi.complete(super().openapi(), self.routes)
        return super().openapi()


def new_app(
    title: str,
    settings: ServiceSettings,
    lifespan: Lifespan,
    *,
    readiness: Callable[[], Readiness] = lambda: Readiness(True),
    says: Collection[str] = (),
    hears: Collection[str] = (),
    reached: Reached | None = None,
    larger_bodies: Mapping[str, int] | None = None,
    issuer_client: httpx.AsyncClient | None = None,
) -> FastAPI:
    """An app that signs in, refuses, counts and reports; a service adds its routers.

    `app.state.draining` is an Event, set when the process was told to stop: a stream of server-sent
    events ends then. `larger_bodies` maps a pattern of the path to more bytes than the usual MiB.
    `says` and `hears` are the contexts that it writes and follows; `reached` tells how far it has,
    for routers that are included with `FRESH`.
    `app.state.workers` are processes for what would hold up the event loop; they end with the app.
    """
    auth = Auth(settings, issuer_client)

    @asynccontextmanager
    async def running(app: FastAPI) -> AsyncIterator[None]:
        try:
            async with lifespan(app):
                yield
        finally:
            await app.state.workers.end()
            await auth.aclose()

    app = _App(
        title=title,
        version="1",  # of what is promised under /v1; /version says what runs
        lifespan=running,
        docs_url=None,  # its pages load scripts from the internet
        redoc_url=None,
    )
    app.state.auth = auth
    app.state.contexts = frozenset((*says, *hears))
    app.state.reached = reached
    app.state.workers = Workers()
    app.state.draining = asyncio.Event()
    problems.install(app)
    app.include_router(health_routes(title, settings, readiness, says=says, hears=hears))
    if settings.sign_in_url is not None:
        app.include_router(session_routes())
    app.add_middleware(Readable)
    app.add_middleware(Edge, larger_bodies=larger_bodies)
    return app


def roles_by_route(app: FastAPI) -> dict[tuple[str, str], frozenset[str] | None]:
    """Who may use each method and path; None where nobody need sign in. Mounts are not in it."""
    table: dict[tuple[str, str], frozenset[str] | None] = {}
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, APIRoute):
            roles = openapi.roles_of(route.dependant)
            table |= {(method, route.path_format or ""): roles for method in route.methods or ()}
    return table


def serve(app_factory: Callable[[S], FastAPI], host: str, port: int, settings: S) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is in flight within `drain_seconds`."""
    crash.arm(settings.crash_at, settings.crash_log)
    app = app_factory(settings)
    logs.configure(app.title, settings.log_level)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=round(settings.drain_seconds),
    )
    _Server(config, app).run()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._fastapi = app

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        calm()
        # Port 0 takes any free one, so the port is asked of the socket.
        ports = [each.getsockname()[1] for server in self.servers for each in server.sockets]
        log.info("serving", host=self.config.host, port=ports[0])

    async def shutdown(self, sockets: Any = None) -> None:
        # Before uvicorn waits for the connections: a stream that never ends would use it all up.
        self._fastapi.state.draining.set()
        crash.crash_point("command/stopping")
        await super().shutdown(sockets)
