"""Erasing for good: what is on record, what is gone in every copy, and what a crash on the way leaves to be done."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from media.recording import Writer, Written
from minutes.archive import Condition
from minutes.content import VIETNAM
from minutes.deposits.entry import Kind
from minutes.deposits.erasure import Erasure, Ground, read
from minutes.errors import Damaged, Erased
from server import backup, config
from server.backup import Made
from server.commands import archive
from server.database import Database
from server.erasing import Eraser
from server.errors import SetupError
from server.recording_files import RecordingFiles
from server.vault import Vault, open_vault
from server.vault_examination import Result, of_installation
from tests.server.test_export_recording import record
from tests.server.test_recording_files import EBML

TEXT = "Nội dung không được để lại dấu vết".encode() * 300
NOW = datetime.now(UTC)
"""The archive of these stories goes by the machine's clock, so its erasures do."""
QUIET = Console(quiet=True)


@pytest.fixture
async def office(tmp_path: Path, demo_data: Callable[[Path], Awaitable[None]]) -> config.Config:
    await demo_data(tmp_path / "giaoban-data")
    return config.load(None, data=tmp_path / "giaoban-data")


async def with_vault(settings: config.Config, work: Callable[[Vault, Eraser], Awaitable[str]]) -> str:
    database = Database(settings.database_url)
    try:
        vault = open_vault(settings, database)
        return await work(vault, Eraser(vault, settings.papers, settings.recordings))
    finally:
        await database.close()


async def intake(vault: Vault, _eraser: Eraser) -> str:
    kept = await vault.deposit(TEXT, about="lam-son", kind=Kind.ATTACHMENT, label="den 07")
    return kept.entry.digest


def decided(digest: str, *files: str) -> Erasure:
    return Erasure(Ground.INTAKE, "Sự cố số 01/2026", "Hoàng Văn Hạnh", NOW, (digest,), files)


async def on_record(vault: Vault, eraser: Eraser, made: Erasure) -> str:
    async with vault.database.begin() as connection:
        return await eraser.record(connection, made, "incident")


def saved(settings: config.Config, to: Path, at: datetime = NOW) -> Made:
    *_, made = backup.backup(settings, to, at)
    assert isinstance(made, Made)
    return made


def anew(source: Path, data: Path) -> Result:
    return archive.make_anew(config.load(None, data=data), source, QUIET)


def test_a_record_is_read_as_it_was_made_and_names_no_file_elsewhere() -> None:
    made = decided("ab" * 32, "m-1/000001-hanh-audio.webm")
    assert read(made.record) == made
    for wrong in ("../secret.key", "m-1/../../x", "/etc/passwd", "m-1", "m-1/.hidden"):
        with pytest.raises(Damaged):
            read(decided("ab" * 32, wrong).record)
    for data in (b"", b"[]", b"{}", b'{"erasure": 1}', made.record.replace(b"ab" * 32, b"AB" * 32)):
        with pytest.raises(Damaged):
            read(data)


async def test_what_is_erased_is_named_as_such_and_all_else_is_still_proved(office: config.Config) -> None:
    digest = await with_vault(office, intake)

    async def erase(vault: Vault, eraser: Eraser) -> str:
        before = (await vault.checkpoint()).root
        await eraser.carry_out(await on_record(vault, eraser, decided(digest)))
        assert (await vault.checkpoint()).root != before
        with pytest.raises(Erased):
            await vault.deposit(TEXT, about="lam-son", kind=Kind.ATTACHMENT, label="again")
        return await vault.proof(digest)

    assert await with_vault(office, erase), "that it was deposited can still be proved"
    result = await proved(office)
    assert not result.findings
    (gone,) = result.aside
    assert "den 07" in gone.sentence
    assert f"đã được xóa theo quy định ngày {NOW.astimezone(VIETNAM):%d/%m/%Y}" in gone.sentence
    assert "Sự cố số 01/2026" in gone.sentence
    archive = config.archive_of(office)
    assert archive.condition(digest) is Condition.ERASED
    assert not any(digest in path.name for path in office.archive.rglob("*"))


async def proved(settings: config.Config) -> Result:
    database = Database(settings.database_url)
    try:
        async for step in of_installation(settings, database):
            if isinstance(step, Result):
                return step
    finally:
        await database.close()
    raise AssertionError


async def test_a_key_that_somebody_destroyed_without_a_record_is_damage(office: config.Config) -> None:
    digest = await with_vault(office, intake)
    config.archive_of(office).keys.erase(digest, "0" * 64, for_good=True)
    (found,) = (await proved(office)).findings
    assert "khóa đã bị hủy nhưng nhật ký không có bản ghi xóa" in found.sentence


