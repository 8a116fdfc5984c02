"""What looking at a document can end in: values only. The limits of security.md 21."""

from dataclasses import dataclass
from enum import StrEnum

MEBIBYTE = 1024 * 1024
MAX_BYTES = 20 * MEBIBYTE
"""Largest accepted file, in bytes."""

MAX_PARTS = 1_000
MAX_UNPACKED_BYTES = 100 * MEBIBYTE
MAX_RATIO = 200
"""How many times its packed size a part may have once unpacked; small parts may have more."""
SMALL_PART_BYTES = MEBIBYTE


class DocumentFormat(StrEnum):
    """The accepted formats; the value is also the ending of the file's name."""

    PDF = "pdf"
    DOCX = "docx"


class DocumentError(StrEnum):
    """Why a file is not accepted; each has its sentence in `rules.PROBLEMS`. The last two may pass at another try."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    PHOTO = "photo"
    OLD_WORD = "old_word"
    PASSWORD = "password"  # noqa: S105 - the name of a problem
    NOT_A_DOCUMENT = "not_a_document"
    DAMAGED = "damaged"
    MACROS = "macros"
    EMBEDDED = "embedded"
    LINKED = "linked"
    TOO_MANY_PARTS = "too_many_parts"
    UNPACKS_TOO_LARGE = "unpacks_too_large"
    TOOK_TOO_LONG = "took_too_long"
    CRASHED = "crashed"


class DocumentRefused(Exception):
    """A file is no acceptable document, for the reason in `error`."""

    def __init__(self, error: DocumentError) -> None:
        super().__init__(error.value)
        self.error = error


@dataclass(frozen=True)
class Part:
    """One file inside a DOCX, as the list of contents at its end tells. Sizes in bytes; `starts_at` is its header."""

    name: str
    packed: bool
    encrypted: bool
    crc: int
    packed_size: int
    size: int
    starts_at: int
