"""Two of a cell report one meeting: the files of whoever comes second lie beside the report until they add them."""

import re
import threading
import uuid
from functools import cache
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from meetingcheck.lib.db import read_transaction
from meetingcheck.meetings.models import Meeting, MeetingPhoto, MeetingState, MeetingVersion
from meetingcheck.meetings.queries import list_version_documents, list_version_photos
from tests.meetings.documents.samples import pdf
from tests.meetings.test_corrections import file_report, period, send, whole_form
from tests.photos import samples
from tests.supervision.test_board import queries_of
from tests.uploads.test_tus import announcement, create
from tests.world import GOOD_FIELDS, World, token_of

BUTTON = "Thêm vào báo cáo, xem lại rồi gửi"
BESIDE = re.compile(r"(\d+) ảnh, tệp của đồng chí đã về hệ thống nhưng chưa nằm trong báo cáo này")
# Said where nothing can be added.
LEFT_OUT = "chưa được đưa vào báo cáo"


class Second:
    """The cell's reporter, who had the form open when the secretary reported the same meeting."""

    def __init__(self, world: World, overview: bytes) -> None:
        self.world, self.client, self.phone = world, world.sign_in("reporter1"), uuid.uuid4()
        self.form = self.client.get(period(world))
        self.report = file_report(world, overview)

    def bring(self, number: int = 0, **files: object) -> TestResponse:
        """Send that form, with other words and a photo."""
        form = whole_form(self.form, {**GOOD_FIELDS, "present": "5"}, overviews=[another(number)])
        return send(self.client, period(self.world), {**form, **files})

    def upload(self, number: int) -> None:
        """A photo that the phone sends by itself."""
        created = create(self.client, announcement(self.world, another(number), self.phone), another(number))
        assert created.status_code == 201

    def count_said(self) -> list[str]:
        return count_said(self.client.get(self.report))

    def add(self) -> TestResponse:
        return add(self.client, self.report)


@pytest.fixture
def second(world: World, overview: bytes) -> Second:
    return Second(world, overview)


def add(client: FlaskClient, report: str) -> TestResponse:
    return client.post(f"{report}/own-files", data={"csrf_token": token_of(client.get("/messages"))})


def photos_in(second: Second) -> int:
    with second.world.app.app_context(), read_transaction() as session:
        report_id = uuid.UUID(second.report.rpartition("/")[2])
        return len(session.scalars(select(MeetingPhoto).where(MeetingPhoto.meeting_id == report_id)).all())


@cache
def another(number: int = 0) -> bytes:
    return samples.jpeg(samples.noise(400, 300), comment=f"another {number}".encode())


def count_said(page: TestResponse) -> list[str]:
    return BESIDE.findall(page.text)


def test_the_second_adds_what_they_brought_and_sends_it(world: World, second: Second) -> None:
    late = second.bring(minutes_file=(BytesIO(pdf()), "bien-ban.pdf"))
    assert (late.status_code, count_said(late), BUTTON in late.text) == (409, ["2"], True)
    assert LEFT_OUT not in late.text
    assert second.count_said() == ["2"], "also when that page was closed"

    added = second.add()
    assert (added.status_code, added.location) == (303, f"{second.report}/correct#photos")
    assert second.count_said() == []
    correction = second.client.get(f"{second.report}/correct")
    assert 'value="21"' in correction.text, "the words are those that were sent"
    sent = send(second.client, f"{second.report}/correct", whole_form(correction, {**GOOD_FIELDS}))
    assert sent.status_code == 303, sent.text
    with world.app.app_context(), read_transaction() as session:
        last = session.scalars(select(MeetingVersion).order_by(MeetingVersion.number)).all()[-1]
        assert (last.number, last.present) == (2, 21)
        assert len(list_version_photos(session, last.id)) == 2
        assert len(list_version_documents(session, last.id)) == 1


def test_what_arrives_by_itself_afterwards_is_counted_as_well(second: Second) -> None:
    for number in range(2):
        second.upload(number)
        assert second.count_said() == [str(number + 1)]
    second.add()
    second.upload(2)
    assert second.count_said() == ["1"]
    second.add()
    assert photos_in(second) == 4


def test_pressed_twice_it_adds_once(second: Second) -> None:
    second.bring()
    assert [second.add().location for _ in range(2)] == [f"{second.report}/correct#photos"] * 2
    assert photos_in(second) == 2


def test_pressed_while_another_photo_arrives_nothing_is_lost(second: Second) -> None:
    second.upload(0)
    token, phone = token_of(second.client.get("/messages")), second.world.sign_in("reporter1")
    start = threading.Barrier(2)

    def press() -> None:
        start.wait()
        second.client.post(f"{second.report}/own-files", data={"csrf_token": token})

    def arrive() -> None:
        start.wait()
        create(phone, announcement(second.world, another(1), second.phone), another(1))

    threads = [threading.Thread(target=work) for work in (press, arrive)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    second.add()
    assert photos_in(second) == 3


def test_only_ones_own_files_are_counted_and_added(world: World, second: Second) -> None:
    second.bring()
    for login in ("secretary1", "reviewer"):
        assert count_said(world.sign_in(login).get(second.report)) == [], login
    assert add(world.sign_in("secretary1"), second.report).status_code == 303
    assert photos_in(second) == 1


def test_files_for_another_period_stay_there(world: World, second: Second) -> None:
    where = period(world, "2026-10")
    form = whole_form(second.client.get(where), {"held_on": "08/10/2026"}, overviews=[another()])
    assert send(second.client, where, {**form, "then": "save"}).status_code == 303
    assert second.count_said() == []
    second.add()
    assert photos_in(second) == 1


def test_nothing_is_added_to_an_accepted_report(world: World, second: Second) -> None:
    second.bring()
    reviewer = world.sign_in("reviewer")
    answer = {"csrf_token": token_of(reviewer.get(second.report)), "version": "1", "last_answer": "", "comment": ""}
    assert reviewer.post(f"{second.report}/answer", data={**answer, "verdict": "note"}).status_code == 303
    assert second.count_said() == []
    late = second.bring(1)
    assert (late.status_code, BUTTON in late.text, LEFT_OUT in late.text) == (409, False, True)
    second.add()
    assert photos_in(second) == 1


def test_the_words_stay_should_the_report_be_void_one_day(world: World, second: Second) -> None:
    second.bring()
    second.add()
    with world.app.app_context(), read_transaction() as session:
        [draft] = session.scalars(select(Meeting).where(Meeting.state == MeetingState.DRAFT))
    assert draft.draft["present"] == "5"


def test_the_pages_queries_do_not_grow_with_the_files(second: Second) -> None:
    second.upload(0)
    few = queries_of(second.client, second.report)
    for number in range(1, 5):
        second.upload(number)
    assert queries_of(second.client, second.report) == few
