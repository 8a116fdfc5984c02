"""Work that comes after its sender's role had ended: kept, seen by who decides only, taken in or discarded."""

import hashlib
import threading
import uuid
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from io import BytesIO

from flask import Flask, url_for
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from werkzeug.test import TestResponse

from meetingcheck.accounts.actions import NewUser, add_user
from meetingcheck.accounts.models import User
from meetingcheck.lib.db import Base, read_transaction, write_transaction
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.storage import MemoryStorage
from meetingcheck.meetings.documents.rules import document_key
from meetingcheck.meetings.late_work.jobs import follow_late_work
from meetingcheck.meetings.late_work.models import LateDocument, LatePhoto, LateState, LateWork
from meetingcheck.meetings.late_work.rules import KEPT_FOR, MOST_PHOTOS, MOST_WAITING, earliest, is_kept
from meetingcheck.meetings.links.actions import make_report_link
from meetingcheck.meetings.models import Document, Meeting, MeetingPhoto, MeetingState, MeetingVersion, VersionPhoto
from meetingcheck.messages.models import Message
from meetingcheck.office.merging.actions import Merger, merge
from meetingcheck.office.units.actions import Appointment, appoint, dismiss
from meetingcheck.orgs.actions import end_role
from meetingcheck.orgs.models import Role, RoleAssignment, Unit
from meetingcheck.photos.holding import Holding
from meetingcheck.photos.models import Photo
from meetingcheck.photos.rules import original_key
from meetingcheck.photos.sweep import sweep
from meetingcheck.record.models import RecordEntry
from tests.meetings.documents.samples import pdf
from tests.meetings.test_corrections import period, send, whole_form
from tests.photos import samples
from tests.uploads.test_tus import announcement, create, patch
from tests.world import GOOD_FIELDS, PASSWORD_HASH, World, token_of

SECRET = "Hội trường không ai được thấy"
FIELDS = {**GOOD_FIELDS, "place": SECRET}


def rows(app: Flask, model: type[Base]) -> list:
    with app.app_context(), read_transaction() as session:
        return list(session.scalars(select(model)))


def hand_over(world: World, before: str = "secretary1", to: str = "successor") -> None:
    """The office makes somebody the first cell's secretary today, in place of who it was."""
    with world.app.app_context(), write_transaction() as session:
        person = add_user(session, NewUser(to, "Ngô Thị Kế", PASSWORD_HASH), None, world.clock())
        world.users[to] = person.id
        unit, today = session.get_one(Unit, world.cells[0]), local_day(world.clock())
        appoint(session, person, Appointment(unit, Role.SECRETARY, today), world.users["administrator"], world.clock())


def dismiss_today(world: World, login: str = "secretary1") -> None:
    with world.app.app_context(), write_transaction() as session:
        held = session.scalars(select(RoleAssignment).where(RoleAssignment.user_id == world.users[login])).one()
        dismiss(session, held, local_day(world.clock()), world.users["administrator"], world.clock())


def late_post(
    world: World, form: dict[str, object], login: str = "secretary1", where: str | None = None
) -> TestResponse:
    """The form that was opened while the role lasted, sent after signing in again."""
    client = world.sign_in(login)
    return send(client, where or period(world), {**form, "csrf_token": token_of(client.get("/messages"))})


def open_form(world: World, login: str = "secretary1", **files: object) -> dict[str, object]:
    """A form that was opened with the right, as the phone keeps it."""
    return whole_form(world.sign_in(login).get(period(world)), FIELDS, **files)


def held_work(world: World, overview: bytes) -> str:
    """A report with a photo that waits; the address of its sender's page."""
    form = open_form(world, overviews=[overview])
    hand_over(world)
    answer = late_post(world, form)
    assert answer.status_code == 303, answer.text
    world.work("photos")
    return answer.location.partition("?")[0]


def press(client: FlaskClient, where: str) -> TestResponse:
    return client.post(where, data={"csrf_token": token_of(client.get("/messages"))})


def each_day(world: World) -> None:
    with world.app.app_context():
        follow_late_work({}, world.clock())


def told(world: World, login: str) -> list[str]:
    return sorted(one.kind for one in rows(world.app, Message) if one.user_id == world.users[login])


# --- the whole way


