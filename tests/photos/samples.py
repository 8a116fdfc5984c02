"""Photos for tests, sound and broken, all made by code."""

import io
import struct
import zlib
from collections.abc import Sequence
from typing import Any

import pillow_heif
from PIL import ExifTags, Image, ImageCms

QUADRANTS = ("red", "blue", "lime", "white")
"""What a viewer of an upright sample sees: upper left, upper right, lower left, lower right."""

_TO_STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How a camera held in each EXIF orientation stores an upright scene."""


def scene(width: int = 160, height: int = 96) -> Image.Image:
    """An upright picture with one colour in each quarter."""
    image = Image.new("RGB", (width, height), QUADRANTS[3])
    image.paste(QUADRANTS[0], (0, 0, width // 2, height // 2))
    image.paste(QUADRANTS[1], (width // 2, 0, width, height // 2))
    image.paste(QUADRANTS[2], (0, height // 2, width // 2, height))
    return image


def noise(width: int, height: int) -> Image.Image:
    """A picture that compresses badly, so that its file has much to be damaged."""
    bands = [Image.effect_noise((width, height), 80) for _ in range(3)]
    return Image.merge("RGB", bands)


def room(width: int, height: int, part: int, depth: float) -> Image.Image:
    """A picture of soft shapes, each `part` pixels wide: smaller and deeper ones make its JPEG larger."""
    bands = [
        Image.effect_noise((width // part, height // part), depth).resize((width, height), Image.Resampling.BICUBIC)
        for _ in range(3)
    ]
    return Image.merge("YCbCr", bands).convert("RGB")


def stored(image: Image.Image, orientation: int) -> Image.Image:
    """The pixels as a camera in that orientation writes them."""
    transpose = _TO_STORED[orientation]
    return image if transpose is None else image.transpose(transpose)


def encode(image: Image.Image, file_format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def jpeg(image: Image.Image, **options: Any) -> bytes:
    return encode(image, "JPEG", **{"quality": 95, "subsampling": 0, **options})


def png(image: Image.Image, **options: Any) -> bytes:
    return encode(image, "PNG", **options)


def webp(image: Image.Image, **options: Any) -> bytes:
    return encode(image, "WEBP", **{"quality": 95, **options})


def heic(image: Image.Image, **options: Any) -> bytes:
    """Slow for large pictures."""
    pillow_heif.register_heif_opener()
    return encode(image, "HEIF", **options)


def camera_exif(orientation: int = 1, taken_at: str = "2024:05:06 07:08:09") -> bytes:
    """What a phone writes: how it was held, its clock, and where it was."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Make] = "SECRETPHONE"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = taken_at
    exif.get_ifd(ExifTags.IFD.GPSInfo).update({1: "N", 2: (21.0, 2.0, 3.0), 3: "E", 4: (105.0, 5.0, 6.0)})
    return exif.tobytes()


def without_jfif(data: bytes) -> bytes:
    """A JPEG without the header in which a resolution stands, as cameras write it; other files as they are."""
    if data[2:4] != b"\xff\xe0":
        return data
    return data[:2] + data[4 + int(struct.unpack_from(">H", data, 4)[0]) :]


def one_tag_exif(tag: int, kind: int, count: int, value: bytes) -> bytes:
    """EXIF with a single entry, which need not make sense."""
    return b"Exif\0\0II*\0" + struct.pack("<IHHHI4sI", 8, 1, tag, kind, count, value, 0)


def wide_gamut_profile() -> bytes:
    """A Display P3 profile, as phones attach it."""
    primaries = {
        b"rXYZ": (0.51512, 0.24120, -0.00105),
        b"gXYZ": (0.29198, 0.69225, 0.04189),
        b"bXYZ": (0.15710, 0.06657, 0.78407),
    }
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    (tags,) = struct.unpack_from(">I", profile, 128)
    for index in range(tags):
        name, start, _ = struct.unpack_from(">4sII", profile, 132 + 12 * index)
        if name in primaries:
            struct.pack_into(">3i", profile, start + 8, *(round(value * 65536) for value in primaries[name]))
    return bytes(profile).replace("sRGB".encode("utf-16-be"), "P3P3".encode("utf-16-be"))


