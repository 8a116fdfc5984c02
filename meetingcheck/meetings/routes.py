"""The secretary's pages: what do I owe, the check-in, and did it arrive."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from meetingcheck.accounts.sessions import signed_in
from meetingcheck.duties.models import Obligation
from meetingcheck.duties.queries import find_obligation, list_owed
from meetingcheck.duties.rules import Month, state_of
from meetingcheck.lib.db import db, read_transaction, write_transaction
from meetingcheck.lib.http.requests import form_text
from meetingcheck.lib.http.rights import needs
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.logs import log_error
from meetingcheck.lib.services import services
from meetingcheck.lib.storage import StorageUnavailable
from meetingcheck.lib.text import N_, one_line, visible
from meetingcheck.meetings.actions import Filed, Outcome, Sending, expected_of, file_check_in
from meetingcheck.meetings.forms import parse_client_id, typed_fields
from meetingcheck.meetings.models import Meeting, MeetingState, MeetingVersion
from meetingcheck.meetings.queries import (
    find_last_version,
    find_meeting,
    find_own_draft,
    find_reported_meeting,
    find_version,
    list_meeting_photos,
    list_reported,
    list_reviews,
)
from meetingcheck.meetings.rules import (
    CheckIn,
    Field,
    Problem,
    attendance_tenths,
    hints,
    meeting_id_of,
    minutes_between,
    receipt_code,
)
from meetingcheck.orgs.access import Right, ask, has_right
from meetingcheck.orgs.models import Unit
from meetingcheck.orgs.queries import find_parent, find_unit, get_unit
from meetingcheck.photos.decoder import DecoderUnavailable
from meetingcheck.photos.extension import decoder_of
from meetingcheck.photos.ingest import StoredPhoto, store_original
from meetingcheck.photos.models import Photo, PhotoState, Purpose
from meetingcheck.photos.outcomes import MAX_BYTES, PhotoRefused
from meetingcheck.photos.rules import PROBLEMS

blueprint = Blueprint("meetings", __name__)

PERIODS_SHOWN = 12
REPORTS_SHOWN = 12
PHOTOS_IN_ONE_FORM = 12
LONGEST_NAME_SHOWN = 60  # characters
PURPOSE_OF_FIELD = {Field.OVERVIEW: Purpose.OVERVIEW, Field.MINUTES_PAGES: Purpose.MINUTES_PAGE}
STORE_BUSY = N_(
    "Kho ảnh đang bận nên ảnh chưa gửi được. Phần chữ đã được giữ; đồng chí hãy chọn lại ảnh và gửi lại sau ít phút."
)


@blueprint.get("/cells/<uuid:unit_id>/home")
@needs(Right.REPORT)
def home(unit_id: uuid.UUID) -> str:
    session, now = db.session(), services().now()
    unit = find_unit(session, unit_id)
    if unit is None:
        abort(404)
    ask(session, signed_in(), Right.REPORT, unit_id, local_day(now))
    owed = [(one, state_of(one, now)) for one in list_owed(session, unit_id, now, PERIODS_SHOWN)]
    return render_template(
        "meetings/home.html",
        unit=unit,
        owed=owed,
        reported=list_reported(session, unit_id, REPORTS_SHOWN),
        today=local_day(now),
    )


@blueprint.get("/obligations/<uuid:obligation_id>/check-in")
@needs(Right.REPORT, by_link=True)
def check_in(obligation_id: uuid.UUID) -> str | Response:
    session, now, actor = db.session(), services().now(), signed_in()
    obligation = find_obligation(session, obligation_id)
    if obligation is None:
        abort(404)
    ask(session, actor, Right.REPORT, obligation.unit_id, local_day(now), about=obligation.id)
    reported = find_reported_meeting(session, obligation.id)
    if reported is not None:
        return redirect(_after_sending(reported.id, obligation.id))
    draft = find_own_draft(session, obligation.id, actor.user_id)
    typed = dict(draft.draft) if draft else _prefill(find_last_version(session, obligation.unit_id))
    page = _load_form_page(obligation, draft.id if draft else None, now)
    return _form(page, draft.client_id if draft else uuid.uuid4(), typed, [])


@blueprint.post("/obligations/<uuid:obligation_id>/check-in")
@needs(Right.REPORT, by_link=True)
def check_in_submit(obligation_id: uuid.UUID) -> Response | tuple[str, int]:
    """Three steps, so that no transaction is open while photos are stored: may they, store, write down."""
    now, actor = services().now(), signed_in()
    client_id = parse_client_id(form_text("client_id"))
    if client_id is None:
        abort(400)
    with read_transaction() as session:
        obligation = find_obligation(session, obligation_id)
        if obligation is None:
            abort(404)
        ask(session, actor, Right.REPORT, obligation.unit_id, local_day(now), about=obligation.id)
    meeting_id = meeting_id_of(obligation.unit_id, actor.user_id, client_id)
    stored, problems = _store_photos(meeting_id)
    sending = Sending(client_id, typed_fields(request.form), stored, problems)
    with write_transaction() as session:
        ask(session, actor, Right.REPORT, obligation.unit_id, local_day(now), about=obligation.id)
        filed = file_check_in(session, obligation_id, sending, actor.user_id, services().now())
    return _answer(filed, obligation, sending, now)


def _answer(filed: Filed, obligation: Obligation, sending: Sending, now: datetime) -> Response | tuple[str, int]:
    if filed.outcome == Outcome.FILED:
        return redirect(_after_sending(filed.meeting_id, obligation.id, sent=1), 303)
    if filed.outcome == Outcome.INCOMPLETE:
        page = _load_form_page(obligation, filed.meeting_id, now)
        return _form(page, sending.client_id, dict(sending.typed), filed.problems), 422
    meeting = find_meeting(db.session(), filed.meeting_id)
    return (
        render_template(
            "meetings/conflict.html",
            meeting=meeting,
            changed=filed.outcome == Outcome.CHANGED_AFTER_SENDING,
            own=meeting is not None and meeting.author_id == signed_in().user_id,
            photos=len(sending.photos),
            typed=sending.typed,
            obligation=obligation,
        ),
        409,
    )


def _after_sending(meeting_id: uuid.UUID, obligation_id: uuid.UUID, sent: int | None = None) -> str:
    """Where the receipt stands: on the report's page; for whoever came by a report link, on one without the rest."""
    if signed_in().limited_to is not None:
        return url_for("meetings.receipt", obligation_id=obligation_id)
    return url_for("meetings.show", meeting_id=meeting_id, sent=sent)


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
        photos=len(list_meeting_photos(session, meeting.id)),
        receipt=receipt_code(meeting.id),
    )


