"""How tests send and read evidence: as an office's clerk does, in parts or at once."""

from collections.abc import Mapping
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import docx
import httpx
import openpyxl

from tests.integration.submission import Submission
from tests.unit.dossiers import OFFICE, PROGRAMME, TOWNSHIP

EVIDENCE = "/v1/evidence"
PART = 4 * 1024 * 1024
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def hashed(content: bytes) -> str:
    return sha256(content).hexdigest()


def document() -> bytes:
    file = BytesIO()
    docx.Document().save(file)
    return file.getvalue()


def workbook() -> bytes:
    file = BytesIO()
    openpyxl.Workbook().save(file)
    return file.getvalue()


def large(size: int) -> bytes:
    """A PDF of that many bytes, no two parts of it alike."""
    head = b"%PDF-1.4\n"
    return head + b"".join(b"%015d\n" % number for number in range(size // 16 + 1))[: size - 9]


def contents(kept: Path) -> set[str]:
    return {path.name for path in kept.rglob("*") if path.is_file()}


async def rows(database: str, statement: str) -> list[Any]:
    connection = await asyncpg.connect(database)
    try:
        return list(await connection.fetch(statement))
    finally:
        await connection.close()


class Clerk:
    """Somebody who sends files; the office's clerk if not said otherwise."""

    def __init__(
        self, service: Submission, *roles: str, organisation: str = OFFICE, township: str = TOWNSHIP
    ) -> None:
        self._service = service
        self._who = service.who(*(roles or ("clerk",)), organisation=organisation)
        self._about = {"programme": PROGRAMME, "township": township}

    async def begin(
        self,
        size: int,
        *,
        name: str = "值班室.pdf",
        media_type: str = "application/pdf",
        key: str | None = None,
    ) -> httpx.Response:
        body = {**self._about, "name": name, "media_type": media_type, "bytes": size}
        return await self.post(EVIDENCE, body, key)

    async def part(self, upload: str, number: int, content: bytes) -> httpx.Response:
        return await self._service.http.put(
            f"{EVIDENCE}/uploads/{upload}/parts/{number}", content=content, headers=self._who
        )

    async def parts(self, upload: str, content: bytes) -> None:
        for number, at in enumerate(range(0, len(content), PART), 1):
            answer = await self.part(upload, number, content[at : at + PART])
            assert answer.status_code == 200, answer.text

    async def progress(self, upload: str) -> httpx.Response:
        return await self._service.http.get(f"{EVIDENCE}/uploads/{upload}", headers=self._who)

    async def complete(self, upload: str, sent: str) -> httpx.Response:
        return await self.post(f"{EVIDENCE}/uploads/{upload}/completion", {"sha256": sent})

    async def give_up(self, upload: str) -> httpx.Response:
        return await self._service.http.delete(f"{EVIDENCE}/uploads/{upload}", headers=self._who)

    async def in_parts(self, content: bytes, **said: Any) -> httpx.Response:
        """All of it, up to the answer to the completion, or to whatever was refused before."""
        begun = await self.begin(len(content), **said)
        if begun.status_code != 201:
            return begun
        await self.parts(begun.json()["id"], content)
        return await self.complete(begun.json()["id"], hashed(content))

    async def at_once(
        self,
        content: bytes,
        *,
        name: str = "值班室.jpg",
        media_type: str = "image/jpeg",
        sent: str | None = None,
    ) -> httpx.Response:
        said = {"name": name, "media_type": media_type, "sha256": sent or hashed(content)}
        return await self._service.http.post(
            f"{EVIDENCE}/content",
            params={**self._about, **said},
            content=content,
            headers={**self._who, "Idempotency-Key": uuid4().hex},
        )

    async def post(
        self, path: str, body: Mapping[str, Any], key: str | None = None
    ) -> httpx.Response:
        headers = {**self._who, "Idempotency-Key": key or uuid4().hex}
        return await self._service.http.post(path, json=body, headers=headers)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self._service.http.get(f"{EVIDENCE}{path}", headers={**self._who, **headers})
