"""The cell plans its meeting within the period; the deadline follows, and what is late stays late."""

import uuid
from datetime import date

import pytest

from meetingcheck.duties.models import Obligation
from meetingcheck.duties.queries import THEMATIC
from meetingcheck.duties.rules import ObligationState, state_of
from meetingcheck.lib.db import write_transaction
from meetingcheck.lib.instants import last_day_before
from tests.duties.test_policies import NEW, address
from tests.office.forms import done, post, refused
from tests.world import World, add_thematic, at, excuse


def plan_of(world: World, cell: int = 0, period: str = "2026-11") -> str:
    return f"/obligations/{world.obligation(world.cells[cell], period).id}/plan"


def due(world: World, cell: int = 0, period: str = "2026-11") -> date:
    return last_day_before(world.obligation(world.cells[cell], period).due_at)


def test_a_planned_day_moves_the_deadline_and_can_be_changed_and_taken_back(world: World) -> None:
    cell = world.sign_in("secretary1")
    page = done(cell, plan_of(world), planned_on="20/11/2026")
    assert "hết ngày 22/11/2026" in page.text
    done(cell, plan_of(world), planned_on="30/11/2026")
    one = world.obligation(world.cells[0])
    assert (one.planned_on, last_day_before(one.due_at)) == (date(2026, 11, 30), date(2026, 12, 2))
    assert one.due_at == one.closes_at
    page = done(cell, plan_of(world), which="usual")
    assert "hết ngày 05/11/2026" in page.text
    assert world.obligation(world.cells[0]).planned_on is None
    assert due(world, 1) == date(2026, 11, 5), "another cell's deadline stays"


@pytest.mark.parametrize(
    ("planned_on", "sentence"),
    [
        ("01/12/2026", "đề nghị cấp trên cho lùi ngày"),
        ("31/10/2026", "đề nghị cấp trên cho lùi ngày"),
        ("02/11/2026", "Ngày này đã qua."),
        ("28/12", "đề nghị cấp trên cho lùi ngày"),
        ("hôm nào đó", "Chưa hiểu ngày này"),
        ("", "Đồng chí hãy ghi ngày"),
    ],
)
def test_a_day_that_cannot_be_planned_gets_a_sentence(world: World, planned_on: str, sentence: str) -> None:
    refused(world.sign_in("secretary1"), plan_of(world), sentence, planned_on=planned_on)
    assert due(world) == date(2026, 11, 5)


def test_the_year_of_the_day_may_be_left_out(world: World) -> None:
    page = done(world.sign_in("secretary1"), plan_of(world), planned_on="28/11")
    assert "hết ngày 30/11/2026" in page.text
    assert world.obligation(world.cells[0]).planned_on == date(2026, 11, 28)


def test_planning_never_makes_in_time_what_is_late_already(world: World) -> None:
    cell = world.sign_in("secretary1")
    world.clock.set(at("2026-11-06T00:00+07:00"))
    assert "Đã quá hạn gửi báo cáo" in post(cell, plan_of(world), planned_on="20/11/2026").text
    assert "không dự kiến lại ngày họp được nữa" in cell.get(plan_of(world)).text
    assert state_of(world.obligation(world.cells[0]), world.clock()) == ObligationState.LATE


def test_the_usual_day_is_gone_once_its_deadline_has_passed(world: World) -> None:
    cell = world.sign_in("secretary1")
    done(cell, plan_of(world), planned_on="20/11/2026")
    world.clock.set(at("2026-11-10T08:00+07:00"))
    cell = world.sign_in("secretary1")
    assert "Hạn theo ngày họp thường lệ đã qua" in post(cell, plan_of(world), which="usual").text
    assert due(world) == date(2026, 11, 22)
    done(cell, plan_of(world), planned_on="25/11/2026")


def test_what_is_decided_or_reported_is_not_planned(world: World) -> None:
    cell = world.sign_in("secretary1")
    with world.app.app_context(), write_transaction() as session:
        one = session.get_one(Obligation, world.obligation(world.cells[0]).id)
        excuse(session, one, world.users["administrator"], world.clock())
        other = session.get_one(Obligation, world.obligation(world.cells[0], "2026-12").id)
        other.reported_at = world.clock()
    decided = post(cell, plan_of(world), planned_on="20/11/2026")
    assert (decided.status_code, "Cấp trên đã quyết định về kỳ này" in decided.text) == (422, True)
    reported = post(cell, plan_of(world, period="2026-12"), planned_on="20/12/2026")
    assert (reported.status_code, "Kỳ này đã có báo cáo rồi" in reported.text) == (422, True)


def test_a_new_policy_keeps_a_planned_day(world: World) -> None:
    done(world.sign_in("secretary1"), plan_of(world, period="2026-12"), planned_on="10/12/2026")
    office = world.sign_in("administrator")
    preview = post(office, f"{address(world.committee)}/preview", **NEW).text
    assert "1 chi bộ, hạn gửi từ hết ngày 12/12/2026 chuyển thành hết ngày 15/12/2026" in preview
    done(office, address(world.committee), **NEW)
    assert due(world, period="2026-12") == date(2026, 12, 15), "the planned day, and the new five days"
    assert due(world, 1, "2026-12") == date(2026, 12, 25)
    done(world.sign_in("secretary1"), plan_of(world, period="2026-12"), which="usual")
    assert due(world, period="2026-12") == date(2026, 12, 25)


def test_a_new_usual_day_keeps_a_planned_day(world: World) -> None:
    done(world.sign_in("secretary1"), plan_of(world, period="2026-12"), planned_on="10/12/2026")
    facts = {"unit_name": "Chi bộ Thôn Mẫu 1", "code": "", "usual_day": "8"}
    done(world.sign_in("administrator"), f"/office/units/{world.cells[0]}/facts", **facts)
    assert due(world, period="2026-12") == date(2026, 12, 12)


def test_a_thematic_meeting_is_planned_anywhere_in_its_quarter(world: World) -> None:
    add_thematic(world)
    one = uuid.uuid5(world.cells[0], f"{THEMATIC}/2026-Q4")
    page = done(world.sign_in("secretary1"), f"/obligations/{one}/plan", planned_on="06/11/2026")
    assert "Quý IV/2026" in page.text
    found = world.obligation(world.cells[0], "2026-Q4")
    assert last_day_before(found.due_at) == date(2026, 11, 8)
    assert last_day_before(found.closes_at) == date(2027, 1, 2)
    assert world.obligation(world.cells[0], "2027-Q1").planned_on is None
