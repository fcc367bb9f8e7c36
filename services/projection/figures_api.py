"""Figures that are quoted and worked out again: with their cut and digest, by year and by month."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response

from services.projection import said
from services.projection.annual import annual_rows
from services.projection.answering import Code, answer, head
from services.projection.figures import RULES, digest, figures, rules_in_force
from services.projection.models.rows import Rows
from services.projection.monthly import month_of, monthly
from services.projection.picture import picture
from services.projection.reading import Asked, Readings, Seen
from shared.contracts.programme import AnnualAssessmentIssued, RulesRef
from shared.contracts.refusals import Refused
from shared.web.auth import Who, roles

# A page is folded in milliseconds, so a cut that is whole comes soon.
LOOKS, LOOK_S = 50, 0.1

ISSUED = ("fuyan.programme.annual-assessment-issued.v1",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """Figures with what they were made from."""

    seen: Seen
    figures: dict[str, Any]
    rules: Sequence[RulesRef]
    cut: Sequence[dict[str, str | int]]

    @property
    def digest(self) -> str:
        return digest(self.figures)


def routes(readings: Readings) -> APIRouter:
    """Who else may read is for the router that takes it in to say."""
    router = APIRouter()
    asking = Annotated[Asked, Depends()]

    @router.get("/figures/{programme}")
    async def quoted(programme: Code, request: Request, asked: asking) -> Response:
        """All figures of a day, how far the topics had been read, and the digest of the figures.

        Asked again with the `as_of_on` and `known_at` in them they have the same digest: SHA-256
        of `figures` as JSON with sorted keys and no spaces in UTF-8. Nobody's key signs them.
        """
        found = await _quote(readings, programme, asked)
        body = head(found.seen) | {
            "figures": found.figures,
            "digest": found.digest,
            "cut": found.cut,
            "rules": found.rules,
        }
        return answer(request, body, found.seen.position)

    @router.get("/annual/{programme}/{year}", dependencies=roles("officer", "leader", "auditor"))
    async def annual(
        programme: Code,
        year: Annotated[int, Path(ge=1900, lt=2900)],
        request: Request,
        who: Who,
        asked: asking,
    ) -> Response:
        """The year's sheet to be looked through and signed; by default as of the year's last day.

        `draft` is what review's `annual-assessments` takes; a sheet signed before is named in it.
        """
        on, today = readings.day(asked)
        on = asked.as_of or min(date(year, 12, 31), today)
        if on.year < year:
            raise Refused("assessment-before-year", as_of_on=on, year=str(year))
        found = await _quote(readings, programme, replace(asked, as_of=on))
        await said.overseen_by(readings.journal, found.seen, who)
        now = replace(found.seen, picture=replace(found.seen.picture, on=today))
        issued = await said.told(readings.journal, now, ISSUED, asked.known_at)
        sheets = [
            one.event
            for one in issued
            if isinstance(one.event, AnnualAssessmentIssued) and one.event.year == year
        ]
        body = head(found.seen) | {
            "draft": {
                "year": year,
                "figures_digest": found.digest,
                "as_of_on": on,
                "known_at": found.figures["known_at"],
                "cut": found.cut,
                "rules": [{"kind": one.kind, "version": one.version} for one in found.rules],
                "rows": annual_rows(found.seen.picture),
                "replaces_digest": sheets[-1].figures_digest if sheets else None,
            },
            "names": {one.code: one.name for one in found.seen.picture.townships},
        }
        return answer(request, body, found.seen.position)

    @router.get("/monthly/{programme}")
    async def month(
        programme: Code,
        request: Request,
        asked: asking,
        month: Annotated[
            str | None,
            Query(pattern=r"^(19|2[0-8])\d\d-(0[1-9]|1[0-2])$", description="By default this one"),
        ] = None,
    ) -> Response:
        """A month's numbers beside those of the month before, so far or at its end."""
        on, _ = readings.day(asked)
        first, last = month_of(date.fromisoformat(f"{month}-01") if month else on)
        readings.day(replace(asked, as_of=first))
        seen = await readings.see(programme, replace(asked, as_of=min(on, last)))
        end = first - timedelta(days=1)
        opened = seen.picture.programme.opened
        if opened and opened[0].on <= end:
            before = (await readings.see(programme, replace(asked, as_of=end))).picture
        else:
            before = picture(Rows(), end, readings.journal.clock())
        body = head(seen) | {
            "month": f"{first:%Y-%m}",
            "before_on": end,
            **monthly(seen.picture, before),
        }
        return answer(request, body, seen.position)

    return router


async def _quote(readings: Readings, programme: str, asked: Asked) -> Quoted:
    """The figures, once as much is folded as was read; Refused("not-yet-visible") if never."""
    for _ in range(LOOKS):
        seen = await readings.see(programme, asked)
        async with readings.journal.snapshot() as models:
            cut = await said.cut(models.connection, seen.position)
        if cut is not None:
            break
        await asyncio.sleep(LOOK_S)
    else:
        raise Refused("not-yet-visible", at_least=programme, retry_after_s=1)
    known_at = asked.known_at or seen.picture.recorded_at or readings.journal.clock()
    published = await said.told(readings.journal, seen, RULES, asked.known_at)
    rules = rules_in_force(published, seen.picture.on)
    return Quoted(seen=seen, figures=figures(seen.picture, rules, known_at), rules=rules, cut=cut)
