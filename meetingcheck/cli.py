"""The command `meetingcheck`."""

import json
import signal
import sys
import threading
import types
from datetime import datetime
from pathlib import Path

import click
from flask import Flask

from meetingcheck import create_app
from meetingcheck.alerts.jobs import close_all
from meetingcheck.lib.clock import system_clock
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.http.server import serve_web
from meetingcheck.lib.jobs import LANES, Worker, hurry
from meetingcheck.lib.logs import configure_logs, log
from meetingcheck.lib.migrate import migrate as migrate_database
from meetingcheck.lib.migrate import pending
from meetingcheck.lib.processes import DataFolderInUse
from meetingcheck.lib.settings import SettingError, Settings, read_settings
from meetingcheck.lib.store import make_storage
from meetingcheck.messages.actions import SEND_MAIL
from meetingcheck.messages.queries import count_deliveries
from meetingcheck.office.demo.seed import NotEmpty, read_accounts, seed_demo
from meetingcheck.photos.decoder import Decoder
from meetingcheck.photos.inspection import inspect_file
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
        for account in seed_demo(app):
            click.echo(f"{account.login} ({account.what})")
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


@main.command("inspect-photo")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def inspect_photo_command(files: tuple[Path, ...]) -> None:
    """Look at photos as an upload would; one JSON object a line. Exit code 0 only when all are accepted."""
    with Decoder() as decoder:
        verdicts = [_print_verdict(decoder, file) for file in files]
    sys.exit(0 if all(verdicts) else 1)


def _print_verdict(decoder: Decoder, file: Path) -> bool:
    verdict = inspect_file(decoder, file)
    click.echo(json.dumps({"file": str(file), **verdict}, ensure_ascii=False))
    return bool(verdict["accepted"])


if __name__ == "__main__":
    main()
