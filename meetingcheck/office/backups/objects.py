"""The objects of a backup: copied out of the store and back into it, several at a time, each checked by SHA-256."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import TypeVar

from meetingcheck.lib.registries import NamedObject
from meetingcheck.lib.storage import ObjectMissing, Storage, StorageUnavailable
from meetingcheck.office.backups.folder import KeptBackup, NewBackup
from meetingcheck.office.backups.manifest import KeptObject, LostObject

AT_ONCE = 4
TRIES = 5
FIRST_PAUSE_S = 1.0

T = TypeVar("T")
R = TypeVar("R")


def copy_out(storage: Storage, new: NewBackup, named: NamedObject) -> KeptObject | LostObject:
    """What was kept, or that the store no longer has what the row says. Raises StorageError, OSError."""

    def copied() -> KeptObject:
        with storage.stream(named.key) as stream:
            file = new.write(f"objects/{named.key}", stream)
            return KeptObject(named.key, file.size, file.sha256, stream.content_type)

    try:
        kept = _patiently(copied)
    except ObjectMissing:
        return LostObject(named.key, f"The object {named.key} is missing in the store.")
    if named.sha256 not in {None, kept.sha256}:
        new.drop(kept.file.path)
        return LostObject(named.key, f"The object {named.key} is damaged in the store: its SHA-256 is another.")
    return kept


def copy_in(storage: Storage, backup: KeptBackup, kept: KeptObject) -> None:
    """Raises BackupDamaged, StorageError."""
    body = b"".join(backup.read(kept.file))
    _patiently(lambda: storage.put(kept.key, body, kept.content_type))


def side_by_side(work: Callable[[T], R], things: Sequence[T], after_each: Callable[[int, R], None]) -> list[R]:
    """The results in the order of the things. `after_each` hears, in this thread, how many are done.

    The first error ends it: nothing more is begun, what is under way ends, then it is raised.
    """
    results: dict[int, R] = {}
    waiting: Iterator[tuple[int, T]] = enumerate(things)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        running: dict[Future[R], int] = {}
        while True:
            for number, thing in islice(waiting, AT_ONCE * 2 - len(running)):
                running[pool.submit(work, thing)] = number
            if not running:
                return [results[number] for number in range(len(things))]
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                number = running.pop(future)
                try:
                    results[number] = future.result()
                    after_each(len(results), results[number])
                except BaseException:
                    pool.shutdown(cancel_futures=True)
                    raise


def _patiently(work: Callable[[], R]) -> R:
    """A store that restarts is waited for, some 15 seconds."""
    pause_s = FIRST_PAUSE_S
    for _ in range(TRIES - 1):
        try:
            return work()
        except StorageUnavailable:
            time.sleep(pause_s)
            pause_s *= 2
    return work()
