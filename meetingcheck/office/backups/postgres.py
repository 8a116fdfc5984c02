"""PostgreSQL's own programs, pg_dump and pg_restore, of a version that fits the server."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Self

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from meetingcheck.lib.processes import tied_to_parent
from meetingcheck.lib.settings import SECRET_NAMES
from meetingcheck.office.backups.manifest import BackupError

CHUNK_BYTES = 256 * 1024
MACHINE_PROGRAMS = Path("/usr/lib/postgresql")
DUMP, RESTORE = "pg_dump", "pg_restore"

_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")


@dataclass(frozen=True)
class Programs:
    """Both programs, for one database. The password is not in `address`: others could read it in the process list."""

    dump_program: Path
    restore_program: Path
    address: str
    password: str | None = field(repr=False)

    @classmethod
    def find(cls, database_url: str) -> Self:
        """The programs of the server's major version, else the next newer ones. Raises BackupError."""
        plain = database_url.replace("postgresql+psycopg://", "postgresql://", 1)
        with psycopg.connect(plain, connect_timeout=5) as connection:
            server = connection.info.server_version // 10_000
        parts = {name: str(value) for name, value in conninfo_to_dict(plain).items() if value is not None}
        password = parts.pop("password", None)
        return cls(_fitting(DUMP, server), _fitting(RESTORE, server), make_conninfo(**parts), password)

    def dump(self, snapshot: str) -> Generator[bytes, None, None]:
        """The database as of an exported snapshot, in pg_dump's custom format. Raises BackupError."""
        command = [str(self.dump_program), "--format=custom", f"--snapshot={snapshot}"]
        with tempfile.TemporaryFile() as errors:
            process = self._start(command, errors, stdout=subprocess.PIPE)
            assert process.stdout is not None
            try:
                while chunk := process.stdout.read(CHUNK_BYTES):
                    yield chunk
            finally:
                process.stdout.close()
                code = process.wait()
            _check(DUMP, code, errors)

    def restore(self, chunks: Iterable[bytes], folder: Path) -> None:
        """Run a dump in one transaction; `folder` has room for it.

        Raises BackupError and what `chunks` raises; nothing has changed then.
        """
        command = [str(self.restore_program), "--single-transaction", "--exit-on-error"]
        with tempfile.TemporaryFile(dir=folder) as dump, tempfile.TemporaryFile() as errors:
            # From a file, not a pipe: a dump that breaks off must not be begun.
            dump.writelines(chunks)
            dump.seek(0)
            _check(RESTORE, self._start(command, errors, stdin=dump).wait(), errors)

    def _start(
        self,
        command: list[str],
        errors: IO[bytes],
        stdin: IO[bytes] | int = subprocess.DEVNULL,
        stdout: int = subprocess.DEVNULL,
    ) -> subprocess.Popen[bytes]:
        secret = {*SECRET_NAMES, *(f"{name}_FILE" for name in SECRET_NAMES)}
        environment = {name: value for name, value in os.environ.items() if name not in secret} | {"LC_ALL": "C"}
        if self.password is not None:
            environment["PGPASSWORD"] = self.password
        command = [*command, "--no-owner", "--no-privileges", f"--dbname={self.address}"]
        return subprocess.Popen(tied_to_parent(command), env=environment, stdin=stdin, stdout=stdout, stderr=errors)


def _check(program: str, code: int, errors: IO[bytes]) -> None:
    if code != 0:
        errors.seek(0)
        lines = [line for line in errors.read().decode(errors="replace").splitlines() if line.strip()]
        raise BackupError(f"{program} failed: {lines[0] if lines else f'exit code {code}'}")


def _fitting(program: str, server: int) -> Path:
    found = {version: path for path in _candidates(program) if (version := _version_of(path)) >= server}
    if not found:
        raise BackupError(
            f"The program {program} of PostgreSQL {server} or newer is missing on this machine. "
            f"Install the package postgresql-client-{server}, or put the program on the PATH."
        )
    return found[min(found)]


def _candidates(program: str) -> list[Path]:
    on_path = shutil.which(program)
    return [*([Path(on_path)] if on_path else []), *sorted(MACHINE_PROGRAMS.glob(f"*/bin/{program}"))]


def _version_of(program: Path) -> int:
    """The major version; 0 when the program does not work."""
    with suppress(OSError, subprocess.TimeoutExpired):
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=10).stdout
        if version := _VERSION.search(said):
            return int(version.group(1))
    return 0
