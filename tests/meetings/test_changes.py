"""Putting mistakes right: void and have back, move a report or one photo, by whoever has the right over both places."""

import uuid
from datetime import datetime

import pytest
from flask.testing import FlaskClient
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import select
from sqlalchemy.orm import Session

from meetingcheck.alerts.jobs import close_all
from meetingcheck.duties.models import MissedEvent, Obligation
from meetingcheck.duties.queries import THEMATIC
from meetingcheck.duties.rules import ObligationState, state_of
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.meetings.actions import Sending, correct_report
from meetingcheck.meetings.changes.actions import move_report, restore_report, void_report
from meetingcheck.meetings.models import Meeting, MeetingPhoto, MeetingState, Satisfaction, Verdict, VersionPhoto
from meetingcheck.meetings.queries import list_sent
from meetingcheck.meetings.reviews.actions import answer_report
from meetingcheck.messages.models import Message
from meetingcheck.orgs.actions import Refused
from meetingcheck.photos.models import Photo
from tests.meetings.test_corrections import file_report, period, rows, send, whole_form
from tests.photos import samples
from tests.soak import SOAK
from tests.world import GOOD_FIELDS, World, add_thematic, at, token_of

REASON = {"reason": "Gửi nhầm kỳ"}


def post(client: FlaskClient, where: str, **fields: str) -> tuple[int, str]:
    answer = client.post(where, data={"csrf_token": token_of(client.get(where)), **fields})
    return answer.status_code, answer.text


def test_a_void_report_counts_for_nothing_and_can_be_had_back(world: World, overview: bytes) -> None:
    report = file_report(world, overview)
    client = world.sign_in("secretary1")
    assert post(client, f"{report}/void")[0] == 422, "a reason is asked for"
    assert post(client, f"{report}/void", **REASON)[0] == 303
    assert rows(world.app, Satisfaction) == []
    assert world.obligation(world.cells[0]).reported_at is None
    assert period(world) in client.get(f"/cells/{world.cells[0]}/home").text, "it is owed again"
    assert "Gửi nhầm kỳ" in world.sign_in("reviewer").get(report).text
    told = [one.user_id for one in rows(world.app, Message) if one.kind == "meetings.void"]
    assert told == [world.users["reviewer"]]

    restored = client.post(f"{report}/restore", data={"csrf_token": token_of(client.get(report))})
    assert restored.status_code == 303
    told = [one.user_id for one in rows(world.app, Message) if one.kind == "meetings.restored"]
    assert told == [world.users["reviewer"]], "who heard of the one hears of the other"
    assert state_of(world.obligation(world.cells[0]), world.clock()) == ObligationState.REPORTED
    assert len(rows(world.app, Satisfaction)) == 1


def test_after_a_void_another_report_can_come_and_then_the_old_one_stays_void(world: World, overview: bytes) -> None:
    report = file_report(world, overview)
    client = world.sign_in("secretary1")
    post(client, f"{report}/void", **REASON)
    other = samples.jpeg(samples.scene(41, 31))
    answer = send(client, period(world), whole_form(client.get(period(world)), overviews=[other]))
    assert answer.status_code == 303, answer.text
    client.post(f"{report}/restore", data={"csrf_token": token_of(client.get(report))})
    assert "Kỳ này đã có báo cáo khác" in client.get(report).text
    assert sorted(one.state for one in rows(world.app, Meeting)) == [MeetingState.SUBMITTED, MeetingState.VOID]


def test_a_void_report_of_a_past_period_is_missed_at_the_next_closing(world: World, overview: bytes) -> None:
    report = file_report(world, overview)
    world.clock.advance(days=40)
    with world.app.app_context():
        close_all(world.clock())
        obligation = world.obligation(world.cells[0])
        assert obligation.missed_at is None
    post(world.sign_in("secretary1"), f"{report}/void", **REASON)
    with world.app.app_context():
        close_all(world.clock())
        close_all(world.clock())
    events = [one for one in rows(world.app, MissedEvent) if one.obligation_id == obligation.id]
    assert len(events) == 1


