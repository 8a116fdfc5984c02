"""Opening a report by a link: the page does nothing by itself; a button posts what the address or the paper holds."""

import uuid

from flask import Blueprint, abort, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from meetingcheck.accounts.actions import code_hash, forget_attempt
from meetingcheck.accounts.paths import just_entered
from meetingcheck.accounts.rules import code_as_typed
from meetingcheck.accounts.sessions import attempt, counted_for_address, enter_by_link, signed_in
from meetingcheck.duties.queries import find_obligation
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.http.requests import form_text
from meetingcheck.lib.http.rights import PUBLIC, needs
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.logs import log
from meetingcheck.lib.services import services
from meetingcheck.lib.tokens import token_hash
from meetingcheck.meetings.links.actions import make_report_link
from meetingcheck.meetings.links.queries import find_link
from meetingcheck.meetings.links.rules import link_alive, report_link_path, session_until
from meetingcheck.orgs.access import Right, ask
from meetingcheck.orgs.queries import get_unit, secretaries_of

blueprint = Blueprint("report_links", __name__)


@blueprint.get("/report")
@needs(PUBLIC)
def open_page() -> str:
    return render_template("meetings/link_open.html", problem=None)


@blueprint.post("/report")
@needs(PUBLIC)
def open_report() -> Response | tuple[str, int]:
    """Unknown, ended and revoked links answer alike."""
    typed, now = form_text("token").strip(), services().now()
    begun = attempt([counted_for_address()])
    code = code_as_typed(typed)
    with read_transaction() as rows:
        found = find_link(rows, [token_hash(typed), *([code_hash(code)] if code else [])])
    if found is None or not link_alive(found[0].expires_at, found[0].revoked_at, now):
        log("report link refused")
        problem = gettext("Đường dẫn hoặc mã này không dùng được nữa. Đồng chí hãy xin cán bộ theo dõi gửi lại.")
        return render_template("meetings/link_open.html", problem=problem), 422
    link, user = found
    with write_transaction() as rows:
        forget_attempt(rows, begun)
    enter_by_link(user, link.obligation_id, session_until(link.expires_at, now))
    return redirect(just_entered(url_for("check_in.check_in", obligation_id=link.obligation_id)), 303)


@blueprint.post("/obligations/<uuid:obligation_id>/link")
@needs(Right.GIVE_REPORT_LINK)
def make(obligation_id: uuid.UUID) -> tuple[str, int]:
    """Make a link for the cell's secretary and show it, this once."""
    actor, now = signed_in(), services().now()
    with read_transaction() as rows:
        obligation = find_obligation(rows, obligation_id)
        if obligation is None:
            abort(404)
        ask(rows, actor, Right.GIVE_REPORT_LINK, obligation.unit_id, local_day(now))
        unit = get_unit(rows, obligation.unit_id)
        secretaries = secretaries_of(rows, [unit.id], local_day(now)).get(unit.id, [])
    token = code = None
    if secretaries and obligation.reported_at is None:
        with write_transaction() as rows:
            token, code = make_report_link(rows, obligation, secretaries[0], actor.user_id, now)
    host = services().settings.public_url
    page = render_template(
        "meetings/link_made.html",
        unit=unit,
        obligation=obligation,
        link=f"{host}{report_link_path(token)}" if token else None,
        code=code,
        page=f"{host}{url_for('report_links.open_page')}",
    )
    return page, 200 if token else 422
