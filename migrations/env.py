"""Alembic's entry: runs migrations on the connection that `meetingcheck.lib.migrate` has prepared."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=context.config.attributes.get("metadata"),
    render_as_batch=True,
    transaction_per_migration=False,
)
context.run_migrations()
