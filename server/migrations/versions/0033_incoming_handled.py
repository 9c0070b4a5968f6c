"""How a document that came is dealt with stands in its line, and a task may be of such a line."""

from datetime import date, datetime, timedelta, timezone

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

TEXTS = ("direction", "directed_by", "outcome", "answer")
DAYS = ("deadline", "settled_on")
WRITTEN = {"TraceHeaderList": "direction", "DueDate": "deadline", "Outcome": "outcome"}
"""Until now people have typed these among the metadata."""

ASIDE = (
    "CREATE TEMPORARY TABLE kept_act AS SELECT * FROM task_act",
    "CREATE TEMPORARY TABLE kept_unit AS SELECT * FROM task_unit",
    "DELETE FROM task_act",
    "DELETE FROM task_unit",
)
BACK = (
    "INSERT INTO task_act SELECT * FROM kept_act",
    "INSERT INTO task_unit SELECT * FROM kept_unit",
    "DROP TABLE kept_act",
    "DROP TABLE kept_unit",
)


def upgrade() -> None:
    """Make."""
    for name in TEXTS:
        op.add_column("incoming_document", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.add_column("incoming_document", sa.Column("answer_id", sa.String(32), nullable=False, server_default=""))
    for name in DAYS:
        op.add_column("incoming_document", sa.Column(name, sa.Date(), nullable=True))
    _take_over()
    _tasks(null=True)
    op.add_column("task", sa.Column("received", sa.String(20), nullable=False, server_default=""))
    op.create_index("task_by_received", "task", ["authority_id", "received"])


def downgrade() -> None:
    """Undo: tasks of what came are forgotten."""
    op.drop_index("task_by_received", "task")
    op.drop_column("task", "received")
    task = sa.table("task", sa.column("id"), sa.column("document_id"))
    gone = sa.select(task.c.id).where(task.c.document_id.is_(None))
    for name in ("task_act", "task_unit"):
        of_task = sa.table(name, sa.column("task_id"))
        op.execute(of_task.delete().where(of_task.c.task_id.in_(gone)))
    op.execute(task.delete().where(task.c.document_id.is_(None)))
    _tasks(null=False)
    for name in (*TEXTS, "answer_id", *DAYS):
        op.drop_column("incoming_document", name)


def _tasks(*, null: bool) -> None:
    """SQLite makes the table anew for it; what points to its rows steps aside meanwhile."""
    lite = op.get_bind().dialect.name == "sqlite"
    for statement in ASIDE if lite else ():
        op.execute(statement)
    with op.batch_alter_table("task") as table:
        table.alter_column("document_id", existing_type=sa.String(32), nullable=null)
    for statement in BACK if lite else ():
        op.execute(statement)


def _take_over() -> None:
    connection = op.get_bind()
    names = ("unit_id", "ref", "field", "value", "by", "at", "subject", "id")
    said = sa.table("description", *(sa.column(name) for name in names))
    number, year = sa.column("number", sa.Integer), sa.column("year", sa.Integer)
    lines = sa.table(
        "incoming_document", sa.column("unit_id"), year, number, sa.column("settled_on", sa.Date),
        sa.column("deadline", sa.Date), *(sa.column(name) for name in TEXTS),
    )  # fmt: skip
    query = sa.select(said).where(said.c.subject == "received", said.c.field.in_(WRITTEN)).order_by(said.c.id)
    for row in connection.execute(query).mappings().all():
        name, value = WRITTEN[row["field"]], row["value"]
        values: dict[str, object]
        if name == "deadline":
            values = {name: _day(value)}
        elif name == "outcome":
            values = {name: value, "settled_on": _day_of(row["at"]) if value else None}
        else:
            values = {name: value, "directed_by": row["by"] if value else ""}
        of_year, of_number = map(int, row["ref"].split("/"))
        same = (lines.c.unit_id == row["unit_id"]) & (lines.c.year == of_year) & (lines.c.number == of_number)
        connection.execute(lines.update().where(same).values(**values))


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _day_of(at: str) -> date:
    """In Viet Nam."""
    return datetime.fromisoformat(at).astimezone(timezone(timedelta(hours=7))).date()
