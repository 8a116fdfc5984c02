"""QR codes as the path of an SVG that stands in the page itself.

An image of its own would need an address, and an address with a token in it would stand in logs.
"""

from dataclasses import dataclass

import segno

QUIET_ZONE = 4  # modules of white around the code, as the standard wants


@dataclass(frozen=True)
class QrCode:
    """`path` draws the dark modules in a square of `size` units, the quiet zone included."""

    size: int
    path: str


def qr_code(text: str) -> QrCode:
    """The code of a text, with enough correction for a crumpled sheet."""
    matrix = segno.make(text, error="m", micro=False).matrix
    path = "".join(
        f"M{column + QUIET_ZONE} {row + QUIET_ZONE}h1v1h-1z"
        for row, modules in enumerate(matrix)
        for column, dark in enumerate(modules)
        if dark
    )
    return QrCode(len(matrix) + 2 * QUIET_ZONE, path)
