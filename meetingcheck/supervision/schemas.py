"""The board and the photos of a committee, as `/api/v1` tells them."""

from meetingcheck.duties.rules import ObligationState
from meetingcheck.lib.http.api_paging import After
from meetingcheck.lib.http.api_schemas import (
    AskedQuery,
    Choice,
    Count,
    Day,
    Flag,
    Hour,
    Id,
    Many,
    MonthCode,
    Part,
    Text,
    Told,
    TypedCount,
    TypedFlag,
)
from meetingcheck.lib.text import LONGEST_SEARCH
from meetingcheck.orgs.schemas import UnitName
from meetingcheck.photos.models import Purpose
from meetingcheck.photos.schemas import PhotoTold
from meetingcheck.supervision.rules import Group


class BoardAsked(AskedQuery):
    month = MonthCode(load_default="")
    group = Choice(Group, data_key="only", load_default=None, metadata={"description": "Cells whose month stands so."})
    parent = Id(load_default=None, metadata={"description": "Cells directly below this committee."})
    mine = TypedFlag(load_default=False, metadata={"description": "Cells that I look after."})
    q = Text(LONGEST_SEARCH, load_default="", metadata={"description": "Words of the name, without accents too."})
    page = TypedCount(1, 100_000, load_default=1)


class SquareTold(Told):
    period = Text()
    state = Choice(ObligationState)
    moved_on = Day(allow_none=True)
    meeting_id = Id(allow_none=True)


class RowTold(Told):
    unit = Part(UnitName)
    code = Text(allow_none=True)
    parent_name = Text()
    months = Many(Part(SquareTold, allow_none=True), metadata={"description": "January to December; null: not owed."})
    quarters = Many(Part(SquareTold, allow_none=True))


class Counts(Told):
    reported = Count()
    late = Count()
    missing = Count()
    excepted = Count()
    waiting = Count()
    no_period = Count(metadata={"description": "Cells that owe nothing in this month."})


class BoardTold(Told):
    """Counts are over the whole scope, whatever is shown of it: the cells at the month's end."""

    month = Text()
    cells = Count()
    counts = Part(Counts)
    elsewhere = Count(metadata={"description": "Cells that are counted and not listed: they stand elsewhere by now."})
    thematic = Flag()
    page = Count()
    pages = Count()
    rows = Many(Part(RowTold))


class TimelineAsked(After):
    month = MonthCode(load_default="")
    cell = Id(load_default=None)
    purpose = Choice(Purpose, load_default=None)
    q = Text(LONGEST_SEARCH, load_default="")


class ShotTold(Told):
    photo = Part(PhotoTold)
    meeting_id = Id()
    unit = Part(UnitName)
    held_on = Day()
    begins_at = Hour()


class DayTold(Told):
    """How many meetings and photos a whole day has."""

    held_on = Day()
    meetings = Count()
    photos = Count()


class TimelineTold(Told):
    month = Text()
    days = Many(Part(DayTold), metadata={"description": "The days of this page."})
    items = Many(Part(ShotTold))
    next = Text(allow_none=True)
