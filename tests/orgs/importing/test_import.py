"""From an office's list to units, people and roles."""

import os
from datetime import date
from io import BytesIO

import pytest
from openpyxl import load_workbook
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from meetingcheck.accounts.actions import NewUser, add_user, keep_authenticator
from meetingcheck.accounts.factors import SEALED_FOR
from meetingcheck.accounts.keys import seal
from meetingcheck.accounts.models import User
from meetingcheck.alerts.jobs import close_all
from meetingcheck.duties.models import MissedEvent, Obligation
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.services import services_of
from meetingcheck.lib.sheets import Sheet, write_xlsx
from meetingcheck.messages.models import Message
from meetingcheck.orgs.actions import give_role
from meetingcheck.orgs.importing.jobs import forget_imports
from meetingcheck.orgs.models import ImportState, Role, RoleAssignment, Unit, UnitParent, UnitScope, Watcher
from tests.orgs.importing.conftest import HEAD, Office, csv_of, row, xlsx_of
from tests.world import LONG_AGO, PASSWORD_HASH, TOTP_SECRET, World, at, token_of

LIST = [
    row(code="DB7", name="Đảng bộ xã Bảy", kind="Đảng bộ", founded="03/02/1985"),
    row(
        code="CB71", name="Chi bộ Thôn Bảy", parent="DB7", founded="19/05/1990", usual_day=5, person="Lý Văn Bảy",
        phone=912000071.0, role="bí thư",
    ),
    row(code="CB71", person="Lò Thị Báo", phone="+84 912 000 072", role="người gửi báo cáo"),
    row(code="CB71", person="Vi Văn Trông", email="Trong@Mau.example", role="cấp ủy viên phụ trách"),
    row(
        name="Chi bộ Tổ Tám", parent="Đảng bộ xã Bảy", founded=32874, person="Lý Văn Bảy", phone="0912000071",
        role="bí thư",
    ),
]  # fmt: skip


def all_of(world: World, model: type) -> list:
    with world.app.app_context(), read_transaction() as session:
        return list(session.scalars(select(model)))


def unit(world: World, name: str) -> Unit:
    return next(one for one in all_of(world, Unit) if one.name == name)


def count(world: World, model: type) -> int:
    with world.app.app_context(), read_transaction() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_a_list_becomes_units_people_and_roles(office: Office) -> None:
    world = office.world
    run = office.take(xlsx_of(HEAD, *LIST))
    assert run.state == ImportState.APPLIED
    assert run.counts == {"new": 5, "changed": 0, "same": 0, "error": 0}
    cell, other = unit(world, "Chi bộ Thôn Bảy"), unit(world, "Chi bộ Tổ Tám")
    committee = unit(world, "Đảng bộ xã Bảy")
    assert (cell.code, cell.kind, cell.founded_on, cell.usual_day) == ("CB71", "chi_bo", date(1990, 5, 19), 5)
    assert (other.code, other.founded_on) == (None, date(1990, 1, 1))
    with world.app.app_context(), read_transaction() as session:
        above = set(session.execute(select(UnitScope.ancestor, UnitScope.depth).where(UnitScope.descendant == cell.id)))
        people = {person.login: person for person in session.scalars(select(User))}
        roles = {(one.user_id, one.unit_id, one.role) for one in session.scalars(select(RoleAssignment))}
        watchers = {(one.user_id, one.unit_id, one.from_on) for one in session.scalars(select(Watcher))}
    assert above == {(cell.id, 0), (committee.id, 1), (world.root, 2)}
    secretary, reporter, watcher = people["0912000071"], people["0912000072"], people["trong@mau.example"]
    assert (secretary.name, secretary.phone, secretary.email) == ("Lý Văn Bảy", "0912000071", None)
    assert watcher.phone is None
    assert {
        (secretary.id, cell.id, Role.SECRETARY),
        (secretary.id, other.id, Role.SECRETARY),
        (reporter.id, cell.id, Role.REPORTER),
    } <= roles
    assert watchers == {(watcher.id, cell.id, date(2026, 11, 3))}


