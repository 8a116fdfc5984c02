"""What the office must remember about the running of the system."""

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from meetingcheck.lib.db import Base


class BackupRun(Base):
    """One backup that was made: how many objects and bytes it holds, for the question "when was the last one?"."""

    __tablename__ = "backup_run"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    began_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    objects: Mapped[int] = mapped_column(default=0)
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    problem: Mapped[str | None] = mapped_column(String(200))
