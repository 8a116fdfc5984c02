"""Who began a report and does not send it hears of it once, in the app and by mail."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from meetingcheck.meetings.drafts.jobs import tell_of_unsent
from meetingcheck.meetings.drafts.rules import FORGOTTEN, UNTOUCHED, unsent_between
from meetingcheck.messages.models import Message
from tests.clock import SetClock
from tests.meetings.test_corrections import period, rows, send, whole_form
from tests.meetings.test_late_work import dismiss_today
from tests.world import World

KIND = "meetings.unsent"


def begin(world: World, where: str | None = None, **fields: str) -> None:
    client, address = world.sign_in("secretary1"), where or period(world)
    form = whole_form(client.get(address), {"held_on": "03/11/2026"})
    assert send(client, address, {**form, **fields, "then": "save"}).status_code == 303


def told_after(world: World, days: float) -> list[Message]:
    """The messages that there are once the daily job has run so much later, and once more."""
    with world.app.app_context():
        for _ in range(2):
            tell_of_unsent({}, world.clock() + timedelta(days=days))
    return [one for one in rows(world.app, Message) if isinstance(one, Message) and one.kind == KIND]


def test_a_draft_that_lies_two_days_is_told_to_its_author_once(world: World) -> None:
    begin(world)
    assert told_after(world, 1.9) == []
    [message] = told_after(world, 2.1)
    assert message.user_id == world.users["secretary1"]
    assert message.params["path"] == period(world)
    assert len(told_after(world, 9)) == 1
    shown = world.sign_in("secretary1").get("/messages").text
    assert "Báo cáo kỳ 11/2026 đang soạn, chưa gửi" in shown
    assert "kẻo máy xóa mất" in shown


def test_an_extra_meeting_leads_back_to_its_own_draft(world: World) -> None:
    where = f"/cells/{world.cells[0]}/extra"
    begin(world, where, extra_kind="congress")
    [message] = told_after(world, 3)
    page = world.sign_in("secretary1").get(message.params["path"])
    assert 'value="03/11/2026"' in page.text


def test_nobody_hears_of_what_was_sent_or_reported_by_another(world: World, overview: bytes) -> None:
    begin(world)
    reporter = world.sign_in("reporter1")
    form = whole_form(reporter.get(period(world)), overviews=[overview])
    assert send(reporter, period(world), form).status_code == 303
    assert told_after(world, 3) == []


def test_nobody_hears_of_what_they_may_not_send_any_more(world: World) -> None:
    begin(world)
    dismiss_today(world)
    assert told_after(world, 3) == []


def test_nobody_hears_of_what_was_forgotten_long_ago(world: World) -> None:
    begin(world)
    assert told_after(world, 31) == []


@given(st.timedeltas(timedelta(0), timedelta(days=400)))
def test_a_draft_is_spoken_of_between_two_and_thirty_days(age: timedelta) -> None:
    now = SetClock()()
    earliest, latest = unsent_between(now)
    assert (earliest <= now - age <= latest) == (UNTOUCHED <= age <= FORGOTTEN)
