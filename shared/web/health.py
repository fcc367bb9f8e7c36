"""What probes and monitoring ask of every service; nobody signs in for it."""

import asyncio
import platform
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from shared.contracts.registry import readable, written
from shared.settings import ServiceSettings
from shared.telemetry.readiness import Readiness


@dataclass(frozen=True, slots=True)
class Running:
    """What `/version` says: `reads` what it hears and its own log; `emits` what it writes now."""

    service: str
    version: str
    python: str
    installation: str
    reads: list[str]
    emits: list[str]


def health_routes(
    service: str,
    settings: ServiceSettings,
    readiness: Callable[[], Readiness],
    *,
    says: Collection[str] = (),
    hears: Collection[str] = (),
) -> APIRouter:
    """`readiness` is asked at each probe, so it answers from memory.

    `says` are the contexts whose events this service writes, and `hears` those it follows.
    """
    router = APIRouter(tags=["health"])

    @router.get("/livez")
    async def livez() -> dict[str, str]:
        """The process runs and its event loop turns."""
        return {"status": "alive"}

    not_now = {"model": Readiness, "description": "Not now; `reasons` says why"}

    @router.get("/readyz", response_model=Readiness, responses={503: not_now})
    async def readyz(request: Request) -> JSONResponse:
        """Whether requests should come here, and if not, why."""
        draining: asyncio.Event = request.app.state.draining
        now = Readiness(False, ["draining"]) if draining.is_set() else readiness()
        return JSONResponse(asdict(now), status_code=200 if now.ready else 503)

    text = {"content": {"text/plain": {"schema": {"type": "string"}}}}

    @router.get("/metrics", response_class=Response, responses={200: text})
    async def metrics() -> Response:
        """Prometheus text."""
        return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    @router.get("/version")
    async def running() -> Running:
        """What runs here, and which versions of which events it reads and emits."""
        return Running(
            service=service,
            version=package_version(),
            python=platform.python_version(),
            installation=settings.installation,
            reads=readable({*says, *hears}),
            emits=written(says, settings.emitted),
        )

    return router


def package_version() -> str:
    try:
        return version("fuyan")
    except PackageNotFoundError:
        return "uninstalled"  # run from a checkout
