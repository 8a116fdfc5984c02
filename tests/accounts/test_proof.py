"""Proving again who one is, changing one's own password and login, limits of sessions, too many attempts."""

import re
import uuid
from datetime import timedelta

import pytest
from flask import redirect
from flask.testing import FlaskClient
from sqlalchemy import select, update

from meetingcheck.accounts.actions import end_sessions_of
from meetingcheck.accounts.models import SignInFailure, User, UserSession
from meetingcheck.accounts.rules import (
    ADDRESS_FAILURES_ALLOWED,
    FAILURES_ALLOWED,
    Privilege,
    session_lasts,
)
from meetingcheck.accounts.sessions import require_recent_proof
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.http.rights import SIGNED_IN, needs
from tests.accounts.ways import NEW_PASSWORD, PIN, at_once, enrolled, is_in, post, second_process, sign_in
from tests.world import PASSWORD, World, token_of

SECOND = timedelta(seconds=1)
WRONG = "một mật khẩu khác"


def confirm(client: FlaskClient, path: str = "/sign-in/confirm", **fields: str):  # type: ignore[no-untyped-def]
    return post(client, "/sign-in/confirm", page=path, next="/account/password", **fields)


# --- recent proof


def test_a_grave_page_asks_again_after_ten_minutes_and_then_goes_on(world: World) -> None:
    browser = world.sign_in("secretary1")
    world.clock.advance(minutes=10, seconds=-1)
    assert browser.get("/account/password").status_code == 200
    world.clock.advance(seconds=1)
    asked = browser.get("/account/password")
    assert (asked.status_code, asked.location) == (303, "/sign-in/confirm?next=/account/password")
    assert "Xác nhận đúng là đồng chí" in browser.get(asked.location).text
    assert confirm(browser, password=WRONG).status_code == 422
    assert browser.get("/account/password").status_code == 303
    answer = confirm(browser, password=PASSWORD)
    assert (answer.status_code, answer.location) == (303, "/account/password")
    assert browser.get("/account/password").status_code == 200


def test_what_is_posted_too_late_changes_nothing_and_leads_back_to_its_page(world: World) -> None:
    browser = world.sign_in("secretary1")
    page = browser.get("/account/password")
    world.clock.advance(minutes=10)
    answer = browser.post("/account/password", data={"csrf_token": token_of(page), "password": NEW_PASSWORD})
    assert (answer.status_code, answer.location) == (303, "/sign-in/confirm?next=/account/password")
    assert sign_in(world.app.test_client(), "secretary1", PASSWORD).status_code == 303


def test_the_second_factor_proves_too_and_so_does_the_pin_on_its_phone(world: World) -> None:
    reviewer, phone = world.sign_in("reviewer"), enrolled(world, pin=PIN)
    world.clock.advance(minutes=10)
    for browser, wrong, right in (
        (reviewer, {"code": "000000"}, {"code": world.code()}),
        (phone, {"pin": "175390"}, {"pin": PIN}),
    ):
        assert confirm(browser, **wrong).status_code == 422
        assert browser.get("/account/password").status_code == 303
        assert confirm(browser, **right).status_code == 303
        assert browser.get("/account/password").status_code == 200


def test_a_pin_proves_nothing_elsewhere(world: World) -> None:
    enrolled(world, pin=PIN)
    desk = world.sign_in("secretary1")
    world.clock.advance(minutes=10)
    assert "Mã PIN" not in desk.get("/sign-in/confirm").text
    assert confirm(desk, pin=PIN).status_code == 422


def test_confirming_leads_only_to_our_own_pages(world: World) -> None:
    browser = world.sign_in("secretary1")
    answer = post(browser, "/sign-in/confirm", password=PASSWORD, next="//evil.example/account")
    assert answer.location == "/"


def test_proof_is_of_one_session(world: World) -> None:
    first, second = world.sign_in("secretary1"), world.sign_in("secretary1")
    world.clock.advance(minutes=10)
    assert confirm(first, password=PASSWORD).status_code == 303
    assert second.get("/account/password").status_code == 303


def test_a_route_of_others_uses_the_same_helper(world: World) -> None:
    """Purge, grants, merges, export and policies call it; here one that only counts."""
    done = []

    @needs(SIGNED_IN)
    def grave():  # type: ignore[no-untyped-def]
        require_recent_proof("/account")
        done.append(1)
        return redirect("/account", 303)

    world.app.add_url_rule("/grave", endpoint="grave", view_func=grave, methods=["POST"])
    browser = world.sign_in("secretary1")
    assert post(browser, "/grave", page="/account").location == "/account"
    world.clock.advance(minutes=10)
    assert post(browser, "/grave", page="/account").location == "/sign-in/confirm/form?to=/grave&next=/account"
    assert done == [1]


# --- one's own password and login


