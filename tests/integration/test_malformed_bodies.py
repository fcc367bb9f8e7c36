"""Bodies as people, spreadsheets and programs really send them: refused by name, all or none."""

import gzip
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from deploy.cli.services import Service
from deploy.local.postgres import Databases
from tests.integration.review import FIRST
from tests.integration.surfaces import PROGRAMME, Surface, in_whose_name, surface

DOSSIER, CASE = f"/v1/dossiers/{PROGRAMME}/{FIRST}", f"/v1/cases/{PROGRAMME}/{FIRST}/1"
JSON = {"Content-Type": "application/json"}
GAP = '{"deficiencies": [{"item": "BG-1", "description": "值班室漏水"}]}'

Both = dict[Service, Surface]


@pytest.fixture(scope="module")
async def both(
    postgres: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Both]:
    """Submission and review, once for all these bodies: none of them leaves anything behind."""
    async with AsyncExitStack() as stack:
        found: Both = {}
        for service in (Service.submission, Service.review):
            name = f"malformed_{uuid4().hex}"
            await postgres.create_database(name)
            stack.push_async_callback(postgres.drop_database, name)
            clock: Path = tmp_path_factory.mktemp(service) / "clock"
            found[service] = await stack.enter_async_context(
                surface(service, postgres.dsn(name), clock)
            )
        yield found


async def refused(
    at: Surface, state: str, path: str, role: str, body: bytes, headers: dict[str, str]
) -> httpx.Response:
    """The answer to a body that nothing came of."""
    who = at.who(*in_whose_name(role), role)
    before = await at.http.get(state, headers=who)
    answer = await at.http.post(
        path, content=body, headers={**who, "Idempotency-Key": uuid4().hex, **headers}
    )
    after = await at.http.get(state, headers=who)
    assert (before.status_code, before.headers["ETag"]) == (200, after.headers["ETag"])
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert all(problem[name] for name in ("title", "title_en", "next", "next_en"))
    return answer


def gap(**changes: Any) -> bytes:
    """The body of one gap, with these fields of it otherwise."""
    return json.dumps(
        {"deficiencies": [{"item": "BG-1", "description": "漏水"} | changes]}
    ).encode()


def act(**changes: Any) -> bytes:
    return json.dumps(json.loads(GAP) | changes).encode()


ITEM, TEXT, DUE = (f"/deficiencies/0/{name}" for name in ("item", "description", "due_on"))
DAY = "/effective_on"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param(b"\xef\xbb\xbf" + GAP.encode(), "", id="byte-order-mark"),
        pytest.param(GAP.encode("gbk"), "", id="gbk"),
        pytest.param(GAP.encode("utf-16"), "", id="utf-16"),
        pytest.param(GAP.replace("}]}", "},]}").encode(), "", id="comma-after-the-last"),
        pytest.param(GAP.replace('"', "'").encode(), "", id="single-quotes"),
        pytest.param(GAP.replace('"', "“").encode(), "", id="chinese-quotes"),
        pytest.param(b"// a gap\n" + GAP.encode(), "", id="comment"),
        pytest.param(GAP[:-2].encode(), "", id="cut-off"),
        pytest.param(GAP.encode() * 2, "", id="two-texts"),
        pytest.param(b"null", "", id="null"),
        pytest.param(b"[]", "", id="list-for-object"),
        pytest.param(b'"x"', "", id="text-for-object"),
        pytest.param(b"{}", "/deficiencies", id="empty-object"),
        pytest.param(b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "", id="ten-thousand-levels"),
        pytest.param(b'{"deficiencies": {}}', "/deficiencies", id="object-for-list"),
        pytest.param(b'{"deficiencies": []}', "/deficiencies", id="empty-list"),
        pytest.param(b'{"deficiencies": ["BG-1"]}', "/deficiencies/0", id="text-for-a-gap"),
        pytest.param(
            b'{"deficiencies": [{"item": "BG-1", "item": "BG-2", "description": "x"}]}',
            "/deficiencies/0",
            id="same-name-twice",
        ),
        pytest.param(gap(item=1), ITEM, id="number-for-code"),
        pytest.param(gap(item=""), ITEM, id="empty-code"),
        pytest.param(gap(item="BG 1"), ITEM, id="blank-in-code"),
        pytest.param(gap(item="ＢＧ－１"), ITEM, id="full-width-code"),
        pytest.param(gap(item="BG-1\u200b"), ITEM, id="zero-width-space"),
        pytest.param(gap(item="\u202eBG-1"), ITEM, id="right-to-left"),
        pytest.param(gap(item="BG-1\n"), ITEM, id="line-end-in-code"),
        pytest.param(gap(description=""), TEXT, id="empty-text"),
        pytest.param(gap(description=" \u3000\t\n"), TEXT, id="blank-text"),
        pytest.param(gap(description="漏" * 2001), TEXT, id="too-long-a-text"),
        pytest.param(gap(description="a\x00b"), TEXT, id="nul-in-text"),
        pytest.param(gap(description="\ud800"), TEXT, id="half-a-surrogate-pair"),
        pytest.param(gap(description=None), TEXT, id="null-for-text"),
        pytest.param(gap(blocking=1), "/deficiencies/0/blocking", id="one-for-yes"),
        pytest.param(gap(blocking="no"), "/deficiencies/0/blocking", id="word-for-no"),
        pytest.param(gap(due_on="2018-02-30"), DUE, id="thirtieth-of-february"),
        pytest.param(gap(due_on="2018/9/1"), DUE, id="slashes"),
        pytest.param(gap(due_on="20180901"), DUE, id="no-dashes"),
        pytest.param(gap(due_on="2018-9-1"), DUE, id="no-zeros"),
        pytest.param(gap(due_on="2018年9月1日"), DUE, id="chinese-day"),
        pytest.param(gap(due_on="2018-09-01T08:00:00+08:00"), DUE, id="instant-for-day"),
        pytest.param(gap(due_on=43344), DUE, id="day-as-spreadsheets-count"),
        pytest.param(gap(due_on="0000-00-00"), DUE, id="zeros-for-day"),
        pytest.param(gap(colour="red"), "/deficiencies/0/colour", id="unknown-field"),
        pytest.param(act(effective_on=""), DAY, id="empty-day"),
        pytest.param(act(document={"title": ""}), "/document", id="paper-without-title"),
    ],
)
async def test_what_a_clerk_may_send_by_mistake_is_refused_by_its_field(
    both: Both, body: bytes, field: str
) -> None:
    at = both[Service.submission]
    answer = await refused(at, DOSSIER, f"{DOSSIER}/deficiencies", "clerk", body, JSON)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-body")
    found = [one["field"] for one in answer.json()["errors"]]
    assert any(one == field or one.startswith(f"{field}/") for one in found), found


