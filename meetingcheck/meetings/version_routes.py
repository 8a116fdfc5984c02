"""What changed from one sending of a report to the next."""

import uuid

from flask import Blueprint, abort, render_template

from meetingcheck.accounts.sessions import signed_in
from meetingcheck.lib.db import db
from meetingcheck.lib.http.rights import needs
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.services import services
from meetingcheck.meetings.forms import differences, typed_from
from meetingcheck.meetings.models import MeetingState
from meetingcheck.meetings.queries import (
    find_meeting,
    find_numbered_version,
    list_version_documents,
    list_version_photos,
    said_in,
)
from meetingcheck.meetings.values import Field
from meetingcheck.orgs.access import Right, ask, has_right
from meetingcheck.orgs.queries import get_unit

blueprint = Blueprint("versions", __name__)


@blueprint.get("/meetings/<uuid:meeting_id>/versions/<int(max=99999):number>")
@needs(Right.VIEW_UNIT)
def compare(meeting_id: uuid.UUID, number: int) -> str:
    """A version beside the one before it. Names of those absent are for the cell and its direct superior only."""
    session, actor, today = db.session(), signed_in(), local_day(services().now())
    meeting = find_meeting(session, meeting_id)
    if meeting is None:
        abort(404)
    ask(session, actor, Right.VIEW_UNIT, meeting.unit_id, today)
    before, after = (
        find_numbered_version(session, meeting_id, number - 1),
        find_numbered_version(session, meeting_id, number),
    )
    if meeting.state == MeetingState.DRAFT or before is None or after is None:
        abort(404)
    sees_names = has_right(session, actor, Right.REPORT, meeting.unit_id, today) or has_right(
        session, actor, Right.REVIEW, meeting.unit_id, today
    )
    changes = differences(typed_from(said_in(before)), typed_from(said_in(after)))
    old, new = list_version_photos(session, before.id), list_version_photos(session, after.id)
    old_files, new_files = list_version_documents(session, before.id), list_version_documents(session, after.id)
    return render_template(
        "meetings/versions.html",
        meeting=meeting,
        version=after,
        unit=get_unit(session, meeting.unit_id),
        changes=[one for one in changes if sees_names or one.name != Field.ABSENT_NAMES],
        added=[photo for photo in new if photo not in old],
        removed=[photo for photo in old if photo not in new],
        added_files=[one.name for one in new_files if one not in old_files],
        removed_files=[one.name for one in old_files if one not in new_files],
    )
