"""Checks of what is kept: genuine files told from others, proofs, alterations found, backups that come back."""

import asyncio
import contextlib
import io
import tempfile
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

from rich.console import Console
from sqlalchemy import update

from minutes.archive import Archive
from minutes.attached import embedded
from minutes.casefiles.store import case_table
from minutes.conformance.checklist import Outcome, judged
from minutes.deposits import store as deposits
from minutes.deposits.checkpoint import proved
from minutes.deposits.entry import Kind
from minutes.deposits.note import BadNote
from minutes.document import Kind as DocumentKind
from minutes.errors import Damaged, Refused
from minutes.exchange import edxml
from minutes.keyring import KeyState
from minutes.tables import document_table
from minutes.typeset import source_json
from minutes.verification import Finding
from server import auth, directory
from server.backup import Made, backup
from server.commands.archive import make_anew
from server.config import Config, DatabaseConfig, archive_of
from server.conformance.office import CHAIR, CLERK, Examined, Office, words
from server.database import Database
from server.document_export import Export, Exported, checked
from server.keys import CASE_FILES, DISPOSALS
from server.vault_examination import Result, erasures, of_installation

_READ = 50
"""Archived documents of the installation that are opened, the newest."""


async def verdicts(seen: Examined) -> Outcome:
    """The issued file is genuine, one bit flipped makes it changed, something else is unknown."""
    office = seen.office
    issued = await office.records.pdf((await office.issued()).id)
    middle = len(issued) // 2
    flipped = issued[:middle] + bytes([issued[middle] ^ 1]) + issued[middle + 1 :]
    files = (issued, flipped, b"%PDF-1.7\n% kh\xc3\xa1c\n%%EOF\n")
    found = [(await office.records.verify(data)).kind for data in files]
    return judged(
        found == [Finding.GENUINE, Finding.CHANGED, Finding.UNKNOWN],
        "Bản phát hành được xác nhận là bản gốc; bản bị sửa một bit được nhận ra là đã thay đổi; tệp lạ không được xác "
        "nhận.",
        f"Kết quả xác minh sai: {', '.join(found)}.",
    )


async def signatures(seen: Examined) -> Outcome:
    """Person and agency have signed, every signature holds, and a time-stamp covers the whole file."""
    office = seen.office
    document = await office.issued()
    report = (await office.records.verify(await office.records.pdf(document.id))).report
    well = report is not None and report.ok and report.whole_file and report.stamped
    count = len(report.signatures) if report is not None else 0
    return judged(
        well and count == len(document.signers),
        f"Văn bản thử có {count} chữ ký số (người có thẩm quyền, cơ quan) hợp lệ, phủ toàn bộ tệp, có dấu thời gian.",
        "Chữ ký số của văn bản thử không hợp lệ hoặc không đủ.",
    )


async def proof(seen: Examined) -> Outcome:
    """The proof of a deposit holds with the public key alone, and for no other deposit; anybody gets what it needs."""
    office, document = seen.office, await seen.office.issued()
    other = await office.posted()
    said = await office.vault.proof(document.digest or "")
    async with office.database.read() as connection:
        mine = (await deposits.entries(connection, digest=document.digest))[0].entry
        others = (await deposits.entries(connection, digest=other.digest))[0].entry
    proved(said, mine, office.vault.verifier)
    try:
        proved(said, others, office.vault.verifier)
        for_others = True
    except BadNote:
        for_others = False
    pages = [(await office.get(path)).status for path in ("/verify", "/archive/key", "/archive/checkpoint")]
    return judged(
        not for_others and pages == [200, 200, 200],
        "Chứng cứ nộp lưu của văn bản thử kiểm được chỉ bằng khóa công khai; trang xác minh, khóa và điểm chốt mở cho "
        "mọi người.",
        "Chứng cứ nộp lưu không kiểm được, hoặc đúng với cả văn bản khác.",
    )


async def archive_whole(seen: Examined) -> Outcome:
    """Every deposit of the installation's own archive is as it was."""
    result = await _examined(seen.config, seen.database)
    first = result.findings[0].sentence if result.findings else ""
    return judged(
        not result.findings,
        f"Kho lưu trữ của cơ quan còn nguyên vẹn: {result.deposits} lượt nộp lưu, {result.checkpoints} điểm chốt "
        "có chữ "
        f"ký, {result.anchors} dấu thời gian.",
        f"Kho lưu trữ của cơ quan có {len(result.findings)} điểm hư hỏng. Trước hết: {first}",
    )


