"""Handing in late: the same form, answered by a page that says what is kept and until when. And deciding on it."""

import uuid
from dataclasses import dataclass
from http import HTTPStatus

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Redirect

from meetingcheck.accounts.queries import get_user
from meetingcheck.accounts.sessions import signed_in
from meetingcheck.duties.models import Obligation
from meetingcheck.duties.queries import find_obligation
from meetingcheck.lib.db import db, read_transaction, write_transaction
from meetingcheck.lib.http.requests import form_text
from meetingcheck.lib.http.rights import SIGNED_IN, needs
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.services import services
from meetingcheck.meetings.actions import SAVED_BY_LINK, Arrange, Outcome, Sending, days_for, file_check_in, file_extra
from meetingcheck.meetings.forms import differences, parse_check_in, parse_uuid, typed_fields, typed_from
from meetingcheck.meetings.late_work.actions import (
    OPEN,
    Brought,
    Decided,
    NoPlace,
    TooMuch,
    WasDiscarded,
    discard,
    find_sent,
    heir_of,
    hold,
    take_in,
    typed_of,
)
from meetingcheck.meetings.late_work.asking import asked_late
from meetingcheck.meetings.late_work.models import LateState, LateWork
from meetingcheck.meetings.late_work.queries import (
    What,
    find_late_photo,
    find_late_work,
    find_own_late_work,
    list_late_documents,
    list_late_photos,
)
from meetingcheck.meetings.models import ExtraKind, Meeting, MeetingState
from meetingcheck.meetings.queries import find_meeting, find_version, said_in
from meetingcheck.meetings.receiving import answer_beside_page, receive
from meetingcheck.orgs.access import Right, ask, ask_or_ended, has_right
from meetingcheck.orgs.queries import find_unit, get_unit
from meetingcheck.photos.routes import picture_of

blueprint = Blueprint("late_work", __name__)


# --- handing in; None for whoever has the right to report: their form goes its ordinary way


def hold_period(obligation_id: uuid.UUID) -> Redirect | tuple[str, int] | None:
    """The posted check-in of a period, from somebody whose role has ended."""
    client_id = parse_uuid(form_text("client_id"))
    with read_transaction() as session:
        obligation = find_obligation(session, obligation_id)
    if obligation is None or client_id is None:
        return None
    return _hold(What(obligation.unit_id, client_id, obligation.id), obligation)


def hold_extra(unit_id: uuid.UUID) -> Redirect | tuple[str, int] | None:
    """The same for an extra meeting."""
    client_id, kind = parse_uuid(form_text("client_id")), form_text("extra_kind")
    with read_transaction() as session:
        unit = find_unit(session, unit_id)
    if unit is None or client_id is None or kind not in set(ExtraKind):
        return None
    return _hold(What(unit_id, client_id, extra_kind=ExtraKind(kind)))


def hold_correction(meeting_id: uuid.UUID) -> Redirect | tuple[str, int] | None:
    """The same for a further version of a report that was sent."""
    with read_transaction() as session:
        meeting = find_meeting(session, meeting_id)
        if meeting is None or find_version(session, meeting) is None:
            return None
    return _hold(What(meeting.unit_id, meeting.client_id, meeting_id=meeting.id))


def own_late_page(obligation_id: uuid.UUID) -> Redirect | None:
    """Where somebody whose role has ended finds what they handed in for a period: never the form, which shows what the
    cell said before."""
    session, actor, today = db.session(), signed_in(), local_day(services().now())
    obligation = find_obligation(session, obligation_id)
    own = find_own_late_work(session, actor.user_id, obligation_id)
    if obligation is None or own is None or has_right(session, actor, Right.REPORT, obligation.unit_id, today):
        return None
    what = What(obligation.unit_id, own.client_id, obligation.id)
    if asked_late(session, actor, what, today, about=obligation.id) is None:
        return None
    return redirect(url_for("late_work.show", work_id=own.id))


def ended_page(obligation_id: uuid.UUID) -> tuple[str, int] | None:
    """That somebody's role in the cell has ended, instead of a bare "not found": they may hold a link or a page from
    before. The status stays that of a page that is not theirs, so that a phone shows what it keeps."""
    session, today = db.session(), local_day(services().now())
    obligation = find_obligation(session, obligation_id)
    if obligation is None:
        return None
    ended_on = ask_or_ended(session, signed_in(), obligation.unit_id, today, about=obligation.id)
    if ended_on is None:
        return None
    happened = gettext("Đồng chí không còn nhận việc gửi báo cáo của chi bộ này.")
    day = ended_on.strftime("%d/%m/%Y")
    advice = gettext(
        "Từ ngày %(day)s việc này do đồng chí khác làm, hoặc chi bộ đã kết thúc hoạt động. Nếu còn nhận việc này, đồng"
        " chí hãy báo cán bộ theo dõi.",
        day=day,
    )
    return render_template("error.html", status=404, happened=happened, advice=advice), HTTPStatus.NOT_FOUND


