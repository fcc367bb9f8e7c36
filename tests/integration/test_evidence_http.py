"""Evidence over HTTP, on a real database and a real directory: sent, kept once, read on record."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from services.submission.evidence.intake import Intake
from services.submission.evidence.register import Register
from services.submission.evidence.store import EvidenceStore
from shared.contracts.case import MemberRecused
from shared.store.pool import Pool
from tests.integration.evidence import (
    DOCX,
    PART,
    XLSX,
    Clerk,
    contents,
    document,
    hashed,
    large,
    rows,
    workbook,
)
from tests.integration.submission import Submission, submission
from tests.unit.dossiers import OFFICE
from tests.unit.evidence import CITY, DISTRICT, OTHER, appointed, of_case, recommended
from tests.unit.photographs import MARKS, exif, jpeg, png

DAY = date(2018, 9, 20)


@pytest.fixture
async def service(database: str, tmp_path: Path) -> AsyncIterator[Submission]:
    async with submission(database, tmp_path / "clock", DAY) as serving:
        yield serving


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """Where the contents lie."""
    return tmp_path / "evidence" / "content"


async def test_a_large_file_goes_on_after_a_break_and_is_kept_as_it_was(
    service: Submission, kept: Path
) -> None:
    clerk, content = Clerk(service), large(2 * PART + 1000)
    begun = await clerk.begin(len(content))
    assert begun.status_code == 201
    upload = begun.json()["id"]
    assert begun.headers["location"] == f"/v1/evidence/uploads/{upload}"
    assert (begun.json()["part_bytes"], begun.json()["parts"]) == (PART, 3)
    await clerk.part(upload, 3, content[2 * PART :])
    await clerk.part(upload, 1, b"x" * PART)
    assert (await clerk.progress(upload)).json()["missing"] == [2]
    early = await clerk.complete(upload, hashed(content))
    assert (early.status_code, early.json()["facts"]["missing"]) == (409, [2])
    await clerk.parts(upload, content)  # the wrong first part is put right, the third comes again
    done = await clerk.complete(upload, hashed(content))
    assert done.status_code == 201, done.text
    assert done.json() == {
        "sha256": hashed(content),
        "sent_sha256": hashed(content),
        "stripped": False,
        "name": "值班室.pdf",
        "media_type": "application/pdf",
        "bytes": len(content),
    }
    read = await clerk.get(f"/{hashed(content)}")
    assert read.content == content
    assert not list(kept.parent.glob("uploads/*/*")), "parts stay behind"


@pytest.mark.parametrize(
    ("content", "name", "media_type"),
    [
        (png(), "平面图.PNG", "image/png"),
        (document(), "制度汇编.docx", DOCX),
        (workbook(), "台账.xlsx", XLSX),
        (jpeg(), "值班室👷‍♂️🚒.jpeg", "image/jpeg"),
    ],
    ids=["png", "docx", "xlsx", "a name with emoji"],
)
async def test_each_type_is_taken_at_once(
    service: Submission, content: bytes, name: str, media_type: str
) -> None:
    clerk = Clerk(service)
    answer = await clerk.at_once(content, name=name, media_type=media_type)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/v1/evidence/{hashed(content)}"
    read = await clerk.get(f"/{hashed(content)}")
    assert (read.content, read.headers["content-type"]) == (content, media_type)


async def test_a_type_is_the_same_in_capitals(service: Submission) -> None:
    answer = await Clerk(service).at_once(jpeg(), name="a.jpg", media_type="IMAGE/JPEG")
    assert answer.status_code == 201, answer.text
    read = await Clerk(service).get(f"/{hashed(jpeg())}")
    assert read.headers["content-type"] == "image/jpeg"


async def test_a_photograph_is_kept_without_its_position_under_the_hash_that_it_then_has(
    service: Submission, kept: Path
) -> None:
    clerk, sent = Clerk(service), jpeg(exif=exif())
    answer = (await clerk.at_once(sent)).json()
    assert (answer["stripped"], answer["sent_sha256"]) == (True, hashed(sent))
    read = (await clerk.get(f"/{answer['sha256']}")).content
    assert hashed(read) == answer["sha256"] != hashed(sent)
    assert (len(read), contents(kept)) == (answer["bytes"], {answer["sha256"]})
    assert not any(mark in read for mark in MARKS)


async def test_a_picture_whose_exif_cannot_be_read_is_taken_without_it(service: Submission) -> None:
    sent = png(exif=b"Exif\x00\x00garbage")
    answer = await Clerk(service).at_once(sent, name="a.png", media_type="image/png")
    assert (answer.status_code, answer.json()["stripped"]) == (201, True)
    assert answer.json()["sha256"] == hashed(png())


async def test_the_same_content_is_stored_once_and_each_office_has_its_own_name_for_it(
    service: Submission, kept: Path, database: str
) -> None:
    member = Clerk(service, "member", organisation=OTHER)
    await service.hear(appointed("member-1"))
    first = await Clerk(service).at_once(jpeg(), name="大门.jpg")
    again = await Clerk(service).at_once(jpeg(), name="又是大门.jpg")
    other = await member.at_once(jpeg(), name="组员拍的.jpg")
    assert [answer.status_code for answer in (first, again, other)] == [201, 201, 201]
    assert again.json() == first.json(), "what is kept keeps its name"
    assert contents(kept) == {hashed(jpeg())}
    assert len(await rows(database, "SELECT * FROM evidence")) == 1
    listed = await Clerk(service).get("?programme=shanting-2018&township=370406001")
    assert [(one["name"], one["sha256"]) for one in listed.json()] == [("大门.jpg", hashed(jpeg()))]


async def test_a_part_of_it_may_be_asked_for(service: Submission) -> None:
    clerk, content = Clerk(service), large(5000)
    await clerk.in_parts(content)
    path = f"/{hashed(content)}"
    for wanted, begin, end in [
        ("bytes=0-9", 0, 10),
        ("bytes=4990-", 4990, 5000),
        ("bytes=-10", 4990, 5000),
        ("bytes=4990-9999", 4990, 5000),
    ]:
        read = await clerk.get(path, Range=wanted)
        assert (read.status_code, read.content) == (206, content[begin:end]), wanted
        assert read.headers["content-range"] == f"bytes {begin}-{end - 1}/5000"
    assert (await clerk.get(path, Range="bytes=5000-")).json()["code"] == "range-outside"
    assert (await clerk.get(path, Range="bytes=0-1,4-5")).content == content
    assert (await clerk.get(path, Range="bytes=5-3")).content == content


async def test_a_browser_saves_it_under_its_name_and_runs_nothing_of_it(
    service: Submission,
) -> None:
    clerk = Clerk(service)
    await clerk.at_once(jpeg(), name='值班室"1".jpg')
    headers = (await clerk.get(f"/{hashed(jpeg())}")).headers
    assert headers["content-disposition"] == (
        "attachment; filename=\"evidence.jpg\"; filename*=UTF-8''"
        "%E5%80%BC%E7%8F%AD%E5%AE%A4%221%22.jpg"
    )
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "private, no-store"
    assert headers["etag"] == f'"{hashed(jpeg())}"'


async def test_each_reading_is_on_record_and_nobody_takes_it_out(
    service: Submission, database: str
) -> None:
    clerk, path = Clerk(service), f"/{hashed(jpeg())}"
    await clerk.at_once(jpeg())
    await clerk.get(path)
    await Clerk(service, "leader", organisation=DISTRICT).get(path)
    await Clerk(service, "clerk", organisation=OTHER).get(path)
    await clerk.get(path, **{"If-None-Match": f'"{hashed(jpeg())}"'})  # nothing was given
    await clerk.get(f"{path}/metadata")
    auditor = Clerk(service, "auditor", organisation="370406-audit")
    read = (await auditor.get(f"{path}/reads")).json()
    assert [(one["actor"], one["grounds"]) for one in read] == [
        (f"{OFFICE}:clerk-1", "office"),
        (f"{DISTRICT}:leader-1", "district"),
    ]
    assert {one["at"][:10] for one in read} == {"2018-09-20"}
    assert (await clerk.get(f"{path}/reads")).json()["code"] == "role-not-allowed"
    for statement in ("DELETE FROM evidence_read", "UPDATE evidence_read SET actor = ''"):
        with pytest.raises(asyncpg.RestrictViolationError):
            await rows(database, statement)


async def test_what_one_may_not_read_is_as_if_it_were_not_there(service: Submission) -> None:
    await Clerk(service).at_once(jpeg())
    stranger = Clerk(service, "clerk", "head", organisation=OTHER)
    there, nowhere = hashed(jpeg()), hashed(b"nothing")
    for path in ("", "/metadata"):
        found = await stranger.get(f"/{there}{path}")
        lacking = await stranger.get(f"/{nowhere}{path}")
        assert found.status_code == lacking.status_code == 404
        varying = ("facts", "title", "title_en", "correlation_id")
        same = [
            {name: value for name, value in one.json().items() if name not in varying}
            for one in (found, lacking)
        ]
        assert same[0] == same[1]
    listed = await stranger.get("?programme=shanting-2018&township=370406001")
    assert listed.json()["code"] == "other-organisation"


async def test_a_member_reads_while_on_the_team_and_the_city_once_it_is_recommended(
    service: Submission,
) -> None:
    await Clerk(service).at_once(jpeg())
    path = f"/{hashed(jpeg())}"
    member = Clerk(service, "member", organisation=OTHER)
    city = Clerk(service, "city", organisation=CITY)
    assert (await member.get(path)).status_code == 404
    assert (await member.at_once(png(), name="a.png", media_type="image/png")).status_code == 403
    await service.hear(appointed("member-1"))
    assert (await member.get(path)).content == jpeg()
    assert (await city.get(path)).status_code == 404
    await service.hear(recommended())
    assert (await city.get(path)).content == jpeg()
    await service.hear(
        MemberRecused(**of_case(), officer="member-1", organisation=OTHER, reason_code="kin")
    )
    assert (await member.get(path)).status_code == 404


async def test_one_key_begins_one_upload_and_a_completion_is_answered_again(
    service: Submission,
) -> None:
    clerk, content = Clerk(service), large(1000)
    first, second = [await clerk.begin(1000, key="k") for _ in range(2)]
    assert first.json() == second.json()
    assert (await clerk.begin(1001, key="k")).json()["code"] == "idempotency-key-reused"
    upload = first.json()["id"]
    await clerk.parts(upload, content)
    both = await asyncio.gather(*(clerk.complete(upload, hashed(content)) for _ in range(2)))
    assert [one.status_code for one in both] == [201, 201]
    again = await clerk.complete(upload, hashed(content))
    assert again.json() == both[0].json() == both[1].json()
    other = await clerk.complete(upload, hashed(b"other"))
    assert other.json()["code"] == "evidence-upload-complete"
    assert (await clerk.part(upload, 1, content)).json()["code"] == "evidence-upload-complete"
    assert (await clerk.give_up(upload)).json()["code"] == "evidence-upload-complete"
    assert (await clerk.progress(upload)).json()["sha256"] == hashed(content)


async def test_a_completion_that_comes_second_is_answered_as_the_first(
    service: Submission, database: str
) -> None:
    clerk, content = Clerk(service), large(1000)
    upload = (await clerk.begin(1000)).json()["id"]
    await clerk.parts(upload, content)
    tables = Pool(database, "test", 1)
    try:
        register = Register(tables)
        looked_up = await register.upload(upload)
        first = await clerk.complete(upload, hashed(content))
        store = EvidenceStore(service.app.state.auth.settings, register)
        intake = Intake(store, register, service.log.clock)
        assert looked_up is not None
        second = await intake.complete(looked_up, hashed(content), "o:1")
    finally:
        tables.close()
    assert first.status_code == 201
    assert (second.kept.sha256, second.kept.uploaded_by) == (
        first.json()["sha256"],
        f"{OFFICE}:clerk-1",
    )


async def test_a_completion_whose_parts_go_while_it_reads_them_is_answered_as_the_first(
    service: Submission, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk, content = Clerk(service), large(1000)
    upload = (await clerk.begin(1000)).json()["id"]
    await clerk.parts(upload, content)
    tables = Pool(database, "test", 1)
    try:
        register = Register(tables)
        store = EvidenceStore(service.app.state.auth.settings, register)
        put = store.part

        async def late(*asked: Any) -> bytes:
            assert (await clerk.complete(upload, hashed(content))).status_code == 201
            return await put(*asked)

        monkeypatch.setattr(store, "part", late)
        looked_up = await register.upload(upload)
        assert looked_up is not None
        intake = Intake(store, register, service.log.clock)
        second = await intake.complete(looked_up, hashed(content), "o:1")
    finally:
        tables.close()
    assert second.kept.sha256 == hashed(content)


async def test_an_upload_is_its_own_office_s(service: Submission) -> None:
    upload = (await Clerk(service).begin(1000)).json()["id"]
    for stranger in (
        Clerk(service, organisation=OTHER),
        Clerk(service, "member", organisation=OTHER),
    ):
        for answer in (
            await stranger.progress(upload),
            await stranger.part(upload, 1, large(1000)),
            await stranger.complete(upload, hashed(large(1000))),
            await stranger.give_up(upload),
        ):
            assert answer.json()["code"] == "evidence-upload-not-found"


async def test_without_a_place_to_keep_it_nothing_is_taken(database: str, tmp_path: Path) -> None:
    async with submission(database, tmp_path / "clock", DAY, evidence=None) as service:
        clerk = Clerk(service)
        for answer in (await clerk.begin(1000), await clerk.at_once(jpeg())):
            assert (answer.status_code, answer.json()["code"]) == (503, "evidence-store-missing")
            assert "FUYAN_EVIDENCE" in answer.json()["next_en"]


async def test_a_content_that_the_store_lost_is_told_and_not_on_record(
    service: Submission, kept: Path, database: str
) -> None:
    clerk = Clerk(service)
    await clerk.at_once(jpeg())
    shutil.rmtree(kept)
    lost = await clerk.get(f"/{hashed(jpeg())}")
    assert (lost.status_code, lost.json()["code"]) == (503, "evidence-content-missing")
    assert await rows(database, "SELECT * FROM evidence_read") == []


async def test_a_content_of_which_the_store_lost_some_is_made_whole_by_sending_it_again(
    service: Submission, kept: Path
) -> None:
    clerk, content = Clerk(service), jpeg()
    await clerk.at_once(content)
    there = kept / hashed(content)[:2] / hashed(content)
    await asyncio.to_thread(there.write_bytes, b"")
    assert (await clerk.at_once(content)).status_code == 201
    assert (await clerk.get(f"/{hashed(content)}")).content == content
