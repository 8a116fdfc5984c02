"""The calendar of due days (RFC 5545): off until somebody switches it on, and silent about what it is for."""

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for
from flask_babel import gettext
from icalendar import Calendar, Event
from werkzeug.wrappers import Response as AnyResponse

from meetingcheck.accounts.models import PersonalPurpose
from meetingcheck.accounts.personal_tokens.actions import switch_calendar_off, switch_calendar_on
from meetingcheck.accounts.personal_tokens.queries import calendar_since, find_person_by_token
from meetingcheck.accounts.personal_tokens.rules import calendar_path
from meetingcheck.accounts.sessions import find_signed_in, signed_in
from meetingcheck.alerts.feeds.queries import DueDay, list_due_days, own_cells
from meetingcheck.lib.db import db, write_transaction
from meetingcheck.lib.http.rights import PUBLIC, SIGNED_IN, needs
from meetingcheck.lib.i18n import force_locale
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.services import services

blueprint = Blueprint("feeds", __name__)

ASK_AGAIN_AFTER = timedelta(hours=12)


@blueprint.get("/calendar/<token:token>.ics")
@needs(PUBLIC)
def feed(token: str) -> Response:
    """The due days of the cells for which the token's person files today; nothing any more when there are none."""
    session, now = db.session(), services().now()
    user = find_person_by_token(session, token, PersonalPurpose.CALENDAR)
    cells = own_cells(session, user.id, local_day(now)) if user is not None else []
    if user is None or not cells:
        abort(404)
    with force_locale(user.language):
        made = _calendar(list_due_days(session, cells, now), now)
    response = Response(made.to_ical(), content_type="text/calendar; charset=utf-8")
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _calendar(days: list[DueDay], now: datetime) -> Calendar:
    """A telephone shows a calendar's lines to whoever looks at it: no unit, no person, one neutral word."""
    title, host = gettext("Sinh hoạt"), services().settings.public_host
    calendar = Calendar()
    calendar.add("prodid", "-//meetingcheck//calendar//")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", title)
    calendar.add("refresh-interval", ASK_AGAIN_AFTER, parameters={"VALUE": "DURATION"})
    for due in days:
        event = Event()
        event.add("uid", f"{due.obligation_id}@{host}")
        event.add("dtstamp", now)
        event.add("dtstart", due.day)
        event.add("summary", title)
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)
    return calendar


def account_calendar() -> dict[str, Any] | None:
    """What the account page says about the calendar; nothing to people who file for no cell."""
    actor, session = find_signed_in(), db.session()
    if actor is None or not own_cells(session, actor.user_id, local_day(services().now())):
        return None
    return {"since": calendar_since(session, actor.user_id)}


@blueprint.post("/account/calendar")
@needs(SIGNED_IN)
def switch_on() -> str:
    """Make a new address and show it, this once; the one before ends."""
    user_id, now = signed_in().user_id, services().now()
    with write_transaction() as session:
        if not own_cells(session, user_id, local_day(now)):
            abort(404)
        token = switch_calendar_on(session, user_id, now)
    return render_template("alerts/calendar.html", address=services().settings.public_url + calendar_path(token))


@blueprint.post("/account/calendar/off")
@needs(SIGNED_IN)
def switch_off() -> AnyResponse:
    user_id = signed_in().user_id
    with write_transaction() as session:
        switch_calendar_off(session, user_id, user_id, services().now())
    flash(gettext("Đã tắt. Địa chỉ lịch cũ không dùng được nữa."))
    return redirect(url_for("account.page"), 303)
