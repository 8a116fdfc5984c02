"""The check-in: one form for a period's meeting, an extra one, a correction, and what a cell told on the telephone.

Each sending takes three steps, so that no transaction is open while files are stored: may they, store, write down.
"""

import uuid
from collections.abc import Callable, Mapping
from http import HTTPStatus

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from meetingcheck.accounts.paths import kept_by_phones
from meetingcheck.accounts.sessions import signed_in
from meetingcheck.duties.models import Obligation
from meetingcheck.duties.queries import find_obligation
from meetingcheck.lib.db import db, read_transaction, write_transaction
from meetingcheck.lib.http.requests import form_text
from meetingcheck.lib.http.rights import needs
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.services import services
from meetingcheck.meetings.actions import (
    Filed,
    Outcome,
    Sending,
    begun_by_cell,
    correct_report,
    days_for,
    file_check_in,
    file_extra,
    saved_by_link,
    saved_here,
    typed_in,
)
from meetingcheck.meetings.beside.queries import count_files_beside
from meetingcheck.meetings.form_page import FormPage, show_form
from meetingcheck.meetings.forms import as_said, differences, parse_uuid, typed_from
from meetingcheck.meetings.late_work.routes import ended_page, hold_correction, hold_extra, hold_period, own_late_page
from meetingcheck.meetings.models import CORRECTABLE, ExtraKind, Meeting, MeetingState, MeetingVersion
from meetingcheck.meetings.news import tell_about_correction, tell_about_telephone
from meetingcheck.meetings.queries import (
    find_last_version,
    find_meeting,
    find_reported_meeting,
    find_version,
    list_own_drafts,
    said_in,
)
from meetingcheck.meetings.receiving import answer_beside_page, receive
from meetingcheck.meetings.rules import meeting_id_of
from meetingcheck.meetings.show_routes import may_see_names
from meetingcheck.meetings.values import Field
from meetingcheck.orgs.access import Right, ask, has_right
from meetingcheck.orgs.queries import find_unit

blueprint = Blueprint("check_in", __name__)

# What hardly changes from one month to the next; a report link may show the first three lines only (security.md 8).
PREFILLED = (
    *(Field.BEGINS_AT, Field.ENDS_AT, Field.PLACE, Field.FORM),
    *(Field.TOTAL, Field.EXEMPT, Field.AWAY, Field.SUSPENDED),
)
SHOWN_BY_LINK = {*PREFILLED, Field.HELD_ON, Field.PRESENT, Field.ABSENT_WITHOUT_REASON, Field.ABSENT_WITH_REASON}
PREFILLED_NAMES = (Field.CHAIR, Field.MINUTE_TAKER)


@blueprint.get("/obligations/<uuid:obligation_id>/check-in")
@needs(Right.REPORT, by_link=True)
@kept_by_phones
def check_in(obligation_id: uuid.UUID) -> str | Response | tuple[str, int]:
    ended = own_late_page(obligation_id) or ended_page(obligation_id)
    return ended or _open_period(_asked_obligation(obligation_id, Right.REPORT), by_telephone=False)


@blueprint.post("/obligations/<uuid:obligation_id>/check-in")
@needs(Right.REPORT, by_link=True)
def check_in_submit(obligation_id: uuid.UUID) -> Response | tuple[str, int]:
    late = hold_period(obligation_id)
    return late or _file_period(obligation_id, Right.REPORT)


@blueprint.get("/obligations/<uuid:obligation_id>/told")
@needs(Right.FILE_FOR)
def told(obligation_id: uuid.UUID) -> str | Response:
    """Somebody of the committee files what the cell told on the telephone."""
    return _open_period(_asked_obligation(obligation_id, Right.FILE_FOR), by_telephone=True)


@blueprint.post("/obligations/<uuid:obligation_id>/told")
@needs(Right.FILE_FOR)
def told_submit(obligation_id: uuid.UUID) -> Response | tuple[str, int]:
    return _file_period(obligation_id, Right.FILE_FOR)


@blueprint.get("/cells/<uuid:unit_id>/extra")
@needs(Right.REPORT)
@kept_by_phones
def extra(unit_id: uuid.UUID) -> str | Response:
    """An extra meeting; `draft` in the address is the phone's own id of one that was begun."""
    session, actor, now = db.session(), signed_in(), services().now()
    if find_unit(session, unit_id) is None:
        abort(404)
    ask(session, actor, Right.REPORT, unit_id, local_day(now))
    client_id = parse_uuid(request.args.get("draft", ""))
    found = find_meeting(session, meeting_id_of(unit_id, actor.user_id, client_id)) if client_id else None
    if found is not None and found.unit_id != unit_id:
        found = client_id = None  # it stands in another cell now
    if found is not None and found.state != MeetingState.DRAFT:
        return redirect(url_for("reports.show", meeting_id=found.id))
    typed = typed_in(found) if found else _prefill(find_last_version(session, unit_id))
    kind = found.extra_kind if found and found.extra_kind else ExtraKind.UNSCHEDULED
    return show_form(FormPage.of_extra(session, unit_id, kind, found, now), client_id or uuid.uuid4(), typed, [])


