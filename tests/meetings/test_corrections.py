"""Drafts, corrections, versions, and two people at once: nothing is overwritten, nothing is lost."""

import re
import uuid
from io import BytesIO

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from meetingcheck.duties.actions import make_obligations
from meetingcheck.duties.models import Obligation, Series
from meetingcheck.duties.queries import REGULAR
from meetingcheck.duties.rules import Month, ObligationState, PeriodType, state_of
from meetingcheck.duties.series.actions import ensure_series
from meetingcheck.lib.db import Base, read_transaction, write_transaction
from meetingcheck.meetings.models import (
    Meeting,
    MeetingVersion,
    Satisfaction,
    Task,
    TaskState,
    VersionPhoto,
)
from meetingcheck.messages.models import Message
from meetingcheck.photos.models import Photo, Purpose
from tests.meetings.documents.samples import pdf
from tests.photos import samples
from tests.supervision.test_board import queries_of
from tests.world import GOOD_FIELDS, LONG_AGO, World, add_thematic, at, form_of, token_of

REVISION = re.compile(r'name="revision" value="(\d+)"')


def rows(app: Flask, model: type[Base]) -> list[Base]:
    with app.app_context(), read_transaction() as session:
        return list(session.scalars(select(model)))


def period(world: World, code: str = "2026-11", cell: int = 0) -> str:
    return f"/obligations/{world.obligation(world.cells[cell], code).id}/check-in"


def whole_form(page: TestResponse, fields: dict[str, str] | None = None, **files: object) -> dict[str, object]:
    """The form with the number of the change that it was opened at, as the browser sends it."""
    found = REVISION.search(page.text)
    assert found, page.text
    return {**form_of(page, fields, **files), "revision": found.group(1)}  # type: ignore[arg-type]


def send(client: FlaskClient, where: str, form: dict[str, object]) -> TestResponse:
    return client.post(where, data=form, content_type="multipart/form-data")


def file_report(world: World, overview: bytes, fields: dict[str, str] | None = None) -> str:
    """The address of a report that the first cell has sent."""
    client = world.sign_in("secretary1")
    answer = send(client, period(world), whole_form(client.get(period(world)), fields, overviews=[overview]))
    assert answer.status_code == 303, answer.text
    return answer.location.partition("?")[0]


def test_a_draft_is_kept_and_goes_on_where_it_was_left(world: World, overview: bytes) -> None:
    client, where = world.sign_in("secretary1"), period(world)
    form = whole_form(client.get(where), {"held_on": "03/11/2026", "place": "Nhà văn hóa"}, overviews=[overview])
    saved = send(client, where, {**form, "then": "save"})
    assert saved.status_code == 303
    page = client.get(saved.location)
    assert "Đã lưu trên hệ thống, chưa gửi" in page.text
    assert 'value="Nhà văn hóa"' in page.text
    assert world.obligation(world.cells[0]).reported_at is None, "a draft is not a report"
    assert "Đang soạn, lưu lúc" in client.get(f"/cells/{world.cells[0]}/home").text
    assert send(client, where, whole_form(page)).status_code == 303
    assert len(rows(world.app, Photo)) == 1


def test_what_two_browsers_write_into_one_draft_is_shown_side_by_side(world: World) -> None:
    where = period(world)
    phone, computer = world.sign_in("secretary1"), world.sign_in("secretary1")
    send(phone, where, {**whole_form(phone.get(where), {"held_on": "03/11/2026"}), "then": "save"})
    first, second = phone.get(where), computer.get(where)
    send(phone, where, {**whole_form(first, {"held_on": "03/11/2026", "present": "20"}), "then": "save"})
    late = send(computer, where, {**whole_form(second, {"held_on": "03/11/2026", "present": "19"}), "then": "save"})
    assert late.status_code == 409
    assert ">20<" in late.text
    assert ">19<" in late.text
    [draft] = rows(world.app, Meeting)
    assert draft.draft["present"] == "20", "nothing was overwritten"
    chosen = {**dict(re.findall(r'<textarea hidden name="([^"]+)">([^<]*)<', late.text)), "then": "save"}
    again = {name: value for name, value in whole_form(late, {}).items() if name not in {"overview", "minutes_pages"}}
    assert send(computer, where, {**again, **chosen}).status_code == 303
    assert rows(world.app, Meeting)[0].draft["present"] == "19"


