"""Confined child processes that read strangers' files: how they are started, asked, and ended.

Photos and imported tables are looked at in such a child, so that no file, however broken or hostile, can harm the
application. What is asked and answered is the affair of the feature; here is only how bytes go to and fro.
"""

import fcntl
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from meetingcheck.lib.confine import READY

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


def child_command(program: str) -> list[str]:
    """How to run a program in a child: isolated, with the places of this process's own modules."""
    package = Path(__file__).parents[1]
    return [sys.executable, "-I", "-c", _BARE_PACKAGE + program, str(package), *filter(os.path.isabs, sys.path)]


class ChildUnavailable(Exception):
    """A child does not start; its own words are the message."""


class Child:
    """One confined process that answers questions, and the two pipes to it."""

    def __init__(self, command: Sequence[str]) -> None:
        """Start it, with an empty environment and nothing inherited but the pipes, and wait until it is confined.

        Raises OSError or ChildUnavailable if that fails.
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
        self.questions = 0
        self._await_ready()

    def _await_ready(self) -> None:
        complaints = self._process.stderr
        assert complaints is not None
        if self._speaks_within(_SECONDS_TO_START) and os.read(self._output, len(READY)) == READY:
            # From now on its grumbling about a file goes nowhere.
            complaints.close()
            return
        self._process.kill()
        message = complaints.read(_MAX_COMPLAINT_BYTES).decode(errors="replace").strip()
        self.kill()
        raise ChildUnavailable(message or "the child does not start")

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

    def ask(
        self, pieces: Sequence[bytes], header_bytes: int, body_bytes: Callable[[bytes], int], deadline: float
    ) -> bytes:
        """Send a question and wait for the whole answer until `deadline` on the monotonic clock.

        An answer is a header of `header_bytes`, then as many bytes as `body_bytes` finds in it. Raises TimeoutError,
        EOFError if the child ended, and whatever `body_bytes` raises. The child must then be killed.
        """
        self.questions += 1
        return _Exchange(self._input, self._output, pieces, header_bytes, body_bytes).run(deadline)

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

    def __init__(
        self,
        output: int,
        source: int,
        pieces: Sequence[bytes],
        header_bytes: int,
        body_bytes: Callable[[bytes], int],
    ) -> None:
        self._output = output
        self._source = source
        self._unsent = [memoryview(piece) for piece in pieces if piece]
        self._received = bytearray()
        self._header_bytes = self._expected = header_bytes
        self._body_bytes = body_bytes
        self._header_read = False

    def run(self, deadline: float) -> bytes:
        """The whole answer. Raises TimeoutError, EOFError, or what the measuring of the header raises."""
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
        if len(self._received) == self._header_bytes and not self._header_read:
            self._header_read = True
            self._expected += self._body_bytes(bytes(self._received))
