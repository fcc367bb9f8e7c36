"""The two years, played through public addresses on Apache Kafka, as an outsider checks them."""

import asyncio
import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import httpx
import pytest

from deploy.local.scenario import Person
from deploy.local.verify import WRITERS, rows, verify
from tests.scenarios.outside import Outside, refused
from tests.scenarios.programme import Programme

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(400)]

CODE = "shanting-2018"
DEMONSTRATION = ("370406001", "370406102")
TOWNSHIPS = ("370406001", *(f"3704061{number:02}" for number in range(9)))
AUDITOR = Person("s-jiwei", "370406-audit", ("auditor",))
FIRST, SECOND, THIRD = TOWNSHIPS[:3]
"""Each has its title: a gap noted now changes neither stages nor targets."""


def office(township: str, role: str = "clerk") -> Person:
    return Person(f"{township}-{role}", f"{township}-office", (role,))


def dossier(township: str) -> str:
    return f"/v1/dossiers/{CODE}/{township}"


@pytest.fixture
async def gaps(programme: Programme, outside: Outside) -> dict[str, Iterator[str]]:
    """Items of the standard that a township has not open yet, to be noted one by one."""
    items = [item.code for item in programme.scenario.standard.items]
    free = {}
    for township in (FIRST, SECOND, THIRD):
        found = await outside.get("submission", dossier(township), office(township))
        noted = {
            one["found"]["item"] for one in found.json()["deficiencies"] if one["status"] == "open"
        }
        free[township] = iter([code for code in items if code not in noted])
    return free


def gap(item: str, why: str = "复核发现") -> dict[str, Any]:
    return {"deficiencies": [{"item": item, "description": why}]}


async def version(outside: Outside, township: str) -> str:
    """The dossier's ETag."""
    found = await outside.get("submission", dossier(township), office(township))
    etag: str = found.headers["etag"]
    return etag


def test_the_product_says_what_its_logs_say(programme: Programme) -> None:
    assert programme.verdict.differences == []


def test_the_result_is_the_story_in_the_agreed_shape(programme: Programme) -> None:
    told = json.loads(json.dumps(programme.verdict.result))
    events, kafka = told.pop("events"), told.pop("kafka")
    assert told == {
        "programme": CODE,
        "targets": {
            "first-2018": {"members": 4, "achieved": 3, "achieved_late": 1, "missed": 0},
            "all-2019": {"members": 10, "achieved": 10, "achieved_late": 0, "missed": 0},
        },
        "townships": {
            code: "demonstration" if code in DEMONSTRATION else "compliant" for code in TOWNSHIPS
        },
        "verified": True,
    }
    assert kafka == programme.stage.cluster.name
    assert events > programme.played.events > 0


async def test_everything_refused_in_the_story_left_nothing_behind(programme: Programme) -> None:
    expected = [act for act in programme.scenario.acts if act.expect]
    assert programme.played.refused == len(expected)
    early = [act for act in expected if act.what == "apply" and act.day < date(2018, 9, 1)]
    assert [act.expect for act in early] == ["window-not-open"]
    log = await rows(programme.stage.databases["submission"], "log")
    applied = [row.effective_on for row in log if row.name == "application-submitted"]
    assert min(applied) >= date(2018, 9, 1)


async def test_what_was_acknowledged_is_on_record(programme: Programme) -> None:
    heads: dict[str, int] = {}
    for service in WRITERS:
        for row in await rows(programme.stage.databases[service], "log"):
            heads[f"{row.context}/{row.subject}"] = row.version
    lost = {name: told for name, told in programme.played.last.items() if heads[name] < told}
    assert lost == {}


@pytest.mark.parametrize(
    ("day", "achieved", "missed"),
    [("2018-11-30", 2, 0), ("2018-12-31", 3, 0), ("2019-01-01", 3, 1), ("2019-12-31", 3, 0)],
)
async def test_an_earlier_day_is_answered_as_it_was(
    programme: Programme, day: str, achieved: int, missed: int
) -> None:
    verdict = await verify(
        programme.stage.databases,
        programme.stage.urls["projection"],
        programme.stage.issuer.token(AUDITOR.officer, AUDITOR.organisation, AUDITOR.roles),
        programme=CODE,
        on=date.fromisoformat(day),
        kafka="",
    )
    assert verdict.differences == []
    targets: Any = verdict.result["targets"]
    late = 1 if day == "2019-12-31" else 0
    assert targets["first-2018"] == {
        "members": 4,
        "achieved": achieved,
        "achieved_late": late,
        "missed": missed,
    }


