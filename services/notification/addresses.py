"""Where an organisation takes its mail: a private table, and the only place that holds it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import Field

from services.notification.api import RECIPIENTS
from shared.contracts.refusals import Refused
from shared.store.log import Log
from shared.store.pool import Pool
from shared.web.auth import Principal, allow, own_office
from shared.web.bodies import Body, Code

Recipient = Annotated[Principal, Depends(allow(*RECIPIENTS))]
Organisation = Annotated[Code, Path()]

# One mailbox as mail servers take it, and no way to smuggle a header in.
_MAILBOX = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+$"


class AddressBody(Body):
    """The mailbox that an organisation wants its notices sent to."""

    address: Annotated[str, Field(max_length=254, pattern=_MAILBOX)]


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox; nothing that happened before `since` is ever sent to it."""

    organisation: str
    address: str
    since: datetime


class Addresses:
    """The table."""

    def __init__(self, tables: Pool) -> None:
        self._tables = tables

    async def all(self) -> Mapping[str, Address]:
        """By organisation."""
        async with self._tables.connection() as connection:
            rows = await connection.fetch("SELECT organisation, address, since FROM address")
        return {row[0]: Address(*row) for row in rows}

    async def of(self, organisation: str) -> Address:
        """Refused: `no-address`."""
        found = (await self.all()).get(organisation)
        if found is None:
            raise Refused("no-address", organisation=organisation)
        return found

    async def put(self, organisation: str, address: str, actor: str, at: datetime) -> None:
        """The same mailbox again keeps its day."""
        async with self._tables.connection() as connection:
            await connection.execute(
                "INSERT INTO address AS a (organisation, address, since, entered_by)"
                " VALUES ($1, $2, $3, $4) ON CONFLICT (organisation) DO UPDATE"
                " SET address = $2, since = $3, entered_by = $4 WHERE a.address <> $2",
                *(organisation, address, at, actor),
            )

    async def remove(self, organisation: str) -> None:
        """What still waits for it is given up."""
        async with self._tables.connection() as connection:
            await connection.execute("DELETE FROM address WHERE organisation = $1", organisation)


def routes(log: Log, addresses: Addresses) -> APIRouter:
    router = APIRouter(prefix="/v1/addresses", tags=["notices"])

    @router.get("/{organisation}")
    async def read(who: Recipient, organisation: Organisation) -> Address:
        """One's own organisation's mailbox."""
        own_office(who, organisation)
        return await addresses.of(organisation)

    @router.put("/{organisation}")
    async def write(who: Recipient, organisation: Organisation, body: AddressBody) -> Address:
        """From now on notices are sent there too; the inbox keeps them all."""
        own_office(who, organisation)
        await addresses.put(organisation, body.address, who.actor, log.clock())
        return await addresses.of(organisation)

    @router.delete("/{organisation}", status_code=204)
    async def remove(who: Recipient, organisation: Organisation) -> None:
        """No mail any more; the inbox goes on."""
        own_office(who, organisation)
        await addresses.remove(organisation)

    return router
