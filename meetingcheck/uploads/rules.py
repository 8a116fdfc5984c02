"""The protocol's small grammars, and how much may be on its way (tus 1.0.0; security.md 20). Pure."""

import base64
import binascii
import hashlib
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

VERSION = "1.0.0"
EXTENSIONS = ("creation", "creation-with-upload", "checksum", "termination", "expiration")
CHECKSUM_ALGORITHM = "sha256"
MOST_BYTES = 25 * 1024 * 1024  # of one file
PART_BYTES = 256 * 1024
MOST_OPEN = 30  # files of one cell on their way at once
MOST_BYTES_A_DAY = 300 * 1024 * 1024  # of one cell
MOST_METADATA = 2 * 1024  # bytes of the header
LIFETIME = timedelta(days=7)  # since the last part; a phone may be without a line for days

_KEY = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Admission:
    """Where a file belongs: the cell whose quota it uses, and what the right was asked about besides."""

    unit_id: uuid.UUID
    about: uuid.UUID | None = None


@dataclass(frozen=True)
class WholeFile:
    """A file of which every byte has arrived, for its taker. Taking it twice must end as taking it once."""

    unit_id: uuid.UUID
    actor_id: uuid.UUID
    facts: Mapping[str, str]
    data: bytes


class FileRefused(Exception):
    """The taker cannot use the file: the problem's name, and a sentence to be translated where it is shown."""

    def __init__(self, name: str, sentence: str) -> None:
        super().__init__(name)
        self.name = name
        self.sentence = sentence


class TakerBusy(Exception):
    """The taker cannot take the file now: an outage behind it. It will be tried again."""


class ProtocolError(ValueError):
    """A header that means nothing; the text is for whoever writes the program that sent it."""


def parse_number(text: str | None, name: str) -> int:
    """A count of bytes. Raises ProtocolError."""
    if text is None or not text.isascii() or not text.isdecimal() or len(text) > 15:
        raise ProtocolError(f"{name} must be a number of bytes")
    return int(text)


def parse_metadata(header: str) -> dict[str, str]:
    """`key base64, key base64`, as texts; a key without value is an empty text. Raises ProtocolError."""
    if len(header.encode()) > MOST_METADATA:
        raise ProtocolError("Upload-Metadata is longer than 2 KiB")
    found: dict[str, str] = {}
    for pair in filter(None, (one.strip() for one in header.split(","))):
        key, _, value = pair.partition(" ")
        if not _KEY.fullmatch(key) or key in found:
            raise ProtocolError("Upload-Metadata has a key that is empty, too long or there twice")
        try:
            found[key] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise ProtocolError(f"Upload-Metadata: {key} is no base64 of a text") from error
        if "\0" in found[key]:
            raise ProtocolError(f"Upload-Metadata: {key} has a character that no text has")
    return found


def parse_checksum(header: str) -> bytes:
    """The digest of `sha256 base64`. Raises ProtocolError, also for another algorithm."""
    algorithm, _, digest = header.partition(" ")
    if algorithm != CHECKSUM_ALGORITHM:
        raise ProtocolError("Upload-Checksum: only sha256 is known")
    try:
        return base64.b64decode(digest, validate=True)
    except binascii.Error as error:
        raise ProtocolError("Upload-Checksum is no base64") from error


def parse_sha256(text: str) -> str | None:
    """What the whole file should have, in hexadecimal; None when nothing was said. Raises ProtocolError."""
    if not text:
        return None
    if not _SHA256.fullmatch(text.lower()):
        raise ProtocolError("sha256 must be 64 hexadecimal digits")
    return text.lower()


def checksum_holds(data: bytes, digest: bytes) -> bool:
    return hashlib.sha256(data).digest() == digest


def upload_id_of(unit_id: uuid.UUID, actor_id: uuid.UUID, client_id: uuid.UUID) -> uuid.UUID:
    """The sender's own UUID counts only together with who sends it for which cell (security.md 12)."""
    return uuid.uuid5(unit_id, f"upload/{actor_id}/{client_id}")


def parts_of(data: bytes, starts_at: int) -> list[tuple[int, bytes]]:
    """Pieces of at most PART_BYTES with where each starts in the file."""
    return [(starts_at + start, data[start : start + PART_BYTES]) for start in range(0, len(data), PART_BYTES)]


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