def test_a_report_moves_to_the_right_period_as_it_was_first_sent(world: World, overview: bytes) -> None:
    report = file_report(world, overview, {**GOOD_FIELDS, "held_on": "01/11/2026"})
    sent_at = world.clock()
    world.clock.advance(days=2)
    client = world.sign_in("secretary1")
    october = world.obligation(world.cells[0], "2026-10")
    assert post(client, f"{report}/move")[0] == 422, "a period is asked for"
    assert post(client, f"{report}/move", period=str(october.id))[0] == 303
    assert world.obligation(world.cells[0]).reported_at is None
    assert world.obligation(world.cells[0], "2026-10").reported_at == sent_at
    assert [row.obligation_id for row in rows(world.app, Satisfaction)] == [october.id]


def test_a_report_moves_to_no_period_on_whose_days_it_was_not_held(world: World, overview: bytes) -> None:
    report = file_report(world, overview)
    client = world.sign_in("secretary1")
    offered = client.get(f"{report}/move").text
    for month in ("2026-09", "2026-10", "2026-12"):
        obligation = world.obligation(world.cells[0], month)
        assert str(obligation.id) not in offered, month
        status, text = post(client, f"{report}/move", period=str(obligation.id))
        assert (status, "không diễn ra trong các ngày của kỳ này" in text) == (422, True), month
    assert [row.obligation_id for row in rows(world.app, Satisfaction)] == [world.obligation(world.cells[0]).id]


def test_an_extra_meeting_moved_there_and_back_is_of_the_kind_that_was_chosen(world: World, overview: bytes) -> None:
    report = file_report(world, overview)
    client = world.sign_in("secretary1")
    assert post(client, f"{report}/move", period="extra:congress")[0] == 303
    assert rows(world.app, Satisfaction) == []
    assert "đại hội" in client.get(report).text
    assert post(client, f"{report}/move", period=str(world.obligation(world.cells[0]).id))[0] == 303
    assert len(rows(world.app, Satisfaction)) == 1


def test_what_is_had_back_stands_as_it_was_answered(world: World, overview: bytes) -> None:
    report = file_report(world, overview)
    reviewer, client = world.sign_in("reviewer"), world.sign_in("secretary1")
    asked = {
        "csrf_token": token_of(reviewer.get(report)),
        "version": "1",
        "verdict": "ask_to_add",
        "comment": "Thêm ảnh",
    }
    asked["answer_by"] = "06/11/2026"
    assert reviewer.post(f"{report}/answer", data=asked).status_code == 303
    post(client, f"{report}/void", **REASON)
    client.post(f"{report}/restore", data={"csrf_token": token_of(client.get(report))})
    assert [one.state for one in rows(world.app, Meeting)] == [MeetingState.RETURNED]
    assert "Cần bổ sung" in client.get(f"/cells/{world.cells[0]}/home").text


COMBINED = {**GOOD_FIELDS, "ends_at": "21:45", "combined": "yes", "topic": "Chuyên đề quý IV"}


def correct(client: FlaskClient, report: str, fields: dict[str, str]) -> None:
    where = f"{report}/correct"
    answer = send(client, where, whole_form(client.get(where), fields))
    assert answer.status_code == 303, answer.text


def test_a_quarter_that_one_report_gives_up_stays_with_another_that_held_it_too(world: World, overview: bytes) -> None:
    add_thematic(world)
    client, where = world.sign_in("secretary1"), period(world, "2026-10")
    october = {**COMBINED, "held_on": "05/10/2026"}
    other = samples.jpeg(samples.scene(41, 31))
    assert send(client, where, whole_form(client.get(where), october, overviews=[other])).status_code == 303
    first_sent = world.clock()
    world.clock.advance(hours=1)
    november = file_report(world, overview, COMBINED)
    quarter = world.obligation(world.cells[0], "2026-Q4")
    assert quarter.reported_at == first_sent
    held = {one.obligation_id: one.meeting_id for one in rows(world.app, Satisfaction)}
    october_report = f"/meetings/{held[quarter.id]}"
    assert post(client, f"{october_report}/void", **REASON)[0] == 303
    assert world.obligation(world.cells[0], "2026-Q4").reported_at == world.clock()
    held = {one.obligation_id: one.meeting_id for one in rows(world.app, Satisfaction)}
    assert held[quarter.id] == uuid.UUID(november.rpartition("/")[2])