def test_the_same_list_again_changes_nothing(office: Office) -> None:
    world = office.world
    office.take(xlsx_of(HEAD, *LIST))
    models = (Unit, User, RoleAssignment, Watcher, UnitParent, UnitScope)
    before = [count(world, model) for model in models]
    run_id = office.upload(xlsx_of(HEAD, *LIST))
    assert office.run(run_id).counts == {"new": 0, "changed": 0, "same": 5, "error": 0}
    assert "không có gì để ghi" in office.page(run_id)
    office.press(run_id, "apply")
    assert office.run(run_id).state == ImportState.PREVIEW
    assert [count(world, model) for model in models] == before


def test_an_area_founded_long_ago_owes_nothing_from_before(office: Office) -> None:
    """300 cells founded in 1990: no message, no miss before `supervised_from`."""
    world = office.world
    with world.app.app_context():
        close_all(world.clock())
    obligations, messages = count(world, Obligation), count(world, Message)
    office.take(
        csv_of(
            row(code="DB", name="Đảng bộ xã Lớn", founded="01/01/1990"),
            *(row(code=f"C{n}", name=f"Chi bộ Thôn Lớn {n}", parent="DB", founded="02/09/1990") for n in range(300)),
        )
    )
    with world.app.app_context():
        close_all(world.clock())
        with read_transaction() as session:
            new = select(Unit.id).where(Unit.code.is_not(None))
            periods = set(session.scalars(select(Obligation.period).where(Obligation.unit_id.in_(new))))
            missed = session.scalars(select(MissedEvent.id).join(Obligation).where(Obligation.unit_id.in_(new))).all()
    assert periods == {"2026-11", "2026-12"}
    assert count(world, Obligation) == obligations + 600
    assert missed == []
    assert count(world, Message) == messages


def test_a_cell_moves_with_all_that_it_had(office: Office) -> None:
    world = office.world
    cell, old, new = world.cells[0], world.committee, world.other_committee
    run_id = office.upload(csv_of(row(name="Chi bộ Thôn Mẫu 1", parent="Đảng bộ xã Khác")))
    assert office.run(run_id).counts["new"] == 1, "without a code the superior is part of the key"
    office.take(csv_of(row(code="TM1", name="Chi bộ Thôn Mẫu 1", parent="Đảng bộ xã Mẫu")))
    run = office.take(csv_of(row(code="tm1", name="Chi bộ Thôn Mẫu Một", parent="Đảng bộ Mẫu / Đảng bộ xã Khác")))
    assert run.counts["changed"] == 1
    today = date(2026, 11, 3)
    with world.app.app_context(), read_transaction() as session:
        links = set(
            session.execute(
                select(UnitParent.parent_id, UnitParent.from_on, UnitParent.to_on).where(UnitParent.unit_id == cell)
            )
        )
        above = set(
            session.execute(
                select(UnitScope.ancestor, UnitScope.from_on, UnitScope.to_on, UnitScope.depth).where(
                    UnitScope.descendant == cell
                )
            )
        )
        moved = session.get_one(Unit, cell)
    began = date(2015, 1, 1)
    assert links == {(old, began, today), (new, today, None)}
    assert above == {
        (cell, began, None, 0),
        (old, began, today, 1),
        (new, today, None, 1),
        (world.root, began, None, 2),
    }
    assert (moved.name, moved.name_search) == ("Chi bộ Thôn Mẫu Một", "chi bo thon mau mot")


def test_what_changed_since_the_preview_is_shown_again(office: Office) -> None:
    first, second = (office.upload(xlsx_of(HEAD, *LIST)) for _ in range(2))
    office.press(first, "apply")
    office.press(second, "apply")
    run = office.run(second)
    assert run.state == ImportState.PREVIEW
    assert run.counts["same"] == 5
    assert "đã thay đổi từ lúc xem trước" in office.page(second)


