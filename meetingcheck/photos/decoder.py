"""Photos looked at in a process of their own, so that no file, however broken or hostile, can harm the application."""

import fcntl
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from meetingcheck.lib.outside import ensure_no_transaction
from meetingcheck.photos.outcomes import MAX_BYTES, Inspection, PhotoError, PhotoRefused, Renditions
from meetingcheck.photos.wire import (
    ANSWER_HEADER_BYTES,
    READY,
    Operation,
    Outcome,
    WireError,
    answer_body_bytes,
    request_header,
    unpack_answer,
)

SECONDS_PER_FILE = 10.0
FILES_PER_CHILD = 200

_SECONDS_TO_START = 30.0
_MAX_COMPLAINT_BYTES = 4000

_PIPE_BYTES = 1 << 20
"""How much a pipe may hold: fewer changes between the two processes than with the usual 64 KB."""

# The package's own __init__ loads the whole application, with all its settings; the child gets an empty one instead.
_BARE_PACKAGE = """
import sys, types
sys.path[:] = sys.argv[2:]
package = types.ModuleType("meetingcheck")
package.__path__ = [sys.argv[1]]
sys.modules["meetingcheck"] = package
"""
_SERVE = """
from meetingcheck.photos import child
child.main()
"""


def child_command(program: str = _SERVE) -> list[str]:
    """How to start the decoding child: isolated, with the places of this process's own modules."""
    package = Path(__file__).parents[1]
    return [sys.executable, "-I", "-c", _BARE_PACKAGE + program, str(package), *filter(os.path.isabs, sys.path)]


class DecoderUnavailable(Exception):
    """The decoding child does not start; its own words are the message."""


