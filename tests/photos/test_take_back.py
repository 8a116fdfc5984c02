"""Taking back a photo that was sent by mistake, and having it back; and what sending one twice means."""

import uuid

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.services import services_of
from meetingcheck.lib.storage import MemoryStorage
from meetingcheck.photos.actions import add_photo, publish_photos
from meetingcheck.photos.extension import decoder_of
from meetingcheck.photos.ingest import StoredPhoto, store_original
from meetingcheck.photos.models import Photo, Purpose
from meetingcheck.photos.rules import Size
from meetingcheck.record.models import RecordEntry
from tests.photos import samples
from tests.world import World, token_of

JPEG = samples.jpeg(samples.scene(400, 300))
REPORT = uuid.UUID(int=7)
EVERYBODY = ("secretary1", "reporter1", "reviewer", "leader", "administrator")


def store(world: World, purpose: Purpose = Purpose.OVERVIEW, data: bytes = JPEG) -> StoredPhoto:
    with world.app.app_context():
        return store_original(services_of(world.app).storage, decoder_of(world.app), REPORT, purpose, data)


def add(world: World, stored: StoredPhoto, login: str = "secretary1") -> bool:
    with world.app.app_context(), write_transaction() as session:
        return add_photo(session, stored, world.cells[0], world.users[login], world.clock())


def publish(world: World, photo_id: uuid.UUID) -> None:
    with world.app.app_context(), write_transaction() as session:
        publish_photos(session, [photo_id], world.clock())


@pytest.fixture
def photo(world: World) -> uuid.UUID:
    """A photo of the first cell that the committee sees."""
    stored = store(world)
    add(world, stored)
    publish(world, stored.photo_id)
    world.work("photos")
    return stored.photo_id


def row(world: World, photo_id: uuid.UUID) -> Photo:
    with world.app.app_context(), read_transaction() as session:
        return session.get_one(Photo, photo_id)


def facts(world: World) -> list[str]:
    with world.app.app_context(), read_transaction() as session:
        entries = session.scalars(select(RecordEntry).where(RecordEntry.subject_type == "photo"))
        return [entry.action for entry in sorted(entries, key=lambda entry: entry.id)]


def seen(world: World, photo_id: uuid.UUID) -> dict[str, set[int]]:
    """What each person gets of it, in both sizes."""
    clients = {login: world.sign_in(login) for login in EVERYBODY}
    return {
        login: {client.get(f"/photos/{photo_id}/{size.value}").status_code for size in Size}
        for login, client in clients.items()
    }


def press(world: World, login: str, photo_id: uuid.UUID, what: str, leads: str = "/messages") -> TestResponse:
    client = world.sign_in(login)
    form = {"csrf_token": token_of(client.get("/messages")), "next": leads}
    return client.post(f"/photos/{photo_id}/{what}", data=form)


def test_taken_back_it_is_gone_at_once_for_everybody_but_administrators(world: World, photo: uuid.UUID) -> None:
    assert seen(world, photo) == {login: {200} for login in EVERYBODY}
    assert press(world, "reporter1", photo, "take-back").status_code == 303
    assert seen(world, photo) == {**{login: {404} for login in EVERYBODY}, "administrator": {200}}
    taken = row(world, photo)
    assert (taken.withdrawn_at, taken.withdrawn_by) == (world.clock(), world.users["reporter1"])
    press(world, "secretary1", photo, "take-back")
    assert row(world, photo).withdrawn_by == world.users["reporter1"], "once"
    assert facts(world) == ["photo_received", "photo_ready", "photo_taken_back"]


def test_a_browser_that_has_it_must_ask_and_is_told_that_it_is_gone(world: World, photo: uuid.UUID) -> None:
    reviewer = world.sign_in("reviewer")
    first = reviewer.get(f"/photos/{photo}/320")
    assert first.headers["Cache-Control"] == "private, no-cache"
    same = {"If-None-Match": first.headers["ETag"]}
    again = reviewer.get(f"/photos/{photo}/320", headers=same)
    assert (again.status_code, again.data) == (304, b"")
    press(world, "secretary1", photo, "take-back")
    assert reviewer.get(f"/photos/{photo}/320", headers=same).status_code == 404


