"""Cells become one: nothing is owed twice in the month of the merger, nothing is forgotten, history stays in sight."""

import uuid
from datetime import date

import pytest
from sqlalchemy import select

from meetingcheck.accounts.actor import Actor
from meetingcheck.duties.actions import mark_reported, mark_unreported
from meetingcheck.duties.models import Obligation
from meetingcheck.duties.queries import lock_obligation
from meetingcheck.duties.rules import ObligationState, state_of
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.instants import last_day_before
from meetingcheck.orgs.access import Right, has_right
from meetingcheck.orgs.models import Unit, UnitKind
from tests.office.forms import done, post
from tests.world import World, add_thematic, at


def actor_of(user_id: uuid.UUID) -> Actor:
    return Actor(user_id, uuid.uuid4(), "", "vi", "")


MERGER_DAY = at("2026-11-15T09:00+07:00")
FORM = {"into": "new", "new_name": "Chi bộ Thôn Chung", "merged_on": "15/11/2026", "document": "QĐ 9-QĐ/ĐU"}


def report(world: World, cell: uuid.UUID, login: str, period: str = "2026-11") -> None:
    with world.app.app_context(), write_transaction() as session:
        one = lock_obligation(session, world.obligation(cell, period).id)
        mark_reported(session, one, world.users[login], world.clock())


def merge(world: World, **change: str) -> uuid.UUID:
    """The first two cells into one; the successor."""
    world.clock.set(MERGER_DAY)
    office = world.sign_in("administrator")
    fields = {**FORM, "with": str(world.cells[1]), **change}
    answer = post(office, f"/office/units/{world.cells[0]}/merger", **fields)
    assert answer.status_code == 303, answer.text
    return uuid.UUID(answer.location.rpartition("/")[2])


def states(world: World, unit: uuid.UUID) -> dict[str, ObligationState]:
    with world.app.app_context(), read_transaction() as session:
        found = session.scalars(select(Obligation).where(Obligation.unit_id == unit))
        return {one.period: state_of(one, world.clock()) for one in found}


def test_the_successor_owes_the_month_of_the_merger_when_nobody_reported_it(world: World) -> None:
    successor = merge(world)
    owed = world.obligation(successor)
    assert state_of(owed, world.clock()) == ObligationState.OPEN
    assert last_day_before(owed.due_at) == date(2026, 12, 2), "its usual day had passed, so until the period closes"
    for cell in world.cells[:2]:
        assert states(world, cell)["2026-11"] == ObligationState.EXCUSED, "one owes it, not three"
        assert states(world, cell)["2026-12"] == ObligationState.EXCUSED
        assert states(world, cell)["2026-10"] == ObligationState.MISSED, "what was due before stays theirs"
    world.work("alerts")
    assert states(world, successor) == {"2026-11": ObligationState.OPEN, "2026-12": ObligationState.UPCOMING}
    assert states(world, world.cells[2])["2026-11"] == ObligationState.LATE


def test_a_predecessors_report_satisfies_the_month_of_the_merger(world: World) -> None:
    report(world, world.cells[1], "secretary2")
    successor = merge(world)
    assert states(world, successor)["2026-11"] == ObligationState.REPORTED
    assert world.obligation(successor).satisfied_by == world.obligation(world.cells[1]).id
    assert states(world, world.cells[1])["2026-11"] == ObligationState.REPORTED
    assert states(world, world.cells[0])["2026-11"] == ObligationState.EXCUSED


def test_a_report_that_came_before_an_old_merger_was_put_on_record_counts_too(world: World) -> None:
    """Merged in October by a decision that the office enters in November, when one cell has reported already."""
    report(world, world.cells[1], "secretary2")
    successor = merge(world, merged_on="10/10/2026")
    assert states(world, successor) == {"2026-10": ObligationState.MISSED, "2026-11": ObligationState.REPORTED}
    assert world.obligation(successor).satisfied_by == world.obligation(world.cells[1]).id
    world.work("alerts")
    assert states(world, successor)["2026-12"] == ObligationState.UPCOMING


def test_a_void_report_of_a_predecessor_lets_the_successor_owe_it_again(world: World) -> None:
    report(world, world.cells[1], "secretary2")
    successor = merge(world)
    with world.app.app_context(), write_transaction() as session:
        one = lock_obligation(session, world.obligation(world.cells[1]).id)
        mark_unreported(session, one, world.users["administrator"], world.clock())
    assert states(world, successor)["2026-11"] == ObligationState.OPEN
    assert states(world, world.cells[1])["2026-11"] == ObligationState.EXCUSED
    report(world, world.cells[0], "administrator")
    assert states(world, successor)["2026-11"] == ObligationState.REPORTED, "reported for a predecessor afterwards"


def test_a_successor_that_was_there_before_is_satisfied_by_either_report(world: World) -> None:
    report(world, world.cells[0], "secretary1")
    successor = merge(world, into=str(world.cells[2]))
    assert successor == world.cells[2]
    assert states(world, successor)["2026-11"] == ObligationState.REPORTED
    assert states(world, successor)["2026-12"] == ObligationState.UPCOMING
    report(world, successor, "administrator")
    with world.app.app_context(), write_transaction() as session:
        one = lock_obligation(session, world.obligation(world.cells[0]).id)
        mark_unreported(session, one, world.users["administrator"], world.clock())
    assert states(world, successor)["2026-11"] == ObligationState.REPORTED, "by its own report"


