"""A new version of the read models, folded from the journal beside those that are seen.

Until it is complete nobody sees it, so its pages are not waited for on the disk: a crash of the
server takes back rows and cursor together. Killed anywhere it goes on where its cursor stands.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import asyncpg

from services.projection import lifecycle
from services.projection.feeding import TAKE, folds_of, process_name
from services.projection.folding import Fold, page
from services.projection.models import schema
from services.projection.versions import LOCKS, Version, seen_version, versions
from shared.contracts.refusals import Refused
from shared.crash import crash_point
from shared.progress import Progress
from shared.store.session import FEW_ROWS, connect

PAGE = 10_000
# A process of this image takes a version over within a second or so.
TAKEN_OVER_S = 5.0
POINTS = (10, 50, 99)
"""Per cent at which a test may end it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A complete version: at which position, and whether running processes go on with it."""

    version: int
    position: int
    resumed_at: int | None
    """Where an earlier run had come to; None for one that began anew."""
    followed: bool


async def rebuild(database: str, actor: str, told: Progress) -> Built:
    """Build the next version by this image's folds, or go on with one that was begun.

    One that is complete and not promoted yet is only brought up to the journal's end, where nobody
    else does that. Raises Refused: `read-models-being-built`, `-busy`.
    """
    connection = await connect(database, process_name("acts"))
    try:
        at = await _begun(connection)
        resumed_at = at.position if at is not None else None
        version = at.version if at is not None else await lifecycle.begin(connection, actor)
        if at is None or at.built_at is None:
            await _build(connection, database, version, actor, told)
        followed = await _followed(connection, version)
        if not followed:
            await _catch_up(connection, database, version, told)
        position = await connection.fetchval(
            "SELECT position FROM folded WHERE version = $1", version
        )
        return Built(version=version, position=position, resumed_at=resumed_at, followed=followed)
    finally:
        connection.terminate()


async def _begun(connection: asyncpg.Connection) -> Version | None:
    """The newest version of this image's folds that was not promoted yet."""
    seen = await seen_version(connection)
    own = [one for one in await versions(connection) if one.folds == schema.FOLDS]
    return own[-1] if own and own[-1].version > seen else None


async def _build(
    connection: asyncpg.Connection, database: str, version: int, actor: str, told: Progress
) -> None:
    folding = await _folder(database, version, synchronous_commit="off")
    try:
        fold = Fold(folding, version, limit=PAGE)
        await fold.remember()

        async def to(position: int) -> None:
            while fold.position < position:
                await fold.fold(await fold.next())

        await _to_the_end(connection, fold, told)
        await lifecycle.finish(connection, version, actor, to)
    finally:
        folding.terminate()


async def _to_the_end(reading: asyncpg.Connection, fold: Fold, told: Progress) -> None:
    """Page by page, the next one read meanwhile; the end moves while events come in."""
    name, begun, points = f"version {fold.version}", fold.position, set(POINTS)
    entries = await page(reading, begun, fold.limit)
    while entries:
        end = await reading.fetchval("SELECT max(position) FROM journal")
        told(name, fold.position, end)
        ahead = asyncio.create_task(page(reading, entries[-1][0], fold.limit))
        reached = 100 * (entries[-1][0] - begun) // max(1, end - begun)
        due = sorted(point for point in points if point <= reached)
        try:
            await fold.fold(entries, partial(_pass, due))
        except BaseException:
            ahead.cancel()
            raise
        points.difference_update(due)
        entries = await ahead
    told(name, fold.position, fold.position)


def _pass(points: Sequence[int]) -> None:
    for point in points:
        crash_point(f"rebuild/{point}")


async def _followed(connection: asyncpg.Connection, version: int) -> bool:
    """Whether a running process of this image goes on folding it; it has a few seconds for that."""
    deadline = asyncio.get_running_loop().time() + TAKEN_OVER_S
    while not await lifecycle.taken(connection, version):
        own = [
            name
            for name in await lifecycle.processes(connection)
            if folds_of(name) == schema.FOLDS and "-acts/" not in name
        ]
        if not own or asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(0.05)
    return True


async def _catch_up(
    connection: asyncpg.Connection, database: str, version: int, told: Progress
) -> None:
    """By the rules of what is seen: every page is on the disk before it counts."""
    folding = await _folder(database, version)
    try:
        fold = Fold(folding, version, limit=PAGE)
        await fold.remember()
        await _to_the_end(connection, fold, told)
    finally:
        folding.terminate()


async def _folder(database: str, version: int, **settings: str) -> asyncpg.Connection:
    """Alone with a version, until the connection ends."""
    folding = await connect(database, process_name("build"), **FEW_ROWS, **settings)
    if not await folding.fetchval(TAKE, LOCKS, version):
        folding.terminate()
        raise Refused("read-models-being-built", version=version)
    return folding
