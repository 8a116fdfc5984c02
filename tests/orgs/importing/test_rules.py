"""What a list means beside what is there: keys, changes, faults. Pure rules, and properties over made-up lists."""

import uuid
from dataclasses import replace
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from meetingcheck.orgs.importing.columns import Field
from meetingcheck.orgs.importing.faults import Fault
from meetingcheck.orgs.importing.outcomes import Line
from meetingcheck.orgs.importing.plan import Area, Kind, KnownPerson, KnownUnit, Plan
from meetingcheck.orgs.importing.reader import read_table
from meetingcheck.orgs.importing.rules import judge, judge_table

TODAY = date(2026, 11, 3)
RUN = uuid.UUID(int=77)
TOP, COMMITTEE, CELL, SISTER = (uuid.UUID(int=number) for number in range(1, 5))
AN, BINH, FAR, SHUT = (uuid.UUID(int=number) for number in range(11, 15))
COLUMNS = {field.value: index for index, field in enumerate(Field)}
LONG_AGO = date(2000, 1, 1)


def known(unit_id: uuid.UUID, code: str | None, name: str, parent: uuid.UUID | None, kind: str = "chi_bo") -> KnownUnit:
    return KnownUnit(unit_id, code, name, kind, LONG_AGO, None, 3, parent)


def person(user_id: uuid.UUID, name: str, phone: str | None, email: str | None = None, **facts: bool) -> KnownPerson:
    values = {"disabled": False, "own": True, **facts}
    return KnownPerson(user_id, name, phone or email or "", phone, email, **values)


AREA = Area(
    top=TOP,
    top_parent=("TINH", "Đảng bộ tỉnh"),
    units={
        one.id: one
        for one in (
            known(TOP, "K", "Đảng bộ Khối", uuid.UUID(int=99), "dang_bo"),
            known(COMMITTEE, "DB1", "Đảng bộ xã Mẫu", TOP, "dang_bo"),
            known(CELL, "CB1", "Chi bộ Thôn Mẫu", COMMITTEE),
            known(SISTER, None, "Chi bộ Thôn Mậu", COMMITTEE),
        )
    },
    codes_elsewhere=frozenset({"XA"}),
    kinds=(Kind("chi_bo", "Chi bộ", True), Kind("dang_bo", "Đảng bộ", False)),
    roles_allowed={
        True: frozenset({"secretary", "reporter", "reader", "watcher"}),
        False: frozenset({"reviewer", "administrator", "reader"}),
    },
    people={
        one.id: one
        for one in (
            person(AN, "Nguyễn Văn An", "0911000001"),
            person(BINH, "Trần Thị Bình", None, "binh@mau.example"),
            person(FAR, "Hồ Văn Xa", "0911000003", own=False),
            person(SHUT, "Lò Văn Khóa", "0911000004", disabled=True),
        )
    },
    held=frozenset({(AN, CELL, "secretary"), (FAR, CELL, "reader")}),
    today=TODAY,
)


def line(number: int, **cells: object) -> Line:
    return Line(number, tuple(cells.get(field.value, "") for field in Field))


def plan_of(*rows: dict[str, object], area: Area = AREA) -> Plan:
    return judge([line(number, **cells) for number, cells in enumerate(rows, start=2)], COLUMNS, None, area, RUN)


def plan_of_file(data: bytes, area: Area = AREA) -> Plan:
    """What a file means, from its bytes on."""
    return judge_table(read_table(data, converted=False), area, RUN)


def faults(plan: Plan) -> dict[int, list[Fault]]:
    return {row.line: [found.fault for found in row.faults] for row in plan.rows if row.faults}


def verdicts(plan: Plan) -> list[str]:
    return [row.verdict for row in plan.rows]


