"""What an import says to people, in the language of the page."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from flask_babel import gettext

from meetingcheck.lib.text import N_
from meetingcheck.orgs.importing.columns import TITLES, Field
from meetingcheck.orgs.importing.faults import FAULT_SENTENCES, FILE_SENTENCES, NOTE_SENTENCES, Fault, Note
from meetingcheck.orgs.importing.outcomes import FileProblem
from meetingcheck.orgs.importing.plan import Judged
from meetingcheck.orgs.importing.values import WATCHER
from meetingcheck.orgs.models import ImportRow

_NEW = {
    "unit": N_("đơn vị mới"),
    "person": N_("người mới"),
    "role:secretary": N_("giao nhiệm vụ bí thư"),
    "role:reporter": N_("giao nhiệm vụ người gửi báo cáo"),
    "role:reviewer": N_("giao nhiệm vụ cán bộ theo dõi"),
    "role:administrator": N_("giao nhiệm vụ quản trị"),
    "role:reader": N_("giao nhiệm vụ người xem"),
    WATCHER: N_("giao cấp ủy viên phụ trách"),
}
_OF_UNIT = (Field.PARENT, Field.KIND, Field.FOUNDED, Field.USUAL_DAY)
NOTES = (
    N_("Mỗi dòng ghi một đơn vị, hoặc một người cùng nhiệm vụ trong đơn vị đó, hoặc cả hai. Đơn vị có thể lặp lại."),
    N_("Đơn vị nhận ra theo mã, không có mã thì theo đơn vị cấp trên và tên. Người: theo số điện thoại, rồi email."),
    N_("Đơn vị cấp trên: ghi mã, tên, hoặc đường dẫn như Đảng bộ A / Đảng bộ B. Để trống: thuộc đơn vị đang chọn."),
    N_("Ngày thành lập: ngày/tháng/năm. Ngày sinh hoạt thường lệ: số từ 1 đến 31; 31 là ngày cuối tháng."),
    N_("Nhiệm vụ: bí thư, người gửi báo cáo, cán bộ theo dõi, quản trị, người xem, cấp ủy viên phụ trách."),
    N_("Không ghi một đơn vị hay một người thì không mất gì: danh sách không xóa ai và không xóa đơn vị nào."),
    N_("Dòng bắt đầu bằng dấu # không được đọc."),
)


@dataclass(frozen=True)
class ShownRow:
    """One row of the preview as people read it."""

    line: int
    verdict: str
    title: str
    place: str
    about: str
    doings: list[str]
    faults: list[str]


def shown_row(row: ImportRow) -> ShownRow:
    said: Mapping[str, str] = row.values["shown"]
    unit = " · ".join(said[name] for name in (Field.CODE, Field.NAME) if name in said)
    person = (Field.PERSON, Field.PHONE, Field.EMAIL, Field.ROLE)
    return ShownRow(
        line=row.line,
        verdict=row.verdict,
        title=unit,
        place=" · ".join(f"{gettext(TITLES[name])}: {said[name]}" for name in _OF_UNIT if name in said),
        about=" · ".join(said[name] for name in person if name in said),
        doings=[
            *(_new_text(name, row.reasons.get("under", "")) for name in row.reasons["new"]),
            *map(change_text, row.reasons["changes"]),
            *(gettext(NOTE_SENTENCES[Note(name)]) for name in row.reasons.get("notes", [])),
        ],
        faults=fault_texts(row),
    )


def _new_text(name: str, under: str) -> str:
    if name == "unit" and under:
        return gettext("đơn vị mới, thuộc %(unit)s", unit=under)
    return gettext(_NEW[name])


def change_text(change: Mapping[str, str]) -> str:
    what = gettext(TITLES[Field(change["where"])])
    if not change["old"]:
        return gettext("%(what)s: thêm %(new)s", what=what, new=change["new"])
    return gettext("%(what)s: %(old)s thành %(new)s", what=what, old=change["old"], new=change["new"])


def fault_texts(row: ImportRow) -> list[str]:
    return [_fault_text(found) for found in row.reasons["faults"]]


def faults_said(judged: Judged) -> list[str]:
    """What is wrong with a row that was judged and not kept."""
    return [_fault_text(asdict(found)) for found in judged.faults]


def _fault_text(found: Mapping[str, Any]) -> str:
    sentence = gettext(FAULT_SENTENCES[Fault(found["fault"])], **found["params"])
    return f"{gettext(TITLES[Field(found['where'])])}: {sentence}" if found["where"] else sentence


def problem_text(problem: str | None) -> str | None:
    """Why a file was refused, or why a preview is shown again."""
    if problem is None:
        return None
    known = {str(one): FILE_SENTENCES[one] for one in FileProblem}
    return gettext(known.get(problem, problem))
