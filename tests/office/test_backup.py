"""A backup is made while everybody works, and an empty installation becomes the same again from it, or stays empty."""

import hashlib
import json
import os
import re
import resource
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from meetingcheck.accounts.models import UserSession
from meetingcheck.cli import main
from meetingcheck.lib.migrate import migrate, newest_revision, pending
from meetingcheck.meetings.documents.rules import document_key
from meetingcheck.meetings.models import Document
from meetingcheck.office.backups import postgres
from meetingcheck.office.backups.folder import DIGEST, MANIFEST, PARTIAL, KeptBackup, NewBackup
from meetingcheck.office.backups.keys import SECRET_KEY as KEY_FILE
from meetingcheck.office.backups.making import make_backup
from meetingcheck.office.backups.manifest import BackupError, Manifest, digest_line
from meetingcheck.office.backups.restoring import PURGES, restore_backup
from meetingcheck.office.backups.rows import rows_of
from meetingcheck.office.backups.sealing import read_private_key, read_public_key
from meetingcheck.office.models import BackupRun
from meetingcheck.orgs.models import Unit
from meetingcheck.photos.holding import Holding
from meetingcheck.photos.models import Photo, PhotoState
from meetingcheck.photos.objects import list_named
from meetingcheck.photos.rules import Size, original_key, rendition_key
from meetingcheck.record.models import RecordEntry
from tests.engines.proxy import StallingProxy
from tests.office.conftest import Builder, Lived, Restored
from tests.office.places import DOCUMENT, SECRET_KEY, Place, live_in, new_photo, report
from tests.world import World

# What a restore changes on purpose: who is signed in, who holds a lease, and the note of the backup and of the restore.
CHANGED = {"lease", "user_session", "one_time_link", "backup_run", "record_entry", "record_payload"}


def quiet(_line: str) -> None:
    """Progress that nobody reads."""


def unchanged(tables: dict[str, list[tuple[Any, ...]]]) -> dict[str, list[tuple[Any, ...]]]:
    return {name: rows for name, rows in tables.items() if name not in CHANGED}


def restored(backup: Path, place: Place, **options: Any) -> Place:
    restore_backup(place.app, backup, quiet, **options)
    return place


def fails(work: Callable[[], object], said: str) -> None:
    """It ends with one sentence that says this."""
    with pytest.raises(BackupError) as failure:
        work()
    assert said in str(failure.value)
    assert "\n" not in str(failure.value)


def same_people(place: Place) -> World:
    """The world's people in another installation; of the units nothing is known here."""
    nowhere = uuid.uuid4()
    return World(place.app, place.clock, nowhere, nowhere, (), nowhere, nowhere, {})


# --- what a backup is


def test_a_restored_installation_is_the_same(lived: Lived, second: Restored) -> None:
    place = second.place
    assert unchanged(second.tables) == unchanged(lived.place.tables())
    before, after = lived.place.tables()["record_entry"], second.tables["record_entry"]
    assert {row for row in before if "backup" not in row[2]} == {row for row in after if "backup" not in row[2]}
    assert place.objects() == lived.place.objects()
    assert len(place.objects()) == 2 * 3 + 1 + 1

    world = same_people(place)
    browser = world.sign_in("secretary1")
    for page in (lived.pages[0], lived.pages[2]):
        assert browser.get(page).status_code == 200
    assert world.sign_in("secretary2").get(lived.pages[1]).status_code == 200
    world.work("photos")
    photos = place.rows(Photo)
    assert {photo.state for photo in photos} == {PhotoState.READY}, "also the one that waited for its renditions"
    leader = world.sign_in("leader")
    for photo in photos:
        for size in Size:
            assert leader.get(f"/photos/{photo.id}/{size.value}").status_code == 200
    (document,) = place.rows(Document)
    assert leader.get(f"/documents/{document.id}").data == DOCUMENT


