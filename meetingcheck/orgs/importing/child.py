"""The reading process: takes files on its standard input, answers on its standard output, until the input ends."""

import sys
import warnings
from contextlib import suppress
from typing import BinaryIO

from meetingcheck.lib.confine import READY, allow_cpu, confine
from meetingcheck.orgs.importing.files import make_template_csv, make_template_xlsx
from meetingcheck.orgs.importing.outcomes import FileProblem, FileRefused, Table
from meetingcheck.orgs.importing.reader import read_table
from meetingcheck.orgs.importing.wire import pack_answer, read_request

_CPU_SECONDS_PER_FILE = 60
"""More than the parent's own limit on the clock: it matters when the parent is gone."""


def main() -> None:
    """Load everything, give up every right, then serve."""
    # Printing a warning would read source files, which is no longer possible then.
    warnings.simplefilter("ignore")
    prime()
    confine()
    sys.stdout.buffer.write(READY)
    sys.stdout.buffer.flush()
    serve(sys.stdin.buffer, sys.stdout.buffer)


def prime() -> None:
    """Read one file of each sort, so that whatever is loaded only at need has been loaded."""
    csv_file = make_template_csv()
    text = csv_file.decode("utf-8-sig")
    western = "Chi b\xe9 Th\xabn M\xc9u"
    for data in (
        make_template_xlsx([], ()),
        csv_file,
        *(text.encode(encoding) for encoding in ("utf-16", "utf-16-le", "utf-16-be")),
        *(western.encode(encoding) for encoding in ("latin-1", "cp1258")),
    ):
        with suppress(FileRefused):
            read_table(data, converted=True)


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer each request in turn until the stream ends."""
    while (request := read_request(requests)) is not None:
        allow_cpu(_CPU_SECONDS_PER_FILE)
        converted, data = request
        answers.write(pack_answer(_answer(data, converted)))
        answers.flush()
        del request, data


def _answer(data: bytes, converted: bool) -> Table | FileProblem:
    try:
        return read_table(data, converted=converted)
    except FileRefused as refusal:
        return refusal.problem
