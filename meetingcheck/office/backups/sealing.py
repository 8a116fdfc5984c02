"""Sealing a file for whoever holds a private key: X25519, HKDF-SHA256, then ChaCha20-Poly1305 in chunks.

Each file has a key of its own. The nonce counts the chunks and marks the last, so that chunks cannot be exchanged or
cut off unnoticed. Key pairs are those of OpenSSL: `openssl genpkey -algorithm x25519 -out private.pem` and
`openssl pkey -in private.pem -pubout -out public.pem`.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from meetingcheck.office.backups.manifest import BackupDamaged, BackupError

MARK = b"meetingcheck sealed 1\n"
CHUNK_BYTES = 64 * 1024
_KEY_BYTES = 32
_TAG_BYTES = 16


def read_public_key(path: Path) -> X25519PublicKey:
    """Raises BackupError."""
    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise BackupError(f"{path} cannot be read as a public key in PEM form.") from error
    if not isinstance(key, X25519PublicKey):
        raise BackupError(f"{path} is not an X25519 key. Make one: openssl genpkey -algorithm x25519")
    return key


def read_private_key(path: Path) -> X25519PrivateKey:
    """Raises BackupError."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BackupError(f"{path} cannot be read as a private key in PEM form without a password.") from error
    if not isinstance(key, X25519PrivateKey):
        raise BackupError(f"{path} is not an X25519 key.")
    return key


def seal(chunks: Iterable[bytes], recipient: X25519PublicKey) -> Iterator[bytes]:
    """What only the holder of the recipient's private key can read."""
    own = X25519PrivateKey.generate()
    cipher = _cipher(own.exchange(recipient), own.public_key(), recipient)
    yield MARK + own.public_key().public_bytes_raw()
    for number, (chunk, last) in enumerate(_resized(chunks, CHUNK_BYTES)):
        yield cipher.encrypt(_nonce(number, last), chunk, None)


def unseal(chunks: Iterable[bytes], identity: X25519PrivateKey) -> Iterator[bytes]:
    """The content again. Raises BackupDamaged when it is not whole, or was sealed for another key."""
    pieces = iter(chunks)
    head, rest = _cut(pieces, len(MARK) + _KEY_BYTES)
    if not head.startswith(MARK) or len(head) < len(MARK) + _KEY_BYTES:
        raise BackupDamaged("A file of the backup is not sealed as it should be.")
    sender = X25519PublicKey.from_public_bytes(head[len(MARK) :])
    cipher = _cipher(identity.exchange(sender), sender, identity.public_key())

    def body() -> Iterator[bytes]:
        yield rest
        yield from pieces

    try:
        for number, (chunk, last) in enumerate(_resized(body(), CHUNK_BYTES + _TAG_BYTES)):
            yield cipher.decrypt(_nonce(number, last), chunk, None)
    except InvalidTag as error:
        raise BackupDamaged("A file of the backup is damaged, or it was sealed for another key.") from error


def _cipher(shared: bytes, sender: X25519PublicKey, recipient: X25519PublicKey) -> ChaCha20Poly1305:
    salt = sender.public_bytes_raw() + recipient.public_bytes_raw()
    return ChaCha20Poly1305(HKDF(SHA256(), _KEY_BYTES, salt, MARK).derive(shared))


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _cut(pieces: Iterator[bytes], size: int) -> tuple[bytes, bytes]:
    """The first `size` bytes, and what more had to be read for them."""
    buffer = b""
    for piece in pieces:
        buffer += piece
        if len(buffer) >= size:
            break
    return buffer[:size], buffer[size:]


def _resized(chunks: Iterable[bytes], size: int) -> Iterator[tuple[bytes, bool]]:
    """The same bytes in chunks of `size`, each with whether it is the last; at least one, maybe empty."""
    buffer = bytearray()
    for chunk in chunks:
        buffer += chunk
        while len(buffer) > size:
            yield bytes(buffer[:size]), False
            del buffer[:size]
    yield bytes(buffer), True
