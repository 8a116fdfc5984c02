"""The secretary's way from the form to the receipt, through the real routes, on both databases."""

import threading
import uuid

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from meetingcheck import create_app
from meetingcheck.alerts.jobs import close_all
from meetingcheck.duties.rules import ObligationState, state_of
from meetingcheck.lib.db import Base, read_transaction
from meetingcheck.lib.settings import Settings
from meetingcheck.lib.storage import MemoryStorage, S3Storage, StoreAddress
from meetingcheck.meetings.models import Meeting, MeetingPhoto, MeetingState, MeetingVersion
from meetingcheck.photos.extension import decoder_of
from meetingcheck.photos.models import Photo, PhotoState, Purpose
from meetingcheck.photos.rules import Size, original_key, rendition_key
from meetingcheck.record.models import RecordEntry, RecordPayload
from meetingcheck.record.rules import commitment
from tests.clock import SetClock
from tests.photos import samples
from tests.world import GOOD_FIELDS, PASSWORD, World, form_of, make_world, token_of

REFUSED_PORT = "http://127.0.0.1:9"


def address(world: World, period: str = "2026-11", cell: int = 0) -> str:
    return f"/obligations/{world.obligation(world.cells[cell], period).id}/check-in"


def rows(app: Flask, model: type[Base]) -> list[Base]:
    with app.app_context(), read_transaction() as session:
        return list(session.scalars(select(model)))


def post(client: FlaskClient, where: str, form: dict[str, object]) -> TestResponse:
    return client.post(where, data=form, content_type="multipart/form-data")


def file_report(world: World, overview: bytes, login: str = "secretary1") -> TestResponse:
    client = world.sign_in(login)
    where = address(world)
    answer = post(client, where, form_of(client.get(where), overviews=[overview]))
    assert answer.status_code == 303, answer.text
    return client.get(answer.location)


def test_a_report_with_photos_arrives_whole(world: World, storage: MemoryStorage, overview: bytes, page: bytes) -> None:
    client = world.sign_in("secretary1")
    where = address(world)
    form = form_of(client.get(where), overviews=[overview], pages=[page])
    answer = post(client, where, form)
    assert answer.status_code == 303
    shown = client.get(answer.location)
    assert "Đã gửi xong" in shown.text
    assert "2 ảnh" in shown.text
    assert "91,3%" in shown.text

    obligation = world.obligation(world.cells[0])
    assert state_of(obligation, world.clock()) == ObligationState.REPORTED
    assert obligation.reported_at == world.clock()
    photos = rows(world.app, Photo)
    assert {storage.get(original_key(photo.id, photo.sha256)) for photo in photos} == {overview, page}
    assert all(photo.published_at == world.clock() for photo in photos)

    assert "đang chuẩn bị" in shown.text
    world.work("photos")
    ready = client.get(answer.location)
    assert "đang chuẩn bị" not in ready.text
    for photo in rows(world.app, Photo):
        assert photo.state == PhotoState.READY
        assert storage.head(rendition_key(photo.id, photo.sha256, Size.LARGE)).content_type == "image/jpeg"
        served = client.get(f"/photos/{photo.id}/320")
        assert served.status_code == 200
        assert served.mimetype == "image/jpeg"


def test_the_committee_sees_it_on_the_board_and_on_the_cells_page(world: World, overview: bytes) -> None:
    file_report(world, overview)
    world.work("photos")
    reviewer = world.sign_in("reviewer")
    board = reviewer.get(f"/units/{world.committee}/board")
    assert "Chi bộ Thôn Mẫu 1, tháng 11: đã báo cáo" in board.text
    meeting = rows(world.app, Meeting)[0]
    assert f"/meetings/{meeting.id}" in board.text
    cell = reviewer.get(f"/units/{world.cells[0]}")
    photo = rows(world.app, Photo)[0]
    assert f"/photos/{photo.id}/320" in cell.text
    assert reviewer.get(f"/photos/{photo.id}/320").status_code == 200
    assert reviewer.get(f"/meetings/{meeting.id}").status_code == 200


