"""Asking a virus scanner, as clamd speaks."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from meetingcheck.lib.clamd import ScannerUnavailable, scan
from tests.engines.clamd import EICAR, ClamdSink


def over_tcp(_folder: Path) -> ClamdSink:
    return ClamdSink()


def over_a_socket_file(folder: Path) -> ClamdSink:
    return ClamdSink(folder / "clamd")


@pytest.mark.parametrize("place", [over_tcp, over_a_socket_file])
def test_a_clean_file_passes_and_a_virus_does_not(place: Callable[[Path], ClamdSink], tmp_path: Path) -> None:
    big = os.urandom(3_000_000)
    with place(tmp_path) as clamd:
        assert scan(clamd.url, [b"a", b"", big])
        assert not scan(clamd.url, [b"x" * 70_000, EICAR[:30], EICAR[30:]])
        assert scan(clamd.url, [])
    assert clamd.scanned == [b"a" + big, b"x" * 70_000 + EICAR, b""]


@pytest.mark.parametrize(
    "answer", [b"stream: Heuristics ERROR\0", b"", b"stream: OK or not\0", b"FOUND\0", b"x" * 9000, b"\0"]
)
def test_any_other_answer_is_no_verdict(answer: bytes) -> None:
    with ClamdSink() as clamd:
        clamd.answer = answer or b" "
        with pytest.raises(ScannerUnavailable, match="no verdict"):
            scan(clamd.url, [b"file"])


def test_a_scanner_that_takes_no_such_large_file_gave_no_verdict() -> None:
    with ClamdSink() as clamd:
        clamd.most_bytes = 1_000
        with pytest.raises(ScannerUnavailable):
            scan(clamd.url, [b"x" * 5_000_000])


def test_a_scanner_that_is_away_or_silent_is_unavailable(tmp_path: Path) -> None:
    clamd = ClamdSink()
    clamd.stop()
    for url in (clamd.url, f"unix:{tmp_path}/nobody"):
        with pytest.raises(ScannerUnavailable, match="cannot be reached"):
            scan(url, [b"file"])
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(ScannerUnavailable):
        scan(f"tcp://127.0.0.1:{silent.getsockname()[1]}", [b"file"], timeout_s=0.05)
