"""Which objects of the store belong to which document: what a backup must hold, and what a sweep must leave alone."""

import re
import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from meetingcheck.lib.registries import NamedObject, ObjectKind
from meetingcheck.meetings.documents.queries import known_documents
from meetingcheck.meetings.documents.rules import document_key
from meetingcheck.meetings.late_work.models import LateDocument
from meetingcheck.meetings.models import Document

PREFIX = "documents/"

_KEY = re.compile(r"documents/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/([0-9a-f]{64})")


def list_named(session: Session) -> list[NamedObject]:
    """The object of every document of this database, by key; of those too that wait with held work."""
    rows = session.execute(
        select(Document.id, Document.sha256).union(select(LateDocument.document_id, LateDocument.sha256))
    )
    named = [NamedObject(document_key(document_id, sha256), sha256) for document_id, sha256 in rows]
    return sorted(named, key=lambda one: one.key)


def document_of(key: str) -> tuple[uuid.UUID, str] | None:
    """Id and SHA-256 of the document that an object belongs to; None when the key is not one of a document."""
    parts = _KEY.fullmatch(key)
    return (uuid.UUID(parts.group(1)), parts.group(2)) if parts else None


def known(session: Session, document_ids: set[uuid.UUID]) -> set[uuid.UUID]:
    """Those that have a row, as documents or with held work."""
    held = select(LateDocument.document_id).where(LateDocument.document_id.in_(document_ids))
    return known_documents(session, document_ids) | set(session.scalars(held))


DOCUMENT_OBJECTS = ObjectKind(PREFIX, document_of, known, list_named)
