"""Text files as rows: which kind of file it really is, its encoding, its delimiter. Runs in the confined child only."""

import csv
import io
from collections.abc import Iterator

from meetingcheck.orgs.importing.legacy import convert, count_syllables, detect
from meetingcheck.orgs.importing.outcomes import MAX_BYTES, FileProblem, FileRefused

DELIMITERS = ";\t,"

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"II*\0", b"MM\0*")
_DOCUMENTS = (b"%PDF", b"{\\rtf")
_MARKUP = (b"<html", b"<!doctype", b"<?xml", b"<table")


def csv_text(data: bytes) -> str:
    """The text of a CSV file. Raises FileRefused for what is another kind of file."""
    start = data[:512].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if data.startswith(_OLE):
        raise FileRefused(FileProblem.PASSWORD if _ENCRYPTED in data else FileProblem.OLD_EXCEL)
    if data.startswith(_PICTURES) or data[4:8] == b"ftyp" or (data.startswith(b"RIFF") and data[8:12] == b"WEBP"):
        raise FileRefused(FileProblem.PICTURE)
    if data.startswith(_DOCUMENTS):
        raise FileRefused(FileProblem.DOCUMENT)
    if start.startswith(_MARKUP) or data.startswith((b"\x09\x08", b"\x09\x00\x04\x00")):
        raise FileRefused(FileProblem.OLD_EXCEL)
    text = _decoded(data)
    if sum(char < " " and char not in "\t\r\n" for char in text[:4096]) > len(text[:4096]) // 50:
        raise FileRefused(FileProblem.UNKNOWN)
    return text


def _decoded(data: bytes) -> str:
    """UTF-16 with or without its mark, UTF-8, else the single-byte encodings of Vietnam.

    Among these Windows-1258 is what a Vietnamese Windows writes; where it makes no words, the bytes are kept as Western
    letters, which is what TCVN3 and VNI look like in any program.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    zeros = data[:4096].count(0)
    if zeros > len(data[:4096]) // 5:
        return data.decode("utf-16-le" if data[1:2] == b"\0" else "utf-16-be", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        western = data.decode("latin-1")
    windows = data.decode("cp1258", "replace")
    legacy = detect([western])
    if legacy is None or count_syllables(windows) >= count_syllables(convert(western, legacy)):
        return windows
    return western


def csv_rows(text: str) -> Iterator[tuple[object, ...]]:
    """The rows by the delimiter that most of the first lines share; fields may span lines inside quotation marks."""
    first = [line for line in text.splitlines()[:50] if line.strip()]
    shared = {sign: sum(sign in line for line in first) for sign in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda sign: (shared[sign], sum(line.count(sign) for line in first)))
    csv.field_size_limit(MAX_BYTES)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    return (tuple(_plain(cell) for cell in row) for row in reader)


def _plain(cell: str) -> str:
    """Without the apostrophe by which exports keep a cell from being a formula."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in {"=", "+", "-", "@", "\t", "\r"} else cell
