"""What a hall has before anyone comes: walls, floor, ceiling, windows and what hangs there."""

import math
import random
from itertools import pairwise

from meetingcheck.office.demo.drawing.basics import Colour, Spot, jittered, shaded
from meetingcheck.office.demo.drawing.hall import Hall
from meetingcheck.office.demo.drawing.lettering import block_text
from meetingcheck.office.demo.drawing.scene import Canvas

BANNER_RED: Colour = (186, 22, 30)
BANNER_YELLOW: Colour = (250, 214, 70)


def draw_walls(dice: random.Random, scene: Canvas, look: Hall, is_day: bool) -> None:
    """The empty hall, without its lamps and fans."""
    _draw_shell(scene, look)
    _draw_floor_tiles(scene, look)
    _draw_ceiling(scene, look)
    for side, count in zip((-1, 1), look.windows, strict=True):
        _draw_windows(dice, scene, look, side, count, is_day)
    if look.drape:
        _draw_drape(scene, look, look.drape)
    _draw_board(scene, look)
    _draw_banner(scene, look)


def _draw_shell(scene: Canvas, look: Hall) -> None:
    half, high, deep = look.width / 2, look.height, look.depth
    scene.level(look.ceiling, high, -half, half, 0, deep)
    scene.level(look.floor, 0, -half, half, 0, deep)
    low, colour = look.wainscot_height, look.wainscot or look.wall
    for tone, bottom, top in ((look.wall, low, high), (colour, 0, low)):
        for side in (-half, half):
            scene.side(tone, side, 0, deep, bottom, top)
        scene.front(tone, deep, -half, half, bottom, top)
    rim, skirting = shaded(colour, 0.82), shaded(colour, 0.6)
    for height, tone, thick in ((low, rim, 0.025), (0.05, skirting, 0.07)):
        if look.wainscot or height < low:
            scene.edge(tone, thick, (-half, height, deep), (half, height, deep))
            for side in (-half, half):
                scene.edge(tone, thick * 0.5, (side, height, 0.0), (side, height, deep))


def _draw_floor_tiles(scene: Canvas, look: Hall) -> None:
    half, joint = look.width / 2, shaded(look.floor, 0.86)
    for step in range(1, int(look.width / look.tile) + 1):
        x = -half + step * look.tile
        scene.edge(joint, 0.004, (x, 0, 0), (x, 0, look.depth))
    for step in range(1, int(look.depth / look.tile) + 1):
        z = step * look.tile
        scene.edge(joint, 0.004, (-half, 0, z), (half, 0, z))


def _draw_ceiling(scene: Canvas, look: Hall) -> None:
    half, high, joint = look.width / 2, look.height, shaded(look.ceiling, 0.9)
    if look.lamps == "panels":
        for step in range(1, int(look.width / 0.6) + 1):
            scene.edge(joint, 0.006, (-half + step * 0.6, high, 0), (-half + step * 0.6, high, look.depth))
        for step in range(1, int(look.depth / 0.6) + 1):
            scene.edge(joint, 0.006, (-half, high, step * 0.6), (half, high, step * 0.6))
        return
    for step in range(1, int(look.depth / 2.4) + 1):
        z = step * 2.4
        scene.level(shaded(look.ceiling, 0.93), high, -half, half, z, z + 0.25)
        scene.front(shaded(look.ceiling, 0.8), z, -half, half, high - 0.2, high)


def _draw_windows(dice: random.Random, scene: Canvas, look: Hall, side: int, count: int, is_day: bool) -> None:
    """The windows of one side wall (-1 left, 1 right)."""
    for number in range(count):
        middle = look.depth * (number + 0.7) / (count + 0.3)
        _draw_window(dice, scene, look, side * look.width / 2 * 0.999, middle, is_day)


def _draw_window(dice: random.Random, scene: Canvas, look: Hall, x: float, middle: float, is_day: bool) -> None:
    low, high, half = 0.95, 2.35, 0.62

    def pane(colour: Colour, z0: float, z1: float, y0: float, y1: float) -> None:
        scene.side(colour, x, z0, z1, y0, y1)

    pane(look.frame, middle - half - 0.07, middle + half + 0.07, low - 0.07, high + 0.07)
    outside = jittered(dice, (240, 246, 250), 8) if is_day else jittered(dice, (26, 32, 48), 8)
    pane(outside, middle - half, middle + half, low, high)
    green = jittered(dice, (150, 178, 138), 20) if is_day else (20, 26, 34)
    pane(green, middle - half, middle + half, low, low + dice.uniform(0.3, 0.8))
    for bar in range(1, 6):
        z = middle - half + bar * half / 3
        scene.edge(shaded(look.frame, 0.8), 0.02 if bar != 3 else 0.06, (x, low, z), (x, high, z))
    scene.edge(look.frame, 0.04, (x, 1.9, middle - half), (x, 1.9, middle + half))


