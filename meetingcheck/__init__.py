"""meetingcheck: check-in with photo evidence for the meetings of local party cells."""

from pathlib import Path

from flask import Flask
from jinja2 import FileSystemLoader

from meetingcheck.accounts.actions import ACCESS_CHANGED
from meetingcheck.accounts.factor_routes import blueprint as factors_pages
from meetingcheck.accounts.link_routes import blueprint as links_pages
from meetingcheck.accounts.mail_routes import blueprint as mail_pages
from meetingcheck.accounts.own_routes import blueprint as account_pages
from meetingcheck.accounts.phone_routes import blueprint as phones_pages
from meetingcheck.accounts.phone_routes import pin_offer
from meetingcheck.accounts.routes import blueprint as accounts_pages
from meetingcheck.accounts.sessions import configure_sessions
from meetingcheck.accounts.sweep import SWEEP_ACCESS, sweep_access
from meetingcheck.alerts.feeds.routes import account_calendar
from meetingcheck.alerts.feeds.routes import blueprint as feeds_pages
from meetingcheck.alerts.jobs import CLOSE, close_ended_periods, tell_lifted
from meetingcheck.duties.exceptions.actions import TELL_CELLS
from meetingcheck.duties.exceptions.api import blueprint as exceptions_api
from meetingcheck.duties.exceptions.jobs import tell_cells
from meetingcheck.duties.exceptions.routes import blueprint as exceptions_pages
from meetingcheck.duties.jobs import MAKE, make_due_obligations
from meetingcheck.duties.planning.api import blueprint as planning_api
from meetingcheck.duties.planning.routes import blueprint as planning_pages
from meetingcheck.duties.routes import blueprint as duties_pages
from meetingcheck.duties.series.routes import blueprint as series_pages
from meetingcheck.duties.terms import MISSES_LIFTED
from meetingcheck.lib.assets import configure_assets
from meetingcheck.lib.clock import Clock, system_clock
from meetingcheck.lib.db import db, engine_options
from meetingcheck.lib.housekeeping import SWEEP, sweep_finished
from meetingcheck.lib.http.api_document import ApiApp, configure_api
from meetingcheck.lib.http.api_document import blueprint as document_api
from meetingcheck.lib.http.compression import configure_compression
from meetingcheck.lib.http.errors import configure_errors
from meetingcheck.lib.http.headers import configure_headers
from meetingcheck.lib.http.paths import TokenConverter
from meetingcheck.lib.http.requests import configure_requests
from meetingcheck.lib.i18n import configure_i18n
from meetingcheck.lib.logs import configure_logs
from meetingcheck.lib.mail import Mailer, make_mailer
from meetingcheck.lib.metrics import EXTENSION as METRICS
from meetingcheck.lib.metrics import Metrics
from meetingcheck.lib.registries import JobHandler, PageSlot, UploadConsumer, page_slots, registries_of
from meetingcheck.lib.services import EXTENSION as SERVICES
from meetingcheck.lib.services import Services
from meetingcheck.lib.settings import Settings, read_settings
from meetingcheck.lib.storage import Storage
from meetingcheck.lib.store import make_storage
from meetingcheck.meetings.api import blueprint as meetings_api
from meetingcheck.meetings.beside.api import blueprint as beside_api
from meetingcheck.meetings.beside.routes import blueprint as beside_pages
from meetingcheck.meetings.changes.api import blueprint as changes_api
from meetingcheck.meetings.changes.routes import blueprint as changes_pages
from meetingcheck.meetings.check_in_api import blueprint as check_in_api
from meetingcheck.meetings.check_in_routes import blueprint as check_in_pages
from meetingcheck.meetings.documents.actions import SCAN, SCAN_OLDER
from meetingcheck.meetings.documents.api import blueprint as documents_api
from meetingcheck.meetings.documents.jobs import scan_document, scan_older_documents
from meetingcheck.meetings.documents.routes import blueprint as documents_pages
from meetingcheck.meetings.drafts.jobs import PASS_DRAFTS, TELL_UNSENT, pass_drafts_on_the_day, tell_of_unsent
from meetingcheck.meetings.late_work.jobs import FOLLOW_LATE_WORK, follow_late_work
from meetingcheck.meetings.late_work.routes import blueprint as late_work_pages
from meetingcheck.meetings.links.jobs import SWEEP_LINKS, sweep_links
from meetingcheck.meetings.links.routes import blueprint as link_pages
from meetingcheck.meetings.phone_routes import blueprint as phone_page
from meetingcheck.meetings.practice_routes import blueprint as practice_pages
from meetingcheck.meetings.receipts.routes import blueprint as receipts_pages
from meetingcheck.meetings.receipts.routes import proof_of
from meetingcheck.meetings.reviews.api import blueprint as reviews_api
from meetingcheck.meetings.reviews.jobs import TELL_ANSWER, tell_answer_given
from meetingcheck.meetings.reviews.routes import blueprint as reviews_pages
from meetingcheck.meetings.routes import blueprint as meetings_pages
from meetingcheck.meetings.sent_files.api import blueprint as sent_files_api
from meetingcheck.meetings.show_routes import blueprint as reports_pages
from meetingcheck.meetings.upload_api import PHOTO, admit_photo, ask_for_photo, take_photo
from meetingcheck.meetings.version_routes import blueprint as versions_pages
from meetingcheck.messages.actions import SEND_MAIL
from meetingcheck.messages.api import blueprint as messages_api
from meetingcheck.messages.jobs import send_mail, tell_access_changed
from meetingcheck.messages.routes import bell
from meetingcheck.messages.routes import blueprint as messages_pages
from meetingcheck.office.first_day.routes import blueprint as first_day_pages
from meetingcheck.office.health import blueprint as health_pages
from meetingcheck.office.help.routes import blueprint as help_pages
from meetingcheck.office.jobs import SEND_INVITATION, send_invitation
from meetingcheck.office.merging.routes import blueprint as merging_pages
from meetingcheck.office.nav import office_nav
from meetingcheck.office.objects import OBJECT_KINDS
from meetingcheck.office.people.routes import blueprint as people_pages
from meetingcheck.office.routes import blueprint as office_pages
from meetingcheck.office.units.jobs import follow_import
from meetingcheck.office.units.routes import blueprint as units_pages
from meetingcheck.office.withdrawn.routes import blueprint as withdrawn_pages
from meetingcheck.orgs.api import blueprint as orgs_api
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
from meetingcheck.photos.api import blueprint as photos_api
from meetingcheck.photos.extension import configure_decoder
from meetingcheck.photos.jobs import render_photo
from meetingcheck.photos.routes import blueprint as photos_pages
from meetingcheck.photos.sweep import SWEEP_OBJECTS, sweep_objects
from meetingcheck.supervision.api import blueprint as supervision_api
from meetingcheck.supervision.export.routes import blueprint as board_export_pages
from meetingcheck.supervision.routes import blueprint as supervision_pages
from meetingcheck.supervision.timeline.routes import blueprint as timeline_pages
from meetingcheck.uploads.actions import HAND_OVER
from meetingcheck.uploads.api import blueprint as uploads_api
from meetingcheck.uploads.jobs import SWEEP_UPLOADS, hand_over_file, sweep_uploads

