"""The organisations of a programme over HTTP: dated names, and who follows whom."""

from fastapi import APIRouter, Response

from services.review.bodies import NameBody, drafted
from services.review.place import Code
from services.review.programmes.allowed import ACTS
from services.review.programmes.organisations import Naming, rename_organisation
from services.review.programmes.place import AsOf, Came, read, record
from services.review.programmes.views import (
    OrganisationView,
    organisation_view,
    organisation_views,
)
from shared.clock import civil_day
from shared.store.log import Log
from shared.web.auth import ROLES, roles
from shared.web.commands import Written


def organisation_routes(log: Log) -> APIRouter:
    """Organisations as they are read and named."""
    router = APIRouter()

    @router.get("/{programme}/organisations", dependencies=roles(*ROLES))
    async def organisations(
        programme: Code, response: Response, as_of: AsOf = None
    ) -> list[OrganisationView]:
        """District, city, offices and governments, with the names of a day, or of today."""
        version, state = await read(log, programme)
        response.headers["ETag"] = f'"{version}"'
        return organisation_views(state, as_of or civil_day(log.clock()))

    @router.get("/{programme}/organisations/{organisation}", dependencies=roles(*ROLES))
    async def organisation(
        programme: Code, organisation: Code, response: Response, as_of: AsOf = None
    ) -> OrganisationView:
        """One organisation."""
        version, state = await read(log, programme)
        response.headers["ETag"] = f'"{version}"'
        return organisation_view(state, organisation, as_of or civil_day(log.clock()))

    @router.post(
        "/{programme}/organisations/{organisation}/names",
        status_code=201,
        dependencies=roles(*ACTS["names"]),
    )
    async def name(came: Came, organisation: Code, body: NameBody) -> Written:
        """Enter the name that an organisation bears from a day on, or who takes another's place."""
        naming = drafted(body, Naming)
        return await record(
            log,
            came,
            body,
            lambda state, site: rename_organisation(state, organisation, naming, site=site),
            made=f"organisations/{organisation}",
        )

    return router
