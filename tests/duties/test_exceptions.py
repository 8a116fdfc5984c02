"""A period moved or not counted: asked honestly by the cell, or set by an authority, also after the miss; undone."""

import re
import uuid
from datetime import date
from functools import partial

import pytest
from sqlalchemy import delete, event, func, select

from meetingcheck.accounts.models import User
from meetingcheck.alerts.actions import LIFTED, MISSED
from meetingcheck.alerts.jobs import close_all
from meetingcheck.duties.actions import make_obligations, mark_reported
from meetingcheck.duties.exceptions.actions import ASKED, DECIDED, PERIOD_CHANGED
from meetingcheck.duties.exceptions.forms import parse_typed_period
from meetingcheck.duties.models import ExceptionState, MissedEvent, PeriodException
from meetingcheck.duties.queries import lock_obligation
from meetingcheck.duties.rules import Month, ObligationState, state_of
from meetingcheck.lib.db import db, read_transaction, write_transaction
from meetingcheck.lib.instants import last_day_before
from meetingcheck.messages.models import Message
from meetingcheck.orgs.actions import NewUnit, found_unit, give_role
from meetingcheck.orgs.models import Role, RoleAssignment
from tests.office.forms import done, post
from tests.world import LONG_AGO, World, add_thematic, at

REASON = "Bão số 10, đường vào thôn bị cắt"
ASKING = {"reason": REASON, "what": "move", "moved_to": "12/11/2026"}
SETTING = {
    "period": "11/2026",
    "series": "all",
    "what": "move",
    "moved_to": "20/11/2026",
    "reason": REASON,
    "document": "Công văn 15-CV/ĐU ngày 02/11/2026",
}
CLOSED = at("2026-12-03T08:00+07:00")


def note_statement(asked: list[str], *told: object) -> None:
    asked.append(str(told[2]))


def state(world: World, cell: uuid.UUID, period: str = "2026-11") -> ObligationState:
    return state_of(world.obligation(cell, period), world.clock())


def due(world: World, cell: uuid.UUID, period: str = "2026-11") -> date:
    return last_day_before(world.obligation(cell, period).due_at)


def told(world: World, kind: str) -> list[str]:
    with world.app.app_context(), read_transaction() as session:
        found = select(User.login).join(Message, Message.user_id == User.id).where(Message.kind == kind)
        return sorted(session.scalars(found))


def ask(world: World, **change: str) -> uuid.UUID:
    where = f"/obligations/{world.obligation(world.cells[0]).id}/not-met"
    page = done(world.sign_in("secretary1"), where, **{**ASKING, **change})
    assert "đang chờ trả lời" in page.text
    with world.app.app_context(), read_transaction() as session:
        return session.scalars(select(PeriodException.id).where(PeriodException.state == ExceptionState.ASKED)).one()


def test_nobody_excuses_the_cell_that_they_report_for(world: World) -> None:
    with world.app.app_context(), write_transaction() as session:
        give_role(session, world.users["reviewer"], world.cells[0], Role.REPORTER, LONG_AGO, None, world.clock())
    where = f"/units/{world.committee}/exceptions"
    page = post(world.sign_in("reviewer"), where, **{**SETTING, "for_unit": str(world.cells[0])})
    assert page.status_code == 422
    assert "Đây là chi bộ của đồng chí" in page.text
    assert REASON in page.text, "what was typed is still there"
    set_for(world, world.cells[1])
    assert due(world, world.cells[0]) != date(2026, 11, 22)
    assert due(world, world.cells[1]) == date(2026, 11, 22)


def set_for(world: World, unit: uuid.UUID, login: str = "reviewer", **change: str) -> uuid.UUID:
    where = f"/units/{world.committee}/exceptions"
    world.clock.advance(minutes=1)  # of two equal ones the later counts
    done(world.sign_in(login), where, **{**SETTING, "for_unit": str(unit), **change})
    with world.app.app_context(), read_transaction() as session:
        return session.scalars(
            select(PeriodException.id).order_by(PeriodException.asked_at.desc(), PeriodException.id).limit(1)
        ).one()


