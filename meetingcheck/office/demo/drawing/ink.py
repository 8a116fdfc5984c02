"""Handwriting that says nothing: words of joined letters, lines and signatures on a sheet."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageDraw

from meetingcheck.office.demo.drawing.basics import Point, dice_for, smooth_curve

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
INK, RULING, PAPER = 0, 200, 255
"""Tones of a page that has no colours yet."""


@lru_cache(maxsize=HANDS * WORDS * 2)
def written_word(hand: int, number: int, unit: int) -> Image.Image:
    """A word in joined letters, as a mask; `unit` is the height of an `a` in pixels."""
    style, dice = dice_for("hand", hand), dice_for("word", hand * WORDS + number)
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
        curve = [(x * zoom, (2.5 - y) * zoom) for x, y in smooth_curve(stroke, 5)]
        draw.line(curve, fill=255, width=max(2, round(thick * zoom)), joint="curve")
    return big.reduce(3)


@dataclass
class Sheet:
    """A page under way, lying flat, in tones from INK to PAPER; lengths are in pixels of a page 1000 wide."""

    image: Image.Image
    pen: ImageDraw.ImageDraw
    zoom: int
    high: int

    @classmethod
    def blank(cls, high: int, zoom: int) -> "Sheet":
        """A page `high` pixels long, each of which is `zoom` pixels of the image."""
        image = Image.new("L", (1000 * zoom, high * zoom), PAPER)
        return cls(image, ImageDraw.Draw(image), zoom, high)

    def rule(self, tone: int, x0: float, y0: float, x1: float, y1: float, width: float = 1) -> None:
        ends = (x0 * self.zoom, y0 * self.zoom, x1 * self.zoom, y1 * self.zoom)
        self.pen.line(ends, fill=tone, width=max(1, round(width * self.zoom)))

    def stamp(self, x: float, baseline: float, word: Image.Image, unit: float) -> float:
        """Put a word's mask on a line; returns its length."""
        at = (round(x * self.zoom), round((baseline - 2.5 * unit) * self.zoom))
        self.image.paste(INK, at, word)
        return word.width / self.zoom

    def scribble(self, dice: random.Random, x: float, y: float, wide: float, high: float) -> None:
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
        self.pen.line(smooth_curve(points, 8), fill=INK, width=max(2, round(2.4 * self.zoom)), joint="curve")


@dataclass(frozen=True)
class Writer:
    """Whoever took the minutes: a hand, and how large it writes (the height of an `a` in pixels of the page)."""

    hand: int
    unit: int

    def write_line(self, dice: random.Random, sheet: Sheet, x: float, y: float, until: float) -> None:
        """Fill a line with words from x up to `until`, never beyond."""
        while True:
            word = written_word(self.hand, dice.randrange(WORDS), self.unit * sheet.zoom)
            if x + word.width / sheet.zoom > until:
                return
            x += sheet.stamp(x, y + dice.uniform(-1.5, 1.5), word, self.unit) + self.unit * dice.uniform(0.45, 0.9)
