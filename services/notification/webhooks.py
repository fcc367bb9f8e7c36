"""Sending what was subscribed to, signed as Standard Webhooks asks, at least once."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

import httpx
import orjson
import structlog
from standardwebhooks.webhooks import Webhook

from services.notification.feed import page
from services.notification.subscriptions import Delivery, Subscription, Subscriptions
from services.notification.targets import target
from shared.contracts.refusals import Refused
from shared.events.envelope import Record
from shared.events.structured import structured
from shared.store.log import Log, Tenure
from shared.store.schema import COLUMNS
from shared.store.streams import Unavailable

logger = structlog.get_logger(__name__)

AT_ONCE = 200
TIMEOUT_S = 10
PAUSE_S = 1.0
MEDIA_TYPE = "application/cloudevents+json"
_LIST = ", ".join(COLUMNS)
_EVENT = " UNION ALL ".join(
    f"SELECT {_LIST} FROM {table} WHERE context = $1 AND subject = $2 AND version = $3"  # noqa: S608
    for table in ("heard", "log")
)


class Webhooks:
    """A duty: queue what came since, send what is due. Only the writer's process does either.

    Attempts go by the machine's own clock, not the service's: they are about the world outside.
    """

    def __init__(
        self,
        log: Log,
        subscriptions: Subscriptions,
        *,
        contracts_url: str,
        private: bool,
        client: httpx.AsyncClient | None = None,
    ) -> None:
        self._log, self._subscriptions = log, subscriptions
        self._contracts_url, self._private = contracts_url, private
        self._client = client
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """There is something to send: do not wait for the next look."""
        self._wake.set()

    async def before(self, tenure: Tenure) -> None:
        """Nothing to look at: what is owed is in the tables."""

    async def run(self, tenure: Tenure) -> None:
        """Until cancelled. Each receiver is served by itself: one that hangs delays no other."""
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
        async with (
            self._client
            or httpx.AsyncClient(
                timeout=TIMEOUT_S, limits=limits, follow_redirects=False, trust_env=False
            ) as client,
            asyncio.TaskGroup() as group,
        ):
            serving: dict[UUID, asyncio.Task[None]] = {}
            while True:
                self._wake.clear()
                try:
                    busy = await self._queue()
                    owed = await self._subscriptions.owed(_now())
                    for id_ in [id_ for id_, task in serving.items() if task.done()]:
                        del serving[id_]
                    for one in await self._subscriptions.running():
                        if one.id in owed and one.id not in serving:
                            serving[one.id] = group.create_task(self._serve(client, one))
                except Unavailable as error:
                    self._log.degraded["webhooks"] = f"waits: {error.code}"
                    busy = False
                else:
                    self._log.degraded.pop("webhooks", None)
                if not busy:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._wake.wait(), PAUSE_S)

    async def _queue(self) -> bool:
        """Owe each what came since; whether there is more at once."""
        more = False
        for one in await self._subscriptions.running():
            records, cursor, left = await page(self._log, one.cursor, one.wanted, AT_ONCE)
            if cursor != one.cursor:
                await self._subscriptions.queue(one, records, cursor, at=_now())
            more = more or left
        return more

    async def _serve(self, client: httpx.AsyncClient, one: Subscription) -> None:
        """One after the other, asked anew each time: it may be ended by then."""
        with suppress(Unavailable):  # the next round meets it too, and says so
            while (delivery := await self._subscriptions.due(one.id, _now())) is not None:
                status, error = await self._attempt(client, one, delivery)
                await self._subscriptions.done(delivery, at=_now(), status=status, error=error)
                if status == httpx.codes.GONE:
                    await self._subscriptions.end(one.id, at=_now(), because="receiver-gone")
                elif error is not None:
                    # It is away: what waits behind this one comes with the next round, not in
                    # vain now.
                    await logger.awarning("webhook failed", subscription=str(one.id), error=error)
                    return

    async def _attempt(
        self, client: httpx.AsyncClient, one: Subscription, delivery: Delivery
    ) -> tuple[int | None, str | None]:
        body = await self._body(delivery)
        if body is None:
            return None, "event-gone"
        now = _now()
        signature = Webhook(one.secret).sign(str(delivery.id), now, body.decode())
        try:
            # The client's own limit is for each piece, and would let headers trickle for ever.
            async with asyncio.timeout(TIMEOUT_S):
                where = await target(one.url, private=self._private)
                async with client.stream(
                    "POST",
                    where.url,
                    content=body,
                    headers={
                        **where.headers,
                        "Content-Type": MEDIA_TYPE,
                        "webhook-id": str(delivery.id),
                        "webhook-timestamp": str(int(now.timestamp())),
                        "webhook-signature": signature,
                    },
                    extensions={"sni_hostname": where.host},
                ) as answer:
                    status = answer.status_code  # its body is nobody's business, maybe endless
        except Refused as refused:
            return None, refused.code
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
            return None, type(error).__name__
        return status, None if answer.is_success else f"http-{status}"

    async def _body(self, delivery: Delivery) -> bytes | None:
        if delivery.context is None:
            return orjson.dumps(
                {
                    "specversion": "1.0",
                    "id": str(delivery.id),
                    "source": f"/fuyan/{self._log.installation}/notice",
                    "type": "fuyan.test.v1",
                    "subject": str(delivery.subscription),
                    "datacontenttype": "application/json",
                    "data": {"text": "测试 · a test of this subscription"},
                }
            )
        rows = await self._log.rows(_EVENT, delivery.context, delivery.subject, delivery.version)
        if not rows:
            return None
        event = structured(Record(*rows[0]), self._log.installation, self._contracts_url)
        return orjson.dumps(event)


def _now() -> datetime:
    return datetime.now(UTC)
