"""A served process tells when it is up, and finishes what it began when it is told to stop."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse

from deploy.local.issuer import Issuer
from shared.settings import ServiceSettings
from shared.web.app import serve
from tests.unit.web_app import IssuerSide, settings_for, small_service

ROOT = Path(__file__).parents[2]


def streaming_service(_: ServiceSettings) -> FastAPI:
    """One stream that ends when it is told to, and one that never does."""
    app = small_service(IssuerSide(Issuer()))

    @app.get("/v1/willing")
    async def willing(request: Request) -> StreamingResponse:
        async def parts() -> AsyncIterator[str]:
            yield "hello"
            await request.app.state.draining.wait()
            yield " and goodbye"

        return StreamingResponse(parts())

    @app.get("/v1/stubborn")
    async def stubborn() -> StreamingResponse:
        async def parts() -> AsyncIterator[str]:
            yield "hello"
            await asyncio.Event().wait()

        return StreamingResponse(parts())

    return app


def main() -> None:
    serve(streaming_service, "127.0.0.1", 0, settings_for(Issuer(), drain_seconds=1))


@asynccontextmanager
async def served() -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        f"import {__name__} as it; it.main()",
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    try:
        assert process.stderr is not None
        async for line in process.stderr:
            told = json.loads(line)
            if told["event"] == "serving":
                break
        yield process, f"http://{told['host']}:{told['port']}"
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_a_stream_is_told_to_end_and_the_process_follows() -> None:
    async with served() as (process, base), httpx.AsyncClient(base_url=base) as http:
        async with http.stream("GET", "/v1/willing") as answer:
            parts = answer.aiter_text()
            assert await anext(parts) == "hello"
            process.send_signal(signal.SIGTERM)
            assert "".join([part async for part in parts]) == " and goodbye"
        assert await process.wait() == -signal.SIGTERM  # uvicorn dies of it, once it has drained


async def test_a_stream_that_does_not_end_holds_nobody_for_ever() -> None:
    async with (
        served() as (process, base),
        httpx.AsyncClient(base_url=base) as http,
        http.stream("GET", "/v1/stubborn") as answer,
    ):
        assert await anext(answer.aiter_text()) == "hello"
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == -signal.SIGTERM