def test_the_thematic_quarter_follows_the_same_rule(world: World) -> None:
    add_thematic(world)
    report(world, world.cells[0], "secretary1", "2026-Q4")
    successor = merge(world)
    assert states(world, successor)["2026-Q4"] == ObligationState.REPORTED
    assert states(world, world.cells[1])["2026-Q4"] == ObligationState.EXCUSED
    assert states(world, world.cells[1])["2027-Q1"] == ObligationState.EXCUSED


def test_the_preview_says_what_would_happen_and_changes_nothing(world: World) -> None:
    report(world, world.cells[1], "secretary2")
    world.clock.set(MERGER_DAY)
    fields = {**FORM, "with": str(world.cells[1])}
    page = post(world.sign_in("administrator"), f"/office/units/{world.cells[0]}/merger/preview", **fields)
    assert page.status_code == 200
    assert "3 kỳ chưa có báo cáo của những nơi ấy không tính nữa" in page.text
    assert "đã có nơi báo cáo, tính luôn cho Chi bộ Thôn Chung" in page.text
    with world.app.app_context(), read_transaction() as session:
        assert session.get_one(Unit, world.cells[0]).closed_on is None
        assert session.scalar(select(Unit.id).where(Unit.name == "Chi bộ Thôn Chung")) is None


def test_history_is_seen_through_the_successor(world: World) -> None:
    """The present superiors of the successor see what the predecessors sent; its secretary files what is left over."""
    report(world, world.cells[0], "secretary1")
    successor = merge(world)
    office = world.sign_in("administrator")
    person = {"role_login": "0987654321", "role_name": "Lò Văn Mới", "role": "secretary", "role_from_on": "15/11/2026"}
    done(office, f"/office/units/{successor}/roles", **person)
    assert "Chi bộ Thôn Mẫu 1" in office.get(f"/office/units/{successor}").text
    assert "QĐ 9-QĐ/ĐU" in office.get(f"/office/units/{world.cells[0]}").text
    with world.app.app_context(), read_transaction() as session:
        today = date(2026, 11, 15)
        for login, right, expected in (
            ("reviewer", Right.VIEW_UNIT, True),
            ("reviewer", Right.REVIEW, True),
            ("other_reviewer", Right.VIEW_UNIT, False),
            ("secretary1", Right.VIEW_UNIT, False),
        ):
            actor = actor_of(world.users[login])
            assert has_right(session, actor, right, world.cells[0], today) is expected, (login, right)


def test_history_follows_the_successor_to_another_superior(world: World) -> None:
    world.clock.set(MERGER_DAY)
    with world.app.app_context(), write_transaction() as session:
        unit = session.get_one(Unit, world.cells[0])
        unit.closed_on, unit.successor_id = date(2026, 11, 15), world.other_cell
    with world.app.app_context(), read_transaction() as session:
        for login, expected in (("other_reviewer", True), ("reviewer", False), ("leader", True)):
            actor = actor_of(world.users[login])
            assert has_right(session, actor, Right.VIEW_UNIT, world.cells[0], date(2026, 11, 16)) is expected, login


@pytest.mark.parametrize("action", ["", "/preview"])
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"merged_on": "16/11/2026"}, "Ngày sáp nhập chưa đến"),
        ({"merged_on": "01/01/2015"}, "Ngày kết thúc phải sau ngày thành lập"),
        ({"merged_on": "20/11/2090"}, "Ngày sáp nhập chưa đến"),
        ({"document": ""}, "Đồng chí hãy ghi quyết định sáp nhập"),
        ({"new_name": ""}, "Đồng chí hãy ghi tên tổ chức đảng"),
        ({"into": str(uuid.uuid4())}, "Đồng chí hãy chọn một mục"),
    ],
)
def test_a_merger_that_cannot_be_gets_a_sentence_and_changes_nothing(
    world: World, action: str, change: dict[str, str], sentence: str
) -> None:
    world.clock.set(MERGER_DAY)
    where = f"/office/units/{world.cells[0]}/merger{action}"
    answer = post(world.sign_in("administrator"), where, **{**FORM, **change})
    assert (answer.status_code, sentence in answer.text) == (422, True), answer.text
    with world.app.app_context(), read_transaction() as session:
        assert session.get_one(Unit, world.cells[0]).closed_on is None
        assert session.scalar(select(Unit.id).where(Unit.name == "Chi bộ Thôn Chung")) is None


def test_a_merger_asks_who_one_is_after_ten_minutes(world: World) -> None:
    office = world.sign_in("administrator")
    world.clock.advance(minutes=11)
    answer = post(office, f"/office/units/{world.cells[0]}/merger", **FORM)
    assert "confirm" in answer.location


def test_kinds_are_renamed(world: World) -> None:
    office = world.sign_in("administrator")
    page = done(office, "/office/kinds/change", code="chi_bo", name_chi_bo="Chi bộ trực thuộc")
    assert "Chi bộ trực thuộc" in page.text
    with world.app.app_context(), read_transaction() as session:
        assert session.get_one(UnitKind, "chi_bo").name == "Chi bộ trực thuộc"
    assert post(office, "/office/kinds/change", code="chi_bo", name_chi_bo="").status_code == 422
