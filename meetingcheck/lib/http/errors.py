"""Error pages in plain words: what happened, and what to do now. They need no database."""

from http import HTTPStatus

from flask import Flask, Response, jsonify, make_response, render_template, request
from flask_babel import gettext
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, TimeoutError
from werkzeug.exceptions import HTTPException, ServiceUnavailable

from meetingcheck.lib.logs import log_error
from meetingcheck.lib.storage import StorageError
from meetingcheck.lib.text import N_

RETRY_AFTER_S = 30

# (what happened, what to do)
SENTENCES: dict[int, tuple[str, str]] = {
    400: (
        N_("Máy chủ không hiểu yêu cầu này."),
        N_("Đồng chí hãy quay lại trang trước, tải lại trang rồi làm lại."),
    ),
    401: (
        N_("Đồng chí chưa đăng nhập, hoặc lần đăng nhập trước đã hết hạn."),
        N_("Đồng chí hãy đăng nhập rồi làm lại. Chương trình thì cần một mã truy cập còn hạn."),
    ),
    403: (
        N_("Đồng chí không có quyền làm việc này."),
        N_("Nếu đây là việc của đồng chí, hãy hỏi người quản trị hệ thống."),
    ),
    404: (
        N_("Không tìm thấy trang này."),
        N_("Có thể đường dẫn bị thiếu, hoặc trang không thuộc phạm vi của đồng chí."),
    ),
    405: (
        N_("Trang này không dùng theo cách đó được."),
        N_("Đồng chí hãy quay lại trang đầu."),
    ),
    409: (
        N_("Nội dung này vừa được thay đổi ở nơi khác."),
        N_("Đồng chí hãy mở lại trang để xem bản mới nhất."),
    ),
    413: (
        N_("Nội dung gửi lên quá lớn."),
        N_("Mỗi ảnh tối đa 25 MB, chữ tối đa 2 MB. Đồng chí quay lại trang trước, bớt đi rồi gửi lại."),
    ),
    415: (
        N_("Máy chủ không nhận kiểu nội dung này."),
        N_("Chương trình cần gửi đúng kiểu nội dung mà tài liệu của giao diện ghi."),
    ),
    422: (
        N_("Nội dung gửi lên chưa dùng được."),
        N_("Đồng chí hãy xem lại các chỗ được ghi bên cạnh rồi gửi lại."),
    ),
    429: (
        N_("Đồng chí đã thử quá nhiều lần."),
        N_("Hãy đợi vài phút rồi thử lại. Không có gì bị mất."),
    ),
    500: (
        N_("Hệ thống gặp lỗi."),
        N_("Lỗi đã được ghi lại. Những gì đã gửi xong vẫn được giữ; đồng chí hãy thử lại."),
    ),
    503: (
        N_("Hệ thống đang bận hoặc đang bảo trì."),
        N_("Những gì đã gửi xong vẫn được giữ. Đồng chí hãy thử lại sau ít phút."),
    ),
}


def wants_json() -> bool:
    return request.path.startswith("/api/")


def words_of_error(status: int) -> tuple[str, str]:
    """What happened and what to do; unknown statuses speak like the nearest known one."""
    known = status if status in SENTENCES else (400 if status < HTTPStatus.INTERNAL_SERVER_ERROR else 500)
    happened, advice = SENTENCES[known]
    return gettext(happened), gettext(advice)


def error_body(status: int) -> dict[str, str]:
    """What every refusal tells a program."""
    happened, advice = words_of_error(status)
    return {"error": HTTPStatus(status).phrase, "message": f"{happened} {advice}"}


def error_response(status: int) -> Response:
    """The error page (or JSON under /api/) of a status."""
    if wants_json():
        response = jsonify(error_body(status))
    else:
        happened, advice = words_of_error(status)
        response = make_response(render_template("error.html", status=status, happened=happened, advice=advice))
    response.status_code = status
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    if status in {429, 503}:
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return response


def configure_errors(app: Flask) -> None:
    def on_http_error(error: HTTPException) -> Response:
        if error.response is not None or error.code is None or error.code < HTTPStatus.BAD_REQUEST:
            return make_response(error.get_response())
        return error_response(error.code)

    def on_outage(error: Exception) -> Response:
        log_error("outage", error)
        return error_response(ServiceUnavailable.code)

    def on_bug(error: Exception) -> Response:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            return on_outage(error)
        log_error("unexpected error", error)
        return error_response(HTTPStatus.INTERNAL_SERVER_ERROR)

    app.register_error_handler(HTTPException, on_http_error)
    for outage in (StorageError, OperationalError, InterfaceError, TimeoutError):
        app.register_error_handler(outage, on_outage)
    app.register_error_handler(Exception, on_bug)
