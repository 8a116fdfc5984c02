"""tus 1.0.0 (tus.io/protocols/resumable-upload): creation, creation-with-upload, checksum, termination, expiration.

The parts are rows, so whichever process answers the next request goes on where the last one stopped.
"""

import json
import uuid
from datetime import datetime
from email.utils import format_datetime
from http import HTTPStatus

from flask import Blueprint, Response, abort, current_app, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from meetingcheck.accounts.sessions import signed_in
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.http.api import API_PATH
from meetingcheck.lib.http.requests import takes_whole_file
from meetingcheck.lib.http.rights import PUBLIC, needs
from meetingcheck.lib.logs import log_error
from meetingcheck.lib.registries import registries_of
from meetingcheck.lib.services import services
from meetingcheck.lib.text import N_
from meetingcheck.orgs.access import Right
from meetingcheck.uploads.actions import Announced, NewUpload, add_bytes, announce, end_upload
from meetingcheck.uploads.jobs import OTHER_BYTES, hand_over
from meetingcheck.uploads.models import Upload, UploadState
from meetingcheck.uploads.queries import find_upload
from meetingcheck.uploads.rules import (
    CHECKSUM_ALGORITHM,
    EXTENSIONS,
    MOST_BYTES,
    VERSION,
    Admission,
    ProtocolError,
    TakerBusy,
    checksum_holds,
    parse_checksum,
    parse_metadata,
    parse_number,
    parse_sha256,
    upload_id_of,
)

blueprint = Blueprint("uploads", __name__, url_prefix=API_PATH.rstrip("/"))

CHECKSUM_MISMATCH = 460  # the protocol's own status
PART_TYPE = "application/offset+octet-stream"
QUOTA_RETRY_S = 3600

SENTENCES = {
    Announced.OTHER_FILE: N_("Mã này đã dùng cho một tệp khác."),
    Announced.TOO_MANY: N_("Chi bộ đang có quá nhiều ảnh gửi dở. Đồng chí hãy đợi các ảnh đó gửi xong rồi thử lại."),
    Announced.TOO_MUCH: N_("Hôm nay chi bộ đã gửi quá nhiều. Đồng chí hãy gửi tiếp vào ngày mai."),
}


@blueprint.after_request
def say_version(response: Response) -> Response:
    """Each answer says the protocol's version, refusals and outages too: what lacks it was not said by this server, but
    by somebody on the line, and a sender must not believe it."""
    if request.method != "OPTIONS":
        response.headers["Tus-Resumable"] = VERSION
    return response


@blueprint.route("/uploads", methods=["OPTIONS"])
@blueprint.route("/uploads/<uuid:upload_id>", methods=["OPTIONS"])
@needs(PUBLIC)
def options(upload_id: uuid.UUID | None = None) -> Response:
    """What this server can do; no CORS: nothing is shared with other origins."""
    response = Response(status=HTTPStatus.NO_CONTENT)
    response.headers["Tus-Version"] = VERSION
    response.headers["Tus-Extension"] = ",".join(EXTENSIONS)
    response.headers["Tus-Max-Size"] = str(MOST_BYTES)
    response.headers["Tus-Checksum-Algorithm"] = CHECKSUM_ALGORITHM
    return response


@blueprint.post("/uploads")
@needs(Right.REPORT, by_link=True)
@takes_whole_file(MOST_BYTES)
def create() -> Response:
    """Announce a file, perhaps with its first bytes. `Upload-Metadata` says who takes it and what it is."""
    if problem := _wrong_version():
        return problem
    try:
        length = parse_number(request.headers.get("Upload-Length"), "Upload-Length")
        facts = parse_metadata(request.headers.get("Upload-Metadata", ""))
        sha256 = parse_sha256(facts.pop("sha256", ""))
        client_id = uuid.UUID(facts["id"]) if "id" in facts else uuid.uuid4()
    except ValueError as error:
        return _refuse(HTTPStatus.BAD_REQUEST, str(error))
    if length > MOST_BYTES:
        return _refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, gettext(N_("Ảnh này lớn quá 25 MB.")))
    if length == 0:
        return _refuse(HTTPStatus.BAD_REQUEST, gettext(N_("Tệp này trống. Đồng chí hãy chọn lại tệp.")))
    name = facts.pop("for", "photo")
    consumer = registries_of(current_app).upload_consumers.find(name)
    if consumer is None:
        return _refuse(HTTPStatus.BAD_REQUEST, "Upload-Metadata: nobody takes such a file")
    actor, now = signed_in(), services().now()
    admission: Admission = consumer.admit(facts)
    upload_id = upload_id_of(admission.unit_id, actor.user_id, client_id)
    new = NewUpload(upload_id, name, admission.unit_id, admission.about, actor.user_id, length, sha256, facts)
    with write_transaction() as session:
        consumer.ask(session, new.unit_id, new.about, facts)
        announced = announce(session, new, now)
    if announced != Announced.CREATED:
        return _refuse_announcement(announced)
    response = _take_part(upload_id, 0, now) if request.content_length else _told(_own(upload_id))
    if response.status_code == HTTPStatus.CONFLICT:  # the same said again, as its answer was lost: the bytes had come
        response = _told(_own(upload_id))
    if response.status_code < HTTPStatus.BAD_REQUEST:
        response.status_code = HTTPStatus.CREATED
        response.headers["Location"] = url_for("uploads.add", upload_id=upload_id)
    return response


@blueprint.route("/uploads/<uuid:upload_id>", methods=["HEAD"])
@needs(Right.REPORT, by_link=True)
def look(upload_id: uuid.UUID) -> Response:
    """How far a file has come. One that was refused is gone, with the problem's name."""
    if problem := _wrong_version():
        return problem
    return _told(_own(upload_id))


