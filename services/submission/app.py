"""The submission service, wired here and nowhere else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI

from services.submission import api, dossier, erasures, practice_api, programmes, workbook_api
from services.submission.drafts import api as drafts_api
from services.submission.drafts.draft import Drafts
from services.submission.evidence import api as evidence_api
from services.submission.evidence import grants as evidence_grants
from services.submission.evidence.sweep import Sweep
from services.submission.reactions import HANDLERS
from services.submission.settings import SubmissionSettings
from shared.clock import clock_from
from shared.messaging.head_relay import HeadRelay
from shared.messaging.kafka import Kafka
from shared.messaging.reactions import Reactions
from shared.messaging.relay import Relay
from shared.settings import ServiceSettings
from shared.store.log import Duty, Log
from shared.store.pool import Pool
from shared.store.streams import Aggregate
from shared.store.tree_heads import TreeHeads
from shared.web import signing_keys
from shared.web.app import new_app
from shared.web.freshness import FRESH

LARGER_BODIES = {**evidence_api.LARGER_BODIES, **workbook_api.LARGER_BODIES}


def create_app(settings: SubmissionSettings) -> FastAPI:
    """Dossiers kept, published and answered for; programmes and cases followed."""
    log, tables = new_log(settings), Pool(settings.database, "fuyan-submission-tables", 4)
    kafka = Kafka.of(settings)
    signing = TreeHeads(log, settings.signing_key_file, settings.tree_head_seconds)
    duties: list[Duty] = [
        Relay(log, kafka, ("dossier",), settings.contracts_url),
        Reactions(log, kafka, HANDLERS),
        Sweep(log, tables, settings),
        signing,
        HeadRelay(log, kafka, signing, settings.contracts_url),
    ]

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        try:
            async with log.tenures(duties):
                yield
        finally:
            tables.close()

    app = new_app(
        "submission",
        settings,
        running,
        readiness=log.readiness,
        reached=log.reached,
        says=("dossier",),
        hears=("programme", "case"),
        larger_bodies=LARGER_BODIES,
    )
    app.include_router(routes(log, tables, settings), dependencies=FRESH)
    return app


def routes(log: Log, tables: Pool, settings: SubmissionSettings) -> APIRouter:
    """Everything under `/v1`; `tables` leads to what this service keeps beside its log."""
    router = APIRouter()
    drafts = Drafts(tables)
    router.include_router(workbook_api.routes(log, drafts))
    router.include_router(api.routes(log, drafts))
    router.include_router(drafts_api.routes(log, drafts))
    router.include_router(practice_api.routes(log))
    router.include_router(evidence_api.routes(log, tables, settings))
    router.include_router(erasures.routes(log))
    router.include_router(signing_keys.routes(log))
    return router


def new_log(settings: ServiceSettings) -> Log:
    """The log of dossiers, beside what is heard of programmes and of who is on a case's team."""
    return Log(
        settings.database,
        [
            Aggregate("dossier", dossier.Dossier(), dossier.evolve),
            Aggregate("programme", programmes.Programme(), programmes.evolve, heard=True),
            Aggregate("case", evidence_grants.Grants(), evidence_grants.evolve, heard=True),
        ],
        service="submission",
        installation=settings.installation,
        clock=clock_from(settings.clock, settings.demo),
        emit=settings.emitted,
    )
