"""The light in a hall: painted on a small picture and multiplied in, because soft light needs no detail."""

import random
from functools import lru_cache

from PIL import Image, ImageChops, ImageFilter, ImageOps

from meetingcheck.office.demo.drawing.basics import BILINEAR, Colour, Spot, dice_for
from meetingcheck.office.demo.drawing.hall import Hall
from meetingcheck.office.demo.drawing.scene import Camera, Canvas


@lru_cache(maxsize=1)
def _stains() -> Image.Image:
    """Slow, blotchy differences of brightness, 64x64, from 222 to 255."""
    dice = dice_for("stains", 0)
    blotches = Image.frombytes("L", (64, 64), dice.randbytes(64 * 64)).filter(ImageFilter.GaussianBlur(2.5))
    return ImageOps.autocontrast(blotches).point([222 + value * 33 // 255 for value in range(256)])


def _lamp_spots(look: Hall) -> list[Spot]:
    """Where the lamps hang."""
    half, high = look.width / 2, look.height
    depths = [look.depth * share for share in (0.3, 0.58, 0.84)]
    if look.lamps == "tubes on the walls":
        return [(side * half * 0.985, high - 0.5, z) for z in depths for side in (-1, 1)]
    if look.lamps == "bulbs":
        return [(side * half * 0.45, high - 0.55, z) for z in depths for side in (-1, 1)]
    return [(side * half * 0.5, high - 0.02, z) for z in depths for side in (-1, 1)]


def light_map(dice: random.Random, look: Hall, camera: Camera, is_day: bool) -> Image.Image:
    """How bright each part of the empty hall is, as a small picture to be multiplied in."""
    canvas = Canvas.blank(camera, (200, 200, 200))
    half, high, deep = look.width / 2, look.height, look.depth
    _paint_light_of_walls(dice, canvas, look)
    for x, y, z in _lamp_spots(look):
        canvas.blob((255, 255, 255), (x, min(y, high - 0.3), z), 1.5, 0.9)
    for side in (-half, half):
        for y in (0.0, high):
            canvas.edge((110, 110, 110), 0.16, (side, y, 0.4), (side, y, deep))
        canvas.edge((130, 130, 130), 0.16, (side, 0, deep), (side, high, deep))
    canvas.edge((120, 120, 120), 0.2, (-half, 0, deep), (half, 0, deep))
    canvas.edge((140, 140, 140), 0.14, (-half, high, deep), (half, high, deep))
    for step in range(8):
        z = 1.5 + step * (deep - 3.5) / 8
        canvas.edge((120, 120, 120), 0.3, (-half * 0.8, 0.0, z), (half * 0.8, 0.0, z))
    soft = canvas.image.convert("L").filter(ImageFilter.GaussianBlur(camera.size[0] / 26))
    soft = ImageChops.multiply(soft, _stains().resize(camera.size, Image.Resampling.BICUBIC))
    dark = 1.0 if is_day else dice.uniform(0.9, 1.0)
    vignette = Image.radial_gradient("L").resize(camera.size, BILINEAR)
    edge = vignette.point([round(255 * dark - 0.28 * max(0, value - 110)) for value in range(256)])
    return ImageChops.multiply(soft, edge)


def _paint_light_of_walls(dice: random.Random, canvas: Canvas, look: Hall) -> None:
    """Each surface in slices, darker toward the camera, where no lamp of the hall reaches."""
    half, high, deep = look.width / 2, look.height, look.depth
    left, right, slices = dice.randint(196, 240), dice.randint(196, 240), 6
    for part in range(slices):
        near, far = deep * part / slices, deep * (part + 1) / slices
        fall = 0.74 + 0.26 * (part + 1) / slices
        for side, level in ((-half, left), (half, right)):
            grey = round(level * fall)
            canvas.side((grey, grey, grey), side, near, far, 0, high)
        up, down = round(226 * fall), round(205 * fall)
        canvas.level((up, up, up), high, -half, half, near, far)
        canvas.level((down, down, down), 0, -half, half, near, far)
    canvas.front((246, 246, 246), deep, -half, half, 0, high)


def draw_lamps(scene: Canvas, look: Hall, is_on: bool) -> None:
    bright: Colour = (255, 254, 246) if is_on else (224, 226, 224)
    for x, y, z in _lamp_spots(look):
        if look.lamps == "tubes on the walls":
            scene.side(bright, x, z - 0.6, z + 0.6, y, y + 0.06)
        elif look.lamps == "panels":
            scene.level(bright, y, x - 0.3, x + 0.3, z - 0.3, z + 0.3)
        elif look.lamps == "bulbs":
            scene.edge((90, 90, 90), 0.015, (x, look.height, z), (x, y, z))
            scene.blob(bright, (x, y, z), 0.14, 0.18)
        else:
            scene.level(bright, y, x - 0.08, x + 0.08, z - 0.6, z + 0.6)
        if is_on:
            scene.shine((x, y, z), 1.5)


def room_cast(dice: random.Random, is_day: bool) -> tuple[float, float, float]:
    """How the phone's white balance tints the whole photo: factors of red, green, blue."""
    warm, neon = dice.uniform(0.03, 0.1), dice.uniform(-0.05, 0.01)
    warm = dice.uniform(-0.02, 0.03) if is_day else dice.choice((warm, neon))
    exposure = dice.uniform(1.0, 1.17)
    return exposure * (1 + warm * 0.6), exposure, exposure * (1 - warm * 1.3)
