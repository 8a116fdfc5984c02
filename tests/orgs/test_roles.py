"""Roles: who gives which to whom, what ends with them, and who may answer a report."""

import html
import re
import uuid
from datetime import date

import pytest
from sqlalchemy import select

from meetingcheck.accounts.actions import NewUser, add_user, keep_authenticator
from meetingcheck.accounts.actor import Actor
from meetingcheck.accounts.factors import SEALED_FOR
from meetingcheck.accounts.keys import seal
from meetingcheck.accounts.models import User
from meetingcheck.accounts.rules import Privilege
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.services import services_of
from meetingcheck.meetings.models import ExtraKind, Meeting, MeetingPhoto, MeetingState
from meetingcheck.meetings.reviews.queries import may_review
from meetingcheck.meetings.rules import meeting_id_of
from meetingcheck.orgs.actions import give_role
from meetingcheck.orgs.models import Role, RoleAssignment
from meetingcheck.orgs.queries import secretaries_of
from tests.accounts.ways import at_once
from tests.office.forms import done, post, refused
from tests.photos.samples import jpeg, scene
from tests.world import GOOD_FIELDS, LONG_AGO, PASSWORD_HASH, TOTP_SECRET, World, form_of, token_of

TODAY = date(2026, 11, 3)


def add_person(world: World, login: str, name: str, unit_id: uuid.UUID | None = None, role: Role | None = None) -> None:
    with world.app.app_context(), write_transaction() as session:
        user = add_user(session, NewUser(login, name, PASSWORD_HASH), None, world.clock())
        world.users[login] = user.id
        if unit_id is not None and role is not None:
            give_role(session, user.id, unit_id, role, LONG_AGO, None, world.clock())
        if role in {Role.ADMINISTRATOR, Role.REVIEWER}:
            sealed = seal(services_of(world.app).settings.secret_key, SEALED_FOR, TOTP_SECRET)
            keep_authenticator(session, user.id, sealed, 0, world.clock())


def roles_of(world: World, login: str, unit_id: uuid.UUID) -> list[tuple[Role, date, date | None]]:
    with world.app.app_context(), read_transaction() as session:
        rows = session.execute(
            select(RoleAssignment.role, RoleAssignment.from_on, RoleAssignment.to_on)
            .join(User, User.id == RoleAssignment.user_id)
            .where(User.login == login, RoleAssignment.unit_id == unit_id)
            .order_by(RoleAssignment.from_on, RoleAssignment.role)
        )
        return [tuple(row) for row in rows]


def assignment(world: World, login: str) -> uuid.UUID:
    with world.app.app_context(), read_transaction() as session:
        return session.scalars(
            select(RoleAssignment.id).where(
                RoleAssignment.user_id == world.users[login], RoleAssignment.to_on.is_(None)
            )
        ).one()


def give(unit_id: uuid.UUID) -> str:
    return f"/office/units/{unit_id}/roles"


def test_a_role_counts_from_its_day_and_not_before(world: World) -> None:
    office = world.sign_in("administrator")
    done(
        office,
        give(world.committee),
        role="reader",
        role_login="0987654321",
        role_name="Lý Thị Xem",
        role_from_on="05/11/2026",
    )
    assert roles_of(world, "0987654321", world.committee) == [(Role.READER, date(2026, 11, 5), None)]


def test_the_same_role_is_not_given_twice(world: World) -> None:
    office = world.sign_in("administrator")
    fields = {"role": "reader", "role_login": "0987654321", "role_name": "Lý Thị Xem", "role_from_on": "03/11/2026"}
    done(office, give(world.committee), **fields)
    refused(
        office,
        give(world.committee),
        "Đồng chí này đã có nhiệm vụ đó rồi.",
        role="reader",
        role_login="0987654321",
        role_from_on="09/11/2026",
    )


