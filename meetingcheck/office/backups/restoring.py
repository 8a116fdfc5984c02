"""`restore`: a backup becomes an installation again; into an empty one only, and only as a whole.

Objects first, rows last, as everywhere: whoever looks meanwhile sees an empty installation, then a complete one. A
failure takes back what was put.
"""

import json
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from flask import Flask
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from meetingcheck.accounts.models import (
    ApiToken,
    Enrolment,
    OneTimeLink,
    PersonalPurpose,
    PersonalToken,
    User,
    UserSession,
)
from meetingcheck.lib.db import Base, read_transaction
from meetingcheck.lib.leases import Lease
from meetingcheck.lib.logs import log
from meetingcheck.lib.migrate import migrate, newest_revision
from meetingcheck.lib.services import Services, services_of
from meetingcheck.lib.storage import Storage, StorageError
from meetingcheck.meetings.models import ReportLink
from meetingcheck.office.backups.folder import KeptBackup
from meetingcheck.office.backups.keys import put_keys
from meetingcheck.office.backups.making import SAY_EVERY, WAIT_S, Say, in_one_sentence, megabytes
from meetingcheck.office.backups.manifest import BackupDamaged, BackupError, KeptObject, Manifest
from meetingcheck.office.backups.objects import copy_in, side_by_side
from meetingcheck.office.backups.rows import Rows, rows_of
from meetingcheck.office.models import BackupRun
from meetingcheck.office.objects import OBJECT_KINDS, list_all_named
from meetingcheck.orgs.models import Unit
from meetingcheck.photos.holding import Holding
from meetingcheck.photos.models import Photo
from meetingcheck.photos.objects import photo_of
from meetingcheck.record.actions import Fact, append

PURGES = "purges.jsonl"


@dataclass(frozen=True)
class Purges:
    """Photos that were removed for good, after the backup maybe: a restored installation must not have them again."""

    photo_ids: frozenset[uuid.UUID] = frozenset()
    sha256s: frozenset[str] = frozenset()

    @property
    def names_any(self) -> bool:
        return bool(self.photo_ids or self.sha256s)

    def names(self, key: str) -> bool:
        """Whether the object under this key belongs to a removed photo."""
        owner = photo_of(key)
        return owner is not None and (owner[0] in self.photo_ids or owner[1] in self.sha256s)


def read_purges(files: Sequence[Path]) -> Purges:
    """From files of JSON lines, each {"photo": id} or {"sha256": hex} or both. Raises BackupError."""
    photo_ids, sha256s = set(), set()
    for file in files:
        try:
            for line in file.read_text(encoding="utf-8").splitlines():
                values: dict[str, Any] = json.loads(line)
                if not values.keys() & {"photo", "sha256"}:
                    raise ValueError("names no photo")
                if "photo" in values:
                    photo_ids.add(uuid.UUID(values["photo"]))
                if "sha256" in values:
                    sha256s.add(bytes.fromhex(values["sha256"]).hex())
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise BackupError(
                f"The list of purged photos {file} is missing or damaged; nothing was restored."
            ) from error
    return Purges(frozenset(photo_ids), frozenset(sha256s))


def restore_backup(
    app: Flask,
    path: Path,
    say: Say,
    *,
    identity: X25519PrivateKey | None = None,
    purges: Path | None = None,
    wait_s: float = WAIT_S,
) -> Manifest:
    """Make the installation what it was when the backup was made, less what was purged since.

    The purges are those of the file `purges` and of `purges.jsonl` in the data folder. Everybody has to sign in again.
    Raises BackupError; then the installation is as empty as it was.
    """
    services = services_of(app)
    with in_one_sentence("The restore failed"):
        own_list = services.settings.data / PURGES
        purged = read_purges([*([purges] if purges else []), *([own_list] if own_list.exists() else [])])
        backup = KeptBackup(path, identity)
        rows = rows_of(services.settings.database_url, services.settings.data)
        _check_fits(backup.manifest, rows)
        migrate(services.settings.database_url)
        _check_empty(app)
        _verify(backup, say)
        with Holding(app, wait_s):
            _check_empty(app)
            _put_back(services, backup, rows, purged, say)
        keys = {key.path.removeprefix("keys/"): b"".join(backup.read(key)) for key in backup.manifest.keys}
        for sentence in put_keys(services.settings, keys):
            say(sentence)
    log("backup restored", objects=len(backup.manifest.objects), made_at=backup.manifest.made_at.isoformat())
    return backup.manifest


