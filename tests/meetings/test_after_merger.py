"""What a cell left open when it was merged into another is that one's to finish, and its superior's to see."""

import uuid
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from meetingcheck.accounts.models import User
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.meetings.models import Meeting, MeetingState, Remark, Task, TaskState
from meetingcheck.meetings.queries import reports_of
from meetingcheck.meetings.rules import receipt_code
from meetingcheck.messages.models import Message
from meetingcheck.office.merging.actions import Merger, merge
from meetingcheck.office.units.actions import Appointment, appoint
from meetingcheck.orgs.models import Role, Unit
from tests.meetings.test_corrections import period, rows, send, whole_form
from tests.meetings.test_reviews import answer, file_report
from tests.meetings.test_unsent import begin
from tests.photos import samples
from tests.world import GOOD_FIELDS, World, at, excuse, token_of

MERGER_DAY = at("2026-11-15T09:00+07:00")
NEWCOMER = "stranger"  # becomes the secretary of what the cells were merged into


def merge_into(world: World, into: uuid.UUID) -> None:
    """The first cell into another one, where a newcomer is the secretary by then or becomes it."""
    world.clock.set(MERGER_DAY)
    with world.app.app_context(), write_transaction() as session:
        units = session.get_one(Unit, world.cells[0]), session.get_one(Unit, into)
        merger = Merger([units[0]], units[1], date(2026, 11, 15), "QĐ 9-QĐ/ĐU")
        merge(session, merger, world.users["administrator"], world.clock())


def appoint_newcomer(world: World, unit: uuid.UUID) -> FlaskClient:
    with world.app.app_context(), write_transaction() as session:
        to = Appointment(session.get_one(Unit, unit), Role.SECRETARY, date(2026, 11, 3))
        person = session.get_one(User, world.users[NEWCOMER])
        appoint(session, person, to, world.users["administrator"], world.clock())
    return world.sign_in(NEWCOMER)


def told(world: World, kind: str) -> set[str]:
    with world.app.app_context(), read_transaction() as session:
        found = select(User.login).join(Message, Message.user_id == User.id).where(Message.kind == kind)
        return set(session.scalars(found))


def test_a_returned_report_is_finished_by_the_successor(world: World) -> None:
    report = file_report(world)
    appoint_newcomer(world, world.cells[2])
    world.clock.set(MERGER_DAY)
    asked = {"comment": "Ảnh mờ, đồng chí chụp lại", "answer_by": "18/11/2026"}
    assert answer(world.sign_in("reviewer"), report, "ask_to_add", **asked).status_code == 303
    merge_into(world, world.cells[2])
    world.clock.advance(minutes=2)
    world.work("alerts")
    assert told(world, "meetings.answered") == {NEWCOMER}, "the predecessor's people have no office any more"
    client = world.sign_in(NEWCOMER)
    old_home = client.get(f"/cells/{world.cells[0]}/home")
    assert old_home.location.endswith(f"/cells/{world.cells[2]}/home")
    home = client.get(old_home.location).text
    assert "Cần bổ sung" in home
    assert "Của Chi bộ Thôn Mẫu 1, nay thuộc chi bộ này." in home
    where = f"/meetings/{report}/correct"
    other = samples.jpeg(samples.scene(41, 31))
    assert send(client, where, whole_form(client.get(where), GOOD_FIELDS, overviews=[other])).status_code == 303
    assert told(world, "meetings.corrected") == {"reviewer"}


def test_what_a_cell_reported_is_shown_for_those_that_it_was_merged_into_one_after_the_other(world: World) -> None:
    report = file_report(world)
    merge_into(world, world.cells[1])
    with world.app.app_context(), write_transaction() as session:
        units = session.get_one(Unit, world.cells[1]), session.get_one(Unit, world.cells[2])
        merger = Merger([units[0]], units[1], date(2026, 11, 15), "QĐ 10-QĐ/ĐU")
        merge(session, merger, world.users["administrator"], world.clock())
    with world.app.app_context(), read_transaction() as session:
        last = world.obligation(world.cells[2])
        assert reports_of(session, {last.id: last.satisfied_by}) == {last.id: report}
    reviewer = world.sign_in("reviewer")
    assert f"/meetings/{report}" in reviewer.get(f"/units/{world.cells[2]}").text
    assert f"/meetings/{report}" in reviewer.get(f"/units/{world.committee}/board").text


def test_both_sides_speak_about_a_predecessors_report(world: World) -> None:
    report = file_report(world)
    merge_into(world, world.cells[2])
    newcomer, reviewer = appoint_newcomer(world, world.cells[2]), world.sign_in("reviewer")
    for client, text in ((reviewer, "Đồng chí gửi thêm danh sách"), (newcomer, "Chi bộ sẽ gửi")):
        page = client.get(f"/meetings/{report}")
        said = client.post(f"/meetings/{report}/remarks", data={"csrf_token": token_of(page), "text": text})
        assert said.status_code == 303, said.text
    assert told(world, "meetings.remark") == {NEWCOMER, "reviewer"}
    assert sorted(one.by_cell for one in rows(world.app, Remark)) == [False, True]


