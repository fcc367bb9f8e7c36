"""One address, two forms: a route that is taken only where a spreadsheet is asked for or sent."""

from typing import Any
from urllib.parse import parse_qs, quote

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.routing import Match
from starlette.types import Scope

from shared.contracts.refusals import Refused

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
# For the JSON route of an address, which alone is in the OpenAPI document.
ALSO_XLSX: dict[int | str, dict[str, Any]] = {200: {"content": {XLSX: {}}}}
ALSO_TABLE: dict[int | str, dict[str, Any]] = {200: {"content": {XLSX: {}, CSV: {}}}}
SENT_AS_XLSX: dict[str, Any] = {
    "requestBody": {"content": {XLSX: {"schema": {"type": "string", "format": "binary"}}}}
}
_SHORT = {"xlsx": XLSX, "csv": CSV, "docx": DOCX, "json": "application/json"}


class SpreadsheetAsked(APIRoute):
    """Matches only where `Accept` or `?format=` asks for .xlsx; the JSON route stands after it.

    Browsers cannot set `Accept` on a link, so the query wins.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] == "http" and asked(scope) != XLSX:
            return Match.NONE, {}
        return super().matches(scope)


class TableAsked(APIRoute):
    """Matches only where .xlsx or CSV is asked for, as `SpreadsheetAsked` does."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] == "http" and asked(scope) not in (XLSX, CSV):
            return Match.NONE, {}
        return super().matches(scope)


class SpreadsheetSent(APIRoute):
    """Matches only where the body is .xlsx; the JSON route stands after it."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if (
            scope["type"] == "http"
            and _media_type(Headers(scope=scope).get("content-type")) != XLSX
        ):
            return Match.NONE, {}
        return super().matches(scope)


def asked(scope: Scope) -> str | None:
    """The media type that is named and wanted most, of those we have; None where none is named."""
    form = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("format", [""])[-1]
    if form:
        return _SHORT.get(form)
    wanted = {}
    for part in Headers(scope=scope).get("accept", "").split(","):
        name, *parameters = (one.strip().lower() for one in part.split(";"))
        if name in _SHORT.values():
            wanted[name] = _weight(parameters)
    best = max(wanted, key=lambda name: wanted[name], default=None)
    return best if best is not None and wanted[best] > 0 else None


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return float(parameter[2:])
            except ValueError:
                return 0.0
    return 1.0


async def spreadsheet_sent(request: Request) -> bytes:
    """The body of a request that sends .xlsx; else Refused("media-type-not-xlsx")."""
    sent = request.headers.get("content-type")
    if _media_type(sent) != XLSX:
        raise Refused("media-type-not-xlsx", sent=(sent or "-")[:100])
    return await request.body()


def attachment(content: bytes, name: str, media_type: str, status: int = 200) -> Response:
    """A file to be saved under this name, which may be Chinese."""
    plain = "".join(sign if sign.isascii() and sign not in '"\\' else "_" for sign in name)
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    headers = {"Content-Disposition": disposition, "Vary": "Accept", "Cache-Control": "no-store"}
    return Response(content, status, headers, media_type=media_type)


def _media_type(header: str | None) -> str:
    return (header or "").partition(";")[0].strip().lower()
