"""Days and months as people write them, the year short or left out."""

from datetime import date

import pytest

from meetingcheck.lib.http.forms import parse_day, parse_month

NOVEMBER = (date(2026, 11, 1), date(2026, 11, 30))
WINTER = (date(2026, 11, 30), date(2027, 4, 2))


@pytest.mark.parametrize(
    ("text", "within", "day"),
    [
        ("20/11/26", None, date(2026, 11, 20)),
        ("20.11.26", NOVEMBER, date(2026, 11, 20)),
        ("29/02/27", None, None),
        ("20/11/126", None, None),
        ("28/11", None, None),
        ("28/11", NOVEMBER, date(2026, 11, 28)),
        ("28-11", NOVEMBER, date(2026, 11, 28)),
        ("3/12", NOVEMBER, date(2026, 12, 3)),
        ("31/12", WINTER, date(2026, 12, 31)),
        ("5/1", WINTER, date(2027, 1, 5)),
        ("31/11", NOVEMBER, None),
        ("28/11/2025", NOVEMBER, date(2025, 11, 28)),
        ("", NOVEMBER, None),
    ],
)
def test_the_year_may_be_short_or_follow_from_what_is_meant(
    text: str, within: tuple[date, date] | None, day: date | None
) -> None:
    assert parse_day(text, within) == day


@pytest.mark.parametrize(
    ("text", "month"),
    [("11/26", date(2026, 11, 1)), ("11/2026", date(2026, 11, 1)), ("13/26", None), ("11/026", None), ("11", None)],
)
def test_months_as_people_write_them(text: str, month: date | None) -> None:
    assert parse_month(text) == month
