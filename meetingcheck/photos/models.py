"""Photos as evidence."""

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from meetingcheck.lib.db import Base, enum_type


class PhotoState(StrEnum):
    RECEIVED = "received"
    READY = "ready"
    UNREADABLE = "unreadable"


class Purpose(StrEnum):
    OVERVIEW = "overview"
    MINUTES_PAGE = "minutes_page"
    RESOLUTION_PAGE = "resolution_page"
    ATTENDANCE_LIST = "attendance_list"


class Photo(Base):
    """One photo of one unit. The original lies in the object store byte for byte, known by its SHA-256.

    Its times are kept apart: `taken_at` by the camera (local wall clock, often missing), `claimed_at` as somebody said
    beside the file, `received_at` ours. `withdrawn_at` is when the cell took it back: then only administrators see it.
    `published_at` is when its report was sent; before, only the cell itself sees it. `held_at` is when it came after
    its sender's right had ended: it is of no report, and seen by nobody else, until somebody has confirmed it.
    `width` and `height` are upright pixels.
    """

    __tablename__ = "photo"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("unit.id"))
    purpose: Mapped[Purpose] = mapped_column(enum_type(Purpose))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    format: Mapped[str] = mapped_column(String(8))
    width: Mapped[int]
    height: Mapped[int]
    taken_at: Mapped[datetime | None]
    claimed_at: Mapped[datetime | None]
    received_at: Mapped[datetime]
    uploaded_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    published_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    held_at: Mapped[datetime | None]
    state: Mapped[PhotoState] = mapped_column(enum_type(PhotoState))
    unreadable_reason: Mapped[str | None] = mapped_column(String(32))

    __table_args__ = (
        Index("ix_photo_unit_id_received_at", "unit_id", "received_at"),
        Index(
            "ix_photo_withdrawn_at",
            "withdrawn_at",
            sqlite_where=text("withdrawn_at IS NOT NULL"),
            postgresql_where=text("withdrawn_at IS NOT NULL"),
        ),
    )
