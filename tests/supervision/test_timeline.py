"""A committee's month in photos: all of them once, newest first, by day, in pages that do not shift."""

import html
import re
import uuid
from datetime import date, time, timedelta

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from meetingcheck.duties.models import Obligation
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.meetings.models import Meeting, MeetingState, MeetingVersion, Satisfaction, VersionPhoto
from meetingcheck.meetings.reviews.actions import Speaker, add_remark
from meetingcheck.photos.models import Photo, PhotoState, Purpose
from meetingcheck.supervision.timeline.queries import MOST_CELLS, PHOTOS_A_PAGE
from meetingcheck.supervision.timeline.rules import Place, parse_place
from tests.meetings.test_reviews import file_report
from tests.supervision.test_board import add_cells, queries_of
from tests.world import World

SHOT = re.compile(r'/photos/([0-9a-f-]{36})/320"')
DAY = re.compile(r'<h2 class="big">([^<]*) <span class="muted">· ([^<]*)</span>')


def timeline_of(world: World, **query: str) -> str:
    rest = "&".join(f"{name}={value}" for name, value in {"month": "2026-11", **query}.items())
    return f"/units/{world.committee}/photos?{rest}"


def add_photos(
    world: World, meeting_id: uuid.UUID, number: int, purpose: Purpose = Purpose.OVERVIEW
) -> list[uuid.UUID]:
    """More photos in the version that was sent, as if it had been sent with them."""
    ids = []
    with world.app.app_context(), write_transaction() as session:
        version = session.scalars(select(MeetingVersion).where(MeetingVersion.meeting_id == meeting_id)).one()
        meeting = session.get_one(Meeting, meeting_id)
        for position in range(number):
            photo = Photo(
                id=uuid.uuid4(),
                unit_id=meeting.unit_id,
                purpose=purpose,
                sha256=f"{position:064}",
                size=1000,
                format="jpeg",
                width=1600,
                height=1200,
                received_at=world.clock(),
                uploaded_by=meeting.author_id,
                published_at=world.clock(),
                state=PhotoState.READY,
            )
            session.add(photo)
            session.flush()
            # Two may stand at one position: the order must hold all the same.
            place = VersionPhoto(
                version_id=version.id, photo_id=photo.id, position=10 + position // 2, purpose=photo.purpose
            )
            session.add(place)
            ids.append(photo.id)
    return ids


def ready(world: World) -> None:
    with world.app.app_context(), write_transaction() as session:
        session.execute(update(Photo).values(state=PhotoState.READY))


def shots(client: FlaskClient, address: str) -> list[str]:
    return SHOT.findall(client.get(address).text)


def next_of(page: str) -> str | None:
    found = [html.unescape(link) for link in re.findall(r'href="([^"]+)"', page) if "after=" in link]
    return found[0] if found else None


def held(world: World, meeting_id: uuid.UUID, day: date, begins_at: time = time(19, 30)) -> None:
    with world.app.app_context(), write_transaction() as session:
        which = update(MeetingVersion).where(MeetingVersion.meeting_id == meeting_id)
        session.execute(which.values(held_on=day, begins_at=begins_at))


def test_photos_stand_by_the_day_of_their_meeting_newest_first(world: World) -> None:
    first, second = file_report(world), file_report(world, "secretary2", 1)
    add_photos(world, first, 2)
    held(world, second, date(2026, 11, 2))
    page = world.sign_in("reviewer").get(timeline_of(world)).text
    assert DAY.findall(page) == [("Thứ Ba 03/11", "1 buổi, 3 ảnh"), ("Thứ Hai 02/11", "1 buổi, 1 ảnh")]


def test_the_counts_of_a_day_are_of_the_whole_day_not_of_the_page(world: World) -> None:
    meeting = file_report(world)
    add_photos(world, meeting, PHOTOS_A_PAGE + 20)
    reviewer = world.sign_in("reviewer")
    page = reviewer.get(timeline_of(world)).text
    assert DAY.findall(page) == [("Thứ Ba 03/11", f"1 buổi, {PHOTOS_A_PAGE + 21} ảnh")]
    following = next_of(page)
    assert following
    assert DAY.findall(reviewer.get(following).text) == [("Thứ Ba 03/11", f"1 buổi, {PHOTOS_A_PAGE + 21} ảnh")]


def test_each_photo_is_on_one_page_also_when_more_come_meanwhile(world: World) -> None:
    meetings = [file_report(world), file_report(world, "secretary2", 1)]
    ready(world)
    wanted = {str(one) for meeting in meetings for one in add_photos(world, meeting, PHOTOS_A_PAGE)}
    reviewer = world.sign_in("reviewer")
    address: str | None = timeline_of(world)
    seen: list[str] = []
    pages = 0
    while address:
        page = reviewer.get(address).text
        seen += SHOT.findall(page)
        address = next_of(page)
        pages += 1
        if pages == 1:
            new = file_report(world, period="2026-10")
            held(world, new, date(2026, 11, 30))
    assert pages == 3
    assert len(seen) == len(set(seen))
    assert wanted <= set(seen)


