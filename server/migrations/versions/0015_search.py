"""Searching: its entries, and an index of each database's own kind. The column that it replaces goes."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make. Who serves the installation next makes the entries (server.records_indexing)."""
    op.create_table(
        "search_entry",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("subject", sa.String(length=16), nullable=False),
        sa.Column("subject_id", sa.String(length=100), nullable=False),
        sa.Column("head", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
        sa.UniqueConstraint("subject", "subject_id", name="search_entry_of_subject"),
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE search_index USING fts5"
            "(marks, head, head_written, body, body_written, prefix = '3', tokenize = 'ascii')"
        )
    else:
        op.execute(
            "CREATE TABLE search_index (key BIGINT PRIMARY KEY, words TSVECTOR NOT NULL, "
            "head TEXT NOT NULL, head_written TEXT NOT NULL, body TEXT NOT NULL, body_written TEXT NOT NULL)"
        )
        op.execute("CREATE INDEX search_index_words ON search_index USING gin (words) WITH (fastupdate = off)")
    op.drop_column("document", "search")


def downgrade() -> None:
    """Undo."""
    op.add_column("document", sa.Column("search", sa.Text(), nullable=False, server_default=""))
    op.execute("DROP TABLE search_index")
    op.drop_table("search_entry")