def test_going_back_in_one_browser_is_no_conflict(world: World) -> None:
    client, where = world.sign_in("secretary1"), period(world)
    page = client.get(where)
    send(client, where, {**whole_form(page, {"present": "20"}), "then": "save"})
    assert send(client, where, {**whole_form(page, {"present": "19"}), "then": "save"}).status_code == 303


def test_a_report_can_be_corrected_until_it_is_accepted_and_each_version_stays(world: World, overview: bytes) -> None:
    report = file_report(world, overview)
    reporter = world.sign_in("reporter1")
    page = reporter.get(f"{report}/correct")
    assert 'value="21"' in page.text
    second = samples.jpeg(samples.scene(40, 30))
    form = whole_form(page, {**GOOD_FIELDS, "present": "20", "place": "Nhà văn hóa"}, overviews=[second])
    answer = send(reporter, f"{report}/correct", form)
    assert answer.status_code == 303, answer.text
    versions = sorted(rows(world.app, MeetingVersion), key=lambda one: one.number)
    assert [(one.number, one.present) for one in versions] == [(1, 21), (2, 20)]
    assert sorted(row.version_id == versions[0].id for row in rows(world.app, VersionPhoto)) == [False, False, True]
    assert len(rows(world.app, Satisfaction)) == 1
    assert world.obligation(world.cells[0]).reported_at == versions[0].submitted_at

    compared = world.sign_in("reviewer").get(f"{report}/versions/2")
    assert "Nhà văn hóa" in compared.text
    assert ">21<" in compared.text
    assert "Ảnh thêm" in compared.text
    assert world.sign_in("other_reviewer").get(f"{report}/versions/2").status_code == 404
    assert reporter.get(f"{report}/versions/1").status_code == 404, "there is nothing before the first"


def test_a_correction_that_lacks_something_leaves_what_was_sent(world: World, overview: bytes) -> None:
    report = file_report(world, overview)
    client = world.sign_in("secretary1")
    form = whole_form(client.get(f"{report}/correct"), {**GOOD_FIELDS, "present": "99"})
    answer = send(client, f"{report}/correct", form)
    assert answer.status_code == 422
    assert 'value="99"' in answer.text
    assert "21/23" in world.sign_in("reviewer").get(report).text
    assert 'value="99"' in client.get(f"{report}/correct").text, "what was typed is still there"
    assert len(rows(world.app, MeetingVersion)) == 1


def test_the_same_correction_twice_is_one_version(world: World, overview: bytes) -> None:
    report = file_report(world, overview)
    client = world.sign_in("secretary1")
    form = whole_form(client.get(f"{report}/correct"), {**GOOD_FIELDS, "present": "20"})
    for _ in range(2):
        assert send(client, f"{report}/correct", form).status_code == 303
    assert len(rows(world.app, MeetingVersion)) == 2


def test_a_correction_that_changes_nothing_says_so(world: World, overview: bytes) -> None:
    report = file_report(world, overview)
    client = world.sign_in("secretary1")
    answer = send(client, f"{report}/correct", whole_form(client.get(f"{report}/correct"), GOOD_FIELDS))
    assert answer.status_code == 422
    assert "Chưa có gì thay đổi so với bản đã gửi" in answer.text
    assert len(rows(world.app, MeetingVersion)) == 1


def test_two_corrections_at_once_are_shown_side_by_side(world: World, overview: bytes) -> None:
    report = file_report(world, overview)
    secretary, reporter = world.sign_in("secretary1"), world.sign_in("reporter1")
    first, second = (client.get(f"{report}/correct") for client in (secretary, reporter))
    send(secretary, f"{report}/correct", whole_form(first, {**GOOD_FIELDS, "present": "20"}))
    late = send(reporter, f"{report}/correct", whole_form(second, {**GOOD_FIELDS, "present": "19"}))
    assert late.status_code == 409
    assert ">20<" in late.text
    assert ">19<" in late.text
    assert [one.present for one in rows(world.app, MeetingVersion)] == [21, 20]


