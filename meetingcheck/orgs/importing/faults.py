"""Why a file or a row of it cannot be taken, in sentences. Pure."""

from enum import StrEnum

from meetingcheck.lib.text import N_
from meetingcheck.orgs.importing.outcomes import FileProblem

FILE_SENTENCES = {
    FileProblem.EMPTY: N_("Tệp này trống. Đồng chí hãy chọn tệp danh sách."),
    FileProblem.TOO_LARGE: N_("Tệp này lớn hơn 5 MB. Đồng chí hãy chia danh sách thành nhiều tệp."),
    FileProblem.UNPACKS_TOO_LARGE: N_("Tệp này mở ra lớn hơn 50 MB. Đồng chí hãy chép danh sách sang một tệp mới."),
    FileProblem.TOO_MANY_PARTS: N_("Bên trong tệp có quá nhiều phần. Đồng chí hãy chép danh sách sang một tệp mới."),
    FileProblem.TOO_MANY_ROWS: N_("Danh sách dài hơn 20.000 dòng. Đồng chí hãy chia thành nhiều tệp."),
    FileProblem.TOO_MUCH_TEXT: N_("Danh sách có quá nhiều chữ. Đồng chí hãy bỏ bớt các cột không cần."),
    FileProblem.OLD_EXCEL: N_(
        "Đây là tệp Excel đời cũ (.xls). Đồng chí hãy mở bằng Excel, chọn Lưu thành (Save As), kiểu .xlsx, rồi gửi lại."
    ),
    FileProblem.BINARY_EXCEL: N_("Đây là tệp .xlsb. Đồng chí hãy mở bằng Excel, lưu thành .xlsx, rồi gửi lại."),
    FileProblem.OPEN_DOCUMENT: N_("Đây là tệp OpenDocument (.ods). Đồng chí hãy lưu thành .xlsx rồi gửi lại."),
    FileProblem.PASSWORD: N_("Tệp này có mật khẩu. Đồng chí hãy bỏ mật khẩu rồi gửi lại."),
    FileProblem.PICTURE: N_("Đây là một tấm ảnh, không phải danh sách. Đồng chí hãy gửi tệp Excel (.xlsx) hoặc CSV."),
    FileProblem.DOCUMENT: N_(
        "Đây là tệp văn bản (Word, PDF). Đồng chí hãy chép bảng sang Excel, lưu thành .xlsx, rồi gửi lại."
    ),
    FileProblem.UNKNOWN: N_("Hệ thống không đọc được loại tệp này. Đồng chí hãy gửi tệp Excel (.xlsx) hoặc CSV."),
    FileProblem.BROKEN: N_("Tệp này bị hỏng. Đồng chí hãy mở bằng Excel, lưu lại thành .xlsx, rồi gửi lại."),
    FileProblem.NO_HEADER: N_(
        "Không thấy dòng tiêu đề cột. Cần ít nhất cột Tên đơn vị hoặc Mã đơn vị và một cột nữa; đồng chí xem tệp mẫu."
    ),
    FileProblem.NO_ROWS: N_("Danh sách chưa có dòng nào dưới tiêu đề."),
    FileProblem.TOOK_TOO_LONG: N_("Đọc tệp này lâu quá nên đã dừng. Đồng chí hãy chép danh sách sang một tệp mới."),
    FileProblem.OUT_OF_MEMORY: N_("Tệp này cần quá nhiều bộ nhớ. Đồng chí hãy chép danh sách sang một tệp mới."),
    FileProblem.CRASHED: N_("Không đọc được tệp này. Đồng chí hãy chép danh sách sang một tệp mới."),
    FileProblem.FORGOTTEN: N_("Danh sách này để lâu quá 7 ngày nên đã được xóa. Đồng chí hãy gửi lại tệp."),
}
CHANGED_MEANWHILE = N_(
    "Dữ liệu trong hệ thống đã thay đổi từ lúc xem trước, nên chưa ghi gì. Đồng chí hãy xem lại bảng dưới đây."
)


