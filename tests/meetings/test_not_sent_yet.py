"""What a cell has begun to correct and not sent is nobody else's: not the committee's that may correct it too, nor the
cell's to which the report moves."""

import uuid
from datetime import date

from meetingcheck.accounts.actions import NewUser, add_user
from meetingcheck.accounts.models import User
from meetingcheck.lib.db import write_transaction
from meetingcheck.meetings.models import Meeting, MeetingPhoto, MeetingState, MeetingVersion
from meetingcheck.messages.models import Message
from meetingcheck.office.units.actions import Appointment, appoint, dismiss
from meetingcheck.orgs.models import Role
from meetingcheck.orgs.queries import get_unit, list_holders
from meetingcheck.photos.models import Photo
from tests.meetings.test_changes import post
from tests.meetings.test_corrections import file_report, period, rows, send, whole_form
from tests.photos import samples
from tests.world import GOOD_FIELDS, PASSWORD_HASH, World, at

WORDS = "Việc riêng của chi bộ"
SHOT = samples.jpeg(samples.scene(43, 31))


def told_report(world: World) -> str:
    where = f"/obligations/{world.obligation(world.cells[0]).id}/told"
    reviewer = world.sign_in("reviewer")
    fields = {**GOOD_FIELDS, "minutes_text": "", "told_by": "đ/c An, bí thư"}
    return send(reviewer, where, whole_form(reviewer.get(where), fields)).location.partition("?")[0]


def begin_correction(world: World, report: str) -> Photo:
    """The cell saves other words and one more photo; that photo."""
    secretary = world.sign_in("secretary1")
    fields = {**GOOD_FIELDS, "minutes_text": WORDS}
    form = whole_form(secretary.get(f"{report}/correct"), fields, overviews=[SHOT])
    assert send(secretary, f"{report}/correct", {**form, "then": "save"}).status_code == 303
    (unsent,) = [photo for photo in rows(world.app, Photo) if photo.published_at is None]
    return unsent


def move_to(world: World, report: str, cell: uuid.UUID) -> None:
    assert post(world.sign_in("reviewer"), f"{report}/move", period=str(world.obligation(cell).id))[0] == 303


def test_the_committee_neither_sees_nor_sends_what_the_cell_has_begun(world: World) -> None:
    report, reviewer = told_report(world), world.sign_in("reviewer")
    opened = reviewer.get(f"{report}/told-again")
    unsent = begin_correction(world, report)
    page = reviewer.get(f"{report}/told-again", follow_redirects=True).text
    assert "Chi bộ đang tự sửa báo cáo này" in page
    assert WORDS not in page
    assert str(unsent.id) not in page
    form = whole_form(opened, {**GOOD_FIELDS, "minutes_text": "", "present": "20", "told_by": "đ/c An, bí thư"})
    sent = send(reviewer, f"{report}/told-again", form)
    assert sent.status_code == 409
    assert WORDS not in sent.text
    assert "20" in sent.text, "what was typed above is still there"
    assert WORDS in world.sign_in("secretary1").get(f"{report}/correct").text
    assert [photo.published_at for photo in rows(world.app, Photo)] == [None]
    assert len(rows(world.app, MeetingVersion)) == 1


def test_what_the_committee_has_saved_of_it_is_its_own_to_go_on_with(world: World) -> None:
    report, reviewer = told_report(world), world.sign_in("reviewer")
    fields = {**GOOD_FIELDS, "minutes_text": "", "present": "20", "told_by": "đ/c An, bí thư"}
    form = whole_form(reviewer.get(f"{report}/told-again"), fields)
    assert send(reviewer, f"{report}/told-again", {**form, "then": "save"}).status_code == 303
    again = whole_form(reviewer.get(f"{report}/told-again"), fields)
    assert send(reviewer, f"{report}/told-again", again).status_code == 303
    assert [version.present for version in rows(world.app, MeetingVersion)] == [21, 20]


def test_a_cell_cannot_have_its_own_report_stand_as_told(world: World, overview: bytes) -> None:
    report = file_report(world, overview, {**GOOD_FIELDS, "told_by": "đ/c Bình"})
    assert [version.told_by for version in rows(world.app, MeetingVersion)] == [None]
    assert world.sign_in("reviewer").get(f"{report}/told-again").status_code == 404


