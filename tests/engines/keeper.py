"""Runs one server for a test run and ends it with the run, however the run ends.

Started as a program of its own. Its standard input is a pipe whose other end only the test run holds: when the run
closes it or dies, kill -9 included, the pipe ends; the keeper then stops the server and removes its folder.
"""

import contextlib
import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

GRACE_SECONDS = 10
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Keeping:
    """What to run, as whom, where its output goes and how it is asked to stop."""

    command: list[str]
    folder: str
    log: str
    user: int | None = None
    group: int | None = None
    stop_signal: int = signal.SIGTERM


def start_keeper(keeping: Keeping) -> subprocess.Popen[bytes]:
    """Start the server under a keeper; closing the result's `stdin` stops it, `wait()` tells when that is done."""
    return subprocess.Popen(
        [sys.executable, "-I", __file__, json.dumps(asdict(keeping))],
        stdin=subprocess.PIPE,
        start_new_session=True,  # a Ctrl-C in the terminal is for the test run, which then closes the pipe
    )


def stop_keeper(keeper: subprocess.Popen[bytes]) -> None:
    """Stop the server, if it still runs, and wait until it and its folder are gone."""
    if keeper.stdin is not None:
        with contextlib.suppress(BrokenPipeError):
            keeper.stdin.close()
    keeper.wait(timeout=GRACE_SECONDS + 20)


def run_server(keeping: Keeping) -> subprocess.Popen[bytes]:
    """Start the server so that it also ends when the keeper itself is killed, where the system can do that."""

    def end_with_keeper() -> None:
        # Runs after the change of user, which would have cleared the setting.
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, keeping.stop_signal)

    with Path(keeping.log).open("ab") as log:
        return subprocess.Popen(
            keeping.command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=keeping.folder,
            user=keeping.user,
            group=keeping.group,
            extra_groups=None if keeping.user is None else [],
            preexec_fn=end_with_keeper,  # no thread runs yet
        )


def stop_server(server: subprocess.Popen[bytes], stop_signal: int) -> None:
    """Ask the server to stop; kill it when it does not."""
    server.send_signal(stop_signal)
    try:
        server.wait(timeout=GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def keep(keeping: Keeping) -> int:
    """Run the server until standard input ends or the server does; the server's own exit status."""
    server = run_server(keeping)
    run_ended = threading.Event()

    def stop_when_input_ends() -> None:
        while os.read(sys.stdin.fileno(), 4096):
            pass
        run_ended.set()
        stop_server(server, keeping.stop_signal)

    threading.Thread(target=stop_when_input_ends, daemon=True).start()
    status = server.wait()
    if run_ended.is_set():  # otherwise the test run still wants to read the log
        shutil.rmtree(keeping.folder, ignore_errors=True)
    return status


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(abs(keep(Keeping(**json.loads(sys.argv[1])))))
