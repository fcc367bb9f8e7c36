"""A photograph keeps its pixels and everything else, and loses where it was taken."""

import struct
import zlib
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as some
from PIL import Image

from services.submission.evidence.photo import Broken, without_position
from tests.unit.photographs import (
    MARKS,
    XMP,
    chunk,
    exif,
    jpeg,
    picture,
    pixels,
    png,
    segment,
    with_chunk,
    with_segment,
)

PLAIN_JPEG, PLAIN_PNG = jpeg(), png()


def stripped(content: bytes) -> bytes:
    media_type = "image/png" if content.startswith(b"\x89PNG") else "image/jpeg"
    return b"".join(without_position(content, media_type))


def itxt(text: bytes, *, packed: bool = False) -> bytes:
    head = b"XML:com.adobe.xmp\x00%c\x00\x00\x00" % packed
    return head + (zlib.compress(text) if packed else text)


def with_small_picture(picture: bytes, *, said: int | None = None) -> bytes:
    """EXIF with a picture for lists, as a file manager shows it, in its second directory."""
    second = struct.pack("<HHHIIHHIII", 2, 0x0201, 4, 1, 44, 0x0202, 4, 1, said or len(picture), 0)
    return b"Exif\x00\x00II*\x00" + struct.pack("<IHI", 8, 0, 14) + second + picture


def windows_comment(text: str) -> bytes:
    value = text.encode("utf-16-le")
    entry = struct.pack("<HHHIII", 1, 0x9C9C, 1, len(value), 26, 0)
    return b"Exif\x00\x00II*\x00" + struct.pack("<I", 8) + entry + value


TELLING = {
    "JPEG, EXIF, little end first": jpeg(exif=exif("<")),
    "JPEG, EXIF, big end first": jpeg(exif=exif(">")),
    "JPEG, XMP": jpeg(xmp=XMP),
    "JPEG, both": jpeg(exif=exif(), xmp=XMP),
    "JPEG, a comment": with_segment(PLAIN_JPEG, 0xFE, b"GPS 35,6.2057N"),
    "JPEG, the rest of a long XMP": with_segment(
        PLAIN_JPEG, 0xE1, b"http://ns.adobe.com/xmp/extension/\x0035,6.2057N"
    ),
    "JPEG, a film behind it": PLAIN_JPEG + b"\x00\x00\x00\x18ftypmp42 35,6.2057N",
    "JPEG, a second picture behind it": with_segment(PLAIN_JPEG, 0xE2, b"MPF\x00II")
    + jpeg(exif=exif()),
    "JPEG, EXIF in the small picture within its EXIF": with_segment(
        PLAIN_JPEG, 0xE1, with_small_picture(jpeg(exif=exif()))
    ),
    "JPEG, the same, and its directory says less of it": with_segment(
        PLAIN_JPEG, 0xE1, with_small_picture(jpeg(exif=exif()), said=1)
    ),
    "JPEG, a small picture beside it": with_segment(
        PLAIN_JPEG, 0xE0, b"JFXX\x00\x10" + jpeg(exif=exif())
    ),
    "PNG, eXIf": png(exif=exif()),
    "PNG, XMP": with_chunk(PLAIN_PNG, b"iTXt", itxt(XMP)),
    "PNG, packed XMP": with_chunk(PLAIN_PNG, b"iTXt", itxt(XMP, packed=True)),
    "PNG, a text": with_chunk(PLAIN_PNG, b"tEXt", b"Comment\x00latitude 35,6.2057N"),
    "PNG, a profile in hexadecimals": with_chunk(
        PLAIN_PNG, b"tEXt", b"Raw profile type exif\x00" + b"35,6.2057N"
    ),
    "PNG, something behind it": PLAIN_PNG + b"35,6.2057N",
}


@pytest.mark.filterwarnings("ignore:Image appears to be a malformed MPO file")
@pytest.mark.parametrize("content", TELLING.values(), ids=TELLING.keys())
def test_a_position_leaves_and_the_pixels_stay(content: bytes) -> None:
    packed = zlib.compress(XMP)
    assert any(mark in content for mark in (*MARKS, packed)), "the test shows nothing"
    found = stripped(content)
    assert not any(mark in found for mark in (*MARKS, packed, b"GPS"))
    assert pixels(found) == pixels(content)
    assert stripped(found) == found, "a second time it changed again"


@pytest.mark.parametrize("make", [jpeg, png])
@pytest.mark.parametrize("endian", ["<", ">"])
def test_orientation_camera_and_moment_stay(make: type, endian: str) -> None:
    with Image.open(BytesIO(stripped(make(exif=exif(endian))))) as image:
        found = image.getexif()
    assert found[0x0112] == 6
    assert found.get_ifd(0x8769)[0x9003] == "2018:05:10 09:00:00"
    assert 0x010F in found
    assert found.get_ifd(0x8825) == {}


