"""No token, code, PIN, password or number leaves a trace: not in log lines, addresses, Referer or history."""

import io
import json

import pytest
from flask import Flask

from meetingcheck.accounts.rules import enrolment_path, link_path
from meetingcheck.lib.logs import configure_logs
from tests.accounts.ways import NEW_PASSWORD, PIN, enrolled, link_for, post, sheet_for, sign_in, sign_out
from tests.world import TOTP_SECRET, World


@pytest.fixture
def lines(app: Flask) -> io.StringIO:
    written = io.StringIO()
    configure_logs(written)
    return written


def test_log_lines_hold_no_secret_and_no_number(world: World, lines: io.StringIO) -> None:
    link, (token, code), used = (
        link_for(world, "secretary1"),
        sheet_for(world, "secretary2"),
        sheet_for(world, "reporter1"),
    )
    browser = world.app.test_client()
    browser.get(link_path(link))
    browser.get(f"/one-time?token={link}")
    post(browser, "/one-time", token=link, password="ngắn")
    post(browser, "/one-time", token=link, password=NEW_PASSWORD)
    post(browser, "/one-time", token=link, password=NEW_PASSWORD)
    post(browser, "/account/login", login="0912345678")
    for typed in (token, code, *used):
        post(world.app.test_client(), "/enrol", token=typed)
    phone = enrolled(world, "secretary2", PIN)
    sign_out(phone)
    post(phone, "/sign-in/pin", page="/sign-in", pin="175390")
    post(phone, "/sign-in/pin", page="/sign-in", pin=PIN)
    sign_in(world.app.test_client(), "0912345678", "một mật khẩu khác")
    world.sign_in("reviewer")
    cookies = [cookie.value for cookie in (phone.get_cookie("device"), phone.get_cookie("session")) if cookie]
    assert len(cookies) == 2
    said = lines.getvalue()
    secrets = [link, token, code, code.replace("-", ""), *used, NEW_PASSWORD, PIN, "175390", TOTP_SECRET, *cookies]
    for secret in (*secrets, world.code(), "0912345678", "secretary2", "Nguyễn Văn An", "127.0.0.1"):
        assert secret not in said
    events = {json.loads(line)["event"] for line in said.splitlines()}
    assert {
        "request",
        "signed in",
        "sign-in refused",
        "link refused",
        "enrolment refused",
        "device pinned",
        "pin refused",
    } <= events


def test_no_page_is_kept_and_none_says_where_one_came_from(world: World) -> None:
    link, browser = link_for(world, "secretary1"), world.app.test_client()
    for path in ("/one-time", "/enrol", "/second-factor", "/devices"):
        answer = browser.get(path)
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
    answer = post(browser, "/one-time", token=link, password=NEW_PASSWORD)
    assert link not in str(answer.headers)
    assert link not in answer.text


def test_the_paths_of_tokens_have_them_behind_the_hash_only() -> None:
    for path in (link_path("TOKEN"), enrolment_path("TOKEN")):
        sent, _, kept_back = path.partition("#")
        assert "TOKEN" not in sent
        assert kept_back == "TOKEN"


def test_a_refused_form_keeps_no_password_and_no_pin(world: World) -> None:
    browser, phone = world.app.test_client(), enrolled(world, pin=PIN)
    assert "ngắn quá" not in post(browser, "/one-time", token=link_for(world, "secretary2"), password="ngắn quá").text
    sign_out(phone)
    assert "175390" not in post(phone, "/sign-in/pin", page="/sign-in", pin="175390").text