def test_a_quarter_counts_since_the_report_first_said_that_it_held_both(world: World, overview: bytes) -> None:
    """Nothing that is done to the report afterwards makes timely what was said late."""
    add_thematic(world)
    report = file_report(world, overview)
    quarter = world.obligation(world.cells[0], "2026-Q4").id
    world.clock.advance(days=70)
    client, said_at = world.sign_in("secretary1"), world.clock()
    correct(client, report, COMBINED)
    for change in ("nothing", "void", "move"):
        world.clock.advance(hours=1)
        if change == "void":
            post(client, f"{report}/void", **REASON)
            client.post(f"{report}/restore", data={"csrf_token": token_of(client.get(report))})
        elif change == "move":
            post(client, f"{report}/move", period=str(world.obligation(world.cells[0]).id))
        assert world.obligation(world.cells[0], "2026-Q4").reported_at == said_at, change
        assert len(rows(world.app, Satisfaction)) == 2
    assert state_of(world.obligation(world.cells[0], "2026-Q4"), world.clock()) == ObligationState.REPORTED_LATE
    assert state_of(world.obligation(world.cells[0]), world.clock()) == ObligationState.REPORTED
    assert quarter in {one.obligation_id for one in rows(world.app, Satisfaction)}


def test_what_was_sent_before_the_meeting_was_held_did_not_report_it(world: World, overview: bytes) -> None:
    report = file_report(world, overview)
    world.clock.advance(days=10)
    client = world.sign_in("secretary1")
    correct(client, report, {**GOOD_FIELDS, "held_on": "12/11/2026"})
    assert world.obligation(world.cells[0]).reported_at == world.clock()
    assert state_of(world.obligation(world.cells[0]), world.clock()) == ObligationState.REPORTED_LATE


@pytest.mark.parametrize("hours", [("19:30", "21:15"), ("20:00", "21:45")])
def test_one_sitting_does_not_stand_for_two_months(world: World, overview: bytes, hours: tuple[str, str]) -> None:
    """The 2nd of November is among the days of both months: October's report may still come then."""
    second = {**GOOD_FIELDS, "held_on": "02/11/2026"}
    report = file_report(world, overview, second)
    client, where = world.sign_in("secretary1"), period(world, "2026-10")
    other = samples.jpeg(samples.scene(41, 31))
    again = {**second, "begins_at": hours[0], "ends_at": hours[1]}
    answer = send(client, where, whole_form(client.get(where), again, overviews=[other]))
    assert (answer.status_code, "một buổi trùng ngày, trùng giờ" in answer.text) == (422, True)
    post(client, f"{report}/void", **REASON)
    answer = send(client, where, whole_form(client.get(where), again, overviews=[other]))
    assert answer.status_code == 303, answer.text
    restored = client.post(f"{report}/restore", data={"csrf_token": token_of(client.get(report))})
    assert "một buổi trùng ngày, trùng giờ" in client.get(restored.location).text
    assert world.obligation(world.cells[0]).reported_at is None


def test_one_sitting_may_stand_in_a_report_of_each_series(world: World, overview: bytes) -> None:
    add_thematic(world)
    file_report(world, overview)
    client, where = world.sign_in("secretary1"), period(world, "2026-Q4")
    other = samples.jpeg(samples.scene(41, 31))
    assert send(client, where, whole_form(client.get(where), GOOD_FIELDS, overviews=[other])).status_code == 303
    assert world.obligation(world.cells[0], "2026-Q4").reported_at is not None


