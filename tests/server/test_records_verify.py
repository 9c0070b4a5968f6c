"""What the verification page answers: genuine, changed or unknown."""

import io
import json
import logging
import random
import shutil
import zlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
import typst
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from minutes import appearance, signing, typeset
from minutes.document import Signer
from minutes.typeset import Heading, Typesetter
from minutes.validation import validate
from minutes.verification import BLOCK, Verdict
from server import demo_pki
from server.records_keys import open_keys
from server.verdicts import sentence
from tests.minutes import forgeries
from tests.minutes.sample_meeting import AUTHORITY, CHAIR, PROVINCE, SECRETARY
from tests.server.records_office import (
    CHAIR_ACTOR,
    CLERK_ACTOR,
    PIN,
    SECRETARY_ACTOR,
    RecordsOffice,
    open_office,
)


@dataclass(frozen=True)
class Issued:
    """An office with sealed minutes, and every stage of their file."""

    office: RecordsOffice
    document_id: str
    stages: tuple[bytes, ...]

    @property
    def file(self) -> bytes:
        return self.stages[-1]

    async def verify(self, data: bytes) -> Verdict:
        return await self.office.records.verify(data)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def issued(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Issued]:
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
    async with open_office(tmp_path_factory.mktemp("office")) as office:
        records = office.records
        document_id = await office.approved_minutes()
        stages = [await records.pdf(document_id)]
        await records.sign(document_id, by=SECRETARY_ACTOR, pin=PIN)
        stages.append(await records.pdf(document_id))
        await records.sign(document_id, by=CHAIR_ACTOR, pin=PIN)
        stages.append(await records.pdf(document_id))
        await records.seal(document_id, by=CLERK_ACTOR, pin=PIN)
        stages.append(await records.pdf(document_id))
        await office.sealed_directive()
        yield Issued(office, document_id, tuple(stages))


