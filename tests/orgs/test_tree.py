"""The tree as the office changes it: found, correct, watch over and close units; kinds are data."""

import uuid
from datetime import date

import pytest
from sqlalchemy import select

from meetingcheck.duties.models import Obligation
from meetingcheck.lib.db import read_transaction
from meetingcheck.lib.instants import last_day_before
from meetingcheck.orgs.models import Unit, UnitKind
from meetingcheck.orgs.queries import list_line, watchers_of
from meetingcheck.record.models import RecordEntry
from tests.office.forms import done, post, refused
from tests.world import World

DECISION = "QĐ 7-QĐ/ĐU ngày 01/11/2026"
CLOSING = {"closed_on": "03/11/2026", "closing_document": DECISION}


def page_of(unit_id: uuid.UUID) -> str:
    return f"/office/units/{unit_id}"


def unit_named(world: World, name: str) -> Unit:
    with world.app.app_context(), read_transaction() as session:
        return session.scalars(select(Unit).where(Unit.name == name)).one()


def actions_on(world: World, subject_id: uuid.UUID) -> list[str]:
    with world.app.app_context(), read_transaction() as session:
        return list(
            session.scalars(
                select(RecordEntry.action).where(RecordEntry.subject_id == subject_id).order_by(RecordEntry.id)
            )
        )


def test_a_new_cell_stands_below_its_whole_line_and_owes_at_once(world: World) -> None:
    office = world.sign_in("administrator")
    page = done(
        office,
        f"{page_of(world.committee)}/children",
        child_name="Chi bộ Thôn Mẫu 20",
        child_kind="chi_bo",
        child_code="XM-20",
        child_founded_on="01/11/2026",
        child_usual_day="15",
    )
    assert "Chi bộ Thôn Mẫu 20" in page.text
    cell = unit_named(world, "Chi bộ Thôn Mẫu 20")
    world.work("alerts")
    with world.app.app_context(), read_transaction() as session:
        assert [unit.id for unit in list_line(session, cell.id, date(2026, 11, 3))] == [world.root, world.committee]
    assert last_day_before(world.obligation(cell.id).due_at) == date(2026, 11, 17)
    assert actions_on(world, cell.id) == ["unit_founded"]


def test_a_unit_is_found_from_above_by_words_of_its_name_or_its_code(world: World) -> None:
    office = world.sign_in("administrator")
    done(office, f"{page_of(world.cells[0])}/facts", unit_name="Chi bộ Thôn Đồng Mẫu", code="XM-1", usual_day="")

    def found(words: str, where: uuid.UUID = world.root) -> str:
        page = office.get(page_of(where), query_string={"q": words}).text
        return page.partition('role="search"')[2].partition("</section>")[0]

    for words in ("mau dong", "MẪU ĐỒNG", "xm-1"):
        assert page_of(world.cells[0]) in found(words), "of all that is below, not of the next step only"
        assert "Đảng bộ xã Mẫu" in found(words), "under whom it stands tells namesakes apart"
        assert page_of(world.cells[1]) not in found(words)
    for words in ("%", "dong mau khac", "Đảng bộ tỉnh Mẫu"):
        assert "Không thấy tổ chức đảng nào" in found(words)
    assert page_of(world.cells[1]) not in found("mau", world.other_committee), "nothing from beside"
    assert "Còn nữa" not in found("mau")


def test_a_code_belongs_to_one_unit(world: World) -> None:
    office = world.sign_in("administrator")
    done(office, f"{page_of(world.cells[0])}/facts", unit_name="Chi bộ Thôn Mẫu 1", code="A1", usual_day="")
    refused(
        office,
        f"{page_of(world.cells[1])}/facts",
        "Mã này đã dùng cho một tổ chức đảng khác.",
        unit_name="Chi bộ Thôn Mẫu 2",
        code="A1",
        usual_day="7",
    )


def test_a_wrong_field_gets_a_sentence_and_keeps_the_rest(world: World) -> None:
    office = world.sign_in("administrator")
    facts = f"{page_of(world.cells[0])}/facts"
    refused(office, facts, "Ngày họp thường lệ từ 1 đến 31", unit_name="Tên mới", code="", usual_day="32")
    refused(office, facts, "Đồng chí hãy ghi tên tổ chức đảng.", unit_name="", code="B2", usual_day="4")
    assert unit_named(world, "Chi bộ Thôn Mẫu 1").usual_day is None


def test_a_new_usual_day_moves_only_periods_that_have_not_begun(world: World) -> None:
    office = world.sign_in("administrator")
    done(office, f"{page_of(world.cells[0])}/facts", unit_name="Chi bộ Thôn Mẫu 1", code="", usual_day="20")
    assert last_day_before(world.obligation(world.cells[0], "2026-11").due_at) == date(2026, 11, 5)
    assert last_day_before(world.obligation(world.cells[0], "2026-12").due_at) == date(2026, 12, 22)
    assert last_day_before(world.obligation(world.cells[1], "2026-12").due_at) == date(2026, 12, 5)
    assert "deadlines_moved" in actions_on(world, world.cells[0])


def test_a_cell_has_nothing_below_it(world: World) -> None:
    office = world.sign_in("administrator")
    answer = post(office, f"{page_of(world.cells[0])}/children", child_name="Tổ 1", child_kind="chi_bo")
    assert answer.status_code == 422
    with world.app.app_context(), read_transaction() as session:
        assert session.scalars(select(Unit).where(Unit.name == "Tổ 1")).all() == []


