"""Asking a virus scanner, ClamAV's clamd, about a file: its INSTREAM command over a socket.

The file goes over in pieces, each after its length in four bytes, and a length of nought ends it; the answer is one
line, `stream: OK` or `stream: <name> FOUND`.
"""

import socket
import struct
from collections.abc import Iterable
from contextlib import closing
from urllib.parse import urlsplit

from meetingcheck.lib.outside import ensure_no_transaction

COMMAND = b"zINSTREAM\0"
TIMEOUT_S = 30.0
_LENGTH = struct.Struct(">I")
_PIECE_BYTES = 256 * 1024
_LONGEST_ANSWER = 4096


class ScannerUnavailable(Exception):
    """The scanner cannot be reached or did not answer the question; another try may pass."""


def scan(url: str, content: Iterable[bytes], *, timeout_s: float = TIMEOUT_S) -> bool:
    """Whether the scanner at `url` finds nothing in the content. With no transaction open.

    Raises ScannerUnavailable.
    """
    ensure_no_transaction("scanning for viruses")
    try:
        with closing(_connected(url, timeout_s)) as line:
            answer = _ask(line, content)
    except OSError as error:
        raise ScannerUnavailable(f"the virus scanner cannot be reached ({type(error).__name__})") from error
    if answer == b"stream: OK":
        return True
    if answer.startswith(b"stream: ") and answer.endswith(b" FOUND"):
        return False
    raise ScannerUnavailable("the virus scanner gave no verdict")


def _connected(url: str, timeout_s: float) -> socket.socket:
    parts = urlsplit(url)
    if parts.scheme == "tcp":
        return socket.create_connection((parts.hostname or "", parts.port or 0), timeout_s)
    line = socket.socket(socket.AF_UNIX)
    try:
        line.settimeout(timeout_s)
        line.connect(parts.path)
    except BaseException:
        line.close()
        raise
    return line


def _ask(line: socket.socket, content: Iterable[bytes]) -> bytes:
    line.sendall(COMMAND)
    for chunk in content:
        for start in range(0, len(chunk), _PIECE_BYTES):
            piece = chunk[start : start + _PIECE_BYTES]
            line.sendall(_LENGTH.pack(len(piece)) + piece)
    line.sendall(_LENGTH.pack(0))
    answer = b""
    while not answer.endswith(b"\0") and len(answer) < _LONGEST_ANSWER:
        piece = line.recv(_LONGEST_ANSWER)
        if not piece:
            break
        answer += piece
    return answer.rstrip(b"\0\n")
