"""Pages for putting mistakes right: void a report, have it back, move it or one of its photos."""

import uuid
from http import HTTPStatus

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from meetingcheck.accounts.sessions import signed_in
from meetingcheck.duties.models import Obligation
from meetingcheck.duties.queries import find_obligation
from meetingcheck.lib.db import db, read_transaction, write_transaction
from meetingcheck.lib.http.forms import TypedForm
from meetingcheck.lib.http.requests import form_text
from meetingcheck.lib.http.rights import needs
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.services import services
from meetingcheck.lib.text import N_
from meetingcheck.meetings.changes.actions import move_photo, move_report, restore_report, void_report
from meetingcheck.meetings.changes.queries import find_photo_of, list_free_periods, list_other_reports
from meetingcheck.meetings.forms import parse_uuid
from meetingcheck.meetings.models import ExtraKind, Meeting, MeetingState
from meetingcheck.meetings.news import tell_about_move, tell_about_restoring, tell_about_void
from meetingcheck.meetings.queries import find_meeting, find_version, list_meeting_photos, list_satisfied
from meetingcheck.orgs.access import GRANTS, Right, ask, has_right
from meetingcheck.orgs.actions import Refused
from meetingcheck.orgs.models import Unit
from meetingcheck.orgs.queries import find_unit_by_code_or_name, get_unit

blueprint = Blueprint("changes", __name__)

LONGEST_REASON = 500  # characters
EXTRA = "extra"
WHO_CHANGES = {grant.role for grant in GRANTS[Right.CHANGE_REPORT]}
REASON_WANTED = N_("Đồng chí hãy ghi lý do.")
NO_SUCH_CELL = N_("Không tìm thấy chi bộ này trong phạm vi của đồng chí. Đồng chí hãy gõ đúng tên hoặc mã.")
CHOICE_WANTED = N_("Đồng chí hãy chọn một kỳ trong danh sách.")
REPORT_WANTED = N_("Đồng chí hãy chọn một báo cáo trong danh sách.")


@blueprint.get("/meetings/<uuid:meeting_id>/void")
@needs(Right.CHANGE_REPORT)
def void(meeting_id: uuid.UUID) -> str:
    return _void_page(_asked_report(db.session(), meeting_id), {}, {})


@blueprint.post("/meetings/<uuid:meeting_id>/void")
@needs(Right.CHANGE_REPORT)
def void_submit(meeting_id: uuid.UUID) -> Response | tuple[str, int]:
    form, now = TypedForm(), services().now()
    with read_transaction() as session:
        meeting = _asked_report(session, meeting_id)
    reason = form.line("reason", LONGEST_REASON, REASON_WANTED)
    if not form.problems:
        try:
            with write_transaction() as session:
                by_cell, owed = _by_cell(session, meeting), bool(list_satisfied(session, meeting_id))
                changed = void_report(session, meeting_id, reason, signed_in().user_id, now, by_cell=by_cell)
                tell_about_void(session, changed, by_cell=by_cell, now=now)
        except Refused as refused:
            form.refuse("reason", str(refused))
    if form.problems:
        return _void_page(meeting, form.typed, form.problems), HTTPStatus.UNPROCESSABLE_ENTITY
    said = N_("Đã hủy báo cáo. Kỳ này được tính là chưa có báo cáo.") if owed else N_("Đã hủy báo cáo.")
    flash(gettext(said))
    return redirect(url_for("reports.show", meeting_id=meeting_id), 303)


@blueprint.post("/meetings/<uuid:meeting_id>/restore")
@needs(Right.CHANGE_REPORT)
def restore(meeting_id: uuid.UUID) -> Response:
    now = services().now()
    with read_transaction() as session:
        meeting = _asked_report(session, meeting_id)
    try:
        with write_transaction() as session:
            by_cell = _by_cell(session, meeting)
            restored = restore_report(session, meeting_id, signed_in().user_id, now, by_cell=by_cell)
            tell_about_restoring(session, restored, by_cell=by_cell, now=now)
        flash(gettext("Báo cáo đã được khôi phục."))
    except Refused as refused:
        flash(gettext(str(refused)))
    return redirect(url_for("reports.show", meeting_id=meeting_id), 303)


