"""What an upload would say of a file, for the command line."""

import time
from pathlib import Path
from typing import Any

from meetingcheck.photos.decoder import Decoder
from meetingcheck.photos.outcomes import MAX_BYTES, PhotoError, PhotoRefused
from meetingcheck.photos.rules import PROBLEMS, sha256_of


def inspect_file(decoder: Decoder, file: Path) -> dict[str, Any]:
    """One file looked at and decoded whole, as JSON values: accepted, or the error's name and sentence."""
    try:
        with file.open("rb") as source:
            data = source.read(MAX_BYTES + 1)
    except OSError as error:
        return {"accepted": False, "error": "unreadable_file", "sentence": error.strerror}
    began = time.perf_counter()
    try:
        renditions = decoder.render(data)
    except PhotoRefused as refused:
        return _refused(refused.error)
    found = renditions.inspection
    return {
        "accepted": True,
        "format": found.format.value,
        "width": found.width,
        "height": found.height,
        "bytes": len(data),
        "sha256": sha256_of(data),
        "orientation": found.orientation,
        "taken_at": found.taken_at.isoformat() if found.taken_at else None,
        "seconds": round(time.perf_counter() - began, 3),
    }


def _refused(error: PhotoError) -> dict[str, Any]:
    return {"accepted": False, "error": error.value, "sentence": PROBLEMS[error]}
