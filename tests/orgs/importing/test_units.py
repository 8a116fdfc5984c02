"""Units as offices write them: marks and counts of a list, words cut short, kinds that a title says."""

from dataclasses import replace

import pytest

from meetingcheck.orgs.importing.plan import Plan
from tests.orgs.importing.conftest import HEAD, row, xlsx_of
from tests.orgs.importing.test_rules import (
    AREA,
    CELL,
    COMMITTEE,
    TOP,
    faults,
    known,
    plan_of_file,
    verdicts,
    world_after,
)


def founded(plan: Plan) -> list[tuple[str, str]]:
    assert faults(plan) == {}
    return [(unit.name, unit.kind) for unit in plan.units]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("1. Chi bộ Tổ Mười", "Chi bộ Tổ Mười"),
        ("1.2. Chi bộ Tổ Mười", "Chi bộ Tổ Mười"),
        ("- Chi bộ Tổ Mười", "Chi bộ Tổ Mười"),
        ("+ Chi bộ Tổ Mười", "Chi bộ Tổ Mười"),
        ("a) Chi bộ Tổ Mười", "Chi bộ Tổ Mười"),
        ("Chi bộ Tổ Mười (15 đảng viên)", "Chi bộ Tổ Mười"),
        ("Chi bộ Tổ Mười: 15 đảng viên", "Chi bộ Tổ Mười"),
        ("CB Tổ Mười", "Chi bộ Tổ Mười"),
        ("Chi bộ Tổ Mười (ghép)", "Chi bộ Tổ Mười (ghép)"),
        ("Chi bộ 2-9", "Chi bộ 2-9"),
    ],
)
def test_a_units_name_is_kept_without_the_marks_of_a_list(typed: str, name: str) -> None:
    data = xlsx_of(["Tên đơn vị", "Ngày họp"], [typed, 5])
    plan = plan_of_file(data)
    assert founded(plan) == [(name, "chi_bo")]
    assert verdicts(plan_of_file(data, world_after(AREA, plan))) == ["same"]


@pytest.mark.parametrize(
    ("title", "typed", "name", "kind"),
    [
        ("Tên chi bộ", "Thôn Mười", "Chi bộ Thôn Mười", "chi_bo"),
        ("Tên chi bộ", "1. Thôn Mười", "Chi bộ Thôn Mười", "chi_bo"),
        ("Chi bộ", "CB thôn Mười", "Chi bộ thôn Mười", "chi_bo"),
        ("Tên chi bộ", "ĐB xã Mười", "Đảng bộ xã Mười", "dang_bo"),
        ("Tên chi bộ", "Đảng ủy xã Mười", "Đảng bộ xã Mười", "dang_bo"),
        ("Tên đảng bộ", "Xã Mười", "Đảng bộ Xã Mười", "dang_bo"),
    ],
)
def test_the_title_or_short_words_say_the_kind(title: str, typed: str, name: str, kind: str) -> None:
    data = xlsx_of([title, "Ngày họp"], [typed, 5])
    plan = plan_of_file(data)
    assert founded(plan) == [(name, kind)]
    assert verdicts(plan_of_file(data, world_after(AREA, plan))) == ["same"]


def test_a_title_does_not_make_cells_of_what_may_be_none() -> None:
    plan = plan_of_file(xlsx_of(["Tên chi bộ", "Ngày họp"], ["Khối nông thôn 1", 5], ["Tổ Mười", 5]))
    assert faults(plan) == {2: ["kind_missing"]}


@pytest.mark.parametrize(
    "typed",
    [
        *("Công an xã", "Cong an xa", "Sở Y tế", "Công ty Điện lực", "Tổng công ty Xây dựng", "Cụm dân cư 3"),
        *("Khối dân vận", "Nhóm trẻ Hoa Mai", "Cộng Hòa"),
    ],
)
def test_names_that_only_sound_like_a_count_are_cells(typed: str) -> None:
    plan = plan_of_file(xlsx_of(["STT", "Tên chi bộ", "Ngày họp"], [1, typed, 5]))
    assert founded(plan) == [(f"Chi bộ {typed}", "chi_bo")]