# --- asked by the cell


def test_asking_changes_nothing_until_the_direct_superior_agrees(world: World) -> None:
    asked = ask(world)
    assert due(world, world.cells[0]) == date(2026, 11, 5)
    assert told(world, ASKED) == ["reviewer"]
    reviewer = world.sign_in("reviewer")
    assert "Chi bộ Thôn Mẫu 1 chưa họp được kỳ 11/2026." in reviewer.get("/messages").text
    assert REASON in reviewer.get(f"/units/{world.committee}/exceptions").text
    document = "Công văn 16-CV/ĐU ngày 03/11/2026"
    page = done(reviewer, f"/exceptions/{asked}/decision", decision="approve", note="", document=document)
    assert document in page.text
    assert due(world, world.cells[0]) == date(2026, 11, 14)
    assert told(world, DECIDED) == ["secretary1"]
    assert "chi bộ họp ngày 12/11/2026" in world.sign_in("secretary1").get("/messages").text


def test_a_refusal_needs_a_reason_and_changes_nothing(world: World) -> None:
    asked, reviewer = ask(world), world.sign_in("reviewer")
    answer = post(reviewer, f"/exceptions/{asked}/decision", decision="refuse", note="")
    assert (answer.status_code, "Đồng chí hãy ghi lý do không đồng ý" in answer.text) == (422, True)
    done(reviewer, f"/exceptions/{asked}/decision", decision="refuse", note="Đường đã thông rồi")
    assert due(world, world.cells[0]) == date(2026, 11, 5)
    assert "Đường đã thông rồi" in world.sign_in("secretary1").get("/messages").text
    answer = post(reviewer, f"/exceptions/{asked}/decision", decision="approve", note="")
    assert "Đề nghị này đã được trả lời hoặc đã rút rồi" in answer.text


def test_an_honest_answer_after_the_miss_lets_the_period_not_count(world: World) -> None:
    world.clock.set(CLOSED)
    with world.app.app_context():
        close_all(CLOSED)
    asked = ask(world, what="excuse", moved_to="")
    done(world.sign_in("administrator"), f"/exceptions/{asked}/decision", decision="approve", note="")
    assert state(world, world.cells[0]) == ObligationState.EXCUSED
    assert state(world, world.cells[1]) == ObligationState.MISSED


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"reason": ""}, "Đồng chí hãy ghi lý do."),
        ({"moved_to": ""}, "Đồng chí hãy ghi ngày họp mới"),
        ({"moved_to": "12/11/2062"}, "Ngày này xa kỳ sinh hoạt quá"),
    ],
)
def test_an_asking_that_is_not_whole_gets_a_sentence(world: World, change: dict[str, str], sentence: str) -> None:
    where = f"/obligations/{world.obligation(world.cells[0]).id}/not-met"
    answer = post(world.sign_in("secretary1"), where, **{**ASKING, **change})
    assert answer.status_code == 422
    assert sentence in answer.text


def test_home_says_that_an_asking_waits_until_it_is_answered_and_then_offers_no_day_of_its_own(world: World) -> None:
    home, cell = f"/cells/{world.cells[0]}/home", world.sign_in("secretary1")
    plan = f"/obligations/{world.obligation(world.cells[0]).id}/plan"
    assert "đang chờ trả lời" not in cell.get(home).text
    asked = ask(world)
    assert "Chi bộ đề nghị: Họp ngày" in cell.get(home).text
    assert "đang chờ trả lời" in cell.get(home).text
    assert plan in cell.get(home).text
    done(world.sign_in("reviewer"), f"/exceptions/{asked}/decision", decision="approve", note="")
    assert "Đã lùi sang ngày" in cell.get(home).text
    assert "đang chờ trả lời" not in cell.get(home).text
    assert plan not in cell.get(home).text, "the superior decided; the cell's own day would be refused"


