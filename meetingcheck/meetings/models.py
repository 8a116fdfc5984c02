"""Meetings that were reported: drafts, submitted versions, their photos, and what the committee answered."""

import uuid
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from meetingcheck.lib.db import Base, enum_type
from meetingcheck.photos.models import Purpose


class MeetingState(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    ACCEPTED = "accepted"
    VOID = "void"


CORRECTABLE = frozenset({MeetingState.SUBMITTED, MeetingState.RETURNED})
"""What was sent and is not settled: its cell can still send further versions and files."""


NOT_STANDING = frozenset({MeetingState.DRAFT, MeetingState.VOID})
"""What is not sent yet, or counts for nothing any more."""


class Verdict(StrEnum):
    NOTE = "note"
    ASK_TO_ADD = "ask_to_add"
    SEE_LATER = "see_later"


class ExtraKind(StrEnum):
    """Meetings that no period asks for."""

    UNSCHEDULED = "unscheduled"
    CONGRESS = "congress"
    OTHER = "other"


class Meeting(Base):
    """One meeting's report. Its id follows from the cell, the author and the phone's own UUID (meetings/rules.py),
    so a repeated sending finds the same row and nobody can name another's.

    `obligation_id` is the period that the report was opened for, none for an extra meeting (`extra_kind`); which
    periods it really satisfies stands in `Satisfaction`. `draft` holds what was typed, as typed, until it is sent.
    `version` is the number of the latest submitted version. `revision` counts every change, so that a form that was
    opened before another's change is noticed.
    """

    __tablename__ = "meeting"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    client_id: Mapped[uuid.UUID]
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("unit.id"))
    obligation_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("obligation.id"))
    extra_kind: Mapped[ExtraKind | None] = mapped_column(enum_type(ExtraKind))
    state: Mapped[MeetingState] = mapped_column(enum_type(MeetingState))
    author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    draft: Mapped[dict[str, Any]]
    version: Mapped[int] = mapped_column(default=0)
    revision: Mapped[int] = mapped_column(default=0)
    voided_at: Mapped[datetime | None]
    voided_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    void_reason: Mapped[str | None] = mapped_column(String(500))

    __table_args__ = (
        Index("ix_meeting_unit_id_created_at", "unit_id", "created_at"),
        Index("ix_meeting_obligation_id", "obligation_id"),
    )


class Satisfaction(Base):
    """Which report satisfies which obligation. Whatever two phones do at the same moment, one obligation has one."""

    __tablename__ = "satisfaction"

    obligation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("obligation.id"), primary_key=True)
    meeting_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("meeting.id"), index=True)


class MeetingVersion(Base):
    """What was said when a report was sent; never changed afterwards. `begins_at` and `ends_at` are local hours.

    `base` is the number of members who had to come: what the attendance is a rate of. `details` holds the optional
    rest of the check-in. `told_by` names who telephoned, when somebody of the committee filed for the cell.
    """

    __tablename__ = "meeting_version"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    meeting_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("meeting.id"))
    number: Mapped[int]
    submitted_at: Mapped[datetime]
    submitted_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    content_sha256: Mapped[str] = mapped_column(String(64))
    held_on: Mapped[date]
    begins_at: Mapped[time]
    ends_at: Mapped[time]
    total: Mapped[int]
    base: Mapped[int]
    present: Mapped[int]
    absent_without_reason: Mapped[int]
    minutes_text: Mapped[str | None] = mapped_column(Text)
    resolution_made: Mapped[bool]
    details: Mapped[dict[str, Any]]
    told_by: Mapped[str | None] = mapped_column(String(120))

    __table_args__ = (UniqueConstraint("meeting_id", "number"), Index("ix_meeting_version_held_on", "held_on"))


class VersionPhoto(Base):
    """The photos of one submitted version, as it was sent."""

    __tablename__ = "version_photo"

    version_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("meeting_version.id"), primary_key=True)
    photo_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("photo.id"), primary_key=True, index=True)
    position: Mapped[int]
    purpose: Mapped[Purpose] = mapped_column(enum_type(Purpose))


