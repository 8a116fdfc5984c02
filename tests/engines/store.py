"""A real SeaweedFS for tests: started as the product starts it, killed and started again on demand."""

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from meetingcheck.lib.processes import tied_to_parent
from meetingcheck.lib.seaweed import READY_WITHIN_S, LocalStore
from meetingcheck.lib.storage import StoreAddress

POLL_S = 0.05


class StoreNotReady(RuntimeError):
    """The store did not come up; the text ends with its last lines."""


class RunningStore:
    """The process of one local store."""

    def __init__(self, store: LocalStore, extra: Sequence[str] = ()) -> None:
        self.store = store
        self._extra = extra
        self._log = store.folder / "logs" / "weed.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> StoreAddress:
        return self.store.address

    @property
    def pid(self) -> int | None:
        """The number of its process; None while it does not run."""
        return None if self._process is None else self._process.pid

    def start(self, ready: Callable[[], bool] | None = None) -> float:
        """Start it and wait until it takes objects; return the seconds that took. Raises StoreNotReady."""
        began = time.monotonic()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                tied_to_parent(self.store.argv(self._extra)),
                cwd=self.store.folder,
                env=dict(self.store.env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        while not (ready or self.store.is_ready)():
            if self._process.poll() is not None or time.monotonic() - began > READY_WITHIN_S:
                lines = self._log.read_text(errors="replace").splitlines()
                self.kill()
                raise StoreNotReady("\n".join(["The object store did not come up.", *lines[-20:]]))
            time.sleep(POLL_S)
        return time.monotonic() - began

    def kill(self) -> None:
        """End it as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def running_store(
    folder: Path, extra: Sequence[str] = (), ready: Callable[[], bool] | None = None
) -> Iterator[RunningStore]:
    """A store that runs in this folder until the block ends; its bucket exists."""
    running = RunningStore(LocalStore.prepare(folder).with_free_ports(), extra)
    running.start(ready)
    try:
        yield running
    finally:
        running.kill()
        running.store.remove_sockets()
