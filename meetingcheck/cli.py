"""The command `meetingcheck`."""

import json
import os
import signal
import sys
import threading
import types
from datetime import datetime
from pathlib import Path

import click
from flask import Flask

from meetingcheck import create_app
from meetingcheck.accounts.api_tokens.actions import issue_token
from meetingcheck.accounts.queries import find_user_by_login
from meetingcheck.accounts.rules import link_path, normal_login
from meetingcheck.alerts.jobs import close_all
from meetingcheck.lib.clock import system_clock
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.http.server import serve_web
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.jobs import LANES, Worker, hurry
from meetingcheck.lib.logs import configure_logs, log
from meetingcheck.lib.migrate import migrate as migrate_database
from meetingcheck.lib.migrate import pending
from meetingcheck.lib.processes import DataFolderInUse
from meetingcheck.lib.settings import SettingError, Settings, read_settings
from meetingcheck.lib.storage import MemoryStorage
from meetingcheck.lib.store import make_storage
from meetingcheck.messages.actions import SEND_MAIL
from meetingcheck.messages.queries import count_deliveries
from meetingcheck.office.backups.making import make_backup
from meetingcheck.office.backups.manifest import BackupError
from meetingcheck.office.backups.restoring import restore_backup
from meetingcheck.office.backups.sealing import read_private_key, read_public_key
from meetingcheck.office.demo.seed import NotEmpty, read_accounts, read_link, seed_demo
from meetingcheck.orgs.administrators import let_administrator_in
from meetingcheck.orgs.importing.faults import FILE_SENTENCES
from meetingcheck.orgs.importing.jobs import NothingBelow, import_at_once
from meetingcheck.orgs.importing.outcomes import MAX_BYTES as MAX_LIST_BYTES
from meetingcheck.orgs.importing.outcomes import FileRefused
from meetingcheck.orgs.importing.words import faults_said
from meetingcheck.photos.decoder import Decoder
from meetingcheck.photos.inspection import SECONDS_PER_FILE, inspect_file
from meetingcheck.serve import DEMO_LOG, PortUnusable, serve


def _settings(*, demo: bool = False) -> Settings:
    try:
        return read_settings(demo=demo)
    except SettingError as error:
        raise click.ClickException(str(error)) from error


def _app(settings: Settings | None = None) -> Flask:
    try:
        return create_app(settings or _settings())
    except SettingError as error:
        raise click.ClickException(str(error)) from error


@click.group()
def main() -> None:
    """Check-in with photo evidence for the meetings of local party cells."""
    configure_logs()


@main.command("serve")
@click.option("--demo", is_flag=True, envvar="MEETINGCHECK_DEMO", help="Invented data, on this machine only.")
def serve_command(demo: bool) -> None:
    """Run everything on one machine: object store, web server, workers."""
    settings = _settings(demo=demo)
    try:
        code = serve(settings, lambda: _announce(settings))
    except (DataFolderInUse, PortUnusable) as error:
        raise click.ClickException(str(error)) from error
    sys.exit(code)


def _announce(settings: Settings) -> None:
    if settings.demo:
        click.echo("\nDemo with invented units and people. Sign-in here needs no second factor; real use does.")
        for account in read_accounts(settings.data):
            click.echo(f"  {account.login:<28} {account.password:<14} {account.what}")
        link = read_link(settings.data)
        if link is not None:
            click.echo(f"Report link of a cell's secretary, for a phone: {settings.public_url}{link}")
        click.echo(f"Log lines and mails: {settings.data / DEMO_LOG}")
    click.echo(f"Ready: {settings.public_url}")


@main.command()
def web() -> None:
    """Run the web server alone."""
    settings = _settings()
    app = _app(settings)
    if pending(settings.database_url):
        raise click.ClickException("The database lacks a migration: run `meetingcheck migrate` first.")
    serve_web(app, settings)


