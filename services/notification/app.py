"""The notification service, wired here and nowhere else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.notification import api, contracts, feed, notice, programmes
from services.notification.notice import Inbox
from services.notification.programmes import Programme
from services.notification.reactions import FOLLOWED, Roll, handlers
from shared.clock import clock_from
from shared.messaging.kafka import Kafka
from shared.messaging.reactions import Reactions
from shared.messaging.relay import Relay
from shared.settings import ServiceSettings
from shared.store.log import Duty, Log
from shared.store.streams import Aggregate
from shared.web.app import new_app


def create_app(settings: ServiceSettings) -> FastAPI:
    """Inboxes kept, announced and read; everything else followed, so that somebody hears of it."""
    log = new_log(settings)
    kafka, roll = Kafka.of(settings), Roll()
    duties: list[Duty] = [
        roll,
        Relay(log, kafka, ["notice"], settings.contracts_url),
        Reactions(log, kafka, handlers(log, roll)),
    ]

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        async with log.tenures(duties):  # they run while this process holds the lease, only then
            yield

    app = new_app("notification", settings, running, readiness=log.readiness)
    app.include_router(api.routes(log))
    app.include_router(contracts.routes())
    app.include_router(feed.routes(log, settings.contracts_url))
    return app


def new_log(settings: ServiceSettings) -> Log:
    """The log of notices, beside what is heard of everything else."""
    return Log(
        settings.database,
        [
            Aggregate("notice", Inbox(), notice.evolve),
            Aggregate("programme", Programme(), programmes.evolve, heard=True),
        ],
        service="notification",
        installation=settings.installation,
        clock=clock_from(settings.clock, settings.demo),
        retain=FOLLOWED,
    )