@blueprint.post("/cells/<uuid:unit_id>/extra")
@needs(Right.REPORT)
def extra_submit(unit_id: uuid.UUID) -> Response | tuple[str, int]:
    late = hold_extra(unit_id)
    return late or _file_extra(unit_id)


def _file_extra(unit_id: uuid.UUID) -> Response | tuple[str, int]:
    actor, now, client_id = signed_in(), services().now(), _client_id()
    kind = form_text("extra_kind")
    with read_transaction() as session:
        if find_unit(session, unit_id) is None:
            abort(404)
        ask(session, actor, Right.REPORT, unit_id, local_day(now))
    if kind not in set(ExtraKind):
        abort(400)
    sending = receive(meeting_id_of(unit_id, actor.user_id, client_id), client_id)
    with write_transaction() as session:
        ask(session, actor, Right.REPORT, unit_id, local_day(now))
        filed = file_extra(session, unit_id, ExtraKind(kind), sending, actor.user_id, services().now())

    def page(found: Meeting) -> FormPage:
        return FormPage.of_extra(db.session(), unit_id, ExtraKind(kind), found, now)

    return _answer(filed, sending, page)


@blueprint.get("/meetings/<uuid:meeting_id>/correct")
@needs(Right.REPORT)
@kept_by_phones
def correct(meeting_id: uuid.UUID) -> str | Response:
    return _open_correction(meeting_id, Right.REPORT)


@blueprint.post("/meetings/<uuid:meeting_id>/correct")
@needs(Right.REPORT)
def correct_submit(meeting_id: uuid.UUID) -> Response | tuple[str, int]:
    late = hold_correction(meeting_id)
    return late or _file_correction(meeting_id, Right.REPORT)


@blueprint.get("/meetings/<uuid:meeting_id>/told-again")
@needs(Right.FILE_FOR)
def correct_told(meeting_id: uuid.UUID) -> str | Response:
    """What somebody of the committee filed for a cell can be corrected by the committee, until the cell takes over."""
    return _open_correction(meeting_id, Right.FILE_FOR)


@blueprint.post("/meetings/<uuid:meeting_id>/told-again")
@needs(Right.FILE_FOR)
def correct_told_submit(meeting_id: uuid.UUID) -> Response | tuple[str, int]:
    return _file_correction(meeting_id, Right.FILE_FOR)


def _open_correction(meeting_id: uuid.UUID, right: Right) -> str | Response:
    session, now = db.session(), services().now()
    meeting, version = _asked_report(session, meeting_id, right)
    if meeting.state not in CORRECTABLE:
        return redirect(url_for("reports.show", meeting_id=meeting.id))
    if right == Right.FILE_FOR and begun_by_cell(session, meeting):
        flash(gettext("Chi bộ đang tự sửa báo cáo này. Đồng chí chờ chi bộ gửi bản sửa."))
        return redirect(url_for("reports.show", meeting_id=meeting.id))
    typed = dict(_without_names(typed_in(meeting) or typed_from(said_in(version)), meeting))
    page = FormPage.of_correction(session, meeting, now, by_telephone=right == Right.FILE_FOR)
    return show_form(page, meeting.client_id, typed, [])


def _file_correction(meeting_id: uuid.UUID, right: Right) -> Response | tuple[str, int]:
    actor, now, by_telephone = signed_in(), services().now(), right == Right.FILE_FOR
    with read_transaction() as session:
        meeting, _ = _asked_report(session, meeting_id, right)
    sending = receive(meeting.id, meeting.client_id, by_telephone=by_telephone)
    with write_transaction() as session:
        _asked_report(session, meeting_id, right)
        filed = correct_report(session, meeting.id, sending, actor.user_id, services().now())
        if filed.outcome == Outcome.FILED and by_telephone:
            tell_about_telephone(session, meeting.id, services().now())
        elif filed.outcome == Outcome.FILED and meeting.state == MeetingState.RETURNED:
            tell_about_correction(session, meeting.id, meeting.version, services().now())

    def page(found: Meeting) -> FormPage:
        return FormPage.of_correction(db.session(), found, now, by_telephone=by_telephone)

    return _answer(filed, sending, page)


