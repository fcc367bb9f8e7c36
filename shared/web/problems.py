"""Refusals as RFC 9457 problems: a stable code, two languages, what to do next, the facts."""

import html
from collections.abc import Mapping
from http import HTTPStatus

import orjson
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response

from shared.contracts.refusals import REFUSALS, Refused
from shared.telemetry.metrics import REFUSED
from shared.web.invalid import invalid_fields
from shared.web.shown import shown

CATALOGUE = "/v1/problems"


class InvalidField(BaseModel):
    """One thing in a request that cannot be read; `field` is a JSON pointer into that place."""

    place: str
    field: str
    zh: str
    en: str


class Problem(BaseModel):
    """What a refused request is answered with, as `application/problem+json`."""

    type: str
    code: str
    status: int
    title: str
    title_en: str
    next: str
    next_en: str
    facts: dict[str, object]
    field: str | None = None
    row: int | None = None
    errors: list[InvalidField] | None = None
    correlation_id: str | None = None


class BodyTooLarge(HTTPException):
    """Raised while a body is read; an HTTPException, since FastAPI hides any other behind a 400."""

    def __init__(self, limit: int) -> None:
        super().__init__(413)
        self.refused = Refused("body-too-large", limit_bytes=limit)


def problem(
    refused: Refused,
    *,
    correlation: object = None,
    errors: list[InvalidField] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer to a refusal; raises KeyError for a code that the catalogue does not know."""
    refusal = REFUSALS[refused.code]
    REFUSED.labels(refused.code).inc()
    facts = {name: fact for name, fact in refused.facts.items() if name not in ("field", "row")}
    zh = _Shown(refused.facts, "zh")
    en = _Shown(refused.facts, "en")
    body: dict[str, object] = {
        "type": f"{CATALOGUE}#{refused.code}",
        "code": refused.code,
        "status": refusal.status,
        "title": refusal.zh.format_map(zh),
        "title_en": refusal.en.format_map(en),
        "next": refusal.next_zh.format_map(zh),
        "next_en": refusal.next_en.format_map(en),
        "facts": facts,
    }
    body |= {place: refused.facts[place] for place in ("field", "row") if place in refused.facts}
    if errors is not None:
        body["errors"] = [error.model_dump() for error in errors]
    if correlation is not None:
        body["correlation_id"] = str(correlation)
    return Response(
        orjson.dumps(body, default=_plain),
        status_code=refusal.status,
        headers={**_headers(refused, refusal.status), **(headers or {})},
        media_type="application/problem+json",
    )


def install(app: FastAPI) -> None:
    """Answer everything that goes wrong in `app` with a problem, and serve the catalogue."""

    @app.exception_handler(Refused)
    async def refused(request: Request, refused: Refused) -> Response:
        return problem(refused, correlation=_correlation(request))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        fields = [InvalidField(**field) for field in invalid_fields(error.errors())]
        body = any(field.place == "body" for field in fields)
        refused = Refused("invalid-body" if body else "invalid-parameter", count=len(fields))
        return problem(refused, correlation=_correlation(request), errors=fields)

    @app.exception_handler(BodyTooLarge)
    async def too_large(request: Request, error: BodyTooLarge) -> Response:
        return problem(error.refused, correlation=_correlation(request))

    @app.exception_handler(HTTPException)
    async def plain(request: Request, error: HTTPException) -> Response:
        match error.status_code:
            case 404:
                refused = Refused("not-found", path=request.url.path)
            case 405:
                refused = Refused("method-not-allowed", method=request.method)
            case status if status < 500:
                refused = Refused("bad-request", reason=HTTPStatus(status).phrase)
            case _:
                refused = Refused("internal", correlation=str(_correlation(request)))
        answer = problem(refused, correlation=_correlation(request), headers=error.headers)
        answer.status_code = error.status_code
        return answer

    app.include_router(_catalogue())


def _catalogue() -> APIRouter:
    router = APIRouter(tags=["contract"])

    @router.get(CATALOGUE)
    async def problems(request: Request) -> Response:
        """Every code this installation may answer with; the links of `type` lead here."""
        if "text/html" in request.headers.get("accept", ""):
            return HTMLResponse(_catalogue_page())
        return JSONResponse(
            {
                code: {
                    "status": refusal.status,
                    "title": refusal.zh,
                    "title_en": refusal.en,
                    "next": refusal.next_zh,
                    "next_en": refusal.next_en,
                }
                for code, refusal in sorted(REFUSALS.items())
            }
        )

    return router


def _catalogue_page() -> str:
    rows = "".join(
        f'<tr id="{html.escape(code)}"><td><code>{html.escape(code)}</code><td>{refusal.status}'
        f"<td>{html.escape(refusal.zh)}<br>{html.escape(refusal.next_zh)}"
        f'<td lang="en">{html.escape(refusal.en)}<br>{html.escape(refusal.next_en)}'
        for code, refusal in sorted(REFUSALS.items())
    )
    return (
        '<!doctype html><html lang="zh"><meta charset="utf-8"><title>退回原因 · Problems</title>'
        f"<h1>退回原因 · Problems</h1><table><tr><th>code<th>HTTP<th>中文<th>English{rows}</table>"
    )


class _Shown(dict[str, str]):
    """The facts as a person reads them; a fact that was not given must not hide the refusal."""

    def __init__(self, facts: Mapping[str, object], lang: str) -> None:
        super().__init__((name, shown(name, value, lang)) for name, value in facts.items())

    def __missing__(self, name: str) -> str:
        return "…"


def _headers(refused: Refused, status: int) -> dict[str, str]:
    if status == 401:
        return {"WWW-Authenticate": 'Bearer realm="fuyan"'}
    if refused.code == "not-yet-known" or "retry_after_s" in refused.facts:
        return {"Retry-After": str(refused.facts.get("retry_after_s", 1))}
    return {}


def _correlation(request: Request) -> object:
    return request.scope.get("state", {}).get("correlation")


def _plain(value: object) -> object:
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=str)
    return str(value)
