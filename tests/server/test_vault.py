"""The archive under attack: whatever is changed in files, rows, checkpoints or time-stamps is found and named."""

import random
import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from minutes.archive import Archive
from minutes.deposits import store
from minutes.deposits.checkpoint import Checkpoint, proved
from minutes.deposits.entry import Kind, Logged
from minutes.errors import Damaged, NotFound, SigningFailed
from minutes.stamper import OwnStamper
from server.records_keys import make_archive_key, open_keys
from server.time_stamper import HttpTimeStamper
from server.vault import EVERY, Vault
from server.vault_examination import Result, examination, on_record, standing
from server.vault_keeper import Keeper
from tests.server.records_office import RecordsOffice, open_office

RECORDING = random.Random(7).randbytes(3 * 2**20 + 17)


@dataclass
class Kept:
    """An office, and its archive. `elsewhere`: the checkpoint that somebody has kept, as it was at the beginning."""

    office: RecordsOffice
    vault: Vault
    elsewhere: Checkpoint

    async def look(self, *outside: Checkpoint, **stretch: int) -> Result:
        vault = self.vault
        looking = examination(vault.database, vault.archive, vault.trust, vault.verifier, outside=outside, **stretch)
        result = [step async for step in looking][-1]
        assert isinstance(result, Result)
        return result

    async def first(self, *outside: Checkpoint) -> str:
        """The sentence of the first damaged thing."""
        found = (await self.look(*outside)).findings
        assert found, "nothing was found"
        return found[0].sentence

    async def log(self) -> tuple[Logged, ...]:
        async with self.vault.database.read() as connection:
            return await store.entries(connection)

    async def execute(self, *statements: str) -> None:
        async with self.vault.database.begin() as connection:
            for one in statements:
                await connection.execute(text(one))

    def file(self, digest: str) -> Path:
        return self.office.archive / digest[:2] / digest[2:4] / digest


def vault_of(office: RecordsOffice, told: datetime | None = None) -> Vault:
    """`told`: the time that the time-stamper tells, unless it is now."""
    folder = office.archive.parent / "keys"
    keys, signer = open_keys(folder), make_archive_key(folder, "https://hop.lamson.gov.vn")
    assert isinstance(keys.time_stamper, OwnStamper)
    keys.time_stamper.fixed_dt = told
    return Vault(office.database, Archive(office.archive), keys.trust, keys.time_stamper, signer, office.clock)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Awaitable[None]]:
    """An office with two documents, a recording and two time-stamps, made once and copied for each test."""
    origin = tmp_path_factory.mktemp("vault") / "data"

    async def copy(target: Path) -> None:
        if not origin.exists():
            origin.mkdir()
            async with open_office(origin) as office:
                vault = vault_of(office)
                await office.sealed_minutes()
                await vault.anchor()
                (origin / "hop.webm").write_bytes(RECORDING)
                await vault.deposit(origin / "hop.webm", about="m-1", kind=Kind.RECORDING, label="hop.webm")
                await office.sealed_directive()
                await vault.anchor()
                await vault.checkpoint()
        shutil.copytree(origin, target)

    return copy


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[Kept]:
    async with open_office(path) as office:
        vault = vault_of(office)
        last = await vault.latest()
        assert last is not None
        yield Kept(office, vault, Checkpoint.open(last.note, vault.verifier))


@pytest.fixture
async def kept(tmp_path: Path, prepared: Callable[[Path], Awaitable[None]]) -> AsyncIterator[Kept]:
    await prepared(tmp_path / "data")
    async with opened(tmp_path / "data") as found:
        yield found


async def test_a_whole_archive_is_found_whole(kept: Kept) -> None:
    result = await kept.look(kept.elsewhere)
    assert result == Result((), 5, 3, 5, 2)
    kinds = [one.entry.kind for one in await kept.log()]
    assert kinds == ["document", "anchor", "recording", "document", "anchor"]