@main.command()
@click.option("--lane", "lanes", multiple=True, type=click.Choice(LANES), help="Only this lane; may be repeated.")
def work(lanes: tuple[str, ...]) -> None:
    """Run background work, by default of all lanes."""
    app = _app()
    stop = threading.Event()

    def end(_signal: int, _frame: types.FrameType | None) -> None:
        stop.set()

    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, end)
    threads = [threading.Thread(target=Worker(app, lane).run_until, args=(stop,), name=lane) for lane in lanes or LANES]
    for thread in threads:
        thread.start()
    log("worker started", lanes=list(lanes or LANES))
    for thread in threads:
        thread.join()


@main.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    migrate_database(_settings().database_url)


@main.command("create-admin")
@click.argument("login")
@click.option("--name", help="Full name, for somebody who is new.")
def create_admin_command(login: str, name: str | None) -> None:
    """Print a one-time link by which LOGIN, a phone number or mail address, gets in as administrator.

    The person is added if new. Somebody who is there already gets a new password and sets up a new second factor.
    """
    if not login.strip():
        raise click.BadParameter("a phone number or a mail address", param_hint="LOGIN")
    settings = _settings()
    migrate_database(settings.database_url)  # it is the first command of a new installation
    app = create_app(settings, storage=MemoryStorage(system_clock))  # no photo is touched, so no object store is needed
    with app.app_context(), write_transaction() as session:
        token = let_administrator_in(session, login, name, system_clock())
    click.echo(f"{settings.public_url}{link_path(token)}")


@main.command("issue-token")
@click.argument("login")
@click.option("--name", default="", help="What the token is for, as the lists of devices show it.")
def issue_token_command(login: str, name: str) -> None:
    """Print a token by which a program may act as LOGIN at /api/v1, for 30 days. It is shown this once."""
    settings = _settings()
    app = create_app(settings, storage=MemoryStorage(system_clock))  # no photo is touched, so no object store is needed
    with app.app_context(), write_transaction() as session:
        user = find_user_by_login(session, normal_login(login))
        if user is None or user.disabled_at is not None:
            raise click.ClickException("Nobody who may sign in has this login.")
        token, expires_at = issue_token(session, user.id, name, system_clock())
    click.echo(token)
    click.echo(f"It ends on {local_day(expires_at):%d/%m/%Y}; keep it where only its program can read it.", err=True)


@main.command("prepare-store", hidden=True)
def prepare_store() -> None:
    """Make the bucket if it is not there yet."""
    make_storage(_settings()).ensure_bucket()


@main.command("seed-demo")
@click.option("--if-empty", is_flag=True, help="Do nothing when there are units already.")
def seed_demo_command(if_empty: bool) -> None:
    """Fill an empty installation with invented units, people, meetings and photos."""
    app = _app()
    try:
        accounts = seed_demo(app)
        click.echo(f"Filled, with {len(accounts)} accounts to try.")
    except NotEmpty as error:
        if not if_empty:
            raise click.ClickException(str(error)) from error


@main.command("close-periods")
@click.option(
    "--at", "at_text", metavar="INSTANT", help="As if it were this instant, with zone: 2026-12-03T00:00+07:00."
)
def close_periods_command(at_text: str | None) -> None:
    """Put a missed event on record for each period that has ended without a report, and tell who must know."""
    at = _instant(at_text) if at_text else system_clock()
    app = _app()
    with app.app_context():
        closed = close_all(at)
    click.echo(json.dumps({"missed": closed}))


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter("an instant such as 2026-12-03T00:00+07:00", param_hint="--at") from error
    if instant.tzinfo is None:
        raise click.BadParameter("the instant needs its zone, such as +07:00 or Z", param_hint="--at")
    return instant


@main.command("send-messages")
def send_messages_command() -> None:
    """Send all mails that wait, now, also those that wait after a failure."""
    app = _app()
    with app.app_context(), write_transaction() as session:
        hurry(session, SEND_MAIL, system_clock())
    Worker(app, SEND_MAIL.lane).run_due()
    with app.app_context(), read_transaction() as session:
        click.echo(json.dumps(count_deliveries(session)))


