"""Messages in the folder of the exchange axis: none of them, whatever it is, holds up another or hides one."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import cast

import pytest
import pytest_asyncio

from minutes.archive import Archive
from minutes.exchange import edxml
from server import auth, exchange_line
from server.config import ExchangeConfig
from server.database import Database
from server.errors import Problem
from server.exchange import Exchange
from server.exchange_arrivals import Arrivals
from server.exchange_line import FolderLine

OURS = "H41.12"
LATER = "V/v để sau"


class Desk:
    """Takes what comes; what is to be tried another time, only once it may."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.reads_pictures = False

    async def take(self, _unit: str, _own: str, message: edxml.Message, *_more: object) -> None:
        if message.subject == LATER and not self.reads_pictures:
            raise Problem("unseen_pages")
        self.taken.append(message.subject)


class Office:
    """An installation of which only the look at the axis runs."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.inbox = folder / "inbox"
        self.inbox.mkdir(parents=True)
        self.desk = Desk()
        self._exchange = Exchange(
            database, cast(Archive, None), FolderLine(folder), ExchangeConfig(organs={"lam-son": OURS}),
            cast(Arrivals, self.desk), auth.utcnow,
        )  # fmt: skip

    def put(self, name: str, subject: str) -> None:
        made = edxml.Message(
            id="x", organ_id="H41", organ_name="UBND tỉnh", number="12", notation="UBND", place="Lâm Sơn",
            issued_on=auth.utcnow().date(), kind_name="Công văn", subject=subject, competence="", position="",
            signer="Lê Văn Thử", to_places=(), files=(edxml.File("a.pdf", "application/pdf", b"%PDF-"),),
            to_organs=(OURS,),
        )  # fmt: skip
        (self.inbox / name).write_bytes(edxml.dump(made, auth.utcnow()))

    async def look(self) -> list[str]:
        """The subjects that this look has brought."""
        before = len(self.desk.taken)
        await self._exchange.look(auth.utcnow())
        return self.desk.taken[before:]


@pytest_asyncio.fixture
async def office(tmp_path: Path, new_database: Callable[[Path], str]) -> AsyncIterator[Office]:
    database = Database(new_database(tmp_path / "giaoban.sqlite3"))
    await database.migrate()
    yield Office(tmp_path / "axis", database)
    await database.close()


async def test_of_two_refused_files_of_one_name_both_are_there_for_whoever_looks(office: Office) -> None:
    for content in (b"first", b"second", b"third"):
        (office.inbox / "a.edxml").write_bytes(content)
        await office.look()
    kept = {one.name: one.read_bytes() for one in (office.inbox / "refused").iterdir()}
    assert kept == {"a.edxml": b"first", "a.edxml.2": b"second", "a.edxml.3": b"third"}


async def test_folders_named_like_messages_stop_nothing(office: Office) -> None:
    for _ in range(2):  # the second finds the first among the refused, with something in it
        (office.inbox / "a.edxml" / "within").mkdir(parents=True)
        office.put("b.edxml", "V/v phòng chống hạn")
        assert await office.look() == ["V/v phòng chống hạn"]
    assert [one.name for one in office.inbox.iterdir()] == ["refused"]


async def test_what_is_to_be_tried_later_holds_nothing_back(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange_line, "MOST", 3)
    for number in range(4):
        office.put(f"a{number}.edxml", LATER)
    office.put("b.edxml", "V/v phòng chống hạn")
    assert await office.look() == []
    assert await office.look() == ["V/v phòng chống hạn"]
    assert len(list(office.inbox.glob("a*"))) == 4
    office.desk.reads_pictures = True
    assert len([*await office.look(), *await office.look()]) == 4
    assert not list(office.inbox.glob("*.edxml"))


async def test_a_file_that_cannot_be_read_holds_back_nothing_for_long(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = FolderLine._read

    def closed(self: FolderLine, name: str) -> bytes:
        if name == "a.edxml":
            raise exchange_line.LineDown("inbox: Permission denied")
        return read(self, name)

    monkeypatch.setattr(FolderLine, "_read", closed)
    office.put("a.edxml", "V/v không đọc được")
    office.put("b.edxml", "V/v phòng chống hạn")
    assert [*await office.look(), *await office.look()] == ["V/v phòng chống hạn"]
