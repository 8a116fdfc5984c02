"""Whole files, as `/api/v1` takes and tells them."""

from meetingcheck.lib.http.api_schemas import AskedQuery, Choice, Id, Moment, Text
from meetingcheck.meetings.models import DocumentKind
from meetingcheck.meetings.schemas import DocumentTold
from meetingcheck.photos.models import Purpose
from meetingcheck.photos.schemas import PhotoTold

LONGEST_NAME = 300  # characters


class FileFor(AskedQuery):
    """For which report: `obligation` or `cell` with the `client_id` of its draft, which is begun if there is none; or
    `meeting`, for the next version of one that was sent."""

    obligation = Id(load_default=None)
    cell = Id(load_default=None, metadata={"description": "For an extra meeting."})
    client_id = Id(load_default=None, metadata={"description": "The sender's own UUID of the draft."})
    meeting = Id(load_default=None)


class PhotoFor(FileFor):
    purpose = Choice(Purpose, required=True)
    claimed_at = Moment(load_default=None, metadata={"description": "When it was taken, as somebody says."})


class DocumentFor(FileFor):
    kind = Choice(DocumentKind, required=True)
    name = Text(LONGEST_NAME, load_default="", metadata={"description": "The file's name."})


class PhotoSent(PhotoTold):
    meeting_id = Id()


class DocumentSent(DocumentTold):
    meeting_id = Id()
