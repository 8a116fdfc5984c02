"""The calendar of due days: off by default, one person's, silent about what it is for, gone with the role."""

import io
import re

import pytest
from flask.testing import FlaskClient
from icalendar import Calendar
from sqlalchemy import select, update

from meetingcheck.accounts.actions import revoke_all_access
from meetingcheck.accounts.models import PersonalToken, User
from meetingcheck.duties.models import Obligation
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.logs import configure_logs
from meetingcheck.lib.tokens import token_hash
from meetingcheck.orgs.models import RoleAssignment, Unit
from tests.world import World, at, excuse, token_of

ADDRESS = re.compile(r'<p class="token">http://localhost(/calendar/([A-Za-z0-9_-]{22})\.ics)</p>')


def switch_on(client: FlaskClient) -> tuple[str, str]:
    """The path of the feed, as the page shows it once, and its token."""
    page = client.post("/account/calendar", data={"csrf_token": token_of(client.get("/account"))})
    found = ADDRESS.search(page.text)
    assert found, page.text
    return found.group(1), found.group(2)


def days_in(world: World, path: str) -> list[str]:
    answer = world.app.test_client().get(path)
    assert answer.status_code == 200
    return [event["dtstart"].dt.isoformat() for event in Calendar.from_ical(answer.data).walk("VEVENT")]


def test_it_is_off_until_it_is_switched_on_and_its_address_is_shown_once(world: World) -> None:
    client = world.sign_in("secretary1")
    assert "Bật lịch" in client.get("/account").text
    path, token = switch_on(client)
    page = client.get("/account").text
    assert token not in page
    assert "Tắt lịch" in page
    with world.app.app_context(), read_transaction() as session:
        assert session.scalars(select(PersonalToken.token_hash)).all() == [token_hash(token)]
    assert len(days_in(world, path)) == 4


def test_it_holds_the_due_days_of_the_own_cells_only(world: World) -> None:
    path, _ = switch_on(world.sign_in("secretary1"))
    assert days_in(world, path) == ["2026-09-05", "2026-10-05", "2026-11-05", "2026-12-05"]
    with world.app.app_context(), write_transaction() as session:
        changed = Obligation.unit_id == world.cells[1]
        session.execute(update(Obligation).where(changed).values(due_at=at("2027-01-01T00:00+07:00")))
        october = session.get_one(Obligation, world.obligation(world.cells[0], "2026-10").id)
        excuse(session, october, world.users["administrator"], world.clock())
    assert days_in(world, path) == ["2026-09-05", "2026-11-05", "2026-12-05"]


def test_it_names_no_unit_no_person_and_no_party(world: World) -> None:
    path, _ = switch_on(world.sign_in("secretary1"))
    answer = world.app.test_client().get(path)
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    said = Calendar.from_ical(answer.data)
    assert {str(event["summary"]) for event in said.walk("VEVENT")} == {"Sinh hoạt"}
    assert not [
        event for event in said.walk("VEVENT") if {"description", "location", "organizer", "attendee"} & {*event}
    ]
    with world.app.app_context(), read_transaction() as session:
        names = [
            *session.scalars(select(Unit.name)),
            *session.scalars(select(User.name)),
            *session.scalars(select(User.login)),
        ]
    unfolded = answer.data.replace(b"\r\n ", b"").decode()
    assert not [word for word in [*names, "chi bộ", "Chi bộ"] if word in unfolded]


def test_a_new_address_ends_the_one_before_and_off_ends_both(world: World) -> None:
    client, reader = world.sign_in("secretary1"), world.app.test_client()
    first, _ = switch_on(client)
    second, _ = switch_on(client)
    assert (reader.get(first).status_code, reader.get(second).status_code) == (404, 200)
    client.post("/account/calendar/off", data={"csrf_token": token_of(client.get("/account"))})
    assert reader.get(second).status_code == 404
    assert "Bật lịch" in client.get("/account").text


@pytest.mark.parametrize("how", ["role ended", "disabled", "lost phone"])
def test_it_ends_with_the_role_and_with_the_persons_access(world: World, how: str) -> None:
    path, _ = switch_on(world.sign_in("secretary1"))
    kept, _ = switch_on(world.sign_in("secretary2"))
    user_id, now = world.users["secretary1"], world.clock()
    with world.app.app_context(), write_transaction() as session:
        if how == "role ended":
            ended = RoleAssignment.user_id == user_id
            session.execute(update(RoleAssignment).where(ended).values(to_on=now.date()))
        elif how == "disabled":
            session.execute(update(User).where(User.id == user_id).values(disabled_at=now))
        else:
            revoke_all_access(session, user_id, None, now)
    assert world.app.test_client().get(path).status_code == 404
    assert world.app.test_client().get(kept).status_code == 200


def test_only_those_who_file_for_a_cell_have_one(world: World) -> None:
    for login in ("reviewer", "administrator", "stranger"):
        client = world.sign_in(login)
        page = client.get("/account")
        assert "Bật lịch" not in page.text
        assert client.post("/account/calendar", data={"csrf_token": token_of(page)}).status_code == 404
    assert switch_on(world.sign_in("reporter1"))


def test_its_address_leaves_no_trace_in_the_log(world: World) -> None:
    written = io.StringIO()
    configure_logs(written)
    path, token = switch_on(world.sign_in("secretary1"))
    reader = world.app.test_client()
    assert reader.get(path).status_code == 200
    reader.get(f"{path}?again={token}")
    reader.get(f"/calendar/{token[:-1]}x.ics")
    reader.get(f"/calendar/{token}.txt")
    reader.post(path)
    assert written.getvalue().count('"route": "/calendar/<token:token>.ics"') >= 3
    assert token not in written.getvalue()