def test_the_same_in_another_spelling_is_not_shown_as_a_difference(world: World, overview: bytes) -> None:
    report = file_report(world, overview)
    secretary, reporter = world.sign_in("secretary1"), world.sign_in("reporter1")
    first, second = (client.get(f"{report}/correct") for client in (secretary, reporter))
    send(secretary, f"{report}/correct", whole_form(first, {**GOOD_FIELDS, "present": "20"}))
    spelled = {"held_on": "3/11/2026", "begins_at": "7 rưỡi tối", "total": "23 đồng chí", "present": "chín"}
    late = send(reporter, f"{report}/correct", whole_form(second, {**GOOD_FIELDS, **spelled}))
    assert late.status_code == 409
    shown = late.text[late.text.index("Chỗ khác nhau") :]
    assert "chín" in shown, "what was not understood stands there as typed"
    assert [label for label in ("Ngày họp", "Bắt đầu", "Tổng số", "Có mặt") if label in shown] == ["Có mặt"]


def test_an_accepted_report_stays_as_it_is(world: World, overview: bytes) -> None:
    report = file_report(world, overview)
    client = world.sign_in("secretary1")
    form = whole_form(client.get(f"{report}/correct"), {**GOOD_FIELDS, "present": "20"})
    reviewer = world.sign_in("reviewer")
    page = reviewer.get(report)
    answer = {"csrf_token": token_of(page), "version": "1", "verdict": "note", "comment": ""}
    assert reviewer.post(f"{report}/answer", data=answer).status_code == 303
    assert client.get(f"{report}/correct").status_code == 302
    late = send(client, f"{report}/correct", form)
    assert late.status_code == 409
    assert "Cấp trên đã ghi nhận" in late.text
    assert len(rows(world.app, MeetingVersion)) == 1


def test_photos_can_be_put_in_order_and_change_what_they_show(world: World, overview: bytes) -> None:
    client, where = world.sign_in("secretary1"), period(world)
    shots = [samples.jpeg(samples.scene(40, 30 + number)) for number in range(3)]
    send(client, where, {**whole_form(client.get(where), {}, overviews=shots), "then": "save"})

    def order() -> list[str]:
        return re.findall(r'id="purpose_([0-9a-f-]{36})"', client.get(where).text)

    first, second, third = order()
    form = {name: text for name, text in whole_form(client.get(where), {}).items() if "csrf" in name or "id" in name}
    assert send(client, where, {**form, "then": f"up:{third}"}).status_code == 303
    assert order() == [first, third, second]
    assert send(client, where, {**form, "then": f"up:{first}"}).status_code == 303
    assert order() == [first, third, second], "the first one stays the first"
    send(client, where, {**form, "then": f"down:{first}"})
    assert order() == [third, first, second]
    send(client, where, {**form, "then": "save", f"purpose_{second}": "attendance_list"})
    purposes = {str(photo.id): photo.purpose for photo in rows(world.app, Photo)}
    assert purposes[second] == Purpose.ATTENDANCE_LIST
    send(client, where, {**form, "then": f"remove:{third}"})
    assert order() == [first, second]
    assert next(one for one in rows(world.app, Photo) if str(one.id) == third).withdrawn_at == world.clock()


def test_anothers_photo_cannot_be_arranged_or_removed(world: World, overview: bytes) -> None:
    file_report(world, overview)
    [theirs] = rows(world.app, Photo)
    other, where = world.sign_in("secretary2"), period(world, cell=1)
    form = {**whole_form(other.get(where), {}), f"purpose_{theirs.id}": "minutes_page"}
    for then in ("save", f"remove:{theirs.id}", f"up:{theirs.id}"):
        send(other, where, {**form, "then": then})
    [after] = rows(world.app, Photo)
    assert (after.purpose, after.withdrawn_at) == (Purpose.OVERVIEW, None)


def test_an_extra_meeting_is_kept_and_satisfies_nothing(world: World, overview: bytes) -> None:
    client, where = world.sign_in("secretary1"), f"/cells/{world.cells[0]}/extra"
    form = {**whole_form(client.get(where), overviews=[overview]), "extra_kind": "congress"}
    answer = send(client, where, form)
    assert answer.status_code == 303, answer.text
    assert "đại hội" in client.get(answer.location).text
    assert rows(world.app, Satisfaction) == []
    assert state_of(world.obligation(world.cells[0]), world.clock()) != ObligationState.REPORTED
    assert world.sign_in("reviewer").get(answer.location).status_code == 200


