"""Answers to a report: about the version that was seen, taken back within a minute, told once."""

import re
import threading
import uuid
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.meetings.models import Meeting, MeetingState, MeetingVersion, Review, Verdict
from meetingcheck.meetings.queries import find_reported_meeting
from meetingcheck.meetings.reviews.actions import give_answer, tell_answer, undo_answer
from meetingcheck.meetings.reviews.forms import Answer, Seen
from meetingcheck.messages.models import Delivery, Message
from meetingcheck.orgs.actions import give_role
from meetingcheck.orgs.models import Role
from tests.photos.samples import jpeg, scene
from tests.world import GOOD_FIELDS, LONG_AGO, World, at, form_of, token_of

LAST_ANSWER = re.compile(r'name="last_answer" value="([^"]*)"')


def file_report(world: World, login: str = "secretary1", cell: int = 0, period: str = "2026-11") -> uuid.UUID:
    client = world.sign_in(login)
    obligation = world.obligation(world.cells[cell], period)
    address = f"/obligations/{obligation.id}/check-in"
    fields = {**GOOD_FIELDS, "held_on": f"03/{period[5:]}/{period[:4]}"}
    answer = client.post(address, data=form_of(client.get(address), fields, overviews=[jpeg(scene(64 + cell, 48))]))
    assert answer.status_code == 303, answer.text
    with world.app.app_context(), read_transaction() as session:
        found = find_reported_meeting(session, obligation.id)
        assert found is not None
        return found.id


@pytest.fixture
def report(world: World) -> uuid.UUID:
    return file_report(world)


def answer_form(page: TestResponse, verdict: str, **typed: str) -> dict[str, str]:
    """What a browser would post from the report's page."""
    version = re.search(r'name="version" value="(\d+)"', page.text)
    last = LAST_ANSWER.search(page.text)
    assert version, page.text
    assert last
    return {
        "csrf_token": token_of(page),
        "version": version.group(1),
        "last_answer": last.group(1),
        "verdict": verdict,
        **typed,
    }


def answer(client: FlaskClient, meeting_id: uuid.UUID, verdict: str = "note", **typed: str) -> TestResponse:
    page = client.get(f"/meetings/{meeting_id}")
    return client.post(f"/meetings/{meeting_id}/answer", data=answer_form(page, verdict, **typed))


def ask_to_add(client: FlaskClient, meeting_id: uuid.UUID, comment: str = "Ảnh mờ, đồng chí chụp lại") -> TestResponse:
    return answer(client, meeting_id, "ask_to_add", comment=comment, answer_by="06/11/2026")


def state_of(world: World, meeting_id: uuid.UUID) -> MeetingState:
    with world.app.app_context(), read_transaction() as session:
        return session.get_one(Meeting, meeting_id).state


def reviews_of(world: World, meeting_id: uuid.UUID) -> list[Review]:
    with world.app.app_context(), read_transaction() as session:
        return list(session.scalars(select(Review).where(Review.meeting_id == meeting_id).order_by(Review.at)))


def told(world: World, login: str, kind: str = "meetings.answered") -> list[Message]:
    with world.app.app_context(), read_transaction() as session:
        found = select(Message).where(Message.user_id == world.users[login], Message.kind == kind)
        return list(session.scalars(found.order_by(Message.created_at)))


def undo(world: World, client: FlaskClient, meeting_id: uuid.UUID) -> TestResponse:
    last = reviews_of(world, meeting_id)[-1]
    return client.post(f"/reviews/{last.id}/undo", data={"csrf_token": token_of(client.get("/messages"))})


def correct(world: World, meeting_id: uuid.UUID) -> None:
    """The cell sends its report once more, with another minute in it."""
    with world.app.app_context(), write_transaction() as session:
        meeting = session.get_one(Meeting, meeting_id)
        old = session.scalars(select(MeetingVersion).where(MeetingVersion.meeting_id == meeting_id)).one()
        values = {column.key: getattr(old, column.key) for column in MeetingVersion.__table__.columns}
        values |= {"id": uuid.uuid4(), "number": 2, "minutes_text": "Bản đã sửa của chi bộ."}
        session.add(MeetingVersion(**values))
        meeting.version, meeting.state = 2, MeetingState.SUBMITTED


# --- the three answers


