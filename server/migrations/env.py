"""Alembic's environment: one history for the tables of rooms, minutes and the directory."""

from alembic import context

from minutes.tables import metadata as minutes_metadata
from rooms.store import metadata as rooms_metadata
from server.directory import metadata as directory_metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=[rooms_metadata, minutes_metadata, directory_metadata],
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