async def test_nobody_is_answered_without_a_token(outside: Outside) -> None:
    asked = {
        "submission": dossier(FIRST),
        "review": f"/v1/cases/{CODE}/{FIRST}/1",
        "notification": f"/v1/notices?programme={CODE}",
        "projection": f"/v1/progress/{CODE}",
    }
    for service, path in asked.items():
        for headers in ({}, {"Authorization": "Bearer eyJhbGciOiJub25lIn0.e30."}):
            answer = await outside.web.get(f"{outside.urls[service]}{path}", headers=headers)
            assert refused(answer) == (401, "not-signed-in"), service


async def test_a_clerk_signs_for_nobody_and_acts_for_no_other_office(
    outside: Outside, gaps: dict[str, Iterator[str]]
) -> None:
    before = await version(outside, SECOND)
    path = f"{dossier(FIRST)}/applications"
    assert refused(await outside.post("submission", path, {}, office(FIRST))) == (
        403,
        "role-not-allowed",
    )
    path = f"{dossier(SECOND)}/deficiencies"
    answer = await outside.post("submission", path, gap(next(gaps[SECOND])), office(FIRST))
    assert refused(answer) == (403, "other-organisation")
    answer = await outside.get("submission", dossier(SECOND), office(FIRST))
    assert refused(answer) == (403, "other-organisation")
    assert await version(outside, SECOND) == before


async def test_a_command_sent_twice_under_one_key_is_done_once(
    outside: Outside, gaps: dict[str, Iterator[str]]
) -> None:
    path, body, key = f"{dossier(FIRST)}/deficiencies", gap(next(gaps[FIRST])), "outside-once"
    before = await version(outside, FIRST)
    answer = await outside.post("submission", path, body, office(FIRST), key=None)
    assert refused(answer) == (400, "idempotency-key-missing")
    assert await version(outside, FIRST) == before

    done = await outside.post("submission", path, body, office(FIRST), key=key)
    again = await outside.post("submission", path, body, office(FIRST), key=key)
    assert done.status_code == again.status_code == 201, done.text
    assert done.json() == again.json()
    for header in ("etag", "location"):
        assert done.headers[header] == again.headers[header]
    assert done.json()["version"] == int(before.strip('"')) + 1
    assert await version(outside, FIRST) == done.headers["etag"]

    other = gap(next(gaps[FIRST]))
    answer = await outside.post("submission", path, other, office(FIRST), key=key)
    assert refused(answer) == (422, "idempotency-key-reused")
    assert await version(outside, FIRST) == done.headers["etag"]


async def test_nobody_decides_on_a_case_that_they_have_not_seen(
    programme: Programme, outside: Outside
) -> None:
    leader, path = programme.scenario.people["leader"], f"/v1/cases/{CODE}/{FIRST}/1"
    seen = await outside.get("review", path, leader)
    body = {"decision": "pass"}
    answer = await outside.post("review", f"{path}/decision", body, leader)
    assert refused(answer) == (428, "if-match-required")
    answer = await outside.post("review", f"{path}/decision", body, leader, If_Match='"1"')
    assert answer.status_code == 412, answer.text
    # Who has seen the latest version is answered by the case itself: it is closed.
    etag = seen.headers["etag"]
    answer = await outside.post("review", f"{path}/decision", body, leader, If_Match=etag)
    assert refused(answer) == (409, "case-closed")
    assert (await outside.get("review", path, leader)).headers["etag"] == etag


async def test_what_builds_on_something_unheard_may_come_again(
    outside: Outside, gaps: dict[str, Iterator[str]]
) -> None:
    path, body, key = f"{dossier(FIRST)}/deficiencies", gap(next(gaps[FIRST])), "outside-after"
    unheard = f"case/{CODE}/{FIRST}/1@999"
    answer = await outside.post("submission", path, body, office(FIRST), key=key, After=unheard)
    assert refused(answer) == (409, "not-yet-known")
    assert int(answer.headers["retry-after"]) >= 1
    heard = f"case/{CODE}/{FIRST}/1@1"
    answer = await outside.post("submission", path, body, office(FIRST), key=key, After=heard)
    assert answer.status_code == 201, answer.text


