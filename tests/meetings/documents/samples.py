"""Documents for tests, sound and hostile, all made by code."""

import io
import struct
import zipfile
from collections.abc import Mapping

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def pdf(text: str = "minutes", padding: int = 0) -> bytes:
    return b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + text.encode() + b"x" * padding + b"\nstartxref\n9\n%%EOF\n"


def content_types(main: str = f"{WORD}.document.main+xml", *more: str) -> str:
    parts = [("/word/document.xml", main), *((f"/word/part{number}.bin", kind) for number, kind in enumerate(more))]
    overrides = "".join(f'<Override PartName="{name}" ContentType="{kind}"/>' for name, kind in parts)
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>'
    )


def relations(*rows: tuple[str, str, str]) -> str:
    """Kind, target and mode of each relation."""
    inner = "".join(
        f'<Relationship Id="r{number}" Type="{OFFICE}/{kind}" Target="{target}"'
        + (f' TargetMode="{mode}"/>' if mode else "/>")
        for number, (kind, target, mode) in enumerate(rows)
    )
    return f'<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="{RELATIONS}">{inner}</Relationships>'


def parts(text: str = "minutes") -> dict[str, str | bytes]:
    """What a small Word document consists of."""
    return {
        "[Content_Types].xml": content_types(),
        "_rels/.rels": relations(("officeDocument", "word/document.xml", "")),
        "word/document.xml": f"<w:document><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>",
        "word/_rels/document.xml.rels": relations(("hyperlink", "https://mau.example/", "External")),
    }


def zipped(contents: Mapping[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in contents.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 11, 3, 0, 0, 0)), content, compress_type=method)
    return file.getvalue()


def docx(text: str = "minutes", **more: str | bytes) -> bytes:
    """A Word document; `more` are parts by name, with `__` for a slash and `_dot_` for a dot."""
    named = {name.replace("__", "/").replace("_dot_", "."): content for name, content in more.items()}
    return zipped({**parts(text), **named})


def with_parts(changes: Mapping[str, str | bytes]) -> bytes:
    return zipped({**parts(), **changes})


def streamed(text: str = "minutes") -> bytes:
    """As programs write it that cannot go back: the sizes stand behind each part."""

    class Forward(io.RawIOBase):
        def __init__(self) -> None:
            self.data = b""

        def writable(self) -> bool:
            return True

        def write(self, piece: object) -> int:
            self.data += bytes(piece)  # type: ignore[call-overload]
            return len(bytes(piece))  # type: ignore[call-overload]

    file = Forward()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts(text).items():
            archive.writestr(name, content)
    return file.data


def listed_at(data: bytes, name: str) -> int:
    """Where the list at the end speaks of a part."""
    return data.rindex(b"PK\x01\x02", 0, data.rindex(name.encode()))


def claiming(data: bytes, name: str, **values: int) -> bytes:
    """The same file, with another flag, size or place of a part in the list at its end."""
    places = {"flags": (8, "<H"), "method": (10, "<H"), "crc": (16, "<I"), "packed": (20, "<I"), "size": (24, "<I")}
    changed = bytearray(data)
    begin = listed_at(data, name)
    for field, value in values.items():
        offset, kind = places[field]
        struct.pack_into(kind, changed, begin + offset, value)
    return bytes(changed)
