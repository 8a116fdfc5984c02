"""Log lines: JSON, with events and ids, and never with what somebody typed."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest

from meetingcheck.lib.logs import FORBIDDEN_KEYS, configure_logs, log, log_error

SECRET = "0912 345 678"


@pytest.fixture
def output() -> Iterator[io.StringIO]:
    """Where log lines go during the test."""
    lines = io.StringIO()
    configure_logs(lines)
    yield lines
    configure_logs()


def lines_of(output: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.getvalue().splitlines()]


def fail(message: str) -> None:
    raise ValueError(message)


def fail_with_a_cause() -> None:
    try:
        fail(SECRET)
    except ValueError as error:
        raise LookupError(f"nobody has {SECRET}") from error


def test_each_event_is_one_line_of_json(output: io.StringIO) -> None:
    log("signed in", user="b85ff23a")
    log("hai\ndòng", count=2)
    first, second = lines_of(output)
    assert (first["event"], first["user"], first["level"]) == ("signed in", "b85ff23a", "info")
    assert (second["event"], second["count"]) == ("hai\ndòng", 2)


def test_each_line_says_when_in_utc(output: io.StringIO) -> None:
    log("signed in")
    assert lines_of(output)[0]["at"].endswith("Z")


@pytest.mark.parametrize(
    "key", ["token", "password", "name", "login", "phone", "email", "body", "query", "url", "path"]
)
def test_personal_data_is_refused_by_its_key(output: io.StringIO, key: str) -> None:
    assert key in FORBIDDEN_KEYS
    for write in (log, log_error):
        with pytest.raises(ValueError, match=key):
            write("something", **{key: SECRET})
    assert output.getvalue() == ""


def test_an_error_is_named_by_its_type_and_place_never_by_its_message(output: io.StringIO) -> None:
    try:
        fail(SECRET)
    except ValueError as error:
        log_error("unexpected", error)
    (line,) = lines_of(output)
    assert (line["event"], line["level"], line["error"]) == ("unexpected", "error", "ValueError")
    assert any(frame.startswith("fail:") for frame in line["frames"])
    assert SECRET not in output.getvalue()


def test_the_cause_of_an_error_stays_out_as_well(output: io.StringIO) -> None:
    try:
        fail_with_a_cause()
    except LookupError as error:
        log_error("unexpected", error)
    assert lines_of(output)[0]["error"] == "LookupError"
    assert SECRET not in output.getvalue()


def test_the_error_that_is_being_handled_need_not_be_named(output: io.StringIO) -> None:
    try:
        fail(SECRET)
    except ValueError:
        log_error("unexpected")
    assert lines_of(output)[0]["error"] == "ValueError"
    assert SECRET not in output.getvalue()


def test_an_error_without_an_exception_is_a_line_all_the_same(output: io.StringIO) -> None:
    log_error("store is away", parts=3)
    (line,) = lines_of(output)
    assert (line["event"], line["parts"]) == ("store is away", 3)


def test_a_long_way_down_is_cut(output: io.StringIO) -> None:
    def deeper(steps: int) -> None:
        if steps:
            deeper(steps - 1)
        fail(SECRET)

    try:
        deeper(100)
    except ValueError as error:
        log_error("unexpected", error)
    frames = lines_of(output)[0]["frames"]
    assert len(frames) == 12
    assert frames[-1].startswith("fail:"), "the place where it happened is kept"
