"""`giaoban clock` and `giaoban doctor` where this machine's clock is behind, and how an office goes on."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from minutes.numbering import store as numbers
from server import auth, config, doctor_records
from server.database import Database
from tests.server.test_command_line import Giaoban, giaoban, one_sentence

__all__ = ["giaoban"]


@pytest.fixture
async def data(tmp_path: Path, demo_data: Callable[[Path], Awaitable[None]]) -> Path:
    folder = tmp_path / "giaoban-data"
    await demo_data(folder)
    return folder


BY = "Vũ Minh Tâm, cán bộ kỹ thuật"


@pytest.fixture
async def ahead(data: Path) -> Path:
    """An office whose clock was ahead once, by a year."""
    async with Database(config.load(None, data=data).database_url) as database, database.begin() as connection:
        await numbers.go_on(connection, auth.utcnow() + timedelta(days=365))
    return data


def test_a_right_clock_is_shown_beside_the_newest_record(data: Path, giaoban: Giaoban) -> None:
    result = giaoban("clock", "--data", str(data))
    assert result.returncode == 0
    shown = result.stdout.splitlines()
    assert [line.partition(":")[0] for line in shown] == ["Giờ của máy này", "Bản ghi mới nhất"]
    assert "không chậm" in one_sentence(giaoban("clock", "--accept", "Thử", "--by", "Tâm", "--data", str(data)))


def test_an_office_whose_clock_was_ahead_goes_on_when_somebody_says_why(ahead: Path, giaoban: Giaoban) -> None:
    told = giaoban("clock", "--data", str(ahead))
    assert told.returncode == 1
    assert "không cấp số" in told.stdout
    assert "lý do" in one_sentence(giaoban("clock", "--accept", " ", "--by", "Tâm", "--data", str(ahead)))
    assert giaoban("clock", "--data", str(ahead)).returncode == 1, "without a reason nothing has changed"
    assert "họ tên" in one_sentence(giaoban("clock", "--accept", "Pin hỏng", "--data", str(ahead)))
    assert giaoban("clock", "--data", str(ahead)).returncode == 1, "nor without a name"
    taken = giaoban("clock", "--accept", "Pin của máy chủ hỏng", "--by", BY, "--data", str(ahead))
    assert taken.returncode == 0
    assert f"{BY} xác nhận giờ máy: cấp số tiếp từ" in taken.stdout
    again = giaoban("clock", "--data", str(ahead), "--lang", "en")
    assert again.returncode == 0
    assert f"{BY} accepted this machine's time: from " in again.stdout
    assert "Reason: Pin của máy chủ hỏng" in again.stdout
    with sqlite3.connect(ahead / "giaoban.sqlite3") as rows:
        assert rows.execute("SELECT reason, by FROM clock_acceptance").fetchall() == [("Pin của máy chủ hỏng", BY)]


def test_the_doctor_tells_that_the_clock_is_behind(ahead: Path, giaoban: Giaoban) -> None:
    async def found() -> tuple[bool | None, str]:
        examined = doctor_records.examine(config.load(None, data=ahead))
        return {what: (well, said) async for what, well, said in examined}[doctor_records.CLOCK]

    well, said = asyncio.run(found())
    assert well is False
    assert "giaoban clock" in said
    giaoban("clock", "--accept", "Pin của máy chủ hỏng", "--by", BY, "--data", str(ahead))
    assert asyncio.run(found())[0]
