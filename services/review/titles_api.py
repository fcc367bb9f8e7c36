"""Titles over HTTP: awarded together, read by their plaques, corrected and revoked."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel

from services.review import title, titles
from services.review.access import by_right, permit
from services.review.bodies import ActBody
from services.review.case import Case
from services.review.case_bodies import AwardsBody, CorrectionBody, RevocationBody
from services.review.letters_api import case_streams
from services.review.place import AT_ONCE, CODE, Code, name_of, on_behalf
from services.review.plaques import claims_of
from services.review.programmes.programme import Programme, known
from shared.clock import civil_day
from shared.contracts.blocks import ProgrammeSite, Title
from shared.contracts.case import CaseEvent, TitleRevoked
from shared.contracts.refusals import Refused
from shared.store.command import Command
from shared.store.log import Log
from shared.store.streams import Changes, Stream
from shared.web.auth import Principal, Who, roles
from shared.web.commands import Wish, Written, answer, created

# Any text that a plaque may bear, a slash in it too; it is compared as `comparable` writes it.
Plaque = Annotated[
    str,
    Path(
        min_length=1,
        max_length=200,
        pattern=r"^[^\x00]+$",
        description="Number of a plaque, percent-encoded, however it is typed.",
    ),
]
ProgrammeCode = Annotated[str, Query(pattern=f"^{CODE}$")]
Cursor = Annotated[str, Query(pattern=f"^({CODE}/{CODE}/[0-9]{{1,4}})?$")]
READERS = ("officer", "leader", "member", "city", "clerk", "head", "gov", "bureau", "auditor")


class AwardWritten(Written):
    """The act that awarded the titles."""

    award_id: str


AwardId = Annotated[str, Path(pattern=r"^[A-Za-z0-9._-]{1,60}$")]


class TitleView(BaseModel):
    """A title with its present values; `plaques` are all the numbers that it ever bore."""

    plaque_number: str
    plaques: tuple[str, ...]
    state: titles.State
    title: Title
    awarded_on: date
    valid_until_on: date | None
    township: str
    township_name: str
    office: str
    case_id: str
    version: int
    award_id: str
    replaces: str | None
    replaced_by: str | None
    revoked: TitleRevoked | None


class TitleViews(BaseModel):
    """A page of titles by case; `next` is the `after` of the following page."""

    titles: list[TitleView]
    next: str | None


def awards_and_titles(log: Log) -> APIRouter:
    """Awards, the register of titles, and what is put right or taken away."""
    router = APIRouter(prefix="/v1", tags=["titles"])

    async def view(case_id: str) -> TitleView:
        _, later = await titles.rounds(log, case_id)
        ids = (case_id, *later)
        found: list[tuple[int, Case]] = await asyncio.gather(
            *(log.state(Stream("case", one)) for one in ids)
        )
        (version, case), *after = found
        return _view(version, case, [one for _, one in after])

    @router.post("/programmes/{programme}/awards", status_code=201, dependencies=by_right("awards"))
    async def award(
        programme: Code, who: Who, wish: Wish, body: AwardsBody, response: Response
    ) -> AwardWritten:
        """Award many titles in one act: all, or none; no plaque number ever comes again."""
        wish = await on_behalf(log, programme, who, wish)
        award_id, site = name_of(wish), body.site(programme, civil_day(log.clock()))
        streams = case_streams(programme, [one.case_id for one in body.titles])
        before = [(await titles.rounds(log, one.subject))[0] for one in streams]
        earlier = [Stream("case", one) for rounds in before for one in rounds]
        awards = [
            title.Award(title=one.title, plaque_number=one.plaque_number) for one in body.titles
        ]

        def decide(*states: Any) -> Changes:
            cases, (state, *rest) = states[: len(streams)], states[len(streams) :]
            permit("awards", who, state, programme)
            past = iter(rest)
            events = title.award_titles(
                cases,
                awards,
                state,
                award_id=award_id,
                earlier=[[next(past) for _ in rounds] for rounds in before],
                valid_until_on=body.valid_until_on,
                on_behalf_of=wish.on_behalf_of,
                site=site,
            )
            return Changes(
                dict(zip(streams, events, strict=True)),
                [one for written in events for event in written for one in claims_of(event)],
            )

        reading = (*streams, Stream("programme", programme), *earlier)
        written = await log.decide_many(wish, reading, decide)
        said = AwardWritten(**answer(written).model_dump(), award_id=award_id)
        created(response, f"/v1/programmes/{programme}/awards/{award_id}", said)
        return said

    @router.get("/programmes/{programme}/awards/{award_id}", dependencies=roles(*READERS))
    async def together(programme: Code, award_id: AwardId) -> list[TitleView]:
        """The titles that one act awarded, as they now stand."""
        found: list[TitleView] = []
        page = [""]
        while page:
            page = await titles.awarded(log, programme, after=page[-1], limit=AT_ONCE)
            shown = await asyncio.gather(*(view(case_id) for case_id in page))
            found += [one for one in shown if one.award_id == award_id]
        if not found:
            raise Refused("award-unknown", award_id=award_id)
        return found

    @router.get("/titles", dependencies=roles(*READERS))
    async def register(
        programme: ProgrammeCode,
        status: titles.State | None = None,
        after: Cursor = "",
        limit: Annotated[int, Query(ge=1, le=AT_ONCE)] = AT_ONCE,
    ) -> TitleViews:
        """The titles of a programme by case; a page filtered by `status` may hold fewer."""
        state: Programme
        _, state = await log.state(Stream("programme", programme))
        known(state, programme)
        ids = await titles.awarded(log, programme, after=after, limit=limit)
        found = await asyncio.gather(*(view(case_id) for case_id in ids))
        return TitleViews(
            titles=[one for one in found if status in (None, one.state)],
            next=ids[-1] if len(ids) == limit else None,
        )

    @router.get("/titles/{plaque:path}", dependencies=roles(*READERS))
    async def by_plaque(plaque: Plaque, response: Response) -> TitleView:
        """The title that bears this number, or once did, however the number is typed."""
        found = await view((await titles.find(log, plaque)).case_id)
        response.headers["ETag"] = f'"{found.version}"'
        return found

    async def about(
        name: str,
        plaque: str,
        who: Principal,
        wish: Command,
        body: ActBody,
        response: Response,
        decision: Callable[[Case, Sequence[Case], ProgrammeSite], Sequence[CaseEvent]],
    ) -> Written:
        """Take a decision about the title with this number, on the day the body says or today."""
        found = await titles.find(log, plaque)
        site = body.site(found.programme, civil_day(log.clock()))

        def decide(case: Case, state: Programme, *later: Case) -> Changes:
            permit(name, who, state, found.programme)
            events = decision(case, later, site)
            fresh = title.new_plaque(case, events)
            claims = [one for event in events for one in claims_of(event) if one.value == fresh]
            return Changes({found.stream: events}, claims)

        on, *after = found.reading
        reading = (on, Stream("programme", found.programme), *after)
        written = answer(await log.decide_many(wish, reading, decide))
        return created(response, f"/v1/titles/{quote(plaque, safe='')}", written)

    @router.post(
        "/titles/{plaque:path}/correction", status_code=201, dependencies=by_right("correction")
    )
    async def correct(
        plaque: Plaque, who: Who, wish: Wish, body: CorrectionBody, response: Response
    ) -> Written:
        """Put one value of a title right; a number that it is given is used for ever, too."""
        found = await titles.find(log, plaque)
        said = await titles.statements(log, found.stream)
        named = str(body.corrects) if body.corrects else None

        def decide(case: Case, later: Sequence[Case], site: ProgrammeSite) -> Sequence[CaseEvent]:
            corrects = titles.wrong_one(said, body.field, named)
            return title.correct_title(
                case, body.correction(), corrects=corrects, later=later, site=site
            )

        return await about("correction", plaque, who, wish, body, response, decide)

    @router.post(
        "/titles/{plaque:path}/revocation", status_code=201, dependencies=by_right("revocation")
    )
    async def revoke(
        plaque: Plaque, who: Who, wish: Wish, body: RevocationBody, response: Response
    ) -> Written:
        """Take a title away; its number is never used again."""

        def decide(case: Case, later: Sequence[Case], site: ProgrammeSite) -> Sequence[CaseEvent]:
            return title.revoke_title(
                case,
                code=body.code,
                reason=body.reason,
                decided_by=who.officer,
                later=later,
                site=site,
            )

        return await about("revocation", plaque, who, wish, body, response, decide)

    return router


def _view(version: int, case: Case, later: Sequence[Case]) -> TitleView:
    held, opened = title.titled(case), case.opened
    if opened is None:
        raise Refused("case-unknown")
    follower = title.replaced_by(case, later)
    return TitleView(
        plaque_number=held.plaque_number,
        plaques=held.plaques,
        state=titles.state_of(case, follower is not None),
        title=held.title,
        awarded_on=held.awarded.awarded_on,
        valid_until_on=held.valid_until_on,
        township=opened.township,
        township_name=opened.township_name,
        office=opened.office,
        case_id=opened.case_id,
        version=version,
        award_id=held.awarded.award_id,
        replaces=held.awarded.replaces_title,
        replaced_by=follower.plaque_number if follower else None,
        revoked=held.revoked,
    )
