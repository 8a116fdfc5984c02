"""The code on a receipt: 128 bits that only this installation can make, and from which it finds the report again.

The code is the report's id, itself 128 bits, sent through a block cipher under a key of its own. So nothing is kept,
no code follows from a report's address, and every text of the right length stands for some id, mostly of nothing.
"""

import base64
import binascii
import re
import uuid

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from meetingcheck.accounts.keys import derived_key

KEY_PURPOSE = "receipt"
SHORT_CODE = re.compile(r"[0-9A-F]{8}")
NO_REPORT = uuid.UUID(int=0)  # what stands for a text that is no code, so that it is looked up like one


def receipt_token(secret_key: str, meeting_id: uuid.UUID) -> str:
    """The code of a report's receipt, as URL-safe text."""
    return base64.urlsafe_b64encode(_one_block(_cipher(secret_key).encryptor(), meeting_id.bytes)).decode().rstrip("=")


def meeting_of_token(secret_key: str, token: str) -> uuid.UUID:
    """The id that a code stands for; of no report when nobody was given this code."""
    try:
        block = base64.b64decode(f"{token}==".encode(), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return NO_REPORT
    return uuid.UUID(bytes=_one_block(_cipher(secret_key).decryptor(), block)) if len(block) == 16 else NO_REPORT


def _cipher(secret_key: str) -> Cipher[ECB]:
    # One block, and the ids are unique: there is no second block whose likeness a mode would have to hide.
    return Cipher(AES(derived_key(secret_key, KEY_PURPOSE)), ECB())  # noqa: S305


def _one_block(context: CipherContext, block: bytes) -> bytes:
    return context.update(block) + context.finalize()


def receipt_path(token: str) -> str:
    """What the QR on a receipt holds, without the host. The code stands in the fragment, which no log sees."""
    return f"/receipts#{token}"


def short_code_as_typed(typed: str) -> str | None:
    """The eight signs of a short code, whatever the case, blanks and dashes; None when it is none."""
    code = re.sub(r"[^0-9A-Z]", "", typed.upper())
    return code if SHORT_CODE.fullmatch(code) else None


def ids_with_short_code(code: str) -> tuple[uuid.UUID, uuid.UUID]:
    """The lowest and the highest id whose short code (meetings/rules.py) this is."""
    return uuid.UUID(hex=f"{code}{'0' * 24}"), uuid.UUID(hex=f"{code}{'f' * 24}")
