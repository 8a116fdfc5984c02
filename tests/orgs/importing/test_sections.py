"""Who stands under whom where only a section's head or the first row of a block says it."""

from collections.abc import Sequence

import pytest

from meetingcheck.orgs.importing.reader import read_table
from tests.orgs.importing.conftest import HEAD, Office, row, xlsx_of
from tests.orgs.importing.test_rules import AREA, COMMITTEE, TOP, faults, plan_of_file, verdicts, world_after

TITLES = ["STT", "Tên tổ chức đảng", "Ngày họp"]


def superiors(*rows: Sequence[object]) -> dict[str, str]:
    """Where a list's new units would go: by name, the name of the unit above. The list again changes nothing."""
    data = xlsx_of(*rows)
    plan = plan_of_file(data)
    assert faults(plan) == {}
    names = {unit.id: unit.name for unit in plan.units} | {unit.id: unit.name for unit in AREA.units.values()}
    again = plan_of_file(data, world_after(AREA, plan))
    assert set(verdicts(again)) == {"same"}, again
    return {unit.name: names[unit.parent_id] for unit in plan.units}


TWO = {
    "Đảng bộ xã Hai": "Đảng bộ Khối",
    "Chi bộ Tổ Một": "Đảng bộ xã Mẫu",
    "Chi bộ Tổ Hai": "Đảng bộ xã Hai",
    "Chi bộ Tổ Ba": "Đảng bộ xã Hai",
}


@pytest.mark.parametrize(
    "rows",
    [
        [
            ["I", "Đảng bộ xã Mẫu"],
            [1, "Chi bộ Tổ Một", 3],
            ["II", "Đảng bộ xã Hai"],
            [1, "Chi bộ Tổ Hai", 3],
            [2, "Chi bộ Tổ Ba", 3],
        ],
        [
            ["", "I. Đảng bộ xã Mẫu"],
            [1, "Chi bộ Tổ Một", 3],
            ["", "II. Đảng bộ xã Hai"],
            [2, "Chi bộ Tổ Hai", 3],
            [3, "Chi bộ Tổ Ba", 3],
        ],
        [
            ["A - ĐẢNG ỦY XÃ MẪU", "", ""],
            ["-", "Chi bộ Tổ Một", 3],
            ["B - Đảng bộ xã Hai", "", ""],
            ["-", "Chi bộ Tổ Hai", 3],
            ["-", "Chi bộ Tổ Ba", 3],
        ],
        [
            [1, "Đảng bộ xã Mẫu"],
            ["1.1", "Chi bộ Tổ Một", 3],
            [2, "Đảng bộ xã Hai"],
            ["2.1", "Chi bộ Tổ Hai", 3],
            ["2.2", "Chi bộ Tổ Ba", 3],
        ],
        [
            ["", "Đảng bộ xã Mẫu"],
            ["", "Chi bộ Tổ Một", 3],
            ["", "Đảng bộ xã Hai"],
            ["", "Chi bộ Tổ Hai", 3],
            ["", "Chi bộ Tổ Ba", 3],
        ],
    ],
)
def test_a_sections_head_is_the_superior_of_the_rows_below_it(rows: list[list[object]]) -> None:
    assert superiors(TITLES, *rows) == TWO


def test_sections_stand_under_those_that_are_marked_above_them_and_cells_may_stand_beside_them() -> None:
    assert superiors(
        TITLES,
        ["A", "Đảng bộ Vùng Cao"],
        ["I", "Đảng bộ xã Ba"],
        [1, "Chi bộ Tổ Một", 3],
        ["II", "Chi bộ Cơ quan Vùng", 3],
        ["III", "Đảng bộ xã Bốn"],
        [1, "Chi bộ Tổ Hai", 3],
        ["B", "Chi bộ Văn phòng Khối", 3],
    ) == {
        "Đảng bộ Vùng Cao": "Đảng bộ Khối",
        "Đảng bộ xã Ba": "Đảng bộ Vùng Cao",
        "Chi bộ Tổ Một": "Đảng bộ xã Ba",
        "Chi bộ Cơ quan Vùng": "Đảng bộ Vùng Cao",
        "Đảng bộ xã Bốn": "Đảng bộ Vùng Cao",
        "Chi bộ Tổ Hai": "Đảng bộ xã Bốn",
        "Chi bộ Văn phòng Khối": "Đảng bộ Khối",
    }


def test_what_groups_places_is_no_unit_and_is_passed_over() -> None:
    rows = [
        TITLES,
        ["A", "KHỐI NÔNG THÔN"],
        ["I", "Đảng bộ xã Mẫu"],
        [1, "Chi bộ Tổ Một", 3],
        ["", "Cộng I: 1"],
        ["", "Cộng khối nông thôn", 1],
        ["B", "Khối các cơ quan"],
        [1, "Chi bộ Tổ Hai", 3],
        ["", "Chi bộ trực thuộc: 4"],
        ["*", "Tổng cộng", 2],
    ]
    assert superiors(*rows) == {"Chi bộ Tổ Một": "Đảng bộ xã Mẫu", "Chi bộ Tổ Hai": "Đảng bộ Khối"}
    assert read_table(xlsx_of(*rows), converted=False).passed_over == (2, 5, 6, 7, 9, 10)


