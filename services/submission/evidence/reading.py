"""Evidence over HTTP: reading it, who read it, and its lawful erasure."""

import re
from datetime import datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from services.submission.evidence.access import Access
from services.submission.evidence.kinds import KINDS
from services.submission.evidence.register import Erasure, Kept, Register
from services.submission.evidence.store import EvidenceStore
from shared.clock import civil_day
from shared.contracts.blocks import Document
from shared.contracts.refusals import Refused
from shared.store.log import Log
from shared.web.auth import Principal, Who, roles
from shared.web.bodies import Body, Code, Paper, Sha256, Words
from shared.web.commands import Wish

_READERS = ("clerk", "head", "gov", "officer", "leader", "member", "city", "auditor")
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")

Hash = Annotated[Sha256, Path(description="SHA-256 of the content as it is kept, in hex.")]
_CONTENT = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in KINDS}


class ErasureBody(Body):
    """Why a content has to go, and the paper that says so."""

    reason: Words
    document: Paper


class ErasureView(BaseModel):
    """What is left of an erased content."""

    erased_at: datetime
    actor: str
    reason: str
    document: Document


class EvidenceView(BaseModel):
    """What is known of a file beside its content; an erased one has no name any more."""

    sha256: str
    programme: str
    township: str
    name: str
    media_type: str
    bytes: int
    uploaded_by: str
    uploaded_at: datetime
    erased: ErasureView | None = None


class ReadingView(BaseModel):
    """That somebody was given the content; `grounds` says why they might read it."""

    number: int
    actor: str
    organisation: str
    programme: str
    township: str
    grounds: str
    at: datetime


