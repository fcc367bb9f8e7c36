"""pg_dump and pg_restore: found where they are, told everything by the environment."""

import asyncio
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from sqlalchemy.engine import make_url

from deploy.backups.manifest import Unsound

_SETTINGS = ("sslmode", "sslrootcert", "sslcert", "sslkey", "passfile")


async def tool(name: str, server: int) -> Path:
    """A program of at least the server's major version: on PATH, or in the wheel of the tests.

    Raises Unsound where there is none.
    """
    seen = []
    for path in _candidates(name):
        version = int((re.search(rb"\d+", await run(path, {}, "--version")) or [b"0"])[0])
        if version >= server:
            return path
        seen.append(f"{path} ({version})")
    raise Unsound(
        f"没有 {server} 版及以上的 {name}（现有 {seen}）：请安装 PostgreSQL 客户端程序",
        f"there is no {name} of version {server} or later (found: {seen}): install"
        " the PostgreSQL client programs",
    )


def _candidates(name: str) -> Iterator[Path]:
    if found := shutil.which(name):
        yield Path(found)
    with suppress(ImportError):  # an image of a service alone is without it
        from deploy.local.postgres import BIN

        if (BIN / name).exists():
            yield BIN / name


def environment(dsn: str) -> dict[str, str]:
    """How libpq is told where to connect: a password on a command line could be seen by all."""
    url = make_url(dsn)
    found = {
        "PGHOST": url.host or str(url.query.get("host", "")),
        "PGPORT": str(url.port or url.query.get("port", "")),
        "PGUSER": url.username or "",
        "PGPASSWORD": str(url.password or ""),
        "PGDATABASE": url.database or "",
    }
    found |= {f"PG{name.upper()}": str(url.query[name]) for name in _SETTINGS if name in url.query}
    return {name: value for name, value in found.items() if value}


async def run(program: Path, environment: dict[str, str], *arguments: str) -> bytes:
    """Its output; raises Unsound with the last of what it said where it fails."""
    process = await asyncio.create_subprocess_exec(
        program,
        *arguments,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        said, complained = await process.communicate()
    except BaseException:
        process.kill()
        raise
    if process.returncode:
        why = complained.decode(errors="replace").strip().splitlines()[-5:]
        raise Unsound(f"{program.name} 失败：{why}", f"{program.name} failed: {why}")
    return said
