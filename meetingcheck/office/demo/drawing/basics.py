"""What all drawings share: colours, dice, curves and soft shade."""

import random
from collections.abc import Sequence

from PIL import Image, ImageOps

Colour = tuple[int, int, int]
Point = tuple[float, float]
Spot = tuple[float, float, float]
Size = tuple[int, int]

BILINEAR, NEAREST = Image.Resampling.BILINEAR, Image.Resampling.NEAREST
LIGHT_SCALE = 8
"""The light map's side is this many times smaller than the photo's."""
REFERENCE_SIDE = 1280
"""Strengths in pixels (blur, ink) are given for a photo whose longer side has this many pixels."""
WOODS: tuple[Colour, ...] = ((140, 96, 60), (112, 72, 46), (176, 134, 92), (150, 118, 88))
SHADE: Colour = (30, 24, 22)
"""What the deepest shade looks like: warm, not black."""


def dice_for(purpose: str, seed: int) -> random.Random:
    """Dice of their own for each purpose, so that a room and a page with one seed have nothing in common."""
    return random.Random(f"{purpose} {seed}")  # noqa: S311  a drawing is no secret


def shaded(colour: Colour, factor: float) -> Colour:
    """The colour, darker (factor < 1) or lighter (factor > 1)."""
    red, green, blue = (max(0, min(255, round(part * factor))) for part in colour)
    return red, green, blue


def jittered(dice: random.Random, colour: Colour, by: int) -> Colour:
    """The colour, each part moved by up to `by` of 255."""
    red, green, blue = (max(0, min(255, part + dice.randint(-by, by))) for part in colour)
    return red, green, blue


def mixed(start: Colour, end: Colour, share: float) -> Colour:
    """From `start` (share 0) to `end` (share 1)."""
    red, green, blue = (round(here + (there - here) * share) for here, there in zip(start, end, strict=True))
    return red, green, blue


def smooth_curve(points: Sequence[Point], steps: int = 6) -> list[Point]:
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


def darken(image: Image.Image, light: Image.Image) -> None:
    """Let the shade in where the small grey light map is below 255."""
    # A picture of one colour is pasted faster than the colour itself.
    shade = Image.new("RGB", image.size, SHADE)
    image.paste(shade, (0, 0), ImageOps.invert(light).resize(image.size, BILINEAR))