def test_a_head_may_name_the_superior_of_a_group() -> None:
    assert superiors(
        TITLES,
        ["I", "Các chi bộ trực thuộc Đảng ủy xã Mẫu"],
        [1, "Chi bộ Tổ Một", 3],
        ["II", "Các chi bộ trực thuộc"],
        [1, "Chi bộ Tổ Hai", 3],
    ) == {"Chi bộ Tổ Một": "Đảng bộ xã Mẫu", "Chi bộ Tổ Hai": "Đảng bộ Khối"}


@pytest.mark.parametrize(
    ("head", "other"),
    [(["I", "XÃ MẪU"], ["II", "Xã Hai"]), (["I. Xã Mẫu"], ["II. Xã Hai"]), (["", "Xã Mẫu"], ["", "Xã Hai"])],
)
def test_a_commune_over_its_cells_is_its_committee(head: list[object], other: list[object]) -> None:
    rows = [head, [1, "Tổ Một", 3], other, [1, "Tổ Hai", 3], [2, "Tổ Ba", 3]]
    found = superiors(["STT", "Tên chi bộ", "Ngày họp"], *rows)
    assert {name.casefold(): above.casefold() for name, above in found.items()} == {
        name.casefold(): above.casefold() for name, above in TWO.items()
    }


@pytest.mark.parametrize("head", [["A", "Nông thôn"], ["", "Vùng cao"]])
def test_a_head_that_says_nothing_clear_makes_no_cell(head: list[object]) -> None:
    plan = plan_of_file(xlsx_of(["STT", "Tên chi bộ", "Ngày họp"], head, [1, "Tổ Một", 3], [2, "Tổ Hai", 3]))
    assert faults(plan) == {line: ["superior_unclear"] for line in (2, 3, 4)}


@pytest.mark.parametrize("numbers", [["", ""], [1, 2]])
def test_a_school_over_its_cells_is_no_cell(numbers: list[object]) -> None:
    rows: list[list[object]] = []
    for school in "AB":
        rows.append(["", f"Trường Tiểu học {school}"])
        rows += [[number, f"Chi bộ {name}", 3] for number, name in zip(numbers, (1, 2), strict=True)]
    plan = plan_of_file(xlsx_of(["STT", "Tên chi bộ", "Ngày họp"], *rows))
    assert faults(plan) == {line: ["superior_unclear"] for line in range(2, 8)}


def test_groups_within_a_section_do_not_end_it() -> None:
    assert superiors(
        TITLES,
        ["I", "Đảng bộ xã Mẫu"],
        ["", "Khối nông thôn"],
        [1, "Chi bộ Tổ Một", 3],
        ["", "Khối cơ quan"],
        [2, "Chi bộ Tổ Hai", 3],
    ) == dict.fromkeys(("Chi bộ Tổ Một", "Chi bộ Tổ Hai"), "Đảng bộ xã Mẫu")


def test_committees_that_are_listed_among_others_are_no_heads() -> None:
    assert superiors(
        TITLES,
        [1, "Đảng bộ xã Hai", 3],
        [2, "Đảng bộ xã Ba", 3],
        [3, "Chi bộ Công an", 3],
        [4, "Chi bộ Quân sự", 3],
    ) == dict.fromkeys(("Đảng bộ xã Hai", "Đảng bộ xã Ba", "Chi bộ Công an", "Chi bộ Quân sự"), "Đảng bộ Khối")


def test_what_can_be_read_in_two_ways_is_refused_for_new_units_only() -> None:
    rows = [TITLES, [1, "Đảng bộ xã Mẫu", ""], [2, "Chi bộ Thôn Mẫu", 3], [3, "Chi bộ Tổ Một", 3]]
    assert faults(plan_of_file(xlsx_of(*rows))) == {4: ["superior_unclear"]}


def test_a_superior_that_a_row_says_itself_counts() -> None:
    assert superiors(
        [*TITLES, "Trực thuộc"],
        ["I", "Đảng bộ xã Hai", "", ""],
        [1, "Chi bộ Tổ Một", 3, "Đảng bộ xã Mẫu"],
        [2, "Chi bộ Tổ Hai", 3, ""],
        [3, "Chi bộ Tổ Ba", 3, "Đảng bộ xã Mẫu"],
    ) == {
        "Đảng bộ xã Hai": "Đảng bộ Khối",
        "Chi bộ Tổ Một": "Đảng bộ xã Mẫu",
        "Chi bộ Tổ Hai": "Đảng bộ xã Hai",
        "Chi bộ Tổ Ba": "Đảng bộ xã Mẫu",
    }


