"""Signing in and out, sessions, and what protects the forms."""

import re
import unicodedata
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.cookies import SimpleCookie

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from meetingcheck import create_app
from meetingcheck.accounts.actions import NewUser, add_user, end_session, note_failure
from meetingcheck.accounts.models import User, UserSession
from meetingcheck.accounts.rules import FAILURE_WINDOW, FAILURES_ALLOWED, SESSION_ABSOLUTE, SESSION_IDLE, normal_login
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.settings import Settings
from meetingcheck.lib.storage import MemoryStorage
from meetingcheck.lib.tokens import token_hash
from meetingcheck.photos.extension import decoder_of
from tests.clock import SetClock
from tests.photos.samples import jpeg, scene
from tests.world import PASSWORD, PASSWORD_HASH, World, form_of, make_world, token_of

WRONG = "một mật khẩu khác"
PUBLIC_URL = "https://sinhhoat.mau.example"
SECOND = timedelta(seconds=1)
# What these show does not depend on the database.
any_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def sign_in(client: FlaskClient, login: str, password: str = PASSWORD, **fields: str) -> TestResponse:
    page = client.get("/sign-in")
    return client.post("/sign-in", data={"csrf_token": token_of(page), "login": login, "password": password, **fields})


def is_signed_in(client: FlaskClient) -> bool:
    """Whether a page that needs a person answers; otherwise it must lead to the sign-in."""
    answer = client.get("/messages")
    if answer.status_code == 200:
        return True
    assert answer.status_code == 302
    assert answer.location == "/sign-in?next=/messages"
    return False


def add(world: World, login: str, language: str = "vi") -> uuid.UUID:
    with world.app.app_context(), write_transaction() as session:
        new = NewUser(login, "Nguyễn Văn An", PASSWORD_HASH, language=language)
        return add_user(session, new, None, world.clock()).id


def cookie_of(client: FlaskClient, name: str = "session") -> str:
    cookie = client.get_cookie(name)
    assert cookie is not None
    return cookie.value


def with_cookie(app: Flask, value: str, name: str = "session") -> FlaskClient:
    """Another browser that holds a copy of a cookie."""
    client = app.test_client()
    client.set_cookie(name, value)
    return client


def language_of(page: TestResponse) -> str:
    found = re.search(r'<html lang="(\w+)">', page.text)
    assert found
    return found.group(1)


# --- who signs in


@pytest.mark.parametrize(
    "typed",
    [
        "0912345678",
        "0912 345 678",
        "0912.345.678",
        "0912-345-678",
        "(0912) 345 678",
        "  0912345678\t",
        "+84912345678",
        "+84 912 345 678",
        "84912345678",
        "0084 912 345 678",
        "+84 (0) 912 345 678",
        "0912\u00a0345\u00a0678",
        "\u202d+84 912\u2011345\u2011678\u202c",
    ],
)
def test_all_spellings_of_a_phone_number_are_one_login(typed: str) -> None:
    assert normal_login(typed) == "0912345678"


@pytest.mark.parametrize("typed", ["912345678", "091234567", "09123456789", "+85912345678", "0912345678a"])
def test_what_is_no_phone_number_is_left_as_typed(typed: str) -> None:
    assert normal_login(typed) == typed


def test_people_sign_in_by_phone_in_any_spelling(world: World) -> None:
    add(world, "0912 345 678")
    for typed in ("0912345678", "+84 912-345-678"):
        client = world.app.test_client()
        assert not is_signed_in(client)
        answer = sign_in(client, typed)
        assert (answer.status_code, answer.location) == (303, "/")
        assert is_signed_in(client)


def test_people_sign_in_by_mail_whatever_the_capitals_and_the_spelling_in_unicode(world: World) -> None:
    add(world, "Văn.An@Mau.example")
    for typed in ("văn.an@mau.example", " VĂN.AN@MAU.EXAMPLE ", unicodedata.normalize("NFD", "Văn.An@mau.example")):
        client = world.app.test_client()
        assert sign_in(client, typed).status_code == 303
        assert is_signed_in(client)


