"""Passwords as argon2id hashes."""

import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# Each run takes 64 MiB: more at the same time would let a flood of sign-ins eat the machine's memory.
CONCURRENT_RUNS = 4

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
