"""People as offices write them: titles, posts and numbers beside the name, and seats that nobody holds."""

import pytest
from sqlalchemy import select

from meetingcheck.accounts.models import User
from meetingcheck.lib.db import read_transaction
from meetingcheck.orgs.models import ImportState, RoleAssignment, Unit
from tests.orgs.importing.conftest import Office, xlsx_of
from tests.orgs.importing.test_rules import faults, plan_of_file

TITLES = ["STT", "Tên chi bộ", "Bí thư", "Điện thoại", "Chức vụ"]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Đ/c Hà Văn Mới", "Hà Văn Mới"),
        ("đ/c: Hà Văn Mới", "Hà Văn Mới"),
        ("Ông Hà Văn Mới", "Hà Văn Mới"),
        ("Ông/Bà Hà Văn Mới", "Hà Văn Mới"),
        ("Ông Thế Sơn", "Ông Thế Sơn"),
        ("Phó Đức Chính", "Phó Đức Chính"),
        ("Hà Văn Mới (Bí thư)", "Hà Văn Mới"),
        ("Hà Văn Mới, Bí thư chi bộ", "Hà Văn Mới"),
        ("Bí thư: Hà Văn Mới", "Hà Văn Mới"),
        ("Bí thư: Trương Văn An", "Trương Văn An"),
        ("Đ/c Bí thư Trương Văn An", "Trương Văn An"),
        ("Hà Văn Mới (Trưởng thôn)", "Hà Văn Mới"),
        ("Hà Văn Mới - 0912345678", "Hà Văn Mới"),
        ("Sùng Và Lử", "Sùng Và Lử"),
        ("Trống Văn A", "Trống Văn A"),
        ("Hà Văn Mới (Tày)", "Hà Văn Mới (Tày)"),
    ],
)
def test_a_name_is_kept_without_what_stands_beside_it(typed: str, name: str) -> None:
    plan = plan_of_file(xlsx_of(TITLES, [1, "Chi bộ Tổ Mười", typed, 912000010, ""]))
    assert faults(plan) == {}
    assert [(one.name, one.phone) for one in plan.people] == [(name, "0912000010")], "the column's own number counts"
    assert [role for _, _, role in plan.given] == ["secretary"]


def test_a_number_beside_the_name_is_the_persons_where_there_is_no_other() -> None:
    plan = plan_of_file(xlsx_of(TITLES[:3], [1, "Chi bộ Tổ Mười", "Đ/c Hà Văn Mới - 0912.345.678"]))
    assert [(one.name, one.phone) for one in plan.people] == [("Hà Văn Mới", "0912345678")]


@pytest.mark.parametrize(
    "typed", ["Khuyết", "Chưa có", "Trống", "(khuyết)", "-", "Chưa kiện toàn", "Khuyết (PBT Lê Văn L phụ trách)"]
)
def test_a_vacant_seat_is_nobody(typed: str) -> None:
    plan = plan_of_file(xlsx_of(TITLES, [1, "Chi bộ Tổ Mười", typed, "không có", "Bí thư"]))
    assert (faults(plan), plan.people, plan.given) == ({}, [], [])
    assert plan.rows[0].notes == ["vacant"]


@pytest.mark.parametrize(
    "typed",
    [
        "Nguyễn A; Lê B",
        "Nguyễn Văn A và Lê Thị B",
        "Đ/c Nguyễn Văn A / Đ/c Lê Thị B",
        "Hà Văn Mới, Hai",
        "Nguyễn Văn Ba, Trương Văn Bốn",
    ],
)
def test_two_people_in_one_cell_are_told(typed: str) -> None:
    plan = plan_of_file(xlsx_of(TITLES, [1, "Chi bộ Tổ Mười", typed, "0912345678; 0987654321", ""]))
    assert faults(plan) == {2: ["several_people"]}


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("Hà Văn Mới (Phó Bí thư)", "deputy"),
        ("Hà Văn Mới (Phó bí thư phụ trách)", "deputy"),
        ("Lê Văn N (P.BT điều hành)", "deputy"),
        ("Nguyễn Văn M PBT", "deputy"),
        ("PBT: Trương Văn Cả", "deputy"),
        ("Khuyết - Nguyễn Văn M PBT", "deputy"),
        ("Khuyết (đ/c Phó bí thư Lê Văn L phụ trách)", "deputy"),
        ("Hà Văn Mới (nguyên Bí thư)", "bad_role"),
        ("Hà Văn Mới (Bí thư Đoàn xã)", "bad_role"),
    ],
)
def test_who_is_said_to_be_no_secretary_does_not_become_one(typed: str, fault: str) -> None:
    plan = plan_of_file(xlsx_of(TITLES, [1, "Chi bộ Tổ Mười", typed, 912000010, ""]))
    assert fault in faults(plan)[2]
    assert plan.given == []


