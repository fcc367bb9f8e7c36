"""Refusals as RFC 9457 problems: a stable code, two languages, what to do next, the facts."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response

from shared.contracts.refusals import REFUSALS, Refused
from shared.contracts.registry import UnknownVersion
from shared.telemetry.metrics import REFUSED
from shared.web.catalogue import CATALOGUE, catalogue_routes
from shared.web.invalid import invalid_fields
from shared.web.shown import shown
from shared.web.strict import is_json

_PLACES = ("field", "row")


class InvalidField(BaseModel):
    """One thing in a request that cannot be read; `field` is a JSON pointer into that place."""

    place: str
    field: str
    zh: str
    en: str


class InvalidCell(BaseModel):
    """One thing in a workbook that cannot be taken; `row` is null for an item without a row."""

    row: int | None
    column: str | None
    item: str | None
    code: str
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
    errors: list[InvalidField | InvalidCell] | None = None
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
    errors: Sequence[InvalidField | InvalidCell] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer to a refusal; raises KeyError for a code that the catalogue does not know."""
    body = told(refused)
    REFUSED.labels(refused.code).inc()
    if errors is not None:
        body["errors"] = [error.model_dump() for error in errors]
    if correlation is not None:
        body["correlation_id"] = str(correlation)
    status = REFUSALS[refused.code].status
    return Response(
        orjson.dumps(body, default=_plain),
        status_code=status,
        headers={**_headers(refused, status), **(headers or {})},
        media_type="application/problem+json",
    )


def told(refused: Refused) -> dict[str, object]:
    """A refusal as its problem says it, apart from the request that it answers."""
    refusal = REFUSALS[refused.code]
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
        "facts": {name: one for name, one in refused.facts.items() if name not in _PLACES},
    }
    return body | {place: refused.facts[place] for place in _PLACES if place in refused.facts}


def install(app: FastAPI) -> None:
    """Answer everything that goes wrong in `app` with a problem, and serve the catalogue."""

    @app.exception_handler(Refused)
    async def refused(request: Request, refused: Refused) -> Response:
        return problem(refused, correlation=_correlation(request))

    @app.exception_handler(UnknownVersion)
    async def too_old(request: Request, version: UnknownVersion) -> Response:
        refused = Refused("image-too-old", type=str(version), retry_after_s=60)
        return problem(refused, correlation=_correlation(request))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        fields = [InvalidField(**field) for field in invalid_fields(error.errors())]
        if any((one.place, one.field) == ("body", "") for one in fields) and not is_json(
            sent := request.headers.get("content-type", "")
        ):
            return problem(Refused("body-not-json", sent=sent), correlation=_correlation(request))
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

    app.include_router(catalogue_routes())


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
