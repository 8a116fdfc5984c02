"""Nobody is woken by a mail that can wait."""

import pytest

from meetingcheck.messages.rules import next_waking_hour
from tests.world import at


@pytest.mark.parametrize(
    ("now", "leaves"),
    [
        ("2026-12-03T00:00+07:00", "2026-12-03T07:00+07:00"),
        ("2026-12-03T06:59:59+07:00", "2026-12-03T07:00+07:00"),
        ("2026-12-03T07:00+07:00", "2026-12-03T07:00+07:00"),
        ("2026-12-03T20:59:59+07:00", "2026-12-03T20:59:59+07:00"),
        ("2026-12-03T21:00+07:00", "2026-12-04T07:00+07:00"),
        ("2026-12-31T16:00+00:00", "2027-01-01T07:00+07:00"),
    ],
)
def test_mails_leave_by_day(now: str, leaves: str) -> None:
    assert next_waking_hour(at(now)) == at(leaves)
