"""Receipts: what proves one, the public page that says whether a report arrived, and the search by telephone code."""

import uuid
from dataclasses import dataclass

from flask import Blueprint, Response, make_response, render_template, request

from meetingcheck.accounts.sessions import attempt, counted_for_address, signed_in
from meetingcheck.lib.db import db, read_transaction
from meetingcheck.lib.http.requests import form_text
from meetingcheck.lib.http.rights import PUBLIC, needs
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.qr import QrCode, qr_code
from meetingcheck.lib.services import services
from meetingcheck.lib.text import N_, one_line, storable
from meetingcheck.meetings.receipts.queries import find_received, find_reports
from meetingcheck.meetings.receipts.rules import (
    ids_with_short_code,
    meeting_of_token,
    receipt_path,
    receipt_token,
    short_code_as_typed,
)
from meetingcheck.orgs.access import Right, ask_anywhere

blueprint = Blueprint("receipts", __name__)

FOUND_AT_MOST = 20
LONGEST_TYPED = 40  # characters
CODE_WANTED = N_("Mã biên nhận gồm 8 ký tự, ví dụ 4F2A-09C1.")


@dataclass(frozen=True)
class Proof:
    """What stands on a receipt for whoever wants to check it."""

    address: str
    qr: QrCode
    token: str


def proof_of(meeting_id: uuid.UUID) -> Proof:
    """The QR and the address that prove a report's receipt; for templates."""
    settings = services().settings
    token = receipt_token(settings.secret_key, meeting_id)
    address = settings.public_url + receipt_path(token)
    return Proof(address, qr_code(address), token)


@blueprint.get("/receipts")
@needs(PUBLIC)
def open_page() -> Response:
    return _public(render_template("meetings/receipt_open.html", asked=False, received=None))


@blueprint.post("/receipts")
@needs(PUBLIC)
def check() -> Response:
    """Every code goes the same way and gets the same kind of answer, whether a report stands behind it or not; each
    look counts, so that nobody can try many."""
    attempt([counted_for_address("receipts")])
    meeting_id = meeting_of_token(services().settings.secret_key, form_text("token").strip())
    with read_transaction() as rows:
        received = find_received(rows, meeting_id)
    return _public(render_template("meetings/receipt_open.html", asked=True, received=received))


def _public(page: str) -> Response:
    response = make_response(page)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@blueprint.get("/receipts/search")
@needs(Right.FIND_RECEIPT)
def search() -> str:
    """For the committee: which report somebody means who reads the short code out on the telephone."""
    session, actor, today = db.session(), signed_in(), local_day(services().now())
    ask_anywhere(session, actor, Right.FIND_RECEIPT, today)
    typed = one_line(storable(request.args.get("code", "")))[:LONGEST_TYPED]
    code = short_code_as_typed(typed)
    found = find_reports(session, ids_with_short_code(code), actor.user_id, today, FOUND_AT_MOST) if code else []
    problems = {"code": [CODE_WANTED]} if typed and not code else {}
    return render_template(
        "meetings/receipt_search.html", typed={"code": typed}, problems=problems, asked=code is not None, found=found
    )
