"""Leases: work that must not run beside other work, such as sweep, purge and backup, holds one by name."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import String, delete, or_, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from meetingcheck.lib.db import Base, insert_if_new


class Lease(Base):
    """Who holds a name, and until when. A holder that was killed loses it by time."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    holder: Mapped[uuid.UUID]
    until: Mapped[datetime]


def take_lease(session: Session, name: str, holder: uuid.UUID, lasting: timedelta, now: datetime) -> bool:
    """Take a lease, or prolong the own one; False while another holder has it."""
    if insert_if_new(session, Lease, {"name": name, "holder": holder, "until": now + lasting}):
        return True
    taken = session.execute(
        update(Lease)
        .where(Lease.name == name, or_(Lease.holder == holder, Lease.until <= now))
        .values(holder=holder, until=now + lasting)
        .returning(Lease.name)
    )
    return taken.first() is not None


def drop_lease(session: Session, name: str, holder: uuid.UUID) -> None:
    """Give a lease back; nothing happens if another holds it by now."""
    session.execute(delete(Lease).where(Lease.name == name, Lease.holder == holder))
