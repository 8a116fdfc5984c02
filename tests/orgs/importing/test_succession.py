"""Roles that a list gives have the same consequences as those that the office gives by hand."""

import uuid
from datetime import date

from sqlalchemy import select

from meetingcheck.duties.models import Obligation
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.meetings.models import Meeting, MeetingState
from meetingcheck.orgs.models import Role, RoleAssignment
from meetingcheck.record.models import RecordEntry
from tests.accounts.ways import is_in
from tests.orgs.importing.conftest import Office, csv_of, row
from tests.photos.samples import jpeg, scene
from tests.world import GOOD_FIELDS, World, form_of

CELL = "Chi bộ Thôn Mẫu 1"
PARENT = "Đảng bộ xã Mẫu"
TODAY = date(2026, 11, 3)
NEW = row(name=CELL, parent=PARENT, person="Tạ Thị Mới", phone="0912000001", role="bí thư")


def secretaries(world: World) -> dict[uuid.UUID, date | None]:
    with world.app.app_context(), read_transaction() as session:
        found = session.execute(
            select(RoleAssignment.user_id, RoleAssignment.to_on).where(
                RoleAssignment.unit_id == world.cells[0], RoleAssignment.role == Role.SECRETARY
            )
        )
        return {one.user_id: one.to_on for one in found}


def test_a_new_secretary_takes_over_from_the_one_before(office: Office) -> None:
    world = office.world
    before = world.users["secretary1"]
    client, other = world.sign_in("secretary1"), world.sign_in("secretary2")
    address = f"/obligations/{world.obligation(world.cells[0]).id}/check-in"
    form = form_of(client.get(address), {**GOOD_FIELDS, "total": ""}, overviews=[jpeg(scene(640, 480))])
    assert client.post(address, data=form).status_code == 422
    run_id = office.upload(csv_of(NEW))
    page = office.page(run_id)
    assert "Nguyễn Văn An" in page, "the preview says who hands over"
    assert page.index("1 bí thư đang làm nhiệm vụ sẽ thôi") < page.index("Ghi vào hệ thống")
    assert office.run(run_id).counts == {"new": 0, "changed": 1, "same": 0, "error": 0}, "somebody is replaced"
    office.press(run_id, "apply")
    found = secretaries(world)
    (after,) = found.keys() - {before}
    assert found == {before: TODAY, after: None}
    assert not is_in(client), "whoever handed over is signed out"
    assert is_in(other), "and nobody else"
    with world.app.app_context(), read_transaction() as session:
        drafts = session.scalars(select(Meeting.author_id).where(Meeting.state == MeetingState.DRAFT)).all()
        said = session.scalars(select(RecordEntry.subject_id).where(RecordEntry.action == "role_ended")).all()
    assert drafts == [after], "what was begun goes to the successor"
    assert said == [before]


def test_whoever_was_to_become_secretary_later_does_not(office: Office) -> None:
    world, later = office.world, date(2026, 12, 1)
    appointed = world.users["secretary2"]
    with world.app.app_context(), write_transaction() as session:
        session.add(
            RoleAssignment(
                id=uuid.uuid4(), user_id=appointed, unit_id=world.cells[0], role=Role.SECRETARY, from_on=later
            )
        )
    office.take(csv_of(NEW))
    found = secretaries(world)
    (after,) = found.keys() - {appointed, world.users["secretary1"]}
    assert found == {world.users["secretary1"]: TODAY, appointed: later, after: None}


def test_the_same_list_again_changes_nothing(office: Office) -> None:
    office.take(csv_of(NEW))
    found = secretaries(office.world)
    assert office.run(office.upload(csv_of(NEW))).counts == {"new": 0, "changed": 0, "same": 1, "error": 0}
    assert secretaries(office.world) == found


def test_the_row_that_replaces_a_secretary_is_the_one_that_is_a_change(office: Office) -> None:
    """Also when the successor stands in another row of the list before."""
    elsewhere = {"name": "Chi bộ Thôn Mẫu 9", "parent": PARENT, "kind": "chi bộ", "founded": "01/11/2026"}
    first = row(**elsewhere, person="Tạ Thị Mới", phone="0912000001", role="bí thư")
    run_id = office.upload(csv_of(first, NEW))
    assert office.run(run_id).counts == {"new": 1, "changed": 1, "same": 0, "error": 0}
    assert "1 bí thư đang làm nhiệm vụ sẽ thôi" in office.page(run_id)


def test_a_list_that_names_both_keeps_both(office: Office) -> None:
    """Nothing ends because a list says more than it should; and reading it again does not turn the two around."""
    both = csv_of(
        row(name=CELL, parent=PARENT, person="Nguyễn Văn An", email="secretary1@mau.example", role="bí thư"), NEW
    )
    office.take(both)
    found = secretaries(office.world)
    assert list(found.values()) == [None, None]
    again = office.upload(both)
    assert office.run(again).counts["same"] == 2
    assert "sẽ thôi" not in office.page(again)


def test_whoever_gets_a_role_signs_in_anew(office: Office) -> None:
    world = office.world
    client, untouched = world.sign_in("secretary2"), world.sign_in("secretary1")
    office.take(
        csv_of(
            row(name=CELL, parent=PARENT, person="Trần Thị Bình", email="secretary2@mau.example", role="người xem"),
            row(
                name=CELL, parent=PARENT, person="Nguyễn Văn An", email="secretary1@mau.example",
                role="cấp ủy viên phụ trách",
            ),
        )
    )  # fmt: skip
    assert not is_in(client)
    assert is_in(untouched), "a watcher has no right that a sign-in could be too weak for"


def test_a_new_usual_day_moves_the_deadlines_to_come(office: Office) -> None:
    world = office.world
    office.take(csv_of(row(name=CELL, parent=PARENT, usual_day=20)))
    with world.app.app_context(), read_transaction() as session:
        found = session.scalars(
            select(Obligation).where(Obligation.unit_id == world.cells[0]).order_by(Obligation.period_from)
        )
        days = {one.period: one.usual_on.day for one in found}
    assert days == {"2026-09": 3, "2026-10": 3, "2026-11": 3, "2026-12": 20}
