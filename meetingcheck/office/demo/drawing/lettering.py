"""Block letters as strokes, so that the banner needs no font."""

from meetingcheck.office.demo.drawing.basics import Point

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


def block_text(text: str) -> tuple[list[tuple[Point, ...]], float]:
    """The strokes of a line in capitals, and its length; letters are 1 high and start at 0."""
    strokes: list[tuple[Point, ...]] = []
    pen = 0.0
    for letter in text:
        base, marks = MARKED.get(letter, (letter, ()))
        shapes = (*CAPITALS.get(base, ()), *marks)
        strokes += [tuple((pen + x, y) for x, y in shape) for shape in shapes]
        pen += 0.25 + max((x for shape in CAPITALS.get(base, ()) for x, _ in shape), default=0.3)
    return strokes, pen - 0.25
