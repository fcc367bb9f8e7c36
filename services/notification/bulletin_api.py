"""Bulletins over HTTP: drafted from figures, edited, signed and sent, and read as JSON or .docx."""

from hashlib import sha256
from typing import Annotated, Any
from uuid import UUID, uuid5

from fastapi import APIRouter, Depends, Query, Request, Response

from services.notification.bulletin import (
    Draft,
    addressees,
    check_days,
    check_figures,
    check_text,
    edited,
    may_correct,
)
from services.notification.bulletin_access import (
    ACTS,
    READERS,
    allowed,
    of_district,
    of_programme,
    readable,
    sees_drafts,
    sees_internal,
)
from services.notification.bulletin_docx import docx
from services.notification.bulletin_drafts import Bulletin, Bulletins
from services.notification.bulletin_issuing import Issuance, issue, paper
from services.notification.bulletin_text import drafted
from services.notification.bulletin_views import (
    BulletinRows,
    BulletinView,
    DraftBody,
    EditBody,
    IssuanceBody,
    row,
    view,
)
from services.notification.programmes import Programme
from shared.canonical import canonical
from shared.clock import civil_day
from shared.contracts.blocks import ProgrammeSite
from shared.contracts.notice import RulesNamed
from shared.contracts.programme import Cut
from shared.contracts.refusals import Refused
from shared.store.command import Command
from shared.store.log import Log
from shared.store.streams import Stream
from shared.web.auth import Who, roles
from shared.web.bodies import Code
from shared.web.commands import Written, answer, command, created, decision, seen
from shared.web.spreadsheets import DOCX, asked, attachment

# Names what a command makes, so that the same key always names the same thing.
_MADE_BY = UUID("b7c1f0de-4a52-5c39-9a3d-6f0e2b8d7c41")

Wish = Annotated[Command, Depends(command)]
Seen = Annotated[int, Depends(seen)]
Deciding = Annotated[Command, Depends(decision)]
ALSO_DOCX: dict[int | str, dict[str, Any]] = {
    200: {"content": {DOCX: {}}},
    304: {"description": "What `If-None-Match` names"},
}


