"""How the inspecting child and its parent talk: a length and a document, then a length and one word."""

import struct
from typing import BinaryIO

from meetingcheck.meetings.documents.outcomes import DocumentError, DocumentFormat

_REQUEST = struct.Struct(">I")
_ANSWER = struct.Struct(">B")
ANSWER_HEADER_BYTES = _ANSWER.size


class WireError(ValueError):
    """An answer that no honest child gives."""


def request_header(data: bytes) -> bytes:
    """What precedes the document's own bytes."""
    return _REQUEST.pack(len(data))


def read_request(stream: BinaryIO, most: int) -> bytes | None:
    """The next document, waiting for it; None when the parent is gone."""
    header = stream.read(_REQUEST.size)
    if len(header) < _REQUEST.size:
        return None
    (length,) = _REQUEST.unpack(header)
    if length > most:
        raise WireError("request too long")
    data = stream.read(length)
    return None if len(data) < length else data


def pack_answer(word: str) -> bytes:
    return _ANSWER.pack(len(word)) + word.encode("ascii")


def answer_body_bytes(header: bytes) -> int:
    """How many bytes follow an answer's header; at most 255."""
    return int(_ANSWER.unpack(header)[0])


def unpack_answer(answer: bytes) -> DocumentFormat | DocumentError:
    """What the child said. Raises WireError for anything but one of the words that it may say."""
    word = answer[_ANSWER.size :].decode("ascii", "replace")
    try:
        return DocumentFormat(word) if word in set(DocumentFormat) else DocumentError(word)
    except ValueError as error:
        raise WireError("answer without sense") from error
