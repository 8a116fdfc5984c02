"""What a resolution asks of people stays the same work, with its answer, however its report is corrected."""

from hypothesis import given
from hypothesis import strategies as st

from meetingcheck.meetings.models import Task, TaskState
from meetingcheck.meetings.tasks.rules import match_tasks
from tests.meetings.test_corrections import file_report, period, rows, send, whole_form
from tests.photos import samples
from tests.world import GOOD_FIELDS, World

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
