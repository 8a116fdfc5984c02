"""People hear of what may have been somebody else; and a phone without a PIN is offered one, once."""

import re

from flask.testing import FlaskClient
from sqlalchemy import select, update

from meetingcheck.accounts.models import User
from meetingcheck.accounts.rules import LinkPurpose
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.messages.models import Message
from tests.accounts.ways import NEW_PASSWORD, PIN, enrolled, link_for, post, sign_out
from tests.engines.smtp import SmtpSink
from tests.photos.samples import jpeg, scene
from tests.world import World, form_of, token_of


def subjects(world: World, smtp: SmtpSink) -> list[str]:
    world.work("alerts")
    return [str(mail["Subject"]) for mail in smtp.messages]


def test_a_reset_password_is_told_also_to_who_stopped_mail(world: World, smtp: SmtpSink) -> None:
    with world.app.app_context(), write_transaction() as session:
        session.execute(update(User).values(mail_stopped_at=world.clock()))
    post(world.app.test_client(), "/one-time", token=link_for(world, "secretary1"), password=NEW_PASSWORD)
    assert subjects(world, smtp) == ["Mật khẩu vừa được đổi"]
    assert "Nếu không phải đồng chí" in smtp.messages[0].get_content()
    assert smtp.messages[0]["To"].addresses[0].addr_spec == "secretary1@mau.example"


def test_the_first_password_is_no_news(world: World, smtp: SmtpSink) -> None:
    with world.app.app_context(), write_transaction() as session:
        session.execute(update(User).values(password_hash=None))
    token = link_for(world, "secretary1", LinkPurpose.INVITATION)
    assert post(world.app.test_client(), "/one-time", token=token, password=NEW_PASSWORD).status_code == 303
    assert subjects(world, smtp) == []


def test_a_password_that_one_changes_oneself_is_told(world: World, smtp: SmtpSink) -> None:
    assert post(world.sign_in("secretary1"), "/account/password", password=NEW_PASSWORD).status_code == 303
    assert subjects(world, smtp) == ["Mật khẩu vừa được đổi"]


def test_a_new_phone_is_told_once_and_says_nothing_that_would_let_in(world: World, smtp: SmtpSink) -> None:
    enrolled(world)
    assert subjects(world, smtp) == ["Một điện thoại vừa được đăng ký"]
    world.work("alerts")
    with world.app.app_context(), read_transaction() as session:
        (told,) = session.scalars(select(Message)).all()
    assert told.params == {}
    assert re.findall(r"http\S+", smtp.messages[0].get_content())[0] == "http://localhost"


# --- the offer of a PIN


OFFER = "Đặt mã PIN cho máy này?"


def send_report(world: World, phone: FlaskClient, cell: int = 0) -> str:
    """The address of the page after sending."""
    address = f"/obligations/{world.obligation(world.cells[cell]).id}/check-in"
    answer = phone.post(address, data=form_of(phone.get(address), overviews=[jpeg(scene(640, 480))]))
    assert answer.status_code == 303, answer.text
    return answer.location


def test_after_a_report_a_pinned_phone_is_offered_a_pin_until_later_is_said(world: World) -> None:
    phone = enrolled(world)
    after = send_report(world, phone)
    assert OFFER in phone.get(after).text
    assert OFFER not in phone.get(after.partition("?")[0]).text, "it comes after sending only"
    later = phone.post("/devices/pin/later", data={"csrf_token": token_of(phone.get("/account")), "next": "/account"})
    assert (later.status_code, later.location) == (303, "/account")
    assert OFFER not in phone.get(after).text


def test_later_outlasts_the_sign_in(world: World) -> None:
    phone = enrolled(world)
    post(phone, "/devices/pin/later", page="/account")
    sign_out(phone)
    page = phone.get("/sign-in")
    answer = phone.post(
        "/sign-in", data={"csrf_token": token_of(page), "login": "secretary1", "password": "một mật khẩu dài"}
    )
    assert answer.status_code == 303
    assert OFFER not in phone.get(send_report(world, phone)).text


def test_nobody_else_is_offered_one(world: World) -> None:
    desk, phone = world.sign_in("secretary1"), enrolled(world, "secretary2", pin=PIN)
    assert OFFER not in desk.get(send_report(world, desk)).text
    assert OFFER not in phone.get(send_report(world, phone, 1)).text
