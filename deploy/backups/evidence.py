"""The bytes of evidence into a backup and back, never over what is there."""

import asyncio
import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias

import asyncpg
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from deploy.backups.manifest import EVIDENCE, OBJECTS, Kept, Unsound, objects_of, sha256_of
from shared.progress import Progress

Store: TypeAlias = LocalStore | S3Store

CHUNK_BYTES = 256 * 1024


async def named(submission: asyncpg.Connection) -> set[str]:
    """The contents that the register has, and that nobody erased."""
    rows = await submission.fetch(
        "SELECT sha256 FROM evidence EXCEPT SELECT sha256 FROM evidence_erasure"
        " EXCEPT SELECT sha256 FROM evidence_gone"
    )
    return {row[0] for row in rows}


async def copy_out(store: Store, directory: Path, named: Collection[str], told: Progress) -> Kept:
    """Every object, hashed on its way; raises Unsound where one that is named is not there."""
    found: dict[str, tuple[int, str]] = {}
    with _reached():
        paths = {one["path"]: one["size"] async for page in store.list() for one in page}
        total = sum(paths.values())
        for path in sorted(paths):
            found[path] = await _out(store, path, directory / EVIDENCE / path)
            told("evidence", sum(size for size, _ in found.values()), total)
    contents = {path.rsplit("/", 1)[-1] for path in found if path.startswith("content/")}
    if missing := sorted(set(named) - contents):
        raise Unsound(
            f"佐证材料库缺少登记在册的 {len(missing)} 份内容（如 {missing[0]}）：请先查明，再备份",
            f"the evidence store lacks {len(missing)} contents that are registered"
            f" ({missing[0]} …): find out why before taking a backup",
        )
    wrong = [
        path
        for path, (_, digest) in found.items()
        if path.startswith("content/") and path.rsplit("/", 1)[-1] != digest
    ]
    if wrong:
        raise Unsound(
            f"佐证材料内容与其哈希不符：{wrong[0]}", f"{wrong[0]} is not what its name says"
        )
    listed = directory / OBJECTS
    listed.write_text(json.dumps(found, indent=1), encoding="utf-8")
    return Kept(
        objects=len(found),
        bytes=sum(size for size, _ in found.values()),
        sha256=sha256_of(listed),
    )


async def copy_in(store: Store, directory: Path, kept: Kept, told: Progress) -> int:
    """Put back what is missing; answers how many. What is there stays; raises Unsound if other."""
    objects = objects_of(directory, kept)
    put = 0
    with _reached():
        there = {one["path"]: one["size"] async for page in store.list() for one in page}
        for done, (path, (size, _)) in enumerate(objects.items(), start=1):
            if path not in there:
                await store.put_async(path, directory / EVIDENCE / path)
                put += 1
            elif there[path] != size:
                raise Unsound(
                    f"佐证材料库中 {path} 与备份不同：未覆盖，请先查明",
                    f"{path} in the evidence store differs from the backup: it was left alone,"
                    " find out why",
                )
            told("evidence", done, len(objects))
    return put


async def _out(store: Store, path: str, to: Path) -> tuple[int, str]:
    to.parent.mkdir(parents=True, exist_ok=True)
    digest, size = sha256(), 0
    got = await store.get_async(path)
    with to.open("wb") as file:
        async for chunk in got.stream(min_chunk_size=CHUNK_BYTES):
            content = bytes(memoryview(chunk))
            digest.update(content)
            size += len(content)
            await asyncio.to_thread(file.write, content)
    return size, digest.hexdigest()


@contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except (BaseError, OSError) as error:
        raise Unsound(
            f"佐证材料库无法访问（{error}）：请核对 FUYAN_EVIDENCE",
            f"the evidence store cannot be reached ({error}): check FUYAN_EVIDENCE",
        ) from error
