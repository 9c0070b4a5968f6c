"""An office that has tasks, and has described what came, takes the step to lines that say how it is dealt with."""

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from server.database import MIGRATIONS, Database
from tests.postgresql import ON_BOTH

pytestmark = ON_BOTH
AT = "2026-03-01T20:00:00.000000+00:00"
"""Three in the morning of the next day in Viet Nam."""
ROWS = (
    "INSERT INTO document (id, kind, state, unit_id, unit_name, abbreviation, title, place, version, code, signers, "
    f"published, created_at, changed_at) VALUES ('d', 'TB', 'sealed', 'u', '', '', '', '', 1, 'c', '[]', false, '{AT}',"
    f" '{AT}')",
    *(
        "INSERT INTO task (id, authority_id, authority_name, document_id, kind, symbol, issued_on, place, text, "
        f"owner_id, co_units, assigned_on, state, escalated, reporter) VALUES ({task}, 'u', 'U', 'd', 'TB', '1/TB', "
        f"'2026-03-01', 'r/{task}', 'Việc {task}', 'v', '[]', '2026-03-01', 'open', 0, '')"
        for task in (1, 2, 7)
    ),
    *(
        'INSERT INTO task_act (id, task_id, at, act, "by", reason, detail) VALUES '
        f"({task * 10 + act}, {task}, '{AT}', 'assign', '[]', 'Lý do {act}', '')"
        for task in (1, 2, 7)
        for act in (1, 2)
    ),
    *(f"INSERT INTO task_unit (task_id, unit_id) VALUES ({task}, 'y-te')" for task in (1, 7)),
    *(
        "INSERT INTO incoming_document (unit_id, year, number, arrived_on, author, number_symbol, issued_on, kind_name,"
        f""" subject, handler, note, mark, "by", at) VALUES ('u', 2026, {number}, '2026-03-01', 'Sở Y tế', '1/S',"""
        f" '2026-03-01', 'Công văn', 'Văn bản {number}', 'Văn phòng', '', '', 'Cúc', '{AT}')"
        for number in (1, 2, 3)
    ),
    *(
        f"""INSERT INTO description (id, unit_id, subject, ref, field, value, "by", at) VALUES ({number}, 'u', """
        f"'{subject}', '{ref}', '{field}', '{value}', 'Hạnh', '{AT}')"
        for number, (subject, ref, field, value) in enumerate(
            (
                ("received", "2026/1", "TraceHeaderList", "Giao Văn phòng"),
                ("received", "2026/1", "DueDate", "2026-04-05"),
                ("received", "2026/1", "Outcome", "Đã trả lời"),
                ("received", "2026/2", "DueDate", "2026-04-05"),
                ("received", "2026/2", "DueDate", ""),
                ("received", "2026/3", "Priority", "Khẩn"),
                ("document", "d", "DueDate", "2026-05-05"),
            )
        )
    ),
)
TABLES = ("document", "task", "task_act", "task_unit", "incoming_document", "description")


async def test_nothing_is_lost_on_the_way_there_and_back(tmp_path: Path, new_database: Callable[[Path], str]) -> None:
    async with Database(new_database(tmp_path / "db.sqlite3")) as database:
        async with database.begin() as connection:
            await connection.run_sync(moved, command.upgrade, "0032")
            for row in ROWS:
                await connection.exec_driver_sql(row)
            before = {name: await rows(connection, name) for name in TABLES}
        async with database.begin() as connection:
            await connection.run_sync(moved, command.upgrade, "head")
            for name, old in before.items():
                now = await rows(connection, name)
                assert [{column: one[column] for column in was} for one, was in zip(now, old, strict=True)] == old
            names = "number, direction, directed_by, deadline, outcome, settled_on"
            lines = await connection.execute(text(f"SELECT {names} FROM incoming_document ORDER BY number"))
            assert [tuple(map(str, line)) for line in lines] == [
                ("1", "Giao Văn phòng", "Hạnh", "2026-04-05", "Đã trả lời", "2026-03-02"),
                ("2", "", "", "None", "", "None"),
                ("3", "", "", "None", "", "None"),
            ]
        async with database.begin() as connection:
            await connection.run_sync(moved, command.downgrade, "0032")
            assert {name: await rows(connection, name) for name in TABLES} == before


async def rows(connection: AsyncConnection, table: str) -> list[dict[str, object]]:
    found = [dict(row) for row in (await connection.execute(text(f"SELECT * FROM {table}"))).mappings()]
    return sorted(found, key=lambda row: [str(row.get(name)) for name in ("id", "task_id", "number")])


def moved(connection: Connection, move: Callable[[AlembicConfig, str], None], revision: str) -> None:
    config = AlembicConfig()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    move(config, revision)
