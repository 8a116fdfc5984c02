"""Taking a photo in: looked at by the decoding child, stored byte for byte, and only then known to the database."""

import uuid
from dataclasses import dataclass

from meetingcheck.lib.storage import Storage
from meetingcheck.photos.decoder import Decoder
from meetingcheck.photos.models import Purpose
from meetingcheck.photos.outcomes import Inspection
from meetingcheck.photos.rules import original_key, photo_id_of, sha256_of

CONTENT_TYPES = {"jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp", "heic": "image/heic"}


@dataclass(frozen=True)
class StoredPhoto:
    """A photo whose original is durable in the object store and has no row yet."""

    photo_id: uuid.UUID
    purpose: Purpose
    sha256: str
    size: int
    inspection: Inspection


def store_original(
    storage: Storage, decoder: Decoder, parent_id: uuid.UUID, purpose: Purpose, data: bytes
) -> StoredPhoto:
    """Check the header and store the original, with no transaction open.

    `parent_id` is the report that the photo belongs to. Raises PhotoRefused for what is no usable photo,
    StorageUnavailable when the store cannot take it now. A crash afterwards leaves an object without a row.
    """
    inspection = decoder.inspect(data)
    sha256 = sha256_of(data)
    photo_id = photo_id_of(parent_id, sha256)
    storage.put(original_key(photo_id, sha256), data, CONTENT_TYPES[inspection.format])
    return StoredPhoto(photo_id, purpose, sha256, len(data), inspection)
