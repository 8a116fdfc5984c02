"""meetingcheck: check-in with photo evidence for the meetings of local party cells."""

from pathlib import Path

from flask import Flask
from jinja2 import FileSystemLoader

from meetingcheck.accounts.factor_routes import blueprint as factors_pages
from meetingcheck.accounts.link_routes import blueprint as links_pages
from meetingcheck.accounts.own_routes import blueprint as account_pages
from meetingcheck.accounts.phone_routes import blueprint as phones_pages
from meetingcheck.accounts.routes import blueprint as accounts_pages
from meetingcheck.accounts.sessions import configure_sessions
from meetingcheck.alerts.jobs import CLOSE, close_ended_periods
from meetingcheck.duties.jobs import MAKE, make_due_obligations
from meetingcheck.duties.routes import blueprint as duties_pages
from meetingcheck.lib.assets import configure_assets
from meetingcheck.lib.clock import Clock, system_clock
from meetingcheck.lib.db import db, engine_options
from meetingcheck.lib.housekeeping import SWEEP, sweep_finished
from meetingcheck.lib.http.errors import configure_errors
from meetingcheck.lib.http.headers import configure_headers
from meetingcheck.lib.http.requests import configure_requests
from meetingcheck.lib.i18n import configure_i18n
from meetingcheck.lib.logs import configure_logs
from meetingcheck.lib.mail import Mailer, make_mailer
from meetingcheck.lib.metrics import EXTENSION as METRICS
from meetingcheck.lib.metrics import Metrics
from meetingcheck.lib.registries import JobHandler, PageSlot, page_slots, registries_of
from meetingcheck.lib.services import EXTENSION as SERVICES
from meetingcheck.lib.services import Services
from meetingcheck.lib.settings import Settings, read_settings
from meetingcheck.lib.storage import Storage
from meetingcheck.lib.store import make_storage
from meetingcheck.meetings.jobs import PASS_DRAFTS, pass_drafts_on_the_day
from meetingcheck.meetings.links.routes import blueprint as link_pages
from meetingcheck.meetings.routes import blueprint as meetings_pages
from meetingcheck.messages.actions import SEND_MAIL
from meetingcheck.messages.jobs import send_mail
from meetingcheck.messages.routes import bell
from meetingcheck.messages.routes import blueprint as messages_pages
from meetingcheck.office.first_day.routes import blueprint as first_day_pages
from meetingcheck.office.health import blueprint as health_pages
from meetingcheck.office.jobs import SEND_INVITATION, send_invitation
from meetingcheck.office.nav import office_nav
from meetingcheck.office.people.routes import blueprint as people_pages
from meetingcheck.office.routes import blueprint as office_pages
from meetingcheck.office.units.routes import blueprint as units_pages
from meetingcheck.orgs.guard import configure_guard
from meetingcheck.orgs.importing.actions import APPLY as APPLY_IMPORT
from meetingcheck.orgs.importing.actions import READ as READ_IMPORT
from meetingcheck.orgs.importing.actions import UNITS_IMPORTED
from meetingcheck.orgs.importing.jobs import FORGET as FORGET_IMPORTS
from meetingcheck.orgs.importing.jobs import apply_import, forget_imports, read_import
from meetingcheck.orgs.importing.routes import blueprint as importing_pages
from meetingcheck.orgs.queries import privilege_of
from meetingcheck.orgs.routes import blueprint as orgs_pages
from meetingcheck.photos.actions import RENDER
from meetingcheck.photos.extension import configure_decoder
from meetingcheck.photos.jobs import render_photo
from meetingcheck.photos.routes import blueprint as photos_pages
from meetingcheck.photos.sweep import SWEEP_OBJECTS, sweep_objects
from meetingcheck.supervision.routes import blueprint as supervision_pages

HERE = Path(__file__).parent


def create_app(
    settings: Settings | None = None,
    *,
    clock: Clock = system_clock,
    storage: Storage | None = None,
    mailer: Mailer | None = None,
) -> Flask:
    """The application. What is not given is made from the settings; raises SettingError when one is wrong."""
    settings = settings or read_settings()
    configure_logs()
    app = Flask(__name__, static_folder=HERE / "static")
    app.jinja_loader = FileSystemLoader([HERE / "templates", *sorted(HERE.glob("*/templates"))])
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    metrics = app.extensions[METRICS] = Metrics()
    app.extensions[SERVICES] = Services(
        settings=settings,
        clock=clock,
        storage=storage or make_storage(settings),
        mailer=mailer or make_mailer(settings.mail, demo=settings.demo),
    )
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(settings.database_url)
    db.init_app(app)
    # Answers pass these in reverse order: the guard first, then the headers and the log line of what is really sent.
    configure_requests(app, settings, metrics)
    configure_headers(app, settings)
    configure_errors(app)
    configure_i18n(app)
    configure_assets(app)
    configure_sessions(app, settings, privilege_of)
    configure_guard(app)
    configure_decoder(app)
    for blueprint in (
        accounts_pages,
        links_pages,
        factors_pages,
        phones_pages,
        account_pages,
        messages_pages,
        photos_pages,
        meetings_pages,
        link_pages,
        supervision_pages,
        orgs_pages,
        importing_pages,
        duties_pages,
        office_pages,
        first_day_pages,
        units_pages,
        people_pages,
        health_pages,
    ):
        app.register_blueprint(blueprint)
    _fill_registries(app)
    return app


def _fill_registries(app: Flask) -> None:
    registries = registries_of(app)
    for kind, run in (
        (SEND_MAIL, send_mail),
        (RENDER, render_photo),
        (MAKE, make_due_obligations),
        (PASS_DRAFTS, pass_drafts_on_the_day),
        (SEND_INVITATION, send_invitation),
        (READ_IMPORT, read_import),
        (APPLY_IMPORT, apply_import),
        (FORGET_IMPORTS, forget_imports),
        (UNITS_IMPORTED, make_due_obligations),
        (CLOSE, close_ended_periods),
        (SWEEP, sweep_finished),
        (SWEEP_OBJECTS, sweep_objects),
    ):
        registries.job_handlers.add(kind.name, JobHandler(kind, run))
    registries.page_slots.add("office", PageSlot("office", "office/nav.html", office_nav))
    registries.page_slots.add("bell", PageSlot("top_bar", "messages/bell.html", bell))
    app.jinja_env.globals["page_slots"] = page_slots