class TestUnits:
    def test_a_code_is_the_key_and_another_name_a_new_name(self) -> None:
        plan = plan_of({"code": "cb1", "name": "Chi bộ Thôn Mới"})
        assert plan.unit_changes == {CELL: {"name": "Chi bộ Thôn Mới"}}
        assert verdicts(plan) == ["changed"]

    def test_without_a_code_superior_and_name_are_the_key(self) -> None:
        plan = plan_of({"name": "chi bo thon mau", "parent": "DB1", "usual_day": "5"})
        assert faults(plan) == {2: [Fault.UNIT_AMBIGUOUS]}, "without accents it may be either"
        plan = plan_of({"name": "CHI BỘ THÔN MẬU", "parent": "Đảng bộ Khối / Đảng bộ xã Mẫu", "usual_day": "5"})
        assert plan.unit_changes == {SISTER: {"usual_day": 5}}

    def test_a_unit_found_by_its_name_takes_a_code(self) -> None:
        plan = plan_of({"code": "CB2", "name": "Chi bộ Thôn Mậu", "parent": "DB1"})
        assert plan.unit_changes == {SISTER: {"code": "CB2"}}
        assert plan.units == []

    def test_a_name_does_not_lose_its_accents(self) -> None:
        assert verdicts(plan_of({"code": "CB1", "name": "chi bo thon mau"})) == ["same"]

    def test_names_that_differ_by_an_accent_are_two(self) -> None:
        plan = plan_of(*({"name": name, "parent": "DB1"} for name in ("Chi bộ Hạ", "Chi bộ Hà", "chi bộ HẠ")))
        assert [unit.name for unit in plan.units] == ["Chi bộ Hạ", "Chi bộ Hà"]

    def test_children_may_stand_before_their_parents(self) -> None:
        plan = plan_of(
            {"name": "Chi bộ Con", "parent": "Đảng bộ Mới"},
            {"code": "DBM", "name": "Đảng bộ Mới", "parent": "K"},
        )
        assert [unit.name for unit in plan.units] == ["Đảng bộ Mới", "Chi bộ Con"]
        assert plan.units[1].parent_id == plan.units[0].id

    def test_one_new_unit_whose_superior_is_written_in_two_ways_is_one(self) -> None:
        plan = plan_of({"name": "Chi bộ Con", "parent": "DB1"}, {"name": "Chi bộ Con", "parent": "Đảng bộ xã Mẫu"})
        assert len(plan.units) == 1
        assert verdicts(plan) == ["new", "same"]

    def test_a_move_is_a_change(self) -> None:
        plan = plan_of({"code": "CB1", "parent": "K"})
        assert plan.moves == {CELL: TOP}
        assert [(one.old, one.new) for one in plan.rows[0].changes] == [("Đảng bộ xã Mẫu", "Đảng bộ Khối")]

    def test_no_superior_given_leaves_it_where_it_stands(self) -> None:
        assert plan_of({"code": "CB1"}).moves == {}

    def test_a_circle_is_refused(self) -> None:
        plan = plan_of(
            {"code": "A", "name": "Đảng bộ A", "parent": "B"}, {"code": "B", "name": "Đảng bộ B", "parent": "A"}
        )
        assert Fault.CIRCLE in {fault for found in faults(plan).values() for fault in found}
        assert set(verdicts(plan)) == {"error"}
        tree = replace(AREA, units={**AREA.units, SISTER: known(SISTER, "S", "Đảng bộ Bộ phận", COMMITTEE, "dang_bo")})
        assert faults(plan_of({"code": "DB1", "parent": "S"}, area=tree)) == {2: [Fault.CIRCLE]}

    def test_a_very_deep_list_is_refused_without_falling_over(self) -> None:
        rows = [{"code": f"D{n}", "name": f"Đảng bộ {n}", "parent": f"D{n + 1}"} for n in range(3_000)]
        assert Fault.CIRCLE in {fault for found in faults(plan_of(*rows)).values() for fault in found}

    def test_faults_of_units(self) -> None:
        plan = plan_of(
            {"code": "XA", "name": "Chi bộ Xa"},
            {"code": "N1"},
            {"code": "N2", "name": "Tổ Không Loại"},
            {"code": "N3", "name": "Chi bộ Ba", "parent": "Chi bộ Thôn Mậu"},
            {"code": "N4", "name": "Chi bộ Bốn", "parent": "không có"},
            {"code": "N5", "name": "Chi bộ Năm", "founded": "01/01/2027"},
            {"code": "N6", "name": "Chi bộ Sáu", "kind": "hợp tác xã"},
            {"code": "CB1", "kind": "Đảng bộ"},
            {"code": "K", "parent": "DB1"},
            {"person": "Ai", "phone": "0911000009", "role": "bí thư"},
            {"code": "N7", "name": "#REF!", "kind": "chi bộ"},
        )
        assert faults(plan) == {
            2: [Fault.CODE_ELSEWHERE],
            3: [Fault.NAME_MISSING],
            4: [Fault.KIND_MISSING],
            5: [Fault.PARENT_IS_CELL],
            6: [Fault.PARENT_UNKNOWN],
            7: [Fault.DAY_TO_COME],
            8: [Fault.BAD_KIND],
            9: [Fault.KIND_CHANGES],
            10: [Fault.TOP_STAYS],
            11: [Fault.UNIT_MISSING],
            12: [Fault.FORMULA_ERROR],
        }

    def test_rows_about_one_unit_must_agree(self) -> None:
        plan = plan_of({"code": "N", "name": "Chi bộ N", "usual_day": 3}, {"code": "N", "usual_day": 5}, {"code": "N"})
        assert faults(plan) == {3: [Fault.UNIT_DIFFERS]}

    def test_the_topmost_unit_may_be_named_with_its_superior(self) -> None:
        assert verdicts(plan_of({"code": "K", "name": "Đảng bộ Khối", "parent": "Đảng bộ tỉnh"})) == ["same"]

    def test_a_closed_unit_is_not_taken_up_again(self) -> None:
        closed = replace(AREA.units[CELL], closed_on=TODAY)
        assert faults(plan_of({"code": "CB1"}, area=replace(AREA, units={**AREA.units, CELL: closed}))) == {
            2: [Fault.CLOSED]
        }


