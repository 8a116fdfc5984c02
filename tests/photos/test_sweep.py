"""Orphans go after two days; what a row names stays, whatever happens at the same moment."""

import random
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select

from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.jobs import Job, JobState, Worker
from meetingcheck.lib.leases import Lease, take_lease
from meetingcheck.lib.storage import MemoryStorage
from meetingcheck.meetings.documents.rules import document_key
from meetingcheck.meetings.models import Document, DocumentKind, Meeting, MeetingState, ScanState
from meetingcheck.photos import sweep as module
from meetingcheck.photos.holding import LASTING, NAME, Holding, HoldLost, ObjectsHeld
from meetingcheck.photos.models import Photo, PhotoState, Purpose
from meetingcheck.photos.rules import Size, original_key, rendition_key, sha256_of
from meetingcheck.photos.sweep import SWEEP_OBJECTS, Swept, sweep
from tests.clock import SetClock
from tests.soak import wait_until
from tests.world import World


def put(storage: MemoryStorage, photo_id: uuid.UUID, body: bytes, ready: bool = False) -> list[str]:
    """The objects of a photo; their keys."""
    sha256 = sha256_of(body)
    storage.put(original_key(photo_id, sha256), body, "image/jpeg")
    for size in Size if ready else ():
        storage.put(rendition_key(photo_id, sha256, size), b"small " + body, "image/jpeg")
    return [one.key for one in storage.list_keys(f"photos/{photo_id}/")]


def name(world: World, photo_id: uuid.UUID, body: bytes) -> None:
    """The row of a photo."""
    with world.app.app_context(), write_transaction() as session:
        session.add(
            Photo(
                id=photo_id,
                unit_id=world.cells[0],
                purpose=Purpose.OVERVIEW,
                sha256=sha256_of(body),
                size=len(body),
                format="jpeg",
                width=4,
                height=3,
                received_at=world.clock(),
                uploaded_by=world.users["secretary1"],
                state=PhotoState.READY,
            )
        )


def name_document(world: World, key: str) -> None:
    """The row of a document, and the report that it belongs to."""
    _, document_id, sha256 = key.split("/")
    now, cell, secretary = world.clock(), world.cells[0], world.users["secretary1"]
    meeting = Meeting(
        id=uuid.uuid4(),
        client_id=uuid.uuid4(),
        unit_id=cell,
        state=MeetingState.DRAFT,
        author_id=secretary,
        created_at=now,
        updated_at=now,
        draft={},
    )
    document = Document(
        id=uuid.UUID(document_id),
        unit_id=cell,
        meeting_id=meeting.id,
        kind=DocumentKind.OTHER,
        name="bb.pdf",
        format="pdf",
        sha256=sha256,
        size=5,
        scan=ScanState.CLEAN,
        received_at=now,
        uploaded_by=secretary,
    )
    with world.app.app_context(), write_transaction() as session:
        session.add(meeting)
        session.flush()
        session.add(document)


def run(world: World, storage: MemoryStorage) -> Swept:
    with world.app.app_context(), Holding(world.app) as holding:
        return sweep(storage, holding, world.clock())


def keys(storage: MemoryStorage) -> set[str]:
    return {one.key for one in storage.list_keys("")}


def test_an_orphan_goes_after_two_days_and_not_before(world: World, storage: MemoryStorage) -> None:
    orphan = put(storage, uuid.uuid4(), b"left by a crash", ready=True)
    world.clock.advance(hours=48)
    assert run(world, storage) == Swept()
    assert keys(storage) == set(orphan)
    world.clock.advance(seconds=1)
    assert run(world, storage) == Swept(seen=3, deleted=3)
    assert keys(storage) == set()


def test_what_is_not_a_photo_s_is_left_alone(world: World, storage: MemoryStorage) -> None:
    others = ["probe/ready", "documents/one", "photos/readme", f"photos/{uuid.uuid4()}/notes.txt"]
    for key in others:
        storage.put(key, b"x", "text/plain")
    world.clock.advance(days=30)
    assert run(world, storage) == Swept(seen=3, strange=3)
    assert keys(storage) == set(others)


def test_orphans_of_documents_go_too_and_named_ones_stay(world: World, storage: MemoryStorage) -> None:
    orphan, named = (document_key(uuid.uuid4(), number * 64) for number in "12")
    for key in (orphan, named):
        storage.put(key, b"%PDF-", "application/pdf")
    name_document(world, named)
    world.clock.advance(hours=49)
    assert run(world, storage) == Swept(seen=2, deleted=1)
    assert keys(storage) == {named}


def test_a_document_that_is_sent_again_at_that_moment_is_kept(world: World) -> None:
    storage = Meanwhile(world.clock)
    key = document_key(uuid.uuid4(), "1" * 64)
    storage.put(key, b"%PDF-", "application/pdf")
    world.clock.advance(days=3)
    storage.after = once(lambda: name_document(world, key))
    assert run(world, storage) == Swept(seen=1, deleted=1, put_back=1)
    assert storage.head(key).content_type == "application/pdf"