@pytest.mark.parametrize("name", ["", "Lý Thị Xem"], ids=["somebody known", "somebody new"])
def test_a_button_pressed_twice_gives_a_role_once(world: World, name: str) -> None:
    if not name:
        add_person(world, "0987654321", "Lý Thị Xem", world.committee, Role.REVIEWER)
    pressed = []
    for _ in range(6):
        office = world.sign_in("administrator")
        fields = {"csrf_token": token_of(office.get("/messages")), "role": "reader", "role_login": "0987654321"}
        pressed.append(
            (office, give(world.committee), {**fields, "role_name": name, "role_from_on": "03/11/2026"}),
        )
    answers = [answer.status_code for answer in at_once(*pressed)]
    assert sorted(answers) == [303, *[422] * 5]
    assert (Role.READER, TODAY, None) in roles_of(world, "0987654321", world.committee)


def test_one_person_may_hold_several_roles(world: World) -> None:
    office = world.sign_in("administrator")
    for role in ("reviewer", "reader"):
        done(
            office,
            give(world.committee),
            role=role,
            role_login="0987654321",
            role_name="Lý Thị Xem",
            role_from_on="03/11/2026",
        )
    assert [role for role, *_ in roles_of(world, "0987654321", world.committee)] == [Role.READER, Role.REVIEWER]


def test_a_cell_has_no_reviewer_and_a_committee_no_secretary(world: World) -> None:
    office = world.sign_in("administrator")
    for unit_id, role in ((world.cells[0], "reviewer"), (world.committee, "secretary")):
        refused(
            office,
            give(unit_id),
            "Nhiệm vụ này không có ở loại tổ chức đảng này.",
            role=role,
            role_login="0987654321",
            role_name="Lý Thị Xem",
            role_from_on="03/11/2026",
        )
    with world.app.app_context(), read_transaction() as session:
        assert session.scalars(select(User).where(User.login == "0987654321")).all() == [], "nothing is left behind"


def test_a_mistyped_number_makes_no_stranger_secretary(world: World) -> None:
    office = world.sign_in("administrator")
    add_person(world, "0911111111", "Bùi Văn Tên")
    fields = {"role": "reader", "role_login": "0911111111", "role_from_on": "03/11/2026"}
    refused(office, give(world.committee), "đang ghi tên khác", role_name="Ngô Thị Khác", **fields)
    done(office, give(world.committee), role_name="bui van ten", **fields)


def test_sessions_end_when_a_role_changes(world: World) -> None:
    secretary = world.sign_in("secretary2")
    add_person(world, "0911111111", "Bùi Văn Tên", world.committee, Role.READER)
    reader, office = world.sign_in("0911111111"), world.sign_in("administrator")
    assert reader.get("/messages").status_code == 200
    done(office, give(world.committee), role="reviewer", role_login="0911111111", role_from_on="03/11/2026")
    assert reader.get("/messages").status_code == 302
    done(office, f"{give(world.cells[1])}/{assignment(world, 'secretary2')}/end")
    assert secretary.get("/messages").status_code == 302


def test_an_administrator_stays_within_the_own_subtree(world: World) -> None:
    """Not above, not beside; nor is anybody touched who has a role there."""
    add_person(world, "0922222222", "Đinh Thị Xã", world.committee, Role.ADMINISTRATOR)
    below = world.sign_in("0922222222")
    fields = {"role": "administrator", "role_login": "0922222222", "role_from_on": "03/11/2026"}
    assert post(below, give(world.root), **fields).status_code == 404
    assert post(below, give(world.other_committee), **fields).status_code == 404
    for outside in ("other_reviewer", "leader", "administrator"):
        person = f"/office/people/{world.users[outside]}"
        assert below.get(person).status_code == 404
        for what in ("facts", "link", "lost-phone", "disabling", "second-factor", "invitation", "enabling"):
            assert post(below, f"{person}/{what}").status_code == 404, what
    assert below.get("/office").status_code == 404
    assert below.get(f"/office/people/{world.users['secretary1']}").status_code == 200
    assert "Hồ Văn Khác" not in below.get("/office/people").text
    assert "Nguyễn Văn An" in below.get("/office/people").text


def test_an_administrators_pages_hold_no_link_that_leads_nowhere(world: World) -> None:
    add_person(world, "0922222222", "Đinh Thị Xã", world.committee, Role.ADMINISTRATOR)
    below, above = world.sign_in("0922222222"), world.sign_in("administrator")
    for unit_id in (world.committee, world.cells[0]):
        page = f"/office/units/{unit_id}"
        for office in (below, above):
            for address in re.findall(r'href="(/office[^"#]*)"', office.get(page).text):
                assert office.get(html.unescape(address), follow_redirects=True).status_code == 200, address
        assert f"/office/units/{world.root}" not in below.get(page).text
    assert f"{page}/merger" in below.get(page).text
    assert f"/office/units/{world.committee}/merger" not in below.get(f"/office/units/{world.committee}").text


