"""Who may hand something in late: people whose role has ended, about what they can have begun before."""

import uuid
from datetime import date

from sqlalchemy.orm import Session

from meetingcheck.accounts.actor import Actor
from meetingcheck.meetings.late_work.actions import Sender
from meetingcheck.meetings.late_work.queries import What, keeps
from meetingcheck.orgs.access import Right, ask, ask_or_ended
from meetingcheck.orgs.queries import find_reporting_end


def asked_late(
    session: Session,
    actor: Actor,
    what: What,
    today: date,
    about: uuid.UUID | None = None,
    held_on: date | None = None,
) -> Sender | None:
    """Go on with the right to report (None), or where it has ended and the work is kept: then whose it is. Else 404 or
    403, as without it.

    A session that a report link opened goes on about its one obligation, as long as the session lasts; a link that has
    ended opens none.
    """
    ended_on = ask_or_ended(session, actor, what.unit_id, today, about)
    if ended_on is None:
        return None
    if not keeps(session, what, actor.user_id, ended_on, today, held_on):
        ask(session, actor, Right.REPORT, what.unit_id, today, about=about)
    return Sender(actor.user_id, ended_on)


def sender_of(session: Session, user_id: uuid.UUID, what: What, today: date) -> Sender | None:
    """The same for somebody who has no right any more and is not asking at this moment; None when it is not kept."""
    ended_on = find_reporting_end(session, user_id, what.unit_id, today)
    if ended_on is None or not keeps(session, what, user_id, ended_on, today):
        return None
    return Sender(user_id, ended_on)