async def test_who_names_what_they_wrote_never_reads_an_older_state(
    outside: Outside, gaps: dict[str, Iterator[str]]
) -> None:
    noted: set[str] = set()
    for _ in range(20):
        path = f"{dossier(SECOND)}/deficiencies"
        done = await outside.post("submission", path, gap(next(gaps[SECOND])), office(SECOND))
        assert done.status_code == 201, done.text
        noted |= set(done.json()["deficiency_ids"])
        wrote = f"dossier/{CODE}/{SECOND}@{done.json()['version']}"
        answer = await _read_own_write(outside, wrote)
        assert noted <= {one["deficiency"] for one in answer.json()["deficiencies"]}
    unwritten = f"dossier/{CODE}/{SECOND}@99999"
    path = f"/v1/progress/{CODE}/{SECOND}"
    answer = await outside.get("projection", path, AUDITOR, at_least=unwritten, wait="1s")
    assert refused(answer) == (503, "not-yet-visible")
    assert int(answer.headers["retry-after"]) >= 1


async def _read_own_write(outside: Outside, wrote: str) -> httpx.Response:
    """The first answer that is not `not yet`; a busy machine may say so for a while."""
    async with asyncio.timeout(60):
        while True:
            path = f"/v1/progress/{CODE}/{SECOND}"
            answer = await outside.get("projection", path, AUDITOR, at_least=wrote)
            if answer.status_code == 200:
                return answer
            assert refused(answer) == (503, "not-yet-visible")


async def test_each_organisation_reads_its_own_notices(
    programme: Programme, outside: Outside
) -> None:
    # None of its officers sits on a team, so it hears of itself alone.
    told = await _inbox(outside, office(THIRD, "head"))
    assert {one["township"] for one in told} <= {THIRD, None}
    assert "fuyan.case.title-awarded.v1" in {one["cause"]["type"] for one in told}
    assert all(one["delivered_at"] and one["title"] and one["title_en"] for one in told)

    district = await _inbox(outside, programme.scenario.people["officer"])
    applied = {
        one["township"]
        for one in district
        if one["cause"]["type"] == "fuyan.dossier.application-submitted.v1"
    }
    assert applied == set(TOWNSHIPS)

    answer = await outside.get(
        "notification",
        "/v1/notices",
        office(THIRD, "head"),
        programme=CODE,
        organisation=f"{SECOND}-office",
    )
    assert refused(answer) == (403, "other-organisation")


async def _inbox(outside: Outside, by: Person) -> list[dict[str, Any]]:
    """All pages."""
    found: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    while True:
        page = await outside.get(
            "notification", "/v1/notices", by, programme=CODE, limit=200, **after
        )
        assert page.status_code == 200, page.text
        assert page.json()["organisation"] == by.organisation
        found += page.json()["notices"]
        if page.json()["next"] is None:
            return found
        after = {"after": page.json()["next"]}


async def test_a_stream_tells_where_something_happened(
    outside: Outside, gaps: dict[str, Iterator[str]]
) -> None:
    before = (await outside.get("projection", "/v1/programmes", AUDITOR)).json()["position"]
    url = f"{outside.urls['projection']}/v1/stream?programme={CODE}"
    async with (
        asyncio.timeout(60),
        outside.web.stream("GET", url, headers=outside.signed(AUDITOR)) as stream,
    ):
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.aiter_lines()
        assert (await anext(lines)).startswith(":")
        path = f"{dossier(THIRD)}/deficiencies"
        done = await outside.post("submission", path, gap(next(gaps[THIRD])), office(THIRD))
        assert done.status_code == 201, done.text
        fields: dict[str, str] = {}
        async for line in lines:
            name, _, value = line.partition(": ")
            fields[name] = value
            if name == "data" and THIRD in json.loads(value)["townships"]:
                break
    assert fields["event"] == "progress"
    assert int(fields["id"]) == json.loads(fields["data"])["position"] > before


async def test_a_browser_is_led_through_sign_in_to_the_dashboard(outside: Outside) -> None:
    page = await outside.web.get(f"{outside.urls['projection']}/", follow_redirects=True)
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert [step.status_code for step in page.history] == [303, 303, 303]
    assert "token=" not in str(page.url)
    # The cookie that was set on the way opens the data behind the page.
    whole = await outside.web.get(f"{outside.urls['projection']}/v1/overview/{CODE}")
    assert whole.status_code == 200, whole.text


@pytest.mark.parametrize("service", ["submission", "review", "notification", "projection"])
async def test_a_service_says_what_it_is_and_how_it_does(outside: Outside, service: str) -> None:
    for probe in ("/livez", "/readyz"):
        assert (await outside.get(service, probe)).status_code == 200, probe
    assert (await outside.get(service, "/version")).json()["service"] == service
    metrics = await outside.get(service, "/metrics")
    assert metrics.headers["content-type"].startswith("text/plain")
    assert "fuyan_http_request_seconds_count" in metrics.text
    document = (await outside.get(service, "/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    assert any(path.startswith("/v1/") for path in document["paths"])