class TestPeople:
    def test_who_is_known_and_who_is_new(self) -> None:
        plan = plan_of(
            {"code": "CB1", "person": "Nguyễn Văn An", "phone": 911000001, "role": "bí thư"},
            {"code": "CB1", "person": "Vi Văn Mới", "phone": "0911000008", "role": "người gửi báo cáo"},
            {"code": "DB1", "person": "Vi Văn Mới", "phone": "+84911000008", "role": "cán bộ theo dõi"},
            {"code": "CB1", "email": "Binh@mau.example", "role": "cấp ủy viên phụ trách"},
        )
        assert faults(plan) == {}
        assert verdicts(plan) == ["same", "new", "new", "new"]
        assert [(one.name, one.phone) for one in plan.people] == [("Vi Văn Mới", "0911000008")]
        new = plan.people[0].id
        assert plan.given == [(new, CELL, "reporter"), (new, COMMITTEE, "reviewer"), (BINH, CELL, "watcher")]

    def test_a_phone_is_added_to_somebody_known_by_mail(self) -> None:
        plan = plan_of({"code": "CB1", "email": "binh@mau.example", "phone": "0911000007", "role": "người xem"})
        assert plan.person_changes == {BINH: {"phone": "0911000007"}}

    def test_a_corrected_name_is_a_change_but_lost_accents_are_not(self) -> None:
        seat = {"code": "CB1", "phone": "0911000001", "role": "bí thư"}
        assert plan_of({**seat, "person": "Nguyễn Văn Ân"}).person_changes == {AN: {"name": "Nguyễn Văn Ân"}}
        assert plan_of({**seat, "person": "NGUYEN VAN AN"}).person_changes == {}

    def test_faults_of_people(self) -> None:
        plan = plan_of(
            {"code": "CB1", "person": "Ai Đó", "role": "bí thư"},
            {"code": "CB1", "phone": "0911000005", "role": "bí thư"},
            {"code": "CB1", "person": "Ai Đó", "phone": "0911000006"},
            {"code": "CB1", "person": "Ai Đó", "phone": "0911000007", "role": "quản trị"},
            {"code": "DB1", "person": "Nguyễn Văn An", "phone": "0911000001", "role": "bí thư"},
            {"code": "CB1", "person": "Hồ Văn Xa", "phone": "0911000003", "role": "người xem"},
            {"code": "CB1", "person": "Hồ Văn Xa", "phone": "0911000003", "role": "bí thư"},
            {"code": "CB1", "person": "Lò Văn Khóa", "phone": "0911000004", "role": "bí thư"},
            {"code": "CB1", "person": "Vũ Khác", "phone": "0911000010", "email": "x@mau.example", "role": "bí thư"},
            {"code": "CB1", "person": "Đỗ Lạ Hẳn", "phone": "0911000010", "role": "bí thư"},
            {"code": "CB1", "person": "Ai", "phone": "0911", "email": "sai", "role": "vua"},
        )
        assert faults(plan) == {
            2: [Fault.CONTACT_MISSING],
            3: [Fault.PERSON_NAME_MISSING],
            4: [Fault.ROLE_MISSING],
            5: [Fault.ROLE_NOT_HERE],
            6: [Fault.ROLE_NOT_HERE],
            8: [Fault.PERSON_ELSEWHERE],
            9: [Fault.PERSON_DISABLED],
            11: [Fault.PERSON_DIFFERS],
            12: [Fault.BAD_PHONE, Fault.BAD_EMAIL, Fault.BAD_ROLE],
        }

    def test_a_mistyped_number_does_not_rename_a_stranger(self) -> None:
        plan = plan_of({"code": "CB1", "person": "Lê Thị Khác", "phone": "0911000001", "role": "bí thư"})
        assert faults(plan) == {2: [Fault.PERSON_OF_OTHER_NAME]}
        assert plan.person_changes == {}

    def test_who_belongs_elsewhere_is_refused_once_and_nothing_known_of_them_is_shown(self) -> None:
        people = {**AREA.people, FAR: replace(AREA.people[FAR], email="xa@mau.example")}
        row = {"code": "CB1", "person": "Hồ Thị Xa", "phone": "0911000003", "email": "moi@mau.example"}
        plan = plan_of({**row, "role": "bí thư"}, area=replace(AREA, people=people))
        assert faults(plan) == {2: [Fault.PERSON_ELSEWHERE]}
        assert (plan.rows[0].changes, plan.person_changes) == ([], {})

    def test_a_changed_number_is_not_guessed_from_the_mail(self) -> None:
        people = {**AREA.people, BINH: replace(AREA.people[BINH], phone="0911000002")}
        row = {
            "code": "CB1",
            "person": "Trần Thị Bình",
            "phone": "0911000009",
            "email": "binh@mau.example",
            "role": "bí thư",
        }
        assert faults(plan_of(row, area=replace(AREA, people=people))) == {2: [Fault.CONTACT_OF_ANOTHER]}