def test_one_asking_at_a_time_and_none_about_what_is_reported(world: World) -> None:
    ask(world)
    cell = world.sign_in("secretary1")
    where = f"/obligations/{world.obligation(world.cells[0]).id}/not-met"
    assert "đang chờ cấp trên trả lời" in post(cell, where, **ASKING).text
    with world.app.app_context(), write_transaction() as session:
        one = lock_obligation(session, world.obligation(world.cells[0], "2026-10").id)
        mark_reported(session, one, world.users["secretary1"], world.clock())
    where = f"/obligations/{one.id}/not-met"
    assert post(cell, where, **ASKING).status_code == 422


def test_while_an_asking_waits_the_cell_sees_it_and_may_take_it_back(world: World) -> None:
    asked, cell = ask(world), world.sign_in("secretary1")
    where = f"/obligations/{world.obligation(world.cells[0]).id}/not-met"
    page = cell.get(where).text
    assert "Chi bộ đã gửi đề nghị lúc" in page
    assert "Gửi đề nghị</button>" not in page
    page = done(cell, f"{where}/withdrawal").text
    assert "Đã rút đề nghị" in page
    assert "Gửi đề nghị</button>" in page
    refusal = post(world.sign_in("reviewer"), f"/exceptions/{asked}/decision", decision="approve", note="")
    assert "Đề nghị này đã được trả lời hoặc đã rút rồi" in refusal.text
    answer = post(cell, f"{where}/withdrawal")
    assert (answer.status_code, "Không có đề nghị nào đang chờ" in answer.text) == (422, True)
    again = ask(world)
    done(world.sign_in("reviewer"), f"/exceptions/{again}/decision", decision="approve", note="")
    assert post(cell, f"{where}/withdrawal").status_code == 422
    assert due(world, world.cells[0]) == date(2026, 11, 14), "what was decided is not the cell's to take back"


def test_nobody_grants_what_their_own_cell_asked(world: World) -> None:
    asked = ask(world)
    with world.app.app_context(), write_transaction() as session:
        give_role(session, world.users["reviewer"], world.cells[0], Role.REPORTER, LONG_AGO, None, world.clock())
    answer = post(world.sign_in("reviewer"), f"/exceptions/{asked}/decision", decision="approve", note="")
    assert (answer.status_code, "Đây là chi bộ của đồng chí" in answer.text) == (422, True)


def test_an_asking_lapses_when_the_meeting_is_reported_after_all(world: World) -> None:
    asked = ask(world)
    with world.app.app_context(), write_transaction() as session:
        one = lock_obligation(session, world.obligation(world.cells[0]).id)
        mark_reported(session, one, world.users["secretary1"], world.clock())
        assert session.get_one(PeriodException, asked).state == ExceptionState.WITHDRAWN
    reviewer = world.sign_in("reviewer")
    answer = post(reviewer, f"/exceptions/{asked}/decision", decision="refuse", note="Đã họp rồi")
    assert "đã được trả lời hoặc đã rút rồi" in answer.text
    assert told(world, DECIDED) == []


def test_an_asking_lapses_when_the_cell_owes_the_period_no_more(world: World) -> None:
    asked = ask(world)
    closing = {"closed_on": "03/11/2026", "closing_document": "QĐ 9-QĐ/ĐU"}
    done(world.sign_in("administrator"), f"/office/units/{world.cells[0]}/closing", **closing)
    with world.app.app_context(), read_transaction() as session:
        assert session.get_one(PeriodException, asked).state == ExceptionState.WITHDRAWN


def test_only_those_who_may_decide_hear_that_a_cell_asks(world: World) -> None:
    """A reviewer further up reads, but does not decide; where no reviewer is directly above, administrators do."""
    with world.app.app_context(), write_transaction() as session:
        give_role(session, world.users["leader"], world.root, Role.REVIEWER, LONG_AGO, None, world.clock())
        give_role(session, world.users["stranger"], world.other_cell, Role.SECRETARY, LONG_AGO, None, world.clock())
        session.execute(delete(RoleAssignment).where(RoleAssignment.user_id == world.users["other_reviewer"]))
    ask(world)
    assert told(world, ASKED) == ["reviewer"]
    done(world.sign_in("stranger"), f"/obligations/{world.obligation(world.other_cell).id}/not-met", **ASKING)
    assert told(world, ASKED) == ["administrator", "reviewer"]


