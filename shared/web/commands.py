"""A command as it arrives over HTTP, and how it is answered."""

import hashlib
import re
from typing import Annotated
from urllib.parse import quote

import orjson
from fastapi import Depends, Request, Response
from pydantic import BaseModel, ConfigDict

from shared.contracts.refusals import Refused
from shared.store.command import Command, Heard
from shared.store.streams import Written as Appended
from shared.web.auth import Auth

_KEY = re.compile(r"[!-~]{1,200}")
_VERSION = re.compile(r'"(0|[1-9][0-9]{0,17})"')
_HEARD = re.compile(r"(programme|dossier|case|notice)/([!-~]{1,200})@([1-9][0-9]{0,17})")
# One command builds on a few events; more is somebody trying how long we look.
_HEARD_AT_MOST = 16


class Written(BaseModel):
    """What a command did: `version` of its stream, `position` of its last event in the log."""

    model_config = ConfigDict(frozen=True)

    stream: str
    version: int
    position: int


async def command(request: Request) -> Command:
    """A dependency: the wish that a request carries, in the name of whoever is signed in.

    It asks who that is, but not for their role: every command route takes `allow(...)` too. For
    whom one acts is never taken from the request: a route that knows says it by the record.
    Raises Refused: `idempotency-key-missing`, `idempotency-key-invalid`, `if-match-invalid`,
    `after-invalid`, and what `Auth.principal` raises.
    """
    auth: Auth = request.app.state.auth
    principal = await auth.principal(request)
    headers = request.headers
    key = headers.get("idempotency-key")
    if key is None:
        raise Refused("idempotency-key-missing")
    if not _KEY.fullmatch(key):
        raise Refused("idempotency-key-invalid")
    return Command(
        key=f"{principal.actor}/{key}",
        fingerprint=_fingerprint(request, await request.body()),
        actor=principal.actor,
        correlation=request.state.correlation,
        expected=_expected(headers.get("if-match")),
        after=_after(headers.get("after")),
        traceparent=request.state.traceparent,
    )


Wish = Annotated[Command, Depends(command)]


async def decision(wish: Wish) -> Command:
    """A dependency: such a wish of somebody who says, by `If-Match`, which version they saw.

    Nobody decides on a case that they have not seen. Raises Refused("if-match-required") besides
    what `command` raises.
    """
    if wish.expected is None:
        raise Refused("if-match-required")
    return wish


async def seen(request: Request) -> int:
    """A dependency of working papers: the version of the part that is changed, as it was seen.

    There is no key: what an edit says is so once it was done, however often it is sent.
    Raises Refused: `if-match-required`, `if-match-invalid`.
    """
    version = _expected(request.headers.get("if-match"))
    if version is None:
        raise Refused("if-match-required")
    return version


def answer(written: Appended) -> Written:
    """What the log did, as whoever asked for it is told."""
    return Written(stream=written.stream, version=written.version, position=written.position)


def created(response: Response, location: str, written: Written) -> Written:
    """Answer 201 with the address of what was made and the version for the next `If-Match`."""
    response.status_code = 201
    response.headers["Location"] = quote(location, safe="/:?=&%@")
    response.headers["ETag"] = f'"{written.version}"'
    return written


def _fingerprint(request: Request, body: bytes) -> bytes:
    """SHA-256 of what is asked: method, address, and the body whatever its spacing."""
    scope = request.scope
    path = scope.get("raw_path") or quote(scope["path"]).encode()
    address = b"%s %s?%s" % (scope["method"].encode(), path, scope["query_string"])
    digest = hashlib.sha256()
    for part in (address, _canonical(request, body)):
        # Length first, or the end of one part could pass for the beginning of the next.
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


def _canonical(request: Request, body: bytes) -> bytes:
    if not body or "json" not in request.headers.get("content-type", ""):
        return body
    try:
        return orjson.dumps(orjson.loads(body), option=orjson.OPT_SORT_KEYS)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return body  # refused by the route, which says where it is wrong


def _expected(if_match: str | None) -> int | None:
    if if_match is None:
        return None
    version = _VERSION.fullmatch(if_match.strip())
    if version is None:
        raise Refused("if-match-invalid")
    return int(version[1])


def _after(header: str | None) -> tuple[Heard, ...]:
    if header is None:
        return ()
    named = [_HEARD.fullmatch(part.strip()) for part in header.split(",", _HEARD_AT_MOST)]
    if len(named) > _HEARD_AT_MOST:
        raise Refused("after-invalid")
    heard = []
    for name in named:
        if name is None:
            raise Refused("after-invalid")
        heard.append(Heard(name[1], name[2], int(name[3])))
    return tuple(heard)
