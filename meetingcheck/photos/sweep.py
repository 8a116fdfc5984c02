"""Removing orphans: objects that a crash left in the store between their arrival and the row that names them.

Photos and whatever else is registered as a kind of object. What a row names is never deleted. That a row has come is
asked before the deletion and once more after it: a phone may send the very photo of an orphan again at that moment,
find it in the store, and name it. Then it is put back.
"""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from flask import Flask, current_app

from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.jobs import enqueue
from meetingcheck.lib.logs import log
from meetingcheck.lib.registries import JobKind, ObjectKind, registries_of
from meetingcheck.lib.services import services
from meetingcheck.lib.storage import ListedObject, ObjectMissing, Storage
from meetingcheck.photos.holding import Holding, ObjectsHeld

SWEEP_OBJECTS = JobKind("photos.sweep", lane="bulk", every=timedelta(days=1))

LEAST_AGE = timedelta(hours=48)
PUT_OFF = timedelta(minutes=30)
ASKED_AT_ONCE = 500  # objects whose rows are looked up by one query
KEPT_BYTES_MOST = 32 * 1024 * 1024  # of deleted objects in memory, until their rows have been asked for again
DELETED_MOST = 20_000  # objects in one run; the next day takes the rest


@dataclass
class Swept:
    """Numbers of objects: old enough to be looked at, deleted, put back, and under keys that nothing has."""

    seen: int = 0
    deleted: int = 0
    put_back: int = 0
    strange: int = 0


@dataclass(frozen=True)
class _Deleted:
    owner: uuid.UUID
    key: str
    body: bytes
    content_type: str


def sweep_objects(_params: dict[str, Any], now: datetime) -> None:
    """The daily job. While a backup holds the objects it is put off."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    try:
        with Holding(app) as holding:
            swept = sweep(services().storage, holding, now)
    except ObjectsHeld:
        with write_transaction() as session:
            again = now + PUT_OFF
            enqueue(session, SWEEP_OBJECTS, {}, now, run_at=again, unique_key=f"photos.sweep@{again.isoformat()}")
        log("sweep put off")
        return
    log("objects swept", **asdict(swept))


def sweep(storage: Storage, holding: Holding, now: datetime) -> Swept:
    """Delete the objects of every kind that are older than 48 hours and have no row. With no transaction open."""
    swept = Swept()
    for _, kind in registries_of(current_app).object_kinds.items():
        old = (one for one in storage.list_keys(kind.prefix) if now - one.modified_at > LEAST_AGE)
        while swept.deleted < DELETED_MOST and (batch := list(islice(old, ASKED_AT_ONCE))):
            holding.ensure()
            swept.seen += len(batch)
            _sweep_batch(storage, kind, batch, swept)
    return swept


def _sweep_batch(storage: Storage, kind: ObjectKind, batch: list[ListedObject], swept: Swept) -> None:
    owned = [(one, owner[0]) for one in batch if (owner := kind.owner_of(one.key)) is not None]
    swept.strange += len(batch) - len(owned)
    known = _known(kind, {owner for _, owner in owned})
    for portion in _portions((one, owner) for one, owner in owned if owner not in known):
        deleted = [gone for one, owner in portion if (gone := _delete(storage, kind, one.key, owner)) is not None]
        swept.deleted += len(deleted)
        came = _known(kind, {one.owner for one in deleted})
        for one in deleted:
            if one.owner in came:
                storage.put(one.key, one.body, one.content_type)
                swept.put_back += 1


def _portions(orphans: Iterable[tuple[ListedObject, uuid.UUID]]) -> Iterator[list[tuple[ListedObject, uuid.UUID]]]:
    """The orphans in portions that fit in memory."""
    portion: list[tuple[ListedObject, uuid.UUID]] = []
    size = 0
    for one, owner in orphans:
        if portion and size + one.size > KEPT_BYTES_MOST:
            yield portion
            portion, size = [], 0
        portion.append((one, owner))
        size += one.size
    if portion:
        yield portion


def _delete(storage: Storage, kind: ObjectKind, key: str, owner: uuid.UUID) -> _Deleted | None:
    """Delete one orphan; None when its row has come, or when it is gone already."""
    try:
        with storage.stream(key) as stream:
            deleted = _Deleted(owner, key, b"".join(stream), stream.content_type)
    except ObjectMissing:
        return None
    if _known(kind, {owner}):
        return None
    storage.delete(key)
    return deleted


def _known(kind: ObjectKind, owners: set[uuid.UUID]) -> set[uuid.UUID]:
    """Those that have a row."""
    if not owners:
        return set()
    with read_transaction() as session:
        return kind.known(session, owners)
