"""The page of a report: what was said, its photos, what the committee answered, and what both sides said about it."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, render_template, request
from sqlalchemy.orm import Session

from meetingcheck.accounts.queries import get_user
from meetingcheck.accounts.sessions import signed_in
from meetingcheck.duties.queries import REGULAR, find_obligation
from meetingcheck.duties.rules import Month, state_of
from meetingcheck.lib.db import db
from meetingcheck.lib.http.rights import needs
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.services import services
from meetingcheck.meetings.actions import expected_of
from meetingcheck.meetings.beside.queries import count_files_beside, list_drafts_beside
from meetingcheck.meetings.models import CORRECTABLE, Meeting, MeetingState, MeetingVersion
from meetingcheck.meetings.queries import (
    count_withdrawn_photos,
    evidence_of,
    find_meeting,
    find_version,
    list_version_documents,
    list_version_photos,
    list_versions,
    said_in,
)
from meetingcheck.meetings.reviews.queries import (
    SENT,
    count_answered,
    find_mark,
    find_next_waiting,
    find_undoable,
    list_reviews,
    load_talk,
    may_review,
)
from meetingcheck.meetings.reviews.rules import Sentences, default_answer_by, undo_until
from meetingcheck.meetings.rules import absent_with_reason_of, attendance_tenths, hints, minutes_between, receipt_code
from meetingcheck.meetings.tasks.queries import list_answered_in, list_tasks_of
from meetingcheck.orgs.access import Right, ask, has_right
from meetingcheck.orgs.queries import find_parent, get_unit
from meetingcheck.photos.models import PhotoState, Purpose

blueprint = Blueprint("reports", __name__)


@dataclass(frozen=True)
class Refused:
    """Why a posted form was not taken: what was typed, sentences for its fields, or a reason that the page explains."""

    typed: dict[str, str] = field(default_factory=dict)
    problems: Sentences = field(default_factory=dict)
    reason: str | None = None


@blueprint.get("/meetings/<uuid:meeting_id>")
@needs(Right.VIEW_UNIT)
def show(meeting_id: uuid.UUID) -> str:
    return render_report(meeting_id, Right.VIEW_UNIT)


def get_report(session: Session, meeting_id: uuid.UUID, right: Right, now: datetime) -> tuple[Meeting, MeetingVersion]:
    """A report that was sent, with its latest version, for somebody who has the right about its cell; else 404 or 403.

    What was begun and not sent is shown in its form, to its cell only.
    """
    meeting = find_meeting(session, meeting_id)
    if meeting is None:
        abort(404)
    ask(session, signed_in(), right, meeting.unit_id, local_day(now))
    version = find_version(session, meeting)
    if meeting.state == MeetingState.DRAFT or version is None:
        abort(404)
    return meeting, version


def render_report(meeting_id: uuid.UUID, right: Right, refused: Refused | None = None) -> str:
    """The page of a report as it stands now; with what was typed when a form on it was refused."""
    session, now = db.session(), services().now()
    meeting, version = get_report(session, meeting_id, right, now)
    return render_template(
        "meetings/show.html",
        meeting=meeting,
        version=version,
        refused=refused or Refused(),
        **_facts(session, meeting, version, now),
        **_details(session, meeting, version, now),
        **_photos(session, version),
        **_reviewing(session, meeting, version, now),
        **_talking(session, meeting, now),
    )


def _facts(session: Session, meeting: Meeting, version: MeetingVersion, now: datetime) -> dict[str, Any]:
    today, actor = local_day(now), signed_in()
    obligation = find_obligation(session, meeting.obligation_id) if meeting.obligation_id else None
    parent = find_parent(session, meeting.unit_id, today)
    evidence = evidence_of(list_version_photos(session, version.id), list_version_documents(session, version.id))
    expected = expected_of(session, obligation, version.held_on) if obligation else None
    return {
        "obligation": obligation,
        "state": state_of(obligation, now) if obligation else None,
        # A quarter is no month: its thematic meeting is found on the board of the month in which it was held.
        "month": Month.of(obligation.period_from) if obligation and obligation.series == REGULAR else None,
        "held_in": Month.of(version.held_on),
        "unit": get_unit(session, meeting.unit_id),
        "parent": parent,
        "may_view_board": parent is not None and has_right(session, actor, Right.VIEW_BOARD, parent.id, today),
        "minutes": minutes_between(version.begins_at, version.ends_at),
        "attendance_tenths": attendance_tenths(version.present, version.base),
        "hints": hints(said_in(version), evidence, expected) if expected else [],
        "receipt": receipt_code(meeting.id),
        "just_sent": _just_sent(),
        "own_cell": has_right(session, actor, Right.REPORT, meeting.unit_id, today),
    }


def _just_sent() -> bool:
    return request.args.get("sent") == "1"


def _details(session: Session, meeting: Meeting, version: MeetingVersion, now: datetime) -> dict[str, Any]:
    """The folded part of the check-in, files and versions, and what may be put right by whom."""
    actor, today, said = signed_in(), local_day(now), said_in(version)
    own_cell = has_right(session, actor, Right.REPORT, meeting.unit_id, today)
    may_correct = own_cell and meeting.state in CORRECTABLE
    return {
        "said": said,
        "absent_with_reason": absent_with_reason_of(said),
        "may_see_names": may_see_names(session, meeting.unit_id),
        "filer": get_user(session, version.submitted_by).name,
        "given": list_tasks_of(session, meeting.id),
        "answered": list_answered_in(session, meeting.id),
        "documents": list_version_documents(session, version.id),
        "versions": list_versions(session, meeting.id),
        "may_correct": may_correct,
        "beside": count_files_beside(session, meeting.id, actor.user_id) if may_correct else 0,
        # Whoever has sent this report themselves by now needs the words on their phone no longer.
        "drafts_beside": list_drafts_beside(session, meeting.id, actor.user_id) if own_cell and _just_sent() else [],
        "may_correct_told": version.told_by is not None
        and meeting.state in CORRECTABLE
        and has_right(session, actor, Right.FILE_FOR, meeting.unit_id, today),
        "may_change": has_right(session, actor, Right.CHANGE_REPORT, meeting.unit_id, today)
        and not (own_cell and meeting.state == MeetingState.ACCEPTED),
    }


def may_see_names(session: Session, unit_id: uuid.UUID) -> bool:
    """Names of those absent are for the cell and its direct superior only (product.md, "Rules")."""
    actor, today = signed_in(), local_day(services().now())
    return any(has_right(session, actor, right, unit_id, today) for right in (Right.REPORT, Right.REVIEW))


def _photos(session: Session, version: MeetingVersion) -> dict[str, Any]:
    """Overviews first: whoever looks wants to see the meeting before its papers; each kind in its own order."""
    photos = sorted(list_version_photos(session, version.id), key=lambda one: one.purpose != Purpose.OVERVIEW)
    return {
        "photos": photos,
        "unreadable": sum(photo.state == PhotoState.UNREADABLE for photo in photos),
        "withdrawn": count_withdrawn_photos(session, version.id),
    }


def _reviewing(session: Session, meeting: Meeting, version: MeetingVersion, now: datetime) -> dict[str, Any]:
    """What was answered; for who may answer, also how far the month is and what comes next."""
    today, actor = local_day(now), signed_in()
    reviews = list_reviews(session, meeting.id)
    undoable = find_undoable(session, actor.user_id, now)
    values = {
        "reviews": reviews,
        "undoable": undoable,
        "undo_until": undo_until(undoable.review.at) if undoable else None,
        "may_answer": meeting.state in SENT and may_review(session, actor, meeting, today),
    }
    parent = find_parent(session, meeting.unit_id, today)
    if not values["may_answer"] or parent is None:
        return values
    month = Month.of(version.held_on)
    return {
        **values,
        "last_answer": reviews[-1][0] if reviews else None,
        "answer_by": default_answer_by(today),
        "mark": find_mark(session, meeting, actor.user_id),
        "progress": count_answered(session, parent.id, month, today),
        "next_waiting": find_next_waiting(session, parent.id, month, actor.user_id, version, today),
    }


def _talking(session: Session, meeting: Meeting, now: datetime) -> dict[str, Any]:
    return {
        "talk": load_talk(session, meeting.id),
        "may_talk": has_right(session, signed_in(), Right.TALK, meeting.unit_id, local_day(now)),
    }