def _asked_report(session: Session, meeting_id: uuid.UUID, right: Right) -> tuple[Meeting, MeetingVersion]:
    """A report that was sent, for who may correct it: its cell, or the committee while it says what the cell told."""
    meeting = find_meeting(session, meeting_id)
    version = find_version(session, meeting) if meeting else None
    if meeting is None or version is None:
        abort(404)
    ask(session, signed_in(), right, meeting.unit_id, local_day(services().now()))
    if right == Right.FILE_FOR and version.told_by is None:
        abort(404)
    return meeting, version


def _client_id() -> uuid.UUID:
    client_id = parse_uuid(form_text("client_id"))
    if client_id is None:
        abort(400)
    return client_id


def _asked_obligation(obligation_id: uuid.UUID, right: Right) -> Obligation:
    session = db.session()
    obligation = find_obligation(session, obligation_id)
    if obligation is None:
        abort(404)
    ask(session, signed_in(), right, obligation.unit_id, local_day(services().now()), about=obligation.id)
    return obligation


def _open_period(obligation: Obligation, *, by_telephone: bool) -> str | Response:
    session, now, actor = db.session(), services().now(), signed_in()
    reported = find_reported_meeting(session, obligation.id)
    if reported is not None:
        return redirect(_after_sending(reported.id, obligation.id))
    drafts = list_own_drafts(session, obligation.unit_id, actor.user_id, obligation.id)
    named = parse_uuid(request.args.get("draft", ""))
    draft = _chosen_draft(drafts, named)
    typed = typed_in(draft) if draft else _prefill(find_last_version(session, obligation.unit_id))
    if draft is not None and actor.limited_to is not None and not saved_here(draft, actor.session_id):
        # Who came by a link alone sees no text that was written elsewhere, and cannot write over it either.
        typed, draft = {name: text for name, text in typed.items() if name in SHOWN_BY_LINK}, None
    page = FormPage.of_period(session, obligation, draft, now, by_telephone=by_telephone)
    others = [one for one in drafts if one is not draft] if actor.limited_to is None else []
    return show_form(page, draft.client_id if draft else named or uuid.uuid4(), typed, [], others)


def _chosen_draft(drafts: list[Meeting], named: uuid.UUID | None) -> Meeting | None:
    """The draft that the address names, begun here or only on the phone yet; else the one that this browser saved, else
    the latest."""
    if named is not None:
        return next((one for one in drafts if one.client_id == named), None)
    here = signed_in().session_id
    return next((one for one in drafts if saved_here(one, here)), next(iter(drafts), None))


def _file_period(obligation_id: uuid.UUID, right: Right) -> Response | tuple[str, int]:
    now, actor, client_id = services().now(), signed_in(), _client_id()
    by_telephone = right == Right.FILE_FOR
    with read_transaction() as session:
        obligation = find_obligation(session, obligation_id)
        if obligation is None:
            abort(404)
        ask(session, actor, right, obligation.unit_id, local_day(now), about=obligation.id)
        client_id = _writable(session, obligation.unit_id, client_id)
    meeting_id = meeting_id_of(obligation.unit_id, actor.user_id, client_id)
    sending = receive(meeting_id, client_id, by_telephone=by_telephone)
    with write_transaction() as session:
        ask(session, actor, right, obligation.unit_id, local_day(now), about=obligation.id)
        filed = file_check_in(session, obligation_id, sending, actor.user_id, services().now())
        if by_telephone and filed.outcome == Outcome.FILED:
            tell_about_telephone(session, filed.meeting_id, services().now())

    def page(found: Meeting) -> FormPage:
        return FormPage.of_period(db.session(), obligation, found, now, by_telephone=by_telephone)

    return _answer(filed, sending, page, obligation)


def _writable(session: Session, unit_id: uuid.UUID, client_id: uuid.UUID) -> uuid.UUID:
    """The report's UUID; for who came by a link and names a draft that was written elsewhere, one of their own: what
    they cannot see they cannot write over. A draft that a link wrote goes on by any link: its UUID is known to that
    phone alone."""
    actor = signed_in()
    found = find_meeting(session, meeting_id_of(unit_id, actor.user_id, client_id))
    if actor.limited_to is None or found is None or found.state != MeetingState.DRAFT:
        return client_id
    if saved_by_link(found) or not typed_in(found):  # no words yet: the phone's photos came first
        return client_id
    return uuid.uuid5(client_id, str(actor.session_id))


