"""The supervisor with real processes: order, restarts, signals, sudden death; the lock of a data folder; ports."""

import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from meetingcheck.lib.processes import (
    DataFolderInUse,
    DataFolderLock,
    free_port,
    port_is_free,
    tied_to_parent,
)

PATIENCE_S = 20.0
ROOT = Path(__file__).parents[2]

# Runs a supervisor over the children that stand as JSON in its argument, and prints what it hears, one line each.
SUPERVISOR = """
import json, os, sys
from pathlib import Path
from meetingcheck.lib.processes import Child, Supervisor

def say(kind):
    return lambda name, line: print(json.dumps([kind, name, line]), flush=True)

children = [
    Child(
        name=each["name"],
        argv=[sys.executable, "-I", "-S", "-c", each["code"]],
        env={"FOLDER": each["folder"]},
        ready=Path(each["folder"], each["name"]).exists,
        ready_within=each.get("ready_within", 20.0),
        stop_grace=each.get("stop_grace", 20.0),
    )
    for each in json.loads(sys.argv[1])
]
sys.exit(Supervisor(children, say("report"), say("output")).run(lambda: say("report")("all", "ready")))
"""

READY = "import os, pathlib, signal, sys, time; pathlib.Path(os.environ['FOLDER'], {name!r}).touch(); "
STAY = "[signal.pause() for _ in iter(int, 1)]"
DEAF = "signal.signal(signal.SIGTERM, signal.SIG_IGN); "


