"""Rules of getting in: logins, passwords and PINs, how long sessions and links last, when to wait."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from meetingcheck.lib.text import N_, one_line, search_form

SESSION_ABSOLUTE = timedelta(days=14)
SESSION_IDLE = timedelta(days=3)
SESSION_PINNED = timedelta(days=90)
SESSION_ADMINISTRATOR = timedelta(hours=12)
TOUCH_AFTER = timedelta(minutes=5)

FAILURE_WINDOW = timedelta(minutes=15)
FAILURES_ALLOWED = 10  # for one login, and for one person's second factor
ADDRESS_FAILURES_ALLOWED = 300  # a whole valley may share one address of its carrier

BETWEEN_FACTORS = timedelta(minutes=5)
RECENT_PROOF = timedelta(minutes=10)

INVITATION_LASTS = timedelta(days=14)
RESET_LASTS = timedelta(hours=24)
ENROLMENT_LASTS = timedelta(days=14)
API_TOKEN_LASTS = timedelta(days=30)

SHORTEST_PASSWORD = 8  # characters
LONGEST_PASSWORD = 500  # characters; argon2 would take any length, an attacker's too
PIN_DIGITS = 6
PIN_FAILURES_BEFORE_WAIT = 5
PIN_FAILURES_BEFORE_UNPIN = 10
PIN_WAIT = timedelta(minutes=15)
TOTP_DIGITS = 6

# Letters and digits that nobody takes for another, neither on paper nor by telephone.
CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE_LENGTH = 12
CODE_GROUP = 4

# A number copied from a phone's contacts comes with invisible marks around it and dashes of all kinds.
PHONE_SEPARATORS = re.compile(r"[\s.\-()\u200b-\u200f\u2010-\u2015\u202a-\u202e\u2060\u2066-\u2069]")
PHONE = re.compile(r"(?:(?:\+|00)?840?|0)([1-9][0-9]{8})")
MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
# These open links in a browser of their own, whose storage is apart from the phone's browser.
CHAT_BROWSER = re.compile(r"Zalo|FBAN|FBAV|FB_IAB|Instagram|Line/", re.IGNORECASE)

# What a browser says of itself, the particular ones first: they all claim to be the others.
BROWSERS = (
    ("Edg", "Edge"),
    ("SamsungBrowser", "Samsung Internet"),
    ("coc_coc", "Cốc Cốc"),
    ("Firefox", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


class Privilege(StrEnum):
    """How much harm somebody could do who signs in as this person."""

    ORDINARY = "ordinary"
    REVIEWER = "reviewer"
    ADMINISTRATOR = "administrator"


class LinkPurpose(StrEnum):
    INVITATION = "invitation"
    RESET = "reset"


LINK_LASTS = {LinkPurpose.INVITATION: INVITATION_LASTS, LinkPurpose.RESET: RESET_LASTS}
_STRENGTH = list(Privilege)


def normal_login(typed: str) -> str:
    """One form for what people type: mail in lower case; phone as 0xxxxxxxxx whether typed with +84, blanks or dots."""
    text = one_line(typed).lower()
    phone = PHONE.fullmatch(PHONE_SEPARATORS.sub("", text))
    return f"0{phone.group(1)}" if phone else text


def is_phone(login: str) -> bool:
    """Whether a login in its normal form is a phone number."""
    return bool(PHONE.fullmatch(login))


def is_mail(login: str) -> bool:
    """Whether a login in its normal form looks like a mail address."""
    return bool(MAIL.fullmatch(login))


# --- sessions


@dataclass(frozen=True)
class SessionFacts:
    """What decides whether a session still counts."""

    seen_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    pinned: bool
    privilege: Privilege


def session_lasts(privilege: Privilege, *, pinned: bool) -> timedelta:
    """The absolute limit of a session: an administrator's is the shortest, wherever it was opened."""
    if privilege == Privilege.ADMINISTRATOR:
        return SESSION_ADMINISTRATOR
    return SESSION_PINNED if pinned else SESSION_ABSOLUTE


def session_alive(session: SessionFacts, privilege: Privilege, now: datetime) -> bool:
    """Whether a session still counts for somebody who has this privilege now.

    One that was opened for less privilege ends: its sign-in was not strong enough. A clock that went back ends none.
    """
    return (
        session.revoked_at is None
        and now < session.expires_at
        and (session.pinned or now - session.seen_at < SESSION_IDLE)
        and not stronger(privilege, session.privilege)
    )