def test_a_superior_in_the_first_row_of_its_block_counts_for_the_block() -> None:
    rows = [
        ["Trực thuộc", "Tên chi bộ", "Ngày họp"],
        ["Đảng bộ xã Mẫu", "Chi bộ Tổ Một", 3],
        ["", "Chi bộ Tổ Hai", 3],
        ["Đảng bộ Khối", "Chi bộ Tổ Ba", 3],
        ["", "Chi bộ Tổ Bốn", 3],
    ]
    assert superiors(*rows) == {
        "Chi bộ Tổ Một": "Đảng bộ xã Mẫu",
        "Chi bộ Tổ Hai": "Đảng bộ xã Mẫu",
        "Chi bộ Tổ Ba": "Đảng bộ Khối",
        "Chi bộ Tổ Bốn": "Đảng bộ Khối",
    }


def test_in_a_list_that_repeats_its_superiors_an_empty_one_is_empty() -> None:
    data = xlsx_of(
        ["Tên chi bộ", "Trực thuộc"],
        ["Chi bộ Tổ Một", "Đảng bộ xã Mẫu"],
        ["Chi bộ Tổ Hai", "Đảng bộ xã Mẫu"],
        ["Chi bộ Tổ Ba", ""],
    )
    assert [unit.parent_id for unit in plan_of_file(data).units] == [COMMITTEE, COMMITTEE, TOP]


def test_in_the_template_an_empty_superior_means_the_chosen_unit() -> None:
    data = xlsx_of(HEAD, row(name="Đảng bộ xã Hai"), row(name="Chi bộ Tổ Một"))
    assert [unit.parent_id for unit in plan_of_file(data).units] == [TOP, TOP]


@pytest.mark.parametrize(
    ("titles", "cells"),
    [
        (["TT", "Tên tổ chức đảng", "", "Ngày họp"], [["I", "Đảng bộ xã Mẫu", "", ""], [1, "", "Chi bộ Tổ Một", 3]]),
        (["TT", "Tên chi bộ", "Ngày họp"], [["I. ĐẢNG BỘ XÃ MẪU", "", ""], ["1", "Tổ Một", 3]]),
    ],
)
def test_cells_may_stand_one_column_further_right(titles: list[str], cells: list[list[object]]) -> None:
    (found,) = superiors(titles, *cells).items()
    assert found == ("Chi bộ Tổ Một", "Đảng bộ xã Mẫu")


def test_indented_cells_belong_to_the_committee_above_them_whatever_its_row_says_besides() -> None:
    head = ["Tên tổ chức đảng", "", "Bí thư", "Số điện thoại"]
    assert (
        superiors(
            head,
            ["Đảng bộ xã Mẫu", "", "", ""],
            ["", "- Chi bộ Tổ Một", "Hà Văn Một", "0912000011"],
            ["Đảng bộ xã Hai (2 chi bộ)", "", "Hà Văn Hai", "không"],
            ["", "- Chi bộ Tổ Hai", "Hà Văn Ba", "0912000012"],
            ["", "- Chi bộ Tổ Ba", "khuyết", ""],
        )
        == TWO
    )


def test_a_list_that_comes_back_asks_for_the_superior_that_was_not_clear(office: Office) -> None:
    data = xlsx_of(TITLES, [1, "Đảng bộ xã Mẫu", ""], [2, "Chi bộ Tổ Một", 3])
    run_id = office.upload(data)
    assert office.faults(run_id) == {3: ["superior_unclear"]}
    assert "thuộc thẳng đơn vị đang chọn" in office.page(run_id)
    again = office.upload(office.client.get(f"/imports/{run_id}/errors.xlsx").data)
    assert office.faults(again) == {3: ["parent_unknown"]}


def test_the_preview_names_superiors_and_heads_and_the_list_with_errors_can_be_sent_again(
    office: Office,
) -> None:
    data = xlsx_of(
        ["TT", "Tên chi bộ", "Bí thư", "Điện thoại"],
        ["A", "Khối nông thôn", "", ""],
        ["I", "Đảng bộ xã Mẫu", "Lê Văn Tư", ""],
        [1, "Tổ Một", "Nguyễn Văn Hai", "0912000021"],
        ["B", "Khối cơ quan", "", ""],
        [1, "Văn phòng", "Nguyễn Văn Ba", "091200002"],
    )
    run_id = office.upload(data)
    assert office.faults(run_id) == {6: ["bad_phone"]}
    page = office.client.get(f"/imports/{run_id}?show=all").text
    assert "đơn vị mới, thuộc Đảng bộ xã Mẫu<" in page
    assert "(tiêu đề nhóm, dòng cộng, phần ký tên…): dòng 2, 5." in page
    again = office.upload(office.client.get(f"/imports/{run_id}/errors.xlsx").data)
    assert office.run(again).counts == office.run(run_id).counts
    assert [one.reasons["under"] for one in office.rows(again)] == [one.reasons["under"] for one in office.rows(run_id)]