def routes(log: Log, bulletins: Bulletins) -> APIRouter:
    """The room under `/v1/bulletins`."""
    router = APIRouter(prefix="/v1/bulletins", tags=["bulletins"])

    async def programme_of(code: str) -> Programme:
        known: Programme
        _, known = await log.state(Stream("programme", code))
        return known

    async def shown(who: Who, bulletin: Bulletin, response: Response) -> BulletinView:
        known = await programme_of(bulletin.draft.programme)
        corrects = bulletin.draft.corrects
        corrected = None if corrects is None else await bulletins.known(corrects)
        open_now = allowed(who, known, bulletin, corrected, now=log.clock())
        response.headers["ETag"] = f'"{bulletin.version}"'
        return view(bulletin, corrected, open_now)

    @router.get("", dependencies=roles(*READERS))
    async def several(
        who: Who,
        programme: Code,
        after: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
        limit: Annotated[int, Query(ge=1, le=50)] = 20,
    ) -> BulletinRows:
        """Bulletins of a programme, the newest first; drafts for the district and auditors alone.

        Bureaus see those that are public.
        """
        known, today = await programme_of(programme), civil_day(log.clock())
        of_programme(who, known, programme)
        found = await bulletins.several(
            programme,
            after=after,
            limit=limit + 1,
            drafts=sees_drafts(who, known, today),
            internal=sees_internal(who, known),
        )
        page = found[:limit]
        more = len(found) > limit
        return BulletinRows(
            bulletins=[row(one) for one in page], next=page[-1].number if more else None
        )

    @router.post("", status_code=201, dependencies=roles(*ACTS["corrections"]))
    async def draft(who: Who, wish: Wish, body: DraftBody, response: Response) -> BulletinView:
        """Draft a bulletin from figures; its text is written from them, and nothing is made up.

        With `corrects` it is to put right a bulletin that was issued.
        """
        now = log.clock()
        known, today = await programme_of(body.programme), civil_day(now)
        of_district(who, known, body.programme, today)
        content = canonical(body.figures)
        check_figures(
            body.figures,
            programme=body.programme,
            as_of_on=body.as_of_on,
            bytes_=len(content),
        )
        corrected = None
        if body.corrects is not None:
            before = await bulletins.known(body.corrects)
            if before.draft.programme != body.programme:
                raise Refused("bulletin-unknown", bulletin_id=body.corrects)
            may_correct(before.issued, body.corrects, before.corrected_by)
            corrected = before.issued
        made = Draft(
            bulletin_id=str(uuid5(_MADE_BY, wish.key)),
            programme=body.programme,
            version=1,
            text=drafted(body.figures, body.as_of_on, title=body.title, corrected=corrected),
            as_of_on=body.as_of_on,
            known_at=body.known_at,
            cut=tuple(Cut(**one.model_dump()) for one in body.cut),
            rules=tuple(RulesNamed(**one.model_dump()) for one in body.rules),
            figures=body.figures,
            figures_digest=sha256(content).hexdigest(),
            publicity=body.publicity,
            corrects=body.corrects,
        )
        check_text(made.text)
        site: ProgrammeSite = {"programme": body.programme, "effective_on": today}
        check_days(made, known_on=civil_day(made.known_at), now=now, site=site)
        await bulletins.begin(made, wish.fingerprint, actor=who.actor, at=now)
        response.headers["Location"] = f"/v1/bulletins/{made.bulletin_id}"
        return await shown(who, await bulletins.known(made.bulletin_id), response)

    @router.get(
        "/{bulletin_id}",
        dependencies=roles(*READERS),
        response_model=BulletinView,
        responses=ALSO_DOCX,
    )
    async def one(
        who: Who, bulletin_id: UUID, request: Request, response: Response
    ) -> BulletinView | Response:
        """A bulletin, or with `Accept` or `?format=docx` its paper.

        Signed, the paper is the same bytes for ever, and its `ETag` their SHA-256. A draft's is
        marked as such (草稿).
        """
        bulletin = await bulletins.known(bulletin_id)
        known, today = await programme_of(bulletin.draft.programme), civil_day(log.clock())
        readable(who, known, bulletin, today)
        if asked(request.scope) != DOCX:
            response.headers["Vary"] = "Accept"
            return await shown(who, bulletin, response)
        return await paper_of(request, bulletin, known)

    async def paper_of(request: Request, bulletin: Bulletin, known: Programme) -> Response:
        if bulletin.issued is not None:
            content = await bulletins.paper(bulletin.issued)
        else:
            today = civil_day(log.clock())
            site: ProgrammeSite = {
                "programme": bulletin.draft.programme,
                "effective_on": today,
            }
            printed = paper(bulletin.draft, known, addressees(known, today), site)
            content = await request.app.state.workers.run(docx, printed)
        etag = f'"{sha256(content).hexdigest()}"'
        found = attachment(content, f"{bulletin.draft.text.title}.docx", DOCX)
        found.headers["ETag"], found.headers["Cache-Control"] = etag, "private, no-cache"
        if etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers={"ETag": etag, "Vary": "Accept"})
        return found

    @router.patch("/{bulletin_id}", dependencies=roles(*ACTS["text"]))
    async def edit(
        who: Who, bulletin_id: UUID, version: Seen, body: EditBody, response: Response
    ) -> BulletinView:
        """Say it otherwise, in fewer than 4 000 characters; figures and table stay.

        `If-Match` is the draft's version.
        """
        now = log.clock()
        before = await bulletins.known(bulletin_id)
        known = await programme_of(before.draft.programme)
        of_district(who, known, before.draft.programme, civil_day(now))
        async with bulletins.held(bulletin_id) as (held, connection):
            wanted = edited(
                held.draft,
                version,
                issued=held.issued,
                title=body.title,
                blocks=body.given(),
                publicity=body.publicity,
            )
            if wanted != held.draft:
                await bulletins.rewrite(connection, wanted, actor=who.actor, at=now)
        return await shown(who, await bulletins.known(bulletin_id), response)

    @router.post("/{bulletin_id}/issuance", status_code=201, dependencies=roles(*ACTS["issuance"]))
    async def sign(
        who: Who,
        wish: Deciding,
        bulletin_id: UUID,
        body: IssuanceBody,
        request: Request,
        response: Response,
    ) -> Written:
        """Sign and send: from now on text, figures and paper stay, and everybody has a notice.

        The document number is that of the office's own register and is used once. `If-Match` is
        the draft's version.
        """
        bulletin = await bulletins.known(bulletin_id)
        programme, today = bulletin.draft.programme, civil_day(log.clock())
        known = await programme_of(programme)
        of_district(who, known, programme, today)
        site: ProgrammeSite = {
            "programme": programme,
            "effective_on": body.effective_on or today,
            "backdated_reason": body.backdated_reason,
            "document": body.document,
        }
        signed = await issue(
            log,
            bulletins,
            request.app.state.workers,
            wish,
            bulletin_id,
            known,
            Issuance(
                seen=wish.expected or 0,
                document_number=body.document_number,
                signed_by=who.officer,
                site=site,
                recipients=body.recipients,
                copied=body.copied,
            ),
        )
        return created(response, f"/v1/bulletins/{bulletin_id}", answer(signed))

    return router
