"""Each right in a sentence, for the page that shows who may do what."""

from meetingcheck.lib.text import N_
from meetingcheck.orgs.access import Right

RIGHTS_IN_WORDS = {
    Right.VIEW_UNIT: N_("Xem tổ chức đảng, báo cáo đã gửi và ảnh của nó"),
    Right.FILE_FOR: N_("Nhập thay báo cáo khi chi bộ gọi điện"),
    Right.CHANGE_REPORT: N_("Hủy báo cáo, chuyển báo cáo sang đúng chi bộ, đúng kỳ"),
    Right.VIEW_DRAFTS: N_("Xem báo cáo còn đang soạn"),
    Right.REPORT: N_("Gửi báo cáo sinh hoạt của chi bộ"),
    Right.CHOOSE_REPORTERS: N_("Chọn người gửi báo cáo giúp chi bộ"),
    Right.VIEW_BOARD: N_("Xem bảng theo dõi các chi bộ"),
    Right.REVIEW: N_("Trả lời báo cáo: ghi nhận, đề nghị bổ sung"),
    Right.TALK: N_("Trao đổi về một báo cáo giữa chi bộ và cấp trên trực tiếp"),
    Right.CONFIRM_LATE: N_("Nhận vào, hoặc bỏ, báo cáo gửi đến sau khi người gửi đã hết nhiệm vụ"),
    Right.GIVE_REPORT_LINK: N_("Tạo đường dẫn để chi bộ gửi một báo cáo không cần đăng nhập"),
    Right.FIND_RECEIPT: N_("Tìm báo cáo theo mã biên nhận đọc qua điện thoại"),
    Right.CHANGE_TREE: N_("Thêm, sửa, kết thúc tổ chức đảng; ghi cấp ủy viên phụ trách"),
    Right.GIVE_ROLES: N_("Giao và kết thúc nhiệm vụ"),
    Right.SET_POLICY: N_("Đặt ngày họp, hạn gửi, thời gian họp"),
    Right.DECIDE_EXCEPTIONS: N_("Trả lời chi bộ chưa họp được: cho lùi ngày, không tính kỳ này"),
    Right.SET_EXCEPTIONS: N_("Lùi ngày họp, không tính một kỳ cho cả vùng hoặc một chi bộ"),
    Right.MANAGE_PEOPLE: N_("Thêm, sửa, mời, khóa người dùng; in phiếu đăng ký máy"),
    Right.TAKE_BACK: N_("Gỡ ảnh, tài liệu mà chi bộ mình gửi nhầm"),
    Right.PUT_BACK: N_("Đưa ảnh, tài liệu đã gỡ trở lại báo cáo"),
    Right.VIEW_WITHDRAWN: N_("Xem ảnh, tài liệu đã gỡ"),
    Right.IMPORT: N_("Nhập danh sách tổ chức đảng, người và nhiệm vụ từ tệp Excel"),
    Right.RUN_OFFICE: N_("Xem tình trạng hệ thống và làm lại việc bị hỏng"),
}
