"""What every answer of every service has in common, and how what goes wrong is told."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import httpx
import pytest
import structlog
from prometheus_client import REGISTRY

from deploy.local.issuer import Issuer
from shared.contracts.refusals import REFUSALS
from shared.telemetry import logs
from shared.telemetry.readiness import Readiness
from shared.web.app import roles_by_route
from shared.web.auth import ROLES
from tests.unit.web_app import IssuerSide, bearer, client, small_service

ISSUER = Issuer()
APP = small_service(IssuerSide(ISSUER))
MIB = 1024 * 1024


async def get(path: str, **headers: str) -> httpx.Response:
    async with client(APP) as http:
        return await http.get(path, headers=headers)


async def mark(body: Any, **given: Any) -> httpx.Response:
    headers = bearer(ISSUER, "member") | {"Idempotency-Key": "k"}
    async with client(APP, headers=headers) as http:
        return await http.post("/v1/cases/c1/marks", json=body, **given)


async def test_an_unknown_address_is_a_problem_in_two_languages() -> None:
    answer = await get("/v1/nothing")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert UUID(told.pop("correlation_id"))
    assert told == {
        "type": "/v1/problems#not-found",
        "code": "not-found",
        "status": 404,
        "title": "没有此地址：/v1/nothing",
        "title_en": "There is nothing at /v1/nothing",
        "next": REFUSALS["not-found"].next_zh,
        "next_en": REFUSALS["not-found"].next_en,
        "facts": {"path": "/v1/nothing"},
    }


async def test_an_address_cannot_write_into_the_sentence() -> None:
    assert (await get("/v1/{path}{0}")).json()["facts"] == {"path": "/v1/{path}{0}"}


async def test_another_method_is_told_which_ones_there_are() -> None:
    answer = await get("/v1/decision")
    assert (answer.status_code, answer.json()["code"]) == (405, "method-not-allowed")
    assert answer.headers["allow"] == "POST"


async def test_every_invalid_field_is_told_in_two_languages() -> None:
    answer = await mark({"marks": [{"item": "a", "score_cp": -1}], "effective_on": "soon"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-body")
    assert answer.json()["title"] == "提交的内容有 2 处不合要求"
    assert answer.json()["errors"] == [
        {
            "place": "body",
            "field": "/marks/0/score_cp",
            "zh": "应不小于 0",
            "en": "Input should be greater than or equal to 0",
        },
        {
            "place": "body",
            "field": "/effective_on",
            "zh": "应为日期，如 2018-09-01",
            "en": answer.json()["errors"][1]["en"],
        },
    ]


async def test_what_is_not_json_is_told_so() -> None:
    headers = bearer(ISSUER, "member") | {"Content-Type": "application/json"}
    async with client(APP, headers=headers) as http:
        answer = await http.post("/v1/cases/c1/marks", content=b'{"marks": [')
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-body")
    assert answer.json()["errors"][0]["field"] == ""
    assert answer.json()["errors"][0]["zh"] == "不是有效的 JSON（第 1 行第 12 列）"


async def test_an_invalid_parameter_is_no_invalid_body() -> None:
    async with client(APP, headers=bearer(ISSUER, "clerk")) as http:
        answer = await http.get("/v1/dossiers/370406001?page=x")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-parameter")
    assert answer.json()["errors"][0]["place"] == "query"
    assert answer.json()["errors"][0]["field"] == "/page"


async def test_a_refusal_names_the_field_and_the_row() -> None:
    told = (await get("/v1/refused/row")).json()
    assert (told["field"], told["row"]) == ("/marks/0", 12)
    assert told["facts"] == {"reason": "x"}


async def test_a_refusal_for_now_says_when_to_come_back() -> None:
    answer = await get("/v1/refused/slow")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")
    assert answer.json()["next"] == "请在 7 秒 后重试"


async def test_an_unexpected_fault_gives_a_reference_and_nothing_else() -> None:
    answer = await get("/v1/refused/boom")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert answer.json()["facts"]["correlation"] == answer.headers["x-correlation-id"]
    assert "hunter2" not in answer.text
    assert "Traceback" not in answer.text


async def test_half_an_answer_is_broken_off_and_not_completed() -> None:
    async with client(APP) as http:
        http._transport.raise_app_exceptions = True  # type: ignore[attr-defined]  # what uvicorn sees
        with pytest.raises(RuntimeError, match="broken off"):
            await http.get("/v1/half")


async def parts(sizes: list[int], given: list[int]) -> AsyncIterator[bytes]:
    for size in sizes:
        given.append(size)
        yield b"x" * size


@pytest.mark.parametrize("path", ["/v1/streamed", "/v1/wishes"])
async def test_a_body_may_fill_its_bound_and_not_pass_it(path: str) -> None:
    headers = bearer(ISSUER, "member") | {"Idempotency-Key": "k"}
    async with client(APP, headers=headers) as http:
        assert (await http.post(path, content=b"x" * MIB)).status_code == 200
        declared = await http.post(path, content=b"x" * (MIB + 1))
        given: list[int] = []
        counted = await http.post(path, content=parts([MIB, 1, MIB, MIB], given))
    for answer in (declared, counted):
        assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["title"] == "提交的内容超过 1,048,576 字节"
    assert given == [MIB, 1]


async def test_too_large_a_json_body_is_not_called_unreadable() -> None:
    answer = await mark({"marks": [{"item": "x" * MIB, "score_cp": 1}]})
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")


async def test_a_place_for_large_bodies_has_its_own_bound() -> None:
    async with client(APP) as http:
        assert (await http.post("/v1/evidence", content=b"x" * 3 * MIB)).json() == 3 * MIB
        assert (await http.post("/v1/evidence", content=b"x" * (3 * MIB + 1))).status_code == 413


@pytest.mark.parametrize("path", ["/livez", "/v1/nothing", "/v1/refused/boom", "/v1/problems"])
async def test_every_answer_is_secured(path: str) -> None:
    headers = (await get(path)).headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert UUID(headers["x-correlation-id"])


async def test_the_catalogue_lists_every_code_for_machines_and_for_people() -> None:
    assert set((await get("/v1/problems")).json()) == set(REFUSALS)
    page = (await get("/v1/problems", Accept="text/html")).text
    assert all(f'id="{code}"' in page for code in REFUSALS)


async def test_readiness_tells_why_not() -> None:
    side = IssuerSide(ISSUER)
    for readiness, status in (
        (Readiness(True, degraded=["kafka-away"]), 200),
        (Readiness(False, ["standby"]), 503),
    ):
        async with client(small_service(side, readiness)) as http:
            answer = await http.get("/readyz")
        assert answer.status_code == status
        assert answer.json() == {
            "ready": readiness.ready,
            "reasons": readiness.reasons,
            "degraded": readiness.degraded,
        }


async def test_a_draining_process_is_alive_and_not_ready() -> None:
    app = small_service(IssuerSide(ISSUER))
    draining: asyncio.Event = app.state.draining
    draining.set()
    async with client(app) as http:
        assert (await http.get("/livez")).status_code == 200
        answer = await http.get("/readyz")
    assert (answer.status_code, answer.json()["reasons"]) == (503, ["draining"])


async def test_requests_are_counted_by_their_template() -> None:
    def counted(route: str, status: str) -> float:
        labels = {"method": "GET", "route": route, "status": status}
        return REGISTRY.get_sample_value("fuyan_http_request_seconds_count", labels) or 0

    before = counted("/v1/dossiers/{township}", "401"), counted("unknown", "404")
    await get("/v1/dossiers/370406001")
    await get("/v1/no/such/place")
    after = counted("/v1/dossiers/{township}", "401"), counted("unknown", "404")
    assert (after[0] - before[0], after[1] - before[1]) == (1, 1)
    assert "fuyan_refused_total" in (await get("/metrics")).text


async def test_the_version_names_the_service() -> None:
    told = (await get("/version")).json()
    assert (told["service"], told["installation"]) == ("small", "local")
    assert (told["reads"], told["emits"]) == ([], [])


async def test_the_contract_tells_problems_and_the_token() -> None:
    document = (await get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    assert {"Problem", "InvalidField", "Written"} <= set(document["components"]["schemas"])
    post = document["paths"]["/v1/decision"]["post"]
    assert post["security"] == [{"bearer": []}]
    assert post["responses"]["403"] == {"$ref": "#/components/responses/Problem403"}
    answer = document["components"]["responses"]["Problem403"]["content"]
    assert answer["application/problem+json"]["schema"] == {"$ref": "#/components/schemas/Problem"}


def test_the_table_of_roles_names_every_route() -> None:
    table = roles_by_route(APP)
    assert table["POST", "/v1/decision"] == frozenset({"leader"})
    assert table["POST", "/v1/wishes"] == ROLES
    assert table["GET", "/livez"] is None


@contextmanager
def logging_to(capsys: pytest.CaptureFixture[str]) -> Iterator[list[Any]]:
    """The lines logged inside. Not a fixture, for pytest changes stderr after the setup."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    logs.configure("small", "info")
    lines: list[Any] = []
    try:
        yield lines
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        structlog.reset_defaults()
    lines += map(json.loads, capsys.readouterr().err.splitlines())