def test_a_wrong_password_is_refused_with_a_sentence(world: World) -> None:
    client = world.app.test_client()
    for password in (WRONG, PASSWORD.upper(), PASSWORD + " ", "x" * 10_000):
        answer = sign_in(client, "secretary1", password)
        assert answer.status_code == 422
        assert "chưa đúng" in answer.text
        assert password not in answer.text
        assert not is_signed_in(client)


@any_database
def test_nothing_typed_is_asked_for(app: Flask) -> None:
    for login, password in (("", PASSWORD), ("secretary1", ""), ("  ", "x"), ("", "")):
        answer = sign_in(app.test_client(), login, password)
        assert answer.status_code == 422
        assert "hãy nhập" in answer.text


def test_whatever_is_typed_as_a_login_is_just_not_known(app: Flask) -> None:
    for login in ("a\0b", "x" * 10_000, "é\u202e@x", "'; --", "%s%(x)s"):
        assert sign_in(app.test_client(), login, WRONG).status_code == 422


def refusal(world: World, login: str, password: str = WRONG) -> tuple[int, str, list[str]]:
    """What somebody sees who does not know the password, without what differs from one page to the next."""
    answer = sign_in(world.app.test_client(), login, password)
    text = answer.text.replace(token_of(answer), "TOKEN") if answer.status_code == 422 else answer.text
    text = re.sub(r"· [0-9a-f]{12}", "· REQUEST", text)
    assert answer.status_code == 429 or f'value="{login}"' in text
    return answer.status_code, text.replace(f'value="{login}"', "LOGIN"), [name for name, _ in answer.headers]


def test_known_unknown_and_disabled_people_get_the_same_answer(world: World) -> None:
    add(world, "0912345678")
    disable(world, add(world, "0987654321"))
    known = refusal(world, "0912345678")
    assert known[0] == 422
    assert refusal(world, "0900000000") == known
    assert refusal(world, "0987654321") == known
    assert refusal(world, "0987654321", PASSWORD) == known


def disable(world: World, user_id: uuid.UUID) -> None:
    with world.app.app_context(), write_transaction() as session:
        session.execute(update(User).where(User.id == user_id).values(disabled_at=world.clock()))


# --- too many wrong passwords


def fail_often(world: World, login: str, times: int = FAILURES_ALLOWED) -> None:
    """What so many wrong passwords leave behind, without the time that each takes."""
    with world.app.app_context(), write_transaction() as session:
        for _ in range(times):
            note_failure(session, token_hash(login), world.clock())


def test_ten_wrong_passwords_make_that_login_wait_and_no_other(world: World) -> None:
    for _ in range(FAILURES_ALLOWED):
        assert sign_in(world.app.test_client(), "secretary1", WRONG).status_code == 422
    waiting = sign_in(world.app.test_client(), "secretary1")
    assert waiting.status_code == 429
    assert int(waiting.headers["Retry-After"]) > 0
    assert sign_in(world.app.test_client(), "secretary2").status_code == 303


def test_waiting_ends_by_itself_and_is_not_prolonged_by_trying(world: World) -> None:
    client = world.app.test_client()
    fail_often(world, "secretary1")
    world.clock.set(world.clock() + FAILURE_WINDOW - SECOND)
    for _ in range(3):
        assert sign_in(client, "secretary1").status_code == 429
    world.clock.set(world.clock() + SECOND)
    assert sign_in(client, "secretary1").status_code == 303


def test_waiting_does_not_end_a_session_that_is_open(world: World) -> None:
    """Strangers who try a secretary's number must not keep the secretary out."""
    client = world.sign_in("secretary1")
    fail_often(world, "secretary1")
    assert is_signed_in(client)


def test_one_failure_less_does_not_wait(world: World) -> None:
    fail_often(world, "secretary1", FAILURES_ALLOWED - 1)
    assert sign_in(world.app.test_client(), "secretary1").status_code == 303