def shown_name(file: FileStorage) -> str:
    """A file's name as a sentence may hold it: short, one line."""
    return visible(one_line(file.filename or ""))[:LONGEST_NAME_SHOWN]


def _store_photos(meeting_id: uuid.UUID) -> tuple[list[StoredPhoto], list[Problem]]:
    """Store the posted files; each one that cannot be used gets its sentence, and the others are kept."""
    storage, decoder = services().storage, decoder_of(current_app)
    stored: list[StoredPhoto] = []
    problems: list[Problem] = []
    for field, purpose in PURPOSE_OF_FIELD.items():
        files = [file for file in request.files.getlist(field.value) if file.filename]
        if len(files) > PHOTOS_IN_ONE_FORM:
            problems.append(Problem(field, N_("Mỗi lần gửi tối đa 12 ảnh một loại. Đồng chí hãy gửi làm nhiều lần.")))
        for file in files[:PHOTOS_IN_ONE_FORM]:
            try:
                stored.append(store_original(storage, decoder, meeting_id, purpose, file.stream.read(MAX_BYTES + 1)))
            except PhotoRefused as refused:
                problems.append(Problem(field, PROBLEMS[refused.error], shown_name(file)))
            except (StorageUnavailable, DecoderUnavailable) as outage:
                log_error("photo not taken in", outage)
                problems.append(
                    Problem(
                        field,
                        STORE_BUSY,
                    )
                )
                break
    return stored, problems


