"""Handing out documents: a rights check for every one of them, then the file as an attachment that no page can open."""

import uuid
from urllib.parse import quote

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.http import dump_options_header
from werkzeug.wrappers import Response as Redirect

from meetingcheck.accounts.paths import local_path
from meetingcheck.accounts.sessions import signed_in
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.http.requests import form_text
from meetingcheck.lib.http.rights import needs
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.services import services
from meetingcheck.lib.text import search_form
from meetingcheck.meetings.documents.actions import put_back, take_back
from meetingcheck.meetings.documents.outcomes import DocumentFormat
from meetingcheck.meetings.documents.queries import find_document
from meetingcheck.meetings.documents.rules import CONTENT_TYPES, document_key
from meetingcheck.meetings.models import Document, ScanState
from meetingcheck.orgs.access import Right, ask, has_right
from meetingcheck.photos.rules import may_put_back

blueprint = Blueprint("documents", __name__)

# Whatever a viewer makes of the file, it can load nothing, run nothing and belongs to no origin.
CONTENT_SECURITY_POLICY = "sandbox; default-src 'none'"


@blueprint.get("/documents/<uuid:document_id>")
@needs(Right.VIEW_UNIT)
def fetch(document_id: uuid.UUID) -> Response:
    actor, today = signed_in(), local_day(services().now())
    with read_transaction() as session:
        document = find_document(session, document_id)
        if document is None:
            abort(404)
        ask(session, actor, Right.VIEW_UNIT, document.unit_id, today)
        for hidden, right in (
            (document.published_at is None, Right.VIEW_DRAFTS),
            (document.withdrawn_at is not None, Right.VIEW_WITHDRAWN),
        ):
            if hidden and not has_right(session, actor, right, document.unit_id, today):
                abort(404)
    if document.scan == ScanState.INFECTED:
        return make_response(render_template("meetings/document.html", document=document), 410)
    if document.scan != ScanState.CLEAN and services().settings.clamd_url is not None:
        return make_response(render_template("meetings/document.html", document=document), 409)
    return _attachment(document)


@blueprint.post("/documents/<uuid:document_id>/take-back")
@needs(Right.TAKE_BACK)
def take_back_document(document_id: uuid.UUID) -> Redirect:
    actor, now = signed_in(), services().now()
    with write_transaction() as session:
        document = _load(session, document_id)
        ask(session, actor, Right.TAKE_BACK, document.unit_id, local_day(now))
        take_back(session, document, actor.user_id, now)
    flash(
        gettext("Đã gỡ tài liệu. Từ giờ chỉ người quản trị còn xem được. Nếu gỡ nhầm, đồng chí có 10 phút để đưa lại."),
        url_for("documents.put_back_document", document_id=document_id),
    )
    return redirect(local_path(form_text("next")), 303)


@blueprint.post("/documents/<uuid:document_id>/put-back")
@needs(Right.PUT_BACK)
def put_back_document(document_id: uuid.UUID) -> Redirect:
    actor, now = signed_in(), services().now()
    with write_transaction() as session:
        document = _load(session, document_id)
        ask(session, actor, Right.PUT_BACK, document.unit_id, local_day(now))
        may = has_right(session, actor, Right.VIEW_WITHDRAWN, document.unit_id, local_day(now))
        if not may_put_back(document.withdrawn_by, document.withdrawn_at, actor.user_id, now, administrator=may):
            abort(403)
        put_back(session, document, actor.user_id, now)
    flash(gettext("Đã đưa tài liệu trở lại báo cáo."))
    return redirect(local_path(form_text("next")), 303)


def _load(session: Session, document_id: uuid.UUID) -> Document:
    document = find_document(session, document_id)
    if document is None:
        abort(404)
    return document


def _attachment(document: Document) -> Response:
    found = services().storage.stream(document_key(document.id, document.sha256))
    response = Response(found, content_type=CONTENT_TYPES[DocumentFormat(document.format)])
    response.content_length = found.length
    response.headers["Content-Disposition"] = _disposition(document.name)
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response.headers["Cache-Control"] = "no-store"
    return response


def _disposition(name: str) -> str:
    """The name as RFC 6266 wants it, for old clients without its accents."""
    plain = "".join(char for char in search_form(name) if char.isascii() and char.isprintable())
    return dump_options_header("attachment", {"filename": plain, "filename*": f"UTF-8''{quote(name, safe='')}"})
