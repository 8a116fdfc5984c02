"""Names of documents and what is said when one cannot be used."""

import hashlib
import uuid

from meetingcheck.lib.text import N_, one_line, visible
from meetingcheck.meetings.documents.outcomes import DocumentError, DocumentFormat

LONGEST_NAME = 120  # characters; what systems allow for a file is 255 bytes, and a Vietnamese letter takes up to three
UNNAMED = "Tài liệu"
NOT_IN_NAMES = '/\\:*?"<>|'

CONTENT_TYPES = {
    DocumentFormat.PDF: "application/pdf",
    DocumentFormat.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}

# One sentence for each reason: what is wrong, and what to do.
PROBLEMS: dict[DocumentError, str] = {
    DocumentError.EMPTY: N_("Tệp này trống. Đồng chí hãy chọn lại tệp."),
    DocumentError.TOO_LARGE: N_("Tệp này lớn quá 20 MB. Đồng chí hãy lưu lại thành PDF cỡ nhỏ hơn, hoặc chụp ảnh."),
    DocumentError.PHOTO: N_("Tệp này là ảnh. Đồng chí hãy gửi ở mục ảnh, không phải mục tài liệu."),
    DocumentError.OLD_WORD: N_(
        "Tệp này là Word kiểu cũ (.doc). Đồng chí hãy mở ra, chọn “Lưu thành” .docx hoặc PDF, rồi gửi lại."
    ),
    DocumentError.PASSWORD: N_("Tệp này có mật khẩu. Đồng chí hãy bỏ mật khẩu, lưu lại rồi gửi."),
    DocumentError.NOT_A_DOCUMENT: N_("Tệp này không phải là PDF hay Word. Đồng chí hãy lưu thành PDF hoặc .docx."),
    DocumentError.DAMAGED: N_("Tệp này bị hỏng, không mở được. Đồng chí hãy lưu lại từ máy gốc rồi gửi."),
    DocumentError.MACROS: N_("Tệp Word này có macro nên không nhận được. Đồng chí hãy lưu thành .docx hoặc PDF."),
    DocumentError.EMBEDDED: N_(
        "Tệp Word này có tệp khác nhúng bên trong nên không nhận được. Đồng chí hãy lưu thành PDF rồi gửi."
    ),
    DocumentError.LINKED: N_(
        "Tệp Word này lấy nội dung từ nơi khác nên không nhận được. Đồng chí hãy lưu thành PDF rồi gửi."
    ),
    DocumentError.TOO_MANY_PARTS: N_("Tệp Word này có quá nhiều phần bên trong. Đồng chí hãy lưu thành PDF rồi gửi."),
    DocumentError.UNPACKS_TOO_LARGE: N_("Tệp Word này mở ra quá lớn. Đồng chí hãy lưu thành PDF rồi gửi."),
    DocumentError.TOOK_TOO_LONG: N_("Tệp này kiểm tra quá lâu. Đồng chí hãy lưu thành PDF rồi gửi lại."),
    DocumentError.CRASHED: N_("Tệp này không kiểm tra được. Đồng chí hãy lưu thành PDF rồi gửi lại."),
}


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def document_id_of(meeting_id: uuid.UUID, sha256: str) -> uuid.UUID:
    """The same document sent again to the same report is the same document: its id follows from both."""
    return uuid.uuid5(meeting_id, sha256)


def document_key(document_id: uuid.UUID, sha256: str) -> str:
    return f"documents/{document_id}/{sha256}"


def document_name(sent: str, file_format: DocumentFormat) -> str:
    """The name that a document is kept and handed out under: one line in NFC without folders, signs that no file
    system takes or marks that nobody sees, and with the ending of what the file really is."""
    last = sent.replace("\\", "/").rsplit("/", 1)[-1]
    stem = one_line(visible(one_line("".join(char for char in last if char not in NOT_IN_NAMES))))
    ending = f".{file_format.value}"
    if stem.lower().endswith(ending):
        stem = stem[: -len(ending)]
    stem = stem.strip(" .")[:LONGEST_NAME].strip(" .")
    return (stem or UNNAMED) + ending
