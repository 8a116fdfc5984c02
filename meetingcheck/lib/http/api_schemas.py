"""The pieces that the schemas of `/api/v1` are made of: strict about what comes in, one way of writing what goes out.

The same fields check a body and describe it in the document, so what is described is what is taken. A sentence is
translated where it is shown.
"""

import re
import uuid
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Any

from apiflask import Schema
from marshmallow import EXCLUDE, INCLUDE, RAISE, fields
from marshmallow.validate import Length, OneOf, Range

from meetingcheck.lib.text import N_, storable

YEAR_FIRST = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
HOUR = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)
MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])", re.ASCII)
INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})")
ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
LARGEST = 2**31 - 1  # what both databases can compare a column of numbers with

REQUIRED = N_("Thiếu trường này.")
NOT_NULL = N_("Trường này không được để null.")
UNKNOWN = N_("Không có trường này, hoặc trường này chỉ để đọc.")
OBJECT_WANTED = N_("Chỗ này cần một đối tượng JSON.")
LIST_WANTED = N_("Chỗ này cần một danh sách.")
TEXT_WANTED = N_("Chỗ này cần một chuỗi chữ đọc được.")
NUMBER_WANTED = N_("Chỗ này cần một số nguyên trong khoảng cho phép.")
FLAG_WANTED = N_("Chỗ này cần true hoặc false.")
DAY_WANTED = N_("Chỗ này cần một ngày dạng YYYY-MM-DD.")
MONTH_WANTED = N_("Chỗ này cần một tháng dạng YYYY-MM.")
HOUR_WANTED = N_("Chỗ này cần một giờ dạng HH:MM.")
INSTANT_WANTED = N_("Chỗ này cần một thời điểm ISO 8601 có múi giờ, ví dụ 2026-11-03T14:30:00Z.")
ID_WANTED = N_("Chỗ này cần một UUID.")
CHOICE_WANTED = N_("Giá trị này không có trong danh sách cho phép.")
TOO_LONG = N_("Chuỗi này dài quá.")
TOO_MANY = N_("Danh sách này dài quá.")
UNSAFE = N_("Dòng này có ký tự không dùng được. Đồng chí hãy gõ lại.")

_MISSING = {"required": REQUIRED, "null": NOT_NULL}


class Asked(Schema):
    """What comes in. Fields that are not named here, the read-only ones among them, are refused by name."""

    error_messages = {"unknown": UNKNOWN, "type": OBJECT_WANTED}  # noqa: RUF012 - marshmallow's own way

    class Meta:
        unknown = RAISE


class AskedQuery(Asked):
    """What comes in with the address; programs and proxies may add what they like."""

    class Meta:
        unknown = EXCLUDE


class Told(Schema):
    """What goes out: every field is always there, but those named in `sometimes`. Later versions may tell more."""

    sometimes: frozenset[str] = frozenset()

    class Meta:
        unknown = INCLUDE

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        field_obj.required = field_name not in self.sometimes


