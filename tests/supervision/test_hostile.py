"""The hostile string passes through what the committee and the cell write to each other, searches and tables."""

from io import BytesIO

from openpyxl import load_workbook
from sqlalchemy import select, update

from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.text import many_lines
from meetingcheck.meetings.models import Meeting, MeetingState, Remark, Review
from meetingcheck.orgs.models import Unit
from tests.engines.smtp import SmtpSink
from tests.hostile import HOSTILE, HOSTILE_NAME, SPOKEN, assert_harmless
from tests.meetings.test_reviews import answer, ask_to_add, file_report
from tests.meetings.test_talk import write
from tests.supervision.test_export import export, sheet_of
from tests.world import World


def test_hostile_comments_are_shown_as_text_and_told_as_text(world: World, smtp: SmtpSink) -> None:
    meeting = file_report(world)
    reviewer = world.sign_in("reviewer")
    refused = answer(reviewer, meeting, "ask_to_add", comment=HOSTILE, answer_by=HOSTILE)
    assert_harmless(refused, 422)
    assert SPOKEN in refused.text
    assert_harmless(answer(reviewer, meeting, HOSTILE), 422)
    assert ask_to_add(reviewer, meeting, HOSTILE).status_code == 303
    world.clock.advance(hours=12)
    world.work("alerts")
    secretary = world.sign_in("secretary1")
    for client, path in (
        (secretary, f"/meetings/{meeting}"),
        (secretary, "/messages"),
        (reviewer, f"/meetings/{meeting}"),
    ):
        page = client.get(path)
        assert_harmless(page)
        assert SPOKEN in page.text, path
    [mail] = smtp.messages
    assert mail["Set-Cookie"] is None
    assert "<script>a()</script>" in mail.get_content()
    assert mail.get_content_type() == "text/plain"
    with world.app.app_context(), read_transaction() as session:
        assert session.scalars(select(Review.comment)).one() == many_lines(HOSTILE)


def test_hostile_remarks_are_shown_as_text_and_told_as_text(world: World) -> None:
    meeting = file_report(world)
    assert write(world.sign_in("secretary1"), meeting, HOSTILE).status_code == 303
    reviewer = world.sign_in("reviewer")
    for path in (f"/meetings/{meeting}", "/messages"):
        page = reviewer.get(path)
        assert_harmless(page)
        assert SPOKEN in page.text, path
    assert_harmless(write(reviewer, meeting, HOSTILE * 100), 422)
    with world.app.app_context(), read_transaction() as session:
        assert session.scalars(select(Remark.text)).one() == many_lines(HOSTILE)


def test_a_hostile_search_is_shown_as_text_and_finds_nothing(world: World) -> None:
    reviewer = world.sign_in("reviewer")
    for query in ({"q": HOSTILE}, dict.fromkeys(("show", "parent", "mine", "month", "page", "q"), HOSTILE)):
        page = reviewer.get(f"/units/{world.committee}/board", query_string=query)
        assert_harmless(page)
        assert SPOKEN in page.text
    for path, names in (("photos", ("cell", "purpose", "month", "after")), ("", ("until",))):
        address = f"/units/{world.committee}/{path}".rstrip("/")
        assert_harmless(reviewer.get(address, query_string=dict.fromkeys(names, HOSTILE)))
    assert sheet_of(export(reviewer, world.committee, q=HOSTILE, show=HOSTILE, month=HOSTILE)).max_row == 1


def test_hostile_names_and_reasons_are_texts_on_each_page_and_in_the_table(world: World) -> None:
    meeting = file_report(world)
    with world.app.app_context(), write_transaction() as session:
        session.execute(update(Unit).values(name=HOSTILE_NAME))
        session.execute(update(Meeting).values(state=MeetingState.VOID, void_reason=HOSTILE_NAME))
    leader = world.sign_in("leader")
    root = f"/units/{world.root}"
    for path in (f"{root}/board", f"{root}/photos", f"/units/{world.cells[0]}", f"/meetings/{meeting}"):
        page = leader.get(path)
        assert_harmless(page)
        assert SPOKEN in page.text, path
    answered = export(leader, world.root)
    assert "\r" not in answered.headers["Content-Disposition"]
    assert "Set-Cookie: hostile" not in str(answered.headers)
    sheet = load_workbook(BytesIO(answered.data)).active
    assert sheet is not None
    assert {cell.data_type for row in sheet.iter_rows(min_col=3, max_col=4) for cell in row} == {"s"}
    assert sheet["C2"].value == HOSTILE_NAME
    assert sheet["C2"].hyperlink is None