def readings(
    router: APIRouter, log: Log, store: EvidenceStore, register: Register, access: Access
) -> None:
    """What concerns files that are kept; a file that one may not read is as if there were none."""

    async def granted(who: Principal, sha256: str) -> tuple[Kept, str]:
        """As whose file, and on what grounds; the first that one finds."""
        for kept in await register.kept(sha256):
            may = await access.grounds(who, kept.programme, kept.township)
            grounds = may(civil_day(kept.at))
            if grounds is not None:
                return kept, grounds
        raise Refused("evidence-not-found", sha256=sha256)

    async def there(sha256: str) -> None:
        if (erasure := await register.erasure(sha256)) is not None:
            raise Refused(
                "evidence-erased",
                sha256=sha256,
                erased_on=civil_day(erasure.at),
                document=erasure.document.title,
            )

    @router.get("", dependencies=roles(*_READERS))
    async def listed(
        who: Who,
        programme: Annotated[Code, Query()],
        township: Annotated[Code, Query()],
        after: Annotated[Sha256 | None, Query()] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> list[EvidenceView]:
        """What a township keeps, by hash: to name a file again instead of sending it again."""
        may = await access.grounds(who, programme, township)
        if may(None) is None:
            raise Refused("other-organisation", organisation=who.organisation)
        found: list[Kept] = []
        page = await register.of(programme, township, after or "", limit)
        while page and len(found) < limit:
            found += [one for one in page if may(civil_day(one.at)) is not None]
            page = await register.of(programme, township, page[-1].sha256, limit)
        return [_view(one, None) for one in found[:limit]]

    @router.get(
        "/{sha256}",
        dependencies=roles(*_READERS),
        response_class=Response,
        responses={
            200: {"content": _CONTENT, "description": "The content"},
            206: {"content": _CONTENT, "description": "The range that was asked for"},
            304: {"description": "What `If-None-Match` names"},
            410: {},
            416: {},
        },
    )
    async def read(sha256: Hash, who: Who, request: Request) -> Response:
        """The content; that it is read is on record before its first byte leaves.

        Nothing on the way keeps it, or readings would go unseen. 410 after its lawful erasure.
        """
        kept, grounds = await granted(who, sha256)
        await there(sha256)
        headers = _headers(kept)
        if sha256 in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        # Whoever has a part of something else cannot go on with a part of this.
        same = request.headers.get("if-range", headers["ETag"]) == headers["ETag"]
        wanted = _wanted(request.headers.get("range"), kept.bytes) if same else None
        begin, end = wanted or (0, kept.bytes)
        content = await store.open(sha256, begin, end)
        await register.record(kept, who.actor, who.organisation, grounds, log.clock())
        headers["Content-Length"] = str(end - begin)
        if wanted is not None:
            headers["Content-Range"] = f"bytes {begin}-{end - 1}/{kept.bytes}"
        return StreamingResponse(
            content, 200 if wanted is None else 206, headers, media_type=kept.media_type
        )

    @router.head(
        "/{sha256}",
        dependencies=roles(*_READERS),
        response_class=Response,
        responses={
            200: {"description": "Size and type, as headers"},
            304: {"description": "What `If-None-Match` names"},
            410: {},
        },
    )
    async def head(sha256: Hash, who: Who, request: Request) -> Response:
        """Size and type of the content; nobody is given any of it, so no reading is recorded."""
        kept, _ = await granted(who, sha256)
        await there(sha256)
        headers = _headers(kept)
        if sha256 in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        headers["Content-Length"] = str(kept.bytes)
        return Response(headers=headers, media_type=kept.media_type)

    @router.get("/{sha256}/metadata", dependencies=roles(*_READERS))
    async def metadata(sha256: Hash, who: Who, response: Response) -> EvidenceView:
        """What is known of a file, also of an erased one."""
        kept, _ = await granted(who, sha256)
        response.headers["ETag"] = f'"{sha256}"'
        return _view(kept, await register.erasure(sha256))

    @router.get("/{sha256}/reads", dependencies=roles("auditor"))
    async def reads(
        sha256: Hash,
        after: Annotated[int, Query(ge=0, le=2**62)] = 0,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> list[ReadingView]:
        """Who was given the content, the first one first; of erased content too."""
        if not await register.kept(sha256):
            raise Refused("evidence-not-found", sha256=sha256)
        found = await register.readings(sha256, after, limit)
        return [
            ReadingView(
                number=one.number,
                actor=one.actor,
                organisation=one.organisation,
                programme=one.programme,
                township=one.township,
                grounds=one.grounds,
                at=one.at,
            )
            for one in found
        ]

    @router.post("/{sha256}/erasure", status_code=201, dependencies=roles("leader"))
    async def erase(
        sha256: Hash, who: Who, wish: Wish, body: ErasureBody, response: Response
    ) -> EvidenceView:
        """Delete a content for good, by order of the district; what is left says who and why.

        It is gone for every township that keeps it, and can never be uploaded again: the order is
        about the content. Where another district's keep it too, 409: that is not this one's to say.
        """
        kept, _ = await granted(who, sha256)
        async with register.alone(sha256) as alone:
            elsewhere = [
                one
                for one in await alone.kept(sha256)
                if not await access.leads(who, one.programme)
            ]
            if elsewhere:
                raise Refused("evidence-held-elsewhere", count=len(elsewhere), sha256=sha256)
            # The tombstone first: killed behind it, nobody reads what lies there until it goes.
            await alone.erase(
                Erasure(
                    sha256=sha256,
                    actor=wish.actor,
                    organisation=who.organisation,
                    reason=body.reason,
                    document=body.document,
                    at=log.clock(),
                )
            )
        await store.erase(sha256)
        await register.gone(sha256)
        response.headers["Location"] = f"/v1/evidence/{sha256}/metadata"
        response.headers["ETag"] = f'"{sha256}"'
        left = await register.kept_by(kept.programme, kept.township, sha256)
        return _view(left or kept, await register.erasure(sha256))


def _headers(kept: Kept) -> dict[str, str]:
    _, _, extension = kept.name.rpartition(".")
    return {
        "ETag": f'"{kept.sha256}"',
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-store",
        "Content-Disposition": f'attachment; filename="evidence.{extension.lower()}";'
        f" filename*=UTF-8''{quote(kept.name, safe='')}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }


def _wanted(header: str | None, size: int) -> tuple[int, int] | None:
    """The one range that is asked for, as begin and end; None for all. Refused("range-outside")."""
    found = _RANGE.fullmatch(header or "")
    if found is None or found[1] == found[2] == "":
        return None  # several ranges, or other units: the whole is an answer to that
    if found[1]:
        if found[2] and int(found[2]) < int(found[1]):
            return None  # no range at all, and what is none is passed over
        begin, end = int(found[1]), min(int(found[2]) + 1 if found[2] else size, size)
    else:
        begin, end = max(0, size - int(found[2])), size
    if begin >= end:
        raise Refused("range-outside", of_bytes=size)
    return begin, end


def _view(kept: Kept, erasure: Erasure | None) -> EvidenceView:
    erased = erasure and ErasureView(
        erased_at=erasure.at,
        actor=erasure.actor,
        reason=erasure.reason,
        document=erasure.document,
    )
    return EvidenceView(
        sha256=kept.sha256,
        programme=kept.programme,
        township=kept.township,
        name=kept.name,
        media_type=kept.media_type,
        bytes=kept.bytes,
        uploaded_by=kept.uploaded_by,
        uploaded_at=kept.at,
        erased=erased,
    )
