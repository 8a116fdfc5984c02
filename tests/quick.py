"""What makes a run of tests quick without changing what is tested: work that is the same each time is done once, and
nothing that is thrown away afterwards waits for a disk."""

import gc
import os
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from types import CodeType

import pytest
from jinja2.bccache import Bucket, BytecodeCache

# Files whose few tests take long: at the end of a run one process would work on them alone.
LONG = (
    "api/test_schemathesis.py",
    "pages/test_slow_line.py",
    "pages/test_lighthouse.py",
    "orgs/test_matrix.py",
    "duties/test_sequences.py",
    "pages/test_photo_memory.py",
    "guards/test_scripts.py",
)
MEMORY = Path("/dev/shm")
ROOM = 6 << 30  # bytes; a whole run fills less than a third of it
KILOBYTE = 1024


def _memory_left() -> int:
    """Bytes of memory that programs can still have; 0 where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return 0
    sizes = dict(line.split(":", 1) for line in lines)
    return int(sizes.get("MemAvailable", "0 kB").split()[0]) * KILOBYTE


def keep_files_in_memory() -> None:
    """Databases, stores and profiles of this run go to memory where there is room, unless TMPDIR says otherwise."""
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK):
        return
    if min(shutil.disk_usage(MEMORY).free, _memory_left()) >= ROOM:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


def leave_what_is_loaded_alone() -> None:
    """Have Python look for dead objects among those of the tests only, and less often: among all modules, after each
    few hundred new objects, that took a quarter of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 10)


def longest_files_first(items: list[pytest.Item]) -> None:
    """So that all processes end at about the same time: the long files, then by the number of their tests."""
    numbers = Counter(item.path for item in items)
    names = {path: "/".join(path.parts[-2:]) for path in numbers}
    items.sort(key=lambda item: (names[item.path] not in LONG, -numbers[item.path]))


class CompiledTemplates(BytecodeCache):
    """Templates that each application would compile again; Jinja compares the sources itself."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, CodeType]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        checksum, code = self._known.get(bucket.key, ("", None))
        if checksum == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None
        self._known[bucket.key] = bucket.checksum, bucket.code


TEMPLATES = CompiledTemplates()
