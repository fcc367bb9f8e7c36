"""The photograph by which an office of the demo shows what it has mended (示例)."""

from io import BytesIO

from PIL import Image, ImageDraw


def photograph(code: str) -> bytes:
    """A small JPEG that differs by the township's code, with a position as telephones write it."""
    tint = int(code) % 200
    image = Image.new("RGB", (160, 120), (tint, 120, 200 - tint))
    ImageDraw.Draw(image).text((12, 50), f"rectified {code}", fill="white")
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (35.0, 6.0, 0.0), 3: "E", 4: (117.0, 27.0, 0.0)})
    file = BytesIO()
    image.save(file, "JPEG", exif=exif)
    return file.getvalue()
