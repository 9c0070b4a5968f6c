"""A backup made while the office works, and the installation that comes out of it on another machine."""

import asyncio
import json
import random
import shutil
import sqlite3
import tarfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from minutes.document import Actor, Kind, Signer
from rooms import Unit
from server import backup, config, demo, restore
from server.app import open_records
from server.backup import LAST, Folder, Made
from server.commands import archive
from server.database import Database
from server.demo import DIRECTIVE, PIN
from server.errors import SetupError
from server.run import RESTORING, serve_forever
from server.vault_examination import Result
from tests.installation import Installation

NOW = datetime(2026, 2, 5, 9, 30, tzinfo=UTC)
QUIET = Console(quiet=True)


@pytest.fixture
async def office(tmp_path: Path, demo_data: Callable[[Path], Awaitable[None]]) -> config.Config:
    """A copy of the demo, with a recording, a paper, and things that are no part of it."""
    data = tmp_path / "giaoban-data"
    await demo_data(data)
    for name, content in (
        ("recordings/m-1/000001-hanh-audio.webm", random.Random(1).randbytes(3_000_000)),
        ("recordings/m-1/000002-hanh-audio.webm.part", b"half"),
        ("papers/ab/source.pdf", b"%PDF"),
        ("archive/staging/leftover", b"half"),
    ):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_bytes(content)
    (data / "papers" / "link").symlink_to("/etc/passwd")
    return config.load(None, data=data)


def make(office: config.Config, to: Path, at: datetime = NOW) -> Made:
    *_, made = backup.backup(office, to, at)
    assert isinstance(made, Made)
    return made


def anew(source: Path, data: Path) -> Result:
    return archive.make_anew(config.load(None, data=data), source, QUIET)


def contents(data: Path) -> dict[str, bytes]:
    """Every file but the database, the lock and the word of the last backup."""
    return {
        path.relative_to(data).as_posix(): path.read_bytes()
        for path in data.rglob("*")
        if path.is_file() and not path.is_symlink() and not path.name.startswith(("giaoban.sqlite3", ".lock", LAST))
    }


async def seal_another(data: Path) -> str:
    """The number of one more directive."""
    settings = config.load(None, data=data)
    database = Database(settings.database_url)
    records = open_records(settings, database)
    hanh, binh, cuc = (Actor(one[0], one[1], one[2]) for one in demo.PEOPLE[:3])
    leader = Signer("leader", hanh.id, hanh.name, ("KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH"))
    try:
        made = await records.draft_text(
            Kind.DIRECTIVE, DIRECTIVE, binh, unit=Unit(demo.PROVINCE.id, demo.PROVINCE.name), leader=leader
        )
        await records.submit(made, by=binh)
        await records.approve(made, by=hanh)
        await records.sign(made, by=hanh, pin=PIN)
        await records.seal(made, by=cuc, pin=PIN)
        return str((await records.get(made)).number_symbol)
    finally:
        await database.close()