def test_a_line_is_json_and_keeps_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    log = structlog.get_logger()
    with logging_to(capsys) as lines, structlog.contextvars.bound_contextvars(correlation="c1"):
        log.info("hello", kafka_password="hunter2", Authorization="Bearer x", township="北庄")
        logging.getLogger("some.package").warning("its own %s", "words")
    ours, theirs = lines
    assert ours["event"] == "hello"
    assert (ours["kafka_password"], ours["Authorization"]) == ("***", "***")
    assert (ours["service"], ours["correlation"], ours["level"]) == ("small", "c1", "info")
    assert (theirs["event"], theirs["correlation"]) == ("its own words", "c1")


async def test_a_request_is_logged_without_its_query_and_a_fault_with_its_cause(
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = "0195c0de-0000-7000-8000-00000000beef"
    app = small_service(IssuerSide(ISSUER))
    with logging_to(capsys) as lines:
        async with client(app, headers={"X-Correlation-Id": given}) as http:
            await http.get("/v1/refused/boom?token=hunter3")
            await http.get("/livez")
    fault, request = lines
    assert "RuntimeError" in fault["exception"]
    assert (request["path"], request["status"]) == ("/v1/refused/boom", 500)
    assert fault["correlation"] == request["correlation"] == given
    assert "hunter3" not in str(lines)
