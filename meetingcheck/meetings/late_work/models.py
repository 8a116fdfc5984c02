"""Work that came after its sender's role had ended, until somebody takes it in or discards it."""

import uuid
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from meetingcheck.lib.db import Base, enum_type
from meetingcheck.meetings.models import DocumentKind, ExtraKind


class LateState(StrEnum):
    WAITING = "waiting"
    TAKEN_IN = "taken_in"
    DISCARDED = "discarded"


class LateWork(Base):
    """What one person handed in late for one report: a period's, an extra meeting's, or a further version of one that
    was sent (`meeting_id`).

    Its id is the one that their report would have had (meetings/rules.py), so that a phone that goes on sending finds
    the same row. `ended_on` is the first day on which the sender's role no longer counted. `typed` holds the fields as
    typed. `arrived_at` is when it began to wait, `expires_at` when it is discarded if nobody decides; then `decided_by`
    stays None. `joined_id` is the report that it was taken into.
    """

    __tablename__ = "late_work"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    client_id: Mapped[uuid.UUID]
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("unit.id"))
    obligation_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("obligation.id"))
    extra_kind: Mapped[ExtraKind | None] = mapped_column(enum_type(ExtraKind))
    meeting_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("meeting.id"))
    author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"), index=True)
    ended_on: Mapped[date]
    typed: Mapped[dict[str, Any]]
    state: Mapped[LateState] = mapped_column(enum_type(LateState))
    arrived_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    joined_id: Mapped[uuid.UUID | None]

    __table_args__ = (
        Index("ix_late_work_unit_id_state", "unit_id", "state"),
        Index("ix_late_work_state_expires_at", "state", "expires_at"),
    )


class LatePhoto(Base):
    """Which photos came with a held work, in the order of their coming."""

    __tablename__ = "late_photo"

    photo_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("photo.id"), primary_key=True)
    late_work_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("late_work.id"), index=True)
    position: Mapped[int]


class LateDocument(Base):
    """A PDF or DOCX that came with a held work. It lies in the object store and is no document yet: nobody can fetch it
    before it was taken in and scanned."""

    __tablename__ = "late_document"

    document_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    late_work_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("late_work.id"), index=True)
    kind: Mapped[DocumentKind] = mapped_column(enum_type(DocumentKind))
    name: Mapped[str] = mapped_column(String(200))
    format: Mapped[str] = mapped_column(String(8))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
