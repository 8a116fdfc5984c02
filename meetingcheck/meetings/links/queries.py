"""Finding a report link by what somebody holds of it."""

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from meetingcheck.accounts.models import User
from meetingcheck.meetings.models import ReportLink


def find_link(session: Session, hashes: list[str]) -> tuple[ReportLink, User] | None:
    """The link whose token or short code has one of these hashes, alive or not, with the person in whose name it is."""
    row = session.execute(
        select(ReportLink, User)
        .join(User, User.id == ReportLink.user_id)
        .where(or_(ReportLink.token_hash.in_(hashes), ReportLink.code_hash.in_(hashes)), User.disabled_at.is_(None))
    ).one_or_none()
    return (row[0], row[1]) if row else None