def test_a_numbered_row_with_somebody_in_it_is_a_unit() -> None:
    plan = plan_of_file(xlsx_of(["STT", "Tên chi bộ", "Bí thư", "SĐT"], [1, "Khối Mặt trận", "Hà Văn Mới", 912000010]))
    assert founded(plan) == [("Chi bộ Khối Mặt trận", "chi_bo")]
    plan = plan_of_file(xlsx_of(["STT", "Tên chi bộ", "Bí thư", "SĐT"], ["", "Khối Mặt trận", "Hà Văn", 912000010]))
    assert (faults(plan), plan.rows[0].notes) == ({2: ["kind_missing"]}, []), "nothing is said of a committee"


def test_a_communes_total_is_no_unit() -> None:
    plan = plan_of_file(xlsx_of(["Tên chi bộ", "Ngày họp"], ["Thôn Mười", 5], ["Cộng xã A: 2 chi bộ"]))
    assert founded(plan) == [("Chi bộ Thôn Mười", "chi_bo")]


def test_a_known_unit_is_found_under_the_name_that_it_has() -> None:
    head = ["Mã", "Tên chi bộ", "Ngày họp"]
    assert plan_of_file(xlsx_of(head[1:], ["thôn Mẫu", 9])).unit_changes == {CELL: {"usual_day": 9}}
    bare = replace(AREA, units={**AREA.units, CELL: known(CELL, "CB1", "Thôn Mẫu", COMMITTEE)})
    assert plan_of_file(xlsx_of(head[1:], ["Thôn Mẫu", 9]), bare).unit_changes == {CELL: {"usual_day": 9}}
    assert verdicts(plan_of_file(xlsx_of(head, ["CB1", "Thôn Mẫu", 3]), bare)) == ["same"]


@pytest.mark.parametrize(
    "superior",
    ["Đảng ủy xã Mẫu", "Đảng uỷ xã Mẫu", "ĐB xã Mẫu", "ĐU xã Mẫu", "xã Mẫu", "Đảng ủy Khối / Đảng ủy xã Mẫu"],
)
def test_a_superior_is_understood_by_its_leading_body(superior: str) -> None:
    plan = plan_of_file(xlsx_of(["Tên chi bộ", "Trực thuộc"], ["Chi bộ Tổ Mười", superior]))
    assert [unit.parent_id for unit in plan.units] == [COMMITTEE], faults(plan)


@pytest.mark.parametrize("superior", ["Đảng bộ xã Mẫu", "Đảng ủy xã Mẫu", "xã Mẫu"])
def test_a_unit_that_is_its_own_superior_names_none(superior: str) -> None:
    plan = plan_of_file(xlsx_of(["Đảng bộ", "Tên đơn vị"], [superior, "Đảng bộ xã Mẫu"], [superior, "Chi bộ Tổ Mười"]))
    assert verdicts(plan) == ["same", "new"]
    assert [unit.parent_id for unit in plan.units] == [COMMITTEE]


def test_a_committee_that_is_called_by_its_leading_body_keeps_its_name() -> None:
    called = replace(AREA, units={**AREA.units, COMMITTEE: known(COMMITTEE, "DB1", "Đảng ủy xã Mẫu", TOP, "dang_bo")})
    for name in ("Đảng ủy xã Mẫu", "Đảng bộ xã Mẫu"):
        assert verdicts(plan_of_file(xlsx_of(HEAD, row(code="DB1", name=name, usual_day=3)), called)) == ["same"]


@pytest.mark.parametrize("sort", ["Nông thôn", "Cơ quan", "Doanh nghiệp"])
def test_the_sort_of_place_is_no_kind(sort: str) -> None:
    plan = plan_of_file(xlsx_of(["Tên đơn vị", "Loại hình"], ["Chi bộ Tổ Mười", sort]))
    assert founded(plan) == [("Chi bộ Tổ Mười", "chi_bo")]
    assert "kind" not in plan.rows[0].shown


def test_capitals_do_not_replace_good_spelling() -> None:
    person = {"person": "NGUYỄN VĂN AN", "phone": "0911000001", "role": "bí thư"}
    plan = plan_of_file(xlsx_of(HEAD, row(code="CB1", name="CHI BỘ THÔN MẪU", **person)))
    assert verdicts(plan) == ["same"]
