"""Filing a check-in, an extra meeting, what a cell told on the telephone, and a correction, for programs.

A body becomes the same `CheckIn` as the form, and goes the same way from there.
"""

import uuid
from collections.abc import Callable
from typing import Any

from apiflask import APIBlueprint
from flask import Response, abort

from meetingcheck.accounts.sessions import signed_in
from meetingcheck.duties.queries import find_obligation
from meetingcheck.lib.db import db, write_transaction
from meetingcheck.lib.http.api_document import refusal
from meetingcheck.lib.http.api_problems import conflict, problems_response
from meetingcheck.lib.http.rights import needs
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.services import services
from meetingcheck.meetings.actions import (
    Filed,
    Outcome,
    Sending,
    correct_report,
    file_check_in,
    file_extra,
    typed_in,
)
from meetingcheck.meetings.forms import parse_check_in, typed_from
from meetingcheck.meetings.models import Meeting, MeetingState
from meetingcheck.meetings.news import tell_about_correction, tell_about_telephone
from meetingcheck.meetings.queries import find_meeting, find_version, said_in
from meetingcheck.meetings.rules import receipt_code
from meetingcheck.meetings.schemas import (
    CheckInBody,
    Correction,
    ExtraFiling,
    FiledTold,
    Filing,
    FilingConflict,
    FilingProblems,
    check_in_from,
    check_in_told,
)
from meetingcheck.meetings.show_routes import may_see_names
from meetingcheck.meetings.values import CheckIn
from meetingcheck.orgs.access import Right, ask
from meetingcheck.orgs.queries import find_unit

blueprint = APIBlueprint("check_in_api", __name__, tag="check-in", url_prefix="/api/v1")

CHECK_IN = {
    "held_on": "2026-11-03",
    "begins_at": "19:30",
    "ends_at": "21:15",
    "total": 23,
    "present": 21,
    "absent_without_reason": 0,
    "minutes_text": "Chi bộ thống nhất kết luận.",
    "resolution_made": True,
}
EXAMPLE = {"client_id": "5f0d1c1e-6a0b-4a53-9a6e-0d5f3a2b7c11", "check_in": CHECK_IN}
REFUSALS: dict[int | str, Any] = {
    409: refusal("Something else stands there; nothing was overwritten.", FilingConflict),
    422: refusal("A sentence for each field. The draft is kept when the body could be read.", FilingProblems),
}


@blueprint.post("/obligations/<uuid:obligation_id>/check-in")
@needs(Right.REPORT)
@blueprint.input(Filing, example=EXAMPLE)
@blueprint.output(FiledTold)
@blueprint.doc(responses=REFUSALS)
def check_in(obligation_id: uuid.UUID, json_data: dict[str, Any]) -> Any:
    """File the report of a period

    Photos and documents are sent before, under the same `client_id`.
    """
    return _file_period(obligation_id, Right.REPORT, json_data)


@blueprint.post("/obligations/<uuid:obligation_id>/told")
@needs(Right.FILE_FOR)
@blueprint.input(Filing, example={**EXAMPLE, "check_in": {**CHECK_IN, "told_by": "Nguyễn Văn An"}})
@blueprint.output(FiledTold)
@blueprint.doc(responses=REFUSALS)
def told(obligation_id: uuid.UUID, json_data: dict[str, Any]) -> Any:
    """File what the cell told on the telephone

    `told_by` names who called. Photos and minutes may follow later.
    """
    return _file_period(obligation_id, Right.FILE_FOR, json_data)


def _file_period(obligation_id: uuid.UUID, right: Right, body: dict[str, Any]) -> Any:
    actor, now, by_telephone = signed_in(), services().now(), right == Right.FILE_FOR
    sending = _sending(body, body["client_id"], by_telephone=by_telephone)
    with write_transaction() as session:
        obligation = find_obligation(session, obligation_id)
        if obligation is None:
            abort(404)
        ask(session, actor, right, obligation.unit_id, local_day(now))
        filed = file_check_in(session, obligation_id, sending, actor.user_id, now)
        if by_telephone and filed.outcome == Outcome.FILED:
            tell_about_telephone(session, filed.meeting_id, now)
    return _answer(filed, sending)


@blueprint.post("/cells/<uuid:unit_id>/extra-meetings")
@needs(Right.REPORT)
@blueprint.input(ExtraFiling, example={**EXAMPLE, "extra_kind": "unscheduled"})
@blueprint.output(FiledTold)
@blueprint.doc(responses=REFUSALS)
def extra(unit_id: uuid.UUID, json_data: dict[str, Any]) -> Any:
    """File a meeting that no period asks for"""
    actor, now = signed_in(), services().now()
    sending = _sending(json_data, json_data["client_id"])
    with write_transaction() as session:
        if find_unit(session, unit_id) is None:
            abort(404)
        ask(session, actor, Right.REPORT, unit_id, local_day(now))
        filed = file_extra(session, unit_id, json_data["extra_kind"], sending, actor.user_id, now)
    return _answer(filed, sending)