class Fault(StrEnum):
    """Why a row cannot be taken; each has its sentence in `FAULT_SENTENCES`."""

    UNSAFE = "unsafe"
    TOO_LONG = "too_long"
    FORMULA_ERROR = "formula_error"
    BAD_DAY = "bad_day"
    DAY_TO_COME = "day_to_come"
    BAD_USUAL_DAY = "bad_usual_day"
    BAD_PHONE = "bad_phone"
    BAD_EMAIL = "bad_email"
    BAD_ROLE = "bad_role"
    DEPUTY = "deputy"
    BAD_KIND = "bad_kind"
    UNIT_MISSING = "unit_missing"
    NAME_MISSING = "name_missing"
    KIND_MISSING = "kind_missing"
    KIND_CHANGES = "kind_changes"
    UNIT_DIFFERS = "unit_differs"
    UNIT_AMBIGUOUS = "unit_ambiguous"
    UNIT_FAULTY = "unit_faulty"
    NAMESAKE = "namesake"
    CODE_ELSEWHERE = "code_elsewhere"
    CLOSED = "closed"
    PARENT_UNKNOWN = "parent_unknown"
    PARENT_AMBIGUOUS = "parent_ambiguous"
    SUPERIOR_UNCLEAR = "superior_unclear"
    PARENT_IS_CELL = "parent_is_cell"
    HAS_UNITS_BELOW = "has_units_below"
    CIRCLE = "circle"
    TOP_STAYS = "top_stays"
    CONTACT_MISSING = "contact_missing"
    PERSON_NAME_MISSING = "person_name_missing"
    SEVERAL_PEOPLE = "several_people"
    ROLE_MISSING = "role_missing"
    ROLE_NOT_HERE = "role_not_here"
    PERSON_DIFFERS = "person_differs"
    CONTACT_OF_ANOTHER = "contact_of_another"
    PERSON_OF_OTHER_NAME = "person_of_other_name"
    PERSON_ELSEWHERE = "person_elsewhere"
    PERSON_DISABLED = "person_disabled"


