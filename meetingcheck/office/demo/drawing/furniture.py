"""Chairs, desks, the table in front, flowers and plants."""

import math
import random
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFilter

from meetingcheck.office.demo.drawing.basics import BILINEAR, Colour, Spot, jittered, shaded
from meetingcheck.office.demo.drawing.hall import Hall
from meetingcheck.office.demo.drawing.scene import Canvas, CutOut


@lru_cache(maxsize=2)
def _chair_shape(is_wooden: bool) -> tuple[Image.Image, Image.Image]:
    """Light and mask of a chair's back, 200x230 pixels."""
    mask = Image.new("L", (400, 460))
    pen = ImageDraw.Draw(mask)
    if is_wooden:
        pen.rounded_rectangle((20, 10, 380, 90), 26, fill=255)
        for left in (20, 110, 182, 254, 340):
            pen.rectangle((left, 60, left + 36, 460), fill=255)
        pen.rectangle((20, 300, 380, 350), fill=255)
    else:
        pen.rounded_rectangle((24, 8, 376, 460), 90, fill=255)
        for top in (110, 180, 250):
            pen.rounded_rectangle((100, top, 300, top + 26), 13, fill=0)
    soft = mask.resize((50, 58), BILINEAR).filter(ImageFilter.GaussianBlur(3)).resize((200, 230), BILINEAR)
    return soft.point([150 + value * 105 // 255 for value in range(256)]), mask.resize((200, 230), BILINEAR)


@lru_cache(maxsize=16)
def chair(colour: Colour, is_wooden: bool) -> CutOut:
    """The back of a chair, 0.46 m broad."""
    light, mask = _chair_shape(is_wooden)
    tables = [value * part // 255 for part in colour for value in range(256)]
    return CutOut.of(Image.merge("RGB", (light,) * 3).point(tables), mask)


def draw_clothed_table(scene: Canvas, look: Hall, left: float, right: float, near: float, far: float) -> None:
    folds, top = 26, 0.76
    for fold in range(folds):
        start, end = (left + (right - left) * part / folds for part in (fold, fold + 1))
        tone = 0.74 + 0.09 * math.sin(fold * 2.1)
        scene.front(shaded(look.cloth, tone), near, start, end, 0.04, top)
    for side in (left, right):
        scene.side(shaded(look.cloth, 0.55), side, near, far, 0.04, top)
    scene.level(shaded(look.cloth_top, 0.9), top, left, right, near, far)
    scene.front(shaded(look.cloth_top, 0.8), near, left, right, top - 0.09, top)


def draw_flowers(dice: random.Random, scene: Canvas, foot: Spot) -> None:
    x, y, z = foot
    scene.blob((226, 228, 232), (x, y + 0.09, z), 0.13, 0.2)
    for _ in range(14):
        leaf = (x + dice.gauss(0, 0.09), y + 0.27 + dice.gauss(0, 0.05), z)
        scene.blob(jittered(dice, (52, 104, 56), 20), leaf, 0.1, 0.07)
    petals = dice.choice(((214, 44, 60), (240, 196, 70), (232, 150, 170), (240, 238, 232), (190, 110, 180)))
    for _ in range(11):
        bloom = (x + dice.gauss(0, 0.08), y + 0.32 + dice.gauss(0, 0.055), z)
        scene.blob(jittered(dice, petals, 22), bloom, 0.075, 0.065)


def draw_plant(dice: random.Random, scene: Canvas, foot: Spot) -> None:
    x, _, z = foot
    for _ in range(24):
        top = (x + dice.gauss(0, 0.2), dice.uniform(0.6, 1.5), z)
        scene.edge(jittered(dice, (54, 100, 58), 18), 0.035, (x + dice.gauss(0, 0.04), 0.4, z), top)
    scene.face((150, 92, 68), (x - 0.16, 0.0, z), (x + 0.16, 0.0, z), (x + 0.21, 0.45, z), (x - 0.21, 0.45, z))


def draw_desks(dice: random.Random, scene: Canvas, look: Hall, z: float, light: float) -> None:
    """The desks before a row, one on each side of the aisle, with papers on them."""
    edge, gap = look.width / 2 - 0.6, look.aisle / 2 - 0.05
    halves = ((-edge, -gap), (gap, edge)) if look.aisle else ((-edge, edge),)
    top, front = shaded(look.wood, 1.15 * light), shaded(look.wood, 0.62 * light)
    for left, right in halves:
        scene.front(front, z, left, right, 0.1, 0.74)
        scene.level(top, 0.74, left, right, z, z + 0.42)
        scene.edge(shaded(top, 0.8), 0.03, (left, 0.725, z), (right, 0.725, z))
        for _ in range(int((right - left) / 0.7)):
            x, turn = dice.uniform(left + 0.2, right - 0.3), dice.uniform(-0.06, 0.06)
            corners = ((x, 0.06), (x + 0.2, 0.06 + turn), (x + 0.2, 0.34 + turn), (x, 0.34))
            scene.face(shaded((236, 234, 226), light), *((along, 0.745, z + deep) for along, deep in corners))