async def test_a_large_file_is_copied_and_the_same_file_is_deposited_once(kept: Kept, tmp_path: Path) -> None:
    (tmp_path / "copy.webm").write_bytes(RECORDING)
    again = await kept.vault.deposit(tmp_path / "copy.webm", about="m-2", kind=Kind.RECORDING, label="copy.webm")
    assert (again.position, again.entry.about) == (2, "m-1")
    assert kept.vault.archive.fetch(again.entry.digest) == RECORDING
    assert (tmp_path / "copy.webm").exists()
    assert not list((kept.office.archive / "staging").iterdir())


async def test_a_flipped_bit_in_any_file_names_what_it_is(kept: Kept) -> None:
    dice = random.Random(5)
    names = (
        "Văn bản số 01/BB-UBND năm",
        "Dấu thời gian",
        "Tệp “hop.webm”",
        "Văn bản số 01/CT-UBND năm",
        "Dấu thời gian",
    )
    for one, name in zip(await kept.log(), names, strict=True):
        file = kept.file(one.entry.digest)
        whole = file.read_bytes()
        changed = bytearray(whole)
        changed[dice.randrange(len(whole))] ^= 1 << dice.randrange(8)
        file.write_bytes(changed)
        said = await kept.first(kept.elsewhere)
        assert said.startswith(name)
        assert "hỏng" in said
        file.write_bytes(whole[:-1])
        assert (await kept.first()).startswith(name)
        file.unlink()
        assert "bị mất" in " ".join(one.sentence for one in (await kept.look()).findings)
        file.write_bytes(whole)
    assert not (await kept.look()).findings


ROWS = (
    ("UPDATE deposit SET label = 'lam-son/2026/99/BB-UBND' WHERE position = 0", "dòng nhật ký lưu trữ đã bị sửa"),
    ("UPDATE deposit SET at = '2020-01-01T00:00:00.000000+00:00' WHERE position = 2", "dòng nhật ký lưu trữ đã bị sửa"),
    ("UPDATE deposit SET leaf = '{zero}' WHERE position = 3", "dòng nhật ký lưu trữ đã bị sửa"),
    ("UPDATE document SET number = 7 WHERE kind = 'CT'", "hồ sơ văn bản đã bị sửa"),
    ("UPDATE document SET unit_id = 'ta-nang' WHERE kind = 'CT'", "hồ sơ văn bản đã bị sửa"),
    ("UPDATE document SET digest = NULL, state = 'signed' WHERE kind = 'CT'", "không còn hồ sơ văn bản"),
    ("UPDATE document SET digest = '{zero}' WHERE kind = 'CT'", "không còn hồ sơ văn bản"),
    ("UPDATE register_entry SET state = 'void' WHERE series = 'CT'", "sổ đăng ký"),
    ("DELETE FROM register_entry WHERE series = 'CT'", "sổ đăng ký"),
    ("UPDATE register_entry SET number = 12 WHERE series = 'CT'", "sổ đăng ký"),
    ("UPDATE checkpoint SET root = '{zero}' WHERE number = 1", "Điểm chốt số 1: đã bị sửa"),
    ("UPDATE checkpoint SET size = 3 WHERE number = 2", "Điểm chốt số 2: đã bị sửa"),
    ("UPDATE checkpoint SET note = replace(note, '\n4\n', '\n3\n')", "Điểm chốt số 1: chữ ký không đúng"),
    ("DELETE FROM checkpoint WHERE number = 0", "điểm chốt của dấu thời gian này đã bị mất"),
    ("DELETE FROM checkpoint WHERE number = 1", "điểm chốt của dấu thời gian này đã bị mất"),
    ("DELETE FROM deposit WHERE position = 2", "thiếu lượt nộp lưu từ số 3 đến số 3"),
    ("DELETE FROM deposit WHERE position = 4", "nhật ký chỉ còn 4"),
)


