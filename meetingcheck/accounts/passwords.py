"""Passwords and PINs as argon2id hashes, and the list of passwords that too many people use."""

import secrets
import threading
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from meetingcheck.accounts.keys import keyed_hash

# Each run takes 64 MiB: more at the same time would let a flood of sign-ins eat the machine's memory.
CONCURRENT_RUNS = 4
# The most used passwords of 8 characters and more (from the lists of zxcvbn), and habits of Vietnamese speakers.
COMMON_PASSWORDS = Path(__file__).parent / "common_passwords.txt"

_hasher = PasswordHasher()
_runs = threading.BoundedSemaphore(CONCURRENT_RUNS)
_nobody_s_hash = _hasher.hash(secrets.token_urlsafe())


def hash_password(password: str) -> str:
    with _runs:
        return _hasher.hash(password)


def verify_password(stored_hash: str | None, password: str) -> bool:
    """One argon2 run whether the person exists or not, so that the time tells nothing."""
    with _runs:
        try:
            return _hasher.verify(stored_hash or _nobody_s_hash, password) and stored_hash is not None
        except (VerificationError, InvalidHashError):
            return False


def peppered(secret_key: str, pin: str) -> str:
    """What is hashed instead of a PIN: six digits are soon guessed from a stolen table, but for the key."""
    return keyed_hash(secret_key, "pin", pin)


@cache
def common_passwords() -> frozenset[str]:
    """In lower case."""
    return frozenset(COMMON_PASSWORDS.read_text(encoding="utf-8").splitlines())
