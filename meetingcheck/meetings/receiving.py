"""The files and fields of a posted check-in form: stored or refused one by one, before any transaction is opened."""

import re
import uuid
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import TypeVar

from flask import current_app, request
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from meetingcheck.accounts.sessions import signed_in
from meetingcheck.lib.children import ChildUnavailable
from meetingcheck.lib.http.api import OWN_HEADER, OWN_VALUE
from meetingcheck.lib.http.requests import form_text
from meetingcheck.lib.logs import log_error
from meetingcheck.lib.services import services
from meetingcheck.lib.storage import StorageUnavailable
from meetingcheck.lib.text import N_, one_line, visible
from meetingcheck.meetings.actions import Arrange, Sending
from meetingcheck.meetings.documents import outcomes as document_outcomes
from meetingcheck.meetings.documents.ingest import StoredDocument, store_document
from meetingcheck.meetings.documents.outcomes import DocumentRefused
from meetingcheck.meetings.documents.rules import PROBLEMS as DOCUMENT_PROBLEMS
from meetingcheck.meetings.forms import parse_uuid, typed_fields
from meetingcheck.meetings.models import DocumentKind
from meetingcheck.meetings.values import Field, Problem
from meetingcheck.photos.decoder import DecoderUnavailable
from meetingcheck.photos.extension import decoder_of
from meetingcheck.photos.ingest import StoredPhoto, store_original
from meetingcheck.photos.models import Purpose
from meetingcheck.photos.outcomes import MAX_BYTES, PhotoRefused
from meetingcheck.photos.rules import PROBLEMS as PHOTO_PROBLEMS

FILES_IN_ONE_FORM = 12
LONGEST_NAME_SHOWN = 60  # characters
PURPOSES = {
    Field.OVERVIEW: Purpose.OVERVIEW,
    Field.MINUTES_PAGES: Purpose.MINUTES_PAGE,
    Field.RESOLUTION_PAGES: Purpose.RESOLUTION_PAGE,
    Field.ATTENDANCE_LIST: Purpose.ATTENDANCE_LIST,
}
DOCUMENT_KINDS = {Field.MINUTES_FILE: DocumentKind.MINUTES, Field.RESOLUTION_FILE: DocumentKind.RESOLUTION}
STORE_BUSY = N_(
    "Kho ảnh đang bận nên ảnh chưa gửi được. Phần chữ đã được giữ; đồng chí hãy chọn lại ảnh và gửi lại sau ít phút."
)
TOO_MANY = N_("Mỗi lần gửi tối đa 12 ảnh một loại. Đồng chí hãy gửi làm nhiều lần.")

SAVE = "save"
ARRANGE = re.compile(r"(up|down|remove):([0-9a-f-]{36})")
PURPOSE_OF = re.compile(r"purpose_([0-9a-f-]{36})")

Stored = TypeVar("Stored")


def receive(meeting_id: uuid.UUID, client_id: uuid.UUID, *, by_telephone: bool = False) -> Sending:
    """Store what the posted form brings for a report and say what it asks for. Not inside a transaction."""
    photos: list[StoredPhoto] = []
    documents: list[StoredDocument] = []
    problems: list[Problem] = []
    for field, purpose in PURPOSES.items():
        photos += _store_each(field, partial(_store_photo, meeting_id, purpose), problems)
    for field, kind in DOCUMENT_KINDS.items():
        documents += _store_each(field, partial(_store_document, meeting_id, kind), problems)
    then = form_text("then")
    return Sending(
        client_id=client_id,
        typed=typed_fields(request.form),
        photos=photos,
        documents=documents,
        problems=problems,
        revision=_revision(),
        session_id=signed_in().session_id,
        by_link=signed_in().limited_to is not None,
        keep_as_draft=then == SAVE or ARRANGE.fullmatch(then) is not None,
        by_telephone=by_telephone,
        purposes=_purposes(),
        order=[photo_id for text in form_text("photo_order").split() if (photo_id := parse_uuid(text))],
        arrange=_arrange(then),
    )


def answer_beside_page(revision: int) -> Response | None:
    """What a phone hears that keeps a draft beside its page, None for a form that was sent as a page. A redirect could
    as well be that of some Wi-Fi's sign-in page, so the phone believes this answer only."""
    if request.headers.get(OWN_HEADER) != OWN_VALUE:
        return None
    return Response(status=HTTPStatus.NO_CONTENT, headers={"Draft-Revision": str(revision)})


def _store_each(field: Field, store: Callable[[FileStorage], Stored], problems: list[Problem]) -> list[Stored]:
    """Each file that cannot be used gets its sentence, and the others are kept."""
    files = [file for file in request.files.getlist(field.value) if file.filename]
    if len(files) > FILES_IN_ONE_FORM:
        problems.append(Problem(field, TOO_MANY))
    stored = []
    for file in files[:FILES_IN_ONE_FORM]:
        try:
            stored.append(store(file))
        except PhotoRefused as refused:
            problems.append(Problem(field, PHOTO_PROBLEMS[refused.error], shown_name(file)))
        except DocumentRefused as refused:
            problems.append(Problem(field, DOCUMENT_PROBLEMS[refused.error], shown_name(file)))
        except (StorageUnavailable, DecoderUnavailable, ChildUnavailable) as outage:
            log_error("file not taken in", outage)
            problems.append(Problem(field, STORE_BUSY))
            break
    return stored


def _store_photo(meeting_id: uuid.UUID, purpose: Purpose, file: FileStorage) -> StoredPhoto:
    data = file.stream.read(MAX_BYTES + 1)
    return store_original(services().storage, decoder_of(current_app), meeting_id, purpose, data)


def _store_document(meeting_id: uuid.UUID, kind: DocumentKind, file: FileStorage) -> StoredDocument:
    data = file.stream.read(document_outcomes.MAX_BYTES + 1)
    return store_document(services().storage, meeting_id, kind, file.filename or "", data)


def shown_name(file: FileStorage) -> str:
    """A file's name as a sentence may hold it: short, one line."""
    return visible(one_line(file.filename or ""))[:LONGEST_NAME_SHOWN]


def _revision() -> int | None:
    text = form_text("revision")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 9 else None


def _purposes() -> dict[uuid.UUID, Purpose]:
    """What the select boxes beside earlier photos say; anything else is left out."""
    found = {}
    for name, value in request.form.items():
        parts = PURPOSE_OF.fullmatch(name)
        if parts and value in set(Purpose) and (photo_id := parse_uuid(parts.group(1))):
            found[photo_id] = Purpose(value)
    return found


def _arrange(then: str) -> tuple[Arrange, uuid.UUID] | None:
    parts = ARRANGE.fullmatch(then)
    file_id = parse_uuid(parts.group(2)) if parts else None
    return (Arrange(parts.group(1)), file_id) if parts and file_id else None
