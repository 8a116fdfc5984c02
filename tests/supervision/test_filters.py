"""The board's filters: counts over the whole scope, kept in the address, without accents, one's own cells."""

import html
import re
import uuid
from datetime import date
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update

from meetingcheck.duties.models import Obligation, PeriodType, Series
from meetingcheck.duties.queries import REGULAR, THEMATIC
from meetingcheck.duties.rules import Month, ObligationState, Quarter, state_of
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.orgs.actions import NewUnit, add_watcher, found_unit
from meetingcheck.orgs.models import Unit
from meetingcheck.supervision.queries import ROWS_A_PAGE, Scope, count_groups
from meetingcheck.supervision.rules import BoardFilter, Group, group_of, parse_filter
from tests.supervision.test_board import CELL_NAME, add_cells, close, queries_of, report
from tests.world import LONG_AGO, World

COUNT = re.compile(r'<a class="card count[^"]*" href="([^"]*)"(?: aria-current="true")?><b[^>]*>(\d+)</b>')


def cells_on(client: FlaskClient, address: str, **query: str) -> list[str]:
    answer = client.get(address, query_string=query)
    assert answer.status_code == 200
    return [html.unescape(name) for name in CELL_NAME.findall(answer.text)]


def board_of(world: World) -> str:
    return f"/units/{world.committee}/board"


def move(world: World, cell: uuid.UUID, day: date, period: str = "2026-11") -> None:
    with world.app.app_context(), write_transaction() as session:
        which = update(Obligation).where(Obligation.unit_id == cell, Obligation.period == period)
        session.execute(which.values(moved_on=day))


def excuse(world: World, cell: uuid.UUID, period: str = "2026-11") -> None:
    with world.app.app_context(), write_transaction() as session:
        which = update(Obligation).where(Obligation.unit_id == cell, Obligation.period == period)
        session.execute(which.values(excepted_at=world.clock()))


def forgive(world: World, cell: uuid.UUID, period: str = "2026-11") -> None:
    """The cell owes nothing in the period, as before it was founded."""
    with world.app.app_context(), write_transaction() as session:
        session.execute(delete(Obligation).where(Obligation.unit_id == cell, Obligation.period == period))


@pytest.mark.parametrize("state", list(ObligationState))
@pytest.mark.parametrize("moved", [True, False])
def test_each_state_is_counted_once(state: ObligationState, moved: bool) -> None:
    group = group_of(state, moved=moved)
    if moved and state in {ObligationState.OPEN, ObligationState.DUE, ObligationState.UPCOMING}:
        assert group == Group.EXCEPTED
    else:
        assert group == group_of(state, moved=False)


@pytest.mark.parametrize("day", [1, 4, 5, 6, 30, 33, 40])
def test_python_and_sql_count_alike(world: World, day: int) -> None:
    report(world, "secretary1", 0)
    move(world, world.cells[1], date(2026, 11, 20))
    excuse(world, world.cells[2])
    world.clock.advance(days=day - 3)
    now, today = world.clock(), date(2026, 11, 3)
    with world.app.app_context(), read_transaction() as session:
        month = Month(2026, 11)
        scope = Scope(world.root, month, BoardFilter(), world.users["leader"], now, today)
        counted, cells = count_groups(session, scope)
        from_rows: dict[Group, int] = {}
        owed = session.scalars(select(Obligation).where(Obligation.period == "2026-11"))
        for one in owed:
            group = group_of(state_of(one, now), moved=one.moved_on is not None)
            from_rows[group] = from_rows.get(group, 0) + 1
    assert counted == from_rows
    assert cells == 4


def test_only_the_missing_are_shown_when_asked_for(world: World) -> None:
    report(world, "secretary1", 0, "2026-10")
    close(world, "2026-11-03T00:00+07:00")
    reviewer = world.sign_in("reviewer")
    missing = cells_on(reviewer, board_of(world), month="2026-10", show="missing")
    assert missing == ["Chi bộ Thôn Mẫu 2", "Chi bộ Thôn Mẫu 10"]
    assert cells_on(reviewer, board_of(world), month="2026-10", show="late") == ["Chi bộ Thôn Mẫu 1"]
    assert cells_on(reviewer, board_of(world), month="2026-10", show="reported") == []


