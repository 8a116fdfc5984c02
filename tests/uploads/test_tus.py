"""Resumable uploads: tus 1.0.0 as its specification says, and what is ours: rights, quotas, SHA-256, one photo."""

import base64
import hashlib
import threading
import uuid
from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from meetingcheck.lib.db import Base, read_transaction, write_transaction
from meetingcheck.lib.storage import MemoryStorage
from meetingcheck.meetings.models import Meeting, MeetingPhoto
from meetingcheck.orgs.models import RoleAssignment
from meetingcheck.photos.models import Photo, Purpose
from meetingcheck.photos.rules import original_key
from meetingcheck.uploads.jobs import hand_over, sweep_uploads
from meetingcheck.uploads.models import Upload, UploadPart, UploadState
from meetingcheck.uploads.queries import bytes_since, count_open
from meetingcheck.uploads.rules import MOST_BYTES, MOST_OPEN, PART_BYTES, ProtocolError, parse_metadata, parts_of
from tests.meetings.test_corrections import period, send, whole_form
from tests.world import World

UPLOADS = "/api/v1/uploads"
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
OWN = {"Origin": "http://localhost", "X-Requested-With": "meetingcheck", "Tus-Resumable": "1.0.0"}


def rows(app: Flask, model: type[Base]) -> list[Base]:
    with app.app_context(), read_transaction() as session:
        return list(session.scalars(select(model)))


def metadata(**facts: object) -> str:
    return ",".join(f"{key} {base64.b64encode(str(value).encode()).decode()}" for key, value in facts.items())


def announcement(world: World, data: bytes, client: uuid.UUID | None = None, **facts: object) -> dict[str, str]:
    """What a phone says about a photo of the first cell's November report."""
    said = {
        "obligation": world.obligation(world.cells[0]).id,
        "client": client or uuid.uuid4(),
        "purpose": "overview",
        "sha256": hashlib.sha256(data).hexdigest(),
        **facts,
    }
    return {**OWN, "Upload-Length": str(len(data)), "Upload-Metadata": metadata(**said)}


def create(client: FlaskClient, headers: dict[str, str], data: bytes = b"") -> TestResponse:
    return client.post(UPLOADS, headers={**headers, "Content-Type": "application/offset+octet-stream"}, data=data)


