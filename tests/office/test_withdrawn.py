"""The administrators' page of what was taken back: of the own subtree, paged, with equally many queries for many."""

import uuid
from datetime import timedelta

from sqlalchemy import event, select, update

from meetingcheck.lib.db import db, read_transaction, write_transaction
from meetingcheck.lib.instants import local_day
from meetingcheck.office.withdrawn.queries import list_withdrawn
from meetingcheck.orgs.models import Unit, UnitScope
from meetingcheck.photos.models import Photo, PhotoState, Purpose
from tests.world import World, token_of


def take_back(
    world: World, cell: uuid.UUID, number: int = 1, *, published: bool = True, state: PhotoState = PhotoState.READY
) -> list[uuid.UUID]:
    """Photos of a cell that were taken back, two at the same moment each; the earliest first."""
    now, ids = world.clock(), [uuid.uuid4() for _ in range(number)]
    with world.app.app_context(), write_transaction() as session:
        for index, photo_id in enumerate(ids):
            session.add(
                Photo(
                    id=photo_id,
                    unit_id=cell,
                    purpose=Purpose.OVERVIEW,
                    sha256="0" * 64,
                    size=1,
                    format="jpeg",
                    width=400,
                    height=300,
                    received_at=now,
                    uploaded_by=world.users["secretary1"],
                    published_at=now if published else None,
                    withdrawn_at=now + timedelta(seconds=index // 2),
                    withdrawn_by=world.users["secretary1"],
                    state=state,
                )
            )
    return ids


def test_it_shows_what_was_taken_back_below_and_nothing_else(world: World) -> None:
    (own,) = take_back(world, world.cells[0])
    (other,) = take_back(world, world.other_cell)
    (unsent,) = take_back(world, world.cells[0], published=False)
    with world.app.app_context(), read_transaction() as session:
        page, _ = list_withdrawn(session, [world.committee], None, local_day(world.clock()))
    assert [one.place.id for one in page] == [own], "of an administrator of the one committee"
    everything = world.sign_in("administrator").get("/office/withdrawn").text
    assert f"/photos/{own}/put-back" in everything
    assert f"/photos/{other}/put-back" in everything
    assert str(unsent) not in everything
    assert "Nguyễn Văn An" in everything


def test_what_a_unit_took_back_that_was_merged_elsewhere_is_no_longer_the_former_superiors(world: World) -> None:
    (own,) = take_back(world, world.cells[0])
    with world.app.app_context(), write_transaction() as session:
        cell = session.get_one(Unit, world.cells[0])
        cell.closed_on, cell.successor_id = local_day(world.clock()), world.other_cell
    with world.app.app_context(), read_transaction() as session:
        today = local_day(world.clock())
        assert list_withdrawn(session, [world.committee], None, today)[0] == []
        assert [one.place.id for one in list_withdrawn(session, [world.other_committee], None, today)[0]] == [own]


def test_what_a_merged_unit_took_back_is_its_successor_s(world: World) -> None:
    (own,) = take_back(world, world.cells[0])
    with world.app.app_context(), write_transaction() as session:
        yesterday = local_day(world.clock()) - timedelta(days=1)
        session.execute(update(UnitScope).where(UnitScope.descendant == world.cells[0]).values(to_on=yesterday))
        session.execute(update(Unit).where(Unit.id == world.cells[0]).values(successor_id=world.cells[1]))
    assert f"/photos/{own}/put-back" in world.sign_in("administrator").get("/office/withdrawn").text


def test_pages_follow_one_another_without_a_gap_or_a_repeat(world: World) -> None:
    ids = take_back(world, world.cells[0], 65)
    client, address, shown = world.sign_in("administrator"), "/office/withdrawn", []
    for _ in range(3):
        page = client.get(address).text
        shown.append([one for one in ids if f"/photos/{one}/put-back" in page])
        _, found, rest = page.partition('href="/office/withdrawn?before=')
        address = f"/office/withdrawn?before={rest.partition(chr(34))[0]}" if found else ""
    assert [len(one) for one in shown] == [30, 30, 5]
    assert sorted(one for page in shown for one in page) == sorted(ids)
    assert address == ""
    assert client.get("/office/withdrawn?before=yesterday_x").status_code == 200
    assert client.get("/office/withdrawn?before=0001-01-01T00:00:00-23:00_" + str(uuid.uuid4())).status_code == 200


def test_many_take_as_many_queries_as_few(world: World) -> None:
    counts = []
    client = world.sign_in("administrator")
    with world.app.app_context():
        engine = db.engine
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    for number in (2, 20):
        take_back(world, world.cells[0], number)
        asked.clear()
        assert client.get("/office/withdrawn").status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_put_back_from_there_it_is_gone_from_the_list(world: World) -> None:
    (own,) = take_back(world, world.cells[0])
    client = world.sign_in("administrator")
    form = {"csrf_token": token_of(client.get("/office/withdrawn")), "next": "/office/withdrawn"}
    answer = client.post(f"/photos/{own}/put-back", data=form)
    assert answer.location == "/office/withdrawn"
    assert "Chưa có ảnh hay tài liệu nào bị gỡ." in client.get("/office/withdrawn").text
    with world.app.app_context(), read_transaction() as session:
        assert session.scalars(select(Photo.withdrawn_at)).all() == [None]
