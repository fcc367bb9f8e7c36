"""A command as it arrives, and what is sent back to be corrected."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from deploy.local.issuer import Issuer
from tests.unit.web_app import IssuerSide, bearer, client, small_service

ISSUER = Issuer()
APP = small_service(IssuerSide(ISSUER))
KEY = {"Idempotency-Key": "k1"}


async def post(
    headers: dict[str, str],
    path: str = "/v1/wishes",
    *,
    role: str = "leader",
    json: Any = None,
    content: bytes | None = None,
) -> httpx.Response:
    async with client(APP, headers=bearer(ISSUER, role, officer="o1", organisation="bureau")) as c:
        return await c.post(path, headers=headers, json=json, content=content)


async def wish(headers: dict[str, str], **given: Any) -> dict[str, Any]:
    answer = await post(KEY | headers, **given)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_key_belongs_to_the_officer_who_chose_it() -> None:
    got = await wish({})
    assert got["key"] == "bureau:o1/k1"
    assert got["actor"] == "bureau:o1"


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "idempotency-key-missing"),
        ({"Idempotency-Key": ""}, "idempotency-key-invalid"),
        ({"Idempotency-Key": "a b"}, "idempotency-key-invalid"),
        ({"Idempotency-Key": "x" * 201}, "idempotency-key-invalid"),
        (KEY | {"If-Match": "12"}, "if-match-invalid"),
        (KEY | {"If-Match": 'W/"12"'}, "if-match-invalid"),
        (KEY | {"If-Match": "*"}, "if-match-invalid"),
        (KEY | {"If-Match": '"-1"'}, "if-match-invalid"),
        (KEY | {"If-Match": '"1", "2"'}, "if-match-invalid"),
        (KEY | {"After": ""}, "after-invalid"),
        (KEY | {"After": "dossier/shanting-2018/370406001"}, "after-invalid"),
        (KEY | {"After": "dossier/shanting-2018/370406001@0"}, "after-invalid"),
        (KEY | {"After": "letter/x@1"}, "after-invalid"),
        (KEY | {"After": ", ".join(["case/x@1"] * 17)}, "after-invalid"),
    ],
)
async def test_a_header_that_cannot_be_read_is_named(headers: dict[str, str], code: str) -> None:
    answer = await post(headers)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


async def test_the_longest_key_is_taken() -> None:
    assert (await post({"Idempotency-Key": "~" * 200})).status_code == 200


async def test_a_stranger_learns_nothing_about_keys() -> None:
    async with client(APP) as http:
        assert (await http.post("/v1/wishes")).json()["code"] == "not-signed-in"


async def test_headers_become_what_the_log_needs() -> None:
    got = await wish(
        {
            "If-Match": '"12"',
            "After": "dossier/shanting-2018/370406001@7, programme/shanting-2018@3",
        }
    )
    assert got["expected"] == 12
    assert got["after"] == [
        {"context": "dossier", "subject": "shanting-2018/370406001", "version": 7},
        {"context": "programme", "subject": "shanting-2018", "version": 3},
    ]


async def test_nobody_says_of_themselves_for_whom_they_act() -> None:
    assert (await wish({"On-Behalf-Of": "city:o9"}))["on_behalf_of"] is None


async def test_without_them_nothing_is_expected() -> None:
    got = await wish({})
    assert (got["expected"], got["after"], got["on_behalf_of"]) == (None, [], None)


async def test_the_same_wish_has_the_same_fingerprint_however_it_is_spaced() -> None:
    json = {"Content-Type": "application/json"}
    one = await wish(json, content=b'{"a":1,"b":[2]}')
    two = await wish(json, content=b' {"b" : [2], "a": 1} ')
    assert one["fingerprint"] == two["fingerprint"]
    assert len(bytes.fromhex(one["fingerprint"])) == 32


async def test_any_other_wish_has_another() -> None:
    fingerprints = [
        (await wish({}, json={"a": 1}))["fingerprint"],
        (await wish({}, json={"a": 2}))["fingerprint"],
        (await wish({}, json={"a": "1"}))["fingerprint"],
        (await wish({}))["fingerprint"],
        (await wish({}, path="/v1/wishes?dry_run=1"))["fingerprint"],
        (await wish({}, content=b"not json"))["fingerprint"],
    ]
    assert len(set(fingerprints)) == len(fingerprints)


async def test_a_correlation_is_kept_and_told_back() -> None:
    given = "0195c0de-0000-7000-8000-00000000beef"
    answer = await post(KEY | {"X-Correlation-Id": given})
    assert answer.json()["correlation"] == given
    assert answer.headers["x-correlation-id"] == given


@pytest.mark.parametrize("headers", [{}, {"X-Correlation-Id": "not-a-uuid"}])
async def test_without_a_usable_one_it_is_new_and_sorts_by_time(headers: dict[str, str]) -> None:
    first, second = await wish(headers), await wish(headers)
    assert UUID(first["correlation"]).version == 7
    assert first["correlation"] != second["correlation"]


async def test_the_trace_goes_on_in_a_span_of_its_own() -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    got = (await wish({"traceparent": parent}))["traceparent"]
    assert got[:36] == parent[:36]
    assert got[36:52] != parent[36:52]
    assert got[52:] == "-01"


@pytest.mark.parametrize("parent", ["", "junk", f"00-{'0' * 32}-{'1' * 16}-01"])
async def test_a_trace_that_cannot_be_read_begins_anew(parent: str) -> None:
    got = (await wish({"traceparent": parent}))["traceparent"]
    version, trace, span, flags = got.split("-")
    assert (version, len(trace), len(span), flags) == ("00", 32, 16, "00")
    assert int(trace, 16)


async def test_nobody_decides_on_what_they_have_not_seen() -> None:
    answer = await post(KEY, "/v1/decision")
    assert (answer.status_code, answer.json()["code"]) == (428, "if-match-required")
    answer = await post(KEY | {"If-Match": '"3"'}, "/v1/decision")
    assert answer.json() == 3


async def test_what_was_made_has_an_address_and_a_version() -> None:
    answer = await post(KEY, "/v1/cases/c1/marks", role="member", json={"marks": []})
    assert answer.status_code == 201
    assert answer.headers["location"] == "/v1/cases/c1/marks/1"
    assert answer.headers["etag"] == '"3"'
    assert answer.json() == {"stream": "c1", "version": 3, "position": 3}
