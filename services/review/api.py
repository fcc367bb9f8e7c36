"""The review service over HTTP: its parts together, and reading cases."""

from fastapi import APIRouter, Response

from services.review import erasures
from services.review.access import audited
from services.review.allowed import allowed
from services.review.case import pinned
from services.review.cases_api import CASE, district_acts
from services.review.city_api import city_acts
from services.review.comparison import Difference, differences, may_compare
from services.review.directory import Directory, officers
from services.review.letters_api import letters
from services.review.parts_api import parts
from services.review.place import Here
from services.review.programmes.api import programmes
from services.review.reading import WantedCases, page, scene
from services.review.review_changes import Changes, changes
from services.review.rewards_api import rewards
from services.review.titles_api import awards_and_titles
from services.review.views import CaseRows, CaseView, SheetRow, case_view, sheet
from services.review.workbook_api import workbooks
from shared.contracts.case import MarksRecorded
from shared.store.log import Log
from shared.web import signing_keys
from shared.web.auth import Who, roles
from shared.web.spreadsheets import ALSO_TABLE, ALSO_XLSX

READERS = ("officer", "leader", "member", "city", "clerk", "head", "gov", "auditor")
MARKERS = ("member", "auditor")


def routes(log: Log, directory: Directory) -> APIRouter:
    """Everything under `/v1`."""
    router = APIRouter()
    router.include_router(programmes(log))
    router.include_router(workbooks(log, directory))
    router.include_router(readings(log))
    router.include_router(parts(log, READERS))
    router.include_router(district_acts(log, directory))
    router.include_router(letters(log))
    router.include_router(city_acts(log))
    router.include_router(awards_and_titles(log))
    router.include_router(rewards(log))
    router.include_router(officers(log, directory))
    router.include_router(erasures.routes(log))
    router.include_router(signing_keys.routes(log))
    return router


def readings(log: Log) -> APIRouter:
    """Lists, one case, its changes and sheets, its marks and where they differ."""
    router = APIRouter(prefix="/v1/cases", tags=["cases"])

    @router.get(
        "", dependencies=roles("officer", "leader", "city", "auditor"), responses=ALSO_TABLE
    )
    async def cases(who: Who, asked: WantedCases) -> CaseRows:
        """The cases of a programme by id; a page filtered by `status` may hold fewer."""
        return await page(log, who, asked)

    @router.get(CASE, dependencies=roles(*READERS))
    async def case(here: Here, response: Response) -> CaseView:
        """The case, its three marks of each item side by side, and what may be done next.

        The `ETag` is the version of its stream, for `If-Match`; there is no 304, since `allowed`
        depends on who asks and on the day.
        """
        version, found = await scene(log, here)
        response.headers["ETag"] = f'"{version}"'
        return case_view(found, pinned(found.case, found.programme), allowed(found))

    @router.get(f"{CASE}/changes", dependencies=roles(*READERS))
    async def changed(here: Here) -> Changes:
        """Item by item, what was asked in the round before and what has changed since."""
        _, found = await scene(log, here)
        return changes(found, pinned(found.case, found.programme))

    @router.get(f"{CASE}/marking-sheet", dependencies=roles(*MARKERS), responses=ALSO_XLSX)
    async def marking_sheet(here: Here) -> list[SheetRow]:
        """What the one who asks has to mark; in a later round what has changed comes first."""
        _, found = await scene(log, here)
        return sheet(found, pinned(found.case, found.programme))

    @router.get(f"{CASE}/marks", dependencies=roles(*MARKERS))
    async def marks(here: Here) -> list[MarksRecorded]:
        """One's own markings that count, and everybody's for auditors.

        Another's are seen in the table of differences.
        """
        _, found = await scene(log, here)
        own, audits = here.principal.officer, audited(here.principal, found.case)
        kept = {
            marking.version: marking.event
            for (officer, _), marking in found.case.markings.items()
            if audits or officer == own
        }
        return [kept[version] for version in sorted(kept)]

    @router.get(
        f"{CASE}/differences",
        dependencies=roles(*MARKERS),
        responses={409: {"description": "Marks of one's own are missing yet"}},
    )
    async def table(here: Here) -> list[Difference]:
        """Where the marks differ; for the team's leader, who has marked: everybody marks alone."""
        _, found = await scene(log, here)
        may_compare(found.case, here.principal)
        return differences(found, pinned(found.case, found.programme))

    return router
