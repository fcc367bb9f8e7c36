"""The bytes of evidence, in a directory or a bucket, each content once under its own hash."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import structlog
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from services.submission.evidence.register import Register
from services.submission.settings import SubmissionSettings
from shared.store.streams import Unavailable

CHUNK_BYTES = 256 * 1024
# Somebody waits for the answer, and repeats what they ask.
_ATTEMPTS, _PATIENCE = 3, timedelta(seconds=10)

# Lies in every store that was used; a directory without it is what a lost mount leaves behind.
_MARKER = "fuyan-evidence"

log = structlog.get_logger()

Content = AsyncIterator[bytes]


class EvidenceStore:
    """Raises Unavailable while it cannot be reached, `evidence-store-missing` where none is set.

    One that lost all it had, by what the register says, counts as not reached.
    """

    def __init__(self, settings: SubmissionSettings, register: Register) -> None:
        self._store = opened(settings.evidence, settings.evidence_endpoint)
        self._register = register

    async def check(self) -> None:
        """Raise Unavailable before anybody sends what cannot be kept."""
        with _reached():
            await self._there()

    async def put_part(self, upload: str, number: int, sha256: str, part: bytes) -> None:
        """Keep a part of an upload; its hash in its name, so that none replaces another."""
        with _reached():
            await (await self._there()).put_async(_part(upload, number, sha256), part)

    async def part(self, upload: str, number: int, sha256: str) -> bytes:
        """What was put; raises Unavailable where it is not there any more."""
        with _reached():
            found = await (await self._there()).get_async(_part(upload, number, sha256))
            return bytes(await found.bytes_async())

    async def drop_parts(self, upload: str) -> None:
        """Forget all parts of an upload; none there is fine."""
        with _reached():
            store = await self._there()
            async for page in store.list(f"uploads/{upload}/"):
                for one in page:
                    with suppress(FileNotFoundError):  # somebody else dropped it first
                        await store.delete_async(one["path"])

    async def keep(self, sha256: str, content: Path) -> None:
        """Put a content under its hash, unless it is there whole; it outlives a loss of power."""
        with _reached():
            store = await self._there()
            size = (await asyncio.to_thread(content.stat)).st_size
            if await _size(store, _content(sha256)) != size:
                await store.put_async(_content(sha256), content)
            # Also what is there: whoever put it may have ended before it was on the disk.
            if isinstance(store, LocalStore) and store.prefix is not None:
                await asyncio.to_thread(_to_disk, Path(store.prefix), _content(sha256))

    async def open(self, sha256: str, begin: int, end: int) -> Content:
        """The bytes from `begin` up to `end`; nothing has flowed when this returns.

        Raises Unavailable("evidence-content-missing") where the content is gone.
        """
        with _reached():
            try:
                found = await (await self._there()).get_async(
                    _content(sha256), options={"range": (begin, end)}
                )
            except FileNotFoundError as error:
                raise Unavailable("evidence-content-missing", sha256=sha256) from error
        return _chunks(found.stream(min_chunk_size=CHUNK_BYTES))

    async def erase(self, sha256: str) -> None:
        """Delete a content; one that is gone already is fine."""
        with _reached(), suppress(FileNotFoundError):
            await (await self._there()).delete_async(_content(sha256))

    async def _there(self) -> LocalStore | S3Store:
        """The store, once it is known to be the one that was used before, or else a new one."""
        store = self._store
        if store is None:
            raise Unavailable("evidence-store-missing", retry_after_s=60)
        if await _size(store, _MARKER) is None:
            if await self._register.any_kept():
                log.warning("evidence store without its marker", marker=_MARKER)
                raise Unavailable("evidence-store-unavailable")
            await store.put_async(_MARKER, b"fuyan")
        return store


def opened(url: str | None, endpoint: str | None) -> LocalStore | S3Store | None:
    """The directory or bucket that `FUYAN_EVIDENCE` names, or None where it names nothing."""
    if url is None:
        return None
    if url.startswith("file://"):
        return LocalStore.from_url(url, mkdir=True)
    return S3Store.from_url(
        url,
        config={} if endpoint is None else {"endpoint": endpoint},
        client_options={
            "allow_http": endpoint is not None and endpoint.startswith("http:"),
            "connect_timeout": timedelta(seconds=5),
            "timeout": timedelta(seconds=60),
        },
        retry_config={"max_retries": _ATTEMPTS, "retry_timeout": _PATIENCE},
    )


async def _size(store: LocalStore | S3Store, name: str) -> int | None:
    """Of what is there under a name: a power cut can leave a name without its bytes."""
    try:
        return (await store.head_async(name))["size"]
    except FileNotFoundError:
        return None


@contextmanager
def _reached() -> Iterator[None]:
    """What a store says stays in the log: it names buckets and directories."""
    try:
        yield
    except (BaseError, OSError) as error:
        log.warning("evidence store", error=repr(error))
        raise Unavailable("evidence-store-unavailable") from error


def _to_disk(root: Path, name: str) -> None:
    """A directory's entry is kept by itself: without it the file would have no name."""
    path = root / name
    for each in (path, path.parent, path.parent.parent, root):
        handle = os.open(each, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


async def _chunks(found: AsyncIterator[object]) -> Content:
    async for chunk in found:
        yield bytes(memoryview(chunk))  # type: ignore[arg-type]


def _content(sha256: str) -> str:
    return f"content/{sha256[:2]}/{sha256}"


def _part(upload: str, number: int, sha256: str) -> str:
    return f"uploads/{upload}/{number:05d}-{sha256}"