def test_success_forgets_the_failures(world: World) -> None:
    for _ in range(2):
        fail_often(world, "secretary1", FAILURES_ALLOWED - 1)
        assert sign_in(world.app.test_client(), "secretary1").status_code == 303


def test_all_spellings_of_a_login_count_together(world: World) -> None:
    fail_often(world, "0912345678", FAILURES_ALLOWED - 1)
    assert sign_in(world.app.test_client(), "+84 912 345 678", WRONG).status_code == 422
    assert sign_in(world.app.test_client(), "0912.345.678").status_code == 429


def test_an_unknown_login_waits_as_a_known_one_does(world: World) -> None:
    add(world, "0912345678")
    fail_often(world, "0912345678")
    fail_often(world, "0900000000")
    assert refusal(world, "0900000000") == refusal(world, "0912345678")
    assert refusal(world, "0900000000")[0] == 429


# --- where one goes afterwards

ELSEWHERE = [
    "//evil.example",
    "//evil.example/messages",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "https://evil.example/messages",
    "https:/messages",
    "http://localhost/messages",
    "javascript:alert(1)",
    "data:text/html,x",
    "messages",
    "",
    " /messages",
    "/messages\r\nSet-Cookie: a=b",
    "/messages?x=\r\nSet-Cookie: a=b",
    "/no-such-page",
    "/units/1/board",
    "/%2f%2fevil.example",
    "/messages/../..//evil.example",
    "/messages#x",
    "/sign-in",
    "/sign-in?next=//evil.example",
    "/sign-out",
    "/messages/read",
    "/static/icon.svg",
]
HERE = ["/messages", "/messages?page=2", "/healthz", "/?x=//evil.example"]


@any_database
def test_next_leads_to_our_own_pages_only(app: Flask) -> None:
    client = app.test_client()
    for wanted in ELSEWHERE:
        page = client.get("/sign-in", query_string={"next": wanted})
        assert '<input type="hidden" name="next" value="/">' in page.text, wanted
        answer = client.post("/language", data={"csrf_token": token_of(page), "language": "vi", "next": wanted})
        assert (answer.status_code, answer.location) == (303, "/"), wanted
        assert "a=b" not in str(answer.headers), wanted


def test_after_signing_in_one_is_where_one_wanted_to_be(world: World) -> None:
    board = f"/units/{world.root}/board?month=2026-11"
    for wanted, expected in (("/messages?page=2", "/messages?page=2"), (board, board), (ELSEWHERE[0], "/")):
        answer = sign_in(world.app.test_client(), "leader", next=wanted)
        assert (answer.status_code, answer.location) == (303, expected)


@any_database
def test_who_is_signed_in_already_goes_on_at_once(world: World) -> None:
    client = world.sign_in("leader")
    for wanted, expected in [*((path, path) for path in HERE), *((path, "/") for path in ELSEWHERE)]:
        answer = client.get("/sign-in", query_string={"next": wanted})
        assert (answer.status_code, answer.location) == (302, expected), wanted


@any_database
def test_a_page_that_asks_for_sign_in_is_come_back_to_with_its_query(world: World) -> None:
    client = world.app.test_client()
    asked = client.get(f"/units/{world.root}/board?month=2026-10&page=1")
    assert asked.status_code == 302
    page = client.get(asked.location)
    wanted = re.search(r'name="next" value="([^"]+)"', page.text)
    assert wanted
    answer = sign_in(client, "leader", next=wanted.group(1).replace("&amp;", "&"))
    assert answer.location == f"/units/{world.root}/board?month=2026-10&page=1"


# --- sessions


def test_nothing_from_before_signing_in_is_carried_over(world: World) -> None:
    client = world.app.test_client()
    page = client.get("/sign-in")
    old_token = token_of(page)
    client.post("/language", data={"csrf_token": old_token, "language": "en"})
    before = cookie_of(client)
    assert sign_in(client, "secretary1").status_code == 303
    assert cookie_of(client) != before
    assert language_of(client.get("/messages")) == "vi"
    # But for the secret of its forms: one that was left open in another tab, with all that was typed, still submits.
    assert client.post("/messages/read", data={"csrf_token": old_token}).status_code == 303
    assert not is_signed_in(with_cookie(world.app, before))