def test_who_also_has_a_role_elsewhere_is_seen_and_not_touched(world: World) -> None:
    add_person(world, "0922222222", "Đinh Thị Xã", world.committee, Role.ADMINISTRATOR)
    with world.app.app_context(), write_transaction() as session:
        give_role(session, world.users["secretary1"], world.other_committee, Role.READER, LONG_AGO, None, world.clock())
    below = world.sign_in("0922222222")
    person = f"/office/people/{world.users['secretary1']}"
    assert "chỉ cấp trên sửa được" in below.get(person).text
    for what in ("facts", "link", "lost-phone", "disabling", "second-factor", "invitation", "enabling"):
        assert post(below, f"{person}/{what}").status_code == 403, what
    assert post(below, "/office/people/sheets", person=str(world.users["secretary1"])).status_code == 403
    assert post(world.sign_in("administrator"), f"{person}/link").status_code == 200


def test_a_grant_asks_who_one_is_after_ten_minutes(world: World) -> None:
    office = world.sign_in("administrator")
    world.clock.advance(minutes=11)
    fields = {"role": "reader", "role_login": "0987654321", "role_name": "Lý Thị Xem", "role_from_on": "03/11/2026"}
    answer = post(office, give(world.committee), **fields)
    assert answer.status_code == 307, "the form goes on to the page that asks, and is kept there"
    assert answer.location.startswith("/sign-in/confirm")
    assert roles_of(world, "0987654321", world.committee) == []


def test_the_last_administrator_cannot_be_removed(world: World) -> None:
    office = world.sign_in("administrator")
    end = f"{give(world.root)}/{assignment(world, 'administrator')}/end"
    refused(office, end, "Đây là người quản trị cuối cùng.")
    refused(office, f"/office/people/{world.users['administrator']}/disabling", "Đây là người quản trị cuối cùng.")
    add_person(world, "0933333333", "Tô Văn Hai", world.root, Role.ADMINISTRATOR)
    assert post(office, end).status_code == 303
    assert roles_of(world, "administrator", world.root) == [(Role.ADMINISTRATOR, LONG_AGO, TODAY)]


def test_one_who_begins_later_is_no_administrator_yet(world: World) -> None:
    office = world.sign_in("administrator")
    done(
        office,
        give(world.root),
        role="administrator",
        role_login="0933333333",
        role_name="Tô Văn Hai",
        role_from_on="01/12/2026",
    )
    office = world.sign_in("administrator")
    refused(office, f"{give(world.root)}/{assignment(world, 'administrator')}/end", "Đây là người quản trị cuối cùng.")


# --- handing over


def begin_draft(world: World, login: str, cell: uuid.UUID) -> str:
    client = world.sign_in(login)
    address = f"/obligations/{world.obligation(cell).id}/check-in"
    form = form_of(client.get(address), {**GOOD_FIELDS, "total": ""}, overviews=[jpeg(scene(640, 480))])
    assert client.post(address, data=form).status_code == 422
    return address


def hand_over(world: World, from_on: str) -> None:
    """Somebody else becomes secretary of the first cell."""
    office = world.sign_in("administrator")
    done(office, give(world.cells[0]), role="secretary", role_login="0944444444", role_from_on=from_on)


def test_a_successor_takes_over_the_role_and_the_open_draft(world: World) -> None:
    address = begin_draft(world, "secretary1", world.cells[0])
    add_person(world, "0944444444", "Chu Thị Kế")
    hand_over(world, "03/11/2026")
    assert roles_of(world, "secretary1", world.cells[0]) == [(Role.SECRETARY, LONG_AGO, TODAY)]
    successor = world.sign_in("0944444444")
    page = successor.get(address)
    assert "Chi bộ thống nhất kết luận." in page.text
    assert "Hệ thống đã nhận 1 ảnh." in page.text
    answer = successor.post(address, data=form_of(page))
    assert answer.status_code == 303, answer.text
    with world.app.app_context(), read_transaction() as session:
        (meeting,) = session.scalars(select(Meeting))
        photos = session.scalars(select(MeetingPhoto.meeting_id)).all()
    assert (meeting.state, meeting.author_id) == (MeetingState.SUBMITTED, world.users["0944444444"])
    assert photos == [meeting.id], "the predecessor's photo came along"