def test_what_comes_after_the_handover_waits_and_becomes_the_successors_report(
    world: World, storage: MemoryStorage, overview: bytes, page: bytes
) -> None:
    """The old phone had sent one photo; the rest and the words come when the line is back, three days later."""
    old, report = world.sign_in("secretary1"), uuid.uuid4()
    early = create(old, announcement(world, overview, report), overview)
    assert early.headers["Upload-State"] == "taken"
    hand_over(world)
    world.clock.advance(days=3)
    assert old.get(period(world)).location.startswith("/sign-in"), "the sessions ended with the role"

    old = world.sign_in("secretary1")
    late = create(old, announcement(world, page, report, purpose="minutes_page"))
    assert late.status_code == 201
    taken = patch(old, late.location, 0, page)
    assert (taken.status_code, taken.headers["Upload-State"]) == (204, "taken")
    assert taken.headers["Upload-SHA256"] == hashlib.sha256(page).hexdigest()
    assert "đã giữ 1 ảnh đồng chí gửi đến" in old.get(old.get(period(world)).location).text
    form = {**FIELDS, "client_id": str(report)}
    answer = send(old, period(world), {**form, "csrf_token": token_of(old.get("/messages"))})
    assert answer.status_code == 303
    shown = old.get(answer.location)
    assert "chờ xác nhận" in shown.text
    assert "đã giữ phần chữ và 1 ảnh" in shown.text
    assert "đến hết ngày 06/12/2026" in shown.text
    assert SECRET in shown.text, "what they typed themselves"
    assert f'data-sent-client="{report}" data-just-sent' in shown.text, "the phone may forget it"
    assert old.get(period(world)).location == answer.location.partition("?")[0], "never the form again"
    assert world.obligation(world.cells[0]).reported_at is None
    kept = next(one for one in rows(world.app, Photo) if one.held_at is not None)
    assert storage.get(original_key(kept.id, kept.sha256)) == page

    world.work()
    successor = world.sign_in("successor")
    assert f"{answer.location.partition('?')[0]}/decide" in successor.get("/messages").text
    decide = successor.get(f"{answer.location.partition('?')[0]}/decide")
    assert SECRET in decide.text
    assert successor.get(f"{answer.location.partition('?')[0]}/photos/{kept.id}/320").status_code == 200
    taken_in = press(successor, f"{answer.location.partition('?')[0]}/take-in")
    opened = successor.get(taken_in.location)
    assert f'value="{SECRET}"' in opened.text
    sent = send(successor, period(world), whole_form(opened, FIELDS))
    assert sent.status_code == 303, sent.text
    [version] = rows(world.app, MeetingVersion)
    assert version.submitted_by == world.users["successor"]
    assert {one.photo_id for one in rows(world.app, VersionPhoto)} == {one.id for one in rows(world.app, Photo)}
    assert len(rows(world.app, VersionPhoto)) == 2
    assert "đã được nhận" in old.get("/messages").text
    assert "Chi bộ đã nhận phần đồng chí gửi" in old.get(answer.location).text


def test_who_has_no_role_left_finds_what_waits_on_the_first_page(world: World, overview: bytes) -> None:
    own_page = held_work(world, overview)
    first = world.sign_in("secretary1").get("/")
    assert f'href="{own_page}"' in first.text
    assert own_page not in world.sign_in("stranger").get("/").text
    for login, where in (("successor", f"/cells/{world.cells[0]}/home"), ("reviewer", f"/units/{world.cells[0]}")):
        assert f'href="{own_page}/decide"' in world.sign_in(login).get(where).text
    for login, where in (("reporter1", f"/cells/{world.cells[0]}/home"), ("leader", f"/units/{world.cells[0]}")):
        assert own_page not in world.sign_in(login).get(where).text


def test_the_same_sending_again_changes_nothing(world: World, overview: bytes) -> None:
    form = open_form(world)
    hand_over(world)
    first, entries = late_post(world, {**form, "overview": (BytesIO(overview), "a.jpg")}), rows(world.app, RecordEntry)
    again = late_post(world, {**form, "overview": (BytesIO(overview), "a.jpg")})
    assert (first.status_code, first.location) == (again.status_code, again.location)
    assert len(rows(world.app, LateWork)) == len(rows(world.app, LatePhoto)) == len(rows(world.app, Photo)) == 1
    of_work = {entry.action for entry in rows(world.app, RecordEntry)[len(entries) :]}
    assert "late_work_held" not in of_work
    assert told(world, "successor").count("meetings.late_waiting") == 1
    assert told(world, "reviewer").count("meetings.late_waiting") == 1


