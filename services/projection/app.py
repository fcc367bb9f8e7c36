"""The projection service, wired here and nowhere else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.projection import api
from services.projection.dashboard import page
from services.projection.first import first_view
from services.projection.follower import FOLLOWED_CONTEXTS
from services.projection.journal import Journal
from shared.clock import clock_from
from shared.messaging.kafka import Kafka
from shared.settings import ServiceSettings
from shared.web.app import new_app
from shared.web.freshness import FRESH


def create_app(settings: ServiceSettings) -> FastAPI:
    """Progress folded from what the others announce, asked over HTTP and shown on a page."""
    clock = clock_from(settings.clock, settings.demo)
    journal = Journal(settings.database, Kafka.of(settings), clock)

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        async with journal.running():
            yield

    app = new_app(
        "projection",
        settings,
        running,
        readiness=journal.readiness,
        reached=journal.reached,
        hears=FOLLOWED_CONTEXTS,
    )
    app.include_router(api.routes(journal), dependencies=FRESH)
    app.include_router(page.routes(first_view(journal)))
    return app
