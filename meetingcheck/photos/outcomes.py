"""What looking at a photo can end in: values only, so that they can be named without loading any image library."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MAX_BYTES = 25 * 1024 * 1024
"""Largest accepted file, in bytes."""

MAX_SIDE = 1 << 17
"""Longest accepted side, in pixels: twice what a JPEG can have. Only a made-up strip is longer."""


class PhotoError(StrEnum):
    """Why a file gives no photo. The first seven depend on the file alone; the last two may pass at another try."""

    EMPTY = "empty"
    NOT_A_PHOTO = "not_a_photo"
    DAMAGED = "damaged"
    TOO_MANY_BYTES = "too_many_bytes"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_SMALL = "too_small"
    OUT_OF_MEMORY = "out_of_memory"
    TOOK_TOO_LONG = "took_too_long"
    CRASHED = "crashed"


class PhotoRefused(Exception):
    """A file gives no photo, for the reason in `error`."""

    def __init__(self, error: PhotoError) -> None:
        super().__init__(error.value)
        self.error = error


class PhotoFormat(StrEnum):
    """The accepted formats. A phone's multi-picture file (MPO) is a JPEG."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    HEIC = "heic"


@dataclass(frozen=True)
class Inspection:
    """What a file's header says. Width and height in pixels as seen upright."""

    format: PhotoFormat
    width: int
    height: int
    orientation: int
    """The EXIF orientation, 1 to 8, that rendering undoes; 1 for HEIC, whose decoder turns the picture itself."""
    taken_at: datetime | None
    """The camera's own clock, without a zone; None where it says nothing readable."""


@dataclass(frozen=True)
class Rendition:
    """An upright sRGB JPEG without metadata. Width and height in pixels."""

    jpeg: bytes
    width: int
    height: int


@dataclass(frozen=True)
class Renditions:
    """A checked photo with the two sizes that pages show."""

    inspection: Inspection
    large: Rendition
    small: Rendition