async def alteration_found(seen: Examined) -> Outcome:
    """In a copy of the office one bit of an archived file and one number in the tables are changed: both are found."""
    async with _restored(seen.office) as copy:
        database = Database(copy.database_url)
        try:
            document = await seen.office.issued()
            path = next(path for path in copy.archive.rglob(document.digest or "?"))
            data = path.read_bytes()
            path.chmod(0o600)
            path.write_bytes(data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
            in_file = await _examined(copy, database)
            path.write_bytes(data)
            whole = await _examined(copy, database)
            async with database.begin() as connection:
                changed = update(document_table).where(document_table.c.id == document.id)
                await connection.execute(changed.values(number=(document.number or 0) + 900))
            in_table = await _examined(copy, database)
        finally:
            await database.close()
    named = [
        any((document.number_symbol or "?") in one.sentence for one in found.findings) for found in (in_file, in_table)
    ]
    return judged(
        all(named) and not whole.findings,
        "Trên bản sao: sửa một bit của tệp, rồi sửa số văn bản trong cơ sở dữ liệu; cả hai đều bị phát hiện và "
        "nêu đúng "
        "văn bản.",
        "Sửa tệp hoặc sửa cơ sở dữ liệu mà không bị phát hiện.",
    )


async def readable(seen: Examined) -> Outcome:
    """Archived documents open, their text can be read, and they say that they are PDF/A; but what was erased by a
    decision that the log has, or waits in quarantine for one."""
    archive, wrong = archive_of(seen.config), []
    async with seen.database.read() as connection:
        kept = await deposits.entries(connection, kind=Kind.DOCUMENT, newest=_READ)
        decided = await asyncio.to_thread(erasures, archive, await deposits.entries(connection, kind=Kind.ERASURE))
    held = {one.entry.digest for one in kept if archive.keys.state(one.entry.digest) is KeyState.HELD}
    there = [one for one in kept if one.entry.digest not in decided.keys() | held]
    files = [(one.entry.label, await _content(archive, one.entry.digest)) for one in there]
    files.append(("văn bản thử", await seen.office.records.pdf((await seen.office.issued()).id)))
    for label, data in files:
        if b"pdfaid:part" not in data or not await asyncio.to_thread(_text, data):
            wrong.append(label)
    return judged(
        not wrong,
        f"Đã mở {len(files)} văn bản trong kho (mới nhất): đọc được chữ, đúng định dạng lưu trữ lâu dài PDF/A."
        + _aside(len(kept) - len(there)),
        f"Không đọc được hoặc không phải PDF/A: {', '.join(wrong[:5])}.",
    )


def _aside(count: int) -> str:
    return f" Không mở {count} văn bản đã xóa theo quyết định hoặc đang cách ly." if count else ""


async def restored(seen: Examined) -> Outcome:
    """The office is backed up while it runs, made anew in another folder, proved there, and its file is genuine."""
    office, document = seen.office, await seen.office.issued()
    async with _restored(office) as copy:
        database = Database(copy.database_url)
        try:
            result = await _examined(copy, database)
        finally:
            await database.close()
        same = archive_of(copy).fetch(document.digest or "") == await office.records.pdf(document.id)
    return judged(
        not result.findings and same,
        f"Sao lưu khi đang chạy, phục hồi vào thư mục trống: {result.deposits} lượt nộp lưu nguyên vẹn, kết quả "
        "phục hồi "
        "được thông báo.",
        "Bản phục hồi thiếu hoặc hỏng.",
    )


async def exported(seen: Examined) -> Outcome:
    """All of the office's documents come out as open files that name their digests; a second time nothing is new."""
    office, document = seen.office, await seen.office.issued()
    with tempfile.TemporaryDirectory(prefix="giaoban-conformance-") as folder:
        made = [await _exported(office, Path(folder)) for _ in range(2)]
        wrong = await asyncio.to_thread(lambda: list(checked(Path(folder))))
        name = f"*/di/*/{(document.number_symbol or '?').replace('/', '-')}/*.edxml"
        message = await asyncio.to_thread(lambda: next(Path(folder).glob(name)).read_bytes())
    same = edxml.load(message).files[0].content == await office.records.pdf(document.id)
    return judged(
        not wrong and same and made[1].written == 0 and not made[0].damaged,
        f"Xuất {made[0].documents} văn bản thành {made[0].files} tệp mở (PDF/A, JSON, edXML, CSV) kèm mã kiểm tra; "
        "xuất lại không ghi thêm tệp nào. Dấu thời gian lưu trữ được gia hạn.",
        "Dữ liệu xuất ra thiếu, sai mã kiểm tra, hoặc tệp trong edXML khác văn bản gốc.",
    )


async def _exported(office: Office, folder: Path) -> Exported:
    async with office.database.read() as connection:
        units = await directory.units(connection)
    async for step in Export(office.database, office.vault.archive, folder).run(units):
        if isinstance(step, Exported):
            return step
    raise AssertionError("an export ends with what there is")


async def retention(seen: Examined) -> Outcome:
    """A case file of the office keeps its contents until its time is over and a decision names it; then they are
    destroyed, and the archive proves all else."""
    office, clerk = seen.office, seen.office.people[CLERK]
    cases, disposals = office.app[CASE_FILES], office.app[DISPOSALS]
    made = await office.issue(await office.draft("Về việc thử thời hạn bảo quản"))
    code = next(one.code for one in await cases.periods(clerk.unit.id) if one.years is not None)
    id = await cases.open(clerk.unit, "Hồ sơ thử thời hạn bảo quản", code, by=clerk)
    await cases.put_in(clerk.unit.id, id, made.number_symbol or "", by=clerk)
    await cases.close(clerk.unit.id, id, by=clerk)
    case = await cases.get(clerk.unit.id, id)

    async def refused(number: str) -> str:
        year = made.year or 0
        try:
            await disposals.dispose(clerk.unit, [id], year, number, by=office.people[CHAIR])
        except Refused as refusal:
            return refusal.code
        return ""

    other = await office.issue(await office.draft("Về việc thử", DocumentKind.DECISION))
    early = await refused(other.number_symbol or "")
    async with office.database.begin() as connection:
        over = update(case_table).where(case_table.c.id == id)
        await connection.execute(over.values(ended_on=date(cases.today.year - 90, 1, 1)))
    unnamed = await refused(other.number_symbol or "")
    kept = await office.records.pdf(made.id)
    decision = await office.issue(await office.draft(f"Về việc hủy hồ sơ {case.code}", DocumentKind.DECISION))
    done = await refused(decision.number_symbol or "")
    result = await _examined(office.config, office.database)
    gone = any((made.number_symbol or "?") in one.sentence for one in result.aside)
    return judged(
        bool(kept) and (early, unnamed, done) == ("disposal_undue", "disposal_unnamed", "") and gone
        and not result.findings,
        "Hồ sơ chưa hết thời hạn, hoặc chưa có quyết định nêu số hồ sơ, thì không hủy được; hết thời hạn và có quyết "
        "định thì nội dung bị hủy, kho lưu trữ ghi nhận và vẫn chứng minh được mọi tài liệu khác.",
        "Hồ sơ bị hủy khi chưa được phép, hoặc việc hủy không được ghi nhận đúng.",
    )  # fmt: skip


async def fixed(seen: Examined) -> Outcome:
    """The document's data lie in the signed file itself, and are those on record."""
    office = seen.office
    document = await office.issued()
    inside = embedded(await office.records.pdf(document.id))
    same = inside == source_json(await office.records.content(document.id))
    async with office.database.read() as connection:
        entry = (await deposits.entries(connection, digest=document.digest))[0].entry
    return judged(
        same and entry.about == document.id,
        "Dữ liệu của văn bản nằm trong chính tệp đã ký, trùng với cơ sở dữ liệu; số và giá trị băm được ghi vào "
        "nhật ký "
        "nộp lưu không sửa được.",
        "Dữ liệu trong tệp đã ký khác với cơ sở dữ liệu.",
    )


async def _examined(config: Config, database: Database) -> Result:
    async for step in of_installation(config, database):
        if isinstance(step, Result):
            return step
    raise AssertionError("an examination ends with its result")


@contextlib.asynccontextmanager
async def _restored(office: Office) -> AsyncIterator[Config]:
    """The office made anew from a backup, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="giaoban-conformance-") as folder:
        made = await asyncio.to_thread(_backed_up, office.config, Path(folder) / "backup.tar")
        copy = office.config.model_copy(
            update={"data": Path(folder) / "restored", "content_keys": None, "database": DatabaseConfig()}
        )
        await asyncio.to_thread(make_anew, copy, made.where, Console(file=io.StringIO()))
        yield copy


def _backed_up(config: Config, to: Path) -> Made:
    for step in backup(config, to, auth.utcnow()):
        if isinstance(step, Made):
            return step
    raise AssertionError("a backup ends with what was made")


async def _content(archive: Archive, digest: str) -> bytes:
    try:
        return await asyncio.to_thread(archive.fetch, digest)
    except Damaged:
        return b""


def _text(pdf: bytes) -> str:
    try:
        return words(pdf)
    except ValueError:
        return ""


CHECKS = {
    one.__name__: one
    for one in (
        verdicts,
        signatures,
        proof,
        archive_whole,
        alteration_found,
        readable,
        restored,
        exported,
        retention,
        fixed,
    )
}
