"""The versions of the read models that there are, and which of them an image answers from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.projection.models.schema import Connection

LOCKS = 0x66757970
"""Space of the advisory locks under which one process folds a version: (LOCKS, version)."""

ANSWERING = """
SELECT version, position FROM folded LEFT JOIN pointer AS seen USING (version)
WHERE folds = $1 AND built_at IS NOT NULL
ORDER BY seen.single IS NULL, version DESC LIMIT 1
"""
"""The version that an image of these folds answers from, as `answering` says it."""

TO_FEED = "SELECT version FROM folded WHERE folds = $1 AND built_at IS NOT NULL"
"""What a process of these folds keeps folding; one that is being built has its own folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version: by whose folds, how far, and since when it is complete (`built_at`)."""

    version: int
    position: int
    folds: int
    began_at: datetime
    built_at: datetime | None


def answering(versions: Iterable[Version], seen: int, folds: int) -> Version | None:
    """What an image of these folds answers from while the pointer says `seen`.

    That version if it is of its folds, else the newest complete one that is: so an image that was
    not promoted, or no longer is, goes on answering. None where there is nothing of its own.
    """
    own = [one for one in versions if one.folds == folds and one.built_at is not None]
    return max(own, key=lambda one: (one.version == seen, one.version), default=None)


def handovers(
    versions: Iterable[Version], seen: int, then: Iterable[Version], seen_then: int
) -> list[tuple[int, int]]:
    """From which version to which an act moves the answers of some image.

    At its commit the second must stand at least where the first does, or somebody would see less
    than before.
    """
    before, after = list(versions), list(then)
    moved = []
    for folds in sorted({one.folds for one in before}):
        old = answering(before, seen, folds)
        new = answering(after, seen_then, folds)
        if old is not None and new is not None and old.version != new.version:
            moved.append((old.version, new.version))
    # The seen version itself changes hands, whichever image answers from it.
    if seen != seen_then and (seen, seen_then) not in moved:
        moved.append((seen, seen_then))
    return moved


async def versions(connection: Connection) -> list[Version]:
    """All there are, oldest first."""
    rows = await connection.fetch(
        "SELECT version, position, folds, began_at, built_at FROM folded ORDER BY version"
    )
    return [Version(**dict(row)) for row in rows]


async def seen_version(connection: Connection) -> int:
    """The one that the pointer says."""
    rows = await connection.fetch("SELECT version FROM pointer")
    found: int = rows[0][0]
    return found


def standing(versions: Iterable[Version]) -> Mapping[int, Version]:
    return {one.version: one for one in versions}
