"""Meetings that were reported: drafts, submitted versions, their photos, and what the committee answered."""

import uuid
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from meetingcheck.lib.db import Base, enum_type


class MeetingState(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    ACCEPTED = "accepted"


class Verdict(StrEnum):
    NOTE = "note"
    ASK_TO_ADD = "ask_to_add"


class Meeting(Base):
    """One meeting's report. Its id follows from the cell, the author and the phone's own UUID (meetings/rules.py),
    so a repeated sending finds the same row and nobody can name another's.

    `draft` holds what was typed, as typed, until it is sent. `version` is the number of the latest submitted version.
    """

    __tablename__ = "meeting"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    client_id: Mapped[uuid.UUID]
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("unit.id"))
    obligation_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("obligation.id"))
    state: Mapped[MeetingState] = mapped_column(enum_type(MeetingState))
    author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    draft: Mapped[dict[str, Any]]
    version: Mapped[int] = mapped_column(default=0)

    __table_args__ = (
        # Whatever two phones do at the same moment, one obligation has one report.
        Index(
            "uq_meeting_reported_obligation",
            "obligation_id",
            unique=True,
            sqlite_where=text("state != 'draft'"),
            postgresql_where=text("state != 'draft'"),
        ),
        Index("ix_meeting_unit_id_created_at", "unit_id", "created_at"),
        Index("ix_meeting_obligation_id", "obligation_id"),
    )


class MeetingVersion(Base):
    """What was said when a report was sent; never changed afterwards. `begins_at` and `ends_at` are local hours."""

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
    present: Mapped[int]
    absent_without_reason: Mapped[int]
    minutes_text: Mapped[str | None] = mapped_column(Text)
    resolution_made: Mapped[bool]

    __table_args__ = (UniqueConstraint("meeting_id", "number"),)


class MeetingPhoto(Base):
    """Which photos belong to which report, in which order."""

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