class Supervised:
    """A supervisor in a process of its own, and what it said."""

    def __init__(self, children: list[dict[str, Any]]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", SUPERVISOR, json.dumps(children)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        self.said: list[tuple[str, str]] = []
        self.printed: list[tuple[str, str]] = []
        self._passed_over: list[tuple[str, str, str]] = []
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def until(self, name: str, beginning: str) -> str:
        """The next report about this child that begins so."""
        return self._next("report", name, beginning)

    def until_printed(self, name: str, beginning: str) -> str:
        """The next line from this child that begins so."""
        return self._next("output", name, beginning)

    def until_started(self, name: str) -> int:
        """The process id of the child's next start."""
        return int(self.until(name, "started as process").rpartition(" ")[2])

    def ended(self) -> int:
        """Hear everything to the end; the exit code."""
        while self._hear() is not None:
            pass
        return self.process.wait(timeout=PATIENCE_S)

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def _next(self, kind: str, name: str, beginning: str) -> str:
        # What is reported and what children print may come in either order.
        for at, heard in enumerate(self._passed_over):
            if heard[:2] == (kind, name) and heard[2].startswith(beginning):
                return self._passed_over.pop(at)[2]
        while (new := self._hear()) is not None:
            if new[:2] == (kind, name) and new[2].startswith(beginning):
                return new[2]
            self._passed_over.append(new)
        pytest.fail(f"the supervisor ended without: {name} {beginning}; it said {self.said}")

    def _hear(self) -> tuple[str, str, str] | None:
        line = self._lines.get(timeout=PATIENCE_S)
        if not line:
            return None
        kind, name, text = json.loads(line)
        (self.said if kind == "report" else self.printed).append((name, text))
        return kind, name, text


@contextmanager
def supervised(*children: dict[str, Any]) -> Iterator[Supervised]:
    running = Supervised(list(children))
    try:
        yield running
    finally:
        running.process.kill()
        running.process.wait()


@pytest.fixture
def child(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Describes a child that says it is ready and then does what the code says."""

    def describe(name: str, code: str = STAY, before: str = "", **times: float) -> dict[str, Any]:
        return {
            "name": name,
            "code": f"import signal; {before}{READY.format(name=name)}{code}",
            "folder": str(tmp_path),
            **times,
        }

    return describe


Describe = Callable[..., dict[str, Any]]


class TestStarting:
    def test_each_child_waits_for_the_one_before(self, child: Describe) -> None:
        with supervised(child("store"), child("web"), child("worker")) as running:
            running.until("all", "ready")
        order = [(name, line.split()[0]) for name, line in running.said]
        assert order == [
            ("store", "started"),
            ("store", "ready"),
            ("web", "started"),
            ("web", "ready"),
            ("worker", "started"),
            ("worker", "ready"),
            ("all", "ready"),
        ]

    def test_output_is_passed_on_line_by_line(self, child: Describe) -> None:
        code = f"print('xin chào', flush=True); print('to stderr', file=sys.stderr, flush=True); {STAY}"
        with supervised(child("web", code)) as running:
            assert running.until_printed("web", "xin") == "xin chào"
            assert running.until_printed("web", "to") == "to stderr"

    def test_a_child_that_cannot_start_ends_all_with_its_last_words(self, child: Describe) -> None:
        broken = child("web", before="import sys; print('the port is taken'); sys.exit(3); ")
        with supervised(child("store"), broken, child("worker")) as running:
            store = running.until_started("store")
            assert running.ended() == 1
        assert ("web", "web ended with exit code 3 before it was ready.\n  the port is taken") in running.said
        assert "worker" not in {name for name, _ in running.said}
        assert not _runs(store)

    def test_a_missing_program_is_named(self, tmp_path: Path) -> None:
        finished = subprocess.run(
            tied_to_parent([str(tmp_path / "weed")]), capture_output=True, text=True, check=False, timeout=PATIENCE_S
        )
        assert finished.returncode == 1
        assert finished.stderr.strip() == f"{tmp_path / 'weed'}: No such file or directory"

    def test_a_child_that_never_gets_ready_ends_all(self, child: Describe) -> None:
        mute = {**child("web"), "code": f"import signal; print('waiting', flush=True); {STAY}", "ready_within": 0.5}
        with supervised(mute) as running:
            web = running.until_started("web")
            assert running.ended() == 1
        assert any("was not ready within 0.5 seconds" in line and "waiting" in line for _, line in running.said)
        assert not _runs(web)

    def test_a_signal_while_starting_ends_all(self, child: Describe) -> None:
        mute = {**child("web"), "code": f"import signal; {STAY}"}
        with supervised(child("store"), mute) as running:
            store, web = running.until_started("store"), running.until_started("web")
            running.send(signal.SIGTERM)
            assert running.ended() == 0
        assert not _runs(store)
        assert not _runs(web)

    def test_children_are_out_of_reach_of_the_terminal(self, child: Describe) -> None:
        with supervised(child("web")) as running:
            web = running.until_started("web")
            running.until("all", "ready")
            assert os.getsid(web) == web
            assert os.getpgid(web) == web

    def test_children_inherit_no_blocked_signals(self, child: Describe) -> None:
        code = f"print('mask', signal.pthread_sigmask(signal.SIG_BLOCK, ()), flush=True); {STAY}"
        with supervised(child("web", code)) as running:
            assert running.until_printed("web", "mask") == "mask set()"

    def test_children_get_their_own_environment_only(self, child: Describe) -> None:
        code = f"print('names', sorted(os.environ.keys() - {{'LC_CTYPE'}}), flush=True); {STAY}"
        with supervised(child("web", code)) as running:
            assert running.until_printed("web", "names") == "names ['FOLDER']"


class TestRestarting:
    def test_what_dies_is_started_again(self, child: Describe) -> None:
        with supervised(child("store"), child("web")) as running:
            store = running.until_started("store")
            web = running.until_started("web")
            running.until("all", "ready")
            os.kill(web, signal.SIGKILL)
            assert running.until("web", "ended with") == (
                "ended with signal SIGKILL; it is started again in 0.5 seconds."
            )
            again = running.until_started("web")
            running.until("web", "ready")
            assert again != web
            assert _runs(again)
            assert _runs(store)

    def test_pauses_grow_when_it_dies_again_and_again(self, child: Describe) -> None:
        with supervised(child("web", "print('no use', flush=True); time.sleep(0.3); sys.exit(7)")) as running:
            running.until("all", "ready")
            pauses = [running.until("web", "ended with exit code 7") for _ in range(3)]
        assert [line.splitlines()[0].rpartition(" in ")[2] for line in pauses] == [
            "0.5 seconds.",
            "1 seconds.",
            "2 seconds.",
        ]
        assert all("no use" in line for line in pauses)

    def test_what_a_dead_child_started_does_not_live_on(self, child: Describe) -> None:
        with supervised(child("worker", f"{_GRANDCHILD}{STAY}")) as running:
            worker = running.until_started("worker")
            grandchild = int(running.until_printed("worker", "grandchild").split()[1])
            running.until("all", "ready")
            os.kill(worker, signal.SIGKILL)
            running.until("worker", "ended with")
            assert _gone(grandchild)


class TestEnding:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_all_end_in_reverse_order(self, child: Describe, number: signal.Signals) -> None:
        with supervised(child("store"), child("web"), child("worker")) as running:
            pids = [running.until_started(name) for name in ("store", "web", "worker")]
            running.until("all", "ready")
            running.send(number)
            assert running.ended() == 0
        endings = [(name, line) for name, line in running.said if line.startswith(("is asked", "ended"))]
        assert endings == [
            (name, line)
            for name in ("worker", "web", "store")
            for line in ("is asked to end", "ended with signal SIGTERM")
        ]
        assert not any(_runs(pid) for pid in pids)

    def test_a_child_may_end_its_work_first(self, child: Describe) -> None:
        polite = "signal.signal(signal.SIGTERM, lambda *_: (print('work is done', flush=True), sys.exit(0))); "
        with supervised(child("worker", before=f"import sys; {polite}")) as running:
            running.until("all", "ready")
            running.send(signal.SIGTERM)
            assert running.ended() == 0
        assert ("worker", "work is done") in running.printed
        assert ("worker", "ended with exit code 0") in running.said

    def test_a_deaf_child_is_killed_after_its_grace(self, child: Describe) -> None:
        with supervised(child("store", before=DEAF, stop_grace=0.3)) as running:
            store = running.until_started("store")
            running.until("all", "ready")
            running.send(signal.SIGTERM)
            assert running.ended() == 0
        assert running.said[-1] == ("store", "ended with signal SIGKILL")
        assert not _runs(store)

    def test_a_second_ctrl_c_kills_at_once(self, child: Describe) -> None:
        deaf = [child(name, before=DEAF, stop_grace=600.0) for name in ("store", "web")]
        with supervised(*deaf) as running:
            pids = [running.until_started(name) for name in ("store", "web")]
            running.until("all", "ready")
            running.send(signal.SIGINT)
            running.until("web", "is asked to end")
            running.send(signal.SIGINT)
            assert running.ended() == 0
        assert not any(_runs(pid) for pid in pids)

    def test_what_a_child_started_ends_with_it(self, child: Describe) -> None:
        with supervised(child("worker", f"{_GRANDCHILD}{STAY}")) as running:
            grandchild = int(running.until_printed("worker", "grandchild").split()[1])
            running.send(signal.SIGTERM)
            running.ended()
            assert _gone(grandchild)


class TestSuddenDeath:
    def test_no_child_outlives_a_killed_supervisor(self, child: Describe) -> None:
        with supervised(child("store", before=DEAF), child("web")) as running:
            pids = [running.until_started(name) for name in ("store", "web")]
            running.until("all", "ready")
            running.process.kill()
            running.process.wait()
            assert all(_gone(pid) for pid in pids)

    def test_no_child_outlives_a_supervisor_killed_while_starting(self, child: Describe) -> None:
        for _ in range(5):
            with supervised({**child("web"), "code": f"import signal; {STAY}"}) as running:
                web = running.until_started("web")
                running.process.kill()
                running.process.wait()
                assert _gone(web)

    def test_a_child_whose_parent_is_gone_already_does_not_begin(self, tmp_path: Path) -> None:
        command = tied_to_parent(["/bin/sh", "-c", f"touch {tmp_path / 'began'}"])
        orphaned = [str(_dead_process()) if part == str(os.getpid()) else part for part in command]
        assert subprocess.run(command, check=False, timeout=PATIENCE_S).returncode == 0
        assert (tmp_path / "began").exists()
        (tmp_path / "began").unlink()
        assert subprocess.run(orphaned, check=False, timeout=PATIENCE_S).returncode == 1
        assert not (tmp_path / "began").exists()


class TestDataFolderLock:
    def test_a_second_holder_is_told_who_holds_it(self, tmp_path: Path) -> None:
        with (
            DataFolderLock(tmp_path / "data"),
            pytest.raises(DataFolderInUse, match=f"in use by process {os.getpid()}"),
            DataFolderLock(tmp_path / "data"),
        ):
            pass

    def test_it_can_be_taken_again_after_its_release(self, tmp_path: Path) -> None:
        for _ in range(2):
            with DataFolderLock(tmp_path):
                assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"

    def test_children_do_not_hold_it(self, tmp_path: Path) -> None:
        with DataFolderLock(tmp_path):
            child = subprocess.Popen(
                ["/bin/sh", "-c", "echo begun; exec sleep 60"], stdout=subprocess.PIPE, close_fds=False
            )
            assert child.stdout is not None
            assert child.stdout.readline() == b"begun\n"
        try:
            with DataFolderLock(tmp_path):
                assert child.poll() is None
        finally:
            child.kill()
            child.communicate()

    def test_it_is_free_when_its_holder_was_killed(self, tmp_path: Path) -> None:
        code = (
            "import sys, signal; from pathlib import Path; from meetingcheck.lib.processes import DataFolderLock; "
            "DataFolderLock(Path(sys.argv[1])).acquire(); print('held', flush=True); signal.pause()"
        )
        holder = subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            with pytest.raises(DataFolderInUse, match=f"process {holder.pid}"):
                DataFolderLock(tmp_path).acquire()
        finally:
            holder.kill()
            holder.communicate()
        with DataFolderLock(tmp_path):
            pass


class TestPorts:
    def test_a_free_port_is_free_with_its_neighbours(self) -> None:
        port = free_port(offsets=(0, 10_000))
        for number in (port, port + 10_000):
            with socket.create_server(("127.0.0.1", number)):
                assert not port_is_free(number)
            assert port_is_free(number)


_GRANDCHILD = (
    "import subprocess; "
    "print('grandchild', subprocess.Popen(['/bin/sh', '-c', 'trap \"\" TERM; sleep 600']).pid, flush=True); "
)


def _runs(pid: int) -> bool:
    """Whether the process exists and is no zombie."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    return False


def _gone(pid: int) -> bool:
    """Whether the process is gone soon; the system takes a moment to carry a death on."""
    deadline = time.monotonic() + PATIENCE_S
    while _runs(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not _runs(pid)


def _dead_process() -> int:
    """The number of a process that has ended."""
    finished = subprocess.Popen(["/bin/true"])
    finished.wait()
    return finished.pid