def test_only_what_was_sent_and_stands_is_shown(world: World) -> None:
    meeting = file_report(world)
    kept, withdrawn = add_photos(world, meeting, 2)
    other = file_report(world, "secretary2", 1)
    hidden = add_photos(world, other, 1)[0]
    with world.app.app_context(), write_transaction() as session:
        session.execute(update(Photo).where(Photo.id == withdrawn).values(withdrawn_at=world.clock()))
        session.execute(update(Meeting).where(Meeting.id == other).values(state=MeetingState.VOID))
    found = shots(world.sign_in("reviewer"), timeline_of(world))
    assert str(kept) in found
    assert str(withdrawn) not in found
    assert str(hidden) not in found


def test_a_photo_that_is_not_ready_has_a_place_that_says_so(world: World) -> None:
    file_report(world)
    assert "đang xử lý" in world.sign_in("reviewer").get(timeline_of(world)).text


def test_each_photo_has_its_size_beforehand_and_waits_until_it_is_near(world: World) -> None:
    add_photos(world, file_report(world), 1)
    page = world.sign_in("reviewer").get(timeline_of(world)).text
    assert re.search(r'/320" width="320" height="240"[^>]* loading="lazy"', page)


def test_photos_of_one_cell_and_of_one_purpose(world: World) -> None:
    first, second = file_report(world), file_report(world, "secretary2", 1)
    ready(world)
    overview = add_photos(world, first, 1)[0]
    minutes = add_photos(world, first, 1, Purpose.MINUTES_PAGE)[0]
    elsewhere = add_photos(world, second, 1, Purpose.MINUTES_PAGE)[0]
    reviewer = world.sign_in("reviewer")
    of_cell = shots(reviewer, timeline_of(world, cell=str(world.cells[0])))
    assert {str(overview), str(minutes)} <= set(of_cell)
    assert str(elsewhere) not in of_cell
    assert set(shots(reviewer, timeline_of(world, purpose="minutes_page"))) == {str(minutes), str(elsewhere)}
    both = timeline_of(world, purpose="minutes_page", cell=str(world.cells[0]))
    assert shots(reviewer, both) == [str(minutes)]
    assert shots(reviewer, timeline_of(world, cell=str(world.other_cell))) == [], "nothing from beside the scope"


def test_photos_of_the_cells_whose_name_is_searched(world: World) -> None:
    first, second = file_report(world), file_report(world, "secretary2", 1)
    mine, other = add_photos(world, first, 1)[0], add_photos(world, second, 1)[0]
    found = shots(world.sign_in("reviewer"), timeline_of(world, q="thon+mau+1"))
    assert str(mine) in found
    assert str(other) not in found


def test_where_there_are_too_many_cells_to_choose_from_their_names_are_searched(world: World) -> None:
    reviewer = world.sign_in("reviewer")
    assert 'id="cell"' in reviewer.get(timeline_of(world)).text
    add_cells(world, MOST_CELLS)
    page = reviewer.get(timeline_of(world)).text
    assert 'id="cell"' not in page
    assert 'id="q"' in page


def test_filters_are_kept_through_pages_and_months(world: World) -> None:
    add_photos(world, file_report(world), PHOTOS_A_PAGE + 1, Purpose.MINUTES_PAGE)
    page = world.sign_in("reviewer").get(timeline_of(world, purpose="minutes_page")).text
    following = next_of(page)
    assert following
    assert "purpose=minutes_page" in following
    assert '/photos?month=2026-10&amp;purpose=minutes_page"' in page


def test_a_committee_sees_its_own_cells_only_and_the_root_sees_all(world: World) -> None:
    mine = str(add_photos(world, file_report(world), 1)[0])
    assert mine in shots(world.sign_in("leader"), f"/units/{world.root}/photos?month=2026-11")
    assert mine not in shots(world.sign_in("other_reviewer"), f"/units/{world.other_committee}/photos?month=2026-11")


def test_another_month_is_empty_and_says_so(world: World) -> None:
    file_report(world)
    page = world.sign_in("reviewer").get(timeline_of(world, month="2026-08")).text
    assert "chưa có ảnh nào" in page


@pytest.mark.parametrize("after", ["x", "20261399-999999-" + "0" * 32 + "-1-" + "0" * 32, "1" * 5000, "\0"])
def test_any_place_gives_a_page(world: World, after: str) -> None:
    add_photos(world, file_report(world), 1)
    answer = world.sign_in("reviewer").get(
        f"/units/{world.committee}/photos", query_string={"month": "2026-11", "after": after}
    )
    assert answer.status_code == 200
    assert len(SHOT.findall(answer.text)) == 1


