"""What is accepted as a document, and what is said of everything else: never more than one named error."""

import io
import random
import sys
import unicodedata
import zipfile
from pathlib import Path

import pytest

from meetingcheck.meetings.documents.ingest import inspect_in_child, inspecting_command
from meetingcheck.meetings.documents.inspecting import inspect
from meetingcheck.meetings.documents.outcomes import (
    MAX_BYTES,
    DocumentError,
    DocumentFormat,
    DocumentRefused,
)
from meetingcheck.meetings.documents.rules import PROBLEMS, document_name
from tests.meetings.documents import samples
from tests.photos import samples as photos
from tests.soak import SOAK

ROUNDS = 4_000 if SOAK else 300
TEMPLATE = "attachedTemplate"


def error_of(data: bytes) -> DocumentError:
    with pytest.raises(DocumentRefused) as refusal:
        inspect(data)
    return refusal.value.error


def outcome_of(data: bytes) -> DocumentFormat | DocumentError:
    try:
        return inspect(data)
    except DocumentRefused as refusal:
        return refusal.error


def named(name: str, content: str | bytes = b"x") -> bytes:
    return samples.with_parts({name: content})


def related(*rows: tuple[str, str, str]) -> bytes:
    return samples.with_parts({"word/_rels/settings.xml.rels": samples.relations(*rows)})


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (samples.pdf(), DocumentFormat.PDF),
        (b"\xef\xbb\xbf\r\n" + samples.pdf(), DocumentFormat.PDF),
        (samples.docx(), DocumentFormat.DOCX),
        (samples.streamed(), DocumentFormat.DOCX),
        (samples.zipped(samples.parts(), zipfile.ZIP_STORED), DocumentFormat.DOCX),
        (samples.with_parts({"word/media/image1.png": photos.png(photos.scene())}), DocumentFormat.DOCX),
        (samples.with_parts({"word/": b"", "docProps/app.xml": "<Properties/>"}), DocumentFormat.DOCX),
        (related((TEMPLATE, "file:///C:\\Users\\An\\Normal.dotm", "External")), DocumentFormat.DOCX),
        (related((TEMPLATE, "Normal.dotm", "External")), DocumentFormat.DOCX),
        (related((TEMPLATE, "C:\\Users\\An\\Mẫu.dotx", "External")), DocumentFormat.DOCX),
        (related((TEMPLATE, "/Users/an/Library/Normal.dotm", "External")), DocumentFormat.DOCX),
        (related((TEMPLATE, "file://localhost/Users/an/Normal.dotm", "External")), DocumentFormat.DOCX),
        (related(("hyperlink", "https://mau.example/", "External")), DocumentFormat.DOCX),
    ],
)
def test_what_word_and_scanners_write_is_accepted(data: bytes, expected: DocumentFormat) -> None:
    assert inspect(data) == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", DocumentError.EMPTY),
        (b" \r\n\0" * 9, DocumentError.EMPTY),
        (samples.pdf(padding=MAX_BYTES), DocumentError.TOO_LARGE),
        (photos.jpeg(photos.scene()), DocumentError.PHOTO),
        (photos.png(photos.scene()), DocumentError.PHOTO),
        (photos.webp(photos.scene()), DocumentError.PHOTO),
        (b"\0\0\0\x18ftypheic", DocumentError.PHOTO),
        (samples.OLE + b"\0" * 500 + "WordDocument".encode("utf-16-le") + b"\0" * 500, DocumentError.OLD_WORD),
        (b"{\\rtf1 minutes}", DocumentError.OLD_WORD),
        (samples.OLE + b"\0" * 500 + "EncryptedPackage".encode("utf-16-le"), DocumentError.PASSWORD),
        (samples.OLE + b"\0" * 500 + "Workbook".encode("utf-16-le"), DocumentError.NOT_A_DOCUMENT),
        (b"MZ\x90\0" + b"\0" * 500, DocumentError.NOT_A_DOCUMENT),
        (b"<html>%PDF-1.7 %%EOF</html>", DocumentError.NOT_A_DOCUMENT),
        (b"minutes", DocumentError.NOT_A_DOCUMENT),
        (b"Rar!\x1a\x07\x01\0", DocumentError.NOT_A_DOCUMENT),
        (samples.zipped({"mimetype": "application/vnd.oasis.opendocument.text"}), DocumentError.NOT_A_DOCUMENT),
        (samples.zipped({"a.txt": "x"}), DocumentError.NOT_A_DOCUMENT),
        (samples.pdf()[:-8], DocumentError.DAMAGED),
        (samples.docx()[:-1], DocumentError.DAMAGED),
        (samples.docx() + b"\0", DocumentError.DAMAGED),
        (b"PK\x03\x04", DocumentError.DAMAGED),
    ],
)
def test_another_kind_of_file_is_told_what_to_do(data: bytes, expected: DocumentError) -> None:
    assert error_of(data) == expected


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        (("application/vnd.ms-word.document.macroEnabled.main+xml",), DocumentError.MACROS),
        ((f"{samples.WORD}.document.main+xml", "application/vnd.ms-office.vbaProject"), DocumentError.MACROS),
        (
            (f"{samples.WORD}.document.main+xml", "application/vnd.openxmlformats-officedocument.oleObject"),
            DocumentError.EMBEDDED,
        ),
        ((f"{samples.WORD}.document.main+xml", "application/vnd.ms-office.activeX+xml"), DocumentError.EMBEDDED),
        ((f"{samples.WORD}.template.main+xml",), DocumentError.NOT_A_DOCUMENT),
        (
            ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",),
            DocumentError.NOT_A_DOCUMENT,
        ),
    ],
)
def test_what_the_list_of_content_types_gives_away(types: tuple[str, ...], expected: DocumentError) -> None:
    assert error_of(named("[Content_Types].xml", samples.content_types(*types))) == expected
    wide = samples.content_types(*types).replace('encoding="UTF-8"', 'encoding="UTF-16"').encode("utf-16")
    assert error_of(named("[Content_Types].xml", wide)) == expected, "in another encoding too"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (named("word/vbaProject.bin"), DocumentError.MACROS),
        (named("WORD/VBAPROJECT.BIN"), DocumentError.MACROS),
        (named("somewhere/vbaData.xml"), DocumentError.MACROS),
        (named("word/embeddings/oleObject1.bin"), DocumentError.EMBEDDED),
        (named("word/activeX/activeX1.xml"), DocumentError.EMBEDDED),
        (named("word/sheet.xlsx"), DocumentError.EMBEDDED),
        (named("word/media/image1.png", samples.docx()), DocumentError.EMBEDDED),
        (named("word/media/image1.bin", samples.OLE + b"x" * 99), DocumentError.EMBEDDED),
        (related(("vbaProject", "any.bin", "")), DocumentError.MACROS),
        (related(("oleObject", "any.bin", "")), DocumentError.EMBEDDED),
        (related(("package", "any.bin", "")), DocumentError.EMBEDDED),
        (related(("control", "any.xml", "")), DocumentError.EMBEDDED),
        (related(("aFChunk", "any.html", "")), DocumentError.EMBEDDED),
        (related((TEMPLATE, "https://mau.example/t.dotm", "External")), DocumentError.LINKED),
        (related((TEMPLATE, "\\\\host\\share\\t.dotm", "External")), DocumentError.LINKED),
        (related((TEMPLATE, "file://host/share/t.dotm", "External")), DocumentError.LINKED),
        (related((TEMPLATE, "file:////host/share/t.dotm", "External")), DocumentError.LINKED),
        (related((TEMPLATE, "//host/share/t.dotm", "External")), DocumentError.LINKED),
        (related((TEMPLATE, "/\\host\\share\\t.dotm", "External")), DocumentError.LINKED),
        (related((TEMPLATE, "%5C%5Chost%5Cshare", "External")), DocumentError.LINKED),
        (related((TEMPLATE, "file://localhost//host/share", "External")), DocumentError.LINKED),
        (related((TEMPLATE, "mhtml:https://mau.example/x", "External")), DocumentError.LINKED),
        (related(("image", "https://mau.example/x.png", "External")), DocumentError.LINKED),
        (related(("frame", "https://mau.example/", "external")), DocumentError.LINKED),
        (related(("oleObject", "file:///C:\\x.xls", "External")), DocumentError.EMBEDDED),
    ],
)
def test_what_is_in_it_or_leads_out_of_it(data: bytes, expected: DocumentError) -> None:
    assert error_of(data) == expected


