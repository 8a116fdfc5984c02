"""Putting mistakes right, for programs: void a report, have it back, move it or one of its photos."""

import uuid
from collections.abc import Callable
from typing import Any

from apiflask import APIBlueprint
from flask import abort
from sqlalchemy.orm import Session

from meetingcheck.accounts.sessions import signed_in
from meetingcheck.duties.models import Obligation
from meetingcheck.duties.queries import find_obligation
from meetingcheck.lib.db import write_transaction
from meetingcheck.lib.http.api_document import refusal
from meetingcheck.lib.http.api_problems import conflict, refuse_field
from meetingcheck.lib.http.api_schemas import TOO_LONG, UNSAFE
from meetingcheck.lib.http.rights import needs
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.services import services
from meetingcheck.lib.text import has_unsafe_characters, one_line
from meetingcheck.meetings.changes.actions import (
    CHANGED_MEANWHILE,
    move_photo,
    move_report,
    restore_report,
    void_report,
)
from meetingcheck.meetings.changes.queries import find_photo_of
from meetingcheck.meetings.changes.routes import LONGEST_REASON, REASON_WANTED, REPORT_WANTED
from meetingcheck.meetings.models import Meeting, MeetingState
from meetingcheck.meetings.news import tell_about_move, tell_about_restoring, tell_about_void
from meetingcheck.meetings.queries import find_meeting
from meetingcheck.meetings.schemas import Changed, Conflict, Moving, MovingPhoto, Voiding
from meetingcheck.orgs.access import Right, ask, has_right
from meetingcheck.orgs.actions import Refused

blueprint = APIBlueprint("changes_api", __name__, tag="meetings", url_prefix="/api/v1")

REFUSALS: dict[int | str, Any] = {409: refusal("Somebody changed the report meanwhile.", Conflict)}


@blueprint.post("/meetings/<uuid:meeting_id>/void")
@needs(Right.CHANGE_REPORT)
@blueprint.input(Voiding, example={"reason": "Gửi nhầm kỳ"})
@blueprint.output(Changed)
@blueprint.doc(responses=REFUSALS)
def void(meeting_id: uuid.UUID, json_data: dict[str, Any]) -> Any:
    """Let a report count for nothing any more"""
    reason, actor, now = one_line(json_data["reason"]), signed_in(), services().now()

    def change(session: Session, meeting: Meeting, by_cell: bool) -> Meeting:
        _check_reason(reason)
        changed = void_report(session, meeting.id, reason, actor.user_id, now, by_cell=by_cell)
        tell_about_void(session, changed, by_cell=by_cell, now=now)
        return changed

    return _changed(meeting_id, "reason", change)


def _check_reason(reason: str) -> None:
    for wrong, sentence in (
        (not reason, REASON_WANTED),
        (len(reason) > LONGEST_REASON, TOO_LONG),
        (has_unsafe_characters(reason), UNSAFE),
    ):
        if wrong:
            refuse_field("reason", sentence)


@blueprint.post("/meetings/<uuid:meeting_id>/restore")
@needs(Right.CHANGE_REPORT)
@blueprint.output(Changed)
@blueprint.doc(responses={**REFUSALS, 422: "Its period has another report by now."})
def restore(meeting_id: uuid.UUID) -> Any:
    """Let a void report count again, as it was sent"""
    actor, now = signed_in(), services().now()

    def change(session: Session, meeting: Meeting, by_cell: bool) -> Meeting:
        restored = restore_report(session, meeting.id, actor.user_id, now, by_cell=by_cell)
        tell_about_restoring(session, restored, by_cell=by_cell, now=now)
        return restored

    return _changed(meeting_id, "meeting_id", change)


@blueprint.post("/meetings/<uuid:meeting_id>/move")
@needs(Right.CHANGE_REPORT)
@blueprint.input(Moving, example={"obligation_id": "7c4e2f6a-9d21-5c0b-8a3f-1b2c3d4e5f60"})
@blueprint.output(Changed)
@blueprint.doc(responses=REFUSALS)
def move(meeting_id: uuid.UUID, json_data: dict[str, Any]) -> Any:
    """Let a report count for another period, of another cell perhaps, or for none

    It takes the right over both.
    """
    actor, now, target_id = signed_in(), services().now(), json_data["obligation_id"]

    def change(session: Session, meeting: Meeting, by_cell: bool) -> Meeting:
        target = _asked_target(session, target_id) if target_id else None
        from_cell = meeting.unit_id
        kind = None if target else json_data["extra_kind"]
        moved = move_report(session, meeting.id, target, actor.user_id, now, by_cell=by_cell, extra_kind=kind)
        tell_about_move(session, moved, from_cell, by_cell=by_cell, now=now)
        return moved

    return _changed(meeting_id, "obligation_id", change)


@blueprint.post("/meetings/<uuid:meeting_id>/photos/<uuid:photo_id>/move")
@needs(Right.CHANGE_REPORT)
@blueprint.input(MovingPhoto, example={"meeting_id": "7c4e2f6a-9d21-5c0b-8a3f-1b2c3d4e5f60"})
@blueprint.output(Changed)
@blueprint.doc(responses=REFUSALS)
def move_one_photo(meeting_id: uuid.UUID, photo_id: uuid.UUID, json_data: dict[str, Any]) -> Any:
    """Let a photo belong to another report, of another cell perhaps; tells that report

    It takes the right over both.
    """
    actor, now, target_id = signed_in(), services().now(), json_data["meeting_id"]

    def change(session: Session, meeting: Meeting, by_cell: bool) -> Meeting:
        photo = find_photo_of(session, meeting.id, photo_id)
        if photo is None:
            abort(404)
        if target_id == meeting.id:
            raise Refused(REPORT_WANTED)
        target = _asked_report(session, target_id)
        by_cell = by_cell or has_right(session, actor, Right.REPORT, target.unit_id, local_day(now))
        move_photo(session, photo, meeting.id, target.id, actor.user_id, now, by_cell=by_cell)
        return target

    return _changed(meeting_id, "meeting_id", change)


def _asked_target(session: Session, obligation_id: uuid.UUID) -> Obligation:
    target = find_obligation(session, obligation_id)
    if target is None:
        abort(404)
    ask(session, signed_in(), Right.CHANGE_REPORT, target.unit_id, local_day(services().now()))
    return target


def _changed(meeting_id: uuid.UUID, field: str, change: Callable[[Session, Meeting, bool], Meeting]) -> Meeting:
    """Change a report that was sent, with the right to do so; what stands in the way is said at the field."""
    actor, today = signed_in(), local_day(services().now())
    try:
        with write_transaction() as session:
            meeting = _asked_report(session, meeting_id)
            return change(session, meeting, has_right(session, actor, Right.REPORT, meeting.unit_id, today))
    except Refused as refused:
        if str(refused) == CHANGED_MEANWHILE:
            conflict("changed_meanwhile")
        refuse_field(field, str(refused))


def _asked_report(session: Session, meeting_id: uuid.UUID) -> Meeting:
    """A report that was sent, with the right to change it; else 404 or 403."""
    meeting = find_meeting(session, meeting_id)
    if meeting is None:
        abort(404)
    ask(session, signed_in(), Right.CHANGE_REPORT, meeting.unit_id, local_day(services().now()))
    if meeting.state == MeetingState.DRAFT:
        abort(404)
    return meeting
