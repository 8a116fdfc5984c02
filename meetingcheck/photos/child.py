"""The decoding process: reads files on its standard input, answers on its standard output, until the input ends."""

import ctypes
import sys
import warnings
from typing import BinaryIO

from meetingcheck.lib.confine import READY, allow_cpu, confine
from meetingcheck.photos import imaging
from meetingcheck.photos.outcomes import PhotoRefused
from meetingcheck.photos.wire import Operation, Outcome, pack_answer, read_request

_CPU_SECONDS_PER_FILE = 15
"""More than the parent's own limit on the clock: it matters when the parent is gone, or a decoder uses two threads."""

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_KEPT_BYTES = 64 * 1024 * 1024
_LARGEST_KEPT_BLOCK_BYTES = 32 * 1024 * 1024


def main() -> None:
    """Load everything, give up every right, then serve."""
    # Printing a warning would read source files, which is no longer possible then.
    warnings.simplefilter("ignore")
    _keep_freed_memory()
    imaging.prime()
    confine()
    sys.stdout.buffer.write(READY)
    sys.stdout.buffer.flush()
    serve(sys.stdin.buffer, sys.stdout.buffer)


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer each request in turn until the stream ends."""
    while (request := read_request(requests)) is not None:
        allow_cpu(_CPU_SECONDS_PER_FILE)
        for piece in pack_answer(_answer(*request)):
            answers.write(piece)
        answers.flush()
        # The next wait may be long, and this photo may be large.
        del request


def _keep_freed_memory() -> None:
    """Let the C library keep what one photo used for the next one, instead of giving it back each time.

    Fetching 30 MB page by page from the system again and again costs a tenth of all computing time.
    """
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None:
        set_option(_M_MMAP_THRESHOLD, _LARGEST_KEPT_BLOCK_BYTES)
        set_option(_M_TRIM_THRESHOLD, _KEPT_BYTES)


def _answer(operation: Operation, data: bytes) -> Outcome:
    try:
        return imaging.inspect(data) if operation is Operation.INSPECT else imaging.render(data)
    except PhotoRefused as refusal:
        return refusal.error
