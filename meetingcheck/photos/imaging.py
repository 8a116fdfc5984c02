"""Photos as bytes in, checked and upright JPEGs out: the one module that knows Pillow.

Pure, but not safe by itself: a hostile file may use much memory or time, or bring a library down. The application
therefore calls it through `decoder.Decoder`, in a confined process.
"""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from PIL import ExifTags, Image, ImageCms, ImageFile, PngImagePlugin
from PIL.JpegImagePlugin import JpegImageFile
from PIL.WebPImagePlugin import WebPImageFile
from pillow_heif import options as heif_options
from pillow_heif.as_plugin import HeifImageFile

from meetingcheck.photos.boxes import is_cut_off
from meetingcheck.photos.exif import CameraNotes, read_camera_notes
from meetingcheck.photos.outcomes import (
    MAX_BYTES,
    MAX_SIDE,
    Inspection,
    PhotoError,
    PhotoFormat,
    PhotoRefused,
    Rendition,
    Renditions,
)

__all__ = [
    "LARGE_EDGE",
    "MAX_BYTES",
    "MAX_PIXELS",
    "MAX_PIXELS_SCALED",
    "MIN_SIDE",
    "SMALL_EDGE",
    "Inspection",
    "PhotoError",
    "PhotoFormat",
    "PhotoRefused",
    "Rendition",
    "Renditions",
    "inspect",
    "prime",
    "render",
]

LARGE_EDGE = 1600
SMALL_EDGE = 320
"""Longest sides of the two renditions, in pixels."""

_LARGE_QUALITY = 80
_SMALL_QUALITY = 75

MAX_PIXELS = 52_000_000
"""Most pixels of a picture that has to be decoded whole: a 50 megapixel phone, and the worst case (WebP with alpha, 16
bytes a pixel) within 1 GB."""

MAX_PIXELS_SCALED = 210_000_000
"""Most pixels of a JPEG that is scaled while it is decoded: a 200 megapixel phone, in little memory."""

MIN_SIDE = 16
"""Shortest accepted side, in pixels: less is a web page's spacer, not a photo."""

_MAX_ICC_BYTES = 4 * 1024 * 1024
_MAX_PNG_TEXT_BYTES = 4 * 1024 * 1024

# The libraries' own guards. Pillow raises at twice its limit, and a WebP reserves its canvas as soon as it is opened.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2
PngImagePlugin.MAX_TEXT_MEMORY = _MAX_PNG_TEXT_BYTES

# The primary picture only: an embedded thumbnail may show something else, and the other pictures are never shown.
heif_options.THUMBNAILS = False
heif_options.DEPTH_IMAGES = False
heif_options.AUX_IMAGES = False
heif_options.DECODE_THREADS = 0

_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


class _JpegFile(JpegImageFile):
    """A JPEG whose EXIF the library leaves alone: it would look there for a resolution, which nobody needs here."""

    def _read_dpi_from_exif(self) -> None:
        """Nothing: our own reader follows two tags only."""


_OPENERS: dict[PhotoFormat, Callable[[io.BytesIO], ImageFile.ImageFile]] = {
    PhotoFormat.JPEG: _JpegFile,
    PhotoFormat.PNG: PngImagePlugin.PngImageFile,
    PhotoFormat.WEBP: WebPImageFile,
    PhotoFormat.HEIC: HeifImageFile,
}

