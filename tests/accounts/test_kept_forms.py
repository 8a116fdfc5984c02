"""A form that is sent when the proof is too old is not lost: it goes on after the proof, with all that was typed."""

import html
import re
import uuid
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from meetingcheck.accounts.kept_forms import MOST_CHARS, KeptForm, seal_form, unseal_form, worth_keeping
from meetingcheck.accounts.models import User
from meetingcheck.lib.db import read_transaction
from tests.clock import START
from tests.world import PASSWORD, World, token_of

KEY = "only for tests, only for tests, only for tests"
KEPT = re.compile(r'name="kept" value="([^"]+)"')
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
HOSTILE = '"><img src=x onerror=alert(1)> {{7*7}} ơ'


def late(world: World, path: str, **fields: str) -> tuple[FlaskClient, TestResponse]:
    """An administrator whose page was open for too long sends its form, and the browser sends it on, as 307 says."""
    client = world.sign_in("administrator")
    csrf_token = token_of(client.get("/account"))
    world.clock.advance(minutes=11)
    sent = {"csrf_token": csrf_token, **fields}
    answer = client.post(path, data=sent)
    assert answer.status_code == 307
    return client, client.post(answer.location, data=sent)


def prove(client: FlaskClient, page: TestResponse, password: str = PASSWORD) -> TestResponse:
    kept = KEPT.search(page.text)
    assert kept, page.text
    return client.post(
        "/sign-in/confirm",
        data={"csrf_token": token_of(page), "next": "/", "kept": kept.group(1), "password": password},
    )


def go_on(client: FlaskClient, page: TestResponse) -> TestResponse:
    """Press the button of the page after the proof."""
    action = re.search(r'<form method="post" action="(/office[^"]+|/units[^"]+)"', page.text)
    assert action, page.text
    fields = HIDDEN.findall(page.text.split(action.group(0))[1].split("</form>")[0])
    return client.post(action.group(1), data={name: html.unescape(value) for name, value in fields})


def person(world: World) -> str:
    return f"/office/people/{world.users['secretary1']}/facts"


def test_what_was_typed_comes_back_after_the_proof(world: World) -> None:
    client, asked = late(world, person(world), name="Nguyễn Văn An Mới", phone="0912 000 111", email="an@mau.example")
    assert "Những gì đồng chí vừa nhập không mất." in asked.text
    assert "Nguyễn Văn An Mới" not in asked.text, "sealed while it waits"
    wrong = prove(client, asked, "sai rồi")
    assert wrong.status_code == 422
    assert "Những gì đồng chí vừa nhập không mất." in wrong.text
    proven = prove(client, wrong)
    assert "vẫn còn nguyên" in proven.text
    done = go_on(client, proven)
    assert (done.status_code, done.location) == (303, person(world).removesuffix("/facts"))
    with world.app.app_context(), read_transaction() as session:
        user = session.get_one(User, world.users["secretary1"])
    assert (user.name, user.phone, user.email) == ("Nguyễn Văn An Mới", "0912000111", "an@mau.example")


def test_nothing_is_done_before_the_button(world: World) -> None:
    client, asked = late(world, person(world), name="Nguyễn Văn An Mới", phone="0912 000 111")
    prove(client, asked)
    with world.app.app_context(), read_transaction() as session:
        assert session.get_one(User, world.users["secretary1"]).name == "Nguyễn Văn An"


def test_a_hostile_text_stays_text(world: World) -> None:
    client, asked = late(world, person(world), name=HOSTILE, phone="0912 000 111")
    proven = prove(client, asked)
    assert "<img" not in proven.text
    assert "{{7*7}}" in html.unescape(proven.text)
    assert html.unescape(dict(HIDDEN.findall(proven.text))["name"]) == HOSTILE


def test_a_form_with_a_secret_is_typed_again(world: World) -> None:
    client = world.sign_in("secretary1")
    csrf_token = token_of(client.get("/account"))
    world.clock.advance(minutes=11)
    answer = client.post("/account/password", data={"csrf_token": csrf_token, "password": "một câu mới rất dài"})
    assert (answer.status_code, answer.location) == (303, "/sign-in/confirm?next=/account/password")


def test_only_forms_that_go_to_our_own_pages_are_kept(world: World) -> None:
    client = world.sign_in("administrator")
    fields = {"csrf_token": token_of(client.get("/account")), "name": "x"}
    for to in ("", "https://evil.example/", "//evil.example/", "/nothing", "/account", "/healthz"):
        answer = client.post("/sign-in/confirm/form", query_string={"to": to}, data=fields)
        assert answer.status_code == 400, to
    assert client.post("/sign-in/confirm/form", query_string={"to": "/language"}, data=fields).status_code == 200


def test_a_kept_form_is_for_one_session_and_half_an_hour() -> None:
    form, session_id = KeptForm("/office", "/", [("name", "ơ"), ("name", "hai")]), uuid.uuid4()
    sealed = seal_form(KEY, form, session_id, START)
    assert unseal_form(KEY, sealed, session_id, START + timedelta(minutes=29)) == form
    assert unseal_form(KEY, sealed, session_id, START + timedelta(minutes=30)) is None
    assert unseal_form(KEY, sealed, uuid.uuid4(), START) is None
    assert unseal_form(KEY + "!", sealed, session_id, START) is None
    assert unseal_form(KEY, sealed[:-4], session_id, START) is None
    assert unseal_form(KEY, "nothing", session_id, START) is None


def test_one_that_was_altered_is_none(world: World) -> None:
    client, asked = late(world, person(world), name="Nguyễn Văn An Mới", phone="0912 000 111")
    fields = {"csrf_token": token_of(asked), "next": "/account", "kept": "altered", "password": PASSWORD}
    answer = client.post("/sign-in/confirm", data=fields)
    assert (answer.status_code, answer.location) == (303, "/account")


@pytest.mark.parametrize(
    "fields",
    [
        [("name", "x"), ("password", "y")],
        [("pin", "481529")],
        [("name", "x" * MOST_CHARS)],
    ],
)
def test_what_is_not_worth_keeping(fields: list[tuple[str, str]]) -> None:
    assert worth_keeping(fields) is None


def test_a_button_alone_is_not_forgotten_after_the_proof(world: World) -> None:
    """Otherwise whoever reports a phone lost believes that it is shut out while it is not."""
    page = f"/office/people/{world.users['secretary1']}"
    phone = world.sign_in("secretary1")
    client, asked = late(world, f"{page}/lost-phone")
    assert "không mất" not in asked.text, "nothing was typed"
    proven = prove(client, asked)
    assert "Việc vừa rồi chưa làm." in proven.text
    assert phone.get("/messages").status_code == 200
    assert 'class="qr"' in go_on(client, proven).text
    assert phone.get("/messages").status_code == 302