def test_what_arrived_before_the_role_ended_is_said_to_have_arrived(world: World, overview: bytes) -> None:
    """The answer was lost on the way, and the phone sends the same again."""
    client = world.sign_in("secretary1")
    form = whole_form(client.get(period(world)), FIELDS)
    assert send(client, period(world), {**form, "overview": (BytesIO(overview), "a.jpg")}).status_code == 303
    hand_over(world)
    again = late_post(world, {**form, "overview": (BytesIO(overview), "a.jpg")})
    assert again.status_code == 303
    assert "đã đến từ trước" in world.sign_in("secretary1").get(again.location).text
    assert rows(world.app, LateWork) == []


# --- who sees it


def addresses(world: World, work: LateWork, photo: Photo) -> Iterator[str]:
    """Every page and every answer of the API that can be about the cell, its periods, this work or this photo."""
    values = {
        "unit_id": [world.cells[0], world.committee, world.root],
        "obligation_id": [work.obligation_id],
        "meeting_id": [work.id],
        "photo_id": [photo.id],
        "size": [320],
        "number": [1],
    }
    with world.app.test_request_context():
        for rule in world.app.url_map.iter_rules():
            known = rule.arguments <= set(values)
            if (
                "GET" not in (rule.methods or set())
                or not known
                or rule.endpoint.startswith(("late_work.", "messages"))
            ):
                continue
            for unit_id in values["unit_id"] if "unit_id" in rule.arguments else [None]:
                chosen = {name: values[name][0] for name in rule.arguments}
                yield url_for(rule.endpoint, **{**chosen, **({"unit_id": unit_id} if unit_id else {})})


def test_what_waits_is_nowhere_else(world: World, overview: bytes) -> None:
    """Not on the board, in the report, the timeline, an export or the API, for anybody."""
    own_page = held_work(world, overview)
    [work], [photo] = rows(world.app, LateWork), rows(world.app, Photo)
    asked, found = 0, []
    for login in ("successor", "reporter1", "secretary1", "reviewer", "leader", "administrator", "stranger"):
        client = world.sign_in(login)
        for address in list(addresses(world, work, photo)):
            answer = client.get(address)
            asked += 1
            assert answer.status_code < 500, (login, address)
            if address in {f"/photos/{photo.id}/320", f"/api/v1/photos/{photo.id}/320"}:
                assert answer.status_code == 404, (login, address)
            if any(text.encode() in body for body in bodies(answer) for text in (SECRET, str(photo.id))):
                found.append((login, address))
    assert found == []
    assert asked > 300
    assert SECRET in world.sign_in("secretary1").get(own_page).text
    for login in ("successor", "reporter1"):
        taking_back = press(world.sign_in(login), f"/photos/{photo.id}/take-back")
        assert taking_back.status_code == 404, "nor can it be touched"
    assert world.obligation(world.cells[0]).reported_at is None


def bodies(answer: TestResponse) -> list[bytes]:
    if answer.data[:2] != b"PK":
        return [answer.data]
    with zipfile.ZipFile(BytesIO(answer.data)) as packed:
        return [packed.read(name) for name in packed.namelist()]


DECIDERS = {
    "successor": 200,
    "reviewer": 200,
    "reporter1": 403,
    "leader": 403,
    "administrator": 403,
    "secretary1": 404,  # who sent it has a page of their own
    "secretary2": 404,
    "other_reviewer": 404,
    "stranger": 404,
}


def test_only_the_new_secretary_and_the_reviewer_decide(world: World, overview: bytes) -> None:
    own_page = held_work(world, overview)
    [photo] = rows(world.app, Photo)
    for login, status in DECIDERS.items():
        client = world.sign_in(login)
        assert client.get(f"{own_page}/decide").status_code == status, login
        assert client.get(f"{own_page}/photos/{photo.id}/320").status_code == status, login
        missing = 404 if status == 200 else status
        assert client.get(f"{own_page}/photos/{uuid.uuid4()}/320").status_code == missing, login
        assert client.get(own_page).status_code == (200 if login == "secretary1" else 404), login
        if status != 200:
            assert press(client, f"{own_page}/take-in").status_code == status, login
            assert press(client, f"{own_page}/discard").status_code == status, login
    assert rows(world.app, LateWork)[0].state == LateState.WAITING


