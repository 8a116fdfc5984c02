"""A whole photo or document at once, under the sender's own UUID.

Three steps, so that no transaction is open while a file is stored: may they, store, write down.
"""

import uuid
from collections.abc import Callable
from typing import Any

from apiflask import APIBlueprint
from flask import abort, current_app, request
from sqlalchemy.orm import Session

from meetingcheck.accounts.sessions import signed_in
from meetingcheck.duties.queries import find_obligation
from meetingcheck.lib.children import ChildUnavailable
from meetingcheck.lib.db import db, read_transaction, write_transaction
from meetingcheck.lib.http.api_document import refusal
from meetingcheck.lib.http.api_problems import conflict, refuse, refuse_field
from meetingcheck.lib.http.api_schemas import REQUIRED, Problems
from meetingcheck.lib.http.requests import takes_whole_file
from meetingcheck.lib.http.rights import needs
from meetingcheck.lib.instants import local_day, start_of_day
from meetingcheck.lib.logs import log_error
from meetingcheck.lib.services import services
from meetingcheck.lib.text import N_
from meetingcheck.meetings.documents import outcomes as document_outcomes
from meetingcheck.meetings.documents.ingest import store_document
from meetingcheck.meetings.documents.outcomes import DocumentRefused
from meetingcheck.meetings.documents.rules import CONTENT_TYPES
from meetingcheck.meetings.documents.rules import PROBLEMS as DOCUMENT_PROBLEMS
from meetingcheck.meetings.models import MeetingState, SentFile
from meetingcheck.meetings.queries import find_meeting
from meetingcheck.meetings.rules import meeting_id_of
from meetingcheck.meetings.schemas import Conflict
from meetingcheck.meetings.sent_files.actions import (
    Closed,
    Where,
    take_document,
    take_photo,
)
from meetingcheck.meetings.sent_files.queries import (
    bytes_received,
    find_sent,
    find_sent_document,
    find_sent_photo,
)
from meetingcheck.meetings.sent_files.rules import sent_file_id
from meetingcheck.meetings.sent_files.schemas import DocumentFor, DocumentSent, PhotoFor, PhotoSent
from meetingcheck.orgs.access import Right, ask
from meetingcheck.orgs.queries import find_unit
from meetingcheck.photos import outcomes as photo_outcomes
from meetingcheck.photos.decoder import DecoderUnavailable
from meetingcheck.photos.extension import decoder_of
from meetingcheck.photos.ingest import CONTENT_TYPES as PHOTO_TYPES
from meetingcheck.photos.ingest import store_original
from meetingcheck.photos.outcomes import PhotoRefused
from meetingcheck.photos.rules import PROBLEMS as PHOTO_PROBLEMS
from meetingcheck.photos.rules import sha256_of
from meetingcheck.uploads.rules import MOST_BYTES_A_DAY

blueprint = APIBlueprint("sent_files_api", __name__, tag="files", url_prefix="/api/v1")

ONE_REPORT_WANTED = N_("Cần đúng một trong ba: obligation, cell hoặc meeting.")
TOO_MUCH = N_("Hôm nay chi bộ đã gửi quá nhiều. Đồng chí hãy gửi tiếp vào ngày mai.")
BYTES = "application/octet-stream"
RAW = {"schema": {"type": "string", "format": "binary"}}
REFUSALS: dict[int | str, Any] = {
    409: refusal("Another content was sent under this UUID, or the report takes no files any more.", Conflict),
    415: "The body is of another type.",
    422: "It is no usable file, or the query is not whole.",
    429: refusal("The cell has sent 300 MB today.", Problems),
}


@blueprint.put("/photos/<uuid:own_id>")
@needs(Right.REPORT)
@takes_whole_file(photo_outcomes.MAX_BYTES)
@blueprint.input(PhotoFor, location="query")
@blueprint.output(PhotoSent)
@blueprint.doc(
    responses=REFUSALS, extensions={"requestBody": {"content": dict.fromkeys((*PHOTO_TYPES.values(), BYTES), RAW)}}
)
def photo(own_id: uuid.UUID, query_data: dict[str, Any]) -> dict[str, Any]:
    """Send a whole photo for a report

    The body is the file, at most 25 MB, byte for byte as the camera wrote it. Once it is answered the photo is stored.
    Repeating it gives the same answer.
    """
    _check_type(image=True)

    def take(session: Session, sent_id: uuid.UUID, where: Where, stored: Any) -> SentFile:
        claimed_at = query_data["claimed_at"]
        return take_photo(session, sent_id, where, stored, claimed_at, signed_in().user_id, services().now())

    def store(where: Where, data: bytes) -> Any:
        purpose, decoder = query_data["purpose"], decoder_of(current_app)
        return store_original(services().storage, decoder, where.meeting_id, purpose, data)

    sent = _take_in(own_id, query_data, store, take)
    found = find_sent_photo(db.session(), sent)
    if found is None:
        conflict("other_content")
    columns = {column.key: getattr(found, column.key) for column in type(found).__table__.columns}
    return {**columns, "meeting_id": sent.meeting_id}


