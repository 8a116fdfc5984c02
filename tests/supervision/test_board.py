"""The board: who is missing, at one glance, with a number of queries that does not grow with the cells."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, event
from werkzeug.test import TestResponse

from meetingcheck.alerts.jobs import close_all
from meetingcheck.duties.actions import make_obligations
from meetingcheck.duties.rules import Month
from meetingcheck.lib.db import write_transaction
from meetingcheck.orgs.actions import NewUnit, close_unit, found_unit, move_unit
from meetingcheck.orgs.models import Unit
from meetingcheck.supervision.queries import ROWS_A_PAGE
from tests.photos import samples
from tests.world import GOOD_FIELDS, World, at, form_of

CELL_NAME = re.compile(r'<th scope="row"><a href="[^"]+">([^<]+)</a>')


@contextmanager
def counted_queries() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def queries_of(client: FlaskClient, address: str) -> int:
    with counted_queries() as seen:
        assert client.get(address).status_code == 200
    return len(seen)


def add_cells(world: World, number: int) -> None:
    with world.app.app_context(), write_transaction() as session:
        for count in range(number):
            new = NewUnit(f"Chi bộ Thêm {count}", "chi_bo", date(2015, 1, 1), world.committee)
            found_unit(session, new, None, world.clock())
        make_obligations(session, [Month(2026, month) for month in (9, 10, 11)], world.clock())


def report(world: World, login: str, cell: int, period: str = "2026-11") -> None:
    client = world.sign_in(login)
    where = f"/obligations/{world.obligation(world.cells[cell], period).id}/check-in"
    photo = samples.jpeg(samples.scene(64 + cell, 48))
    fields = {**GOOD_FIELDS, "held_on": f"03/{period[5:]}/{period[:4]}"}
    form = form_of(client.get(where), fields, overviews=[photo])
    answer = client.post(where, data=form, content_type="multipart/form-data")
    assert answer.status_code == 303


def test_the_missing_come_first_then_the_alphabet(world: World) -> None:
    report(world, "secretary1", 0)
    board = world.sign_in("reviewer").get(f"/units/{world.committee}/board")
    assert CELL_NAME.findall(board.text) == ["Chi bộ Thôn Mẫu 2", "Chi bộ Thôn Mẫu 10", "Chi bộ Thôn Mẫu 1"]


def test_counts_are_over_the_whole_scope_not_the_page(world: World) -> None:
    add_cells(world, ROWS_A_PAGE + 5)
    report(world, "secretary1", 0)
    reviewer = world.sign_in("reviewer")
    for page in (1, 2):
        text = reviewer.get(f"/units/{world.committee}/board?page={page}").text
        assert f"<b>{ROWS_A_PAGE + 8}</b>" in text
        assert '<b class="ok-text">1</b>' in text
    assert len(CELL_NAME.findall(text)) == 8


def test_each_cell_is_on_one_page(world: World) -> None:
    add_cells(world, ROWS_A_PAGE + 5)
    reviewer = world.sign_in("reviewer")
    names = [
        name
        for page in (1, 2)
        for name in CELL_NAME.findall(reviewer.get(f"/units/{world.committee}/board?page={page}").text)
    ]
    assert len(names) == len(set(names)) == ROWS_A_PAGE + 8


def test_a_committee_sees_its_own_cells_only_and_the_root_sees_all(world: World) -> None:
    theirs = world.sign_in("other_reviewer").get(f"/units/{world.other_committee}/board")
    assert CELL_NAME.findall(theirs.text) == ["Chi bộ Tổ Khác"]
    everything = world.sign_in("leader").get(f"/units/{world.root}/board")
    assert len(CELL_NAME.findall(everything.text)) == 4


@pytest.mark.parametrize("month", ["2026-10", "2026-11", "", "nonsense", "2026-13", "0000-01", "9999-12", "2026-11-11"])
def test_any_month_or_none_gives_a_board(world: World, month: str) -> None:
    assert world.sign_in("reviewer").get(f"/units/{world.committee}/board?month={month}").status_code == 200


def counted(page: TestResponse) -> int:
    found = re.search(r"<b>(\d+)</b><span class=\"muted\">chi bộ</span>", page.text)
    assert found, page.text
    return int(found.group(1))


def test_a_month_counts_the_cells_that_were_there_at_its_end(world: World) -> None:
    """A transfer changes no number of the months before; of the cell itself its former superior sees nothing more."""
    world.clock.set(at("2026-12-10T08:00+07:00"))
    with world.app.app_context(), write_transaction() as session:
        move_unit(session, world.cells[0], world.other_committee, date(2026, 12, 5), None, world.clock())
    boards = {"reviewer": world.committee, "other_reviewer": world.other_committee}
    for login, month, cells, listed in (
        ("reviewer", "2026-11", 3, False),
        ("reviewer", "2026-12", 2, False),
        ("other_reviewer", "2026-11", 1, False),
        ("other_reviewer", "2026-12", 2, True),
    ):
        page = world.sign_in(login).get(f"/units/{boards[login]}/board?month={month}")
        assert (counted(page), "Chi bộ Thôn Mẫu 1<" in page.text) == (cells, listed), (login, month)
        assert ("1 chi bộ nay thuộc nơi khác" in page.text) is (cells == 3), (login, month)
    filtered = world.sign_in("reviewer").get(f"/units/{world.committee}/board?month=2026-11&show=missing")
    assert "1 chi bộ nay thuộc nơi khác" in filtered.text
    history = world.sign_in("other_reviewer").get(f"/units/{world.cells[0]}")
    assert "11/2026" in history.text, "the present superior sees all of its history"


def test_a_closed_cell_stays_on_the_boards_of_its_months(world: World) -> None:
    world.clock.set(at("2026-12-10T08:00+07:00"))
    with world.app.app_context(), write_transaction() as session:
        cell = session.get_one(Unit, world.cells[0])
        close_unit(session, cell, date(2026, 11, 20), "QĐ 9-QĐ/ĐU", None, world.clock())
    for month, listed in (("2026-10", True), ("2026-11", False), ("2026-12", False)):
        page = world.sign_in("reviewer").get(f"/units/{world.committee}/board?month={month}")
        assert (counted(page), "Chi bộ Thôn Mẫu 1<" in page.text) == (3 if listed else 2, listed), month


@pytest.mark.parametrize("page", ["0", "-3", "99999", "x", "999999999999999999999999"])
def test_any_page_number_gives_a_board(world: World, page: str) -> None:
    assert world.sign_in("reviewer").get(f"/units/{world.committee}/board?page={page}").status_code == 200


def test_the_number_of_queries_does_not_grow_with_the_rows(world: World) -> None:
    report(world, "secretary1", 0)
    close(world, "2026-11-03T00:00+07:00")
    before = queries_by_page(world)
    add_cells(world, 40)
    world.clock.advance(days=40)
    report(world, "secretary1", 0, "2026-12")
    close(world, "2026-12-14T00:00+07:00")
    assert queries_by_page(world) == before


def queries_by_page(world: World) -> dict[str, int]:
    reviewer, secretary = world.sign_in("reviewer"), world.sign_in("secretary1")
    pages = {
        "board": (reviewer, f"/units/{world.committee}/board"),
        "cell": (reviewer, f"/units/{world.cells[0]}"),
        "home": (secretary, f"/cells/{world.cells[0]}/home"),
        "messages": (reviewer, "/messages"),
    }
    return {name: queries_of(*page) for name, page in pages.items()}


def close(world: World, instant: str) -> None:
    with world.app.app_context():
        assert close_all(at(instant))


def test_start_leads_each_person_to_their_own_place(world: World) -> None:
    assert world.sign_in("secretary1").get("/").location == f"/cells/{world.cells[0]}/home"
    assert world.sign_in("reviewer").get("/").location == f"/units/{world.committee}/board"
    assert "chưa được giao nhiệm vụ" in world.sign_in("stranger").get("/").text