def stronger(one: Privilege, other: Privilege) -> bool:
    return _STRENGTH.index(one) > _STRENGTH.index(other)


def needs_second_factor(privilege: Privilege, *, demo: bool) -> bool:
    """Administrators and reviewers need more than a password; the demo says that it asks for none."""
    return privilege != Privilege.ORDINARY and not demo


def proof_is_recent(proven_at: datetime, now: datetime) -> bool:
    return now - proven_at < RECENT_PROOF


# --- too many attempts


def must_wait(failures_in_window: int, allowed: int = FAILURES_ALLOWED) -> bool:
    """Whether somebody has failed so often that they must wait. It ends with the window: never a lasting lock."""
    return failures_in_window >= allowed


# --- passwords and PINs


def password_problem(password: str, login: str | None, common: frozenset[str]) -> str | None:
    """Why a new password is refused, as a sentence; None when it is good. Any character may stand in it.

    `login` is the person's own, where it is known: many would take their phone number.
    """
    if len(password) < SHORTEST_PASSWORD:
        return N_("Mật khẩu cần ít nhất 8 ký tự.")
    if len(password) > LONGEST_PASSWORD:
        return N_("Mật khẩu dài quá 500 ký tự.")
    if login is not None and normal_login(password) == login:
        return N_("Số điện thoại hay email của chính mình không dùng làm mật khẩu được.")
    if {password.casefold(), search_form(password).replace(" ", "")} & common:
        return N_("Mật khẩu này nhiều người dùng, kẻ gian đoán ra ngay. Đồng chí hãy chọn mật khẩu khác.")
    return None


def pin_problem(pin: str) -> str | None:
    """Why a new PIN is refused, as a sentence; None when it is good."""
    if len(pin) != PIN_DIGITS or not pin.isascii() or not pin.isdecimal():
        return N_("Mã PIN gồm đúng 6 chữ số.")
    if _is_easy(pin):
        return N_(
            "Mã PIN này dễ đoán. Đồng chí hãy chọn 6 chữ số khác, không phải ngày tháng hay dãy số lặp lại, liền nhau."
        )
    return None


def _is_easy(pin: str) -> bool:
    """Few different digits, digits in a row or in pairs and halves, or a date of somebody's birth."""
    digits = [int(digit) for digit in pin]
    steps = {(after - before) % 10 for before, after in pairwise(digits)}
    repeats = pin[:3] * 2 == pin or pin[:2] * 3 == pin or pin == pin[::-1] or len(set(pin)) < 3
    pairs = pin[0::2] == pin[1::2]
    return len(steps) == 1 or repeats or pairs or _is_a_day(pin) or pin[:4] in _YEARS or pin[2:] in _YEARS


_YEARS = frozenset(str(year) for year in range(1930, 2031))


def _is_a_day(pin: str) -> bool:
    """ddmmyy or yymmdd."""
    first, month, last = int(pin[:2]), int(pin[2:4]), int(pin[4:])
    return 1 <= month <= 12 and (1 <= first <= 31 or 1 <= last <= 31)


def pin_waits(wait_until: datetime | None, now: datetime) -> bool:
    return wait_until is not None and now < wait_until


# --- links and codes


def link_path(token: str) -> str:
    """Where a one-time link leads, without the host. The token stands in the fragment, which no log sees."""
    return f"/one-time#{token}"


def enrolment_path(token: str) -> str:
    """What the QR on an enrolment sheet holds, without the host."""
    return f"/enrol#{token}"


def code_for_people(code: str) -> str:
    """A code in groups, as it is printed."""
    return "-".join(code[start : start + CODE_GROUP] for start in range(0, len(code), CODE_GROUP))


def code_as_typed(typed: str) -> str | None:
    """The code in what somebody typed, whatever the case, blanks and dashes; None when it is none."""
    code = re.sub(r"[^0-9A-Z]", "", typed.upper())
    return code if len(code) == CODE_LENGTH and set(code) <= set(CODE_ALPHABET) else None


# --- browsers


def in_chat_browser(user_agent: str) -> bool:
    """Whether a page is shown inside a chat app, where nothing is pinned: the phone's own browser would not know."""
    return bool(CHAT_BROWSER.search(user_agent))


def browser_name(user_agent: str) -> str:
    """A browser and its system in two words that people know, for the list of devices."""
    found = [next((name for mark, name in marks if mark in user_agent), None) for marks in (BROWSERS, SYSTEMS)]
    return " · ".join(word for word in found if word)
