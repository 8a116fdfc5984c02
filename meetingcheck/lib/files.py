"""Files that several processes may make at the same moment: complete, private, and made once."""

import os
import secrets
from pathlib import Path

PRIVATE = 0o600


def write_once(path: Path, text: str) -> str:
    """Write the file, complete and 0600, unless it is there; what it holds then, whoever wrote it."""
    if not path.exists():
        aside = _written_aside(path, text)
        try:
            path.hardlink_to(aside)  # atomic, and refuses to replace what another process has made
        except FileExistsError:
            pass
        finally:
            aside.unlink()
    return path.read_text(encoding="utf-8")


def replace(path: Path, text: str) -> None:
    """Put the text in place of what the file held, 0600; readers see the old or the new, never half of it."""
    _written_aside(path, text).replace(path)


def _written_aside(path: Path, text: str) -> Path:
    aside = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return aside
