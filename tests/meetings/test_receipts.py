"""Receipts: one code proves to anybody that a report arrived, and tells nothing else."""

import io
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, select, update
from werkzeug.test import TestResponse

from meetingcheck.accounts.models import User
from meetingcheck.duties.models import Obligation
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.logs import configure_logs
from meetingcheck.meetings.models import Meeting, MeetingState
from meetingcheck.meetings.receipts.rules import (
    NO_REPORT,
    ids_with_short_code,
    meeting_of_token,
    receipt_token,
    short_code_as_typed,
)
from meetingcheck.meetings.rules import receipt_code
from tests.meetings.documents.samples import pdf
from tests.photos.samples import jpeg, scene
from tests.world import World, form_of, token_of

KEY = "only for tests, only for tests, only for tests"


def file_report(world: World, login: str = "secretary1", cell: int = 0) -> uuid.UUID:
    client = world.sign_in(login)
    address = f"/obligations/{world.obligation(world.cells[cell]).id}/check-in"
    answer = client.post(address, data=form_of(client.get(address), overviews=[jpeg(scene(640, 480))]))
    assert answer.status_code == 303, answer.text
    with world.app.app_context(), read_transaction() as session:
        return session.scalars(
            select(Meeting.id).where(Meeting.unit_id == world.cells[cell], Meeting.state == MeetingState.SUBMITTED)
        ).one()


def check(client: FlaskClient, token: str) -> TestResponse:
    return client.post("/receipts", data={"csrf_token": token_of(client.get("/receipts")), "token": token})


def facts(page: TestResponse) -> list[str]:
    return [re.sub(r"\s+", " ", one).strip() for one in re.findall(r"<dd>([^<]*)</dd>", page.text)]


# --- the code


def test_a_code_is_128_bits_under_a_key_of_its_own_and_leads_back() -> None:
    for _ in range(50):
        meeting_id = uuid.uuid4()
        token = receipt_token(KEY, meeting_id)
        assert re.fullmatch(r"[A-Za-z0-9_-]{22}", token)
        assert meeting_of_token(KEY, token) == meeting_id
        assert meeting_of_token(KEY + "!", token) != meeting_id
        assert meeting_id.hex[:8] not in token


@pytest.mark.parametrize("text", ["", "x", "0" * 21, "0" * 23, "á" * 22, "+" * 22, "4F2A-09C1", "0" * 500])
def test_what_is_no_code_stands_for_no_report(text: str) -> None:
    assert meeting_of_token(KEY, text) in {NO_REPORT, meeting_of_token(KEY, text)}
    assert text in {"+" * 22} or meeting_of_token(KEY, text) == NO_REPORT


def test_a_short_code_bounds_exactly_the_ids_that_have_it() -> None:
    meeting_id = uuid.uuid4()
    typed = receipt_code(meeting_id).lower().replace("-", " - ")
    code = short_code_as_typed(typed)
    assert code is not None
    low, high = ids_with_short_code(code)
    assert low <= meeting_id <= high
    assert high.int - low.int == 2**96 - 1
    assert short_code_as_typed("4F2A-09CG") is None


# --- the public page


def test_the_receipt_shows_its_code_as_qr_and_link(world: World) -> None:
    meeting_id = file_report(world)
    token = receipt_token(KEY, meeting_id)
    page = world.sign_in("secretary1").get(f"/meetings/{meeting_id}")
    assert f'href="/receipts#{token}"' in page.text
    assert f">http://localhost/receipts#{token}<" in page.text
    assert page.text.count('<svg class="qr"') == 1
    obligation = world.obligation(world.cells[0]).id
    assert f"/receipts#{token}" in world.sign_in("secretary1").get(f"/obligations/{obligation}/receipt").text


def test_anybody_with_the_code_sees_that_it_arrived_and_nothing_personal(world: World) -> None:
    meeting_id = file_report(world)
    page = check(world.app.test_client(), receipt_token(KEY, meeting_id))
    assert page.status_code == 200
    assert facts(page) == ["Chi bộ Thôn Mẫu 1", "11/2026", "21:30 03/11/2026", "1", "1"]
    with world.app.app_context(), read_transaction() as session:
        people = session.execute(select(User.name, User.login)).all()
    assert not [word for person in people for word in person if word in page.text]
    assert str(meeting_id) not in page.text
    assert "Chi bộ thống nhất kết luận." not in page.text


def test_a_quarter_and_a_meeting_outside_the_periods_are_named_as_they_are(world: World) -> None:
    meeting_id = file_report(world)
    own = Obligation.id == world.obligation(world.cells[0]).id
    for change, shown in (
        (update(Obligation).where(own).values(period="2026-Q4"), "Quý IV/2026"),
        (update(Meeting).values(obligation_id=None), "ngoài kỳ thường lệ"),
    ):
        with world.app.app_context(), write_transaction() as session:
            session.execute(change)
        assert facts(check(world.app.test_client(), receipt_token(KEY, meeting_id)))[1] == shown