def test_a_former_role_sees_nothing_of_the_cell(world: World, overview: bytes) -> None:
    held_work(world, overview)
    former = world.sign_in("secretary1")
    for address in (
        f"/cells/{world.cells[0]}/home",
        f"/units/{world.cells[0]}",
        period(world, "2026-10"),
        f"/cells/{world.cells[0]}/extra",
    ):
        assert former.get(address).status_code == 404, address


# --- what is kept


def test_thirty_days_after_the_end_it_is_kept_and_a_day_later_not(world: World, overview: bytes) -> None:
    form, photo = open_form(world), announcement(world, overview)
    hand_over(world)
    world.clock.advance(days=30)
    assert late_post(world, form).status_code == 303
    world.clock.advance(days=1)
    other = {**form, "client_id": str(uuid.uuid4())}
    assert late_post(world, other).status_code == 404
    assert create(world.sign_in("secretary1"), photo, overview).status_code == 404
    assert len(rows(world.app, LateWork)) == 1
    assert rows(world.app, Photo) == []


def test_a_period_that_began_after_the_end_is_not_kept(world: World) -> None:
    form = open_form(world)
    hand_over(world)
    world.clock.advance(days=28)  # 1 December
    assert late_post(world, form, where=period(world, "2026-12")).status_code == 404
    assert late_post(world, form).status_code == 303
    assert [one.obligation_id for one in rows(world.app, LateWork)] == [world.obligation(world.cells[0]).id]


def test_nobody_hands_in_for_a_cell_that_they_never_reported_for(world: World) -> None:
    form = open_form(world)
    dismiss_today(world, "secretary2")
    for login in ("secretary2", "stranger"):
        assert late_post(world, form, login).status_code == 404
    assert rows(world.app, LateWork) == []


def test_whoever_has_the_right_again_reports_as_always(world: World, overview: bytes) -> None:
    dismiss_today(world)
    with world.app.app_context(), write_transaction() as session:
        user, unit = session.get_one(User, world.users["secretary1"]), session.get_one(Unit, world.cells[0])
        today = local_day(world.clock())
        appoint(session, user, Appointment(unit, Role.REPORTER, today), world.users["administrator"], world.clock())
    client = world.sign_in("secretary1")
    answer = send(client, period(world), whole_form(client.get(period(world)), overviews=[overview]))
    assert answer.location.startswith("/meetings/")


def test_one_person_hands_in_a_few_works_and_no_more(world: World, overview: bytes) -> None:
    form = open_form(world)
    hand_over(world)
    for _ in range(MOST_WAITING):
        assert late_post(world, {**form, "client_id": str(uuid.uuid4())}).status_code == 303
    refused = late_post(world, {**form, "client_id": str(uuid.uuid4())})
    assert refused.status_code == 429
    assert "Những gì trong máy đồng chí vẫn còn" in refused.text
    assert create(world.sign_in("secretary1"), announcement(world, overview), overview).status_code == 429
    assert len(rows(world.app, LateWork)) == MOST_WAITING
    assert rows(world.app, Photo) == []


def test_one_work_holds_so_many_photos_and_no_more(world: World, overview: bytes) -> None:
    form, small = open_form(world), samples.jpeg(samples.scene(160, 120))
    hand_over(world)
    for batch in range(3):
        files = [(BytesIO(small + bytes([batch, number])), "a.jpg") for number in range(12)]
        answer = late_post(world, {**form, "overview": files})
    assert "sent=1" not in answer.location, "the phone must not forget what was not kept"
    assert len(rows(world.app, LatePhoto)) == len(rows(world.app, Photo)) == MOST_PHOTOS
    tus = create(world.sign_in("secretary1"), announcement(world, overview, uuid.UUID(str(form["client_id"]))))
    assert tus.status_code == 429


def test_an_extra_meeting_and_a_correction_wait_as_well(world: World, overview: bytes, page: bytes) -> None:
    client = world.sign_in("secretary1")
    extra_page = f"/cells/{world.cells[0]}/extra"
    extra = {**whole_form(client.get(extra_page), FIELDS, overviews=[overview]), "extra_kind": "unscheduled"}
    filed = send(client, period(world), whole_form(client.get(period(world)), overviews=[overview]))
    correction_page = f"{filed.location.partition('?')[0]}/correct"
    correction = whole_form(client.get(correction_page), FIELDS, pages=[page])
    hand_over(world)
    first = late_post(world, extra, where=extra_page)
    second = late_post(world, correction, where=correction_page)
    assert first.status_code == second.status_code == 303
    assert len(rows(world.app, LateWork)) == 2

    successor = world.sign_in("successor")
    taken = press(successor, f"{first.location.partition('?')[0]}/take-in")
    assert taken.location.startswith(extra_page)
    assert SECRET in successor.get(taken.location).text
    decide = successor.get(f"{second.location.partition('?')[0]}/decide")
    assert "Thêm ảnh vào báo cáo đã gửi" in decide.text
    taken = press(successor, f"{second.location.partition('?')[0]}/take-in")
    assert taken.location == correction_page
    assert SECRET not in successor.get(correction_page).text, "photos only"
    meeting = uuid.UUID(correction_page.split("/")[2])
    assert [one.number for one in rows(world.app, MeetingVersion)] == [1], "the cell sends the new version itself"
    assert sum(one.meeting_id == meeting for one in rows(world.app, MeetingPhoto)) == 2


