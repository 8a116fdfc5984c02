"""People for the office: found without accents, who cannot be reached, let in, corrected, kept out."""

import re
import uuid

import pytest
from sqlalchemy import delete, select

from meetingcheck.accounts.actions import NewUser, add_user
from meetingcheck.accounts.actor import Actor
from meetingcheck.accounts.models import Enrolment, OneTimeLink, User, UserSession
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.instants import local_day
from meetingcheck.messages.actions import mark_refused
from meetingcheck.messages.models import Delivery, DeliveryState, Message
from meetingcheck.orgs.access import Right, all_within
from meetingcheck.orgs.actions import add_watcher, give_role
from meetingcheck.orgs.models import Role, RoleAssignment
from tests.engines.smtp import SmtpSink
from tests.office.forms import done, post, refused
from tests.world import LONG_AGO, PASSWORD, World, token_of

LINK = re.compile(r"http://localhost(/one-time#\S+?)<")
MAIL_LINK = re.compile(r"http://localhost/one-time#(\S+)")
CODE = re.compile(r'class="code">([^<]+)<')


def address(world: World, login: str) -> str:
    return f"/office/people/{world.users[login]}"


def user_of(world: World, login: str) -> User:
    with world.app.app_context(), read_transaction() as session:
        return session.scalars(select(User).where(User.id == world.users[login])).one()


def refuse_a_mail(world: World, login: str) -> None:
    """A mail to this person was refused by the server."""
    with world.app.app_context(), write_transaction() as session:
        message = Message(
            id=uuid.uuid4(),
            user_id=world.users[login],
            kind="alerts.missed",
            key=login,
            params={},
            created_at=world.clock(),
        )
        message.params = {"period": "11/2026", "cells": [], "count": 0, "path": "/"}
        delivery = Delivery(id=uuid.uuid4(), message_id=message.id, channel="mail", state=DeliveryState.WAITING)
        session.add(message)
        session.flush()
        session.add(delivery)
        session.flush()
        mark_refused(session, delivery.id, "MailRefused SMTP 550", world.clock())


@pytest.mark.parametrize("typed", ["nguyen van an", "NGUYỄN", "văn an", "secretary1"])
def test_people_are_found_without_accents_by_name_or_number(world: World, typed: str) -> None:
    page = world.sign_in("administrator").get("/office/people", query_string={"q": typed}).text
    assert "Nguyễn Văn An" in page
    assert "Trần Thị Bình" not in page


def test_a_sign_of_the_search_language_is_no_wildcard(world: World) -> None:
    page = world.sign_in("administrator").get("/office/people", query_string={"q": "%"}).text
    assert "Không có ai khớp" in page


def test_a_name_that_was_corrected_is_found_by_the_new_one(world: World) -> None:
    office = world.sign_in("administrator")
    done(office, f"{address(world, 'secretary1')}/facts", name="Nguyễn Văn Ấn", phone="0912345678", email="")
    assert "Nguyễn Văn Ấn" in office.get("/office/people?q=van an").text
    assert "Nguyễn Văn Ấn" in office.get("/office/people?q=0912 345 678").text


def test_long_lists_come_in_pages(world: World) -> None:
    with world.app.app_context(), write_transaction() as session:
        for number in range(60):
            add_user(session, NewUser(f"09000000{number:02}", f"Người {number:02} Trang"), None, world.clock())
    office = world.sign_in("administrator")
    first, second = office.get("/office/people?q=nguoi").text, office.get("/office/people?q=nguoi&page=2").text
    assert first.count('name="person"') == 50
    assert second.count('name="person"') == 10
    assert "Trang 1/2" in first
    assert office.get("/office/people?q=nguoi&page=99").text.count('name="person"') == 10
    assert office.get("/office/people?q=nguoi&page=-4").status_code == 200


def test_who_cannot_be_reached_has_no_number_and_no_address_that_works(world: World) -> None:
    office = world.sign_in("administrator")
    unreachable = "/office/people?unreachable=1"
    page = office.get(unreachable).text
    assert "Lê Đức Công" in page, "neither number nor address"
    assert "Nguyễn Văn An" not in page, "an address that took every mail so far"
    refuse_a_mail(world, "secretary1")
    assert "Nguyễn Văn An" in office.get(unreachable).text
    done(office, f"{address(world, 'secretary1')}/facts", name="Nguyễn Văn An", phone="0912345678", email="")
    assert "Nguyễn Văn An" not in office.get(unreachable).text


