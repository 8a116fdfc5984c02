"""The folder of one backup: private files whose content is known by SHA-256, sealed or not.

While it is made, everything lies in `.partial`. The manifest is the last to leave it: a folder without a manifest is no
backup, whatever killed the one who made it.
"""

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from meetingcheck.lib.storage import flush_filesystem
from meetingcheck.office.backups.manifest import (
    BackupDamaged,
    BackupError,
    KeptFile,
    Manifest,
    digest_line,
    parse_manifest,
)
from meetingcheck.office.backups.sealing import seal, unseal

MANIFEST = "manifest.json"
DIGEST = "manifest.sha256"
PARTIAL = ".partial"
SEALED = ".sealed"
CHUNK_BYTES = 256 * 1024
PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700


class NewBackup:
    """A backup in the making. `recipient` is whom its files are sealed for, None for files in the clear."""

    def __init__(self, path: Path, recipient: X25519PublicKey | None) -> None:
        """Make the folder, or take an empty one. Raises BackupError when something lies in it, OSError."""
        self._path = path
        self._recipient = recipient
        self._made = not path.exists()
        path.mkdir(PRIVATE_FOLDER, parents=True, exist_ok=True)
        if any(path.iterdir()):
            raise BackupError(f"{path} is not empty. A backup needs a new or an empty folder.")
        with suppress(PermissionError):  # a disk of another owner, or one that knows no modes
            path.chmod(PRIVATE_FOLDER)
        self._finished: list[Path] = []
        self._partial = path / PARTIAL
        self._partial.mkdir(PRIVATE_FOLDER)

    def write(self, path: str, chunks: Iterable[bytes]) -> KeptFile:
        """Keep the bytes under this path; any number of threads may write at once. Raises OSError."""
        size, digest = 0, hashlib.sha256()

        def measured() -> Iterator[bytes]:
            nonlocal size
            for chunk in chunks:
                size += len(chunk)
                digest.update(chunk)
                yield chunk

        self._write_file(path, measured())
        return KeptFile(path, size, digest.hexdigest())

    def drop(self, path: str) -> None:
        """Do not keep these bytes after all."""
        (self._partial / self._name(path)).unlink(missing_ok=True)

    def finish(self, manifest: Manifest) -> None:
        """Make the backup what it says it is: from now on it can be restored. Raises OSError."""
        self._write_file(MANIFEST, [manifest.as_bytes()])
        name = self._name(MANIFEST)
        line = digest_line((self._partial / name).read_bytes(), name)
        with open(os.open(self._partial / DIGEST, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE), "w") as file:
            file.write(line)
        flush_filesystem(self._partial)
        for part in sorted(self._partial.iterdir(), key=lambda one: one.name == name):
            self._finished.append(part.rename(self._path / part.name))
        self._partial.rmdir()
        flush_filesystem(self._path)

    def discard(self) -> None:
        """Leave the folder as it was found."""
        for part in [self._partial, *self._finished]:
            shutil.rmtree(part, ignore_errors=True) if part.is_dir() else part.unlink(missing_ok=True)
        if self._made:
            with suppress(OSError):  # somebody put something into it
                self._path.rmdir()

    def _name(self, path: str) -> str:
        return path if self._recipient is None else path + SEALED

    def _write_file(self, path: str, chunks: Iterable[bytes]) -> None:
        place = self._partial / self._name(path)
        for folder in reversed(place.relative_to(self._partial).parents):
            (self._partial / folder).mkdir(PRIVATE_FOLDER, exist_ok=True)
        try:
            with open(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE), "wb") as file:
                for chunk in chunks if self._recipient is None else seal(chunks, self._recipient):
                    file.write(chunk)
        except BaseException:
            place.unlink(missing_ok=True)  # it may be tried again
            raise


class KeptBackup:
    """A finished backup to read from. `identity` opens sealed files."""

    def __init__(self, path: Path, identity: X25519PrivateKey | None = None) -> None:
        """Reads the manifest. Raises BackupError."""
        self._path = path
        self._identity = identity
        self._sealed = self._is_sealed()
        if self._sealed and identity is None:
            raise BackupError("This backup is sealed: name the private key by --decrypt-with.")
        self._check_digest()
        self.manifest = parse_manifest(b"".join(self._chunks(MANIFEST)))

    def read(self, file: KeptFile) -> Iterator[bytes]:
        """The content; after the last chunk it is known to be whole, else BackupDamaged is raised."""
        size, digest = 0, hashlib.sha256()
        for chunk in self._chunks(file.path):
            size += len(chunk)
            digest.update(chunk)
            yield chunk
        if size != file.size or digest.hexdigest() != file.sha256:
            raise BackupDamaged(f"The file {file.path} of the backup is damaged.")

    def verify(self, file: KeptFile) -> None:
        """Read all of it. Raises BackupDamaged."""
        for _ in self.read(file):
            pass

    def _is_sealed(self) -> bool:
        if (self._path / MANIFEST).is_file():
            return False
        if (self._path / (MANIFEST + SEALED)).is_file():
            return True
        raise BackupError(f"{self._path} holds no finished backup: there is no manifest in it.")

    def _check_digest(self) -> None:
        name = self._name(MANIFEST)
        try:
            said = (self._path / DIGEST).read_text(encoding="ascii")
        except (OSError, ValueError) as error:
            raise BackupDamaged(f"The file {DIGEST} of the backup is missing or damaged.") from error
        if said != digest_line((self._path / name).read_bytes(), name):
            raise BackupDamaged("The manifest of the backup was changed or damaged: its SHA-256 is another.")

    def _name(self, path: str) -> str:
        return path + SEALED if self._sealed else path

    def _chunks(self, path: str) -> Iterator[bytes]:
        chunks = self._stored_chunks(path)
        return unseal(chunks, self._identity) if self._sealed and self._identity is not None else chunks

    def _stored_chunks(self, path: str) -> Iterator[bytes]:
        place = self._path / self._name(path)
        try:
            # Through no link: what it points to would not be part of the backup.
            descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW)
        except OSError as error:
            raise BackupDamaged(f"The file {path} of the backup is missing or cannot be read.") from error
        with open(descriptor, "rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk
