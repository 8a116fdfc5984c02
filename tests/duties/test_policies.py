"""A policy is dated data with the document that it rests on; its effect is seen before it is saved."""

import uuid
from datetime import date

from sqlalchemy import select

from meetingcheck.duties.models import Obligation, Policy
from meetingcheck.duties.queries import policies_for
from meetingcheck.duties.rules import ObligationState, state_of
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.instants import last_day_before
from meetingcheck.office.units.jobs import follow_import
from meetingcheck.orgs.actions import move_unit
from meetingcheck.orgs.models import Unit
from meetingcheck.record.models import RecordEntry
from tests.office.forms import done, post, refused
from tests.world import World

NEW = {
    "from_on": "01/12/2026",
    "usual_day": "20",
    "report_days": "5",
    "minimum_minutes": "60",
    "document": "Quyết định 7-QĐ/ĐU ngày 01/11/2026",
}


def address(unit_id: uuid.UUID) -> str:
    return f"/office/units/{unit_id}/policies"


def due_days(world: World, cell: uuid.UUID) -> dict[str, date]:
    with world.app.app_context(), read_transaction() as session:
        rows = session.execute(select(Obligation.period, Obligation.due_at).where(Obligation.unit_id == cell))
        return {period: last_day_before(due_at) for period, due_at in rows}


def count_policies(world: World) -> int:
    with world.app.app_context(), read_transaction() as session:
        return len(session.scalars(select(Policy)).all())


def test_the_preview_says_what_would_change_and_changes_nothing(world: World) -> None:
    office = world.sign_in("administrator")
    before = {cell: due_days(world, cell) for cell in world.cells}
    answer = post(office, f"{address(world.committee)}/preview", **NEW)
    assert answer.status_code == 200
    assert "3 chi bộ, hạn gửi từ hết ngày 05/12/2026 chuyển thành hết ngày 25/12/2026" in answer.text
    assert "11/2026:" not in answer.text
    assert {cell: due_days(world, cell) for cell in world.cells} == before
    assert count_policies(world) == 1


def test_saving_does_what_the_preview_said_for_the_subtree_alone(world: World) -> None:
    page = done(world.sign_in("administrator"), address(world.committee), **NEW)
    assert "Số kỳ được tính lại hạn: 3." in page.text
    assert NEW["document"] in page.text
    for cell in world.cells:
        assert due_days(world, cell)["2026-11"] == date(2026, 11, 5)
        assert due_days(world, cell)["2026-12"] == date(2026, 12, 25)
    assert due_days(world, world.other_cell)["2026-12"] == date(2026, 12, 5)
    with world.app.app_context(), read_transaction() as session:
        policy = session.scalars(select(Policy).where(Policy.unit_id == world.committee)).one()
        said = session.scalars(select(RecordEntry.action).where(RecordEntry.subject_id == policy.id))
        assert list(said) == ["policy_set", "deadlines_moved"]
        assert policies_for(session, [world.cells[0]], date(2026, 11, 30))[world.cells[0]].unit_id == world.root
        assert policies_for(session, [world.cells[0]], date(2026, 12, 1))[world.cells[0]].id == policy.id


def test_what_is_due_or_answered_already_is_not_moved(world: World) -> None:
    world.clock.advance(days=3)  # 6 November: November's report is due since the evening before
    with world.app.app_context(), write_transaction() as session:
        one = session.get(Obligation, world.obligation(world.cells[1], "2026-12").id)
        assert one is not None
        one.reported_at = world.clock()
    done(world.sign_in("administrator"), address(world.root), **{**NEW, "from_on": "01/10/2026"})
    assert due_days(world, world.cells[0]) == {
        "2026-09": date(2026, 9, 5),
        "2026-10": date(2026, 10, 5),
        "2026-11": date(2026, 11, 5),
        "2026-12": date(2026, 12, 25),
    }
    assert due_days(world, world.cells[1])["2026-12"] == date(2026, 12, 5)