@pytest.mark.parametrize(
    ("mark", "field"),
    [
        pytest.param('"3000"', "mark_cp", id="number-as-text"),
        pytest.param("30.5", "mark_cp", id="half-a-hundredth"),
        pytest.param("1.005", "mark_cp", id="1.005"),
        pytest.param("12.0", "mark_cp", id="whole-number-with-a-point"),
        pytest.param("-1", "mark_cp", id="negative"),
        pytest.param("-0.0", "mark_cp", id="negative-zero"),
        pytest.param("true", "mark_cp", id="yes-for-a-number"),
        pytest.param("null", "mark_cp", id="null"),
        pytest.param("NaN", "mark_cp", id="nan"),
        pytest.param("Infinity", "mark_cp", id="infinity"),
        pytest.param("1e400", "mark_cp", id="1e400"),
        pytest.param("1e3", "mark_cp", id="exponent"),
        pytest.param("9" * 30, "mark_cp", id="thirty-digits"),
        pytest.param("9" * 5000, "mark_cp", id="five-thousand-digits"),
        pytest.param("10000001", "mark_cp", id="over-the-bound"),
        pytest.param("[3000]", "mark_cp", id="list"),
    ],
)
async def test_points_are_whole_hundredths_and_nothing_else(
    both: Both, mark: str, field: str
) -> None:
    body = f'{{"marks": [{{"item": "BG-1", "mark_cp": {mark}}}]}}'.encode()
    answer = await refused(both[Service.review], CASE, f"{CASE}/marks", "member", body, JSON)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-body")
    assert [one["field"] for one in answer.json()["errors"]] == [f"/marks/0/{field}"]


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        pytest.param(GAP.encode(), {}, 415, "body-not-json", id="no-type"),
        pytest.param(
            GAP.encode(), {"Content-Type": "text/plain"}, 415, "body-not-json", id="plain-text"
        ),
        pytest.param(
            b"item=BG-1&description=x",
            {"Content-Type": "application/x-www-form-urlencoded"},
            415,
            "body-not-json",
            id="form",
        ),
        pytest.param(
            b"--x\r\n\r\n--x--",
            {"Content-Type": "multipart/form-data; boundary=x"},
            415,
            "body-not-json",
            id="multipart",
        ),
        pytest.param(
            gzip.compress(GAP.encode()),
            {**JSON, "Content-Encoding": "gzip"},
            415,
            "body-compressed",
            id="gzip",
        ),
        pytest.param(gzip.compress(GAP.encode()), JSON, 422, "invalid-body", id="gzip-unsaid"),
        pytest.param(b"", JSON, 422, "invalid-body", id="nothing"),
        pytest.param(b" \n", JSON, 422, "invalid-body", id="blank"),
        pytest.param(b" " * (1024 * 1024 + 1), JSON, 413, "body-too-large", id="too-large"),
    ],
)
@pytest.mark.parametrize("service", [Service.submission, Service.review])
async def test_another_kind_of_body_is_told_so(
    both: Both, service: Service, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    state, path, role = {
        Service.submission: (DOSSIER, f"{DOSSIER}/deficiencies", "clerk"),
        Service.review: (CASE, f"{CASE}/marks", "member"),
    }[service]
    answer = await refused(both[service], state, path, role, body, headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
