"""What programs read: pages of lists, the board, the photos, and as many queries for many rows as for few."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, event, insert

from meetingcheck.lib.db import write_transaction
from meetingcheck.lib.http.api_paging import PAGE, write_place
from meetingcheck.meetings.models import Meeting, MeetingState, Remark
from meetingcheck.messages.models import Message
from tests.api.conftest import Program, ProgramOf
from tests.api.samples import WHOLE
from tests.api.test_check_in import file_whole, period
from tests.world import World


def pages(program: Program, path: str, **query: object) -> Iterator[list[dict[str, Any]]]:
    after: dict[str, str] = {}
    while True:
        answer = program.get(path, **query, **after)
        assert answer.status_code == 200, answer.text
        yield answer.get_json()["items"]
        if answer.get_json()["next"] is None:
            return
        after = {"after": answer.get_json()["next"]}


def add_messages(world: World, number: int) -> None:
    rows = [
        {
            "id": uuid.uuid4(),
            "user_id": world.users["secretary1"],
            "kind": "meetings.remark",
            "key": str(uuid.uuid4()),
            "params": {"cell": "Chi bộ", "day": "03/11/2026", "text": "x", "by_cell": True, "path": "/"},
            "created_at": world.clock() - timedelta(minutes=index // 3),
        }
        for index in range(number)
    ]
    with world.app.app_context(), write_transaction() as session:
        session.execute(insert(Message), rows)


def test_a_long_list_comes_page_by_page_each_entry_once(world: World, secretary: Program) -> None:
    """Also where many entries have the same instant, and where a new one comes meanwhile."""
    add_messages(world, 2 * PAGE + 7)
    found: list[str] = []
    sizes = []
    for page in pages(secretary, "/messages"):
        sizes.append(len(page))
        found += [one["id"] for one in page]
        world.clock.advance(minutes=1)
        add_messages(world, 1)
    assert sizes == [PAGE, PAGE, 7]
    assert len(set(found)) == 2 * PAGE + 7


def test_reading_marks_as_read(world: World, secretary: Program) -> None:
    add_messages(world, 2)
    assert {one["read_at"] for one in secretary.get("/messages").get_json()["items"]} == {None}
    assert secretary.post("/messages/read").status_code == 204
    assert {one["read_at"] for one in secretary.get("/messages").get_json()["items"]} == {"2026-11-03T14:30:00Z"}


def test_remarks_come_newest_first_page_by_page(world: World, secretary: Program) -> None:
    meeting_id = uuid.UUID(file_whole(world, secretary)["meeting_id"])
    rows = [
        {
            "id": uuid.uuid4(),
            "meeting_id": meeting_id,
            "author_id": world.users["secretary1"],
            "at": world.clock() + timedelta(minutes=index // 2),
            "by_cell": True,
            "text": str(index),
        }
        for index in range(PAGE + 5)
    ]
    with world.app.app_context(), write_transaction() as session:
        session.execute(insert(Remark), rows)
    found = [one for page in pages(secretary, f"/meetings/{meeting_id}/remarks") for one in page]
    assert len({one["id"] for one in found}) == PAGE + 5
    assert [one["at"] for one in found] == sorted((one["at"] for one in found), reverse=True)


NO_PLACES = ["", "x", "é", "[]", write_place([1, 2]), write_place(["2026-13-01", str(uuid.uuid4())]), "W" * 301]


def test_a_place_that_no_page_made_is_refused(world: World, secretary: Program) -> None:
    cell = world.cells[0]
    for path in ("/messages", f"/units/{cell}/obligations", f"/units/{cell}/meetings"):
        for place in NO_PLACES:
            answer = secretary.get(path, after=place)
            assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (422, "after"), (path, place)


def test_the_periods_and_reports_of_a_cell(world: World, secretary: Program) -> None:
    filed = file_whole(world, secretary)
    periods = secretary.get(f"/units/{world.cells[0]}/obligations").get_json()["items"]
    assert [(one["period"], one["state"]) for one in periods] == [
        ("2026-12", "upcoming"),
        ("2026-11", "reported"),
        ("2026-10", "missed"),
        ("2026-09", "missed"),
    ]
    assert [one["meeting_id"] for one in periods] == [None, filed["meeting_id"], None, None]
    [report] = secretary.get(f"/units/{world.cells[0]}/meetings").get_json()["items"]
    assert (report["id"], report["held_on"], report["begins_at"], report["photos"]) == (
        filed["meeting_id"],
        "2026-11-03",
        "19:30",
        1,
    )


def test_who_asks(world: World, secretary: Program) -> None:
    told = secretary.get("/me").get_json()
    unit = {"id": str(world.cells[0]), "name": "Chi bộ Thôn Mẫu 1"}
    assert told["roles"] == [{"role": "secretary", "unit": unit, "is_cell": True}]
    assert (told["name"], told["by_token"]) == ("Nguyễn Văn An", True)
    cell = secretary.get(f"/units/{world.cells[0]}").get_json()
    assert (cell["is_cell"], cell["parent"]["name"]) == (True, "Đảng bộ xã Mẫu")
    assert "report" in cell["rights"]
    assert "review" not in cell["rights"]


def test_the_board_and_its_filters(world: World, secretary: Program, reviewer: Program) -> None:
    filed = file_whole(world, secretary)
    board = reviewer.get(f"/units/{world.committee}/board", month="2026-11").get_json()
    assert (board["cells"], board["counts"]["reported"], board["pages"]) == (3, 1, 1)
    [row] = [row for row in board["rows"] if row["unit"]["id"] == str(world.cells[0])]
    november = row["months"][10]
    assert (november["state"], november["meeting_id"]) == ("reported", filed["meeting_id"])
    assert row["months"][0] is None
    for query, cells in (
        ({"only": "reported"}, 1),
        ({"q": "thon mau 10"}, 1),
        ({"mine": "true"}, 0),
        ({"parent": world.committee}, 3),
        ({"parent": world.other_committee}, 0),
        ({"page": "99"}, 3),
    ):
        shown = reviewer.get(f"/units/{world.committee}/board", month="2026-11", **query).get_json()
        assert len(shown["rows"]) == cells, query
    for name, value in (("only", "x"), ("parent", "x"), ("mine", "1"), ("page", "0"), ("q", "x" * 101)):
        refused = reviewer.get(f"/units/{world.committee}/board", **{name: value})
        assert [one["field"] for one in refused.get_json()["errors"]] == [name]


def test_the_photos_of_a_month(world: World, secretary: Program, reviewer: Program) -> None:
    filed = file_whole(world, secretary)
    told = reviewer.get(f"/units/{world.committee}/photos", month="2026-11").get_json()
    assert told["days"] == [{"held_on": "2026-11-03", "meetings": 1, "photos": 1}]
    assert [one["meeting_id"] for one in told["items"]] == [filed["meeting_id"]]
    for query in ({"purpose": "minutes_page"}, {"cell": world.cells[1]}, {"q": "khong co"}):
        assert reviewer.get(f"/units/{world.committee}/photos", month="2026-11", **query).get_json()["items"] == []
    assert reviewer.get(f"/units/{world.committee}/photos", after="x").status_code == 422


def test_numbers_beyond_any_meaning_are_not_found(world: World, secretary: Program) -> None:
    path = f"/meetings/{file_whole(world, secretary)['meeting_id']}"
    for number in ("0", "9" * 30, "9" * 5_000):
        assert secretary.get(f"{path}/versions/{number}").status_code == 404
        assert secretary.get(f"/photos/{uuid.uuid4()}/{number}").status_code == 404


@contextmanager
def counted() -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_many_rows_take_as_many_queries_as_few(world: World, secretary: Program, reviewer: Program) -> None:
    filed = file_whole(world, secretary)
    add_messages(world, 1)
    paths = (
        "/messages",
        f"/units/{world.cells[0]}/obligations",
        f"/units/{world.cells[0]}/meetings",
        f"/meetings/{filed['meeting_id']}/versions",
    )
    few = [number_of_queries(secretary, path) for path in paths]
    add_messages(world, 20)
    revision = filed["revision"]
    for place in ("Trường học", "Trạm y tế", "Nhà riêng"):
        body = {"revision": revision, "check_in": {**WHOLE, "place": place}}
        revision = secretary.put(f"/meetings/{filed['meeting_id']}", body).get_json()["revision"]
    assert secretary.post(f"/meetings/{filed['meeting_id']}/move", {"obligation_id": None}).status_code == 200
    file_whole(world, secretary, {**WHOLE, "begins_at": "07:30", "ends_at": "09:15"})
    assert [number_of_queries(secretary, path) for path in paths] == few


def number_of_queries(program: Program, path: str) -> int:
    with counted() as statements:
        assert len(program.get(path).get_json()["items"]) > 0
    return len(statements)


def test_a_void_report_says_so(world: World, secretary: Program) -> None:
    path = f"/meetings/{file_whole(world, secretary)['meeting_id']}"
    secretary.post(f"{path}/void", {"reason": "Gửi nhầm"})
    told = secretary.get(path).get_json()
    assert (told["state"], told["void_reason"], told["satisfied"]) == ("void", "Gửi nhầm", [])
    assert secretary.get(period(world)).get_json()["meeting_id"] is None


def test_what_was_begun_is_its_authors_alone(world: World, secretary: Program, program_of: ProgramOf) -> None:
    body = {"client_id": str(uuid.uuid4()), "send": False, "check_in": {"place": "Trường học"}}
    meeting_id = secretary.post(f"{period(world)}/check-in", body).get_json()["meeting_id"]
    assert len(secretary.get(period(world)).get_json()["drafts"]) == 1
    for login in ("reporter1", "reviewer", "leader"):
        other = program_of(login)
        assert other.get(period(world)).get_json()["drafts"] == []
        assert other.get(f"/meetings/{meeting_id}").status_code == 404
    with world.app.app_context(), write_transaction() as session:
        assert session.get_one(Meeting, uuid.UUID(meeting_id)).state == MeetingState.DRAFT
