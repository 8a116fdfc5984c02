"""Invented photos for the demo: meeting halls, notebook pages, lists, resolutions.

Every picture is drawn, none shows a person or a place that exists, and people are seen from behind only. The same seed
gives the same bytes. The room is a small 3D model in metres, seen through a pinhole camera, because a believable photo
is mostly a believable perspective; light is painted on a picture an eighth as large and multiplied in, because soft
light needs no detail.

Pillow is otherwise the business of `photos/imaging.py` alone, which reads what strangers send. This module only writes
pictures of its own making.

Axes of the room: x to the right from the middle, y up from the floor, z forward from the back wall, all in metres.
"""

import io
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from itertools import pairwise

import pillow_heif
from PIL import ExifTags, Image, ImageChops, ImageDraw, ImageFilter, ImageOps

Colour = tuple[int, int, int]
Point = tuple[float, float]
Spot = tuple[float, float, float]
Size = tuple[int, int]

BILINEAR = Image.Resampling.BILINEAR
FINER = 2
"""The empty hall is drawn with sides so many times longer, then reduced."""
LIGHT_SCALE = 8
"""The light map's side is this many times smaller than the photo's."""
REFERENCE_SIDE = 1280
"""Strengths in pixels (blur, ink) are given for a photo whose longer side has this many pixels."""
CAMERA_MODELS = ("Mau A1", "Mau A5", "Mau Note 7", "Mau Lite", "Mau C2")
UPRIGHT, UPSIDE_DOWN, TURNED_RIGHT = 1, 3, 6
"""EXIF orientations: as stored, turned by 180 degrees, to be turned clockwise by 90 degrees."""


# --- public -----------------------------------------------------------------------------------------------------------


def draw_meeting_room(
    seed: int, size: Size = (1280, 960), taken_at: datetime | None = None, hall: int | None = None
) -> bytes:
    """A JPEG of a meeting seen from the back of the hall.

    `size` is the upright size in pixels; where EXIF turns the photo, the stored pixels lie on their side. `hall` picks
    the building, so that one cell's meetings look alike from month to month; without it each seed has its own. Daylight
    or night follows `taken_at`'s hour when it is given.
    """
    dice = _dice("room", seed)
    look = _hall(seed if hall is None else hall)
    is_day = 6 <= taken_at.hour < 18 if taken_at else dice.random() < 0.35
    camera = _camera(dice, look, size)
    scene = _draw_empty_hall(dice, look, camera, is_day)
    _draw_front(dice, look, camera, scene)
    _draw_rows(dice, look, camera, scene)
    return _develop(dice, scene.image, taken_at, cast=_room_cast(dice, is_day), is_sharp_drawing=True)


def draw_minutes_page(seed: int, size: Size = (960, 1280), taken_at: datetime | None = None) -> bytes:
    """A JPEG of handwritten minutes in a lined notebook, lying on a table. `size` as for a meeting room."""
    return _photograph_page(_dice("minutes", seed), _write_minutes, size, taken_at)


def draw_attendance_list(seed: int, size: Size = (960, 1280), taken_at: datetime | None = None) -> bytes:
    """A JPEG of a printed table of those present, with ticks and signatures. `size` as for a meeting room."""
    return _photograph_page(_dice("attendance", seed), _write_attendance, size, taken_at)


def draw_resolution_page(seed: int, size: Size = (960, 1280), taken_at: datetime | None = None) -> bytes:
    """A JPEG of a typed resolution with a signature. `size` as for a meeting room."""
    return _photograph_page(_dice("resolution", seed), _write_resolution, size, taken_at)


def as_heic(jpeg: bytes, quality: int = 55) -> bytes:
    """The same photo as an iPhone would store it: HEIC, pixels upright, EXIF time kept."""
    with Image.open(io.BytesIO(jpeg)) as photo:
        upright = ImageOps.exif_transpose(photo)
    out = io.BytesIO()
    pillow_heif.from_pillow(upright).save(
        out, quality=quality, exif=upright.getexif().tobytes(), enc_params={"preset": "ultrafast"}
    )
    return out.getvalue()


# --- dice and small parts ---------------------------------------------------------------------------------------------


def _dice(purpose: str, seed: int) -> random.Random:
    """Dice of their own for each purpose, so that a room and a page with one seed have nothing in common."""
    return random.Random(f"{purpose} {seed}")  # noqa: S311  a drawing is no secret


def _shade(colour: Colour, factor: float) -> Colour:
    """The colour, darker (factor < 1) or lighter (factor > 1)."""
    red, green, blue = (max(0, min(255, round(part * factor))) for part in colour)
    return red, green, blue


def _jitter(dice: random.Random, colour: Colour, by: int) -> Colour:
    """The colour, each part moved by up to `by` of 255."""
    red, green, blue = (max(0, min(255, part + dice.randint(-by, by))) for part in colour)
    return red, green, blue


def _smooth(points: Sequence[Point], steps: int = 6) -> list[Point]:
    """A Catmull-Rom curve through the points, with `steps` straight pieces between two of them."""
    padded = [points[0], *points, points[-1]]
    curve: list[Point] = []
    for (ax, ay), (bx, by), (cx, cy), (dx, dy) in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        for step in range(steps):
            t = step / steps
            weights = (-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, t**3 - t**2)
            curve.append(
                (
                    sum(w * v for w, v in zip(weights, (ax, bx, cx, dx), strict=True)) / 2,
                    sum(w * v for w, v in zip(weights, (ay, by, cy, dy), strict=True)) / 2,
                )
            )
    curve.append(points[-1])
    return curve