class Text(fields.String):
    """Text as both databases can keep it. `longest` in characters."""

    default_error_messages = {**_MISSING, "invalid": TEXT_WANTED}  # noqa: RUF012

    def __init__(self, longest: int | None = None, **options: Any) -> None:
        if longest is not None:
            options["validate"] = Length(max=longest, error=TOO_LONG)
        super().__init__(**options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        if not isinstance(value, str) or _has_halves(value):
            raise self.make_error("invalid")
        return storable(value)


def _has_halves(text: str) -> bool:
    """Half of a surrogate pair is no character; JSON can hold one, no database can."""
    return any("\ud800" <= char <= "\udfff" for char in text)


class Count(fields.Integer):
    """A whole number, written as one."""

    default_error_messages = {**_MISSING, "invalid": NUMBER_WANTED}  # noqa: RUF012

    def __init__(self, low: int = 0, high: int = LARGEST, **options: Any) -> None:
        super().__init__(validate=Range(low, high, error=NUMBER_WANTED), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> int:
        # 1.0 is the same number as 1 to JSON
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.make_error("invalid")
        return value


class TypedCount(Count):
    """A whole number in an address."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", str(value)):
            raise self.make_error("invalid")
        return int(value)


class Flag(fields.Boolean):
    default_error_messages = {**_MISSING, "invalid": FLAG_WANTED}  # noqa: RUF012

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class TypedFlag(Flag):
    """true or false in an address."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> bool:
        if value not in {"true", "false"}:
            raise self.make_error("invalid")
        return bool(value == "true")


class Day(fields.Date):
    """A local day as YYYY-MM-DD."""

    default_error_messages = {**_MISSING, "invalid": DAY_WANTED}  # noqa: RUF012

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> date:
        if not isinstance(value, str) or not YEAR_FIRST.fullmatch(value):
            raise self.make_error("invalid")
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise self.make_error("invalid") from error


class Hour(fields.String):
    """A local hour as HH:MM."""

    default_error_messages = {**_MISSING, "invalid": HOUR_WANTED}  # noqa: RUF012

    def __init__(self, **options: Any) -> None:
        super().__init__(metadata={"pattern": f"^{HOUR.pattern}$", "examples": ["19:30"]}, **options)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> str | None:
        return None if value is None else value.strftime("%H:%M")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        if not isinstance(value, str) or not HOUR.fullmatch(value):
            raise self.make_error("invalid")
        return time.fromisoformat(value)


class MonthCode(fields.String):
    """A calendar month as YYYY-MM."""

    default_error_messages = {**_MISSING, "invalid": MONTH_WANTED}  # noqa: RUF012

    def __init__(self, **options: Any) -> None:
        super().__init__(metadata={"pattern": f"^{MONTH.pattern}$", "examples": ["2026-11"]}, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        if not isinstance(value, str) or not MONTH.fullmatch(value):
            raise self.make_error("invalid")
        return value


class Moment(fields.String):
    """An instant, in UTC when it goes out."""

    default_error_messages = {**_MISSING, "invalid": INSTANT_WANTED}  # noqa: RUF012

    def __init__(self, **options: Any) -> None:
        described = {"format": "date-time", "examples": ["2026-11-03T14:30:00Z"], **options.pop("metadata", {})}
        super().__init__(metadata=described, **options)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> str | None:
        return None if value is None else instant_text(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        if not isinstance(value, str) or not INSTANT.fullmatch(value):
            raise self.make_error("invalid")
        try:
            return datetime.fromisoformat(value).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise self.make_error("invalid") from error


def instant_text(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


class Id(fields.UUID):
    default_error_messages = {**_MISSING, "invalid_uuid": ID_WANTED}  # noqa: RUF012

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> uuid.UUID:
        if not isinstance(value, str) or not ID.fullmatch(value):
            raise self.make_error("invalid_uuid")
        return uuid.UUID(value)


class Choice(fields.String):
    """One of the values of a StrEnum."""

    default_error_messages = {**_MISSING, "invalid": CHOICE_WANTED}  # noqa: RUF012

    def __init__(self, members: type[StrEnum], **options: Any) -> None:
        self._members = members
        super().__init__(validate=OneOf([one.value for one in members], error=CHOICE_WANTED), **options)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> str | None:
        return None if value is None else str(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        if not isinstance(value, str) or value not in set(self._members):
            raise self.make_error("invalid")
        return self._members(value)


class Part(fields.Nested):
    """An object within an object."""

    default_error_messages = {**_MISSING, "type": OBJECT_WANTED}  # noqa: RUF012


class Many(fields.List[Any]):
    """A list of such fields."""

    default_error_messages = {**_MISSING, "invalid": LIST_WANTED}  # noqa: RUF012

    def __init__(self, one: Any, most: int | None = None, **options: Any) -> None:
        if most is not None:
            options["validate"] = Length(max=most, error=TOO_MANY)
        super().__init__(one, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> list[Any]:
        if not isinstance(value, list):
            raise self.make_error("invalid")
        found: list[Any] = super()._deserialize(value, attr, data, **options)
        return found


class Problem(Told):
    field = Text(metadata={"description": "Where: a field's name, with dots and numbers for what lies within it."})
    sentence = Text(metadata={"description": "What is wrong and what to do, in the person's language."})


class Error(Told):
    """Every refusal. Foreign and missing things are the same 404."""

    error = Text(metadata={"examples": ["Not Found"]})
    message = Text(metadata={"description": "What happened and what to do, in the person's language."})


class Problems(Error):
    """What was sent cannot be used as it is."""

    errors = fields.List(fields.Nested(Problem))


def flatten(messages: Mapping[Any, Any] | list[Any], path: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """The sentences of a refused body with the places at which they stand."""
    if isinstance(messages, Mapping):
        return [
            found
            for name, inner in messages.items()
            for found in flatten(inner, path if name == "_schema" else (*path, str(name)))
        ]
    return [(".".join(path), str(sentence)) for sentence in messages]