def test_an_office_is_backed_up_at_work_and_goes_on_on_another_machine(tmp_path: Path) -> None:
    old = Installation(tmp_path / "old" / "giaoban-data")
    old.start()
    done = old.command("backup", "--to", str(tmp_path / "stick" / "office.tar"))
    assert done.returncode == 0, done.stderr
    old.kill()
    year = datetime.now(UTC).year
    shutil.rmtree(tmp_path / "old")
    new = Installation(tmp_path / "elsewhere" / "moved")
    done = new.command("restore", "--from", str(tmp_path / "stick" / "office.tar"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nguyên vẹn" in done.stdout
    new.start()
    status, page = new.get(f"/documents/lam-son/{year}/01/CT-UBND")
    assert status == 200
    assert "phòng, chống thiên tai" in page.decode()
    new.stop()
    assert asyncio.run(seal_another(new.data)) == "02/CT-UBND"
    with sqlite3.connect(new.data / "giaoban.sqlite3") as database:
        numbers = database.execute("SELECT number FROM register_entry WHERE series = 'CT' ORDER BY number").fetchall()
        assert numbers == [(1,), (2,)]
        assert database.execute("SELECT position FROM deposit WHERE kind = 'document'").fetchall()[0] == (0,)
    assert not archive.prove(config.load(None, data=new.data), (), QUIET).findings


def test_everything_comes_back_as_it_was_but_what_was_half_written(office: config.Config, tmp_path: Path) -> None:
    for to in (tmp_path / "backups", tmp_path / "office.tar"):
        made = make(office, to)
        assert made.left_out == ("papers/link",)
        restored = tmp_path / f"from-{to.name}"
        assert not anew(to, restored).findings
        expected = contents(office.data)
        for name in ("recordings/m-1/000002-hanh-audio.webm.part", "archive/staging/leftover"):
            del expected[name]
        assert contents(restored) == expected
        assert (restored / "secret.key").stat().st_mode & 0o077 == 0
        assert restored.stat().st_mode & 0o077 == 0
        assert not any(path.stat().st_mode & 0o077 for path in to.rglob("*") if path.is_file())
    assert (tmp_path / "office.tar").stat().st_mode & 0o077 == 0


def test_a_folder_of_backups_grows_by_what_is_new_and_keeps_every_day(office: config.Config, tmp_path: Path) -> None:
    to = tmp_path / "backups"
    first = make(office, to)
    (office.data / "papers" / "ab" / "moi.pdf").write_bytes(b"x" * 1000)
    second = make(office, to, NOW + timedelta(days=1))
    assert first.new == first.size
    assert second.new == 1000
    with pytest.raises(SetupError, match="second"):
        make(office, to, NOW)
    assert not anew(first.where, tmp_path / "monday").findings
    assert not (tmp_path / "monday" / "papers" / "ab" / "moi.pdf").exists()
    assert not anew(to, tmp_path / "newest").findings
    assert (tmp_path / "newest" / "papers" / "ab" / "moi.pdf").exists()


def test_what_is_written_meanwhile_is_in_the_backup_or_not_but_never_half(
    office: config.Config, tmp_path: Path
) -> None:
    step = backup.backup(office, tmp_path / "backups", NOW)
    next(step)  # the database is copied by now
    assert asyncio.run(seal_another(office.data)) == "02/CT-UBND"
    *_, made = step
    assert isinstance(made, Made)
    restored = tmp_path / "restored"
    assert not anew(tmp_path / "backups", restored).findings
    assert asyncio.run(seal_another(restored)) == "02/CT-UBND"


def test_only_an_empty_folder_is_restored_into(office: config.Config, tmp_path: Path) -> None:
    make(office, tmp_path / "backups")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("years of work")
    with pytest.raises(SetupError, match="không trống"):
        anew(tmp_path / "backups", tmp_path / "full")
    assert contents(tmp_path / "full") == {"thesis.txt": b"years of work"}
    with pytest.raises(SetupError, match="không trống"):
        anew(tmp_path / "backups", office.data)


def test_a_damaged_backup_is_named_before_anything_is_written(office: config.Config, tmp_path: Path) -> None:
    dice = random.Random(3)
    make(office, tmp_path / "backups")
    make(office, tmp_path / "office.tar")
    objects = sorted(path for path in (tmp_path / "backups" / "objects").rglob("*") if path.is_file())
    for one in dice.sample(objects, 5):
        whole = one.read_bytes()
        for bad in (flipped(dice, whole), whole[:-1], whole + b"x"):
            one.write_bytes(bad)
            with pytest.raises(SetupError, match="không còn như lúc"):
                anew(tmp_path / "backups", tmp_path / "restored")
        one.unlink()
        with pytest.raises(SetupError, match="thiếu"):
            anew(tmp_path / "backups", tmp_path / "restored")
        one.write_bytes(whole)
    whole = (tmp_path / "office.tar").read_bytes()
    with tarfile.open(tmp_path / "office.tar") as tar:
        places = [one.offset_data + one.size // 2 for one in tar.getmembers() if one.size]
    for place in dice.sample(places, 5):
        (tmp_path / "bad.tar").write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(SetupError):
            anew(tmp_path / "bad.tar", tmp_path / "restored")
    for cut in (0, 100, len(whole) // 2, len(whole) - 20_000):
        (tmp_path / "bad.tar").write_bytes(whole[:cut])
        with pytest.raises(SetupError):
            anew(tmp_path / "bad.tar", tmp_path / "restored")
    assert not (tmp_path / "restored").exists()


def flipped(dice: random.Random, data: bytes) -> bytes:
    place = dice.randrange(len(data))
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def test_an_installation_that_was_damaged_before_is_restored_and_says_so(office: config.Config, tmp_path: Path) -> None:
    (archived,) = [path for path in office.archive.rglob("*") if path.is_file() and len(path.name) == 64]
    archived.write_bytes(b"")
    make(office, tmp_path / "office.tar")
    result = anew(tmp_path / "office.tar", tmp_path / "restored")
    assert "Văn bản số 01/CT-UBND" in result.findings[0].sentence


@pytest.mark.parametrize("name", ["backups", "office.tar"])
def test_a_crash_on_the_way_leaves_the_earlier_backups_and_nothing_that_looks_like_one(
    office: config.Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    make(office, tmp_path / name)
    whole = contents(tmp_path) if name == "backups" else (tmp_path / name).read_bytes()
    kind = backup.Folder if name == "backups" else backup.File
    put, left = kind.put, iter(range(7))

    def full(*arguments: object) -> object:
        if next(left, None) is None:
            raise OSError("no space left on the disk")
        return put(*arguments)  # type: ignore[arg-type]

    (office.data / "papers" / "a-new-one").write_bytes(b"new")
    with monkeypatch.context() as patch:
        patch.setattr(kind, "put", full)
        with pytest.raises(SetupError, match="no space left"):
            make(office, tmp_path / name, NOW + timedelta(days=1))
    if name == "backups":
        assert {key: value for key, value in contents(tmp_path).items() if key in whole} == whole  # type: ignore[operator]
        assert len(list((tmp_path / name / "backups").iterdir())) == 1
    else:
        assert (tmp_path / name).read_bytes() == whole
        assert not (tmp_path / f"{name}.part").exists()
    assert not list(office.data.glob("giaoban-backup-*"))
    assert not anew(tmp_path / name, tmp_path / "restored").findings


def test_a_restore_that_was_cut_off_is_no_installation_and_is_begun_anew(
    office: config.Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(office, tmp_path / "backups")
    settings = config.load(None, data=tmp_path / "restored", http={"port": 0})
    with restore.opened(tmp_path / "backups") as source:
        settings.data.mkdir()
        restore.prepare(settings.data)
        for _ in zip(range(9), restore.extract(source, settings), strict=False):
            pass  # the power is cut
    assert (settings.data / RESTORING).exists()
    with pytest.raises(SetupError, match="not finished"):
        serve_forever(settings)
    assert not anew(tmp_path / "backups", settings.data).findings
    assert not (settings.data / RESTORING).exists()


def test_a_backup_into_its_own_folder_or_of_nothing_is_refused(office: config.Config, tmp_path: Path) -> None:
    for to in (office.data, office.data / "backups", office.data / "x.tar"):
        with pytest.raises(SetupError, match="không được nằm"):
            make(office, to)
    with pytest.raises(SetupError, match="Không có hệ thống"):
        make(config.load(None, data=tmp_path / "none"), tmp_path / "x.tar")
    for none in (tmp_path / "none.tar", tmp_path / "empty"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        with pytest.raises(SetupError):
            anew(none, tmp_path / "restored")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("hostile") / "backups"
    Folder(made)
    return made


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.sampled_from(["../x", "/etc/passwd", "a/../../b", ".lock", "a"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["path", "size", "mode", "sha256"]), inner)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["format", "database", "made", "files"]), VALUES), st.binary(max_size=40))
def test_whatever_is_written_in_a_manifest_is_answered(folder: Path, said: dict[str, object], noise: bytes) -> None:
    manifest = folder / "backups" / "2026.json"
    for content in (
        noise,
        json.dumps(said).encode(),
        json.dumps({"format": backup.FORMAT, "database": "sqlite", "made": "", **said}).encode(),
        json.dumps({**said, "format": backup.FORMAT, "database": "sqlite",
                    "files": [{"path": said.get("files"), "size": 1, "mode": 1, "sha256": "0" * 64}]}).encode(),
    ):  # fmt: skip
        manifest.write_bytes(content)
        with pytest.raises(SetupError), restore.opened(manifest):
            pass
