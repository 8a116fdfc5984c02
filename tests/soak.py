"""How long tests wait, how often they repeat, and what they leave to chance."""

import os
import random
import secrets
import sys
import time
from collections.abc import Callable

SOAK = os.environ.get("MEETINGCHECK_SOAK") == "1"
SEED = os.environ.get("MEETINGCHECK_SEED") or str(secrets.randbelow(2**32))
PATIENCE_S = 90.0
POLL_S = 0.02


def chance(name: str) -> random.Random:
    """The random choices of one test: the same again for the same MEETINGCHECK_SEED."""
    return random.Random(f"{SEED}/{name}")


def note(text: str) -> None:
    """Say something that is shown when the test fails."""
    sys.stdout.write(f"{text}\n")


def wait_until(true: Callable[[], bool], what: str, within_s: float = PATIENCE_S) -> None:
    """Ask again and again; TimeoutError when it does not come true."""
    deadline = time.monotonic() + within_s
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"within {within_s:g} seconds not seen: {what}")
        time.sleep(POLL_S)
