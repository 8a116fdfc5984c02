"""Whole photos and documents under the sender's own UUID."""

import threading
import uuid
from typing import Any

from sqlalchemy import func, select

from meetingcheck import create_app
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.settings import Settings
from meetingcheck.lib.storage import MemoryStorage, S3Storage, StoreAddress
from meetingcheck.meetings.models import Document, Meeting, SentFile
from meetingcheck.orgs.actions import give_role
from meetingcheck.orgs.models import Role
from meetingcheck.photos.extension import decoder_of
from meetingcheck.photos.models import Photo
from meetingcheck.photos.outcomes import MAX_BYTES
from meetingcheck.photos.rules import original_key, sha256_of
from meetingcheck.uploads.rules import MOST_BYTES_A_DAY
from tests.api.conftest import Program, ProgramOf
from tests.api.samples import OTHER_PHOTO, PHOTO, WHOLE
from tests.api.test_check_in import file_whole, period
from tests.clock import SetClock
from tests.meetings.documents import samples
from tests.world import LONG_AGO, World, make_world

PDF = "application/pdf"
REFUSED_PORT = "http://127.0.0.1:9"


def draft_of(world: World, cell: int = 0) -> dict[str, Any]:
    return {"obligation": world.obligation(world.cells[cell]).id, "client_id": uuid.uuid4(), "purpose": "overview"}


