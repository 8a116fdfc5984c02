"""Handing whole files over to who takes them, and forgetting those that nobody goes on with."""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import current_app

from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.registries import JobKind, registries_of
from meetingcheck.uploads.actions import settle, sweep_expired
from meetingcheck.uploads.models import Upload, UploadState
from meetingcheck.uploads.queries import find_upload, read_whole
from meetingcheck.uploads.rules import FileRefused, WholeFile, sha256_of

SWEEP_UPLOADS = JobKind("uploads.sweep", lane="bulk", every=timedelta(hours=6))
AT_A_TIME = 200
OTHER_BYTES = "checksum"


def hand_over_file(params: dict[str, Any], now: datetime) -> None:
    hand_over(uuid.UUID(params["upload"]), now)


def hand_over(upload_id: uuid.UUID, now: datetime) -> None:
    """Give a whole file to its taker and keep what it answers. Running it twice, or at two places at once, ends as
    once. What the taker raises when the store is away comes through: the file stays, and is tried again."""
    with read_transaction() as session:
        upload = find_upload(session, upload_id)
        if upload is None or upload.state != UploadState.WHOLE:
            return
        data = read_whole(session, upload_id)
    state, outcome = _taken(upload, data, now)
    with write_transaction() as session:
        settle(session, upload_id, state, outcome)


def _taken(upload: Upload, data: bytes, now: datetime) -> tuple[UploadState, Mapping[str, str]]:
    sha256 = sha256_of(data)
    if upload.sha256 is not None and upload.sha256 != sha256:
        return UploadState.REFUSED, {"problem": OTHER_BYTES}
    consumer = registries_of(current_app).upload_consumers.find(upload.consumer)
    assert consumer is not None, f"nobody takes {upload.consumer}"
    try:
        told = consumer.consume(WholeFile(upload.unit_id, upload.actor_id, upload.facts, data), now)
    except FileRefused as refused:
        return UploadState.REFUSED, {"problem": refused.name, "sentence": refused.sentence}
    return UploadState.TAKEN, {**told, "sha256": sha256, "size": str(len(data))}


def sweep_uploads(_params: dict[str, Any], now: datetime) -> None:
    while True:
        with write_transaction() as session:
            swept = sweep_expired(session, now, AT_A_TIME)
        if swept < AT_A_TIME:
            return