def test_counts_lead_to_their_cells_and_say_the_same(world: World) -> None:
    report(world, "secretary1", 0)
    move(world, world.cells[1], date(2026, 11, 20))
    reviewer = world.sign_in("reviewer")
    page = reviewer.get(board_of(world)).text
    counts = [(html.unescape(address), int(number)) for address, number in COUNT.findall(page)]
    assert [number for _, number in counts] == [1, 0, 0, 1, 1, 3]
    for address, number in counts:
        assert len(CELL_NAME.findall(reviewer.get(address).text)) == number
        assert [int(number) for _, number in COUNT.findall(reviewer.get(address).text)] == [1, 0, 0, 1, 1, 3]


def test_cells_that_owe_nothing_are_counted_too_so_that_the_counts_add_up(world: World) -> None:
    forgive(world, world.cells[1])
    reviewer = world.sign_in("reviewer")
    page = reviewer.get(board_of(world)).text
    counts = {
        parse_qs(urlsplit(html.unescape(link)).query).get("show", [""])[0]: int(n) for link, n in COUNT.findall(page)
    }
    assert counts == {"reported": 0, "late": 0, "missing": 0, "excepted": 0, "waiting": 2, "no_period": 1, "": 3}
    assert cells_on(reviewer, board_of(world), show="no_period") == ["Chi bộ Thôn Mẫu 2"]
    told = reviewer.get(f"/api/v1{board_of(world)}?only=no_period").json
    assert [row["unit"]["name"] for row in told["rows"]] == ["Chi bộ Thôn Mẫu 2"]
    assert sum(told["counts"].values()) == told["cells"] == 3


def test_a_month_in_which_nobody_owes_anything_says_so(world: World) -> None:
    page = world.sign_in("reviewer").get(board_of(world), query_string={"month": "2026-08"}).text
    assert [int(number) for _, number in COUNT.findall(page)] == [0, 0, 0, 0, 0, 3, 3]


def test_names_are_found_without_accents_and_any_word_order(world: World) -> None:
    reviewer = world.sign_in("reviewer")
    for words in ("thon mau 2", "THÔN MẪU 2", "2 mau", "Tho\u0302n Ma\u0302\u0303u 2"):
        assert cells_on(reviewer, board_of(world), q=words) == ["Chi bộ Thôn Mẫu 2"], words
    for words in ("%", "_", "\\", "Tổ Khác", "'; --"):
        assert cells_on(reviewer, board_of(world), q=words) == [], words


def test_a_filter_is_kept_through_paging_and_months_and_search(world: World) -> None:
    add_cells(world, ROWS_A_PAGE + 5)
    reviewer = world.sign_in("reviewer")
    page = reviewer.get(board_of(world), query_string={"q": "them", "show": "waiting", "month": "2026-11"}).text
    links = [html.unescape(link) for link in re.findall(r'href="(/units/[^"]*/board\?[^"]*)"', page)]
    following = [parse_qs(urlsplit(link).query) for link in links if "page=2" in link]
    assert following == [{"month": ["2026-11"], "show": ["waiting"], "q": ["them"], "page": ["2"]}]
    assert any(parse_qs(urlsplit(link).query).get("month") == ["2026-10"] and "q=them" in link for link in links)
    shown = [*cells_on(reviewer, board_of(world), q="them", show="waiting")]
    shown += cells_on(reviewer, board_of(world), q="them", show="waiting", page="2")
    assert len(shown) == len(set(shown)) == ROWS_A_PAGE + 5


def test_a_board_over_several_committees_says_which_and_filters_by_it(world: World) -> None:
    leader = world.sign_in("leader")
    address = f"/units/{world.root}/board"
    page = leader.get(address).text
    assert page.count('<span class="under">Đảng bộ xã Mẫu</span>') == 3
    assert cells_on(leader, address, parent=str(world.other_committee)) == ["Chi bộ Tổ Khác"]
    assert '<span class="under">' not in leader.get(board_of(world)).text
    assert cells_on(leader, board_of(world), parent=str(world.other_committee)) == [], "nothing from beside the scope"