def _draw_drape(scene: Canvas, look: Hall, colour: Colour) -> None:
    """A folded curtain over the front wall."""
    z, half, top = look.depth - 0.05, look.width / 2, look.height - 0.15
    folds = 56
    for fold in range(folds):
        left = -half + fold * look.width / folds
        tone = 0.86 + 0.2 * math.sin(fold * 1.9) + 0.06 * math.sin(fold * 0.7)
        right = left + look.width / folds
        scene.front(shaded(colour, tone), z, left, right, 0.15, top)
    scene.front(shaded(colour, 0.75), z, -half, half, top - 0.3, top)


def _draw_board(scene: Canvas, look: Hall) -> None:
    """A blackboard, whiteboard or screen beside the banner's middle, and certificates on the wall."""
    z, low = look.depth - 0.06, 1.0
    left = look.banner_aside + look.banner_width * 0.12
    right, high = left + min(1.9, look.width / 2 - left - 0.2), 1.9
    fills: dict[str, Colour] = {"black": (44, 70, 60), "white": (240, 242, 244), "screen": (196, 214, 236)}
    if look.board in fills and right - left > 0.7:
        scene.front(look.wood, z, left - 0.06, right + 0.06, low - 0.06, high + 0.06)
        scene.front(fills[look.board], z, left, right, low, high)
        for line in range(3):
            y = high - 0.2 - line * 0.2
            tone = (210, 220, 214) if look.board == "black" else (90, 104, 132)
            scene.edge(tone, 0.02, (left + 0.15, y, z), (right - 0.3 - 0.2 * line, y, z))
    for number in range(look.frames_on_wall):
        x = -look.width / 2 + 0.35 + number * 0.55
        if x + 0.4 < look.banner_aside - look.banner_width / 2:
            scene.front((176, 136, 66), z, x, x + 0.42, 2.0, 2.32)
            scene.front((238, 226, 206), z, x + 0.04, x + 0.38, 2.04, 2.28)


def _draw_banner(scene: Canvas, look: Hall) -> None:
    """Red cloth with two lines of yellow capitals."""
    z, half = look.depth - 0.1, look.banner_width / 2
    top = look.height - 0.28
    left, right, low = look.banner_aside - half, look.banner_aside + half, top - look.banner_height
    scene.front(shaded(BANNER_RED, 0.7), z, left - 0.03, right + 0.03, low - 0.03, top + 0.03)
    scene.front(BANNER_RED, z, left, right, low, top)
    for text, line, share in (("SINH HOẠT CHI BỘ", 0.6, 0.82), ("CHI BỘ MẪU", 0.15, 0.5)):
        strokes, length = block_text(text)
        unit = min(look.banner_height * 0.21, look.banner_width * share / length)
        start, base = look.banner_aside - length * unit / 2, low + look.banner_height * line
        for stroke in strokes:
            spots: list[Spot] = [(start + x * unit, base + y * unit, z) for x, y in stroke]
            for here, after in pairwise(spots):
                scene.edge(BANNER_YELLOW, unit * 0.17, here, after)


def draw_fans(dice: random.Random, scene: Canvas, look: Hall) -> None:
    """Ceiling fans along the middle, standing still at any angle."""
    for number in range(look.fans):
        z = look.depth * (0.36 + 0.26 * number)
        y, turn = look.height - 0.42, dice.uniform(0, 2)
        scene.edge((120, 120, 118), 0.03, (0, look.height, z), (0, y, z))
        for blade in range(3):
            angle = turn + blade * math.tau / 3
            ahead, across = (math.cos(angle), math.sin(angle)), (-math.sin(angle) * 0.07, math.cos(angle) * 0.07)
            inner, outer = [(ahead[0] * r, ahead[1] * r) for r in (0.12, 0.66)]
            corners = [(inner, 1), (outer, 1.2), (outer, -1.2), (inner, -1)]
            scene.face((206, 204, 196), *((x + across[0] * s, y, z + d + across[1] * s) for (x, d), s in corners))
        scene.blob((176, 174, 168), (0, y, z), 0.22, 0.12)
