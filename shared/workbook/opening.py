"""A file that somebody sent, opened as a workbook only once nothing in it can do harm."""

import io
import re
import warnings
import zipfile
import zlib
from contextlib import suppress
from xml.parsers import expat

from openpyxl import Workbook, load_workbook
from openpyxl.utils import range_boundaries

from shared.contracts.refusals import Refused

BYTES_AT_MOST = 5 * 1024 * 1024
# A filled sheet of a thousand items unpacks to about 1 MiB and holds 12 000 cells.
_UNPACKED_AT_MOST = 40 * 1024 * 1024
_PARTS_AT_MOST = 500
_CELLS_AT_MOST = 200_000
# openpyxl makes a cell for each place of a merged or linked range, however few bytes name it.
_SPANNED_AT_MOST = 100_000

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SPANS = frozenset({"mergeCell", "hyperlink"})
# What "Strict Open XML" is written in; openpyxl would find no sheets there, and say nothing.
_STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main workbook"
_MACROS = re.compile(rb"macroEnabled|vbaProject|ms-excel\.sheet\.binary", re.IGNORECASE)


def open_workbook(content: bytes) -> Workbook:
    """The workbook in these bytes, formulas as they were written.

    Raises Refused: `workbook-too-large`, `workbook-encrypted`, `workbook-old-format`,
    `workbook-not-xlsx`, `workbook-damaged`, `workbook-macros`, `workbook-external-links`,
    `workbook-unsafe`, `workbook-strict`.
    """
    _check_kind(content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_parts(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        raise Refused("workbook-damaged") from error
    except (expat.ExpatError, ValueError, RuntimeError) as error:
        raise Refused("workbook-damaged") from error
    try:
        with warnings.catch_warnings():
            # It warns of extensions that it drops; what is read here needs none of them.
            warnings.simplefilter("ignore")
            return load_workbook(io.BytesIO(content), keep_links=False)
    except Exception as error:  # a file may break openpyxl in any way; none of them is our fault
        raise Refused("workbook-damaged") from error


def _check_kind(content: bytes) -> None:
    if len(content) > BYTES_AT_MOST:
        raise Refused("workbook-too-large", limit_bytes=BYTES_AT_MOST)
    if content.startswith(_OLE):
        # An encrypted workbook is wrapped in the old container, with the package as a stream.
        encrypted = "EncryptedPackage".encode("utf-16-le") in content
        raise Refused("workbook-encrypted" if encrypted else "workbook-old-format")
    if not content.startswith(b"PK"):
        raise Refused("workbook-not-xlsx", looks_like=_looks_like(content))


def _looks_like(content: bytes) -> str:
    start = content[:2000].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if start.startswith(b"%pdf"):
        return "PDF"
    if start.startswith((b"<html", b"<!doctype html", b"<table", b"<meta")):
        return "HTML"
    if start.startswith(b"<"):
        return "XML"
    if not start:
        return "empty"
    return "CSV" if b"," in start and b"\x00" not in start else "unknown"


def _check_parts(archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    names = {part.filename for part in parts}
    if len(parts) > _PARTS_AT_MOST or sum(part.file_size for part in parts) > _UNPACKED_AT_MOST:
        raise Refused("workbook-too-large", limit_bytes=_UNPACKED_AT_MOST)
    if any(part.flag_bits & 1 for part in parts):
        raise Refused("workbook-encrypted")
    if "[Content_Types].xml" not in names or "xl/workbook.xml" not in names:
        raise Refused("workbook-not-xlsx", looks_like="ZIP")
    if _MACROS.search(archive.read("[Content_Types].xml")):
        raise Refused("workbook-macros")
    if any(name.startswith("xl/externalLinks/") for name in names):
        raise Refused("workbook-external-links")
    scan = _Scan()
    for part in parts:
        # What declares less than it holds does not get past the checksum.
        data = archive.read(part)
        try:
            scan.read(data)  # whatever its name: a sheet may be kept under any
        except expat.ExpatError:
            # Pictures are no XML, nor is what Excel draws comments with, always.
            if part.filename.endswith((".xml", ".rels")):
                raise


class _Scan:
    """Counts what would cost openpyxl memory, over all parts, and stops at any declared entity."""

    def __init__(self) -> None:
        self._cells = self._spanned = 0

    def read(self, data: bytes) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._element
        parser.Parse(data, True)

    def _doctype(self, *_: object) -> None:
        raise Refused("workbook-unsafe")

    def _element(self, name: str, attributes: dict[str, str]) -> None:
        if name == _STRICT:
            raise Refused("workbook-strict")
        local = name.rpartition(" ")[2]
        if local == "c":
            self._cells += 1
        elif local in _SPANS:
            self._spanned += _spanned(attributes.get("ref", ""))
        elif local == "Relationship" and _fetches(attributes):
            raise Refused("workbook-external-links")
        if self._cells > _CELLS_AT_MOST or self._spanned > _SPANNED_AT_MOST:
            raise Refused("workbook-too-large", limit_bytes=BYTES_AT_MOST)


def _fetches(relationship: dict[str, str]) -> bool:
    """A link that a person follows is harmless; anything fetched on opening is not."""
    external = relationship.get("TargetMode") == "External"
    return external and not relationship.get("Type", "").endswith("/hyperlink")


def _spanned(reference: str) -> int:
    with suppress(ValueError):
        left, top, right, bottom = range_boundaries(reference)
        if None not in (left, top, right, bottom):
            return (int(right) - int(left) + 1) * (int(bottom) - int(top) + 1)  # type: ignore[arg-type]
    # An odd reference names a whole row or column, if anything.
    return _SPANNED_AT_MOST + 1 if ":" in reference else 1