def _hold(what: What, obligation: Obligation | None = None) -> Redirect | tuple[str, int] | None:
    actor, typed, about = signed_in(), typed_fields(request.form), what.obligation_id
    held_on = parse_check_in(typed, days_for(obligation) if obligation else None).held_on
    with read_transaction() as session:
        if asked_late(session, actor, what, local_day(services().now()), about, held_on) is None:
            return None
        what = _writable(session, what)
    sending = receive(what.late_id(actor.user_id), what.client_id)
    left_out, whole = 0, False
    try:
        with write_transaction() as session:
            now = services().now()
            sender = asked_late(session, actor, what, local_day(now), about, held_on)
            if sender is None:
                abort(409)  # the role was given again at this moment
            if not _was_sent(session, what, sending):
                left_out = hold(session, what, sender, _brought(sending), now)
        whole = not (sending.keep_as_draft or sending.problems or left_out)
    except TooMuch:
        return render_template("meetings/late_too_much.html"), 429
    except WasDiscarded:  # the page says so; a draft beside the phone's own page must not be taken for kept
        if answer_beside_page(0) is not None:
            abort(HTTPStatus.GONE)
    if sending.keep_as_draft and (kept := answer_beside_page(sending.revision or 0)) is not None:
        return kept
    _say_what_is_missing(sending, left_out)
    sent = 1 if whole else None  # only then may the phone forget what it sent
    return redirect(url_for("late_work.show", work_id=what.late_id(actor.user_id), sent=sent), 303)


def _writable(session: Session, what: What) -> What:
    """For who came by a link and names a work that was written elsewhere, one of their own: what they cannot see they
    cannot write over."""
    actor = signed_in()
    found = find_late_work(session, what.late_id(actor.user_id))
    if actor.limited_to is None or found is None or SAVED_BY_LINK in found.typed or not typed_of(found):
        return what
    return What(what.unit_id, uuid.uuid5(what.client_id, str(actor.session_id)), what.obligation_id)


def _brought(sending: Sending) -> Brought:
    removed = sending.arrange is not None and sending.arrange[0] == Arrange.REMOVE
    return Brought(
        typed=sending.typed,
        photos=sending.photos,
        documents=sending.documents,
        by_link=sending.by_link,
        removed_id=sending.arrange[1] if removed and sending.arrange else None,
        purposes=sending.purposes,
    )


def _was_sent(session: Session, what: What, sending: Sending) -> bool:
    """Whether this is the repetition of what arrived before the role ended, its answer having been lost on the way."""
    author_id, now = signed_in().user_id, services().now()
    own = find_meeting(session, what.late_id(author_id))
    if what.meeting_id is not None or own is None or own.state == MeetingState.DRAFT:
        return False
    if what.obligation_id is not None:
        filed = file_check_in(session, what.obligation_id, sending, author_id, now)
    else:
        filed = file_extra(session, what.unit_id, what.extra_kind or ExtraKind.OTHER, sending, author_id, now)
    return filed.outcome == Outcome.FILED


def _say_what_is_missing(sending: Sending, left_out: int) -> None:
    """Files that were none, or too many."""
    for problem in sending.problems:
        flash(f"{problem.file_name}: {gettext(problem.sentence)}" if problem.file_name else gettext(problem.sentence))
    if left_out:
        flash(gettext("Có ảnh, tệp chưa giữ được vì đã quá nhiều. Đồng chí hãy đưa chúng cho người gửi báo cáo mới."))


# --- the page of who handed in


@blueprint.get("/late-work/<uuid:work_id>")
@needs(SIGNED_IN, by_link=True)
def show(work_id: uuid.UUID) -> str:
    """What is kept of what this person sent, until when, and what became of it. Nothing else of the cell."""
    session, actor = db.session(), signed_in()
    work = find_late_work(session, work_id)
    if work is None:
        return _show_sent(session, work_id)
    if work.author_id != actor.user_id or (actor.limited_to is not None and actor.limited_to != work.obligation_id):
        abort(404)
    return render_template(
        "meetings/late_work.html",
        work=work,
        unit=get_unit(session, work.unit_id),
        obligation=find_obligation(session, work.obligation_id) if work.obligation_id else None,
        photos=len(list_late_photos(session, work.id)),
        documents=len(list_late_documents(session, work.id)),
        just_sent=request.args.get("sent") == "1",
        words=any(typed_of(work).values()),
        typed=[] if actor.limited_to is not None else differences({}, typed_of(work)),
    )


