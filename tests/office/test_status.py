"""The office's page: what failed and how to try again, room on the disk, the last backup, and the table of rights."""

import uuid
from datetime import timedelta

from sqlalchemy import select

from meetingcheck.accounts.models import User
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.messages.actions import News, tell
from meetingcheck.messages.models import Delivery, DeliveryState
from meetingcheck.office.models import BackupRun
from meetingcheck.office.texts import RIGHTS_IN_WORDS
from meetingcheck.orgs.access import GRANTS, Reach, Right
from tests.engines.smtp import SmtpSink
from tests.office.forms import done, post
from tests.world import World


def refuse_mail_to_reviewer(world: World) -> uuid.UUID:
    """A mail whose address is none at all is refused before it leaves."""
    with world.app.app_context(), write_transaction() as session:
        user = session.scalars(select(User).where(User.login == "reviewer")).one()
        user.email = "không phải địa chỉ"
        tell(session, user.id, News("office.test_mail", "one", {}), world.clock())
    world.work("alerts")
    with world.app.app_context(), read_transaction() as session:
        delivery = session.scalars(select(Delivery)).one()
    assert delivery.state == DeliveryState.REFUSED
    return delivery.id


def test_a_refused_mail_names_the_person_and_goes_again_after_the_address_was_corrected(
    world: World, smtp: SmtpSink
) -> None:
    delivery_id = refuse_mail_to_reviewer(world)
    office = world.sign_in("administrator")
    page = office.get("/office").text
    assert "Phạm Thị Dõi" in page
    assert f"/office/mails/{delivery_id}/retry" in page
    fields = {"name": "Phạm Thị Dõi", "phone": "", "email": "doi@mau.example"}
    done(office, f"/office/people/{world.users['reviewer']}/facts", **fields)
    assert "Thư đang được gửi lại." in done(office, f"/office/mails/{delivery_id}/retry").text
    world.work("alerts")
    assert [mail["To"].addresses[0].addr_spec for mail in smtp.messages] == ["doi@mau.example"]
    assert "Thư này không còn ở đây nữa." in done(office, f"/office/mails/{delivery_id}/retry").text


def test_a_refused_invitation_goes_again_with_a_link(world: World, smtp: SmtpSink) -> None:
    office = world.sign_in("administrator")
    with world.app.app_context(), write_transaction() as session:
        session.scalars(select(User).where(User.login == "secretary1")).one().email = "không phải địa chỉ"
    done(office, f"/office/people/{world.users['secretary1']}/invitation")
    world.work("alerts")
    with world.app.app_context(), write_transaction() as session:
        delivery = session.scalars(select(Delivery)).one()
        assert delivery.state == DeliveryState.REFUSED
        session.scalars(select(User).where(User.login == "secretary1")).one().email = "an@mau.example"
    done(office, f"/office/mails/{delivery.id}/retry")
    world.work("alerts")
    (mail,) = smtp.messages
    assert "/one-time#" in mail.get_content()


def test_the_page_tells_room_and_backup(world: World) -> None:
    office = world.sign_in("administrator")
    page = office.get("/office").text
    assert "chưa có bản nào" in page
    assert " GB" in page
    now = world.clock()
    with world.app.app_context(), write_transaction() as session:
        session.add(BackupRun(id=uuid.uuid4(), began_at=now, finished_at=now, objects=12, size=5))
        later = now + timedelta(hours=1)
        session.add(
            BackupRun(id=uuid.uuid4(), began_at=later, finished_at=later, objects=1, problem="StoreUnavailable")
        )
    page = office.get("/office").text
    assert "21:30 03/11/2026 · 12 tệp" in page
    assert "Lần sao lưu hỏng" in page


def test_the_page_counts_who_cannot_be_reached_and_leads_to_the_setting_up(world: World) -> None:
    page = world.sign_in("administrator").get("/office").text
    assert "/office/people?unreachable=1" in page
    assert "/office/first-day" in page


def test_the_table_of_rights_says_every_right_in_a_sentence(world: World) -> None:
    assert set(RIGHTS_IN_WORDS) == set(Right) == set(GRANTS)
    page = world.sign_in("administrator").get("/office/rights").text
    for sentence in RIGHTS_IN_WORDS.values():
        assert sentence in page
    direct = sum(grant.reach == Reach.DIRECT for granted in GRANTS.values() for grant in granted)
    assert page.count("cấp dưới trực tiếp") == 1 + direct, "once in the text above, once for each such right"


def test_the_office_is_closed_to_everybody_else(world: World) -> None:
    for login, status in (("secretary1", 404), ("leader", 403), ("stranger", 404), ("reviewer", 404)):
        client = world.sign_in(login)
        for page in ("/office", "/office/first-day", "/office/kinds", "/office/people", "/office/rights"):
            assert client.get(page).status_code == status, (login, page)
        assert post(client, "/office/first-day/root", root_name="Đảng bộ Lạ").status_code == status
