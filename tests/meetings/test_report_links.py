"""Report links: one cell, one period, nothing else; opened by a button, ended by time, revocation or a newer one."""

import re
from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.meetings.links.actions import end_report_links
from meetingcheck.meetings.models import Meeting, MeetingVersion, ReportLink
from tests.world import World, form_of, token_of

TOKEN = re.compile(r"/report#([A-Za-z0-9_-]+)")
CODE = re.compile(r"gõ mã:\s*<b>([0-9A-Z-]+)</b>")


def make(world: World, login: str = "reviewer", cell: int = 0) -> TestResponse:
    client = world.sign_in(login)
    obligation = world.obligation(world.cells[cell])
    return client.post(f"/obligations/{obligation.id}/link", data={"csrf_token": token_of(client.get("/messages"))})


def open_by(world: World, held: str) -> tuple[FlaskClient, TestResponse]:
    client = world.app.test_client()
    form = {"csrf_token": token_of(client.get("/report")), "token": held}
    return client, client.post("/report", data=form)


def token_in(page: TestResponse) -> str:
    found = TOKEN.search(page.text)
    assert found, page.text
    return found.group(1)


def test_a_link_leads_to_the_report_and_its_receipt_and_nowhere_else(world: World, overview: bytes) -> None:
    made = make(world)
    client, opened = open_by(world, token_in(made))
    where = f"/obligations/{world.obligation(world.cells[0]).id}/check-in"
    assert opened.location == f"{where}?entered=1", "no phone shows first what it kept for somebody else"
    assert "Chi bộ Thôn Mẫu 1" in client.get(where).text
    sent = client.post(where, data=form_of(client.get(where), overviews=[overview]), content_type="multipart/form-data")
    assert sent.status_code == 303
    receipt = client.get(sent.location)
    assert "Đã gửi xong" in receipt.text
    with world.app.app_context(), read_transaction() as session:
        meeting = session.scalars(select(Meeting)).one()
        version = session.scalars(select(MeetingVersion)).one()
    assert version.submitted_by == world.users["secretary1"], "it is filed in the secretary's name"
    for other in (
        f"/meetings/{meeting.id}",
        f"/cells/{world.cells[0]}/home",
        f"/units/{world.cells[0]}",
        "/messages",
        "/",
    ):
        answer = client.get(other)
        assert answer.status_code in {302, 404}, other
        assert answer.status_code == 404 or answer.location.startswith("/sign-in"), other
    for period in ("2026-10", "2026-12"):
        assert client.get(f"/obligations/{world.obligation(world.cells[0], period).id}/check-in").status_code == 404
    assert client.get(f"/obligations/{world.obligation(world.cells[1]).id}/check-in").status_code == 404


def test_the_code_on_paper_opens_the_same(world: World) -> None:
    found = CODE.search(make(world).text)
    assert found
    typed = found.group(1).lower().replace("-", " ")
    assert open_by(world, typed)[1].status_code == 303


def test_looking_at_the_page_changes_and_consumes_nothing(world: World) -> None:
    token = token_in(make(world))
    for _ in range(3):
        assert world.app.test_client().get("/report").status_code == 200
    assert open_by(world, token)[1].status_code == 303
    assert open_by(world, token)[1].status_code == 303, "a link is for a period, not for one look"


def test_unknown_ended_and_revoked_links_answer_alike(world: World) -> None:
    revoked, newer = token_in(make(world)), token_in(make(world))
    other = token_in(make(world, cell=1))
    with world.app.app_context(), write_transaction() as session:
        end_report_links(session, world.users["secretary2"], world.users["reviewer"], world.clock())
    answers = [open_by(world, held)[1] for held in (revoked, other, "x" * 22, "")]
    assert open_by(world, newer)[1].status_code == 303
    closes_at = world.obligation(world.cells[0]).closes_at
    world.clock.set(closes_at + timedelta(days=7) - timedelta(seconds=1))
    assert open_by(world, newer)[1].status_code == 303
    world.clock.set(closes_at + timedelta(days=7))
    answers.append(open_by(world, newer)[1])
    assert {answer.status_code for answer in answers} == {422}
    texts = {re.sub(r'value="[^"]*"', "", answer.text) for answer in answers}
    assert len(texts) == 1


def test_what_a_link_opened_ends_with_it(world: World) -> None:
    client, _ = open_by(world, token_in(make(world)))
    where = f"/obligations/{world.obligation(world.cells[0]).id}/check-in"
    world.clock.advance(hours=12, seconds=-1)
    assert client.get(where).status_code == 200
    world.clock.advance(seconds=1)
    assert client.get(where).status_code == 302


def test_only_those_above_make_links(world: World) -> None:
    assert make(world, "administrator").status_code == 200
    assert make(world, "secretary1").status_code == 403
    assert make(world, "leader").status_code == 403
    assert make(world, "other_reviewer").status_code == 404


def test_only_hashes_are_kept(world: World) -> None:
    made = make(world)
    code = CODE.search(made.text)
    assert code
    with world.app.app_context(), read_transaction() as session:
        link = session.scalars(select(ReportLink)).one()
    kept = f"{link.token_hash} {link.code_hash}"
    assert token_in(made) not in kept
    assert code.group(1).replace("-", "") not in kept


def test_a_link_alone_shows_no_text_that_was_written_elsewhere_and_writes_over_none(world: World) -> None:
    where = f"/obligations/{world.obligation(world.cells[0]).id}/check-in"
    secretary = world.sign_in("secretary1")
    typed = {"held_on": "03/11/2026", "minutes_text": "Nội dung kín", "chair": "Nguyễn Văn An", "present": "21"}
    secretary.post(where, data={**form_of(secretary.get(where), typed), "then": "save"})
    client, _ = open_by(world, token_in(make(world)))
    page = client.get(where)
    assert 'value="21"' in page.text
    assert "Nội dung kín" not in page.text
    assert "Nguyễn Văn An" not in page.text
    own = str(form_of(secretary.get(where), {})["client_id"])
    client.post(where, data={**form_of(page, {"minutes_text": "Ghi đè"}), "client_id": own, "then": "save"})
    world.clock.advance(seconds=1)
    client.post(where, data={**form_of(page, {"minutes_text": "Qua đường dẫn"}), "then": "save"})
    assert "Qua đường dẫn" in client.get(where).text, "what was typed here is still there"
    with world.app.app_context(), read_transaction() as session:
        drafts = session.scalars(select(Meeting.draft)).all()
    assert sorted(draft["minutes_text"] for draft in drafts) == ["Ghi đè", "Nội dung kín", "Qua đường dẫn"]


def test_a_link_opened_again_goes_on_with_what_it_began_on_that_phone(world: World) -> None:
    where = f"/obligations/{world.obligation(world.cells[0]).id}/check-in"
    token = token_in(make(world))
    first, _ = open_by(world, token)
    begun = form_of(first.get(where), {"minutes_text": "Trên máy này"})
    first.post(where, data={**begun, "then": "save"})
    again, _ = open_by(world, token)
    page = again.get(where)
    assert "Trên máy này" not in page.text, "the page shows it to nobody who cannot name it"
    form = {**form_of(page, {"minutes_text": "Trên máy này, viết tiếp"}), "client_id": begun["client_id"]}
    again.post(where, data={**form, "then": "save"})
    with world.app.app_context(), read_transaction() as session:
        assert [one["minutes_text"] for one in session.scalars(select(Meeting.draft))] == ["Trên máy này, viết tiếp"]
