"""Files on their way in: how far each has come, and what has arrived of it."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from meetingcheck.lib.db import Base, enum_type


class UploadState(StrEnum):
    OPEN = "open"
    WHOLE = "whole"  # every byte has arrived, and is kept here until its taker has it
    TAKEN = "taken"
    REFUSED = "refused"
    ENDED = "ended"  # its sender gave it up; what had come counts for the day all the same


class Upload(Base):
    """One file that arrives in parts. Sizes in bytes; `arrived` is how many have come.

    `consumer` names who takes the whole file, `about` is what the right was asked about (an obligation, for who came
    by a report link). `sha256` is what the sender says the whole file has, None when it did not say. `outcome` is what
    the taker answered, told again to whoever asks.
    """

    __tablename__ = "upload"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    consumer: Mapped[str] = mapped_column(String(32))
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("unit.id"))
    about: Mapped[uuid.UUID | None]
    actor_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    length: Mapped[int] = mapped_column(BigInteger)
    arrived: Mapped[int] = mapped_column(BigInteger, default=0)
    sha256: Mapped[str | None] = mapped_column(String(64))
    facts: Mapped[dict[str, Any]]
    state: Mapped[UploadState] = mapped_column(enum_type(UploadState))
    outcome: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_upload_unit_id_created_at", "unit_id", "created_at"),
        Index("ix_upload_expires_at", "expires_at"),
    )


class UploadPart(Base):
    """At most 256 KiB of a file, committed together with how far it has come."""

    __tablename__ = "upload_part"

    upload_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("upload.id", ondelete="CASCADE"), primary_key=True)
    starts_at: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    data: Mapped[bytes]
