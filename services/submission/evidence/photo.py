"""Where a photograph was taken leaves it; its pixels stay as they are, byte for byte.

Position is found in EXIF (the GPS directory, and any value that speaks of it), in XMP, in text, and
in what cameras put behind the picture (a film, a second picture). What cannot be read cannot be
shown to be free of it, and goes too.
"""

import re
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from mmap import mmap

Content = bytes | mmap

_POSITION = re.compile(rb"(?i)gps|latitude|longitude|geo:lat|iptc4xmp(core|ext):location")
# One slice of a scan at a time: a search holds the interpreter, and requests would wait for it.
_SLICE = 256 * 1024
_SCAN_ENDS = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]", re.DOTALL)
_STANDALONE = frozenset((0x01, *range(0xD0, 0xD8)))
_SOS, _EOI, _APP0, _APP15, _COMMENT = 0xDA, 0xD9, 0xE0, 0xEF, 0xFE
_EXIF = b"Exif\x00\x00"
_XMP_REST = b"http://ns.adobe.com/xmp/extension/\x00"
# The index of pictures behind the first, which are cut off; a small one, with a head of its own.
_MORE_PICTURES = (b"MPF\x00", b"JFXX\x00")
_COLOURS = (b"ICC_PROFILE\x00", b"Adobe")

_PNG = b"\x89PNG\r\n\x1a\n"
_TEXTS = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_MOST_TEXT = 1024 * 1024

_GPS_DIRECTORY = 0x8825
_SMALL_PICTURE, _SMALL_PICTURE_BYTES = 0x0201, 0x0202
_DIRECTORIES = frozenset({0x8769, 0xA005, 0x014A})
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_MOST_DIRECTORIES = 64


class Broken(Exception):
    """The picture ends too early or is not built as its type is; the reason is for people."""


def without_position(content: Content, media_type: str) -> Iterator[bytes]:
    """The picture in pieces, without its position; equal to `content` where it had none.

    Raises Broken, at the latest with the last piece; any other type comes back whole.
    """
    walk = _WALKS.get(media_type)
    if walk is None:
        for at in range(0, len(content), _SLICE):
            yield content[at : at + _SLICE]
        return
    try:
        yield from walk(content)
    except (IndexError, struct.error) as error:
        raise Broken("it ends too early") from error


def _jpeg(content: Content) -> Iterator[bytes]:
    if content[:2] != b"\xff\xd8":
        raise Broken("it does not begin as a JPEG does")
    yield b"\xff\xd8"
    at, shown = 2, False
    while True:
        if content[at] != 0xFF:
            raise Broken(f"no marker at byte {at}")
        while content[at + 1] == 0xFF:
            at += 1
        marker = content[at + 1]
        if marker == _EOI:
            if not shown:
                raise Broken("there is no picture in it")
            yield b"\xff\xd9"
            return
        if marker in _STANDALONE:
            yield content[at : at + 2]
            at += 2
            continue
        (length,) = struct.unpack(">H", content[at + 2 : at + 4])
        end = at + 2 + length
        if length < 2 or end > len(content):
            raise Broken("it ends too early")
        yield from _segment(marker, content[at:end])
        at = end
        if marker == _SOS:
            shown = True
            while (ends := _SCAN_ENDS.search(content, at, at + _SLICE + 1)) is None:
                if at + _SLICE >= len(content):
                    raise Broken("it ends too early")
                yield content[at : at + _SLICE]
                at += _SLICE
            yield content[at : ends.start()]
            at = ends.start()


def _segment(marker: int, segment: bytes) -> Iterator[bytes]:
    """The segment, or what may stay of it."""
    payload = segment[4:]
    if not (_APP0 <= marker <= _APP15 or marker == _COMMENT) or payload.startswith(_COLOURS):
        yield segment
    elif payload.startswith(_EXIF):
        tiff = _tiff(payload[len(_EXIF) :])
        if tiff is not None:
            yield segment[:4] + _EXIF + tiff
    elif not payload.startswith((_XMP_REST, *_MORE_PICTURES)) and not _POSITION.search(payload):
        yield segment


def _png(content: Content) -> Iterator[bytes]:
    if content[:8] != _PNG:
        raise Broken("it does not begin as a PNG does")
    yield _PNG
    at, shown = 8, False
    while True:
        length, kind = struct.unpack(">I4s", content[at : at + 8])
        end = at + 12 + length
        if end > len(content):
            raise Broken("it ends too early")
        if at == 8 and kind != b"IHDR":
            raise Broken("its first chunk is not IHDR")
        chunk = content[at:end]
        data = chunk[8:-4]
        if struct.unpack(">I", chunk[-4:])[0] != zlib.crc32(data, zlib.crc32(kind)):
            raise Broken(f"the checksum of a chunk at byte {at} is wrong")
        if kind == b"eXIf":
            tiff = _tiff(data)
            if tiff is not None:
                yield chunk if tiff == data else _chunk(kind, tiff)
        elif kind not in _TEXTS or not _tells_position(kind, data):
            yield chunk
        shown = shown or kind == b"IDAT"
        at = end
        if kind == b"IEND":
            if not shown:
                raise Broken("there is no picture in it")
            return


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(data, zlib.crc32(kind))
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def _tells_position(kind: bytes, data: bytes) -> bool:
    """Also where it cannot be told: packed text that does not unpack, profiles in hexadecimals."""
    keyword, _, text = data.partition(b"\x00")
    if keyword.startswith(b"Raw profile type") or _POSITION.search(data):
        return True
    if kind == b"zTXt":
        packed = text[1:]
    elif kind == b"iTXt" and text[:1] == b"\x01":
        packed = text[2:].split(b"\x00", 2)[-1]
    else:
        return False
    try:
        unpacking = zlib.decompressobj()
        found = unpacking.decompress(packed, _MOST_TEXT)
    except zlib.error:
        return True
    return bool(unpacking.unconsumed_tail) or _POSITION.search(found) is not None