class MeetingPhoto(Base):
    """Which photos belong to which report, in which order: what the next version will hold."""

    __tablename__ = "meeting_photo"

    meeting_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("meeting.id"), primary_key=True)
    photo_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("photo.id"), primary_key=True)
    position: Mapped[int]


class Review(Base):
    """What the committee answered to one version."""

    __tablename__ = "review"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    meeting_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("meeting.id"), index=True)
    version: Mapped[int]
    verdict: Mapped[Verdict] = mapped_column(enum_type(Verdict))
    comment: Mapped[str | None] = mapped_column(Text)
    reviewer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime]
    answer_by: Mapped[date | None]
    undone_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_review_reviewer_id_at", "reviewer_id", "at"),)


class Remark(Base):
    """One contribution to the conversation on a report, by the cell or by the committee."""

    __tablename__ = "remark"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    meeting_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("meeting.id"), index=True)
    author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime]
    by_cell: Mapped[bool]
    text: Mapped[str] = mapped_column(Text)


class TaskState(StrEnum):
    OPEN = "open"
    DONE = "done"
    NOT_DONE = "not_done"


class Task(Base):
    """Something that a resolution asks of somebody until a day; a later check-in answers it."""

    __tablename__ = "task"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("unit.id"), index=True)
    meeting_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("meeting.id"))
    position: Mapped[int]
    what: Mapped[str] = mapped_column(String(500))
    who: Mapped[str] = mapped_column(String(200))
    until_on: Mapped[date | None]
    state: Mapped[TaskState] = mapped_column(enum_type(TaskState))
    answer: Mapped[str | None] = mapped_column(String(500))
    answered_in: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("meeting.id"))
    answered_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("meeting_id", "position"),)


class DocumentKind(StrEnum):
    MINUTES = "minutes"
    RESOLUTION = "resolution"
    OTHER = "other"


class ScanState(StrEnum):
    WAITING = "waiting"
    CLEAN = "clean"
    INFECTED = "infected"
    NOT_SCANNED = "not_scanned"  # no scanner was set up when it came


class Document(Base):
    """A PDF or DOCX of a report. It lies in the object store byte for byte; it is never opened on the server."""

    __tablename__ = "document"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("unit.id"), index=True)
    meeting_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("meeting.id"), index=True)
    kind: Mapped[DocumentKind] = mapped_column(enum_type(DocumentKind))
    name: Mapped[str] = mapped_column(String(200))
    format: Mapped[str] = mapped_column(String(8))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    scan: Mapped[ScanState] = mapped_column(enum_type(ScanState))
    received_at: Mapped[datetime]
    uploaded_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    published_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))

    __table_args__ = (
        Index(
            "ix_document_withdrawn_at",
            "withdrawn_at",
            sqlite_where=text("withdrawn_at IS NOT NULL"),
            postgresql_where=text("withdrawn_at IS NOT NULL"),
        ),
    )


class VersionDocument(Base):
    """The documents of one submitted version, as it was sent."""

    __tablename__ = "version_document"

    version_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("meeting_version.id"), primary_key=True)
    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("document.id"), primary_key=True, index=True)


class SentFile(Base):
    """A whole file that a program sent under a UUID of its own: the same again gets the same answer.

    `id` follows from that UUID, who sent it and for which cell (meetings/sent_files/rules.py), so that nobody can name
    another's.
    """

    __tablename__ = "sent_file"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    meeting_id: Mapped[uuid.UUID]
    photo_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("photo.id"), index=True)
    document_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("document.id"), index=True)
    sha256: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]


class ReportLink(Base):
    """Opens the check-in of one cell and period without sign-in, in the name of one person; ends by itself.

    `code_hash` is of the short code that can be typed by hand.
    """

    __tablename__ = "report_link"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    obligation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("obligation.id"), index=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    created_by: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