def test_the_same_extra_meeting_told_twice_is_noticed(world: World, overview: bytes) -> None:
    client, where = world.sign_in("secretary1"), f"/cells/{world.cells[0]}/extra"
    for number, status in enumerate((303, 422)):
        shot = samples.jpeg(samples.scene(40, 30 + number))
        form = {**whole_form(client.get(where), overviews=[shot]), "extra_kind": "congress"}
        answer = send(client, where, form)
        assert answer.status_code == status
    assert "đã có báo cáo một buổi trùng ngày, trùng giờ" in answer.text


def test_a_draft_of_an_extra_meeting_is_found_again(world: World) -> None:
    client, where = world.sign_in("secretary1"), f"/cells/{world.cells[0]}/extra"
    form = {**whole_form(client.get(where), {"place": "Nhà văn hóa"}), "extra_kind": "unscheduled", "then": "save"}
    saved = send(client, where, form)
    assert saved.status_code == 303
    assert 'value="Nhà văn hóa"' in client.get(saved.location).text
    assert f"draft={form['client_id']}" in client.get(f"/cells/{world.cells[0]}/home").text


def test_the_committee_files_what_a_cell_tells_on_the_telephone(world: World) -> None:
    where = f"/obligations/{world.obligation(world.cells[0]).id}/told"
    reviewer = world.sign_in("reviewer")
    nameless = send(reviewer, where, whole_form(reviewer.get(where), {**GOOD_FIELDS, "minutes_text": ""}))
    assert nameless.status_code == 422
    assert "tên người của chi bộ đã gọi điện" in nameless.text
    form = whole_form(nameless, {**GOOD_FIELDS, "minutes_text": "", "told_by": "đ/c An, bí thư"})
    answer = send(reviewer, where, form)
    assert answer.status_code == 303, answer.text
    page = world.sign_in("leader").get(answer.location)
    assert "Phạm Thị Dõi nhập thay, theo lời đ/c An, bí thư" in page.text
    assert "Chưa có biên bản." in page.text
    assert state_of(world.obligation(world.cells[0]), world.clock()) == ObligationState.REPORTED
    told = {message.user_id for message in rows(world.app, Message) if message.kind == "meetings.filed_for"}
    assert told == {world.users["secretary1"], world.users["reporter1"]}
    refused = reviewer.post(f"{answer.location.partition('?')[0]}/answer", data={"csrf_token": token_of(page)})
    assert refused.status_code in {400, 403}, "nobody answers what they filed"


def test_the_names_of_the_absent_do_not_reach_an_administrator_by_a_conflict(world: World, overview: bytes) -> None:
    where = f"/obligations/{world.obligation(world.cells[0]).id}/told"
    office = world.sign_in("administrator")
    page = office.get(where)
    file_report(world, overview, {**GOOD_FIELDS, "absent_names": "Hoàng Văn Vắng"})
    conflict = send(office, where, whole_form(page, {**GOOD_FIELDS, "told_by": "đ/c An"}))
    assert (conflict.status_code, "Hoàng Văn Vắng" in conflict.text) == (409, False)
    assert "/correct" not in conflict.text, "what only the cell may do is not offered"


def test_a_sending_that_comes_again_after_the_report_was_voided_is_not_said_to_have_arrived(
    world: World, overview: bytes
) -> None:
    client, where = world.sign_in("secretary1"), period(world)
    form = whole_form(client.get(where), GOOD_FIELDS, overviews=[overview])
    report = send(client, where, dict(form)).location.partition("?")[0]
    void = {"csrf_token": token_of(client.get(f"{report}/void")), "reason": "Gửi nhầm"}
    assert client.post(f"{report}/void", data=void).status_code == 303
    again = send(client, where, {**form, "overview": []})
    assert again.status_code == 409
    assert world.obligation(world.cells[0]).reported_at is None


