"""What a backup says of itself: written last, and believed only once every file agrees."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Any

FORMAT = 1
NAME = "manifest.json"
OBJECTS = "evidence.json"
EVIDENCE = "evidence"


class Unsound(Exception):
    """It cannot be done, or the backup is not what it says; Chinese and English, what to do."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass(frozen=True, slots=True, kw_only=True)
class Dump:
    """One database: its file, and what stood in it at the moment of the snapshot."""

    file: str
    bytes: int
    sha256: str
    last: int
    """The last position of its log, or of the journal."""
    rows: Mapping[str, int]
    migration: str
    server: str
    roles: tuple[str, ...]
    """The roles that services connect with: granted again on restoring, where they exist."""
    tree_head: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The evidence: every object with its size and SHA-256 stands in `evidence.json`."""

    objects: int
    bytes: int
    sha256: str
    """Of evidence.json."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """All of a backup."""

    taken_at: str
    installation: str
    databases: Mapping[str, Dump]
    evidence: Kept | None

    def write(self, directory: Path) -> None:
        """Last of all, and whole: a backup without it was not finished."""
        unfinished = directory / f"{NAME}.unfinished"
        content = json.dumps({"format": FORMAT, **asdict(self)}, ensure_ascii=False, indent=2)
        unfinished.write_text(content, encoding="utf-8")
        unfinished.rename(directory / NAME)

    @classmethod
    def read(cls, directory: Path) -> "Manifest":
        """Raises Unsound for a directory that holds no finished backup of this format."""
        try:
            told = json.loads((directory / NAME).read_text(encoding="utf-8"))
            if told.pop("format") != FORMAT:
                raise ValueError("another format")
            dumps = {
                name: Dump(**{**dump, "roles": tuple(dump["roles"])})
                for name, dump in told.pop("databases").items()
            }
            kept = told.pop("evidence")
            return cls(databases=dumps, evidence=None if kept is None else Kept(**kept), **told)
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise Unsound(
                f"{directory} 不是一份完整的备份（{error}）：请换一份",
                f"{directory} holds no finished backup ({error!r}): take another one",
            ) from error


def objects_of(directory: Path, kept: Kept) -> dict[str, tuple[int, str]]:
    """Path of each object of the evidence → size and SHA-256; raises Unsound."""
    path = directory / OBJECTS
    _same(path, sha256_of(path), kept.sha256)
    return {name: (size, digest) for name, (size, digest) in json.loads(path.read_bytes()).items()}


def check(directory: Path, manifest: Manifest, service: str) -> None:
    """Hold the file of one database against the manifest; raises Unsound."""
    dump = manifest.databases[service]
    path = directory / dump.file
    _same(path, sha256_of(path), dump.sha256)


def check_object(directory: Path, name: str, size: int, digest: str) -> None:
    """Hold one object of the evidence against its list; raises Unsound."""
    path = directory / EVIDENCE / name
    _same(path, sha256_of(path), digest)


def sha256_of(path: Path) -> str:
    """Of a file's content; raises Unsound where it is missing."""
    try:
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise Unsound(f"{path} 无法读取（{error}）", f"{path} cannot be read ({error})") from error


def _same(path: Path, found: str, wanted: str) -> None:
    if found != wanted:
        raise Unsound(
            f"{path} 与清单不符，备份已损坏：未作任何改动，请换一份备份",
            f"{path} is not what the manifest says, the backup is damaged: nothing was changed,"
            " take another one",
        )
