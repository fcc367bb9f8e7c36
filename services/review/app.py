"""The review service, wired here and nowhere else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.review import api, applications, case
from services.review.directory import Directory
from services.review.programmes import programme
from services.review.reactions import HANDLERS
from shared.clock import clock_from
from shared.messaging.head_relay import HeadRelay
from shared.messaging.kafka import Kafka
from shared.messaging.reactions import Reactions
from shared.messaging.relay import Relay
from shared.settings import ServiceSettings
from shared.store.log import Duty, Log
from shared.store.streams import Aggregate
from shared.store.tree_heads import TreeHeads
from shared.web.app import new_app
from shared.web.freshness import FRESH


def create_app(settings: ServiceSettings) -> FastAPI:
    """Programmes and cases kept, published and answered for; dossiers followed."""
    log, directory, kafka = new_log(settings), Directory(settings.database), Kafka.of(settings)
    signing = TreeHeads(log, settings.signing_key_file, settings.tree_head_seconds)
    duties: list[Duty] = [
        Relay(log, kafka, ("programme", "case"), settings.contracts_url),
        Reactions(log, kafka, HANDLERS),
        signing,
        HeadRelay(log, kafka, signing, settings.contracts_url),
    ]

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        try:
            async with log.tenures(duties):
                yield
        finally:
            await directory.close()

    app = new_app(
        "review",
        settings,
        running,
        readiness=log.readiness,
        reached=log.reached,
        says=("programme", "case"),
        hears=("dossier",),
    )
    app.include_router(api.routes(log, directory), dependencies=FRESH)
    return app


def new_log(settings: ServiceSettings) -> Log:
    """The log of programmes and cases, beside the applications heard from dossiers."""
    return Log(
        settings.database,
        [
            Aggregate("programme", programme.Programme(), programme.evolve),
            Aggregate("case", case.Case(), case.evolve, passed_over=case.passed_over),
            Aggregate("dossier", applications.Applications(), applications.evolve, heard=True),
        ],
        service="review",
        installation=settings.installation,
        clock=clock_from(settings.clock, settings.demo),
        emit=settings.emitted,
    )