def test_what_was_filed_for_a_cell_is_corrected_by_the_committee_until_the_cell_takes_over(world: World) -> None:
    where = f"/obligations/{world.obligation(world.cells[0]).id}/told"
    reviewer = world.sign_in("reviewer")
    fields = {**GOOD_FIELDS, "minutes_text": "", "told_by": "đ/c An, bí thư"}
    report = send(reviewer, where, whole_form(reviewer.get(where), fields)).location.partition("?")[0]
    assert f"{report}/told-again" in reviewer.get(report).text
    page = reviewer.get(f"{report}/told-again")
    assert send(reviewer, f"{report}/told-again", whole_form(page, {**fields, "present": "20"})).status_code == 303
    assert [one.present for one in rows(world.app, MeetingVersion)] == [21, 20]
    heard = [one.user_id for one in rows(world.app, Message) if one.kind == "meetings.filed_for"]
    assert heard.count(world.users["secretary1"]) == 2, "the cell hears of each"
    secretary = world.sign_in("secretary1")
    shot = samples.jpeg(samples.scene(40, 30))
    form = whole_form(secretary.get(f"{report}/correct"), GOOD_FIELDS, overviews=[shot])
    assert send(secretary, f"{report}/correct", form).status_code == 303
    assert reviewer.get(f"{report}/told-again").status_code == 404


def test_a_sitting_held_after_its_month_counts_for_the_quarter_of_that_month(world: World, overview: bytes) -> None:
    add_thematic(world)
    with world.app.app_context(), write_transaction() as session:
        chi_uy = Series(
            code="chi_uy", name="Họp chi ủy", unit_kind=None, period_type=PeriodType.MONTH, from_on=LONG_AGO
        )
        ensure_series(session, chi_uy)
        make_obligations(session, [Month(2026, 12), Month(2027, 1)], world.clock())
    world.clock.set(at("2027-01-02T08:00+07:00"))
    december = next(
        one.id
        for one in rows(world.app, Obligation)
        if (one.unit_id, one.series, one.period) == (world.cells[0], REGULAR, "2026-12")
    )
    client, where = world.sign_in("secretary1"), f"/obligations/{december}/check-in"
    fields = {**GOOD_FIELDS, "held_on": "01/01/2027", "combined": "yes", "topic": "Chuyên đề", "ends_at": "21:30"}
    assert send(client, where, whole_form(client.get(where), fields, overviews=[overview])).status_code == 303
    satisfied = {row.obligation_id for row in rows(world.app, Satisfaction)}
    assert satisfied == {december, world.obligation(world.cells[0], "2026-Q4").id}


def test_one_sitting_can_hold_both_meetings_and_each_period_counts_once(world: World, overview: bytes) -> None:
    add_thematic(world)
    form_fields = {**GOOD_FIELDS, "combined": "yes", "topic": "Học tập và làm theo Bác", "ends_at": "21:30"}
    report = file_report(world, overview, form_fields)
    satisfied = {row.obligation_id for row in rows(world.app, Satisfaction)}
    regular, thematic = world.obligation(world.cells[0]), world.obligation(world.cells[0], "2026-Q4")
    assert satisfied == {regular.id, thematic.id}
    assert thematic.reported_at == world.clock()
    client = world.sign_in("secretary1")
    send(client, f"{report}/correct", whole_form(client.get(f"{report}/correct"), GOOD_FIELDS))
    assert {row.obligation_id for row in rows(world.app, Satisfaction)} == {regular.id}
    assert world.obligation(world.cells[0], "2026-Q4").reported_at is None, "it is owed again"


def test_tasks_are_given_by_one_report_and_answered_by_the_next(world: World, overview: bytes) -> None:
    file_report(world, overview, {**GOOD_FIELDS, "task_1_what": "Vận động hiến đất", "task_1_who": "đ/c Công"})
    [task] = rows(world.app, Task)
    client = world.sign_in("secretary1")
    assert "Còn 1 việc được giao chưa xong" in client.get(f"/cells/{world.cells[0]}/home").text
    world.clock.advance(days=30)
    where = period(world, "2026-12")
    client = world.sign_in("secretary1")
    page = client.get(where)
    assert "Vận động hiến đất" in page.text
    answers = {f"answer_{task.id.hex}": "done", f"answer_{task.id.hex}_note": "xong ngày 20/11"}
    other = samples.jpeg(samples.scene(41, 31))
    fields = {**GOOD_FIELDS, "held_on": "03/12/2026", **answers}
    answer = send(client, where, whole_form(page, fields, overviews=[other]))
    assert answer.status_code == 303, answer.text
    [done] = rows(world.app, Task)
    assert (done.state, done.answer) == (TaskState.DONE, "xong ngày 20/11")
    assert "xong ngày 20/11" in world.sign_in("reviewer").get(answer.location).text

    report = answer.location.partition("?")[0]
    void = client.get(f"{report}/void")
    client.post(f"{report}/void", data={"csrf_token": token_of(void), "reason": "Gửi nhầm"})
    [asked_again] = rows(world.app, Task)
    assert (asked_again.state, asked_again.answer) == (TaskState.OPEN, None), "a void report answers nothing"
    client.post(f"{report}/restore", data={"csrf_token": token_of(void)})
    [done] = rows(world.app, Task)
    assert (done.state, done.answer) == (TaskState.DONE, "xong ngày 20/11")