@main.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--with-keys", is_flag=True, help="Also keep SECRET_KEY, which authenticator apps and PINs depend on.")
@click.option("--encrypt-to", metavar="PUBLIC_KEY_FILE", type=click.Path(path_type=Path), help="X25519 key, PEM.")
def backup(folder: Path, with_keys: bool, encrypt_to: Path | None) -> None:
    """Save rows and photos in DIR, a new or empty folder, while everybody goes on working."""
    _end_tidily()
    try:
        recipient = read_public_key(encrypt_to) if encrypt_to else None
        manifest = make_backup(_app(), folder, _say, recipient=recipient, with_keys=with_keys)
    except BackupError as error:
        raise click.ClickException(str(error)) from error
    click.echo(json.dumps({"objects": len(manifest.objects), "size": manifest.size, "lost": len(manifest.lost)}))
    if manifest.lost:
        for one in manifest.lost:
            _say(one.why)
        raise click.ClickException("The backup is made and holds everything else; these objects could not be kept.")


@main.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--purges", metavar="FILE", type=click.Path(path_type=Path), help="Photos not to bring back.")
@click.option("--decrypt-with", metavar="PRIVATE_KEY_FILE", type=click.Path(path_type=Path), help="X25519 key, PEM.")
def restore(folder: Path, purges: Path | None, decrypt_with: Path | None) -> None:
    """Bring a backup back into an empty installation. Everybody has to sign in again afterwards."""
    _end_tidily()
    try:
        identity = read_private_key(decrypt_with) if decrypt_with else None
        manifest = restore_backup(_app(), folder, _say, identity=identity, purges=purges)
    except BackupError as error:
        raise click.ClickException(str(error)) from error
    click.echo(json.dumps({"objects": len(manifest.objects), "size": manifest.size}))


def _say(line: str) -> None:
    click.echo(line, err=True)


def _end_tidily() -> None:
    """SIGTERM ends the command as Ctrl-C does, so that nothing half-done stays behind."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@main.command("import-units")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what the list would do.")
def import_units_command(file: Path, dry_run: bool) -> None:
    """Bring units, people and roles in from an Excel or CSV list: all of it, or nothing."""
    app = _app()
    with file.open("rb") as source:
        content = source.read(MAX_LIST_BYTES + 1)
    with app.app_context(), app.test_request_context():
        try:
            plan = import_at_once(content, system_clock(), dry_run=dry_run)
        except FileRefused as refused:
            raise click.ClickException(FILE_SENTENCES[refused.problem]) from refused
        except NothingBelow as error:
            raise click.ClickException("There is no unit yet: set the system up first (create-admin).") from error
        for row in plan.rows:
            if row.faults:
                click.echo(json.dumps({"line": row.line, "problems": faults_said(row)}, ensure_ascii=False))
    counts = plan.counts()
    click.echo(json.dumps({**counts, "applied": not dry_run and not counts["error"]}))
    sys.exit(1 if counts["error"] else 0)


@main.command("inspect-photo")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def inspect_photo_command(files: tuple[Path, ...]) -> None:
    """Look at photos as an upload would; one JSON object a line. Exit code 0 only when all are accepted."""
    with Decoder(seconds_per_file=SECONDS_PER_FILE) as decoder:
        verdicts = [_print_verdict(decoder, file) for file in files]
    sys.exit(0 if all(verdicts) else 1)


def _print_verdict(decoder: Decoder, file: Path) -> bool:
    verdict = inspect_file(decoder, file)
    name = os.fsencode(file).decode("utf-8", "replace")  # names of files are bytes, and may be no text
    click.echo(json.dumps({"file": name, **verdict}, ensure_ascii=False))
    return bool(verdict["accepted"])


if __name__ == "__main__":
    main()
