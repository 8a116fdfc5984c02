"""Names of photos and what is said when one cannot be used."""

import hashlib
import uuid
from datetime import datetime, timedelta
from enum import IntEnum

from meetingcheck.lib.instants import LOCAL_ZONE
from meetingcheck.lib.text import N_
from meetingcheck.photos.outcomes import PhotoError


class Size(IntEnum):
    """Long edges of the two renditions, in pixels."""

    LARGE = 1600
    SMALL = 320


PUT_BACK_WITHIN = timedelta(minutes=10)

# One sentence for each reason: what is wrong, and what to do.
PROBLEMS: dict[PhotoError, str] = {
    PhotoError.EMPTY: N_("Tệp này trống. Đồng chí hãy chụp lại, hoặc chọn ảnh khác."),
    PhotoError.NOT_A_PHOTO: N_(
        "Tệp này không phải là ảnh. Đồng chí hãy chọn ảnh chụp bằng điện thoại (JPEG, PNG, WebP hoặc HEIC)."
    ),
    PhotoError.DAMAGED: N_("Ảnh này bị hỏng, không mở được. Đồng chí hãy chụp lại, hoặc chọn ảnh khác."),
    PhotoError.TOO_MANY_BYTES: N_("Ảnh này lớn quá 25 MB. Đồng chí hãy chụp lại ở cỡ nhỏ hơn."),
    PhotoError.TOO_MANY_PIXELS: N_("Ảnh này có quá nhiều điểm ảnh. Đồng chí hãy chụp lại ở cỡ thường."),
    PhotoError.TOO_SMALL: N_("Ảnh này quá nhỏ, không xem được. Đồng chí hãy gửi ảnh gốc trong máy."),
    PhotoError.OUT_OF_MEMORY: N_("Ảnh này quá nặng để mở. Đồng chí hãy chụp lại ở cỡ thường."),
    PhotoError.TOOK_TOO_LONG: N_("Ảnh này mở quá lâu. Đồng chí hãy chụp lại ở cỡ thường."),
    PhotoError.CRASHED: N_("Ảnh này không mở được. Đồng chí hãy chụp lại, hoặc chọn ảnh khác."),
}


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def photo_id_of(parent_id: uuid.UUID, sha256: str) -> uuid.UUID:
    """The same photo sent again to the same report is the same photo: its id follows from both."""
    return uuid.uuid5(parent_id, sha256)


def original_key(photo_id: uuid.UUID, sha256: str) -> str:
    return f"photos/{photo_id}/{sha256}"


def rendition_key(photo_id: uuid.UUID, sha256: str, size: Size) -> str:
    return f"photos/{photo_id}/{sha256}-{size.value}.jpg"


def taken_instant(camera_time: datetime | None) -> datetime | None:
    """A camera tells local wall-clock time without a zone; the phones of these cells stand in Viet Nam."""
    return camera_time.replace(tzinfo=LOCAL_ZONE) if camera_time else None


def may_put_back(
    withdrawn_by: uuid.UUID | None,
    withdrawn_at: datetime | None,
    actor_id: uuid.UUID,
    now: datetime,
    *,
    administrator: bool,
) -> bool:
    """Whether what was taken back may be put back: within ten minutes by whoever took it back, by an administrator
    at any time. What is there already may be "put back" by anybody: nothing happens."""
    if withdrawn_at is None or administrator:
        return True
    return withdrawn_by == actor_id and now - withdrawn_at <= PUT_BACK_WITHIN
