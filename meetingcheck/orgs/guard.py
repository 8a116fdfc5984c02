"""No answer without a question: a route that forgot to ask for its right answers 500 instead of somebody's data."""

from http import HTTPStatus

from flask import Flask, Response, request

from meetingcheck.lib.http.errors import error_response
from meetingcheck.lib.http.rights import needed_right
from meetingcheck.lib.logs import log_error
from meetingcheck.orgs.access import answer_was_asked_for


def configure_guard(app: Flask) -> None:
    def refuse_unasked(response: Response) -> Response:
        if request.endpoint is None or response.status_code >= HTTPStatus.BAD_REQUEST or _goes_to_sign_in(response):
            return response
        if answer_was_asked_for(needed_right()):
            return response
        log_error("right not asked for", RuntimeError(), endpoint=request.endpoint)
        return error_response(HTTPStatus.INTERNAL_SERVER_ERROR)

    app.after_request(refuse_unasked)


def _goes_to_sign_in(response: Response) -> bool:
    return response.status_code in {302, 303, 307} and response.headers.get("Location", "").startswith("/sign-in")