FAULT_SENTENCES = {
    Fault.UNSAFE: N_("Có ký tự lạ không dùng được; hãy gõ lại ô này."),
    Fault.TOO_LONG: N_("Ô này dài quá."),
    Fault.FORMULA_ERROR: N_("Ô này là lỗi công thức của Excel."),
    Fault.BAD_DAY: N_("Ngày chưa đúng; hãy ghi ngày/tháng/năm, ví dụ 03/02/1990."),
    Fault.DAY_TO_COME: N_("Ngày thành lập chưa đến."),
    Fault.BAD_USUAL_DAY: N_("Ngày sinh hoạt thường lệ là một số từ 1 đến 31 (31 là ngày cuối tháng)."),
    Fault.BAD_PHONE: N_("Số điện thoại chưa đúng; cần đủ 10 số, ví dụ 0912345678."),
    Fault.BAD_EMAIL: N_("Địa chỉ email chưa đúng."),
    Fault.BAD_ROLE: N_(
        "Nhiệm vụ chưa đúng; hãy ghi: bí thư, người gửi báo cáo, cán bộ theo dõi, quản trị, người xem, hoặc "
        "cấp ủy viên phụ trách."
    ),
    Fault.DEPUTY: N_(
        "Ở đây phó bí thư không phải là một nhiệm vụ. Nếu đồng chí ấy gửi báo cáo của chi bộ, hãy ghi: "
        "người gửi báo cáo; nếu không, hãy bỏ dòng này."
    ),
    Fault.BAD_KIND: N_("Không có loại này; các loại đang có: %(kinds)s."),
    Fault.UNIT_MISSING: N_("Thiếu mã hoặc tên đơn vị."),
    Fault.NAME_MISSING: N_("Mã này chưa có trong hệ thống; đơn vị mới cần có tên."),
    Fault.KIND_MISSING: N_("Đơn vị mới cần có loại; các loại đang có: %(kinds)s."),
    Fault.KIND_CHANGES: N_("Không đổi chi bộ thành đảng bộ, hay ngược lại, bằng danh sách được."),
    Fault.UNIT_DIFFERS: N_("Dòng này ghi về đơn vị khác với dòng %(line)s."),
    Fault.UNIT_AMBIGUOUS: N_("Có nhiều đơn vị tên này; hãy ghi mã hoặc đơn vị cấp trên."),
    Fault.UNIT_FAULTY: N_("Đơn vị của dòng này có lỗi ở dòng %(line)s."),
    Fault.NAMESAKE: N_(
        "Tên này đã có ở dòng %(line)s với bí thư khác. Nếu là hai chi bộ, đồng chí hãy ghi thêm mã hoặc đơn vị cấp "
        "trên."
    ),
    Fault.CODE_ELSEWHERE: N_("Mã này đã dùng cho một đơn vị ngoài phạm vi của danh sách."),
    Fault.CLOSED: N_("Đơn vị này đã kết thúc hoạt động."),
    Fault.PARENT_UNKNOWN: N_("Không thấy đơn vị cấp trên này, trong danh sách cũng như trong phạm vi đã chọn."),
    Fault.PARENT_AMBIGUOUS: N_("Có nhiều đơn vị cấp trên tên này; hãy ghi mã, hoặc cả đường dẫn như A / B."),
    Fault.SUPERIOR_UNCLEAR: N_(
        "Không rõ đơn vị này thuộc đảng bộ ghi ở dòng trên hay thuộc thẳng đơn vị đang chọn; đồng chí hãy thêm cột "
        "Đơn vị cấp trên."
    ),
    Fault.PARENT_IS_CELL: N_("Đơn vị cấp trên là chi bộ; chi bộ không có đơn vị trực thuộc."),
    Fault.HAS_UNITS_BELOW: N_("Đơn vị này có đơn vị trực thuộc, không thể là chi bộ."),
    Fault.CIRCLE: N_("Đơn vị không thể trực thuộc chính mình hoặc cấp dưới của mình, và không quá 20 cấp."),
    Fault.TOP_STAYS: N_("Đây là đơn vị cao nhất trong phạm vi đã chọn; không chuyển cấp trên của nó ở đây được."),
    Fault.CONTACT_MISSING: N_("Cần số điện thoại hoặc email của người này."),
    Fault.PERSON_NAME_MISSING: N_("Người mới cần có họ tên."),
    Fault.SEVERAL_PEOPLE: N_("Ô này ghi nhiều người; đồng chí hãy ghi mỗi người một dòng."),
    Fault.ROLE_MISSING: N_("Thiếu nhiệm vụ của người này."),
    Fault.ROLE_NOT_HERE: N_(
        "Nhiệm vụ này không có ở loại đơn vị này: bí thư, người gửi báo cáo, cấp ủy viên phụ trách là của chi bộ; "
        "cán bộ theo dõi, quản trị là của cấp trên."
    ),
    Fault.PERSON_DIFFERS: N_("Số điện thoại hoặc email này đã ghi cho người khác ở dòng %(line)s."),
    Fault.CONTACT_OF_ANOTHER: N_("Số điện thoại hoặc email này đang là của một người khác trong hệ thống."),
    Fault.PERSON_OF_OTHER_NAME: N_(
        "Trong hệ thống số điện thoại hoặc email này ghi tên khác hẳn; hãy kiểm tra, hoặc sửa tên người đó trước."
    ),
    Fault.PERSON_ELSEWHERE: N_(
        "Người này còn nhiệm vụ ở nơi ngoài phạm vi của đồng chí; đề nghị quản trị cấp trên làm việc này."
    ),
    Fault.PERSON_DISABLED: N_("Tài khoản của người này đã khóa; hãy mở lại trước."),
}


class Note(StrEnum):
    """What a row says that is left out, and is no fault; each has its sentence in `NOTE_SENTENCES`."""

    VACANT = "vacant"
    COMMITTEE_SECRETARY = "committee_secretary"
    FIRST_PHONE = "first_phone"


NOTE_SENTENCES = {
    Note.VACANT: N_("Chưa có người ở nhiệm vụ này, nên không giao cho ai."),
    Note.COMMITTEE_SECRETARY: N_("Ở đây bí thư là của chi bộ, nên không ghi bí thư của đảng bộ này."),
    Note.FIRST_PHONE: N_("Ô này có nhiều số điện thoại. Chỉ dùng số đầu để đăng nhập."),
}