@blueprint.get("/meetings/<uuid:meeting_id>/move")
@needs(Right.CHANGE_REPORT)
def move(meeting_id: uuid.UUID) -> str | tuple[str, int]:
    """Choose the cell first, by `cell` in the address; then one of its periods without a report."""
    session = db.session()
    meeting = _asked_report(session, meeting_id)
    cell, problems = _chosen_cell(session, meeting)
    return _move_page(meeting, cell, problems)


@blueprint.post("/meetings/<uuid:meeting_id>/move")
@needs(Right.CHANGE_REPORT)
def move_submit(meeting_id: uuid.UUID) -> Response | tuple[str, int]:
    now = services().now()
    with read_transaction() as session:
        meeting = _asked_report(session, meeting_id)
        target, kind = _chosen_period(session), _chosen_kind()
        cell = get_unit(session, target.unit_id) if target else get_unit(session, meeting.unit_id)
    chosen = target is not None or kind is not None
    sentence = None if chosen else CHOICE_WANTED
    if chosen:
        try:
            with write_transaction() as session:
                from_cell, by_cell = meeting.unit_id, _by_cell(session, meeting)
                moved = move_report(
                    session,
                    meeting_id,
                    target,
                    signed_in().user_id,
                    now,
                    by_cell=by_cell,
                    extra_kind=kind,
                )
                tell_about_move(session, moved, from_cell, by_cell=by_cell, now=now)
        except Refused as refused:
            sentence = str(refused)
    if sentence:
        return _move_page(meeting, cell, {"period": [sentence]}), HTTPStatus.UNPROCESSABLE_ENTITY
    flash(gettext("Đã chuyển báo cáo."))
    return redirect(url_for("reports.show", meeting_id=meeting_id), 303)


@blueprint.get("/meetings/<uuid:meeting_id>/photos/<uuid:photo_id>/move")
@needs(Right.CHANGE_REPORT)
def move_one(meeting_id: uuid.UUID, photo_id: uuid.UUID) -> str:
    session = db.session()
    meeting = _asked_report(session, meeting_id)
    cell, problems = _chosen_cell(session, meeting)
    return _photo_page(meeting, photo_id, cell, problems)


@blueprint.post("/meetings/<uuid:meeting_id>/photos/<uuid:photo_id>/move")
@needs(Right.CHANGE_REPORT)
def move_one_submit(meeting_id: uuid.UUID, photo_id: uuid.UUID) -> Response | tuple[str, int]:
    now = services().now()
    with read_transaction() as session:
        meeting = _asked_report(session, meeting_id)
        photo = find_photo_of(session, meeting_id, photo_id)
        if photo is None:
            abort(404)
        target_id = parse_uuid(form_text("report"))
        target = _asked_report(session, target_id) if target_id and target_id != meeting_id else None
    sentence = REPORT_WANTED if target is None else None
    if target is not None:
        try:
            with write_transaction() as session:
                by_cell = _by_cell(session, meeting) or _by_cell(session, target)
                move_photo(session, photo, meeting_id, target.id, signed_in().user_id, now, by_cell=by_cell)
        except Refused as refused:
            sentence = str(refused)
    if sentence:
        cell = get_unit(db.session(), target.unit_id if target else meeting.unit_id)
        return _photo_page(meeting, photo_id, cell, {"report": [sentence]}), HTTPStatus.UNPROCESSABLE_ENTITY
    flash(gettext("Đã chuyển ảnh."))
    return redirect(url_for("reports.show", meeting_id=meeting_id), 303)


