"""`giaoban verify --archive`: exit codes, sentences, and a checkpoint that was kept elsewhere."""

import json
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from minutes.deposits.checkpoint import Checkpoint
from minutes.deposits.note import Signer
from server import config, records_keys
from server.database import Database
from server.vault import open_vault
from tests.server.test_command_line import Giaoban, giaoban, one_sentence

__all__ = ["giaoban"]


@pytest.fixture
async def data(tmp_path: Path, demo_data: Callable[[Path], Awaitable[None]]) -> Path:
    """A demo with a time-stamped checkpoint, which is kept beside it as `kept.txt`."""
    folder = tmp_path / "giaoban-data"
    await demo_data(folder)
    settings = config.load(None, data=folder)
    database = Database(settings.database_url)
    vault = open_vault(settings, database)
    await vault.anchor()
    (tmp_path / "kept.txt").write_text((await vault.checkpoint()).note, encoding="utf-8")
    await database.close()
    return folder


def test_a_whole_archive_ends_with_0_and_is_put_on_record(data: Path, tmp_path: Path, giaoban: Giaoban) -> None:
    kept = str(tmp_path / "kept.txt")
    result = giaoban("verify", "--archive", "--checkpoint", kept, "--data", str(data))
    assert (result.returncode, result.stderr) == (0, "")
    assert "còn nguyên vẹn: 2 lượt nộp lưu" in result.stdout
    result = giaoban("verify", "--archive", "--json", "--data", str(data))
    assert json.loads(result.stdout) == {
        "verdict": "whole", "deposits": 2, "checkpoints": 2, "covered": 2, "anchors": 1, "findings": [], "found": 0,
        "aside": [],
    }  # fmt: skip
    with sqlite3.connect(data / "giaoban.sqlite3") as database:
        assert database.execute("SELECT whole, found FROM examination").fetchall() == [(1, 0), (1, 0)]


def test_a_damaged_one_ends_with_1_and_names_the_first(data: Path, giaoban: Giaoban) -> None:
    for path in (data / "archive").rglob("*"):
        if len(path.name) == 64:
            path.write_bytes(b"")
    result = giaoban("verify", "--archive", "--data", str(data))
    assert result.returncode == 1
    first, *others = result.stdout.splitlines()
    assert "Trước hết: Văn bản số 01/CT-UBND" in first
    assert "(Ủy ban nhân dân tỉnh Lâm Sơn): tệp đã bị hỏng" in first
    assert others[0].startswith("- Dấu thời gian của điểm chốt số 0")
    found = json.loads(giaoban("verify", "--archive", "--json", "--data", str(data)).stdout)
    assert (found["verdict"], found["findings"][0]["position"]) == ("damaged", 0)


def test_a_log_that_was_cut_off_ends_with_1_where_a_checkpoint_was_kept(
    data: Path, tmp_path: Path, giaoban: Giaoban
) -> None:
    with sqlite3.connect(data / "giaoban.sqlite3") as database:
        database.execute("DELETE FROM deposit WHERE position = 1")
        database.execute("DELETE FROM checkpoint WHERE number = 1")
    assert giaoban("verify", "--archive", "--data", str(data)).returncode == 0
    kept = str(tmp_path / "kept.txt")
    result = giaoban("verify", "--archive", "--checkpoint", kept, "--data", str(data))
    assert result.returncode == 1
    assert "cắt ngắn" in result.stdout


def test_what_cannot_be_told_ends_with_2_and_a_sentence(data: Path, tmp_path: Path, giaoban: Giaoban) -> None:
    stranger = Signer.make("khac/archive/00")
    foreign = tmp_path / "foreign.txt"
    foreign.write_text(Checkpoint(stranger.name, 1, bytes(32)).sign(stranger), encoding="utf-8")
    where = ("--data", str(data))
    assert "another archive" in one_sentence(giaoban("verify", "--archive", "--checkpoint", str(foreign), *where))
    missing = str(tmp_path / "none.txt")
    assert "Không đọc được" in one_sentence(giaoban("verify", "--archive", "--checkpoint", missing, *where))
    assert "Không có hệ thống" in one_sentence(giaoban("verify", "--archive", "--data", missing))
    assert "Xin nêu tệp" in one_sentence(giaoban("verify", *where))
    (data / "giaoban.sqlite3").write_bytes(b"no database" * 1000)
    assert "Chưa kiểm tra được" in one_sentence(giaoban("verify", "--archive", *where))


def test_a_lost_key_is_found_and_not_made_anew(data: Path, giaoban: Giaoban) -> None:
    (data / "keys" / "archive.key").unlink()
    result = giaoban("verify", "--archive", "--data", str(data))
    assert result.returncode == 1
    assert "Điểm chốt số 0: không còn khóa" in result.stdout
    assert not (data / "keys" / "archive.key").exists()


def test_a_new_key_signs_on_and_what_the_old_one_signed_stays_good(
    data: Path, tmp_path: Path, giaoban: Giaoban
) -> None:
    kept, key = str(tmp_path / "kept.txt"), data / "keys" / "archive.key"
    before = key.read_text()
    result = giaoban("archive", "rotate-key", "--data", str(data))
    assert (result.returncode, result.stderr) == (0, "")
    assert key.read_text() != before
    assert key.stat().st_mode & 0o077 == 0
    assert not key.with_name("archive.key.new").exists()
    assert giaoban("archive", "rotate-key", "--data", str(data)).returncode == 0
    result = giaoban("verify", "--archive", "--checkpoint", kept, "--json", "--data", str(data))
    found = json.loads(result.stdout)
    assert (found["verdict"], found["deposits"], found["checkpoints"], found["covered"]) == ("whole", 4, 4, 4)

    after = key.read_text()
    key.write_text(before)  # whoever has the old key signs nothing with it
    found = json.loads(giaoban("verify", "--archive", "--json", "--data", str(data)).stdout)
    reasons = [one["reason"] for one in found["findings"]]
    assert found["verdict"] == "damaged"
    assert "chuỗi bàn giao khóa của kho lưu trữ không liền mạch" in reasons
    assert "not replaced" in one_sentence(giaoban("archive", "rotate-key", "--data", str(data)))
    key.write_text(after)
    assert giaoban("archive", "rotate-key", "--data", str(data)).returncode == 0


def test_a_rotation_that_was_cut_off_is_finished_by_the_next(
    data: Path, giaoban: Giaoban, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(_directory: Path) -> None:
        raise OSError("no power")

    with monkeypatch.context() as patched:
        patched.setattr(records_keys, "take_archive_key", cut)
        assert "no power" in one_sentence(giaoban("archive", "rotate-key", "--data", str(data)))
    assert giaoban("verify", "--archive", "--data", str(data)).returncode == 1
    assert giaoban("archive", "rotate-key", "--data", str(data)).returncode == 0
    found = json.loads(giaoban("verify", "--archive", "--json", "--data", str(data)).stdout)
    assert (found["verdict"], found["deposits"]) == ("whole", 3)
