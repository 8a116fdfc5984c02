"""The conversation on a meeting: who writes, who reads, and who hears of it how often."""

import uuid

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.meetings.models import Remark
from meetingcheck.meetings.reviews.actions import Speaker, add_remark
from meetingcheck.meetings.reviews.queries import REMARKS_SHOWN
from meetingcheck.messages.models import Delivery, Message
from tests.meetings.test_reviews import file_report, told
from tests.world import World, token_of


@pytest.fixture
def report(world: World) -> uuid.UUID:
    return file_report(world)


def write(client: FlaskClient, meeting_id: uuid.UUID, text: str) -> TestResponse:
    form = {"csrf_token": token_of(client.get("/messages")), "text": text}
    return client.post(f"/meetings/{meeting_id}/remarks", data=form)


def remarks(world: World) -> list[Remark]:
    with world.app.app_context(), read_transaction() as session:
        return list(session.scalars(select(Remark).order_by(Remark.at)))


def test_both_sides_write_and_everybody_who_sees_the_report_reads(world: World, report: uuid.UUID) -> None:
    for number, login in enumerate(("reviewer", "secretary1", "reporter1")):
        assert write(world.sign_in(login), report, f"Ý kiến số {number}").status_code == 303
        world.clock.advance(minutes=1)
    assert [one.by_cell for one in remarks(world)] == [False, True, True]
    for login in ("secretary1", "reviewer", "leader", "administrator"):
        page = world.sign_in(login).get(f"/meetings/{report}").text
        places = [page.index(f"Ý kiến số {number}") for number in range(3)]
        assert places == sorted(places)
        assert "Phạm Thị Dõi · cấp trên" in page
        assert "Lê Đức Công · chi bộ" in page


@pytest.mark.parametrize(("login", "status"), [("leader", 403), ("administrator", 403), ("secretary2", 404)])
def test_who_only_reads_cannot_write(world: World, report: uuid.UUID, login: str, status: int) -> None:
    client = world.sign_in(login)
    assert write(client, report, "Tôi cũng nói").status_code == status
    if status == 403:
        assert "/remarks" not in client.get(f"/meetings/{report}").text
    assert remarks(world) == []


@pytest.mark.parametrize("text", ["", " \r\n\t ", "đ" * 2001])
def test_empty_and_overlong_words_are_refused_and_kept(world: World, report: uuid.UUID, text: str) -> None:
    refused = write(world.sign_in("secretary1"), report, text)
    assert refused.status_code == 422
    assert 'id="text-problem"' in refused.text
    assert text.strip() in refused.text
    assert remarks(world) == []


def test_2000_characters_are_kept(world: World, report: uuid.UUID) -> None:
    write(world.sign_in("secretary1"), report, "đ" * 2000)
    assert [len(one.text) for one in remarks(world)] == [2000]


def test_two_taps_on_the_button_are_one_remark(world: World, report: uuid.UUID) -> None:
    reviewer = world.sign_in("reviewer")
    for _ in range(2):
        assert write(reviewer, report, "Chụp lại giúp").status_code == 303
        world.clock.advance(seconds=20)
    assert [one.text for one in remarks(world)] == ["Chụp lại giúp"]
    assert len(told(world, "secretary1", "meetings.remark")) == 1


def test_the_same_words_of_somebody_else_or_later_or_elsewhere_are_another_remark(
    world: World, report: uuid.UUID
) -> None:
    other = file_report(world, period="2026-10")
    for login, meeting_id in (("reviewer", report), ("secretary1", report), ("reviewer", other)):
        write(world.sign_in(login), meeting_id, "Vâng")
    world.clock.advance(seconds=60)
    write(world.sign_in("reviewer"), report, "Vâng")
    assert len(remarks(world)) == 4


def test_everybody_else_who_takes_part_is_told_and_the_writer_is_not(world: World, report: uuid.UUID) -> None:
    write(world.sign_in("reviewer"), report, "Ảnh thứ hai chụp ở đâu?")
    heard = {login: len(told(world, login, "meetings.remark")) for login in world.users}
    assert {login for login, count in heard.items() if count} == {"secretary1", "reporter1"}
    page = world.sign_in("secretary1").get("/messages").text
    assert "Ảnh thứ hai chụp ở đâu?" in page
    assert f'href="/meetings/{report}"' in page
    with world.app.app_context(), read_transaction() as session:
        assert len(list(session.scalars(select(Delivery)))) == 1


def test_nobody_has_two_unread_messages_about_one_conversation(world: World, report: uuid.UUID) -> None:
    reviewer = world.sign_in("reviewer")
    for number in range(5):
        write(reviewer, report, f"Câu {number}")
    assert len(told(world, "secretary1", "meetings.remark")) == 1
    secretary = world.sign_in("secretary1")
    secretary.post("/messages/read", data={"csrf_token": token_of(secretary.get("/messages"))})
    write(reviewer, report, "Câu nữa")
    messages = told(world, "secretary1", "meetings.remark")
    assert [message.read_at is None for message in messages] == [False, True]


def test_who_answers_in_the_conversation_hears_of_the_next_words(world: World, report: uuid.UUID) -> None:
    """They have seen what was said, though they never opened the list of messages."""
    write(world.sign_in("reviewer"), report, "Chụp lại giúp")
    write(world.sign_in("secretary1"), report, "Vâng")
    write(world.sign_in("reviewer"), report, "Cảm ơn")
    assert len(told(world, "secretary1", "meetings.remark")) == 2
    assert len(told(world, "reporter1", "meetings.remark")) == 1


def test_two_conversations_are_two_messages(world: World, report: uuid.UUID) -> None:
    other = file_report(world, period="2026-10")
    for meeting_id in (report, other):
        write(world.sign_in("reviewer"), meeting_id, "Xin hỏi")
    assert len(told(world, "secretary1", "meetings.remark")) == 2


def test_a_long_conversation_shows_its_newest_part_and_says_so(world: World, report: uuid.UUID) -> None:
    with world.app.app_context(), write_transaction() as session:
        for number in range(REMARKS_SHOWN + 5):
            speaker = Speaker(world.users["secretary1"], by_cell=True)
            assert add_remark(session, report, f"Câu-{number:03}.", speaker, world.clock())
            world.clock.advance(seconds=1)
    page = world.sign_in("leader").get(f"/meetings/{report}").text
    assert "Câu-004." not in page
    assert "Câu-005." in page
    assert f"{REMARKS_SHOWN} ý kiến mới nhất trong {REMARKS_SHOWN + 5} ý kiến" in page


def test_a_title_names_neither_cell_nor_person(world: World, report: uuid.UUID) -> None:
    write(world.sign_in("reviewer"), report, "Xin hỏi")
    world.clock.advance(hours=12)
    world.work("alerts")
    with world.app.app_context(), read_transaction() as session:
        assert session.scalars(select(Message).where(Message.kind == "meetings.remark")).all()
    assert "<h2>Có ý kiến mới về một buổi sinh hoạt</h2>" in world.sign_in("secretary1").get("/messages").text
