"""The second factor: administrators and reviewers show more than a password."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from meetingcheck import create_app
from meetingcheck.accounts.actions import forget_second_factors, name_founder, set_password
from meetingcheck.accounts.factors import matching_step
from meetingcheck.accounts.models import Authenticator, User, UserSession
from meetingcheck.accounts.rules import Privilege
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.settings import Settings
from meetingcheck.lib.storage import MemoryStorage
from meetingcheck.orgs.actions import give_role
from meetingcheck.orgs.models import Role
from meetingcheck.orgs.queries import privilege_of
from meetingcheck.photos.extension import decoder_of
from tests.accounts.ways import at_once, count, is_in, post, second_process, sign_in
from tests.clock import SetClock
from tests.world import PASSWORD_HASH, TOTP_SECRET, World, make_world, token_of

SECOND = timedelta(seconds=1)


def half_way(world: World, login: str = "reviewer") -> FlaskClient:
    """A browser in which the right password was given and nothing else."""
    browser = world.app.test_client()
    answer = sign_in(browser, login)
    assert (answer.status_code, answer.location) == (303, "/second-factor")
    return browser


def show(browser: FlaskClient, code: str):  # type: ignore[no-untyped-def]
    return post(browser, "/second-factor/code", page="/second-factor", code=code)


def without_factor(world: World, login: str = "reviewer") -> FlaskClient:
    with world.app.app_context(), write_transaction() as session:
        forget_second_factors(session, world.users[login], None, world.clock())
    browser = world.app.test_client()
    assert sign_in(browser, login).location == "/second-factor/new"
    return browser


def set_up(browser: FlaskClient, code: str):  # type: ignore[no-untyped-def]
    return post(browser, "/second-factor/new/app", page="/second-factor/new", code=code)


def secret_on(page_text: str) -> str:
    found = re.search(r'<span class="spelled">([A-Z2-7 ]+)</span>', page_text)
    assert found
    return found.group(1).replace(" ", "")


# --- who needs one


@pytest.mark.parametrize("login", ["administrator", "reviewer", "other_reviewer"])
def test_the_password_alone_opens_no_session_for_administrators_and_reviewers(world: World, login: str) -> None:
    browser = half_way(world, login)
    assert not is_in(browser)
    assert count(world, UserSession) == 0, "there is no row between the two"
    assert show(browser, world.code()).status_code == 303
    assert is_in(browser)
    assert count(world, UserSession) == 1


def test_others_need_none(world: World) -> None:
    for login in ("secretary1", "reporter1", "leader", "stranger"):
        browser = world.app.test_client()
        assert sign_in(browser, login).location == "/"
        assert is_in(browser)


def test_a_role_that_begins_later_asks_for_it_from_that_day_on(world: World) -> None:
    browser = world.sign_in("secretary1")
    with world.app.app_context(), write_transaction() as session:
        begins = (world.clock() + timedelta(days=2)).date()
        give_role(session, world.users["secretary1"], world.committee, Role.REVIEWER, begins, None, world.clock())
    assert is_in(browser)
    world.clock.advance(days=2)
    assert not is_in(browser), "a session that was opened by less is none any more"
    assert sign_in(browser, "secretary1").location == "/second-factor/new"


def test_who_set_one_up_without_need_shows_it_too(world: World) -> None:
    browser = world.sign_in("secretary1")
    secret = secret_on(browser.get("/second-factor/new").text)
    assert (
        post(browser, "/second-factor/new/app", page="/second-factor/new", code=code_of(secret, world)).status_code
        == 303
    )
    assert sign_in(world.app.test_client(), "secretary1").location == "/second-factor"


@pytest.fixture
def demo(settings: Settings, clock: SetClock, storage: MemoryStorage) -> Iterator[World]:
    app = create_app(replace(settings, demo=True), clock=clock, storage=storage)
    yield make_world(app, clock)
    decoder_of(app).close()


def test_the_demo_asks_for_none(demo: World) -> None:
    browser = demo.app.test_client()
    assert sign_in(browser, "administrator").location == "/"
    assert is_in(browser)


# --- codes


def code_of(secret: str, world: World, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(world.clock() + timedelta(seconds=30 * steps))


def test_a_code_may_be_one_step_off_and_no_more(world: World) -> None:
    now = world.clock()
    for steps, fits in ((-2, False), (-1, True), (0, True), (1, True), (2, False)):
        assert (matching_step(TOTP_SECRET, code_of(TOTP_SECRET, world, steps), now) is not None) == fits
    for nonsense in ("", "abcdef", "1234567", "１２３４５６", "0" * 1000):
        assert matching_step(TOTP_SECRET, nonsense, now) is None


def test_a_code_of_the_published_examples_fits() -> None:
    """RFC 6238, appendix B, the last six digits."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    for seconds, code in ((59, "287082"), (1111111109, "081804"), (20000000000, "353130")):
        assert matching_step(secret, code, datetime.fromtimestamp(seconds, UTC)) == seconds // 30


