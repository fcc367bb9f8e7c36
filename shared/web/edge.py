"""The outermost layer of every service: one pass for each request, whatever becomes of it."""

import re
import time
from collections.abc import Mapping
from uuid import UUID

import structlog
import uuid_utils.compat
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.contracts.refusals import Refused
from shared.crash import crash_soon
from shared.telemetry.metrics import REQUESTS
from shared.telemetry.trace import continued
from shared.web.invalid import pointer
from shared.web.problems import BodyTooLarge, InvalidField, problem
from shared.web.strict import faults, is_json

BODY_LIMIT = 1024 * 1024

_SECURITY = {
    "content-security-policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
        "object-src 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
}
# Asked every few seconds by machines: counted, but not worth a line each.
_QUIET = frozenset({"/livez", "/readyz", "/metrics"})

log = structlog.get_logger()


class Edge:
    """Gives each request its correlation and span, bounds its body, secures, counts and logs it.

    `larger_bodies` maps a pattern of the whole path to the bytes allowed there. An unexpected
    exception is answered here, with a reference and without its text.
    """

    def __init__(self, app: ASGIApp, *, larger_bodies: Mapping[str, int] | None = None) -> None:
        self._app = app
        self._larger = [(re.compile(path), size) for path, size in (larger_bodies or {}).items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        correlation = _correlation(headers.get("x-correlation-id"))
        state = scope.setdefault("state", {})
        state["correlation"] = correlation
        state["traceparent"] = continued(headers.get("traceparent"))
        answer = _Answer(send, correlation)
        began = time.perf_counter()
        with structlog.contextvars.bound_contextvars(correlation=str(correlation)):
            try:
                bounded = _Bounded(receive, self._limit(scope["path"]), headers)
                await self._app(scope, bounded, answer)
                if answer.status == 201:
                    crash_soon("command/replied")
            except Exception:
                log.exception("unexpected", path=scope["path"])
                if answer.status:  # half an answer is out: only breaking off tells the client so
                    raise
                refused = Refused("internal", correlation=str(correlation))
                await problem(refused, correlation=correlation)(scope, receive, answer)
            finally:
                self._note(scope, answer.status, time.perf_counter() - began)

    def _limit(self, path: str) -> int:
        return next((size for known, size in self._larger if known.fullmatch(path)), BODY_LIMIT)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        # The template, not the path: a metric per township would never stop growing.
        route = getattr(scope.get("route"), "path", "unknown")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        REQUESTS.labels(method, route, status).observe(seconds)
        if route not in _QUIET:
            log.info(
                "request",
                method=method,
                path=scope["path"],
                status=status,
                ms=round(seconds * 1000, 2),
            )


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class _Bounded:
    """`receive`, until there is too much of it; what is declared too large is never read."""

    def __init__(self, receive: Receive, limit: int, headers: Headers) -> None:
        self._receive, self._limit, self._left = receive, limit, limit
        declared = headers.get("content-length", "")
        self._declared_too_large = declared.isdecimal() and int(declared) > limit

    async def __call__(self) -> Message:
        if self._declared_too_large:
            raise BodyTooLarge(self._limit)
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise BodyTooLarge(self._limit)
        return message


class _Answer:
    """`send`, with the headers that every answer carries."""

    def __init__(self, send: Send, correlation: UUID) -> None:
        self._send, self._correlation = send, correlation
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["x-correlation-id"] = str(self._correlation)
            for name, value in _SECURITY.items():
                headers.setdefault(name, value)
        await self._send(message)


class Readable:
    """Refuses a JSON body that is not as `faults` wants it, and any body that is compressed.

    Inside of `Edge`, which bounds what is read here.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers, correlation = Headers(scope=scope), scope["state"]["correlation"]
        packed = headers.get("content-encoding", "identity")
        if packed != "identity":
            refused = Refused("body-compressed", encoding=packed)
            await problem(refused, correlation=correlation)(scope, receive, send)
        elif not is_json(headers.get("content-type", "")):
            await self._app(scope, receive, send)
        else:
            await self._read(scope, receive, send)

    async def _read(self, scope: Scope, receive: Receive, send: Send) -> None:
        correlation = scope["state"]["correlation"]
        try:
            body = await _whole(receive)
        except BodyTooLarge as error:
            await problem(error.refused, correlation=correlation)(scope, receive, send)
            return
        if body is None:
            return  # gone before it had said what it wants
        if body and (found := faults(body)):
            errors = [
                InvalidField(place="body", field=pointer(one.path), zh=one.zh, en=one.en)
                for one in found[:_FAULTS_SHOWN]
            ]
            refused = Refused("invalid-body", count=len(found))
            answer = problem(refused, correlation=correlation, errors=errors)
            await answer(scope, receive, send)
            return
        replayed = False

        async def again() -> Message:
            nonlocal replayed
            if replayed:
                return await receive()
            replayed = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, again, send)


_FAULTS_SHOWN = 100


async def _whole(receive: Receive) -> bytes | None:
    """The whole body; None if the client went away before its end."""
    parts = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _correlation(given: str | None) -> UUID:
    if given is not None:
        try:
            return UUID(given)
        except ValueError:
            pass  # someone else's form: theirs cannot be kept, and is no reason to refuse
    return uuid_utils.compat.uuid7()
