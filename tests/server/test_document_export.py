"""`giaoban export --documents`: all come out as open files, it goes on where it stopped, and says what is damaged."""

import csv
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from minutes.exchange import edxml
from server.document_export import SUMS, checked
from tests.server.test_command_line import Giaoban, giaoban, one_sentence

__all__ = ["giaoban"]


@pytest.fixture
async def data(tmp_path: Path, demo_data: Callable[[Path], Awaitable[None]]) -> Path:
    folder = tmp_path / "giaoban-data"
    await demo_data(folder)
    return folder


def test_all_documents_come_out_and_what_was_cut_off_goes_on(tmp_path: Path, data: Path, giaoban: Giaoban) -> None:
    to = tmp_path / "out"
    result = giaoban("export", "--documents", str(to), "--data", str(data))
    assert result.returncode == 0, result.stderr
    (folder,) = to.glob("lam-son/di/*/*")
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert set(files) == {"van-ban.pdf", "noi-dung.json", "van-ban.edxml", "dac-ta.json"}
    message = edxml.load(files["van-ban.edxml"])
    assert message.files[0].content == files["van-ban.pdf"]
    assert message.notation == json.loads(files["dac-ta.json"])["CodeNotation"] == "CT-UBND"
    rows = list(csv.DictReader((to / "lam-son/di.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert rows[0]["File"] == str((folder / "van-ban.pdf").relative_to(to))
    assert list(checked(to)) == []

    (folder / "van-ban.pdf").write_bytes(b"cut off")
    assert list(checked(to)) == [str((folder / "van-ban.pdf").relative_to(to))]
    times = {path: path.stat().st_mtime_ns for path in to.rglob("*") if path.is_file()}
    assert "trong đó 1 mới" in giaoban("export", "--documents", str(to), "--data", str(data)).stdout
    assert [path.name for path, at in times.items() if path.stat().st_mtime_ns != at] == ["van-ban.pdf"]
    assert list(checked(to)) == []

    (archived,) = [path for path in (data / "archive").rglob("*") if len(path.name) == 64]
    archived.write_bytes(b"damaged")
    result = giaoban("export", "--documents", str(to), "--unit", "lam-son", "--data", str(data))
    assert result.returncode == 1
    assert "Bỏ qua, bị hỏng trong kho lưu trữ: lam-son: 01/CT-UBND" in result.stdout
    assert (to / SUMS).exists()
    for arguments in ((), ("m", "--documents", str(to))):
        assert "Xin nêu cuộc họp" in one_sentence(giaoban("export", *arguments, "--data", str(data)))
    nobodys = giaoban("export", "--documents", str(to), "--unit", "x", "--data", str(data))
    assert "Không có đơn vị" in one_sentence(nobodys)
