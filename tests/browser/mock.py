"""The page's service without what is behind it: its figures are files, its changes are told."""

import asyncio
import contextlib
import copy
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import httpx
import orjson
import uvicorn
from fastapi import Depends, FastAPI
from fastapi.responses import JSONResponse, StreamingResponse

from deploy.local.issuer import Issuer
from services.projection.dashboard import page
from shared.contracts.refusals import Refused
from shared.web.app import new_app
from shared.web.auth import COOKIE, ROLES, Principal, allow
from tests.unit.web_app import IssuerSide, settings_for

OVERVIEWS = Path(__file__).parent / "overviews"
Everyone = Annotated[Principal, Depends(allow(*ROLES))]


def overview_of(day: str) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads((OVERVIEWS / f"{day}.json").read_bytes())
    return found


class Mock:
    """What the page is answered; a test changes it while the page looks on."""

    def __init__(self) -> None:
        self.issuer = Issuer()
        self.overview = overview_of("2018-11-30")
        self.programmes = [{"code": "shanting-2018"}]
        self.refuses: Refused | None = None
        self.answers = asyncio.Event()
        self.answers.set()
        self.streaming = True
        self.served = 0
        self._streams: set[asyncio.Queue[int | None]] = set()

    def record(self, change: Callable[[dict[str, Any]], None], times: int = 1) -> None:
        """Something happened: the figures change, and whoever listens is told `times`."""
        fresh = copy.deepcopy(self.overview)
        change(fresh)
        self.overview = fresh
        for _ in range(times):
            self.overview["position"] += 1
            self._tell(self.overview["position"])

    def hang_up(self) -> None:
        """Every stream ends, and none can be opened until `streaming` is true again."""
        self.streaming = False
        self._tell(None)

    def _tell(self, position: int | None) -> None:
        for queue in self._streams:
            queue.put_nowait(position)

    def cookie(self, url: str) -> Any:
        token = self.issuer.token("o17", "shanting-safety-bureau", ["leader"])
        return {"name": COOKIE, "value": token, "url": url}

    def app(self) -> FastAPI:
        @asynccontextmanager
        async def nothing(_: FastAPI) -> AsyncIterator[None]:
            yield

        app = new_app(
            "projection",
            settings_for(self.issuer),
            nothing,
            issuer_client=httpx.AsyncClient(transport=IssuerSide(self.issuer)),
        )
        app.include_router(page.routes())

        @app.get("/v1/programmes")
        async def programmes(_: Everyone) -> JSONResponse:
            return JSONResponse({"programmes": self.programmes})

        @app.get("/v1/overview/{programme}")
        async def overview(programme: str, _: Everyone, as_of: str | None = None) -> JSONResponse:
            await self.answers.wait()
            if self.refuses is not None:
                raise self.refuses
            self.served += 1
            return JSONResponse(overview_of(as_of) if as_of else self.overview)

        @app.get("/v1/stream")
        async def stream(programme: str, _: Everyone) -> StreamingResponse:
            if not self.streaming:
                raise Refused("internal", correlation="-")
            return StreamingResponse(self._events(), media_type="text/event-stream")

        return app

    async def _events(self) -> AsyncIterator[str]:
        queue: asyncio.Queue[int | None] = asyncio.Queue()
        self._streams.add(queue)
        try:
            yield ": connected\n\n"
            while (position := await queue.get()) is not None:
                data = orjson.dumps({"position": position, "townships": ["370406003"]}).decode()
                yield f"id: {position}\nevent: progress\ndata: {data}\n\n"
        finally:
            self._streams.discard(queue)


class _Server(uvicorn.Server):
    """Serves inside the test's own loop, and leaves the signals to pytest."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(mock: Mock) -> AsyncIterator[str]:
    """The address of `mock`, while it is served."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        config = uvicorn.Config(mock.app(), log_config=None, timeout_graceful_shutdown=0)
        server = _Server(config)
        task = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            mock.hang_up()
            server.should_exit = True
            await task
