"""Schemathesis reads each service's OpenAPI document and tries to catch it in a lie.

No answer may be a 5xx or one that the document does not know. The runs are small and always the
same; `FUYAN_SCHEMATHESIS=500 make test ARGS=tests/integration/test_schemathesis.py` asks so many
times per operation, each time differently.
"""

import asyncio
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
import schemathesis
import uvicorn
from schemathesis import hooks
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from deploy.cli.services import Service
from shared.web.app import roles_by_route
from tests.integration.surfaces import NAMED, Surface, in_whose_name, surface

MORE = int(os.environ.get("FUYAN_SCHEMATHESIS", "0"))
CHECKS = {
    # 503 is an answer of ours: not yet, and when to come again.
    "not_a_server_error": {"expected-statuses": ["2xx", "3xx", "4xx", "503"]},
    "status_code_conformance": {"enabled": True},
    "content_type_conformance": {"enabled": True},
    "response_schema_conformance": {"enabled": True},
    "response_headers_conformance": {"enabled": True},
}
# Who may is the matter of the table of access, and what is taken that of each service's own tests.
UNCHECKED = (
    "ignored_auth",
    "missing_required_header",
    "negative_data_rejection",
    "object_level_authorization",
    "positive_data_acceptance",
    "unsupported_method",
    "allow_header_conformance",
    "use_after_free",
    "ensure_resource_availability",
)
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FRAMING = ("content-length", "transfer-encoding", "connection", "upgrade", "expect")
ENDLESS = ("/v1/stream",)


@schemathesis.serializer(WORKBOOK, "application/offset+octet-stream", "application/octet-stream")
def _bytes(context: Any, value: Any) -> Any:
    return value if isinstance(value, bytes) else str(value).encode(errors="replace")


def config() -> SchemathesisConfig:
    return SchemathesisConfig.from_dict(
        {
            **({} if MORE else {"seed": 2018}),
            "cache": {"enabled": False},
            "checks": CHECKS | {name: {"enabled": False} for name in UNCHECKED},
            "generation": {
                "mode": "all",
                "max-examples": MORE or 4,
                "deterministic": not MORE,
                "database": "none",
                "no-shrink": True,
            },
            "phases": {
                "examples": {"enabled": True},
                "coverage": {"enabled": True},
                "fuzzing": {"enabled": True},
                "stateful": {"enabled": bool(MORE)},
            },
            "request-timeout": 30,
            "continue-on-failure": True,
            "workers": 1,
        }
    )


@contextmanager
def listening(service: Service, database: str, clock: Path) -> Iterator[tuple[Surface, str]]:
    """The service on a port, in a thread and an event loop of its own, and its address."""
    ready: threading.Event = threading.Event()
    found: list[Any] = []

    async def run() -> None:
        async with surface(service, database, clock) as served:
            server = uvicorn.Server(
                uvicorn.Config(
                    served.app, port=0, lifespan="off", log_config=None, http="httptools"
                )
            )
            serving = asyncio.create_task(server.serve())
            while not server.started:
                await asyncio.sleep(0.01)
            port = server.servers[0].sockets[0].getsockname()[1]
            found.extend((served, server, f"http://127.0.0.1:{port}"))
            ready.set()
            await serving

    def thread() -> None:
        try:
            asyncio.run(run())
        except BaseException as error:
            found.append(error)
            raise
        finally:
            ready.set()

    runner = threading.Thread(target=thread)
    runner.start()
    ready.wait()
    if isinstance(found[0], BaseException):
        raise found[0]
    served, server, address = found
    try:
        yield served, address
    finally:
        server.should_exit = True
        runner.join()


@pytest.mark.parametrize("service", list(Service))
@pytest.mark.timeout(0 if MORE else 180)
def test_no_answer_is_outside_of_the_document(
    service: Service, database: str, tmp_path: Path
) -> None:
    with listening(service, database, tmp_path / "clock") as (served, address):
        whole = schemathesis.openapi.from_url(f"{address}/openapi.json", config=config())
        schema = whole.exclude(path=list(ENDLESS))
        found: dict[str, str] = {}
        with _hooks(schema, served):
            for event in from_schema(schema).execute():
                match event:
                    case events.ScenarioFinished():
                        found |= _failures(event)
                    case events.NonFatalError():
                        found[str(event.label)] = str(event.info)
                    case events.FatalError():
                        raise event.exception
        assert not found, "\n\n".join(f"{name}\n{text}" for name, text in sorted(found.items()))


@contextmanager
def _hooks(schema: Any, served: Surface) -> Iterator[None]:
    """Sign in as somebody who may, each command under a key of its own, about what exists."""
    numbers, roles = count(), roles_by_route(served.app)

    @schema.hook  # type: ignore[untyped-decorator]
    def map_path_parameters(context: Any, path_parameters: dict[str, Any]) -> dict[str, Any]:
        return {
            name: NAMED[name] if name in NAMED and crc32(str(value).encode()) % 4 else value
            for name, value in (path_parameters or {}).items()
        }

    @schemathesis.hook
    def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
        number = next(numbers)
        allowed = sorted(roles.get((case.method.upper(), case.operation.path)) or ())
        if allowed:
            role = allowed[number % len(allowed)]
            case.headers.update(served.who(*in_whose_name(role), role))
        for name in FRAMING:  # the server's parser answers before any service is asked
            (case.headers or {}).pop(name, None)
        if isinstance(case.query, dict) and number % 50:
            case.query.pop("at_least", None)  # nobody will tell what it would wait for
        if "Idempotency-Key" in (case.headers or {}):
            case.headers["Idempotency-Key"] = f"key-{number}"

    try:
        yield
    finally:
        hooks.unregister(before_call)  # it is everybody's


def _failures(event: events.ScenarioFinished) -> Mapping[str, str]:
    found = {}
    for case_id, checks in event.recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                failure = check.failure_info.failure
                said = event.recorder.find_response(case_id=case_id)
                code = check.failure_info.code_sample
                name = f"{event.label}: {check.name}"
                found[name] = (
                    f"{failure.title}: {failure.message}\n{code}\n{said and said.text[:500]}"
                )
    return found