def test_a_code_works_once(world: World) -> None:
    code = world.code()
    assert show(half_way(world), code).status_code == 303
    assert show(half_way(world), code).status_code == 422
    assert show(half_way(world), code_of(TOTP_SECRET, world, -1)).status_code == 422, "nor one before it"
    world.clock.advance(seconds=30)
    assert show(half_way(world), code_of(TOTP_SECRET, world)).status_code == 303


def test_a_code_works_once_also_in_two_processes_at_the_same_moment(world: World) -> None:
    code = world.code()
    with second_process(world) as other:
        browsers = []
        for app in (world.app, other, world.app, other):
            browser = app.test_client()
            assert sign_in(browser, "reviewer").status_code == 303
            browsers.append(browser)
        posts = [
            (one, "/second-factor/code", {"csrf_token": token_of(one.get("/second-factor")), "code": code})
            for one in browsers
        ]
        answers = at_once(*posts)
    assert sorted(answer.status_code for answer in answers) == [303, 422, 422, 422]


def test_ten_wrong_codes_wait(world: World) -> None:
    browser = half_way(world)
    for _ in range(10):
        assert show(browser, "000000").status_code == 422
    assert show(browser, world.code()).status_code == 429
    assert show(half_way(world), world.code()).status_code == 429, "signing in again begins no new count"
    world.clock.advance(minutes=15)
    assert show(half_way(world), world.code()).status_code == 303


def test_the_secret_is_sealed(world: World) -> None:
    with world.app.app_context(), read_transaction() as session:
        kept = session.scalars(select(Authenticator.secret)).first()
    assert kept is not None
    assert TOTP_SECRET.encode() not in kept


# --- between the two


def test_five_minutes_later_one_begins_again(world: World) -> None:
    browser = half_way(world)
    world.clock.advance(minutes=5)
    answer = browser.get("/second-factor")
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    late = half_way(world)
    page = late.get("/second-factor")
    world.clock.advance(minutes=5)
    answer = late.post("/second-factor/code", data={"csrf_token": token_of(page), "code": world.code()})
    assert answer.location == "/sign-in"
    assert not is_in(late)


def test_a_new_password_or_a_lock_ends_what_is_half_way(world: World) -> None:
    browser = half_way(world)
    with world.app.app_context(), write_transaction() as session:
        set_password(session, world.users["reviewer"], PASSWORD_HASH + " ", world.users["reviewer"], world.clock())
    assert browser.get("/second-factor").location == "/sign-in"
    other = half_way(world, "administrator")
    with world.app.app_context(), write_transaction() as session:
        session.execute(update(User).where(User.login == "administrator").values(disabled_at=world.clock()))
    assert other.get("/second-factor").location == "/sign-in"


def test_half_way_is_nowhere(world: World) -> None:
    browser = half_way(world)
    for path in ("/messages", "/account", "/devices", f"/units/{world.committee}/board", "/office"):
        assert browser.get(path).location.startswith("/sign-in?")


