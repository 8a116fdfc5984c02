"""What runs on this machine."""

import contextlib
from collections.abc import Iterator
from pathlib import Path


def processes() -> Iterator[tuple[int, tuple[int, str]]]:
    """Number, session and command of every process that runs."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                facts = (folder / "stat").read_text().rpartition(")")[2].split()
                if facts[0] not in {"Z", "X"}:
                    command = (folder / "cmdline").read_text().replace("\0", " ").strip()
                    yield int(folder.name), (int(facts[3]), command)