def test_one_bad_row_keeps_all_others_out(office: Office) -> None:
    world = office.world
    before = count(world, Unit)
    run_id = office.upload(csv_of(*LIST, row(code="X", name="Chi bộ X", founded="31/02/1990", phone="12", person="A")))
    assert office.faults(run_id) == {7: ["bad_day", "bad_phone", "role_missing"]}
    office.press(run_id, "apply")
    assert office.run(run_id).state == ImportState.PREVIEW
    assert count(world, Unit) == before
    page = office.page(run_id)
    assert "Dòng 7" in page
    assert "Ngày thành lập: Ngày chưa đúng" in page
    assert "Chi bộ Thôn Bảy" not in page, "what is wrong is shown first"
    assert "Chi bộ Thôn Bảy" in office.client.get(f"/imports/{run_id}?show=all").text
    file = office.client.get(f"/imports/{run_id}/errors.xlsx")
    sheet = load_workbook(BytesIO(file.data)).worksheets[0]
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][-1] == "Lỗi"
    assert rows[1][:2] == ("DB7", "Đảng bộ xã Bảy")
    assert [bool(cells[-1]) for cells in rows[1:]] == [False] * 5 + [True]
    assert office.run(office.upload(file.data)).counts == office.run(run_id).counts, "it can be sent back as it is"


@pytest.mark.parametrize(
    ("login", "said"),
    [("administrator", 200), ("leader", 403), ("reviewer", 403), ("other_reviewer", 404), ("stranger", 404)],
)
def test_only_an_administrator_imports(world: World, login: str, said: int) -> None:
    client = world.sign_in(login)
    for path in ("import", "import/template.xlsx", "import/template.csv"):
        assert client.get(f"/units/{world.committee}/{path}").status_code == said


def test_a_list_is_forgotten_after_a_week(office: Office) -> None:
    run_id = office.upload(xlsx_of(HEAD, *LIST))
    office.world.clock.set(at("2026-11-11T08:00:00+07:00"))
    with office.world.app.app_context():
        forget_imports({}, office.world.clock())
    assert office.rows(run_id) == []
    assert office.run(run_id).content == b""


HOSTILE = [
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}",
    "=cmd|' /C calc'!A0",
    "+84; DROP TABLE unit",
    "@SUM(1)",
    "%(line)s %s {0}",
    "Chi bộ\r\nSet-Cookie: a=b",
]


def test_hostile_texts_stay_texts(office: Office) -> None:
    """Security.md 18 as cells: through preview, apply, export and pages."""
    world = office.world
    head = [*HEAD, "Ghi chú =1+1"]
    rows = [
        [*row(code=f"H{n}", name=text, kind="Chi bộ", person=text, phone=f"09120001{n:02}", role="bí thư"), text]
        for n, text in enumerate(HOSTILE)
    ]
    run_id = office.upload(write_xlsx([Sheet("x", [head, *rows])]), "=cmd|<img src=x>.xlsx")
    assert office.faults(run_id) == {}
    preview = office.page(run_id)
    assert "<img" not in preview
    assert "&lt;img src=x onerror=alert(1)&gt;" in preview
    assert "{{7*7}}" in preview
    book = load_workbook(BytesIO(office.client.get(f"/imports/{run_id}/errors.xlsx").data))
    assert {cell.data_type for line in book.worksheets[0].iter_rows() for cell in line if cell.value} == {"s"}
    office.press(run_id, "apply")
    assert office.run(run_id).state == ImportState.APPLIED
    names = {one.name for one in all_of(world, Unit)}
    assert {" ".join(text.split()) for text in HOSTILE} <= names
    for path in (f"/imports/{run_id}", office.address, f"/units/{world.root}/board"):
        answer = office.client.get(path)
        assert answer.status_code == 200
        assert "<img src=x" not in answer.text
        assert "a=b" not in str(answer.headers)


@pytest.mark.parametrize("text", ["Chi bộ \u202egnod", "Chi bộ \u2066x", "Chi bộ \x07"])
def test_marks_that_change_how_a_name_reads_are_refused(office: Office, text: str) -> None:
    run_id = office.upload(csv_of(row(code="X", name=text, kind="Chi bộ")))
    assert office.faults(run_id) == {2: ["unsafe"]}


