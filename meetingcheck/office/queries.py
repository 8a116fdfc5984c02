"""Reading what the office remembers about the running of the system."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from meetingcheck.office.models import BackupRun


def last_backup(session: Session) -> BackupRun | None:
    """The last backup that was finished without a problem."""
    return session.scalars(
        select(BackupRun)
        .where(BackupRun.finished_at.is_not(None), BackupRun.problem.is_(None))
        .order_by(BackupRun.finished_at.desc())
        .limit(1)
    ).one_or_none()


def last_failed_backup(session: Session, since: BackupRun | None) -> BackupRun | None:
    """The last backup that failed after the last good one began; None when there is no such."""
    failed = select(BackupRun).where(BackupRun.problem.is_not(None))
    if since is not None:
        failed = failed.where(BackupRun.began_at > since.began_at)
    return session.scalars(failed.order_by(BackupRun.began_at.desc()).limit(1)).one_or_none()
