"""Those present, from behind only: cut-outs that are drawn once and then scaled."""

import random
from collections.abc import Sequence
from functools import lru_cache

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from meetingcheck.office.demo.drawing.basics import (
    BILINEAR,
    Colour,
    Point,
    Size,
    dice_for,
    jittered,
    shaded,
    smooth_curve,
)
from meetingcheck.office.demo.drawing.scene import CutOut

CAST = 64
"""So many people sit in all the halls of the demo; each is drawn once in a process and then only scaled."""
SHIRTS: tuple[Colour, ...] = (
    (236, 236, 234), (226, 230, 236), (240, 240, 238), (186, 206, 226), (172, 198, 222), (228, 226, 214), (60, 76, 104),
    (88, 98, 70), (116, 84, 62), (58, 58, 64), (140, 44, 50), (206, 190, 160), (96, 128, 118), (150, 156, 168),
    (222, 206, 206), (72, 58, 88), (196, 150, 96), (46, 84, 98), (240, 232, 214),
)  # fmt: skip
HAIRS: tuple[Colour, ...] = ((30, 27, 26), (38, 33, 30), (44, 40, 38), (92, 90, 88), (150, 148, 146), (58, 46, 38))
SKINS: tuple[Colour, ...] = ((196, 150, 118), (178, 130, 98), (208, 166, 134), (164, 118, 90))
PERSON: Size = (640, 864)
"""Pixels in which a person is drawn, twice those of the stored cut-out; 1000 of them are a metre."""
Box = tuple[int, int, int, int]
"""Left, top, right and bottom edge of a part of a picture, in pixels."""


def _round_shape(points: Sequence[Point]) -> Image.Image:
    """A mask of the closed curve through the points."""
    mask = Image.new("L", PERSON)
    ImageDraw.Draw(mask).polygon(smooth_curve([*points, points[0]], 8), fill=255)
    return mask


def _mirrored(points: Sequence[Point]) -> list[Point]:
    """The outline whose left half is given from top to bottom."""
    return [*points, *((PERSON[0] - x, y) for x, y in reversed(points))]


def _volume(mask: Image.Image, colour: Colour, depth: float, radius: int, box: Box) -> Image.Image:
    """The colour, darker by `depth` toward the mask's rim, as on something round; the part of it within the box."""
    small = mask.reduce(8).filter(ImageFilter.GaussianBlur(radius / 8))
    shade = small.point([round(255 * (1 - depth + depth * max(0, value - 90) / 165)) for value in range(256)])
    lit = ImageChops.multiply(Image.merge("RGB", (shade,) * 3), Image.new("RGB", small.size, colour))
    left, top, right, bottom = box
    part = (left / 8, top / 8, right / 8, bottom / 8)
    return lit.resize((right - left, bottom - top), Image.Resampling.BICUBIC, part)


