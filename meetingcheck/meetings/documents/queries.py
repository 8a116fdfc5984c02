"""Reading documents."""

import uuid
from collections.abc import Collection, Iterable

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from meetingcheck.meetings.models import Document, ScanState


def find_document(session: Session, document_id: uuid.UUID) -> Document | None:
    return session.scalars(select(Document).where(Document.id == document_id)).one_or_none()


def list_documents(session: Session, meeting_id: uuid.UUID) -> list[Document]:
    """The documents of a report in the order of their coming, without those that were taken back."""
    return documents_by_meeting(session, [meeting_id]).get(meeting_id, [])


def documents_by_meeting(session: Session, meeting_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[Document]]:
    """The documents of several reports in the order of their coming, without those taken back, in one query."""
    rows = session.scalars(
        select(Document)
        .where(Document.meeting_id.in_(list(meeting_ids)), Document.withdrawn_at.is_(None))
        .order_by(Document.meeting_id, Document.received_at, Document.id)
    )
    found: dict[uuid.UUID, list[Document]] = {}
    for document in rows:
        found.setdefault(document.meeting_id, []).append(document)
    return found


def count_by_scan(session: Session) -> dict[ScanState, int]:
    """Number of documents in each state of being scanned for viruses."""
    rows = session.execute(select(Document.scan, func.count()).group_by(Document.scan)).all()
    return {row[0]: row[1] for row in rows}


def list_not_scanned(session: Session, limit: int) -> list[uuid.UUID]:
    """Documents that came while there was no scanner, the earliest first."""
    return list(
        session.scalars(
            select(Document.id)
            .where(Document.scan == ScanState.NOT_SCANNED)
            .order_by(Document.received_at, Document.id)
            .limit(limit)
        )
    )


def known_documents(session: Session, document_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Those that have a row."""
    return set(session.scalars(select(Document.id).where(Document.id.in_(document_ids))))