@pytest.mark.parametrize(
    ("phone", "post"),
    [
        ("0912000010", "Trưởng thôn"),
        ("0912000010;", "BTCB"),
        ("0912000010 (Zalo)", "Bí thư, PCT UBND"),
        (912000010, ""),
        (912000010, "ĐUV, Bí thư chi bộ"),
        (912000010, "UVBTV, Bí thư chi bộ"),
        (912000010, "Phó bí thư Đảng ủy, Bí thư chi bộ"),
        (912000010, "Bí thư chi bộ, Bí thư Đoàn xã"),
    ],
)
def test_a_post_of_another_body_beside_the_secretarys_column_says_nothing(phone: object, post: str) -> None:
    plan = plan_of_file(xlsx_of(TITLES, [1, "Chi bộ Tổ Mười", "Hà Văn Mới", phone, post]))
    assert faults(plan) == {}
    assert [one.phone for one in plan.people] == ["0912000010"]
    assert [role for _, _, role in plan.given] == ["secretary"]


def test_the_secretary_of_a_committee_among_those_of_cells_is_left_out() -> None:
    plan = plan_of_file(
        xlsx_of(
            TITLES,
            ["I", "Đảng bộ xã Mẫu", "Hà Văn Mới", "", ""],
            [1, "Chi bộ Tổ Mười", "Hà Văn Hai", "0912000011", ""],
        )
    )
    assert faults(plan) == {}
    assert plan.rows[0].notes == ["committee_secretary"]
    assert [one.name for one in plan.people] == ["Hà Văn Hai"]


@pytest.mark.parametrize(
    ("post", "fault"),
    [
        ("P.BT", "deputy"),
        ("PBT chi bộ", "deputy"),
        ("Phó bí thư phụ trách", "deputy"),
        ("Phó bí thư thường trực", "deputy"),
        ("Bí thư đoàn thanh niên", "bad_role"),
        ("Đảng ủy viên, phụ trách", "bad_role"),
    ],
)
def test_other_posts_give_no_role(post: str, fault: str) -> None:
    plan = plan_of_file(xlsx_of(TITLES, [1, "Chi bộ Tổ Mười", "Hà Văn Mới", 912000010, post]))
    assert fault in faults(plan)[2]


def test_two_secretaries_of_one_new_name_are_asked_about() -> None:
    """The column that tells the two cells apart is not understood: they must not become one."""
    head = ["STT", "Xã, phường", "Tên chi bộ", "Bí thư", "SĐT"]
    first = [1, "Xã A", "Chi bộ Tổ Mười", "Hà Văn Mới", "0912000010"]
    plan = plan_of_file(xlsx_of(head, first, [2, "Xã B", "Chi bộ Tổ Mười", "Hà Văn Hai", "0912000011"]))
    assert faults(plan) == {3: ["namesake"]}
    assert faults(plan_of_file(xlsx_of(head, first, first))) == {}, "the same one twice is one"


def people_of(office: Office) -> dict[str, str | None]:
    with office.world.app.app_context(), read_transaction() as session:
        return dict(session.execute(select(User.name, User.phone)).all())


@pytest.mark.parametrize(
    "typed",
    [
        *("0912345678; 0987654321", "0912.345.678 / 0987654321", "0912345678 - +84987654321"),
        "0912345678 (vợ: 0987654321)",
    ],
)
def test_of_two_numbers_the_first_is_taken_and_the_preview_says_so(typed: str) -> None:
    plan = plan_of_file(xlsx_of(TITLES, [1, "Chi bộ Tổ Mười", "Hà Văn Mới", typed, ""]))
    assert (faults(plan), plan.rows[0].notes) == ({}, ["first_phone"])
    assert [person.phone for person in plan.people] == ["0912345678"]


@pytest.mark.parametrize("typed", ["0912345678; phòng 3", "12; 13", "0912345678 0987654321 7", "0912345678 (phòng 3)"])
def test_what_is_not_only_numbers_is_no_number(typed: str) -> None:
    plan = plan_of_file(xlsx_of(TITLES, [1, "Chi bộ Tổ Mười", "Hà Văn Mới", typed, ""]))
    assert faults(plan) == {2: ["bad_phone"]}


def test_the_page_says_what_is_wrong_and_what_is_vacant_and_the_same_list_again_changes_nothing(office: Office) -> None:
    two = office.upload(xlsx_of(TITLES, [1, "Chi bộ Tổ Mười", "Nguyễn A; Lê B", "", ""]))
    assert "hãy ghi mỗi người một dòng" in office.page(two)
    before = people_of(office)
    data = xlsx_of(
        TITLES,
        [1, "Chi bộ Tổ Mười", "Đ/c Hà Văn Mới (Bí thư)", "0912000010 (Zalo)", "Trưởng thôn"],
        [2, "Chi bộ Tổ Mười Một", "Khuyết", "-", ""],
    )
    run_id = office.upload(data)
    assert "Chưa có người ở nhiệm vụ này" in office.page(run_id)
    office.press(run_id, "apply")
    assert office.run(run_id).state == ImportState.APPLIED
    assert people_of(office) == {**before, "Hà Văn Mới": "0912000010"}
    with office.world.app.app_context(), read_transaction() as session:
        held = select(RoleAssignment.role).join(Unit).where(Unit.name == "Chi bộ Tổ Mười")
        assert [str(role) for role in session.scalars(held)] == ["secretary"]
    assert office.run(office.upload(data)).counts == {"new": 0, "changed": 0, "same": 2, "error": 0}