def test_a_changed_number_is_the_new_login(world: World) -> None:
    with world.app.app_context(), write_transaction() as session:
        new = NewUser("0911111111", "Bùi Văn Số", user_of(world, "stranger").password_hash, phone="0911111111")
        world.users["moved"] = add_user(session, new, None, world.clock()).id
    office = world.sign_in("administrator")
    done(office, f"{address(world, 'moved')}/facts", name="Bùi Văn Số", phone="+84 922 222 222", email="")
    assert (user_of(world, "moved").login, user_of(world, "moved").phone) == ("0922222222", "0922222222")
    assert world.sign_in("0922222222").get("/messages").status_code == 200
    taken = {"name": "Bùi Văn Số", "phone": "0933333333", "email": ""}
    with world.app.app_context(), write_transaction() as session:
        add_user(session, NewUser("0933333333", "Người Khác"), None, world.clock())
    refused(office, f"{address(world, 'moved')}/facts", "của một đồng chí khác", **taken)
    refused(office, f"{address(world, 'moved')}/facts", "Cần ít nhất một số điện thoại", **{**taken, "phone": ""})
    refused(office, f"{address(world, 'moved')}/facts", "gồm 10 chữ số", **{**taken, "phone": "12345"})


def test_a_person_is_added_by_hand_with_a_role(world: World) -> None:
    office = world.sign_in("administrator")
    page = done(
        office, "/office/people", name="Kiều Thị Mới", login="0955555555", role="reporter", unit="chi bo thon mau 2"
    )
    assert "Kiều Thị Mới" in page.text
    assert "Chi bộ Thôn Mẫu 2" in page.text
    refused(
        office,
        "/office/people",
        "Không có đúng một tổ chức đảng",
        name="Ai",
        login="0955555556",
        role="reporter",
        unit="Chi bộ Lạ",
    )


@pytest.mark.parametrize("was", ["secretary elsewhere", "watcher elsewhere", "nothing"])
def test_no_account_is_taken_over_by_giving_it_a_role(world: World, was: str) -> None:
    """An administrator of one committee gives roles to its own people and to new ones: whoever had, or has, to do with
    another committee only, or with none, is the upper office's to appoint. Else a link would open their account."""
    now, today = world.clock(), local_day(world.clock())
    with world.app.app_context(), write_transaction() as session:
        give_role(session, world.users["leader"], world.committee, Role.ADMINISTRATOR, LONG_AGO, None, now)
        session.execute(delete(RoleAssignment).where(RoleAssignment.unit_id == world.root))
        give_role(session, world.users["administrator"], world.root, Role.ADMINISTRATOR, LONG_AGO, None, now)
        if was == "secretary elsewhere":
            held = give_role(session, world.users["stranger"], world.other_cell, Role.SECRETARY, LONG_AGO, None, now)
            held.to_on = today
        if was == "watcher elsewhere":
            add_watcher(session, world.other_cell, world.users["stranger"], LONG_AGO, None, now)
        assert all_within(session, actor_of(world, "leader"), Right.GIVE_ROLES, world.users["secretary1"], today)
        assert not all_within(session, actor_of(world, "leader"), Right.GIVE_ROLES, world.users["stranger"], today)
        assert all_within(session, actor_of(world, "administrator"), Right.GIVE_ROLES, world.users["stranger"], today)


def test_what_somebody_does_elsewhere_is_not_named_to_an_administrator_of_one_committee(world: World) -> None:
    now = world.clock()
    with world.app.app_context(), write_transaction() as session:
        session.execute(delete(RoleAssignment).where(RoleAssignment.user_id == world.users["administrator"]))
        give_role(session, world.users["administrator"], world.committee, Role.ADMINISTRATOR, LONG_AGO, None, now)
        give_role(session, world.users["secretary1"], world.other_cell, Role.READER, LONG_AGO, None, now)
    office = world.sign_in("administrator")
    person = office.get(f"/office/people/{world.users['secretary1']}").text
    assert "Chi bộ Thôn Mẫu 1" in person
    assert "Còn nhiệm vụ ở nơi khác, ngoài phạm vi của đồng chí." in person
    for page in (person, office.get("/office/people").text):
        assert "Chi bộ Tổ Khác" not in page


def actor_of(world: World, login: str) -> Actor:
    return Actor(world.users[login], uuid.uuid4(), "", "vi", "")


def test_the_link_is_shown_once_and_opens_the_way(world: World) -> None:
    office = world.sign_in("administrator")
    page = post(office, f"{address(world, 'secretary1')}/link")
    found = LINK.search(page.text)
    assert found, page.text
    assert "one-time" not in office.get(address(world, "secretary1")).text
    with world.app.app_context(), read_transaction() as session:
        (link,) = session.scalars(select(OneTimeLink).where(OneTimeLink.user_id == world.users["secretary1"]))
    assert found.group(1).partition("#")[2] not in (link.token_hash, str(link.id))


def test_an_invitation_by_mail_carries_a_link_that_is_kept_nowhere(world: World, smtp: SmtpSink) -> None:
    office = world.sign_in("administrator")
    done(office, f"{address(world, 'secretary1')}/invitation")
    world.work("alerts")
    (mail,) = smtp.messages
    found = MAIL_LINK.search(mail.get_content())
    assert found, mail.get_content()
    with world.app.app_context(), read_transaction() as session:
        message = session.scalars(select(Message)).one()
        assert session.scalars(select(OneTimeLink)).one().user_id == world.users["secretary1"]
        assert session.scalars(select(Delivery.state)).one() == DeliveryState.SENT
    assert found.group(1) not in str(message.params)
    client = world.app.test_client()
    fields = {"token": found.group(1), "password": "mật khẩu mới dài", "password_again": "mật khẩu mới dài"}
    answer = client.post("/one-time", data={"csrf_token": token_of(client.get("/one-time")), **fields})
    assert answer.status_code in {200, 303}, answer.text