def png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_with_chunk(image: Image.Image, chunk: bytes) -> bytes:
    """A PNG with one more chunk right after its header."""
    data = png(image)
    header_end = 8 + 25
    return data[:header_end] + chunk + data[header_end:]


def png_claiming(width: int, height: int) -> bytes:
    """A small file whose header promises a picture of that size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(b"\0" * 1000))


def png_of(width: int, height: int, depth: int, kind: int, row: bytes) -> bytes:
    """A PNG of equal rows, of any depth and kind of colour."""
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    pixels = zlib.compress((b"\0" + row) * height)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", pixels) + png_chunk(b"IEND", b"")


def matrix_profile(primaries: Sequence[tuple[float, float, float]], gamma: float, version: int) -> bytes:
    """A colour profile made of three primaries (XYZ under D50) and one gamma, as version 2 or 4 of the format."""
    name = "test profile"
    text = (
        b"desc\0\0\0\0" + struct.pack(">I", len(name) + 1) + name.encode() + b"\0" + bytes(78)
        if version == 2
        else b"mluc\0\0\0\0" + struct.pack(">II4sII", 1, 12, b"enUS", 2 * len(name), 28) + name.encode("utf-16-be")
    )
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))
    colours = [b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(one * 65536) for one in each)) for each in primaries]
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)
    right = b"text\0\0\0\0none\0" if version == 2 else text
    tags = {
        **{b"desc": text, b"cprt": right, b"wtpt": white},
        **dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), colours, strict=True)),
        **{b"rTRC": curve, b"gTRC": curve, b"bTRC": curve},
    }
    table, body, begin = b"", b"", 128 + 4 + 12 * len(tags)
    for tag, content in tags.items():
        table += struct.pack(">4sII", tag, begin + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    head = bytearray(128)
    struct.pack_into(">I4sI4s4s4s", head, 0, begin + len(body), b"test", version << 24, b"mntr", b"RGB ", b"XYZ ")
    struct.pack_into(">4s", head, 36, b"acsp")
    struct.pack_into(">3i", head, 68, 63190, 65536, 54061)
    return bytes(head) + struct.pack(">I", len(tags)) + table + body


def endless_jpeg(scans: int = 4000) -> bytes:
    """A valid progressive JPEG that refines 16 megapixels thousands of times, which takes minutes."""
    data = jpeg(Image.new("RGB", (4000, 4000), "gray"), progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * scans + data[-2:]


def segments(data: bytes) -> list[int]:
    """The markers of a JPEG up to its pixels."""
    markers, position = [], 2
    while data[position + 1] != 0xDA:
        markers.append(data[position + 1])
        position += 2 + int(struct.unpack_from(">H", data, position + 2)[0])
    return markers


def metadata(data: bytes) -> list[int]:
    """Markers of a JPEG, also between and behind its scans, that may hold more than the picture: any application's
    but the JFIF header, and comments."""
    found, position = [], 2
    while position < len(data):
        marker = data[position + 1]
        if data[position] != 0xFF:
            raise ValueError("no marker where one must be")
        if marker == 0xD9:
            return found + ([0] if data[position + 2 :] else [])
        length = int(struct.unpack_from(">H", data, position + 2)[0])
        jfif = marker == 0xE0 and data[position + 4 : position + 9] == b"JFIF\0" and length == 16
        if (0xE0 <= marker <= 0xEF and not jfif) or marker == 0xFE:
            found.append(marker)
        position += 2 + length
        if marker == 0xDA:
            while not (data[position] == 0xFF and data[position + 1] not in (0, *range(0xD0, 0xD8))):
                position += 1
    raise ValueError("no end")