def _asked_report(session: Session, meeting_id: uuid.UUID) -> Meeting:
    """A report that was sent, with the right to change it."""
    meeting = find_meeting(session, meeting_id)
    if meeting is None or meeting.state == MeetingState.DRAFT:
        abort(404)
    ask(session, signed_in(), Right.CHANGE_REPORT, meeting.unit_id, local_day(services().now()))
    return meeting


def _by_cell(session: Session, meeting: Meeting) -> bool:
    """Whether the cell itself changes the report; again asked for, in the transaction that changes it."""
    actor, today = signed_in(), local_day(services().now())
    ask(session, actor, Right.CHANGE_REPORT, meeting.unit_id, today)
    return has_right(session, actor, Right.REPORT, meeting.unit_id, today)


def _chosen_cell(session: Session, meeting: Meeting) -> tuple[Unit, dict[str, list[str]]]:
    """The cell that was typed, if the person may change its reports too; else the report's own, with a sentence."""
    typed = request.args.get("cell", "").strip()
    own = get_unit(session, meeting.unit_id)
    if not typed:
        return own, {}
    actor, today = signed_in(), local_day(services().now())
    found = find_unit_by_code_or_name(session, typed, actor.user_id, today, WHO_CHANGES)
    if found is None or not has_right(session, actor, Right.CHANGE_REPORT, found.id, today):
        return own, {"cell": [NO_SUCH_CELL]}
    return found, {}


def _chosen_period(session: Session) -> Obligation | None:
    """The period that was chosen; the person needs the right over its cell as well."""
    obligation_id = parse_uuid(form_text("period"))
    obligation = find_obligation(session, obligation_id) if obligation_id else None
    if obligation is not None:
        ask(session, signed_in(), Right.CHANGE_REPORT, obligation.unit_id, local_day(services().now()))
    return obligation


def _chosen_kind() -> ExtraKind | None:
    """The kind of extra meeting that was chosen in place of a period."""
    _, _, kind = form_text("period").partition(f"{EXTRA}:")
    return ExtraKind(kind) if kind in set(ExtraKind) else None


def _void_page(meeting: Meeting, typed: dict[str, str], problems: dict[str, list[str]]) -> str:
    session = db.session()
    return render_template(
        "meetings/void.html",
        meeting=meeting,
        version=find_version(session, meeting),
        unit=get_unit(session, meeting.unit_id),
        typed=typed,
        problems=problems,
    )


def _move_page(meeting: Meeting, cell: Unit, problems: dict[str, list[str]]) -> str:
    session = db.session()
    return render_template(
        "meetings/move.html",
        meeting=meeting,
        version=find_version(session, meeting),
        unit=get_unit(session, meeting.unit_id),
        cell=cell,
        typed={"cell": request.args.get("cell", "")},
        periods=_offered_periods(session, meeting, cell),
        extra_kinds=[kind for kind in ExtraKind if kind != meeting.extra_kind],
        photos=[photo for photo in list_meeting_photos(session, meeting.id) if photo.published_at is not None],
        problems=problems,
    )


def _offered_periods(session: Session, meeting: Meeting, cell: Unit) -> list[Obligation]:
    version = find_version(session, meeting)
    if version is None:
        return []
    found = list_free_periods(session, cell.id, version.held_on)
    return [one for one in found if one.id != meeting.obligation_id]


def _photo_page(meeting: Meeting, photo_id: uuid.UUID, cell: Unit, problems: dict[str, list[str]]) -> str:
    session = db.session()
    photo = find_photo_of(session, meeting.id, photo_id)
    if photo is None:
        abort(404)
    return render_template(
        "meetings/move_photo.html",
        meeting=meeting,
        shot=photo,
        unit=get_unit(session, meeting.unit_id),
        cell=cell,
        typed={"cell": request.args.get("cell", "")},
        reports=list_other_reports(session, cell.id, meeting.id),
        problems=problems,
    )
