"""Taking what lies beside a report into it. Callers commit."""

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from meetingcheck.meetings.actions import lock_report
from meetingcheck.meetings.beside.queries import count_files_beside, list_drafts_beside
from meetingcheck.meetings.drafts.actions import pass_files
from meetingcheck.meetings.models import CORRECTABLE
from meetingcheck.record.actions import Fact, append


def take_in_beside(session: Session, report_id: uuid.UUID, author_id: uuid.UUID, now: datetime) -> int:
    """Let this person's files that lie beside a report belong to it, for its next version; how many they are.

    The words of the drafts stay where they are: should the report be void one day, they can be gone on with. Repeating
    it changes nothing; nor does it when the report was accepted or is void.
    """
    _, report = lock_report(session, report_id)
    files = count_files_beside(session, report.id, author_id)
    if report.state not in CORRECTABLE or files == 0:
        return 0
    for draft in list_drafts_beside(session, report.id, author_id):
        pass_files(session, draft, report)
    append(session, now, Fact("files_taken_in", "meeting", report.id, author_id, {"files": files}))
    return files
