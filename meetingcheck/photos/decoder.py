"""Photos looked at in a process of their own, so that no file, however broken or hostile, can harm the application."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

from meetingcheck.lib.children import Child, ChildUnavailable
from meetingcheck.lib.children import child_command as lib_child_command
from meetingcheck.lib.outside import ensure_no_transaction
from meetingcheck.photos.outcomes import MAX_BYTES, Inspection, PhotoError, PhotoRefused, Renditions
from meetingcheck.photos.wire import (
    ANSWER_HEADER_BYTES,
    Operation,
    Outcome,
    WireError,
    answer_body_bytes,
    request_header,
    unpack_answer,
)

SECONDS_PER_FILE = 8.0
"""With the start of a child, whoever waits for one file waits less than ten seconds."""
FILES_PER_CHILD = 200

_SERVE = """
from meetingcheck.photos import child
child.main()
"""


DecoderUnavailable = ChildUnavailable


def child_command(program: str = _SERVE) -> list[str]:
    """How to start the decoding child."""
    return lib_child_command(program)


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
        self._child: Child | None = None
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
            answer = child.ask(
                [request_header(operation, data), data],
                ANSWER_HEADER_BYTES,
                answer_body_bytes,
                time.monotonic() + self._seconds_per_file,
            )
            outcome = unpack_answer(operation, answer)
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
        if outcome is PhotoError.OUT_OF_MEMORY or child.questions >= self._files_per_child:
            self._retire()
        return outcome

    def _ready_child(self) -> Child:
        if self._child is not None and not self._child.is_idle:
            self._retire()
        if self._child is None:
            self._child = self._starter.submit(Child, self._command).result()
        return self._child

    def _retire(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child = None