def test_an_extra_meeting_held_after_the_end_is_not_kept(world: World) -> None:
    client = world.sign_in("secretary1")
    where = f"/cells/{world.cells[0]}/extra"
    extra = {**whole_form(client.get(where), FIELDS), "extra_kind": "unscheduled", "held_on": "10/11/2026"}
    hand_over(world)
    world.clock.advance(days=10)
    assert late_post(world, extra, where=where).status_code == 404
    assert late_post(world, {**extra, "held_on": "03/11/2026"}, where=where).status_code == 303


def test_its_sender_can_take_a_photo_back(world: World, overview: bytes) -> None:
    form = open_form(world, overviews=[overview])
    hand_over(world)
    late_post(world, form)
    [photo] = rows(world.app, Photo)
    again = late_post(world, {**form, "overview": [], "then": f"remove:{photo.id}"})
    assert "đã giữ phần chữ đồng chí gửi đến" in world.sign_in("secretary1").get(again.location).text
    assert rows(world.app, Photo)[0].withdrawn_by == world.users["secretary1"]
    assert "<img" not in world.sign_in("successor").get(f"{again.location.partition('?')[0]}/decide").text


def test_a_link_hands_in_for_its_period_only_and_shows_nothing(world: World) -> None:
    """A role that ends by an import ends no session; and a link that was given before still opens its one period."""
    obligation = world.obligation(world.cells[0])
    with world.app.app_context(), write_transaction() as session:
        secretary, reviewer = world.users["secretary1"], world.users["reviewer"]
        held, _ = make_report_link(session, obligation, secretary, reviewer, world.clock())
    link = world.app.test_client()
    opened = link.post("/report", data={"csrf_token": token_of(link.get("/report")), "token": held})
    form = whole_form(link.get(opened.location), FIELDS)
    with world.app.app_context(), write_transaction() as session:
        role = session.scalars(select(RoleAssignment).where(RoleAssignment.user_id == secretary)).one()
        end_role(session, role, local_day(world.clock()), None, world.clock())
    answer = send(link, opened.location, form)
    assert answer.status_code == 303
    page = link.get(answer.location)
    assert "chờ xác nhận" in page.text
    assert SECRET not in page.text
    assert send(link, period(world, "2026-10"), form).status_code == 404
    assert link.get(period(world, "2026-10")).status_code == 404


def test_a_link_that_comes_after_the_role_has_ended_says_so(world: World) -> None:
    """Not a bare page: whoever holds the paper hears that somebody else reports now, and whom to call."""
    obligation = world.obligation(world.cells[0])
    with world.app.app_context(), write_transaction() as session:
        secretary, reviewer = world.users["secretary1"], world.users["reviewer"]
        held, _ = make_report_link(session, obligation, secretary, reviewer, world.clock())
        role = session.scalars(select(RoleAssignment).where(RoleAssignment.user_id == secretary)).one()
        end_role(session, role, local_day(world.clock()), None, world.clock())
    link = world.app.test_client()
    opened = link.post("/report", data={"csrf_token": token_of(link.get("/report")), "token": held})
    page = link.get(opened.location)
    assert page.status_code == 404
    assert "không còn nhận việc gửi báo cáo của chi bộ này" in page.text
    assert "Từ ngày 03/11/2026" in page.text
    assert "không còn nhận việc" not in link.get(period(world, "2026-10")).text, "the link is for one period only"
    assert "không còn nhận việc" not in world.sign_in("secretary2").get(period(world)).text, "never theirs"


# --- deciding


