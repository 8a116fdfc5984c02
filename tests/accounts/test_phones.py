"""Pinned phones: enrolled by a sheet of paper, opened by a PIN, ended from a list."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from meetingcheck.accounts.actions import revoke_all_access
from meetingcheck.accounts.models import Device, Enrolment, User, UserSession
from meetingcheck.accounts.passwords import verify_password
from meetingcheck.accounts.rules import LinkPurpose, code_as_typed, enrolment_path, in_chat_browser, pin_problem
from meetingcheck.lib.db import read_transaction, write_transaction
from tests.accounts.ways import (
    PHONE,
    PIN,
    ZALO,
    at_once,
    count,
    enrolled,
    is_in,
    link_for,
    post,
    second_process,
    sentences,
    sheet_for,
    sign_in,
    sign_out,
)
from tests.world import World, token_of

SECOND = timedelta(seconds=1)
WRONG = "175390"


def enrol(client: FlaskClient, typed: str) -> TestResponse:
    return post(client, "/enrol", token=typed)


def open_with_pin(client: FlaskClient, pin: str) -> TestResponse:
    return post(client, "/sign-in/pin", page="/sign-in", pin=pin)


# --- enrolling


def test_a_sheet_pins_the_phone_and_opens_it(world: World) -> None:
    phone = world.app.test_client()
    answer = enrol(phone, sheet_for(world, "secretary1")[0])
    assert (answer.status_code, answer.location) == (303, "/")
    assert is_in(phone)
    cookie = next(line for line in answer.headers.getlist("Set-Cookie") if line.startswith("device="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert phone.get("/", follow_redirects=True).request.path == f"/cells/{world.cells[0]}/home"


def test_from_the_sheet_to_the_check_in_in_three_taps(world: World) -> None:
    """The camera's link, the button, and the main button of the own cell's page."""
    phone = world.app.test_client()
    page = phone.get("/enrol")
    home = phone.post(
        "/enrol", data={"csrf_token": token_of(page), "token": sheet_for(world, "secretary1")[0]}, follow_redirects=True
    )
    assert "Gửi báo cáo tháng 11/2026" in home.text
    check_in = re.search(r'class="btn" href="(/obligations/[^"]+/check-in)"', home.text)
    assert check_in
    assert phone.get(check_in.group(1)).status_code == 200


def test_opening_the_address_pins_nothing(world: World) -> None:
    token, _ = sheet_for(world, "secretary1")
    for _ in range(2):
        assert world.app.test_client().get(enrolment_path(token)).status_code == 200
    assert count(world, Device) == 0
    assert enrol(world.app.test_client(), token).status_code == 303


def test_the_code_under_the_qr_does_the_same_however_it_is_typed(world: World) -> None:
    for login in ("secretary1", "secretary2", "reporter1"):
        phone, (_, code) = world.app.test_client(), sheet_for(world, login)
        typed = {"secretary1": code.lower(), "secretary2": code.replace("-", " "), "reporter1": code}[login]
        assert re.fullmatch(r"([2-9A-Z]{4}-){2}[2-9A-Z]{4}", code)
        assert enrol(phone, typed).status_code == 303
        assert is_in(phone)


def test_neither_token_nor_code_is_kept(world: World) -> None:
    token, code = sheet_for(world, "secretary1")
    with world.app.app_context(), read_transaction() as session:
        kept = str(vars(session.scalars(select(Enrolment)).one()))
    assert token not in kept
    assert code not in kept
    assert str(code_as_typed(code)) not in kept


def test_a_used_code_says_so(world: World) -> None:
    token, code = sheet_for(world, "secretary1")
    assert enrol(world.app.test_client(), token).status_code == 303
    for typed in (token, code):
        other = world.app.test_client()
        answer = enrol(other, typed)
        assert answer.status_code == 422
        assert "Mã này đã dùng" in answer.text
        assert not is_in(other)
    assert count(world, Device) == 1


def test_unknown_ended_and_old_codes_are_answered_alike(world: World) -> None:
    replaced, _ = sheet_for(world, "secretary1")
    sheet_for(world, "secretary1")
    old, old_code = sheet_for(world, "secretary2")
    disabled, _ = sheet_for(world, "reporter1")
    with world.app.app_context(), write_transaction() as session:
        session.execute(update(User).where(User.login == "reporter1").values(disabled_at=world.clock()))
    world.clock.advance(days=14)
    said = {
        tuple(sentences(enrol(world.app.test_client(), typed)))
        for typed in (replaced, old, old_code, disabled, "x", "ABCD-EFGH-JKMN", "x" * 5000)
    }
    assert len(said) == 1
    assert "sai hoặc đã hết hạn" in str(said)
    assert count(world, Device) == 0


def test_a_code_lasts_fourteen_days(world: World) -> None:
    token, _ = sheet_for(world, "secretary1")
    world.clock.set(world.clock() + timedelta(days=14) - SECOND)
    assert enrol(world.app.test_client(), token).status_code == 303


def test_of_many_phones_at_the_same_moment_in_two_processes_one_is_pinned(world: World) -> None:
    token, code = sheet_for(world, "secretary1")
    with second_process(world) as other:
        phones = [world.app.test_client(), other.test_client(), world.app.test_client(), other.test_client()]
        posts = [
            (phone, "/enrol", {"csrf_token": token_of(phone.get("/enrol")), "token": typed})
            for phone, typed in zip(phones, (token, code, token, code), strict=True)
        ]
        answers = at_once(*posts)
        assert sorted(answer.status_code for answer in answers) == [303, 422, 422, 422]
        assert sum(is_in(phone) for phone in phones) == 1
    assert count(world, Device) == 1
    assert all("Mã này đã dùng" in answer.text for answer in answers if answer.status_code == 422)


def test_a_phone_whose_answer_was_lost_may_press_the_button_again(world: World) -> None:
    token, phone = sheet_for(world, "secretary1")[0], world.app.test_client()
    page = phone.get("/enrol")
    cookie = phone.get_cookie("session")
    assert cookie is not None
    fields = {"csrf_token": token_of(page), "token": token}
    assert phone.post("/enrol", data=fields).status_code == 303
    unaware = world.app.test_client()
    unaware.set_cookie("session", cookie.value)
    assert unaware.post("/enrol", data=fields).status_code == 303
    assert is_in(unaware)
    assert count(world, Device) == 1


def test_nothing_is_pinned_inside_a_chat_app(world: World) -> None:
    token, chat = sheet_for(world, "secretary1")[0], world.app.test_client()
    page = chat.get("/enrol", headers={"User-Agent": ZALO})
    assert "Mở bằng trình duyệt" in page.text
    token_for_form = token_of(page)
    answer = chat.post("/enrol", data={"csrf_token": token_for_form, "token": token}, headers={"User-Agent": ZALO})
    assert answer.status_code == 422
    assert count(world, Device) == 0
    assert enrol(world.app.test_client(), token).status_code == 303, "the code is as good as before"


@pytest.mark.parametrize("agent", [ZALO, "… [FBAN/FBIOS;FBAV/400]", "Mozilla/5.0 … Instagram 300", "Line/13.1"])
def test_chat_apps_are_known(agent: str) -> None:
    assert in_chat_browser(agent)
    assert not in_chat_browser(PHONE)


def test_a_phone_that_gets_another_persons_sheet_is_theirs(world: World) -> None:
    phone = enrolled(world, "secretary1", PIN)
    assert enrol(phone, sheet_for(world, "secretary2")[0]).status_code == 303
    assert "Trần Thị Bình" in phone.get("/account").text
    with world.app.app_context(), read_transaction() as session:
        held = session.scalars(select(Device.user_id).where(Device.revoked_at.is_(None))).all()
    assert held == [world.users["secretary2"]]


def test_a_sheet_alone_lets_no_reviewer_in(world: World) -> None:
    """What would open the reports of many cells asks for the password and the second factor as always."""
    phone = world.app.test_client()
    answer = enrol(phone, sheet_for(world, "reviewer")[0])
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert not is_in(phone)
    assert sign_in(phone, "reviewer").location == "/second-factor"
    assert post(phone, "/second-factor/code", page="/second-factor", code=world.code()).status_code == 303
    with world.app.app_context(), read_transaction() as session:
        assert session.scalars(select(UserSession.device_id)).one() is not None


def test_a_pinned_phone_stays_signed_in_for_ninety_days(world: World) -> None:
    phone, began = enrolled(world), world.clock()
    world.clock.set(began + timedelta(days=90) - SECOND)
    assert is_in(phone), "without being used in between: meetings are once a month"
    world.clock.set(began + timedelta(days=90))
    assert not is_in(phone)


# --- the PIN


def test_the_pin_stands_for_the_password_on_its_phone(world: World) -> None:
    phone = enrolled(world, pin=PIN)
    sign_out(phone)
    assert not is_in(phone)
    assert "Nguyễn Văn An" in phone.get("/sign-in").text
    answer = open_with_pin(phone, PIN)
    assert (answer.status_code, answer.location) == (303, "/")
    assert is_in(phone)
    world.clock.advance(days=80)
    assert is_in(phone)


def test_without_its_phone_a_pin_is_worth_nothing(world: World) -> None:
    enrolled(world, pin=PIN)
    elsewhere = world.app.test_client()
    assert "Mã PIN" not in elsewhere.get("/sign-in").text
    assert open_with_pin(elsewhere, PIN).location == "/sign-in"
    elsewhere.set_cookie("device", "x" * 43)
    assert open_with_pin(elsewhere, PIN).location == "/sign-in"
    assert not is_in(elsewhere)
    assert sign_in(elsewhere, "secretary1", PIN).status_code == 422


def test_two_phones_of_one_person_have_a_pin_each(world: World) -> None:
    first, second = enrolled(world, pin=PIN), enrolled(world, pin="740952")
    for phone in (first, second):
        sign_out(phone)
    assert open_with_pin(first, "740952").status_code == 422
    assert open_with_pin(second, "740952").status_code == 303


def guess(world: World, phone: FlaskClient, times: int) -> list[int]:
    return [open_with_pin(phone, WRONG).status_code for _ in range(times)]


def test_five_wrong_pins_wait_fifteen_minutes(world: World) -> None:
    phone = enrolled(world, pin=PIN)
    sign_out(phone)
    for _ in range(4):
        assert "chưa đúng" in open_with_pin(phone, WRONG).text
    assert "15 phút" in open_with_pin(phone, WRONG).text
    waiting = open_with_pin(phone, PIN)
    assert waiting.status_code == 422
    assert "15 phút" in waiting.text
    world.clock.set(world.clock() + timedelta(minutes=15) - SECOND)
    assert open_with_pin(phone, PIN).status_code == 422
    world.clock.set(world.clock() + SECOND)
    assert open_with_pin(phone, PIN).status_code == 303


def test_the_right_pin_forgets_the_wrong_ones(world: World) -> None:
    phone = enrolled(world, pin=PIN)
    for _ in range(2):
        sign_out(phone)
        guess(world, phone, 4)
        assert open_with_pin(phone, PIN).status_code == 303


def test_ten_wrong_pins_unpin_the_phone(world: World) -> None:
    phone = enrolled(world, pin=PIN)
    sign_out(phone)
    guess(world, phone, 5)
    world.clock.advance(minutes=15)
    guess(world, phone, 4)
    last = open_with_pin(phone, WRONG)
    assert "không còn được đăng ký" in last.text
    assert "Báo cáo chưa gửi vẫn còn trong máy" in last.text
    world.clock.advance(days=1)
    assert open_with_pin(phone, PIN).location == "/sign-in"
    assert sign_in(phone, "secretary1").status_code == 303, "the password is as good as before"


def test_pins_guessed_at_the_same_moment_in_two_processes_count_each(world: World) -> None:
    phone = enrolled(world, pin=PIN)
    sign_out(phone)
    cookie, session_cookie = phone.get_cookie("device"), phone.get_cookie("session")
    assert cookie is not None
    assert session_cookie is not None
    with second_process(world) as other:
        copies = [app.test_client() for app in (world.app, other) for _ in range(4)]
        for copy in copies:
            copy.set_cookie("device", cookie.value)
        pins = [WRONG] * 7 + [PIN]
        posts = [
            (copy, "/sign-in/pin", {"csrf_token": token_of(copy.get("/sign-in")), "pin": pin})
            for copy, pin in zip(copies, pins, strict=True)
        ]
        at_once(*posts)
    with world.app.app_context(), read_transaction() as session:
        failures, wait_until = session.execute(select(Device.pin_failures, Device.pin_wait_until)).one()
    assert (failures == 5 and wait_until is not None) or failures < 5, "never more than five were looked at"


def test_a_pin_is_hashed_with_a_key_that_is_not_in_the_database(world: World) -> None:
    enrolled(world, pin=PIN)
    with world.app.app_context(), read_transaction() as session:
        kept = session.scalars(select(Device.pin_hash)).one()
    assert kept is not None
    assert kept.startswith("$argon2id$")
    assert not verify_password(kept, PIN)


@pytest.mark.parametrize(
    "pin",
    [
        "",
        "12345",
        "1234567",
        "12345a",
        "１２３４５６",
        "123456",
        "654321",
        "111111",
        "121212",
        "123123",
        "112233",
        "100000",
        "246802",
        "123321",
        "030945",
        "300475",
        "451126",
        "199042",
        "421985",
    ],
)
def test_easy_pins_are_refused(pin: str) -> None:
    assert pin_problem(pin) is not None


@pytest.mark.parametrize("pin", [PIN, "740952", "908172", "573840"])
def test_other_pins_are_taken(pin: str) -> None:
    assert pin_problem(pin) is None


def test_most_pins_are_left() -> None:
    refused = sum(pin_problem(f"{number:06}") is not None for number in range(0, 1_000_000, 7))
    assert refused / (1_000_000 / 7) < 0.15


def test_a_pin_is_set_only_on_a_pinned_phone_and_typed_twice_alike(world: World) -> None:
    assert world.sign_in("secretary1").get("/devices/pin").status_code == 404
    phone = enrolled(world)
    answer = post(phone, "/devices/pin", pin=PIN, again=WRONG)
    assert answer.status_code == 422
    assert "không giống nhau" in answer.text
    assert post(phone, "/devices/pin", pin="123456", again="123456").status_code == 422


# --- devices


def test_devices_and_sessions_are_listed_and_ended_one_by_one(world: World) -> None:
    phone, desk, other_desk = enrolled(world), world.sign_in("secretary1"), world.sign_in("secretary1")
    page = desk.get("/devices")
    devices = re.findall(r"/devices/([0-9a-f-]{36})/end", page.text)
    sessions = re.findall(r"/devices/sessions/([0-9a-f-]{36})/end", page.text)
    assert (len(devices), len(sessions)) == (1, 2)
    for session_id in sessions:
        assert post(desk, f"/devices/sessions/{session_id}/end", page="/devices").status_code == 303
    assert (is_in(phone), is_in(desk), is_in(other_desk)) == (False, True, False)
    assert post(desk, f"/devices/{devices[0]}/end", page="/devices").status_code == 303
    assert "Chưa có điện thoại nào" in desk.get("/devices").text


def test_a_phone_that_is_ended_is_out_with_the_next_request_and_its_pin_too(world: World) -> None:
    phone, desk = enrolled(world, pin=PIN), world.sign_in("secretary1")
    device = re.search(r"/devices/([0-9a-f-]{36})/end", desk.get("/devices").text)
    assert device
    assert is_in(phone)
    post(desk, f"/devices/{device.group(1)}/end", page="/devices")
    assert not is_in(phone)
    assert open_with_pin(phone, PIN).location == "/sign-in"


def test_nobody_ends_what_belongs_to_others(world: World) -> None:
    phone, stranger = enrolled(world), world.sign_in("secretary2")
    page = phone.get("/devices").text
    device = re.search(r"/devices/([0-9a-f-]{36})/end", page)
    assert device
    with world.app.app_context(), read_transaction() as session:
        own = session.scalars(select(UserSession.id).where(UserSession.device_id.is_not(None))).one()
    for path in (f"/devices/{device.group(1)}/end", f"/devices/sessions/{own}/end"):
        assert post(stranger, path, page="/devices").status_code == 404
    assert is_in(phone)


def test_a_lost_phone_ends_everything_at_once(world: World) -> None:
    phone, desk = enrolled(world, pin=PIN), world.sign_in("secretary1")
    link, (token, code) = link_for(world, "secretary1", LinkPurpose.INVITATION), sheet_for(world, "secretary1")
    neighbour = enrolled(world, "secretary2")
    with world.app.app_context(), write_transaction() as session:
        revoke_all_access(session, world.users["secretary1"], world.users["administrator"], world.clock())
    assert not is_in(phone)
    assert not is_in(desk)
    assert open_with_pin(phone, PIN).location == "/sign-in"
    assert post(world.app.test_client(), "/one-time", token=link, password="câu rất dễ nhớ").status_code == 422
    for typed in (token, code):
        assert "sai hoặc đã hết hạn" in enrol(world.app.test_client(), typed).text
    assert is_in(neighbour)
    assert enrol(phone, sheet_for(world, "secretary1")[0]).status_code == 303, (
        "a new sheet works on the phone found again"
    )


def test_a_person_has_as_many_phones_as_sheets(world: World) -> None:
    for _ in range(2):
        enrolled(world)
    with world.app.app_context(), read_transaction() as session:
        assert session.scalar(select(func.count()).select_from(Device).where(Device.revoked_at.is_(None))) == 2
