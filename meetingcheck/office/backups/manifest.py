"""What a backup says about itself: one JSON file, and beside it its SHA-256 as `sha256sum -c` reads it.

The digests find accidents: a damaged disk, a lost file, a copy that broke off. Whoever can write to the folder can also
write other digests, so a backup belongs where only its keeper may write.
"""

import hashlib
import json
import re
import uuid
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

FORMAT = 1

_SHA256 = re.compile(r"[0-9a-f]{64}")
_PATH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")


class BackupError(Exception):
    """A backup or a restore cannot go on; the message is one sentence for whoever gave the command."""


class BackupDamaged(BackupError):
    """The backup is not what it was when it was made."""


@dataclass(frozen=True)
class KeptFile:
    """A file of the backup. Size in bytes and SHA-256 are those of the content, before sealing."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class KeptObject:
    """An object of the store; it lies in the file `objects/<key>`."""

    key: str
    size: int
    sha256: str
    content_type: str

    @property
    def file(self) -> KeptFile:
        return KeptFile(f"objects/{self.key}", self.size, self.sha256)


@dataclass(frozen=True)
class LostObject:
    """An object that the rows name and the store no longer has as it was: why, in a sentence. Everything else is in
    the backup: one damaged photo must not keep a whole installation from being saved."""

    key: str
    why: str


@dataclass(frozen=True)
class Manifest:
    """The whole backup. `migration` is the newest one that its rows have been through."""

    product: str
    made_at: datetime
    run_id: uuid.UUID
    database: str
    migration: str
    rows: KeptFile
    keys: tuple[KeptFile, ...]
    objects: tuple[KeptObject, ...]
    lost: tuple[LostObject, ...] = ()

    @property
    def files(self) -> list[KeptFile]:
        return [self.rows, *self.keys, *(one.file for one in self.objects)]

    @property
    def size(self) -> int:
        """Bytes of all contents together."""
        return sum(file.size for file in self.files)

    def as_bytes(self) -> bytes:
        values = {"format": FORMAT, **asdict(self), "made_at": self.made_at.isoformat(), "run_id": str(self.run_id)}
        return json.dumps(values, indent=1).encode()


def parse_manifest(data: bytes) -> Manifest:
    """Raises BackupDamaged, and BackupError for a format that this version does not know."""
    try:
        values = json.loads(data)
        if values.pop("format") != FORMAT:
            raise BackupError("This backup was made by another version of meetingcheck that writes another format.")
        return _manifest_of(values)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupDamaged("The manifest of the backup cannot be read: it is damaged.") from error


def _manifest_of(values: dict[str, Any]) -> Manifest:
    made_at = datetime.fromisoformat(values["made_at"])
    if made_at.tzinfo is None:
        raise ValueError("an instant needs its zone")
    return Manifest(
        product=str(values["product"]),
        made_at=made_at,
        run_id=uuid.UUID(values["run_id"]),
        database=str(values["database"]),
        migration=str(values["migration"]),
        rows=_checked(KeptFile(**values["rows"])),
        keys=tuple(_checked(KeptFile(**one)) for one in values["keys"]),
        objects=tuple(_checked_object(KeptObject(**one)) for one in values["objects"]),
        lost=tuple(LostObject(str(one["key"]), str(one["why"])) for one in values.get("lost", [])),
    )


def _checked(file: KeptFile) -> KeptFile:
    """A path that stays inside the backup, a size, a digest; else ValueError."""
    if not _PATH.fullmatch(file.path) or not _SHA256.fullmatch(file.sha256) or type(file.size) is not int:
        raise ValueError("not a file of a backup")
    return file


def _checked_object(kept: KeptObject) -> KeptObject:
    _checked(kept.file)
    if not isinstance(kept.content_type, str):
        raise ValueError("not a content type")
    return kept


def digest_line(data: bytes, name: str) -> str:
    return f"{hashlib.sha256(data).hexdigest()}  {name}\n"
