"""The notification service, wired here and nowhere else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.notification import (
    api,
    bulletin_api,
    contracts,
    erasures,
    feed,
    notice,
    programmes,
    subscriptions_api,
)
from services.notification.addresses import Addresses
from services.notification.addresses import routes as addresses_routes
from services.notification.bulletin_drafts import Bulletins
from services.notification.looking import Looking
from services.notification.mails import Mails
from services.notification.notice import Inbox
from services.notification.programmes import Programme
from services.notification.reactions import FOLLOWED, Roll, handlers
from services.notification.settings import NotificationSettings
from services.notification.subscriptions import Subscriptions
from services.notification.webhooks import Webhooks
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


def create_app(settings: NotificationSettings) -> FastAPI:
    """Inboxes kept, announced and read; everything else followed, so that somebody hears of it."""
    log, tables = new_log(settings), Pool(settings.database, "fuyan-notification-tables", 4)
    kafka, roll, subscriptions = Kafka.of(settings), Roll(), Subscriptions(tables)
    webhooks = Webhooks(
        log,
        subscriptions,
        contracts_url=settings.contracts_url,
        private=settings.webhook_private,
    )
    looking = Looking(log, roll, lambda: reactions.all_read)
    reactions = Reactions(log, kafka, handlers(log, roll, looking.hear))
    signing = TreeHeads(log, settings.signing_key_file, settings.tree_head_seconds)
    duties: list[Duty] = [
        roll,
        looking,
        Relay(log, kafka, ["notice"], settings.contracts_url),
        reactions,
        webhooks,
        signing,
        HeadRelay(log, kafka, signing, settings.contracts_url),
    ]
    addresses = Addresses(tables)
    if (server := settings.mail_server()) is not None:
        duties.append(Mails(log, tables, addresses, server))

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        try:
            async with log.tenures(duties):  # they run only while this process holds the lease
                yield
        finally:
            tables.close()

    app = new_app(
        "notification",
        settings,
        running,
        readiness=log.readiness,
        reached=log.reached,
        says=("notice",),
        hears=FOLLOWED,
    )
    app.include_router(contracts.routes())
    app.include_router(signing_keys.routes(log))
    for state in (
        api.routes(log),
        addresses_routes(log, addresses),
        bulletin_api.routes(log, Bulletins(tables)),
        erasures.routes(log),
        feed.routes(log, settings.contracts_url),
        subscriptions_api.routes(
            log, subscriptions, private=settings.webhook_private, wake=webhooks.wake
        ),
    ):
        app.include_router(state, dependencies=FRESH)
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
        emit=settings.emitted,
        retain=FOLLOWED,
    )