def test_old_letters_are_shown_and_converted_unless_the_office_says_no(office: Office) -> None:
    names = ["Chi bé Th«n MÉu H¹", "Chi bé B¶n Phó Thä", "Chi bé NguyÔn §øc C¶nh"]
    data = xlsx_of(["Mã đơn vị", "Tên đơn vị", "Loại"], *([f"T{n}", name, "chi_bo"] for n, name in enumerate(names)))
    run_id = office.upload(data)
    page = office.page(run_id)
    assert "mã cũ TCVN3" in page
    assert "“Chi bé Th«n MÉu H¹” là “Chi bộ Thôn Mẫu Hạ”" in page
    assert office.rows(run_id)[0].values["shown"]["name"] == "Chi bộ Thôn Mẫu Hạ"
    office.press(run_id, "convert")
    assert [one.values["shown"]["name"] for one in office.rows(run_id)] == names
    office.press(run_id, "convert", convert="1")
    office.press(run_id, "apply")
    assert {"Chi bộ Thôn Mẫu Hạ", "Chi bộ Bản Phú Thọ", "Chi bộ Nguyễn Đức Cảnh"} <= {
        one.name for one in all_of(office.world, Unit)
    }


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "Lưu thành (Save As), kiểu .xlsx"),
        (b"\xff\xd8\xff\xe0 a picture", "Đây là một tấm ảnh"),
        ("Mã đơn vị;Tên đơn vị\n".encode(), "chưa có dòng nào"),
    ],
)
def test_a_file_that_is_no_list_gets_a_sentence(office: Office, data: bytes, said: str) -> None:
    run_id = office.upload(data)
    assert office.run(run_id).state == ImportState.REFUSED
    assert office.run(run_id).content == b""
    assert said in office.page(run_id)


@pytest.mark.parametrize(("data", "said"), [(b"", "hãy chọn tệp"), (b"x" * (5 * 1024 * 1024 + 1), "lớn hơn 5 MB")])
def test_a_file_too_small_or_too_large_is_told_at_once(office: Office, data: bytes, said: str) -> None:
    answer = post_file(office, data)
    assert answer.status_code == 422
    assert said in answer.text


def post_file(office: Office, data: bytes) -> TestResponse:
    fields = {"csrf_token": token_of(office.client.get(office.address)), "file": (BytesIO(data), "x.csv")}
    return office.client.post(office.address, data=fields, content_type="multipart/form-data")


def test_while_it_is_read_the_page_shows_how_far_it_is(office: Office) -> None:
    answer = post_file(office, csv_of(*LIST))
    page = office.client.get(answer.location).text
    assert '<meta http-equiv="refresh"' in page
    assert "đang đọc" in page
    office.world.work("bulk")
    assert '<meta http-equiv="refresh"' not in office.client.get(answer.location).text


def area_administrator(world: World) -> Office:
    """Somebody who administers one committee only."""
    now = world.clock()
    with world.app.app_context(), write_transaction() as session:
        user = add_user(session, NewUser("area_admin", "Quàng Văn Khu", PASSWORD_HASH), None, now)
        give_role(session, user.id, world.committee, Role.ADMINISTRATOR, LONG_AGO, None, now)
        sealed = seal(services_of(world.app).settings.secret_key, SEALED_FOR, TOTP_SECRET)
        keep_authenticator(session, user.id, sealed, 0, now)
        world.users["area_admin"] = user.id
    return Office(world, world.sign_in("area_admin"), world.committee)


def test_an_import_reaches_the_own_subtree_only(world: World) -> None:
    office = area_administrator(world)
    with world.app.app_context(), write_transaction() as session:
        session.execute(update(Unit).where(Unit.id == world.other_cell).values(code="KHAC"))
    assert office.client.get(f"/units/{world.root}/import").status_code == 404
    assert office.client.get(f"/units/{world.other_committee}/import").status_code == 404
    run_id = office.upload(
        csv_of(
            row(code="KHAC", name="Chi bộ Tổ Khác"),
            row(code="N1", name="Chi bộ Mới", parent="Đảng bộ xã Khác"),
            row(code="N2", name="Chi bộ Mới Hai", parent="Đảng bộ Mẫu"),
        )
    )
    assert office.faults(run_id) == {2: ["code_elsewhere"], 3: ["parent_unknown"], 4: ["parent_unknown"]}
    assert world.sign_in("other_reviewer").get(f"/imports/{run_id}").status_code == 404