@hypothesis_settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), ages=st.lists(st.integers(0, 96), min_size=1, max_size=12))
def test_whatever_lies_there_only_old_objects_without_a_row_go(world: World, seed: int, ages: list[int]) -> None:
    chance = random.Random(seed)
    storage = MemoryStorage(world.clock)
    start, must_stay, must_go = world.clock(), set(), set()
    for age in sorted(ages, reverse=True):
        world.clock.set(start - timedelta(hours=age))
        photo_id, body, named = uuid.uuid4(), chance.randbytes(8), chance.random() < 0.5
        there = put(storage, photo_id, body, ready=chance.random() < 0.5)
        if named:
            name(world, photo_id, body)
        (must_stay if named or age <= 48 else must_go).update(there)
    world.clock.set(start)
    swept = run(world, storage)
    assert keys(storage) == must_stay
    assert swept.deleted == len(must_go)


class Meanwhile(MemoryStorage):
    """A store in which something happens right before an object is deleted, or right after."""

    def __init__(self, clock: SetClock) -> None:
        super().__init__(clock)
        self.before: Callable[[str], None] = lambda _key: None
        self.after: Callable[[str], None] = lambda _key: None

    def delete(self, key: str) -> None:
        self.before(key)
        super().delete(key)
        self.after(key)


def once(work: Callable[[], None]) -> Callable[[str], None]:
    """What happens at the first deletion only."""
    waiting = [work]
    return lambda _key: waiting.pop()() if waiting else None


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_photo_that_is_sent_again_at_that_moment_is_kept(world: World, moment: str) -> None:
    """The phone's copy of an orphan arrives: the store says that it has it, and the row is written."""
    storage = Meanwhile(world.clock)
    photo_id, body = uuid.uuid4(), b"a photo whose row a crash took"
    (key,) = put(storage, photo_id, body)
    world.clock.advance(days=3)
    setattr(storage, moment, once(lambda: name(world, photo_id, body)))
    swept = run(world, storage)
    assert storage.get(key) == body
    assert storage.head(key).content_type == "image/jpeg"
    assert (swept.deleted, swept.put_back) == (1, 1)


def test_a_row_that_comes_while_others_are_deleted_is_seen(world: World) -> None:
    storage = Meanwhile(world.clock)
    photos = sorted((uuid.uuid4(), number.to_bytes(4, "big")) for number in range(5))
    for photo_id, body in photos:
        put(storage, photo_id, body)
    world.clock.advance(days=3)
    last_id, last_body = photos[-1]
    storage.before = once(lambda: name(world, last_id, last_body))
    assert run(world, storage) == Swept(seen=5, deleted=4)
    assert keys(storage) == {original_key(last_id, sha256_of(last_body))}


def test_a_run_is_bounded(world: World, storage: MemoryStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ASKED_AT_ONCE", 4)
    monkeypatch.setattr(module, "DELETED_MOST", 8)
    monkeypatch.setattr(module, "KEPT_BYTES_MOST", 5)
    for number in range(13):
        put(storage, uuid.uuid4(), number.to_bytes(4, "big"))
    world.clock.advance(days=3)
    assert run(world, storage).deleted == 8
    assert run(world, storage).deleted == 5
    assert keys(storage) == set()


def test_the_daily_job_sweeps(world: World, storage: MemoryStorage) -> None:
    put(storage, uuid.uuid4(), b"an orphan")
    world.clock.advance(days=3)
    Worker(world.app, SWEEP_OBJECTS.lane).plan_periodic()
    world.work(SWEEP_OBJECTS.lane)
    assert keys(storage) == set()
    assert [job.state for job in jobs(world.app)] == [JobState.DONE]


def test_while_a_backup_holds_the_objects_the_sweep_waits(world: World, storage: MemoryStorage) -> None:
    (key,) = put(storage, uuid.uuid4(), b"an orphan")
    world.clock.advance(days=3)
    with Holding(world.app):
        Worker(world.app, SWEEP_OBJECTS.lane).plan_periodic()
        world.work(SWEEP_OBJECTS.lane)
        assert keys(storage) == {key}
    world.clock.advance(minutes=31)
    world.work(SWEEP_OBJECTS.lane)
    assert keys(storage) == set()
    assert {job.state for job in jobs(world.app)} == {JobState.DONE}


def jobs(app: Flask) -> list[Job]:
    with app.app_context(), read_transaction() as session:
        return list(session.scalars(select(Job).where(Job.kind == SWEEP_OBJECTS.name)))


# --- the lease


def test_one_holds_the_objects_at_a_time(world: World) -> None:
    with Holding(world.app), pytest.raises(ObjectsHeld), Holding(world.app):
        pass
    with Holding(world.app):
        pass


def test_who_lost_the_lease_stops(world: World, storage: MemoryStorage) -> None:
    """A machine that slept wakes up while another one works: the sleeper deletes nothing more."""
    (key,) = put(storage, uuid.uuid4(), b"an orphan")
    world.clock.advance(days=3)
    with world.app.app_context(), Holding(world.app) as sleeper:
        with write_transaction() as session:
            assert take_lease(session, NAME, uuid.uuid4(), LASTING, world.clock() + timedelta(minutes=5))
        with pytest.raises(HoldLost):
            sweep(storage, sleeper, world.clock())
    assert keys(storage) == {key}
    with pytest.raises(ObjectsHeld), Holding(world.app):
        pass


def test_the_lease_is_prolonged_while_the_work_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meetingcheck.photos.holding.RENEW_S", 0.01)
    with Holding(world.app):
        world.clock.advance(minutes=1)
        wait_until(lambda: until(world) == world.clock() + LASTING, "the lease prolonged")


def until(world: World) -> datetime | None:
    with world.app.app_context(), read_transaction() as session:
        return session.scalar(select(Lease.until).where(Lease.name == NAME))