def test_a_report_never_moves_onto_another(world: World, overview: bytes) -> None:
    first = file_report(world, overview, {**GOOD_FIELDS, "held_on": "01/11/2026"})
    client, where = world.sign_in("secretary1"), period(world, "2026-10")
    fields = {**GOOD_FIELDS, "held_on": "05/10/2026"}
    other = samples.jpeg(samples.scene(41, 31))
    assert send(client, where, whole_form(client.get(where), fields, overviews=[other])).status_code == 303
    status, text = post(client, f"{first}/move", period=str(world.obligation(world.cells[0], "2026-10").id))
    assert status == 422
    assert "Kỳ này đã có báo cáo khác" in text
    assert len(rows(world.app, Satisfaction)) == 2


def test_only_who_has_rights_over_both_cells_moves_a_report_between_them(world: World, overview: bytes) -> None:
    report = file_report(world, overview)
    sibling, foreign = world.obligation(world.cells[1]), world.obligation(world.other_cell)
    for login, target, status in (
        ("secretary1", sibling, 404),
        ("reviewer", foreign, 404),
        ("leader", sibling, 403),
        ("other_reviewer", foreign, 404),
    ):
        client = world.sign_in(login)
        token = token_of(client.get("/messages"))
        answer = client.post(f"{report}/move", data={"csrf_token": token, "period": str(target.id)})
        assert answer.status_code == status, login
    reviewer = world.sign_in("reviewer")
    assert post(reviewer, f"{report}/move", period=str(sibling.id))[0] == 303
    [meeting], [photo] = rows(world.app, Meeting), rows(world.app, Photo)
    assert (meeting.unit_id, photo.unit_id) == (world.cells[1], world.cells[1])
    assert world.sign_in("secretary1").get(report).status_code == 404
    assert world.sign_in("secretary2").get(report).status_code == 200
    assert [row.obligation_id for row in rows(world.app, Satisfaction)] == [sibling.id]


def test_the_cell_for_a_move_is_found_by_its_name(world: World, overview: bytes) -> None:
    report = file_report(world, overview)
    reviewer = world.sign_in("reviewer")
    assert str(world.obligation(world.cells[1]).id) in reviewer.get(f"{report}/move?cell=Chi bộ Thôn Mẫu 2").text
    foreign = reviewer.get(f"{report}/move?cell=Chi bộ Tổ Khác").text
    assert str(world.obligation(world.other_cell).id) not in foreign
    assert "Không tìm thấy chi bộ này" in foreign


def test_the_cell_cannot_change_what_was_accepted(world: World, overview: bytes) -> None:
    report = file_report(world, overview)
    reviewer = world.sign_in("reviewer")
    answer = {"csrf_token": token_of(reviewer.get(report)), "version": "1", "verdict": "note", "comment": ""}
    reviewer.post(f"{report}/answer", data=answer)
    client = world.sign_in("secretary1")
    status, text = post(client, f"{report}/void", **REASON)
    assert (status, "Cấp trên đã ghi nhận báo cáo này" in text) == (422, True)
    assert post(reviewer, f"{report}/void", **REASON)[0] == 303


def test_the_cell_moves_no_photo_into_or_out_of_what_was_accepted(world: World, overview: bytes) -> None:
    first = file_report(world, overview)
    client, where = world.sign_in("secretary1"), period(world, "2026-10")
    fields = {**GOOD_FIELDS, "held_on": "05/10/2026"}
    other = samples.jpeg(samples.scene(41, 31))
    second = send(client, where, whole_form(client.get(where), fields, overviews=[other])).location.partition("?")[0]
    reviewer = world.sign_in("reviewer")
    answer = {"csrf_token": token_of(reviewer.get(first)), "version": "1", "verdict": "note", "comment": ""}
    reviewer.post(f"{first}/answer", data=answer)
    photos = {one.width: one for one in rows(world.app, Photo)}
    for source, target, photo in ((first, second, photos[640]), (second, first, photos[41])):
        page = f"{source}/photos/{photo.id}/move"
        status, text = post(client, page, report=target.rpartition("/")[2])
        assert (status, "Cấp trên đã ghi nhận báo cáo này" in text) == (422, True)
    assert post(reviewer, f"{second}/photos/{photos[41].id}/move", report=first.rpartition("/")[2])[0] == 303


