"""The office's page: what did not work, and how to try it again."""

import uuid

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from meetingcheck.accounts.sessions import signed_in
from meetingcheck.lib.db import db, write_transaction
from meetingcheck.lib.http.rights import needs
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.jobs import list_dead, retry_dead
from meetingcheck.lib.services import services
from meetingcheck.messages.queries import count_deliveries
from meetingcheck.orgs.access import Right, ask
from meetingcheck.orgs.queries import find_root
from meetingcheck.record.actions import Fact, append

blueprint = Blueprint("office", __name__)


@blueprint.get("/office")
@needs(Right.RUN_OFFICE)
def status() -> str:
    session = db.session()
    _ask_about_root()
    return render_template("office/status.html", dead=list_dead(session), mails=count_deliveries(session))


@blueprint.post("/office/jobs/<uuid:job_id>/retry")
@needs(Right.RUN_OFFICE)
def retry(job_id: uuid.UUID) -> Response:
    actor, now = signed_in(), services().now()
    with write_transaction() as session:
        _ask_about_root()
        retried = retry_dead(session, job_id, now)
        if retried:
            append(session, now, Fact("job_retried", "job", job_id, actor.user_id))
    flash(gettext("Đã đưa việc vào hàng chờ để làm lại.") if retried else gettext("Việc này không còn ở đây nữa."))
    return redirect(url_for("office.status"), 303)


def _ask_about_root() -> None:
    """The system belongs to no unit but to all: its right is held at the root."""
    session, today = db.session(), local_day(services().now())
    root = find_root(session, today)
    if root is None:
        abort(404)
    ask(session, signed_in(), Right.RUN_OFFICE, root.id, today)
