"""edXML: what is written is read back, what others write differently too, and nothing hostile gets through."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minutes.errors import InvalidContent
from minutes.exchange.edxml import NAMESPACE, File, Message, dump, load

AT = datetime(2026, 2, 5, 3, tzinfo=UTC)
MESSAGE = Message(
    id="lam-son,2026/02/05,07/TB-UBND", organ_id="lam-son", organ_name="Ủy ban nhân dân tỉnh Lâm Sơn", number="07",
    notation="TB-UBND", place="Lâm Sơn", issued_on=date(2026, 2, 5), kind_name="Thông báo",
    subject="Kết luận <giao ban> & chỉ đạo", competence="KT. CHỦ TỊCH", position="PHÓ CHỦ TỊCH",
    signer="Nguyễn Thị Hạnh", to_places=("UBND các xã, phường", "VT"), priority="Hỏa tốc", pages=2,
    due_on=date(2026, 3, 1), files=(File("thong-bao.pdf", "application/pdf", b"%PDF-1.7\n\x00\xff"),),
)  # fmt: skip


def test_what_is_written_is_read_back_and_is_the_same_bytes_each_time() -> None:
    assert load(dump(MESSAGE, AT)) == MESSAGE
    assert dump(MESSAGE, AT) == dump(MESSAGE, AT)
    root = ET.fromstring(dump(MESSAGE, AT))
    assert root.tag == f"{{{NAMESPACE}}}edXML"
    assert root.find(f".//{{{NAMESPACE}}}DocumentType/{{{NAMESPACE}}}Type").text == "7"  # type: ignore[union-attr]


def test_another_namespace_other_dates_and_broken_lines_are_read() -> None:
    text = dump(MESSAGE, AT).decode().replace(NAMESPACE, "http://www.e-doc.vn/Schema/")
    text = text.replace("2026/02/05<", "05/02/2026<").replace("JVBERi0x", "JVBE\n Ri0x")
    assert load(text.encode()) == replace(MESSAGE, id=load(text.encode()).id)


@pytest.mark.parametrize("filling", ["<a/>" * 100_000, "<a" + "".join(f" a{n} = ''" for n in range(50_000)) + "/>"])
def test_what_holds_more_than_any_message_is_not_even_read(filling: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty megabytes of empty elements would take all memory, and a stranger may have written the file."""
    monkeypatch.delattr("minutes.exchange.edxml.ET.fromstring")
    with pytest.raises(InvalidContent, match="edXML"):
        load(dump(MESSAGE, AT).replace(b"</", filling.encode() + b"</", 1))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<a/>",
        b"\xff\xfe<",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        dump(MESSAGE, AT).replace(b"2026/02/05<", b"2026/02/31<"),
        dump(MESSAGE, AT).replace(b"JVBERi0x", b"!VBERi0x"),
        dump(MESSAGE, AT).replace("Nguyễn".encode(), "\u202enày".encode()),
        dump(MESSAGE, AT).replace("Nguyễn".encode(), b"x" * 10_001),
    ],
)
def test_what_is_none_is_refused_in_a_sentence(data: bytes) -> None:
    with pytest.raises(InvalidContent, match="edXML"):
        load(data)


@given(st.integers(0, 4000), st.binary(max_size=8))
def test_whatever_is_changed_it_is_a_message_or_refused(at: int, with_: bytes) -> None:
    whole = dump(MESSAGE, AT)
    with suppress(InvalidContent):
        load(whole[: at % len(whole)] + with_ + whole[at % len(whole) + len(with_) :])