HERE = Path(__file__).parent
API = (
    document_api,
    orgs_api,
    messages_api,
    photos_api,
    planning_api,
    exceptions_api,
    meetings_api,
    check_in_api,
    beside_api,
    changes_api,
    reviews_api,
    documents_api,
    sent_files_api,
    supervision_api,
)


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
    app = ApiApp(__name__, static_folder=str(HERE / "static"), json_errors=False, spec_path=None, docs_path=None)
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
    configure_compression(app)
    configure_requests(app, settings, metrics)
    configure_headers(app, settings)
    configure_errors(app)
    configure_i18n(app)
    configure_assets(app)
    configure_sessions(app, settings, privilege_of)
    configure_guard(app)
    configure_api(app)
    configure_decoder(app)
    app.url_map.converters["token"] = TokenConverter
    for blueprint in (
        accounts_pages,
        links_pages,
        factors_pages,
        phones_pages,
        account_pages,
        mail_pages,
        messages_pages,
        photos_pages,
        documents_pages,
        meetings_pages,
        check_in_pages,
        beside_pages,
        late_work_pages,
        phone_page,
        practice_pages,
        changes_pages,
        reports_pages,
        versions_pages,
        reviews_pages,
        link_pages,
        receipts_pages,
        feeds_pages,
        supervision_pages,
        board_export_pages,
        timeline_pages,
        orgs_pages,
        importing_pages,
        duties_pages,
        planning_pages,
        exceptions_pages,
        series_pages,
        office_pages,
        first_day_pages,
        units_pages,
        merging_pages,
        withdrawn_pages,
        people_pages,
        health_pages,
        uploads_api,
        help_pages,
    ):
        app.register_blueprint(blueprint)
    for api in API:
        app.register_blueprint(api)
    _fill_registries(app)
    return app


def _fill_registries(app: Flask) -> None:
    registries = registries_of(app)
    for kind, run in (
        (SEND_MAIL, send_mail),
        (ACCESS_CHANGED, tell_access_changed),
        (SWEEP_ACCESS, sweep_access),
        (SWEEP_LINKS, sweep_links),
        (RENDER, render_photo),
        (SCAN, scan_document),
        (SCAN_OLDER, scan_older_documents),
        (MAKE, make_due_obligations),
        (TELL_CELLS, tell_cells),
        (MISSES_LIFTED, tell_lifted),
        (PASS_DRAFTS, pass_drafts_on_the_day),
        (TELL_UNSENT, tell_of_unsent),
        (FOLLOW_LATE_WORK, follow_late_work),
        (TELL_ANSWER, tell_answer_given),
        (SEND_INVITATION, send_invitation),
        (READ_IMPORT, read_import),
        (APPLY_IMPORT, apply_import),
        (FORGET_IMPORTS, forget_imports),
        (UNITS_IMPORTED, follow_import),
        (CLOSE, close_ended_periods),
        (SWEEP, sweep_finished),
        (HAND_OVER, hand_over_file),
        (SWEEP_UPLOADS, sweep_uploads),
        (SWEEP_OBJECTS, sweep_objects),
    ):
        registries.job_handlers.add(kind.name, JobHandler(kind, run))
    for one in OBJECT_KINDS:
        registries.object_kinds.add(one.prefix, one)
    registries.upload_consumers.add(PHOTO, UploadConsumer(admit_photo, ask_for_photo, take_photo))
    registries.page_slots.add("office", PageSlot("office", "office/nav.html", office_nav))
    registries.page_slots.add("pin", PageSlot("after_sending", "accounts/pin_offer.html", pin_offer))
    registries.page_slots.add("calendar", PageSlot("account", "alerts/account_calendar.html", account_calendar))
    registries.page_slots.add("bell", PageSlot("top_bar", "messages/bell.html", bell))
    app.jinja_env.globals.update(page_slots=page_slots, proof_of=proof_of)
