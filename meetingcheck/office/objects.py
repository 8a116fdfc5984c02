"""All kinds of objects that rows name: what a backup copies, a restore puts back, and a sweep goes through."""

from sqlalchemy.orm import Session

from meetingcheck.lib.registries import NamedObject, ObjectKind
from meetingcheck.meetings.documents.objects import DOCUMENT_OBJECTS
from meetingcheck.photos.objects import PHOTO_OBJECTS

OBJECT_KINDS: tuple[ObjectKind, ...] = (DOCUMENT_OBJECTS, PHOTO_OBJECTS)


def list_all_named(session: Session) -> list[NamedObject]:
    """Every object that the rows of this database rest on, by key."""
    return [named for kind in OBJECT_KINDS for named in kind.list_named(session)]
