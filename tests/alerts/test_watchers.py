"""Who hears of a miss: those who look after the cell, else the reviewers of the nearest superior."""

from datetime import date

from sqlalchemy import select

from meetingcheck.accounts.models import User
from meetingcheck.alerts.actions import MISSED
from meetingcheck.alerts.jobs import close_all
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.messages.models import Message
from meetingcheck.orgs.actions import add_watcher, end_watch
from meetingcheck.orgs.queries import alert_recipients, list_watchers
from tests.world import LONG_AGO, World, at

CLOSING = at("2026-12-03T00:00+07:00")


def watch(world: World, login: str, cell: int, from_on: date = LONG_AGO) -> None:
    with world.app.app_context(), write_transaction() as session:
        add_watcher(session, world.cells[cell], world.users[login], from_on, None, world.clock())


def told(world: World) -> dict[str, list[str]]:
    """The cells of which each person heard, by login."""
    with world.app.app_context(), read_transaction() as session:
        rows = session.execute(
            select(User.login, Message.params).join(User, User.id == Message.user_id).where(Message.kind == MISSED)
        )
        found: dict[str, set[str]] = {}
        for login, params in rows:
            found.setdefault(login, set()).update(params["cells"])
        return {login: sorted(cells) for login, cells in found.items()}


def test_a_watcher_hears_first_and_the_reviewer_of_the_other_cells(world: World) -> None:
    watch(world, "stranger", 0)
    world.clock.set(CLOSING)
    with world.app.app_context():
        close_all(CLOSING)
    assert told(world) == {
        "stranger": ["Chi bộ Thôn Mẫu 1"],
        "reviewer": ["Chi bộ Thôn Mẫu 10", "Chi bộ Thôn Mẫu 2"],
        "other_reviewer": ["Chi bộ Tổ Khác"],
    }


def test_watching_counts_by_the_day(world: World) -> None:
    watch(world, "stranger", 0, date(2026, 11, 10))
    asked = world.cells[:1]
    with world.app.app_context(), write_transaction() as session:
        reviewer, watcher = [world.users["reviewer"]], [world.users["stranger"]]
        assert alert_recipients(session, asked, date(2026, 11, 9)) == {asked[0]: reviewer}
        assert alert_recipients(session, asked, date(2026, 11, 10)) == {asked[0]: watcher}
        ((row, _),) = list_watchers(session, asked[0], date(2026, 11, 10))
        end_watch(session, row, date(2026, 11, 20), None, world.clock())
        assert alert_recipients(session, asked, date(2026, 11, 19)) == {asked[0]: watcher}
        assert alert_recipients(session, asked, date(2026, 11, 20)) == {asked[0]: reviewer}


def test_all_who_look_after_a_cell_hear(world: World) -> None:
    watch(world, "stranger", 0)
    watch(world, "leader", 0)
    with world.app.app_context(), read_transaction() as session:
        found = alert_recipients(session, world.cells[:1], date(2026, 11, 9))
    assert set(found[world.cells[0]]) == {world.users["stranger"], world.users["leader"]}
