"""Rows of documents. Callers commit."""

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from meetingcheck.lib.db import insert_if_new
from meetingcheck.lib.jobs import enqueue
from meetingcheck.lib.registries import JobKind
from meetingcheck.meetings.documents.ingest import StoredDocument
from meetingcheck.meetings.models import Document, ScanState
from meetingcheck.messages.actions import News, tell
from meetingcheck.record.actions import Fact, append
from meetingcheck.record.withdrawing import reinstate, withdraw

# An hour between tries at most, so a hundred tries outlast a scanner that is away for three days. A scanner that hangs
# must not keep photos waiting, hence the lane.
SCAN = JobKind("documents.scan", lane="bulk", max_attempts=100)
SCAN_OLDER = JobKind("documents.scan_older", lane="bulk", every=timedelta(hours=1))


def add_document(
    session: Session,
    stored: StoredDocument,
    unit_id: uuid.UUID,
    meeting_id: uuid.UUID,
    actor_id: uuid.UUID,
    now: datetime,
) -> bool:
    """Make a stored document known and have it scanned; False when it was known before.

    Until the scan, or the finding that there is no scanner, nobody can fetch it.
    """
    added = insert_if_new(
        session,
        Document,
        {
            "id": stored.document_id,
            "unit_id": unit_id,
            "meeting_id": meeting_id,
            "kind": stored.kind,
            "name": stored.name,
            "format": stored.format.value,
            "sha256": stored.sha256,
            "size": stored.size,
            "scan": ScanState.WAITING,
            "received_at": now,
            "uploaded_by": actor_id,
        },
    )
    if added:
        enqueue(session, SCAN, {"document": str(stored.document_id)}, now, unique_key=f"scan:{stored.document_id}")
        fact = {"sha256": stored.sha256}
        append(session, now, Fact("document_received", "document", stored.document_id, actor_id, fact))
    else:
        _send_again(session, stored, actor_id, now)
    return added


def _send_again(session: Session, stored: StoredDocument, actor_id: uuid.UUID, now: datetime) -> None:
    """Sent again: the last word about what it is counts until the report is sent; what was taken back is back."""
    session.execute(
        update(Document)
        .where(Document.id == stored.document_id, Document.published_at.is_(None))
        .values(kind=stored.kind)
    )
    reinstate(session, Document, stored.document_id, actor_id, now)


def publish_documents(session: Session, document_ids: Iterable[uuid.UUID], now: datetime) -> None:
    """The report was sent: from now on the committee sees its documents."""
    session.execute(
        update(Document)
        .where(Document.id.in_(list(document_ids)), Document.published_at.is_(None))
        .values(published_at=now)
    )


def pass_documents(session: Session, from_meeting_id: uuid.UUID, to_meeting_id: uuid.UUID, unit_id: uuid.UUID) -> None:
    """Let the documents of one report belong to another, or to the same in another cell."""
    session.execute(
        update(Document).where(Document.meeting_id == from_meeting_id).values(meeting_id=to_meeting_id, unit_id=unit_id)
    )


def take_back(session: Session, document: Document, actor_id: uuid.UUID, now: datetime) -> bool:
    """It was sent by mistake: from now on only administrators see it. False when it was taken back before."""
    return withdraw(session, Document, document.id, actor_id, now)


def put_back(session: Session, document: Document, actor_id: uuid.UUID, now: datetime) -> bool:
    """It was taken back by mistake. False when it is there already. Who may do it, say the rules."""
    return reinstate(session, Document, document.id, actor_id, now)


def have_older_scanned(session: Session, document_ids: Iterable[uuid.UUID], now: datetime) -> None:
    """Have documents scanned that came before there was a scanner."""
    for document_id in document_ids:
        waits = session.execute(
            update(Document)
            .where(Document.id == document_id, Document.scan == ScanState.NOT_SCANNED)
            .values(scan=ScanState.WAITING)
            .returning(Document.id)
        )
        if waits.first() is not None:
            key = f"scan:{document_id}@{now.isoformat()}"
            enqueue(session, SCAN, {"document": str(document_id)}, now, unique_key=key)


def note_scan(session: Session, document: Document, found: ScanState, now: datetime) -> None:
    """Put the scanner's word on record; whoever sent an infected document is told, once."""
    noted = session.execute(
        update(Document)
        .where(Document.id == document.id, Document.scan == ScanState.WAITING)
        .values(scan=found)
        .returning(Document.id)
    )
    if noted.first() is None:
        return
    append(session, now, Fact("document_scanned", "document", document.id, None, {"found": found.value}))
    if found == ScanState.INFECTED:
        news = News("meetings.infected_document", f"infected:{document.id}", {"name": document.name, "path": "/"})
        tell(session, document.uploaded_by, news, now)