def test_a_backup_is_private_and_holds_what_its_rows_name_and_nothing_else(lived: Lived) -> None:
    files = {path.relative_to(lived.backup).as_posix(): path for path in lived.backup.rglob("*") if path.is_file()}
    manifest = KeptBackup(lived.backup).manifest
    assert set(files) == {MANIFEST, DIGEST, manifest.rows.path, *(f"objects/{one.key}" for one in manifest.objects)}
    assert {path.stat().st_mode & 0o777 for path in files.values()} == {0o600}
    folders = [lived.backup, *(path for path in lived.backup.rglob("*") if path.is_dir())]
    assert {path.stat().st_mode & 0o777 for path in folders} == {0o700}
    named = set()
    for photo in lived.place.rows(Photo):
        named.add(original_key(photo.id, photo.sha256))
        if photo.state == PhotoState.READY:
            named |= {rendition_key(photo.id, photo.sha256, size) for size in Size}
    (document,) = lived.place.rows(Document)
    named.add(document_key(document.id, document.sha256))
    assert {one.key for one in manifest.objects} == named
    for one in manifest.objects:
        data = files[f"objects/{one.key}"].read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (one.size, one.sha256)
        assert one.content_type == ("application/pdf" if one.key.startswith("documents/") else "image/jpeg")
    assert manifest.migration == newest_revision()
    assert not any(SECRET_KEY.encode() in path.read_bytes() for path in files.values())
    assert any("objects" in line for line in lived.said)
    assert not (lived.place.data / "backup-rows").exists()


def test_the_digest_is_one_that_sha256sum_reads(lived: Lived) -> None:
    checked = subprocess.run(["sha256sum", "--check", DIGEST], cwd=lived.backup, capture_output=True, check=False)
    assert checked.returncode == 0, checked.stderr


def test_the_office_learns_of_a_backup_there_and_in_the_restored_installation(lived: Lived, second: Restored) -> None:
    run = next(run for run in lived.place.rows(BackupRun) if run.problem is None)
    manifest = KeptBackup(lived.backup).manifest
    assert (run.id, run.objects, run.size) == (manifest.run_id, len(manifest.objects), manifest.size)
    assert run.finished_at is not None
    (known,) = second.place.rows(BackupRun)
    assert (known.id, known.objects, known.size, known.problem) == (run.id, run.objects, run.size, None)
    assert known.finished_at is not None
    assert "backup_restored" in {entry.action for entry in second.place.rows(RecordEntry)}


def test_everybody_has_to_sign_in_again_after_a_restore(lived: Lived, second: Restored) -> None:
    """Who was signed out after the backup was made is not known to it."""
    assert any(one.revoked_at is None for one in lived.place.rows(UserSession))
    revoked_at = list(UserSession.__table__.columns.keys()).index("revoked_at")
    assert second.tables["user_session"]
    assert all(row[revoked_at] is not None for row in second.tables["user_session"])


def test_a_backup_made_while_everybody_works_is_whole(new_place: Builder) -> None:
    place = new_place()
    world, cells = live_in(place, cells=24)
    waiting = list(cells)
    acknowledged: list[str] = []
    errors: list[BaseException] = []
    enough, lock, over = threading.Condition(), threading.Lock(), threading.Event()

    def file_reports() -> None:
        try:
            browser = world.sign_in("secretary1")
            while not over.is_set():
                with lock:
                    cell = waiting.pop() if waiting else None
                if cell is None:
                    return
                page = report(world, browser, cell)
                with enough:
                    acknowledged.append(page)
                    enough.notify_all()
        except BaseException as error:
            errors.append(error)

    def sign_in_and_work() -> None:
        try:
            while not over.is_set():
                world.sign_in("reviewer")
                world.work("photos")
        except BaseException as error:
            errors.append(error)

    def more_reports(_line: str = "") -> None:
        """At each step of the backup, wait until two more reports were taken."""
        with enough:
            goal = min(len(acknowledged) + 2, len(cells))
            assert enough.wait_for(lambda: len(acknowledged) >= goal or errors, timeout=60)

    threads = [threading.Thread(target=one) for one in (file_reports, file_reports, sign_in_and_work)]
    for thread in threads:
        thread.start()
    try:
        more_reports()
        before = list(acknowledged)
        manifest = make_backup(place.app, place.data / "backup", more_reports)
        during = len(acknowledged) - len(before)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert not errors
    assert during >= 4, "reports were taken while the backup was made"

    copy = restored(place.data / "backup", new_place())
    objects = copy.objects()
    photos = copy.rows(Photo)
    assert set(objects) == {one.key for one in manifest.objects}
    assert len(photos) >= len(before)
    for photo in photos:
        assert hashlib.sha256(objects[original_key(photo.id, photo.sha256)]).hexdigest() == photo.sha256
    assert objects.items() <= place.objects().items()
    kept, all_rows = copy.tables(), place.tables()
    for name in ("meeting_version", "meeting_photo", "unit", "user_account", "role_grant"):
        if name in kept:
            assert set(map(repr, kept[name])) <= set(map(repr, all_rows[name])), name
    again = same_people(copy)
    browser = again.sign_in("secretary1")
    for page in before:
        assert browser.get(page).status_code == 200
    copy.clock.advance(minutes=2)  # the claims of the other installation's workers run out
    again.work("photos")
    for photo in copy.rows(Photo):
        assert browser.get(f"/photos/{photo.id}/320").status_code == 200


