"""What a resolution asks of people stays the same work, with its answer, however its report is corrected."""

from hypothesis import given
from hypothesis import strategies as st

from meetingcheck.meetings.models import Meeting, Task, TaskState
from meetingcheck.meetings.tasks.rules import match_tasks
from tests.meetings.test_corrections import file_report, period, rows, send, whole_form
from tests.photos import samples
from tests.world import GOOD_FIELDS, World, token_of

GIVEN = ["Vận động hiến đất làm đường", "Thăm gia đình chính sách", "Sửa mái nhà văn hóa"]


def as_fields(tasks: list[str]) -> dict[str, str]:
    return {**GOOD_FIELDS, **{f"task_{number}_what": what for number, what in enumerate(tasks, start=1)}}


def test_an_answer_stays_with_its_task_when_another_one_is_dropped(world: World, overview: bytes) -> None:
    report = file_report(world, overview, as_fields(GIVEN))
    client, where = world.sign_in("secretary1"), period(world, "2026-10")
    second = next(task for task in rows(world.app, Task) if task.what == GIVEN[1])
    fields = {**GOOD_FIELDS, "held_on": "02/11/2026", f"answer_{second.id.hex}": "done"}
    other = samples.jpeg(samples.scene(41, 31))
    assert send(client, where, whole_form(client.get(where), fields, overviews=[other])).status_code == 303
    where = f"{report}/correct"
    for kept in ([GIVEN[2], GIVEN[1]], ["Sửa mái nhà văn hóa thôn", "Thăm các gia đình chính sách", "Họp phụ nữ"]):
        assert send(client, where, whole_form(client.get(where), as_fields(kept))).status_code == 303
        said = {task.what: (task.position, task.state) for task in rows(world.app, Task)}
        states = [TaskState.OPEN, TaskState.DONE, TaskState.OPEN]
        assert said == {what: (number + 1, states[number]) for number, what in enumerate(kept)}


def answer_of(task: Task, how: str, note: str) -> dict[str, str]:
    return {f"answer_{task.id.hex}": how, f"answer_{task.id.hex}_note": note}


def report_of(world: World, code: str, held_on: str, **fields: str) -> str:
    """Another report of the first cell, with a photo of its own."""
    client, where = world.sign_in("secretary1"), period(world, code)
    shot = samples.jpeg(samples.scene(41, 30 + len(rows(world.app, Meeting))))
    form = whole_form(client.get(where), {**GOOD_FIELDS, "held_on": held_on, **fields}, overviews=[shot])
    answer = send(client, where, form)
    assert answer.status_code == 303, answer.text
    return answer.location.partition("?")[0]


def test_what_a_later_meeting_said_stays_when_an_earlier_report_is_corrected(world: World) -> None:
    report_of(world, "2026-09", "05/09/2026", task_1_what=GIVEN[0])
    [task] = rows(world.app, Task)
    october = report_of(world, "2026-10", "05/10/2026", **answer_of(task, "not_done", "chưa làm"))
    report_of(world, "2026-11", "03/11/2026", **answer_of(task, "not_done", "đang làm"))
    client, where = world.sign_in("secretary1"), f"{october}/correct"
    fields = {**GOOD_FIELDS, "held_on": "05/10/2026", "place": "Trạm y tế", **answer_of(task, "not_done", "chưa làm")}
    assert send(client, where, whole_form(client.get(where), fields)).status_code == 303
    assert [one.answer for one in rows(world.app, Task)] == ["đang làm"]


def test_a_correction_shows_all_that_its_report_answered(world: World) -> None:
    """However many tasks wait with nearer deadlines: what is not named in a correction would be taken back."""
    report_of(world, "2026-09", "05/09/2026", task_1_what="Việc không hạn")
    [task] = rows(world.app, Task)
    october = report_of(world, "2026-10", "05/10/2026", **answer_of(task, "done", "xong"))
    given = {f"task_{number}_what": f"Việc {number}" for number in range(1, 21)}
    deadlines = {f"task_{number}_until_on": "30/11/2026" for number in range(1, 21)}
    report_of(world, "2026-11", "03/11/2026", **given, **deadlines)
    assert f"answer_{task.id.hex}" in world.sign_in("secretary1").get(f"{october}/correct").text


def test_a_report_that_moves_to_another_cell_takes_no_part_in_the_tasks_of_the_one_that_it_leaves(
    world: World,
) -> None:
    september = report_of(world, "2026-09", "05/09/2026", task_1_what=GIVEN[0])
    [task] = rows(world.app, Task)
    october = report_of(world, "2026-10", "05/10/2026", **answer_of(task, "done", "xong"))
    reviewer = world.sign_in("reviewer")
    for report, code in ((october, "2026-10"), (september, "2026-09")):
        target = str(world.obligation(world.cells[1], code).id)
        form = {"csrf_token": token_of(reviewer.get("/messages")), "period": target}
        assert reviewer.post(f"{report}/move", data=form).status_code == 303
        if report == october:
            assert [one.state for one in rows(world.app, Task)] == [TaskState.OPEN]
            assert GIVEN[0] not in world.sign_in("secretary2").get(report).text
    [given] = rows(world.app, Task)
    assert (given.unit_id, given.state) == (world.cells[1], TaskState.OPEN)


def test_other_work_in_the_same_place_is_not_done_yet() -> None:
    assert match_tasks(GIVEN, [GIVEN[1], "Họp phụ nữ"]) == [1, None]
    assert match_tasks(GIVEN, ["Vận động hiến đất làm đường bê tông", GIVEN[2]]) == [0, 2]
    assert match_tasks(["Quét đường", "Quét đường"], ["quét đường"]) == [0]


@given(st.lists(st.text(max_size=8), max_size=6), st.lists(st.text(max_size=8), max_size=6))
def test_no_task_becomes_two_and_what_is_the_same_is_found(before: list[str], now: list[str]) -> None:
    found = match_tasks(before, now)
    known = [one for one in found if one is not None]
    assert len(found) == len(now)
    assert len(known) == len(set(known))
    assert match_tasks(now, now) == list(range(len(now))) or len(set(now)) < len(now)
