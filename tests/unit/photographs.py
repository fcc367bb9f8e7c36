"""Pictures as people send them: with a position in every place where cameras put one."""

import struct
import zlib
from io import BytesIO

from PIL import Image
from PIL.TiffImagePlugin import IFDRational

LATITUDE = (IFDRational(35), IFDRational(6), IFDRational(12347, 1000))
# As it lies in the file, in either order of bytes.
MARKS = (struct.pack("<II", 12347, 1000), struct.pack(">II", 12347, 1000), b"35,6.2057N")
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description'
    b' exif:GPSLatitude="35,6.2057N" exif:GPSLongitude="117,27.1E"/></rdf:RDF></x:xmpmeta>'
)


def picture(colour: str = "steelblue", size: int = 32) -> Image.Image:
    image = Image.new("RGB", (size, size), colour)
    image.paste("white", (4, 4, size // 2, size // 2))
    return image


def exif(endian: str = "<") -> bytes:
    """Maker, orientation, the moment, and where."""
    found = Image.Exif()
    found.endian = endian
    found[0x010F] = "示例相机".encode().decode("latin-1")
    found[0x0112] = 6
    found.get_ifd(0x8769)[0x9003] = "2018:05:10 09:00:00"
    found.get_ifd(0x8825).update({1: "N", 2: LATITUDE, 3: "E", 4: LATITUDE})
    return found.tobytes()


def jpeg(*, exif: bytes = b"", xmp: bytes = b"", colour: str = "steelblue") -> bytes:
    file = BytesIO()
    given = {name: value for name, value in (("exif", exif), ("xmp", xmp)) if value}
    picture(colour).save(file, "JPEG", **given)
    return file.getvalue()


def png(*, exif: bytes = b"", colour: str = "steelblue") -> bytes:
    file = BytesIO()
    given = {"exif": exif} if exif else {}
    picture(colour).save(file, "PNG", **given)
    return file.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + checksum


def with_chunk(content: bytes, kind: bytes, data: bytes) -> bytes:
    """A PNG with one more chunk behind its first."""
    return content[:33] + chunk(kind, data) + content[33:]


def segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def with_segment(content: bytes, marker: int, payload: bytes) -> bytes:
    """A JPEG with one more segment at its beginning."""
    return content[:2] + segment(marker, payload) + content[2:]


def pixels(content: bytes) -> bytes:
    with Image.open(BytesIO(content)) as image:
        return image.tobytes()
