"""Evidence over HTTP: how a file comes here, in parts or at once."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, Field

from services.submission.evidence.access import Access
from services.submission.evidence.intake import PART_BYTES, Intake, TakenIn, part_sizes
from services.submission.evidence.kinds import check_name
from services.submission.evidence.reading import readings
from services.submission.evidence.register import Register, Upload
from services.submission.evidence.store import EvidenceStore
from services.submission.place import name_of
from services.submission.settings import SubmissionSettings
from shared.contracts.refusals import Refused
from shared.store.log import Log
from shared.store.pool import Pool
from shared.web.auth import Who, roles
from shared.web.bodies import Body, Code, Line, Sha256
from shared.web.commands import Wish

LARGER_BODIES = {
    r"/v1/evidence/uploads/[^/]+/parts/[^/]+": PART_BYTES,
    "/v1/evidence/content": PART_BYTES,
}
_ADDING = ("clerk", "member")

_NAME = "Under which it is kept, without a path; its extension fits its type."
_TYPE = "One of the types that may be kept, such as `image/jpeg`."
Number = Annotated[int, Path(ge=1, le=10_000, description="Number of a part, from 1.")]
Id = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$", description="Id of an upload.")]


class UploadBody(Body):
    """A file that will be sent in parts; `bytes` is the size of the whole."""

    programme: Code
    township: Code
    name: Line
    media_type: Line
    bytes: Annotated[int, Field(strict=True, ge=1, le=2**40)]


class UploadCompletionBody(Body):
    """That all parts are sent; `sha256` is the hash of the whole file as it was sent."""

    sha256: Sha256


class PartView(BaseModel):
    """A part that arrived."""

    number: int
    sha256: str
    bytes: int


class UploadView(BaseModel):
    """How far an upload has come. All parts have `part_bytes`, but the last; they count from 1."""

    id: str
    part_bytes: int
    parts: int
    arrived: tuple[PartView, ...]
    missing: tuple[int, ...]
    sha256: str | None
    """Under which the file is kept, once it is complete."""


class TakenInView(BaseModel):
    """The file as it is kept: acts name it so. `stripped`: a position was taken out of it."""

    sha256: str
    sent_sha256: str
    stripped: bool
    name: str
    media_type: str
    bytes: int


def routes(log: Log, tables: Pool, settings: SubmissionSettings) -> APIRouter:
    """Uploading files, and what is done with those that are kept."""
    router = APIRouter(prefix="/v1/evidence", tags=["evidence"])
    register, access = Register(tables), Access(log)
    store = EvidenceStore(settings, register)
    intake = Intake(store, register, log.clock)

    async def new(
        wish: Wish, who: Who, programme: str, township: str, name: str, media_type: str, size: int
    ) -> Upload:
        """What is asked for, if it may be; nothing is changed yet."""
        await store.check()
        await access.check_adding(who, programme, township)
        media_type = media_type.lower()  # RFC 9110: in either case it is the same type
        if size > settings.evidence_bytes:
            raise Refused("evidence-too-large", sent_bytes=size, most_bytes=settings.evidence_bytes)
        return Upload(
            id=name_of(wish),
            programme=programme,
            township=township,
            organisation=who.organisation,
            name=check_name(name, media_type),
            media_type=media_type,
            bytes=size,
            opened_by=who.actor,
        )

    async def mine(id: Id, who: Who) -> Upload:
        """Of one's own organisation; any other is as if there were none."""
        found = await register.upload(id)
        if found is None or found.organisation != who.organisation:
            raise Refused("evidence-upload-not-found", upload=id)
        await access.check_adding(who, found.programme, found.township)
        return found

    Mine = Annotated[Upload, Depends(mine)]

    async def view(upload: Upload) -> UploadView:
        arrived = await register.parts(upload.id)
        numbers = range(1, len(part_sizes(upload.bytes)) + 1)
        there = {one.number for one in arrived}
        return UploadView(
            id=upload.id,
            part_bytes=PART_BYTES,
            parts=len(numbers),
            arrived=tuple(
                PartView(number=one.number, sha256=one.sha256, bytes=one.bytes) for one in arrived
            ),
            missing=()
            if upload.kept
            else tuple(number for number in numbers if number not in there),
            sha256=upload.kept,
        )

    @router.post("", status_code=201, dependencies=roles(*_ADDING))
    async def begin(who: Who, wish: Wish, body: UploadBody, response: Response) -> UploadView:
        """Begin to upload a file in parts; it is forgotten after a day if it is not completed.

        Types: JPEG, PNG, PDF, docx, xlsx. A township has at most 20 uploads under way.
        """
        upload = await new(
            wish, who, body.programme, body.township, body.name, body.media_type, body.bytes
        )
        found = await register.open(upload)
        if replace(found, sent=None, kept=None) != upload:
            raise Refused("idempotency-key-reused")
        response.headers["Location"] = f"/v1/evidence/uploads/{found.id}"
        return await view(found)

    @router.get("/uploads/{id}", dependencies=roles(*_ADDING))
    async def progress(upload: Mine) -> UploadView:
        """Which parts are there, to go on after a break."""
        return await view(upload)

    @router.put(
        "/uploads/{id}/parts/{number}",
        dependencies=roles(*_ADDING),
        responses={409: {}},
        openapi_extra={"requestBody": _BYTES},
    )
    async def part(upload: Mine, number: Number, request: Request) -> PartView:
        """Send a part as raw bytes; sent again it takes the place of the one before."""
        found = await intake.part(upload, number, await request.body())
        return PartView(number=found.number, sha256=found.sha256, bytes=found.bytes)

    @router.delete(
        "/uploads/{id}", status_code=204, dependencies=roles(*_ADDING), responses={409: {}}
    )
    async def give_up(upload: Mine) -> None:
        """Forget an upload that is not complete, with its parts."""
        await intake.drop(upload)

    @router.post("/uploads/{id}/completion", status_code=201, dependencies=roles(*_ADDING))
    async def complete(
        upload: Mine, wish: Wish, body: UploadCompletionBody, response: Response
    ) -> TakenInView:
        """Have the file kept: its size, hash and type are checked, its position is taken out."""
        return _made(response, await intake.complete(upload, body.sha256, wish.actor))

    @router.post(
        "/content",
        status_code=201,
        dependencies=roles(*_ADDING),
        openapi_extra={"requestBody": _BYTES},
    )
    async def at_once(
        who: Who,
        request: Request,
        wish: Wish,
        programme: Annotated[Code, Query()],
        township: Annotated[Code, Query()],
        name: Annotated[str, Query(min_length=1, max_length=200, description=_NAME)],
        media_type: Annotated[str, Query(min_length=1, max_length=200, description=_TYPE)],
        sha256: Annotated[Sha256, Query(description="SHA-256 of the body, in hex.")],
        response: Response,
    ) -> TakenInView:
        """A small file in one request, its raw bytes as the body: what fits into one part."""
        content = await request.body()
        if not content:
            raise Refused("evidence-empty")
        upload = await new(wish, who, programme, township, name, media_type, len(content))
        return _made(response, await intake.take(upload, _whole(content), sha256, wish.actor))

    readings(router, log, store, register, access)
    return router


_BYTES = {
    "required": True,
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
}


async def _whole(content: bytes) -> AsyncIterator[bytes]:
    yield content


def _made(response: Response, taken: TakenIn) -> TakenInView:
    kept = taken.kept
    response.headers["Location"] = f"/v1/evidence/{kept.sha256}"
    response.headers["ETag"] = f'"{kept.sha256}"'
    return TakenInView(
        sha256=kept.sha256,
        sent_sha256=taken.sent_sha256,
        stripped=taken.stripped,
        name=kept.name,
        media_type=kept.media_type,
        bytes=kept.bytes,
    )
