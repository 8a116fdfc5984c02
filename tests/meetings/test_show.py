"""The page of a report: its photos with three times apart, and no suspicion where nothing is known."""

import re
import uuid
from datetime import date

import pytest
from sqlalchemy import select, update

from meetingcheck.lib.db import write_transaction
from meetingcheck.meetings.models import Task, TaskState, VersionPhoto
from meetingcheck.meetings.queries import find_reported_meeting
from meetingcheck.photos.models import Photo, PhotoState, Purpose
from tests.world import World, form_of

TIMES = re.compile(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>")


@pytest.fixture
def report(world: World, overview: bytes, page: bytes) -> uuid.UUID:
    """A report with a photo that says when it was taken, and one that does not."""
    client = world.sign_in("secretary1")
    obligation = world.obligation(world.cells[0])
    address = f"/obligations/{obligation.id}/check-in"
    sent = client.post(address, data=form_of(client.get(address), overviews=[overview], pages=[page]))
    assert sent.status_code == 303, sent.text
    world.work("photos")
    with world.app.app_context(), write_transaction() as session:
        found = find_reported_meeting(session, obligation.id)
        assert found is not None
        return found.id


def shown(world: World, report: uuid.UUID, login: str = "reviewer") -> str:
    return world.sign_in(login).get(f"/meetings/{report}").text


def test_taken_claimed_and_received_stand_apart(world: World, report: uuid.UUID) -> None:
    found = [(name, value.strip()) for name, value in TIMES.findall(shown(world, report))]
    photos = [pair for pair in found if pair[0] in {"Chụp", "Khai", "Nhận"}]
    assert photos == [
        ("Chụp", "19:45 03/11/2026"),
        ("Khai", "19:30 – 21:15 ngày 03/11/2026"),
        ("Nhận", "21:30 03/11/2026"),
        ("Chụp", "không kiểm chứng được"),
        ("Khai", "19:30 – 21:15 ngày 03/11/2026"),
        ("Nhận", "21:30 03/11/2026"),
    ]


def test_what_is_not_known_is_called_normal_and_never_suspicious(world: World, report: uuid.UUID) -> None:
    page = shown(world, report)
    assert "Điều này là bình thường" in page
    for word in ("gian lận", "giả mạo", "nghi ngờ", "cảnh báo", "không hợp lệ", 'class="chip miss"'):
        assert word not in page.lower(), word


def test_photos_are_large_in_their_order_with_words_and_each_opens_by_itself(world: World, report: uuid.UUID) -> None:
    page = shown(world, report)
    links = re.findall(r'<a class="photo-link" href="/photos/[0-9a-f-]+/1600" data-photo data-words="([^"]+)">', page)
    assert links == ["toàn cảnh", "biên bản"]


def test_a_photo_that_was_taken_back_is_not_shown_but_counted(world: World, report: uuid.UUID) -> None:
    with world.app.app_context(), write_transaction() as session:
        first = session.scalars(select(Photo.id).order_by(Photo.taken_at.is_(None))).first()
        session.execute(update(Photo).where(Photo.id == first).values(withdrawn_at=world.clock()))
    page = shown(world, report)
    assert "Chi bộ đã gỡ 1 ảnh." in page
    assert f"/photos/{first}/" not in page
    assert page.count("data-photo ") == 1


def test_a_photo_that_is_not_ready_says_so_and_is_no_link(world: World, report: uuid.UUID) -> None:
    with world.app.app_context(), write_transaction() as session:
        session.execute(update(Photo).values(state=PhotoState.RECEIVED))
    page = shown(world, report)
    assert "đang chuẩn bị ảnh" in page
    assert 'class="photo-link"' not in page


@pytest.mark.parametrize(("login", "leads"), [("reviewer", True), ("leader", True), ("secretary1", False)])
def test_the_way_back_leads_to_the_board_of_its_month(world: World, report: uuid.UUID, login: str, leads: bool) -> None:
    back = f'href="/units/{world.committee}/board?month=2026-11"'
    assert (back in shown(world, report, login)) == leads


def test_a_report_without_photos_says_so(world: World, report: uuid.UUID) -> None:
    with world.app.app_context(), write_transaction() as session:
        session.execute(update(Photo).values(withdrawn_at=world.clock()))
    assert "Báo cáo này không có ảnh." in shown(world, report)


def test_overviews_are_seen_first_whatever_was_sent_first(world: World, report: uuid.UUID) -> None:
    with world.app.app_context(), write_transaction() as session:
        overview = select(Photo.id).where(Photo.purpose == Purpose.OVERVIEW).scalar_subquery()
        session.execute(update(VersionPhoto).where(VersionPhoto.photo_id == overview).values(position=7))
    page = shown(world, report)
    assert re.findall(r'data-photo data-words="([^"]+)"', page) == ["toàn cảnh", "biên bản"]


@pytest.mark.parametrize(
    ("who", "until", "expected"),
    [
        ("đ/c Công", date(2026, 11, 30), "đ/c Công · hạn 30/11/2026"),
        ("đ/c Công", None, "đ/c Công"),
        ("", date(2026, 11, 30), "hạn 30/11/2026"),
        ("", None, ""),
    ],
)
def test_a_task_says_what_is_known_of_it_with_dots_only_between(
    world: World, report: uuid.UUID, who: str, until: date | None, expected: str
) -> None:
    task = Task(
        id=uuid.uuid4(),
        unit_id=world.cells[0],
        meeting_id=report,
        position=0,
        what="Vận động hiến đất",
        who=who,
        until_on=until,
        state=TaskState.OPEN,
    )
    with world.app.app_context(), write_transaction() as session:
        session.add(task)
    for page in (shown(world, report), world.sign_in("secretary1").get(f"/cells/{world.cells[0]}/home").text):
        assert f'<p>Vận động hiến đất</p><p class="muted">{expected}</p>' in re.sub(r">\s+<", "><", page)
