"""A mark of secrecy is found wherever in an office file it stands, before anything of the file is kept."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import pytest
from docx.document import Document

from server.errors import Problem
from server.office_words import refuse_marked, texts
from server.word_files import WordFiles

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def saved(document: Document) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def with_part(name: str, body: bytes) -> bytes:
    """A harmless document with one part more."""
    source, out = io.BytesIO(saved(docx.Document())), io.BytesIO()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for one in old.infolist():
            new.writestr(one, old.read(one))
        new.writestr(name, body)
    return out.getvalue()


def in_the_letterhead(mark: str) -> bytes:
    document = docx.Document()
    table = document.add_table(2, 2)
    table.cell(0, 0).text, table.cell(1, 0).text = "ỦY BAN NHÂN DÂN\nTỈNH LAM SƠN", mark
    document.add_paragraph("KẾ HOẠCH")
    return saved(document)


def above_the_title(mark: str) -> bytes:
    document = docx.Document()
    paragraph = document.add_paragraph()
    for letter in mark:  # as Word cuts up what was corrected
        paragraph.add_run(letter)
    document.add_paragraph("KẾ HOẠCH")
    return saved(document)


def in_the_header(mark: str) -> bytes:
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = mark
    return saved(document)


def in_the_footer(mark: str) -> bytes:
    document = docx.Document()
    document.sections[0].even_page_footer.paragraphs[0].text = mark
    return saved(document)


def in_a_text_box(mark: str) -> bytes:
    document = docx.Document()
    run = document.add_paragraph().add_run()._r
    box = f'<w:pict xmlns:w="{WORD}" xmlns:v="urn:schemas-microsoft-com:vml"><v:shape><v:textbox><w:txbxContent>'
    run.append(
        docx.oxml.parse_xml(
            f"{box}<w:p><w:r><w:t>{mark}</w:t></w:r></w:p></w:txbxContent></v:textbox></v:shape></w:pict>"
        )
    )
    return saved(document)


def as_a_watermark(mark: str) -> bytes:
    document = docx.Document()
    run = document.sections[0].header.paragraphs[0].add_run()._r
    drawn = f'<w:pict xmlns:w="{WORD}" xmlns:v="urn:schemas-microsoft-com:vml"><v:shape><v:textpath string="{mark}"/>'
    run.append(docx.oxml.parse_xml(f"{drawn}</v:shape></w:pict>"))
    return saved(document)


def in_the_properties(mark: str) -> bytes:
    document = docx.Document()
    document.core_properties.subject = f"{mark} – không phổ biến"
    return saved(document)


def in_a_comment(mark: str) -> bytes:
    text = f'<w:comments xmlns:w="{WORD}"><w:comment><w:p><w:r><w:t>{mark}</w:t></w:r></w:p></w:comment></w:comments>'
    return with_part("word/comments.xml", text.encode())


def in_a_file_within(mark: str) -> bytes:
    return with_part("word/embeddings/sheet.xlsx", in_the_header(mark))


def in_an_old_file_within(mark: str) -> bytes:
    return with_part("word/embeddings/oleObject1.bin", b"\xd0\xcf\x11\xe0\xff" + mark.encode("utf-16-le") + b"\xff\xfe")


PLACES = (
    in_the_letterhead, above_the_title, in_the_header, in_the_footer, in_a_text_box, as_a_watermark, in_the_properties,
    in_a_comment, in_a_file_within, in_an_old_file_within,
)  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
async def test_a_marked_word_file_is_refused_wherever_the_mark_stands(place: Callable[[str], bytes]) -> None:
    for mark in ("TUYỆT MẬT", "TỐI MẬT", "MẬT"):
        with pytest.raises(Problem) as refused:
            await WordFiles().read(io.BytesIO(place(mark)))
        assert refused.value.code == "secret_marking", mark


@pytest.mark.parametrize("place", PLACES)
async def test_an_ordinary_word_is_no_mark_wherever_it_stands(place: Callable[[str], bytes]) -> None:
    assert await WordFiles().read(io.BytesIO(place("AN TOÀN, BẢO MẬT THÔNG TIN; MẬT ĐỘ DÂN SỐ")))


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("word/header9.xml", b"<w:hdr>broken"),
        ("word/header9.xml", b'<!DOCTYPE x [<!ENTITY m "M">]><x>&m;</x>'),
        ("word/embeddings/x.xlsx", b"PK\x03\x04 and no more"),
    ],
)
async def test_what_cannot_be_read_whole_is_not_taken(name: str, body: bytes) -> None:
    with pytest.raises(Problem) as refused:
        await WordFiles().read(io.BytesIO(with_part(name, body)))
    assert refused.value.code == "word_unreadable"


async def test_a_mark_is_found_in_a_long_text_wherever_a_search_goes_on_with_its_next_piece(tmp_path: Path) -> None:
    """A piece ends where it is long enough: here behind each third paragraph."""
    for before in range(4):
        document = docx.Document()
        for _ in range(before):
            document.add_paragraph("thông báo " * 4_000)
        for words in ("TUYỆT", "MẬT", *["thông báo " * 4_000] * 4):
            document.add_paragraph(words)
        file = tmp_path / f"{before}.docx"
        file.write_bytes(saved(document))
        with pytest.raises(Problem, match="secret_marking"):
            await refuse_marked(file, "word_unreadable")


async def test_a_line_without_end_is_not_searched_while_everybody_waits(tmp_path: Path) -> None:
    document, file = docx.Document(), tmp_path / "a.docx"
    document.add_paragraph("thông báo " * 4_900)
    file.write_bytes(saved(document))
    await refuse_marked(file, "word_unreadable")
    document.add_paragraph("thông báo " * 5_100)
    file.write_bytes(saved(document))
    with pytest.raises(Problem, match="word_unreadable"):
        await refuse_marked(file, "word_unreadable")


async def test_whoever_asks_for_texts_gets_those_and_no_numbers_that_programs_write(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(
        with_part("word/x.xml", b'<w:p xmlns:w="w" w:id="B1234567"><w:t>0912 345 678</w:t></w:p>')
    )
    (said,) = await texts(tmp_path / "a.docx", "attachment_kind")
    assert "0912 345 678" in said
    assert "B1234567" not in said