# --- what ends with a sentence, and leaves nothing behind


def _cut_object(folder: Path) -> None:
    path = next(path for path in sorted((folder / "objects").rglob("*")) if path.is_file())
    path.write_bytes(path.read_bytes()[:-1])


def _change_object(folder: Path) -> None:
    path = next(path for path in sorted((folder / "objects").rglob("*")) if path.is_file())
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def _lose_object(folder: Path) -> None:
    next(path for path in sorted((folder / "objects").rglob("*")) if path.is_file()).unlink()


def _link_object(folder: Path) -> None:
    path = next(path for path in sorted((folder / "objects").rglob("*")) if path.is_file())
    path.rename(folder / "elsewhere")
    path.symlink_to(folder / "elsewhere")


def _change_rows(folder: Path) -> None:
    path = next(folder.glob("rows.*"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def _change_manifest(folder: Path) -> None:
    path = folder / MANIFEST
    path.write_text(path.read_text().replace("image/jpeg", "image/webp", 1))


def _lose_manifest(folder: Path) -> None:
    (folder / MANIFEST).unlink()


def _lose_digest(folder: Path) -> None:
    (folder / DIGEST).unlink()


def _rewrite(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """A manifest that was changed together with its digest."""
    values = json.loads((folder / MANIFEST).read_text())
    change(values)
    data = json.dumps(values).encode()
    (folder / MANIFEST).write_bytes(data)
    (folder / DIGEST).write_text(digest_line(data, MANIFEST))


def _drop_object(folder: Path) -> None:
    _rewrite(folder, lambda values: values["objects"].pop())


def _exchange_photo(folder: Path) -> None:
    """Another photo, with a manifest that agrees to it."""
    other = new_photo()

    def change(values: dict[str, Any]) -> None:
        one = next(one for one in values["objects"] if re.fullmatch(r"photos/[^.]*", one["key"]))
        one["size"], one["sha256"] = len(other), hashlib.sha256(other).hexdigest()
        (folder / "objects" / one["key"]).write_bytes(other)

    _rewrite(folder, change)


def _lead_outside(folder: Path) -> None:
    _rewrite(folder, lambda values: values["rows"].update(path="../rows"))


def _other_database(folder: Path) -> None:
    _rewrite(folder, lambda values: values.update(database="oracle"))


def _from_the_future(folder: Path) -> None:
    _rewrite(folder, lambda values: values.update(migration="9999"))


def _other_format(folder: Path) -> None:
    _rewrite(folder, lambda values: values.update(format=99))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (_cut_object, "is damaged"),
        (_change_object, "is damaged"),
        (_lose_object, "is missing"),
        (_link_object, "is missing"),
        (_change_rows, "is damaged"),
        (_change_manifest, "manifest of the backup was changed or damaged"),
        (_lose_manifest, "holds no finished backup"),
        (_lose_digest, f"{DIGEST} of the backup is missing"),
        (_drop_object, "names other objects than its rows"),
        (_exchange_photo, "gives other SHA-256 than its rows"),
        (_lead_outside, "manifest of the backup cannot be read"),
        (_other_database, "This backup is of oracle"),
        (_from_the_future, "newer meetingcheck"),
        (_other_format, "another format"),
    ],
)
def test_a_damaged_backup_restores_nothing(
    damage: Callable[[Path], None], said: str, copied: Path, target: Place
) -> None:
    damage(copied)
    fails(lambda: restored(copied, target), said)
    assert target.is_empty()
    assert not pending(target.url)


def test_after_a_failed_restore_the_next_one_works(copied: Path, lived: Lived, new_place: Builder) -> None:
    place = new_place()
    _drop_object(copied)
    fails(lambda: restored(copied, place), "other objects")
    restored(lived.backup, place)
    assert place.objects() == lived.place.objects()


def test_an_installation_with_units_or_people_is_not_restored_into(lived: Lived) -> None:
    tables, objects = lived.place.tables(), lived.place.objects()
    fails(lambda: restored(lived.backup, lived.place), "is not empty")
    assert (lived.place.tables(), lived.place.objects()) == (tables, objects)


@pytest.mark.parametrize("kind", ["photos", "documents"])
def test_an_installation_with_objects_in_its_store_is_not_restored_into(lived: Lived, target: Place, kind: str) -> None:
    key = f"{kind}/{uuid.uuid4()}/{'0' * 64}"
    target.storage.put(key, b"somebody's", "image/jpeg")
    try:
        fails(lambda: restored(lived.backup, target), "photos or documents in its store")
        assert target.objects() == {key: b"somebody's"}
    finally:
        target.storage.delete(key)
    assert target.is_empty()


def test_a_store_that_cannot_be_reached_restores_nothing(lived: Lived, target: Place) -> None:
    with closing(target.again(S3_ENDPOINT_URL="http://127.0.0.1:9")) as away:
        fails(lambda: restored(lived.backup, away), "The restore failed")
    assert target.is_empty()


def test_a_backup_needs_an_empty_folder(lived: Lived, tmp_path: Path) -> None:
    (tmp_path / "a file").write_text("of somebody")
    fails(lambda: make_backup(lived.place.app, tmp_path, quiet), "is not empty")
    assert [path.name for path in tmp_path.iterdir()] == ["a file"]


@pytest.mark.parametrize(
    ("body", "said"), [(None, "is missing in the store"), (b"other bytes", "is damaged in the store")]
)
def test_a_photo_that_the_store_lost_or_changed_is_named_and_all_the_rest_is_kept(
    body: bytes | None, said: str, new_place: Builder, tmp_path: Path
) -> None:
    place = new_place()
    world, _ = live_in(place)
    report(world, world.sign_in("secretary1"), world.cells[0])
    report(world, world.sign_in("secretary2"), world.cells[1])
    key, other = place.objects()
    place.storage.delete(key)
    if body is not None:
        place.storage.put(key, body, "image/jpeg")
    manifest = make_backup(place.app, tmp_path / "backup", quiet)
    assert [(one.key, said in one.why) for one in manifest.lost] == [(key, True)]
    assert [one.key for one in manifest.objects] == [other]
    (run,) = place.rows(BackupRun)
    assert said in (run.problem or "")
    assert run.objects == 1
    target = new_place()
    restore_backup(target.app, tmp_path / "backup", quiet)
    assert list(target.objects()) == [other]


def test_two_backups_at_once_are_one(lived: Lived, tmp_path: Path) -> None:
    with Holding(lived.place.app):
        fails(lambda: make_backup(lived.place.app, tmp_path / "backup", quiet, wait_s=0), "is at work")
    assert not (tmp_path / "backup").exists()


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[dict[str, Any]]:
    """A folder that takes `size` bytes at most: a disk of its own where we may mount one, else a limit on each file.

    The value is what a command is to be started with.
    """
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode == 0:
        try:
            yield {}
        finally:
            subprocess.run(["umount", folder], check=True)
    else:
        limit = size // 10
        yield {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))}