_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What undoes each EXIF orientation; Pillow turns against the clock."""


def inspect(data: bytes) -> Inspection:
    """What the file's header says, without decoding the picture.

    Raises PhotoRefused for whatever cannot be a photo. Damage below a sound header is found by `render` only.
    """
    with _named_errors(), _open(data) as image:
        return _describe(image)


def render(data: bytes) -> Renditions:
    """Both renditions of a photo, decoded once.

    Raises PhotoRefused for whatever is not a whole photo.
    """
    with _named_errors():
        with _open(data) as image:
            inspection = _describe(image)
            profile = image.info.get("icc_profile")
            _decode(image)
            shrunk = _fit(_resampleable(image), LARGE_EDGE)
        large = _turn_upright(_to_srgb(_on_white(shrunk), profile), inspection.orientation)
        # What is left in `info` (profile, comment, resolution, XMP) would be written into the JPEG.
        large.info.clear()
        small = _fit(large, SMALL_EDGE)
        return Renditions(inspection, _encode(large, _LARGE_QUALITY), _encode(small, _SMALL_QUALITY))


def prime() -> None:
    """Make the libraries load what they load at first use, so that later no file has to be opened."""
    sample = Image.new("RGB", (MIN_SIDE, MIN_SIDE))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    render(_saved(sample, "JPEG", exif=exif))
    render(_saved(sample.convert("P"), "PNG", transparency=0))
    render(_saved(sample, "WEBP"))
    with suppress(PhotoRefused):
        # Writing HEIC takes too long here; its decoder is also loaded for a file that ends after its first bytes.
        render(b"\0\0\0\x14ftypheic\0\0\0\0heic")


@contextmanager
def _named_errors() -> Iterator[None]:
    """Give every failure of the libraries a name.

    They raise far more than they document (OSError, SyntaxError, ValueError, EOFError, RuntimeError, struct.error,
    OverflowError, SystemError among them), hence the net for all.
    """
    try:
        yield
    except PhotoRefused:
        raise
    except MemoryError as error:
        raise PhotoRefused(PhotoError.OUT_OF_MEMORY) from error
    except Image.DecompressionBombError as error:
        raise PhotoRefused(PhotoError.TOO_MANY_PIXELS) from error
    except Exception as error:
        raise PhotoRefused(PhotoError.DAMAGED) from error


def _open(data: bytes) -> ImageFile.ImageFile:
    """Read the header with the one reader that fits the first bytes; no other is ever tried."""
    if not data:
        raise PhotoRefused(PhotoError.EMPTY)
    if len(data) > MAX_BYTES:
        raise PhotoRefused(PhotoError.TOO_MANY_BYTES)
    file_format = _recognise(data)
    if file_format is PhotoFormat.HEIC and is_cut_off(data):
        raise PhotoRefused(PhotoError.DAMAGED)
    return _OPENERS[file_format](io.BytesIO(data))


def _recognise(data: bytes) -> PhotoFormat:
    if data.startswith(b"\xff\xd8\xff"):
        return PhotoFormat.JPEG
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return PhotoFormat.PNG
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return PhotoFormat.WEBP
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS:
        return PhotoFormat.HEIC
    raise PhotoRefused(PhotoError.NOT_A_PHOTO)


def _describe(image: ImageFile.ImageFile) -> Inspection:
    file_format = _format_of(image)
    width, height = image.size
    if width * height > _pixel_limit(image) or max(width, height) > MAX_SIDE:
        raise PhotoRefused(PhotoError.TOO_MANY_PIXELS)
    if min(width, height) < MIN_SIDE:
        raise PhotoRefused(PhotoError.TOO_SMALL)
    exif = image.info.get("exif")
    notes = read_camera_notes(exif) if isinstance(exif, bytes) else CameraNotes()
    orientation = 1 if file_format is PhotoFormat.HEIC else notes.orientation
    if orientation >= 5:
        width, height = height, width
    return Inspection(file_format, width, height, orientation, notes.taken_at)


def _format_of(image: ImageFile.ImageFile) -> PhotoFormat:
    return next(name for name, opener in _OPENERS.items() if type(image) is opener)


def _pixel_limit(image: ImageFile.ImageFile) -> int:
    """Most pixels that this kind of file may have. A progressive JPEG is held whole before it can be scaled."""
    scaled = isinstance(image, JpegImageFile) and not image.info.get("progressive")
    return MAX_PIXELS_SCALED if scaled else MAX_PIXELS


def _decode(image: ImageFile.ImageFile) -> None:
    """Decode the first frame; a JPEG at the smallest scale that still fills the large rendition."""
    scale = max(image.size) // LARGE_EDGE
    if isinstance(image, JpegImageFile) and scale > 1:
        # draft() takes the side that shrinks least: the box must have the photo's own shape, or nothing is gained.
        width, height = image.size
        image.draft(None, (max(1, width // scale), max(1, height // scale)))
    image.load()


def _resampleable(image: Image.Image) -> Image.Image:
    """The same picture with 8 bits a channel, as L, RGB, RGBA or CMYK."""
    if image.mode == "I;16":
        return image.point(lambda level: level * (1 / 257)).convert("L")
    if image.has_transparency_data:
        return image if image.mode == "RGBA" else image.convert("RGBA")
    return image if image.mode in ("L", "RGB", "CMYK") else image.convert("RGB")


def _fit(image: Image.Image, edge: int) -> Image.Image:
    """Shrink to a longest side of `edge` pixels; a smaller picture stays as it is."""
    longest = max(image.size)
    if longest <= edge:
        return image
    width, height = (max(1, round(side * edge / longest)) for side in image.size)
    return image.resize((width, height), Image.Resampling.HAMMING, reducing_gap=2.0)


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image
    paper = Image.new("RGB", image.size, "white")
    paper.paste(image, mask=image.getchannel("A"))
    return paper


def _to_srgb(image: Image.Image, profile: object) -> Image.Image:
    """The picture in sRGB, by its colour profile where that one can be used."""
    if isinstance(profile, bytes) and 0 < len(profile) <= _MAX_ICC_BYTES:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if "srgb" in ImageCms.getProfileDescription(source).lower():
                return image.convert("RGB")
            converted = ImageCms.profileToProfile(image, source, _SRGB, outputMode="RGB")
            if converted is not None:
                return converted
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            # A broken profile, or one for another kind of picture: slightly wrong colours are better than no photo.
            pass
    return image.convert("RGB")


def _turn_upright(image: Image.Image, orientation: int) -> Image.Image:
    transpose = _UPRIGHT.get(orientation)
    return image if transpose is None else image.transpose(transpose)


def _encode(image: Image.Image, quality: int) -> Rendition:
    return Rendition(_saved(image, "JPEG", quality=quality), *image.size)


def _saved(image: Image.Image, file_format: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()
