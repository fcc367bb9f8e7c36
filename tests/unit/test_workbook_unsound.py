"""What is no sound workbook of ours, and how it is called; nothing of it is read."""

import io
import zipfile
from collections.abc import Callable

import pytest

from shared.contracts.refusals import Refused
from shared.workbook.form import Binding
from shared.workbook.writing import write
from tests.unit.workbooks import (
    BINDING,
    filled,
    form,
    in_sheet,
    reading,
    repacked,
)

TWO = filled({("JG-2", "points"): 5, ("RY-1", "points"): 12.5})
FRESH = write(form())


def refusal(sent: bytes, binding: Binding = BINDING) -> str:
    with pytest.raises(Refused) as refused:
        reading(sent, binding)
    return refused.value.code


def _as_macros(name: str, data: bytes) -> bytes:
    kind = b"application/vnd.ms-excel.sheet.macroEnabled.main+xml"
    plain = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    return data.replace(plain, kind) if name == "[Content_Types].xml" else data


def _as_is(_: str, data: bytes) -> bytes:
    return data


def _entity(name: str, data: bytes) -> bytes:
    if name != "xl/sharedStrings.xml" and not name.endswith("sheet1.xml"):
        return data
    return b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + data


def _elsewhere(name: str, data: bytes) -> bytes:
    """The sheet under a name that does not look like XML, and a declaration in it."""
    if name.endswith("workbook.xml.rels"):
        return data.replace(b"sheet1.xml", b"sheet1.png")
    if name == "[Content_Types].xml":
        return data.replace(b"/xl/worksheets/sheet1.xml", b"/xl/worksheets/sheet1.png")
    return data


def _laughs(name: str, data: bytes) -> bytes:
    if name != "xl/styles.xml":
        return data
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    return f'<!DOCTYPE x [<!ENTITY l0 "ha">{levels}]><styleSheet>&l11;</styleSheet>'.encode()


def _utf16(name: str, data: bytes) -> bytes:
    if not name.endswith("sheet1.xml"):
        return data
    return ('<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x [<!ENTITY a "b">]><x/>').encode(
        "utf-16"
    )


def _cut(name: str, data: bytes) -> bytes:
    return data[: len(data) // 2] if name.endswith("sheet1.xml") else data


def _without(gone: str) -> Callable[[str, bytes], bytes | None]:
    return lambda name, data: None if name == gone else data


def _bomb() -> bytes:
    out = io.BytesIO(FRESH)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            archive.writestr(f"xl/media/{number}.xml", b" " * (20 * 1024 * 1024))
    return out.getvalue()


def _lying_bomb() -> bytes:
    """Its directory says that the largest part is small."""
    out = io.BytesIO(FRESH)
    big = 20 * 1024 * 1024
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/big.xml", b" " * big)
    size = big.to_bytes(4, "little")
    return out.getvalue().replace(size, (100).to_bytes(4, "little"))


def _many_cells() -> bytes:
    cells = b'<row r="99">' + b"<c/>" * 300_000 + b"</row></sheetData>"
    return repacked(FRESH, lambda _, data: data.replace(b"</sheetData>", cells))


def _encrypted_zip() -> bytes:
    sent = bytearray(FRESH)
    at = sent.find(b"PK\x01\x02")
    sent[at + 8] |= 1
    return bytes(sent)


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
EXTERNAL = (
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    b'<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
    b'relationships/image" Target="https://example.org/x.png" TargetMode="External"/>'
    b"</Relationships>"
)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"", "workbook-not-xlsx"),
        ("编码,得分\nJG-1,40\n".encode(), "workbook-not-xlsx"),
        ("\ufeff<html><table><tr><td>编码</table>".encode(), "workbook-not-xlsx"),
        (b'<?xml version="1.0"?><Workbook/>', "workbook-not-xlsx"),
        (b"%PDF-1.7 ...", "workbook-not-xlsx"),
        (OLE, "workbook-old-format"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "workbook-encrypted"),
        (_encrypted_zip(), "workbook-encrypted"),
        (FRESH[: len(FRESH) // 2], "workbook-damaged"),
        (FRESH[:-10], "workbook-damaged"),
        (b"PK\x03\x04" + bytes(100), "workbook-damaged"),
        (repacked(FRESH, _cut), "workbook-damaged"),
        (repacked(FRESH, _without("xl/styles.xml")), "workbook-damaged"),
        (repacked(FRESH, _without("xl/worksheets/sheet1.xml")), "workbook-columns-missing"),
        (repacked(FRESH, _without("xl/workbook.xml")), "workbook-not-xlsx"),
        (repacked(FRESH, _without("[Content_Types].xml")), "workbook-not-xlsx"),
        (repacked(FRESH, _as_macros), "workbook-macros"),
        (repacked(FRESH, _entity), "workbook-unsafe"),
        (repacked(FRESH, _laughs), "workbook-unsafe"),
        (
            repacked(FRESH, _elsewhere, **{"xl/worksheets/sheet1.png": b"<!DOCTYPE x []><x/>"}),
            "workbook-unsafe",
        ),
        (repacked(FRESH, _utf16), "workbook-unsafe"),
        (
            repacked(FRESH, _as_is, **{"xl/externalLinks/externalLink1.xml": b"<x/>"}),
            "workbook-external-links",
        ),
        (
            repacked(FRESH, _as_is, **{"xl/drawings/_rels/drawing1.xml.rels": EXTERNAL}),
            "workbook-external-links",
        ),
        (_bomb(), "workbook-too-large"),
        (_lying_bomb(), "workbook-damaged"),
        (_many_cells(), "workbook-too-large"),
        (
            in_sheet(FRESH, '<mergeCell ref="[^"]*"', '<mergeCell ref="A9:XFD1048576"'),
            "workbook-too-large",
        ),
        (in_sheet(FRESH, '<mergeCell ref="[^"]*"', '<mergeCell ref="A:XFD"'), "workbook-too-large"),
        (b"PK" + bytes(6 * 1024 * 1024), "workbook-too-large"),
        (in_sheet(FRESH, '<c r="A7"', '<c r="%%%"'), "workbook-damaged"),
    ],
)
def test_what_is_no_sound_workbook_is_refused_by_its_kind(sent: bytes, code: str) -> None:
    assert refusal(sent) == code