def test_nobody_decides_what_they_asked_for(world: World) -> None:
    asked = ask(world)
    with world.app.app_context(), write_transaction() as session:
        session.get_one(PeriodException, asked).asked_by = world.users["reviewer"]
    answer = post(world.sign_in("reviewer"), f"/exceptions/{asked}/decision", decision="approve", note="")
    assert "một đồng chí khác trả lời" in answer.text


# --- set by an authority


def test_the_preview_counts_and_changes_nothing(world: World) -> None:
    with world.app.app_context(), write_transaction() as session:
        one = lock_obligation(session, world.obligation(world.cells[1]).id)
        mark_reported(session, one, world.users["secretary2"], world.clock())
    where = f"/units/{world.committee}/exceptions/preview"
    page = post(world.sign_in("reviewer"), where, **SETTING, for_unit=str(world.committee))
    assert "Đã lập 3 kỳ sinh hoạt" in page.text
    assert "1 kỳ đã có báo cáo, giữ nguyên" in page.text
    assert due(world, world.cells[0]) == date(2026, 11, 5)


def test_an_area_is_moved_and_hears_and_what_is_reported_stays(world: World) -> None:
    with world.app.app_context(), write_transaction() as session:
        one = lock_obligation(session, world.obligation(world.cells[1]).id)
        mark_reported(session, one, world.users["secretary2"], world.clock())
    set_for(world, world.committee)
    assert [due(world, cell) for cell in (*world.cells, world.other_cell)] == [
        date(2026, 11, 22),
        date(2026, 11, 5),
        date(2026, 11, 22),
        date(2026, 11, 5),
    ]
    world.work("alerts")
    world.work("alerts")
    assert told(world, PERIOD_CHANGED) == ["secretary1"], "secretary2 has reported, the third cell has none"


def test_the_exception_nearest_to_the_cell_counts_and_undoing_it_brings_back_the_next(world: World) -> None:
    set_for(world, world.committee)
    own = set_for(world, world.cells[0], what="excuse", moved_to="")
    assert state(world, world.cells[0]) == ObligationState.EXCUSED
    set_for(world, world.committee, moved_to="25/11/2026")
    assert state(world, world.cells[0]) == ObligationState.EXCUSED, "a later one for the area is farther away"
    assert due(world, world.cells[1]) == date(2026, 11, 27)
    done(world.sign_in("reviewer"), f"/exceptions/{own}/withdrawal")
    assert state(world, world.cells[0]) == ObligationState.OPEN
    assert due(world, world.cells[0]) == date(2026, 11, 27)


def test_withdrawing_restores_the_very_instants_whatever_was_changed_meanwhile(world: World) -> None:
    before = world.obligation(world.cells[0])
    exception = set_for(world, world.cells[0], moved_to="10/12/2026")
    moved = world.obligation(world.cells[0])
    assert last_day_before(moved.closes_at) == date(2026, 12, 12)
    world.clock.set(at("2026-11-08T08:00+07:00"))
    facts = {"unit_name": "Chi bộ Thôn Mẫu 1", "code": "", "usual_day": "28"}
    done(world.sign_in("administrator"), f"/office/units/{world.cells[0]}/facts", **facts)
    page = done(world.sign_in("reviewer"), f"/exceptions/{exception}/withdrawal")
    assert "đã rút" in page.text
    after = world.obligation(world.cells[0])
    assert (after.opens_at, after.due_at, after.closes_at) == (before.opens_at, before.due_at, before.closes_at)
    assert after.moved_on is None
    answer = post(world.sign_in("reviewer"), f"/exceptions/{exception}/withdrawal")
    assert "không còn hiệu lực" in answer.text


