"""How a query is answered: under one head, with an ETag, and not twice to who has it."""

import hashlib
from typing import Annotated, Any

import orjson
from fastapi import Path, Query, Request
from fastapi.responses import Response

from services.projection.reading import Seen

Code = Annotated[str, Path(pattern=r"^[A-Za-z0-9._-]{1,60}$")]
Named = Annotated[str, Query(pattern=r"^[A-Za-z0-9._-]{1,60}$")]


def answer(
    request: Request,
    body: dict[str, Any],
    position: int,
    media_type: str = "application/json",
) -> Response:
    """JSON with its ETag, or 304 where the reader has the very same already."""
    content = orjson.dumps(body)
    etag = f'"{position}-{hashlib.sha256(content).hexdigest()[:16]}"'
    headers = {
        "ETag": etag,
        "X-Fuyan-Position": str(position),
        "Cache-Control": "private, no-cache",
    }
    held = request.headers.get("if-none-match", "")
    if etag in (tag.strip().removeprefix("W/") for tag in held.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)


def head(seen: Seen) -> dict[str, Any]:
    """What every answer about a programme begins with: which day, and how far it was known."""
    return {
        "programme": seen.picture.programme.programme,
        "as_of": seen.picture.on,
        "today": seen.today,
        "position": seen.position,
        "recorded_at": seen.picture.recorded_at,
    }
