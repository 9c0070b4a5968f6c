"""Alembic's environment: one history for the tables of rooms, minutes, the directory and mail."""

from alembic import context

import minutes.casefiles.store
import minutes.days.store
import minutes.deposits.store
import minutes.described.store
import minutes.incidents.store
import minutes.redaction.store
import minutes.registers.store
import minutes.tasks.tables  # noqa: F401 - their tables belong to the metadata of minutes.tables
import server.accesses
import server.directory_log
import server.saved_searches  # noqa: F401 - their tables belong to the directory's metadata
from minutes.tables import metadata as minutes_metadata
from rooms.store import metadata as rooms_metadata
from server.council import metadata as council_metadata
from server.directory import metadata as directory_metadata
from server.editing.tables import metadata as editing_metadata
from server.inviting import metadata as inviting_metadata
from server.outbox import metadata as outbox_metadata
from server.papers_tables import metadata as papers_metadata
from server.series_tables import metadata as series_metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=[
        rooms_metadata,
        minutes_metadata,
        directory_metadata,
        outbox_metadata,
        papers_metadata,
        inviting_metadata,
        editing_metadata,
        series_metadata,
        council_metadata,
    ],
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
