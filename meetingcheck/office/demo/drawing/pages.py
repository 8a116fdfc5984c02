"""Minutes in a notebook, photographed on a table.

The page is written without colours and turned into perspective like that, which takes half the time.
"""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from meetingcheck.office.demo.drawing.basics import (
    BILINEAR,
    LIGHT_SCALE,
    REFERENCE_SIDE,
    WOODS,
    Colour,
    Point,
    Size,
    darken,
    dice_for,
    jittered,
    mixed,
    shaded,
)
from meetingcheck.office.demo.drawing.ink import HANDS, INK, PAPER, RULING, Sheet, Writer
from meetingcheck.office.demo.drawing.phone import develop

TABLE_CLOTHS: tuple[Colour, ...] = ((112, 118, 124), (168, 52, 52), (214, 210, 200), (72, 108, 96), (196, 186, 150))
PAPERS: tuple[Colour, ...] = ((250, 248, 240), (246, 240, 222), (252, 252, 250), (242, 240, 236))
RULINGS: tuple[Colour, ...] = ((196, 206, 222), (206, 200, 216), (190, 212, 210))
INKS: tuple[Colour, ...] = ((36, 52, 140), (28, 40, 116), (48, 64, 160), (34, 36, 44), (58, 44, 132))
MARGIN_RED: Colour = (226, 150, 150)
MARGIN = 0.082
"""Where the margin's line runs, as a share of the page's width."""
TABLE_SCALE = 4
"""The table's side is drawn so many times smaller than the photo's, because nothing on it is sharp."""

Corners = tuple[Point, Point, Point, Point]
"""Of a page, from top left clockwise."""


@dataclass(frozen=True)
class Stationery:
    """The colours of a page."""

    paper: Colour
    ruling: Colour
    ink: Colour

    @classmethod
    def chosen(cls, dice: random.Random) -> "Stationery":
        return cls(jittered(dice, dice.choice(PAPERS), 4), dice.choice(RULINGS), jittered(dice, dice.choice(INKS), 10))

    def colour(self, tone: int) -> Colour:
        """What a tone between those of ink, ruling and paper looks like."""
        if tone < RULING:
            return mixed(self.ink, self.ruling, tone / RULING)
        return mixed(self.ruling, self.paper, (tone - RULING) / (PAPER - RULING))

    def tint(self, tones: Image.Image) -> Image.Image:
        """The page in colour."""
        table = [self.colour(tone) for tone in range(256)]
        return Image.merge("RGB", [tones.point([colour[band] for colour in table]) for band in range(3)])


def draw_minutes_page(seed: int, size: Size = (960, 1280), taken_at: datetime | None = None) -> bytes:
    """A JPEG of handwritten minutes in a lined notebook, lying on a table. `size` as for a meeting room."""
    dice = dice_for("minutes", seed)
    sheet = Sheet.blank(dice.choice((1330, 1400, 1440)), zoom=max(1, min(3, round(max(size) / REFERENCE_SIDE))))
    _write_minutes(dice, sheet)
    photo = _photograph(dice, sheet.image, size)
    warm, exposure = dice.uniform(-0.04, 0.1), dice.uniform(0.95, 1.1)
    cast = (exposure * (1 + warm * 0.5), exposure, exposure * (1 - warm))
    return develop(dice, photo, taken_at, cast, is_sharp_drawing=False)


def _write_minutes(dice: random.Random, sheet: Sheet) -> None:
    """Ruled lines, a heading, paragraphs, two signatures."""
    pitch, writer = dice.choice((46, 50, 56)), Writer(dice.randrange(HANDS), dice.choice((13, 15)))
    _rule_page(sheet, pitch, has_squares=dice.random() < 0.4)
    writer.write_line(dice, sheet, dice.uniform(300, 360), 92, 740)
    writer.write_line(dice, sheet, dice.uniform(240, 300), 92 + pitch, 800)
    lines = int((sheet.high - 130) / pitch) - dice.choice((0, 0, 3, 6, 9))
    _write_paragraphs(dice, sheet, writer, [92 + line * pitch for line in range(2, lines - 3)])
    _sign(dice, sheet, writer, 92 + (lines - 2) * pitch)


