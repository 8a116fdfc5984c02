"""Making and ending report links. Callers commit."""

import uuid
from datetime import datetime

from sqlalchemy import ColumnElement, update
from sqlalchemy.orm import Session

from meetingcheck.accounts.actions import code_hash, new_code
from meetingcheck.accounts.rules import code_for_people
from meetingcheck.duties.models import Obligation
from meetingcheck.lib.tokens import new_token, token_hash
from meetingcheck.meetings.links.rules import link_expires_at
from meetingcheck.meetings.models import ReportLink
from meetingcheck.record.actions import Fact, append


def make_report_link(
    session: Session, obligation: Obligation, user_id: uuid.UUID, actor_id: uuid.UUID | None, now: datetime
) -> tuple[str, str]:
    """A link to one report, to be filed in the name of `user_id`: its token, and its code in groups; neither is kept.

    Earlier links of the same person to the same report end.
    """
    _revoke(session, now, ReportLink.obligation_id == obligation.id, ReportLink.user_id == user_id)
    token, code = new_token(), new_code()
    link = ReportLink(
        id=uuid.uuid4(),
        token_hash=token_hash(token),
        code_hash=code_hash(code),
        obligation_id=obligation.id,
        user_id=user_id,
        created_by=actor_id,
        created_at=now,
        expires_at=link_expires_at(obligation.closes_at, now),
    )
    session.add(link)
    session.flush()
    facts = {"obligation": str(obligation.id), "user": str(user_id)}
    append(session, now, Fact("report_link_made", "report_link", link.id, actor_id, facts))
    return token, code_for_people(code)


def end_report_links(session: Session, user_id: uuid.UUID, actor_id: uuid.UUID | None, now: datetime) -> None:
    """End all report links in the name of a person, for instance when the phone that got them is lost."""
    _revoke(session, now, ReportLink.user_id == user_id)
    append(session, now, Fact("report_links_ended", "user", user_id, actor_id))


def _revoke(session: Session, now: datetime, *which: ColumnElement[bool]) -> None:
    session.execute(update(ReportLink).where(*which, ReportLink.revoked_at.is_(None)).values(revoked_at=now))
