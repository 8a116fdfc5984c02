"""Keys for one purpose each, derived from the installation's secret key."""

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32


def derived_key(secret_key: str, purpose: str) -> bytes:
    """32 bytes that tell nothing about the secret key or about the key of another purpose."""
    hkdf = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=f"meetingcheck {purpose}".encode())
    return hkdf.derive(secret_key.encode())


def keyed_hash(secret_key: str, purpose: str, text: str) -> str:
    """A hash that only this installation can make: for what could be guessed, such as an address."""
    return hmac.new(derived_key(secret_key, purpose), text.encode(), hashlib.sha256).hexdigest()


def seal(secret_key: str, purpose: str, text: str) -> bytes:
    """Encrypt a short text."""
    return _box(secret_key, purpose).encrypt(text.encode())


def unseal(secret_key: str, purpose: str, sealed: bytes) -> str | None:
    """The text that was sealed; None when it was not sealed for this purpose with this secret key."""
    try:
        return _box(secret_key, purpose).decrypt(sealed).decode()
    except InvalidToken:
        return None


def _box(secret_key: str, purpose: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(derived_key(secret_key, purpose)))
