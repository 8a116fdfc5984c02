"""How the decoding child and its parent talk: a request with a file, an answer with a JSON head and two JPEGs.

The parent reads answers of a process that may have been taken over by a hostile file: every length is limited before
it is believed, and an answer that is not exactly right raises WireError.
"""

import json
import struct
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO

from meetingcheck.photos.outcomes import MAX_BYTES, MAX_SIDE, Inspection, PhotoError, PhotoFormat, Rendition, Renditions

_REQUEST = struct.Struct(">cI")
_ANSWER = struct.Struct(">III")
ANSWER_HEADER_BYTES = _ANSWER.size

_MAX_HEAD_BYTES = 4096
_MAX_JPEG_BYTES = 16 * 1024 * 1024

Outcome = Inspection | Renditions | PhotoError


class WireError(ValueError):
    """An answer that no honest child gives."""


class Operation(StrEnum):
    """What the child is asked to do with a file."""

    INSPECT = "i"
    RENDER = "r"


def request_header(operation: Operation, data: bytes) -> bytes:
    """What precedes the file's own bytes."""
    return _REQUEST.pack(operation.encode("ascii"), len(data))


def read_request(stream: BinaryIO) -> tuple[Operation, bytes] | None:
    """The next request, waiting for it; None when the parent is gone.

    Raises WireError for what is no request.
    """
    header = stream.read(_REQUEST.size)
    if len(header) < _REQUEST.size:
        return None
    operation, length = _REQUEST.unpack(header)
    if length > MAX_BYTES:
        raise WireError("request too long")
    data = stream.read(length)
    return None if len(data) < length else (Operation(operation.decode("ascii")), data)


def pack_answer(outcome: Outcome) -> Sequence[bytes]:
    """The outcome as pieces to be written one after the other."""
    large = small = b""
    fields: dict[str, object]
    match outcome:
        case PhotoError():
            fields = {"error": outcome.value}
        case Inspection():
            fields = {"inspection": _inspection_fields(outcome)}
        case Renditions():
            large, small = outcome.large.jpeg, outcome.small.jpeg
            fields = {
                "inspection": _inspection_fields(outcome.inspection),
                "large": [outcome.large.width, outcome.large.height],
                "small": [outcome.small.width, outcome.small.height],
            }
    head = json.dumps(fields).encode("ascii")
    return (_ANSWER.pack(len(head), len(large), len(small)), head, large, small)


def answer_body_bytes(header: bytes) -> int:
    """How many bytes follow an answer's header. Raises WireError if that is more than any honest answer has."""
    head, large, small = _ANSWER.unpack(header)
    if head > _MAX_HEAD_BYTES or large > _MAX_JPEG_BYTES or small > _MAX_JPEG_BYTES:
        raise WireError("answer too long")
    total: int = head + large + small
    return total


def unpack_answer(operation: Operation, answer: bytes) -> Outcome:
    """The outcome in a whole answer, header included. Raises WireError unless it answers that operation."""
    head, large, small = _ANSWER.unpack_from(answer)
    start = _ANSWER.size
    try:
        fields = json.loads(answer[start : start + head])
        if "error" in fields:
            return PhotoError(fields["error"])
        inspection = _parse_inspection(fields["inspection"])
        if operation is Operation.INSPECT:
            return inspection
        start += head
        return Renditions(
            inspection,
            _parse_rendition(answer[start : start + large], fields["large"]),
            _parse_rendition(answer[start + large : start + large + small], fields["small"]),
        )
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise WireError("answer without sense") from error


def _inspection_fields(inspection: Inspection) -> dict[str, object]:
    taken_at = inspection.taken_at
    return {
        "format": inspection.format.value,
        "width": inspection.width,
        "height": inspection.height,
        "orientation": inspection.orientation,
        "taken_at": None if taken_at is None else taken_at.isoformat(),
    }


def _parse_inspection(fields: dict[str, object]) -> Inspection:
    return Inspection(
        PhotoFormat(str(fields["format"])),
        _parse_number(fields["width"], MAX_SIDE),
        _parse_number(fields["height"], MAX_SIDE),
        _parse_number(fields["orientation"], 8),
        _parse_local_time(fields["taken_at"]),
    )


def _parse_rendition(jpeg: bytes, sides: Sequence[object]) -> Rendition:
    if not jpeg.startswith(b"\xff\xd8\xff"):
        raise WireError("not a JPEG")
    width, height = sides
    return Rendition(jpeg, _parse_number(width, MAX_SIDE), _parse_number(height, MAX_SIDE))


def _parse_number(value: object, highest: int) -> int:
    if type(value) is not int or not 1 <= value <= highest:
        raise WireError("number out of range")
    return value


def _parse_local_time(value: object) -> datetime | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise WireError("time is no text")
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is not None:
        raise WireError("time with a zone")
    return moment
