"""The text of a Word file becomes the parts of a document; a hostile file becomes nothing."""

import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minutes.content import from_json, to_json
from minutes.document import Kind
from server import read_docx
from server.errors import Problem
from server.word_files import MAX_BYTES, WordFiles
from tests.minutes.test_word import PLAN, made


async def taken(data: bytes) -> dict[str, Any]:
    return await WordFiles().read(BytesIO(data))


def written(*paragraphs: str) -> bytes:
    document = docx.Document()
    for text in paragraphs:
        document.add_paragraph(text)
    out = BytesIO()
    document.save(out)
    return out.getvalue()


async def test_what_was_exported_comes_back_as_it_was() -> None:
    text = await taken(made())
    before = to_json(PLAN)
    line = before["body"].pop()  # a conclusion is printed as a sentence
    body = text["body"]
    sentence = f"{line['text']}. Đơn vị chủ trì: {line['owner_unit']}."
    assert body.pop() == {"block": "paragraph", "level": 1, "text": sentence}
    assert body == before["body"]
    for name in ("subject", "bases", "intro", "closing", "recipients"):
        assert text[name] == before[name], name
    whole = {**to_json(PLAN), **text}
    assert to_json(from_json(Kind.PLAN, whole)) == whole


async def test_a_plain_decision_is_told_apart() -> None:
    text = await taken(
        written(
            "QUYẾT ĐỊNH",
            "Về việc thành lập Tổ công tác",
            "Căn cứ Luật Tổ chức chính quyền địa phương;",
            "Theo đề nghị của Chánh Văn phòng.",
            "QUYẾT ĐỊNH:",
            "Điều 1. Thành lập Tổ công tác gồm:",
            "1. Ông Lò Văn Dũng, Tổ trưởng;",
            "a) Phụ trách chung;",
            "Chương II",
            "Điều 2. Quyết định này có hiệu lực từ ngày ký./.",
            "Nơi nhận:",
            "- Như Điều 2;",
            "- Lưu: VT.",
        )
    )
    assert text["subject"] == "Về việc thành lập Tổ công tác"
    assert text["bases"] == ["Căn cứ Luật Tổ chức chính quyền địa phương", "Theo đề nghị của Chánh Văn phòng"]
    assert [(one.get("level"), one.get("text")) for one in text["body"]] == [
        ("article", "Thành lập Tổ công tác gồm:"),
        (1, "Ông Lò Văn Dũng, Tổ trưởng;"),
        (2, "Phụ trách chung;"),
        ("article", "Quyết định này có hiệu lực từ ngày ký./."),
    ]
    assert text["recipients"] == ["Như Điều 2", "Lưu: VT"]


async def test_a_plain_text_is_paragraphs() -> None:
    text = await taken(written("Dòng thứ nhất.", "", "Dòng thứ hai\u200b có dấu ẩn."))
    assert [one["text"] for one in text["body"]] == ["Dòng thứ nhất.", "Dòng thứ hai có dấu ẩn."]


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
        await taken(data)
    assert refused.value.code == code


async def test_a_bomb_is_not_unpacked() -> None:
    with pytest.raises(Problem) as refused:
        await taken(bomb())
    assert refused.value.code == "word_long"


async def test_entities_are_not_blown_up() -> None:
    try:
        text = await taken(entities())
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
        text = read_docx.read(read_docx.opened(path))
    except (read_docx.Refused, ValueError, KeyError, AttributeError, IndexError):
        return
    assert set(text) == {"subject", "addressees", "bases", "intro", "body", "closing", "recipients"}


LINES = (
    "THÔNG BÁO", "Kính gửi: Xã A", "- Xã B;", "Căn cứ Luật;", "Điều 1. x", "Chương I", "1. a", "a) b", "Nơi nhận:",
    "- Lưu: VT", "Về việc x", "x./.", "", "I. Y",
)  # fmt: skip


@given(st.lists(st.sampled_from(LINES), max_size=9))
@settings(max_examples=40)
def test_whatever_lines_there_are_the_result_is_a_text(
    tmp_path_factory: pytest.TempPathFactory, told: list[str]
) -> None:
    path: Path = tmp_path_factory.mktemp("lines") / "original.docx"
    path.write_bytes(written(*told))
    text = read_docx.read(read_docx.opened(path))
    base = {**to_json(PLAN), **{name: value for name, value in text.items() if value}}
    assert from_json(Kind.PLAN, base)