def test_the_same_sending_twice_is_one_report_with_one_answer(world: World, overview: bytes) -> None:
    client = world.sign_in("secretary1")
    where = address(world)
    page = client.get(where)
    first = post(client, where, form_of(page, overviews=[overview]))
    world.clock.advance(minutes=5)
    second = post(client, where, form_of(page, overviews=[overview]))
    assert (first.status_code, first.location) == (second.status_code, second.location)
    assert len(rows(world.app, Meeting)) == len(rows(world.app, MeetingVersion)) == 1
    assert len(rows(world.app, Photo)) == len(rows(world.app, MeetingPhoto)) == 1


def test_other_content_under_the_same_id_changes_nothing(world: World, overview: bytes) -> None:
    client = world.sign_in("secretary1")
    where = address(world)
    page = client.get(where)
    post(client, where, form_of(page, overviews=[overview]))
    changed = post(client, where, form_of(page, {**GOOD_FIELDS, "present": "7"}, overviews=[overview]))
    assert changed.status_code == 409
    assert ">7<" in changed.text
    assert ">21<" in changed.text, "both are shown"
    version = rows(world.app, MeetingVersion)
    assert [one.present for one in version] == [21]


def test_two_people_at_once_get_one_report_and_nothing_is_overwritten(world: World, overview: bytes) -> None:
    where = address(world)
    secretary, reporter = world.sign_in("secretary1"), world.sign_in("reporter1")
    first_form, second_form = secretary.get(where), reporter.get(where)
    assert post(secretary, where, form_of(first_form, overviews=[overview])).status_code == 303
    late = post(reporter, where, form_of(second_form, {**GOOD_FIELDS, "present": "5"}, overviews=[overview]))
    assert late.status_code == 409
    assert "Kỳ này đã có báo cáo" in late.text
    sent = [one for one in rows(world.app, Meeting) if one.state != MeetingState.DRAFT]
    assert len(sent) == 1
    assert rows(world.app, MeetingVersion)[0].present == 21
    assert reporter.get(where).status_code == 302, "the form leads to what was sent"