def patch(client: FlaskClient, where: str, offset: int, data: bytes, **headers: str) -> TestResponse:
    sent = {**OWN, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream", **headers}
    return client.patch(where, headers=sent, data=data)


def pieces(data: bytes, size: int) -> Iterator[tuple[int, bytes]]:
    for start in range(0, len(data), size):
        yield start, data[start : start + size]


def test_a_photo_in_parts_arrives_whole_at_its_report(world: World, storage: MemoryStorage, overview: bytes) -> None:
    client, report = world.sign_in("secretary1"), uuid.uuid4()
    created = create(client, announcement(world, overview, report))
    assert created.status_code == 201
    assert created.headers["Upload-Offset"] == "0"
    assert created.headers["Tus-Resumable"] == "1.0.0"
    where = created.location
    for start, piece in pieces(overview, 1_000):
        answer = patch(client, where, start, piece)
        assert answer.status_code == 204, answer.text
        assert answer.headers["Upload-Offset"] == str(start + len(piece))
    assert answer.headers["Upload-State"] == "taken"
    assert answer.headers["Upload-SHA256"] == hashlib.sha256(overview).hexdigest()
    [photo] = rows(world.app, Photo)
    assert answer.headers["Upload-Photo"] == str(photo.id)
    assert storage.get(original_key(photo.id, photo.sha256)) == overview
    assert (photo.purpose, photo.size) == (Purpose.OVERVIEW, len(overview))
    assert rows(world.app, UploadPart) == [], "the parts are no longer needed"

    form = whole_form(client.get(period(world)))
    assert form["client_id"] == str(report), "the form goes on with the report that the photo began"
    assert send(client, period(world), form).status_code == 303


@pytest.mark.parametrize(
    ("claimed", "kept"),
    [
        ("2026-11-03T19:45:00+07:00", "2026-11-03T12:45:00+00:00"),
        ("2026-11-03T19:45:00", "2026-11-03T12:45:00+00:00"),  # the phones of these cells stand in Viet Nam
        ("0001-01-01T00:00:00+14:00", None),
        ("yesterday", None),
    ],
)
def test_when_a_photo_was_taken_may_be_said_beside_it(
    world: World, page: bytes, claimed: str, kept: str | None
) -> None:
    create(world.sign_in("secretary1"), announcement(world, page, claimed=claimed), page)
    [photo] = rows(world.app, Photo)
    assert (photo.claimed_at and photo.claimed_at.isoformat()) == kept


def test_the_first_bytes_may_come_with_the_announcement(world: World, overview: bytes) -> None:
    client = world.sign_in("secretary1")
    created = create(client, announcement(world, overview), overview[:500])
    assert (created.status_code, created.headers["Upload-Offset"]) == (201, "500")
    assert patch(client, created.location, 500, overview[500:]).headers["Upload-State"] == "taken"


@pytest.mark.parametrize("came", [500, 0], ids=["the first bytes", "all bytes"])
def test_an_announcement_with_bytes_whose_answer_was_lost_may_be_repeated(
    world: World, overview: bytes, came: int
) -> None:
    client, name = world.sign_in("secretary1"), uuid.uuid4()
    headers, data = announcement(world, overview, uuid.uuid4(), id=name), overview[: came or len(overview)]
    first, again = (create(client, headers, data) for _ in range(2))
    assert (again.status_code, again.location) == (201, first.location)
    assert again.headers["Upload-Offset"] == first.headers["Upload-Offset"] == str(len(data))
    assert again.headers["Upload-State"] == first.headers["Upload-State"]


def test_the_protocol_is_announced_to_whoever_asks(app: Flask) -> None:
    answer = app.test_client().options(UPLOADS)
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert "checksum" in answer.headers["Tus-Extension"]
    assert answer.headers["Tus-Checksum-Algorithm"] == "sha256"
    assert answer.headers["Tus-Max-Size"] == str(MOST_BYTES)
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


def test_each_mistake_gets_the_protocols_own_answer(world: World, overview: bytes) -> None:
    client = world.sign_in("secretary1")
    headers = announcement(world, overview)
    where = create(client, headers).location
    patch(client, where, 0, overview[:100])
    half = overview[100:200]
    digest = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    refused = {
        "wrong offset": (409, patch(client, where, 0, half)),
        "past the end of what came": (409, patch(client, where, 300, half)),
        "wrong checksum": (460, patch(client, where, 100, half, **{"Upload-Checksum": f"sha256 {digest}"})),
        "unknown algorithm": (400, patch(client, where, 100, half, **{"Upload-Checksum": f"md5 {digest}"})),
        "no base64": (400, patch(client, where, 100, half, **{"Upload-Checksum": "sha256 ***"})),
        "too long": (413, patch(client, where, 100, overview)),
        "other type": (415, patch(client, where, 100, half, **{"Content-Type": "image/jpeg"})),
        "no number": (400, patch(client, where, 100, half, **{"Upload-Offset": "-1"})),
        "other version": (412, patch(client, where, 100, half, **{"Tus-Resumable": "0.2.2"})),
        "nothing there": (404, patch(client, f"{UPLOADS}/{uuid.uuid4()}", 0, half)),
        "no length": (400, create(client, {**headers, "Upload-Length": ""})),
        "too large": (413, create(client, {**headers, "Upload-Length": str(MOST_BYTES + 1)})),
        "empty": (400, create(client, {**headers, "Upload-Length": "0"})),
        "metadata too long": (400, create(client, {**headers, "Upload-Metadata": metadata(x="y" * 2_000)})),
        "metadata no base64": (400, create(client, {**headers, "Upload-Metadata": "purpose ***"})),
        "nobody takes it": (400, create(client, {**headers, "Upload-Metadata": metadata(**{"for": "cake"})})),
        "no purpose": (400, create(client, {**headers, "Upload-Metadata": metadata(client=uuid.uuid4())})),
    }
    assert {name: answer.status_code for name, (_, answer) in refused.items()} == {
        name: status for name, (status, _) in refused.items()
    }
    assert refused["wrong offset"][1].headers["Upload-Offset"] == "100", "so the sender knows where to go on"
    assert refused["other version"][1].headers["Tus-Version"] == "1.0.0"
    assert client.head(where, headers=OWN).headers["Upload-Offset"] == "100", "none of them changed anything"
    fits = base64.b64encode(hashlib.sha256(overview[100:]).digest()).decode()
    assert patch(client, where, 100, overview[100:], **{"Upload-Checksum": f"sha256 {fits}"}).status_code == 204


def test_another_version_of_the_protocol_is_refused_everywhere(world: World, overview: bytes) -> None:
    client = world.sign_in("secretary1")
    headers = announcement(world, overview)
    where = create(client, headers).location
    old = {**headers, "Tus-Resumable": "0.2.2"}
    for answer in (create(client, old), client.head(where, headers=old), client.delete(where, headers=old)):
        assert answer.status_code == 412


def test_each_answer_says_that_it_is_the_servers_own(world: World, overview: bytes) -> None:
    """Also what is refused before the upload is looked at: a proxy or a hotel's sign-in page cannot be taken for it."""
    client, stranger = world.sign_in("secretary1"), world.app.test_client()
    headers = announcement(world, overview)
    where = create(client, headers).location
    answers = {
        200: client.head(where, headers=OWN),
        400: create(client, {**headers, "Upload-Metadata": metadata(client=uuid.uuid4())}),
        401: stranger.head(where, headers=OWN),
        403: create(world.sign_in("reviewer"), headers),
        404: client.head(f"{UPLOADS}/{uuid.uuid4()}", headers=OWN),
        413: patch(client, where, 0, b"x" * (MOST_BYTES + 1)),
    }
    assert [answer.status_code // 100 for answer in answers.values()] == [status // 100 for status in answers]
    assert {answer.headers.get("Tus-Resumable") for answer in answers.values()} == {"1.0.0"}
    assert "Tus-Resumable" not in client.options(UPLOADS).headers, "as the protocol says"


def test_only_its_sender_finds_an_upload(world: World, overview: bytes) -> None:
    where = create(world.sign_in("secretary1"), announcement(world, overview)).location
    for login in ("reporter1", "secretary2", "reviewer", "administrator"):
        other = world.sign_in(login)
        assert other.head(where, headers=OWN).status_code == 404, login
        assert patch(other, where, 0, overview).status_code == 404, login
        assert other.delete(where, headers=OWN).status_code == 404, login
        assert create(other, announcement(world, overview)).status_code in {201, 403, 404}
    assert create(world.sign_in("secretary2"), announcement(world, overview)).status_code == 404
    assert create(world.sign_in("reviewer"), announcement(world, overview)).status_code == 403
    assert world.app.test_client().head(where, headers=OWN).status_code == 401


def test_a_write_by_cookie_needs_our_own_script(world: World, overview: bytes) -> None:
    client = world.sign_in("secretary1")
    headers = announcement(world, overview)
    where = create(client, headers).location
    for missing in ("Origin", "X-Requested-With"):
        bare = {name: value for name, value in headers.items() if name != missing}
        assert create(client, bare).status_code == 403, missing
    bare = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    assert client.patch(where, headers=bare, data=overview).status_code == 403
    assert client.delete(where, headers=bare).status_code == 403


def test_a_role_that_ended_long_ago_ends_the_sending(world: World, overview: bytes) -> None:
    client = world.sign_in("secretary1")
    where = create(client, announcement(world, overview)).location
    with world.app.app_context(), write_transaction() as session:
        session.execute(
            update(RoleAssignment)
            .where(RoleAssignment.user_id == world.users["secretary1"])
            .values(to_on=world.clock().date() - timedelta(days=31))
        )
    assert patch(client, where, 0, overview).status_code == 404
    assert rows(world.app, Photo) == []


def test_the_same_announced_again_goes_on_where_it_stopped(world: World, overview: bytes) -> None:
    client, name = world.sign_in("secretary1"), uuid.uuid4()
    headers = announcement(world, overview, uuid.uuid4(), id=name)
    first = create(client, headers)
    patch(client, first.location, 0, overview[:700])
    again = create(client, headers)
    assert (again.status_code, again.location, again.headers["Upload-Offset"]) == (201, first.location, "700")
    other = overview + b"x"
    assert create(client, announcement(world, other, uuid.uuid4(), id=name)).status_code == 409
    stolen = create(world.sign_in("reporter1"), announcement(world, overview, uuid.uuid4(), id=name))
    assert stolen.location != first.location
    assert stolen.headers["Upload-Offset"] == "0", "another's UUID names nothing of theirs"


def test_other_bytes_than_announced_are_not_taken(world: World, overview: bytes) -> None:
    client = world.sign_in("secretary1")
    where = create(client, announcement(world, overview)).location
    flipped = bytes([overview[0] ^ 1]) + overview[1:]
    assert patch(client, where, 0, flipped).status_code == 460
    gone = client.head(where, headers=OWN)
    assert (gone.status_code, gone.headers["Upload-Problem"]) == (410, "checksum")
    assert rows(world.app, Photo) == []


def test_what_is_no_photo_gets_its_sentence(world: World) -> None:
    client, data = world.sign_in("secretary1"), b"MZ this is a program"
    where = create(client, announcement(world, data)).location
    answer = patch(client, where, 0, data)
    assert answer.status_code == 422
    assert "không phải là ảnh" in answer.json["message"]
    assert client.head(where, headers=OWN).headers["Upload-Problem"] == "not_a_photo"


def test_a_given_up_upload_is_gone(world: World, overview: bytes) -> None:
    client = world.sign_in("secretary1")
    where = create(client, announcement(world, overview)).location
    patch(client, where, 0, overview[:600])
    assert client.delete(where, headers=OWN).status_code == 204
    assert client.head(where, headers=OWN).status_code == 404
    assert patch(client, where, 600, overview[600:]).status_code == 404
    assert client.delete(where, headers=OWN).status_code == 404
    assert rows(world.app, UploadPart) == []


def test_bytes_that_came_count_for_the_day_when_their_upload_is_given_up(world: World, overview: bytes) -> None:
    client = world.sign_in("secretary1")
    for came in (600, 0, len(overview)):
        created = create(client, announcement(world, overview), overview[:came])
        assert client.delete(created.location, headers=OWN).status_code == 204
    with world.app.app_context(), read_transaction() as session:
        assert bytes_since(session, world.cells[0], world.clock() - timedelta(hours=1)) == 600 + len(overview)
        assert count_open(session, world.cells[0]) == 0
    assert len(rows(world.app, Photo)) == 1, "what was taken over stays"


def test_the_name_of_an_upload_that_was_given_up_is_not_used_again(world: World, overview: bytes) -> None:
    client, headers = world.sign_in("secretary1"), announcement(world, overview, uuid.uuid4(), id=uuid.uuid4())
    where = create(client, headers, overview[:600]).location
    client.delete(where, headers=OWN)
    assert create(client, headers, overview[:600]).status_code == 409


def test_an_upload_that_nobody_goes_on_with_expires(world: World, overview: bytes) -> None:
    client = world.sign_in("secretary1")
    created = create(client, announcement(world, overview))
    assert "GMT" in created.headers["Upload-Expires"]
    world.clock.advance(days=6)
    client = world.sign_in("secretary1")
    assert patch(client, created.location, 0, overview[:600]).status_code == 204, "each part gives it more time"
    world.clock.advance(days=7)
    client = world.sign_in("secretary1")
    assert patch(client, created.location, 600, overview[600:]).status_code == 410
    with world.app.app_context():
        sweep_uploads({}, world.clock())
    assert rows(world.app, Upload) == rows(world.app, UploadPart) == []


def test_a_cell_has_its_quotas(world: World, overview: bytes) -> None:
    client = world.sign_in("secretary1")
    for _ in range(MOST_OPEN):
        assert create(client, announcement(world, overview)).status_code == 201
    refused = create(client, announcement(world, overview))
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    with world.app.app_context(), write_transaction() as session:
        session.execute(update(Upload).values(state=UploadState.TAKEN, length=MOST_BYTES))
    assert "Hôm nay" in create(client, announcement(world, overview)).json["message"]
    world.clock.advance(days=1)
    assert create(world.sign_in("secretary1"), announcement(world, overview)).status_code == 201


def test_two_who_send_the_same_part_at_once_add_it_once(world: World, overview: bytes) -> None:
    clients = [world.sign_in("secretary1") for _ in range(3)]
    where = create(clients[0], announcement(world, overview)).location
    start, answers = threading.Barrier(3), [0, 0, 0]

    def run(number: int) -> None:
        start.wait()
        answers[number] = patch(clients[number], where, 0, overview[:900]).status_code

    threads = [threading.Thread(target=run, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [204, 409, 409]
    with world.app.app_context(), read_transaction() as session:
        assert session.scalar(select(func.sum(func.length(UploadPart.data)))) == 900


def test_a_whole_file_whose_process_died_is_handed_over_by_a_worker(world: World, overview: bytes) -> None:
    client = world.sign_in("secretary1")
    where = create(client, announcement(world, overview)).location
    patch(client, where, 0, overview[:-1])
    with world.app.app_context(), write_transaction() as session:
        upload = session.scalars(select(Upload)).one()
        upload.arrived, upload.state = upload.length, UploadState.WHOLE
        session.add(UploadPart(upload_id=upload.id, starts_at=upload.length - 1, data=overview[-1:]))
    assert client.head(where, headers=OWN).headers["Upload-State"] == "whole"
    with world.app.app_context():
        for _ in range(2):
            hand_over(upload.id, world.clock())
    assert client.head(where, headers=OWN).headers["Upload-State"] == "taken"
    assert len(rows(world.app, Photo)) == len(rows(world.app, MeetingPhoto)) == 1


def test_the_same_photo_by_form_and_in_parts_is_one_photo(world: World, overview: bytes) -> None:
    client = world.sign_in("secretary1")
    page = client.get(period(world))
    form = whole_form(page, overviews=[overview])
    create(client, announcement(world, overview, uuid.UUID(str(form["client_id"]))), overview)
    assert send(client, period(world), form).status_code == 303
    assert len(rows(world.app, Photo)) == len(rows(world.app, Meeting)) == 1


@pytest.mark.parametrize("header", ["a b c", "a,a", "é eA==", "a eA==,a eA==", "x" * 41, "a AA=="])
def test_metadata_that_means_nothing_is_refused(header: str) -> None:
    with pytest.raises(ProtocolError):
        parse_metadata(header)


@given(st.dictionaries(st.from_regex(r"[a-z0-9_]{1,12}", fullmatch=True), TEXTS, max_size=6))
def test_metadata_comes_back_as_it_was(facts: dict[str, str]) -> None:
    assert parse_metadata(metadata(**facts)) == facts


@given(st.binary(min_size=1, max_size=5), st.integers(0, 10**12))
@hypothesis_settings(max_examples=20)
def test_parts_are_small_and_make_the_whole(seed: bytes, starts_at: int) -> None:
    data = seed * (PART_BYTES // 2)
    found: Sequence[tuple[int, bytes]] = parts_of(data, starts_at)
    assert b"".join(piece for _, piece in found) == data
    assert all(len(piece) <= PART_BYTES for _, piece in found)
    assert [start for start, _ in found] == list(range(starts_at, starts_at + len(data), PART_BYTES))