def world_after(area: Area, plan: Plan) -> Area:
    """What the area holds once the plan was carried out."""
    units = dict(area.units)
    for new in plan.units:
        units[new.id] = KnownUnit(
            new.id, new.code, new.name, new.kind, new.founded_on, None, new.usual_day, new.parent_id
        )
    for unit_id, changes in plan.unit_changes.items():
        units[unit_id] = replace(units[unit_id], **changes)
    for unit_id, parent in plan.moves.items():
        units[unit_id] = replace(units[unit_id], parent_id=parent)
    people = dict(area.people)
    for one in plan.people:
        people[one.id] = person(one.id, one.name, one.phone, one.email)
    for user_id, changes in plan.person_changes.items():
        people[user_id] = replace(people[user_id], **changes)
    return replace(area, units=units, people=people, held=area.held | frozenset(plan.given))


CODES = st.sampled_from(["", "", "CB1", "cb1", "DB1", "N1", "N2", "XA"])
NAMES = st.sampled_from(
    ["", "Chi bộ Thôn Mẫu", "chi bo thon mau", "Chi bộ Thôn Mậu", "Đảng bộ Mới", "Chi bộ Mới", "Tổ"]
)
PARENTS = st.sampled_from(["", "", "DB1", "K", "N1", "Đảng bộ Mới", "Đảng bộ Khối / Đảng bộ xã Mẫu", "Chi bộ Mới", "?"])
ROWS = st.fixed_dictionaries(
    {
        "code": CODES,
        "name": NAMES,
        "parent": PARENTS,
        "usual_day": st.sampled_from(["", 3, 5, "x"]),
        "founded": st.sampled_from(["", "03/02/1990", 32907, "x"]),
        "person": st.sampled_from(["", "", "Nguyễn Văn An", "Vi Văn Mới", "Trần Thị Bình"]),
        "phone": st.sampled_from(["", "", "0911000001", 911000008, "0911000003", "1"]),
        "email": st.sampled_from(["", "binh@mau.example", "moi@mau.example"]),
        "role": st.sampled_from(["", "bí thư", "người xem", "quản trị", "cấp ủy viên phụ trách", "bí thư, người xem"]),
    }
)


@settings(max_examples=400, deadline=None)
@given(st.lists(ROWS, max_size=8))
def test_a_plan_is_whole_and_done_twice_changes_nothing(rows: list[dict[str, object]]) -> None:
    plan = plan_of(*rows)
    assert plan_of(*rows) == plan, "same list, same plan"
    if plan.counts()["error"]:
        return
    seen = set(AREA.units)
    for unit in plan.units:
        assert unit.parent_id in seen, "parents come first"
        seen.add(unit.id)
    assert len({unit.code.casefold() for unit in plan.units if unit.code}) == sum(
        bool(unit.code) for unit in plan.units
    )
    assert not {TOP} & plan.moves.keys()
    assert FAR not in plan.person_changes
    assert all(user_id != FAR for user_id, _, _ in plan.given)
    again = plan_of(*rows, area=world_after(AREA, plan))
    assert set(verdicts(again)) <= {"same"}, [(row.line, row.new, row.changes, row.faults) for row in again.rows]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from([field.value for field in Field]), st.text(max_size=20)), max_size=6))
def test_no_text_breaks_the_judging(rows: list[dict[str, object]]) -> None:
    plan = plan_of(*rows)
    assert len(plan.rows) == len(rows)