@blueprint.patch("/uploads/<uuid:upload_id>")
@needs(Right.REPORT, by_link=True)
@takes_whole_file(MOST_BYTES)
def add(upload_id: uuid.UUID) -> Response:
    """The next bytes, which must begin where the last ones ended."""
    if problem := _wrong_version():
        return problem
    if request.mimetype != PART_TYPE:
        return _refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Content-Type must be {PART_TYPE}")
    try:
        starts_at = parse_number(request.headers.get("Upload-Offset"), "Upload-Offset")
    except ProtocolError as error:
        return _refuse(HTTPStatus.BAD_REQUEST, str(error))
    return _take_part(upload_id, starts_at, services().now())


@blueprint.delete("/uploads/<uuid:upload_id>")
@needs(Right.REPORT, by_link=True)
def end(upload_id: uuid.UUID) -> Response:
    """The sender gives a file up. What was taken over already stays where it is."""
    if problem := _wrong_version():
        return problem
    upload = _own(upload_id)
    with write_transaction() as session:
        end_upload(session, upload)
    return _plain(HTTPStatus.NO_CONTENT)


def _own(upload_id: uuid.UUID) -> Upload:
    """An upload of the person who asks, who still has the right; anybody else's is not found, nor one given up."""
    with read_transaction() as session:
        upload = find_upload(session, upload_id)
        if upload is None or upload.actor_id != signed_in().user_id or upload.state == UploadState.ENDED:
            abort(404)
        _ask(session, upload)
        return upload


def _ask(session: Session, upload: Upload) -> None:
    consumer = registries_of(current_app).upload_consumers.find(upload.consumer)
    if consumer is None:
        abort(404)
    consumer.ask(session, upload.unit_id, upload.about, upload.facts)


def _take_part(upload_id: uuid.UUID, starts_at: int, now: datetime) -> Response:
    upload, data = _own(upload_id), request.get_data()
    checksum = request.headers.get("Upload-Checksum")
    try:
        if checksum is not None and not checksum_holds(data, parse_checksum(checksum)):
            return _refuse(CHECKSUM_MISMATCH, "Upload-Checksum does not fit the bytes")
    except ProtocolError as error:
        return _refuse(HTTPStatus.BAD_REQUEST, str(error))
    if upload.expires_at <= now:
        return _refuse(HTTPStatus.GONE, gettext(N_("Tệp gửi dở này đã quá hạn. Đồng chí hãy gửi lại từ đầu.")))
    if starts_at + len(data) > upload.length:
        return _refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "more bytes than were announced")
    if starts_at != upload.arrived or not _add(upload, starts_at, data, now):
        return _told(_own(upload_id), HTTPStatus.CONFLICT)
    _hand_over_now(upload_id, now)
    upload = _own(upload_id)
    if upload.state != UploadState.REFUSED:
        return _told(upload)
    other_bytes = upload.outcome["problem"] == OTHER_BYTES
    return _told(upload, CHECKSUM_MISMATCH if other_bytes else HTTPStatus.UNPROCESSABLE_ENTITY)


def _add(upload: Upload, starts_at: int, data: bytes, now: datetime) -> bool:
    if not data:
        return True
    with write_transaction() as session:
        _ask(session, upload)
        return add_bytes(session, upload, starts_at, data, now)


def _hand_over_now(upload_id: uuid.UUID, now: datetime) -> None:
    """So that the sender hears at once what became of the file. When the store is away, a job goes on trying: the
    bytes are safe here."""
    try:
        hand_over(upload_id, now)
    except TakerBusy as busy:
        log_error("file not handed over yet", busy)


def _told(upload: Upload, status: int | None = None) -> Response:
    """What the sender may rely on: how much has arrived, and what the taker said of the whole."""
    if upload.state == UploadState.REFUSED:
        sentence = upload.outcome.get("sentence")
        response = _refuse(status or HTTPStatus.GONE, gettext(sentence) if sentence else upload.outcome["problem"])
        response.headers["Upload-Problem"] = upload.outcome["problem"]
        return response
    response = _plain(status or HTTPStatus.NO_CONTENT)
    response.headers["Upload-Offset"] = str(upload.arrived)
    response.headers["Upload-Length"] = str(upload.length)
    response.headers["Upload-Expires"] = format_datetime(upload.expires_at, usegmt=True)
    response.headers["Upload-State"] = upload.state.value
    for key, name in (("sha256", "Upload-SHA256"), ("photo", "Upload-Photo")):
        if key in upload.outcome:
            response.headers[name] = upload.outcome[key]
    return response


def _refuse_announcement(announced: Announced) -> Response:
    if announced == Announced.OTHER_FILE:
        return _refuse(HTTPStatus.CONFLICT, gettext(SENTENCES[announced]))
    response = _refuse(HTTPStatus.TOO_MANY_REQUESTS, gettext(SENTENCES[announced]))
    response.headers["Retry-After"] = str(QUOTA_RETRY_S)
    return response


def _wrong_version() -> Response | None:
    """A program that speaks another version is told which one is spoken here."""
    if request.headers.get("Tus-Resumable") == VERSION:
        return None
    response = _refuse(HTTPStatus.PRECONDITION_FAILED, f"Tus-Resumable must be {VERSION}")
    response.headers["Tus-Version"] = VERSION
    return response


def _refuse(status: int, message: str) -> Response:
    response = _plain(status)
    response.mimetype = "application/json"
    response.data = json.dumps({"message": message}, ensure_ascii=False).encode()
    return response


def _plain(status: int) -> Response:
    response = Response(status=status)
    response.headers["Cache-Control"] = "no-store"
    return response
