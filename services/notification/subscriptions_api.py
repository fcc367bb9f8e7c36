"""Webhooks over HTTP: subscribe, test, replay, look at what failed and send it again."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID, uuid5

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, Field

from services.notification.feed import Cursor, Wanted, known_types, recorded_from
from services.notification.subscriptions import State, Subscription, Subscriptions
from services.notification.targets import check_url
from shared.contracts.refusals import Refused
from shared.store.log import Log
from shared.web.auth import Principal, allow
from shared.web.bodies import Body, Code, Day
from shared.web.commands import Wish

AT_ONCE = 200

# Names what a command makes, so that the same key always names the same thing.
_MADE_BY = UUID("52f60a0e-8c1f-5d3b-a1c8-0f7f4f2a9b64")

Owner = Annotated[Principal, Depends(allow("integrator"))]
Reader = Annotated[Principal, Depends(allow("integrator", "auditor"))]


class SubscriptionBody(Body):
    """Where to send which events: none of `types` named means all; of a programme, or a township.

    Without `from_on` only what comes from now on.
    """

    url: Annotated[str, Field(min_length=8, max_length=2000, pattern=r"^https?://[!-~]+$")]
    types: Annotated[tuple[str, ...], Field(max_length=50)] = ()
    programme: Code | None = None
    township: Code | None = None
    from_on: Day | None = None


class ReplayBody(Body):
    """From which day of recording on everything is sent once more."""

    from_on: Day


class SubscriptionView(BaseModel):
    """A subscription; `next` is the place in the feed up to which it was queued."""

    id: UUID
    organisation: str
    url: str
    types: tuple[str, ...]
    place: str | None
    next: str
    created_at: datetime
    created_by: str
    ended_at: datetime | None
    ended_because: str | None


class SubscriptionMade(SubscriptionView):
    """The same, with the secret that signs: it is shown this once."""

    secret: str


class DeliveryView(BaseModel):
    """One event on its way to one receiver; no `event` means the test."""

    id: UUID
    number: int
    event: str | None
    state: State
    attempts: int
    due_at: datetime
    status: int | None
    error: str | None
    done_at: datetime | None


class DeliveryRows(BaseModel):
    """A page by number; `next` is the `after` of the following page."""

    deliveries: list[DeliveryView]
    next: int | None


class TestMade(BaseModel):
    """The delivery that carries the test."""

    delivery: UUID


def routes(
    log: Log, subscriptions: Subscriptions, *, private: bool, wake: Callable[[], None]
) -> APIRouter:
    """Webhooks: who subscribes to what, what became of each delivery, and replays."""
    router = APIRouter(prefix="/v1/subscriptions", tags=["webhooks"])

    @router.get("")
    async def several(who: Reader) -> list[SubscriptionView]:
        """One's own subscriptions, ended ones too; an auditor sees all."""
        return [SubscriptionView(**_shown(one)) for one in await subscriptions.of(_whose(who))]

    @router.post("", status_code=201)
    async def subscribe(
        who: Owner, wish: Wish, body: SubscriptionBody, response: Response
    ) -> SubscriptionMade:
        """Subscribe. Each event comes as CloudEvents JSON, signed by Standard Webhooks.

        At least once, per stream mostly in order: (`subject`, `streamversion`) tells. Answer 2xx
        within ten seconds; otherwise it is tried seven times within half a day, then it is dead
        until you ask for it. 410 ends the subscription.
        """
        check_url(body.url, private=private)
        if body.township is not None and body.programme is None:
            raise Refused("township-without-programme", township=body.township)
        place = body.programme if body.township is None else f"{body.programme}/{body.township}"
        wanted = Wanted(known_types(body.types), place)
        cursor = await _end(log) if body.from_on is None else await recorded_from(log, body.from_on)
        made = await subscriptions.begin(
            uuid5(_MADE_BY, wish.key),
            who.organisation,
            body.url,
            wanted,
            cursor,
            by=who.actor,
            at=_now(),
        )
        wake()
        response.headers["Location"] = f"/v1/subscriptions/{made.id}"
        return SubscriptionMade(**_shown(made), secret=made.secret)

    @router.get("/{subscription}")
    async def one(who: Reader, subscription: UUID) -> SubscriptionView:
        """One subscription."""
        return SubscriptionView(**_shown(await subscriptions.known(subscription, _whose(who))))

    @router.delete("/{subscription}", status_code=204)
    async def end(who: Owner, subscription: UUID) -> None:
        """End it; again changes nothing."""
        known = await subscriptions.known(subscription, who.organisation)
        await subscriptions.end(known.id, at=_now(), because="ended-by-owner")

    @router.post("/{subscription}/tests", status_code=201)
    async def test(who: Owner, wish: Wish, subscription: UUID, response: Response) -> TestMade:
        """Send a signed test event."""
        known = await _running(subscriptions, subscription, who)
        made = uuid5(_MADE_BY, wish.key)
        await subscriptions.test(known, made, at=_now())
        wake()
        response.headers["Location"] = f"/v1/subscriptions/{known.id}/deliveries"
        return TestMade(delivery=made)

    @router.post("/{subscription}/replays", status_code=201)
    async def replay(
        who: Owner, _: Wish, subscription: UUID, body: ReplayBody, response: Response
    ) -> SubscriptionView:
        """Send everything again that was recorded from a day on."""
        known = await _running(subscriptions, subscription, who)
        await subscriptions.replay(known, await recorded_from(log, body.from_on))
        wake()
        response.headers["Location"] = f"/v1/subscriptions/{known.id}"
        return SubscriptionView(**_shown(await subscriptions.known(known.id, who.organisation)))

    @router.get("/{subscription}/deliveries")
    async def deliveries(
        who: Reader,
        subscription: UUID,
        state: State | None = None,
        after: Annotated[int, Query(ge=0, lt=2**63)] = 0,
        limit: Annotated[int, Query(ge=1, le=AT_ONCE)] = 100,
    ) -> DeliveryRows:
        """What was sent, what waits, and with `state=dead` its dead letters."""
        known = await subscriptions.known(subscription, _whose(who))
        found = await subscriptions.deliveries(known.id, state=state, after=after, limit=limit)
        rows = [
            DeliveryView(
                id=one.id,
                number=one.number,
                event=one.context and f"{one.context}/{one.subject}@{one.version}",
                state=one.state,
                attempts=one.attempts,
                due_at=one.due_at,
                status=one.status,
                error=one.error,
                done_at=one.done_at,
            )
            for one in found
        ]
        return DeliveryRows(deliveries=rows, next=rows[-1].number if len(rows) == limit else None)

    @router.post("/{subscription}/deliveries/{delivery}/retry", status_code=201)
    async def retry(
        who: Owner, _: Wish, subscription: UUID, delivery: UUID, response: Response
    ) -> TestMade:
        """Send a dead delivery once more; one that waits already stays as it is."""
        known = await _running(subscriptions, subscription, who)
        await subscriptions.retry(known.id, delivery, at=_now())
        wake()
        response.headers["Location"] = f"/v1/subscriptions/{known.id}/deliveries"
        return TestMade(delivery=delivery)

    return router


def _whose(who: Principal) -> str | None:
    return None if "auditor" in who.roles else who.organisation


async def _running(subscriptions: Subscriptions, id_: UUID, who: Principal) -> Subscription:
    known = await subscriptions.known(id_, who.organisation)
    if known.ended_at is not None:
        raise Refused("subscription-ended", ended_at=known.ended_at)
    return known


async def _end(log: Log) -> Cursor:
    (row,) = await log.rows(
        "SELECT (SELECT coalesce(max(arrival), 0) FROM heard),"
        " (SELECT coalesce(max(position), 0) FROM log)"
    )
    return Cursor(*row)


def _shown(one: Subscription) -> dict[str, object]:
    return {
        "id": one.id,
        "organisation": one.organisation,
        "url": one.url,
        "types": one.wanted.types,
        "place": one.wanted.place,
        "next": str(one.cursor),
        "created_at": one.created_at,
        "created_by": one.created_by,
        "ended_at": one.ended_at,
        "ended_because": one.ended_because,
    }


def _now() -> datetime:
    return datetime.now(UTC)