@lru_cache(maxsize=CAST)
def person(number: int) -> CutOut:
    """One of the cast, seen from behind from the seat up, as a cut-out of 320x432 pixels (0.64 m broad)."""
    dice = dice_for("person", number)
    image, alpha = Image.new("RGB", PERSON), Image.new("L", PERSON)

    def put(mask: Image.Image, colour: Colour, depth: float, radius: int) -> None:
        box = mask.getbbox() or (0, 0, *PERSON)
        part = mask.crop(box)
        image.paste(_volume(mask, colour, depth, radius, box), box, part)
        alpha.paste(255, box, part)

    lean, broad = dice.uniform(-14, 14), dice.uniform(0.92, 1.06)
    # Brightness only: on hair this dark a few units more of one colour would already look dyed.
    skin, hair, shirt = (shaded(dice.choice(palette), dice.uniform(0.92, 1.08)) for palette in (SKINS, HAIRS, SHIRTS))
    style = dice.choice(("short", "short", "short", "short", "thin", "long", "bun", "tail", "bun", "cap"))
    if style in ("long", "tail"):
        hair = HAIRS[0]
    put(_neck(lean), shaded(skin, 0.84), 0.3, 30)
    put(_torso(dice, broad), shirt, 0.5, 70)
    _draw_folds(dice, image, shirt, style)
    head = _ellipse_mask(320 + lean, 185, 92, 120)
    for side in (-1, 1):
        put(_ellipse_mask(320 + lean + side * 92, 205, 15, 32), shaded(skin, 0.95), 0.3, 10)
    put(head, skin, 0.5, 36)
    for mask in _hair_masks(style, lean):
        put(mask, jittered(dice, (84, 88, 84), 6) if style == "cap" else hair, 0.42, 46)
    if style not in ("cap", "thin"):
        _draw_shine_of_hair(image, 300 + lean + dice.uniform(-30, 30), hair)
    size = (PERSON[0] // 2, PERSON[1] // 2)
    return CutOut.of(image.resize(size, BILINEAR), alpha.filter(ImageFilter.GaussianBlur(2)).resize(size, BILINEAR))


def _ellipse_mask(x: float, y: float, rx: float, ry: float) -> Image.Image:
    mask = Image.new("L", PERSON)
    ImageDraw.Draw(mask).ellipse((x - rx, y - ry, x + rx, y + ry), fill=255)
    return mask


def _neck(lean: float) -> Image.Image:
    return _round_shape(_mirrored([(262 + lean / 2, 230), (258, 320), (220, 380), (240, 420)]))


def _torso(dice: random.Random, broad: float) -> Image.Image:
    drop = dice.uniform(-10, 18)
    left = [(252, 342), (190, 372 + drop), (112, 420 + drop), (78, 500), (70, 620), (84, 760), (96, 900)]
    return _round_shape(_mirrored([(320 - (320 - x) * broad, y) for x, y in left]))


def _draw_folds(dice: random.Random, image: Image.Image, shirt: Colour, style: str) -> None:
    """Collar, seams and creases, softened."""
    layer = Image.new("L", (PERSON[0] // 4, PERSON[1] // 4), 128)
    pen = ImageDraw.Draw(layer)
    for _ in range(7):
        x, y = dice.uniform(26, 134), dice.uniform(108, 190)
        pen.line((x, y, x + dice.uniform(-16, 16), y + dice.uniform(16, 46)), fill=dice.choice((84, 96, 164)), width=4)
    for side in (-1, 1):
        pen.line((80 + side * 40, 120, 80 + side * 36, 215), fill=92, width=3)
    if dice.random() < 0.25:
        for x in range(16, 150, 14):
            pen.line((x, 92, x, 215), fill=104, width=4)
    trunk = (0, 344, *PERSON)
    creases = layer.filter(ImageFilter.GaussianBlur(2.2)).crop((0, 86, *layer.size)).resize((640, 520), BILINEAR)
    image.paste(ImageChops.add(image.crop(trunk), Image.merge("RGB", (creases,) * 3), 1, -128), trunk)
    if style != "long":
        collar = smooth_curve([(248, 350), (320, 372), (392, 350)], 8)
        ImageDraw.Draw(image).line(collar, fill=shaded(shirt, dice.choice((0.8, 1.08))), width=24)


def _hair_masks(style: str, lean: float) -> list[Image.Image]:
    x = 320 + lean
    if style == "thin":
        ring = ImageChops.subtract(_ellipse_mask(x, 190, 94, 112), _ellipse_mask(x, 120, 78, 76))
        return [ImageChops.subtract(ring, _ellipse_mask(x, 330, 110, 60))]
    cap = ImageChops.subtract(_ellipse_mask(x, 178, 99, 122), _ellipse_mask(x, 340, 104, 62))
    if style == "long":
        right = [(98, 150), (112, 320), (96, 470)]
        left = [(-along, y) for along, y in reversed(right)]
        return [cap, _round_shape([(x + along, y) for along, y in ((0, 70), *right, (0, 500), *left)])]
    if style == "bun":
        return [cap, _ellipse_mask(x, 262, 50, 44)]
    if style == "tail":
        return [cap, _round_shape([(x - 26, 240), (x + 26, 240), (x + 40, 380), (x + 8, 500), (x - 34, 390)])]
    return [cap]


def _draw_shine_of_hair(image: Image.Image, x: float, hair: Colour) -> None:
    """The lamp's reflection on the back of the head."""
    shine = _ellipse_mask(x, 130, 46, 26).resize((160, 215), BILINEAR).filter(ImageFilter.GaussianBlur(7))
    faint = shine.resize(PERSON, BILINEAR).point([value * 2 // 5 for value in range(256)])
    image.paste(shaded(hair, 2.1), (0, 0), faint)