def test_sending_from_two_threads_at_the_same_moment(world: World, overview: bytes) -> None:
    where = address(world)
    clients = [world.sign_in("secretary1"), world.sign_in("secretary1"), world.sign_in("reporter1")]
    pages = [client.get(where) for client in clients]
    forms = [form_of(page, overviews=[overview]) for page in pages]
    forms[1]["client_id"] = forms[0]["client_id"]
    start, answers = threading.Barrier(3), [0, 0, 0]

    def send(number: int) -> None:
        start.wait()
        answers[number] = post(clients[number], where, forms[number]).status_code

    threads = [threading.Thread(target=send, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(answers) <= {303, 409}
    assert 303 in answers
    sent = [one for one in rows(world.app, Meeting) if one.state != MeetingState.DRAFT]
    assert len(sent) == len(rows(world.app, MeetingVersion)) == 1


def test_what_is_not_complete_is_kept_with_its_photos(world: World, overview: bytes) -> None:
    client = world.sign_in("secretary1")
    where = address(world)
    form = form_of(client.get(where), {**GOOD_FIELDS, "present": "99", "held_on": "hôm qua"}, overviews=[overview])
    answer = post(client, where, form)
    assert answer.status_code == 422
    assert "Số có mặt nhiều hơn số phải dự họp" in answer.text
    assert 'value="hôm qua"' in answer.text
    assert "Hệ thống đã nhận 1 ảnh" in answer.text
    assert world.obligation(world.cells[0]).reported_at is None, "a draft is not a report"

    again = client.get(where)
    assert 'value="99"' in again.text, "the draft is there in a new page too"
    done = post(client, where, form_of(again))
    assert done.status_code == 303
    assert len(rows(world.app, Photo)) == 1


def test_a_draft_is_seen_by_its_cell_only(world: World, overview: bytes) -> None:
    client = world.sign_in("secretary1")
    where = address(world)
    post(client, where, form_of(client.get(where), {**GOOD_FIELDS, "present": ""}, overviews=[overview]))
    world.work("photos")
    photo, meeting = rows(world.app, Photo)[0], rows(world.app, Meeting)[0]
    assert client.get(f"/photos/{photo.id}/320").status_code == 200
    assert world.sign_in("reporter1").get(f"/photos/{photo.id}/320").status_code == 200
    for login in ("reviewer", "leader", "administrator", "secretary2", "other_reviewer"):
        other = world.sign_in(login)
        assert other.get(f"/photos/{photo.id}/320").status_code == 404, login
        assert other.get(f"/meetings/{meeting.id}").status_code == 404, login


def test_a_file_that_is_no_photo_gets_a_sentence_and_the_others_are_kept(world: World, overview: bytes) -> None:
    client = world.sign_in("secretary1")
    where = address(world)
    form = form_of(client.get(where), overviews=[overview, b"MZ this is a program"], pages=[b""])
    answer = post(client, where, form)
    assert answer.status_code == 422
    assert "IMG_1.jpg: Tệp này không phải là ảnh" in answer.text
    assert "Tệp này trống" in answer.text
    assert len(rows(world.app, Photo)) == 1


def test_more_photos_than_one_sending_takes_get_a_sentence(world: World) -> None:
    client = world.sign_in("secretary1")
    where = address(world)
    many = [samples.jpeg(samples.scene(32, 32 + number)) for number in range(13)]
    answer = post(client, where, form_of(client.get(where), overviews=many))
    assert answer.status_code == 422
    assert "tối đa 12 ảnh" in answer.text
    assert len(rows(world.app, Photo)) == 12


def test_an_unreadable_photo_is_told_to_the_sender_and_proves_nothing(world: World, overview: bytes) -> None:
    """Its header is sound, so it was received; only the whole decode finds out."""
    client = world.sign_in("secretary1")
    where = address(world)
    sent = post(client, where, form_of(client.get(where), overviews=[overview[: len(overview) // 2]]))
    world.work("photos")
    assert rows(world.app, Photo)[0].state == PhotoState.UNREADABLE
    assert "chụp lại, rồi bấm “Sửa, bổ sung báo cáo”" in client.get(sent.headers["Location"]).text
    assert "1 thông báo mới" in client.get("/messages").text
    assert "Có một ảnh không xem được" in client.get("/messages").text


def test_a_text_that_is_far_too_long_is_still_there_to_its_last_letter(world: World) -> None:
    client, long = world.sign_in("secretary1"), "ộ" * 300_000 + " hết"
    answer = post(client, address(world), form_of(client.get(address(world)), {**GOOD_FIELDS, "minutes_text": long}))
    assert answer.status_code == 422
    assert "Nội dung biên bản quá dài" in answer.text
    assert long in answer.text
    assert long in client.get(address(world)).text, "also in the draft that it became"


def test_anothers_id_names_nothing_of_theirs(world: World, overview: bytes) -> None:
    secretary = world.sign_in("secretary1")
    form = form_of(secretary.get(address(world)), overviews=[overview])
    stolen = str(form["client_id"])
    post(secretary, address(world), form)
    other = world.sign_in("secretary2")
    theirs = address(world, cell=1)
    own_form = form_of(other.get(theirs), {**GOOD_FIELDS, "present": "3"}, overviews=[overview])
    own_form["client_id"] = stolen
    assert post(other, theirs, own_form).status_code == 303
    assert len(rows(world.app, Meeting)) == 2
    assert sorted(one.present for one in rows(world.app, MeetingVersion)) == [3, 21]
    assert len({photo.id for photo in rows(world.app, Photo)}) == 2, "equal bytes, two photos, each of its cell"


def test_a_request_without_a_usable_id_is_refused(world: World) -> None:
    client = world.sign_in("secretary1")
    form = form_of(client.get(address(world)))
    for wrong in ("", "1", "../../etc", str(uuid.uuid4()) + "0"):
        assert post(client, address(world), {**form, "client_id": wrong}).status_code == 400


def test_the_next_month_is_prefilled_with_what_rarely_changes(world: World, overview: bytes) -> None:
    file_report(world, overview)
    world.clock.advance(days=30)
    client = world.sign_in("secretary1")
    form = client.get(address(world, "2026-12"))
    assert 'value="19:30"' in form.text
    assert 'value="23"' in form.text
    assert 'value="21"' not in form.text, "attendance is asked each time"


def test_a_report_after_the_miss_is_late_and_the_miss_stays(world: World, overview: bytes) -> None:
    world.clock.advance(days=40)
    client = world.sign_in("secretary1")
    with world.app.app_context():
        close_all(world.clock())
    where = address(world)
    assert world.obligation(world.cells[0]).missed_at is not None
    assert post(client, where, form_of(client.get(where), overviews=[overview])).status_code == 303
    obligation = world.obligation(world.cells[0])
    assert state_of(obligation, world.clock()) == ObligationState.REPORTED_LATE
    cell = world.sign_in("reviewer").get(f"/units/{world.cells[0]}")
    assert "Đã ghi nhận: hết kỳ không có báo cáo" in cell.text


def test_with_the_store_away_the_text_is_kept_and_said_so(settings: Settings, clock: SetClock, overview: bytes) -> None:
    away = S3Storage(StoreAddress(REFUSED_PORT, "meetingcheck", "key", "secret"))
    app = create_app(settings, clock=clock, storage=away)
    world = make_world(app, clock)
    client = world.sign_in("secretary1")
    where = address(world)
    answer = post(client, where, form_of(client.get(where), overviews=[overview]))
    decoder_of(app).close()
    assert answer.status_code == 422
    assert "Kho ảnh đang bận" in answer.text
    assert "Chi bộ thống nhất kết luận." in client.get(where).text


def test_each_action_is_on_record_and_its_commitment_holds(world: World, overview: bytes) -> None:
    file_report(world, overview)
    with world.app.app_context(), read_transaction() as session:
        entries = session.execute(
            select(RecordEntry, RecordPayload).join(RecordPayload, RecordPayload.entry_id == RecordEntry.id)
        ).all()
        assert session.scalar(select(func.count()).select_from(RecordEntry)) == len(entries)
    actions = {entry.action for entry, _ in entries}
    assert {"signed_in", "draft_begun", "photo_received", "reported", "submitted"} <= actions
    for entry, payload in entries:
        assert entry.commitment == commitment(payload.salt, payload.payload)
        assert "Nguyễn" not in str(payload.payload)


def test_a_photo_sent_again_in_its_right_place_counts_there(world: World, overview: bytes) -> None:
    client = world.sign_in("secretary1")
    where = address(world)
    wrong = post(client, where, form_of(client.get(where), {**GOOD_FIELDS, "minutes_text": ""}, overviews=[overview]))
    assert "Đồng chí hãy chụp các trang biên bản" in wrong.text
    form = form_of(client.get(where), {**GOOD_FIELDS, "minutes_text": ""}, pages=[overview])
    answer = post(client, where, form)
    assert "Báo cáo cần ít nhất một ảnh toàn cảnh" in answer.text
    assert [photo.purpose for photo in rows(world.app, Photo)] == [Purpose.MINUTES_PAGE]


def test_home_names_every_period_that_is_still_owed(world: World) -> None:
    world.clock.advance(days=160)
    home = world.sign_in("secretary1").get(f"/cells/{world.cells[0]}/home").text
    for period in ("2026-09", "2026-10", "2026-11", "2026-12"):
        assert address(world, period) in home
    assert home.index(address(world, "2026-12")) < home.index(address(world, "2026-09")), "the newest comes first"


def test_a_form_sent_after_the_session_ended_is_sent_again_by_reloading(world: World, overview: bytes) -> None:
    client = world.sign_in("secretary1")
    where = address(world)
    page = client.get(where)
    client.post("/sign-out", data={"csrf_token": token_of(client.get("/messages"))})
    answer = post(client, where, form_of(page, overviews=[overview]))
    assert answer.status_code == 401
    assert "những gì đồng chí vừa nhập vẫn còn" in answer.text
    data = {"csrf_token": token_of(client.get("/sign-in")), "login": "secretary1", "password": PASSWORD}
    assert client.post("/sign-in", data=data).status_code == 303
    assert post(client, where, form_of(page, overviews=[overview])).status_code == 303
