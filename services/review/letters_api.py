"""Letters of recommendation over HTTP: sent, read, and taken home as a sealed package."""

import asyncio
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel

from services.review import packages
from services.review.access import by_right, of_bureaus, permit
from services.review.case import Case, Stage
from services.review.case_bodies import LetterBody
from services.review.letters import recommend
from services.review.place import AT_ONCE, Code, name_of
from services.review.programmes.programme import Programme
from services.review.programmes.standards import no_duplicates
from shared.clock import civil_day
from shared.contracts.blocks import Document, Title
from shared.contracts.refusals import Refused
from shared.store.log import Log
from shared.store.streams import Changes, Stream, Unavailable
from shared.web.auth import Principal, Who, roles
from shared.web.commands import Wish, Written, answer, created

LetterId = Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{1,60}$")]
READERS = ("officer", "leader", "city", "auditor")


class LetterWritten(Written):
    """The letter that was sent."""

    recommendation_id: str


class RecommendedCase(BaseModel):
    """One case of a letter; `returned` once the city has sent this letter's word on it back."""

    case_id: str
    township: str
    township_name: str
    proposed_title: Title
    district_total_cp: int
    stage: Stage
    returned: bool


class LetterView(BaseModel):
    """A letter to the city; `package_sha256` is the hash of its package's `manifest.json`."""

    recommendation_id: str
    sent_on: date
    to: str
    decided_by: str
    document: Document | None
    package_sha256: str
    cases: list[RecommendedCase]


class LetterViews(BaseModel):
    """A page of letters in the order of sending; `next` is the `after` of the following page."""

    recommendations: list[LetterView]
    next: int | None


def letters(log: Log) -> APIRouter:
    """The letters of a programme, for the two bureaus."""
    router = APIRouter(prefix="/v1/programmes/{programme}/recommendations", tags=["city"])

    async def may_read(who: Principal, programme: str) -> None:
        """The district, the city, and auditors."""
        state: Programme
        _, state = await log.state(Stream("programme", programme))
        of_bureaus(who, state, programme)

    async def view(sent: packages.Sent) -> LetterView:
        first = sent.first
        states: list[tuple[int, Case]] = await asyncio.gather(
            *(log.state(Stream("case", one.case_id)) for one in sent.events)
        )
        return LetterView(
            recommendation_id=first.recommendation_id,
            sent_on=first.effective_on,
            to=first.to,
            decided_by=first.decided_by,
            document=first.document,
            package_sha256=first.package_sha256,
            cases=[
                RecommendedCase(
                    case_id=one.case_id,
                    township=one.township,
                    township_name=one.township_name,
                    proposed_title=one.proposed_title,
                    district_total_cp=one.district_total_cp,
                    stage=case.stage,
                    returned=case.recommended is None
                    or case.recommended.recommendation_id != one.recommendation_id,
                )
                for one, (_, case) in zip(sent.events, states, strict=True)
            ],
        )

    @router.post("", status_code=201, dependencies=by_right("recommendations"))
    async def send(
        programme: Code, who: Who, wish: Wish, body: LetterBody, response: Response
    ) -> LetterWritten:
        """Recommend several cases in one letter: all, or none."""
        recommendation_id, site = name_of(wish), body.site(programme, civil_day(log.clock()))
        streams = case_streams(programme, body.cases)
        enclosed = await packages.enclosures(log, body.cases)

        def decide(*states: Any) -> Changes:
            *cases, state = states
            permit("recommendations", who, state, programme)
            events = recommend(
                cases,
                state,
                recommendation_id=recommendation_id,
                decided_by=who.officer,
                enclosed=enclosed,
                site=site,
            )
            if not all(enclosed.values()):  # the district has passed one since we looked
                raise Unavailable("not-yet-known", heard=", ".join(body.cases))
            return Changes(dict(zip(streams, events, strict=True)))

        written = await log.decide_many(wish, (*streams, Stream("programme", programme)), decide)
        said = LetterWritten(**answer(written).model_dump(), recommendation_id=recommendation_id)
        created(response, f"/v1/programmes/{programme}/recommendations/{recommendation_id}", said)
        return said

    @router.get("", dependencies=roles(*READERS))
    async def listed(
        programme: Code,
        who: Who,
        after: Annotated[int, Query(ge=0, le=2**62)] = 0,
        limit: Annotated[int, Query(ge=1, le=AT_ONCE)] = AT_ONCE,
    ) -> LetterViews:
        """The letters to the city, and where each case of them stands."""
        await may_read(who, programme)
        found = await packages.letters(log, programme, after=after, limit=limit)
        return LetterViews(
            recommendations=[await view(sent) for _, sent in found],
            next=found[-1][0] if len(found) == limit else None,
        )

    @router.get("/{recommendation_id}", dependencies=roles(*READERS))
    async def letter(programme: Code, recommendation_id: LetterId, who: Who) -> LetterView:
        """One letter to the city."""
        await may_read(who, programme)
        return await view(await packages.letter(log, programme, recommendation_id))

    @router.get(
        "/{recommendation_id}/package",
        dependencies=roles(*READERS),
        response_class=Response,
        responses={200: {"content": {"application/zip": {}}, "description": "The sealed package"}},
    )
    async def package(programme: Code, recommendation_id: LetterId, who: Who) -> Response:
        """The sealed package of a letter: `manifest.json` names every file of it by its hash.

        The SHA-256 of the manifest's bytes is the `package_sha256` that the events carry, and the
        events of the case carry the very bytes of the other files: to check it takes no word of
        ours. The same letter is the same zip whenever it is asked for.
        """
        await may_read(who, programme)
        sent = await packages.letter(log, programme, recommendation_id)
        files = await packages.contents(log, sent)
        content = await asyncio.to_thread(packages.zipped, files)
        return Response(
            content,
            media_type="application/zip",
            headers={
                "ETag": f'"{sent.first.package_sha256}"',
                "Content-Disposition": f'attachment; filename="{recommendation_id}.zip"',
            },
        )

    return router


def case_streams(programme: str, case_ids: Sequence[str]) -> list[Stream]:
    """The streams of cases that one act is about.

    Raises Refused: `cases-missing`, `duplicate-code`, `case-unknown` for another programme's.
    """
    no_duplicates("case", case_ids)
    if not case_ids:
        raise Refused("cases-missing")
    for case_id in case_ids:
        if not case_id.startswith(f"{programme}/"):
            raise Refused("case-unknown")
    return [Stream("case", case_id) for case_id in case_ids]