def test_a_period_reported_meanwhile_gets_photos_only_and_a_settled_report_nothing(
    world: World, overview: bytes, page: bytes
) -> None:
    form = open_form(world, pages=[page])
    hand_over(world)
    successor = world.sign_in("successor")
    filed = send(successor, period(world), whole_form(successor.get(period(world)), overviews=[overview]))
    own_page = late_post(world, form).location.partition("?")[0]
    decide = successor.get(f"{own_page}/decide")
    assert "phần chữ không thay đổi" in decide.text
    meeting = filed.location.partition("?")[0]
    reviewer = world.sign_in("reviewer")
    answered = reviewer.get(meeting)
    with world.app.app_context(), write_transaction() as session:
        session.get_one(Meeting, uuid.UUID(meeting.split("/")[2])).state = MeetingState.ACCEPTED
    assert answered.status_code == 200
    assert "không sửa được nữa" in successor.get(f"{own_page}/decide").text
    assert press(successor, f"{own_page}/take-in").location == f"{own_page}/decide"
    with world.app.app_context(), write_transaction() as session:
        session.get_one(Meeting, uuid.UUID(meeting.split("/")[2])).state = MeetingState.SUBMITTED
    assert press(successor, f"{own_page}/take-in").location == f"{meeting}/correct"
    assert [one.number for one in rows(world.app, MeetingVersion)] == [1]
    assert len(rows(world.app, MeetingPhoto)) == 2


def test_a_reviewer_passes_it_to_the_secretary_and_files_nothing(world: World, overview: bytes) -> None:
    own_page = held_work(world, overview)
    reviewer = world.sign_in("reviewer")
    assert "Chuyển cho bí thư xem lại và gửi" in reviewer.get(f"{own_page}/decide").text
    assert press(reviewer, f"{own_page}/take-in").location == f"{own_page}/decide"
    [draft] = rows(world.app, Meeting)
    assert (draft.author_id, draft.state) == (world.users["successor"], MeetingState.DRAFT)
    assert SECRET in world.sign_in("successor").get(period(world)).text
    assert rows(world.app, MeetingVersion) == []


def test_without_a_secretary_it_waits_and_a_draft_left_behind_goes_along(
    world: World, overview: bytes, page: bytes
) -> None:
    old, report = world.sign_in("secretary1"), uuid.uuid4()
    create(old, announcement(world, overview, report), overview)
    dismiss_today(world)
    own_page = late_post(
        world, {**FIELDS, "client_id": str(report), "minutes_pages": (BytesIO(page), "1.jpg")}
    ).location
    own_page = own_page.partition("?")[0]
    reviewer = world.sign_in("reviewer")
    assert "chưa có bí thư" in reviewer.get(f"{own_page}/decide").text
    press(reviewer, f"{own_page}/take-in")
    assert rows(world.app, LateWork)[0].state == LateState.WAITING
    hand_over(world)
    world.clock.advance(days=1)
    each_day(world)
    assert told(world, "successor") == ["meetings.late_waiting"], "who came later hears of it too"
    press(world.sign_in("successor"), f"{own_page}/take-in")
    [draft] = rows(world.app, Meeting)
    assert draft.author_id == world.users["successor"]
    assert len(rows(world.app, MeetingPhoto)) == 2


def test_documents_wait_as_well_and_no_sweep_takes_them(world: World, storage: MemoryStorage) -> None:
    file = pdf()
    form = {**open_form(world), "minutes_file": (BytesIO(file), "bien ban.pdf")}
    hand_over(world)
    answer = late_post(world, form)
    own_page = answer.location.partition("?")[0]
    assert "1 tệp văn bản" in world.sign_in("secretary1").get(answer.location).text
    [held] = rows(world.app, LateDocument)
    assert rows(world.app, Document) == []
    for login in ("successor", "reviewer", "reporter1", "administrator"):
        assert world.sign_in(login).get(f"/documents/{held.document_id}").status_code == 404
    world.clock.advance(days=3)
    with world.app.app_context(), Holding(world.app) as holding:
        assert sweep(storage, holding, world.clock()).deleted == 0
    late_post(world, {**form, "minutes_file": (BytesIO(file), "bien ban.pdf")})
    assert len(rows(world.app, LateDocument)) == 1
    successor = world.sign_in("successor")
    assert "bien ban.pdf" in successor.get(f"{own_page}/decide").text
    press(successor, f"{own_page}/take-in")
    [document] = rows(world.app, Document)
    assert storage.get(document_key(document.id, document.sha256)) == file
    assert "bien ban.pdf" in successor.get(period(world)).text
    assert rows(world.app, LateDocument) == []


