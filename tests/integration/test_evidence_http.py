"""Evidence over HTTP, on a real database and a real directory: sent, kept once, read on record."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from services.submission.evidence import MOST_UPLOADS, Register
from services.submission.evidence_intake import Intake
from services.submission.evidence_store import EvidenceStore
from shared.contracts.case import MemberRecused
from shared.store.pool import Pool
from shared.store.streams import Unavailable
from tests.integration.evidence import DOCX, PART, XLSX, Clerk, document, hashed, large, workbook
from tests.integration.submission import Submission, submission
from tests.unit.dossiers import OFFICE
from tests.unit.evidence import CITY, DISTRICT, OTHER, appointed, of_case, recommended
from tests.unit.photographs import MARKS, exif, jpeg, png

DAY = date(2018, 9, 20)
ORDER = {"reason": "含有居民身份证号", "document": {"title": "关于删除有关材料的函"}}


@pytest.fixture
async def service(database: str, tmp_path: Path) -> AsyncIterator[Submission]:
    async with submission(database, tmp_path / "clock", DAY) as serving:
        yield serving


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """Where the contents lie."""
    return tmp_path / "evidence" / "content"


def contents(kept: Path) -> set[str]:
    return {path.name for path in kept.rglob("*") if path.is_file()}


async def rows(database: str, statement: str) -> list[Any]:
    connection = await asyncpg.connect(database)
    try:
        return list(await connection.fetch(statement))
    finally:
        await connection.close()


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


async def test_an_erased_content_is_gone_for_all_and_does_not_come_back(
    service: Submission, kept: Path
) -> None:
    clerk, leader = Clerk(service), Clerk(service, "leader", organisation=DISTRICT)
    await clerk.at_once(jpeg(), name="张某身份证.jpg")
    path = f"/{hashed(jpeg())}"
    assert (await clerk.post(f"/v1/evidence{path}/erasure", ORDER)).status_code == 403
    lacking = await leader.post(f"/v1/evidence{path}/erasure", {"reason": "x"})
    assert lacking.status_code == 422
    erased = await leader.post(f"/v1/evidence{path}/erasure", ORDER)
    assert erased.status_code == 201, erased.text
    assert contents(kept) == set()
    for who in (clerk, leader, Clerk(service, "auditor", organisation="370406-audit")):
        gone = await who.get(path)
        assert (gone.status_code, gone.json()["code"]) == (410, "evidence-erased")
    assert (await Clerk(service, organisation=OTHER).get(path)).status_code == 404
    stone = (await clerk.get(f"{path}/metadata")).json()
    assert (stone["name"], stone["erased"]["actor"]) == ("", f"{DISTRICT}:leader-1")
    assert stone["erased"]["document"]["title"] == ORDER["document"]["title"]  # type: ignore[index]
    again = await leader.post(f"/v1/evidence{path}/erasure", {**ORDER, "reason": "又一次"})
    assert again.json()["erased"] == stone["erased"], "the first order stands"
    back = await clerk.at_once(jpeg())
    assert (back.status_code, back.json()["code"]) == (409, "evidence-erased-before")
    assert contents(kept) == set()
    assert (await clerk.get("?programme=shanting-2018&township=370406001")).json() == []


async def test_nobody_of_another_district_erases(service: Submission, kept: Path) -> None:
    await Clerk(service).at_once(jpeg())
    path = f"/v1/evidence/{hashed(jpeg())}/erasure"
    stranger = Clerk(service, "leader", organisation="370405-safety")
    assert (await stranger.post(path, ORDER)).status_code == 404
    # One of this office's clerks who is a leader elsewhere may read, and still not say so.
    both = Clerk(service, "leader", "clerk")
    assert (await both.post(path, ORDER)).json()["code"] == "evidence-held-elsewhere"
    assert contents(kept) == {hashed(jpeg())}


async def test_an_erasure_that_broke_off_is_read_by_nobody_and_finished_later(
    service: Submission, kept: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk, leader = Clerk(service), Clerk(service, "leader", organisation=DISTRICT)
    await clerk.at_once(jpeg())

    async def away(*_: object) -> None:
        raise Unavailable("evidence-store-unavailable")

    with monkeypatch.context() as broken:
        broken.setattr(EvidenceStore, "erase", away)
        answer = await leader.post(f"/v1/evidence/{hashed(jpeg())}/erasure", ORDER)
        assert answer.status_code == 503
    assert contents(kept) == {hashed(jpeg())}
    assert (await clerk.get(f"/{hashed(jpeg())}")).status_code == 410
    tables = Pool(database, "test", 1)
    try:
        settings = service.app.state.auth.settings
        await Intake(EvidenceStore(settings), Register(tables), service.log.clock).sweep()
    finally:
        tables.close()
    assert contents(kept) == set()


async def test_a_content_erased_while_it_is_put_again_does_not_stay(
    service: Submission, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk, leader = Clerk(service), Clerk(service, "leader", organisation=DISTRICT)
    await clerk.at_once(jpeg())
    keep = EvidenceStore.keep

    async def erased_first(store: EvidenceStore, sha256: str, content: Path) -> None:
        erased = await leader.post(f"/v1/evidence/{sha256}/erasure", ORDER)
        assert erased.status_code == 201
        await keep(store, sha256, content)

    monkeypatch.setattr(EvidenceStore, "keep", erased_first)
    assert (await clerk.at_once(jpeg())).json()["code"] == "evidence-erased-before"
    assert contents(kept) == set()


async def test_uploads_end_after_a_day_and_an_office_has_no_more_than_so_many(
    service: Submission, kept: Path, database: str
) -> None:
    clerk = Clerk(service)
    begun = [await clerk.begin(1000) for _ in range(MOST_UPLOADS)]
    first, second = begun[0].json()["id"], begun[1].json()["id"]
    await clerk.part(first, 1, large(1000))
    assert (await clerk.begin(1000)).json()["code"] == "evidence-uploads-many"
    assert (await clerk.give_up(second)).status_code == 204
    assert (await clerk.progress(second)).status_code == 404
    assert (await clerk.begin(1000)).status_code == 201
    await rows(database, "UPDATE evidence_upload SET opened_at = now() - interval '25 hours'")
    tables = Pool(database, "test", 1)
    try:
        settings = service.app.state.auth.settings
        await Intake(EvidenceStore(settings), Register(tables), service.log.clock).sweep()
    finally:
        tables.close()
    assert (await clerk.progress(first)).status_code == 404
    assert not list(kept.parent.glob("uploads/*/*"))
    assert (await clerk.begin(1000)).status_code == 201


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
