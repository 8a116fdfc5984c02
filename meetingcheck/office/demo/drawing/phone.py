"""From the picture to the file: what lens, sensor and firmware of a phone do."""

import io
import math
import random
from datetime import datetime
from functools import lru_cache

import pillow_heif
from PIL import ExifTags, Image, ImageChops, ImageFilter, ImageOps

from meetingcheck.office.demo.drawing.basics import REFERENCE_SIDE, Size, dice_for

CAMERA_MODELS = ("Mau A1", "Mau A5", "Mau Note 7", "Mau Lite", "Mau C2")
UPRIGHT, UPSIDE_DOWN, TURNED_RIGHT = 1, 3, 6
"""EXIF orientations: as stored, turned by 180 degrees, to be turned clockwise by 90 degrees."""
GRAIN = 8
"""No grain is stronger than so many of 255; the tone curve leaves them free at both ends."""


def develop(
    dice: random.Random,
    image: Image.Image,
    taken_at: datetime | None,
    cast: tuple[float, float, float],
    is_sharp_drawing: bool,
) -> bytes:
    """What lens, sensor and firmware do: soften what no lens shows so sharp, tint, add grain, store with EXIF."""
    if is_sharp_drawing:
        image = _soften(image, max(1, round(max(image.size) / REFERENCE_SIDE)))
    image = image.point([level for factor in cast for level in tone_curve(round(factor, 2))])
    # Addition that wraps takes a fifth of the time of one that stops at 255, which the tone curve rules out anyway.
    image = ImageChops.add_modulo(image, _grain(dice, image.size))
    return _as_jpeg(dice, image, taken_at)


def as_heic(jpeg: bytes, quality: int = 55) -> bytes:
    """The same photo as an iPhone would store it: HEIC, pixels upright, EXIF time kept."""
    with Image.open(io.BytesIO(jpeg)) as photo:
        upright = ImageOps.exif_transpose(photo)
    out = io.BytesIO()
    pillow_heif.from_pillow(upright).save(
        out, quality=quality, exif=upright.getexif().tobytes(), enc_params={"preset": "ultrafast"}
    )
    return out.getvalue()


def _soften(image: Image.Image, step: int) -> Image.Image:
    """Mix each pixel with its neighbours `step` pixels to the left and above: half the time of a box blur."""
    width, height = image.size
    for right, down, rim in ((step, 0, (0, 0, step, height)), (0, step, (0, 0, width, step))):
        shifted = ImageChops.offset(image, right, down)
        # What was shifted out comes in again at the other side, where it has no business.
        shifted.paste(image.crop(rim), rim)
        image = Image.blend(image, shifted, 0.5)
    return image


@lru_cache(maxsize=128)
def tone_curve(factor: float) -> tuple[int, ...]:
    """Lifted blacks and gently rolled-off whites, as phones do it."""
    levels = []
    for value in range(256):
        lit = min(1.25, value / 255 * factor)
        curved = lit + 0.045 * math.sin(math.tau * (lit - 0.5)) if lit < 1 else 1.0
        levels.append(GRAIN + round((255 - 2 * GRAIN) * curved))
    return tuple(levels)


def _grain(dice: random.Random, size: Size) -> Image.Image:
    """What to add to each pixel, modulo 256."""
    tile = _grain_tile(dice.choice((2, 2, 3, 4)))
    grain = Image.new("RGB", size, None)
    start_x, start_y = dice.randrange(tile.width), dice.randrange(tile.height)
    for x in range(-start_x, size[0], tile.width):
        for y in range(-start_y, size[1], tile.height):
            grain.paste(tile, (x, y))
    return grain


@lru_cache(maxsize=4)
def _grain_tile(strength: int) -> Image.Image:
    """Sensor noise, 512x512, above 0 and below 256 as if that were 0; not Image.effect_noise, which no seed repeats."""
    dice = dice_for("grain", strength)
    side = 512
    layers = [Image.frombytes("L", (side, side), dice.randbytes(side * side)) for _ in range(4)]
    even = Image.blend(Image.blend(layers[0], layers[1], 0.5), Image.blend(layers[2], layers[3], 0.5), 0.5)
    # Phones smooth their noise, and noise of one pixel only would fill the file without being seen.
    coarse = even.filter(ImageFilter.GaussianBlur(0.7))
    grey = coarse.point([round(128 + (value - 128) * strength / 14) for value in range(256)])
    tint = grey.transpose(Image.Transpose.ROTATE_90)
    bands = (Image.blend(grey, tint, 0.25), grey, Image.blend(grey, tint, 0.4))
    signed = [max(-GRAIN, min(GRAIN, value - 128)) % 256 for value in range(256)]
    return Image.merge("RGB", bands).point(signed * 3)


def _as_jpeg(dice: random.Random, image: Image.Image, taken_at: datetime | None) -> bytes:
    is_portrait = image.height > image.width
    # A phone held upright stores a lying picture; held the other way round, one that stands on its head.
    orientation = dice.choices((UPRIGHT, TURNED_RIGHT, UPSIDE_DOWN), (5, 5, 0) if is_portrait else (10, 1, 1))[0]
    turns = {TURNED_RIGHT: Image.Transpose.ROTATE_90, UPSIDE_DOWN: Image.Transpose.ROTATE_180}
    stored = image.transpose(turns[orientation]) if orientation in turns else image
    out = io.BytesIO()
    exif = _exif(dice.choice(CAMERA_MODELS), orientation, taken_at)
    stored.save(out, "JPEG", quality=dice.randint(80, 87), exif=exif)
    return out.getvalue()


def _exif(model: str, orientation: int, taken_at: datetime | None) -> Image.Exif:
    """The camera's facts: an invented phone and, where known, the local time; never a place."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Mau"
    exif[ExifTags.Base.Model] = model
    exif[ExifTags.Base.Orientation] = orientation
    if taken_at:
        details = exif.get_ifd(ExifTags.IFD.Exif)
        details[ExifTags.Base.DateTimeOriginal] = taken_at.strftime("%Y:%m:%d %H:%M:%S")
        if taken_at.tzinfo:
            offset = taken_at.strftime("%z")
            details[ExifTags.Base.OffsetTimeOriginal] = f"{offset[:3]}:{offset[3:5]}"
    return exif
