"""What people hear about what they began and did not send. Callers commit."""

from datetime import datetime

from sqlalchemy.orm import Session

from meetingcheck.duties.queries import find_obligation
from meetingcheck.lib.instants import local_day
from meetingcheck.meetings.models import Meeting
from meetingcheck.messages.actions import News, tell
from meetingcheck.orgs.access import Right, person_has_right
from meetingcheck.orgs.queries import get_unit


def tell_unsent(session: Session, draft: Meeting, now: datetime) -> bool:
    """Its author hears of a draft once, if they may still report. False when there was nothing to say."""
    if not person_has_right(session, draft.author_id, Right.REPORT, draft.unit_id, local_day(now)):
        return False
    obligation = find_obligation(session, draft.obligation_id) if draft.obligation_id else None
    params = {
        "cell": get_unit(session, draft.unit_id).name,
        "period": obligation.period if obligation else None,
        "path": f"/obligations/{obligation.id}/check-in"
        if obligation
        else f"/cells/{draft.unit_id}/extra?draft={draft.client_id}",
    }
    key = f"unsent:{draft.author_id}:{draft.id}"
    return tell(session, draft.author_id, News("meetings.unsent", key, params, can_wait=True), now)