@blueprint.put("/documents/<uuid:own_id>")
@needs(Right.REPORT)
@takes_whole_file(document_outcomes.MAX_BYTES)
@blueprint.input(DocumentFor, location="query")
@blueprint.output(DocumentSent)
@blueprint.doc(
    responses=REFUSALS,
    extensions={"requestBody": {"content": dict.fromkeys((*CONTENT_TYPES.values(), BYTES), RAW)}},
)
def document(own_id: uuid.UUID, query_data: dict[str, Any]) -> dict[str, Any]:
    """Send a whole document for a report

    The body is a PDF or DOCX, at most 20 MB.
    """
    _check_type(image=False)

    def take(session: Session, sent_id: uuid.UUID, where: Where, stored: Any) -> SentFile:
        return take_document(session, sent_id, where, stored, signed_in().user_id, services().now())

    def store(where: Where, data: bytes) -> Any:
        return store_document(services().storage, where.meeting_id, query_data["kind"], query_data["name"], data)

    sent = _take_in(own_id, query_data, store, take)
    found = find_sent_document(db.session(), sent)
    if found is None:
        conflict("other_content")
    columns = {column.key: getattr(found, column.key) for column in type(found).__table__.columns}
    return {**columns, "meeting_id": sent.meeting_id}


def _check_type(*, image: bool) -> None:
    sent = request.mimetype
    if not (sent == BYTES or (sent.startswith("image/") if image else sent in CONTENT_TYPES.values())):
        abort(415)


def _take_in(
    own_id: uuid.UUID,
    query: dict[str, Any],
    store: Callable[[Where, bytes], Any],
    take: Callable[[Session, uuid.UUID, Where, Any], SentFile],
) -> SentFile:
    data = request.get_data(cache=True)
    with read_transaction() as session:
        where = _asked_where(session, query)
        sent_id = sent_file_id(where.unit_id, signed_in().user_id, own_id)
        before = find_sent(session, sent_id)
        today = bytes_received(session, where.unit_id, start_of_day(local_day(services().now())))
    if before is None:
        if today + len(data) > MOST_BYTES_A_DAY:
            refuse([("body", TOO_MUCH)], 429)
        stored = _stored(store, where, data)
        try:
            with write_transaction() as session:
                _asked_where(session, query)
                before = take(session, sent_id, where, stored)
        except Closed:
            conflict("closed")
    if before.sha256 != sha256_of(data):
        conflict("other_content")
    return before


def _stored(store: Callable[[Where, bytes], Any], where: Where, data: bytes) -> Any:
    try:
        return store(where, data)
    except PhotoRefused as refused:
        refuse_field("body", PHOTO_PROBLEMS[refused.error])
    except DocumentRefused as refused:
        refuse_field("body", DOCUMENT_PROBLEMS[refused.error])
    except (DecoderUnavailable, ChildUnavailable) as outage:
        log_error("file not taken in", outage)
        abort(503)


def _asked_where(session: Session, query: dict[str, Any]) -> Where:
    """The report that the query names, with the right to write it; else 404, 403, or 422 for a query that names none
    or several."""
    named = [name for name in ("obligation", "cell", "meeting") if query[name] is not None]
    if len(named) != 1:
        refuse_field("obligation", ONE_REPORT_WANTED)
    actor, today, client_id = signed_in(), local_day(services().now()), query["client_id"]
    if query["meeting"] is not None:
        meeting = find_meeting(session, query["meeting"])
        if meeting is None:
            abort(404)
        ask(session, actor, Right.REPORT, meeting.unit_id, today)
        if meeting.state == MeetingState.DRAFT and meeting.author_id != actor.user_id:
            abort(404)
        return Where(meeting.unit_id, meeting.id)
    obligation = find_obligation(session, query["obligation"]) if query["obligation"] else None
    unit_id = obligation.unit_id if obligation else query["cell"]
    if unit_id is None or find_unit(session, unit_id) is None:
        abort(404)
    ask(session, actor, Right.REPORT, unit_id, today)
    if client_id is None:
        refuse_field("client_id", REQUIRED)
    meeting_id = meeting_id_of(unit_id, actor.user_id, client_id)
    return Where(unit_id, meeting_id, client_id, obligation.id if obligation else None)