def test_a_full_disk_ends_the_backup_with_one_sentence(lived: Lived, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with small_disk(disk, 600_000) as options:
        ended = subprocess.run(
            [sys.executable, "-m", "meetingcheck.cli", "backup", str(disk / "backup")],
            env=lived.place.environment,
            capture_output=True,
            text=True,
            check=False,
            **options,
        )
        assert ended.returncode == 1
        lines = ended.stderr.splitlines()
        assert [line for line in lines if line.startswith("Error: ")] == [lines[-1]]
        assert "Traceback" not in ended.stderr
        assert not (disk / "backup").exists()


def test_a_killed_backup_does_not_look_finished(lived: Lived, tmp_path: Path, new_place: Builder) -> None:
    folder = tmp_path / "backup"
    with StallingProxy(lived.place.environment["S3_ENDPOINT_URL"]) as line:
        line.stall()
        process = subprocess.Popen(
            [sys.executable, "-m", "meetingcheck.cli", "backup", str(folder)],
            env={**lived.place.environment, "S3_ENDPOINT_URL": line.url},
            stderr=subprocess.DEVNULL,
        )
        line.wait_until_holding()
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert [path.name for path in folder.iterdir()] == [PARTIAL]
    fails(lambda: restored(folder, new_place()), "holds no finished backup")
    fails(lambda: make_backup(lived.place.app, folder, quiet, wait_s=0), "at work")
    lived.place.clock.set(max(lived.place.clock(), *(run.began_at for run in lived.place.rows(BackupRun))))
    lived.place.clock.advance(minutes=3)
    fails(lambda: make_backup(lived.place.app, folder, quiet), "is not empty")
    make_backup(lived.place.app, tmp_path / "next", quiet)
    assert restored(tmp_path / "next", new_place()).objects() == lived.place.objects()


def test_a_database_that_waits_for_a_migration_is_not_saved(new_place: Builder, tmp_path: Path) -> None:
    place = new_place()
    migrate(place.url, "0001")
    fails(lambda: make_backup(place.app, tmp_path / "backup", quiet), "lacks a migration")
    assert not (tmp_path / "backup").exists()


def test_a_machine_without_postgresql_s_programs_says_which_to_install(
    lived: Lived, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if lived.place.url.startswith("sqlite"):
        return  # it needs none
    monkeypatch.setattr(postgres, "MACHINE_PROGRAMS", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    fails(lambda: make_backup(lived.place.app, tmp_path / "backup", quiet), "postgresql-client")
    assert not (tmp_path / "backup").exists()


# --- older, sealed, purged


def test_a_backup_of_an_older_version_is_brought_up(new_place: Builder, tmp_path: Path) -> None:
    old, folder = new_place(), tmp_path / "old"
    live_in(old)
    units = {unit.id for unit in old.rows(Unit)}
    migrate(old.url, "0001")
    new, rows = NewBackup(folder, None), rows_of(old.url, old.data)
    with rows.snapshot(list_named) as snapshot:  # it knew photos only
        kept = new.write(rows.file, snapshot.chunks)
    new.finish(Manifest("0.1.0", old.clock(), uuid.uuid4(), rows.kind, "0001", kept, (), ()))
    place = restored(folder, new_place())
    assert not pending(place.url)
    assert {unit.id for unit in place.rows(Unit)} == units
    same_people(place).sign_in("leader")


@pytest.fixture
def key_pair(tmp_path: Path) -> tuple[Path, Path]:
    """Files of a private and a public key."""
    key = X25519PrivateKey.generate()
    private, public = tmp_path / "private.pem", tmp_path / "public.pem"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return private, public


def command(place: Place, *arguments: object) -> tuple[int, str]:
    """Exit code and the last line of a command."""
    result = CliRunner().invoke(main, [str(one) for one in arguments], env=place.environment)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output.strip().splitlines()[-1]


def test_a_sealed_backup_opens_with_its_key_only(
    lived: Lived, new_place: Builder, tmp_path: Path, key_pair: tuple[Path, Path], target: Place
) -> None:
    private, public = key_pair
    folder = tmp_path / "sealed"
    code, said = command(lived.place, "backup", folder, "--encrypt-to", public, "--with-keys")
    assert (code, json.loads(said)["objects"]) == (0, 8)
    stored = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    secrets = [SECRET_KEY.encode(), b"SQLite format 3", b"PGDMP", b"photos/", *lived.place.objects().values()]
    assert not any(secret[:200] in data for secret in secrets for data in stored)

    fails(lambda: restored(folder, target), "--decrypt-with")
    fails(lambda: restored(folder, target, identity=X25519PrivateKey.generate()), "another key")
    assert "cannot be read as a private key" in command(target, "restore", folder, "--decrypt-with", public)[1]
    assert target.is_empty()

    place = new_place()
    assert command(place, "restore", folder, "--decrypt-with", private)[0] == 0
    assert place.objects() == lived.place.objects()
    assert unchanged(place.tables()).keys() == unchanged(lived.place.tables()).keys()
    assert place.tables()["unit"] == lived.place.tables()["unit"]


def test_a_sealed_file_that_was_cut_at_a_chunk_is_not_taken_for_whole(
    lived: Lived, tmp_path: Path, key_pair: tuple[Path, Path], target: Place
) -> None:
    private, public = key_pair
    make_backup(lived.place.app, tmp_path / "sealed", quiet, recipient=read_public_key(public))
    (rows,) = (tmp_path / "sealed").glob("rows.*")
    head, chunk = len(b"meetingcheck sealed 1\n") + 32, 64 * 1024 + 16
    rows.write_bytes(rows.read_bytes()[: head + chunk])
    fails(lambda: restored(tmp_path / "sealed", target, identity=read_private_key(private)), "is damaged")
    assert target.is_empty()


def test_keys_are_kept_when_asked_for_and_never_replace_others(
    lived: Lived, new_place: Builder, tmp_path: Path
) -> None:
    folder = tmp_path / "backup"
    make_backup(lived.place.app, folder, quiet, with_keys=True)
    assert (folder / "keys" / KEY_FILE).read_text() == SECRET_KEY
    place = new_place()
    (place.data / KEY_FILE).write_text("a key that was there before, of another installation")
    said: list[str] = []
    with closing(place.again(SECRET_KEY="another key, another key, another key, another")) as other:
        restore_backup(other.app, folder, said.append)
    assert (place.data / KEY_FILE).read_text() == "a key that was there before, of another installation"
    assert (place.data / f"{KEY_FILE}.restored").read_text() == SECRET_KEY
    assert (place.data / f"{KEY_FILE}.restored").stat().st_mode & 0o777 == 0o600
    assert any("SECRET_KEY_FILE" in line for line in said)


def test_what_was_purged_since_does_not_come_back(lived: Lived, new_place: Builder, tmp_path: Path) -> None:
    first, second, third = sorted(lived.place.rows(Photo), key=lambda photo: photo.id)
    listed = tmp_path / "listed.jsonl"
    listed.write_text(json.dumps({"photo": str(first.id)}) + "\n")
    place = new_place()
    (place.data / PURGES).write_text(json.dumps({"sha256": second.sha256}) + "\n")
    assert command(place, "restore", lived.backup, "--purges", listed)[0] == 0
    assert [photo.id for photo in place.rows(Photo)] == [third.id]
    assert {key.split("/")[1] for key in place.objects() if key.startswith("photos/")} == {str(third.id)}
    assert any(key.startswith("documents/") for key in place.objects())
    assert {row[1] for row in place.tables()["meeting_photo"]} == {third.id}


def test_a_list_of_purges_that_cannot_be_read_restores_nothing(lived: Lived, target: Place, tmp_path: Path) -> None:
    listed = tmp_path / "listed.jsonl"
    listed.write_text('{"foto": "x"}\n')
    fails(lambda: restored(lived.backup, target, purges=listed), "list of purged photos")
    assert target.is_empty()
