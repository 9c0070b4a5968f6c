"""A whole records office in a directory, for tests: database, archive, keys, people."""

import contextlib
import functools
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pyhanko.sign.timestamps import TimeStamper
from sqlalchemy import Row, create_engine, select

from minutes.archive import Archive
from minutes.document import Actor, Kind, Signer
from minutes.tables import metadata as minutes_metadata
from minutes.tables import register_table
from minutes.trust import Trust
from rooms.store import metadata as rooms_metadata
from server import demo_pki, directory
from server.database import Database, sqlite_url
from server.records import Records
from server.records_keys import open_keys
from tests.minutes.sample_meeting import CHAIR, CLERK, COMMUNES, LEADERS, PROVINCE, SECRETARY, held

PIN = "135790"
CHAIR_ACTOR = Actor(CHAIR.id, CHAIR.name, CHAIR.title)
SECRETARY_ACTOR = Actor(SECRETARY.id, SECRETARY.name, SECRETARY.title)
CLERK_ACTOR = Actor(CLERK.id, CLERK.name, CLERK.title)
LEADER = Signer("leader", CHAIR.id, CHAIR.name, ("CHỦ TỊCH",), CHAIR.title)

DIRECTIVE = {
    "document_id": "",
    "subject": "Về việc tăng cường phòng cháy, chữa cháy rừng",
    "place_name": "Lâm Sơn",
    "bases": ["Căn cứ Luật Tổ chức chính quyền địa phương;"],
    "intro": ["Chủ tịch Ủy ban nhân dân tỉnh yêu cầu:"],
    "body": [
        {"block": "paragraph", "level": 1, "text": "Rà soát phương án."},
        {"block": "paragraph", "level": 1, "text": "Báo cáo trước ngày 28/02/2026."},
    ],
    "closing": "Yêu cầu nghiêm túc thực hiện",
    "recipients": ["Ủy ban nhân dân các xã, phường", "Lưu: VT"],
}


class Clock:
    """The real time unless a test sets another: certificates are checked against the machine's own clock."""

    def __init__(self) -> None:
        self.moment: datetime | None = None

    def __call__(self) -> datetime:
        return self.moment or datetime.now(UTC)


@dataclass(frozen=True)
class RecordsOffice:
    records: Records
    database: Database
    archive: Path
    clock: Clock

    async def register(self, unit: str, year: int) -> tuple[Row[Any], ...]:
        """The register's rows of one unit and year, in order."""
        table = register_table
        query = select(table).where(table.c.unit_id == unit, table.c.year == year)
        async with self.database.read() as connection:
            return tuple(await connection.execute(query.order_by(table.c.series, table.c.number)))

    async def approved_minutes(self) -> str:
        document_id = await self.records.draft_minutes(held())
        await self.records.submit(document_id, by=SECRETARY_ACTOR)
        await self.records.approve(document_id, by=CHAIR_ACTOR)
        return document_id

    async def sealed_minutes(self) -> str:
        document_id = await self.approved_minutes()
        await self.records.sign(document_id, by=SECRETARY_ACTOR, pin=PIN)
        await self.records.sign(document_id, by=CHAIR_ACTOR, pin=PIN)
        await self.records.seal(document_id, by=CLERK_ACTOR, pin=PIN)
        return document_id

    async def directive(self, subject: str = str(DIRECTIVE["subject"])) -> str:
        data = {**DIRECTIVE, "subject": subject}
        return await self.records.draft_text(Kind.DIRECTIVE, data, CLERK_ACTOR, unit=PROVINCE, leader=LEADER)

    async def sealed_directive(self, subject: str = str(DIRECTIVE["subject"])) -> str:
        document_id = await self.directive(subject)
        await self.records.submit(document_id, by=CLERK_ACTOR)
        await self.records.approve(document_id, by=CHAIR_ACTOR)
        await self.records.sign(document_id, by=CHAIR_ACTOR, pin=PIN)
        await self.records.seal(document_id, by=CLERK_ACTOR, pin=PIN)
        return document_id


TABLES = (minutes_metadata, directory.metadata, rooms_metadata)


@functools.cache
def empty() -> bytes:
    """A database of SQLite with all tables and without a row: a copy costs a hundredth of making them."""
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        for tables in TABLES:
            tables.create_all(connection)
    with engine.connect() as connection:
        made = connection.connection.dbapi_connection
        assert isinstance(made, sqlite3.Connection)
        return made.serialize()


def joined(one: Trust, other: Trust) -> Trust:
    """What either believes."""
    return Trust(
        one.roots + other.roots, one.intermediates + other.intermediates, one.crls + other.crls, one.ocsps + other.ocsps
    )


@contextlib.asynccontextmanager
async def open_office(
    path: Path, *, trust: Trust | None = None, time_stamper: TimeStamper | None = None, database_url: str = ""
) -> AsyncIterator[RecordsOffice]:
    """The office under `path`, new the first time, with the sample's people and units. It believes `trust` besides its
    own authority. Without `database_url` its database is a file there."""
    demo_pki.create(
        path / "keys",
        people=[(one.id, one.name, one.unit.name) for one in (CHAIR, SECRETARY, CLERK, *LEADERS)],
        units=[(unit.id, unit.name) for unit in (PROVINCE, *COMMUNES)],
        pin=PIN,
        now=datetime.now(UTC),
    )
    keys = open_keys(path / "keys")
    file = path / "giaoban.sqlite3"
    database = Database(url := database_url or sqlite_url(file))
    if url != sqlite_url(file):
        async with database.begin() as connection:
            for tables in TABLES:
                await connection.run_sync(tables.create_all)
    elif not file.exists():
        file.write_bytes(empty())
    clock = Clock()
    records = Records(
        database,
        Archive(path / "archive"),
        keys.trust if trust is None else joined(keys.trust, trust),
        time_stamper or keys.time_stamper,
        keys.store,
        "http://127.0.0.1:8080",
        clock,
    )
    try:
        yield RecordsOffice(records, database, path / "archive", clock)
    finally:
        await database.close()