@pytest.mark.parametrize(("statement", "said"), ROWS)
async def test_whatever_is_changed_in_the_tables_is_found(kept: Kept, statement: str, said: str) -> None:
    await kept.execute("PRAGMA foreign_keys = OFF", statement.replace("{zero}", "0" * 64))
    found = [one.sentence for one in (await kept.look(kept.elsewhere)).findings]
    assert any(said in one for one in found), found


async def test_exchanged_deposits_are_found_though_every_row_is_whole(kept: Kept) -> None:
    await kept.execute(
        "UPDATE deposit SET position = 90 WHERE position = 2",
        "UPDATE deposit SET position = 2 WHERE position = 3",
        "UPDATE deposit SET position = 3 WHERE position = 90",
    )
    assert "đổi chỗ" in await kept.first()


async def test_a_log_that_was_cut_off_and_signed_again_is_found_by_the_kept_checkpoint(kept: Kept) -> None:
    (directive,) = [one for one in await kept.log() if one.entry.label.endswith("/01/CT-UBND")]
    about = directive.entry.about
    await kept.execute(
        "DELETE FROM fingerprint WHERE digest = '" + directive.entry.digest + "'",
        "DELETE FROM deposit WHERE position >= 3",
        "DELETE FROM checkpoint WHERE number >= 1",
        f"UPDATE document SET digest = NULL, state = 'signed' WHERE id = '{about}'",
        "UPDATE sequence SET last = 3 WHERE name = 'archive'",
    )
    await kept.vault.checkpoint()
    assert not (await kept.look()).findings, "the forger has done well"
    assert "cắt ngắn, chỉ còn 3" in await kept.first(kept.elsewhere)


async def test_a_log_that_was_changed_is_never_signed_over(kept: Kept) -> None:
    await kept.execute("UPDATE deposit SET label = 'x' WHERE position = 0")
    before = await kept.vault.latest()
    with pytest.raises(Damaged, match="đã bị sửa"):
        await kept.vault.checkpoint()
    assert await kept.vault.latest() == before


async def test_a_time_stamp_of_another_checkpoint_or_another_authority_is_no_time_stamp(
    kept: Kept, tmp_path: Path
) -> None:
    first, last = [one for one in await kept.log() if one.entry.kind is Kind.ANCHOR]
    token = kept.vault.archive.fetch(first.entry.digest)
    misplaced = await kept.vault.deposit(token + b"", about="checkpoint-2", kind=Kind.ANCHOR, label="x.tst")
    assert misplaced.position == first.position, "the same token is one deposit"
    await kept.execute(f"UPDATE deposit SET about = 'checkpoint-0' WHERE position = {last.position}")
    found = [one.sentence for one in (await kept.look()).findings]
    assert any("không phải của điểm chốt này" in one for one in found), found
    async with open_office(tmp_path / "other") as other:
        stranger = vault_of(other)
        kept.vault.trust = stranger.trust
        found = [one.sentence for one in (await kept.look()).findings]
    assert any("không thuộc tổ chức được tin cậy" in one for one in found), found


async def test_a_time_stamp_is_judged_by_openssl_with_the_root_alone(kept: Kept, tmp_path: Path) -> None:
    last = [one for one in await kept.log() if one.entry.kind is Kind.ANCHOR][-1]
    async with kept.vault.database.read() as connection:
        stamped = (await store.checkpoints(connection))[1]
    (tmp_path / "checkpoint").write_text(stamped.note, encoding="utf-8")
    (tmp_path / "token").write_bytes(kept.vault.archive.fetch(last.entry.digest))
    root = kept.office.archive.parent / "keys" / "trust" / "roots.pem"
    command = ["openssl", "ts", "-verify", "-data", str(tmp_path / "checkpoint"), "-token_in", "-CAfile", str(root),
               "-in", str(tmp_path / "token")]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert "Verification: OK" in done.stdout + done.stderr, done


