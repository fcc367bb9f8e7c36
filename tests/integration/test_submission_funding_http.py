"""What an office asks for and what it shares, over HTTP, on a real database."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from shared.contracts.programme import TownshipEnrolled
from shared.store.streams import Stream
from tests.integration.submission import DOSSIER, Submission, submission
from tests.unit.dossiers import MAY, OFFICE, OPENING, PROGRAMME, REFORM, TOWNSHIP

GOVERNMENT, NEIGHBOUR = "370406001-gov", "370406102-office"
ENROLLED = cast("TownshipEnrolled", OPENING[-1])
CAMERAS = {
    "kind": "equipment",
    "title": "执法装备",
    "lines": [{"name": "执法记录仪", "quantity": 2, "unit_price_fen": 150_000}],
    "asked_of": GOVERNMENT,
    "needed_on": "2018-08-31",
}
GRANTED = {"decision": "granted", "decided_on": "2018-05-10", "available_on": "2018-06-01"}
PRACTICE = {
    "title": "网格化巡查",
    "summary": "每周一次",
    "items": ["rules"],
    "publicity": "internal",
}


@pytest.fixture
async def service(database: str, tmp_path: Path) -> AsyncIterator[Submission]:
    async with submission(database, tmp_path / "clock", MAY) as serving:
        yield serving


async def asked(service: Submission, **changes: Any) -> str:
    """The id of a request that the clerk made."""
    made = await service.post("funding-requests", CAMERAS | changes, "clerk")
    assert made.status_code == 201, made.json()
    return str(made.json()["funding_id"])


async def practices(
    service: Submission, *roles: str, organisation: str = OFFICE, query: str = ""
) -> httpx.Response:
    return await service.http.get(
        f"/v1/good-practices?programme={PROGRAMME}{query}",
        headers=service.who(*roles, organisation=organisation),
    )


async def acting(service: Submission) -> list[tuple[str, str | None]]:
    """Who acted in the dossier, and for whom."""
    stream = Stream("dossier", f"{PROGRAMME}/{TOWNSHIP}")
    return [(one.actor, one.on_behalf_of) for one in await service.log.history(stream)]


async def test_a_clerk_asks_and_records_the_answer_for_whoever_was_asked(
    service: Submission,
) -> None:
    made = await service.post("funding-requests", CAMERAS, "clerk")
    funding = made.json()["funding_id"]
    address = f"{DOSSIER}/funding-requests/{funding}"
    assert (made.status_code, made.headers["Location"]) == (201, address)
    assert made.headers["ETag"] == '"1"'

    answered = await service.post(f"funding-requests/{funding}/decision", GRANTED, "clerk")
    assert (answered.status_code, answered.headers["Location"]) == (201, address)
    one = await service.get(f"funding-requests/{funding}")
    assert one.headers["ETag"] == '"2"'
    decided = one.json()["decided"]
    assert (decided["granted_fen"], decided["decided_by"]) == (300_000, GOVERNMENT)
    assert (await service.get("funding-requests")).json() == [one.json()]
    assert (await service.get()).json()["funding"] == [one.json()]
    assert await acting(service) == [
        (f"{OFFICE}:clerk-1", None),
        (f"{OFFICE}:clerk-1", GOVERNMENT),
    ]


async def test_the_government_reads_what_it_was_asked_for_and_answers_itself(
    service: Submission,
) -> None:
    funding = await asked(service)
    shown = await service.get("", "gov", organisation=GOVERNMENT)
    allowed = {one["act"]: one["allowed"] for one in shown.json()["allowed"]}
    assert allowed["decision"]
    assert not allowed["funding-requests"]
    answered = await service.post(
        f"funding-requests/{funding}/decision", GRANTED, "gov", organisation=GOVERNMENT
    )
    assert answered.status_code == 201
    assert (await acting(service))[-1] == (f"{GOVERNMENT}:gov-1", None)


async def test_the_government_decides_in_its_own_name_what_another_was_asked_for(
    service: Submission,
) -> None:
    funding = await asked(service, asked_of="370406-finance")
    path = f"funding-requests/{funding}/decision"
    await service.post(path, GRANTED, "gov", organisation=GOVERNMENT)
    one = (await service.get(f"funding-requests/{funding}")).json()
    assert one["decided"]["decided_by"] == GOVERNMENT
    await service.post(path, GRANTED, "clerk")
    one = (await service.get(f"funding-requests/{funding}")).json()
    assert one["decided"]["decided_by"] == "370406-finance"
    assert [behalf for _, behalf in await acting(service)] == [None, None, "370406-finance"]


async def test_the_same_answer_is_one_event(service: Submission) -> None:
    funding = await asked(service)
    path = f"funding-requests/{funding}/decision"
    first = await service.post(path, GRANTED, "clerk")
    again = await service.post(path, GRANTED, "clerk")
    assert (first.json()["version"], again.json()["version"]) == (2, 2)


async def test_a_refusal_without_a_reason_is_refused_in_words(service: Submission) -> None:
    funding = await asked(service)
    body = {"decision": "refused", "decided_on": "2018-05-10"}
    refused = await service.post(f"funding-requests/{funding}/decision", body, "clerk")
    assert (refused.status_code, refused.json()["code"]) == (422, "reasons-missing")
    part = GRANTED | {"decision": "part", "granted_fen": 300_000}
    refused = await service.post(f"funding-requests/{funding}/decision", part, "clerk")
    assert refused.json()["title"] == (
        "批复结论与数额不符：申请金额 3,000 元、编制 无，批准金额 3,000 元、编制 无"
    )


@pytest.mark.parametrize(
    ("roles", "organisation", "code"),
    [
        (("clerk",), NEIGHBOUR, "other-organisation"),
        (("gov",), "370406102-gov", "other-organisation"),
        (("gov",), OFFICE, "other-organisation"),
        (("head",), OFFICE, "role-not-allowed"),
        (("officer",), "370406-safety", "role-not-allowed"),
    ],
)
async def test_nobody_else_answers(
    service: Submission, roles: tuple[str, ...], organisation: str, code: str
) -> None:
    funding = await asked(service)
    path = f"funding-requests/{funding}/decision"
    refused = await service.post(path, GRANTED, *roles, organisation=organisation)
    assert (refused.status_code, refused.json()["code"]) == (403, code)
    assert len(await acting(service)) == 1


async def test_another_office_neither_asks_nor_reads_here(service: Submission) -> None:
    made = await service.post("funding-requests", CAMERAS, "clerk", organisation=NEIGHBOUR)
    assert made.json()["code"] == "other-organisation"
    read = await service.get("funding-requests", organisation=NEIGHBOUR)
    assert (read.status_code, read.json()["code"]) == (403, "other-organisation")


async def test_what_nobody_asked_for_is_not_found(service: Submission) -> None:
    read = await service.get("funding-requests/F9")
    assert (read.status_code, read.json()["code"]) == (404, "unknown-funding")
    decided = await service.post("funding-requests/F9/decision", GRANTED, "clerk")
    assert (decided.status_code, decided.json()["code"]) == (404, "unknown-funding")


async def test_a_rectification_names_what_pays_for_it(service: Submission) -> None:
    found = await service.post(
        "deficiencies", {"deficiencies": [{"item": "files", "description": "缺页"}]}, "clerk"
    )
    (gap,) = found.json()["deficiency_ids"]
    funding = await asked(service, deficiency_ids=[gap])
    remedy = {"measure": "购置", "responsible_post": "内勤", "due_on": "2018-08-31"}
    path = f"deficiencies/{gap}/rectification-plans"
    unknown = await service.post(path, remedy | {"funding_id": "F9"}, "clerk")
    assert unknown.json()["code"] == "unknown-funding"
    planned = await service.post(path, remedy | {"funding_id": funding}, "clerk")
    assert planned.status_code == 201
    assert (await service.get(f"deficiencies/{gap}")).json()["plan"]["funding_id"] == funding


@pytest.mark.parametrize(
    "unfit",
    [
        {"asked_of": "财政局"},
        {"lines": [{"name": "车", "quantity": 0}]},
        {"lines": [{"name": "车", "quantity": 1, "unit_price_fen": 10**12}]},
        {"posts": "3"},
        {"kind": "loans"},
    ],
)
async def test_what_is_asked_for_is_bounded(service: Submission, unfit: dict[str, Any]) -> None:
    refused = await service.post("funding-requests", CAMERAS | unfit, "clerk")
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid-body")


async def test_after_the_reform_the_successors_officers_read_and_correct(
    service: Submission,
) -> None:
    before = await service.get("", "officer", organisation=REFORM.organisation)
    assert before.json()["code"] == "other-organisation"
    await service.hear(REFORM)
    assert (await service.get("", "officer", organisation=REFORM.organisation)).status_code == 200


async def test_an_internal_practice_is_read_by_the_programme_and_a_public_one_by_everyone(
    service: Submission,
) -> None:
    await service.hear(replace(ENROLLED, township="370406102", office=NEIGHBOUR))
    made = await service.post("good-practices", PRACTICE, "head")
    assert (made.status_code, made.headers["Location"]) == (201, f"{DOSSIER}/good-practices")
    named = made.json()["practice_id"]
    open_to_all = PRACTICE | {"title": "联合执法", "publicity": "public"}
    assert (await service.post("good-practices", open_to_all, "head")).status_code == 201

    own = (await service.get("good-practices")).json()
    assert [one["title"] for one in own] == ["网格化巡查", "联合执法"]
    assert own[0]["practice_id"] == named
    for organisation, role in (
        (NEIGHBOUR, "clerk"),
        (GOVERNMENT, "gov"),
        ("370406-safety", "officer"),
        ("370400-safety", "city"),
        ("anywhere", "auditor"),
    ):
        read = await practices(service, role, organisation=organisation)
        assert [one["title"] for one in read.json()["practices"]] == ["网格化巡查", "联合执法"]
    for role in ("bureau", "integrator"):
        read = await practices(service, role, organisation="370406-civil-affairs")
        assert [one["title"] for one in read.json()["practices"]] == ["联合执法"]
    stranger = await practices(service, "clerk", organisation="370481001-office")
    assert (stranger.status_code, stranger.json()["code"]) == (403, "other-organisation")


async def test_the_same_text_keeps_the_name_it_has(service: Submission) -> None:
    first = await service.post("good-practices", PRACTICE, "head")
    again = await service.post("good-practices", PRACTICE, "head")
    assert again.json()["practice_id"] == first.json()["practice_id"]
    assert again.json()["version"] == 1


async def test_a_practice_about_an_unknown_item_is_refused(service: Submission) -> None:
    refused = await service.post("good-practices", PRACTICE | {"items": ["drone"]}, "head")
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown-item")


@pytest.mark.parametrize(
    ("role", "organisation", "code"),
    [("clerk", OFFICE, "role-not-allowed"), ("head", NEIGHBOUR, "other-organisation")],
)
async def test_only_an_offices_own_head_shares(
    service: Submission, role: str, organisation: str, code: str
) -> None:
    refused = await service.post("good-practices", PRACTICE, role, organisation=organisation)
    assert (refused.status_code, refused.json()["code"]) == (403, code)


async def test_practices_come_in_pages_of_townships(service: Submission) -> None:
    await service.hear(replace(ENROLLED, township="370406102", office=NEIGHBOUR))
    await service.post("good-practices", PRACTICE, "head")
    first = (await practices(service, "clerk", query="&limit=1")).json()
    assert (len(first["practices"]), first["next"]) == (1, TOWNSHIP)
    rest = (await practices(service, "clerk", query=f"&after={first['next']}")).json()
    assert rest == {"practices": [], "next": None}
