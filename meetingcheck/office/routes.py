"""The office's pages about the whole: what did not work and how to try it again, and who may do what."""

import shutil
import uuid
from pathlib import Path

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from meetingcheck.accounts.sessions import signed_in
from meetingcheck.lib.db import db, write_transaction
from meetingcheck.lib.http.rights import needs
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.jobs import list_dead, retry_dead
from meetingcheck.lib.services import services
from meetingcheck.meetings.documents.queries import count_by_scan
from meetingcheck.messages.actions import SEND_MAIL, retry_refused
from meetingcheck.messages.queries import count_deliveries, find_delivery_kind, list_refused
from meetingcheck.office.first_day.queries import load_first_day
from meetingcheck.office.jobs import SEND_INVITATION
from meetingcheck.office.people.actions import INVITATION
from meetingcheck.office.people.queries import count_unreachable
from meetingcheck.office.queries import last_backup, last_failed_backup
from meetingcheck.office.texts import RIGHTS_IN_WORDS
from meetingcheck.orgs.access import GRANTS, Right, ask_anywhere, ask_at_root
from meetingcheck.orgs.models import Role
from meetingcheck.record.actions import Fact, append

blueprint = Blueprint("office", __name__)

REFUSED_SHOWN = 100
GIGABYTE = 10**9


@blueprint.get("/office")
@needs(Right.RUN_OFFICE)
def status() -> str | Response:
    session, now, actor = db.session(), services().now(), signed_in()
    today = local_day(now)
    if ask_at_root(session, actor, Right.RUN_OFFICE, today) is None:
        return redirect(url_for("first_day.show"))
    backup = last_backup(session)
    return render_template(
        "office/status.html",
        dead=list_dead(session),
        mails=count_deliveries(session),
        refused=list_refused(session, REFUSED_SHOWN),
        unreachable=count_unreachable(session),
        first_day=load_first_day(session, actor.user_id, now, today),
        free_gigabytes=_free_gigabytes(services().settings.data),
        backup=backup,
        failed_backup=last_failed_backup(session, backup),
        mails_leave=services().mails_leave,
        scanning=services().settings.clamd_url is not None,
        scans=count_by_scan(session),
    )


def _free_gigabytes(folder: Path) -> float | None:
    """Free space where the data lies or will lie, in gigabytes; None when it cannot be measured."""
    there = next((place for place in (folder, *folder.absolute().parents) if place.exists()), folder)
    try:
        return round(shutil.disk_usage(there).free / GIGABYTE, 1)
    except OSError:
        return None


@blueprint.post("/office/jobs/<uuid:job_id>/retry")
@needs(Right.RUN_OFFICE)
def retry(job_id: uuid.UUID) -> Response:
    actor, now = signed_in(), services().now()
    with write_transaction() as session:
        ask_at_root(session, actor, Right.RUN_OFFICE, local_day(now))
        retried = retry_dead(session, job_id, now)
        if retried:
            append(session, now, Fact("job_retried", "job", job_id, actor.user_id))
    flash(gettext("Đã đưa việc vào hàng chờ để làm lại.") if retried else gettext("Việc này không còn ở đây nữa."))
    return redirect(url_for("office.status"), 303)


@blueprint.post("/office/mails/<uuid:delivery_id>/retry")
@needs(Right.RUN_OFFICE)
def retry_mail(delivery_id: uuid.UUID) -> Response:
    actor, now = signed_in(), services().now()
    with write_transaction() as session:
        ask_at_root(session, actor, Right.RUN_OFFICE, local_day(now))
        kind = SEND_INVITATION if find_delivery_kind(session, delivery_id) == INVITATION else SEND_MAIL
        retried = retry_refused(session, delivery_id, kind, actor.user_id, now)
    flash(gettext("Thư đang được gửi lại.") if retried else gettext("Thư này không còn ở đây nữa."))
    return redirect(url_for("office.status"), 303)


@blueprint.get("/office/rights")
@needs(Right.CHANGE_TREE)
def rights() -> str:
    """The whole table of rights on one screen."""
    session = db.session()
    ask_anywhere(session, signed_in(), Right.CHANGE_TREE, local_day(services().now()))
    rows = []
    for right, sentence in RIGHTS_IN_WORDS.items():
        reach = {grant.role: grant.reach.value for grant in GRANTS[right]}
        rows.append((sentence, [reach.get(role, "") for role in Role]))
    return render_template("office/rights.html", roles=list(Role), rows=rows)