async def test_a_proof_is_good_without_us(kept: Kept) -> None:
    for one in await kept.log():
        proof = await kept.vault.proof(one.entry.digest)
        assert proved(proof, one.entry, kept.vault.verifier) == kept.elsewhere
    late = await kept.vault.deposit(b"moi", about="m-1", kind=Kind.ATTACHMENT, label="moi.txt")
    assert proved(await kept.vault.proof(late.entry.digest), late.entry, kept.vault.verifier).size == 6
    with pytest.raises(NotFound):
        await kept.vault.proof("0" * 64)


async def test_checkpoints_come_by_day_and_by_number_and_time_stamps_by_day(kept: Kept) -> None:
    keeper, start = Keeper(kept.vault), datetime.now(UTC)
    await keeper.look(start)
    assert len(await kept.log()) == 5, "nothing is due"
    for number in range(EVERY):
        await kept.vault.deposit(f"{number}".encode(), about="m-1", kind=Kind.ATTACHMENT, label=f"{number}.txt")
    await keeper.look(start)
    last = await kept.vault.latest()
    assert last is not None
    assert last.size == 5 + EVERY
    tomorrow = kept.office.clock.moment = start + timedelta(days=1, minutes=1)
    await Keeper(vault_of(kept.office, tomorrow)).look(tomorrow)
    newest = (await kept.log())[-1]
    assert (newest.entry.kind, newest.entry.about) == (Kind.ANCHOR, f"checkpoint-{last.number + 1}")
    assert not (await kept.look(kept.elsewhere)).findings


async def test_without_a_time_stamper_the_log_goes_on(kept: Kept) -> None:
    dead = Vault(kept.vault.database, kept.vault.archive, kept.vault.trust, HttpTimeStamper("http://127.0.0.1:9/tsa"),
                 kept.vault._signer, kept.office.clock)  # fmt: skip
    kept.office.clock.moment = datetime.now(UTC) + timedelta(days=2)
    with pytest.raises(SigningFailed):
        await dead.anchor()
    signed = await dead.latest()
    await Keeper(dead).look(kept.office.clock.moment)
    assert await dead.latest() == signed, "one checkpoint waits for its time-stamp, not one a minute"
    assert len(await kept.log()) == 5


async def test_the_nightly_look_raises_an_alarm_that_stands_until_it_is_mended(kept: Kept) -> None:
    keeper, night = Keeper(kept.vault), datetime.now(UTC)
    await keeper.look(night)
    assert await keeper.alarm() is None
    assert len(await keeper.examinations()) == 1
    await keeper.look(night + timedelta(minutes=1))
    assert len(await keeper.examinations()) == 1, "once a night"
    damaged = kept.file((await kept.log())[3].entry.digest)
    whole = damaged.read_bytes()
    damaged.write_bytes(whole + b"\n")
    await keeper.look(night + timedelta(days=1))
    alarm = await keeper.alarm()
    assert alarm is not None
    assert "Văn bản số 01/CT-UBND" in alarm.problem
    damaged.write_bytes(whole)
    assert await keeper.alarm() is not None
    await keeper.look(night + timedelta(days=2))
    assert await keeper.alarm() is None


async def test_a_problem_in_files_stands_until_the_same_files_are_read_again(kept: Kept) -> None:
    now = datetime.now(UTC)
    well = on_record(await kept.look(), now, now)
    damaged = kept.file((await kept.log())[1].entry.digest)
    whole = damaged.read_bytes()
    damaged.write_bytes(b"")
    problem = on_record(await kept.look(), now, now)
    damaged.write_bytes(whole)
    elsewhere = on_record(await kept.look(first=2, beyond=5), now, now, 2, 5)
    again = on_record(await kept.look(first=0, beyond=2), now, now, 0, 2)
    assert (well.whole, elsewhere.whole, problem.position) == (True, False, 1)
    assert standing([problem, well]) == standing([elsewhere, problem, well]) == problem
    assert standing([again, elsewhere, problem]) is standing([well, problem]) is None
    assert standing([replace(again, found=1), problem]) is not None
