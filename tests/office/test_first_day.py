"""A fresh installation: its founder sets it up step by step, and nobody else can."""

import uuid
from dataclasses import replace
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from meetingcheck import create_app
from meetingcheck.accounts.actions import NewUser, add_user, keep_authenticator, name_founder
from meetingcheck.accounts.factors import SEALED_FOR
from meetingcheck.accounts.keys import seal
from meetingcheck.accounts.models import User
from meetingcheck.duties.models import MissedEvent, Obligation, Policy, Series
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.services import services_of
from meetingcheck.messages.models import Message
from meetingcheck.orgs.models import Role, RoleAssignment, Unit, UnitKind
from meetingcheck.photos.extension import decoder_of
from tests.clock import SetClock
from tests.engines.smtp import SmtpSink
from tests.office.forms import done, post, refused
from tests.world import PASSWORD_HASH, TOTP_SECRET, World

POLICY = {"usual_day": "3", "report_days": "2", "minimum_minutes": "90", "document": "HD 42-HD/BTCTW"}


@pytest.fixture
def fresh(app: Flask, clock: SetClock) -> World:
    """No unit, one founder, and one person who is there without being one."""
    with app.app_context(), write_transaction() as session:
        founder = add_user(session, NewUser("founder@mau.example", "Đỗ Quang Quản", PASSWORD_HASH), None, clock())
        name_founder(session, founder.id, clock())
        keep_authenticator(
            session, founder.id, seal(services_of(app).settings.secret_key, SEALED_FOR, TOTP_SECRET), 0, clock()
        )
        other = add_user(session, NewUser("other@mau.example", "Mai Lạ", PASSWORD_HASH), None, clock())
    nothing = uuid.UUID(int=0)
    users = {"founder": founder.id, "other": other.id}
    return World(app, clock, nothing, nothing, (), nothing, nothing, users)


def set_up(office: FlaskClient) -> None:
    done(
        office, "/office/first-day/root", root_name="Đảng bộ xã Mẫu", root_kind="dang_bo", root_founded_on="03/02/1990"
    )
    done(office, "/office/first-day/period", supervised_from="12/2026")
    done(office, "/office/first-day/policy", **POLICY)


def count(world: World, model: type) -> int:
    with world.app.app_context(), read_transaction() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_only_the_founder_can_begin(fresh: World) -> None:
    other = fresh.sign_in("other@mau.example")
    assert other.get("/office/first-day").status_code == 404
    assert post(other, "/office/first-day/root", root_name="Đảng bộ Lạ", root_kind="dang_bo").status_code == 404
    assert fresh.sign_in("founder@mau.example").get("/").location == "/office/first-day"
    assert count(fresh, Unit) == 0


def test_the_founder_becomes_the_administrator_and_the_others_have_no_way_in(fresh: World) -> None:
    office = fresh.sign_in("founder@mau.example")
    page = done(office, "/office/first-day/root", root_name="Đảng bộ xã Mẫu", root_kind="dang_bo", root_founded_on="")
    assert "Xong 1/6 bước." in page.text
    with fresh.app.app_context(), read_transaction() as session:
        (role,) = session.scalars(select(RoleAssignment))
        kinds = dict(session.execute(select(UnitKind.name, UnitKind.is_cell)).all())
    assert (role.user_id, role.role, role.from_on) == (fresh.users["founder"], Role.ADMINISTRATOR, date(2026, 11, 3))
    assert kinds == {"Đảng bộ": False, "Chi bộ": True}
    assert post(office, "/office/first-day/root", root_name="Hai", root_kind="dang_bo").status_code == 422
    assert count(fresh, Unit) == 1


def test_steps_come_in_order(fresh: World) -> None:
    office = fresh.sign_in("founder@mau.example")
    assert post(office, "/office/first-day/period", supervised_from="12/2026").status_code == 409
    assert post(office, "/office/first-day/policy", **POLICY).status_code == 409
    done(office, "/office/first-day/root", root_name="Đảng bộ xã Mẫu", root_kind="dang_bo")
    assert post(office, "/office/first-day/policy", **POLICY).status_code == 409


