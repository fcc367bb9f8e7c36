"""What may be kept as evidence: which types, under which names, and what a file really is."""

import hashlib
import mmap
import re
import unicodedata
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import puremagic

from services.submission.evidence.photo import Broken, without_position
from shared.contracts.refusals import Refused

_OPEN_XML = "application/vnd.openxmlformats-officedocument."
DOCX = f"{_OPEN_XML}wordprocessingml.document"
XLSX = f"{_OPEN_XML}spreadsheetml.sheet"

# No films and no HEIC: their position cannot be taken out without making them anew.
KINDS: Mapping[str, tuple[str, ...]] = {
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "application/pdf": (".pdf",),
    DOCX: (".docx",),
    XLSX: (".xlsx",),
}
_MAIN_PARTS = {b"wordprocessingml.document.main+xml": DOCX, b"spreadsheetml.sheet.main+xml": XLSX}
_HEAD_BYTES = 4096
_ZIP_END, _ZIP_END_WITHIN = b"PK\x05\x06", 66 * 1024
_BIG_ZIP_END, _BIG_ZIP_LOCATOR, _BIG_ZIP_BYTES = b"PK\x06\x06", b"PK\x06\x07", 56 + 20
_MOST_LISTED, _MOST_CONTENT_TYPES = 2 * 1024 * 1024, 1024 * 1024
# They turn `gpj.exe` around for whoever reads it.
_TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Examined:
    """A file as it will be kept: where it lies, its hash and size, and whether it lost anything."""

    path: Path
    sha256: str
    bytes: int
    stripped: bool


def check_name(name: str, media_type: str) -> str:
    """The name in composed form; Refused `evidence-type-not-allowed`, `evidence-name-unfit`."""
    if media_type not in KINDS:
        raise Refused("evidence-type-not-allowed", media_type=media_type, allowed=list(KINDS))
    composed = unicodedata.normalize("NFC", name).strip()
    stem, dot, extension = composed.rpartition(".")
    unfit = (
        any(unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") for sign in composed)
        or _TURNING.search(composed)
        or "/" in composed
        or "\\" in composed
        or not stem.strip(" .")
        or dot + extension.lower() not in KINDS[media_type]
    )
    if unfit:
        raise Refused("evidence-name-unfit", name=composed, extensions=list(KINDS[media_type]))
    return composed


def examine(sent: Path, sha256: str, media_type: str) -> Examined:
    """Look at a whole file and take the position out of a photograph; for a thread, not the loop.

    Raises Refused: `evidence-hash-differs`, `evidence-type-differs`, `evidence-broken`.
    """
    with sent.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise Refused("evidence-hash-differs", sha256=sha256, found=found)
    if (kind := _kind(sent)) != media_type:
        raise Refused("evidence-type-differs", media_type=media_type, found=kind or "unknown")
    kept = sent.with_name(f"{sent.name}-kept")
    digest = hashlib.sha256()
    with (
        sent.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
        kept.open("wb") as output,
    ):
        try:
            for piece in without_position(content, media_type):
                digest.update(piece)
                output.write(piece)
        except Broken as broken:
            raise Refused("evidence-broken", reason=str(broken)) from broken
    changed = digest.hexdigest()
    return Examined(kept, changed, kept.stat().st_size, changed != sha256)


def _kind(path: Path) -> str | None:
    """What the content is, of the types that may be kept; whatever its name says."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    try:
        likely = {one.mime_type for one in puremagic.magic_string(head)}
    except (puremagic.PureError, ValueError):
        return None
    if "application/zip" in likely:
        return _open_xml(path)
    return next((kind for kind in KINDS if kind in likely), None)


def _open_xml(path: Path) -> str | None:
    """A document is a zip that says so in its list of contents; with macros it says otherwise."""
    if not _short_list(path):
        return None
    try:
        with zipfile.ZipFile(path) as packed, packed.open("[Content_Types].xml") as listed:
            contents = listed.read(_MOST_CONTENT_TYPES)
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError, OSError, EOFError):
        return None
    return next((kind for part, kind in _MAIN_PARTS.items() if part in contents), None)


def _short_list(path: Path) -> bool:
    """Whether the list of a zip is of a size that may be read: that is done whole.

    By its bytes: how many entries it says it has is not what is read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - _ZIP_END_WITHIN))
        tail = file.read()
    end = tail.rfind(_ZIP_END)
    if end < 0 or len(tail) < end + 22:
        return False
    listed = int.from_bytes(tail[end + 12 : end + 16], "little")
    if tail[:end].startswith(_BIG_ZIP_LOCATOR, max(0, end - 20)):
        big = end - _BIG_ZIP_BYTES
        where = int.from_bytes(tail[end - 12 : end - 4], "little")
        if where != size - len(tail) + big or not tail.startswith(_BIG_ZIP_END, big):
            return False  # who reads it might look elsewhere than here
        listed = int.from_bytes(tail[big + 40 : big + 48], "little")
    return listed <= _MOST_LISTED