@dataclass(frozen=True)
class _FormPage:
    """What the check-in page shows besides what was typed."""

    obligation: Obligation
    unit: Unit
    committee: Unit | None
    photos: list[Photo]
    minimum_minutes: int
    now: datetime


def _load_form_page(obligation: Obligation, meeting_id: uuid.UUID | None, now: datetime) -> _FormPage:
    session = db.session()
    return _FormPage(
        obligation=obligation,
        unit=get_unit(session, obligation.unit_id),
        committee=find_parent(session, obligation.unit_id, local_day(now)),
        photos=list_meeting_photos(session, meeting_id) if meeting_id else [],
        minimum_minutes=expected_of(session, obligation, None).minimum_minutes,
        now=now,
    )


def _form(page: _FormPage, client_id: uuid.UUID, typed: dict[str, Any], problems: list[Problem]) -> str:
    sentences: dict[str, list[str | Problem]] = {}
    for problem in problems:
        shown = problem if problem.file_name else problem.sentence
        if shown not in sentences.setdefault(problem.field.value, []):
            sentences[problem.field.value].append(shown)
    return render_template(
        "meetings/check_in.html",
        page=page,
        client_id=client_id,
        typed=typed,
        problems=sentences,
        state=state_of(page.obligation, page.now),
        overviews=[photo for photo in page.photos if photo.purpose == Purpose.OVERVIEW],
        minutes_pages=[photo for photo in page.photos if photo.purpose == Purpose.MINUTES_PAGE],
    )


def _prefill(last: MeetingVersion | None) -> dict[str, str]:
    """Hours and the number of members rarely change from month to month; the rest is asked each time."""
    if last is None:
        return {}
    return {
        Field.BEGINS_AT: last.begins_at.strftime("%H:%M"),
        Field.ENDS_AT: last.ends_at.strftime("%H:%M"),
        Field.TOTAL: str(last.total),
    }


@blueprint.get("/meetings/<uuid:meeting_id>")
@needs(Right.VIEW_UNIT)
def show(meeting_id: uuid.UUID) -> str:
    session, now, actor = db.session(), services().now(), signed_in()
    meeting = find_meeting(session, meeting_id)
    if meeting is None:
        abort(404)
    ask(session, actor, Right.VIEW_UNIT, meeting.unit_id, local_day(now))
    version = find_version(session, meeting)
    if meeting.state == MeetingState.DRAFT or version is None:
        abort(404)  # what was begun and not sent is shown in its form, to its cell only
    obligation = find_obligation(session, meeting.obligation_id) if meeting.obligation_id else None
    return render_template("meetings/show.html", **_facts(meeting, version, obligation, now))


def _facts(meeting: Meeting, version: MeetingVersion, obligation: Obligation | None, now: datetime) -> dict[str, Any]:
    session, actor = db.session(), signed_in()
    photos = list_meeting_photos(session, meeting.id)
    said = _said(version)
    return {
        "meeting": meeting,
        "version": version,
        "obligation": obligation,
        "state": state_of(obligation, now) if obligation else None,
        "unit": get_unit(session, meeting.unit_id),
        "month": Month.of(obligation.period_from) if obligation else None,
        "photos": photos,
        "usable": sum(photo.state != PhotoState.UNREADABLE for photo in photos),
        "reviews": list_reviews(session, meeting.id),
        "minutes": minutes_between(version.begins_at, version.ends_at),
        "attendance_tenths": attendance_tenths(version.present, version.total),
        "hints": hints(said, expected_of(session, obligation, version.held_on)) if obligation else [],
        "receipt": receipt_code(meeting.id),
        "just_sent": request.args.get("sent") == "1",
        "own_cell": has_right(session, actor, Right.REPORT, meeting.unit_id, local_day(now)),
    }


def _said(version: MeetingVersion) -> CheckIn:
    return CheckIn(
        held_on=version.held_on,
        begins_at=version.begins_at,
        ends_at=version.ends_at,
        total=version.total,
        present=version.present,
        absent_without_reason=version.absent_without_reason,
        minutes_text=version.minutes_text or "",
        resolution_made=version.resolution_made,
    )
