"""Random tokens: shown once, stored only as their hash."""

import hashlib
import secrets

TOKEN_BYTES = 16  # 128 bits


def new_token() -> str:
    """128 random bits as URL-safe text."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_hash(token: str) -> str:
    """What is stored of a token. A plain SHA-256 is enough: 128 random bits cannot be guessed."""
    return hashlib.sha256(token.encode()).hexdigest()