def test_a_handover_in_the_future_waits_for_its_day(world: World) -> None:
    begin_draft(world, "secretary1", world.cells[0])
    add_person(world, "0944444444", "Chu Thị Kế")
    hand_over(world, "10/11/2026")
    with world.app.app_context(), read_transaction() as session:
        assert secretaries_of(session, [world.cells[0]], TODAY) == {world.cells[0]: [world.users["secretary1"]]}
        assert secretaries_of(session, [world.cells[0]], date(2026, 11, 10)) == {
            world.cells[0]: [world.users["0944444444"]]
        }
    assert draft_author(world) == world.users["secretary1"]
    world.work("alerts")
    assert draft_author(world) == world.users["secretary1"]
    world.clock.advance(days=7)
    world.work("alerts")
    assert draft_author(world) == world.users["0944444444"]


def test_what_somebody_left_behind_whose_role_had_ended_before_comes_along(world: World) -> None:
    begin_draft(world, "secretary1", world.cells[0])
    office = world.sign_in("administrator")
    done(office, f"{give(world.cells[0])}/{assignment(world, 'secretary1')}/end")
    begun_by_reviewer = begin_told(world)
    world.clock.advance(days=1)
    add_person(world, "0944444444", "Chu Thị Kế")
    hand_over(world, "04/11/2026")
    with world.app.app_context(), read_transaction() as session:
        drafts = select(Meeting.author_id).where(Meeting.state == MeetingState.DRAFT)
        authors = set(session.scalars(drafts))
    assert authors == {world.users["0944444444"], begun_by_reviewer}, "what the committee files stays its own"


def test_drafts_of_one_phone_become_one_when_the_role_is_handed_over(world: World) -> None:
    address = begin_draft(world, "secretary1", world.cells[0])
    add_person(world, "0944444444", "Chu Thị Kế")
    with world.app.app_context(), write_transaction() as session:
        give_role(session, world.users["0944444444"], world.cells[0], Role.REPORTER, LONG_AGO, None, world.clock())
        client_id = session.scalars(select(Meeting.client_id)).one()
    colleague = world.sign_in("0944444444")
    form = {**form_of(colleague.get(address), {"total": "19"}), "client_id": str(client_id), "then": "save"}
    assert colleague.post(address, data=form).status_code == 303
    hand_over(world, "03/11/2026")
    page = world.sign_in("0944444444").get(address)
    assert 'value="19"' in page.text, "their own words stay"
    assert "Chi bộ thống nhất kết luận." in page.text, "the gaps are filled"
    assert "Hệ thống đã nhận 1 ảnh." in page.text
    assert draft_author(world) == world.users["0944444444"]


def test_a_draft_comes_beside_what_the_successor_has_sent_from_the_same_phone(world: World) -> None:
    begin_draft(world, "secretary1", world.cells[0])
    add_person(world, "0944444444", "Chu Thị Kế")
    with world.app.app_context(), write_transaction() as session:
        heir = world.users["0944444444"]
        give_role(session, heir, world.cells[0], Role.REPORTER, LONG_AGO, None, world.clock())
        client_id = session.scalars(select(Meeting.client_id)).one()
        sent = Meeting(
            id=meeting_id_of(world.cells[0], heir, client_id),
            client_id=client_id,
            unit_id=world.cells[0],
            extra_kind=ExtraKind.CONGRESS,
            state=MeetingState.SUBMITTED,
            author_id=heir,
            created_at=world.clock(),
            updated_at=world.clock(),
            draft={},
            version=1,
            revision=1,
        )
        session.add(sent)
    hand_over(world, "03/11/2026")
    assert draft_author(world) == heir