def test_a_predecessors_draft_passes_to_whoever_is_or_becomes_secretary(world: World) -> None:
    begin(world, period(world), place="Nhà văn hóa")
    merge_into(world, world.cells[2])
    [draft] = rows(world.app, Meeting)
    assert draft.author_id == world.users["secretary1"], "nobody is there to take over yet"
    client = appoint_newcomer(world, world.cells[2])
    [draft] = rows(world.app, Meeting)
    assert (draft.author_id, draft.state) == (world.users[NEWCOMER], MeetingState.DRAFT)
    assert 'value="Nhà văn hóa"' in client.get(period(world)).text


def test_a_predecessors_draft_passes_on_with_the_merger(world: World) -> None:
    begin(world, period(world), place="Nhà văn hóa")
    appoint_newcomer(world, world.cells[2])
    merge_into(world, world.cells[2])
    [draft] = rows(world.app, Meeting)
    assert draft.author_id == world.users[NEWCOMER]


def test_a_draft_for_a_period_that_does_not_count_any_more_is_found_on_the_home(world: World) -> None:
    begin(world, period(world), place="Nhà văn hóa")
    with world.app.app_context(), write_transaction() as session:
        excuse(session, world.obligation(world.cells[0]), world.users["reviewer"], world.clock())
    home = world.sign_in("secretary1").get(f"/cells/{world.cells[0]}/home").text
    assert f'href="{period(world)}"' in home
    assert "Soạn tiếp" in home


def test_the_successor_answers_what_predecessors_gave_to_do(world: World, overview: bytes) -> None:
    client, where = world.sign_in("secretary1"), period(world)
    fields = {**GOOD_FIELDS, "task_1_what": "Vận động hiến đất"}
    assert send(client, where, whole_form(client.get(where), fields, overviews=[overview])).status_code == 303
    merge_into(world, world.cells[2])
    [task] = rows(world.app, Task)
    newcomer, where = appoint_newcomer(world, world.cells[2]), period(world, "2026-11", 2)
    assert "Vận động hiến đất" in newcomer.get(f"/cells/{world.cells[2]}/home").text
    fields = {**GOOD_FIELDS, "held_on": "10/11/2026", f"answer_{task.id.hex}": "done"}
    other = samples.jpeg(samples.scene(41, 31))
    assert send(newcomer, where, whole_form(newcomer.get(where), fields, overviews=[other])).status_code == 303
    assert [one.state for one in rows(world.app, Task)] == [TaskState.DONE]


def test_under_another_committee_its_reviewer_hears_and_answers(world: World, overview: bytes) -> None:
    report, month, name = file_report(world), "?month=2026-11", "Chi bộ Thôn Mẫu 1<"
    assert name in world.sign_in("reviewer").get(f"/units/{world.committee}/photos{month}").text
    merge_into(world, world.other_cell)
    client = appoint_newcomer(world, world.other_cell)
    where = f"/meetings/{report}/correct"
    other = samples.jpeg(samples.scene(41, 31))
    world.clock.advance(hours=1)
    with world.app.app_context(), write_transaction() as session:
        session.get_one(Meeting, report).state = MeetingState.RETURNED
    assert send(client, where, whole_form(client.get(where), GOOD_FIELDS, overviews=[other])).status_code == 303
    assert told(world, "meetings.corrected") == {"other_reviewer"}
    reviewer = world.sign_in("other_reviewer")
    board = reviewer.get(f"/units/{world.other_committee}/board").text
    assert f"/meetings/{report}" in board, "it waits among those of the committee that answers now"
    assert f"/units/{world.other_committee}/board" in reviewer.get(f"/meetings/{report}").text
    assert name in reviewer.get(f"/units/{world.other_committee}/photos{month}").text
    assert f"/units/{world.cells[0]}" in reviewer.get(f"/units/{world.other_cell}").text, "from there to the history"
    former, code = world.sign_in("reviewer"), receipt_code(report)
    assert str(report) in reviewer.get(f"/receipts/search?code={code}").text
    assert str(report) not in former.get(f"/receipts/search?code={code}").text
    assert former.get(f"/meetings/{report}").status_code == 404
    for place in (f"photos{month}", f"board{month}", "exceptions", "board?month=2026-10"):
        seen = former.get(f"/units/{world.committee}/{place}").text.partition("<main")[2]
        assert name not in seen, f"of what is merged elsewhere a former superior sees nothing: {place}"


@pytest.mark.parametrize("merged_first", [True, False])
def test_a_period_counts_since_the_earlier_report_while_that_stands(world: World, merged_first: bool) -> None:
    """Whichever came first, the merger or the own report; and when the predecessor's is void, since the own one."""
    first = file_report(world)
    at_first = world.clock()
    appoint_newcomer(world, world.cells[2])
    if merged_first:
        merge_into(world, world.cells[2])
    world.clock.set(at("2026-11-16T09:00+07:00"))
    newcomer, where = world.sign_in(NEWCOMER), period(world, "2026-11", 2)
    shot = samples.jpeg(samples.scene(41, 31))
    fields = {**GOOD_FIELDS, "held_on": "10/11/2026"}
    assert send(newcomer, where, whole_form(newcomer.get(where), fields, overviews=[shot])).status_code == 303
    own = world.clock()
    if not merged_first:
        merge_into(world, world.cells[2])
    assert world.obligation(world.cells[2]).reported_at == at_first
    office = world.sign_in("administrator")
    void = {"csrf_token": token_of(office.get("/messages")), "reason": "Gửi nhầm"}
    assert office.post(f"/meetings/{first}/void", data=void).status_code == 303
    assert world.obligation(world.cells[2]).reported_at == own
