"""People and units as `/api/v1` tells them."""

from meetingcheck.lib.http.api_schemas import Count, Day, Flag, Id, Many, Part, Text, Told


class UnitName(Told):
    id = Id()
    name = Text()


class Held(Told):
    """A role that a person holds today."""

    role = Text(metadata={"examples": ["secretary"]})
    unit = Part(UnitName)
    is_cell = Flag()


class Me(Told):
    """Who asks."""

    id = Id()
    name = Text()
    language = Text()
    by_token = Flag()
    roles = Many(Part(Held))


class UnitTold(Told):
    id = Id()
    code = Text(allow_none=True)
    name = Text()
    kind = Text()
    is_cell = Flag()
    founded_on = Day()
    closed_on = Day(allow_none=True)
    usual_day = Count(allow_none=True)
    supervised_from = Day(allow_none=True)
    parent = Part(UnitName, allow_none=True)
    successor_id = Id(allow_none=True)
    rights = Many(Text(), metadata={"description": "What the person may do about this unit."})