def _rule_page(sheet: Sheet, pitch: int, has_squares: bool) -> None:
    """Lines `pitch` pixels apart, and half a pitch between them those of squared paper."""
    fainter = (RULING + PAPER) // 2
    for y in range(92 + 8, sheet.high, pitch):
        sheet.rule(RULING, 0, y, 1000, y, 2)
        if has_squares:
            sheet.rule(fainter, 0, y - pitch // 2, 1000, y - pitch // 2)
    if has_squares:
        for x in range(0, 1000, pitch):
            sheet.rule(fainter, x, 0, x, sheet.high)


def _write_paragraphs(dice: random.Random, sheet: Sheet, writer: Writer, baselines: Sequence[int]) -> None:
    """Lines of words; where a paragraph begins, the line is set in, sometimes after a dash."""
    margin, is_fresh = dice.choice((90, 120, 150)), True
    for y in baselines:
        ends = not is_fresh and dice.random() < 0.22
        until = dice.uniform(400.0, 800.0) if ends else dice.uniform(915.0, 965.0)
        start = margin + (48 if is_fresh else 0) + dice.uniform(-6, 6)
        if is_fresh and dice.random() < 0.5:
            sheet.rule(INK, start - 26, y - 7, start - 12, y - 8, 3)
        writer.write_line(dice, sheet, start, y, until)
        is_fresh = ends


def _sign(dice: random.Random, sheet: Sheet, writer: Writer, y: float) -> None:
    """Two columns at the foot: who wrote it, who chaired."""
    for left in (130, 640):
        writer.write_line(dice, sheet, left, y, left + 230)
        sheet.scribble(dice, left + 20, y + 75, 150, 70)


def _photograph(dice: random.Random, page: Image.Image, size: Size) -> Image.Image:
    """Lay the page on a table and look at it from above, not quite straight."""
    corners = _page_corners(dice, size, page.height / page.width)
    stationery = Stationery.chosen(dice)
    numbers = _perspective(corners, page.size)
    seen = page.transform(size, Image.Transform.PERSPECTIVE, numbers, BILINEAR, fillcolor=PAPER)
    photo = stationery.tint(seen)
    if dice.random() < 0.7:
        _draw_margin(photo, corners, stationery.paper)
    _put_table_around(photo, corners, _table_top(dice, size, corners))
    if dice.random() < 0.3:
        _lay_pen(dice, photo)
    darken(photo, _page_light(dice, size, corners))
    return photo


def _draw_margin(photo: Image.Image, corners: Corners, paper: Colour) -> None:
    """The red line at the left, paler at its sides, so that its slant shows no steps."""
    ends = [
        (left[0] + (right[0] - left[0]) * MARGIN, left[1] + (right[1] - left[1]) * MARGIN)
        for left, right in ((corners[0], corners[1]), (corners[3], corners[2]))
    ]
    pen, width = ImageDraw.Draw(photo), max(1, round(max(photo.size) / REFERENCE_SIDE))
    pen.line(ends, fill=mixed(MARGIN_RED, paper, 0.6), width=width + 2)
    pen.line(ends, fill=MARGIN_RED, width=width)


def _page_corners(dice: random.Random, size: Size, tall: float) -> Corners:
    """Where the page's corners come to lie in the photo; partly outside is fine."""
    width, height = size
    fill = dice.uniform(0.84, 1.12) if height >= width else dice.uniform(0.6, 0.9)
    page_width = min(width * fill, height * 1.25 / tall * fill)
    turn = dice.gauss(0, 0.05)
    cx, cy = width * dice.uniform(0.45, 0.55), height * dice.uniform(0.46, 0.56)
    pinch = dice.uniform(0.0, 0.09)
    corners: list[Point] = []
    for right, down in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        x = right * page_width / 2 * (1 + pinch * down) * dice.uniform(0.985, 1.015)
        y = down * page_width * tall / 2 * dice.uniform(0.985, 1.015)
        corners.append((cx + x * math.cos(turn) - y * math.sin(turn), cy + x * math.sin(turn) + y * math.cos(turn)))
    top_left, top_right, bottom_right, bottom_left = corners
    return top_left, top_right, bottom_right, bottom_left


def _perspective(corners: Sequence[Point], flat: Size) -> tuple[float, ...]:
    """The eight numbers with which Pillow finds, for a pixel of the photo, its place on the flat page."""
    targets: tuple[Point, ...] = ((0, 0), (flat[0], 0), (flat[0], flat[1]), (0, flat[1]))
    rows: list[list[float]] = []
    for (x, y), (u, v) in zip(corners, targets, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
    return _solve(rows)


def _solve(rows: list[list[float]]) -> tuple[float, ...]:
    """Gauss-Jordan with the largest pivot; each row ends with its right-hand side."""
    count = len(rows)
    for column in range(count):
        best = max(range(column, count), key=lambda row: abs(rows[row][column]))
        rows[column], rows[best] = rows[best], rows[column]
        pivot = rows[column][column]
        rows[column] = [value / pivot for value in rows[column]]
        for other in range(count):
            if other != column:
                factor = rows[other][column]
                rows[other] = [a - factor * b for a, b in zip(rows[other], rows[column], strict=True)]
    return tuple(row[-1] for row in rows)


def _table_top(dice: random.Random, size: Size, corners: Corners) -> Image.Image:
    """The table with the page's shadow on it, TABLE_SCALE times smaller than the photo."""
    small = (math.ceil(size[0] / TABLE_SCALE), math.ceil(size[1] / TABLE_SCALE))
    is_wood = dice.random() < 0.6
    colour = jittered(dice, dice.choice(WOODS if is_wood else TABLE_CLOTHS), 14)
    table = Image.new("RGB", small, colour)
    if is_wood:
        grain = _wood_grain() if dice.random() < 0.5 else _wood_grain().transpose(Image.Transpose.ROTATE_90)
        table = ImageChops.multiply(table, grain.resize(small, BILINEAR).convert("RGB"))
    shadow = Image.new("L", small, 255)
    drop = dice.uniform(0.006, 0.02) * max(size)
    outline = [((x + drop) / TABLE_SCALE, (y + drop) / TABLE_SCALE) for x, y in corners]
    ImageDraw.Draw(shadow).polygon(outline, fill=110)
    darken(table, shadow.filter(ImageFilter.GaussianBlur(max(small) / 70)))
    return table


@lru_cache(maxsize=1)
def _wood_grain() -> Image.Image:
    """Long streaks of a table top, 640x480, from 175 to 255."""
    dice = dice_for("wood", 0)
    streaks = Image.frombytes("L", (12, 160), dice.randbytes(12 * 160)).resize((640, 480), Image.Resampling.BICUBIC)
    return ImageOps.autocontrast(streaks).point([175 + value * 80 // 255 for value in range(256)])


def _put_table_around(photo: Image.Image, corners: Corners, table: Image.Image) -> None:
    """Show the table where the page is not; only strips are enlarged, because most of the photo is page."""
    outside = Image.new("L", photo.size, 255)
    ImageDraw.Draw(outside).polygon(corners, fill=0)
    across, down = table.width / photo.width, table.height / photo.height
    for left, top, right, bottom in _strips_around(corners, photo.size):
        if left < right and top < bottom:
            box = (left * across, top * down, right * across, bottom * down)
            strip = table.resize((right - left, bottom - top), BILINEAR, box)
            photo.paste(strip, (left, top), outside.crop((left, top, right, bottom)))


def _strips_around(corners: Corners, size: Size) -> Iterator[tuple[int, int, int, int]]:
    """Boxes above, below, left and right of the largest upright rectangle within the page; some are empty."""
    (width, height), (top_left, top_right, bottom_right, bottom_left) = size, corners
    left = min(width, max(0, math.ceil(max(top_left[0], bottom_left[0]))))
    right = max(left, min(width, math.floor(min(top_right[0], bottom_right[0]))))
    top = min(height, max(0, math.ceil(max(top_left[1], top_right[1]))))
    bottom = max(top, min(height, math.floor(min(bottom_left[1], bottom_right[1]))))
    yield from ((0, 0, width, top), (0, bottom, width, height), (0, top, left, bottom), (right, top, width, bottom))


def _lay_pen(dice: random.Random, photo: Image.Image) -> None:
    """A ballpoint pen across a corner."""
    width, height = photo.size
    x, y, angle = width * dice.uniform(0.55, 0.85), height * dice.uniform(0.72, 0.92), dice.uniform(-1.1, -0.3)
    long, thick = max(photo.size) * 0.3, max(photo.size) * 0.014
    ahead = (math.cos(angle), math.sin(angle))
    pen, body = ImageDraw.Draw(photo), dice.choice(((30, 60, 150), (40, 40, 44), (190, 30, 36)))

    def piece(colour: Colour, start: float, end: float, taper: float, shift: float = 0.0) -> None:
        """A stretch of the pen between two shares of its length, `taper` times as thick at its end."""
        outline = []
        for along, half in ((start, -0.5), (end, -0.5 * taper), (end, 0.5 * taper), (start, 0.5)):
            outline.append(
                (
                    x + ahead[0] * long * along - ahead[1] * thick * half + shift,
                    y + ahead[1] * long * along + ahead[0] * thick * half + shift,
                )
            )
        pen.polygon(outline, fill=colour)

    piece((120, 110, 100), 0, 1, 0.9, shift=thick * 0.5)
    piece(body, 0.06, 1, 1)
    piece(shaded(body, 1.5), 0.06, 1, 0.3)
    piece((200, 200, 200), 0.06, 0, 0.2)


def _page_light(dice: random.Random, size: Size, corners: Corners) -> Image.Image:
    """Brighter toward the lamp, darker in the fold and where the phone and the hand are in the way."""
    small = (math.ceil(size[0] / LIGHT_SCALE), math.ceil(size[1] / LIGHT_SCALE))
    light = Image.linear_gradient("L").rotate(dice.choice((0, 90, 180, 270))).resize(small, BILINEAR)
    low = dice.randint(150, 205)
    light = light.point([low + value * (255 - low) // 255 for value in range(256)])
    shade = Image.new("L", small, 255)
    x, y = small[0] * dice.uniform(0.1, 0.9), small[1] * dice.uniform(0.55, 1.1)
    rx, ry = small[0] * dice.uniform(0.2, 0.45), small[1] * dice.uniform(0.2, 0.4)
    pen = ImageDraw.Draw(shade)
    pen.ellipse((x - rx, y - ry, x + rx, y + ry), fill=dice.randint(170, 225))
    fold = corners[0::3] if dice.random() < 0.6 else corners[1:3]
    pen.line([(x / LIGHT_SCALE, y / LIGHT_SCALE) for x, y in fold], fill=90, width=max(1, small[0] // 10))
    return ImageChops.multiply(light, shade.filter(ImageFilter.GaussianBlur(small[0] / 12)))