def test_a_report_that_was_cancelled_is_said_to_be(world: World) -> None:
    meeting_id = file_report(world)
    with world.app.app_context(), write_transaction() as session:
        session.execute(update(Meeting).values(state=MeetingState.VOID))
    assert "chi bộ đã hủy báo cáo" in check(world.app.test_client(), receipt_token(KEY, meeting_id)).text


def test_unknown_and_known_codes_answer_alike(world: World) -> None:
    """The same status, headers and questions to the database; a draft and the short code are no receipts."""
    meeting_id = file_report(world)
    draft_id = file_report(world, "secretary2", 1)
    with world.app.app_context(), write_transaction() as session:
        session.get_one(Meeting, draft_id).state = MeetingState.DRAFT
    tokens = [
        receipt_token(KEY, meeting_id),
        receipt_token(KEY, draft_id),
        "0" * 22,
        "nothing",
        receipt_code(meeting_id),
    ]
    seen = []
    for token in tokens:
        client = world.app.test_client()
        page = client.get("/receipts")
        with statements() as said:
            answer = client.post("/receipts", data={"csrf_token": token_of(page), "token": token})
        names = sorted(name for name, _ in answer.headers)
        seen.append((answer.status_code, names, said))
        assert ("Hệ thống đã nhận" in answer.text) == (token == tokens[0])
        assert answer.text.count("<form") == 2, "the same page, with the field to try again"
    assert all(one == seen[0] for one in seen)


@contextmanager
def statements() -> Iterator[list[str]]:
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_the_page_is_not_kept_and_not_indexed(world: World) -> None:
    client = world.app.test_client()
    for answer in (client.get("/receipts"), check(client, "0" * 22)):
        assert answer.headers["Cache-Control"] == "no-store"
        assert "noindex" in answer.headers["X-Robots-Tag"]
        assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_looks_are_throttled_whether_they_find_something_or_not(world: World) -> None:
    """And apart from the sign-in: who checks receipts keeps nobody at that address from signing in."""
    token, client = receipt_token(KEY, file_report(world)), world.app.test_client()
    form = {"csrf_token": token_of(client.get("/receipts"))}
    statuses = [client.post("/receipts", data={**form, "token": token}).status_code for _ in range(301)]
    assert statuses == [200] * 300 + [429]
    assert client.post("/receipts", data={**form, "token": "0" * 22}).status_code == 429
    world.sign_in("secretary1")
    world.clock.advance(minutes=16)
    assert check(client, token).status_code == 200


def test_the_code_leaves_no_trace_in_the_log(world: World) -> None:
    written = io.StringIO()
    configure_logs(written)
    meeting_id = file_report(world)
    check(world.app.test_client(), receipt_token(KEY, meeting_id))
    world.sign_in("reviewer").get("/receipts/search", query_string={"code": receipt_code(meeting_id)})
    assert '"/receipts"' in written.getvalue()
    assert receipt_token(KEY, meeting_id) not in written.getvalue()
    assert receipt_code(meeting_id) not in written.getvalue()


# --- the short code


def test_the_short_code_finds_reports_for_the_committee_only_within_its_units(world: World) -> None:
    meeting_id = file_report(world)
    code = receipt_code(meeting_id)
    found = f"/meetings/{meeting_id}"
    for login, sees in (("reviewer", True), ("administrator", True), ("other_reviewer", False)):
        page = world.sign_in(login).get("/receipts/search", query_string={"code": code.lower()})
        assert (page.status_code, found in page.text) == (200, sees), login
    for login in ("secretary1", "reporter1", "stranger"):
        assert world.sign_in(login).get("/receipts/search", query_string={"code": code}).status_code == 404, login
    signed_out = world.app.test_client().get("/receipts/search", query_string={"code": code})
    assert signed_out.location.startswith("/sign-in")


def test_a_foreign_and_a_missing_short_code_answer_alike(world: World) -> None:
    code = receipt_code(file_report(world))
    client = world.sign_in("other_reviewer")
    answers = [client.get("/receipts/search", query_string={"code": one}) for one in (code, "0000-0000")]
    # The token says in which second it was made.
    pages = [answer.text.replace(token_of(answer), "") for answer in answers]
    assert pages[0].replace(code, "") == pages[1].replace("0000-0000", "")
    assert "8 ký tự" in client.get("/receipts/search", query_string={"code": "mã gì đó"}).text


def test_documents_that_were_sent_are_counted_beside_the_photos(world: World) -> None:
    client = world.sign_in("secretary1")
    obligation = world.obligation(world.cells[0])
    address = f"/obligations/{obligation.id}/check-in"
    form = form_of(client.get(address), overviews=[jpeg(scene(640, 480))])
    form["resolution_file"] = [(io.BytesIO(pdf("Nghị quyết")), "Nghị quyết.pdf")]
    sent = client.post(address, data=form)
    assert sent.status_code == 303, sent.text
    for place in (sent.location, f"/obligations/{obligation.id}/receipt"):
        assert "báo cáo, 1 ảnh và 1 tệp lúc" in client.get(place).text
    with world.app.app_context(), read_transaction() as session:
        meeting_id = session.scalars(select(Meeting.id)).one()
    assert facts(check(world.app.test_client(), receipt_token(KEY, meeting_id)))[3:5] == ["1", "1"]