def test_nobody_is_invited_without_an_address(world: World) -> None:
    office = world.sign_in("administrator")
    assert post(office, f"{address(world, 'reporter1')}/invitation").status_code == 422


def test_a_sheet_for_whoever_files_pins_a_phone_and_for_others_opens_a_link(world: World) -> None:
    office = world.sign_in("administrator")
    chosen = [str(world.users["secretary1"]), str(world.users["leader"])]
    page = post(office, "/office/people/sheets", person=chosen)
    assert page.status_code == 200
    assert page.text.count('class="qr"') == 2
    code = CODE.findall(page.text)
    assert len(code) == 1
    with world.app.app_context(), read_transaction() as session:
        (enrolment,) = session.scalars(select(Enrolment))
        (link,) = session.scalars(select(OneTimeLink))
    assert (enrolment.user_id, enrolment.unit_id) == (world.users["secretary1"], world.cells[0])
    assert link.user_id == world.users["leader"]


def test_nobody_chosen_gets_a_sentence(world: World) -> None:
    office = world.sign_in("administrator")
    refused(office, "/office/people/sheets", "Đồng chí hãy chọn một mục trong danh sách.")


def test_all_who_have_no_way_in_get_their_sheets_by_one_button(world: World) -> None:
    with world.app.app_context(), write_transaction() as session:
        for login in ("secretary1", "secretary2"):
            session.get_one(User, world.users[login]).password_hash = None
    office = world.sign_in("administrator")
    listed = re.findall(
        r'name="listed" value="([^"]+)"', office.get("/office/people", query_string={"without_access": "1"}).text
    )
    assert {str(world.users["secretary1"]), str(world.users["secretary2"])} <= set(listed)
    page = post(office, "/office/people/sheets", listed=listed, which="listed")
    assert page.text.count('class="qr"') == len(listed)
    assert 'name="listed"' not in office.get("/office/people").text, "only where nobody loses what they have"
    left = office.get("/office/people", query_string={"without_access": "1"}).text
    assert str(world.users["secretary1"]) not in left


def test_a_lost_phone_takes_one_button(world: World) -> None:
    """Sessions, phones, links and codes end, and the new sheet is on the page."""
    phone, office = world.sign_in("secretary1"), world.sign_in("administrator")
    post(office, "/office/people/sheets", person=str(world.users["secretary1"]))
    page = post(office, f"{address(world, 'secretary1')}/lost-phone")
    assert page.text.count('class="qr"') == 1
    assert phone.get("/messages").status_code == 302
    with world.app.app_context(), read_transaction() as session:
        usable = session.scalars(select(Enrolment).where(Enrolment.revoked_at.is_(None))).all()
    assert len(usable) == 1


def test_who_is_kept_out_is_out_at_once_and_can_be_let_in_again(world: World) -> None:
    phone, office = world.sign_in("secretary1"), world.sign_in("administrator")
    page = done(office, f"{address(world, 'secretary1')}/disabling")
    assert "Khóa từ" in page.text
    assert phone.get("/messages").status_code == 302
    client = world.app.test_client()
    fields = {"csrf_token": token_of(client.get("/sign-in")), "login": "secretary1", "password": PASSWORD}
    assert client.post("/sign-in", data=fields).status_code == 422
    done(office, f"{address(world, 'secretary1')}/enabling")
    assert world.sign_in("secretary1").get("/messages").status_code == 200


def test_a_lost_second_factor_is_asked_for_anew(world: World) -> None:
    office = world.sign_in("administrator")
    done(office, f"{address(world, 'reviewer')}/second-factor")
    assert "chưa có" in office.get(address(world, "reviewer")).text


def test_a_persons_page_says_when_and_where_they_were_last(world: World) -> None:
    office = world.sign_in("administrator")
    assert "chưa lần nào" in office.get(address(world, "secretary2")).text
    world.sign_in("secretary2")
    page = office.get(address(world, "secretary2")).text
    assert "21:30 03/11/2026" in page
    with world.app.app_context(), read_transaction() as session:
        assert session.scalars(select(UserSession).where(UserSession.user_id == world.users["secretary2"])).one()
    assert "Đang mở trên:" in page


@pytest.mark.parametrize("hostile", ['"><img src=x onerror=alert(1)>', "{{7*7}}"])
def test_a_hostile_name_is_only_text(world: World, hostile: str) -> None:
    office = world.sign_in("administrator")
    page = done(office, f"{address(world, 'secretary1')}/facts", name=hostile, phone="0912345678", email="").text
    assert "<img" not in page
    assert "49" not in re.findall(r"<h1>(.*?)</h1>", page)[0]
    sheet = post(office, "/office/people/sheets", person=str(world.users["secretary1"])).text
    assert "<img" not in sheet
