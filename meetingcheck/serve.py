"""One machine: the object store, the web server and the workers, started in order, watched, ended together."""

import http.client
import json
import os
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from meetingcheck.lib.files import replace as replace_file
from meetingcheck.lib.jobs import LANES
from meetingcheck.lib.logs import log
from meetingcheck.lib.processes import Child, DataFolderLock, Supervisor
from meetingcheck.lib.seaweed import READY_WITHIN_S, STOP_GRACE_S, LocalStore
from meetingcheck.lib.settings import DEMO_MARKER, Settings
from meetingcheck.lib.store import store_folder

STORE = "store"
MIGRATION_WITHIN_S = 900.0
SEED_WITHIN_S = 900.0
DEMO_LOG = "demo.log"
LOOPBACK_OF = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where to knock when the web listens everywhere


class PortUnusable(Exception):
    """The web server could not listen on its port; the sentence says why and what to do."""


def serve(settings: Settings, announce: Callable[[], None]) -> int:
    """Run everything until a signal ends it; the exit code. `announce` is called once when all is ready.

    Raises DataFolderInUse when another `serve` works on the same data folder, PortUnusable when the port is taken.
    """
    os.umask(0o077)  # what is kept here is for this user only: people's data and the store's keys
    settings.data.mkdir(parents=True, exist_ok=True)
    with DataFolderLock(settings.data), _Output(settings) as output:
        _check_port(settings)
        if settings.demo:
            replace_file(settings.data / DEMO_MARKER, settings.public_url)
        store = None if settings.store.endpoint_url else LocalStore.prepare(store_folder(settings)).with_free_ports()
        try:
            return Supervisor(_children(settings, store), output.report, output.line).run(announce)
        finally:
            if store is not None:
                store.remove_sockets()


def _check_port(settings: Settings) -> None:
    """Another program that listens there would be taken for our own web server, and said to be ready."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((settings.host, settings.port))
    except OSError as error:
        raise PortUnusable(
            f"Port {settings.port} of {settings.host} cannot be used ({error.strerror}). "
            "Stop what uses it, or choose another by PORT."
        ) from error


def _children(settings: Settings, store: LocalStore | None) -> list[Child]:
    environment = {
        **os.environ,
        "MEETINGCHECK_DATA": str(settings.data),
        "MEETINGCHECK_DEMO": "1" if settings.demo else "0",
        "PYTHONUNBUFFERED": "1",
    }
    bucket = _step("bucket", ["prepare-store"], environment, READY_WITHIN_S)
    children = [
        bucket if store is None else _store(store),  # our own store has its bucket when it is ready
        _step("migrate", ["migrate"], environment, MIGRATION_WITHIN_S),
    ]
    if settings.demo:
        children.append(_step("seed", ["seed-demo", "--if-empty"], environment, SEED_WITHIN_S))
    children.append(_web(settings, environment))
    children += [_command(f"worker-{lane}", ["work", "--lane", lane], environment) for lane in LANES]
    return children


def _store(store: LocalStore) -> Child:
    return Child(
        name=STORE,
        argv=store.argv(),
        env=store.env,
        cwd=store.folder,
        ready=store.is_ready,
        ready_within=READY_WITHIN_S,
        stop_grace=STOP_GRACE_S,
    )


def _command(name: str, arguments: list[str], environment: Mapping[str, str]) -> Child:
    argv = [sys.executable, "-m", "meetingcheck.cli", *arguments]
    return Child(name=name, argv=argv, env=environment, ready=lambda: True)


def _step(name: str, arguments: list[str], environment: Mapping[str, str], within_s: float) -> Child:
    """A command that must end well before what follows is started."""
    return replace(_command(name, arguments, environment), once=True, ready_within=within_s)


def _web(settings: Settings, environment: Mapping[str, str]) -> Child:
    def answers() -> bool:
        host = LOOPBACK_OF.get(settings.host, settings.host)
        connection = http.client.HTTPConnection(host, settings.port, timeout=1)
        try:
            connection.request("GET", "/healthz", headers={"Host": settings.public_host})
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return replace(_command("web", ["web"], environment), ready=answers)


class _Output:
    """Where the children's lines go: to standard error; in the demo to a file, so that the Ready line is seen."""

    def __init__(self, settings: Settings) -> None:
        self._path: Path | None = settings.data / DEMO_LOG if settings.demo else None
        self._file: TextIO = sys.stderr
        self._lock = threading.Lock()

    def __enter__(self) -> "_Output":
        if self._path is not None:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            self._file = os.fdopen(descriptor, "a", buffering=1)
        return self

    def __exit__(self, *_: object) -> None:
        if self._path is not None:
            self._file.close()

    def report(self, name: str, sentence: str) -> None:
        with self._lock:  # or it could land in the middle of a child's line
            log("process", process=name, what=sentence)

    def line(self, name: str, text: str) -> None:
        if name == STORE and text.startswith("I"):
            return  # the store tells every little thing; its warnings and errors are kept
        with self._lock:
            if not self._file.closed:
                self._file.write(text + "\n" if name != STORE else json.dumps({"event": "store", "says": text}) + "\n")
