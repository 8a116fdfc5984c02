"""Taking in one whole file for a report that is being written. Callers commit."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from meetingcheck.duties.queries import lock_obligation
from meetingcheck.lib.db import insert_if_new
from meetingcheck.meetings.actions import Target, attach_photos, begin_or_get, lock_report
from meetingcheck.meetings.documents.actions import add_document
from meetingcheck.meetings.documents.ingest import StoredDocument
from meetingcheck.meetings.models import CORRECTABLE, ExtraKind, Meeting, MeetingState, SentFile
from meetingcheck.meetings.sent_files.queries import find_sent
from meetingcheck.photos.ingest import StoredPhoto
from meetingcheck.photos.models import Photo


class Closed(Exception):
    """The report was sent, accepted or declared void meanwhile: it takes no file in this way."""


@dataclass(frozen=True)
class Where:
    """The report that a file is for: a draft, known by its author's UUID, of a period or of an extra meeting; or one
    that was sent, for its next version."""

    unit_id: uuid.UUID
    meeting_id: uuid.UUID
    client_id: uuid.UUID | None = None
    obligation_id: uuid.UUID | None = None


def take_photo(
    session: Session,
    sent_id: uuid.UUID,
    where: Where,
    stored: StoredPhoto,
    claimed_at: datetime | None,
    actor_id: uuid.UUID,
    now: datetime,
) -> SentFile:
    """Let a stored photo belong to its report; what was sent under this name before, if it came first. Raises
    Closed."""

    def take(meeting: Meeting) -> None:
        attach_photos(session, meeting, [stored], actor_id, now)
        if claimed_at is not None:
            unseen = update(Photo).where(Photo.id == stored.photo_id, Photo.published_at.is_(None))
            session.execute(unseen.values(claimed_at=claimed_at))

    return _take(
        session, SentFile(id=sent_id, photo_id=stored.photo_id, sha256=stored.sha256), where, take, actor_id, now
    )


def take_document(
    session: Session, sent_id: uuid.UUID, where: Where, stored: StoredDocument, actor_id: uuid.UUID, now: datetime
) -> SentFile:
    """The same for a document."""

    def take(meeting: Meeting) -> None:
        add_document(session, stored, meeting.unit_id, meeting.id, actor_id, now)

    sent = SentFile(id=sent_id, document_id=stored.document_id, sha256=stored.sha256)
    return _take(session, sent, where, take, actor_id, now)


def _take(
    session: Session,
    sent: SentFile,
    where: Where,
    take: Callable[[Meeting], None],
    actor_id: uuid.UUID,
    now: datetime,
) -> SentFile:
    meeting = _lock(session, where, actor_id, now)
    before = find_sent(session, sent.id)
    if before is not None:
        return before
    take(meeting)
    sent.meeting_id, sent.at = meeting.id, now
    session.flush()
    values = {column.key: getattr(sent, column.key) for column in SentFile.__table__.columns}
    insert_if_new(session, SentFile, values)
    return find_sent(session, sent.id) or sent


def _lock(session: Session, where: Where, actor_id: uuid.UUID, now: datetime) -> Meeting:
    """The report, held against other writers, so that of two sendings at once the second finds the first."""
    if where.client_id is None:
        _, meeting = lock_report(session, where.meeting_id)
        if meeting.state in CORRECTABLE or (meeting.state == MeetingState.DRAFT and meeting.author_id == actor_id):
            return meeting
        raise Closed
    obligation = lock_obligation(session, where.obligation_id) if where.obligation_id else None
    target = Target(where.unit_id, obligation, None if obligation else ExtraKind.UNSCHEDULED)
    meeting = begin_or_get(session, target, where.client_id, actor_id, now)
    if meeting.state != MeetingState.DRAFT or meeting.unit_id != where.unit_id:
        raise Closed
    return meeting