@lru_cache(maxsize=64)
def _dimming(light: int) -> tuple[int, ...]:
    """The table that dims all three colours to `light` fiftieths."""
    return tuple(min(255, value * light // 50) for value in range(256)) * 3


@lru_cache(maxsize=4)
def _grain_tile(strength: int) -> Image.Image:
    """Sensor noise, 512x512, around the grey of 128; not Image.effect_noise, which no seed repeats."""
    dice = _dice("grain", strength)
    side = 512
    layers = [Image.frombytes("L", (side, side), dice.randbytes(side * side)) for _ in range(4)]
    even = Image.blend(Image.blend(layers[0], layers[1], 0.5), Image.blend(layers[2], layers[3], 0.5), 0.5)
    # Phones smooth their noise, and noise of one pixel only would fill the file without being seen.
    coarse = even.filter(ImageFilter.GaussianBlur(0.7))
    grey = coarse.point([round(128 + (value - 128) * strength / 14) for value in range(256)])
    tint = grey.transpose(Image.Transpose.ROTATE_90)
    return Image.merge("RGB", (Image.blend(grey, tint, 0.25), grey, Image.blend(grey, tint, 0.4)))


@lru_cache(maxsize=1)
def _stains() -> Image.Image:
    """Slow, blotchy differences of brightness, 64x64, from 222 to 255."""
    dice = _dice("stains", 0)
    blotches = Image.frombytes("L", (64, 64), dice.randbytes(64 * 64)).filter(ImageFilter.GaussianBlur(2.5))
    return ImageOps.autocontrast(blotches).point([222 + value * 33 // 255 for value in range(256)])


@lru_cache(maxsize=1)
def _glow() -> Image.Image:
    """A round spot of light that fades outward, 64x64."""
    return (
        ImageOps.invert(Image.radial_gradient("L"))
        .resize((64, 64))
        .point([max(0, v - 80) ** 2 // 190 for v in range(256)])
    )


@lru_cache(maxsize=1)
def _wood_grain() -> Image.Image:
    """Long streaks of a table top, 640x480, from 175 to 255."""
    dice = _dice("wood", 0)
    streaks = Image.frombytes("L", (12, 160), dice.randbytes(12 * 160)).resize((640, 480), Image.Resampling.BICUBIC)
    return ImageOps.autocontrast(streaks).point([175 + value * 80 // 255 for value in range(256)])


# --- the camera -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Camera:
    """A pinhole: where it stands (metres), how it is held (radians), what it yields (pixels)."""

    stands: Spot
    yaw: float
    roll: float
    focal: float
    centre: Point
    size: Size

    def smaller(self, factor: float) -> "Camera":
        """The same view on a picture whose sides are `factor` times smaller (larger where it is below 1)."""
        (x, y), (width, height) = self.centre, self.size
        return replace(
            self,
            focal=self.focal / factor,
            centre=(x / factor, y / factor),
            size=(math.ceil(width / factor), math.ceil(height / factor)),
        )

    def turned(self, spot: Spot) -> Spot:
        """The spot as the camera sees it: metres to the right, up and ahead of it."""
        right, up, ahead = (part - own for part, own in zip(spot, self.stands, strict=True))
        cosine, sine = math.cos(self.yaw), math.sin(self.yaw)
        return right * cosine - ahead * sine, up, right * sine + ahead * cosine

    def pixel(self, seen: Spot) -> Point:
        """The pixel of what `turned` gave."""
        right, up, ahead = seen
        x, y = self.focal * right / ahead, -self.focal * up / ahead
        cosine, sine = math.cos(self.roll), math.sin(self.roll)
        return self.centre[0] + x * cosine - y * sine, self.centre[1] + x * sine + y * cosine

    def at(self, spot: Spot) -> Point | None:
        """The pixel of a spot, or None when it lies behind the camera."""
        seen = self.turned(spot)
        return self.pixel(seen) if seen[2] > NEAR else None

    def outline(self, spots: Sequence[Spot]) -> list[Point]:
        """The pixels of a flat outline, without the part of it that lies behind the camera."""
        seen = [self.turned(spot) for spot in spots]
        kept: list[Spot] = []
        for here, after in zip(seen, [*seen[1:], seen[0]], strict=True):
            if here[2] >= NEAR:
                kept.append(here)
            if (here[2] >= NEAR) != (after[2] >= NEAR):
                share = (NEAR - here[2]) / (after[2] - here[2])
                kept.append((here[0] + (after[0] - here[0]) * share, here[1] + (after[1] - here[1]) * share, NEAR))
        return [self.pixel(spot) for spot in kept]

    def scale(self, spot: Spot) -> float:
        """Pixels for a metre at the spot, 0 when it lies behind the camera."""
        ahead = self.turned(spot)[2]
        return self.focal / ahead if ahead > NEAR else 0.0


@dataclass(frozen=True)
class CutOut:
    """A thing drawn once, as colours and mask, in sizes that halve, so that scaling it down stays cheap."""

    levels: tuple[tuple[Image.Image, Image.Image], ...]

    @classmethod
    def of(cls, colours: Image.Image, mask: Image.Image) -> "CutOut":
        halves = tuple((colours.reduce(step), mask.reduce(step)) for step in (2, 4))
        return cls(((colours, mask), *halves))

    @property
    def ratio(self) -> float:
        """Height by width."""
        return self.levels[0][0].height / self.levels[0][0].width

    def scaled(self, width: int, high: int) -> tuple[Image.Image, Image.Image]:
        """Colours and mask, `width` pixels broad, the top `high` pixels of them."""
        colours, mask = next((level for level in reversed(self.levels) if level[0].width >= width), self.levels[0])
        box = (0, 0, colours.width, min(colours.height, high * colours.width / width))
        return colours.resize((width, high), BILINEAR, box), mask.resize((width, high), BILINEAR, box)


NEAR = 0.15
"""Nothing nearer to the camera than this is drawn, in metres."""


@dataclass
class Canvas:
    """A picture under way and the camera that looks at it."""

    camera: Camera
    image: Image.Image
    pen: ImageDraw.ImageDraw

    @classmethod
    def blank(cls, camera: Camera, colour: Colour) -> "Canvas":
        return cls.on(Image.new("RGB", camera.size, colour), camera)

    @classmethod
    def on(cls, image: Image.Image, camera: Camera) -> "Canvas":
        return cls(camera, image, ImageDraw.Draw(image))

    def face(self, colour: Colour, *spots: Spot) -> None:
        """Fill a flat outline."""
        outline = self.camera.outline(spots)
        if len(outline) > 2:
            self.pen.polygon(outline, fill=colour)

    def front(self, colour: Colour, z: float, x0: float, x1: float, y0: float, y1: float) -> None:
        """Fill an upright rectangle that faces the camera."""
        self.face(colour, (x0, y0, z), (x1, y0, z), (x1, y1, z), (x0, y1, z))

    def side(self, colour: Colour, x: float, z0: float, z1: float, y0: float, y1: float) -> None:
        """Fill an upright rectangle along the room."""
        self.face(colour, (x, y0, z0), (x, y0, z1), (x, y1, z1), (x, y1, z0))

    def level(self, colour: Colour, y: float, x0: float, x1: float, z0: float, z1: float) -> None:
        """Fill a level rectangle."""
        self.face(colour, (x0, y, z0), (x1, y, z0), (x1, y, z1), (x0, y, z1))

    def edge(self, colour: Colour, metres: float, start: Spot, end: Spot) -> None:
        """A line whose thickness follows its distance."""
        ends = self.camera.outline((start, end))
        if len(ends) >= 2:
            thick = max(self.camera.scale(start), self.camera.scale(end)) * metres
            self.pen.line(ends[:2], fill=colour, width=max(1, round(min(thick, self.camera.size[0] / 20))))

    def blob(self, colour: Colour, spot: Spot, wide: float, high: float) -> None:
        """An upright ellipse, `wide` and `high` in metres."""
        middle, scale = self.camera.at(spot), self.camera.scale(spot)
        if middle:
            x, y, rx, ry = *middle, wide * scale / 2, high * scale / 2
            self.pen.ellipse((x - rx, y - ry, x + rx, y + ry), fill=colour)

    def stand(self, cut_out: "CutOut", spot: Spot, wide: float, flip: bool = False, light: float = 1.0) -> None:
        """Put up a cut-out whose foot's middle is at the spot, `wide` metres broad."""
        foot, width = self.camera.at(spot), round(wide * self.camera.scale(spot))
        if not foot or width < 2:
            return
        x, y = round(foot[0] - width / 2), round(foot[1] - width * cut_out.ratio)
        # What would hang below the photo's edge is not even scaled.
        high = min(round(width * cut_out.ratio), self.image.height - y)
        if x >= self.image.width or x + width <= 0 or high < 2:
            return
        colours, mask = cut_out.scaled(width, high)
        if flip:
            colours, mask = ImageOps.mirror(colours), ImageOps.mirror(mask)
        self.image.paste(colours.point(_dimming(round(light * 50))), (x, y), mask)

    def shine(self, spot: Spot, wide: float) -> None:
        """Let a lamp glow over what is around it."""
        middle, scale = self.camera.at(spot), self.camera.scale(spot)
        side = min(round(wide * scale), self.image.width)
        if middle and side > 4:
            halo = _glow().resize((side, side), BILINEAR)
            self.image.paste((255, 250, 240), (round(middle[0] - side / 2), round(middle[1] - side / 2)), halo)


def _camera(dice: random.Random, look: "Hall", size: Size) -> Camera:
    """A phone held up at the back, by someone who sits, stands, or stands in a corner."""
    width, height = size
    aside = dice.uniform(-0.34, 0.34) * look.width
    distance = look.depth - 1
    return Camera(
        stands=(aside, dice.uniform(1.55, 2.15), dice.uniform(0.2, 1.5)),
        yaw=math.atan2(-aside * dice.uniform(0.4, 1.0), distance) + dice.uniform(-0.13, 0.13),
        roll=dice.gauss(0, 0.016),
        focal=dice.uniform(0.66, 0.95) * max(size) * (0.85 if height > width else 1),
        centre=(width / 2, height * dice.uniform(0.36, 0.5)),
        size=size,
    )


# --- the hall ---------------------------------------------------------------------------------------------------------

WALLS: tuple[Colour, ...] = (
    (238, 226, 190), (214, 232, 224), (226, 222, 236), (236, 236, 228), (206, 224, 236), (244, 216, 160),
    (222, 232, 206), (240, 226, 214),
)  # fmt: skip
WAINSCOTS: tuple[Colour, ...] = (
    (150, 176, 160), (176, 140, 108), (140, 160, 184), (196, 178, 146), (120, 150, 140), (168, 158, 150),
)  # fmt: skip
FLOORS: tuple[Colour, ...] = ((200, 186, 164), (186, 178, 170), (176, 134, 108), (206, 204, 198), (168, 160, 140))
CEILINGS: tuple[Colour, ...] = ((240, 240, 236), (228, 222, 206), (206, 186, 156), (232, 238, 240))
FRAMES: tuple[Colour, ...] = ((92, 128, 112), (122, 82, 54), (84, 112, 142), (214, 214, 208), (98, 66, 48))
DRAPES: tuple[Colour, ...] = ((124, 26, 32), (34, 74, 108), (30, 92, 74), (150, 112, 62), (88, 36, 62))
CLOTHS: tuple[Colour, ...] = ((176, 30, 38), (36, 92, 150), (236, 234, 226), (40, 118, 88), (216, 178, 84))
WOODS: tuple[Colour, ...] = ((140, 96, 60), (112, 72, 46), (176, 134, 92), (150, 118, 88))
PLASTICS: tuple[Colour, ...] = ((180, 40, 44), (38, 86, 158), (44, 122, 92), (206, 202, 194), (206, 96, 44))
BANNER_RED: Colour = (186, 22, 30)
BANNER_YELLOW: Colour = (250, 214, 70)


@dataclass(frozen=True)
class Hall:
    """A building as it stays from one meeting to the next; lengths in metres."""

    width: float
    height: float
    depth: float
    wall: Colour
    wainscot: Colour | None
    wainscot_height: float
    floor: Colour
    tile: float
    ceiling: Colour
    frame: Colour
    windows: tuple[int, int]
    drape: Colour | None
    cloth: Colour
    cloth_top: Colour
    wood: Colour
    has_desks: bool
    has_wooden_chairs: bool
    plastic: Colour
    banner_width: float
    banner_height: float
    banner_aside: float
    board: str
    lamps: str
    fans: int
    aisle: float
    plants: tuple[bool, bool]
    frames_on_wall: int


def _hall(number: int) -> Hall:
    """The building with this number."""
    dice = _dice("hall", number)
    width = dice.uniform(5.0, 8.6)
    cloth = dice.choice(CLOTHS)
    return Hall(
        width=width,
        height=dice.uniform(3.0, 4.0),
        depth=dice.uniform(7.0, 11.0),
        wall=_jitter(dice, dice.choice(WALLS), 10),
        wainscot=_jitter(dice, dice.choice(WAINSCOTS), 12) if dice.random() < 0.6 else None,
        wainscot_height=dice.uniform(0.85, 1.4),
        floor=_jitter(dice, dice.choice(FLOORS), 10),
        tile=dice.choice((0.4, 0.5, 0.6)),
        ceiling=dice.choice(CEILINGS),
        frame=_jitter(dice, dice.choice(FRAMES), 8),
        windows=(dice.randint(0, 3), dice.randint(0, 3)),
        drape=_jitter(dice, dice.choice(DRAPES), 10) if dice.random() < 0.45 else None,
        cloth=_jitter(dice, cloth, 10),
        cloth_top=_shade(cloth, 1.12) if dice.random() < 0.6 else (240, 238, 230),
        wood=_jitter(dice, dice.choice(WOODS), 12),
        has_desks=dice.random() < 0.5,
        has_wooden_chairs=dice.random() < 0.45,
        plastic=_jitter(dice, dice.choice(PLASTICS), 10),
        banner_width=dice.uniform(0.42, 0.66) * width,
        banner_height=dice.uniform(0.75, 1.15),
        banner_aside=dice.uniform(-0.07, 0.07) * width,
        board=dice.choice(("none", "black", "white", "screen", "none")),
        lamps=dice.choice(("tubes on the walls", "panels", "bulbs", "tubes on the ceiling")),
        fans=dice.randint(0, 3),
        aisle=dice.choice((0.0, 0.0, 0.9, 1.1)),
        plants=(dice.random() < 0.5, dice.random() < 0.5),
        frames_on_wall=dice.randint(0, 4),
    )


def _draw_empty_hall(dice: random.Random, look: Hall, camera: Camera, is_day: bool) -> Canvas:
    """Walls, floor, ceiling and what hangs on them, under the hall's light."""
    scene = Canvas.blank(camera.smaller(1 / FINER), _shade(look.wall, 0.8))
    _draw_shell(scene, look)
    _draw_floor_tiles(scene, look)
    _draw_ceiling(scene, look)
    for side, count in zip((-1, 1), look.windows, strict=True):
        _draw_openings(dice, scene, look, side, count, is_day)
    if look.drape:
        _draw_drape(scene, look, look.drape)
    _draw_board(scene, look)
    _draw_banner(scene, look)
    # Drawn finer and reduced, because the banner's letters and the long edges are what an eye sees jagged first.
    scene = Canvas.on(scene.image.reduce(FINER), camera)
    _darken(scene.image, _light_map(dice, look, camera.smaller(LIGHT_SCALE), is_day))
    _draw_lamps(scene, look, is_on=not is_day or dice.random() < 0.5)
    _draw_fans(dice, scene, look)
    return scene


def _draw_shell(scene: Canvas, look: Hall) -> None:
    half, high, deep = look.width / 2, look.height, look.depth
    scene.level(look.ceiling, high, -half, half, 0, deep)
    scene.level(look.floor, 0, -half, half, 0, deep)
    for side in (-half, half):
        scene.side(look.wall, side, 0, deep, 0, high)
    scene.front(look.wall, deep, -half, half, 0, high)
    low, colour = look.wainscot_height, look.wainscot or look.wall
    for side in (-half, half):
        scene.side(colour, side, 0, deep, 0, low)
    scene.front(colour, deep, -half, half, 0, low)
    rim, skirting = _shade(colour, 0.82), _shade(colour, 0.6)
    for height, tone, thick in ((low, rim, 0.025), (0.05, skirting, 0.07)):
        if look.wainscot or height < low:
            scene.edge(tone, thick, (-half, height, deep), (half, height, deep))
            for side in (-half, half):
                scene.edge(tone, thick * 0.5, (side, height, 0.0), (side, height, deep))


def _draw_floor_tiles(scene: Canvas, look: Hall) -> None:
    half, joint = look.width / 2, _shade(look.floor, 0.86)
    for step in range(1, int(look.width / look.tile) + 1):
        x = -half + step * look.tile
        scene.edge(joint, 0.004, (x, 0, 0), (x, 0, look.depth))
    for step in range(1, int(look.depth / look.tile) + 1):
        z = step * look.tile
        scene.edge(joint, 0.004, (-half, 0, z), (half, 0, z))


def _draw_ceiling(scene: Canvas, look: Hall) -> None:
    half, high, joint = look.width / 2, look.height, _shade(look.ceiling, 0.9)
    if look.lamps == "panels":
        for step in range(1, int(look.width / 0.6) + 1):
            scene.edge(joint, 0.006, (-half + step * 0.6, high, 0), (-half + step * 0.6, high, look.depth))
        for step in range(1, int(look.depth / 0.6) + 1):
            scene.edge(joint, 0.006, (-half, high, step * 0.6), (half, high, step * 0.6))
        return
    for step in range(1, int(look.depth / 2.4) + 1):
        z = step * 2.4
        scene.level(_shade(look.ceiling, 0.93), high, -half, half, z, z + 0.25)
        scene.front(_shade(look.ceiling, 0.8), z, -half, half, high - 0.2, high)


def _draw_openings(dice: random.Random, scene: Canvas, look: Hall, side: int, count: int, is_day: bool) -> None:
    """The windows of one side wall (-1 left, 1 right)."""
    for number in range(count):
        middle = look.depth * (number + 0.7) / (count + 0.3)
        _draw_window(dice, scene, look, side * look.width / 2 * 0.999, middle, is_day)


def _draw_window(dice: random.Random, scene: Canvas, look: Hall, x: float, middle: float, is_day: bool) -> None:
    low, high, half = 0.95, 2.35, 0.62

    def pane(colour: Colour, z0: float, z1: float, y0: float, y1: float) -> None:
        scene.side(colour, x, z0, z1, y0, y1)

    pane(look.frame, middle - half - 0.07, middle + half + 0.07, low - 0.07, high + 0.07)
    outside = _jitter(dice, (240, 246, 250), 8) if is_day else _jitter(dice, (26, 32, 48), 8)
    pane(outside, middle - half, middle + half, low, high)
    green = _jitter(dice, (150, 178, 138), 20) if is_day else (20, 26, 34)
    pane(green, middle - half, middle + half, low, low + dice.uniform(0.3, 0.8))
    for bar in range(1, 6):
        z = middle - half + bar * half / 3
        scene.edge(_shade(look.frame, 0.8), 0.02 if bar != 3 else 0.06, (x, low, z), (x, high, z))
    scene.edge(look.frame, 0.04, (x, 1.9, middle - half), (x, 1.9, middle + half))


def _draw_drape(scene: Canvas, look: Hall, colour: Colour) -> None:
    """A folded curtain over the front wall."""
    z, half, top = look.depth - 0.05, look.width / 2, look.height - 0.15
    folds = 56
    for fold in range(folds):
        left = -half + fold * look.width / folds
        tone = 0.86 + 0.2 * math.sin(fold * 1.9) + 0.06 * math.sin(fold * 0.7)
        right = left + look.width / folds
        scene.front(_shade(colour, tone), z, left, right, 0.15, top)
    scene.front(_shade(colour, 0.75), z, -half, half, top - 0.3, top)


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


CAPITALS: dict[str, tuple[tuple[Point, ...], ...]] = {
    "A": (((0, 0), (0.4, 1), (0.8, 0)), ((0.15, 0.35), (0.65, 0.35))),
    "B": (((0, 0), (0, 1), (0.45, 1), (0.6, 0.78), (0.45, 0.54), (0, 0.54)),
          ((0.45, 0.54), (0.66, 0.28), (0.48, 0), (0, 0))),
    "C": (((0.7, 0.82), (0.45, 1), (0.12, 0.82), (0, 0.5), (0.12, 0.18), (0.45, 0), (0.7, 0.18)),),
    "H": (((0, 0), (0, 1)), ((0.7, 0), (0.7, 1)), ((0, 0.52), (0.7, 0.52))),
    "I": (((0.05, 0), (0.05, 1)),),
    "M": (((0, 0), (0.06, 1), (0.45, 0.3), (0.84, 1), (0.9, 0)),),
    "N": (((0, 0), (0, 1), (0.7, 0), (0.7, 1)),),
    "O": (((0.4, 1), (0.1, 0.82), (0, 0.5), (0.1, 0.18), (0.4, 0), (0.7, 0.18), (0.8, 0.5), (0.7, 0.82), (0.4, 1)),),
    "S": (((0.62, 0.85), (0.35, 1), (0.06, 0.78), (0.32, 0.53), (0.64, 0.26), (0.35, 0), (0, 0.16)),),
    "T": (((0, 1), (0.7, 1)), ((0.35, 1), (0.35, 0))),
    "U": (((0, 1), (0, 0.25), (0.35, 0), (0.7, 0.25), (0.7, 1)),),
}  # fmt: skip
"""Block letters as strokes, so that the banner needs no font; a letter is 1 high."""
HAT: tuple[Point, ...] = ((0.18, 1.12), (0.4, 1.28), (0.62, 1.12))
DOT: tuple[Point, ...] = ((0.36, -0.2), (0.42, -0.2))
TILDE: tuple[Point, ...] = ((0.2, 1.4), (0.34, 1.48), (0.48, 1.4), (0.62, 1.48))
MARKED: dict[str, tuple[str, tuple[tuple[Point, ...], ...]]] = {
    "Ộ": ("O", (HAT, DOT)),
    "Ạ": ("A", (DOT,)),
    "Ẫ": ("A", (HAT, TILDE)),
}


def _block_text(text: str) -> tuple[list[tuple[Point, ...]], float]:
    """The strokes of a line in capitals, and its length; letters are 1 high and start at 0."""
    strokes: list[tuple[Point, ...]] = []
    pen = 0.0
    for letter in text:
        base, marks = MARKED.get(letter, (letter, ()))
        shapes = (*CAPITALS.get(base, ()), *marks)
        strokes += [tuple((pen + x, y) for x, y in shape) for shape in shapes]
        pen += 0.25 + max((x for shape in CAPITALS.get(base, ()) for x, _ in shape), default=0.3)
    return strokes, pen - 0.25


def _draw_banner(scene: Canvas, look: Hall) -> None:
    """Red cloth with two lines of yellow capitals."""
    z, half = look.depth - 0.1, look.banner_width / 2
    top = look.height - 0.28
    left, right, low = look.banner_aside - half, look.banner_aside + half, top - look.banner_height
    scene.front(_shade(BANNER_RED, 0.7), z, left - 0.03, right + 0.03, low - 0.03, top + 0.03)
    scene.front(BANNER_RED, z, left, right, low, top)
    for text, line, share in (("SINH HOẠT CHI BỘ", 0.6, 0.82), ("CHI BỘ MẪU", 0.15, 0.5)):
        strokes, length = _block_text(text)
        unit = min(look.banner_height * 0.21, look.banner_width * share / length)
        start, base = look.banner_aside - length * unit / 2, low + look.banner_height * line
        for stroke in strokes:
            spots: list[Spot] = [(start + x * unit, base + y * unit, z) for x, y in stroke]
            for here, after in pairwise(spots):
                scene.edge(BANNER_YELLOW, unit * 0.17, here, after)


# --- light ------------------------------------------------------------------------------------------------------------


SHADE: Colour = (30, 24, 22)
"""What the deepest shade looks like: warm, not black."""


def _darken(image: Image.Image, light: Image.Image) -> None:
    """Let the shade in where the small grey light map is below 255."""
    image.paste(SHADE, (0, 0), ImageOps.invert(light).resize(image.size, BILINEAR))


def _lamp_spots(look: Hall) -> list[Spot]:
    """Where the lamps hang."""
    half, high = look.width / 2, look.height
    depths = [look.depth * share for share in (0.3, 0.58, 0.84)]
    if look.lamps == "tubes on the walls":
        return [(side * half * 0.985, high - 0.5, z) for z in depths for side in (-1, 1)]
    if look.lamps == "bulbs":
        return [(side * half * 0.45, high - 0.55, z) for z in depths for side in (-1, 1)]
    return [(side * half * 0.5, high - 0.02, z) for z in depths for side in (-1, 1)]


def _light_map(dice: random.Random, look: Hall, camera: Camera, is_day: bool) -> Image.Image:
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


def _draw_lamps(scene: Canvas, look: Hall, is_on: bool) -> None:
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


def _draw_fans(dice: random.Random, scene: Canvas, look: Hall) -> None:
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


def _room_cast(dice: random.Random, is_day: bool) -> tuple[float, float, float]:
    """How the phone's white balance tints the whole photo: factors of red, green, blue."""
    warm, neon = dice.uniform(0.03, 0.1), dice.uniform(-0.05, 0.01)
    warm = dice.uniform(-0.02, 0.03) if is_day else dice.choice((warm, neon))
    exposure = dice.uniform(1.0, 1.17)
    return exposure * (1 + warm * 0.6), exposure, exposure * (1 - warm * 1.3)


# --- people and furniture ---------------------------------------------------------------------------------------------

CAST = 64
"""So many people sit in all the halls of the demo; each is drawn once in a process and then only scaled."""
SHIRTS: tuple[Colour, ...] = (
    (236, 236, 234), (226, 230, 236), (240, 240, 238), (186, 206, 226), (172, 198, 222), (228, 226, 214), (60, 76, 104),
    (88, 98, 70), (116, 84, 62), (58, 58, 64), (140, 44, 50), (206, 190, 160), (96, 128, 118), (150, 156, 168),
    (222, 206, 206), (72, 58, 88), (196, 150, 96), (46, 84, 98), (240, 232, 214),
)  # fmt: skip
HAIRS: tuple[Colour, ...] = ((30, 27, 26), (38, 33, 30), (44, 40, 38), (92, 90, 88), (150, 148, 146), (58, 46, 38))
SKINS: tuple[Colour, ...] = ((196, 150, 118), (178, 130, 98), (208, 166, 134), (164, 118, 90))
PERSON: Size = (640, 860)
"""Pixels in which a person is drawn, twice those of the stored cut-out; 1000 of them are a metre."""


def _round_shape(points: Sequence[Point]) -> Image.Image:
    """A mask of the closed curve through the points."""
    mask = Image.new("L", PERSON)
    ImageDraw.Draw(mask).polygon(_smooth([*points, points[0]], 8), fill=255)
    return mask


def _mirrored(points: Sequence[Point]) -> list[Point]:
    """The outline whose left half is given from top to bottom."""
    return [*points, *((PERSON[0] - x, y) for x, y in reversed(points))]


def _volume(mask: Image.Image, colour: Colour, depth: float, radius: int) -> Image.Image:
    """The colour, darker by `depth` toward the mask's rim, as on something round."""
    small = mask.resize((PERSON[0] // 8, PERSON[1] // 8), BILINEAR).filter(ImageFilter.GaussianBlur(radius / 8))
    shade = small.point([round(255 * (1 - depth + depth * max(0, value - 90) / 165)) for value in range(256)])
    lit = ImageChops.multiply(Image.merge("RGB", (shade,) * 3), Image.new("RGB", small.size, colour))
    return lit.resize(PERSON, Image.Resampling.BICUBIC)


@lru_cache(maxsize=CAST)
def _person(number: int) -> CutOut:
    """One of the cast, seen from behind from the seat up, as a cut-out of 320x430 pixels (0.64 m broad)."""
    dice = _dice("person", number)
    image, alpha = Image.new("RGB", PERSON), Image.new("L", PERSON)

    def put(mask: Image.Image, colour: Colour, depth: float, radius: int) -> None:
        image.paste(_volume(mask, colour, depth, radius), (0, 0), mask)
        alpha.paste(255, (0, 0), mask)

    lean, broad = dice.uniform(-14, 14), dice.uniform(0.92, 1.06)
    # Brightness only: on hair this dark a few units more of one colour would already look dyed.
    skin, hair, shirt = (_shade(dice.choice(palette), dice.uniform(0.92, 1.08)) for palette in (SKINS, HAIRS, SHIRTS))
    style = dice.choice(("short", "short", "short", "short", "thin", "long", "bun", "tail", "bun", "cap"))
    if style in ("long", "tail"):
        hair = HAIRS[0]
    put(_neck(lean), _shade(skin, 0.84), 0.3, 30)
    put(_torso(dice, broad), shirt, 0.5, 70)
    _draw_folds(dice, image, shirt, style)
    head = _ellipse_mask(320 + lean, 185, 92, 120)
    for side in (-1, 1):
        put(_ellipse_mask(320 + lean + side * 92, 205, 15, 32), _shade(skin, 0.95), 0.3, 10)
    put(head, skin, 0.5, 36)
    for mask in _hair_masks(style, lean):
        put(mask, _jitter(dice, (84, 88, 84), 6) if style == "cap" else hair, 0.42, 46)
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
    creases = layer.filter(ImageFilter.GaussianBlur(2.2)).resize(PERSON, BILINEAR)
    image.paste(ImageChops.add(image, Image.merge("RGB", (creases,) * 3), 1, -128))
    if style != "long":
        collar = _smooth([(248, 350), (320, 372), (392, 350)], 8)
        ImageDraw.Draw(image).line(collar, fill=_shade(shirt, dice.choice((0.8, 1.08))), width=24)


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
    image.paste(_shade(hair, 2.1), (0, 0), faint)


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
def _chair(colour: Colour, is_wooden: bool) -> CutOut:
    """The back of a chair, 0.46 m broad."""
    light, mask = _chair_shape(is_wooden)
    tables = [value * part // 255 for part in colour for value in range(256)]
    return CutOut.of(Image.merge("RGB", (light,) * 3).point(tables), mask)


def _draw_front(dice: random.Random, look: Hall, camera: Camera, scene: Canvas) -> None:
    """The table of those who preside, with cloth, flowers and bottles; perhaps someone who turns to the board."""
    near, far, half = look.depth - 1.75, look.depth - 1.15, min(1.5, look.width * 0.24)
    middle = look.banner_aside
    for seat in (-0.6, 0.0, 0.6):
        scene.stand(_chair(look.wood, True), (middle + seat * half, 0.35, far + 0.35), 0.46, light=0.75)
    if dice.random() < 0.4:
        aside = middle + dice.uniform(-0.8, 0.8) * half
        scene.stand(_person(dice.randrange(CAST)), (aside, 0.72, far + 0.4), 0.64, dice.random() < 0.5, 0.95)
    _draw_clothed_table(scene, look, middle - half, middle + half, near, far)
    _draw_flowers(dice, scene, (middle + dice.uniform(-0.15, 0.15), 0.76, near + 0.2))
    for _ in range(dice.randint(1, 4)):
        spot = (middle + dice.uniform(-0.9, 0.9) * half, 0.84, near + 0.3)
        scene.blob((206, 222, 234), spot, 0.07, 0.2)
        scene.blob((70, 120, 190), (spot[0], 0.95, spot[2]), 0.04, 0.04)
    for side, is_there in zip((-1, 1), look.plants, strict=True):
        if is_there:
            _draw_plant(dice, scene, (side * (look.width / 2 - 0.45), 0.0, look.depth - 0.6))


def _draw_clothed_table(scene: Canvas, look: Hall, left: float, right: float, near: float, far: float) -> None:
    folds, top = 26, 0.76
    for fold in range(folds):
        start, end = (left + (right - left) * part / folds for part in (fold, fold + 1))
        tone = 0.74 + 0.09 * math.sin(fold * 2.1)
        scene.front(_shade(look.cloth, tone), near, start, end, 0.04, top)
    for side in (left, right):
        scene.side(_shade(look.cloth, 0.55), side, near, far, 0.04, top)
    scene.level(_shade(look.cloth_top, 0.9), top, left, right, near, far)
    scene.front(_shade(look.cloth_top, 0.8), near, left, right, top - 0.09, top)


def _draw_flowers(dice: random.Random, scene: Canvas, foot: Spot) -> None:
    x, y, z = foot
    scene.blob((226, 228, 232), (x, y + 0.09, z), 0.13, 0.2)
    for _ in range(14):
        leaf = (x + dice.gauss(0, 0.09), y + 0.27 + dice.gauss(0, 0.05), z)
        scene.blob(_jitter(dice, (52, 104, 56), 20), leaf, 0.1, 0.07)
    petals = dice.choice(((214, 44, 60), (240, 196, 70), (232, 150, 170), (240, 238, 232), (190, 110, 180)))
    for _ in range(11):
        bloom = (x + dice.gauss(0, 0.08), y + 0.32 + dice.gauss(0, 0.055), z)
        scene.blob(_jitter(dice, petals, 22), bloom, 0.075, 0.065)


def _draw_plant(dice: random.Random, scene: Canvas, foot: Spot) -> None:
    x, _, z = foot
    for _ in range(24):
        top = (x + dice.gauss(0, 0.2), dice.uniform(0.6, 1.5), z)
        scene.edge(_jitter(dice, (54, 100, 58), 18), 0.035, (x + dice.gauss(0, 0.04), 0.4, z), top)
    scene.face((150, 92, 68), (x - 0.16, 0.0, z), (x + 0.16, 0.0, z), (x + 0.21, 0.45, z), (x - 0.21, 0.45, z))


def _draw_rows(dice: random.Random, look: Hall, camera: Camera, scene: Canvas) -> None:
    """The rows of those present, from the front row to the one before the camera."""
    pace = dice.uniform(1.15, 1.4) if look.has_desks else dice.uniform(0.95, 1.15)
    fullness = dice.uniform(0.5, 0.95)
    first, last = look.depth - dice.uniform(2.9, 3.3), camera.stands[2] + dice.uniform(1.25, 1.8)
    rows = max(2, int((first - last) / pace) + 1)
    spacing = dice.uniform(0.66, 0.84)
    seats = max(3, int((look.width - 1.2 - look.aisle) / spacing))
    for row in range(rows):
        z = first - row * pace
        light = 1.04 - 0.2 * row / max(rows - 1, 1)
        if look.has_desks:
            _draw_desks(dice, scene, look, z + 0.42, light)
        spots = [(x + dice.gauss(0, 0.05), z) for x in _seats(look, seats, spacing)]
        _draw_row(dice, scene, look, spots, fullness if row else min(fullness, 0.8), light)


def _seats(look: Hall, count: int, spacing: float) -> list[float]:
    """The x of each seat in a row, with the aisle in the middle."""
    places = [(number - (count - 1) / 2) * spacing for number in range(count)]
    return [x + (math.copysign(look.aisle / 2, x) if x else 0) for x in places]


def _draw_row(
    dice: random.Random, scene: Canvas, look: Hall, spots: Sequence[Point], fullness: float, light: float
) -> None:
    chair = _chair(look.wood if look.has_wooden_chairs else look.plastic, look.has_wooden_chairs)
    for x, z in spots:
        if dice.random() < fullness:
            tone = light * dice.uniform(0.9, 1.06) * (1 - 0.1 * abs(x) / look.width)
            seat = (x + dice.gauss(0, 0.03), 0.4 + dice.gauss(0, 0.03), z)
            scene.stand(_person(dice.randrange(CAST)), seat, dice.uniform(0.6, 0.66), dice.random() < 0.5, tone)
        scene.stand(chair, (x, 0.32, z - 0.2), 0.46, light=light * 0.85)


def _draw_desks(dice: random.Random, scene: Canvas, look: Hall, z: float, light: float) -> None:
    """The desks before a row, one on each side of the aisle, with papers on them."""
    edge, gap = look.width / 2 - 0.6, look.aisle / 2 - 0.05
    halves = ((-edge, -gap), (gap, edge)) if look.aisle else ((-edge, edge),)
    top, front = _shade(look.wood, 1.15 * light), _shade(look.wood, 0.62 * light)
    for left, right in halves:
        scene.front(front, z, left, right, 0.1, 0.74)
        scene.level(top, 0.74, left, right, z, z + 0.42)
        scene.edge(_shade(top, 0.8), 0.03, (left, 0.725, z), (right, 0.725, z))
        for _ in range(int((right - left) / 0.7)):
            x, turn = dice.uniform(left + 0.2, right - 0.3), dice.uniform(-0.06, 0.06)
            corners = ((x, 0.06), (x + 0.2, 0.06 + turn), (x + 0.2, 0.34 + turn), (x, 0.34))
            scene.face(_shade((236, 234, 226), light), *((along, 0.745, z + deep) for along, deep in corners))


# --- handwriting and print --------------------------------------------------------------------------------------------

CURSIVE: dict[str, tuple[tuple[Point, ...], ...]] = {
    "a": (((0.42, 0.9), (0.15, 0.85), (0.06, 0.2), (0.3, 0.1), (0.46, 1), (0.48, 0.1), (0.66, 0.1)),),
    "b": (((0, 0.2), (0.3, 1.7), (0.18, 2.0), (0.1, 0.9), (0.15, 0), (0.42, 0.2), (0.4, 0.9), (0.62, 0.8)),),
    "c": (((0.42, 0.8), (0.25, 1), (0.06, 0.5), (0.22, 0), (0.52, 0.2)),),
    "d": (((0.42, 0.9), (0.12, 0.8), (0.06, 0.2), (0.3, 0.1), (0.5, 2.0), (0.5, 0.1), (0.68, 0.1)),),
    "e": (((0, 0.3), (0.36, 0.7), (0.24, 1), (0.06, 0.5), (0.2, 0), (0.5, 0.2)),),
    "g": (((0.42, 0.9), (0.12, 0.8), (0.1, 0.15), (0.38, 0.3), (0.46, 1), (0.42, -0.6), (0.2, -0.95),
           (0.14, -0.5), (0.62, 0.15)),),
    "h": (((0, 0.2), (0.3, 1.7), (0.2, 2.05), (0.1, 1.1), (0.1, 0), (0.24, 0.85), (0.42, 0.9), (0.46, 0.1),
           (0.64, 0.1)),),
    "i": (((0, 0.1), (0.18, 1), (0.2, 0.15), (0.4, 0.1)), ((0.2, 1.4), (0.22, 1.45))),
    "k": (((0, 0.2), (0.28, 1.8), (0.14, 1.9), (0.1, 0), (0.3, 0.9), (0.2, 0.5), (0.48, 0), (0.62, 0.1)),),
    "l": (((0, 0.2), (0.3, 1.7), (0.18, 2.05), (0.1, 1.0), (0.2, 0.05), (0.42, 0.1)),),
    "m": (((0, 0), (0.12, 0.95), (0.14, 0.1), (0.28, 0.95), (0.36, 0.9), (0.38, 0.1), (0.52, 0.95),
           (0.62, 0.9), (0.64, 0.1), (0.82, 0.1)),),
    "n": (((0, 0), (0.12, 0.95), (0.14, 0.1), (0.3, 0.95), (0.44, 0.85), (0.46, 0.1), (0.64, 0.1)),),
    "o": (((0.05, 0.4), (0.3, 1), (0.06, 0.5), (0.22, 0), (0.46, 0.5), (0.3, 0.95), (0.62, 0.8)),),
    "p": (((0, 0.2), (0.14, 1), (0.1, -0.9), (0.14, 0.5), (0.34, 1), (0.44, 0.5), (0.2, 0.05), (0.6, 0.1)),),
    "r": (((0, 0), (0.16, 1.1), (0.26, 0.85), (0.36, 0.8), (0.38, 0.1), (0.54, 0.1)),),
    "s": (((0, 0), (0.24, 1.1), (0.36, 0.4), (0.16, 0), (0.5, 0.1)),),
    "t": (((0, 0.2), (0.2, 1.6), (0.18, 0.2), (0.26, 0), (0.44, 0.1)), ((0.02, 1.15), (0.38, 1.2))),
    "u": (((0, 0.5), (0.1, 0.95), (0.12, 0.2), (0.28, 0.05), (0.46, 0.95), (0.48, 0.1), (0.66, 0.1)),),
    "v": (((0, 0.8), (0.12, 0.9), (0.22, 0), (0.42, 0.9), (0.6, 0.8)),),
    "y": (((0, 0.5), (0.1, 0.95), (0.14, 0.2), (0.3, 0.1), (0.46, 0.95), (0.42, -0.6), (0.2, -0.95),
           (0.14, -0.5), (0.62, 0.1)),),
}  # fmt: skip
"""Joined small letters as curves; an `a` is 1 high, the line is 0."""
ACCENTS: tuple[tuple[Point, ...], ...] = (
    ((0.2, 1.3), (0.36, 1.6)), ((0.16, 1.6), (0.32, 1.3)), ((0.14, 1.25), (0.28, 1.5), (0.42, 1.25)),
    ((0.26, -0.35), (0.3, -0.4)), ((0.14, 1.35), (0.24, 1.5), (0.34, 1.35), (0.46, 1.5)),
)  # fmt: skip
ONSETS = ("ch", "th", "n", "m", "t", "l", "h", "g", "b", "d", "k", "v", "s", "ng", "nh", "tr", "ph", "c", "r")
VOWELS = ("a", "o", "e", "u", "i", "ie", "ua", "oa", "uo", "ay")
CODAS = ("", "", "n", "ng", "c", "t", "p", "nh", "m", "i")
WORDS = 48
"""So many words each hand can write; they say nothing, they only look like writing."""
HANDS = 7


@lru_cache(maxsize=HANDS * WORDS * 2)
def _written_word(hand: int, number: int, unit: int) -> Image.Image:
    """A word in joined letters, as a mask; `unit` is the height of an `a` in pixels."""
    style, dice = _dice("hand", hand), _dice("word", hand * WORDS + number)
    slant, broad, thick = style.uniform(-0.05, 0.45), style.uniform(0.85, 1.25), style.uniform(0.13, 0.2)
    zoom = unit * 3
    text = dice.choice(ONSETS) + dice.choice(VOWELS) + dice.choice(CODAS)
    accented = next((place for place, letter in enumerate(text) if letter in "aeouiy"), 0)
    strokes: list[Sequence[Point]] = []
    pen = 0.3
    for place, letter in enumerate(text):
        shapes = list(CURSIVE[letter])
        if place == accented and dice.random() < 0.75:
            shapes.append(dice.choice(ACCENTS))
        wave = dice.uniform(-0.06, 0.06)
        strokes += [[(pen + x * broad + y * slant, y + wave) for x, y in shape] for shape in shapes]
        pen += shapes[0][-1][0] * broad * 0.96
    big = Image.new("L", (round((pen + 1.1) * zoom), round(3.8 * zoom)))
    draw = ImageDraw.Draw(big)
    for stroke in strokes:
        curve = [(x * zoom, (2.5 - y) * zoom) for x, y in _smooth(stroke, 5)]
        draw.line(curve, fill=255, width=max(2, round(thick * zoom)), joint="curve")
    return big.reduce(3)


@lru_cache(maxsize=WORDS * 2)
def _typed_word(number: int, unit: int) -> Image.Image:
    """A word that looks printed, as a mask; `unit` is the height of an `a` in pixels."""
    dice = _dice("type", number)
    zoom = unit * 4
    letters = dice.randint(2, 6)
    big = Image.new("L", (round(letters * 0.92 * zoom), round(3.8 * zoom)))
    draw = ImageDraw.Draw(big)
    thick = max(2, round(zoom * 0.17))
    for place in range(letters):
        left, base = place * 0.92 * zoom + thick, 2.5 * zoom
        right, shape = left + 0.58 * zoom, dice.choice("oonuilhdce")
        if shape in "odce":
            draw.ellipse((left, base - zoom, right, base), outline=255, width=thick)
        if shape in "ec":
            draw.rectangle((right - thick, base - zoom * 0.6, right, base - zoom * 0.3), fill=0)
        if shape in "nuhil":
            top = base - zoom * (1.6 if shape in "hl" else 1.0)
            draw.line((left, top, left, base), fill=255, width=thick)
        if shape in "nuhd":
            draw.line((right, base - zoom * (1.6 if shape == "d" else 0.85), right, base), fill=255, width=thick)
        if shape in "nhu":
            y = base if shape == "u" else base - zoom * 0.9
            draw.line((left, y, right, y), fill=255, width=thick)
        if dice.random() < 0.3:
            accent = (left + 0.2 * zoom, base - 1.35 * zoom, right - 0.1 * zoom, base - 1.6 * zoom)
            draw.line(accent, fill=255, width=thick)
    return big.reduce(4)


@dataclass
class Sheet:
    """A page under way, lying flat; lengths are in pixels of a page 1000 wide, times `zoom`."""

    image: Image.Image
    pen: ImageDraw.ImageDraw
    zoom: int
    high: int

    def rule(self, colour: Colour, x0: float, y0: float, x1: float, y1: float, width: float = 1) -> None:
        ends = (x0 * self.zoom, y0 * self.zoom, x1 * self.zoom, y1 * self.zoom)
        self.pen.line(ends, fill=colour, width=max(1, round(width * self.zoom)))

    def stamp(self, colour: Colour, x: float, baseline: float, word: Image.Image, unit: float) -> float:
        """Put a word's mask on a line; returns its length in page pixels."""
        at = (round(x * self.zoom), round((baseline - 2.5 * unit) * self.zoom))
        self.image.paste(colour, at, word)
        return word.width / self.zoom

    def scribble(self, dice: random.Random, ink: Colour, x: float, y: float, wide: float, high: float) -> None:
        """A signature."""
        count = dice.randint(7, 13)
        points = [
            (
                (x + wide * (place / count + dice.uniform(-0.12, 0.12))) * self.zoom,
                (y + high * dice.uniform(-0.5, 0.5)) * self.zoom,
            )
            for place in range(count)
        ]
        points.append(((x + wide * 1.15) * self.zoom, (y - high * 0.1) * self.zoom))
        self.pen.line(_smooth(points, 8), fill=ink, width=max(2, round(2.4 * self.zoom)), joint="curve")


Word = Callable[[int], Image.Image]
"""Gives the mask of the word with this number."""


def _write_line(
    dice: random.Random, sheet: Sheet, ink: Colour, word: Word, unit: float, x: float, y: float, until: float
) -> None:
    """Fill a line with words from x up to `until`, never beyond."""
    while True:
        mask = word(dice.randrange(WORDS))
        if x + mask.width / sheet.zoom > until:
            return
        wobble = dice.uniform(-1.5, 1.5) if unit > 10 else 0
        x += sheet.stamp(ink, x, y + wobble, mask, unit) + unit * dice.uniform(0.45, 0.9)


INKS: tuple[Colour, ...] = ((36, 52, 140), (28, 40, 116), (48, 64, 160), (34, 36, 44), (58, 44, 132))
PRINT: Colour = (40, 40, 44)


def _write_minutes(dice: random.Random, sheet: Sheet) -> None:
    """Ruled lines, a heading, paragraphs, two signatures."""
    hand, ink = dice.randrange(HANDS), _jitter(dice, dice.choice(INKS), 10)
    pitch, unit = dice.choice((46, 50, 56)), dice.choice((13, 15))
    _rule_page(dice, sheet, pitch)

    def word(number: int) -> Image.Image:
        return _written_word(hand, number, unit * sheet.zoom)

    margin = dice.choice((90, 120, 150))
    lines = int((sheet.high - 130) / pitch) - dice.choice((0, 0, 3, 6, 9))
    _write_line(dice, sheet, ink, word, unit, dice.uniform(300, 360), 92, 740)
    _write_line(dice, sheet, ink, word, unit, dice.uniform(240, 300), 92 + pitch, 800)
    is_fresh = True
    for line in range(2, lines - 3):
        y = 92 + line * pitch
        ends = is_fresh is False and dice.random() < 0.22
        until = dice.uniform(400.0, 800.0) if ends else dice.uniform(915.0, 965.0)
        start = margin + (48 if is_fresh else 0) + dice.uniform(-6, 6)
        if is_fresh and dice.random() < 0.5:
            sheet.rule(ink, start - 26, y - 7, start - 12, y - 8, 3)
        _write_line(dice, sheet, ink, word, unit, start, y, until)
        is_fresh = ends
    _sign(dice, sheet, ink, word, unit, 92 + (lines - 2) * pitch)


def _rule_page(dice: random.Random, sheet: Sheet, pitch: int) -> None:
    tone: Colour = dice.choice(((196, 206, 222), (206, 200, 216), (190, 212, 210)))
    squares = dice.random() < 0.4
    for y in range(92 + 8, sheet.high, pitch):
        sheet.rule(tone, 0, y, 1000, y, 2)
        if squares:
            sheet.rule(_shade(tone, 1.08), 0, y - pitch // 2, 1000, y - pitch // 2)
    if squares:
        for x in range(0, 1000, pitch):
            sheet.rule(_shade(tone, 1.06), x, 0, x, sheet.high)
    if dice.random() < 0.7:
        sheet.rule((226, 150, 150), 82, 0, 82, sheet.high, 2)


def _sign(dice: random.Random, sheet: Sheet, ink: Colour, word: Word, unit: float, y: float) -> None:
    """Two columns at the foot: who wrote it, who chaired."""
    for left in (130, 640):
        _write_line(dice, sheet, ink, word, unit, left, y, left + 230)
        sheet.scribble(dice, ink, left + 20, y + 75, 150, 70)


def _typed_heading(dice: random.Random, sheet: Sheet) -> None:
    """Sender at the left, motto's place at the right, title below, all in print."""

    def small(number: int) -> Image.Image:
        return _typed_word(number, 9 * sheet.zoom)

    for left, right, line in ((110, 430, 90), (150, 400, 120), (540, 930, 90), (620, 900, 120)):
        _write_line(dice, sheet, PRINT, small, 9, left, line, right)
    sheet.rule(PRINT, 190, 138, 350, 138, 2)
    sheet.rule(PRINT, 640, 138, 850, 138, 2)
    strokes, length = _block_text(dice.choice(("CHI BỘ MẪU", "SINH HOẠT CHI BỘ")))
    unit = 26
    for stroke in strokes:
        for (ax, ay), (bx, by) in pairwise(stroke):
            start = 500 - length * unit / 2
            sheet.rule(PRINT, start + ax * unit, 226 - ay * unit, start + bx * unit, 226 - by * unit, 5)


def _write_resolution(dice: random.Random, sheet: Sheet) -> None:
    """Printed paragraphs and a signature in ink."""
    _typed_heading(dice, sheet)
    unit, pitch = 9, dice.choice((34, 38))

    def word(number: int) -> Image.Image:
        return _typed_word(number, unit * sheet.zoom)

    is_fresh, bottom = True, sheet.high - dice.randint(230, 420)
    for y in range(290, bottom, pitch):
        ends = dice.random() < 0.2
        start = 110 + (46 if is_fresh else 0)
        _write_line(dice, sheet, PRINT, word, unit, start, y, dice.uniform(400, 850) if ends else 915)
        is_fresh = ends
    for left, right, line in ((620, 860, 40), (650, 830, 68), (640, 850, 190)):
        _write_line(dice, sheet, PRINT, word, unit, left, bottom + line, right)
    sheet.scribble(dice, dice.choice(INKS), 650, bottom + 125, 150, 70)


def _write_attendance(dice: random.Random, sheet: Sheet) -> None:
    """A printed table: number, name by hand, tick or signature."""
    _typed_heading(dice, sheet)
    hand, ink, unit = dice.randrange(HANDS), dice.choice(INKS), 13

    def word(number: int) -> Image.Image:
        return _written_word(hand, number, unit * sheet.zoom)

    pitch, columns = dice.choice((44, 50, 58)), (80, 150, dice.randint(460, 520), 660, 930)
    rows = min(dice.randint(12, 24), int((sheet.high - 400) / pitch))
    for row in range(rows + 1):
        sheet.rule(PRINT, columns[0], 280 + row * pitch, columns[-1], 280 + row * pitch, 2)
    for x in columns:
        sheet.rule(PRINT, x, 280, x, 280 + rows * pitch, 2)
    for row in range(rows):
        line = 280 + (row + 0.68) * pitch
        number = _typed_word(row % WORDS, 8 * sheet.zoom).crop((0, 0, 15 * sheet.zoom, 31 * sheet.zoom))
        sheet.stamp(PRINT, 106, line, number, 8)
        if row == 0:
            continue
        _write_line(dice, sheet, ink, word, unit, 165, line, columns[2] - 20)
        tick = (columns[2] + columns[3]) / 2
        if dice.random() < 0.86:
            sheet.rule(ink, tick - 14, line - 12, tick - 3, line + 2, 4)
            sheet.rule(ink, tick - 3, line + 2, tick + 18, line - 24, 4)
            sheet.scribble(dice, _jitter(dice, dice.choice(INKS), 20), 690, line - 8, 130, pitch * 0.6)


# --- a page on a table ------------------------------------------------------------------------------------------------

TABLE_CLOTHS: tuple[Colour, ...] = ((112, 118, 124), (168, 52, 52), (214, 210, 200), (72, 108, 96), (196, 186, 150))
PAPERS: tuple[Colour, ...] = ((250, 248, 240), (246, 240, 222), (252, 252, 250), (242, 240, 236))


def _photograph_page(
    dice: random.Random, write: Callable[[random.Random, Sheet], None], size: Size, taken_at: datetime | None
) -> bytes:
    """Write a page, lay it on a table, look at it from above, not quite straight."""
    zoom = max(1, min(3, round(max(size) / REFERENCE_SIDE)))
    high = dice.choice((1330, 1400, 1440))
    flat = Image.new("RGB", (1000 * zoom, high * zoom), _jitter(dice, dice.choice(PAPERS), 4))
    write(dice, Sheet(flat, ImageDraw.Draw(flat), zoom, high))
    _draw_spine(dice, flat)
    corners = _page_corners(dice, size, high / 1000)
    photo = _table_top(dice, size, corners)
    warped = flat.transform(size, Image.Transform.PERSPECTIVE, _perspective(corners, flat.size), BILINEAR)
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).polygon(corners, fill=255)
    photo.paste(warped, (0, 0), mask)
    if dice.random() < 0.3:
        _lay_pen(dice, photo)
    _darken(photo, _page_light(dice, (math.ceil(size[0] / LIGHT_SCALE), math.ceil(size[1] / LIGHT_SCALE))))
    warm, exposure = dice.uniform(-0.04, 0.1), dice.uniform(0.95, 1.1)
    cast = (exposure * (1 + warm * 0.5), exposure, exposure * (1 - warm))
    return _develop(dice, photo, taken_at, cast, is_sharp_drawing=False)


def _draw_spine(dice: random.Random, flat: Image.Image) -> None:
    """The shadow of the fold along one long edge."""
    width = flat.width // 9
    fall = Image.linear_gradient("L").rotate(90).resize((width, flat.height), BILINEAR)
    is_left = dice.random() < 0.6
    shade = fall.point([70 - value * 70 // 255 for value in range(256)])
    strip = shade if is_left else ImageOps.mirror(shade)
    flat.paste((70, 62, 56), (0 if is_left else flat.width - width, 0), strip)


def _page_corners(dice: random.Random, size: Size, tall: float) -> tuple[Point, Point, Point, Point]:
    """Where the page's corners come to lie in the photo, from top left clockwise; partly outside is fine."""
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


def _table_top(dice: random.Random, size: Size, corners: Sequence[Point]) -> Image.Image:
    """The table with the page's shadow on it; drawn at a quarter, because nothing on it is sharp."""
    small = (math.ceil(size[0] / 4), math.ceil(size[1] / 4))
    is_wood = dice.random() < 0.6
    colour = _jitter(dice, dice.choice(WOODS if is_wood else TABLE_CLOTHS), 14)
    table = Image.new("RGB", small, colour)
    if is_wood:
        grain = _wood_grain() if dice.random() < 0.5 else _wood_grain().transpose(Image.Transpose.ROTATE_90)
        table = ImageChops.multiply(table, grain.resize(small, BILINEAR).convert("RGB"))
    shadow = Image.new("L", small, 255)
    drop = dice.uniform(0.006, 0.02) * max(size)
    ImageDraw.Draw(shadow).polygon([((x + drop) / 4, (y + drop) / 4) for x, y in corners], fill=110)
    _darken(table, shadow.filter(ImageFilter.GaussianBlur(max(small) / 70)))
    return table.resize(size, BILINEAR)


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
    piece(_shade(body, 1.5), 0.06, 1, 0.3)
    piece((200, 200, 200), 0.06, 0, 0.2)


def _page_light(dice: random.Random, size: Size) -> Image.Image:
    """Brighter toward the lamp, darker where the phone and the hand are in the way."""
    light = Image.linear_gradient("L").rotate(dice.choice((0, 90, 180, 270))).resize(size, BILINEAR)
    low = dice.randint(150, 205)
    light = light.point([low + value * (255 - low) // 255 for value in range(256)])
    shade = Image.new("L", size, 255)
    x, y = size[0] * dice.uniform(0.1, 0.9), size[1] * dice.uniform(0.55, 1.1)
    rx, ry = size[0] * dice.uniform(0.2, 0.45), size[1] * dice.uniform(0.2, 0.4)
    ImageDraw.Draw(shade).ellipse((x - rx, y - ry, x + rx, y + ry), fill=dice.randint(170, 225))
    soft = shade.filter(ImageFilter.GaussianBlur(size[0] / 12))
    return ImageChops.multiply(light, soft)


# --- from the picture to the file -------------------------------------------------------------------------------------


def _develop(
    dice: random.Random,
    image: Image.Image,
    taken_at: datetime | None,
    cast: tuple[float, float, float],
    is_sharp_drawing: bool,
) -> bytes:
    """What lens, sensor and firmware do: soften what no lens shows so sharp, tint, add grain, store with EXIF."""
    if is_sharp_drawing:
        image = _soften(image, max(1, round(max(image.size) / REFERENCE_SIDE)))
    image = image.point([level for factor in cast for level in _tone_curve(round(factor, 2))])
    image = ImageChops.add(image, _grain(dice, image.size), 1, -128)
    return _as_jpeg(dice, image, taken_at)


def _soften(image: Image.Image, step: int) -> Image.Image:
    """Mix each pixel with its neighbours `step` pixels to the left and above: half the time of a box blur."""
    for right, down in ((step, 0), (0, step)):
        image = Image.blend(image, ImageChops.offset(image, right, down), 0.5)
    return image


@lru_cache(maxsize=128)
def _tone_curve(factor: float) -> tuple[int, ...]:
    """Lifted blacks and gently rolled-off whites, as phones do it."""
    levels = []
    for value in range(256):
        lit = min(1.25, value / 255 * factor)
        curved = lit + 0.045 * math.sin(math.tau * (lit - 0.5)) if lit < 1 else 1.0
        levels.append(max(0, min(255, round(8 + 245 * curved))))
    return tuple(levels)


def _grain(dice: random.Random, size: Size) -> Image.Image:
    tile = _grain_tile(dice.choice((2, 2, 3, 4)))
    grain = Image.new("RGB", size, None)
    start_x, start_y = dice.randrange(tile.width), dice.randrange(tile.height)
    for x in range(-start_x, size[0], tile.width):
        for y in range(-start_y, size[1], tile.height):
            grain.paste(tile, (x, y))
    return grain


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
