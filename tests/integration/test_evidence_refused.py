"""Files as people really hand them in: each gets its refusal, and nothing of it is kept."""

import re
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from io import BytesIO
from pathlib import Path

import asyncpg
import httpx
import pytest

from tests.integration.evidence import DOCX, PART, XLSX, Clerk, document, hashed, large, workbook
from tests.integration.submission import Submission, submission
from tests.unit.evidence import OTHER
from tests.unit.photographs import jpeg, png

PDF = "application/pdf"
Sending = Callable[[Clerk], Awaitable[httpx.Response]]


@pytest.fixture
async def service(database: str, tmp_path: Path) -> AsyncIterator[Submission]:
    async with submission(database, tmp_path / "clock", date(2018, 9, 20)) as serving:
        yield serving


def zipped(**files: bytes) -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def with_macros() -> bytes:
    """A workbook that says of itself what one with macros says."""
    packed, source = BytesIO(), zipfile.ZipFile(BytesIO(workbook()))
    with zipfile.ZipFile(packed, "w") as archive:
        for name in source.namelist():
            content = source.read(name)
            archive.writestr(
                name,
                content.replace(
                    b"openxmlformats-officedocument.spreadsheetml.sheet.main",
                    b"ms-excel.sheet.macroEnabled.main",
                ),
            )
    return packed.getvalue()


def begun(size: int = 1000, **said: str) -> Sending:
    return lambda clerk: clerk.begin(size, **said)


def at_once(content: bytes, **said: str) -> Sending:
    return lambda clerk: clerk.at_once(content, **said)


def in_parts(content: bytes, **said: str) -> Sending:
    return lambda clerk: clerk.in_parts(content, **said)


def part(number: int, content: bytes, size: int = 1000) -> Sending:
    async def sending(clerk: Clerk) -> httpx.Response:
        upload = (await clerk.begin(size)).json()["id"]
        return await clerk.part(upload, number, content)

    return sending


def completed(sent: str, content: bytes = b"", size: int = 1000) -> Sending:
    async def sending(clerk: Clerk) -> httpx.Response:
        upload = (await clerk.begin(size)).json()["id"]
        await clerk.parts(upload, content)
        return await clerk.complete(upload, sent)

    return sending


def names(name: str) -> Sending:
    return at_once(jpeg(), name=name)


