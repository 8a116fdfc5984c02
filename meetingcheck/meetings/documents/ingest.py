"""Taking a document in: looked at by a confined child, stored byte for byte, and only then known to the database."""

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from meetingcheck.lib.children import Child, child_command
from meetingcheck.lib.outside import ensure_no_transaction
from meetingcheck.lib.storage import Storage
from meetingcheck.meetings.documents.outcomes import MAX_BYTES, DocumentError, DocumentFormat, DocumentRefused
from meetingcheck.meetings.documents.rules import (
    CONTENT_TYPES,
    document_id_of,
    document_key,
    document_name,
    sha256_of,
)
from meetingcheck.meetings.documents.wire import (
    ANSWER_HEADER_BYTES,
    WireError,
    answer_body_bytes,
    request_header,
    unpack_answer,
)
from meetingcheck.meetings.models import DocumentKind

SECONDS_PER_FILE = 10.0

_SERVE = """
from meetingcheck.meetings.documents import child
child.main()
"""


def inspecting_command(program: str = _SERVE) -> list[str]:
    """How to start the inspecting child."""
    return child_command(program)


@dataclass(frozen=True)
class StoredDocument:
    """A document that is durable in the object store and has no row yet."""

    document_id: uuid.UUID
    kind: DocumentKind
    name: str
    format: DocumentFormat
    sha256: str
    size: int


def store_document(
    storage: Storage, meeting_id: uuid.UUID, kind: DocumentKind, name: str, data: bytes
) -> StoredDocument:
    """Check a document and store it, with no transaction open. `name` is the file's name as it was sent.

    Raises DocumentRefused for what is no acceptable PDF or DOCX, StorageUnavailable when the store cannot take it now,
    ChildUnavailable or OSError if no child starts. A crash afterwards leaves an object without a row.
    """
    file_format = inspect_in_child(data)
    sha256 = sha256_of(data)
    document_id = document_id_of(meeting_id, sha256)
    storage.put(document_key(document_id, sha256), data, CONTENT_TYPES[file_format])
    return StoredDocument(document_id, kind, document_name(name, file_format), file_format, sha256, len(data))


def inspect_in_child(
    data: bytes, *, seconds: float = SECONDS_PER_FILE, command: Sequence[str] | None = None
) -> DocumentFormat:
    """What a document is, found out in a child that serves this one file. Not inside a database transaction.

    Raises DocumentRefused, and nothing else, whatever the file; ChildUnavailable or OSError if no child starts.
    """
    ensure_no_transaction("inspecting a document")
    if not data:
        raise DocumentRefused(DocumentError.EMPTY)
    if len(data) > MAX_BYTES:
        raise DocumentRefused(DocumentError.TOO_LARGE)
    child = Child(inspecting_command() if command is None else command)
    outcome: DocumentFormat | DocumentError
    try:
        pieces = [request_header(data), data]
        outcome = unpack_answer(child.ask(pieces, ANSWER_HEADER_BYTES, answer_body_bytes, time.monotonic() + seconds))
    except TimeoutError:
        outcome = DocumentError.TOOK_TOO_LONG
    except (EOFError, WireError):
        child.kill()
        outcome = DocumentError.TOOK_TOO_LONG if child.ran_out_of_cpu else DocumentError.CRASHED
    finally:
        child.kill()
    if isinstance(outcome, DocumentError):
        raise DocumentRefused(outcome)
    return outcome
