"""Answering a report, taking an answer back, and the conversation about it: the posts of the report's page."""

import uuid

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from meetingcheck.accounts.sessions import signed_in
from meetingcheck.duties.rules import Month
from meetingcheck.lib.db import db, write_transaction
from meetingcheck.lib.http.rights import needs
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.services import services
from meetingcheck.meetings.models import Meeting, MeetingVersion
from meetingcheck.meetings.reviews.actions import (
    Outcome,
    Speaker,
    add_remark,
    give_answer,
    is_of_cell,
    undo_answer,
)
from meetingcheck.meetings.reviews.forms import read_answer, read_remark
from meetingcheck.meetings.reviews.queries import find_next_waiting, find_review, may_review
from meetingcheck.meetings.reviews.rules import check_remark
from meetingcheck.meetings.show_routes import Refused, get_report, render_report
from meetingcheck.orgs.access import Right
from meetingcheck.orgs.queries import find_parent

blueprint = Blueprint("reviews", __name__)


@blueprint.post("/meetings/<uuid:meeting_id>/answer")
@needs(Right.REVIEW)
def answer(meeting_id: uuid.UUID) -> Response | tuple[str, int]:
    """Then the next report that waits comes by itself. Who was too late sees what stands now, and keeps what they
    typed."""
    actor, now = signed_in(), services().now()
    today = local_day(now)
    outcome = None
    with write_transaction() as session:
        meeting, version = get_report(session, meeting_id, Right.REVIEW, now)
        if not may_review(session, actor, meeting, today):
            abort(403)
        posted = read_answer(request.form, today)
        if posted is not None and not posted.problems:
            outcome = give_answer(session, meeting_id, posted.seen, posted.answer, actor.user_id, now)
    if posted is None:
        return render_report(meeting_id, Right.REVIEW, Refused(reason="unclear")), 422
    if outcome is None:
        return render_report(meeting_id, Right.REVIEW, Refused(posted.typed, posted.problems)), 422
    if outcome != Outcome.GIVEN:
        return render_report(meeting_id, Right.REVIEW, Refused(posted.typed, reason=outcome.value)), 409
    return redirect(_next_address(meeting, version), 303)


def _next_address(meeting: Meeting, version: MeetingVersion) -> str:
    """The next report of the same committee and month that waits; when none does, the board."""
    session, actor, today = db.session(), signed_in(), local_day(services().now())
    month = Month.of(version.held_on)
    parent = find_parent(session, meeting.unit_id, today)
    if parent is None:
        return url_for("reports.show", meeting_id=meeting.id)
    waiting = find_next_waiting(session, parent.id, month, actor.user_id, version, today)
    if waiting is not None:
        return url_for("reports.show", meeting_id=waiting)
    flash(gettext("Không còn báo cáo nào họp trong tháng %(month)s chờ đồng chí xem.", month=month.shown))
    return url_for("supervision.board", unit_id=parent.id, month=month.code)


@blueprint.post("/reviews/<uuid:review_id>/undo")
@needs(Right.REVIEW)
def undo(review_id: uuid.UUID) -> Response | tuple[str, int]:
    actor, now = signed_in(), services().now()
    with write_transaction() as session:
        review = find_review(session, review_id)
        if review is None:
            abort(404)
        meeting, _ = get_report(session, review.meeting_id, Right.REVIEW, now)
        if review.reviewer_id != actor.user_id:
            abort(403)
        undone = undo_answer(session, review_id, actor.user_id, now)
    if not undone:
        return render_report(meeting.id, Right.REVIEW, Refused(reason="too_late")), 409
    flash(gettext("Đã hoàn tác. Chi bộ không được báo về lần trả lời đó."))
    return redirect(url_for("reports.show", meeting_id=meeting.id), 303)


@blueprint.post("/meetings/<uuid:meeting_id>/remarks")
@needs(Right.TALK)
def remark(meeting_id: uuid.UUID) -> Response | tuple[str, int]:
    actor, now = signed_in(), services().now()
    typed, text = read_remark(request.form)
    problems = check_remark(text)
    with write_transaction() as session:
        meeting, _ = get_report(session, meeting_id, Right.TALK, now)
        if not problems:
            by_cell = is_of_cell(session, actor.user_id, meeting.unit_id, local_day(now))
            add_remark(session, meeting_id, text, Speaker(actor.user_id, by_cell), now)
    if problems:
        return render_report(meeting_id, Right.TALK, Refused({"text": typed}, problems)), 422
    return redirect(url_for("reports.show", meeting_id=meeting_id, _anchor="talk"), 303)