def _answer(
    filed: Filed,
    sending: Sending,
    page_of: Callable[[Meeting], FormPage],
    obligation: Obligation | None = None,
) -> Response | tuple[str, int]:
    if filed.outcome == Outcome.FILED:
        return redirect(_after_sending(filed.meeting_id, obligation.id if obligation else None, sent=1), 303)
    meeting = find_meeting(db.session(), filed.meeting_id)
    if meeting is None:
        abort(404)
    if filed.outcome == Outcome.MOVED:
        return _moved(sending, obligation), HTTPStatus.CONFLICT
    if filed.outcome == Outcome.UNCHANGED:
        return show_form(page_of(meeting), sending.client_id, dict(sending.typed), [], unchanged=True), 422
    if filed.outcome == Outcome.SAVED:
        return answer_beside_page(meeting.revision) or redirect(_back_to_form(meeting, sending), 303)
    if filed.outcome == Outcome.INCOMPLETE:
        page = page_of(meeting)
        return show_form(page, sending.client_id, dict(sending.typed), filed.problems), HTTPStatus.UNPROCESSABLE_ENTITY
    return _conflict(filed, meeting, sending, obligation), HTTPStatus.CONFLICT


def _back_to_form(meeting: Meeting, sending: Sending) -> str:
    """The form that was sent, at its photos when those were rearranged."""
    anchor = "photos" if sending.arrange else "saved"
    if meeting.state != MeetingState.DRAFT:
        correction = "check_in.correct_told" if sending.by_telephone else "check_in.correct"
        return url_for(correction, meeting_id=meeting.id, saved=1, _anchor=anchor)
    if meeting.obligation_id is None:
        return url_for("check_in.extra", unit_id=meeting.unit_id, draft=meeting.client_id, saved=1, _anchor=anchor)
    endpoint = "check_in.told" if sending.by_telephone else "check_in.check_in"
    return url_for(endpoint, obligation_id=meeting.obligation_id, saved=1, _anchor=anchor)


def _conflict(filed: Filed, meeting: Meeting, sending: Sending, obligation: Obligation | None) -> str:
    """What stands there and what was sent, side by side; nothing was overwritten."""
    version = find_version(db.session(), meeting)
    if filed.outcome == Outcome.CHANGED_MEANWHILE:
        theirs: Mapping[str, str] = typed_in(meeting) or (typed_from(said_in(version)) if version else {})
    else:
        theirs = typed_from(said_in(version)) if version else {}
    limited = signed_in().limited_to is not None
    today = local_day(services().now())
    own_cell = has_right(db.session(), signed_in(), Right.REPORT, meeting.unit_id, today)
    theirs = _without_names(theirs, meeting)
    within = days_for(obligation) if obligation else None
    return render_template(
        "meetings/conflict.html",
        outcome=filed.outcome,
        meeting=meeting,
        own=meeting.author_id == signed_in().user_id,
        correctable=meeting.state in CORRECTABLE and not limited and own_cell,
        files=len(sending.photos) + len(sending.documents),
        beside=_count_beside(filed, meeting),
        mine=dict(sending.typed),
        compared=not limited,
        changes=differences({} if limited else as_said(theirs, within), as_said(sending.typed, within)),
        obligation=obligation,
    )


def _without_names(said: Mapping[str, str], meeting: Meeting) -> Mapping[str, str]:
    if may_see_names(db.session(), meeting.unit_id):
        return said
    return {name: text for name, text in said.items() if name != Field.ABSENT_NAMES}


def _moved(sending: Sending, obligation: Obligation | None) -> str:
    """What was sent, and nothing of what stands in the other cell by now."""
    within = days_for(obligation) if obligation else None
    return render_template(
        "meetings/moved_away.html",
        files=len(sending.photos) + len(sending.documents),
        said=differences({}, as_said(sending.typed, within)),
    )


def _count_beside(filed: Filed, report: Meeting) -> int:
    actor = signed_in()
    if filed.outcome != Outcome.REPORTED_ALREADY or report.state not in CORRECTABLE or actor.limited_to is not None:
        return 0
    return count_files_beside(db.session(), report.id, actor.user_id)


def _after_sending(meeting_id: uuid.UUID, obligation_id: uuid.UUID | None, sent: int | None = None) -> str:
    """Where the receipt stands: on the report's page; for whoever came by a report link, on one without the rest."""
    if signed_in().limited_to is not None and obligation_id is not None:
        return url_for("meetings.receipt", obligation_id=obligation_id)
    return url_for("reports.show", meeting_id=meeting_id, sent=sent)


def _prefill(last: MeetingVersion | None) -> dict[str, str]:
    """What rarely changes from month to month; the rest is asked each time."""
    if last is None:
        return {}
    names = PREFILLED if signed_in().limited_to is not None else (*PREFILLED, *PREFILLED_NAMES)
    typed = typed_from(said_in(last))
    return {name.value: typed[name] for name in names if name in typed}