@blueprint.put("/meetings/<uuid:meeting_id>")
@needs(Right.REPORT)
@blueprint.input(Correction, example={"revision": 2, "check_in": {**CHECK_IN, "present": 20}})
@blueprint.output(FiledTold)
@blueprint.doc(responses=REFUSALS)
def correct(meeting_id: uuid.UUID, json_data: dict[str, Any]) -> Any:
    """Send a further version of a report that is not accepted yet"""
    return _correct(meeting_id, Right.REPORT, json_data)


@blueprint.put("/meetings/<uuid:meeting_id>/told")
@needs(Right.FILE_FOR)
@blueprint.input(Correction, example={"revision": 1, "check_in": {**CHECK_IN, "told_by": "Nguyễn Văn An"}})
@blueprint.output(FiledTold)
@blueprint.doc(responses=REFUSALS)
def told_again(meeting_id: uuid.UUID, json_data: dict[str, Any]) -> Any:
    """Correct what was filed for a cell that telephoned, until the cell takes over"""
    return _correct(meeting_id, Right.FILE_FOR, json_data)


def _correct(meeting_id: uuid.UUID, right: Right, body: dict[str, Any]) -> Any:
    actor, now, by_telephone = signed_in(), services().now(), right == Right.FILE_FOR
    with write_transaction() as session:
        meeting = find_meeting(session, meeting_id)
        if meeting is None:
            abort(404)
        ask(session, actor, right, meeting.unit_id, local_day(now))
        version = find_version(session, meeting)
        if version is None or (by_telephone and version.told_by is None):
            abort(404)
        before, returned = meeting.version, meeting.state == MeetingState.RETURNED
        sending = _sending(body, meeting.client_id, by_telephone=by_telephone)
        filed = correct_report(session, meeting_id, sending, actor.user_id, now)
        if by_telephone and filed.outcome == Outcome.FILED:
            tell_about_telephone(session, meeting_id, now)
        elif returned and filed.outcome == Outcome.FILED:
            tell_about_correction(session, meeting_id, before, now)
    return _answer(filed, sending)


def _sending(body: dict[str, Any], client_id: uuid.UUID, *, by_telephone: bool = False) -> Sending:
    return Sending(
        client_id=client_id,
        typed=typed_from(check_in_from(body["check_in"])),
        photos=(),
        revision=body["revision"],
        session_id=signed_in().session_id,
        keep_as_draft=not body["send"],
        by_telephone=by_telephone,
    )


def _answer(filed: Filed, sending: Sending) -> Response | dict[str, Any]:
    session = db.session()
    meeting = find_meeting(session, filed.meeting_id)
    if meeting is None:
        abort(404)
    facts: dict[str, Any] = {"meeting_id": meeting.id, "revision": meeting.revision}
    if filed.outcome in {Outcome.FILED, Outcome.SAVED, Outcome.UNCHANGED}:
        receipt = receipt_code(meeting.id) if meeting.version else None
        told = {"outcome": filed.outcome.value, "state": meeting.state, "version": meeting.version, "receipt": receipt}
        return {**facts, **told}
    if filed.outcome == Outcome.INCOMPLETE:
        return problems_response([(one.field, one.sentence) for one in filed.problems], **facts)
    if filed.outcome == Outcome.MOVED:
        mine = _told(parse_check_in(sending.typed), with_names=True)
        return conflict(filed.outcome.value, **facts, mine=mine, theirs=None)
    with_names = may_see_names(session, meeting.unit_id)
    theirs = parse_check_in(typed_in(meeting)) if filed.outcome == Outcome.CHANGED_MEANWHILE else None
    version = find_version(session, meeting)
    if version is not None and (theirs is None or not typed_in(meeting)):
        theirs = said_in(version)
    return conflict(
        filed.outcome.value,
        **facts,
        mine=_told(parse_check_in(sending.typed), with_names=True),
        theirs=_told(theirs, with_names=with_names) if theirs is not None else None,
    )


def _told(check_in: CheckIn, *, with_names: bool) -> Any:
    tell: Callable[[Any], Any] = CheckInBody().dump
    return tell(check_in_told(check_in, with_names=with_names))


def draft_told(meeting: Meeting) -> dict[str, Any]:
    said = parse_check_in(typed_in(meeting))
    return {
        "meeting_id": meeting.id,
        "client_id": meeting.client_id,
        "revision": meeting.revision,
        "check_in": check_in_told(said, with_names=True),
    }