def _check_fits(manifest: Manifest, rows: Rows) -> None:
    if manifest.database != rows.kind or manifest.rows.path != rows.file:
        raise BackupError(f"This backup is of {manifest.database}, this installation works with {rows.kind}.")
    if manifest.migration > newest_revision():
        raise BackupError(
            f"This backup was made by a newer meetingcheck, {manifest.product}: install that version first."
        )


def _check_empty(app: Flask) -> None:
    with app.app_context():
        with read_transaction() as session:
            units, people = (session.scalar(select(func.count()).select_from(model)) for model in (Unit, User))
        storage = services_of(app).storage
        objects = any(True for kind in OBJECT_KINDS for _ in storage.list_keys(kind.prefix))
    if units or people or objects:
        has = f"{units} units, {people} people" + (" and photos or documents in its store" if objects else "")
        raise BackupError(
            f"This installation is not empty: it has {has}. Restore into a new data folder, database and bucket."
        )


def _verify(backup: KeptBackup, say: Say) -> None:
    files = backup.manifest.files
    say(f"Verifying {len(files)} files, {megabytes(backup.manifest.size)}.")
    side_by_side(backup.verify, files, lambda _done, _result: None)


def _put_back(services: Services, backup: KeptBackup, rows: Rows, purged: Purges, say: Say) -> None:
    manifest = backup.manifest
    objects = [one for one in manifest.objects if not purged.names(one.key)]
    say(f"Putting {len(objects)} objects into the store.")

    def progress(done: int, _result: None) -> None:
        if done % SAY_EVERY == 0 or done == len(objects):
            say(f"{done} of {len(objects)} objects put.")

    def finish(session: Session) -> None:
        _finish(session, manifest, purged, services.now())

    try:
        side_by_side(lambda one: copy_in(services.storage, backup, one), objects, progress)
        say("Restoring the rows.")
        rows.restore(backup.read(manifest.rows), finish)
    except BaseException:
        say("Taking back what was put.")
        _take_back(services.storage, objects)
        raise


def _take_back(storage: Storage, objects: Sequence[KeptObject]) -> None:
    """The store was empty before. What cannot be deleted now is an orphan for the sweep."""
    with suppress(StorageError):
        for one in objects:
            storage.delete(one.key)


def _finish(session: Session, manifest: Manifest, purged: Purges, now: datetime) -> None:
    """What restored rows need before anybody may work with them."""
    told = {one.key for one in manifest.objects} | {one.key for one in manifest.lost}
    if {one.key for one in list_all_named(session)} != told:
        raise BackupDamaged("The manifest of the backup names other objects than its rows.")
    originals = {one.key: one.sha256 for one in list_all_named(session) if one.sha256}
    if any(originals.get(one.key, one.sha256) != one.sha256 for one in manifest.objects):
        raise BackupDamaged("The manifest of the backup gives other SHA-256 than its rows.")
    _purge(session, purged)
    # Who was signed out since, and which link was used since, is not known here.
    session.execute(update(ApiToken).where(ApiToken.revoked_at.is_(None)).values(revoked_at=now))
    calendars = PersonalToken.purpose == PersonalPurpose.CALENDAR  # mails already sent must still stop mail
    session.execute(update(PersonalToken).where(calendars, PersonalToken.revoked_at.is_(None)).values(revoked_at=now))
    for unused in (OneTimeLink, Enrolment):
        session.execute(
            update(unused).where(unused.revoked_at.is_(None), unused.used_at.is_(None)).values(revoked_at=now)
        )
    session.execute(update(ReportLink).where(ReportLink.revoked_at.is_(None)).values(revoked_at=now))
    session.execute(update(UserSession).where(UserSession.revoked_at.is_(None)).values(revoked_at=now))
    session.execute(delete(Lease))
    session.execute(
        update(BackupRun)
        .where(BackupRun.id == manifest.run_id)
        .values(finished_at=manifest.made_at, objects=len(manifest.objects), size=manifest.size)
    )
    append(session, now, Fact("backup_restored", "backup", manifest.run_id))


def _purge(session: Session, purged: Purges) -> None:
    """Drop the rows of purged photos and what hangs on them."""
    if not purged.names_any:
        return
    photos = list(
        session.scalars(select(Photo.id).where(Photo.id.in_(purged.photo_ids) | Photo.sha256.in_(purged.sha256s)))
    )
    for table in reversed(Base.metadata.sorted_tables):
        for column in table.columns:
            if any(key.column is Photo.__table__.c.id for key in column.foreign_keys):
                named = column.in_(photos)
                session.execute(
                    table.update().where(named).values({column: None})
                    if column.nullable
                    else table.delete().where(named)
                )
    session.execute(delete(Photo).where(Photo.id.in_(photos)))