def test_a_document_type_in_a_list_is_a_bomb() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>' + samples.relations().partition("?>")[2]
    assert error_of(named("word/_rels/x.rels", bomb)) is DocumentError.DAMAGED


class TestTheListAtTheEnd:
    def test_too_many_parts(self) -> None:
        many = {f"word/{number}.xml": b"" for number in range(1_001)}
        assert error_of(samples.with_parts(many)) is DocumentError.TOO_MANY_PARTS

    def test_a_bomb_is_known_by_what_it_promises(self) -> None:
        assert error_of(named("word/big.xml", b"\0" * 30_000_000)) is DocumentError.UNPACKS_TOO_LARGE
        data = samples.with_parts({f"word/{number}.xml": random.Random(number).randbytes(200_000) for number in "1234"})
        for number in "1234":
            data = samples.claiming(data, f"word/{number}.xml", size=30_000_000)
        assert error_of(data) is DocumentError.UNPACKS_TOO_LARGE, "all together"

    def test_a_bomb_that_promises_little_is_unpacked_no_further(self) -> None:
        data = named("word/big.xml", b"\0" * 30_000_000)
        assert error_of(samples.claiming(data, "word/big.xml", size=1_000)) is DocumentError.DAMAGED

    def test_a_part_with_a_password(self) -> None:
        assert error_of(samples.claiming(samples.docx(), "word/document.xml", flags=1)) is DocumentError.PASSWORD

    @pytest.mark.parametrize("claim", [{"crc": 7}, {"size": 7}, {"packed": 7}, {"method": 0}, {"method": 12}])
    def test_a_list_that_lies(self, claim: dict[str, int]) -> None:
        assert error_of(samples.claiming(samples.docx(), "word/document.xml", **claim)) is DocumentError.DAMAGED

    @pytest.mark.parametrize("name", ["/etc/passwd", "../x.xml", "word/../../x", "C:x", "word\\x.xml"])
    def test_a_name_that_leads_elsewhere(self, name: str) -> None:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            for own, content in samples.parts().items():
                archive.writestr(own, content)
            entry = zipfile.ZipInfo("x")
            entry.filename = name
            archive.writestr(entry, b"x")
        assert error_of(file.getvalue()) is DocumentError.DAMAGED

    def test_two_parts_of_one_name(self) -> None:
        assert error_of(named("WORD/document.xml")) is DocumentError.DAMAGED

    def test_something_before_the_first_part_or_another_list(self) -> None:
        assert error_of(b"PK\x03\x04" + b"\0" * 99 + samples.docx()) is DocumentError.DAMAGED
        assert error_of(samples.docx() + samples.docx()) is DocumentError.DAMAGED


