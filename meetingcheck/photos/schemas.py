"""Photos as `/api/v1` tells them."""

from meetingcheck.lib.http.api_schemas import Choice, Count, Id, Moment, Text, Told
from meetingcheck.photos.models import PhotoState, Purpose


class PhotoTold(Told):
    """A photo lies at `/api/v1/photos/{id}/320` and `/1600` once its state is `ready`."""

    id = Id()
    purpose = Choice(Purpose)
    state = Choice(PhotoState)
    unreadable_reason = Text(allow_none=True)
    sha256 = Text(metadata={"description": "Of the original, as it was sent."})
    size = Count(high=2**53, metadata={"description": "Bytes of the original."})
    width = Count(metadata={"description": "Pixels, upright."})
    height = Count()
    taken_at = Moment(allow_none=True)
    claimed_at = Moment(allow_none=True)
    received_at = Moment()
