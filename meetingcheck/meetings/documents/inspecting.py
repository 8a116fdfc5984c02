"""Whether bytes are a PDF or a DOCX that may be kept: pure, and meant for the confined child.

A PDF is recognised by its beginning and its end; nothing in it is parsed. A DOCX is judged by the list of contents at
its end first: number of parts, sizes, names. Only then its parts are unpacked, piece by piece, never beyond what the
list promises, and the few that name what the others are get read.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from xml.parsers import expat  # within the child, and without document types

from meetingcheck.meetings.documents.outcomes import (
    MAX_BYTES,
    MAX_PARTS,
    MAX_RATIO,
    MAX_UNPACKED_BYTES,
    SMALL_PART_BYTES,
    DocumentError,
    DocumentFormat,
    DocumentRefused,
    Part,
)

_PDF_END_WITHIN = 16 * 1024  # bytes; some programs leave something behind the mark
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_WORD_DOCUMENT = "WordDocument".encode("utf-16-le")
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"II*\0", b"MM\0*", b"BM")

_ZIP, _LISTED, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_END_OF_LIST = struct.Struct("<4s4H2IH")
_LISTED_PART = struct.Struct("<4s6H3I5H2I")
_PART_HEADER = struct.Struct("<4s5H3I2H")
_STORED, _DEFLATED = 0, 8
_ENCRYPTED, _UTF8 = 0x1, 0x800
_LONGEST_COMMENT = 65_535
_PIECE_BYTES = 64 * 1024

_CONTENT_TYPES = "[content_types].xml"
_MAIN = "wordprocessingml.document.main+xml"
_MACRO_TYPES = ("macroenabled", "vbaproject", "vbadata")
_OBJECT_TYPES = ("oleobject", "activex", "ms-office.package")
_MACRO_RELATIONS = ("/vbaproject", "/wordvbadata")
_OBJECT_RELATIONS = ("/oleobject", "/package", "/control", "/activexcontrolbinary", "/afchunk", "/subdocument")
_OBJECT_FOLDERS = ("word/embeddings/", "word/activex/")
_ARCHIVES = (".zip", ".docx", ".docm", ".xlsx", ".xlsm", ".pptx", ".rar", ".7z", ".gz", ".jar")
# A bare name, a drive of Windows, a home folder of a Mac; no address and no shared folder, in no spelling.
_ON_THE_WRITER_S_DISK = re.compile(
    r"[^/\\:%]+|(?:file:/{2,3})?[a-z]:[\\/].*|(?:file://(?:localhost)?)?/users/.*", re.IGNORECASE | re.DOTALL
)
_HYPERLINK = "/hyperlink"


def inspect(data: bytes) -> DocumentFormat:
    """What the document is. Raises DocumentRefused, and nothing else, for whatever is not acceptable."""
    try:
        return _inspect(data)
    except DocumentRefused:
        raise
    except MemoryError as error:
        raise DocumentRefused(DocumentError.UNPACKS_TOO_LARGE) from error
    except Exception as error:  # broken files break parsers in any way
        raise DocumentRefused(DocumentError.DAMAGED) from error


def _inspect(data: bytes) -> DocumentFormat:
    if not data.strip(b"\0\r\n\t "):
        raise DocumentRefused(DocumentError.EMPTY)
    if len(data) > MAX_BYTES:
        raise DocumentRefused(DocumentError.TOO_LARGE)
    if data.startswith(_ZIP):
        _check_docx(data)
        return DocumentFormat.DOCX
    if data[:64].lstrip(b"\xef\xbb\xbf\r\n\t ").startswith(b"%PDF-"):
        if b"%%EOF" not in data[-_PDF_END_WITHIN:]:
            raise DocumentRefused(DocumentError.DAMAGED)
        return DocumentFormat.PDF
    raise DocumentRefused(_other_kind(data))


def _other_kind(data: bytes) -> DocumentError:
    """What a file that is neither PDF nor ZIP is, as far as there is something to say about it."""
    if data.startswith(_OLE):
        if _ENCRYPTED_PACKAGE in data:
            return DocumentError.PASSWORD
        return DocumentError.OLD_WORD if _WORD_DOCUMENT in data else DocumentError.NOT_A_DOCUMENT
    if data.startswith(b"{\\rtf"):
        return DocumentError.OLD_WORD
    if data.startswith(_PICTURES) or data[4:8] == b"ftyp" or (data.startswith(b"RIFF") and data[8:12] == b"WEBP"):
        return DocumentError.PHOTO
    return DocumentError.NOT_A_DOCUMENT


# --- DOCX


def _check_docx(data: bytes) -> None:
    parts = list_parts(data)
    _check_list(parts)
    if _CONTENT_TYPES not in {part.name.lower() for part in parts}:
        raise DocumentRefused(DocumentError.NOT_A_DOCUMENT)
    is_word = False
    for part in parts:
        content = _unpacked(data, part)
        name = part.name.lower()
        if name == _CONTENT_TYPES:
            is_word = _check_types(b"".join(content))
        elif name.endswith(".rels"):
            _check_relations(b"".join(content))
        else:
            _check_content(content)
    if not is_word:
        raise DocumentRefused(DocumentError.NOT_A_DOCUMENT)


def list_parts(data: bytes) -> list[Part]:
    """The parts that the list at the end names. Raises DocumentRefused unless the list is whole and alone."""
    ends_at = data.rfind(_END, max(0, len(data) - _LONGEST_COMMENT - _END_OF_LIST.size))
    if ends_at < 0:
        raise DocumentRefused(DocumentError.DAMAGED)
    _, disk, first_disk, here, count, size, starts_at, comment = _END_OF_LIST.unpack_from(data, ends_at)
    if ends_at + _END_OF_LIST.size + comment != len(data) or starts_at + size != ends_at or disk or first_disk:
        raise DocumentRefused(DocumentError.DAMAGED)
    if max(here, count) > MAX_PARTS:
        raise DocumentRefused(DocumentError.TOO_MANY_PARTS)
    parts, position = [], starts_at
    while position < ends_at:
        part, position = _listed_part(data, position)
        parts.append(part)
        if len(parts) > MAX_PARTS:
            raise DocumentRefused(DocumentError.TOO_MANY_PARTS)
    if len(parts) != count or here != count or position != ends_at:
        raise DocumentRefused(DocumentError.DAMAGED)
    return parts


def _listed_part(data: bytes, position: int) -> tuple[Part, int]:
    """One line of the list, and where the next one begins."""
    fields = _LISTED_PART.unpack_from(data, position)
    signature, _, _, flags, method, _, _, crc, packed_size, size, name, extra, comment, _, _, _, starts_at = fields
    if signature != _LISTED or method not in {_STORED, _DEFLATED}:
        raise DocumentRefused(DocumentError.DAMAGED)
    begin = position + _LISTED_PART.size
    text = data[begin : begin + name].decode("utf-8" if flags & _UTF8 else "cp437")
    part = Part(text, method == _DEFLATED, bool(flags & _ENCRYPTED), crc, packed_size, size, starts_at)
    return part, begin + name + extra + comment


def _check_list(parts: list[Part]) -> None:
    """Whatever can be refused before anything is unpacked."""
    names = [part.name.lower() for part in parts]
    if any(part.encrypted for part in parts):
        raise DocumentRefused(DocumentError.PASSWORD)
    if sum(part.size for part in parts) > MAX_UNPACKED_BYTES:
        raise DocumentRefused(DocumentError.UNPACKS_TOO_LARGE)
    if any(part.size > max(SMALL_PART_BYTES, MAX_RATIO * part.packed_size) for part in parts):
        raise DocumentRefused(DocumentError.UNPACKS_TOO_LARGE)
    if len(set(names)) < len(names) or any(_leads_elsewhere(name) for name in names):
        raise DocumentRefused(DocumentError.DAMAGED)
    if any(name.rsplit("/", 1)[-1] in {"vbaproject.bin", "vbadata.xml"} for name in names):
        raise DocumentRefused(DocumentError.MACROS)
    if any(name.startswith(_OBJECT_FOLDERS) or name.endswith(_ARCHIVES) for name in names):
        raise DocumentRefused(DocumentError.EMBEDDED)


def _leads_elsewhere(name: str) -> bool:
    return name.startswith("/") or "\\" in name or ":" in name or "\0" in name or ".." in name.split("/")


def _unpacked(data: bytes, part: Part) -> Iterator[bytes]:
    """The content of a part in pieces, as long as it is what the list says. Raises DocumentRefused at the end else."""
    signature, _, flags, method, _, _, _, _, _, name, extra = _PART_HEADER.unpack_from(data, part.starts_at)
    begin = part.starts_at + _PART_HEADER.size
    same_name = data[begin : begin + name].decode("utf-8" if flags & _UTF8 else "cp437") == part.name
    begin += name + extra
    packed = memoryview(data)[begin : begin + part.packed_size]
    if signature != _ZIP or not same_name or (method == _DEFLATED) != part.packed or len(packed) < part.packed_size:
        raise DocumentRefused(DocumentError.DAMAGED)
    size = crc = 0
    for piece in _inflated(packed) if part.packed else iter([bytes(packed)]):
        size += len(piece)
        if size > part.size:
            raise DocumentRefused(DocumentError.DAMAGED)
        crc = zlib.crc32(piece, crc)
        yield piece
    if size != part.size or crc != part.crc:
        raise DocumentRefused(DocumentError.DAMAGED)


def _inflated(packed: memoryview) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    waiting: bytes | memoryview = packed
    while not unpacker.eof:
        piece = unpacker.decompress(waiting, _PIECE_BYTES)
        waiting = unpacker.unconsumed_tail
        if not piece and not unpacker.eof:
            raise DocumentRefused(DocumentError.DAMAGED)
        yield piece
    if unpacker.unused_data:
        raise DocumentRefused(DocumentError.DAMAGED)


def _check_content(content: Iterator[bytes]) -> None:
    """Unpack a part to its end; what begins as an archive or as an Office object is one, whatever its name."""
    first = next(content, b"")
    if first.startswith((_ZIP, _OLE)):
        raise DocumentRefused(DocumentError.EMBEDDED)
    for _ in content:
        pass


def _check_types(xml: bytes) -> bool:
    """Whether the list of content types names a Word document. Raises DocumentRefused for macros and objects."""
    types = [attributes.get("ContentType", "").lower() for _, attributes in _elements(xml)]
    if any(word in one for one in types for word in _MACRO_TYPES):
        raise DocumentRefused(DocumentError.MACROS)
    if any(word in one for one in types for word in _OBJECT_TYPES):
        raise DocumentRefused(DocumentError.EMBEDDED)
    return any(one.endswith(_MAIN) for one in types)


def _check_relations(xml: bytes) -> None:
    """Raises DocumentRefused for relations to macros, to objects, and for content that lies elsewhere.

    A link that somebody may click is no content. Word also notes on which disk the template or a picture lay; such a
    path leads nowhere outside the writer's own machine, unlike an address or a shared folder, which Word would ask.
    """
    for name, attributes in _elements(xml):
        if name.rsplit(" ", 1)[-1] != "Relationship":
            continue
        kind, target = attributes.get("Type", "").lower(), attributes.get("Target", "")
        if kind.endswith(_MACRO_RELATIONS):
            raise DocumentRefused(DocumentError.MACROS)
        outside = attributes.get("TargetMode", "").lower() == "external"
        if outside and not kind.endswith(_HYPERLINK) and not _ON_THE_WRITER_S_DISK.fullmatch(target):
            raise DocumentRefused(DocumentError.LINKED)
        if kind.endswith(_OBJECT_RELATIONS):
            raise DocumentRefused(DocumentError.EMBEDDED)


def _elements(xml: bytes) -> list[tuple[str, dict[str, str]]]:
    """The elements of a small XML part with their attributes. Raises DocumentRefused for a document type, which Office
    files never have and bombs need, and ExpatError."""
    found: list[tuple[str, dict[str, str]]] = []

    def refuse(*_: object) -> None:
        raise DocumentRefused(DocumentError.DAMAGED)

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = lambda name, attributes: found.append((name, attributes))
    parser.Parse(xml, True)
    return found