async def test_a_file_that_is_lost_after_its_erasure_is_no_damage_but_a_lost_record_is(office: config.Config) -> None:
    digest = await with_vault(office, intake)

    async def erase(vault: Vault, eraser: Eraser) -> str:
        record = await on_record(vault, eraser, decided(digest))
        await eraser.carry_out(record)
        return record

    record = await with_vault(office, erase)
    next(office.archive.rglob(record)).write_bytes(b"")
    found = [one.sentence for one in (await proved(office)).findings]
    assert any("Bản ghi xóa nội dung" in one for one in found), found
    assert any("nhật ký không có bản ghi xóa" in one for one in found), found


async def test_what_a_crash_left_undone_is_done_at_the_next_start(office: config.Config) -> None:
    digest = await with_vault(office, intake)
    recording = office.recordings / "m-1" / "000001-hanh-audio.webm"
    recording.parent.mkdir(parents=True)
    recording.write_bytes(b"webm")

    async def decide(vault: Vault, eraser: Eraser) -> str:
        return await on_record(vault, eraser, decided(digest, "m-1/000001-hanh-audio.webm"))

    async def start(vault: Vault, eraser: Eraser) -> str:
        await eraser.finish()
        await eraser.finish()
        return ""

    await with_vault(office, decide)
    assert config.archive_of(office).condition(digest) is Condition.SOUND
    await with_vault(office, start)
    assert config.archive_of(office).condition(digest) is Condition.ERASED
    assert not recording.exists()


@pytest.mark.parametrize("name", ["backups", "office.tar"])
async def test_backups_of_before_lose_it_when_their_keys_follow(
    office: config.Config, tmp_path: Path, name: str
) -> None:
    digest = await with_vault(office, intake)
    first = saved(office, tmp_path / name)

    async def erase(vault: Vault, eraser: Eraser) -> str:
        await eraser.carry_out(await on_record(vault, eraser, decided(digest)))
        return ""

    await with_vault(office, erase)
    await asyncio.to_thread(anew, first.where, tmp_path / "too-early")
    assert config.archive_of(config.load(None, data=tmp_path / "too-early")).fetch(digest) == TEXT
    assert backup.erase_again(office, tmp_path / name) == 1
    result = await asyncio.to_thread(anew, first.where, tmp_path / "later")
    with pytest.raises(Erased):
        config.archive_of(config.load(None, data=tmp_path / "later")).fetch(digest)
    (found,) = result.findings  # the log of that day knows nothing of it yet
    assert "khóa đã bị hủy" in found.sentence


@pytest.mark.parametrize("name", ["backups", "office.tar"])
async def test_no_backup_has_a_word_of_a_recording_in_the_clear_or_brings_back_what_was_erased(
    office: config.Config, tmp_path: Path, name: str
) -> None:
    files = RecordingFiles(office.recordings, config.archive_of(office).keys)
    record(Writer(files.under_way("m"), 1), "dung", 1, 0)
    begun = {path.name for path in files.under_way("m").iterdir()}
    writer = Writer(files.under_way("m"), files.next_number("m"))
    record(writer, "dung", 1, 0)
    *_, one = [one for one in writer.close() if isinstance(one, Written)]
    files.seal("m", one.file, one.sha256)
    with files.open("m", one.file, one.sha256) as file:
        said = file.read()
    first = saved(office, tmp_path / name)
    copies = [path.read_bytes() for path in tmp_path.glob(f"{name}*/**/*") if path.is_file()]
    copies += [first.where.read_bytes()]
    assert not any(EBML in copy or said[-64:] in copy for copy in copies)
    await asyncio.to_thread(anew, first.where, tmp_path / "before")
    restored = config.load(None, data=tmp_path / "before")
    copy = RecordingFiles(restored.recordings, config.archive_of(restored).keys)
    with copy.open("m", one.file, one.sha256) as file:
        assert file.read() == said
    assert not any((copy.under_way("m") / left).exists() for left in begun)

    async def erase(vault: Vault, eraser: Eraser) -> str:
        await eraser.carry_out(await on_record(vault, eraser, decided(one.sha256, f"m/{one.file}")))
        return ""

    await with_vault(office, erase)
    assert not (files.folder("m") / one.file).exists()
    backup.erase_again(office, tmp_path / name)
    await asyncio.to_thread(anew, first.where, tmp_path / "later")
    later = config.load(None, data=tmp_path / "later")
    with pytest.raises(Erased):
        RecordingFiles(later.recordings, config.archive_of(later).keys).open("m", one.file, one.sha256)
    assert said[-64:] not in (later.recordings / "m" / one.file).read_bytes()


async def test_there_must_be_keys_to_destroy(office: config.Config, tmp_path: Path) -> None:
    with pytest.raises(SetupError):
        backup.erase_again(office, tmp_path / "nothing.tar")