def _tiff(given: bytes) -> bytes | None:
    """EXIF of the same length without its position; None where it cannot be read.

    A value may claim to lie where a directory does, or the beginning: blanked, it takes that with
    it, and what is left is not the picture's own EXIF any more.
    """
    tiff = _blanked(given)
    return tiff if tiff is None or _blanked(tiff) == tiff else None


def _blanked(given: bytes) -> bytes | None:
    tiff = bytearray(given)
    order = {b"II": "<", b"MM": ">"}.get(bytes(tiff[:2]))
    try:
        if order is None or struct.unpack(order + "H", tiff[2:4])[0] != 42:
            return None
        (first,) = struct.unpack(order + "I", tiff[4:8])
        waiting, seen = [first], set[int]()
        while waiting:
            directory = waiting.pop()
            if directory == 0 or directory in seen:
                continue
            seen.add(directory)
            if len(seen) > _MOST_DIRECTORIES:
                return None
            waiting += _cleaned(tiff, order, directory)
    except (struct.error, KeyError, ValueError):
        return None
    # A picture within that no directory names: nobody can say what else it holds.
    return None if _EXIF in tiff else bytes(tiff)


def _cleaned(tiff: bytearray, order: str, directory: int) -> list[int]:
    """Take the position out of one directory, in place; returns the directories it leads to."""
    entries, after = _entries(tiff, order, directory)
    _blank_small_picture(tiff, order, entries)
    kept, further = bytearray(), list[int]()
    for entry in entries:
        tag, start, end = _value(tiff, order, entry)
        value = tiff[start:end]
        if tag == _GPS_DIRECTORY:
            (gps,) = struct.unpack(order + "I", value[:4])
            _blank_directory(tiff, order, gps)
        # Also in two bytes a letter, as Windows writes it.
        elif _POSITION.search(value) or _POSITION.search(value.replace(b"\0", b"")):
            tiff[start:end] = bytes(end - start)
        else:
            kept += tiff[entry : entry + 12]
            if tag in _DIRECTORIES:
                further += struct.unpack(f"{order}{len(value) // 4}I", value)
    following = tiff[after : after + 4]
    if len(following) == 4:  # some cameras leave it out of the last one
        further += struct.unpack(order + "I", following)
    count = struct.pack(order + "H", len(kept) // 12)
    whole = count + kept + following
    tiff[directory : after + len(following)] = whole.ljust(
        after + len(following) - directory, b"\0"
    )
    return further


def _blank_small_picture(tiff: bytearray, order: str, entries: range) -> None:
    """The picture for lists, where it brings an EXIF or a text of its own."""
    values = {
        tag: tiff[start:end] for tag, start, end in (_value(tiff, order, at) for at in entries)
    }
    where, size = values.get(_SMALL_PICTURE), values.get(_SMALL_PICTURE_BYTES)
    if where is None or size is None:
        return
    (begin,) = struct.unpack(order + "I", where)
    (length,) = struct.unpack(order + ("H" if len(size) == 2 else "I"), size)
    small = tiff[begin : begin + length]
    if _EXIF in small or _POSITION.search(small):
        tiff[begin : begin + length] = bytes(len(small))


def _blank_directory(tiff: bytearray, order: str, directory: int) -> None:
    entries, after = _entries(tiff, order, directory)
    for entry in entries:
        _, start, end = _value(tiff, order, entry)
        tiff[start:end] = bytes(end - start)
    tiff[directory:after] = bytes(after - directory)


def _entries(tiff: bytearray, order: str, directory: int) -> tuple[range, int]:
    """Where the entries of a directory begin, and where they end."""
    (count,) = struct.unpack(order + "H", tiff[directory : directory + 2])
    begin = directory + 2
    after = begin + 12 * count
    if after > len(tiff):
        raise ValueError("a directory reaches beyond the end")
    return range(begin, after, 12), after


def _value(tiff: bytearray, order: str, entry: int) -> tuple[int, int, int]:
    """Tag of an entry, and where its value begins and ends."""
    tag, kind, count = struct.unpack(order + "HHI", tiff[entry : entry + 8])
    size = _SIZES[kind] * count
    (start,) = (
        (entry + 8,) if size <= 4 else struct.unpack(order + "I", tiff[entry + 8 : entry + 12])
    )
    if start + size > len(tiff):
        raise ValueError("a value reaches beyond the end")
    return tag, start, start + size


_WALKS: Mapping[str, Callable[[Content], Iterator[bytes]]] = {
    "image/jpeg": _jpeg,
    "image/png": _png,
}