def begin_told(world: World) -> uuid.UUID:
    """The reviewer begins to file what a cell told on the telephone."""
    client = world.sign_in("reviewer")
    address = f"/obligations/{world.obligation(world.cells[0]).id}/told"
    form = form_of(client.get(address), {**GOOD_FIELDS, "total": ""})
    assert client.post(address, data=form).status_code == 422
    return world.users["reviewer"]


def draft_author(world: World) -> uuid.UUID:
    with world.app.app_context(), read_transaction() as session:
        return session.scalars(select(Meeting.author_id).where(Meeting.state == MeetingState.DRAFT)).one()


# --- reporters


def test_a_secretary_chooses_and_ends_the_reporters_of_the_own_cell(world: World) -> None:
    page = f"/cells/{world.cells[1]}/reporters"
    secretary = world.sign_in("secretary2")
    assert f'href="{page}"' in secretary.get(f"/cells/{world.cells[1]}/home").text
    assert "Chưa có ai." in secretary.get(page).text
    assert "Kiều Văn Gửi" in done(secretary, page, name="Kiều Văn Gửi", login="0955 555 555").text
    assert roles_of(world, "0955555555", world.cells[1]) == [(Role.REPORTER, TODAY, None)]
    with world.app.app_context(), read_transaction() as session:
        role_id = session.scalars(
            select(RoleAssignment.id).where(
                RoleAssignment.unit_id == world.cells[1], RoleAssignment.role == Role.REPORTER
            )
        ).one()
    assert "Kiều Văn Gửi" not in done(secretary, f"{page}/{role_id}/end").text
    assert roles_of(world, "0955555555", world.cells[1]) == [(Role.REPORTER, TODAY, TODAY)]


def test_a_secretary_cannot_choose_people_of_elsewhere(world: World) -> None:
    """Nor learn who has a number: the sentence is the same whatever name is typed."""
    add_person(world, "0966666666", "Lâm Thị Xa", world.other_cell, Role.SECRETARY)
    secretary = world.sign_in("secretary2")
    page = f"/cells/{world.cells[1]}/reporters"
    answer = refused(secretary, page, "ngoài phạm vi", name="Ai đó", login="0966666666")
    assert "Lâm Thị Xa" not in answer.text


def test_a_secretary_ends_only_reporters_and_only_in_the_own_cell(world: World) -> None:
    secretary = world.sign_in("secretary1")
    own = f"/cells/{world.cells[0]}/reporters"
    assert post(secretary, f"{own}/{assignment(world, 'secretary1')}/end").status_code == 404
    assert post(secretary, f"{own}/{assignment(world, 'secretary2')}/end").status_code == 404
    assert post(secretary, f"/cells/{world.cells[1]}/reporters/{assignment(world, 'reporter1')}/end").status_code == 404
    assert own not in world.sign_in("reporter1").get(f"/cells/{world.cells[0]}/home").text
    assert post(world.sign_in("reporter1"), f"{own}/{assignment(world, 'reporter1')}/end").status_code == 403
    assert post(secretary, f"{own}/{assignment(world, 'reporter1')}/end").status_code == 303


# --- nobody answers the own report


def actor(world: World, login: str) -> Actor:
    now = world.clock()
    return Actor(world.users[login], uuid.uuid4(), login, "vi", "", None, Privilege.REVIEWER, now)


def test_nobody_reviews_a_report_that_they_filed(world: World) -> None:
    secretary = world.sign_in("secretary1")
    address = f"/obligations/{world.obligation(world.cells[0]).id}/check-in"
    form = form_of(secretary.get(address), overviews=[jpeg(scene(640, 480))])
    assert secretary.post(address, data=form).status_code == 303
    with world.app.app_context(), write_transaction() as session:
        give_role(session, world.users["secretary1"], world.committee, Role.REVIEWER, LONG_AGO, None, world.clock())
    with world.app.app_context(), read_transaction() as session:
        meeting = session.scalars(select(Meeting)).one()
        assert may_review(session, actor(world, "reviewer"), meeting, TODAY)
        assert not may_review(session, actor(world, "secretary1"), meeting, TODAY)
        assert not may_review(session, actor(world, "other_reviewer"), meeting, TODAY)
        assert not may_review(session, actor(world, "leader"), meeting, TODAY)