@pytest.mark.parametrize(("day", "expected"), [(4, ObligationState.REPORTED), (8, ObligationState.REPORTED_LATE)])
def test_what_was_reported_although_it_did_not_count_is_judged_once_it_counts_again(
    world: World, day: int, expected: ObligationState
) -> None:
    exception = set_for(world, world.cells[0], what="excuse", moved_to="")
    before = world.obligation(world.cells[0]).due_at
    world.clock.set(at(f"2026-11-{day:02}T08:00+07:00"))
    with world.app.app_context(), write_transaction() as session:
        one = lock_obligation(session, world.obligation(world.cells[0]).id)
        mark_reported(session, one, world.users["secretary1"], world.clock())
    assert state(world, world.cells[0]) == ObligationState.EXCUSED
    done(world.sign_in("reviewer"), f"/exceptions/{exception}/withdrawal")
    assert (state(world, world.cells[0]), world.obligation(world.cells[0]).due_at) == (expected, before)


def test_what_a_closed_cell_reported_all_the_same_counts_when_it_works_again(world: World) -> None:
    """A cell that closes before its day owes nothing; what it sends then is judged when the closing is undone."""
    office = world.sign_in("administrator")
    closing = {"closed_on": "03/11/2026", "closing_document": "QĐ 9-QĐ/ĐU"}
    done(office, f"/office/units/{world.cells[0]}/closing", **closing)
    assert state(world, world.cells[0]) == ObligationState.EXCUSED
    with world.app.app_context(), write_transaction() as session:
        one = lock_obligation(session, world.obligation(world.cells[0]).id)
        mark_reported(session, one, world.users["secretary1"], world.clock())
    done(office, f"/office/units/{world.cells[0]}/reopening")
    assert state(world, world.cells[0]) == ObligationState.REPORTED


def test_a_standing_exception_covers_cells_and_periods_made_later(world: World) -> None:
    set_for(world, world.committee, period="02/2027", moved_to="25/02/2027")
    with world.app.app_context(), write_transaction() as session:
        new = found_unit(session, NewUnit("Chi bộ Mới", "chi_bo", date(2026, 12, 1), world.committee), None, CLOSED)
        make_obligations(session, [Month(2027, 1), Month(2027, 2)], CLOSED)
    assert due(world, new.id, "2027-02") == date(2027, 2, 27)
    assert due(world, new.id, "2027-01") == date(2027, 1, 5)
    assert due(world, world.other_cell, "2027-02") == date(2027, 2, 5)


def test_an_exception_for_a_quarter_covers_the_thematic_meeting_alone(world: World) -> None:
    add_thematic(world)
    page = post(
        world.sign_in("reviewer"),
        f"/units/{world.committee}/exceptions/preview",
        **{**SETTING, "period": "Quý IV/2026", "moved_to": "10/01/2027", "for_unit": str(world.cells[0])},
    )
    assert "Đã lập 1 kỳ sinh hoạt" in page.text
    set_for(world, world.cells[0], period="Quý IV/2026", moved_to="10/01/2027")
    assert due(world, world.cells[0], "2026-Q4") == date(2027, 1, 12)
    assert due(world, world.cells[0]) == date(2026, 11, 5)


# --- after the miss


def test_those_who_were_alerted_hear_once_that_a_miss_no_longer_counts(world: World) -> None:
    world.clock.set(CLOSED)
    with world.app.app_context():
        close_all(CLOSED)
    reviewer = world.sign_in("reviewer")
    alerts = told(world, MISSED)
    exception = set_for(world, world.committee, what="excuse", moved_to="")
    world.work("alerts")
    assert told(world, LIFTED) == ["reviewer", "secretary1", "secretary2"]
    text = reviewer.get("/messages").text
    assert "kỳ 11/2026 không còn tính là thiếu báo cáo cho 3 chi bộ" in text
    assert told(world, LIFTED) == ["reviewer", "secretary1", "secretary2"]
    done(reviewer, f"/exceptions/{exception}/withdrawal")
    assert state(world, world.cells[0]) == ObligationState.MISSED
    set_for(world, world.committee, what="excuse", moved_to="")
    with world.app.app_context():
        close_all(CLOSED)
    world.work("alerts")
    assert told(world, LIFTED) == ["reviewer", "secretary1", "secretary2"], "once, whatever is undone and done again"
    assert told(world, MISSED) == alerts
    with world.app.app_context(), read_transaction() as session:
        assert session.scalar(select(func.count()).select_from(MissedEvent)) == 12, "the events stay"


