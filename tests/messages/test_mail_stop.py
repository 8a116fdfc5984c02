"""Every mail can be stopped: by its link, by the mail program itself, on the account page; and taken up again."""

import io
import re
import uuid
from email.message import EmailMessage

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from meetingcheck.accounts.models import PersonalToken, User
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.logs import configure_logs
from meetingcheck.lib.tokens import token_hash
from meetingcheck.messages.actions import News, tell
from meetingcheck.messages.models import Delivery, Message
from meetingcheck.messages.queries import count_deliveries
from meetingcheck.office.people.actions import invite_by_mail
from tests.engines.smtp import SmtpSink
from tests.world import World, token_of

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def news(world: World, login: str = "secretary1", *, essential: bool = False) -> None:
    one = News("office.test_mail", f"news:{uuid.uuid4()}", {}, essential=essential)
    with world.app.app_context(), write_transaction() as session:
        tell(session, world.users[login], one, world.clock())


def mailed(world: World, smtp: SmtpSink, login: str = "secretary1") -> EmailMessage:
    before = len(smtp.messages)
    news(world, login)
    world.work("alerts")
    (mail,) = smtp.messages[before:]
    return mail


def token_in(mail: EmailMessage) -> str:
    found = re.search(r"http://localhost/mail#([A-Za-z0-9_-]+)\s", mail.get_content())
    assert found, mail.get_content()
    return found.group(1)


def is_stopped(world: World, login: str = "secretary1") -> bool:
    with world.app.app_context(), read_transaction() as session:
        return session.get_one(User, world.users[login]).mail_stopped_at is not None


def press(client: FlaskClient, path: str, token: str) -> TestResponse:
    return client.post(path, data={"csrf_token": token_of(client.get("/mail")), "token": token})


def test_each_mail_carries_a_link_and_what_a_mail_program_needs(world: World, smtp: SmtpSink) -> None:
    mail, second, other = mailed(world, smtp), mailed(world, smtp), mailed(world, smtp, "reviewer")
    token = token_in(mail)
    assert mail["List-Unsubscribe"] == f"<http://localhost/mail/{token}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert re.fullmatch("[0-9a-f]{32}", token), "128 bits"
    assert token_in(second) == token
    assert token_in(other) != token
    with world.app.app_context(), read_transaction() as session:
        kept = session.scalars(select(PersonalToken.token_hash)).all()
    assert sorted(kept) == sorted([token_hash(token), token_hash(token_in(other))]), "the hash is all that is kept"


def test_looking_at_a_link_changes_nothing(world: World, smtp: SmtpSink) -> None:
    """Mail scanners open each address; the one of the header leads on to the page, out of the path."""
    token, scanner = token_in(mailed(world, smtp)), world.app.test_client()
    opened = scanner.get(f"/mail/{token}")
    assert (opened.status_code, opened.location) == (303, f"/mail#{token}")
    assert scanner.get("/mail").status_code == 200
    assert scanner.head(f"/mail/{token}").status_code == 303
    assert not is_stopped(world)


def test_the_button_stops_mail_and_another_takes_it_up_again(world: World, smtp: SmtpSink) -> None:
    token, browser = token_in(mailed(world, smtp)), world.app.test_client()
    page = press(browser, "/mail/stop", token)
    assert "không gửi thư nữa" in page.text
    assert is_stopped(world)
    assert not is_stopped(world, "reviewer"), "one person's token is for nobody else"
    assert f'value="{token}"' in page.text, "the undo needs no second look into the mail"
    assert "lại gửi thư" in press(browser, "/mail/resume", token).text
    assert not is_stopped(world)
    assert token_in(mailed(world, smtp)) == token


def test_a_mail_program_stops_mail_by_itself(world: World, smtp: SmtpSink) -> None:
    """It has no cookie and no form of ours; twice is once."""
    token = token_in(mailed(world, smtp))
    for _ in range(2):
        assert world.app.test_client().post(f"/mail/{token}", data=ONE_CLICK).status_code == 200
    assert is_stopped(world)