def test_a_month_that_has_passed_is_not_supervised(fresh: World) -> None:
    office = fresh.sign_in("founder@mau.example")
    done(office, "/office/first-day/root", root_name="Đảng bộ xã Mẫu", root_kind="dang_bo")
    refused(office, "/office/first-day/period", "Tháng này đã qua.", supervised_from="10/2026")
    refused(office, "/office/first-day/period", "Đồng chí hãy ghi tháng", supervised_from="mười hai")
    done(office, "/office/first-day/period", supervised_from="11/2026")
    done(office, "/office/first-day/period", supervised_from="12/2026")
    done(office, "/office/first-day/policy", **POLICY)
    with fresh.app.app_context(), read_transaction() as session:
        assert session.scalars(select(Policy.from_on)).one() == date(2026, 12, 1)
        names = session.scalars(select(Series.name).order_by(Series.code))
        assert list(names) == ["Sinh hoạt thường kỳ", "Sinh hoạt chuyên đề"]


def test_old_cells_owe_and_hear_nothing_before_the_first_month(fresh: World) -> None:
    office = fresh.sign_in("founder@mau.example")
    set_up(office)
    with fresh.app.app_context(), read_transaction() as session:
        root = session.scalars(select(Unit.id)).one()
    fields = {"child_name": "Chi bộ Thôn Mẫu 1", "child_kind": "chi_bo", "child_founded_on": "01/01/1990"}
    done(office, f"/office/units/{root}/children", **fields)
    fresh.work("alerts")
    with fresh.app.app_context(), read_transaction() as session:
        assert list(session.scalars(select(Obligation.period))) == ["2026-12"]
    fresh.clock.advance(days=27)
    fresh.work("alerts")
    assert (count(fresh, MissedEvent), count(fresh, Message)) == (0, 0)
    office = fresh.sign_in("founder@mau.example")
    assert post(office, "/office/first-day/period", supervised_from="12/2026").status_code == 422


def test_the_test_mail_arrives_and_the_page_says_so(fresh: World, smtp: SmtpSink) -> None:
    office = fresh.sign_in("founder@mau.example")
    refused(office, "/office/first-day/test-mail", "Địa chỉ email có dạng", email="không phải")
    assert "đang chờ gửi" in done(office, "/office/first-day/test-mail", email="Quan@mau.example").text
    fresh.work("alerts")
    (mail,) = smtp.messages
    assert "việc gửi thư đã chạy tốt" in mail.get_content()
    assert "đã gửi đến quan@mau.example" in office.get("/office/first-day").text


def test_an_office_without_a_mail_server_is_told_why_its_mails_wait(fresh: World) -> None:
    sentence = "Chưa có máy chủ thư, nên mọi thư đều phải chờ."
    office = fresh.sign_in("founder@mau.example")
    set_up(office)
    assert sentence not in office.get("/office/first-day").text + office.get("/office").text
    services = services_of(fresh.app)
    settings = replace(services.settings, mail=replace(services.settings.mail, host=None))
    without = create_app(settings, clock=fresh.clock, storage=services.storage)
    office = replace(fresh, app=without).sign_in("founder@mau.example")
    assert sentence in office.get("/office/first-day").text
    assert sentence in office.get("/office").text
    decoder_of(without).close()


def test_everybody_without_a_way_in_is_invited_or_listed_for_printing(fresh: World, smtp: SmtpSink) -> None:
    office = fresh.sign_in("founder@mau.example")
    set_up(office)
    with fresh.app.app_context(), read_transaction() as session:
        root = session.scalars(select(Unit.id)).one()
    done(office, f"/office/units/{root}/children", child_name="Chi bộ Thôn Mẫu 1", child_kind="chi_bo")
    for login, name in (("doc@mau.example", "Vũ Thị Đọc"), ("0977777777", "Hà Văn Số")):
        done(
            office,
            f"/office/units/{root}/roles",
            role="reader",
            role_login=login,
            role_name=name,
            role_from_on="03/11/2026",
        )
    assert "2 người chưa có cách đăng nhập." in office.get("/office/first-day").text
    assert "Số thư mời đang được gửi đi: 1." in done(office, "/office/first-day/invitations").text
    fresh.work("alerts")
    assert [mail["To"].addresses[0].addr_spec for mail in smtp.messages] == ["doc@mau.example"]
    waiting = office.get("/office/people?without_access=1").text
    assert "Hà Văn Số" in waiting
    assert "Vũ Thị Đọc" not in waiting
    with fresh.app.app_context(), read_transaction() as session:
        printed = session.scalars(select(User.id).where(User.login == "0977777777")).one()
    assert post(office, "/office/people/sheets", person=str(printed)).status_code == 200
    page = office.get("/office/first-day").text
    assert "Mọi người có nhiệm vụ đều đã có mật khẩu" in page
    assert "Xong 5/6 bước." in page, "the test mail is left"