def test_a_period_that_was_moved_after_its_miss_is_open_again_and_may_be_missed_again(world: World) -> None:
    world.clock.set(CLOSED)
    with world.app.app_context():
        close_all(CLOSED)
    exception = set_for(world, world.cells[0], moved_to="10/12/2026")
    assert state(world, world.cells[0]) == ObligationState.OPEN
    again = at("2026-12-13T08:00+07:00")
    world.clock.set(again)
    with world.app.app_context():
        assert close_all(again) == 1
        assert close_all(again) == 0
    assert state(world, world.cells[0]) == ObligationState.MISSED
    assert len([login for login in told(world, MISSED) if login == "reviewer"]) == 4, "three months, and this once more"
    done(world.sign_in("reviewer"), f"/exceptions/{exception}/withdrawal")
    assert world.obligation(world.cells[0]).missed_at == CLOSED, "the miss that belongs to the old closing"
    with world.app.app_context():
        assert close_all(again) == 0


def test_the_same_decision_saved_twice_is_one(world: World) -> None:
    """A second press must not leave one behind that stands after the other is withdrawn."""
    first = set_for(world, world.committee)
    assert set_for(world, world.committee) == first
    changed = set_for(world, world.committee, moved_to="25/11/2026")
    again = set_for(world, world.committee)
    assert len({first, changed, again}) == 3, "going back to the first day is another decision"
    assert due(world, world.cells[1]) == date(2026, 11, 22)
    reviewer = world.sign_in("reviewer")
    assert "Đã rút. 3 kỳ được tính lại." in done(reviewer, f"/exceptions/{again}/withdrawal").text
    assert due(world, world.cells[1]) == date(2026, 11, 27)
    for one in (changed, first):
        done(reviewer, f"/exceptions/{one}/withdrawal")
    assert due(world, world.cells[1]) == date(2026, 11, 5)


def test_only_cells_whose_terms_changed_are_told(world: World) -> None:
    set_for(world, world.cells[0], what="excuse", moved_to="")
    world.work("alerts")
    assert told(world, PERIOD_CHANGED) == ["secretary1"]
    area = set_for(world, world.committee)
    world.work("alerts")
    assert told(world, PERIOD_CHANGED) == ["secretary1", "secretary2"], "the first cell's own excuse goes on"
    reviewer = world.sign_in("reviewer")
    assert "Đã rút. 2 kỳ được tính lại." in done(reviewer, f"/exceptions/{area}/withdrawal").text
    world.work("alerts")
    assert told(world, PERIOD_CHANGED) == ["secretary1", "secretary2", "secretary2"]
    text = world.sign_in("secretary2").get("/messages").text
    assert "quyết định về kỳ 11/2026 đã được rút, kỳ này được tính lại" in text


def test_withdrawing_what_changes_nothing_says_so(world: World) -> None:
    one = set_for(world, world.cells[0], what="excuse", moved_to="")
    other = set_for(world, world.cells[0], what="excuse", moved_to="", document="Công văn 16-CV/ĐU")
    world.work("alerts")
    page = done(world.sign_in("reviewer"), f"/exceptions/{other}/withdrawal")
    assert "Không kỳ nào thay đổi" in page.text
    assert state(world, world.cells[0]) == ObligationState.EXCUSED
    world.work("alerts")
    assert told(world, PERIOD_CHANGED) == ["secretary1"], "of the first decision alone"
    page = done(world.sign_in("reviewer"), f"/exceptions/{one}/withdrawal")
    assert "Đã rút. 1 kỳ được tính lại." in page.text


