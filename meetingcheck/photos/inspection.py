"""What an upload would say of a file, for the command line."""

import os
import stat
import time
from pathlib import Path
from typing import Any

from meetingcheck.photos.decoder import Decoder, DecoderUnavailable
from meetingcheck.photos.outcomes import MAX_BYTES, PhotoError, PhotoRefused
from meetingcheck.photos.rules import PROBLEMS, sha256_of

SECONDS_PER_FILE = 5.0
"""With the start of the command and of the child, four on a busy machine, an answer takes less than ten seconds."""


def inspect_file(decoder: Decoder, file: Path) -> dict[str, Any]:
    """One file looked at and decoded whole, as JSON values: accepted, or the error's name and sentence."""
    try:
        data = _read(file)
    except OSError as error:
        return {"accepted": False, "error": "unreadable_file", "sentence": error.strerror}
    began = time.perf_counter()
    try:
        renditions = decoder.render(data)
    except PhotoRefused as refused:
        return _refused(refused.error)
    except (DecoderUnavailable, OSError) as error:
        return {"accepted": False, "error": "no_decoder", "sentence": str(error)}
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


def _read(file: Path) -> bytes:
    """What a photo may have at most, and a byte more. Raises OSError, also for what is no file: a pipe may not end."""
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as source:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, "Not a file")
        return source.read(MAX_BYTES + 1)


def _refused(error: PhotoError) -> dict[str, Any]:
    return {"accepted": False, "error": error.value, "sentence": PROBLEMS[error]}