def test_each_sign_in_has_a_token_of_its_own_and_only_its_hash_is_kept(world: World) -> None:
    tokens = {session_token(world.app, world.sign_in("secretary1")) for _ in range(2)}
    assert len(tokens) == 2
    with world.app.app_context(), read_transaction() as session:
        kept = set(session.scalars(select(UserSession.token_hash)))
    assert kept == {token_hash(token) for token in tokens}
    assert not kept & tokens


def session_token(app: Flask, client: FlaskClient) -> str:
    """What the cookie holds besides; anybody can read it, nobody can change it."""
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    return str(serializer.loads(cookie_of(client))["_user_id"])


def test_signing_in_again_ends_the_session_before(world: World) -> None:
    client = world.sign_in("secretary1")
    before = cookie_of(client)
    answer = client.post(
        "/sign-in",
        data={"csrf_token": token_of(client.get("/messages")), "login": "secretary2", "password": PASSWORD},
    )
    assert answer.status_code == 303
    assert is_signed_in(client)
    assert not is_signed_in(with_cookie(world.app, before))


@any_database
def test_a_changed_cookie_is_none(world: World) -> None:
    cookie = cookie_of(world.sign_in("secretary1"))
    assert is_signed_in(with_cookie(world.app, cookie))
    content, _, rest = cookie.partition(".")[2].partition(".")
    for changed in ("", "x", cookie[:-2], f".{content[:-1]}.{rest}", cookie.replace(".", "..", 1)):
        assert not is_signed_in(with_cookie(world.app, changed))


def test_a_revoked_session_ends_with_the_next_request_and_no_other_does(world: World) -> None:
    revoked, kept = world.sign_in("secretary1"), world.sign_in("secretary1")
    assert is_signed_in(revoked)
    with world.app.app_context(), write_transaction() as session:
        one = session.scalars(
            select(UserSession).where(UserSession.token_hash == token_hash(session_token(world.app, revoked)))
        ).one()
        end_session(session, one.id, None, world.clock())
    assert not is_signed_in(revoked)
    assert is_signed_in(kept)


def test_a_write_in_a_revoked_session_changes_nothing_and_leads_to_the_sign_in(world: World) -> None:
    client = world.sign_in("secretary1")
    token = token_of(client.get("/messages"))
    disable(world, world.users["secretary1"])
    answer = client.post("/messages/read", data={"csrf_token": token})
    assert answer.status_code == 401
    assert "Phiên đăng nhập đã hết" in answer.text
    assert 'href="/sign-in"' in answer.text


def test_a_disabled_person_is_out_with_the_next_request(world: World) -> None:
    client = world.sign_in("secretary1")
    disable(world, world.users["secretary1"])
    assert not is_signed_in(client)
    assert sign_in(world.app.test_client(), "secretary1").status_code == 422


def test_a_session_that_is_not_used_ends(world: World) -> None:
    client = world.sign_in("secretary1")
    world.clock.set(world.clock() + SESSION_IDLE - SECOND)
    assert is_signed_in(client)
    world.clock.set(world.clock() + SESSION_IDLE - SECOND)
    assert is_signed_in(client), "using it began a new wait"
    world.clock.set(world.clock() + SESSION_IDLE)
    assert not is_signed_in(client)


def test_a_session_that_is_used_every_day_ends_all_the_same(world: World) -> None:
    client = world.sign_in("secretary1")
    end = world.clock() + SESSION_ABSOLUTE
    while world.clock() + timedelta(days=1) < end:
        world.clock.advance(days=1)
        assert is_signed_in(client)
    world.clock.set(end - SECOND)
    assert is_signed_in(client)
    world.clock.set(end)
    assert not is_signed_in(client)


def test_a_clock_that_goes_back_ends_no_session(world: World) -> None:
    client = world.sign_in("secretary1")
    world.clock.advance(hours=-3)
    assert is_signed_in(client)