@pytest.mark.parametrize("action", ["exceptions", "exceptions/preview"])
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"moved_to": "12/12/2028"}, "Ngày này xa kỳ sinh hoạt quá"),
        ({"moved_to": "hôm nào đó"}, "Chưa hiểu ngày này"),
        ({"moved_to": ""}, "Đồng chí hãy ghi ngày họp mới"),
        ({"period": "cuối năm"}, "Chưa hiểu kỳ này"),
        ({"period": ""}, "Đồng chí hãy ghi tháng hoặc quý"),
        ({"period": "01/2020"}, "ở trước kỳ đầu tiên được theo dõi"),
        ({"period": "12/9999"}, "còn xa quá"),
        ({"period": "01/0001", "moved_to": "01/01/0001"}, "ở trước kỳ đầu tiên"),
        ({"series": "thematic"}, "tính theo quý"),
        ({"series": "regular", "period": "Quý IV/2026"}, "tính theo tháng"),
    ],
)
def test_the_preview_refuses_what_saving_refuses(
    world: World, action: str, change: dict[str, str], sentence: str
) -> None:
    add_thematic(world)
    where = f"/units/{world.committee}/{action}"
    answer = post(world.sign_in("reviewer"), where, **{**SETTING, "for_unit": str(world.committee), **change})
    assert (answer.status_code, sentence in answer.text) == (422, True), answer.text
    with world.app.app_context(), read_transaction() as session:
        assert session.scalar(select(func.count()).select_from(PeriodException)) == 0


def test_the_year_of_the_new_day_may_be_left_out(world: World) -> None:
    ask(world, moved_to="12/11")
    set_for(world, world.cells[1], period="12/26", moved_to="5/1")
    assert world.obligation(world.cells[1], "2026-12").moved_on == date(2027, 1, 5)


def test_the_list_leads_back_to_the_board(world: World) -> None:
    page = world.sign_in("reviewer").get(f"/units/{world.committee}/exceptions").text
    assert f'href="/units/{world.committee}/board"' in page
    page = world.sign_in("reviewer").get(f"/units/{world.cells[0]}/exceptions").text
    assert f'href="/units/{world.cells[0]}"' in page


def test_the_list_costs_the_same_for_few_and_many(world: World) -> None:
    reviewer = world.sign_in("reviewer")
    address = f"/units/{world.committee}/exceptions"

    def queries() -> int:
        asked: list[str] = []
        with world.app.app_context():
            engine = db.engine
        listen = partial(note_statement, asked)
        event.listen(engine, "before_cursor_execute", listen)
        assert reviewer.get(address).status_code == 200
        event.remove(engine, "before_cursor_execute", listen)
        return len(asked)

    set_for(world, world.committee)
    few = queries()
    for cell in world.cells:
        set_for(world, cell, what="excuse", moved_to="")
    assert queries() == few


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("11/2026", "2026-11"),
        ("4/2026", "2026-04"),
        ("Quý IV/2026", "2026-Q4"),
        ("quý 4/2026", "2026-Q4"),
        ("iv.2026", "2026-Q4"),
        ("2026-Q4", "2026-Q4"),
        ("Quý V/2026", None),
        ("11/26", "2026-11"),
        ("Quý IV/26", "2026-Q4"),
        ("13/2026", None),
        ("", None),
    ],
)
def test_a_period_is_understood_as_people_write_it(typed: str, code: str | None) -> None:
    assert parse_typed_period(typed) == code


def test_a_cell_of_another_committee_is_out_of_reach(world: World) -> None:
    reviewer = world.sign_in("reviewer")
    where = f"/units/{world.committee}/exceptions"
    answer = post(reviewer, where, **SETTING, for_unit=str(world.other_cell))
    assert answer.status_code == 422
    assert post(reviewer, f"/units/{world.other_cell}/exceptions", **SETTING).status_code == 404
    assert re.search("Đồng chí hãy chọn một mục", answer.text)
