"""Child processes that are started in order, watched, restarted, and ended together; a lock for a folder.

Knows nothing of what the children do. On Linux only: it rests on the parent's death signal.
"""

import ctypes
import fcntl
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

LAST_LINES = 20
POLL_S = 0.1
BACKOFF_FIRST_S = 0.5
BACKOFF_MOST_S = 30.0
STEADY_AFTER_S = 60.0  # a child that ran this long begins its backoff anew when it dies

ENDED_WELL = "exit code 0"

_ENDING = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
_WATCHED = _ENDING | {signal.SIGCHLD}
_PR_SET_PDEATHSIG = 1
# Below the range from which systems pick ports for outgoing connections, also with 10000 added.
_PORTS = range(12000, 22000)

Say = Callable[[str, str], None]
"""Takes the name of a child and one line about it or from it."""


class ChildFailed(Exception):
    """A child could not be started; the sentence names it and ends with the last lines of its output."""


class DataFolderInUse(Exception):
    """Another process holds the lock of the folder."""


@dataclass(frozen=True)
class Child:
    """A process to run. `env` is its whole environment. Times in seconds.

    `ready` is asked again and again after each start until it says True; it must answer soon, and False rather than
    raise. `stop_grace` is the time between SIGTERM and SIGKILL. A child that runs `once` is ready when it has ended
    well, and is not started again.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    ready: Callable[[], bool]
    cwd: Path | None = None
    ready_within: float = 30.0
    stop_grace: float = 10.0
    once: bool = False


class Supervisor:
    """Runs children until a signal ends them all. To be made and run in the main thread, before other threads start.

    The main thread must also outlive the children: the system sends the death signal when the thread that started a
    child ends.
    """

    def __init__(self, children: Sequence[Child], report: Say, output: Say) -> None:
        """`report` hears what happens to the children, `output` every line that they print; both from any thread."""
        self._runs = [_Run(child, report, output) for child in children]
        self._report = report

    def run(self, on_ready: Callable[[], None] = lambda: None) -> int:
        """Start all, call `on_ready` once, keep them running; return 0 after a signal, 1 if one cannot start.

        SIGINT, SIGTERM and SIGHUP end the children in reverse order; a second one kills them at once.
        """
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
        try:
            return self._run(on_ready)
        finally:
            self._stop()
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _run(self, on_ready: Callable[[], None]) -> int:
        for run in self._runs:
            try:
                run.start()
                while not run.poll_first_start():
                    if _ending_signal(POLL_S):
                        return 0
            except ChildFailed as failure:
                self._report(run.child.name, str(failure))
                return 1
        on_ready()
        while not _ending_signal(POLL_S):
            for run in self._runs:
                run.tend()
        return 0

    def _stop(self) -> None:
        hurry = False
        for run in reversed(self._runs):
            if not run.alive():
                continue
            run.ask_to_end()
            deadline = time.monotonic() + run.child.stop_grace
            while not hurry and run.alive() and time.monotonic() < deadline:
                hurry = _ending_signal(POLL_S)
            if hurry:
                break
            run.kill()
        for run in reversed(self._runs):
            run.kill()


class _Run:
    """One child through its starts and deaths."""

    def __init__(self, child: Child, report: Say, output: Say) -> None:
        self.child = child
        self._report = report
        self._output = output
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self._is_ready = False
        self._started_at = 0.0
        self._restart_at = 0.0
        self._backoff_s = BACKOFF_FIRST_S

    def start(self) -> None:
        """Start the process. Raises ChildFailed if that is not possible."""
        self._last_lines.clear()
        self._is_ready = False
        self._started_at = time.monotonic()
        try:
            process = subprocess.Popen(
                tied_to_parent(self.child.argv),
                env=dict(self.child.env),
                cwd=self.child.cwd,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                # Out of reach of the terminal's Ctrl-C, and the group by which grandchildren are found.
                start_new_session=True,
            )
        except OSError as error:
            raise ChildFailed(f"{self.child.name} cannot be started: {error}") from error
        assert process.stdout is not None
        self._process = process
        self._reader = threading.Thread(target=self._read, args=(process.stdout,), daemon=True)
        self._reader.start()
        self._report(self.child.name, f"started as process {process.pid}")

    def poll_first_start(self) -> bool:
        """Whether it is ready. Raises ChildFailed if it died or took too long."""
        if not self.alive():
            ending = self._reap()
            if not self.child.once or ending != ENDED_WELL:
                raise ChildFailed(self._with_last_lines(f"{self.child.name} ended with {ending} before it was ready"))
            self._note_ready()
        elif not self.child.once and self.child.ready():
            self._note_ready()
        elif self._is_late():
            self.kill()
            raise ChildFailed(
                self._with_last_lines(f"{self.child.name} was not ready within {self.child.ready_within:g} seconds")
            )
        return self._is_ready

    def tend(self) -> None:
        """Restart it if it died, after a pause that grows from death to death; notice when it is ready again."""
        if self.child.once:
            return
        if self._process is None:
            self._restart_when_due()
        elif not self.alive():
            ran_s = time.monotonic() - self._started_at
            self._plan_restart(f"ended with {self._reap()}", steady=ran_s > STEADY_AFTER_S)
        elif not self._is_ready:
            if self.child.ready():
                self._note_ready()
            elif self._is_late():
                self.kill()
                self._plan_restart(f"was not ready within {self.child.ready_within:g} seconds", steady=False)

    def alive(self) -> bool:
        """Whether the process runs. A dead one stays unreaped, so that its number still names its group."""
        if self._process is None:
            return False
        ended = os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        return ended is None

    def ask_to_end(self) -> None:
        if self._process is not None:
            self._report(self.child.name, "is asked to end")
            os.kill(self._process.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End it and what it started, at once."""
        if self._process is not None:
            self._report(self.child.name, f"ended with {self._reap()}")

    def _reap(self) -> str:
        """Kill what is left of the group, collect the process, and say how it ended."""
        assert self._process is not None
        assert self._reader is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        code = self._process.wait()
        # A descendant that left the group may hold the pipe open for longer.
        self._reader.join(timeout=1)
        self._process = None
        return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    def _restart_when_due(self) -> None:
        if time.monotonic() < self._restart_at:
            return
        try:
            self.start()
        except ChildFailed as failure:
            self._plan_restart(str(failure), steady=False)

    def _plan_restart(self, why: str, steady: bool) -> None:
        if steady:
            self._backoff_s = BACKOFF_FIRST_S
        self._restart_at = time.monotonic() + self._backoff_s
        self._report(
            self.child.name, self._with_last_lines(f"{why}; it is started again in {self._backoff_s:g} seconds")
        )
        self._backoff_s = min(2 * self._backoff_s, BACKOFF_MOST_S)

    def _note_ready(self) -> None:
        self._is_ready = True
        self._report(self.child.name, f"ready after {time.monotonic() - self._started_at:.1f} seconds")

    def _is_late(self) -> bool:
        return time.monotonic() - self._started_at > self.child.ready_within

    def _with_last_lines(self, sentence: str) -> str:
        return "\n".join([f"{sentence}.", *(f"  {line}" for line in list(self._last_lines))])

    def _read(self, pipe: IO[str]) -> None:
        with pipe:
            for line in pipe:
                self._last_lines.append(line.rstrip("\n"))
                self._output(self.child.name, line.rstrip("\n"))


