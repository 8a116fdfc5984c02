"""A room as a pinhole camera sees it: metres in, pixels out.

Axes of the room: x to the right from the middle, y up from the floor, z forward from the back wall, all in metres.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from PIL import Image, ImageDraw, ImageOps

from meetingcheck.office.demo.drawing.basics import BILINEAR, NEAREST, Colour, Point, Size, Spot

NEAR = 0.15
"""Nothing nearer to the camera than this is drawn, in metres."""


@lru_cache(maxsize=64)
def _dimming(light: int) -> tuple[int, ...]:
    """The table that dims all three colours to `light` fiftieths and leaves the transparency."""
    dimmed = tuple(min(255, value * light // 50) for value in range(256))
    return dimmed * 3 + tuple(range(256))


@lru_cache(maxsize=1)
def _glow() -> Image.Image:
    """A round spot of light that fades outward, 64x64."""
    return (
        ImageOps.invert(Image.radial_gradient("L"))
        .resize((64, 64))
        .point([max(0, v - 80) ** 2 // 190 for v in range(256)])
    )


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

    @cached_property
    def _turn(self) -> tuple[float, float]:
        """Cosine and sine of the yaw."""
        return math.cos(self.yaw), math.sin(self.yaw)

    @cached_property
    def _tilt(self) -> tuple[float, float]:
        """Cosine and sine of the roll."""
        return math.cos(self.roll), math.sin(self.roll)

    def turned(self, spot: Spot) -> Spot:
        """The spot as the camera sees it: metres to the right, up and ahead of it."""
        right, up, ahead = spot[0] - self.stands[0], spot[1] - self.stands[1], spot[2] - self.stands[2]
        cosine, sine = self._turn
        return right * cosine - ahead * sine, up, right * sine + ahead * cosine

    def pixel(self, seen: Spot) -> Point:
        """The pixel of what `turned` gave."""
        right, up, ahead = seen
        x, y = self.focal * right / ahead, -self.focal * up / ahead
        cosine, sine = self._tilt
        return self.centre[0] + x * cosine - y * sine, self.centre[1] + x * sine + y * cosine

    def scale(self, seen: Spot) -> float:
        """Pixels for a metre at what `turned` gave, 0 when that lies behind the camera."""
        return self.focal / seen[2] if seen[2] > NEAR else 0.0

    def outline(self, seen: Sequence[Spot]) -> list[Point]:
        """The pixels of a flat outline of what `turned` gave, without the part that lies behind the camera."""
        if all(spot[2] >= NEAR for spot in seen):
            return [self.pixel(spot) for spot in seen]
        kept: list[Spot] = []
        for here, after in zip(seen, [*seen[1:], seen[0]], strict=True):
            if here[2] >= NEAR:
                kept.append(here)
            if (here[2] >= NEAR) != (after[2] >= NEAR):
                share = (NEAR - here[2]) / (after[2] - here[2])
                kept.append((here[0] + (after[0] - here[0]) * share, here[1] + (after[1] - here[1]) * share, NEAR))
        return [self.pixel(spot) for spot in kept]


@dataclass(frozen=True)
class CutOut:
    """A thing drawn once, transparent around it, in sizes that halve, so that scaling it down stays cheap."""

    levels: tuple[Image.Image, ...]

    @classmethod
    def of(cls, colours: Image.Image, mask: Image.Image) -> "CutOut":
        full = Image.merge("RGBA", (*colours.split(), mask))
        return cls((full, full.reduce(2), full.reduce(4)))

    @property
    def ratio(self) -> float:
        """Height by width."""
        return self.levels[0].height / self.levels[0].width

    def scaled(self, width: int, high: int) -> Image.Image:
        """The thing `width` pixels broad, the top `high` pixels of it."""
        level = next((level for level in reversed(self.levels) if level.width >= width), self.levels[0])
        box = (0, 0, level.width, min(level.height, high * level.width / width))
        # From something soft and at most twice as large, the nearest pixel is good enough and far cheaper.
        how = NEAREST if level.width >= width else BILINEAR
        return level.resize((width, high), how, box)


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
        outline = self.camera.outline([self.camera.turned(spot) for spot in spots])
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
        seen = (self.camera.turned(start), self.camera.turned(end))
        ends = self.camera.outline(seen)
        if len(ends) >= 2:
            thick = max(self.camera.scale(seen[0]), self.camera.scale(seen[1])) * metres
            self.pen.line(ends[:2], fill=colour, width=max(1, round(min(thick, self.camera.size[0] / 20))))

    def blob(self, colour: Colour, spot: Spot, wide: float, high: float) -> None:
        """An upright ellipse, `wide` and `high` in metres."""
        seen = self.camera.turned(spot)
        scale = self.camera.scale(seen)
        if scale:
            x, y, rx, ry = *self.camera.pixel(seen), wide * scale / 2, high * scale / 2
            self.pen.ellipse((x - rx, y - ry, x + rx, y + ry), fill=colour)

    def stand(self, cut_out: CutOut, spot: Spot, wide: float, flip: bool = False, light: float = 1.0) -> None:
        """Put up a cut-out whose foot's middle is at the spot, `wide` metres broad."""
        seen = self.camera.turned(spot)
        width = round(wide * self.camera.scale(seen))
        if width < 2:
            return
        foot = self.camera.pixel(seen)
        x, y = round(foot[0] - width / 2), round(foot[1] - width * cut_out.ratio)
        # What would hang below the photo's edge is not even scaled.
        high = min(round(width * cut_out.ratio), self.image.height - y)
        if x >= self.image.width or x + width <= 0 or high < 2:
            return
        scaled = cut_out.scaled(width, high)
        if flip:
            scaled = ImageOps.mirror(scaled)
        self.image.paste(scaled.point(_dimming(round(light * 50))), (x, y), scaled)

    def shine(self, spot: Spot, wide: float) -> None:
        """Let a lamp glow over what is around it."""
        seen = self.camera.turned(spot)
        side = min(round(wide * self.camera.scale(seen)), self.image.width)
        if side <= 4:
            return
        x, y = (round(along - side / 2) for along in self.camera.pixel(seen))
        left, right = max(0, x), min(self.image.width, x + side)
        top, bottom = max(0, y), min(self.image.height, y + side)
        if left < right and top < bottom:
            unit = _glow().width / side
            box = ((left - x) * unit, (top - y) * unit, (right - x) * unit, (bottom - y) * unit)
            halo = _glow().resize((right - left, bottom - top), BILINEAR, box)
            self.image.paste((255, 250, 240), (left, top), halo)
