"""Each right in a sentence, for the page that shows who may do what."""

from meetingcheck.lib.text import N_
from meetingcheck.orgs.access import Right

RIGHTS_IN_WORDS = {
    Right.VIEW_UNIT: N_("Xem tổ chức đảng, báo cáo đã gửi và ảnh của nó"),
    Right.VIEW_DRAFTS: N_("Xem báo cáo còn đang soạn"),
    Right.REPORT: N_("Gửi báo cáo sinh hoạt của chi bộ"),
    Right.CHOOSE_REPORTERS: N_("Chọn người gửi báo cáo giúp chi bộ"),
    Right.VIEW_BOARD: N_("Xem bảng theo dõi các chi bộ"),
    Right.REVIEW: N_("Trả lời báo cáo: ghi nhận, đề nghị bổ sung"),
    Right.GIVE_REPORT_LINK: N_("Tạo đường dẫn để chi bộ gửi một báo cáo không cần đăng nhập"),
    Right.CHANGE_TREE: N_("Thêm, sửa, kết thúc tổ chức đảng; ghi cấp ủy viên phụ trách"),
    Right.GIVE_ROLES: N_("Giao và kết thúc nhiệm vụ"),
    Right.SET_POLICY: N_("Đặt ngày họp, hạn gửi, thời gian họp"),
    Right.MANAGE_PEOPLE: N_("Thêm, sửa, mời, khóa người dùng; in phiếu đăng ký máy"),
    Right.IMPORT: N_("Nhập danh sách tổ chức đảng, người và nhiệm vụ từ tệp Excel"),
    Right.RUN_OFFICE: N_("Xem tình trạng hệ thống và làm lại việc bị hỏng"),
}
