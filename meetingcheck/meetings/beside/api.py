"""The same button for programs."""

import uuid
from typing import Any

from apiflask import APIBlueprint

from meetingcheck.accounts.sessions import signed_in
from meetingcheck.lib.db import write_transaction
from meetingcheck.lib.http.rights import needs
from meetingcheck.lib.services import services
from meetingcheck.meetings.beside.actions import take_in_beside
from meetingcheck.meetings.schemas import TakenIn
from meetingcheck.meetings.show_routes import get_report
from meetingcheck.orgs.access import Right

blueprint = APIBlueprint("beside_api", __name__, tag="meetings", url_prefix="/api/v1")


@blueprint.post("/meetings/<uuid:meeting_id>/own-files")
@needs(Right.REPORT)
@blueprint.output(TakenIn)
def take_in(meeting_id: uuid.UUID) -> dict[str, Any]:
    """Let a colleague's report take in what oneself sent for the same period

    They belong to the report's next version: send a correction to show them.
    """
    now = services().now()
    with write_transaction() as session:
        report, _ = get_report(session, meeting_id, Right.REPORT, now)
        files = take_in_beside(session, report.id, signed_in().user_id, now)
        return {"meeting_id": report.id, "revision": report.revision, "files": files}
