"""The check-in as an exercise, with a made-up cell: the same form and the same rules, and nothing is kept or sent."""

import uuid
from http import HTTPStatus

from flask import Blueprint, render_template, request
from flask_babel import gettext

from meetingcheck.lib.http.requests import form_text
from meetingcheck.lib.http.rights import SIGNED_IN, needs
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.services import services
from meetingcheck.meetings.form_page import FormPage, show_form
from meetingcheck.meetings.forms import parse_check_in, parse_count, parse_uuid, typed_fields
from meetingcheck.meetings.models import DocumentKind
from meetingcheck.meetings.receiving import DOCUMENT_KINDS, PURPOSES, SAVE
from meetingcheck.meetings.rules import check
from meetingcheck.meetings.values import Evidence, Field
from meetingcheck.photos.models import Purpose

blueprint = Blueprint("practice", __name__)


@blueprint.get("/practice")
@needs(SIGNED_IN)
def try_out() -> str:
    typed = {Field.TOTAL.value: "23", Field.PLACE.value: gettext("Nhà văn hóa thôn")}
    return show_form(_page(), uuid.uuid4(), typed, [])


@blueprint.post("/practice")
@needs(SIGNED_IN)
def try_out_submit() -> str | tuple[str, int]:
    """What a real report would hear; its photos are counted and thrown away."""
    typed, page = typed_fields(request.form), _page()
    client_id = parse_uuid(form_text("client_id")) or uuid.uuid4()
    if form_text("then") == SAVE:  # a further line was asked for
        return show_form(page, client_id, typed, [])
    within = (page.expected.first_day, page.expected.latest_day)
    problems = check(parse_check_in(typed, within), _evidence(), page.expected, page.expected.latest_day)
    if problems:
        return show_form(page, client_id, typed, problems), HTTPStatus.UNPROCESSABLE_ENTITY
    return render_template("meetings/practised.html")


def _page() -> FormPage:
    return FormPage.of_practice(local_day(services().now()))


def _evidence() -> Evidence:
    """What was photographed on the phone, which says only how many there are, or was sent by the plain form."""
    photos = {purpose: _sent(field) + _counted(purpose) for field, purpose in PURPOSES.items()}
    minutes = [field for field, kind in DOCUMENT_KINDS.items() if kind == DocumentKind.MINUTES]
    return Evidence(photos[Purpose.OVERVIEW], photos[Purpose.MINUTES_PAGE], sum(map(_sent, minutes)))


def _sent(field: Field) -> int:
    return len([one for one in request.files.getlist(field.value) if one.filename])


def _counted(purpose: Purpose) -> int:
    return parse_count(form_text(f"practised_{purpose.value}")) or 0
