"""The bodies of forms, handed to the parser in pieces that cut no delimiter in two.

The parser of werkzeug 3.1 (issue 3285 there) takes a delimiter's first byte for the file's last one when a piece ends
inside the delimiter: now and then a photo would be kept with a byte that nobody sent.
"""

from typing import IO, Any, cast

from flask import Request
from werkzeug.formparser import FormDataParser

MOST_MORE_BYTES = 64 * 1024


class WholeDelimiters:
    """A stream of bytes in which no piece ends soon after a line break, with which every delimiter begins."""

    def __init__(self, stream: IO[bytes], boundary: str) -> None:
        self._stream = stream
        self._delimiter_bytes = len(f"\r\n--{boundary}--\r\n".encode())

    def read(self, size: int) -> bytes:
        """The next `size` bytes or some more; fewer only when the stream has no more for now, none at its end."""
        piece = bytearray(self._stream.read(size))
        while len(piece) < size + MOST_MORE_BYTES and self._may_cut(piece):
            more = self._stream.read(self._delimiter_bytes)
            if not more:
                break
            piece += more
        return bytes(piece)

    def _may_cut(self, piece: bytearray) -> bool:
        end = piece[-self._delimiter_bytes :]
        return b"\r" in end or b"\n" in end


class _FormParser(FormDataParser):
    def parse(
        self, stream: IO[bytes], mimetype: str, content_length: int | None, options: dict[str, str] | None = None
    ) -> Any:
        boundary = (options or {}).get("boundary")
        if mimetype != "multipart/form-data" or not boundary:
            return super().parse(stream, mimetype, content_length, options)
        whole = cast("IO[bytes]", WholeDelimiters(stream, boundary))
        _, form, files = super().parse(whole, mimetype, content_length, options)
        return stream, form, files


class FormRequest(Request):
    """A request whose files arrive byte for byte."""

    form_data_parser_class = _FormParser
