"""Append-only entries: ids, times and a salted commitment; what was said lies beside, where it can be deleted."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from meetingcheck.lib.db import Base


class RecordEntry(Base):
    """One action. `commitment` is SHA-256 of salt and payload, so the payload can go and the entry still stands."""

    __tablename__ = "record_entry"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    at: Mapped[datetime]
    action: Mapped[str] = mapped_column(String(64))
    subject_type: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[uuid.UUID] = mapped_column(index=True)
    actor_id: Mapped[uuid.UUID | None]
    commitment: Mapped[bytes] = mapped_column(LargeBinary(32))


class RecordPayload(Base):
    """The deletable half of an entry."""

    __tablename__ = "record_payload"

    entry_id: Mapped[int] = mapped_column(ForeignKey("record_entry.id", ondelete="CASCADE"), primary_key=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary(16))
    payload: Mapped[dict[str, Any]]
