"""A guard for work outside the database: no transaction may be open during S3, SMTP or a child process.

A transaction held open by a slow store would hold SQLite's only write lock, and PostgreSQL's rows, for as long.
"""

from flask import has_app_context

from meetingcheck.lib.db import TransactionOpen, db


def ensure_no_transaction(what: str) -> None:
    """Raise TransactionOpen if the current session is in a transaction; `what` names the work about to begin."""
    if has_app_context() and db.session.registry.has() and db.session().in_transaction():
        raise TransactionOpen(f"{what} inside a transaction")
