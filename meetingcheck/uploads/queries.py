"""Reading uploads."""

import uuid
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from meetingcheck.uploads.models import Upload, UploadPart, UploadState


def find_upload(session: Session, upload_id: uuid.UUID) -> Upload | None:
    return session.scalars(
        select(Upload).where(Upload.id == upload_id).execution_options(populate_existing=True)
    ).one_or_none()


def count_open(session: Session, unit_id: uuid.UUID) -> int:
    on_the_way = [UploadState.OPEN, UploadState.WHOLE]
    counted = select(func.count()).where(Upload.unit_id == unit_id, Upload.state.in_(on_the_way))
    return session.scalar(counted) or 0


def bytes_since(session: Session, unit_id: uuid.UUID, since: datetime) -> int:
    """How many bytes a cell has announced since an instant."""
    return (
        session.scalar(
            select(func.coalesce(func.sum(Upload.length), 0)).where(
                Upload.unit_id == unit_id, Upload.created_at >= since
            )
        )
        or 0
    )


def read_whole(session: Session, upload_id: uuid.UUID) -> bytes:
    """What has arrived, in order."""
    return b"".join(
        session.scalars(select(UploadPart.data).where(UploadPart.upload_id == upload_id).order_by(UploadPart.starts_at))
    )