TOLD = (
    (forgeries.painted_over, "byte được thêm vào"),
    (forgeries.without_its_signatures, "byte được thêm vào"),
    (forgeries.wrapped, "Không đọc được tệp PDF này"),
    (forgeries.with_bytes_before, "Không đọc được tệp PDF này"),
    (forgeries.emptied, "byte khác với bản đã phát hành"),
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_issued_file_is_genuine_with_its_three_signers(issued: Issued) -> None:
    verdict = await issued.verify(issued.file)
    assert verdict.kind == "genuine"
    assert verdict.document is not None
    assert verdict.document.id == issued.document_id
    assert verdict.report is not None
    assert [check.name for check in verdict.report.signatures] == [SECRETARY.name, CHAIR.name, PROVINCE.name]
    assert verdict.problems == ()


async def test_one_flipped_bit_anywhere_is_a_changed_file(issued: Issued) -> None:
    dice = random.Random(20260205)
    size = len(issued.file)
    places = [dice.randrange(stretch * size // 150, (stretch + 1) * size // 150) for stretch in range(150)]
    for place in (0, size - 1, *places):
        flipped = bytearray(issued.file)
        flipped[place] ^= 1 << dice.randrange(8)
        verdict = await issued.verify(bytes(flipped))
        assert verdict.kind == "changed", place
        assert verdict.document is not None
        assert verdict.document.id == issued.document_id
        assert "1 byte khác" in verdict.problems[0]


async def test_appended_bytes_are_a_changed_file(issued: Issued) -> None:
    for tail in (b"\n", b"%%EOF\n", b"\x00" * 100_000):
        verdict = await issued.verify(issued.file + tail)
        assert verdict.kind == "changed"
        assert f"{len(tail)} byte được thêm" in verdict.problems[0]
        assert "được thêm vào sau chữ ký số cuối cùng" in sentence(verdict)


async def test_a_cut_file_is_a_changed_file(issued: Issued) -> None:
    for kept in (len(issued.file) - 1, len(issued.file) // 2, BLOCK):
        verdict = await issued.verify(issued.file[:kept])
        assert verdict.kind == "changed"
        assert "cắt ngắn" in verdict.problems[0]
        assert "cắt ngắn" in sentence(verdict)


async def test_an_earlier_revision_is_not_the_issued_file(issued: Issued) -> None:
    for stage in issued.stages[:-1]:
        assert issued.file.startswith(stage)
        verdict = await issued.verify(stage)
        assert verdict.kind == "changed"
        assert "chưa có đủ chữ ký" in verdict.problems[0]
        assert "là bản ở một bước trước của văn bản" in sentence(verdict)
        assert "đã bị thay đổi" not in sentence(verdict)


@pytest.mark.parametrize(("forge", "said"), TOLD, ids=lambda one: getattr(one, "__name__", ""))
async def test_a_forged_file_is_changed_and_the_verdict_says_how(
    issued: Issued, forge: Callable[[bytes], bytes], said: str
) -> None:
    verdict = await issued.verify(forge(issued.file))
    assert verdict.kind == "changed"
    assert said in " ".join(verdict.problems)


async def test_one_of_ours_signed_anew_by_a_rogue_authority_is_changed_and_says_whose_signature_it_bears(
    issued: Issued, tmp_path: Path
) -> None:
    people = [(one.id, one.name, one.unit.name) for one in (CHAIR, SECRETARY)]
    demo_pki.create(tmp_path / "k", people=people, units=[(PROVINCE.id, PROVINCE.name)], pin=PIN, now=datetime.now(UTC))
    rogue, data = open_keys(tmp_path / "k"), issued.stages[0]
    document = await issued.office.records.get(issued.document_id)
    for number, signer in enumerate(document.signers):
        key = rogue.store.seal if signer.role == "seal" else rogue.store.person
        data = await signing.sign(
            data,
            signer.field,
            key(signer.account, PIN),
            trust=rogue.trust,
            time_stamper=rogue.time_stamper,
            image=appearance.handwriting(signer.name),
            certify=number == 0,
            seal=signer.role == "seal",
        )
    verdict = await issued.verify(data)
    assert verdict.kind == "changed"
    assert "Chữ ký “ChuKyThuKy” không phải của người ký đã đăng ký" in verdict.problems
    assert "không phải bằng chứng thư số của người đã ký" in sentence(verdict)
    assert "không thuộc tổ chức chứng thực được tin cậy" in " ".join(verdict.problems)


async def test_what_would_take_too_much_is_not_judged_to_the_end(issued: Issued) -> None:
    squeezed = zlib.compressobj(9)
    start = squeezed.compress(b"") + squeezed.flush(zlib.Z_FULL_FLUSH)
    packed = start + (squeezed.compress(bytes(1 << 20)) + squeezed.flush(zlib.Z_FULL_FLUSH)) * 4000
    head = b"%PDF-1.7\n"
    table = b"1 0 obj\n<</Type/XRef/Size 2000000000/W[1 4 2]/Root 2 0 R/Filter/FlateDecode/Length %d>>\nstream\n"
    bomb = head + table % len(packed) + packed + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(head)
    verdict = await issued.verify(bomb)
    assert verdict.kind == "unknown"
    assert len(verdict.problems) == 2


async def test_an_incremental_update_is_a_changed_file(issued: Issued) -> None:
    writer = IncrementalPdfFileWriter(io.BytesIO(issued.file))
    reference, _ = writer.find_page_for_modification(0)
    page = reference.get_object()
    paint = generic.StreamObject(stream_data=b"1 0 0 rg 50 300 400 60 re f")
    page["/Contents"] = generic.ArrayObject([page.raw_get("/Contents"), writer.add_object(paint)])
    writer.update_container(page)
    out = io.BytesIO()
    writer.write(out)
    verdict = await issued.verify(out.getvalue())
    assert verdict.kind == "changed"


async def test_bytes_put_in_front_do_not_hide_the_origin(issued: Issued) -> None:
    verdict = await issued.verify(b"%PDF-1.7\n" + issued.file)
    assert verdict.kind == "changed"
    assert verdict.document is not None
    assert verdict.document.id == issued.document_id


async def test_another_pdf_is_unknown(issued: Issued) -> None:
    for source in (b"Hello", b"= Bien ban\n#lorem(900)\n"):
        assert (await issued.verify(typst.compile(source))).kind == "unknown"


async def test_a_document_of_another_installation_is_unknown(issued: Issued) -> None:
    content = await issued.office.records.content(issued.document_id)
    signers = (Signer("secretary", "a", "A", ("THƯ KÝ",)), Signer("chair", "b", "B", ("CHỦ TỌA",)))
    signers += (Signer("seal", "c", "C", ()),)
    heading = Heading(AUTHORITY, "9" * 32, signers, "99/BB-UBND", datetime(2026, 1, 5, tzinfo=UTC).date())
    altered = type(content)(**{**_fields(content), "document_id": "9" * 32, "venue": "Nơi khác"})
    document = await issued.office.records.get(issued.document_id)
    foreign = Typesetter().typeset(document.kind, altered, heading, at=datetime(2025, 1, 1, tzinfo=UTC)).pdf
    assert (await issued.verify(foreign)).kind == "unknown"


def _fields(content: object) -> dict[str, object]:
    return {name: getattr(content, name) for name in type(content).__dataclass_fields__}


async def test_garbage_and_nothing_are_unknown(issued: Issued) -> None:
    for data in (b"", b"x", random.Random(1).randbytes(300_000), b"\x00" * 100_000, b"%PDF-1.7\n" * 1000):
        verdict = await issued.verify(data)
        assert (verdict.kind, verdict.document) == ("unknown", None)


async def test_a_text_that_only_names_a_document_of_ours_is_not_genuine(issued: Issued) -> None:
    assert (await issued.verify(f"giaoban:{issued.document_id}".encode())).kind == "changed"
    assert (await issued.verify(b"giaoban:" + b"0" * 32)).kind == "unknown"


async def test_a_draft_is_not_an_issued_file(issued: Issued) -> None:
    directive = await issued.office.directive("Dự thảo chỉ thị")
    verdict = await issued.verify(await issued.office.records.pdf(directive))
    assert verdict.kind == "changed"
    assert verdict.problems == ("Đây là bản chưa phát hành của văn bản",)
    assert "chưa phát hành" in sentence(verdict)


async def test_our_own_file_is_not_called_genuine_when_its_signatures_are_not_trusted(
    issued: Issued, tmp_path: Path
) -> None:
    demo_pki.create(tmp_path / "keys", people=[], units=[], pin=PIN, now=datetime.now(UTC))
    stranger = open_keys(tmp_path / "keys").trust
    assert not (await validate(issued.file, stranger)).ok
    async with open_office(tmp_path / "other") as other:
        # The same data under another trust, as after somebody exchanged the trusted roots.
        for part in ("giaoban.sqlite3", "archive", "content-keys"):
            source = issued.office.archive.parent / part
            target = other.archive.parent / part
            if source.is_dir():
                shutil.copytree(source, target, dirs_exist_ok=True)
        async with other.database.begin() as connection:
            path = issued.office.archive.parent / "giaoban.sqlite3"
            await connection.exec_driver_sql(f"ATTACH '{path}' AS origin")
            for table in ("document", "document_version", "signature", "deposit", "fingerprint"):
                await connection.exec_driver_sql(f"INSERT INTO {table} SELECT * FROM origin.{table}")
        verdict = await other.records.verify(issued.file)
    assert verdict.kind == "unknown"
    assert "không thuộc tổ chức chứng thực được tin cậy" in " ".join(verdict.problems)
    assert "không được tin cậy" in sentence(verdict)


# What machines read


async def issued_with(office: RecordsOffice, monkeypatch: pytest.MonkeyPatch, other: Callable[[str], str]) -> bytes:
    """A directive whose attachment was made other before anybody signed; everybody then signs it as it is."""
    document_id = await office.directive()
    await office.records.submit(document_id, by=CLERK_ACTOR)
    with monkeypatch.context() as patched:
        true = typeset.source_json
        patched.setattr(typeset, "source_json", lambda content: other(true(content).decode()).encode())
        await office.records.approve(document_id, by=CHAIR_ACTOR)
    await office.records.sign(document_id, by=CHAIR_ACTOR, pin=PIN)
    await office.records.seal(document_id, by=CLERK_ACTOR, pin=PIN)
    return await office.records.pdf(document_id)


def less(source: str) -> str:
    data = json.loads(source)
    data["body"] = data["body"][:1]
    return json.dumps(data)


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (lambda source: source.replace("28/02/2026", "28/03/2026"), "nội dung in trên trang, từ chỗ “28/03/2026”"),
        (lambda source: source.replace("Rà soát phương án", "Hủy bỏ phương án"), "từ chỗ “hủy bỏ”"),
        (less, "khác với nội dung đã được duyệt"),
        (lambda _source: "{}", "không mang nội dung"),
    ],
    ids=["a figure", "words", "less than the page", "nothing"],
)  # fmt: skip
async def test_a_file_that_tells_machines_something_else_is_not_genuine_though_all_have_signed_it(
    issued: Issued, monkeypatch: pytest.MonkeyPatch, other: Callable[[str], str], told: str
) -> None:
    verdict = await issued.verify(await issued_with(issued.office, monkeypatch, other))
    assert verdict.report is not None
    assert verdict.report.ok  # every signature is good, and the file lies in our archive
    assert verdict.kind == "unknown"
    assert told in " ".join(verdict.problems)
    assert "không khớp với nội dung đã được duyệt" in sentence(verdict)