def test_only_people_whose_roles_all_lie_within_are_changed(world: World) -> None:
    office = area_administrator(world)
    phones = ("secretary1", "0911000001"), ("other_reviewer", "0911000002"), ("stranger", "0911000003")
    with world.app.app_context(), write_transaction() as session:
        for login, phone in (*phones, ("leader", "0911000004")):
            session.execute(update(User).where(User.login == login).values(phone=phone))
        give_role(session, world.users["leader"], world.cells[0], Role.READER, LONG_AGO, None, world.clock())
    cell = "Chi bộ Thôn Mẫu 2"
    run_id = office.upload(
        csv_of(
            row(name=cell, person="Nguyễn Văn Ân", phone="0911000001", role="người xem"),
            row(name=cell, person="Hồ Văn Khác", phone="0911000002", role="người xem"),
            row(name=cell, person="Mai Lạ", phone="0911000003", role="người xem"),
            row(name="Chi bộ Thôn Mẫu 1", person="Vũ Minh Đạo", phone="0911000004", role="người xem"),
        )
    )
    assert office.faults(run_id) == {3: ["person_elsewhere"], 4: ["person_elsewhere"]}
    assert [one.verdict for one in office.rows(run_id)] == ["new", "error", "error", "same"]
    renamed = office.upload(csv_of(row(name=cell, person="Vũ Văn Đạo", phone="0911000004", role="người xem")))
    assert set(office.faults(renamed)[2]) == {"person_elsewhere"}
    whole = Office(world, world.sign_in("administrator"), world.root)
    again = whole.upload(csv_of(row(name=cell, person="Hồ Văn Khác", phone="0911000002", role="người xem")))
    assert whole.faults(again) == {}


def test_losing_the_right_between_preview_and_writing_ends_it(world: World) -> None:
    office = area_administrator(world)
    run_id = office.upload(csv_of(row(code="N1", name="Chi bộ Mới")))
    token = token_of(office.client.get(office.address))
    ended = RoleAssignment.user_id == world.users["area_admin"]
    with world.app.app_context(), write_transaction() as session:
        session.execute(update(RoleAssignment).where(ended).values(to_on=LONG_AGO))
    assert office.client.post(f"/imports/{run_id}/apply", data={"csrf_token": token}).status_code == 404
    assert office.run(run_id).state == ImportState.PREVIEW


def test_a_long_list_arrives_whole(office: Office) -> None:
    """20,000 rows in the soak. Counts only; how long it takes is the benchmark's affair."""
    rows = 20_000 if os.environ.get("MEETINGCHECK_SOAK") else 600
    world = office.world
    committees, cells = rows // 50, rows - rows // 50
    run = office.take(
        csv_of(
            *(row(code=f"D{n}", name=f"Đảng bộ xã {n}") for n in range(committees)),
            *(
                row(
                    code=f"C{n}", name=f"Chi bộ Thôn {n}", parent=f"D{n % committees}", founded="01/01/1990",
                    person=f"Nguyễn Văn {n}", phone=f"09{n:08}", role="bí thư",
                )
                for n in range(cells)
            ),
        )
    )  # fmt: skip
    assert run.counts == {"new": rows, "changed": 0, "same": 0, "error": 0}
    with world.app.app_context(), read_transaction() as session:
        below = select(func.count()).select_from(UnitScope).where(UnitScope.ancestor == world.root)
        assert session.scalar(below) == 7 + rows


def test_the_preview_says_where_a_unit_would_stand_and_how_days_and_numbers_were_understood(office: Office) -> None:
    new = row(name="Chi bộ Tổ Mười", parent="Đảng bộ", kind="Chi bộ", founded=32907, usual_day="mùng 4 hằng tháng")
    person = row(name="Chi bộ Tổ Mười", person="Lý Văn Mười", phone=912000077, role="bí thư")
    page = office.page(office.upload(xlsx_of(HEAD, row(name="Đảng bộ", kind="Đảng bộ"), new, person)))
    assert "Đơn vị cấp trên: Đảng bộ · Loại: Chi bộ · Ngày thành lập: 03/02/1990 · Ngày sinh hoạt thường lệ: 4<" in page
    assert "Lý Văn Mười · 0912000077 · bí thư<" in page
    assert "đơn vị mới, thuộc Đảng bộ<" in page
    assert "đơn vị mới, thuộc Đảng bộ Mẫu<" in page, "also where the list names no superior"
