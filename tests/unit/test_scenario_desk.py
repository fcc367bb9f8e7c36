"""The player's desk: patient with what passes by itself, strict with what was not written."""

from datetime import date
from typing import Any

import httpx
import pytest

from deploy.local.desk import Desk, Stalled, Surprise
from deploy.local.issuer import Issuer
from deploy.local.scenario import Act, Person

URLS = {"review": "http://review"}
ACT = Act("plan", date(2018, 3, 1), date(2018, 3, 1), "", "k", {}, None)
HEAD = Person("h", "o", ("head",))


def problem(status: int, code: str) -> httpx.Response:
    media = {"content-type": "application/problem+json"}
    return httpx.Response(status, json={"code": code}, headers=media)


async def sent(
    *answers: httpx.Response, act: Act = ACT, patience: float = 5, **more: Any
) -> tuple[Any, list[httpx.Request]]:
    """What the desk makes of these answers in their order, and what it asked."""
    requests: list[httpx.Request] = []
    left = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return left.pop(0) if len(left) > 1 else left[0]

    transport = httpx.MockTransport(answer)
    desk = Desk(URLS, Issuer().token, patience=patience, transport=transport)
    try:
        result = await desk.command(act, "review", "/x", {}, by=HEAD, **more)
    finally:
        await desk.aclose()
    return result, requests


DONE = httpx.Response(201, json={"stream": "p/t/1", "version": 1})


@pytest.mark.parametrize(
    "first", [httpx.Response(503), httpx.Response(502), problem(409, "not-yet-known")]
)
async def test_what_passes_by_itself_is_asked_again_under_its_key(first: httpx.Response) -> None:
    _, requests = await sent(first, DONE)
    assert [one.headers["idempotency-key"] for one in requests] == ["k", "k"]


async def test_a_stale_version_is_read_again_and_sent_again() -> None:
    read = [httpx.Response(200, json={}, headers={"etag": f'"{n}"'}) for n in (3, 4)]
    _, requests = await sent(
        read[0], problem(412, "version-mismatch"), read[1], DONE, seen="/v1/cases/c"
    )
    posts = [one.headers["if-match"] for one in requests if one.method == "POST"]
    assert posts == ['"3"', '"4"']


async def test_a_refusal_that_is_not_written_is_a_surprise() -> None:
    with pytest.raises(Surprise, match="wrong-stage"):
        await sent(problem(409, "wrong-stage"))


async def test_another_refusal_than_the_written_one_is_a_surprise() -> None:
    act = Act("plan", ACT.day, ACT.day, "", "k", {}, "window-not-open")
    with pytest.raises(Surprise, match="wrong-stage"):
        await sent(problem(409, "wrong-stage"), act=act)


async def test_an_act_that_should_be_refused_and_is_done_is_a_surprise() -> None:
    act = Act("plan", ACT.day, ACT.day, "", "k", {}, "window-not-open")
    with pytest.raises(Surprise, match="should be refused"):
        await sent(DONE, act=act)


async def test_a_service_that_stays_away_stalls_the_play_with_its_last_words() -> None:
    with pytest.raises(Stalled, match="503"):
        await sent(httpx.Response(503), patience=0)