def test_one_photo_moves_to_the_report_where_it_belongs(world: World, overview: bytes) -> None:
    first = file_report(world, overview)
    client, where = world.sign_in("secretary1"), period(world, "2026-10")
    other = samples.jpeg(samples.scene(41, 31))
    fields = {**GOOD_FIELDS, "held_on": "05/10/2026"}
    second = send(client, where, whole_form(client.get(where), fields, overviews=[other])).location.partition("?")[0]
    stray = next(one for one in rows(world.app, Photo) if one.width == 41)
    page = f"{second}/photos/{stray.id}/move"
    assert post(client, page, report=second.rpartition("/")[2])[0] == 422
    assert post(client, page, report=first.rpartition("/")[2])[0] == 303
    assert str(stray.id) in client.get(first).text
    assert str(stray.id) not in client.get(second).text
    assert len([row for row in rows(world.app, MeetingPhoto) if row.photo_id == stray.id]) == 1
    assert len([row for row in rows(world.app, VersionPhoto) if row.photo_id == stray.id]) == 1


@pytest.mark.parametrize("nested", ["photos/{photo}/move"])
def test_a_photo_is_named_only_under_its_own_report(world: World, overview: bytes, nested: str) -> None:
    report = file_report(world, overview)
    [photo] = rows(world.app, Photo)
    client, where = world.sign_in("secretary1"), period(world, "2026-10")
    fields = {**GOOD_FIELDS, "held_on": "05/10/2026"}
    other = samples.jpeg(samples.scene(41, 31))
    second = send(client, where, whole_form(client.get(where), fields, overviews=[other])).location.partition("?")[0]
    assert client.get(f"{report}/{nested.format(photo=photo.id)}").status_code == 200
    assert client.get(f"{second}/{nested.format(photo=photo.id)}").status_code == 404
    assert client.get(f"{report}/{nested.format(photo=uuid.uuid4())}").status_code == 404


