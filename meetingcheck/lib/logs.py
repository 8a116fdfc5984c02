"""Log lines as JSON: events and ids; never a token, a name, a phone number, a query or a body."""

import logging
import sys
from typing import TextIO

import structlog

FORBIDDEN_KEYS = frozenset({"token", "password", "name", "login", "phone", "email", "body", "query", "url", "path"})


def _refuse_personal_data(_logger: object, _method: str, line: structlog.types.EventDict) -> structlog.types.EventDict:
    forbidden = FORBIDDEN_KEYS & line.keys()
    if forbidden:
        raise ValueError(f"log lines carry no {', '.join(sorted(forbidden))}")
    return line


def _frames_only(_logger: object, _method: str, line: structlog.types.EventDict) -> structlog.types.EventDict:
    """An exception is logged by its type and its frames: its message could hold what somebody typed."""
    error = line.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        line["error"] = type(error).__name__
        frames, trace = [], error.__traceback__
        while trace is not None:
            code = trace.tb_frame.f_code
            frames.append(f"{code.co_qualname}:{trace.tb_lineno}")
            trace = trace.tb_next
        line["frames"] = frames[-12:]
    return line


def configure_logs(output: TextIO | None = None) -> None:
    """Send log lines to `output`, by default standard error."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            _refuse_personal_data,
            _frames_only,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(output or sys.stderr),
        cache_logger_on_first_use=False,
    )


def log(event: str, **facts: object) -> None:
    """One line about something that happened."""
    structlog.get_logger().info(event, **facts)


def log_error(event: str, error: BaseException | None = None, **facts: object) -> None:
    """One line about something that went wrong, with the place where it did."""
    structlog.get_logger().error(event, exc_info=error if error is not None else True, **facts)