def test_a_note_needs_no_words(world: World, report: uuid.UUID) -> None:
    assert answer(world.sign_in("reviewer"), report).status_code == 303
    assert state_of(world, report) == MeetingState.ACCEPTED
    [review] = reviews_of(world, report)
    assert (review.verdict, review.comment, review.version) == (Verdict.NOTE, None, 1)


def test_a_note_may_have_words_and_they_are_shown(world: World, report: uuid.UUID) -> None:
    answer(world.sign_in("reviewer"), report, note="Ảnh rõ, tốt")
    assert "Ảnh rõ, tốt" in world.sign_in("secretary1").get(f"/meetings/{report}").text


def test_asking_to_add_needs_words_and_a_day_to_come(world: World, report: uuid.UUID) -> None:
    reviewer = world.sign_in("reviewer")
    for comment, day in (("", "06/11/2026"), ("Chụp lại", "03/11/2026"), ("Chụp lại", "hôm nào"), ("Chụp lại", "")):
        refused = answer(reviewer, report, "ask_to_add", comment=comment, answer_by=day)
        assert refused.status_code == 422
        assert 'aria-invalid="true"' in refused.text
        assert comment in refused.text
    assert reviews_of(world, report) == []
    assert state_of(world, report) == MeetingState.SUBMITTED
    assert ask_to_add(reviewer, report).status_code == 303
    assert state_of(world, report) == MeetingState.RETURNED
    [review] = reviews_of(world, report)
    assert review.answer_by is not None
    assert review.answer_by.isoformat() == "2026-11-06"
    page = world.sign_in("secretary1").get(f"/meetings/{report}").text
    assert "Ảnh mờ, đồng chí chụp lại" in page
    assert "hết ngày 06/11/2026" in page


def test_the_day_for_adding_is_in_three_days_unless_said_otherwise(world: World, report: uuid.UUID) -> None:
    page = world.sign_in("reviewer").get(f"/meetings/{report}").text
    assert 'name="answer_by" value="06/11/2026"' in page


def test_a_returned_report_stays_reported(world: World, report: uuid.UUID) -> None:
    before = world.obligation(world.cells[0]).reported_at
    ask_to_add(world.sign_in("reviewer"), report)
    assert world.obligation(world.cells[0]).reported_at == before is not None


def test_words_longer_than_2000_characters_are_refused_and_kept(world: World, report: uuid.UUID) -> None:
    reviewer = world.sign_in("reviewer")
    words = "đ" * 2001
    assert ask_to_add(reviewer, report, words[:2000]).status_code == 303
    for refused in (ask_to_add(reviewer, report, words), answer(reviewer, report, note=words)):
        assert refused.status_code == 422
        assert words in refused.text


def test_see_later_is_only_a_mark(world: World, report: uuid.UUID) -> None:
    reviewer = world.sign_in("reviewer")
    for _ in range(2):
        assert answer(reviewer, report, "see_later").status_code == 303
    assert state_of(world, report) == MeetingState.SUBMITTED
    assert [review.verdict for review in reviews_of(world, report)] == [Verdict.SEE_LATER]
    assert "xem sau lúc" in reviewer.get(f"/meetings/{report}").text
    assert "xem sau lúc" not in world.sign_in("secretary1").get(f"/meetings/{report}").text
    world.clock.advance(hours=12)
    world.work("alerts")
    assert told(world, "secretary1") == []


def test_nobody_answers_a_report_that_they_filed(world: World) -> None:
    with world.app.app_context(), write_transaction() as session:
        give_role(session, world.users["reviewer"], world.cells[2], Role.SECRETARY, LONG_AGO, None, world.clock())
    own = file_report(world, "reviewer", cell=2)
    reviewer = world.sign_in("reviewer")
    assert "/answer" not in reviewer.get(f"/meetings/{own}").text
    form = {"csrf_token": token_of(reviewer.get("/messages")), "version": "1", "last_answer": "", "verdict": "note"}
    assert reviewer.post(f"/meetings/{own}/answer", data=form).status_code == 403
    assert reviews_of(world, own) == []


@pytest.mark.parametrize(
    "wrong",
    [{"verdict": "king"}, {"version": ""}, {"version": "x"}, {"version": "9" * 30}, {"last_answer": "x"}],
)
def test_a_form_that_the_page_never_made_is_refused(world: World, report: uuid.UUID, wrong: dict[str, str]) -> None:
    reviewer = world.sign_in("reviewer")
    form = {**answer_form(reviewer.get(f"/meetings/{report}"), "note"), **wrong}
    assert reviewer.post(f"/meetings/{report}/answer", data=form).status_code == 422
    assert reviews_of(world, report) == []


