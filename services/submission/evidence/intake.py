"""How a file comes to be kept: looked at whole, without its position, once by content."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from services.submission.evidence.kinds import examine
from services.submission.evidence.register import Kept, Part, Register, Upload
from services.submission.evidence.store import EvidenceStore
from shared.clock import Clock
from shared.contracts.refusals import Refused
from shared.store.streams import Unavailable

MEBIBYTE = 1024 * 1024
PART_BYTES = 4 * MEBIBYTE
"""All parts of an upload are as large, but the last."""
# Each holds a file on the disk and a core; more at once would only be slower.
_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class TakenIn:
    """A file as it is kept, and whether it is another than was sent."""

    kept: Kept
    sent_sha256: str
    stripped: bool


def part_sizes(size: int) -> list[int]:
    """How many bytes each part of a file has."""
    full, rest = divmod(size, PART_BYTES)
    return [PART_BYTES] * full + ([rest] if rest else [])


class Intake:
    """Takes files in, a few at a time; the event loop goes on meanwhile."""

    def __init__(self, store: EvidenceStore, register: Register, clock: Clock) -> None:
        self._store, self._register, self._clock = store, register, clock
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def part(self, upload: Upload, number: int, part: bytes) -> Part:
        """Keep a part until the upload is complete.

        Raises Refused: `evidence-part-unknown`, `evidence-part-size`, `evidence-upload-complete`.
        """
        if upload.kept is not None:
            raise Refused("evidence-upload-complete", sha256=upload.kept)
        sizes = part_sizes(upload.bytes)
        if not 1 <= number <= len(sizes):
            raise Refused("evidence-part-unknown", number=number, parts=len(sizes))
        if len(part) != sizes[number - 1]:
            raise Refused(
                "evidence-part-size",
                number=number,
                sent_bytes=len(part),
                expected_bytes=sizes[number - 1],
            )
        digest = await asyncio.to_thread(lambda: sha256(part).hexdigest())
        arrived = Part(number, digest, len(part))
        await self._store.put_part(upload.id, number, digest, part)
        await self._register.arrived(upload.id, arrived)
        return arrived

    async def complete(self, upload: Upload, sent: str, by: str) -> TakenIn:
        """Keep what was uploaded; asked again it answers the same.

        Raises Refused: `evidence-parts-missing`, `evidence-upload-complete`, and as `take`.
        """
        if upload.kept is not None:
            return await self._again(upload, sent)
        parts = await self._register.parts(upload.id)
        there = {one.number for one in parts}
        missing = [
            number for number in range(1, len(part_sizes(upload.bytes)) + 1) if number not in there
        ]
        try:
            if missing:
                raise Refused("evidence-parts-missing", count=len(missing), missing=missing[:20])
            taken = await self.take(upload, self._content(upload, parts), sent, by)
        except (Refused, Unavailable):
            # Unless somebody completed it since it was looked up: then its parts are gone.
            now = await self._register.upload(upload.id)
            if now is not None and now.kept is not None:
                return await self._again(now, sent)
            raise
        await self._register.finish(upload.id, sent, taken.kept.sha256)
        await self._store.drop_parts(upload.id)
        return taken

    async def take(
        self, upload: Upload, content: AsyncIterator[bytes], sent: str, by: str
    ) -> TakenIn:
        """Keep a content for a township, of which only its name and type matter here.

        Raises Refused: `evidence-hash-differs`, `evidence-type-differs`, `evidence-broken`,
        `evidence-erased-before`; then nothing was kept.
        """
        async with self._turns:
            with tempfile.TemporaryDirectory(prefix="fuyan-evidence-") as room:
                file = Path(room) / "sent"
                with file.open("wb") as output:
                    async for piece in content:
                        await asyncio.to_thread(output.write, piece)
                found = await asyncio.to_thread(examine, file, sent, upload.media_type)
                async with self._register.alone(found.sha256) as register:
                    await register.refuse_erased(found.sha256)
                    await self._store.keep(found.sha256, found.path)
                    kept = await register.keep(
                        Kept(
                            sha256=found.sha256,
                            programme=upload.programme,
                            township=upload.township,
                            name=upload.name,
                            media_type=upload.media_type,
                            bytes=found.bytes,
                            uploaded_by=by,
                            at=self._clock(),
                        )
                    )
        return TakenIn(kept, sent, found.stripped)

    async def drop(self, upload: Upload) -> None:
        """Give up what is not complete."""
        if upload.kept is not None:
            raise Refused("evidence-upload-complete", sha256=upload.kept)
        await self._register.drop(upload.id)
        await self._store.drop_parts(upload.id)

    async def sweep(self) -> None:
        """Forget uploads of yesterday, and finish erasures that broke off."""
        for sha256_ in await self._register.to_delete():
            await self._store.erase(sha256_)
            await self._register.gone(sha256_)
        for upload in await self._register.expired(100):
            await self._store.drop_parts(upload)
            await self._register.forget(upload)

    async def _content(self, upload: Upload, parts: Sequence[Part]) -> AsyncIterator[bytes]:
        for one in parts:
            yield await self._store.part(upload.id, one.number, one.sha256)

    async def _again(self, upload: Upload, sent: str) -> TakenIn:
        if upload.sent != sent or upload.kept is None:
            raise Refused("evidence-upload-complete", sha256=upload.kept)
        await self._register.refuse_erased(upload.kept)
        kept = await self._register.kept_by(upload.programme, upload.township, upload.kept)
        if kept is None:
            raise LookupError(f"upload {upload.id} is complete, and {upload.kept} not kept")
        return TakenIn(kept, sent, upload.kept != sent)
