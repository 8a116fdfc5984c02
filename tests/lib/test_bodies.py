"""Files in forms arrive byte for byte, wherever the pieces end in which their bodies are read."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge

from meetingcheck.lib.http.bodies import MOST_MORE_BYTES, FormRequest, WholeDelimiters

PIECE = 64 * 1024  # what the parser reads at a time
BOUNDARY = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
HEAD = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{{name}}"; filename="a.jpg"\r\n'
    "Content-Type: image/jpeg\r\n\r\n"
)
END = f"\r\n--{BOUNDARY}--\r\n"


class Trickle(io.BytesIO):
    """A body that comes in pieces of a few bytes, whatever is asked for."""

    def __init__(self, body: bytes, most: int) -> None:
        super().__init__(body)
        self._most = most

    def read(self, size: int | None = -1) -> bytes:
        return super().read(self._most if size is None or size < 0 else min(size, self._most))

    def readinto(self, buffer: Any) -> int:
        piece = self.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)


def body_of(*files: bytes) -> bytes:
    parts = [HEAD.format(name=f"file{number}").encode() + data for number, data in enumerate(files)]
    return b"\r\n".join(parts) + END.encode()


def request_with(body: bytes, stream: io.BytesIO | None = None) -> Request:
    return FormRequest(
        {
            "REQUEST_METHOD": "POST",
            "CONTENT_TYPE": f"multipart/form-data; boundary={BOUNDARY}",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": stream or io.BytesIO(body),
        }
    )


FIELD = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="field{{}}"\r\n\r\n'
TEXT_BYTES = 400_000  # what a form's text may have in these tests


def fields_of(count: int, length: int) -> bytes:
    return b"".join(FIELD.format(number).encode() + b"x" * length + b"\r\n" for number in range(count))


def limited(body: bytes) -> Request:
    request = request_with(body)
    request.max_form_memory_size = TEXT_BYTES
    return request


def files_in(request: Request) -> list[bytes]:
    return [file.stream.read() for _, file in sorted(request.files.items())]


CONTENTS: dict[str, Callable[[int], bytes]] = {
    "plain": lambda length: b"x" * length,
    "ending with a line break": lambda length: b"x" * (length - 2) + b"\r\n",
    "ending with a carriage return": lambda length: b"x" * (length - 1) + b"\r",
    "ending with half a delimiter": lambda length: b"x" * (length - 6) + b"\r\n----",
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_a_piece_may_end_at_each_byte_around_a_delimiter(content: Callable[[int], bytes]) -> None:
    """All that follows the first file's content moves, byte by byte, over the end of the first piece."""
    second = b"\r\n" + content(100)
    head = len(HEAD.format(name="file0"))
    rest = len(body_of(b"", second)) - head
    for length in range(PIECE - head - rest - 8, PIECE - head + 8):
        files = [content(length), second]
        assert files_in(request_with(body_of(*files))) == files, length


@pytest.mark.parametrize("most", [1, 7, 80])
def test_a_body_may_come_in_pieces_of_any_size(most: int) -> None:
    files = [content(3000) for content in CONTENTS.values()]
    body = body_of(*files)
    assert files_in(request_with(body, Trickle(body, most))) == files


def test_a_file_of_nothing_but_line_breaks_is_read_piece_by_piece() -> None:
    stream = WholeDelimiters(io.BytesIO(b"\r\n" * PIECE * 4), BOUNDARY)
    pieces = []
    while piece := stream.read(PIECE):
        pieces.append(piece)
    assert b"".join(pieces) == b"\r\n" * PIECE * 4
    assert max(len(piece) for piece in pieces) <= PIECE + MOST_MORE_BYTES + len(END)


def test_text_fields_arrive_beside_files() -> None:
    text = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="note"\r\n\r\nđồng chí\r\nBình\r\n'.encode()
    request = request_with(text + body_of(b"photo"))
    assert request.form["note"] == "đồng chí\r\nBình"
    assert files_in(request) == [b"photo"]


def test_the_text_of_all_fields_together_is_limited_and_read_no_further() -> None:
    stream = io.BytesIO(fields_of(200, 100_000) + body_of(b"x"))
    request = request_with(stream.getvalue(), stream)
    request.max_form_memory_size = TEXT_BYTES
    with pytest.raises(RequestEntityTooLarge):
        _ = request.form
    assert stream.tell() < 2 * TEXT_BYTES


@pytest.mark.parametrize("sizes", [(3_000_000,), (700_000, 10, 1_000_000, 0), (500_000,) * 12])
def test_files_do_not_count_as_text(sizes: tuple[int, ...]) -> None:
    contents = [b"y" * size for size in sizes]
    request = limited(fields_of(3, 100_000) + body_of(*contents))
    assert {len(text) for text in request.form.values()} == {100_000}
    assert sorted(map(len, files_in(request))) == sorted(sizes)


def test_text_after_many_files_counts_as_well() -> None:
    files = body_of(*[b"y" * 300_000] * 5).removesuffix(END.encode()) + b"\r\n"
    with pytest.raises(RequestEntityTooLarge):
        _ = limited(files + fields_of(50, 100_000) + END.lstrip().encode()).form
