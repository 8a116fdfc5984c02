"""What an entry commits to."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

SALT_BYTES = 16


def commitment(salt: bytes, payload: Mapping[str, Any]) -> bytes:
    """SHA-256 of salt and canonical JSON. The salt keeps a short payload from being guessed from its hash."""
    canonical = json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(salt + canonical.encode()).digest()