def test_only_the_right_token_with_the_standards_field_counts(world: World, smtp: SmtpSink) -> None:
    token, program = token_in(mailed(world, smtp)), world.app.test_client()
    assert program.post(f"/mail/{token}").status_code == 400
    assert program.post(f"/mail/{'0' * 32}", data=ONE_CLICK).status_code == 404
    assert program.post(f"/mail/{token}", data=ONE_CLICK, headers={"Origin": "https://x.example"}).status_code == 403
    assert program.post("/mail/stop", data={"token": token}).status_code == 400, (
        "a page of ours, so with its form token"
    )
    unknown = press(program, "/mail/stop", "0" * 32)
    assert (unknown.status_code, "không dùng được" in unknown.text) == (422, True)
    assert not is_stopped(world)


def test_a_mails_token_is_for_mail_alone(world: World, smtp: SmtpSink) -> None:
    token = token_in(mailed(world, smtp))
    assert world.app.test_client().get(f"/calendar/{token}.ics").status_code == 404


def test_who_stopped_mail_still_has_the_bell_and_the_ways_in(world: World, smtp: SmtpSink) -> None:
    assert world.app.test_client().post(f"/mail/{token_in(mailed(world, smtp))}", data=ONE_CLICK).status_code == 200
    before = len(smtp.messages)
    news(world)
    world.work("alerts")
    assert len(smtp.messages) == before
    with world.app.app_context(), read_transaction() as session:
        messages = session.scalars(select(Message.id).where(Message.user_id == world.users["secretary1"])).all()
        carried = session.scalars(select(Delivery.message_id)).all()
    assert len(set(messages) - set(carried)) == 1, "told in the app, with no mail beside it"
    news(world, essential=True)
    with world.app.app_context(), write_transaction() as session:
        user = session.get_one(User, world.users["secretary1"])
        invite_by_mail(session, user, world.users["administrator"], world.clock())
    world.work("alerts")
    assert len(smtp.messages) == before + 2


def test_a_mail_that_waited_when_mail_was_stopped_does_not_leave(world: World, smtp: SmtpSink) -> None:
    news(world)
    news(world, essential=True)
    with world.app.app_context(), write_transaction() as session:
        session.execute(update(User).values(mail_stopped_at=world.clock()))
    world.work("alerts")
    assert len(smtp.messages) == 1
    with world.app.app_context(), read_transaction() as session:
        assert count_deliveries(session) == {"sent": 1}


def test_the_account_page_stops_and_takes_up(world: World) -> None:
    client = world.sign_in("secretary1")
    for wanted, stopped, offered in (("stop", True, "Nhận thư trở lại"), ("resume", False, "Thôi nhận thư")):
        page = client.get("/account")
        answer = client.post("/account/mail", data={"csrf_token": token_of(page), "mail": wanted})
        assert (answer.status_code, answer.location) == (303, "/account")
        assert is_stopped(world) == stopped
        assert offered in client.get("/account").text


def test_tokens_in_paths_leave_no_trace_in_the_log(world: World, smtp: SmtpSink) -> None:
    token, written = token_in(mailed(world, smtp)), io.StringIO()
    configure_logs(written)
    client = world.app.test_client()
    client.get(f"/mail/{token}")
    client.post(f"/mail/{token}", data=ONE_CLICK)
    client.post(f"/mail/{token}?x={token}")
    press(client, "/mail/stop", token)
    assert written.getvalue().count('"route": "/mail/<token:token>"') == 3
    assert token not in written.getvalue()


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_line_is_in_the_persons_language(world: World, smtp: SmtpSink, language: str) -> None:
    with world.app.app_context(), write_transaction() as session:
        session.execute(update(User).values(language=language))
    assert ("No more mail" in mailed(world, smtp).get_content()) == (language == "en")