def _ending_signal(timeout_s: float) -> bool:
    """Wait for a signal, at most so long; whether it was one that ends the supervisor."""
    deadline = time.monotonic() + timeout_s
    while (left_s := deadline - time.monotonic()) > 0:
        came = signal.sigtimedwait(_WATCHED, left_s)
        if came is None or came.si_signo == signal.SIGCHLD:
            return False
        if came.si_signo in _ENDING:
            return True
    return False


def tied_to_parent(argv: Sequence[str]) -> list[str]:
    """The command that runs `argv` so that it is killed when the thread that starts it, or its process, ends."""
    # A small program in between, because code that runs between fork and exec is not safe once there are threads.
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), *argv]


def _become(parent: int, argv: list[str]) -> None:
    """Ask for the parent's death signal and turn into the command."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent:  # it died before the signal was asked for
        sys.exit(1)
    # The supervisor blocks signals for itself; a mask outlives exec.
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    try:
        os.execvp(argv[0], argv)  # noqa: S606
    except OSError as error:
        sys.exit(f"{argv[0]}: {error.strerror}")


class DataFolderLock:
    """The right to run on a folder: a lock on its file `lock`, which holds the process id of its owner.

    The system frees it when the process ends, however it ends. Children do not inherit it.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "lock"
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock, making the folder if needed. Raises DataFolderInUse if another holds it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(descriptor, 20).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            raise DataFolderInUse(
                f"The folder {self._path.parent} is in use by process {owner}. Stop it first, or choose another folder."
            ) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode("ascii"))
        self._descriptor = descriptor

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def port_is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(offsets: Sequence[int] = (0,)) -> int:
    """A port of 127.0.0.1 that is free now, together with those the given offsets above it. Raises OSError if none."""
    for port in random.sample(_PORTS, len(_PORTS)):
        if all(port_is_free(port + offset) for offset in offsets):
            return port
    raise OSError("no free port")


if __name__ == "__main__":
    _become(int(sys.argv[1]), sys.argv[2:])
