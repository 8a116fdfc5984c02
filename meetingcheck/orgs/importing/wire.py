"""How the reading child and its parent talk: a request with a file, an answer in JSON.

The parent reads answers of a process that may have been taken over by a hostile file: every length and every type is
checked, and an answer that is not exactly right raises WireError.
"""

import json
import struct
from typing import Any, BinaryIO, NoReturn

from meetingcheck.orgs.importing.columns import Field
from meetingcheck.orgs.importing.outcomes import (
    MAX_BYTES,
    MAX_CELL_CHARS,
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_TEXT_CHARS,
    Cell,
    FileProblem,
    Legacy,
    Line,
    Table,
)

_REQUEST = struct.Struct(">?I")
_ANSWER = struct.Struct(">I")
ANSWER_HEADER_BYTES = _ANSWER.size
_LAST_ROW = 2_000_000  # no office program has so many rows
_MAX_ANSWER_BYTES = 4 * MAX_TEXT_CHARS + 40 * MAX_ROWS * MAX_COLUMNS


class WireError(ValueError):
    """An answer that no honest child gives."""


def request_header(data: bytes, *, converted: bool) -> bytes:
    """What precedes the file's own bytes."""
    return _REQUEST.pack(converted, len(data))


def read_request(stream: BinaryIO) -> tuple[bool, bytes] | None:
    """The next request, waiting for it; None when the parent is gone."""
    header = stream.read(_REQUEST.size)
    if len(header) < _REQUEST.size:
        return None
    converted, length = _REQUEST.unpack(header)
    if length > MAX_BYTES:
        raise WireError("request too long")
    data = stream.read(length)
    return None if len(data) < length else (converted, data)


def pack_answer(outcome: Table | FileProblem) -> bytes:
    fields: dict[str, object]
    if isinstance(outcome, FileProblem):
        fields = {"problem": outcome.value}
    else:
        fields = {
            "header": outcome.header,
            "columns": outcome.columns,
            "default_role": outcome.default_role,
            "legacy": outcome.legacy,
            "samples": outcome.samples,
            "unread_sheets": outcome.unread_sheets,
            "passed_over": outcome.passed_over,
            "unit_word": outcome.unit_word,
            "unclear": outcome.unclear,
            "hidden_rows": outcome.hidden_rows,
            "hidden_columns": outcome.hidden_columns,
            "lines": [[line.number, *line.cells] for line in outcome.lines],
        }
    body = json.dumps(fields, ensure_ascii=False, allow_nan=False).encode()
    return _ANSWER.pack(len(body)) + body


def answer_body_bytes(header: bytes) -> int:
    """How many bytes follow an answer's header. Raises WireError if that is more than any honest answer has."""
    (length,) = _ANSWER.unpack(header)
    if length > _MAX_ANSWER_BYTES:
        raise WireError("answer too long")
    return int(length)


def unpack_answer(answer: bytes) -> Table | FileProblem:
    """The outcome in a whole answer, header included. Raises WireError."""
    try:
        fields = json.loads(answer[_ANSWER.size :], parse_constant=_refuse)
        if "problem" in fields:
            return FileProblem(fields["problem"])
        legacy = fields["legacy"]
        return Table(
            header=tuple(_text(text) for text in _some(fields["header"], MAX_COLUMNS)),
            columns={Field(name).value: _number(index, MAX_COLUMNS) for name, index in fields["columns"].items()},
            lines=tuple(_line(line) for line in _some(fields["lines"], MAX_ROWS)),
            default_role=None if fields["default_role"] is None else _text(fields["default_role"]),
            legacy=None if legacy is None else Legacy(legacy),
            samples=tuple((_text(old), _text(new)) for old, new in _some(fields["samples"], MAX_COLUMNS)),
            unread_sheets=tuple(_text(text) for text in _some(fields["unread_sheets"], MAX_COLUMNS)),
            passed_over=tuple(_number(line, _LAST_ROW) for line in _some(fields["passed_over"], MAX_ROWS)),
            unit_word=_text(fields["unit_word"]),
            unclear=tuple(_number(line, _LAST_ROW) for line in _some(fields["unclear"], MAX_ROWS)),
            hidden_rows=tuple(_number(line, _LAST_ROW) for line in _some(fields["hidden_rows"], MAX_ROWS)),
            hidden_columns=tuple(_text(text) for text in _some(fields["hidden_columns"], MAX_COLUMNS)),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise WireError("answer without sense") from error


def _refuse(constant: str) -> NoReturn:
    raise WireError(f"no number: {constant}")


def _some(values: Any, most: int) -> list[Any]:
    if not isinstance(values, list) or len(values) > most:
        raise WireError("no list, or too long a one")
    return values


def _line(values: Any) -> Line:
    number, *cells = _some(values, MAX_COLUMNS + 1)
    return Line(_number(number, _LAST_ROW), tuple(_cell(cell) for cell in cells))


def _cell(value: Any) -> Cell:
    if type(value) is int or type(value) is float:
        return value
    return _text(value)


def _text(value: Any) -> str:
    # Converting an old encoding never lengthens a text, and joining letters and marks only shortens it.
    if not isinstance(value, str) or len(value) > MAX_CELL_CHARS + 1:
        raise WireError("no text, or too long a one")
    return value


def _number(value: Any, highest: int) -> int:
    if type(value) is not int or not 0 <= value <= highest:
        raise WireError("number out of range")
    return value
