"""One button, on the page of a report and on the one that says that the period was reported meanwhile."""

import uuid

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response

from meetingcheck.accounts.sessions import signed_in
from meetingcheck.lib.db import write_transaction
from meetingcheck.lib.http.rights import needs
from meetingcheck.lib.services import services
from meetingcheck.meetings.beside.actions import take_in_beside
from meetingcheck.meetings.show_routes import get_report
from meetingcheck.orgs.access import Right

blueprint = Blueprint("beside", __name__)


@blueprint.post("/meetings/<uuid:meeting_id>/own-files")
@needs(Right.REPORT)
def take_in(meeting_id: uuid.UUID) -> Response:
    """On to the correction, where they are looked over and sent."""
    now = services().now()
    with write_transaction() as session:
        report, _ = get_report(session, meeting_id, Right.REPORT, now)
        take_in_beside(session, report.id, signed_in().user_id, now)
    return redirect(url_for("check_in.correct", meeting_id=meeting_id, _anchor="photos"), 303)