def count(world: World, model: type[Any]) -> int:
    with world.app.app_context(), read_transaction() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_a_photo_begins_its_draft_and_is_stored_byte_for_byte(
    world: World, secretary: Program, storage: MemoryStorage
) -> None:
    query = {**draft_of(world), "claimed_at": "2026-11-03T19:45:00+07:00"}
    told = secretary.send(f"/photos/{uuid.uuid4()}", PHOTO, **query).get_json()
    assert (told["sha256"], told["size"], told["state"]) == (sha256_of(PHOTO), len(PHOTO), "received")
    assert (told["claimed_at"], told["taken_at"]) == ("2026-11-03T12:45:00Z", None)
    assert storage.get(original_key(uuid.UUID(told["id"]), told["sha256"])) == PHOTO
    [draft] = secretary.get(period(world)).get_json()["drafts"]
    assert (draft["meeting_id"], draft["client_id"]) == (told["meeting_id"], str(query["client_id"]))
    world.work("photos")
    picture = secretary.get(f"/photos/{told['id']}/320")
    assert (picture.status_code, picture.mimetype, picture.headers["Vary"]) == (
        200,
        "image/jpeg",
        "Cookie, Authorization",
    )
    again = secretary.ask("GET", f"/photos/{told['id']}/320", headers={"If-None-Match": picture.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_the_same_again_gets_the_same_answer(world: World, secretary: Program) -> None:
    path, query = f"/photos/{uuid.uuid4()}", draft_of(world)
    first, second = (secretary.send(path, PHOTO, **query) for _ in range(2))
    assert (first.status_code, second.get_json()) == (200, first.get_json())
    assert (count(world, Photo), count(world, SentFile), count(world, Meeting)) == (1, 1, 1)


def test_the_same_at_the_same_moment_is_one_photo(world: World, secretary: Program) -> None:
    path, query = f"/photos/{uuid.uuid4()}", draft_of(world)
    together, answers = threading.Barrier(4), []

    def send() -> None:
        together.wait()
        answers.append(secretary.send(path, PHOTO, **query))

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {(answer.status_code, answer.text) for answer in answers} == {(200, answers[0].text)}
    assert len(answers) == 4
    assert (count(world, Photo), count(world, SentFile), count(world, Meeting)) == (1, 1, 1)


def test_other_content_under_the_same_uuid_is_refused_and_tells_nothing(world: World, secretary: Program) -> None:
    path, query = f"/photos/{uuid.uuid4()}", draft_of(world)
    first = secretary.send(path, PHOTO, **query).get_json()
    answer = secretary.send(path, OTHER_PHOTO, **query)
    assert (answer.status_code, set(answer.get_json())) == (409, {"error", "message", "reason"})
    assert answer.get_json()["reason"] == "other_content"
    assert first["sha256"] not in answer.text
    assert first["id"] not in answer.text
    assert count(world, Photo) == 1
    as_document = secretary.send(f"/documents/{path[8:]}", samples.pdf(), PDF, **{**query, "kind": "minutes"})
    assert as_document.status_code == 409


def test_anothers_uuid_neither_overwrites_nor_returns_anything(
    world: World, secretary: Program, program_of: ProgramOf
) -> None:
    path, query = f"/photos/{uuid.uuid4()}", draft_of(world)
    first = secretary.send(path, PHOTO, **query).get_json()
    for login, cell in (("reporter1", 0), ("secretary2", 1)):
        told = program_of(login).send(path, OTHER_PHOTO, **{**draft_of(world, cell), "client_id": query["client_id"]})
        assert told.status_code == 200
        assert (told.get_json()["sha256"], told.get_json()["id"]) != (first["sha256"], first["id"])
    assert secretary.send(path, PHOTO, **query).get_json() == first
    assert count(world, Photo) == 3


def test_one_person_with_two_cells_may_use_a_uuid_in_each(world: World, secretary: Program) -> None:
    with world.app.app_context(), write_transaction() as session:
        give_role(session, world.users["secretary1"], world.cells[1], Role.REPORTER, LONG_AGO, None, world.clock())
    path = f"/photos/{uuid.uuid4()}"
    told = [secretary.send(path, PHOTO, **draft_of(world, cell)).get_json() for cell in (0, 1)]
    assert told[0]["id"] != told[1]["id"]


def test_knowing_a_sha_256_skips_no_upload(world: World, secretary: Program, program_of: ProgramOf) -> None:
    """Equal photos of two cells are two photos, each stored by who sent it."""
    first = secretary.send(f"/photos/{uuid.uuid4()}", PHOTO, **draft_of(world)).get_json()
    other = program_of("secretary2")
    assert other.get(f"/photos/{first['id']}/320").status_code == 404
    assert other.send(f"/photos/{uuid.uuid4()}", PHOTO, **draft_of(world, 1)).get_json()["id"] != first["id"]


def test_a_photo_for_a_report_that_was_sent_is_in_its_next_version(
    world: World, secretary: Program, reviewer: Program
) -> None:
    filed = file_whole(world, secretary)
    path = f"/meetings/{filed['meeting_id']}"
    query = {"meeting": filed["meeting_id"], "purpose": "minutes_page"}
    assert secretary.send(f"/photos/{uuid.uuid4()}", OTHER_PHOTO, **query).status_code == 200
    assert len(reviewer.get(path).get_json()["photos"]) == 1
    body = {"revision": filed["revision"], "check_in": WHOLE}
    assert secretary.put(path, body).get_json()["version"] == 2
    assert [one["purpose"] for one in reviewer.get(path).get_json()["photos"]] == ["overview", "minutes_page"]
    answer = {"verdict": "note", "version": 2}
    assert reviewer.post(f"{path}/reviews", answer).get_json()["state"] == "accepted"
    closed = secretary.send(f"/photos/{uuid.uuid4()}", PHOTO, **query)
    assert (closed.status_code, closed.get_json()["reason"]) == (409, "closed")


def test_anothers_draft_takes_no_file(world: World, secretary: Program, program_of: ProgramOf) -> None:
    told = secretary.send(f"/photos/{uuid.uuid4()}", PHOTO, **draft_of(world)).get_json()
    query = {"meeting": told["meeting_id"], "purpose": "overview"}
    assert secretary.send(f"/photos/{uuid.uuid4()}", OTHER_PHOTO, **query).status_code == 200
    assert program_of("reporter1").send(f"/photos/{uuid.uuid4()}", OTHER_PHOTO, **query).status_code == 404


REFUSED_CHANGES: list[tuple[dict[str, Any], str]] = [
    ({"purpose": "selfie"}, "purpose"),
    ({"purpose": None}, "purpose"),
    ({"client_id": None}, "client_id"),
    ({"client_id": "x"}, "client_id"),
    ({"obligation": None}, "obligation"),
    ({"meeting": uuid.uuid4()}, "obligation"),
    ({"claimed_at": "yesterday"}, "claimed_at"),
    ({"claimed_at": "2026-11-03T19:45:00"}, "claimed_at"),
    ({"claimed_at": "0001-01-01T00:00:00+14:00"}, "claimed_at"),
]


def test_a_query_that_is_not_whole_is_refused_at_its_field(world: World, secretary: Program) -> None:
    for change, field in REFUSED_CHANGES:
        query = {name: value for name, value in {**draft_of(world), **change}.items() if value is not None}
        answer = secretary.send(f"/photos/{uuid.uuid4()}", PHOTO, **query)
        found = (answer.status_code, [one["field"] for one in answer.get_json()["errors"]])
        assert found == (422, [field]), change
    assert count(world, Meeting) == 0


NO_PHOTOS = [
    (b"", "image/jpeg", 422),
    (b"no photo", "image/jpeg", 422),
    (PHOTO[:400], "image/jpeg", 422),
    (PHOTO, "text/plain", 415),
    (PHOTO, "", 415),
    (b"x" * (MAX_BYTES + 1), "image/jpeg", 413),
]


def test_what_is_no_photo_leaves_nothing_behind(world: World, secretary: Program) -> None:
    for data, content_type, status in NO_PHOTOS:
        answer = secretary.send(f"/photos/{uuid.uuid4()}", data, content_type, **draft_of(world))
        assert answer.status_code == status, (data[:20], answer.text)
    assert (count(world, Meeting), count(world, Photo)) == (0, 0)


def test_a_cell_sends_300_megabytes_a_day(world: World, secretary: Program, program_of: ProgramOf) -> None:
    path, query = f"/photos/{uuid.uuid4()}", draft_of(world)
    first = secretary.send(path, PHOTO, **query)
    with world.app.app_context(), write_transaction() as session:
        session.get_one(Photo, uuid.UUID(first.get_json()["id"])).size = MOST_BYTES_A_DAY
    answer = program_of("reporter1").send(f"/photos/{uuid.uuid4()}", OTHER_PHOTO, **draft_of(world))
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3600")
    assert "ngày mai" in answer.get_json()["errors"][0]["sentence"]
    assert secretary.send(path, PHOTO, **query).status_code == 200, "what came before is still answered"
    assert program_of("secretary2").send(f"/photos/{uuid.uuid4()}", PHOTO, **draft_of(world, 1)).status_code == 200
    world.clock.advance(hours=3)
    assert secretary.send(f"/photos/{uuid.uuid4()}", OTHER_PHOTO, **query).status_code == 200, "the next day"


def test_a_store_that_is_away_says_so_and_the_photo_can_be_sent_again(settings: Settings, clock: SetClock) -> None:
    away = create_app(
        settings, clock=clock, storage=S3Storage(StoreAddress(REFUSED_PORT, "meetingcheck", "key", "secret"))
    )
    world = make_world(away, clock)
    client = world.sign_in("secretary1")
    query = {name: str(value) for name, value in draft_of(world).items()}
    marks = {"Origin": "http://localhost", "X-Requested-With": "meetingcheck"}
    answer = client.put(
        f"/api/v1/photos/{uuid.uuid4()}", data=PHOTO, content_type="image/jpeg", query_string=query, headers=marks
    )
    decoder_of(away).close()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert (count(world, Meeting), count(world, SentFile)) == (0, 0)


def test_a_document_is_taken_and_handed_out_as_it_was_sent(world: World, secretary: Program, reviewer: Program) -> None:
    filed = file_whole(world, secretary)
    query = {"meeting": filed["meeting_id"], "kind": "minutes", "name": "Biên bản tháng 11.docx"}
    path, data = f"/documents/{uuid.uuid4()}", samples.pdf("Biên bản")
    told, again = (secretary.send(path, data, PDF, **query).get_json() for _ in range(2))
    assert (told["name"], told["format"], told["kind"]) == ("Biên bản tháng 11.docx.pdf", "pdf", "minutes")
    assert again == told
    world.work("photos")
    own = secretary.get(f"/documents/{told['id']}")
    assert (own.data, own.mimetype) == (data, PDF)
    assert own.headers["Content-Disposition"].startswith("attachment")
    assert reviewer.get(f"/documents/{told['id']}").status_code == 404, "not sent yet"
    body = {"revision": filed["revision"], "check_in": WHOLE}
    assert secretary.put(f"/meetings/{filed['meeting_id']}", body).get_json()["version"] == 2
    [shown] = reviewer.get(f"/meetings/{filed['meeting_id']}").get_json()["documents"]
    assert shown["id"] == told["id"]
    assert reviewer.get(f"/documents/{told['id']}").data == data
    assert secretary.post(f"/documents/{told['id']}/take-back").status_code == 200
    assert reviewer.get(f"/documents/{told['id']}").status_code == 404
    assert secretary.post(f"/documents/{told['id']}/put-back").status_code == 200
    assert reviewer.get(f"/documents/{told['id']}").status_code == 200


def test_a_photo_that_was_sent_by_mistake(world: World, secretary: Program, reviewer: Program) -> None:
    path = f"/meetings/{file_whole(world, secretary)['meeting_id']}"
    world.work("photos")
    [photo] = reviewer.get(path).get_json()["photos"]
    assert reviewer.get(f"/photos/{photo['id']}/1600").status_code == 200
    assert secretary.post(f"/photos/{photo['id']}/take-back").status_code == 200
    assert reviewer.get(path).get_json()["photos"] == []
    assert reviewer.get(f"/photos/{photo['id']}/1600").status_code == 404
    assert secretary.post(f"/photos/{photo['id']}/put-back").status_code == 200
    assert reviewer.get(f"/photos/{photo['id']}/1600").status_code == 200


def test_what_is_no_document_is_refused(world: World, secretary: Program) -> None:
    query = {**draft_of(world), "kind": "minutes"}
    for data, content_type, status in ((PHOTO, PDF, 422), (b"", PDF, 422), (samples.pdf(), "text/html", 415)):
        assert secretary.send(f"/documents/{uuid.uuid4()}", data, content_type, **query).status_code == status
    assert (count(world, Document), count(world, Meeting)) == (0, 0)