def test_a_new_password_ends_the_other_sessions_and_rotates_this_one(world: World) -> None:
    browser, other = world.sign_in("secretary1"), world.sign_in("secretary1")
    before = browser.get_cookie("session")
    assert before is not None
    answer = post(browser, "/account/password", password=NEW_PASSWORD)
    assert (answer.status_code, answer.location) == (303, "/account")
    assert "Đã đổi mật khẩu" in browser.get("/account").text
    assert is_in(browser)
    assert not is_in(other)
    copy = world.app.test_client()
    copy.set_cookie("session", before.value)
    assert not is_in(copy), "a copy of the cookie from before is worth nothing"
    assert sign_in(world.app.test_client(), "secretary1", PASSWORD).status_code == 422
    assert sign_in(world.app.test_client(), "secretary1", NEW_PASSWORD).status_code == 303


def test_a_poor_password_is_refused_with_a_sentence(world: World) -> None:
    browser = world.sign_in("secretary1")
    for password in ("", "ngắn", "matkhau123", "secretary1"):
        assert post(browser, "/account/password", password=password).status_code == 422
    assert sign_in(world.app.test_client(), "secretary1").status_code == 303


def test_a_changed_phone_number_is_the_login_from_then_on(world: World) -> None:
    browser = world.sign_in("secretary1")
    answer = post(browser, "/account/login", login="+84 912 345 678")
    assert answer.status_code == 303
    assert is_in(browser)
    assert sign_in(world.app.test_client(), "secretary1").status_code == 422
    assert sign_in(world.app.test_client(), "0912.345.678").status_code == 303
    with world.app.app_context(), read_transaction() as session:
        user = session.scalars(select(User).where(User.id == world.users["secretary1"])).one()
    assert (user.login, user.phone) == ("0912345678", "0912345678")


def test_a_login_of_somebody_else_or_of_no_kind_is_refused_and_stays_typed(world: World) -> None:
    assert post(world.sign_in("secretary2"), "/account/login", login="0912345678").status_code == 303
    browser = world.sign_in("secretary1")
    for typed in ("0912 345 678", "12", "", "an@", "a\u202eb@mau.example", "x" * 200 + "@mau.example"):
        answer = post(browser, "/account/login", login=typed)
        assert answer.status_code == 422, typed
        assert f'value="{typed}"' in answer.text
    assert sign_in(world.app.test_client(), "secretary1").status_code == 303


def test_two_who_take_the_same_number_at_once_are_told(world: World) -> None:
    with second_process(world) as other:
        posts = []
        for app, login in ((world.app, "secretary1"), (other, "secretary2")):
            browser = app.test_client()
            sign_in(browser, login)
            page = token_of(browser.get("/account/login"))
            posts.append((browser, "/account/login", {"csrf_token": page, "login": "0912345678"}))
        assert sorted(answer.status_code for answer in at_once(*posts)) == [303, 422]


def test_who_forgot_the_password_reads_whom_to_call(world: World) -> None:
    assert "Quên mật khẩu? Đồng chí hãy gọi văn phòng cấp ủy" in world.app.test_client().get("/sign-in").text


# --- how long a session lasts


@pytest.mark.parametrize(
    ("privilege", "pinned", "lasts"),
    [
        (Privilege.ORDINARY, False, timedelta(days=14)),
        (Privilege.ORDINARY, True, timedelta(days=90)),
        (Privilege.REVIEWER, False, timedelta(days=14)),
        (Privilege.REVIEWER, True, timedelta(days=90)),
        (Privilege.ADMINISTRATOR, False, timedelta(hours=12)),
        (Privilege.ADMINISTRATOR, True, timedelta(hours=12)),
    ],
)
def test_limits_by_privilege(privilege: Privilege, pinned: bool, lasts: timedelta) -> None:
    assert session_lasts(privilege, pinned=pinned) == lasts


def test_an_administrator_signs_in_again_after_twelve_hours(world: World) -> None:
    browser, reviewer, began = world.sign_in("administrator"), world.sign_in("reviewer"), world.clock()
    world.clock.set(began + timedelta(hours=12) - SECOND)
    assert is_in(browser)
    world.clock.set(began + timedelta(hours=12))
    assert not is_in(browser)
    assert is_in(reviewer)


def test_changed_roles_end_the_sessions_in_both_processes(world: World) -> None:
    with second_process(world) as other:
        here, there = world.sign_in("secretary1"), other.test_client()
        sign_in(there, "secretary1")
        kept = world.sign_in("secretary2")
        with other.app_context(), write_transaction() as session:
            assert end_sessions_of(session, world.users["secretary1"], None, world.clock()) == 2
        assert (is_in(here), is_in(there), is_in(kept)) == (False, False, True)