def test_a_picture_that_a_browser_has_costs_the_store_nothing(world: World, photo: uuid.UUID) -> None:
    reviewer = world.sign_in("reviewer")
    same = {"If-None-Match": reviewer.get(f"/photos/{photo}/320").headers["ETag"]}
    storage = services_of(world.app).storage
    for one in list(storage.list_keys("")):
        storage.delete(one.key)
    assert reviewer.get(f"/photos/{photo}/320", headers=same).status_code == 304


def test_it_comes_back_by_the_same_hand_within_ten_minutes(world: World, photo: uuid.UUID) -> None:
    press(world, "secretary1", photo, "take-back")
    assert press(world, "reporter1", photo, "put-back").status_code == 403
    world.clock.advance(minutes=10)
    assert press(world, "secretary1", photo, "put-back").status_code == 303
    assert seen(world, photo) == {login: {200} for login in EVERYBODY}
    assert facts(world)[-2:] == ["photo_taken_back", "photo_put_back"]


def test_later_only_an_administrator_brings_it_back(world: World, photo: uuid.UUID) -> None:
    press(world, "secretary1", photo, "take-back")
    world.clock.advance(minutes=10, seconds=1)
    assert press(world, "secretary1", photo, "put-back").status_code == 403
    assert press(world, "administrator", photo, "put-back").status_code == 303
    assert row(world, photo).withdrawn_at is None


def test_the_page_afterwards_offers_to_undo_it(world: World, photo: uuid.UUID) -> None:
    client = world.sign_in("secretary1")
    form = {"csrf_token": token_of(client.get("/messages")), "next": "/messages"}
    page = client.get(client.post(f"/photos/{photo}/take-back", data=form).location)
    assert "Đã gỡ ảnh" in page.text
    assert f'action="/photos/{photo}/put-back"' in page.text
    assert "put-back" not in client.get("/messages").text, "once"


@pytest.mark.parametrize("leads", ["https://evil.example/", "//evil.example", "/nowhere", "", "/sign-in"])
def test_it_leads_only_to_a_page_of_ours(world: World, photo: uuid.UUID, leads: str) -> None:
    assert press(world, "secretary1", photo, "take-back", leads).location == "/"


def test_one_that_was_never_sent_is_seen_by_nobody_once_taken_back(world: World) -> None:
    stored = store(world)
    add(world, stored)
    world.work("photos")
    press(world, "secretary1", stored.photo_id, "take-back")
    assert seen(world, stored.photo_id) == {login: {404} for login in EVERYBODY}
    assert "0 ảnh" not in world.sign_in("administrator").get("/office/withdrawn").text
    assert str(stored.photo_id) not in world.sign_in("administrator").get("/office/withdrawn").text


def test_the_same_photo_again_in_another_place_is_one_photo_and_the_last_word_counts(
    world: World, storage: MemoryStorage
) -> None:
    first = store(world, Purpose.OVERVIEW)
    other = store(world, Purpose.OVERVIEW, samples.png(samples.scene(400, 300)))
    assert [add(world, first), add(world, other)] == [True, True]
    again = store(world, Purpose.ATTENDANCE_LIST)
    assert again.photo_id == first.photo_id
    assert add(world, again) is False
    assert row(world, first.photo_id).purpose == Purpose.ATTENDANCE_LIST
    assert row(world, other.photo_id).purpose == Purpose.OVERVIEW
    publish(world, first.photo_id)
    add(world, store(world, Purpose.RESOLUTION_PAGE))
    assert row(world, first.photo_id).purpose == Purpose.ATTENDANCE_LIST, "a sent report stays as it was sent"
    assert len(list(storage.list_keys(f"photos/{first.photo_id}/"))) == 1
    assert facts(world) == ["photo_received", "photo_received"]


def test_whoever_sends_again_what_was_taken_back_has_it_back(world: World, photo: uuid.UUID) -> None:
    press(world, "secretary1", photo, "take-back")
    add(world, store(world), "reporter1")
    assert row(world, photo).withdrawn_at is None
    assert facts(world)[-1] == "photo_put_back"
    assert seen(world, photo)["reviewer"] == {200}
