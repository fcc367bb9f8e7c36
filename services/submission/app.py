"""The submission service, wired here and nowhere else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.submission import api, dossier, programmes
from services.submission.reactions import HANDLERS
from shared.clock import clock_from
from shared.messaging.kafka import Kafka
from shared.messaging.reactions import Reactions
from shared.messaging.relay import Relay
from shared.settings import ServiceSettings
from shared.store.log import Duty, Log
from shared.store.streams import Aggregate
from shared.web.app import new_app


def create_app(settings: ServiceSettings) -> FastAPI:
    """Dossiers kept, published and answered for; programmes and cases followed."""
    log = new_log(settings)
    kafka = Kafka.of(settings)
    duties: list[Duty] = [
        Relay(log, kafka, ("dossier",), settings.contracts_url),
        Reactions(log, kafka, HANDLERS),
    ]

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        async with log.tenures(duties):
            yield

    app = new_app("submission", settings, running, readiness=log.readiness)
    app.include_router(api.routes(log))
    return app


def new_log(settings: ServiceSettings) -> Log:
    """The log of dossiers, beside what is heard of programmes."""
    return Log(
        settings.database,
        [
            Aggregate("dossier", dossier.Dossier(), dossier.evolve),
            Aggregate("programme", programmes.Programme(), programmes.evolve, heard=True),
        ],
        service="submission",
        installation=settings.installation,
        clock=clock_from(settings.clock, settings.demo),
    )
