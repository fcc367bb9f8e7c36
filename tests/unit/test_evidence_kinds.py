"""A zip says what it is in a list that is read whole, so it is asked first how long that is."""

import hashlib
import struct
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from services.submission.evidence.kinds import DOCX, examine
from shared.contracts.refusals import Refused

NO_ENTRY = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", *(0,) * 10, *(0,) * 6)


def document() -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types>wordprocessingml.document.main+xml</Types>")
        archive.writestr("word/document.xml", "<w/>")
    return packed.getvalue()


def listing(more: int, *, big: bool) -> bytes:
    """The document with as many entries more, of which the end of the zip says nothing."""
    content = document()
    (said, there, at) = struct.unpack("<HII", content[-12:-2])
    listed = content[at : at + there] + NO_ENTRY * more
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, said, said, len(listed), at, 0)
    if big:
        where = at + len(listed)
        record = (44, 45, 45, 0, 0, said, said, len(listed), at)
        end = (
            struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", *record)
            + struct.pack("<4sIQI", b"PK\x06\x07", 0, where, 1)
            + struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, said, said, 0, at, 0)
        )
    return content[:at] + listed + end


def looked_at(content: bytes, room: Path) -> str:
    file = room / "sent"
    file.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    return "kept" if examine(file, digest, DOCX).sha256 == digest else "changed"


@pytest.mark.parametrize("big", [False, True], ids=["usual", "zip64"])
def test_a_list_of_a_usual_length_is_read(tmp_path: Path, big: bool) -> None:
    assert looked_at(listing(10, big=big), tmp_path) == "kept"


@pytest.mark.parametrize("big", [False, True], ids=["usual", "zip64"])
def test_a_list_that_is_longer_than_it_says_is_not_read(
    tmp_path: Path, big: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = listing(50_000, big=big)
    monkeypatch.setattr(zipfile, "ZipFile", lambda *_: pytest.fail("it was read"))
    with pytest.raises(Refused) as refused:
        looked_at(content, tmp_path)
    assert refused.value.code == "evidence-type-differs"


@pytest.mark.parametrize("behind", [b"PK\x05\x06", b"PK\x05\x06" + b"\0" * 10])
def test_an_end_that_ends_too_early_is_not_believed(tmp_path: Path, behind: bytes) -> None:
    content = listing(50_000, big=False)
    with pytest.raises(Refused) as refused:
        looked_at(content[: -len(behind)] + behind, tmp_path)
    assert refused.value.code == "evidence-type-differs"
