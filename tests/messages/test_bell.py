"""The bell and the list behind it: what was told again and again about one matter is one matter."""

import re
import uuid

import pytest

from meetingcheck.lib.db import write_transaction
from meetingcheck.messages.actions import News, tell
from tests.world import World, token_of

HOME = "/cells/one/home"


def tell_of_period(world: World, day: str, period: str = "2026-11", path: str | None = HOME) -> None:
    params = {"cell": "Chi bộ Thôn Mẫu 1", "period": period, "moved_to": day, "reason": "Mưa lũ", "withdrawn": False}
    news = News("duties.period_changed", str(uuid.uuid4()), params if path is None else {**params, "path": path})
    world.clock.advance(minutes=1)
    with world.app.app_context(), write_transaction() as session:
        tell(session, world.users["secretary1"], news, world.clock())


@pytest.mark.parametrize(("times", "more"), [(1, None), (2, 1), (5, 4)])
def test_unread_messages_about_one_period_are_one_with_the_earlier_ones_folded(
    world: World, times: int, more: int | None
) -> None:
    for day in range(times):
        tell_of_period(world, f"{10 + day}/11/2026")
    page = world.sign_in("secretary1").get("/messages").text
    assert "1 thông báo mới" in page
    assert page.count("<article") == 1
    assert page.index(f"họp ngày {9 + times}/11/2026") == page.index("họp ngày "), "the newest comes first"
    assert re.findall(r"và (\d+) lần trước", page) == ([str(more)] if more else [])
    assert page.count("họp ngày ") == times, "nothing is lost"


def test_another_period_page_or_reader_is_another_matter(world: World) -> None:
    tell_of_period(world, "10/11/2026")
    tell_of_period(world, "10/12/2026", period="2026-12")
    tell_of_period(world, "10/11/2026", path="/cells/two/home")
    for _ in range(2):
        tell_of_period(world, "10/11/2026", path=None)
    page = world.sign_in("secretary1").get("/messages").text
    assert "5 thông báo mới" in page
    assert page.count("<article") == 5
    assert "thông báo mới" not in world.sign_in("secretary2").get("/messages").text


def test_what_was_read_is_not_folded_into_what_is_new(world: World) -> None:
    tell_of_period(world, "10/11/2026")
    tell_of_period(world, "11/11/2026")
    client = world.sign_in("secretary1")
    client.post("/messages/read", data={"csrf_token": token_of(client.get("/messages"))})
    tell_of_period(world, "12/11/2026")
    page = client.get("/messages").text
    assert "1 thông báo mới" in page
    assert page.count("<article") == 3
    assert "lần trước" not in page