def test_a_report_that_moves_leaves_what_was_not_sent_behind(world: World, overview: bytes) -> None:
    report = file_report(world, overview)
    unsent = begin_correction(world, report)
    move_to(world, report, world.cells[1])
    page = world.sign_in("secretary2").get(f"{report}/correct").text
    assert WORDS not in page
    assert str(unsent.id) not in page
    own = world.sign_in("secretary1").get(period(world)).text
    assert WORDS in own, "the cell goes on with it as a report of its own"
    assert str(unsent.id) in own
    (left,) = [one for one in rows(world.app, Meeting) if one.state == MeetingState.DRAFT]
    assert {row.photo_id for row in rows(world.app, MeetingPhoto) if row.meeting_id == left.id} == {unsent.id}
    told = {one.user_id for one in rows(world.app, Message) if one.kind == "meetings.moved"}
    assert {world.users["secretary1"], world.users["secretary2"]} <= told, "whose period is owed again hears of it too"


def test_a_form_of_a_report_that_moved_meanwhile_shows_nothing_of_the_other_cell(world: World, overview: bytes) -> None:
    secretary, other = world.sign_in("secretary1"), world.sign_in("secretary2")
    opened = secretary.get(period(world))
    form = whole_form(opened, overviews=[overview])
    report = send(secretary, period(world), form).location.partition("?")[0]
    move_to(world, report, world.cells[1])
    theirs = whole_form(other.get(f"{report}/correct"), {**GOOD_FIELDS, "minutes_text": WORDS})
    assert send(other, f"{report}/correct", theirs).status_code == 303
    for present in ("21", "19"):
        again = whole_form(opened, {**GOOD_FIELDS, "present": present}, overviews=[SHOT])
        answer = send(secretary, period(world), {**again, "client_id": form["client_id"]})
        assert answer.status_code == 409
        assert "chuyển sang chi bộ khác" in answer.text
        assert WORDS not in answer.text
        assert present in answer.text
    attached = {row.meeting_id for row in rows(world.app, MeetingPhoto)}
    assert attached == {uuid.UUID(report.rpartition("/")[2])}
    assert len(rows(world.app, MeetingPhoto)) == 1, "nothing is put into another cell's report"


def test_a_photo_that_was_not_sent_is_nobodys_to_move(world: World, overview: bytes) -> None:
    report = file_report(world, overview)
    unsent = begin_correction(world, report)
    for login in ("reviewer", "secretary1"):
        client = world.sign_in(login)
        assert str(unsent.id) not in client.get(f"{report}/move").text
        assert client.get(f"{report}/photos/{unsent.id}/move").status_code == 404


def test_the_cell_does_not_have_back_what_the_committee_voided(world: World, overview: bytes) -> None:
    report = file_report(world, overview)
    reviewer, secretary = world.sign_in("reviewer"), world.sign_in("secretary1")
    assert post(reviewer, f"{report}/void", reason="Ảnh của buổi khác")[0] == 303
    token = whole_form(secretary.get(f"/cells/{world.cells[0]}/extra"))["csrf_token"]
    assert secretary.post(f"{report}/restore", data={"csrf_token": token}).status_code == 303
    assert "Cấp trên đã hủy báo cáo này" in secretary.get(report).text
    assert [one.state for one in rows(world.app, Meeting)] == [MeetingState.VOID]
    assert reviewer.post(f"{report}/restore", data={"csrf_token": token}).status_code in {303, 400}


def test_a_handover_that_was_taken_back_passes_nothing_on(world: World) -> None:
    cell, sixth = world.cells[0], date(2026, 11, 6)
    with world.app.app_context(), write_transaction() as session:
        office, unit = world.users["administrator"], get_unit(session, cell)
        successor = add_user(session, NewUser("0911111111", "Kế Nhiệm", PASSWORD_HASH), None, world.clock())
        for person in (successor, session.get_one(User, world.users["secretary1"])):
            appoint(session, person, Appointment(unit, Role.SECRETARY, sixth), office, world.clock())
        held = [one.assignment for one in list_holders(session, cell, sixth) if one.user.id == successor.id]
        for assignment in held:
            dismiss(session, assignment, sixth, office, world.clock())
    secretary = world.sign_in("secretary1")
    form = whole_form(secretary.get(period(world)), {**GOOD_FIELDS, "minutes_text": WORDS})
    assert send(secretary, period(world), {**form, "then": "save"}).status_code == 303
    world.clock.set(at("2026-11-06T09:00+07:00"))
    world.work()
    assert WORDS in world.sign_in("secretary1").get(period(world)).text