def test_anothers_task_cannot_be_answered(world: World, overview: bytes) -> None:
    file_report(world, overview, {**GOOD_FIELDS, "task_1_what": "Vận động hiến đất"})
    [task] = rows(world.app, Task)
    other, where = world.sign_in("secretary2"), period(world, cell=1)
    fields = {**GOOD_FIELDS, f"answer_{task.id.hex}": "done", f"answer_{uuid.uuid4().hex}": "done"}
    assert send(other, where, whole_form(other.get(where), fields, overviews=[overview])).status_code == 303
    assert rows(world.app, Task)[0].state == TaskState.OPEN


def test_names_of_the_absent_are_for_the_cell_and_its_direct_superior(world: World, overview: bytes) -> None:
    report = file_report(world, overview, {**GOOD_FIELDS, "absent_names": "Hoàng Văn Vắng"})
    for login, sees in (("secretary1", True), ("reviewer", True), ("leader", False), ("administrator", False)):
        assert ("Hoàng Văn Vắng" in world.sign_in(login).get(report).text) is sees, login


def test_drafts_from_two_phones_of_one_person_do_not_hide_each_other(world: World) -> None:
    where = period(world)
    phone, computer = world.sign_in("secretary1"), world.sign_in("secretary1")
    first, second = phone.get(where), computer.get(where)
    send(phone, where, {**whole_form(first, {"place": "Nhà văn hóa"}), "then": "save"})
    send(computer, where, {**whole_form(second, {"place": "Trụ sở"}), "then": "save"})
    page = phone.get(where)
    assert 'value="Nhà văn hóa"' in page.text, "each browser goes on with its own"
    other = re.search(r'href="(\?draft=[0-9a-f-]+)"', page.text)
    assert other
    assert 'value="Trụ sở"' in phone.get(where + other.group(1)).text


def test_the_number_of_queries_does_not_grow_with_photos_versions_or_tasks(world: World, overview: bytes) -> None:
    report = file_report(world, overview)
    client = world.sign_in("secretary1")
    pages = (report, f"{report}/correct", f"{report}/move", f"/cells/{world.cells[0]}/home")
    send(client, f"{report}/correct", whole_form(client.get(f"{report}/correct"), {**GOOD_FIELDS, "present": "20"}))
    before = [queries_of(client, page) for page in pages]
    shots = [samples.jpeg(samples.scene(40, 30 + number)) for number in range(8)]
    tasks = {f"task_{number}_what": f"Việc {number}" for number in range(1, 9)}
    for present in ("19", "18"):
        fields = {**GOOD_FIELDS, "present": present, **tasks}
        form = whole_form(client.get(f"{report}/correct"), fields, overviews=shots)
        assert send(client, f"{report}/correct", form).status_code == 303
    assert [queries_of(client, page) for page in pages] == before


def test_minutes_that_came_as_a_file_are_minutes(world: World, overview: bytes) -> None:
    client, where = world.sign_in("secretary1"), period(world)
    form = whole_form(client.get(where), {**GOOD_FIELDS, "minutes_text": ""}, overviews=[overview])
    answer = send(client, where, {**form, "minutes_file": (BytesIO(pdf()), "bien ban.pdf")})
    assert answer.status_code == 303, answer.text
    assert "Chưa có biên bản." not in world.sign_in("reviewer").get(answer.location).text
