"""Reads exactly two facts from EXIF: how the camera was held and what its clock said.

It follows two tags and the one pointer between them. No other directory is walked, so a location is never parsed, and
the work does not grow with what a hostile file claims to hold. Whatever cannot be read counts as absent.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

_ORIENTATION = 0x0112
_EXIF_DIRECTORY = 0x8769
_DATE_TIME_ORIGINAL = 0x9003
_ASCII, _SHORT, _LONG, _IFD = 2, 3, 4, 13

_BYTE_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
_CLOCK = re.compile(rb"(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d):(\d\d)")
_CLOCK_BYTES = 19


@dataclass(frozen=True)
class CameraNotes:
    """Orientation 1 to 8 (1: as stored) and the camera's local time, if it is known."""

    orientation: int = 1
    taken_at: datetime | None = None


@dataclass(frozen=True)
class _Entry:
    kind: int
    count: int
    value: bytes
    """The four bytes of the entry: the value itself, or where it stands."""


def read_camera_notes(exif: bytes) -> CameraNotes:
    """The notes in a block of EXIF, with or without its `Exif` prefix."""
    tiff = exif.removeprefix(b"Exif\0\0").removeprefix(b"Exif\0\0")
    order = _BYTE_ORDERS.get(tiff[:4])
    if order is None or len(tiff) < 8:
        return CameraNotes()
    (first,) = struct.unpack_from(order + "I", tiff, 4)
    return CameraNotes(_orientation(tiff, order, first), _taken_at(tiff, order, first))


def _orientation(tiff: bytes, order: str, directory: int) -> int:
    orientation = _whole_number(_find(tiff, order, directory, _ORIENTATION), order)
    return orientation if orientation is not None and 1 <= orientation <= 8 else 1


def _taken_at(tiff: bytes, order: str, directory: int) -> datetime | None:
    deeper = _whole_number(_find(tiff, order, directory, _EXIF_DIRECTORY), order)
    if deeper is None:
        return None
    entry = _find(tiff, order, deeper, _DATE_TIME_ORIGINAL)
    if entry is None or entry.kind != _ASCII or entry.count < _CLOCK_BYTES:
        return None
    (start,) = struct.unpack(order + "I", entry.value)
    return _parse_clock(tiff[start : start + _CLOCK_BYTES])


def _parse_clock(text: bytes) -> datetime | None:
    match = _CLOCK.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (part.decode("ascii") for part in match.groups())
    try:
        return datetime.fromisoformat(f"{year}-{month}-{day}T{hour}:{minute}:{second}")
    except ValueError:
        # Cameras without a set clock write 0000:00:00 00:00:00.
        return None


def _find(tiff: bytes, order: str, directory: int, wanted: int) -> _Entry | None:
    return next((entry for tag, entry in _entries(tiff, order, directory) if tag == wanted), None)


def _entries(tiff: bytes, order: str, directory: int) -> Iterator[tuple[int, _Entry]]:
    """The tags of one directory, as far as the block reaches."""
    try:
        (count,) = struct.unpack_from(order + "H", tiff, directory)
        for index in range(count):
            tag, kind, values, value = struct.unpack_from(order + "HHI4s", tiff, directory + 2 + 12 * index)
            yield tag, _Entry(kind, values, value)
    except struct.error:
        return


def _whole_number(entry: _Entry | None, order: str) -> int | None:
    """The entry's single number; None for texts and lists, which some software writes here."""
    if entry is None or entry.count != 1 or entry.kind not in (_SHORT, _LONG, _IFD):
        return None
    number: int = struct.unpack_from(order + ("H" if entry.kind == _SHORT else "I"), entry.value)[0]
    return number