# --- several people, several versions


def test_a_version_that_was_corrected_meanwhile_is_not_answered(world: World, report: uuid.UUID) -> None:
    reviewer = world.sign_in("reviewer")
    form = answer_form(
        reviewer.get(f"/meetings/{report}"), "ask_to_add", comment="Xin bổ sung nghị quyết", answer_by="09/11/2026"
    )
    correct(world, report)
    refused = reviewer.post(f"/meetings/{report}/answer", data=form)
    assert refused.status_code == 409
    assert "Bản đã sửa của chi bộ." in refused.text
    assert "Xin bổ sung nghị quyết" in refused.text
    assert "09/11/2026" in refused.text
    assert reviews_of(world, report) == []
    again = answer_form(refused, "ask_to_add", comment="Xin bổ sung nghị quyết", answer_by="09/11/2026")
    assert reviewer.post(f"/meetings/{report}/answer", data=again).status_code == 303
    assert [review.version for review in reviews_of(world, report)] == [2]


def test_the_second_of_two_reviewers_sees_what_the_first_answered(world: World, report: uuid.UUID) -> None:
    with world.app.app_context(), write_transaction() as session:
        give_role(session, world.users["stranger"], world.committee, Role.REVIEWER, LONG_AGO, None, world.clock())
        session.execute(update(Meeting).values(updated_at=world.clock()))
    first = world.sign_in("reviewer")
    form = answer_form(first.get(f"/meetings/{report}"), "note", note="Tôi thấy được")
    with world.app.app_context(), write_transaction() as session:
        asked = Answer(Verdict.ASK_TO_ADD, "Ảnh tối quá", (world.clock() + timedelta(days=3)).date())
        give_answer(session, report, Seen(1, None), asked, world.users["stranger"], world.clock())
    refused = first.post(f"/meetings/{report}/answer", data=form)
    assert refused.status_code == 409
    assert "Ảnh tối quá" in refused.text
    assert "Tôi thấy được" in refused.text
    assert state_of(world, report) == MeetingState.RETURNED
    assert len(reviews_of(world, report)) == 1
    assert first.post(f"/meetings/{report}/answer", data=answer_form(refused, "note")).status_code == 303
    assert state_of(world, report) == MeetingState.ACCEPTED


