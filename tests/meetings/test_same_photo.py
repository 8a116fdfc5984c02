"""The same photo more than once in a report: in another place of the form, in another order, in another sending."""

import pytest
from sqlalchemy import select

from meetingcheck.lib.db import read_transaction
from meetingcheck.lib.storage import MemoryStorage
from meetingcheck.meetings.models import MeetingPhoto
from meetingcheck.photos.models import Photo, Purpose
from tests.photos import samples
from tests.world import GOOD_FIELDS, World, form_of

FIRST, SECOND = (samples.jpeg(samples.scene(*size)) for size in ((640, 480), (320, 480)))
UNFINISHED = {**GOOD_FIELDS, "total": ""}


def send(world: World, *sendings: tuple[list[bytes], list[bytes]], last: int = 422) -> None:
    """Send the form as often, with these photos of the room and of pages; at last with everything filled in."""
    client = world.sign_in("secretary1")
    where = f"/obligations/{world.obligation(world.cells[0]).id}/check-in"
    for number, (overviews, pages) in enumerate(sendings):
        at_last = number == len(sendings) - 1
        fields = GOOD_FIELDS if at_last and last == 303 else UNFINISHED
        form = form_of(client.get(where), fields, overviews, pages)
        answer = client.post(where, data=form, content_type="multipart/form-data")
        assert answer.status_code == (last if at_last else 422), answer.text


def held(world: World) -> list[tuple[int, Purpose]]:
    """Width and purpose of the report's photos in their order."""
    with world.app.app_context(), read_transaction() as session:
        rows = session.execute(
            select(Photo.width, Photo.purpose)
            .join(MeetingPhoto, MeetingPhoto.photo_id == Photo.id)
            .order_by(MeetingPhoto.position)
        )
        return [(width, purpose) for width, purpose in rows]


@pytest.mark.parametrize(
    ("sendings", "expected"),
    [
        ([([FIRST, FIRST], [])], [(640, Purpose.OVERVIEW)]),
        ([([FIRST, SECOND, FIRST], [])], [(640, Purpose.OVERVIEW), (320, Purpose.OVERVIEW)]),
        ([([FIRST], [FIRST])], [(640, Purpose.MINUTES_PAGE)]),
        ([([FIRST, SECOND], []), ([SECOND, FIRST], [])], [(640, Purpose.OVERVIEW), (320, Purpose.OVERVIEW)]),
        ([([FIRST, SECOND], []), ([], [FIRST])], [(640, Purpose.MINUTES_PAGE), (320, Purpose.OVERVIEW)]),
        ([([FIRST], []), ([], [FIRST]), ([FIRST], [])], [(640, Purpose.OVERVIEW)]),
    ],
)
def test_it_is_one_photo_at_its_first_place_and_the_last_word_about_it_counts(
    world: World,
    storage: MemoryStorage,
    sendings: list[tuple[list[bytes], list[bytes]]],
    expected: list[tuple[int, Purpose]],
) -> None:
    send(world, *sendings)
    assert held(world) == expected
    assert len(list(storage.list_keys("photos/"))) == len(expected)
    send(world, ([FIRST], []), last=303)
    assert sorted(held(world))[-1] == (640, Purpose.OVERVIEW)
