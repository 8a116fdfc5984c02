"""The outermost boxes of a HEIC file: how long each of them says that it is."""

import struct
from collections.abc import Iterator

_SHORT = struct.Struct(">I4s")
_LONG = struct.Struct(">Q")
_TO_THE_END, _LONG_FOLLOWS = 0, 1  # lengths that mean something else
_NEEDED = {b"meta", b"mdat"}
"""What describes the picture, and its pixels. Other boxes, and what phones append after the last one, may say anything:
nothing that is shown depends on them."""


def is_cut_off(data: bytes) -> bool:
    """Whether the file ends within a box that the picture needs, as when it arrived or was copied only in part.

    The decoder does not mind: it leaves the missing tiles of a large picture green.
    """
    return any(kind in _NEEDED and end > len(data) for kind, end in _boxes(data))


def _boxes(data: bytes) -> Iterator[tuple[bytes, int]]:
    """Kind and end of each box, as far as the boxes follow one another; an end may lie beyond that of the file."""
    start = 0
    while start + _SHORT.size <= len(data):
        length, kind = _SHORT.unpack_from(data, start)
        head = _SHORT.size
        if length == _LONG_FOLLOWS and start + head + _LONG.size <= len(data):
            (length,) = _LONG.unpack_from(data, start + head)
            head += _LONG.size
        elif length == _TO_THE_END:
            length = len(data) - start
        yield kind, start + length
        if length < head:
            return
        start += length
