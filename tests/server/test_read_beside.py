"""A mark of secrecy is found in a PDF where no page says it: before anything of the file is kept."""

from pathlib import Path

import pytest

from minutes.errors import SecretContent
from server.errors import Problem
from server.office_words import refuse_marked_beside
from server.page_reader import PageReader
from server.received import searched
from tests.server.papers_files import docx, pdf, with_annotation, with_file

PLAIN = pdf("Kế hoạch phòng chống thiên tai")
MARKED = {
    "a note": with_annotation(PLAIN, Contents="Độ mật: TỐI MẬT"),
    "a form field": with_annotation(PLAIN, Subtype="/Widget", FT="/Tx", T="o1", V="TUYỆT MẬT"),
    "a text file in it": with_file(PLAIN, "a.txt", "Độ mật: TỐI MẬT".encode()),
    "the name of a file in it": with_file(PLAIN, "TUYỆT MẬT.txt", b"nothing"),
    "a Word file in it": with_file(PLAIN, "a.docx", docx("Độ mật: TỐI MẬT")),
    "a PDF in it": with_file(PLAIN, "a.pdf", pdf("Độ mật: TỐI MẬT")),
    "a note in a PDF in a PDF": with_file(
        PLAIN, "a.pdf", with_file(PLAIN, "b.pdf", with_annotation(PLAIN, V="TỐI MẬT"))
    ),
}


async def code(data: bytes) -> str:
    try:
        await searched("a.pdf", data, PageReader(()))
    except SecretContent:
        return "a page"
    except Problem as problem:
        return problem.code
    return ""


@pytest.mark.parametrize("where", MARKED)
async def test_a_mark_is_found(where: str) -> None:
    assert await code(MARKED[where]) == "secret_marking"


async def test_what_bears_no_mark_comes_in(tmp_path: Path) -> None:
    fields = with_annotation(PLAIN, Contents="Xin xem lại mục 2", Subtype="/FreeText")
    data = with_file(with_file(fields, "noi-dung.json", b'{"kind": "TB"}'), "bang.docx", docx("Danh sách"))
    assert await code(data) == ""
    (tmp_path / "original.pdf").write_bytes(data)
    await refuse_marked_beside(tmp_path / "original.pdf", "received_unreadable")
    assert [one.name for one in tmp_path.iterdir()] == ["original.pdf"], "what was unpacked is gone"


async def test_what_cannot_be_read_to_its_end_is_not_taken() -> None:
    deep = PLAIN
    for _ in range(4):
        deep = with_file(deep, "a.pdf", deep)
    assert await code(deep) == "received_unreadable"
    assert await code(with_file(PLAIN, "a.zip", b"PK\x03\x04 no archive")) == "received_unreadable"
    assert await code(with_file(PLAIN, "a.pdf", b"%PDF-1.7 none")) == "received_unreadable"