def test_the_cells_that_one_looks_after(world: World) -> None:
    reviewer = world.sign_in("reviewer")
    assert "Chi bộ tôi phụ trách" not in reviewer.get(board_of(world)).text
    with world.app.app_context(), write_transaction() as session:
        add_watcher(session, world.cells[1], world.users["reviewer"], LONG_AGO, None, world.clock())
    assert "Chi bộ tôi phụ trách" in reviewer.get(board_of(world)).text
    assert cells_on(reviewer, board_of(world), mine="1") == ["Chi bộ Thôn Mẫu 2"]
    assert cells_on(world.sign_in("leader"), board_of(world), mine="1") == []


def test_a_moved_and_an_excused_period_say_so_in_words(world: World) -> None:
    move(world, world.cells[1], date(2026, 11, 20))
    excuse(world, world.cells[2])
    page = world.sign_in("reviewer").get(board_of(world)).text
    assert "đã lùi ngày sang 20/11/2026" in page
    assert "không tính kỳ này" in page


def test_thematic_quarters_have_columns_once_they_are_owed(world: World) -> None:
    reviewer = world.sign_in("reviewer")
    assert "Chuyên đề quý" not in reviewer.get(board_of(world)).text
    with world.app.app_context(), write_transaction() as session:
        kind = session.get_one(Unit, world.cells[0]).kind
        if session.get(Series, THEMATIC) is None:
            session.add(
                Series(
                    code=THEMATIC,
                    name="Sinh hoạt chuyên đề",
                    unit_kind=kind,
                    period_type=PeriodType.QUARTER,
                    from_on=LONG_AGO,
                )
            )
            session.flush()
        regular = session.scalars(
            select(Obligation).where(Obligation.unit_id == world.cells[0], Obligation.series == REGULAR).limit(1)
        ).one()
        values = {column.key: getattr(regular, column.key) for column in Obligation.__table__.columns}
        quarter = Quarter(2026, 4)
        values |= {"id": uuid.uuid4(), "series": THEMATIC, "period": quarter.code, "period_from": quarter.first_day}
        session.add(Obligation(**values))
    page = reviewer.get(board_of(world)).text
    assert page.count("Chuyên đề quý </span>") == 4
    assert "chuyên đề quý IV: " in page
    assert "Chuyên đề quý IV/2026" in reviewer.get(f"/units/{world.cells[0]}").text


@pytest.mark.parametrize(
    "query",
    [{"show": "king"}, {"parent": "x"}, {"mine": "yes"}, {"q": "x" * 5000}, {"q": "\0\u202e"}, {"parent": "0" * 32}],
)
def test_any_filter_gives_a_board(world: World, query: dict[str, str]) -> None:
    assert world.sign_in("reviewer").get(board_of(world), query_string=query).status_code == 200


def test_a_filter_that_cannot_be_understood_filters_nothing() -> None:
    assert parse_filter("king", "x", "yes", "  ") == BoardFilter()


def test_the_number_of_queries_of_a_filtered_board_does_not_grow(world: World) -> None:
    reviewer = world.sign_in("reviewer")
    address = board_of(world) + "?q=chi+bo&show=waiting"
    before = queries_of(reviewer, address)
    add_cells(world, 45)
    assert queries_of(reviewer, address) == before


def test_a_board_names_what_it_stands_under_and_leads_there_only_who_may_follow(world: World) -> None:
    up = f'href="/units/{world.root}/board?month=2026-11"'
    assert up in world.sign_in("leader").get(board_of(world)).text
    reviewer = world.sign_in("reviewer").get(board_of(world)).text
    assert up not in reviewer
    assert "Thuộc Đảng bộ Mẫu" in reviewer


def test_a_cell_page_leads_back_to_the_board_only_who_may_follow(world: World) -> None:
    with world.app.app_context(), write_transaction() as session:
        new = NewUnit("Chi bộ Thôn Mẫu 77", "chi_bo", LONG_AGO, world.committee)
        found_unit(session, new, None, world.clock())
    back = f'href="/units/{world.committee}/board"'
    assert back in world.sign_in("reviewer").get(f"/units/{world.cells[0]}").text
    assert back not in world.sign_in("secretary1").get(f"/units/{world.cells[0]}").text