def test_one_comes_where_one_wanted_to_be(world: World) -> None:
    browser = world.app.test_client()
    board = f"/units/{world.committee}/board?month=2026-11"
    post(browser, "/sign-in", page="/one-time", login="reviewer", password="một mật khẩu dài", next=board)
    assert show(browser, world.code()).location == board


# --- setting one up


def test_who_needs_one_and_has_none_sets_it_up_right_after_the_password(world: World) -> None:
    browser = without_factor(world)
    page = browser.get("/second-factor/new")
    secret = secret_on(page.text)
    assert len(secret) == 32
    image = browser.get("/second-factor/new/qr.svg")
    assert image.mimetype == "image/svg+xml"
    assert b"style" not in image.data
    assert browser.get("/second-factor/new").text.count(" ".join(re.findall("....", secret))) == 1, "the same secret"
    assert not is_in(browser)
    wrong = post(browser, "/second-factor/new/app", page="/second-factor/new", code="000000")
    assert wrong.status_code == 422
    assert secret_on(wrong.text) == secret
    right = post(browser, "/second-factor/new/app", page="/second-factor/new", code=code_of(secret, world))
    assert (right.status_code, right.location) == (303, "/")
    assert is_in(browser)
    world.clock.advance(seconds=30)
    assert show(half_way(world), code_of(secret, world)).status_code == 303


def test_the_code_that_set_it_up_is_used(world: World) -> None:
    browser = without_factor(world)
    code = code_of(secret_on(browser.get("/second-factor/new").text), world)
    assert post(browser, "/second-factor/new/app", page="/second-factor/new", code=code).status_code == 303
    assert show(half_way(world), code).status_code == 422


def test_the_password_alone_adds_no_second_one(world: World) -> None:
    """Else it would be no second factor: whoever knows the password would set up an own one."""
    browser = half_way(world)
    assert browser.get("/second-factor/new").location == "/second-factor"
    assert browser.get("/second-factor/new/qr.svg").location == "/second-factor"
    for path in ("/second-factor/new/app", "/second-factor/new/passkey"):
        answer = post(browser, path, page="/second-factor", code=world.code(), passkey="{}")
        assert answer.location == "/second-factor"
    assert not is_in(browser)


def test_who_is_in_adds_one_after_proving_again(world: World) -> None:
    browser = world.sign_in("reviewer")
    assert browser.get("/second-factor/new").status_code == 200
    world.clock.advance(minutes=10)
    assert browser.get("/second-factor/new").location == "/sign-in/confirm?next=/second-factor/new"


def test_taking_it_away_ends_the_sessions_and_asks_for_a_new_one(world: World) -> None:
    browser = world.sign_in("reviewer")
    without_factor(world)
    assert not is_in(browser)


# --- passkeys that are none


NONSENSE = ("", "x", "[]", "{}", "null", '{"id": 1}', '{"id": "Y3JlZA"}', '{"id": "Y3JlZA", "response": {}}')


def test_nonsense_is_no_passkey(world: World) -> None:
    asked, new = half_way(world), without_factor(world, "other_reviewer")
    for answer in NONSENSE:
        assert post(asked, "/second-factor/passkey", page="/second-factor", passkey=answer).status_code == 422
        assert post(new, "/second-factor/new/passkey", page="/second-factor/new", passkey=answer).status_code == 422


def test_the_founder_of_an_empty_installation_is_an_administrator_and_afterwards_nobody(world: World) -> None:
    founder = world.users["stranger"]
    with world.app.app_context(), write_transaction() as session:
        name_founder(session, founder, world.clock())
    with world.app.app_context(), read_transaction() as session:
        assert privilege_of(session, founder, world.clock().date()) == Privilege.ORDINARY
        assert privilege_of(session, world.users["administrator"], world.clock().date()) == Privilege.ADMINISTRATOR
