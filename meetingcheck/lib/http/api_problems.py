"""Refusing what a program sent, with sentences at its fields, as the pages do it."""

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from flask import Response, abort, jsonify
from flask_babel import gettext

from meetingcheck.lib.http.errors import error_body

UNPROCESSABLE, CONFLICT, TOO_MANY = 422, 409, 429
TRY_AGAIN_S = 3600


def problems_response(problems: Iterable[tuple[str, str]], status: int = UNPROCESSABLE, **facts: Any) -> Response:
    """The sentences, each once, translated; `facts` are told beside them."""
    errors = [{"field": field, "sentence": gettext(sentence)} for field, sentence in dict.fromkeys(problems)]
    response = jsonify(**error_body(status), errors=errors, **facts)
    response.status_code = status
    if status == TOO_MANY:
        response.headers["Retry-After"] = str(TRY_AGAIN_S)
    return response


def refuse(problems: Iterable[tuple[str, str]], status: int = UNPROCESSABLE) -> NoReturn:
    abort(problems_response(problems, status))


def refuse_field(field: str, sentence: str) -> NoReturn:
    refuse([(field, sentence)])


def conflict(reason: str, **facts: Any) -> NoReturn:
    """Something else stands there by now; nothing was overwritten. `reason` is for programs."""
    response = jsonify(**error_body(CONFLICT), reason=reason, **facts)
    response.status_code = CONFLICT
    abort(response)


def all_sentences(problems: Mapping[str, list[str]]) -> list[tuple[str, str]]:
    """The sentences of a form's rules as pairs."""
    return [(field, sentence) for field, sentences in problems.items() for sentence in sentences]
