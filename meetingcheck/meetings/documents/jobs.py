"""Having a document scanned for viruses before anybody can fetch it, where there is a scanner."""

import uuid
from datetime import datetime
from typing import Any

from meetingcheck.lib.clamd import scan
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.services import services
from meetingcheck.meetings.documents.actions import have_older_scanned, note_scan
from meetingcheck.meetings.documents.queries import find_document, list_not_scanned
from meetingcheck.meetings.documents.rules import document_key
from meetingcheck.meetings.models import Document, ScanState

OLDER_AT_ONCE = 500  # documents


def scan_document(params: dict[str, Any], now: datetime) -> None:
    """Ask the scanner. Running it twice changes nothing; a scanner that is away is asked again later."""
    with read_transaction() as session:
        document = find_document(session, uuid.UUID(params["document"]))
    if document is None or document.scan != ScanState.WAITING:
        return
    found = _verdict(document)
    with write_transaction() as session:
        note_scan(session, document, found, now)


def scan_older_documents(_params: dict[str, Any], now: datetime) -> None:
    """Once there is a scanner, what came before is scanned as well; some at a time."""
    if services().settings.clamd_url is None:
        return
    with write_transaction() as session:
        have_older_scanned(session, list_not_scanned(session, OLDER_AT_ONCE), now)


def _verdict(document: Document) -> ScanState:
    url = services().settings.clamd_url
    if url is None:
        return ScanState.NOT_SCANNED
    with services().storage.stream(document_key(document.id, document.sha256)) as content:
        return ScanState.CLEAN if scan(url, content) else ScanState.INFECTED
