"""Kinds of meetings are data: a further one is owed by those it is for, and one that ended by nobody."""

from datetime import date

from sqlalchemy import select

from meetingcheck.duties.actions import make_obligations
from meetingcheck.duties.jobs import make_due_obligations
from meetingcheck.duties.models import Obligation, Series
from meetingcheck.duties.queries import REGULAR, THEMATIC
from meetingcheck.duties.rules import Month, Quarter
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.orgs.actions import NewUnit, ensure_kind, found_unit
from tests.office.forms import done, post, refused
from tests.world import World, add_thematic

NEW = {
    "series_name": "Sinh hoạt chi ủy",
    "series_kind": "all_cells",
    "period_type": "month",
    "series_from_on": "01/11/2026",
}


def periods_of(world: World, series: str) -> list[tuple[str, int]]:
    with world.app.app_context(), read_transaction() as session:
        found = list(session.scalars(select(Obligation.period).where(Obligation.series == series)))
        return sorted({period: found.count(period) for period in found}.items())


def test_a_new_series_is_owed_from_its_first_period_on(world: World) -> None:
    office = world.sign_in("administrator")
    assert "Mỗi tháng một lần" in done(office, "/office/series", **NEW).text
    world.work("alerts")
    assert periods_of(world, "sinh_hoat_chi_uy") == [("2026-11", 4), ("2026-12", 4)]
    refused(office, "/office/series", "Đã có loại sinh hoạt tên như vậy", **{**NEW, "series_kind": "all_cells"})


def test_the_thematic_series_has_its_own_code_when_it_is_added_by_name(world: World) -> None:
    fields = {**NEW, "series_name": "sinh hoạt  Chuyên đề", "period_type": "quarter", "series_from_on": "01/10/2026"}
    done(world.sign_in("administrator"), "/office/series", **fields)
    world.work("alerts")
    assert periods_of(world, THEMATIC) == [("2026-Q4", 4)]


def test_a_series_that_ended_is_not_owed_any_more(world: World) -> None:
    office = world.sign_in("administrator")
    done(office, "/office/series/change", code=REGULAR, name_regular="Họp thường kỳ", to_on_regular="01/01/2027")
    with world.app.app_context(), write_transaction() as session:
        assert session.get_one(Series, REGULAR).name == "Họp thường kỳ"
        assert make_obligations(session, [Month(2027, 1)], world.clock()) == 0
    done(office, "/office/series/change", code=REGULAR, name_regular="Họp thường kỳ", to_on_regular="")
    with world.app.app_context(), write_transaction() as session:
        assert make_obligations(session, [Month(2027, 1)], world.clock()) == 4
    answer = post(office, "/office/series/change", code=REGULAR, name_regular="", to_on_regular="1/1/1999")
    assert (answer.status_code, "Đồng chí hãy ghi tên loại sinh hoạt" in answer.text) == (422, True)
    answer = post(office, "/office/series/change", code=REGULAR, name_regular="Họp", to_on_regular="01/01/1999")
    assert "Ngày kết thúc không thể trước ngày bắt đầu" in answer.text
    assert post(office, "/office/series/change", code="nothing").status_code == 422


def test_a_series_for_all_cells_is_for_cells_of_every_kind(world: World) -> None:
    with world.app.app_context(), write_transaction() as session:
        ensure_kind(session, "chi_bo_co_so", "Chi bộ cơ sở", is_cell=True)
        found_unit(
            session, NewUnit("Chi bộ Khác loại", "chi_bo_co_so", date(2015, 1, 1), world.root), None, world.clock()
        )
    add_thematic(world)
    assert periods_of(world, THEMATIC) == [("2026-Q4", 5), ("2027-Q1", 5)]


def test_quarters_are_made_a_month_ahead_and_once(world: World) -> None:
    add_thematic(world)
    with world.app.app_context():
        make_due_obligations({}, world.clock())
        make_due_obligations({}, world.clock())
    assert periods_of(world, THEMATIC) == [("2026-Q4", 4), ("2027-Q1", 4)]
    with world.app.app_context(), write_transaction() as session:
        assert make_obligations(session, [Quarter(2026, 4), Quarter(2026, 3)], world.clock()) == 0


def test_series_ask_who_one_is_after_ten_minutes(world: World) -> None:
    office = world.sign_in("administrator")
    world.clock.advance(minutes=11)
    assert "confirm" in post(office, "/office/series", **NEW).location
    assert "confirm" in post(office, "/office/series/change", code=REGULAR).location