def test_signing_out_ends_this_session_and_no_other(world: World) -> None:
    client, other = world.sign_in("secretary1"), world.sign_in("secretary1")
    cookie = cookie_of(client)
    answer = client.post("/sign-out", data={"csrf_token": token_of(client.get("/messages"))})
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert not is_signed_in(client)
    assert not is_signed_in(with_cookie(world.app, cookie)), "a copy of the cookie is worth nothing"
    assert is_signed_in(other)


# --- the cookie


@pytest.fixture
def public_world(settings: Settings, clock: SetClock, storage: MemoryStorage) -> Iterator[World]:
    """The same world behind an https address."""
    app = create_app(replace(settings, public_url=PUBLIC_URL), clock=clock, storage=storage)
    yield make_world(app, clock)
    decoder_of(app).close()


def cookies_set_by(answer: TestResponse) -> SimpleCookie:
    cookies = SimpleCookie()
    for line in answer.headers.getlist("Set-Cookie"):
        cookies.load(line)
    return cookies


@any_database
def test_the_cookie_belongs_to_this_host_alone_and_no_script_sees_it(world: World) -> None:
    cookie = cookies_set_by(sign_in(world.app.test_client(), "secretary1"))["session"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Lax", "/", "")
    assert not cookie["secure"], "a browser would not send it back over plain http"


@any_database
def test_behind_https_the_cookie_is_secure_and_bound_to_the_host_by_its_name(public_world: World) -> None:
    client = public_world.app.test_client()
    page = client.get("/sign-in", base_url=PUBLIC_URL)
    data = {"csrf_token": token_of(page), "login": "secretary1", "password": PASSWORD}
    answer = client.post("/sign-in", data=data, base_url=PUBLIC_URL)
    assert answer.status_code == 303, "no Referer is needed, which our pages do not let browsers send"
    for shown in (page, answer):
        cookies = cookies_set_by(shown)
        assert all(name.startswith("__Host-") and one["secure"] for name, one in cookies.items())
        cookie = cookies["__Host-session"]
        assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax")
        assert (cookie["path"], cookie["domain"]) == ("/", "")
    assert client.get("/messages", base_url=PUBLIC_URL).status_code == 200


@any_database
def test_a_cookie_names_whose_phone_it_is_with_the_answer_that_changes_it(world: World) -> None:
    client = world.app.test_client()
    named = cookies_set_by(sign_in(client, "secretary1"))["account"]
    assert named.value == str(world.users["secretary1"])
    assert not named["httponly"], "the page that the phone has kept asks for it, with or without a network"
    signed_out = client.post("/sign-out", data={"csrf_token": token_of(client.get("/messages"))})
    assert cookies_set_by(signed_out)["account"].value == ""
    assert with_cookie(world.app, named.value, "account").get("/messages").status_code == 302, "it opens nothing"


# --- language


@any_database
def test_a_visitor_keeps_the_language_that_was_chosen(world: World) -> None:
    client = world.app.test_client()
    page = client.get("/sign-in")
    assert language_of(page) == "vi"
    answer = client.post("/language", data={"csrf_token": token_of(page), "language": "en", "next": "/sign-in"})
    assert answer.status_code == 303
    assert language_of(client.get("/sign-in")) == "en"
    assert language_of(client.get("/no-such-page")) == "en"
    assert language_of(sign_in(client, "secretary1", WRONG)) == "en"


def test_a_person_finds_the_own_language_on_every_device(world: World) -> None:
    client = world.sign_in("secretary1")
    client.post("/language", data={"csrf_token": token_of(client.get("/messages")), "language": "en"})
    assert language_of(client.get("/messages")) == "en"
    assert language_of(world.sign_in("secretary1").get("/messages")) == "en"
    assert language_of(world.sign_in("secretary2").get("/messages")) == "vi"


def test_the_language_stays_after_signing_out(world: World) -> None:
    client = world.sign_in("secretary1")
    client.post("/language", data={"csrf_token": token_of(client.get("/messages")), "language": "en"})
    client.post("/sign-out", data={"csrf_token": token_of(client.get("/messages"))})
    assert language_of(client.get("/sign-in")) == "en"


@any_database
def test_a_language_that_is_not_spoken_is_refused(app: Flask) -> None:
    client = app.test_client()
    for language in ("", "fr", "../vi", "VI"):
        data = {"csrf_token": token_of(client.get("/sign-in")), "language": language}
        assert client.post("/language", data=data).status_code == 400
    assert language_of(client.get("/sign-in")) == "vi"


# --- forms


def test_a_form_left_open_for_two_days_still_submits(world: World) -> None:
    client = world.sign_in("secretary1")
    address = f"/obligations/{world.obligation(world.cells[0]).id}/check-in"
    page = client.get(address)
    world.clock.advance(days=2)
    answer = client.post(address, data=form_of(page, overviews=[jpeg(scene())]))
    assert answer.status_code == 303, answer.text
    assert answer.location.startswith("/meetings/")


@any_database
def test_the_sign_in_page_left_open_for_two_days_still_submits(world: World) -> None:
    client = world.app.test_client()
    page = client.get("/sign-in")
    world.clock.advance(days=2)
    data = {"csrf_token": token_of(page), "login": "secretary1", "password": PASSWORD}
    assert client.post("/sign-in", data=data).status_code == 303


@any_database
def test_a_form_without_its_own_token_is_refused(world: World) -> None:
    client = world.sign_in("secretary1")
    somebody_else_s = token_of(world.app.test_client().get("/sign-in"))
    fields = {"language": "en", "login": "secretary2", "password": PASSWORD}
    for path in ("/sign-in", "/sign-out", "/language", "/messages/read"):
        for token in ({}, {"csrf_token": ""}, {"csrf_token": "x"}, {"csrf_token": somebody_else_s}):
            assert client.post(path, data=fields | token).status_code == 400
    assert is_signed_in(client)
    assert language_of(client.get("/messages")) == "vi"


FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "http://evil.example/localhost"},
    {"Origin": "https://localhost"},
    {"Origin": "http://localhost:8080"},
    {"Origin": "localhost"},
    {"Origin": ""},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
]
OWN = [
    {},
    {"Origin": "http://localhost"},
    {"Origin": "null"},  # what a browser sends because our Referrer-Policy is no-referrer
    {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
]


@any_database
def test_a_write_that_comes_from_elsewhere_is_refused_whatever_its_token(app: Flask) -> None:
    client = app.test_client()
    data = {"csrf_token": token_of(client.get("/sign-in")), "language": "en"}
    for headers in FOREIGN:
        assert client.post("/language", data=data, headers=headers).status_code == 403, headers
    assert language_of(client.get("/sign-in")) == "vi"


@any_database
def test_our_own_pages_write_with_their_token_and_not_without(app: Flask) -> None:
    for headers in OWN:
        client = app.test_client()
        data = {"language": "en"}
        assert client.post("/language", data=data, headers=headers).status_code == 400, headers
        data["csrf_token"] = token_of(client.get("/sign-in"))
        assert client.post("/language", data=data, headers=headers).status_code == 303, headers
        assert language_of(client.get("/sign-in")) == "en", headers


@any_database
def test_reading_from_elsewhere_is_no_write(app: Flask) -> None:
    answer = app.test_client().get(
        "/sign-in", headers={"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 200


@any_database
def test_the_public_address_is_ours_also_behind_a_proxy_that_does_not_say_https(public_world: World) -> None:
    client, inside = public_world.app.test_client(), PUBLIC_URL.replace("https:", "http:")
    data = {"csrf_token": token_of(client.get("/sign-in", base_url=inside)), "language": "en"}
    for origin, status in ((PUBLIC_URL, 303), (f"{PUBLIC_URL}.evil.example", 403), ("https://evil.example", 403)):
        answer = client.post("/language", data=data, headers={"Origin": origin}, base_url=inside)
        assert answer.status_code == status