def test_a_closed_cell_owes_what_was_due_before_and_nothing_else(world: World) -> None:
    cell = world.cells[0]
    world.clock.advance(days=4)
    office = world.sign_in("administrator")
    page = done(office, f"{page_of(cell)}/closing", closed_on="06/11/2026", closing_document=DECISION)
    assert "06/11/2026, QĐ 7-QĐ/ĐU ngày 01/11/2026" in page.text
    with world.app.app_context(), read_transaction() as session:
        excepted = dict(
            session.execute(
                select(Obligation.period, Obligation.excepted_at.is_not(None)).where(Obligation.unit_id == cell)
            ).all()
        )
    assert excepted == {"2026-09": False, "2026-10": False, "2026-11": False, "2026-12": True}
    assert world.sign_in("secretary1").get(f"/cells/{cell}/home").status_code == 404, "the roles ended with the cell"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"closed_on": "01/01/2999"}, "Ngày này chưa đến"),
        ({"closed_on": "04/11/2026"}, "Ngày này chưa đến"),
        ({"closed_on": ""}, "Đồng chí hãy ghi ngày"),
        ({"closing_document": ""}, "Đồng chí hãy ghi quyết định kết thúc hoạt động"),
    ],
)
def test_a_closing_needs_a_day_that_has_come_and_a_decision(
    world: World, change: dict[str, str], sentence: str
) -> None:
    office = world.sign_in("administrator")
    refused(office, f"{page_of(world.cells[0])}/closing", sentence, **{**CLOSING, **change})
    assert unit_named(world, "Chi bộ Thôn Mẫu 1").closed_on is None


def test_a_mistaken_closing_is_undone_with_the_periods_as_they_were(world: World) -> None:
    cell, office = world.cells[0], world.sign_in("administrator")
    before = world.obligation(cell)
    done(office, f"{page_of(cell)}/closing", **CLOSING)
    assert world.obligation(cell).excepted_at is not None
    page = done(office, f"{page_of(cell)}/reopening")
    assert "đồng chí hãy giao lại" in page.text
    after = world.obligation(cell)
    assert (after.excepted_at, after.due_at, after.closes_at) == (None, before.due_at, before.closes_at)
    unit = unit_named(world, "Chi bộ Thôn Mẫu 1")
    assert (unit.closed_on, unit.merged_by) == (None, None)
    assert world.sign_in("secretary1").get(f"/cells/{cell}/home").status_code == 404, "roles are given again by hand"
    role = {"role": "secretary", "role_login": "0912000001", "role_name": "Tạ Thị Mới", "role_from_on": "03/11/2026"}
    assert "Tạ Thị Mới" in done(office, f"{page_of(cell)}/roles", **role).text
    assert "Tổ chức đảng này đang hoạt động" in post(office, f"{page_of(cell)}/reopening").text


def test_what_was_merged_and_what_stands_below_something_closed_is_not_reopened(world: World) -> None:
    office = world.sign_in("administrator")
    merger = {"into": str(world.cells[1]), "merged_on": "03/11/2026", "document": DECISION}
    assert post(office, f"{page_of(world.cells[0])}/merger", **merger).status_code == 303
    assert "đã sáp nhập vào nơi khác" in post(office, f"{page_of(world.cells[0])}/reopening").text
    for unit in (*world.cells[1:], world.committee):
        done(office, f"{page_of(unit)}/closing", **CLOSING)
    assert "cấp trên đã kết thúc hoạt động" in post(office, f"{page_of(world.cells[1])}/reopening").text


def test_a_unit_that_others_stand_under_does_not_close(world: World) -> None:
    office = world.sign_in("administrator")
    refused(office, f"{page_of(world.committee)}/closing", "Còn tổ chức đảng trực thuộc", **CLOSING)
    assert post(office, f"{page_of(world.root)}/closing", **CLOSING).status_code == 422
    assert unit_named(world, "Đảng bộ Mẫu").closed_on is None


def test_watchers_are_dated(world: World) -> None:
    cell = world.cells[0]
    office = world.sign_in("administrator")
    done(
        office,
        f"{page_of(cell)}/watchers",
        watcher_login="0912 345 678",
        watcher_name="Cao Thị Ủy",
        watcher_from_on="05/11/2026",
    )
    with world.app.app_context(), read_transaction() as session:
        assert watchers_of(session, [cell], date(2026, 11, 4)) == {}
        (user_id,) = watchers_of(session, [cell], date(2026, 11, 5))[cell]
    refused(
        office,
        f"{page_of(cell)}/watchers",
        "Đồng chí này đã phụ trách chi bộ rồi.",
        watcher_login="0912345678",
        watcher_from_on="09/11/2026",
    )
    world.clock.advance(days=3)
    office = world.sign_in("administrator")
    done(office, f"{page_of(cell)}/watchers/{user_id}/end")
    with world.app.app_context(), read_transaction() as session:
        assert watchers_of(session, [cell], date(2026, 11, 5)) == {cell: [user_id]}
        assert watchers_of(session, [cell], date(2026, 11, 6)) == {}


def test_kinds_are_data(world: World) -> None:
    office = world.sign_in("administrator")
    page = done(office, "/office/kinds", kind_name="Chi bộ cơ sở", is_cell="yes")
    assert "Chi bộ cơ sở" in page.text
    with world.app.app_context(), read_transaction() as session:
        kind = session.scalars(select(UnitKind).where(UnitKind.name == "Chi bộ cơ sở")).one()
    assert (kind.code, kind.is_cell) == ("chi_bo_co_so", True)
    refused(office, "/office/kinds", "Đã có loại tổ chức đảng tên như vậy.", kind_name="Chi bộ cơ sở")