@pytest.mark.parametrize("whole", [samples.docx(), samples.streamed(), samples.pdf()])
def test_whatever_is_changed_in_a_file_it_ends_in_a_format_or_a_named_error(whole: bytes) -> None:
    chance = random.Random(21)
    for _ in range(ROUNDS):
        broken = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        if chance.random() < 0.3:
            del broken[chance.randrange(len(broken)) :]
        assert isinstance(outcome_of(bytes(broken)), DocumentFormat | DocumentError)


# --- in the child


@pytest.mark.parametrize(
    "data",
    [samples.pdf(), samples.docx(), named("word/vbaProject.bin"), b"minutes", samples.docx()[:300], b"PK\x03\x04"],
)
def test_the_confined_child_says_the_same(data: bytes) -> None:
    try:
        found: DocumentFormat | DocumentError = inspect_in_child(data)
    except DocumentRefused as refusal:
        found = refusal.error
    assert found == outcome_of(data)


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("os.write(1, b'\\x04docx' [:3]); os._exit(0)", DocumentError.CRASHED),
        ("os.write(1, b'\\x05hello'); signal.pause()", DocumentError.CRASHED),
        ("os.kill(os.getpid(), signal.SIGXCPU)", DocumentError.TOOK_TOO_LONG),
        ("signal.pause()", DocumentError.TOOK_TOO_LONG),
    ],
)
def test_a_child_that_was_taken_over_or_hangs_is_a_refusal(program: str, expected: DocumentError) -> None:
    command = [sys.executable, "-I", "-c", f"import os, signal\nos.write(1, b'R')\nos.read(0, 4)\n{program}"]
    with pytest.raises(DocumentRefused) as refusal:
        inspect_in_child(samples.docx(), command=command, seconds=0.5)
    assert refusal.value.error is expected


def test_the_child_loads_nothing_of_the_application(tmp_path: Path) -> None:
    command = inspecting_command(
        "import sys\nfrom meetingcheck.meetings.documents import child\n"
        "assert not {'flask', 'sqlalchemy', 'boto3', 'meetingcheck.lib.db'} & set(sys.modules)\nchild.main()\n"
    )
    assert inspect_in_child(samples.docx(), command=command) is DocumentFormat.DOCX


# --- names


def test_each_refusal_has_a_sentence_that_says_what_to_do() -> None:
    assert set(PROBLEMS) == set(DocumentError)
    assert all("Đồng chí hãy" in sentence for sentence in PROBLEMS.values())


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("Biên bản.pdf", "Biên bản.pdf"),
        (unicodedata.normalize("NFD", "Biên bản.PDF"), "Biên bản.pdf"),
        ("C:\\fakepath\\bb.docx", "bb.docx.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("x.pdf.exe", "x.pdf.exe.pdf"),
        ("", "Tài liệu.pdf"),
        (" .pdf", "Tài liệu.pdf"),
        ("\u202efdp.exe", "fdp.exe.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "a Set-Cookie x.pdf"),
        ('"><img src=x>.pdf', "img src=x.pdf"),
        ("a" * 500, "a" * 120 + ".pdf"),
    ],
)
def test_a_name_is_one_line_that_says_what_the_file_is(sent: str, kept: str) -> None:
    assert document_name(sent, DocumentFormat.PDF) == kept
