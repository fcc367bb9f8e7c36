"""The dashboard's page at `/`, and what it loads from `/static`."""

import gzip
import hashlib
import mimetypes
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from services.projection.reading import READERS
from shared.contracts.refusals import Refused
from shared.web.auth import Auth, sign_in_redirect

STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True)
class Asset:
    body: bytes
    gzipped: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Assets:
    """All files under `static`, and one digest over them: the address of a file changes with it."""

    digest: str
    files: Mapping[str, Asset]

    def html(self, name: str, first: bytes = b"null") -> bytes:
        """A page of ours: `{static}` is where these very files are, `{first}` its first figures."""
        page = self.files[name].body.replace(b"{static}", f"/static/{self.digest}".encode())
        # JSON within HTML ends at the first `<`, unless that is spelled out.
        return page.replace(b"{first}", first.replace(b"<", b"\\u003c"))


@cache
def assets() -> Assets:
    """Read once a process, at the first request, so that a service's start does not pay for it."""
    digest, files = hashlib.sha256(), {}
    for path in sorted(path for path in STATIC.rglob("*") if path.is_file()):
        name, body = path.relative_to(STATIC).as_posix(), path.read_bytes()
        digest.update(name.encode() + b"\0" + hashlib.sha256(body).digest())
        # mtime=0, or two processes of one release would send different bytes.
        files[name] = Asset(body, gzip.compress(body, mtime=0), _media_type(path))
    return Assets(digest.hexdigest()[:16], files)


FirstView = Callable[[str | None, str | None], Awaitable[bytes]]
"""The overview's JSON for a programme and a day, as the page's address names them; or `null`."""


async def ask_later(programme: str | None, as_of: str | None) -> bytes:
    """Leaves it to the page to ask."""
    return b"null"


def routes(first_view: FirstView = ask_later) -> APIRouter:
    """`/`, for whoever is signed in, and `/static/…`, for anyone: its files hold no data.

    Signed out, a browser is sent to `sign_in_url`, or told in both languages that it is signed out.
    """
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def page(request: Request) -> Response:
        auth: Auth = request.app.state.auth
        try:
            principal = await auth.principal(request)
        except Refused as refused:
            if refused.code != "not-signed-in":
                raise
            if auth.settings.sign_in_url is not None:
                return sign_in_redirect(request)
            return HTMLResponse(
                assets().html("signed-out.html"),
                401,
                headers={"Cache-Control": "no-store", "WWW-Authenticate": 'Bearer realm="fuyan"'},
            )
        # no-store: a page from the cache would name files that the next release no longer has.
        asked = request.query_params.get("programme"), request.query_params.get("as_of")
        view = ask_later if READERS.isdisjoint(principal.roles) else first_view
        first = await view(*asked)
        page = assets().html("index.html", first)
        return HTMLResponse(page, headers={"Cache-Control": "no-store"})

    @router.get("/static/{digest}/{name:path}")
    async def static(request: Request, digest: str, name: str) -> Response:
        known = assets()
        asset = known.files.get(name)
        if asset is None or name.endswith(".html"):
            raise HTTPException(404)
        # While two releases run side by side a page may ask the other one; that must not be kept.
        kept = "public, max-age=31536000, immutable" if digest == known.digest else "no-store"
        headers = {"Cache-Control": kept, "Vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return Response(asset.gzipped, media_type=asset.media_type, headers=headers)
        return Response(asset.body, media_type=asset.media_type, headers=headers)

    return router


def _media_type(path: Path) -> str:
    # Windows' registry may call .js text/plain, which a browser refuses as a module.
    if path.suffix == ".js":
        return "text/javascript"
    return mimetypes.guess_type(path.name)[0] or "text/plain"
