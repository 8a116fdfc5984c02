"""The inspecting process: takes one document on its standard input, answers in one line, and ends with its parent."""

import sys
import warnings
import zlib
from contextlib import suppress

from meetingcheck.lib.confine import READY, allow_cpu, confine
from meetingcheck.meetings.documents.inspecting import inspect
from meetingcheck.meetings.documents.outcomes import MAX_BYTES, DocumentRefused
from meetingcheck.meetings.documents.wire import pack_answer, read_request

_CPU_SECONDS = 30
"""More than the parent's own limit on the clock: it matters when the parent is gone."""


def main() -> None:
    """Load everything, give up every right, then answer."""
    # Printing a warning would read source files, which is no longer possible then.
    warnings.simplefilter("ignore")
    _prime()
    confine()
    sys.stdout.buffer.write(READY)
    sys.stdout.buffer.flush()
    while (data := read_request(sys.stdin.buffer, MAX_BYTES)) is not None:
        allow_cpu(_CPU_SECONDS)
        try:
            answer = inspect(data).value
        except DocumentRefused as refusal:
            answer = refusal.error.value
        sys.stdout.buffer.write(pack_answer(answer))
        sys.stdout.buffer.flush()


def _prime() -> None:
    """Use once what the libraries load at first use."""
    zlib.decompressobj(-zlib.MAX_WBITS)
    b"x".decode("cp437")
    with suppress(DocumentRefused):
        inspect(b"PK\x03\x04")
