"""`giaoban doctor`: what the records lean on, and what it says where something is missing."""

import json
import shutil
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
import typer
from sqlalchemy import text, update

from minutes.deposits.store import deposit_table
from server import auth, config, demo_pki, doctor_records
from server.backup import LAST, Made, backup
from server.commands import console
from server.commands.serving import doctor_command
from server.database import Database


@pytest.fixture
async def settings(tmp_path: Path, demo_data: Callable[[Path], Awaitable[None]]) -> config.Config:
    data = tmp_path / "giaoban-data"
    await demo_data(data)
    return config.load(None, data=data)


async def found(settings: config.Config) -> dict[str, tuple[bool | None, str]]:
    return {what: (well, said) async for what, well, said in doctor_records.examine(settings)}


async def test_a_new_installation_is_well(settings: config.Config) -> None:
    said = await found(settings)
    said.pop(doctor_records.HOLIDAYS)  # what is said of them depends on the day
    assert [what for what, (well, _) in said.items() if not well] == ["Sao lưu"]
    assert said["Sao lưu"][0] is None, "not late yet, but to be thought of"
    assert set(said) == {
        "Khóa ký của kho lưu trữ", "Dấu thời gian", "Cơ sở dữ liệu", "Tệp cơ sở dữ liệu", "Các chứng thư số", "Sao lưu",
        "Đồng hồ máy chủ",
    }  # fmt: skip
    assert "cấp dấu được tin cậy" in said["Dấu thời gian"][1]


def test_holidays_that_are_not_known_are_an_error_and_those_that_are_expected_are_told() -> None:
    def judged(day: date) -> list[tuple[bool | None, str]]:
        return [(well, said) for _what, well, said in doctor_records.holidays(day)]

    assert judged(date(2026, 6, 1)) == [(True, "2026")]
    assert judged(date(2026, 12, 1)) == [(None, "năm 2027 mới là dự kiến")]
    (_expected, (well, said)) = judged(date(2030, 12, 1))
    assert well is False
    assert "chưa có ngày nghỉ Tết, Giỗ Tổ năm 2031" in said


def test_what_is_missing_is_said_in_the_language_that_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for language, said in (("en", "NO  Data folder:"), ("vi", "LỖI  Thư mục dữ liệu: chưa có")):
        console.begin(language)
        with pytest.raises(typer.Exit):
            doctor_command(data=tmp_path / "none")
        assert said in capsys.readouterr().out


def test_a_relay_that_is_not_there_is_no_fault_but_is_not_called_good(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    console.begin("vi")
    with pytest.raises(typer.Exit):
        doctor_command(data=tmp_path / "none")
    assert "CHÚ Ý  Máy chủ chuyển tiếp TURN: chưa có" in capsys.readouterr().out


async def test_the_age_of_the_last_backup_counts(settings: config.Config, tmp_path: Path) -> None:
    made = [step for step in backup(settings, tmp_path / "backups", auth.utcnow()) if isinstance(step, Made)]
    well, said = (await found(settings))["Sao lưu"]
    assert well
    assert str(made[0].where) in said
    assert LAST not in made[0].where.read_text(), "it is of this folder alone"
    old = (auth.utcnow() - timedelta(days=8)).isoformat()
    (settings.data / LAST).write_text(json.dumps({"made": old, "where": "/backups"}))
    assert (await found(settings))["Sao lưu"] == (False, "bản gần nhất cách đây 8 ngày: /backups")
    (settings.data / LAST).write_text("{")
    assert not (await found(settings))["Sao lưu"][0]


async def test_an_archive_that_was_never_backed_up_is_not_well_for_ever(settings: config.Config) -> None:
    database = Database(settings.database_url)
    async with database.begin() as connection:
        await connection.execute(update(deposit_table).values(at=auth.utcnow() - timedelta(days=8)))
    await database.close()
    well, said = (await found(settings))["Sao lưu"]
    assert not well
    assert "giaoban backup" in said


async def test_an_older_schema_and_a_lost_time_stamper_are_named(settings: config.Config) -> None:
    database = Database(settings.database_url)
    async with database.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    await database.close()
    (settings.keys / "tsa.p12").write_bytes(b"no key")
    said = await found(settings)
    assert not said["Cơ sở dữ liệu"][0]
    assert "giaoban migrate" in said["Cơ sở dữ liệu"][1]
    assert not said["Dấu thời gian"][0]


async def test_stamps_of_another_authority_are_not_believed(settings: config.Config, tmp_path: Path) -> None:
    demo_pki.DemoPki(auth.utcnow()).write(tmp_path / "others", [], [])
    shutil.copy(tmp_path / "others" / "tsa.p12", settings.keys / "tsa.p12")
    well, said = (await found(settings))["Dấu thời gian"]
    assert not well
    assert "không được tin cậy" in said


async def test_a_damaged_key_and_a_damaged_database_are_named(settings: config.Config) -> None:
    (settings.keys / "archive.key").write_text("no key")
    (settings.data / "giaoban.sqlite3").write_bytes(b"no database" * 1000)
    said = await found(settings)
    assert not said["Khóa ký của kho lưu trữ"][0]
    assert not said["Cơ sở dữ liệu"][0]