def test_two_reviewers_at_the_same_moment_are_one_answer_and_one_conflict(world: World, report: uuid.UUID) -> None:
    with world.app.app_context(), write_transaction() as session:
        second = world.users["other_reviewer"]
        give_role(session, second, world.committee, Role.REVIEWER, LONG_AGO, None, world.clock())
    clients = [world.sign_in("reviewer"), world.sign_in("other_reviewer")]
    forms = [
        answer_form(client.get(f"/meetings/{report}"), "note", note=f"Người {n}") for n, client in enumerate(clients)
    ]
    start = threading.Barrier(len(clients))
    statuses: list[int] = []

    def post(client: FlaskClient, form: dict[str, str]) -> None:
        start.wait()
        statuses.append(client.post(f"/meetings/{report}/answer", data=form).status_code)

    threads = [threading.Thread(target=post, args=pair) for pair in zip(clients, forms, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [303, 409]
    assert len(reviews_of(world, report)) == 1


@pytest.mark.parametrize("marked_before", [False, True])
def test_a_mark_from_a_page_that_another_answer_made_old_is_a_conflict_too(
    world: World, report: uuid.UUID, marked_before: bool
) -> None:
    with world.app.app_context(), write_transaction() as session:
        give_role(session, world.users["stranger"], world.committee, Role.REVIEWER, LONG_AGO, None, world.clock())
    reviewer = world.sign_in("reviewer")
    if marked_before:
        assert answer(reviewer, report, "see_later").status_code == 303
    form = answer_form(reviewer.get(f"/meetings/{report}"), "see_later")
    with world.app.app_context(), write_transaction() as session:
        give_answer(session, report, Seen(1, None), Answer(Verdict.NOTE), world.users["stranger"], world.clock())
    refused = reviewer.post(f"/meetings/{report}/answer", data=form)
    assert refused.status_code == 409
    assert "vừa được trả lời ở nơi khác" in refused.text
    assert len(reviews_of(world, report)) == 1 + marked_before
    assert state_of(world, report) == MeetingState.ACCEPTED
    again = answer_form(refused, "see_later")
    assert reviewer.post(f"/meetings/{report}/answer", data=again).status_code == 303, "now it was seen"


def test_two_taps_on_a_button_are_one_answer(world: World, report: uuid.UUID) -> None:
    reviewer = world.sign_in("reviewer")
    form = answer_form(reviewer.get(f"/meetings/{report}"), "note", note="Tốt")
    for _ in range(2):
        assert reviewer.post(f"/meetings/{report}/answer", data=form).status_code == 303
    assert len(reviews_of(world, report)) == 1


# --- taking back, and telling


def test_an_answer_is_told_after_its_minute_and_once(world: World, report: uuid.UUID) -> None:
    ask_to_add(world.sign_in("reviewer"), report)
    world.clock.advance(seconds=59)
    world.work("alerts")
    assert told(world, "secretary1") == []
    world.clock.advance(seconds=1)
    world.work("alerts")
    [message] = told(world, "secretary1")
    assert message.params["comment"] == "Ảnh mờ, đồng chí chụp lại"
    assert len(told(world, "reporter1")) == 1
    assert told(world, "secretary2") == told(world, "reviewer") == []
    [review] = reviews_of(world, report)
    with world.app.app_context(), write_transaction() as session:
        assert tell_answer(session, review.id, world.clock()) == 0, "a job may run twice"
    page = world.sign_in("secretary1").get("/messages").text
    assert "đề nghị bổ sung" in page
    assert "06/11/2026" in page
    with world.app.app_context(), read_transaction() as session:
        assert len(list(session.scalars(select(Delivery)))) == 1, "by mail to the one who has an address"


def test_what_was_not_added_in_time_is_named_on_both_sides(world: World, report: uuid.UUID) -> None:
    board = f"/units/{world.committee}/board"
    ask_to_add(world.sign_in("reviewer"), report)
    world.clock.set(at("2026-11-06T20:00+07:00"))
    assert "quá hạn bổ sung" not in world.sign_in("reviewer").get(board).text, "its last day is not over"
    world.clock.advance(days=1)
    shown = world.sign_in("reviewer").get(board).text
    assert "quá hạn bổ sung" in shown
    assert f"/meetings/{report}" in shown
    assert "(hạn 06/11/2026)" in shown
    assert "đã quá hạn" in world.sign_in("secretary1").get(f"/cells/{world.cells[0]}/home").text
    correct(world, report)
    assert "quá hạn bổ sung" not in world.sign_in("reviewer").get(board).text
    assert "quá hạn bổ sung" not in world.sign_in("other_reviewer").get(f"/units/{world.other_committee}/board").text


def test_nobody_hears_of_an_answer_to_what_is_void_by_then(world: World, report: uuid.UUID) -> None:
    client = world.sign_in("reviewer")
    ask_to_add(client, report)
    void = {"csrf_token": token_of(client.get(f"/meetings/{report}/void")), "reason": "Gửi nhầm kỳ"}
    assert client.post(f"/meetings/{report}/void", data=void).status_code == 303
    world.clock.advance(minutes=2)
    world.work("alerts")
    assert told(world, "secretary1") == []
    assert len(told(world, "secretary1", "meetings.void")) == 1


def test_an_answer_can_be_taken_back_within_a_minute_and_nobody_hears_of_it(world: World, report: uuid.UUID) -> None:
    reviewer = world.sign_in("reviewer")
    answer(reviewer, report)
    world.clock.advance(seconds=59)
    assert "hoàn tác" in reviewer.get(f"/meetings/{report}").text
    assert undo(world, reviewer, report).status_code == 303
    assert undo(world, reviewer, report).status_code == 303, "a second tap changes nothing"
    assert state_of(world, report) == MeetingState.SUBMITTED
    assert reviews_of(world, report)[0].undone_at == world.clock()
    world.clock.advance(minutes=10)
    world.work("alerts")
    assert told(world, "secretary1") == []
    page = world.sign_in("secretary1").get(f"/meetings/{report}").text
    assert "Cấp trên trả lời" not in page


def test_after_the_minute_an_answer_stands(world: World, report: uuid.UUID) -> None:
    reviewer = world.sign_in("reviewer")
    answer(reviewer, report)
    world.clock.advance(seconds=60)
    assert "/undo" not in reviewer.get(f"/meetings/{report}").text
    late = undo(world, reviewer, report)
    assert late.status_code == 409
    assert "60 giây" in late.text
    assert state_of(world, report) == MeetingState.ACCEPTED


def test_taking_back_restores_what_stood_before(world: World, report: uuid.UUID) -> None:
    reviewer = world.sign_in("reviewer")
    ask_to_add(reviewer, report)
    world.clock.advance(minutes=5)
    answer(reviewer, report)
    assert state_of(world, report) == MeetingState.ACCEPTED
    undo(world, reviewer, report)
    assert state_of(world, report) == MeetingState.RETURNED


def test_taking_back_an_answer_to_an_older_version_leaves_the_new_one_waiting(world: World, report: uuid.UUID) -> None:
    reviewer = world.sign_in("reviewer")
    ask_to_add(reviewer, report)
    correct(world, report)
    undo(world, reviewer, report)
    assert state_of(world, report) == MeetingState.SUBMITTED


def test_only_the_reviewer_who_answered_takes_it_back(world: World, report: uuid.UUID) -> None:
    answer(world.sign_in("reviewer"), report)
    with world.app.app_context(), write_transaction() as session:
        give_role(session, world.users["stranger"], world.committee, Role.REVIEWER, LONG_AGO, None, world.clock())
        assert not undo_answer(session, reviews_of_here(session, report), world.users["stranger"], world.clock())
    assert state_of(world, report) == MeetingState.ACCEPTED


def reviews_of_here(session: object, meeting_id: uuid.UUID) -> uuid.UUID:
    found = session.scalars(select(Review.id).where(Review.meeting_id == meeting_id)).one()  # type: ignore[attr-defined]
    assert isinstance(found, uuid.UUID)
    return found


# --- one after the other


def test_after_an_answer_the_next_report_comes_and_the_month_is_counted(world: World) -> None:
    reports = [file_report(world, "secretary1", 0), file_report(world, "secretary2", 1)]
    reviewer = world.sign_in("reviewer")
    page = reviewer.get(f"/meetings/{reports[0]}").text
    assert "Đã xem 0/2" in page
    assert f'href="/meetings/{reports[1]}"' in page, "a link to pass one by"
    assert answer(reviewer, reports[0]).location == f"/meetings/{reports[1]}"
    page = reviewer.get(f"/meetings/{reports[1]}").text
    assert "Đã xem 1/2" in page
    assert "hoàn tác" in page
    last = answer(reviewer, reports[1])
    assert last.location == f"/units/{world.committee}/board?month=2026-11"
    board = reviewer.get(last.location).text
    assert "Không còn báo cáo nào" in board
    assert "/undo" in board


def test_the_board_leads_its_own_reviewers_to_the_first_report_that_waits(world: World) -> None:
    reports = [file_report(world, "secretary1", 0), file_report(world, "secretary2", 1)]
    reviewer = world.sign_in("reviewer")
    board = f"/units/{world.committee}/board?month=2026-11"
    page = reviewer.get(board).text
    assert "Đã xem 0/2" in page
    first = re.search(r'href="/meetings/([0-9a-f-]+)">Xem lần lượt', page)
    assert first
    assert uuid.UUID(first.group(1)) in reports
    for report in reports:
        answer(reviewer, report)
    page = reviewer.get(board).text
    assert "Đã xem 2/2" in page
    assert "Xem lần lượt" not in page
    for login in ("leader", "administrator"):
        assert "Đã xem" not in world.sign_in(login).get(board).text


def test_what_is_left_for_later_comes_again_at_the_end(world: World) -> None:
    reports = [file_report(world, "secretary1", 0), file_report(world, "secretary2", 1)]
    reviewer = world.sign_in("reviewer")
    first = answer(reviewer, reports[0], "see_later")
    assert first.location == f"/meetings/{reports[1]}"
    assert answer(reviewer, reports[1]).location == f"/meetings/{reports[0]}"


def test_the_count_is_of_one_committee_and_month(world: World) -> None:
    file_report(world, "secretary1", 0, "2026-10")
    november = file_report(world, "secretary2", 1)
    reviewer = world.sign_in("reviewer")
    page = reviewer.get(f"/meetings/{november}").text
    assert "Đã xem 0/1" in page
    assert "Báo cáo tiếp theo" not in page
    assert answer(reviewer, november).location.startswith(f"/units/{world.committee}/board")
