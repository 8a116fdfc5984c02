"""Lists read in a process of their own, so that no file, however broken or hostile, can harm the application."""

import time
from collections.abc import Sequence

from meetingcheck.lib.children import Child, child_command
from meetingcheck.lib.outside import ensure_no_transaction
from meetingcheck.orgs.importing.outcomes import MAX_BYTES, FileProblem, FileRefused, Table
from meetingcheck.orgs.importing.wire import (
    ANSWER_HEADER_BYTES,
    WireError,
    answer_body_bytes,
    request_header,
    unpack_answer,
)

SECONDS_PER_FILE = 30.0

_SERVE = """
from meetingcheck.orgs.importing import child
child.main()
"""


def reading_command(program: str = _SERVE) -> list[str]:
    """How to start the reading child."""
    return child_command(program)


def read_in_child(
    data: bytes,
    *,
    converted: bool,
    seconds: float = SECONDS_PER_FILE,
    command: Sequence[str] | None = None,
) -> Table:
    """The table in a file, read in a child that serves this one file. Not inside a database transaction.

    Raises FileRefused, and nothing else, whatever the file; ChildUnavailable or OSError if no child starts.
    """
    ensure_no_transaction("reading a list")
    if len(data) > MAX_BYTES:
        raise FileRefused(FileProblem.TOO_LARGE)
    child = Child(reading_command() if command is None else command)
    try:
        pieces = [request_header(data, converted=converted), data]
        deadline = time.monotonic() + seconds
        outcome = unpack_answer(child.ask(pieces, ANSWER_HEADER_BYTES, answer_body_bytes, deadline))
    except TimeoutError:
        outcome = FileProblem.TOOK_TOO_LONG
    except (EOFError, WireError):
        child.kill()
        outcome = FileProblem.TOOK_TOO_LONG if child.ran_out_of_cpu else FileProblem.CRASHED
    finally:
        child.kill()
    if isinstance(outcome, FileProblem):
        raise FileRefused(outcome)
    return outcome