@given(
    st.builds(
        Place,
        st.dates(date(1930, 1, 1), date(2200, 1, 1)),
        st.times().map(lambda one: one.replace(microsecond=0, fold=0)),
        st.uuids(),
        st.integers(0, 999_999),
        st.uuids(),
    )
)
def test_a_place_survives_its_address(place: Place) -> None:
    assert parse_place(str(place)) == place


@given(st.text())
def test_no_text_is_a_place_that_no_page_made(text: str) -> None:
    found = parse_place(text)
    assert found is None or str(found) == text


def test_the_number_of_queries_is_the_same_for_one_photo_and_for_sixty(world: World) -> None:
    meeting = file_report(world)
    reviewer = world.sign_in("reviewer")
    pages = (timeline_of(world), f"/units/{world.cells[0]}", f"/meetings/{meeting}")
    before = [queries_of(reviewer, page) for page in pages]
    add_photos(world, meeting, 60)
    with world.app.app_context(), write_transaction() as session:
        for number in range(20):
            add_remark(session, meeting, f"Câu {number}", Speaker(world.users["secretary1"], True), world.clock())
    assert [queries_of(reviewer, page) for page in pages] == before


# --- a cell's own page, a year at a time


def forget_satisfaction(session: Session, meeting_id: uuid.UUID) -> None:
    session.execute(delete(Satisfaction).where(Satisfaction.meeting_id == meeting_id))


def test_a_cell_page_goes_back_year_by_year(world: World) -> None:
    old = file_report(world)
    with world.app.app_context(), write_transaction() as session:
        meeting = session.get_one(Meeting, old)
        version = session.scalars(select(MeetingVersion).where(MeetingVersion.meeting_id == old)).one()
        columns = {column.key: getattr(meeting, column.key) for column in Meeting.__table__.columns}
        extra = Meeting(**{**columns, "id": uuid.uuid4(), "obligation_id": None, "extra_kind": "congress"})
        session.add(extra)
        session.flush()
        of_version = {column.key: getattr(version, column.key) for column in MeetingVersion.__table__.columns}
        held_on = date(2026, 11, 3) - timedelta(days=600)
        values = {**of_version, "id": uuid.uuid4(), "meeting_id": extra.id, "held_on": held_on}
        session.add(MeetingVersion(**values))
    reviewer = world.sign_in("reviewer")
    page = reviewer.get(f"/units/{world.cells[0]}").text
    assert 'id="p2026-11"' in page
    assert "Đại hội" not in page
    older = re.search(r'href="([^"]*until=2025-03)"', page)
    assert older
    back = reviewer.get(older.group(1)).text
    assert "Đại hội 13/03/2025" in back
    assert 'id="p2026-11"' not in back
    assert "Cũ hơn" not in back
    assert "until=2026-03" in back


def test_a_void_meeting_is_shown_on_its_cell_page_with_the_reason(world: World) -> None:
    meeting = file_report(world)
    with world.app.app_context(), write_transaction() as session:
        voided = update(Meeting).where(Meeting.id == meeting)
        session.execute(voided.values(state=MeetingState.VOID, void_reason="Gửi nhầm", obligation_id=None))
        session.execute(update(Obligation).where(Obligation.unit_id == world.cells[0]).values(reported_at=None))
        forget_satisfaction(session, meeting)
    page = world.sign_in("reviewer").get(f"/units/{world.cells[0]}").text
    assert "đã hủy" in page
    assert "Gửi nhầm" in page
    shown = world.sign_in("reviewer").get(f"/meetings/{meeting}").text
    assert "đã hủy, không tính cho kỳ nào" in shown
    assert "/answer" not in shown


@pytest.mark.parametrize("until", ["x", "0001-01", "9999-12", "2026-13", "1900-01"])
def test_any_month_gives_a_cell_page(world: World, until: str) -> None:
    reviewer = world.sign_in("reviewer")
    assert reviewer.get(f"/units/{world.cells[0]}?until={until}").status_code == 200
    assert reviewer.get(timeline_of(world, month=until)).status_code == 200
    assert reviewer.get(f"/units/{world.committee}/board?month={until}").status_code == 200


def test_nothing_of_a_draft_is_shown(world: World) -> None:
    meeting = file_report(world)
    with world.app.app_context(), write_transaction() as session:
        session.execute(update(Meeting).where(Meeting.id == meeting).values(state=MeetingState.DRAFT))
        forget_satisfaction(session, meeting)
    with world.app.app_context(), read_transaction() as session:
        assert session.get_one(Meeting, meeting).state == MeetingState.DRAFT
    reviewer = world.sign_in("reviewer")
    assert f"/meetings/{meeting}" not in reviewer.get(f"/units/{world.cells[0]}").text
    assert f"/meetings/{meeting}" not in reviewer.get(timeline_of(world)).text