class Decoder:
    """Looks at photos one at a time in one long-lived child process. May be shared by threads, not be used inside a
    database transaction.

    The child starts with the first file and is replaced after `files_per_child` files, after `seconds_per_file`
    seconds on one file, and whenever it ended or answered nonsense.
    """

    def __init__(
        self,
        *,
        seconds_per_file: float = SECONDS_PER_FILE,
        files_per_child: int = FILES_PER_CHILD,
        command: Sequence[str] | None = None,
    ) -> None:
        self._seconds_per_file = seconds_per_file
        self._files_per_child = files_per_child
        self._command = child_command() if command is None else list(command)
        self._lock = threading.Lock()
        self._child: _Child | None = None
        # The child asks to die with the thread that started it. A thread of the web server may end long before the
        # process does, so one of our own starts every child.
        self._starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="photo-decoder")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the child. The decoder cannot be used afterwards."""
        with self._lock:
            self._retire()
            self._starter.shutdown()

    @property
    def child_pid(self) -> int | None:
        """The child's process id; None while none is running."""
        child = self._child
        return None if child is None else child.pid

    def inspect(self, data: bytes) -> Inspection:
        """What the file's header says, see `imaging.inspect`.

        Raises PhotoRefused, and nothing else, whatever the file; DecoderUnavailable or OSError if no child starts.
        """
        outcome = self._ask(Operation.INSPECT, data)
        assert isinstance(outcome, Inspection)
        return outcome

    def render(self, data: bytes) -> Renditions:
        """Both renditions, see `imaging.render`.

        Raises PhotoRefused, and nothing else, whatever the file; DecoderUnavailable or OSError if no child starts.
        """
        outcome = self._ask(Operation.RENDER, data)
        assert isinstance(outcome, Renditions)
        return outcome

    def _ask(self, operation: Operation, data: bytes) -> Inspection | Renditions:
        ensure_no_transaction("decoding")
        if not data:
            raise PhotoRefused(PhotoError.EMPTY)
        if len(data) > MAX_BYTES:
            raise PhotoRefused(PhotoError.TOO_MANY_BYTES)
        with self._lock:
            outcome = self._outcome(operation, data)
        if isinstance(outcome, PhotoError):
            raise PhotoRefused(outcome)
        return outcome

    def _outcome(self, operation: Operation, data: bytes) -> Outcome:
        child = self._ready_child()
        try:
            outcome = child.ask(operation, data, time.monotonic() + self._seconds_per_file)
        except TimeoutError:
            self._retire()
            return PhotoError.TOOK_TOO_LONG
        except (EOFError, WireError):
            self._retire()
            return PhotoError.TOOK_TOO_LONG if child.ran_out_of_cpu else PhotoError.CRASHED
        except BaseException:
            # Interrupted half-way: what the child says next would answer the wrong question.
            self._retire()
            raise
        # After running out of memory, the child's own heap may be too scattered for the next large photo.
        if outcome is PhotoError.OUT_OF_MEMORY or child.files >= self._files_per_child:
            self._retire()
        return outcome

    def _ready_child(self) -> "_Child":
        if self._child is not None and not self._child.is_idle:
            self._retire()
        if self._child is None:
            self._child = self._starter.submit(_Child, self._command).result()
        return self._child

    def _retire(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child = None


class _Child:
    """One decoding process and the two pipes to it."""

    def __init__(self, command: Sequence[str]) -> None:
        """Start it, with an empty environment and nothing inherited but the pipes, and wait until it is confined.

        Raises OSError or DecoderUnavailable if that fails.
        """
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            close_fds=True,
            cwd="/",
            env={},
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._input, self._output = self._process.stdin.fileno(), self._process.stdout.fileno()
        for pipe in (self._input, self._output):
            os.set_blocking(pipe, False)
            # Beyond the user's quota the system refuses; the usual size then does.
            with suppress(OSError):
                fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._starter_pid = os.getpid()
        self.files = 0
        self._await_ready()

    def _await_ready(self) -> None:
        complaints = self._process.stderr
        assert complaints is not None
        if self._speaks_within(_SECONDS_TO_START) and os.read(self._output, len(READY)) == READY:
            # From now on a decoder's grumbling about a file goes nowhere.
            complaints.close()
            return
        self._process.kill()
        message = complaints.read(_MAX_COMPLAINT_BYTES).decode(errors="replace").strip()
        self.kill()
        raise DecoderUnavailable(message or "the decoding child does not start")

    def _speaks_within(self, seconds: float) -> bool:
        """Whether it says something, or ends, before so much time has passed."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._output, selectors.EVENT_READ)
            return bool(selector.select(seconds))

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_idle(self) -> bool:
        """Whether it waits for a question: it has not ended, said nothing unasked, and belongs to this process."""
        return self._starter_pid == os.getpid() and not self._speaks_within(0)

    @property
    def ran_out_of_cpu(self) -> bool:
        """Whether the system ended it at its limit of computing time."""
        return self._process.returncode == -signal.SIGXCPU

    def ask(self, operation: Operation, data: bytes, deadline: float) -> Outcome:
        """Send a file and wait for the answer until `deadline` on the monotonic clock.

        Raises TimeoutError, EOFError if the child ended, WireError if it answered nonsense. It must then be killed.
        """
        self.files += 1
        exchange = _Exchange(self._input, self._output, [request_header(operation, data), data])
        return unpack_answer(operation, exchange.run(deadline))

    def kill(self) -> None:
        """End it at once and release what it held."""
        if self._starter_pid == os.getpid():
            self._process.kill()
            self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()


class _Exchange:
    """One question and its answer over two non-blocking pipes, neither of which can hold up the other."""

    def __init__(self, output: int, source: int, pieces: Sequence[bytes]) -> None:
        self._output = output
        self._source = source
        self._unsent = [memoryview(piece) for piece in pieces]
        self._received = bytearray()
        self._expected = ANSWER_HEADER_BYTES
        self._header_read = False

    def run(self, deadline: float) -> bytes:
        """The whole answer. Raises TimeoutError, EOFError or WireError."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._output, selectors.EVENT_WRITE, self._send)
            selector.register(self._source, selectors.EVENT_READ, self._receive)
            while len(self._received) < self._expected:
                remaining = deadline - time.monotonic()
                if remaining <= 0:
                    raise TimeoutError
                for key, _ in selector.select(remaining):
                    key.data()
                if not self._unsent and self._output in selector.get_map():
                    selector.unregister(self._output)
        return bytes(self._received)

    def _send(self) -> None:
        try:
            sent = os.write(self._output, self._unsent[0])
        except BlockingIOError:
            return
        except BrokenPipeError as error:
            raise EOFError from error
        self._unsent[0] = self._unsent[0][sent:]
        if not self._unsent[0]:
            del self._unsent[0]

    def _receive(self) -> None:
        piece = os.read(self._source, min(self._expected - len(self._received), _PIPE_BYTES))
        if not piece:
            raise EOFError
        self._received += piece
        if len(self._received) == ANSWER_HEADER_BYTES and not self._header_read:
            self._header_read = True
            self._expected += answer_body_bytes(bytes(self._received))