def test_a_session_is_the_same_in_both_processes(world: World) -> None:
    with second_process(world) as other:
        browser = world.sign_in("secretary1")
        cookie = browser.get_cookie("session")
        assert cookie is not None
        there = other.test_client()
        there.set_cookie("session", cookie.value)
        assert is_in(there)
        post(there, "/sign-out", page="/account")
        assert not is_in(browser)


# --- too many attempts


def fail(client: FlaskClient, login: str, times: int) -> list[int]:
    return [sign_in(client, login, WRONG).status_code for _ in range(times)]


def test_strangers_who_try_a_login_do_not_keep_out_the_phone_that_was_in_before(world: World) -> None:
    phone = world.sign_in("secretary1")
    post(phone, "/sign-out", page="/account")
    stranger = world.app.test_client()
    assert fail(stranger, "secretary1", FAILURES_ALLOWED) == [422] * FAILURES_ALLOWED
    assert sign_in(stranger, "secretary1").status_code == 429
    assert sign_in(phone, "secretary1").status_code == 303


def test_a_known_phone_waits_too_when_it_fails_itself_and_alone(world: World) -> None:
    phone = world.sign_in("secretary1")
    post(phone, "/sign-out", page="/account")
    fail(phone, "secretary1", FAILURES_ALLOWED)
    assert sign_in(phone, "secretary1").status_code == 429
    assert sign_in(world.app.test_client(), "secretary1").status_code == 303, "counted apart"
    world.clock.advance(minutes=15)
    assert sign_in(phone, "secretary1").status_code == 303


def test_knowing_one_login_is_no_help_with_another(world: World) -> None:
    phone = world.sign_in("secretary1")
    post(phone, "/sign-out", page="/account")
    fail(phone, "secretary2", FAILURES_ALLOWED)
    assert sign_in(phone, "secretary2").status_code == 429


def failures_of_the_address(world: World) -> None:
    """As many failures from this address as are allowed, without the time that each takes."""
    client = world.app.test_client()
    post(client, "/one-time", token="x", password=NEW_PASSWORD)
    with world.app.app_context(), write_transaction() as session:
        address = session.scalars(select(SignInFailure.login_hash)).one()
        session.execute(update(SignInFailure).values(login_hash=address))
        for _ in range(ADDRESS_FAILURES_ALLOWED):
            session.add(SignInFailure(id=uuid.uuid4(), login_hash=address, at=world.clock()))


def test_an_address_waits_after_very_many_failures_but_not_the_phones_known_behind_it(world: World) -> None:
    phone = world.sign_in("secretary1")
    post(phone, "/sign-out", page="/account")
    failures_of_the_address(world)
    stranger = world.app.test_client()
    for path, fields in (
        ("/sign-in", {"login": "secretary2", "password": PASSWORD}),
        ("/one-time", {"token": "x", "password": NEW_PASSWORD}),
        ("/enrol", {"token": "ABCD-EFGH-JKMN"}),
    ):
        assert post(stranger, path, page="/one-time", **fields).status_code == 429
    assert sign_in(phone, "secretary1").status_code == 303
    world.clock.advance(minutes=15)
    assert sign_in(stranger, "secretary2").status_code == 303


def test_one_login_does_not_use_up_its_address(world: World) -> None:
    fail(world.app.test_client(), "secretary1", FAILURES_ALLOWED)
    assert sign_in(world.app.test_client(), "secretary2").status_code == 303
    assert ADDRESS_FAILURES_ALLOWED >= 20 * FAILURES_ALLOWED


def test_attempts_at_the_same_moment_in_two_processes_count_each(world: World) -> None:
    with second_process(world) as other:
        posts = []
        for number in range(FAILURES_ALLOWED + 4):
            browser = (world.app, other)[number % 2].test_client()
            page = token_of(browser.get("/sign-in"))
            posts.append((browser, "/sign-in", {"csrf_token": page, "login": "0900000000", "password": WRONG}))
        statuses = sorted(answer.status_code for answer in at_once(*posts))
    assert statuses == [422] * FAILURES_ALLOWED + [429] * 4


def test_no_address_is_kept(world: World) -> None:
    sign_in(world.app.test_client(), "secretary1", WRONG)
    with world.app.app_context(), read_transaction() as session:
        kept = session.scalars(select(SignInFailure.login_hash)).all()
    assert len(kept) == 2
    assert all(re.fullmatch(r"[0-9a-f]{64}", one) for one in kept)


def test_each_session_says_in_which_browser_it_is(world: World) -> None:
    browser = world.app.test_client()
    page = browser.get("/sign-in")
    fields = {"csrf_token": token_of(page), "login": "secretary1", "password": PASSWORD}
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120 Safari/537.36 Edg/1"
    browser.post("/sign-in", data=fields, headers={"User-Agent": agent})
    assert "Edge · Windows" in browser.get("/devices").text
    with world.app.app_context(), read_transaction() as session:
        assert session.scalars(select(UserSession.name)).one() == "Edge · Windows"
