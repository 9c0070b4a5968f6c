"""What a Word file says is read out of it; a hostile file becomes nothing."""

import re
import zipfile
from io import BytesIO
from pathlib import Path

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minutes.content import from_json, to_json
from minutes.document import Kind
from minutes.word.taking import taken
from server import read_docx
from server.errors import Problem
from server.word_files import MAX_BYTES, WAITING, WordFiles
from tests.minutes.samples import sample, text_of
from tests.minutes.test_word import PLAN, made


def written(*paragraphs: str) -> bytes:
    document = docx.Document()
    for text in paragraphs:
        document.add_paragraph(text)
    out = BytesIO()
    document.save(out)
    return out.getvalue()


async def test_a_file_is_read_paragraph_by_paragraph() -> None:
    read = await WordFiles().read(BytesIO(written("Điều 1. Phạm vi", "", "Dòng\u200b hai.")))
    assert [line["text"] for line in read["lines"]] == ["Điều 1. Phạm vi", "Dòng hai."]
    assert (read["kind"], read["source"]) == ("", None)


async def test_a_file_of_ours_brings_its_content() -> None:
    read = await WordFiles().read(BytesIO(made()))
    assert (read["kind"], read["source"]) == ("KH", to_json(PLAN))


def test_what_was_read_waits_for_who_brought_it() -> None:
    files = WordFiles()
    name = files.wait("binh", "d1", {"subject": "Kế hoạch"})
    assert files.waiting("binh", "d1", name) == {"subject": "Kế hoạch"}
    for account, document in (("hanh", "d1"), ("binh", "d2")):
        with pytest.raises(Problem):
            files.waiting(account, document, name)
    for other in range(WAITING):
        files.wait("binh", f"e{other}", {})
    with pytest.raises(Problem):
        files.waiting("binh", "d1", name)


def bomb() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"\0" * (read_docx.PACKED + 1))
    return out.getvalue()


def entities() -> bytes:
    """A document whose XML grows a billion times when it is read."""
    source, out = BytesIO(written("x")), BytesIO()
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    head = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]>'
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(out, "w") as new:
        for one in old.infolist():
            data = old.read(one)
            if one.filename == "word/document.xml":
                text = data.decode().partition("?>")[2].replace("<w:t>x</w:t>", "<w:t>&l11;</w:t>")
                data = (head + text).encode()
            new.writestr(one, data)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"%PDF-1.4", "word_unreadable"),
        (b"PK\x03\x04 and no more", "word_unreadable"),
        (b"PK" + b"x" * MAX_BYTES, "word_long"),
    ],
)
async def test_what_is_no_word_file_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(Problem) as refused:
        await WordFiles().read(BytesIO(data))
    assert refused.value.code == code


async def test_a_bomb_is_not_unpacked() -> None:
    with pytest.raises(Problem) as refused:
        await WordFiles().read(BytesIO(bomb()))
    assert refused.value.code == "word_long"


async def test_a_content_of_nothing_but_lists_is_not_read() -> None:
    """Some megabytes of empty lists take the interpreter seconds, in which every meeting stands still."""
    source, out = BytesIO(made()), BytesIO()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for one in old.infolist():
            data = old.read(one)
            if b"urn:giaoban:content" in data and one.filename.startswith("customXml/item"):
                data = re.sub(rb">\s*{.*}\s*<", b'>{"body":[' + b"[]," * 300_000 + b"[]]}<", data, flags=re.DOTALL)
            new.writestr(one, data)
    with pytest.raises(Problem) as refused:
        await WordFiles().read(out)
    assert refused.value.code == "word_long"


def test_a_cell_over_a_thousand_million_columns_is_not_read_once_for_each() -> None:
    document = docx.Document()
    document.add_table(1, 1).cell(0, 0)._tc.grid_span = 10**9
    with pytest.raises(read_docx.Refused, match="word_long"):
        read_docx.read(document)


async def test_entities_are_not_blown_up() -> None:
    try:
        text = await WordFiles().read(BytesIO(entities()))
    except Problem as problem:
        assert problem.code == "word_unreadable"  # noqa: PT017 - to be refused is as good
    else:
        assert len(str(text)) < 10_000


@given(st.integers(0, 20_000), st.binary(min_size=1, max_size=30))
@settings(max_examples=40)
def test_no_damaged_file_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, at: int, noise: bytes) -> None:
    whole = bytearray(made())
    at %= len(whole)
    whole[at : at + len(noise)] = noise
    path: Path = tmp_path_factory.mktemp("damaged") / "original.docx"
    path.write_bytes(whole)
    try:
        read = read_docx.read(read_docx.opened(path))
    except (read_docx.Refused, ValueError, KeyError, AttributeError, IndexError):
        return
    assert taken(Kind.PLAN, read, "Ủy ban nhân dân tỉnh").parts is not None


LINES = (
    "THÔNG BÁO", "Kính gửi: Xã A", "- Xã B;", "Căn cứ Luật;", "Điều 1. x", "Chương I", "1. a", "a) b", "Nơi nhận:",
    "- Lưu: VT", "Về việc x", "x./.", "", "I. Y", "Kết luận:", "Xã kính mời: ông A", "Địa điểm: x", "Chủ tịch điện: Xã",
    "BIÊN BẢN", "GIẤY MỜI", "PHỤ LỤC", "(Kèm theo x)", "XÃ A",
)  # fmt: skip


@given(st.lists(st.sampled_from(LINES), max_size=9))
@settings(max_examples=40)
def test_whatever_lines_there_are_the_result_is_a_text(
    tmp_path_factory: pytest.TempPathFactory, told: list[str]
) -> None:
    path: Path = tmp_path_factory.mktemp("lines") / "original.docx"
    path.write_bytes(written(*told))
    read = read_docx.read(read_docx.opened(path))
    for kind in (Kind.PLAN, Kind.LETTER, Kind.DECISION, Kind.TELEGRAM):
        base = {**to_json(text_of(kind)), **taken(kind, read, "Ủy ban nhân dân tỉnh").parts}
        assert from_json(kind, base)
    for kind in (Kind.MINUTES, Kind.INVITATION):
        base = {**to_json(sample(kind)[0]), **taken(kind, read, "Ủy ban nhân dân tỉnh").parts}
        assert from_json(kind, base)