REFUSED: dict[str, tuple[Sending, int, str]] = {
    "101 MB": (begun(101 * 1024 * 1024), 413, "evidence-too-large"),
    "an empty file in parts": (begun(0), 422, "invalid-body"),
    "a size below nothing": (begun(-1), 422, "invalid-body"),
    "an empty file at once": (at_once(b""), 422, "evidence-empty"),
    "more than a part at once": (
        at_once(large(PART + 1), name="a.pdf", media_type=PDF),
        413,
        "body-too-large",
    ),
    "a part that is too short": (part(1, large(999)), 422, "evidence-part-size"),
    "a part that is too long": (part(1, large(1001)), 422, "evidence-part-size"),
    "a part above all bounds": (part(1, large(PART + 1)), 413, "body-too-large"),
    "an empty part": (part(1, b""), 422, "evidence-part-size"),
    "part 0": (part(0, large(1000)), 422, "invalid-parameter"),
    "a part too many": (part(2, large(1000)), 422, "evidence-part-unknown"),
    "part -1": (part(-1, large(1000)), 422, "invalid-parameter"),
    "a number like no other": (part(10**30, large(1000)), 422, "invalid-parameter"),
    "completed before anything came": (
        completed(hashed(large(1000))),
        409,
        "evidence-parts-missing",
    ),
    "another hash": (completed(hashed(b"x"), large(1000)), 422, "evidence-hash-differs"),
    "a hash in capitals": (completed(hashed(b"x").upper()), 422, "invalid-body"),
    "another hash at once": (at_once(jpeg(), sent=hashed(b"x")), 422, "evidence-hash-differs"),
    "an exe called .jpg": (at_once(b"MZ\x90\x00" + b"\x00" * 400), 422, "evidence-type-differs"),
    "a text called .pdf": (
        in_parts(b"the duty room", name="a.pdf", media_type=PDF),
        422,
        "evidence-type-differs",
    ),
    "a PNG called .jpg": (at_once(png()), 422, "evidence-type-differs"),
    "a plain zip called .docx": (
        at_once(zipped(a=b"x"), name="a.docx", media_type=DOCX),
        422,
        "evidence-type-differs",
    ),
    "a workbook called .docx": (
        at_once(workbook(), name="a.docx", media_type=DOCX),
        422,
        "evidence-type-differs",
    ),
    "a workbook with macros": (
        at_once(with_macros(), name="a.xlsx", media_type=XLSX),
        422,
        "evidence-type-differs",
    ),
    "a docx that was cut off": (
        at_once(document()[:-100], name="a.docx", media_type=DOCX),
        422,
        "evidence-type-differs",
    ),
    "a docx whose list is garbage": (
        at_once(
            document().replace(b"[Content_Types].xml", b"[Content_Typos].xml"),
            name="a.docx",
            media_type=DOCX,
        ),
        422,
        "evidence-type-differs",
    ),
    "a JPEG that was cut off": (at_once(jpeg()[:-30]), 422, "evidence-broken"),
    "a PNG that was cut off": (
        at_once(png()[:-30], name="a.png", media_type="image/png"),
        422,
        "evidence-broken",
    ),
    "a film": (
        at_once(b"\x00\x00\x00\x18ftypmp42", name="a.mp4", media_type="video/mp4"),
        422,
        "evidence-type-not-allowed",
    ),
    "a type that is none": (begun(media_type="jpeg"), 422, "evidence-type-not-allowed"),
    "a type with a parameter": (
        begun(media_type="application/pdf; a=b"),
        422,
        "evidence-type-not-allowed",
    ),
    "a type of another file": (begun(name="a.pdf", media_type=XLSX), 422, "evidence-name-unfit"),
    "a path": (names("../../etc/值班室.jpg"), 422, "evidence-name-unfit"),
    "a path of Windows": (names("C:\\fakepath\\值班室.jpg"), 422, "evidence-name-unfit"),
    "a line break in a name": (names("值班\r\n室.jpg"), 422, "evidence-name-unfit"),
    "a NUL in a name": (names("值班\x00室.jpg"), 422, "evidence-name-unfit"),
    "a NUL in a name in JSON": (begun(name="值班\x00室.pdf"), 422, "invalid-body"),
    "a name turned around": (names("值班\u202egpj.exe.jpg"), 422, "evidence-name-unfit"),
    "no name but an extension": (names(".jpg"), 422, "evidence-name-unfit"),
    "no extension": (names("值班室"), 422, "evidence-name-unfit"),
    "an exe that says it is a JPEG": (names("值班室.jpg.exe"), 422, "evidence-name-unfit"),
    "an empty name": (names(""), 422, "invalid-parameter"),
    "a name of blanks": (begun(name="   "), 422, "invalid-body"),
    "300 characters": (names("长" * 296 + ".jpg"), 422, "invalid-parameter"),
    "300 characters in JSON": (begun(name="长" * 296 + ".pdf"), 422, "invalid-body"),
}


@pytest.mark.parametrize(("sending", "status", "code"), REFUSED.values(), ids=REFUSED.keys())
async def test_a_file_that_cannot_be_kept_is_refused_with_its_reason_and_nothing_stays(
    service: Submission,
    database: str,
    tmp_path: Path,
    sending: Sending,
    status: int,
    code: str,
) -> None:
    answer = await sending(Clerk(service))
    told = answer.json()
    assert (answer.status_code, told["code"]) == (status, code), answer.text
    assert told["title"]
    assert told["next"]
    if code in ("evidence-broken", "evidence-type-differs"):
        prose = re.sub(r"[a-z]+/[a-z.+-]+|JPEG|PNG|“.*?”", "", told["title"])
        assert not re.search(r"[A-Za-z?]", prose), told["title"]
    connection = await asyncpg.connect(database)
    try:
        assert await connection.fetch("SELECT * FROM evidence") == []
        assert await connection.fetch("SELECT * FROM evidence_upload WHERE kept IS NOT NULL") == []
    finally:
        await connection.close()
    assert not list((tmp_path / "evidence").glob("content/*/*"))


async def test_after_a_refusal_the_upload_can_be_put_right_or_given_up(service: Submission) -> None:
    clerk, content = Clerk(service), large(1000)
    upload = (await clerk.begin(1000)).json()["id"]
    await clerk.part(upload, 1, content.replace(b"7", b"8"))
    assert (await clerk.complete(upload, hashed(content))).status_code == 422
    await clerk.part(upload, 1, content)
    assert (await clerk.complete(upload, hashed(content))).status_code == 201


async def test_who_may_not_send_is_told_before_anything_is_read(service: Submission) -> None:
    for clerk, code in (
        (Clerk(service, organisation=OTHER), "other-organisation"),
        (Clerk(service, "head"), "role-not-allowed"),
        (Clerk(service, "member", organisation=OTHER), "other-organisation"),
        (Clerk(service, township="370406999"), "township-not-enrolled"),
    ):
        for answer in (await clerk.begin(1000), await clerk.at_once(b"anything")):
            assert answer.json()["code"] == code
    assert (await service.http.post("/v1/evidence", json={})).json()["code"] == "not-signed-in"
