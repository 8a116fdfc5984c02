"""Messages as `/api/v1` tells them."""

from meetingcheck.lib.http.api_schemas import Id, Many, Moment, Part, Text, Told


class MessageTold(Told):
    id = Id()
    kind = Text(metadata={"description": "For programs; further kinds may come.", "examples": ["meetings.answered"]})
    title = Text()
    text = Text()
    path = Text(allow_none=True, metadata={"description": "The page that it is about."})
    created_at = Moment()
    read_at = Moment(allow_none=True)


class Messages(Told):
    items = Many(Part(MessageTold))
    next = Text(allow_none=True)