def test_a_policy_that_is_dated_back_makes_nobody_late(world: World) -> None:
    """The cells whose day the old rule puts later keep it for the periods that have begun."""
    with world.app.app_context(), write_transaction() as session:
        session.get_one(Unit, world.cells[0]).usual_day = 20
    office = world.sign_in("administrator")
    done(office, address(world.committee), **{**NEW, "from_on": "01/11/2026", "usual_day": "25"})
    assert due_days(world, world.cells[1])["2026-11"] == date(2026, 11, 30)
    world.clock.advance(days=7)
    office = world.sign_in("administrator")
    done(office, address(world.committee), **{**NEW, "from_on": "02/10/2026", "usual_day": "5", "report_days": "2"})
    done(office, address(world.root), **{**NEW, "from_on": "02/10/2026", "usual_day": "5", "report_days": "2"})
    assert due_days(world, world.cells[1])["2026-11"] == date(2026, 11, 30)
    assert state_of(world.obligation(world.cells[1]), world.clock()) == ObligationState.OPEN


def test_after_a_transfer_the_periods_to_come_follow_the_new_superior_and_the_one_that_has_begun_does_not(
    world: World,
) -> None:
    office = world.sign_in("administrator")
    done(office, address(world.other_committee), **{**NEW, "from_on": "01/11/2026"})
    with world.app.app_context(), write_transaction() as session:
        move_unit(session, world.cells[0], world.other_committee, date(2026, 11, 3), None, world.clock())
    with world.app.app_context():
        follow_import({"moved": [str(world.cells[0])], "on": "2026-11-03"}, world.clock())
    due = due_days(world, world.cells[0])
    assert (due["2026-11"], due["2026-12"]) == (date(2026, 11, 5), date(2026, 12, 25))
    with world.app.app_context(), read_transaction() as session:
        before, after = (policies_for(session, [world.cells[0]], date(2026, 11, day)) for day in (2, 3))
        assert (before[world.cells[0]].minimum_minutes, after[world.cells[0]].minimum_minutes) == (90, 60)


def test_a_policy_nearer_to_the_cell_goes_before(world: World) -> None:
    office = world.sign_in("administrator")
    done(office, address(world.cells[0]), **{**NEW, "usual_day": "10"})
    answer = post(office, f"{address(world.root)}/preview", **NEW)
    assert "3 chi bộ, hạn gửi từ hết ngày 05/12/2026" in answer.text, (
        "the two others of the commune, and the one beside"
    )
    done(office, address(world.root), **NEW)
    assert due_days(world, world.cells[0])["2026-12"] == date(2026, 12, 15)
    assert due_days(world, world.other_cell)["2026-12"] == date(2026, 12, 25)


def test_a_cells_own_usual_day_stays(world: World) -> None:
    with world.app.app_context(), write_transaction() as session:
        unit = session.get(Unit, world.cells[0])
        assert unit is not None
        unit.usual_day = 8
    done(world.sign_in("administrator"), address(world.root), **NEW)
    assert due_days(world, world.cells[0])["2026-12"] == date(2026, 12, 13), "the 8th, and the new five days"


def test_what_cannot_be_understood_gets_a_sentence(world: World) -> None:
    office = world.sign_in("administrator")
    for change, sentence in (
        ({"from_on": "đầu tháng"}, "Đồng chí hãy ghi ngày"),
        ({"usual_day": "0"}, "từ 1 đến 31"),
        ({"report_days": "16"}, "từ 0 đến 15"),
        ({"minimum_minutes": "-1"}, "từ 0 đến 600"),
        ({"document": ""}, "văn bản quy định"),
        ({"document": "QĐ\u202e7"}, "ký tự không dùng được"),
    ):
        refused(office, f"{address(world.root)}/preview", sentence, **{**NEW, **change})
        refused(office, address(world.root), sentence, **{**NEW, **change})
    assert count_policies(world) == 1


def test_one_day_has_one_policy(world: World) -> None:
    office = world.sign_in("administrator")
    done(office, address(world.root), **NEW)
    refused(office, address(world.root), "Đã có mức quy định từ đúng ngày này.", **NEW)


def test_a_policy_asks_who_one_is_after_ten_minutes(world: World) -> None:
    office = world.sign_in("administrator")
    world.clock.advance(minutes=11)
    assert "confirm" in post(office, address(world.root), **NEW).location
    assert count_policies(world) == 1