def test_in_a_merged_cell_the_secretary_of_the_new_one_decides(world: World, overview: bytes) -> None:
    """The roles ended with the cell."""
    form = open_form(world, overviews=[overview])
    with world.app.app_context(), write_transaction() as session:
        units = [session.get_one(Unit, world.cells[0])]
        merger = Merger(units, session.get_one(Unit, world.cells[1]), local_day(world.clock()), "QĐ 1-QĐ/ĐU")
        merge(session, merger, world.users["administrator"], world.clock())
    own_page = late_post(world, form).location.partition("?")[0]
    secretary = world.sign_in("secretary2")
    taken_in = press(secretary, f"{own_page}/take-in")
    assert SECRET in secretary.get(taken_in.location).text


def test_decisions_and_another_photo_at_the_same_moment(world: World, overview: bytes, page: bytes) -> None:
    """One decision counts, and no photo is lost, whoever is first."""
    own_page = held_work(world, overview)
    client_id = rows(world.app, LateWork)[0].client_id
    successor, reviewer, former = (world.sign_in(login) for login in ("successor", "reviewer", "secretary1"))
    tokens = [token_of(client.get("/messages")) for client in (successor, reviewer)]
    photo, answers = announcement(world, page, client_id, purpose="minutes_page"), {}
    tasks = {
        "take in": lambda: successor.post(f"{own_page}/take-in", data={"csrf_token": tokens[0]}),
        "again": lambda: reviewer.post(f"{own_page}/take-in", data={"csrf_token": tokens[1]}),
        "photo": lambda: create(former, photo, page),
    }
    threads = [threading.Thread(target=lambda name=name: answers.update({name: tasks[name]()})) for name in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {name: answer.status_code for name, answer in answers.items()} == {
        "take in": 303,
        "again": 303,
        "photo": 201,
    }
    assert answers["photo"].headers["Upload-State"] == "taken"
    [draft] = rows(world.app, Meeting)
    assert draft.author_id == world.users["successor"]
    in_draft = {one.photo_id for one in rows(world.app, MeetingPhoto)}
    waiting = {one.photo_id for one in rows(world.app, LatePhoto)}
    assert len(in_draft) + len(waiting) == 2
    assert in_draft | waiting == {one.id for one in rows(world.app, Photo)}
    assert all((one.held_at is not None) == (one.id in waiting) for one in rows(world.app, Photo))


def test_words_that_the_successor_saved_stay(world: World) -> None:
    old = world.sign_in("secretary1")
    form = whole_form(old.get(period(world)), {"place": "Nhà cũ"})
    send(old, period(world), {**form, "then": "save"})
    hand_over(world)
    successor = world.sign_in("successor")
    draft = whole_form(successor.get(period(world)), {"place": "Nhà mới"})
    send(successor, period(world), {**draft, "then": "save"})
    own_page = late_post(world, {**form, "place": SECRET, "chair": "Đồng chí An"}).location.partition("?")[0]
    opened = successor.get(press(successor, f"{own_page}/take-in").location).text
    assert 'value="Nhà mới"' in opened
    assert 'value="Đồng chí An"' in opened
    assert SECRET not in opened


def test_a_photo_of_the_passed_draft_stays_as_the_successor_left_it(world: World, overview: bytes) -> None:
    """The old phone did not hear that the photo had arrived, and sends it again; the new secretary took it back."""
    old, report = world.sign_in("secretary1"), uuid.uuid4()
    create(old, announcement(world, overview, report), overview)
    hand_over(world)
    [photo] = rows(world.app, Photo)
    assert press(world.sign_in("successor"), f"/photos/{photo.id}/take-back").status_code == 303
    again = create(world.sign_in("secretary1"), announcement(world, overview, report, id=uuid.uuid4()), overview)
    assert again.headers["Upload-State"] == "taken"
    [photo] = rows(world.app, Photo)
    assert (photo.withdrawn_by, photo.held_at) == (world.users["successor"], None)
    assert rows(world.app, LatePhoto) == []


def test_what_comes_after_it_was_taken_in_waits_anew(world: World, overview: bytes, page: bytes) -> None:
    own_page = held_work(world, overview)
    successor = world.sign_in("successor")
    press(successor, f"{own_page}/take-in")
    client_id = rows(world.app, LateWork)[0].client_id
    world.clock.advance(days=1)
    create(world.sign_in("secretary1"), announcement(world, page, client_id, purpose="minutes_page"), page)
    assert rows(world.app, LateWork)[0].state == LateState.WAITING
    assert told(world, "successor").count("meetings.late_waiting") == 2
    press(successor, f"{own_page}/take-in")
    assert len(rows(world.app, MeetingPhoto)) == 2
    assert len(rows(world.app, Meeting)) == 1


def test_discarded_work_is_gone_and_is_not_taken_again(world: World, overview: bytes, page: bytes) -> None:
    own_page = held_work(world, overview)
    form = {**FIELDS, "client_id": str(rows(world.app, LateWork)[0].client_id)}
    reviewer, former = world.sign_in("reviewer"), world.sign_in("secretary1")
    assert press(reviewer, f"{own_page}/discard").status_code == 303
    [work], [photo] = rows(world.app, LateWork), rows(world.app, Photo)
    assert (work.state, work.typed, work.decided_by) == (LateState.DISCARDED, {}, world.users["reviewer"])
    assert photo.withdrawn_by == world.users["reviewer"]
    assert reviewer.get(f"{own_page}/photos/{photo.id}/320").status_code == 404
    assert "không nhận báo cáo này" in former.get(own_page).text
    assert "không được nhận" in former.get("/messages").text
    assert {"late_work_held", "late_work_discarded", "photo_taken_back"} <= {
        entry.action for entry in rows(world.app, RecordEntry)
    }
    again = late_post(world, form)
    assert (again.status_code, again.location) == (303, own_page), "without the mark that lets the phone forget it"
    token = token_of(former.get("/messages"))
    draft = {**form, "csrf_token": token, "then": "save"}
    beside = former.post(period(world), data=draft, headers={"X-Requested-With": "meetingcheck"})
    assert (beside.status_code, "Draft-Revision" in beside.headers) == (410, False), "a phone must not believe it kept"
    tus = create(former, announcement(world, page, work.client_id), page)
    assert (tus.status_code, tus.headers["Upload-Problem"]) == (422, "late_work_discarded")
    assert press(world.sign_in("successor"), f"{own_page}/take-in").location == f"{own_page}/decide"
    assert rows(world.app, Meeting) == []


def test_what_nobody_decides_on_ends_after_thirty_days_with_a_word_before(world: World, overview: bytes) -> None:
    own_page = held_work(world, overview)
    world.clock.advance(days=22)
    each_day(world)
    assert told(world, "successor") == ["meetings.late_waiting"]
    world.clock.advance(days=2)
    each_day(world)
    assert told(world, "successor") == ["meetings.late_ending", "meetings.late_waiting"]
    world.clock.advance(days=6)
    each_day(world)
    assert rows(world.app, LateWork)[0].state == LateState.WAITING, "the last day belongs to them"
    world.clock.advance(days=1)
    each_day(world)
    each_day(world)
    [work], [photo] = rows(world.app, LateWork), rows(world.app, Photo)
    assert (work.state, work.decided_by, work.typed) == (LateState.DISCARDED, None, {})
    assert photo.withdrawn_at == work.decided_at == world.clock()
    assert "Quá 30 ngày" in world.sign_in("secretary1").get(own_page).text
    assert told(world, "secretary1").count("meetings.late_decided") == 1
    assert told(world, "successor") == ["meetings.late_ending", "meetings.late_waiting"]


# --- the rule

DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))


@given(DAYS, st.none() | DAYS, DAYS)
def test_work_is_kept_only_from_the_end_on_for_thirty_days(ended_on: date, begun_on: date | None, today: date) -> None:
    kept = is_kept(ended_on, begun_on, today)
    assert not kept or timedelta() <= today - ended_on <= KEPT_FOR
    assert not kept or begun_on is None or begun_on <= ended_on
    assert is_kept(ended_on, None, today) == (ended_on <= today <= ended_on + KEPT_FOR)


@given(DAYS, DAYS, DAYS, st.integers(0, 400))
def test_what_is_known_to_be_older_is_kept_at_least_as_well(
    ended_on: date, begun_on: date, today: date, days: int
) -> None:
    if is_kept(ended_on, begun_on, today):
        assert is_kept(ended_on, begun_on - timedelta(days), today)
        assert is_kept(ended_on, None, today)
    assert earliest(begun_on, None, begun_on - timedelta(days)) == begun_on - timedelta(days)
    assert earliest(None, None) is None
