"""Letters over HTTP: what their packages enclose, who may read them, and their coming back."""

import io
import json
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import asyncpg
import httpx
import pytest

from shared.store.streams import Stream
from tests.integration.review import CITY, DISTRICT, FIRST, PROGRAMME, SECOND, Review, review
from tests.integration.review_steps import LETTER, case, code, did, prepared, recommended

LETTERS = f"{PROGRAMME}/recommendations"


@pytest.fixture
async def service(database: str, tmp_path: Path) -> AsyncIterator[Review]:
    async with review(database, tmp_path / "clock") as serving:
        yield await prepared(serving)


async def package(service: Review, letter: str) -> httpx.Response:
    answer = await service.http.get(
        f"{LETTERS}/{letter}/package", headers=service.who("sun", "city", organisation=CITY)
    )
    assert answer.status_code == 200, answer.text
    return answer


def unpacked(answer: httpx.Response) -> dict[str, bytes]:
    with ZipFile(io.BytesIO(answer.content)) as found:
        return {name: found.read(name) for name in found.namelist()}


async def send_back(
    service: Review, officer: str = "sun", role: str = "city", **more: Any
) -> httpx.Response:
    body = {"reasons": [{"code": "papers", "text": "未附会议纪要"}]} | more
    organisation = CITY if role == "city" else DISTRICT
    at = f"{case(FIRST)}/recommendation-return"
    return await service.post(at, body, officer, role, organisation=organisation)


async def test_a_stranger_checks_a_package_with_the_event_and_nothing_else(
    service: Review,
) -> None:
    letter = await recommended(service, FIRST, SECOND)
    answer = await package(service, letter)
    files = unpacked(answer)
    seals = set()
    for township in (FIRST, SECOND):
        history = await service.log.history(Stream("case", f"shanting-2018/{township}/1"))
        published = {one.type.split(".")[2]: one.data for one in history}
        seals.add(json.loads(published["recommended"])["package_sha256"])
        folder = f"cases/{township}-1"
        # The very bytes that Kafka carries, so that a reader of the topic has them, too.
        assert files[f"{folder}/consensus.json"] == published["consensus-recorded"]
        assert files[f"{folder}/decision.json"] == published["preliminary-passed"]
        assert files[f"{folder}/inspection-1.json"] == published["inspection-held"]
        own = json.loads(files[f"{folder}/application.json"])
        assert own["application_id"] == f"a-{township}-1"
        assert json.loads(files[f"{folder}/evidence.json"]) == {"office": [], "team": []}
    assert seals == {sha256(files["manifest.json"]).hexdigest()}
    named = json.loads(files["manifest.json"])["files"]
    assert {one["name"] for one in named} == files.keys() - {"manifest.json"}
    for one in named:
        content = files[one["name"]]
        assert (sha256(content).hexdigest(), len(content)) == (one["sha256"], one["bytes"])
    listed = json.loads(files["letter.json"])
    assert listed["letter"]["number"] == LETTER["number"]
    assert [one["case_id"] for one in listed["cases"]] == [
        f"shanting-2018/{one}/1" for one in (FIRST, SECOND)
    ]


async def test_a_package_is_the_same_bytes_whatever_happened_since(service: Review) -> None:
    letter = await recommended(service, FIRST)
    first = await package(service, letter)
    await did(await send_back(service))
    body = {"cases": [f"shanting-2018/{FIRST}/1"], "document": LETTER | {"number": "又一号"}}
    other = await did(await service.post(LETTERS, body, "liu", "leader"))
    again = await package(service, letter)
    assert again.content == first.content
    assert again.headers["etag"] == first.headers["etag"]
    assert (await package(service, other["recommendation_id"])).content != first.content


