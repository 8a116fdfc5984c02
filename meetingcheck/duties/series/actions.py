"""Kinds of meetings as data: added, renamed, ended with a date. Callers commit."""

import re
import uuid
from datetime import date, datetime

from sqlalchemy.orm import Session

from meetingcheck.duties.models import Series
from meetingcheck.duties.queries import REGULAR, THEMATIC
from meetingcheck.duties.rules import PeriodType
from meetingcheck.lib.db import insert_if_new
from meetingcheck.lib.text import N_, one_line, search_form
from meetingcheck.orgs.actions import Refused
from meetingcheck.record.actions import Fact, append

REGULAR_NAME = "Sinh hoạt thường kỳ"
THEMATIC_NAME = "Sinh hoạt chuyên đề"
DEFAULT_CODES = {search_form(REGULAR_NAME): REGULAR, search_form(THEMATIC_NAME): THEMATIC}


def ensure_series(session: Session, series: Series) -> bool:
    """Add a series unless its code is taken; whether it was added."""
    return insert_if_new(
        session,
        Series,
        {
            "code": series.code,
            "name": series.name,
            "unit_kind": series.unit_kind,
            "period_type": series.period_type,
            "from_on": series.from_on,
        },
    )


def ensure_default_series(session: Session, from_on: date) -> None:
    """What every installation begins with, for all cells: the regular meeting once a month, and the thematic one once
    a quarter, which does not replace it."""
    for code, name, period_type in (
        (REGULAR, REGULAR_NAME, PeriodType.MONTH),
        (THEMATIC, THEMATIC_NAME, PeriodType.QUARTER),
    ):
        ensure_series(session, Series(code=code, name=name, unit_kind=None, period_type=period_type, from_on=from_on))


def add_series(session: Session, series: Series, actor_id: uuid.UUID, now: datetime) -> None:
    """Add a series; its code comes from the name. Raises Refused when there is one of that name."""
    plain = search_form(series.name)
    series.code = DEFAULT_CODES.get(plain) or re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:32]
    if not series.code or not ensure_series(session, series):
        raise Refused(N_("Đã có loại sinh hoạt tên như vậy."))
    append(session, now, Fact("series_added", "series", _subject(series), actor_id))


def change_series(
    session: Session, series: Series, name: str, to_on: date | None, actor_id: uuid.UUID, now: datetime
) -> None:
    """Rename a series, and say from which day no further period of it begins. Periods made already stay owed; their
    authority excuses them where they should not count. Raises Refused."""
    if to_on is not None and to_on < series.from_on:
        raise Refused(N_("Ngày kết thúc không thể trước ngày bắt đầu."))
    series.name, series.to_on = one_line(name), to_on
    session.flush()
    append(session, now, Fact("series_changed", "series", _subject(series), actor_id))


def _subject(series: Series) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_OID, series.code)