def test_a_position_in_two_bytes_a_letter_leaves() -> None:
    found = stripped(with_segment(PLAIN_JPEG, 0xE1, windows_comment("GPS 34.86N 117.55E")))
    assert b"1\x001\x007" not in found
    kept = with_segment(PLAIN_JPEG, 0xE1, windows_comment("值班室 duty room"))
    assert stripped(kept) == kept


def test_a_small_picture_without_position_stays() -> None:
    content = with_segment(PLAIN_JPEG, 0xE1, with_small_picture(jpeg(colour="white")))
    assert stripped(content) == content


def progressive() -> bytes:
    file = BytesIO()
    noise = Image.effect_noise((200, 200), 90)
    noise.save(file, "JPEG", progressive=True, quality=95, restart_marker_rows=1)
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [PLAIN_JPEG, PLAIN_PNG, progressive(), with_chunk(PLAIN_PNG, b"tEXt", b"Title\x00duty room")],
    ids=["JPEG", "PNG", "progressive", "titled"],
)
def test_a_picture_without_position_stays_byte_for_byte(content: bytes) -> None:
    assert stripped(content) == content


def test_a_profile_of_colours_is_no_position_whatever_bytes_it_has() -> None:
    content = with_segment(PLAIN_JPEG, 0xE2, b"ICC_PROFILE\x00\x01\x01 gps")
    assert stripped(content) == content


def test_another_type_comes_back_whole() -> None:
    assert b"".join(without_position(b"%PDF GPS", "application/pdf")) == b"%PDF GPS"


@pytest.mark.parametrize(
    "garbage",
    [b"", b"garbage", b"II*\x00\xff\xff\xff\x7f", b"II*\x00\x08\0\0\0\xff\xff"],
    ids=["nothing", "words", "a directory beyond its end", "more entries than bytes"],
)
def test_exif_that_cannot_be_read_goes_whole(garbage: bytes) -> None:
    assert stripped(with_segment(PLAIN_JPEG, 0xE1, b"Exif\0\0" + garbage)) == PLAIN_JPEG
    assert stripped(with_chunk(PLAIN_PNG, b"eXIf", garbage)) == PLAIN_PNG


def test_a_directory_that_leads_back_to_itself_comes_to_an_end() -> None:
    circle = b"II*\x00\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x08\0\0\0\x08\0\0\0"
    assert circle in stripped(with_chunk(PLAIN_PNG, b"eXIf", circle))


BROKEN = {
    "a JPEG that ends in its pixels": PLAIN_JPEG[:-20],
    "a JPEG that ends in a segment": PLAIN_JPEG[:30],
    "a JPEG of three bytes": b"\xff\xd8\xff",
    "a JPEG without a picture": b"\xff\xd8" + segment(0xFE, b"words") + b"\xff\xd9",
    "a JPEG with something between its segments": b"\xff\xd8words" + PLAIN_JPEG[2:],
    "a PNG that ends in its pixels": PLAIN_PNG[:-20],
    "a PNG of eight bytes": PLAIN_PNG[:8],
    "a PNG with another pixel": PLAIN_PNG[:50] + b"?" + PLAIN_PNG[51:],
    "a PNG that begins with another chunk": PLAIN_PNG[:8] + chunk(b"tEXt", b"a\0b") + PLAIN_PNG[8:],
    "a PNG without a picture": PLAIN_PNG[:33] + chunk(b"IEND", b""),
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_picture_is_told(content: bytes) -> None:
    with pytest.raises(Broken):
        stripped(content)


def test_a_slice_may_end_between_the_two_bytes_of_a_marker(monkeypatch: pytest.MonkeyPatch) -> None:
    content = progressive()
    for size in (1, 2, 3, 7, 64):
        monkeypatch.setattr("services.submission.evidence.photo._SLICE", size)
        assert stripped(content) == content


def test_a_position_that_claims_to_lie_in_the_header_takes_all_of_the_exif_with_it() -> None:
    content = bytearray(TELLING["JPEG, both"])
    longitude = content.index(b"\x04\x00\x05\x00\x03\x00\x00\x00") + 8
    content[longitude : longitude + 4] = bytes(4)
    assert b"Exif" not in stripped(bytes(content))


@given(some.data())
def test_whatever_is_done_to_a_picture_it_is_told_or_comes_out_without_position(
    data: some.DataObject,
) -> None:
    content = bytearray(data.draw(some.sampled_from([TELLING["JPEG, both"], TELLING["PNG, eXIf"]])))
    for _ in range(data.draw(some.integers(1, 8))):
        content[data.draw(some.integers(8, len(content) - 1))] = data.draw(some.integers(0, 255))
    try:
        found = stripped(bytes(content))
    except Broken:
        return
    assert stripped(found) == found


def test_the_picture_of_the_tests_is_one() -> None:
    assert pixels(PLAIN_PNG) == picture().tobytes()