async def test_letters_are_listed_with_what_became_of_each_case(service: Review) -> None:
    letter = await recommended(service, FIRST, SECOND)
    await did(await send_back(service))
    found = await service.get(f"{LETTERS}?limit=1", "sun", "city", organisation=CITY)
    (only,) = found["recommendations"]
    assert only["recommendation_id"] == letter
    assert {one["township"]: (one["stage"], one["returned"]) for one in only["cases"]} == {
        FIRST: ("preliminary-passed", True),
        SECOND: ("recommended", False),
    }
    rest = await service.get(f"{LETTERS}?after={found['next']}")
    assert rest == {"recommendations": [], "next": None}
    assert await service.get(f"{LETTERS}/{letter}") == only


async def test_a_letter_is_for_the_two_bureaus(service: Review) -> None:
    letter = await recommended(service, FIRST)
    for path in (LETTERS, f"{LETTERS}/{letter}", f"{LETTERS}/{letter}/package"):
        for organisation, role, refusal in (
            ("370402-safety", "leader", "other-organisation"),
            (f"{FIRST}-office", "head", "role-not-allowed"),
        ):
            found = await service.get(path, "x", role, organisation=organisation)
            assert found["code"] == refusal
    unknown = await service.http.get(f"{LETTERS}/none", headers=service.who("o1", "officer"))
    assert (unknown.status_code, code(unknown)) == (404, "recommendation-unknown")


async def test_the_district_sends_a_letter_back_for_the_city_only_with_its_paper(
    service: Review,
) -> None:
    await recommended(service, FIRST)
    bare = await send_back(service, "o1", "officer")
    assert (bare.status_code, code(bare)) == (422, "document-missing")
    await did(await send_back(service, "o1", "officer", document=LETTER))
    history = await service.log.history(Stream("case", f"shanting-2018/{FIRST}/1"))
    assert history[-1].on_behalf_of == CITY
    found = await service.get(case(FIRST), "liu", "leader")
    assert (found["stage"], found["recommended"]) == ("preliminary-passed", None)
    # Twenty working days after 20 September 2018, by the calendar that is shipped.
    assert found["sent_back"]["resubmit_by_on"] == "2018-10-24"
    acts = {(one["act"], one["of"]): one["allowed"] for one in found["allowed"]}
    assert acts["recommendations", None]


async def test_a_case_that_is_not_passed_has_no_package_to_send(service: Review) -> None:
    body = {"cases": [f"shanting-2018/{FIRST}/1"], "document": LETTER}
    service.on(9, 20)
    refused = await service.post(LETTERS, body, "liu", "leader")
    assert (refused.status_code, code(refused)) == (409, "wrong-stage")


async def test_a_letter_that_speaks_of_another_is_not_mistaken_for_it(service: Review) -> None:
    first = await recommended(service, FIRST)
    await did(await send_back(service))
    body = {"cases": [f"shanting-2018/{FIRST}/1"], "document": LETTER | {"title": first}}
    second = await did(await service.post(LETTERS, body, "liu", "leader"))
    assert (await service.get(f"{LETTERS}/{first}"))["document"]["title"] == LETTER["title"]
    other = await service.get(f"{LETTERS}/{second['recommendation_id']}")
    assert other["document"]["title"] == first


@pytest.mark.parametrize(
    "emptied",
    [
        "UPDATE log SET data = '' WHERE type = 'fuyan.case.opened.v1'",
        "UPDATE log SET data = '' WHERE type = 'fuyan.case.consensus-recorded.v1'",
        "UPDATE heard SET data = '' WHERE type = 'fuyan.dossier.application-submitted.v1'",
    ],
    ids=["opening", "consensus", "application"],
)
async def test_a_package_of_which_a_part_was_erased_is_gone(
    service: Review, database: str, emptied: str
) -> None:
    letter = await recommended(service, FIRST)
    owner = await asyncpg.connect(database)
    try:
        for table in ("log", "heard"):
            await owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        await owner.execute(emptied)
    finally:
        await owner.close()
    answer = await service.http.get(
        f"{LETTERS}/{letter}/package", headers=service.who("sun", "city", organisation=CITY)
    )
    assert (answer.status_code, code(answer)) == (410, "package-incomplete")
