"""The secretary's home: what do I owe, and did it arrive."""

import uuid

from flask import Blueprint, abort, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from meetingcheck.accounts.sessions import signed_in
from meetingcheck.duties.exceptions.queries import list_asked
from meetingcheck.duties.queries import find_obligation, list_owed, list_unreported
from meetingcheck.duties.rules import state_of
from meetingcheck.lib.db import db
from meetingcheck.lib.http.rights import needs
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.services import services
from meetingcheck.meetings.late_work.queries import list_waiting
from meetingcheck.meetings.models import MeetingState
from meetingcheck.meetings.queries import (
    find_reported_meeting,
    find_version,
    list_own_drafts,
    list_reported,
    list_version_documents,
    list_version_photos,
)
from meetingcheck.meetings.rules import receipt_code
from meetingcheck.meetings.tasks.queries import list_open_tasks
from meetingcheck.orgs.access import Right, ask, has_right
from meetingcheck.orgs.queries import find_unit, get_unit, list_predecessors, seen_through

blueprint = Blueprint("meetings", __name__)

PERIODS_SHOWN = 12
REPORTS_SHOWN = 12


@blueprint.get("/cells/<uuid:unit_id>/home")
@needs(Right.REPORT)
def home(unit_id: uuid.UUID) -> str | Response:
    """What was a cell's is found with the one that it was merged into."""
    session, now, actor = db.session(), services().now(), signed_in()
    unit = find_unit(session, unit_id)
    if unit is None:
        abort(404)
    ask(session, actor, Right.REPORT, unit_id, local_day(now))
    if unit.successor_id is not None:
        return redirect(url_for("meetings.home", unit_id=session.scalar(select(seen_through(unit_id)))))
    owed = [(one, state_of(one, now)) for one in list_owed(session, unit_id, now, PERIODS_SHOWN)]
    drafts = list_own_drafts(session, unit_id, actor.user_id)
    others = {draft.obligation_id for draft in drafts if draft.obligation_id} - {one.id for one, _ in owed}
    may_confirm = has_right(session, actor, Right.CONFIRM_LATE, unit_id, local_day(now))
    return render_template(
        "meetings/home.html",
        unit=unit,
        merged={one.id: one for one in list_predecessors(session, unit_id)},
        owed=owed,
        asked=list_asked(session, unit_id),
        drafts={draft.obligation_id: draft for draft in drafts if draft.obligation_id},
        other_periods=list_unreported(session, others),
        extra_drafts=[draft for draft in drafts if draft.extra_kind],
        tasks=list_open_tasks(session, unit_id),
        returned=list_reported(session, unit_id, REPORTS_SHOWN, MeetingState.RETURNED),
        reported=list_reported(session, unit_id, REPORTS_SHOWN),
        late=list_waiting(session, unit_id) if may_confirm else [],
        may_choose_reporters=has_right(session, actor, Right.CHOOSE_REPORTERS, unit_id, local_day(now)),
        today=local_day(now),
        saved=request.args.get("saved") == "1",
    )


@blueprint.get("/obligations/<uuid:obligation_id>/receipt")
@needs(Right.REPORT, by_link=True)
def receipt(obligation_id: uuid.UUID) -> str:
    """That the report arrived, and nothing of what it says."""
    session, now = db.session(), services().now()
    obligation = find_obligation(session, obligation_id)
    if obligation is None:
        abort(404)
    ask(session, signed_in(), Right.REPORT, obligation.unit_id, local_day(now), about=obligation.id)
    meeting = find_reported_meeting(session, obligation.id)
    version = find_version(session, meeting) if meeting else None
    if meeting is None or version is None:
        abort(404)
    return render_template(
        "meetings/receipt.html",
        unit=get_unit(session, obligation.unit_id),
        obligation=obligation,
        version=version,
        photos=len(list_version_photos(session, version.id)),
        documents=len(list_version_documents(session, version.id)),
        receipt=receipt_code(meeting.id),
        client_id=meeting.client_id if meeting.author_id == signed_in().user_id else None,
    )
