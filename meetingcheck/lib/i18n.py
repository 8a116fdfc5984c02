"""Texts in Vietnamese (the source) and English, dates as dd/mm/yyyy.

Catalogues are read from the .po files when the application starts: no compiled file can be missing or stale.
"""

import re
from datetime import date, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, g, request, session
from flask_babel import Babel, Domain, force_locale, get_locale, gettext, ngettext

from meetingcheck.lib.instants import last_day_before, local_time

LANGUAGES = ("vi", "en")
SOURCE_LANGUAGE = "vi"
LANGUAGE_KEY = "language"
CATALOGUES = Path(__file__).parent.parent / "translations"

__all__ = ["LANGUAGES", "configure_i18n", "force_locale", "format_day", "format_instant", "gettext", "ngettext"]


class PoDomain(Domain):
    """Flask-Babel's domain over .po files."""

    def __init__(self) -> None:
        super().__init__(domain="messages")  # type: ignore[no-untyped-call]
        self._catalogues: dict[str, NullTranslations] = {language: _read_catalogue(language) for language in LANGUAGES}

    def get_translations(self) -> NullTranslations:
        return self._catalogues[language()]


class PoBabel(Babel):
    """Flask-Babel makes a new domain, with an empty cache, for each request; ours is read once."""

    def __init__(self, app: Flask, **options: Any) -> None:
        self._domain = PoDomain()
        super().__init__(app, **options)  # type: ignore[no-untyped-call]

    @property
    def domain_instance(self) -> PoDomain:
        return self._domain


@cache
def _read_catalogue(language: str) -> NullTranslations:
    path = CATALOGUES / language / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return NullTranslations()
    with path.open("rb") as source:
        catalogue = read_po(source, locale=language)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(fp=compiled)


def language() -> str:
    """The language of the page or mail being made: vi or en."""
    locale = get_locale()
    return locale.language if locale is not None and locale.language in LANGUAGES else SOURCE_LANGUAGE


def _chosen_language() -> str:
    """A program that shows a token has no session; its person's language is set aside by whoever reads the token."""
    chosen = (g.get(LANGUAGE_KEY) or session.get(LANGUAGE_KEY)) if request else None
    return chosen if chosen in LANGUAGES else SOURCE_LANGUAGE


def format_day(day: date) -> str:
    """dd/mm/yyyy, in both languages: it is how dates are written on the papers of these meetings."""
    return day.strftime("%d/%m/%Y")


def format_instant(instant: datetime) -> str:
    """Local hour and day, as in "21:31 ngày 03/11/2026" but without words."""
    return local_time(instant).strftime("%H:%M %d/%m/%Y")


def format_weekday(day: date) -> str:
    """The day with its name, as in "Thứ Ba 03/11"."""
    return f"{format_date(day, 'EEEE', locale=language())} {day:%d/%m}"


def format_hour(instant: datetime) -> str:
    """Local hour with seconds, for something that ends within a minute."""
    return local_time(instant).strftime("%H:%M:%S")


def format_deadline(deadline: datetime) -> str:
    """The last day on which something is still in time."""
    return format_day(last_day_before(deadline))


MONTH_CODE, QUARTER_CODE = re.compile(r"(\d{4})-(\d{2})"), re.compile(r"(\d{4})-Q([1-4])")
ROMAN = ("I", "II", "III", "IV")


def format_period(period: date | str) -> str:
    """A month as mm/yyyy, a quarter as "Quý IV/yyyy": by the month's first day, or by the code of either. What is
    neither code stays as it is."""
    if not isinstance(period, str):
        return period.strftime("%m/%Y")
    if found := QUARTER_CODE.fullmatch(period):
        return gettext("Quý %(quarter)s", quarter=f"{ROMAN[int(found.group(2)) - 1]}/{found.group(1)}")
    return f"{found.group(2)}/{found.group(1)}" if (found := MONTH_CODE.fullmatch(period)) else period


def format_rate(tenths: int) -> str:
    """Tenths of a percent, with the language's own decimal sign: 91,3% or 91.3%."""
    return f"{tenths // 10}{',' if language() == 'vi' else '.'}{tenths % 10}%"


def configure_i18n(app: Flask) -> None:
    PoBabel(app, default_locale=SOURCE_LANGUAGE, locale_selector=_chosen_language)
    app.jinja_env.filters.update(
        day=format_day,
        instant=format_instant,
        hour=format_hour,
        weekday=format_weekday,
        deadline=format_deadline,
        last_day=last_day_before,
        period=format_period,
        rate=format_rate,
    )
    app.jinja_env.globals.update(language=language)
