"""An act shows files that its own office keeps here, by their hash, and as they are kept."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.evidence import Clerk, hashed
from tests.integration.submission import Submission, submission
from tests.unit.dossiers import MARCH
from tests.unit.evidence import DISTRICT
from tests.unit.photographs import jpeg

GAP = {"deficiencies": [{"item": "rules", "description": "缺少制度"}]}
ORDER = {"reason": "含有居民身份证号", "document": {"title": "关于删除有关材料的函"}}
THERE, NOWHERE = hashed(jpeg()), hashed(b"nowhere")
KEPT: dict[str, Any] = {
    "sha256": THERE,
    "name": "大门.jpg",
    "media_type": "image/jpeg",
    "bytes": len(jpeg()),
}
COMPLETION: dict[str, Any] = {"result": "已补齐"}
ASSESSMENT: dict[str, Any] = {"kind": "gap", "marks": [{"item": "rules", "mark_cp": 3000}]}
FUNDING: dict[str, Any] = {
    "kind": "posts",
    "title": "增加编制",
    "posts": 1,
    "asked_of": "370406001-gov",
    "needed_on": "2018-06-30",
}
PRACTICE: dict[str, Any] = {"title": "一岗双责", "summary": "责任到岗", "publicity": "public"}


@pytest.fixture
async def service(database: str, tmp_path: Path) -> AsyncIterator[Submission]:
    async with submission(database, tmp_path / "clock", MARCH) as serving:
        await Clerk(serving).at_once(jpeg(), name="大门.jpg")
        yield serving


async def gap(service: Submission) -> str:
    found = await service.post("deficiencies", GAP, "clerk")
    return f"deficiencies/{found.json()['deficiency_ids'][0]}/completion"


async def erased(service: Submission) -> None:
    leader = Clerk(service, "leader", organisation=DISTRICT)
    answer = await leader.post(f"/v1/evidence/{THERE}/erasure", ORDER)
    assert answer.status_code == 201


@pytest.mark.parametrize("said", [{"sha256": THERE}, KEPT], ids=["its hash", "all of it"])
async def test_the_event_carries_what_is_kept_whatever_is_left_out(
    service: Submission, said: dict[str, Any]
) -> None:
    path = await gap(service)
    done = await service.post(path, COMPLETION | {"evidence": [said]}, "clerk")
    assert done.status_code == 201, done.text
    (record,) = [one for one in await service.log.page(0, 100) if "completed" in one.type]
    assert KEPT["name"].encode() in record.data
    assert THERE.encode() in record.data


@pytest.mark.parametrize(
    ("said", "code", "field"),
    [
        ({"sha256": NOWHERE}, "evidence-unknown", "/evidence/0"),
        (KEPT | {"name": "后门.jpg"}, "evidence-differs", "/evidence/0/name"),
        (KEPT | {"media_type": "image/png"}, "evidence-differs", "/evidence/0/media_type"),
        (KEPT | {"bytes": 1}, "evidence-differs", "/evidence/0/bytes"),
    ],
    ids=["unknown", "another name", "another type", "another size"],
)
@pytest.mark.parametrize("act", ["completion", "assessment", "funding", "practice"])
async def test_an_act_that_shows_something_else_is_refused_and_changes_nothing(
    service: Submission, act: str, said: dict[str, Any], code: str, field: str
) -> None:
    path, body, role = {
        "completion": (await gap(service), COMPLETION, "clerk"),
        "assessment": ("self-assessments", ASSESSMENT, "clerk"),
        "funding": ("funding-requests", FUNDING, "clerk"),
        "practice": ("good-practices", PRACTICE, "head"),
    }[act]
    before = len(await service.log.page(0, 100))
    refused = await service.post(path, body | {"evidence": [said]}, role)
    assert (refused.status_code, refused.json()["code"]) == (422, code), refused.text
    assert refused.json()["field"] == field
    assert len(await service.log.page(0, 100)) == before
    done = await service.post(path, body | {"evidence": [KEPT]}, role)
    assert done.status_code == 201, done.text


async def test_a_mark_names_only_what_is_there(service: Submission) -> None:
    mark = {"item": "rules", "mark_cp": 3000, "evidence": [THERE, NOWHERE]}
    refused = await service.post(
        "self-assessments",
        {"kind": "gap", "marks": [{"item": "staff", "mark_cp": 0}, mark]},
        "clerk",
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "evidence-unknown")
    assert refused.json()["field"] == "/marks/1/evidence/1"


async def test_what_was_erased_shows_nothing_any_more(service: Submission) -> None:
    path = await gap(service)
    await erased(service)
    refused = await service.post(path, COMPLETION | {"evidence": [{"sha256": THERE}]}, "clerk")
    assert (refused.status_code, refused.json()["code"]) == (409, "evidence-erased-before")


async def test_marks_that_rest_on_an_erased_file_are_named_by_their_items(
    service: Submission,
) -> None:
    await erased(service)
    marks = [
        {"item": "staff", "mark_cp": 0, "evidence": [THERE]},
        {"item": "rules", "mark_cp": 3000, "evidence": [THERE]},
    ]
    refused = await service.post("self-assessments", {"kind": "gap", "marks": marks}, "clerk")
    assert (refused.status_code, refused.json()["code"]) == (409, "evidence-erased-before")
    assert refused.json()["facts"]["items"] == ["staff", "rules"]


async def test_an_act_that_was_done_is_answered_as_it_was_after_the_erasure_too(
    service: Submission,
) -> None:
    path, body = await gap(service), COMPLETION | {"evidence": [{"sha256": THERE}]}
    first = await service.post(path, body, "clerk", key="once")
    await erased(service)
    again = await service.post(path, body, "clerk", key="once")
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
