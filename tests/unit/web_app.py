"""A small real service for the tests of the edge: one command, one reading, one fault."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any, TypeVar

import httpx
from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from deploy.local.issuer import Issuer
from shared.contracts.refusals import Refused
from shared.settings import ServiceSettings
from shared.store.command import Command
from shared.telemetry.readiness import Readiness
from shared.web.app import new_app
from shared.web.auth import ROLES, Principal, allow, own_office, sign_in_redirect
from shared.web.commands import (
    Written,
    command,
    created,
    decision,
)


class Mark(BaseModel):
    item: str
    score_cp: int = Field(ge=0)


class Marking(BaseModel):
    marks: list[Mark]
    effective_on: date | None = None


class IssuerSide(httpx.AsyncBaseTransport):
    """The issuer as the service reaches it: countable, and able to be away."""

    def __init__(self, issuer: Issuer) -> None:
        self.issuer, self.away, self.asked = issuer, False, 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        if self.away:
            raise httpx.ConnectError("away", request=request)
        return httpx.Response(200, json=self.issuer.jwks())


S = TypeVar("S", bound=ServiceSettings)


def settings_for(issuer: Issuer, kind: type[S] = ServiceSettings, **given: Any) -> S:  # type: ignore[assignment]
    usual: dict[str, Any] = {
        "database": "postgresql://nobody@nowhere/none",
        "kafka": "nowhere:1",
        "issuer": issuer.issuer,
        "jwks_url": "http://issuer/.well-known/jwks.json",
        "demo": True,
    }
    return kind(**(usual | given))


def small_service(side: IssuerSide, readiness: Readiness | None = None, **settings: Any) -> FastAPI:
    @asynccontextmanager
    async def nothing(_: FastAPI) -> AsyncIterator[None]:
        yield

    app = new_app(
        "small",
        settings_for(side.issuer, **settings),
        nothing,
        readiness=lambda: readiness or Readiness(True),
        larger_bodies={"/v1/evidence": 3 * 1024 * 1024},
        issuer_client=httpx.AsyncClient(transport=side),
    )

    @app.post("/v1/cases/{case}/marks")
    async def mark(
        case: str,
        body: Marking,
        who: Annotated[Principal, Depends(allow("member", "officer"))],
        wish: Annotated[Command, Depends(command)],
        response: Response,
    ) -> Written:
        return created(
            response, f"/v1/cases/{case}/marks/1", Written(stream=case, version=3, position=3)
        )

    @app.post("/v1/wishes")
    async def wishes(
        request: Request,
        _: Annotated[Principal, Depends(allow(*ROLES))],
        wish: Annotated[Command, Depends(command)],
    ) -> dict[str, Any]:
        return asdict(wish) | {
            "fingerprint": wish.fingerprint.hex(),
            "digest": wish.digest.hex(),
        }

    @app.post("/v1/decision")
    async def decide(
        _: Annotated[Principal, Depends(allow("leader"))],
        wish: Annotated[Command, Depends(decision)],
    ) -> int | None:
        return wish.expected

    @app.get("/v1/dossiers/{township}")
    async def dossier(
        township: str, who: Annotated[Principal, Depends(allow("clerk"))], page: int = 1
    ) -> str:
        own_office(who, township)
        return who.actor

    @app.post("/v1/evidence")
    async def evidence(request: Request) -> int:
        return len(await request.body())

    @app.post("/v1/streamed")
    async def streamed(request: Request) -> int:
        return sum([len(part) async for part in request.stream()])

    @app.get("/v1/refused/{code}")
    async def refuse(code: str) -> None:
        match code:
            case "slow":
                raise Refused("issuer-unreachable", retry_after_s=7)
            case "row":
                raise Refused("bad-request", reason="x", field="/marks/0", row=12)
            case _:
                raise RuntimeError("the password is hunter2")

    @app.get("/v1/half")
    async def half() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            yield b"half"
            raise RuntimeError("broken off")

        return StreamingResponse(parts())

    @app.get("/board")
    async def board(request: Request) -> Response:
        return sign_in_redirect(request)

    return app


def client(app: FastAPI, **given: Any) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://small.test", **given)


def bearer(
    issuer: Issuer, *roles: str, officer: str = "o17", organisation: str = "370406001"
) -> dict[str, str]:
    return {"Authorization": f"Bearer {issuer.token(officer, organisation, roles)}"}