def _show_sent(session: Session, meeting_id: uuid.UUID) -> str:
    """The report had arrived before the role ended."""
    actor = signed_in()
    meeting = find_meeting(session, meeting_id)
    if meeting is None or meeting.author_id != actor.user_id or meeting.state == MeetingState.DRAFT:
        abort(404)
    version = find_version(session, meeting)
    if version is None or (actor.limited_to is not None and actor.limited_to != meeting.obligation_id):
        abort(404)
    unit = get_unit(session, meeting.unit_id)
    just_sent = request.args.get("sent") == "1"
    return render_template(
        "meetings/late_was_sent.html", unit=unit, meeting=meeting, version=version, just_sent=just_sent
    )


# --- deciding


@dataclass(frozen=True)
class _Choice:
    """What taking in would do: `sent` is the report that was sent already, `open` whether anything can be taken in,
    `own` whether it becomes a draft of the person who asks."""

    sent: Meeting | None
    open: bool
    own: bool


@blueprint.get("/late-work/<uuid:work_id>/decide")
@needs(Right.CONFIRM_LATE)
def decide(work_id: uuid.UUID) -> str:
    session = db.session()
    work = _asked_work(session, work_id)
    choice = _choice(session, work)
    version = find_version(session, choice.sent) if choice.sent else None
    return render_template(
        "meetings/late_decide.html",
        work=work,
        unit=get_unit(session, work.unit_id),
        author=get_user(session, work.author_id).name,
        decider=get_user(session, work.decided_by).name if work.decided_by else None,
        obligation=find_obligation(session, work.obligation_id) if work.obligation_id else None,
        photos=list_late_photos(session, work.id),
        documents=list_late_documents(session, work.id),
        choice=choice,
        version=version,
        changes=differences(typed_from(said_in(version)) if version else {}, typed_of(work)),
    )


@blueprint.get("/late-work/<uuid:work_id>/photos/<uuid:photo_id>/<int:size>")
@needs(Right.CONFIRM_LATE)
def picture(work_id: uuid.UUID, photo_id: uuid.UUID, size: int) -> Response:
    """A photo that waits with this work, for those who decide on it only."""
    with read_transaction() as session:
        work = _asked_work(session, work_id)
        photo = find_late_photo(session, work.id, photo_id)
    if photo is None or work.state != LateState.WAITING:
        abort(404)
    return picture_of(photo, size)


@blueprint.post("/late-work/<uuid:work_id>/take-in")
@needs(Right.CONFIRM_LATE)
def take_in_work(work_id: uuid.UUID) -> Redirect:
    actor, now = signed_in(), services().now()
    try:
        with write_transaction() as session:
            work = _asked_work(session, work_id)
            meeting = take_in(session, work_id, actor.user_id, now)
            may_report = has_right(session, actor, Right.REPORT, work.unit_id, local_day(now))
    except (Decided, NoPlace):
        return redirect(url_for("late_work.decide", work_id=work_id), 303)
    if not may_report:
        flash(gettext("Đã chuyển cho bí thư xem lại và gửi."))
        return redirect(url_for("late_work.decide", work_id=work_id), 303)
    flash(gettext("Đã nhận. Đồng chí xem lại rồi gửi."))
    return redirect(_form_of(meeting), 303)


@blueprint.post("/late-work/<uuid:work_id>/discard")
@needs(Right.CONFIRM_LATE)
def discard_work(work_id: uuid.UUID) -> Redirect:
    actor, now = signed_in(), services().now()
    try:
        with write_transaction() as session:
            _asked_work(session, work_id)
            discard(session, work_id, actor.user_id, now)
    except Decided:
        pass  # the page says what was decided
    return redirect(url_for("late_work.decide", work_id=work_id), 303)


def _asked_work(session: Session, work_id: uuid.UUID) -> LateWork:
    work = find_late_work(session, work_id)
    if work is None:
        abort(404)
    ask(session, signed_in(), Right.CONFIRM_LATE, work.unit_id, local_day(services().now()))
    return work


def _choice(session: Session, work: LateWork) -> _Choice:
    actor_id = signed_in().user_id
    sent, heir = find_sent(session, work), heir_of(session, work.unit_id, actor_id, services().now())
    return _Choice(sent, sent.state in OPEN if sent else heir is not None, heir == actor_id)


def _form_of(meeting: Meeting) -> str:
    """Where whoever reports for the cell looks a report over and sends it."""
    if meeting.state != MeetingState.DRAFT:
        return url_for("check_in.correct", meeting_id=meeting.id)
    if meeting.obligation_id is None:
        return url_for("check_in.extra", unit_id=meeting.unit_id, draft=meeting.client_id)
    return url_for("check_in.check_in", obligation_id=meeting.obligation_id, draft=meeting.client_id)