def test_whatever_is_sent_voided_restored_and_moved_each_period_counts_once(world: World, overview: bytes) -> None:
    """Random sequences, through the product's own actions; a period is never counted twice and never forgotten."""
    add_thematic(world)
    sent = [file_report(world, overview).rpartition("/")[2]]
    client, where = world.sign_in("secretary1"), period(world, "2026-10")
    fields = {**GOOD_FIELDS, "held_on": "05/10/2026"}
    other = samples.jpeg(samples.scene(41, 31))
    answer = send(client, where, whole_form(client.get(where), fields, overviews=[other]))
    sent.append(answer.location.partition("?")[0].rpartition("/")[2])
    periods = [
        world.obligation(cell, code).id for cell in world.cells[:2] for code in ("2026-09", "2026-10", "2026-11")
    ]
    actor = world.users["reviewer"]

    class Changes(RuleBasedStateMachine):
        def attempt(self, action: object) -> None:
            try:
                with world.app.app_context(), write_transaction() as session:
                    action(session)  # type: ignore[operator]
            except Refused:
                pass

        @rule(report=st.sampled_from(sent))
        def void(self, report: str) -> None:
            now = world.clock()
            self.attempt(lambda rows: void_report(rows, uuid.UUID(report), "nhầm", actor, now, by_cell=False))

        @rule(report=st.sampled_from(sent))
        def restore(self, report: str) -> None:
            self.attempt(lambda rows: restore_report(rows, uuid.UUID(report), actor, world.clock(), by_cell=False))

        @rule(report=st.sampled_from(sent), place=st.none() | st.sampled_from(periods))
        def move(self, report: str, place: uuid.UUID | None) -> None:
            def run(session: object) -> None:
                found = session.get(Obligation, place) if place else None  # type: ignore[attr-defined]
                move_report(session, uuid.UUID(report), found, actor, world.clock(), by_cell=False)  # type: ignore[arg-type]

            self.attempt(run)

        @rule(report=st.sampled_from(sent), present=st.integers(18, 23), combined=st.sampled_from(["", "yes"]))
        def correct(self, report: str, present: int, combined: str) -> None:
            world.clock.advance(minutes=1)
            held_on = "03/11/2026" if report == sent[0] else "05/10/2026"
            held = {"held_on": held_on, "present": str(present), "combined": combined}
            typed = {**GOOD_FIELDS, **held, "topic": "Chuyên đề"}
            sending = Sending(uuid.uuid4(), typed, [])
            secretary = world.users["secretary1"]
            self.attempt(lambda rows: correct_report(rows, uuid.UUID(report), sending, secretary, world.clock()))

        @rule(report=st.sampled_from(sent), verdict=st.sampled_from([Verdict.NOTE, Verdict.ASK_TO_ADD]))
        def answer(self, report: str, verdict: Verdict) -> None:
            def run(session: object) -> None:
                meeting = session.get_one(Meeting, uuid.UUID(report))  # type: ignore[attr-defined]
                if meeting.state in {MeetingState.SUBMITTED, MeetingState.RETURNED}:
                    answer_report(session, meeting, verdict, "Xem lại", actor, world.clock())  # type: ignore[arg-type]

            self.attempt(run)

        @rule()
        def close(self) -> None:
            with world.app.app_context():
                close_all(at("2026-12-20T08:00+07:00"))

        @invariant()
        def each_period_counts_once(self) -> None:
            with world.app.app_context(), read_transaction() as session:
                satisfied = {one.obligation_id: one.meeting_id for one in session.scalars(select(Satisfaction))}
                meetings = {one.id: one for one in session.scalars(select(Meeting))}
                for obligation in session.scalars(select(Obligation)):
                    assert (obligation.reported_at is not None) == (obligation.id in satisfied)
                for meeting_id in satisfied.values():
                    assert meetings[meeting_id].state != MeetingState.VOID
                    assert meetings[meeting_id].obligation_id is not None
                for quarter in session.scalars(select(Obligation).where(Obligation.series == THEMATIC)):
                    claims = claims_of(session, quarter)
                    holder = satisfied.get(quarter.id)
                    assert (holder is not None) == bool(claims), "held by one that claims it, if there is any"
                    assert holder is None or quarter.reported_at == claims[holder], "since it claimed it first"
                for meeting in meetings.values():
                    counted = list(satisfied.values()).count(meeting.id)
                    if meeting.state == MeetingState.VOID or meeting.obligation_id is None:
                        assert counted == 0
                    else:
                        assert satisfied[meeting.obligation_id] == meeting.id
                        assert counted <= 2, "the regular and the thematic period at most"
                events = session.scalars(select(MissedEvent.obligation_id)).all()
                assert len(events) == len(set(events))

    def claims_of(session: Session, quarter: Obligation) -> dict[uuid.UUID, datetime]:
        """Since when each standing report of the cell that held both says so."""
        found: dict[uuid.UUID, datetime] = {}
        for meeting in session.scalars(select(Meeting).where(Meeting.unit_id == quarter.unit_id)):
            versions = list_sent(session, meeting.id)
            of_both = [one for one in versions if one.details["combined"] and one.held_on >= quarter.period_from]
            if versions[-1] in of_both and meeting.obligation_id and meeting.state != MeetingState.VOID:
                found[meeting.id] = of_both[0].submitted_at
        return found if quarter.period == "2026-Q4" else {}

    machine = Changes.TestCase
    machine.settings = hypothesis_settings(max_examples=200 if SOAK else 8, stateful_step_count=15, deadline=None)
    machine().runTest()
